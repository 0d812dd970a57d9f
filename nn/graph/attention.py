"""Graph attention: sums over neighbours with weights that are learned."""
from __future__ import annotations

import math
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError, message
from nn import functional as F
from nn import init
from nn.graph.message_passing import MessagePassing, Nodes, both, edges_of, elsewhere, looped
from nn.layers.linear import Linear
from nn.parameter import Parameter
from nn.segments import scatter, softmax

__all__ = ["GATConv", "GATv2Conv"]


def glorot(weight: Tensor) -> None:
    """U(-a, a), a = √(6 / (sum of the last two lengths))."""
    bound = math.sqrt(6 / (weight.shape[-2] + weight.shape[-1]))
    init.uniform_(weight, -bound, bound)


def targets_of(first: Tensor, second: Tensor | None, size: tuple[int, int] | None) -> int:
    """The number of nodes that messages go to."""
    return size[1] if size is not None else (first if second is None else second).shape[0]


class GraphAttention(MessagePassing):
    """What both layers do with the scores of edges."""

    bias: Parameter | None

    def __init__(
        self, in_channels: int | tuple[int, int], out_channels: int, heads: int, concat: bool, negative_slope: float, dropout: float,
        add_self_loops: bool, edge_dim: int | None, fill_value: Any, bias: bool, residual: bool,
    ) -> None:  # fmt: skip
        super().__init__("sum")
        self.in_channels, self.out_channels, self.heads, self.concat = in_channels, out_channels, heads, concat
        self.negative_slope, self.dropout, self.add_self_loops = negative_slope, dropout, add_self_loops
        self.edge_dim, self.fill_value, self.residual = edge_dim, fill_value, residual
        self.of_sources, self.of_targets = in_channels if isinstance(in_channels, tuple) else (in_channels, in_channels)
        total = heads * out_channels if concat else out_channels
        self.register_parameter("bias", Parameter(ag.zeros(total)) if bias else None)
        self.register_module("lin_edge", None if edge_dim is None else Linear(edge_dim, heads * out_channels, bias=False))
        self.register_module("res", Linear(self.of_targets, total, bias=False) if residual else None)

    def reset_parameters(self) -> None:
        """Draw the weights anew, and set the bias to 0."""
        for layer in self.children():
            if isinstance(layer, Linear):
                layer.reset_parameters()
                glorot(layer.weight)
        for name, parameter in self.named_parameters(recurse=False):
            (init.zeros_ if name == "bias" else glorot)(parameter)

    def _heads(self, x: Tensor) -> Tensor:
        """(n, heads * out_channels) -> (n, heads, out_channels)."""
        return x.reshape(-1, self.heads, self.out_channels)

    def _edges(self, edge_index: Any, edge_attr: Tensor | None, sources: int, targets: int) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """(sources, targets, which are void, attributes through lin_edge by heads) of the edges, with loops if they are wanted."""
        source, target = edges_of(type(self).__name__, edge_index, sources, targets)
        attributes = edge_attr.unsqueeze(-1) if edge_attr is not None and edge_attr.ndim == 1 else edge_attr
        if attributes is not None and tuple(attributes.shape) != (source.shape[0], self.edge_dim):
            required = f"an edge_attr of shape {(source.shape[0], self.edge_dim)} is required"
            raise ShapeError(message(type(self).__name__, required, f"{tuple(attributes.shape)}", "set edge_dim"))
        void = ag.zeros(*source.shape, dtype=ag.bool)
        if self.add_self_loops:
            count = min(sources, targets)
            if attributes is not None:
                attributes = ag.cat([attributes, self._of_loops(attributes, source, target, count)])
            source, target, void = looped(source, target, count)
        return source, target, void, None if attributes is None else self._heads(self.lin_edge(attributes))

    def _of_loops(self, attributes: Tensor, source: Tensor, target: Tensor, count: int) -> Tensor:
        """The attributes of loops: a value, or the mean (say) of the attributes of all other edges to the node."""
        if isinstance(self.fill_value, str):
            index = elsewhere(target, source == target, count)
            return scatter(attributes, index, 0, count + 1, self.fill_value)[:count]
        value = self.fill_value if isinstance(self.fill_value, Tensor) else ag.tensor(float(self.fill_value), dtype=attributes.dtype)
        return value.expand(count, attributes.shape[1])

    def _sent(self, x: Tensor, edges: tuple[Tensor, Tensor, Tensor], scores: Tensor, targets: int, ends: Tensor | None) -> tuple[Any, ...]:
        """Messages x_j (E, heads, out) weighted by the softmax of the scores (E, heads), and what comes after: (y, (edges, weights))."""
        source, target, void = edges
        alpha = softmax(ag.where(void.unsqueeze(-1), -math.inf, scores), target, targets)
        alpha = F.dropout(alpha, self.dropout, self.training)
        edge_index = ag.stack([source, target])
        y = self.propagate(edge_index, (x.shape[0], targets), x=x, alpha=alpha)
        y = y.reshape(-1, self.heads * self.out_channels) if self.concat else y.mean(1)
        if self.res is not None and ends is not None:
            y = y + self.res(ends)
        return y if self.bias is None else y + self.bias, (edge_index, alpha)

    def message(self, x_j: Tensor, alpha: Tensor) -> Tensor:
        return x_j * alpha.unsqueeze(-1)

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, heads={self.heads}"


