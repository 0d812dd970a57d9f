"""Graph layers beside the same formula with a dense adjacency matrix, and two factions found in a real club."""
from __future__ import annotations

import doctest

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


def gcn(layer, x):
    roots = ag.tensor(LOOPED.sum(1) ** -0.5)
    return (roots[:, None] * ag.tensor(LOOPED) * roots) @ x @ layer.lin.weight.T + layer.bias


def sage(layer, x):
    mean = ag.tensor(ADJACENCY / np.maximum(ADJACENCY.sum(1, keepdims=True), 1))
    return mean @ x @ layer.lin_l.weight.T + layer.lin_l.bias + x @ layer.lin_r.weight.T


def gat(layer, x):
    h = (x @ layer.lin.weight.T).reshape(N, layer.heads, OUT)
    source, target = (h * layer.att_src).sum(-1), (h * layer.att_dst).sum(-1)
    scores = F.leaky_relu(target[:, None] + source[None, :], layer.negative_slope)  # (target, source, head)
    weights = F.softmax(ag.where(ag.tensor(LOOPED > 0)[..., None], scores, -np.inf), 1)
    y = ag.einsum("tsh,sho->tho", weights, h)
    return (y.reshape(N, -1) if layer.concat else y.mean(1)) + layer.bias


def gin(layer, x):
    return layer.nn((1 + layer.eps) * x + ag.tensor(ADJACENCY) @ x)


LAYERS = {
    "GCNConv": (lambda: graph.GCNConv(IN, OUT), gcn),
    "SAGEConv": (lambda: graph.SAGEConv(IN, OUT), sage),
    "SAGEConv, normalised": (lambda: graph.SAGEConv(IN, OUT, normalize=True), lambda layer, x: F.normalize(sage(layer, x), dim=-1)),
    "GATConv": (lambda: graph.GATConv(IN, OUT, heads=2), gat),
    "GATConv, mean": (lambda: graph.GATConv(IN, OUT, heads=3, concat=False, negative_slope=0.1), gat),
    "GINConv": (lambda: graph.GINConv(nn.MLP(IN, 5, OUT), eps=0.5, train_eps=True), gin),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_equal_the_dense_formula(name):
    make, dense = LAYERS[name]
    layer = built(make)
    x, z = (ag.tensor(FEATURES, requires_grad=True) for _ in range(2))
    y, expected = layer(x, EDGES), dense(layer, z)
    np.testing.assert_allclose(y.detach(), expected.detach(), rtol=1e-10)
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
    layer = built(LAYERS[name][0])
    order = np.random.default_rng(1).permutation(N)
    place = np.argsort(order)
    y, z = layer(ag.tensor(FEATURES), EDGES), layer(ag.tensor(FEATURES[order]), place[EDGES])
    np.testing.assert_allclose(z.detach(), y.detach()[order], rtol=1e-10)


@pytest.mark.parametrize("name", LAYERS)
def test_a_compiled_layer_and_edges_as_a_tensor(name):
    layer = built(LAYERS[name][0])
    x, edges = ag.tensor(FEATURES), ag.tensor(EDGES)
    compiled = ag.compile(lambda x: layer(x, EDGES))
    for _ in range(2):
        np.testing.assert_allclose(compiled(x).detach(), layer(x, edges).detach(), rtol=1e-10)


@pytest.mark.parametrize("reduce", ["sum", "mean", "max"])
def test_segments(reduce):
    values, index = np.arange(8.0).reshape(4, 2)[[2, 0, 3, 1]], np.array([2, 0, 2, 0])
    y = graph.segment(ag.tensor(values), index, 4, reduce)
    function = getattr(np, reduce)
    assert y.tolist() == [[*function(values[index == 0], 0)], [0, 0], [*function(values[index == 2], 0)], [0, 0]]
    assert gradcheck(lambda v: graph.segment(v, index, 4, reduce), ag.tensor(values, requires_grad=True))
    assert graph.segment(ag.ones(0, 2), np.zeros(0, int), 3, reduce).tolist() == [[0, 0]] * 3


def test_softmax_of_groups():
    scores, index = ag.tensor([1000.0, 1.0, 999.0, 5.0], dtype=ag.float64, requires_grad=True), np.array([0, 1, 0, 1])
    y = graph.scatter_softmax(scores, index, 3)
    for group in (0, 1):
        np.testing.assert_allclose(y.detach()[index == group], F.softmax(scores.detach()[index == group], 0), rtol=1e-12)
    assert gradcheck(lambda s: graph.scatter_softmax(s, index, 3), ag.tensor([0.5, 1.0, -0.3, 2.0], dtype=ag.float64, requires_grad=True))


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
    np.testing.assert_allclose(Doubled().propagate(EDGES, x), 2 * ADJACENCY @ FEATURES)


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
        (lambda: graph.GCNConv(2, 2)(ag.ones(3, 2), [[0, 1], [1, 3]]), ValueError, "nodes from 0 to 2"),
        (lambda: graph.SAGEConv(2, 2)(ag.ones(3, 2), [[0.0], [1.0]]), TypeError, "integers"),
        (lambda: graph.SAGEConv(2, 2)(ag.ones(3, 2), [[0, 1, 2]]), ValueError, r"\(2, E\)"),
        (lambda: graph.segment(ag.ones(3), [0, 1], 2), ValueError, "one index for each row"),
        (lambda: graph.segment(ag.ones(2), [0, 1], 2, "median"), ValueError, "'median'"),
    ],
)
def test_mistakes(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_examples():
    assert doctest.testmod(graph, extraglobs={"ag": ag, "nn": nn}).failed == 0
