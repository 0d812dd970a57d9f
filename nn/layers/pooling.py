"""Layers that keep the largest element, or the mean, of windows."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.module import Module

__all__ = [
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d",
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d",
]  # fmt: skip

Size = int | Sequence[int]


class _MaxPool(Module):
    """Pooling by maximum in some number of dims."""

    function: Any

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1, return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        settings = self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        return type(self).function(input, *settings)

    def extra_repr(self) -> str:
        names = "kernel_size", "stride", "padding", "dilation", "ceil_mode"
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class MaxPool1d(_MaxPool):
    """The largest element of each window: (N, C, L) or (C, L) -> (N, C, L') or (C, L'). As ``MaxPool2d``.

    >>> nn.MaxPool1d(2)(ag.tensor([[1.0, 3.0, 2.0, 0.0, 5.0]]))
    tensor([[3., 2.]])
    """

    function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest element of each window, per channel: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    H' = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1, and so for W'. Each may be one number or a pair.

    kernel_size     size of the window
    stride          distance between neighbouring windows; kernel_size by default
    padding         so much is added to each side that is never the largest
    dilation        distance between neighbouring elements of a window
    return_indices  also give where the largest elements lie, counted over H * W
    ceil_mode       windows that begin within the input and reach beyond it count too

    Of equal elements, the first gets the gradient.

    >>> nn.MaxPool2d(2)(ag.zeros(5, 3, 28, 28)).shape
    (5, 3, 14, 14)
    """

    function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """``MaxPool2d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or (C, D', H', W').

    >>> nn.MaxPool3d(2)(ag.zeros(5, 3, 4, 6, 8)).shape
    (5, 3, 2, 3, 4)
    """

    function = staticmethod(F.max_pool3d)


class AvgPool1d(Module):
    """The mean of each window: (N, C, L) or (C, L) -> (N, C, L') or (C, L'). As ``AvgPool2d``.

    >>> nn.AvgPool1d(2)(ag.tensor([[1.0, 3.0, 2.0, 0.0, 5.0]]))
    tensor([[2., 1.]])
    """

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False, count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        given = kernel_size, kernel_size if stride is None else stride, padding
        self.kernel_size, self.stride, self.padding = ((value,) if isinstance(value, int) else tuple(value) for value in given)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Module):
    """Pooling by mean in two or three dims."""

    function: Any

    def __init__(
        self, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False, count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad, self.divisor_override = ceil_mode, count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        settings = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override
        y: Tensor = type(self).function(input, *settings)
        return y

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of each window, per channel: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    H' = (H + 2 * padding - kernel_size) // stride + 1, and so for W'. Each may be one number or a pair.

    kernel_size        size of the window
    stride             distance between neighbouring windows; kernel_size by default
    padding            so many zeros are added to each side
    ceil_mode          windows that begin within the input and reach beyond it count too
    count_include_pad  False: the mean is that of the input's elements, without the zeros
    divisor_override   what the sums are divided by instead

    >>> nn.AvgPool2d(2)(ag.zeros(5, 3, 28, 28)).shape
    (5, 3, 14, 14)
    """

    function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """``AvgPool2d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or (C, D', H', W').

    >>> nn.AvgPool3d(2)(ag.zeros(5, 3, 4, 6, 8)).shape
    (5, 3, 2, 3, 4)
    """

    function = staticmethod(F.avg_pool3d)


class _AdaptiveAvgPool(Module):
    """Pooling by mean to a given size."""

    function: Any

    def __init__(self, output_size: int | Sequence[int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = type(self).function(input, self.output_size)
        return y

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The means of output_size windows that cover the input: (N, C, L) or (C, L) -> (N, C, output_size) or (C, output_size).

    >>> nn.AdaptiveAvgPool1d(2)(ag.tensor([[1.0, 3.0, 2.0, 6.0]]))
    tensor([[2., 4.]])
    """

    function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The means of windows that cover the input, as many as output_size says: (N, C, H, W) or (C, H, W) -> (N, C, *output_size).

    output_size  one number or a pair; None keeps the size of the input. Window i of m goes from i * n // m to (i + 1) * n / m, rounded up.

    >>> nn.AdaptiveAvgPool2d((5, None))(ag.zeros(2, 3, 8, 9)).shape
    (2, 3, 5, 9)
    """

    function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """``AdaptiveAvgPool2d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size).

    >>> nn.AdaptiveAvgPool3d(1)(ag.zeros(2, 3, 8, 9, 10)).shape
    (2, 3, 1, 1, 1)
    """

    function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPool(Module):
    """Pooling by maximum to a given size."""

    function: Any

    def __init__(self, output_size: int | Sequence[int | None] | None, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        return type(self).function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest elements of output_size windows that cover the input: (N, C, L) or (C, L) -> (N, C, output_size) or (C, output_size).

    >>> nn.AdaptiveMaxPool1d(2)(ag.tensor([[1.0, 3.0, 2.0, 6.0]]))
    tensor([[3., 6.]])
    """

    function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest elements of windows that cover the input, the windows of ``AdaptiveAvgPool2d``: (N, C, H, W) -> (N, C, *output_size).

    return_indices  also give where they lie, counted over H * W

    >>> nn.AdaptiveMaxPool2d(5)(ag.zeros(2, 3, 8, 9)).shape
    (2, 3, 5, 5)
    """

    function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """``AdaptiveMaxPool2d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size).

    >>> nn.AdaptiveMaxPool3d(1)(ag.zeros(2, 3, 8, 9, 10)).shape
    (2, 3, 1, 1, 1)
    """

    function = staticmethod(F.adaptive_max_pool3d)
