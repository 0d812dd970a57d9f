"""Pooling by maximum over windows whose places are random."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.module import Module

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]

Size = int | Sequence[int]


class _FractionalMaxPool(Module):
    """Pooling to a size that need not divide the input's, in some number of dims."""

    function: Any

    def __init__(
        self, kernel_size: Size, output_size: Size | None = None, output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.output_size, self.output_ratio = kernel_size, output_size, output_ratio
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def forward(self, input: Tensor) -> Any:
        settings = self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        return type(self).function(input, *settings)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, output_size={self.output_size}, output_ratio={self.output_ratio}"


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest element of each of output_size windows, spread evenly from a random offset: (N, C, H, W) -> (N, C, H', W').

    Window i begins at ⌊α(i + u)⌋ - ⌊αu⌋, α = (H - kernel_size) / (H' - 1) and u from 0 to 1, drawn anew for each channel and call
    (Graham 2014, arXiv:1412.6071). So an image shrinks by less than half, and in another way each time.

    output_size      H' and W', one number or two; or
    output_ratio     between 0 and 1: H' = ⌊output_ratio * H⌋
    return_indices   also give where the largest elements lie, counted over H * W
    _random_samples  the offsets u, (N, C, 2), in place of drawn ones

    >>> nn.FractionalMaxPool2d(2, output_ratio=0.7)(ag.randn(5, 3, 28, 28)).shape
    (5, 3, 19, 19)
    """

    function = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    """``FractionalMaxPool2d`` in three dims: (N, C, D, H, W) -> (N, C, D', H', W').

    >>> nn.FractionalMaxPool3d(2, output_size=(3, 4, 5))(ag.randn(1, 2, 6, 7, 8)).shape
    (1, 2, 3, 4, 5)
    """

    function = staticmethod(F.fractional_max_pool3d)
