"""Layers that learn the size of their input from the first one they see. From then on they are the usual layers."""
from __future__ import annotations

import inspect
from typing import Any, ClassVar

import autograd as ag
from autograd.errors import CaptureError, message
from autograd.random import fork_rng
from nn.layers.convolution import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from nn.layers.linear import Linear
from nn.layers.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from nn.module import Module

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d", "LazyConvTranspose1d",
    "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d", "LazyLinear",
]  # fmt: skip


class Lazy(Module):
    """A layer of the class ``becomes`` whose first argument is left open, and is told by the first input or by a state that is loaded.

    Until then it is that layer for inputs of size 0. Parameters stay the same objects, so an optimiser may be given them at once.
    """

    becomes: ClassVar[type[Any]]
    dim: ClassVar[int]  # of an input: where its size is

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "becomes") and cls.__init__ is Lazy.__init__:  # arguments are the usual ones, but for the first
            usual = inspect.signature(cls.becomes)
            cls.__signature__ = usual.replace(parameters=list(usual.parameters.values())[1:])  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        self._arguments = args, kwargs
        with fork_rng():  # initial values are drawn when the size is known
            self._adopt(self.becomes(0, *args, **kwargs))
        self._loading = self.register_load_state_dict_pre_hook(self._sized_by_state)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if ag.is_compiling():  # or each replay would draw the weights anew
            raise CaptureError(message(
                "compile", "modules that know their sizes are required", repr(self), "call the model once on an input before compiling",
            ))
        self._settle((args[0] if args else kwargs["input"]).shape[self.dim])
        return self(*args, **kwargs)  # by now that of the usual layer

    def has_uninitialized_params(self) -> bool:
        """True: the size is still open."""
        return True

    def _settle(self, size: int) -> None:
        arguments, keywords = self._arguments
        self._loading.remove()
        del self._arguments, self._loading
        self._adopt(self.becomes(size, *arguments, **keywords))
        self.__class__ = self.becomes

    def _adopt(self, usual: Module) -> None:
        """Be what the usual layer is, with the parameters that are there already, if there are."""
        for name, value in vars(usual).items():
            if name[0] != "_" and name not in usual._parameters and name != "training":
                setattr(self, name, value)
        for name, buffer in usual._buffers.items():
            self._register(name, buffer, self._buffers)
        for name, parameter in usual._parameters.items():
            if (mine := self._parameters.get(name)) is None or parameter is None:
                self._register(name, parameter, self._parameters)
            else:
                mine.data = parameter.detach().to(mine.dtype)

    def _sized_by_state(self, _: Any, state: Any, prefix: str, *__: Any) -> None:
        given = next((state[prefix + name] for name in ("weight", "running_mean") if prefix + name in state), None)
        if given is not None and 0 not in given.shape:
            self._settle(self._size_of(given.shape))

    def _size_of(self, shape: Any) -> int:
        """The open size, from the shape of the weight or of the running mean."""
        return int(shape[0])


class LazyOfChannels(Lazy):
    """For convolutions: their weight is (out_channels, in_channels / groups, *)."""

    groups: int

    def _size_of(self, shape: Any) -> int:
        return int(shape[1]) * self.groups


class LazyInstanceNorm(Lazy):
    """With PyTorch's defaults, which are those of a BatchNorm."""

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True, device: Any = None,
        dtype: Any = None, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(eps, momentum, affine, track_running_stats, device, dtype, bias)


class LazyLinear(Lazy, Linear):
    """``Linear`` with in_features = the last dim of the first input: (*, in_features) -> (*, out_features).

    >>> layer = nn.LazyLinear(2)
    >>> layer(ag.zeros(5, 3)).shape, layer
    ((5, 2), Linear(in_features=3, out_features=2, bias=True))
    """

    becomes, dim = Linear, -1

    def _size_of(self, shape: Any) -> int:
        return int(shape[1])


class LazyConv1d(LazyOfChannels, Conv1d):
    """``Conv1d`` with in_channels = the channels of the first input: (N, C, *) -> (N, out_channels, *').

    >>> layer = nn.LazyConv1d(4, 2)
    >>> layer(ag.zeros(1, 3, 6)).shape, layer.in_channels
    ((1, 4, 5), 3)
    """

    becomes, dim = Conv1d, -2


class LazyConv2d(LazyOfChannels, Conv2d):
    """``Conv2d`` with in_channels = the channels of the first input: (N, C, *) -> (N, out_channels, *').

    >>> layer = nn.LazyConv2d(4, 2)
    >>> layer(ag.zeros(1, 3, 6, 6)).shape, layer.in_channels
    ((1, 4, 5, 5), 3)
    """

    becomes, dim = Conv2d, -3


