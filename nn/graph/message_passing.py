"""What goes along the edges of a graph: sums of what belongs together, loops, and the base of the layers."""
from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor, tracing
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from nn.module import Module

__all__ = ["MessagePassing", "scatter", "softmax"]

Nodes = Tensor | tuple[Tensor, Tensor | None]  # features (n, F) of all nodes, or of sources and of targets


# ── sums over what belongs together ──


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


# ── edges ──


def edges_of(name: str, edge_index: Any, sources: int, targets: int) -> tuple[Tensor, Tensor]:
    """(sources, targets) of the edges, each from 0 to below a number of nodes."""
    edges = as_index(name, edge_index)
    if edges.ndim != 2 or edges.shape[0] != 2:
        raise ShapeError(message(name, "an edge_index of shape (2, E) is required", f"{tuple(edges.shape)}", "transpose it"))
    if not tracing.is_compiling():  # else reading the rows says it
        ends = edges.detach().numpy()
        for end, row, count in zip(("sources", "targets"), ends, (sources, targets), strict=True):
            if row.size and not (row.min() >= 0 and row.max() < count):
                given = f"nodes from {row.min()} to {row.max()}"
                raise ArgumentError(message(name, f"edges whose {end} are nodes from 0 to {count - 1} are required", given))
    return edges[0], edges[1]


def looped(source: Tensor, target: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """(sources, targets, which are void) with a loop at each of count nodes behind the edges, of which those that were loops are void."""
    own = ag.arange(count)
    void = ag.cat([source == target, ag.zeros(count, dtype=ag.bool)])
    return ag.cat([source, own]), ag.cat([target, own]), void


def elsewhere(index: Tensor, void: Tensor, count: int) -> Tensor:
    """The index, where it counts, and a group behind the last of count groups for what is void."""
    return ag.where(void, count, index).to(index.dtype)


# ── the base of the layers ──


@functools.cache
def names_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """What a method takes."""
    return tuple(inspect.signature(function).parameters)[1:]


class MessagePassing(Module):
    """y_i = update(aggregate of message(x_j, x_i, ...) over the edges from j to i): the base of the layers.

    aggr  "sum" (or "add"), "mean", "max" or "min"
    flow  "source_to_target": j is the source of an edge and i its target; or "target_to_source"

    A layer overrides ``message``, whose arguments are found among those of ``propagate``: ``x_j`` is x at the nodes j of all edges,
    (E, F), ``x_i`` at the nodes i; other names stand for themselves.

    >>> class Differences(nn.graph.MessagePassing):
    ...     def message(self, x_j, x_i):
    ...         return x_j - x_i
    >>> Differences().propagate([[0, 1], [2, 2]], x=ag.tensor([[1.0], [5.0], [2.0]]))
    tensor([[0.],
            [0.],
            [2.]])
    """

    def __init__(self, aggr: str = "sum", *, flow: str = "source_to_target") -> None:
        super().__init__()
        if flow not in ("source_to_target", "target_to_source"):
            raise ArgumentError(message("MessagePassing", 'flow "source_to_target" or "target_to_source" is required', repr(flow)))
        self.aggr, self.flow = aggr, flow

    def propagate(self, edge_index: Any, size: tuple[int, int] | None = None, **values: Any) -> Tensor:
        """Send messages along the edges: (2, E), and values by name, (n, F) or (of sources, of targets) or anything -> (n, F').

        size  the numbers of sources and targets; by default those of the values
        """
        sources, targets = sizes_of(values) if size is None else size
        ends = edges_of(type(self).__name__, edge_index, sources, targets)
        towards = int(self.flow == "source_to_target")
        count = (sources, targets)[towards]

        def found(name: str) -> Any:
            if not name.endswith(("_i", "_j")):
                return values[name]
            value, end = values[name[:-2]], towards if name.endswith("_i") else 1 - towards
            value = value[end] if isinstance(value, tuple) else value
            return None if value is None else value[ends[end]]

        messages = self.message(*(found(name) for name in names_of(type(self).message)))
        return self.update(self.aggregate(messages, ends[towards], count))

    def _message(self, x_j: Tensor) -> Tensor:
        """What the edges carry, (E, F')."""
        return x_j

    message: Callable[..., Tensor] = _message

    def aggregate(self, inputs: Tensor, index: Tensor, dim_size: int) -> Tensor:
        """What arrives at each node: (E, F'), (E,) -> (dim_size, F')."""
        return scatter(inputs, index, 0, dim_size, self.aggr)

    def update(self, inputs: Tensor) -> Tensor:
        """What becomes of it."""
        return inputs


def sizes_of(values: dict[str, Any]) -> tuple[int, int]:
    """The numbers of sources and targets, by the values of nodes."""
    for value in values.values():
        if isinstance(value, tuple):
            first, second = value
            return first.shape[0], first.shape[0] if second is None else second.shape[0]
    x = values.get("x", next(iter(values.values()), None))
    if not isinstance(x, Tensor):
        raise ArgumentError(message("propagate", "features of nodes are required", "none", "pass x=... or size=(n, n)"))
    return x.shape[0], x.shape[0]


def both(x: Nodes) -> tuple[Tensor, Tensor | None]:
    """(features of sources, features of targets)."""
    return x if isinstance(x, tuple) else (x, x)
