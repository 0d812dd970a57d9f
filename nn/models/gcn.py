"""A graph convolutional network (Kipf and Welling 2017, arXiv:1609.02907)."""
from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.graph.convolution import GCNConv
from nn.layers.dropout import Dropout
from nn.module import Module

__all__ = ["GCN"]


class GCN(Module):
    """Y = Â relu(Â X W₁ + b₁) W₂ + b₂, Â = D^-½ (A + I) D^-½: nodes (n, in_channels), edges (2, E) -> scores (n, out_channels).

    dropout  probability, of the features and of the hidden units

    >>> nn.models.GCN(3, 8, 2)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 2)
    """

    def __init__(self, in_channels: int, hidden_channels: int, out_channels: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.conv1 = GCNConv(in_channels, hidden_channels)
        self.conv2 = GCNConv(hidden_channels, out_channels)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, edge_index: Any, edge_weight: Tensor | None = None) -> Tensor:
        x = F.relu(self.conv1(self.dropout(x), edge_index, edge_weight))
        return self.conv2(self.dropout(x), edge_index, edge_weight)  # type: ignore[no-any-return]