class LazyConv3d(LazyOfChannels, Conv3d):
    """``Conv3d`` with in_channels = the channels of the first input: (N, C, *) -> (N, out_channels, *').

    >>> layer = nn.LazyConv3d(4, 2)
    >>> layer(ag.zeros(1, 3, 6, 6, 6)).shape, layer.in_channels
    ((1, 4, 5, 5, 5), 3)
    """

    becomes, dim = Conv3d, -4


class LazyConvTranspose1d(Lazy, ConvTranspose1d):
    """``ConvTranspose1d`` with in_channels = the channels of the first input: (N, C, *) -> (N, out_channels, *').

    >>> layer = nn.LazyConvTranspose1d(4, 2)
    >>> layer(ag.zeros(1, 3, 6)).shape, layer.in_channels
    ((1, 4, 7), 3)
    """

    becomes, dim = ConvTranspose1d, -2


class LazyConvTranspose2d(Lazy, ConvTranspose2d):
    """``ConvTranspose2d`` with in_channels = the channels of the first input: (N, C, *) -> (N, out_channels, *').

    >>> layer = nn.LazyConvTranspose2d(4, 2)
    >>> layer(ag.zeros(1, 3, 6, 6)).shape, layer.in_channels
    ((1, 4, 7, 7), 3)
    """

    becomes, dim = ConvTranspose2d, -3


class LazyConvTranspose3d(Lazy, ConvTranspose3d):
    """``ConvTranspose3d`` with in_channels = the channels of the first input: (N, C, *) -> (N, out_channels, *').

    >>> layer = nn.LazyConvTranspose3d(4, 2)
    >>> layer(ag.zeros(1, 3, 6, 6, 6)).shape, layer.in_channels
    ((1, 4, 7, 7, 7), 3)
    """

    becomes, dim = ConvTranspose3d, -4


class LazyBatchNorm1d(Lazy, BatchNorm1d):
    """``BatchNorm1d`` with num_features = dim 1 of the first input: (N, C, *) -> the same.

    >>> layer = nn.LazyBatchNorm1d()
    >>> layer(ag.zeros(2, 3, 4)).shape, layer.num_features
    ((2, 3, 4), 3)
    """

    becomes, dim = BatchNorm1d, 1


class LazyBatchNorm2d(Lazy, BatchNorm2d):
    """``BatchNorm2d`` with num_features = dim 1 of the first input: (N, C, *) -> the same.

    >>> layer = nn.LazyBatchNorm2d()
    >>> layer(ag.zeros(2, 3, 4, 4)).shape, layer.num_features
    ((2, 3, 4, 4), 3)
    """

    becomes, dim = BatchNorm2d, 1


class LazyBatchNorm3d(Lazy, BatchNorm3d):
    """``BatchNorm3d`` with num_features = dim 1 of the first input: (N, C, *) -> the same.

    >>> layer = nn.LazyBatchNorm3d()
    >>> layer(ag.zeros(2, 3, 4, 4, 4)).shape, layer.num_features
    ((2, 3, 4, 4, 4), 3)
    """

    becomes, dim = BatchNorm3d, 1


class LazyInstanceNorm1d(LazyInstanceNorm, InstanceNorm1d):
    """``InstanceNorm1d`` with num_features = the channels of the first input: (N, C, *) or (C, *) -> the same.

    >>> layer = nn.LazyInstanceNorm1d()
    >>> layer(ag.zeros(2, 3, 4)).shape, layer.num_features
    ((2, 3, 4), 3)
    """

    becomes, dim = InstanceNorm1d, -2


class LazyInstanceNorm2d(LazyInstanceNorm, InstanceNorm2d):
    """``InstanceNorm2d`` with num_features = the channels of the first input: (N, C, *) or (C, *) -> the same.

    >>> layer = nn.LazyInstanceNorm2d()
    >>> layer(ag.zeros(2, 3, 4, 4)).shape, layer.num_features
    ((2, 3, 4, 4), 3)
    """

    becomes, dim = InstanceNorm2d, -3


class LazyInstanceNorm3d(LazyInstanceNorm, InstanceNorm3d):
    """``InstanceNorm3d`` with num_features = the channels of the first input: (N, C, *) or (C, *) -> the same.

    >>> layer = nn.LazyInstanceNorm3d()
    >>> layer(ag.zeros(2, 3, 4, 4, 4)).shape, layer.num_features
    ((2, 3, 4, 4, 4), 3)
    """

    becomes, dim = InstanceNorm3d, -4
