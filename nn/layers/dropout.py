"""Dropout: noise in training, nothing in evaluation. The mean of the output is the input's in both."""
from __future__ import annotations

from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn import functional as F
from nn.module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(message(
                type(self).__name__, "a probability p between 0 and 1 is required", repr(p), "p is the part that is dropped",
            ))
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, y = x * m / (1 - p), where m is 0 with probability p, else 1, drawn for each element: (*) -> (*). In evaluation, y = x.

    >>> nn.Dropout(0.9).eval()(ag.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Dropout of whole channels: (N, C, L) or (C, L) -> the same.

    >>> nn.Dropout1d(1.0)(ag.ones(1, 2, 3)).sum()
    tensor(0.)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Dropout of whole channels: (N, C, H, W) -> the same.

    >>> nn.Dropout2d(1.0)(ag.ones(1, 2, 3, 4)).sum()
    tensor(0.)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Dropout of whole channels: (N, C, D, H, W) or (C, D, H, W) -> the same.

    >>> nn.Dropout3d(1.0)(ag.ones(1, 2, 3, 4, 5)).sum()
    tensor(0.)
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that goes with SELU: it keeps mean 0 and variance 1: (*) -> (*).

    >>> nn.AlphaDropout(0.9).eval()(ag.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """``AlphaDropout`` of whole channels: (N, C, *) -> the same.

    >>> nn.FeatureAlphaDropout(0.9).eval()(ag.tensor([[1.0, 2.0]]))
    tensor([[1., 2.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
