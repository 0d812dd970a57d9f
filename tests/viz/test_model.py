"""The graph as data: nodes with the user's names, modules, figures; and that looking changes nothing."""
from __future__ import annotations

import copy
import json
import linecache

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd import viz
from autograd.viz import graph


class Net(nn.Module):
    """Two layers and a residual."""

    def __init__(self):
        super().__init__()
        self.first, self.body, self.head = nn.Linear(4, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 1)

    def forward(self, x):
        h = self.first(x).tanh()
        h = self.body(h) + h
        return self.head(h)


def by_name(g):
    return {node.name or node.op or node.kind: node for node in g.nodes}


def test_names_are_the_users():
    net, x, t = Net(), ag.randn(5, 4), ag.randn(5, 1)
    y = net(x)
    loss = ((y - t) ** 2).mean()
    nodes = by_name(graph(loss))
    assert {"x", "t", "y", "h", "loss", "first.weight", "body.0.bias", "head.weight"} <= set(nodes)
    assert nodes["loss"].kind == "output"
    assert nodes["loss"].label == "loss = mean"
    assert nodes["first.weight"].kind == "parameter"
    assert nodes["x"].kind == "input"
    assert "test_model.py" in nodes["y"].site


def test_a_call_with_several_outputs_has_the_name_of_the_one_that_is_held():
    def loss_of(x, t):
        return None, F.cross_entropy(x, t)  # an op that also gives the probabilities

    x = ag.randn(3, 4, requires_grad=True)
    _, loss = loss_of(x, ag.tensor([0, 1, 2]))
    assert [node.name for node in graph(loss).nodes if node.op] == ["loss"]


def test_names_of_elements_and_attributes():
    class Holder:
        def __init__(self):
            self.w = ag.ones(2, requires_grad=True)

    holder, weights = Holder(), [ag.ones(2, requires_grad=True), ag.ones(2, requires_grad=True)]
    found = {node.name for node in graph((weights[0] * weights[1] * holder.w).sum()).nodes}
    assert {"weights[0]", "weights[1]", "holder.w"} <= found


def test_modules_are_nested_calls():
    net, x = Net(), ag.randn(5, 4)
    g = graph(net(x))
    assert [(m.name, m.type, m.parent) for m in g.modules] == [
        ("net", "Net", None), ("first", "Linear", 0),
        ("body", "Sequential", 0), ("0", "Linear", 2), ("1", "ReLU", 2),
        ("head", "Linear", 0),
    ]  # fmt: skip
    inside = {node.op: g.modules[node.module].name for node in g.nodes if node.op and node.module is not None}
    assert inside["tanh"] == "net"
    assert inside["relu"] == "1"
    assert by_name(g)["first.weight"].module == 1
    assert by_name(g)["x"].module is None


def test_lines_inside_layers_are_those_of_the_functions_that_were_given_to_them():
    class Scaled(nn.Module):
        def forward(self, x):
            return F.softplus(x) * 2  # scaled

    class Doubled(nn.graph.GCNConv):
        def message(self, x_j):
            return F.silu(x_j)  # message

    def activation(x):
        return F.mish(x)  # activation

    def before(module, args):
        return F.elu(args[0])  # before

    def replaced(x):
        return F.logsigmoid(x)  # replaced

    layer = nn.TransformerEncoderLayer(4, 2, 8, activation=activation)
    layer.linear2.register_forward_pre_hook(before)
    nn.utils.parametrize.register_parametrization(layer.linear1, "weight", Scaled())
    patched = nn.Linear(4, 4)
    patched.forward = replaced
    x = ag.randn(3, 4, requires_grad=True)
    y = nn.Sequential(layer, Scaled(), patched)(x)
    y = Doubled(4, 4)(y, ag.tensor([[0, 1], [1, 2]]))
    lines = {node.op: linecache.getline(__file__, int(node.site.split(":")[1])) for node in graph(y).nodes if node.op}
    told = {"softplus": "scaled", "silu": "message", "mish": "activation", "elu": "before", "logsigmoid": "replaced"}
    assert {op: lines[op].partition("# ")[2].strip() for op in told} == told
    assert "Sequential" in lines["unsqueeze"]


def test_a_module_that_is_called_twice_has_two_calls():
    layer, x = nn.Linear(3, 3), ag.ones(2, 3)
    g = graph(layer(layer(x).tanh()))
    assert [m.name for m in g.modules] == ["layer", "layer"]
    assert sum(node.kind == "parameter" for node in g.nodes) == 2


