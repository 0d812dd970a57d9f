"""Sums, means and extremes over what belongs together: the edges to a node, the nodes of a graph, the words of a bag."""
from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError, message

__all__ = ["scatter", "softmax"]


def as_index(name: str, index: Any) -> Tensor:
    """Integers as a tensor."""
    rows: Tensor = index if isinstance(index, Tensor) else ag.from_numpy(np.asarray(index))
    if rows.dtype.kind not in "iu":
        raise DtypeError(message(name, "integers are required", str(rows.dtype), "convert them: edge_index.long()"))
    return rows


def number_of(index: Tensor) -> int:
    """How many groups an index tells apart."""
    return int(index.detach().numpy().max(initial=-1)) + 1


def scatter(src: Tensor, index: Any, dim: int = 0, dim_size: int | None = None, reduce: str = "sum") -> Tensor:
    """The sum, mean, max or min of the slices of src along dim that belong to each group: (E, *) and index (E,) -> (dim_size, *).

    index     the group of each slice
    dim_size  the number of groups; by default the largest in index, plus 1
    reduce    "sum" (or "add"), "mean", "max" or "min"; a group without slices gives 0

    >>> nn.graph.scatter(ag.tensor([1.0, 2.0, 3.0]), [0, 2, 0])
    tensor([4., 0., 2.])
    """
    index, dim = as_index("scatter", index), dim % src.ndim if src.ndim else 0
    if tuple(index.shape) != tuple(src.shape[dim : dim + 1]):
        raise ShapeError(message("scatter", "one index for each slice is required", f"{tuple(index.shape)} for {tuple(src.shape)}"))
    count = number_of(index) if dim_size is None else dim_size
    zeros = ag.zeros(*src.shape[:dim], count, *src.shape[dim + 1 :], dtype=src.dtype)
    if reduce in ("sum", "add"):
        return ag.index_add(zeros, dim, index, src)
    if reduce == "mean":
        sizes = scatter(ag.ones(*index.shape, dtype=src.dtype), index, 0, count).clamp(min=1)
        return ag.index_add(zeros, dim, index, src) / sizes.reshape(-1, *[1] * (src.ndim - dim - 1))
    if reduce in ("max", "min"):
        return ag.index_reduce(zeros, dim, index, src, f"a{reduce}", include_self=False)
    raise ArgumentError(message("scatter", 'reduce "sum", "mean", "max" or "min" is required', repr(reduce)))


def softmax(src: Tensor, index: Any, num_nodes: int | None = None) -> Tensor:
    """exp(x_e) / Σ exp(x_f) over the rows f that belong to the same group as e: (E, *) and index (E,) -> (E, *).

    >>> nn.graph.softmax(ag.tensor([1.0, 5.0, 1.0]), [0, 1, 0])
    tensor([0.5, 1. , 0.5])
    """
    index = as_index("softmax", index)
    count = number_of(index) if num_nodes is None else num_nodes
    raised = ag.exp(src - scatter(src.detach(), index, 0, count, "max")[index])
    return raised / scatter(raised, index, 0, count)[index]
