"""Layers that put a border around their input."""
from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from autograd import Tensor
from autograd.errors import ShapeError, message
from nn import functional as F
from nn.module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d",
    "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _Pad(Module):
    """One width for all sides, or (before, after) of each dim, the last dim first."""

    dims: ClassVar[int]
    mode: ClassVar[str] = "constant"

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.dims) if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != 2 * self.dims:
            required, remedy = f"one width, or {2 * self.dims}, are required", "pass (before, after) of each dim"
            raise ShapeError(message(type(self).__name__, required, f"{len(self.padding)} of them", remedy))

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A border of one value: (N, C, W) or (C, W) -> (..., left + W + right). padding: (left, right), or one number for both.

    >>> nn.ConstantPad1d((1, 2), 7.0)(ag.zeros(1, 1, 2))
    tensor([[[7., 0., 0., 7., 7.]]])
    """

    dims = 1


class ConstantPad2d(_ConstantPad):
    """``ConstantPad1d`` for images: (N, C, H, W) or (C, H, W) -> the same with a border. padding: (left, right, top, bottom).

    >>> nn.ConstantPad2d(1, 7.0)(ag.zeros(1, 2, 3)).shape
    (1, 4, 5)
    """

    dims = 2


class ConstantPad3d(_ConstantPad):
    """``ConstantPad1d`` for volumes: (N, C, D, H, W) or (C, D, H, W) -> the same with a border.

    padding  (left, right, top, bottom, front, back)

    >>> nn.ConstantPad3d(1, 7.0)(ag.zeros(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    dims = 3


class ZeroPad1d(_Pad):
    """A border of zeros: (N, C, W) or (C, W) -> (..., left + W + right).

    >>> nn.ZeroPad1d((1, 0))(ag.ones(1, 2))
    tensor([[0., 1., 1.]])
    """

    dims = 1


class ZeroPad2d(_Pad):
    """``ZeroPad1d`` for images: (N, C, H, W) or (C, H, W) -> the same with a border. padding: (left, right, top, bottom).

    >>> nn.ZeroPad2d(1)(ag.ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    dims = 2


class ZeroPad3d(_Pad):
    """``ZeroPad1d`` for volumes: (N, C, D, H, W) or (C, D, H, W) -> the same with a border.

    padding  (left, right, top, bottom, front, back)

    >>> nn.ZeroPad3d(1)(ag.ones(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    dims = 3


class ReflectionPad1d(_Pad):
    """A border that mirrors the input at its edge, which is not repeated: (N, C, W) or (C, W) -> (..., left + W + right).

    >>> nn.ReflectionPad1d(2)(ag.arange(4.0).reshape(1, 4))
    tensor([[2., 1., 0., 1., 2., 3., 2., 1.]])
    """

    dims, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """``ReflectionPad1d`` for images: (N, C, H, W) or (C, H, W) -> the same with a border. padding: (left, right, top, bottom).

    >>> nn.ReflectionPad2d(1)(ag.ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    dims, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """``ReflectionPad1d`` for volumes: (N, C, D, H, W) or (C, D, H, W) -> the same with a border.

    padding  (left, right, top, bottom, front, back)

    >>> nn.ReflectionPad3d(1)(ag.ones(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    dims, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """A border that repeats the edge: (N, C, W) or (C, W) -> (..., left + W + right).

    >>> nn.ReplicationPad1d(2)(ag.arange(3.0).reshape(1, 3))
    tensor([[0., 0., 0., 1., 2., 2., 2.]])
    """

    dims, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """``ReplicationPad1d`` for images: (N, C, H, W) or (C, H, W) -> the same with a border. padding: (left, right, top, bottom).

    >>> nn.ReplicationPad2d(1)(ag.ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    dims, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """``ReplicationPad1d`` for volumes: (N, C, D, H, W) or (C, D, H, W) -> the same with a border.

    padding  (left, right, top, bottom, front, back)

    >>> nn.ReplicationPad3d(1)(ag.ones(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    dims, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """A border from the other end of the input: (N, C, W) or (C, W) -> (..., left + W + right).

    >>> nn.CircularPad1d(1)(ag.arange(3.0).reshape(1, 3))
    tensor([[2., 0., 1., 2., 0.]])
    """

    dims, mode = 1, "circular"


class CircularPad2d(_Pad):
    """``CircularPad1d`` for images: (N, C, H, W) or (C, H, W) -> the same with a border. padding: (left, right, top, bottom).

    >>> nn.CircularPad2d(1)(ag.ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    dims, mode = 2, "circular"


class CircularPad3d(_Pad):
    """``CircularPad1d`` for volumes: (N, C, D, H, W) or (C, D, H, W) -> the same with a border.

    padding  (left, right, top, bottom, front, back)

    >>> nn.CircularPad3d(1)(ag.ones(1, 2, 3, 4)).shape
    (1, 4, 5, 6)
    """

    dims, mode = 3, "circular"