def test_edges_have_positions_and_broadcasts():
    a, b = ag.ones(3, 4, requires_grad=True), ag.ones(4, requires_grad=True)
    g = graph(a * b + a)
    ids = {node.name or node.op: node.id for node in g.nodes}
    found = {(e.source, e.target, e.position): e.broadcast for e in g.edges}
    into_mul = {(ids["a"], ids["mul"], 0): "", (ids["b"], ids["mul"], 1): "4 → 3 × 4"}
    assert found == into_mul | {(ids["mul"], ids["add"], 0): "", (ids["a"], ids["add"], 1): ""}


def test_a_node_used_twice_is_one_node():
    x = ag.ones(2, requires_grad=True)
    y = x * x
    g = graph(y + y, y)
    assert [node.op or node.name for node in g.nodes] == ["x", "mul", "add"]
    assert len(g.edges) == 4
    assert [node.kind for node in g.nodes] == ["leaf", "output", "output"]


def test_a_call_with_several_outputs_is_one_node():
    x = ag.ones(4, requires_grad=True)
    a, b = ag.split(x, 2)
    assert [node.op for node in graph(a * b).nodes if node.op] == ["cut", "mul"]


def test_given_names():
    w = ag.ones(2, requires_grad=True)
    assert "weight" in {node.name for node in graph(w * 2, params={"weight": w}).nodes}


def test_values_and_gradients_are_true():
    x = ag.tensor([1.0, -2.0, 3.0], requires_grad=True)
    y = x * x
    z = y.exp().mean()
    nodes = by_name(graph(z, show=("value", "grad", "memory", "time")))
    z.backward()
    assert nodes["x"].value.elements == (1.0, -2.0, 3.0)
    np.testing.assert_allclose(nodes["x"].grad.elements, x.grad.numpy(), 1e-6)
    np.testing.assert_allclose(nodes["y"].value.elements, [1, 4, 9])
    np.testing.assert_allclose(nodes["y"].grad.elements, np.exp([1, 4, 9]) / 3, 1e-6)
    np.testing.assert_allclose(nodes["z"].value.elements, z.item(), 1e-6)
    assert nodes["exp"].nbytes == 12
    assert nodes["exp"].seconds > 0


def test_what_is_not_kept_says_so_and_can_be_kept():
    def made():
        x = ag.ones(3, requires_grad=True)
        return ((x + ag.ones(3)) + ag.full((3,), 2.0)).sum()

    assert [node.note for node in graph(made(), show="value").nodes if node.op == "add"] == ["value not kept", "value not kept"]
    with viz.keep():
        kept = made()
    assert [node.value.elements[0] for node in graph(kept, show="value").nodes if node.op == "add"] == [2.0, 4.0]


def test_what_was_overwritten_is_not_shown():
    x = ag.ones(3, requires_grad=True)
    y = x + ag.ones(3)  # of what it was added to, nothing is kept
    z = y * y
    assert [node.value is None for node in graph(z.sum(), show="value").nodes if node.op == "add"] == [False]
    y.detach().zero_()
    del y
    assert [node.value for node in graph(z.sum(), show="value").nodes if node.op == "add"] == [None]


def test_after_backward_values_are_freed():
    x = ag.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    nodes = by_name(graph(y, show=("value", "grad")))
    assert nodes["mul"].note == "freed"
    assert nodes["x"].grad.elements == (2.0, 2.0)


def test_where_nan_and_inf_begin():
    x = ag.tensor([1.0, 0.0], requires_grad=True)
    with np.errstate(all="ignore"):
        z = (x.log() * 0).sum()
    g = graph(z, show="value")
    flags = {node.op: (node.flag, node.origin) for node in g.nodes if node.op}
    assert flags == {"log": ("Inf ×1", True), "mul": ("NaN ×1", False), "sum": ("NaN ×1", False)}
    for text in (g.svg("builtin"), g.to_dot().source):
        assert text.count("it begins here") == 1
        assert "NaN ×1" in text


def snapshot(loss, leaves):
    order = ag.graph.topological_order(loss.node)
    return (
        [id(leaf._grad) for leaf in leaves], [leaf.numpy(force=True).copy() for leaf in leaves], ag.get_rng_state().numpy(),
        [(node.args is None, id(node.y), node.watch is not None) for node in order],
    )  # fmt: skip


@pytest.mark.parametrize("after_backward", [False, True])
def test_looking_changes_nothing(after_backward):
    called = []
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.BatchNorm1d(4), nn.Linear(4, 1))
    x = ag.randn(6, 3)
    leaves = list(net.parameters())
    leaves[0].register_hook(lambda g: called.append(g))
    loss = net(x).square().mean()
    buffers = copy.deepcopy([b.numpy() for b in net.buffers()])
    if after_backward:
        loss.backward()
        called.clear()
    before = snapshot(loss, leaves)
    g = graph(loss, show=viz.picture.SHOWN)
    for look in (g.svg, g.to_text, g.to_json, lambda: g.explore().html(), lambda: None if after_backward else viz.step(loss).html()):
        look()
    after = snapshot(loss, leaves)
    np.testing.assert_equal(after, before)
    np.testing.assert_equal(buffers, [b.numpy() for b in net.buffers()])
    assert not called
    if not after_backward:
        loss.backward()
        assert called


