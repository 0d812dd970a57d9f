"""Graph layers beside the same formula with a dense adjacency matrix, and two factions found in a real club."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd.check import gradcheck
from nn import graph
from nn.data import karate_club

N, IN, OUT = 6, 3, 4
EDGES = np.array([[0, 1, 2, 3, 1, 4, 0, 2], [1, 0, 3, 2, 2, 1, 4, 2]])  # directed, with one self-loop; node 5 is alone
FEATURES = np.random.default_rng(0).standard_normal((N, IN))
ADJACENCY = np.zeros((N, N))
np.add.at(ADJACENCY, (EDGES[1], EDGES[0]), 1)
LOOPED = np.where(np.eye(N), 1, ADJACENCY)


def built(layer):
    ag.manual_seed(0)
    layer = layer().double()
    with ag.no_grad():
        for p in layer.parameters():
            p.copy_(ag.randn(*p.shape, dtype=ag.float64))
    return layer


def of_edges(more):
    return [] if more is None else [ag.tensor(more)]


def gcn(layer, x, weights=None):
    matrix = (ADJACENCY > 0) * 1.0
    if weights is not None:
        matrix[EDGES[1], EDGES[0]] = weights
    if layer.add_self_loops:
        matrix = np.where(np.eye(N) * (matrix.diagonal() == 0) > 0, 2 if layer.improved else 1, matrix)
    degree = matrix.sum(1)
    roots = ag.tensor(np.where(degree > 0, np.maximum(degree, 1e-300) ** -0.5, 0) if layer.normalize else np.ones(N))
    return (roots[:, None] * ag.tensor(matrix) * roots) @ x @ layer.lin.weight.T + layer.bias


def sage(layer, x):
    x = (x, x) if not isinstance(x, tuple) else x
    sources = F.relu(x[0] @ layer.lin.weight.T + layer.lin.bias) if layer.project else x[0]
    rows = [[j for j, i in EDGES.T if i == node] for node in range(N)]
    reduce = {"sum": ag.sum, "mean": ag.mean, "max": ag.amax}[layer.aggr]
    gathered = [reduce(sources[row], 0) if row else 0 * sources[0] for row in rows]
    y = ag.stack(gathered) @ layer.lin_l.weight.T
    y = y if layer.lin_l.bias is None else y + layer.lin_l.bias
    return y + x[1] @ layer.lin_r.weight.T if layer.root_weight else y


def attention(layer, x, score, values, attributes=None):
    """Node by node: the weighted sum of what its neighbours send. score(j, i, edge) and values are of shape (heads, ...)."""
    rows, edges = [], [(j, i, None if attributes is None else attributes[e]) for e, (j, i) in enumerate(EDGES.T.tolist())]
    for node in range(N):
        coming = [edge for edge in edges if edge[1] == node and (edge[0] != node or not layer.add_self_loops)]
        if layer.add_self_loops:
            fill = None
            if attributes is not None and layer.fill_value == "mean":
                fill = sum(edge[2] for edge in coming) / max(len(coming), 1) if coming else 0 * attributes[0]
            elif attributes is not None:
                fill = 0 * attributes[0] + layer.fill_value
            coming.append((node, node, fill))
        if not coming:
            rows.append(0 * values[0])
            continue
        weights = F.softmax(ag.stack([score(*edge) for edge in coming]), 0)
        rows.append((weights[..., None] * ag.stack([values[edge[0]] for edge in coming])).sum(0))
    y = ag.stack(rows)
    y = y.reshape(N, -1) if layer.concat else y.mean(1)
    y = y if layer.bias is None else y + layer.bias
    return y if layer.res is None else y + x @ layer.res.weight.T


def gat(layer, x, attributes=None):
    h = (x @ layer.lin.weight.T).reshape(N, layer.heads, OUT)

    def score(j, i, edge):
        total = (h[j] * layer.att_src[0]).sum(-1) + (h[i] * layer.att_dst[0]).sum(-1)
        if edge is not None:
            total = total + ((layer.lin_edge.weight @ edge).reshape(layer.heads, OUT) * layer.att_edge[0]).sum(-1)
        return F.leaky_relu(total, layer.negative_slope)

    return attention(layer, x, score, h, attributes)


def gat2(layer, x, attributes=None):
    h, other = (F.linear(x, lin.weight, lin.bias).reshape(N, layer.heads, OUT) for lin in (layer.lin_l, layer.lin_r))

    def score(j, i, edge):
        inner = h[j] + other[i]
        if edge is not None:
            inner = inner + (layer.lin_edge.weight @ edge).reshape(layer.heads, OUT)
        return (F.leaky_relu(inner, layer.negative_slope) * layer.att[0]).sum(-1)

    return attention(layer, x, score, h, attributes)


def gin(layer, x):
    return layer.nn((1 + layer.eps) * x + ag.tensor(ADJACENCY) @ x)


RNG = np.random.default_rng(2)
WEIGHTS, ATTRIBUTES = RNG.uniform(0.5, 2, EDGES.shape[1]), RNG.standard_normal((EDGES.shape[1], 2))
# name: (layer, the same node by node or by a dense matrix, what else belongs to the edges)
LAYERS = {
    "GCNConv": (lambda: graph.GCNConv(IN, OUT), gcn, None),
    "GCNConv, weights": (lambda: graph.GCNConv(IN, OUT), gcn, WEIGHTS),
    "GCNConv, improved": (lambda: graph.GCNConv(IN, OUT, improved=True), gcn, WEIGHTS),
    "GCNConv, no loops": (lambda: graph.GCNConv(IN, OUT, add_self_loops=False), gcn, None),
    "GCNConv, not normalised": (lambda: graph.GCNConv(IN, OUT, normalize=False), gcn, WEIGHTS),
    "SAGEConv": (lambda: graph.SAGEConv(IN, OUT), sage, None),
    "SAGEConv, normalised": (lambda: graph.SAGEConv(IN, OUT, normalize=True), lambda layer, x: F.normalize(sage(layer, x), dim=-1), None),
    "SAGEConv, max": (lambda: graph.SAGEConv(IN, OUT, "max", bias=False), sage, None),
    "SAGEConv, projected": (lambda: graph.SAGEConv(IN, OUT, "sum", project=True, root_weight=False), sage, None),
    "GATConv": (lambda: graph.GATConv(IN, OUT, heads=2), gat, None),
    "GATConv, mean": (lambda: graph.GATConv(IN, OUT, heads=3, concat=False, negative_slope=0.1), gat, None),
    "GATConv, no loops": (lambda: graph.GATConv(IN, OUT, 2, add_self_loops=False, bias=False), gat, None),
    "GATConv, attributes": (lambda: graph.GATConv(IN, OUT, 2, edge_dim=2, residual=True), gat, ATTRIBUTES),
    "GATConv, filled": (lambda: graph.GATConv(IN, OUT, 2, edge_dim=2, fill_value=0.5), gat, ATTRIBUTES),
    "GATv2Conv": (lambda: graph.GATv2Conv(IN, OUT, heads=2), gat2, None),
    "GATv2Conv, shared": (lambda: graph.GATv2Conv(IN, OUT, heads=2, share_weights=True, concat=False), gat2, None),
    "GATv2Conv, attributes": (lambda: graph.GATv2Conv(IN, OUT, 2, edge_dim=2, residual=True, bias=False), gat2, ATTRIBUTES),
    "GATv2Conv, no loops": (lambda: graph.GATv2Conv(IN, OUT, 2, edge_dim=2, add_self_loops=False), gat2, ATTRIBUTES),
    "GINConv": (lambda: graph.GINConv(nn.MLP(IN, 5, OUT), eps=0.5, train_eps=True), gin, None),
    "GINConv, fixed": (lambda: graph.GINConv(nn.Linear(IN, OUT), eps=0.5), gin, None),
}
KEYS = {
    "GCNConv": "bias lin.weight", "SAGEConv": "lin_l.bias lin_l.weight lin_r.weight", "GATConv": "att_dst att_src bias lin.weight",
    "SAGEConv, projected": "lin.bias lin.weight lin_l.bias lin_l.weight",
    "GATConv, attributes": "att_dst att_edge att_src bias lin.weight lin_edge.weight res.weight",
    "GATv2Conv": "att bias lin_l.bias lin_l.weight lin_r.bias lin_r.weight",
    "GATv2Conv, shared": "att bias lin_l.bias lin_l.weight lin_r.bias lin_r.weight",
    "GATv2Conv, attributes": "att lin_edge.weight lin_l.weight lin_r.weight res.weight", "GINConv, fixed": "eps nn.bias nn.weight",
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_the_state(name):
    assert " ".join(sorted(LAYERS[name][0]().state_dict())) == KEYS[name]


@pytest.mark.parametrize("name", LAYERS)
def test_layers_equal_the_dense_formula(name):
    make, dense, more = LAYERS[name]
    layer = built(make)
    x, z = (ag.tensor(FEATURES, requires_grad=True) for _ in range(2))
    y, expected = layer(x, EDGES, *of_edges(more)), dense(layer, z, *([] if more is None else [ag.tensor(more) if more.ndim > 1 else more]))
    np.testing.assert_allclose(y.detach(), expected.detach(), rtol=1e-9, atol=1e-12)
    g = ag.randn(*y.shape, dtype=ag.float64)
    y.backward(g)
    found = [p.grad.numpy().copy() for p in layer.parameters()]
    layer.zero_grad()
    expected.backward(g)
    np.testing.assert_allclose(x.grad, z.grad, rtol=1e-9, atol=1e-12)
    for a, (key, p) in zip(found, layer.named_parameters(), strict=True):
        np.testing.assert_allclose(a, p.grad, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", LAYERS)
def test_nodes_have_no_order(name):
    make, _, more = LAYERS[name]
    layer = built(make)
    order = np.random.default_rng(1).permutation(N)
    place = np.argsort(order)
    y, z = layer(ag.tensor(FEATURES), EDGES, *of_edges(more)), layer(ag.tensor(FEATURES[order]), place[EDGES], *of_edges(more))
    np.testing.assert_allclose(z.detach(), y.detach()[order], rtol=1e-10)


@pytest.mark.parametrize("edges", ["array", "tensor", "argument"])
@pytest.mark.parametrize("name", LAYERS)
def test_compiled_equals_eager(name, edges):
    make, _, more = LAYERS[name]
    layer, more = built(make), of_edges(more)
    given = EDGES if edges == "array" else ag.tensor(EDGES)

    def step(x, *argument):
        layer.zero_grad()
        loss = (layer(x, *(argument or [given]), *more) ** 2).sum()
        loss.backward()
        return loss

    compiled = ag.compile(step)
    for seed in range(3):
        x = ag.tensor(np.random.default_rng(seed).standard_normal((N, IN)))
        argument = [ag.tensor(np.roll(EDGES, seed, 1))] if edges == "argument" else []
        expected = step(x, *argument).item()
        gradients = [p.grad.numpy().copy() for p in layer.parameters()]
        assert compiled(x, *argument).item() == pytest.approx(expected, rel=1e-10)
        for p, g in zip(layer.parameters(), gradients, strict=True):
            np.testing.assert_allclose(p.grad, g, rtol=1e-9, atol=1e-12)


def test_two_kinds_of_nodes():
    """Sources with 3 features and targets with 2."""
    edges = np.array([[0, 4, 5, 2], [1, 0, 1, 2]])
    sources, targets = ag.tensor(FEATURES), ag.tensor(RNG.standard_normal((3, 2)))
    for kind in (graph.SAGEConv, graph.GATConv, graph.GATv2Conv):
        layer = built(lambda kind=kind: kind((IN, 2), OUT, **({} if kind is graph.SAGEConv else {"add_self_loops": False})))
        y = layer((sources, targets), edges)
        assert y.shape == (3, OUT)
        if kind is graph.SAGEConv:
            means = ag.stack([sources[4], (sources[0] + sources[5]) / 2, sources[2]])
            np.testing.assert_allclose(y.detach(), (layer.lin_l(means) + layer.lin_r(targets)).detach(), rtol=1e-10)
        elif kind is graph.GATConv:
            np.testing.assert_allclose(y[2].detach(), (layer.lin_src(sources[2]) + layer.bias).detach(), rtol=1e-10)
        else:
            np.testing.assert_allclose(y[2].detach(), (layer.lin_l(sources[2]) + layer.bias).detach(), rtol=1e-10)


def test_weights_of_attention():
    layer = built(lambda: graph.GATConv(IN, OUT, heads=2))
    y, (edges, weights) = layer(ag.tensor(FEATURES), EDGES, return_attention_weights=True)
    np.testing.assert_array_equal(y.detach(), layer(ag.tensor(FEATURES), EDGES).detach())
    assert edges.shape == (2, EDGES.shape[1] + N)
    assert weights.shape == (EDGES.shape[1] + N, 2)
    np.testing.assert_allclose(graph.scatter(weights, edges[1]).detach(), np.ones((N, 2)), rtol=1e-12)
    assert not weights[7].any()  # the loop that was there


def test_a_cached_graph():
    layer = built(lambda: graph.GCNConv(IN, OUT, cached=True))
    x = ag.tensor(FEATURES)
    y = layer(x, EDGES)
    np.testing.assert_array_equal(layer(x, EDGES[:, :1]).detach(), y.detach())
    layer.reset_parameters()
    with ag.no_grad():
        layer.lin.weight.fill_(1)
        assert not np.allclose(layer(x, EDGES[:, :1]), layer(x, EDGES[:, :1]) * 0 + y)


def test_dropout_is_of_the_weights():
    ag.manual_seed(0)
    layer = graph.GATConv(1, 1, dropout=0.5, bias=False).double()
    with ag.no_grad():
        layer.lin.weight.fill_(1)
    edges = np.stack([np.arange(400), np.zeros(400, int)])
    y = layer(ag.ones(400, 1, dtype=ag.float64), edges)
    assert set(y[1:].flatten().tolist()) == {0, 2}
    assert not np.isclose(y[0].item(), 1, rtol=1e-12)
    np.testing.assert_allclose(layer.eval()(ag.ones(400, 1, dtype=ag.float64), edges).detach(), 1)


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min"])
def test_segments(reduce):
    values, index = np.arange(8.0).reshape(4, 2)[[2, 0, 3, 1]], np.array([2, 0, 2, 0])
    y = graph.scatter(ag.tensor(values), index, 0, 4, reduce)
    function = getattr(np, reduce)
    assert y.tolist() == [[*function(values[index == 0], 0)], [0, 0], [*function(values[index == 2], 0)], [0, 0]]
    assert gradcheck(lambda v: graph.scatter(v, index, 0, 4, reduce), ag.tensor(values, requires_grad=True))
    turned = graph.scatter(ag.tensor(values.T), index, -1, 4, reduce)
    assert turned.T.tolist() == y.tolist()
    assert graph.scatter(ag.ones(0, 2), np.zeros(0, int), 0, 3, reduce).tolist() == [[0, 0]] * 3


def test_softmax_of_groups():
    scores, index = ag.tensor([1000.0, 1.0, 999.0, 5.0], dtype=ag.float64, requires_grad=True), np.array([0, 1, 0, 1])
    y = graph.softmax(scores, index)
    for group in (0, 1):
        np.testing.assert_allclose(y.detach()[index == group], F.softmax(scores.detach()[index == group], 0), rtol=1e-12)
    assert gradcheck(lambda s: graph.softmax(s, index, 3), ag.tensor([0.5, 1.0, -0.3, 2.0], dtype=ag.float64, requires_grad=True))


def test_pools_of_whole_graphs():
    x, batch = ag.tensor([[1.0], [2.0], [6.0]]), [0, 0, 2]
    assert graph.global_add_pool(x, batch).tolist() == [[3], [0], [6]]
    assert graph.global_mean_pool(x, batch, size=4).tolist() == [[1.5], [0], [6], [0]]
    assert graph.global_max_pool(x).tolist() == [[6]]


def test_messages_of_ones_own():
    class Doubled(graph.MessagePassing):
        def message(self, x_j):
            return 2 * x_j

    x = ag.tensor(FEATURES)
    np.testing.assert_allclose(Doubled().propagate(EDGES, x=x), 2 * ADJACENCY @ FEATURES)
    np.testing.assert_allclose(Doubled(flow="target_to_source").propagate(EDGES, x=x), 2 * ADJACENCY.T @ FEATURES)


def test_messages_of_both_ends_and_of_edges():
    class Weighted(graph.MessagePassing):
        def message(self, x_i, weight, y_j, scale):
            return scale * weight[:, None] * (x_i - y_j)

        def update(self, inputs):
            return inputs + 1

    x, y = RNG.standard_normal((2, N, 2))
    found = Weighted("mean").propagate(EDGES, x=ag.tensor(x), y=ag.tensor(y), weight=ag.tensor(WEIGHTS), scale=3)
    sums = np.zeros((N, 2))
    for (j, i), w in zip(EDGES.T, WEIGHTS, strict=True):
        sums[i] += 3 * w * (x[i] - y[j])
    np.testing.assert_allclose(found, sums / np.maximum(ADJACENCY.sum(1), 1)[:, None] + 1, rtol=1e-12)


def test_the_karate_club_is_networkxs():
    networkx = pytest.importorskip("networkx")
    club, reference = karate_club(), networkx.karate_club_graph()
    assert {tuple(edge) for edge in club.edge_index.T.tolist()} == {pair for a, b in reference.edges for pair in ((a, b), (b, a))}
    assert club.edge_index.shape == (2, 156)
    assert club.labels.tolist() == [int(node["club"] == "Officer") for _, node in sorted(reference.nodes(data=True))]


def test_two_labels_are_enough_to_find_the_factions():
    """Kipf and Welling's experiment: only the two leaders' sides are known."""
    ag.manual_seed(0)
    club = karate_club()
    features, leaders, sides = ag.tensor(club.features), [0, 33], ag.tensor([0, 1])

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = graph.GCNConv(34, 16), graph.GCNConv(16, 2)

        def forward(self, x):
            return self.second(F.relu(self.first(x, club.edge_index)), club.edge_index)

    model = Network()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        F.cross_entropy(model(features)[leaders], sides).backward()
        optimizer.step()
    found = model(features).argmax(1).numpy()
    assert (found == club.labels).mean() >= 0.9


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: graph.GCNConv(2, 2)(ag.ones(3, 2), [[0, 1], [1, 3]]), ValueError, "targets are nodes from 0 to 2"),
        (lambda: graph.GINConv(nn.Linear(2, 2))(ag.ones(3, 2), [[-1], [1]]), ValueError, "sources are nodes from 0 to 2"),
        (lambda: graph.GCNConv(2, 2)(ag.ones(3, 2), [[0], [1]], ag.ones(1, 1)), ValueError, "edge weights"),
        (lambda: graph.GATConv(2, 2)(ag.ones(3, 2), [[0], [1]], ag.ones(1, 1)), ValueError, "set edge_dim"),
        (lambda: graph.MessagePassing(flow="down"), ValueError, "'down'"),
        (lambda: graph.MessagePassing().propagate([[0], [0]], size=None), ValueError, "features of nodes"),
        (lambda: graph.SAGEConv(2, 2)(ag.ones(3, 2), [[0.0], [1.0]]), TypeError, "integers"),
        (lambda: graph.SAGEConv(2, 2)(ag.ones(3, 2), [[0, 1, 2]]), ValueError, r"\(2, E\)"),
        (lambda: graph.scatter(ag.ones(3), [0, 1]), ValueError, "one index for each slice"),
        (lambda: graph.scatter(ag.ones(2), [0, 1], reduce="median"), ValueError, "'median'"),
    ],
)
def test_mistakes(call, error, match):
    with pytest.raises(error, match=match):
        call()