class GATConv(GraphAttention):
    """x'_i = Σ_j α_ij W x_j + b over neighbours and i itself, α = softmax over j of LeakyReLU(a_src · W x_j + a_dst · W x_i), in each head.

    (n, in_channels), (2, E) -> (n, heads * out_channels), or the mean over heads (n, out_channels) with concat=False
    (Veličković et al. 2018, arXiv:1710.10903).

    in_channels     one number, or two where sources and targets are two kinds of nodes: x is then a pair, too
    dropout         of the weights, in training
    add_self_loops  whether each node sees itself; loops that are there count once
    edge_dim        D: edges have attributes (E, D), and a_edge · W_edge e_ij is added to the scores
    fill_value      attributes of the loops: a number, a tensor (D), or "mean", "add", "max", "min" of the node's other edges
    residual        W_res x_i is added

    Weights begin in Glorot's uniform, bias as 0. ``forward(..., return_attention_weights=True)`` gives (x', (edges, α (E, heads))).

    >>> nn.graph.GATConv(3, 2, heads=4)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 8)
    """

    def __init__(
        self, in_channels: int | tuple[int, int], out_channels: int, heads: int = 1, concat: bool = True, negative_slope: float = 0.2,
        dropout: float = 0.0, add_self_loops: bool = True, edge_dim: int | None = None, fill_value: Any = "mean", bias: bool = True,
        residual: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, heads, concat, negative_slope, dropout, add_self_loops, edge_dim, fill_value, bias, residual
        )
        for name in ("lin_src", "lin_dst") if isinstance(in_channels, tuple) else ("lin",):
            self.register_module(name, Linear(self.of_targets if name == "lin_dst" else self.of_sources, heads * out_channels, bias=False))
        for name in ("att_src", "att_dst", *(() if edge_dim is None else ("att_edge",))):
            self.register_parameter(name, Parameter(ag.empty(1, heads, out_channels)))
        self.reset_parameters()

    def forward(
        self, x: Nodes, edge_index: Any, edge_attr: Tensor | None = None, size: tuple[int, int] | None = None,
        return_attention_weights: bool | None = None,
    ) -> Any:  # fmt: skip
        first, second = both(x)
        of_source, of_target = (self.lin_src, self.lin_dst) if isinstance(self.in_channels, tuple) else (self.lin, self.lin)
        h = self._heads(of_source(first))
        targets = targets_of(first, second, size)
        source, target, void, attributes = self._edges(edge_index, edge_attr, first.shape[0], targets)
        scores = (h * self.att_src).sum(-1)[source]
        if second is not None:
            other = h if second is first and of_target is of_source else self._heads(of_target(second))
            scores = scores + (other * self.att_dst).sum(-1)[target]
        if attributes is not None:
            scores = scores + (attributes * self.att_edge).sum(-1)
        scores = F.leaky_relu(scores, self.negative_slope)
        y, weights = self._sent(h, (source, target, void), scores, targets, second)
        return (y, weights) if return_attention_weights else y


class GATv2Conv(GraphAttention):
    """x'_i = Σ_j α_ij W_l x_j + b, α = softmax over j of a · LeakyReLU(W_l x_j + W_r x_i), in each head: shapes as for ``GATConv``.

    From Brody et al. 2022, arXiv:2105.14491. Arguments are those of ``GATConv``; attributes of edges are added inside, as W_edge e_ij.

    share_weights  W_r is W_l

    >>> nn.graph.GATv2Conv(3, 2, heads=4)(ag.ones(4, 3), [[0, 1, 2], [1, 2, 3]]).shape
    (4, 8)
    """

    def __init__(
        self, in_channels: int | tuple[int, int], out_channels: int, heads: int = 1, concat: bool = True, negative_slope: float = 0.2,
        dropout: float = 0.0, add_self_loops: bool = True, edge_dim: int | None = None, fill_value: Any = "mean", bias: bool = True,
        share_weights: bool = False, residual: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, heads, concat, negative_slope, dropout, add_self_loops, edge_dim, fill_value, bias, residual
        )
        self.share_weights = share_weights
        self.lin_l = Linear(self.of_sources, heads * out_channels, bias=bias)
        self.lin_r = self.lin_l if share_weights else Linear(self.of_targets, heads * out_channels, bias=bias)
        self.att = Parameter(ag.empty(1, heads, out_channels))
        self.reset_parameters()

    def forward(
        self, x: Nodes, edge_index: Any, edge_attr: Tensor | None = None, size: tuple[int, int] | None = None,
        return_attention_weights: bool | None = None,
    ) -> Any:  # fmt: skip
        first, second = both(x)
        h = self._heads(self.lin_l(first))
        targets = targets_of(first, second, size)
        source, target, void, attributes = self._edges(edge_index, edge_attr, first.shape[0], targets)
        inner = h[source]
        if second is not None:
            inner = inner + (h if second is first and self.share_weights else self._heads(self.lin_r(second)))[target]
        if attributes is not None:
            inner = inner + attributes
        scores = (F.leaky_relu(inner, self.negative_slope) * self.att).sum(-1)
        y, weights = self._sent(h, (source, target, void), scores, targets, second)
        return (y, weights) if return_attention_weights else y