def test_nothing_to_see():
    g = graph(ag.ones(2))
    assert g.nodes == g.edges == g.modules == ()
    assert g.svg("builtin").startswith("<svg")
    assert g.to_text() == ""


def test_text_and_json_and_networkx():
    x = ag.tensor([1.0, np.inf], requires_grad=True)
    y = (x * x).sum()
    g = graph(y, show="value")
    lines = str(g).splitlines()
    assert lines[0].split()[:3] == ["x", "leaf", "2"]
    assert lines[1].split()[:4] == ["mul", "x,", "x", "2"]
    assert json.loads(json.dumps(g.to_json(), allow_nan=False))["nodes"][0]["name"] == "x"
    networkx = pytest.importorskip("networkx")
    made = g.to_networkx()
    assert networkx.is_directed_acyclic_graph(made)
    assert made.number_of_edges() == len(g.edges) == 3


@pytest.mark.parametrize(("argument", "value"), [("show", "shapes"), ("color", "red"), ("engine", "neato")])
def test_wrong_choices(argument, value):
    with pytest.raises(ag.ArgumentError, match=f"is required; got '{value}'"):
        graph(ag.ones(2), **{argument: value})


# ── big graphs ──


class Block(nn.Module):
    """A residual block."""

    def __init__(self, n):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(n), nn.Linear(n, 2 * n), nn.Linear(2 * n, n)

    def forward(self, x):
        return x + self.down(F.gelu(self.up(self.norm(x))))


def tower(blocks):
    return nn.Sequential(nn.Linear(3, 4), *(Block(4) for _ in range(blocks)), nn.Linear(4, 2))


def test_equal_blocks_are_drawn_once_with_their_count():
    model = tower(12)
    g = graph(model(ag.ones(2, 3)).sum())
    assert g._folding.closed <= 60
    assert "1 … 12: Block × 12" in g.svg("builtin")
    assert "equal modules in a row drawn once" in g.svg("builtin")
    assert "97 nodes" in g.svg("builtin") or "nodes" in g._folding.caption


def test_modules_close_to_a_depth():
    model = tower(3)
    g = graph(model(ag.ones(2, 3)).sum(), depth=1, fold=False)
    titles = [box.title for box in viz.fold.closed_boxes(g._folding.boxes)]
    assert titles == ["0", "1", "2", "3", "4", "sum"] or titles[-1].endswith("sum")


def test_chains_of_elementwise_ops_are_drawn_as_one():
    x = ag.ones(3, requires_grad=True)
    y = x
    for _ in range(100):
        y = (y * 1.5).tanh() + 1
    g = graph(y.sum())
    assert g._folding.closed <= 4
    assert "chains of elementwise ops" in g._folding.caption


def test_whatever_it_is_it_stays_readable():
    x = ag.ones(2, 2, requires_grad=True)
    y = x
    for _ in range(300):
        y = (y @ x + (y.sum() if _ % 7 == 0 else y.mean(0))) * 0.1
    g = graph(y.sum())
    assert g._folding.closed <= 60
    assert g.svg("builtin")


@pytest.mark.parametrize("build", [lambda: tower(12), lambda: tower(2), lambda: Net()])
@pytest.mark.parametrize("depth", [0, 1, 2, "auto"])
def test_every_node_is_in_one_box_and_lines_make_no_cycle(build, depth):
    model = build()
    g = graph(model(ag.ones(2, 4 if isinstance(model, Net) else 3)).sum(), depth=depth, max_nodes=400)
    folding = g._folding
    homes = [member for box in viz.fold.closed_boxes(folding.boxes) for member in box.members]
    assert len(homes) == len(set(homes))
    keys = {box.key for box in viz.fold.closed_boxes(folding.boxes)}
    assert {end for line in folding.lines for end in (line.source, line.target)} <= keys
    waiting = {key: {line.source for line in folding.lines if line.target == key} for key in keys}
    while ready := [key for key, sources in waiting.items() if not sources]:
        for key in ready:
            del waiting[key]
            for sources in waiting.values():
                sources.discard(key)
    assert not waiting


@pytest.mark.slow
def test_a_deep_chain_needs_no_recursion():
    x = ag.ones(3, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    g = graph(y.sum())
    assert len(g.nodes) == 100_002
    assert g._folding.closed <= 4
    assert g.svg()
