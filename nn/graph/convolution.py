"""Convolutions on graphs: sums over neighbours with weights that the graph, or nothing, gives."""
from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError, message
from nn import functional as F
from nn import init
from nn.graph.message_passing import MessagePassing, Nodes, both, edges_of, elsewhere, looped
from nn.layers.linear import Linear
from nn.module import Module
from nn.parameter import Parameter
from nn.segments import as_index, number_of, scatter

__all__ = ["GCNConv", "GINConv", "SAGEConv", "gcn_norm"]


def gcn_norm(
    edge_index: Any, edge_weight: Tensor | None = None, num_nodes: int | None = None, improved: bool = False,
    add_self_loops: bool = True, dtype: Any = ag.float32,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """(edges, weights w / √(d_source · d_target)), d the sum of the weights of edges to a node: (2, E), (E,) -> (2, E + n), (E + n,).

    edge_weight     w, by default 1
    add_self_loops  one behind the other edges for each node that has none, of weight 1, or 2 if improved; False: only the edges given

    A loop that was there moves to the end with its weight; at its old place the weight is 0.
    """
    count = number_of(as_index("gcn_norm", edge_index)) if num_nodes is None else num_nodes
    source, target = edges_of("gcn_norm", edge_index, count, count)
    weight = ag.ones(source.shape[0], dtype=dtype) if edge_weight is None else edge_weight
    if tuple(weight.shape) != tuple(source.shape):
        raise ShapeError(message("gcn_norm", f"edge weights {tuple(source.shape)} are required", f"{tuple(weight.shape)}"))
    if add_self_loops:
        own = loops_of(weight, source, target, count, 2.0 if improved else 1.0) if improved or edge_weight is not None else None
        source, target, void = looped(source, target, count)
        weight = ag.where(void, 0.0, ag.cat([weight, ag.ones(count, dtype=weight.dtype) if own is None else own]))
    degree = scatter(weight, target, 0, count)
    roots = ag.where(degree > 0, ag.where(degree > 0, degree, 1.0) ** -0.5, 0.0)
    return ag.stack([source, target]), roots[source] * weight * roots[target]


def loops_of(weight: Tensor, source: Tensor, target: Tensor, count: int, default: float) -> Tensor:
    """The weight of the loop of each of count nodes, or a default: (count,)."""
    index = elsewhere(target, source != target, count)
    present = scatter(ag.ones(*index.shape, dtype=weight.dtype), index, 0, count + 1)[:count]
    return ag.where(present > 0, scatter(weight, index, 0, count + 1, "mean")[:count], default)


class GCNConv(MessagePassing):
    """X' = D^-½ (A + I) D^-½ X Wᵀ + b: (n, in_channels), (2, E) -> (n, out_channels) (Kipf and Welling 2017, arXiv:1609.02907).

    improved        A + 2 I
    cached          keep the weights of the first graph for all calls: for a single graph
    add_self_loops  False: A alone; by default as normalize
    normalize       False: weights of edges are those that are given

    lin.weight begins in Glorot's uniform, bias as 0.

    >>> nn.graph.GCNConv(3, 2)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 2)
    """

    bias: Parameter | None

    def __init__(
        self, in_channels: int, out_channels: int, improved: bool = False, cached: bool = False, add_self_loops: bool | None = None,
        normalize: bool = True, bias: bool = True, aggr: str = "sum",
    ) -> None:  # fmt: skip
        super().__init__(aggr)
        self.in_channels, self.out_channels, self.improved, self.cached = in_channels, out_channels, improved, cached
        self.normalize, self.add_self_loops = normalize, normalize if add_self_loops is None else add_self_loops
        self.lin = Linear(in_channels, out_channels, bias=False)
        self.register_parameter("bias", Parameter(ag.zeros(out_channels)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight anew, set the bias to 0, and forget the cached graph."""
        self._cached_edges: tuple[Tensor, Tensor] | None = None
        init.xavier_uniform_(self.lin.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor, edge_index: Any, edge_weight: Tensor | None = None) -> Tensor:
        if self.normalize:
            edge_index, edge_weight = self._normalised(edge_index, edge_weight, x)
        y = self.propagate(edge_index, x=self.lin(x), edge_weight=edge_weight)
        return y if self.bias is None else y + self.bias

    def _normalised(self, edge_index: Any, edge_weight: Tensor | None, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.cached and self._cached_edges is not None:
            return self._cached_edges
        edges = gcn_norm(edge_index, edge_weight, x.shape[0], self.improved, self.add_self_loops, x.dtype)
        if self.cached:
            self._cached_edges = edges
        return edges

    def message(self, x_j: Tensor, edge_weight: Tensor | None) -> Tensor:
        return x_j if edge_weight is None else x_j * edge_weight.unsqueeze(-1)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}"


class SAGEConv(MessagePassing):
    """x'_i = W_l aggregate(x_j of the neighbours) + b + W_r x_i (Hamilton et al. 2017, arXiv:1706.02216): (n, in), (2, E) -> (n, out).

    in_channels  one number, or two where sources and targets are two kinds of nodes: x is then a pair, too
    aggr         "mean", "sum", "max" or "min"
    normalize    to length 1
    root_weight  whether there is a W_r
    project      x_j first goes through relu(W x_j + b)

    >>> nn.graph.SAGEConv(3, 2)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 2)
    """

    def __init__(
        self, in_channels: int | tuple[int, int], out_channels: int, aggr: str = "mean", normalize: bool = False,
        root_weight: bool = True, project: bool = False, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(aggr)
        self.in_channels, self.out_channels, self.normalize = in_channels, out_channels, normalize
        self.root_weight, self.project = root_weight, project
        of_sources, of_targets = in_channels if isinstance(in_channels, tuple) else (in_channels, in_channels)
        if project:
            self.lin = Linear(of_sources, of_sources)
        self.lin_l = Linear(of_sources, out_channels, bias=bias)
        if root_weight:
            self.lin_r = Linear(of_targets, out_channels, bias=False)

    def forward(self, x: Nodes, edge_index: Any, size: tuple[int, int] | None = None) -> Tensor:
        sources, targets = both(x)
        if self.project:
            sources = F.relu(self.lin(sources))
        y: Tensor = self.lin_l(self.propagate(edge_index, size, x=(sources, targets)))
        if self.root_weight and targets is not None:
            y = y + self.lin_r(targets)
        return F.normalize(y, dim=-1) if self.normalize else y

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, aggr={self.aggr}"


class GINConv(MessagePassing):
    """x'_i = nn((1 + eps) x_i + Σ_j x_j over neighbours) (Xu et al. 2019, arXiv:1810.00826): (n, F), (2, E) -> (n, F').

    nn         a module, as an MLP
    train_eps  whether eps is learned

    >>> nn.graph.GINConv(nn.Linear(3, 2))(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 2)
    """

    def __init__(self, nn: Module, eps: float = 0.0, train_eps: bool = False, aggr: str = "sum") -> None:
        super().__init__(aggr)
        self.nn, self.initial_eps = nn, eps
        if train_eps:
            self.eps = Parameter(ag.tensor([float(eps)]))
        else:
            self.register_buffer("eps", ag.tensor([float(eps)]))

    def forward(self, x: Nodes, edge_index: Any, size: tuple[int, int] | None = None) -> Tensor:
        y, (_, targets) = self.propagate(edge_index, size, x=both(x)), both(x)
        return self.nn(y if targets is None else y + (1 + self.eps) * targets)  # type: ignore[no-any-return]
