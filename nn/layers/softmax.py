"""Softmaxes: positive numbers that add up to one, along a dim."""
from __future__ import annotations

from autograd import Tensor
from nn import functional as F
from nn.layers.activation import Activation

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class Softmax(Activation):
    """Softmax(x)_i = exp(x_i) / Σ_j exp(x_j) along dim: (*) -> (*), each slice along dim sums to 1.

    >>> nn.Softmax(dim=0)(ag.tensor([0.0, 0.0]))
    tensor([0.5, 0.5])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class Softmin(Activation):
    """Softmin(x) = Softmax(-x) along dim: (*) -> (*).

    >>> nn.Softmin(dim=0)(ag.tensor([0.0, 1.0]))
    tensor([0.7311, 0.2689])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class LogSoftmax(Activation):
    """LogSoftmax(x)_i = x_i - log Σ_j exp(x_j) along dim: (*) -> (*).

    >>> nn.LogSoftmax(dim=0)(ag.tensor([0.0, 0.0]))
    tensor([-0.6931, -0.6931])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)


class Softmax2d(Activation):
    """Softmax over the channels of each pixel: (N, C, H, W) or (C, H, W) -> the same.

    >>> nn.Softmax2d()(ag.zeros(2, 1, 1)).tolist()
    [[[0.5]], [[0.5]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, -3)
