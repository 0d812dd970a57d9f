"""Whole graphs, from their nodes."""
from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from nn.segments import scatter

__all__ = ["global_add_pool", "global_max_pool", "global_mean_pool"]


def global_add_pool(x: Tensor, batch: Any = None, size: int | None = None) -> Tensor:
    """The sum of the nodes of each graph: (n, F) -> (graphs, F).

    batch  (n,) which graph each node is of; None: all are of one
    size   the number of graphs; by default the largest in batch, plus 1

    >>> nn.graph.global_add_pool(ag.ones(3, 2), [0, 0, 1])
    tensor([[2., 2.],
            [1., 1.]])
    """
    return pooled(x, batch, size, "sum")


def global_mean_pool(x: Tensor, batch: Any = None, size: int | None = None) -> Tensor:
    """The mean of the nodes of each graph. See ``global_add_pool``."""
    return pooled(x, batch, size, "mean")


def global_max_pool(x: Tensor, batch: Any = None, size: int | None = None) -> Tensor:
    """The largest of the nodes of each graph. See ``global_add_pool``."""
    return pooled(x, batch, size, "max")


def pooled(x: Tensor, batch: Any, size: int | None, reduce: str) -> Tensor:
    """The three pools."""
    if batch is None:
        return scatter(x, ag.zeros(x.shape[0], dtype=ag.int64), 0, 1, reduce)
    return scatter(x, batch, 0, size, reduce)
