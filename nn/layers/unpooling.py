"""Pooling by power means, and the way back from the largest elements."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.module import Module

__all__ = ["LPPool1d", "LPPool2d", "LPPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]

Size = int | Sequence[int]


class _LPPool(Module):
    """Power means of windows in some number of dims."""

    function: Any

    def __init__(self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = type(self).function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
        return y

    def extra_repr(self) -> str:
        names = "norm_type", "kernel_size", "stride", "ceil_mode"
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class LPPool1d(_LPPool):
    """(Σ xᵖ)^(1/p) over each window, p = norm_type: (N, C, L) or (C, L) -> (N, C, L') or (C, L').

    p = 1 is a sum, p = 2 a length, p = ∞ a maximum.

    >>> nn.LPPool1d(2, 2)(ag.tensor([[3.0, 4.0, 0.0, 2.0]]))
    tensor([[5., 2.]])
    """

    function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """``LPPool1d`` in two dims: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    >>> nn.LPPool2d(1, 2)(ag.ones(1, 4, 6))
    tensor([[[4., 4., 4.],
             [4., 4., 4.]]])
    """

    function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """``LPPool1d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or (C, D', H', W').

    >>> nn.LPPool3d(2, 2)(ag.ones(5, 3, 4, 6, 8)).shape
    (5, 3, 2, 3, 4)
    """

    function = staticmethod(F.lp_pool3d)


class _MaxUnpool(Module):
    """The largest elements of windows back at their places, in some number of dims."""

    function: Any

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding

    def forward(self, input: Tensor, indices: Any, output_size: Sequence[int] | None = None) -> Tensor:
        y: Tensor = type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)
        return y

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """What ``MaxPool1d(return_indices=True)`` kept, back at its places, zeros elsewhere: (N, C, L) or (C, L), indices -> (N, C, L').

    >>> y, indices = nn.MaxPool1d(2, return_indices=True)(ag.tensor([[1.0, 3.0, 2.0, 0.0]]))
    >>> nn.MaxUnpool1d(2)(y, indices)
    tensor([[0., 3., 2., 0.]])
    """

    function = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """``MaxUnpool1d`` in two dims: (N, C, H, W) or (C, H, W), indices -> (N, C, H', W') or (C, H', W').

    H' = (H - 1) * stride - 2 * padding + kernel_size; a call may say another output_size, for several sizes are pooled to one.

    >>> y, indices = nn.MaxPool2d(2, return_indices=True)(ag.rand(1, 3, 7, 6))
    >>> nn.MaxUnpool2d(2)(y, indices, output_size=(7, 6)).shape
    (1, 3, 7, 6)
    """

    function = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """``MaxUnpool1d`` in three dims: (N, C, D, H, W) or (C, D, H, W), indices -> (N, C, D', H', W') or (C, D', H', W').

    >>> y, indices = nn.MaxPool3d(2, return_indices=True)(ag.rand(1, 3, 4, 6, 2))
    >>> nn.MaxUnpool3d(2)(y, indices).shape
    (1, 3, 4, 6, 2)
    """

    function = staticmethod(F.max_unpool3d)
