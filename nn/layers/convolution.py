"""Layers that slide a learned window over their input, and their transposes."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn import functional as F
from nn import init
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

Size = int | Sequence[int]
PADDING_MODES = "zeros", "reflect", "replicate", "circular"


def each(value: Size, dims: int) -> tuple[int, ...]:
    """One number for each spatial dim."""
    return (value,) * dims if isinstance(value, int) else tuple(value)


class _Convolution(Module):
    """What convolutions and their transposes have in common: a weight, a bias, and how the window moves."""

    dims: ClassVar[int]
    transposed: ClassVar[bool] = False

    weight: Parameter
    bias: Parameter | None
    padding: tuple[int, ...] | str

    def _build(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size, padding: Size | str, dilation: Size,
        output_padding: Size, groups: int, bias: bool, padding_mode: str, device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        kind = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            required = "a number of groups that divides in_channels and out_channels is required"
            raise ArgumentError(message(kind, required, f"{groups} for {in_channels} and {out_channels}"))
        if padding_mode not in PADDING_MODES or (self.transposed and padding_mode != "zeros"):
            allowed = '"zeros"' if self.transposed else ", ".join(f'"{mode}"' for mode in PADDING_MODES)
            raise ArgumentError(message(kind, f"a padding_mode of {allowed} is required", repr(padding_mode)))
        self.in_channels, self.out_channels, self.groups, self.padding_mode = in_channels, out_channels, groups, padding_mode
        self.kernel_size, self.stride, self.dilation = (each(value, self.dims) for value in (kernel_size, stride, dilation))
        self.padding = padding if isinstance(padding, str) else each(padding, self.dims)
        self.output_padding = each(output_padding, self.dims)
        if isinstance(padding, str) and (padding not in ("same", "valid") or (padding == "same" and set(self.stride) != {1})):
            required = 'a padding of numbers, "valid", or for a stride of 1 "same" is required'
            raise ArgumentError(message(kind, required, f"{padding!r} for stride {self.stride}"))
        channels = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(ag.empty(*channels, *self.kernel_size, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(ag.empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        ones, zeros = (1,) * self.dims, (0,) * self.dims
        usual = {"padding": zeros, "dilation": ones, "output_padding": zeros, "groups": 1}
        text += "".join(f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value)
        text += "" if self.bias is not None else ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class _Conv(_Convolution):
    """A convolution in some number of dims."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size | str = 0, dilation: Size = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._build(in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode, device, dtype)

    def _frame(self) -> list[int]:
        """The padding as ``F.pad`` takes it."""
        if self.padding == "valid":
            return [0] * (2 * self.dims)
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(total // 2, total - total // 2) for total in totals]
        else:
            pairs = [(p, p) for p in self.padding if isinstance(p, int)]
        return [width for pair in reversed(pairs) for width in pair]

    def forward(self, input: Tensor) -> Tensor:
        padding: Size | str = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._frame(), mode=self.padding_mode), 0
        function: Any = (F.conv1d, F.conv2d, F.conv3d)[self.dims - 1]
        y: Tensor = function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
        return y


class _ConvTranspose(_Convolution):
    """A transposed convolution in some number of dims."""

    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
        groups: int = 1, bias: bool = True, dilation: Size = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if isinstance(padding, str):
            raise ArgumentError(message(type(self).__name__, "a padding of numbers is required", repr(padding)))
        build = in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias, padding_mode, device, dtype
        self._build(*build)

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        if output_size is None:
            return self.output_padding
        wanted = tuple(output_size)[-self.dims :]
        padding = [p for p in self.padding if isinstance(p, int)]
        least = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(input.shape[-self.dims :], self.stride, padding, self.dilation, self.kernel_size, strict=True)
        )
        if len(wanted) != self.dims or not all(0 <= w - m < s for w, m, s in zip(wanted, least, self.stride, strict=True)):
            most = tuple(m + s - 1 for m, s in zip(least, self.stride, strict=True))
            raise ArgumentError(message(type(self).__name__, f"an output_size from {least} to {most} is required", str(tuple(output_size))))
        return tuple(w - m for w, m in zip(wanted, least, strict=True))

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        more = self._output_padding(input, output_size)
        function: Any = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.dims - 1]
        y: Tensor = function(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)
        return y


class Conv1d(_Conv):
    """y[o, p] = Σ_c Σ_k weight[o, c, k] x[c, p * stride + k * dilation - padding] + bias[o]: (N, C, L) or (C, L) -> (N, O, L') or (O, L').

    L' = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1. Arguments and initial values as for ``Conv2d``.

    >>> nn.Conv1d(3, 8, 5, padding=2)(ag.zeros(2, 3, 20)).shape
    (2, 8, 20)
    """

    dims = 1


class Conv2d(_Conv):
    """y[o, p, q] = Σ_c Σ_kl weight[o, c, k, l] x[c, p + k, q + l] + bias[o]: (N, C, H, W) or (C, H, W) -> (N, O, H', W') or (O, H', W').

    H' = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1, and so for W'. Each but groups may be one number or a pair.

    kernel_size   size of the window
    stride        distance between neighbouring windows
    padding       so much is added to each side; "valid": nothing; "same": as much as keeps the size
    dilation      distance between neighbouring elements of a window
    groups        into so many groups are the channels split; each output sees those of its group alone
    bias          False: no bias
    padding_mode  what is added: "zeros", or the input's own values: "reflect", "replicate", "circular", as in ``F.pad``

    weight (out_channels, in_channels / groups, *kernel_size) and bias (out_channels) begin in U(-k, k),
    k = 1 / sqrt(in_channels / groups * elements of the window).

    >>> nn.Conv2d(3, 8, 3, stride=2, padding=1)(ag.zeros(5, 3, 28, 28)).shape
    (5, 8, 14, 14)
    """

    dims = 2


class Conv3d(_Conv):
    """``Conv2d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, O, D', H', W') or (O, D', H', W').

    >>> nn.Conv3d(1, 2, 3)(ag.zeros(5, 1, 8, 9, 10)).shape
    (5, 2, 6, 7, 8)
    """

    dims = 3


class ConvTranspose1d(_ConvTranspose):
    """The adjoint of ``Conv1d`` in its input: (N, C, L) or (C, L) -> (N, O, L') or (O, L').

    L' = (L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1. Arguments as for ``ConvTranspose2d``.

    >>> nn.ConvTranspose1d(8, 3, 4, stride=2, padding=1)(ag.zeros(2, 8, 10)).shape
    (2, 3, 20)
    """

    dims = 1


class ConvTranspose2d(_ConvTranspose):
    """The adjoint of ``Conv2d`` in its input, which makes images larger: (N, C, H, W) or (C, H, W) -> (N, O, H', W') or (O, H', W').

    H' = (H - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1, and so for W'.

    padding         so much is cut off each side of the output
    output_padding  by so much the output is larger behind; or call the layer with the ``output_size`` that is wanted

    The others as for ``Conv2d``. weight (in_channels, out_channels / groups, *kernel_size) and bias (out_channels) begin in U(-k, k),
    k = 1 / sqrt(out_channels / groups * elements of the window).

    >>> nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)(ag.zeros(5, 8, 14, 14)).shape
    (5, 3, 28, 28)
    """

    dims = 2


class ConvTranspose3d(_ConvTranspose):
    """``ConvTranspose2d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, O, D', H', W') or (O, D', H', W').

    >>> nn.ConvTranspose3d(2, 1, 2, stride=2)(ag.zeros(5, 2, 3, 4, 5)).shape
    (5, 1, 6, 8, 10)
    """

    dims = 3
