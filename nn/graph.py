"""Graph networks: layers that pass messages along the edges of a graph, and sums over whole graphs.

A graph of n nodes is node features (n, F) and ``edge_index`` (2, E) of integers, whose columns are edges from a source (row 0) to a target
(row 1). An undirected graph has each edge in both directions. Names, arguments and numbers are those of PyTorch Geometric.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from nn import functional as F
from nn import init
from nn.layers.linear import Linear
from nn.module import Module
from nn.parameter import Parameter

__all__ = [
    "GATConv", "GCNConv", "GINConv", "MessagePassing", "SAGEConv", "add_self_loops", "gcn_norm", "global_add_pool", "global_max_pool",
    "global_mean_pool", "scatter_softmax", "segment",
]  # fmt: skip

# ── sums over what belongs together ──


def segment(values: Tensor, index: Any, count: int, reduce: str = "sum") -> Tensor:
    """The sum, mean or max of the rows of values (E, *) of each of count groups, which index (E,) tells: (count, *), 0 for no rows."""
    where = as_index("segment", index)
    if where.shape != tuple(values.shape[:1]):
        raise ShapeError(message("segment", "one index for each row is required", f"{where.shape} for {tuple(values.shape)}"))
    if reduce in ("sum", "add"):
        return ag.place(values, shape=(count, *values.shape[1:]), index=(where,))
    if reduce == "mean":
        sizes = np.maximum(np.bincount(where, minlength=count), 1).astype(values.dtype)
        return segment(values, where, count) / ag.tensor(sizes.reshape(-1, *[1] * (values.ndim - 1)))
    if reduce == "max":
        empty = ag.zeros(count, *values.shape[1:], dtype=values.dtype)
        return ag.index_reduce(empty, 0, ag.tensor(where), values, "amax", include_self=False)
    raise ArgumentError(message("segment", 'reduce "sum", "mean" or "max" is required', repr(reduce)))


def scatter_softmax(scores: Tensor, index: Any, count: int) -> Tensor:
    """Softmax over the rows that belong to each group: (E, *) -> (E, *)."""
    where = as_index("scatter_softmax", index)
    peaks = segment(scores.detach(), where, count, "max")
    raised = ag.exp(scores - peaks[where])
    return raised / segment(raised, where, count)[where]


def global_add_pool(x: Tensor, batch: Any = None, size: int | None = None) -> Tensor:
    """The sum of the nodes of each graph: (n, F), and batch (n,), which graph each node is of -> (graphs, F). No batch: one graph."""
    return pooled(x, batch, size, "sum")


def global_mean_pool(x: Tensor, batch: Any = None, size: int | None = None) -> Tensor:
    """The mean of the nodes of each graph. See ``global_add_pool``."""
    return pooled(x, batch, size, "mean")


def global_max_pool(x: Tensor, batch: Any = None, size: int | None = None) -> Tensor:
    """The largest of the nodes of each graph. See ``global_add_pool``."""
    return pooled(x, batch, size, "max")


def pooled(x: Tensor, batch: Any, size: int | None, reduce: str) -> Tensor:
    """The three pools."""
    where = np.zeros(x.shape[0], np.int64) if batch is None else as_index("pool", batch)
    return segment(x, where, size or int(where.max(initial=0)) + 1, reduce)


# ── edges ──


def as_index(name: str, index: Any) -> np.ndarray[Any, Any]:
    """Integers as an array."""
    array = np.asarray(index.detach().numpy() if isinstance(index, Tensor) else index)
    if array.dtype.kind not in "iu":
        raise DtypeError(message(name, "integers are required", str(array.dtype), "convert them: edge_index.long()"))
    return array


def edges_of(name: str, edge_index: Any, count: int) -> tuple[Any, Any]:
    """(sources, targets) of the edges."""
    edges = as_index(name, edge_index)
    if edges.ndim != 2 or edges.shape[0] != 2:
        raise ShapeError(message(name, "an edge_index of shape (2, E) is required", f"{edges.shape}", "transpose it"))
    if edges.size and not (edges.min() >= 0 and edges.max() < count):
        given = f"nodes from {edges.min()} to {edges.max()}"
        raise ArgumentError(message(name, f"edges between nodes from 0 to {count - 1} are required", given))
    return edges[0], edges[1]


def add_self_loops(edge_index: Any, num_nodes: int) -> np.ndarray[Any, Any]:
    """The edges without those from a node to itself, and then one of those for each node: (2, E) -> (2, E' + n)."""
    edges, own = as_index("add_self_loops", edge_index), np.arange(num_nodes)
    return np.concatenate([edges[:, edges[0] != edges[1]], np.stack([own, own])], 1)


def gcn_norm(edge_index: Any, num_nodes: int, dtype: Any = np.float32) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(edges with self-loops, their weights 1 / √(degree of source · degree of target))."""
    edges = add_self_loops(edge_index, num_nodes)
    degree = np.bincount(edges[1], minlength=num_nodes)
    roots = 1 / np.sqrt(np.maximum(degree, 1))
    return edges, (roots[edges[0]] * roots[edges[1]]).astype(dtype)


class MessagePassing(Module):
    """Base of the layers: ``propagate`` gathers what the sources of edges send, and reduces it at their targets.

    aggr  "sum", "mean" or "max". A subclass may override ``message(x_j)``: what an edge carries, from the features of its sources (E, F).
    """

    def __init__(self, aggr: str = "sum") -> None:
        super().__init__()
        self.aggr = aggr

    def message(self, x_j: Tensor) -> Tensor:
        """What the edges carry."""
        return x_j

    def propagate(self, edge_index: Any, x: Tensor) -> Tensor:
        """(2, E), (n, F) -> (n, F')."""
        source, target = edges_of(type(self).__name__, edge_index, x.shape[0])
        return segment(self.message(x[source]), target, x.shape[0], self.aggr)


# ── layers ──


class GCNConv(Module):
    """X' = D^-½ (A + I) D^-½ X Wᵀ + b: (n, in_channels), (2, E) -> (n, out_channels) (Kipf and Welling 2017, arXiv:1609.02907).

    lin.weight begins in Glorot's uniform, bias as 0. Each call prepares the edges; keep ``gcn_norm`` of a fixed graph and pass it as norm.

    >>> nn.graph.GCNConv(3, 2)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 2)
    """

    bias: Parameter | None

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.lin = Linear(in_channels, out_channels, bias=False)
        self.register_parameter("bias", Parameter(ag.zeros(out_channels)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight anew, and set the bias to 0."""
        init.xavier_uniform_(self.lin.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor, edge_index: Any, norm: tuple[Any, Any] | None = None) -> Tensor:
        n = x.shape[0]
        (source, target), weight = gcn_norm(edge_index, n, x.dtype) if norm is None else norm
        edges_of("GCNConv", np.stack([source, target]), n)
        sent = self.lin(x)[source] * ag.tensor(np.asarray(weight)[:, None])
        y = segment(sent, target, n)
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}"


class SAGEConv(Module):
    """x'_i = W_l aggregate(x_j of the neighbours) + b + W_r x_i (Hamilton et al. 2017, arXiv:1706.02216): (n, in), (2, E) -> (n, out).

    aggr  "mean", "sum" or "max"; normalize: to length 1; root_weight: whether there is a W_r

    >>> nn.graph.SAGEConv(3, 2)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 2)
    """

    def __init__(
        self, in_channels: int, out_channels: int, aggr: str = "mean", normalize: bool = False, root_weight: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.aggr, self.normalize = in_channels, out_channels, aggr, normalize
        self.lin_l = Linear(in_channels, out_channels, bias=bias)
        if root_weight:
            self.lin_r = Linear(in_channels, out_channels, bias=False)
        self.root_weight = root_weight

    def forward(self, x: Tensor, edge_index: Any) -> Tensor:
        source, target = edges_of("SAGEConv", edge_index, x.shape[0])
        y = self.lin_l(segment(x[source], target, x.shape[0], self.aggr))
        if self.root_weight:
            y = y + self.lin_r(x)
        return F.normalize(y, dim=-1) if self.normalize else y

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, aggr={self.aggr}"


class GATConv(Module):
    """x'_i = Σ_j α_ij W x_j + b over neighbours and i itself, α = softmax over j of LeakyReLU(a_src · W x_j + a_dst · W x_i), in each head.

    (n, in_channels), (2, E) -> (n, heads * out_channels), or the mean over heads (n, out_channels) with concat=False
    (Veličković et al. 2018, arXiv:1710.10903).

    >>> nn.graph.GATConv(3, 2, heads=4)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 8)
    """

    bias: Parameter | None

    def __init__(
        self, in_channels: int, out_channels: int, heads: int = 1, concat: bool = True, negative_slope: float = 0.2, dropout: float = 0.0,
        add_self_loops: bool = True, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in_channels, self.out_channels, self.heads, self.concat = in_channels, out_channels, heads, concat
        self.negative_slope, self.dropout, self.add_self_loops = negative_slope, dropout, add_self_loops
        self.lin = Linear(in_channels, heads * out_channels, bias=False)
        self.att_src, self.att_dst = (Parameter(ag.empty(1, heads, out_channels)) for _ in range(2))
        self.register_parameter("bias", Parameter(ag.zeros(heads * out_channels if concat else out_channels)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, and set the bias to 0."""
        for weight in (self.lin.weight, self.att_src, self.att_dst):
            bound = math.sqrt(6 / (weight.shape[-2] + weight.shape[-1]))
            init.uniform_(weight, -bound, bound)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor, edge_index: Any) -> Tensor:
        n = x.shape[0]
        edges = add_self_loops(edge_index, n) if self.add_self_loops else edge_index
        source, target = edges_of("GATConv", edges, n)
        h = self.lin(x).reshape(n, self.heads, self.out_channels)
        scores = (h * self.att_src).sum(-1)[source] + (h * self.att_dst).sum(-1)[target]
        weights = scatter_softmax(F.leaky_relu(scores, self.negative_slope), target, n)
        weights = F.dropout(weights, self.dropout, self.training)
        y = segment(h[source] * weights.unsqueeze(-1), target, n)
        y = y.reshape(n, self.heads * self.out_channels) if self.concat else y.mean(1)
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, heads={self.heads}"


class GINConv(Module):
    """x'_i = nn((1 + eps) x_i + Σ_j x_j over neighbours) (Xu et al. 2019, arXiv:1810.00826): (n, F), (2, E) -> (n, F').

    nn  a module, as an MLP; train_eps: whether eps is learned

    >>> nn.graph.GINConv(nn.Linear(3, 2))(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 2)
    """

    def __init__(self, nn: Module, eps: float = 0.0, train_eps: bool = False) -> None:
        super().__init__()
        self.nn, self.initial_eps = nn, eps
        if train_eps:
            self.eps = Parameter(ag.tensor([float(eps)]))
        else:
            self.register_buffer("eps", ag.tensor([float(eps)]))

    def forward(self, x: Tensor, edge_index: Any) -> Tensor:
        source, target = edges_of("GINConv", edge_index, x.shape[0])
        return self.nn((1 + self.eps) * x + segment(x[source], target, x.shape[0]))  # type: ignore[no-any-return]
