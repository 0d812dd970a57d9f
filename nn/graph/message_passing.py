"""What goes along the edges of a graph: their ends, loops, and the base of the layers."""
from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import autograd as ag
from autograd import Tensor, tracing
from autograd.errors import ArgumentError, ShapeError, message
from nn.module import Module
from nn.segments import as_index, scatter

__all__ = ["MessagePassing"]

Nodes = Tensor | tuple[Tensor, Tensor | None]  # features (n, F) of all nodes, or of sources and of targets


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
