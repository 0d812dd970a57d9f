"""The stepper's data: the gradients shown are those of backward(), contribution by contribution, to the last bit."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from beside_samples import CASES, FUNCTIONS, arguments, leaves, outputs, weights

import autograd as ag
import nn
import nn.functional as F
from autograd import Tensor
from autograd.graph import topological_order
from autograd.viz import step, trace
from autograd.viz.trace import backward, gradients


def equal(a, b):
    return (a is None and b is None) or np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("write_view")])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_op_has_the_gradients_of_backward(name):
    op, sample = CASES[name]
    args, xs = leaves(arguments(op, sample))
    parts = [part for part in outputs(FUNCTIONS[op.name](*args, **sample.params)) if getattr(part, "requires_grad", False)]
    if not parts:
        return
    seeds: dict = {}
    for part, w in zip(parts, weights(parts), strict=True):
        seeds[part.node] = w if part.node not in seeds else seeds[part.node] + w
    order = topological_order(*seeds)
    try:
        found = gradients(order, seeds)
    except Exception as error:  # noqa: BLE001  what has no derivative says so in both
        with pytest.raises(type(error)):
            ag.backward(parts, [Tensor(w) for w in weights(parts)])
        return
    ag.backward(parts, [Tensor(w) for w in weights(parts)])
    for x in xs:
        assert equal(None if x.grad is None else x.grad.numpy(), found.get(x.node))


def mlp():
    model = nn.MLP(6, [8, 8], 3, activation="relu")
    return model, lambda: F.cross_entropy(model(ag.randn(10, 6)), ag.randint(0, 3, (10,)))


def cnn():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
    return model, lambda: F.cross_entropy(model(ag.randn(5, 1, 8, 8)), ag.randint(0, 3, (5,)))


def transformer():
    embed, q, k, v, out = nn.Embedding(10, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 10)
    norm = nn.LayerNorm(8)
    model = nn.ModuleList([embed, q, k, v, out, norm])

    def loss():
        x = embed(ag.randint(0, 10, (2, 5)))
        h = norm(x)
        x = x + F.scaled_dot_product_attention(q(h), k(h), v(h), is_causal=True)
        return F.cross_entropy(out(F.gelu(x)).reshape(-1, 10), ag.randint(0, 10, (10,)))

    return model, loss


@pytest.mark.parametrize("build", [mlp, cnn, transformer])
def test_models_to_the_last_bit(build):
    model, make = build()
    loss = make()
    steps = trace(loss)
    turns = backward(topological_order(loss.node), {loss.node: np.ones((), np.float32)})
    for turn in turns:  # contributions add up to what arrives
        for part in turn.contributions:
            assert equal(part.after, part.term if part.before is None else part.before + part.term)
            if part.number == part.total:
                arrived = next(t.g for t in turns if t.node is part.parent)
                assert equal(np.asarray(part.after), np.asarray(arrived)) or isinstance(arrived, tuple)
    loss.backward()
    assert sum(s.kind == "store" for s in steps) == len(list(model.parameters()))
    by_node = {turn.node: turn.g for turn in turns}
    for p in model.parameters():
        assert equal(p.grad.numpy(), by_node[p.node])


def worked():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0], [-1.0, 0.5]])
    W = ag.tensor([[0.5, -1.0], [0.25, 2.0]], requires_grad=True)
    b = ag.tensor([0.1, -0.2], requires_grad=True)
    h = (x @ W + b).tanh()
    loss = (h * h).mean() + 0.01 * (W * W).sum()
    return loss, W, b


def test_the_steps_of_a_worked_example():
    loss, W, b = worked()
    found = trace(loss)
    forward, back = ([s for s in found if s.phase == phase] for phase in ("forward", "backward"))
    assert [s.title for s in forward] == ["matmul", "add", "h = tanh", "mul", "mean", "mul", "sum", "mul", "loss = add"]
    assert forward[0].site.endswith("x @ W")
    assert "b: 2 is repeated to 3 × 2" in forward[1].text
    texts = [s.text for s in back if s.title in ("matmul → W", "mul → W")]
    assert [t.split(";")[0] for t in texts] == [f"Contribution {k} of 3 to ∂L/∂W" for k in (1, 2, 3)]
    rule, summed = [s for s in back if s.title == "add → b"]
    assert (rule.kind, summed.kind) == ("contribute", "unbroadcast")
    np.testing.assert_allclose(summed.arrays[1].value, summed.arrays[0].value.sum(0))
    jacobian = next(a for s in back for a in s.arrays if a.name == "∂h/∂add")
    np.testing.assert_allclose(jacobian.value, np.diag(1 - (np.tanh(found[2].arrays[0].value) ** 2).ravel()), 1e-6)
    formulas = {s.title: s.formula for s in back if s.kind == "contribute"}
    assert formulas["tanh → add"] == "g * (number(1, y) - y * y)"
    stored = {s.title: s for s in back if s.kind == "store"}
    assert set(stored) == {"W: its gradient", "b: its gradient"}
    loss.backward()
    np.testing.assert_array_equal(stored["W: its gradient"].arrays[-1].value, W.grad.numpy())
    np.testing.assert_array_equal(stored["b: its gradient"].arrays[-1].value, b.grad.numpy())


def test_a_gradient_that_is_there_already():
    loss, W, _ = worked()
    loss.backward(retain_graph=True)
    before = W.grad.numpy().copy()
    last = trace(loss)[-1]
    assert [a.name for a in last.arrays] == ["∂L/∂W", "W.grad before", "W.grad after"]
    np.testing.assert_array_equal(last.arrays[1].value, before)
    loss.backward()
    np.testing.assert_array_equal(last.arrays[2].value, W.grad.numpy())


def test_freed_values_are_called_freed():
    loss, _, _ = worked()
    loss.backward()
    found = trace(loss)
    assert any(s.text.startswith("freed") for s in found)
    assert step(loss).html()


def test_a_result_of_several_elements_needs_a_gradient():
    y = ag.ones(3, requires_grad=True) * 2
    with pytest.raises(ag.ShapeError, match=r"viz.step: a gradient of shape \(3,\) is required"):
        step(y)
    assert trace(y, [1, 2, 3])[-1].arrays[-1].value.tolist() == [2, 4, 6]


def test_large_arrays_are_shown_in_part_on_a_robust_scale():
    x = ag.zeros(100, 100, requires_grad=True)
    mask = np.where(np.arange(100) > 98, -1e9, np.linspace(0, 1, 100)).astype(np.float32)
    data = step((x * mask).sum())._data
    masked = next(a for a in data["arrays"] if a["shape"] == "100" and "scale" in a)
    assert masked["scale"] <= 1
    assert all(len(a["rows"]) <= 20 and len(a["rows"][0]) <= 20 for a in data["arrays"] if "rows" in a)


def answers(*given):
    left = iter(given)

    def ask(_):
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return ask


def test_in_the_terminal():
    loss, _, _ = worked()
    said: list[str] = []
    step(loss).run(answers("", "b", "b", "W", "f", "12", "nonsense", "99", "q"), said.append)
    shown = [line.split("]")[0].strip("[") for line in said if line.startswith("[")]
    assert shown[:3] == ["1/34", "2/34", "1/34"]
    assert "this is the first step" in said
    assert "34/34" in shown
    assert "10/34" in shown
    assert "12/34" in shown
    assert sum("no step" in line for line in said) == 2
    assert "rule: g * (number(1, y) - y * y)" in "\n".join(said) or "at test_steps.py" in "\n".join(said)


def test_a_program_is_stepped_through(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import autograd as ag\nw = ag.ones(2, requires_grad=True)\nloss = (w * w).sum()\n")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "autograd.viz", str(script)]

    def run(*options, text=""):
        return subprocess.run([*command, *options], cwd=root, input=text, capture_output=True, text=True, check=False)

    shown = run(text="\n" * 20)
    assert shown.returncode == 0, shown.stderr
    assert "backward: w: its gradient" in shown.stdout
    saved = run("--save", str(tmp_path / "s.html"), "--graph", str(tmp_path / "g.svg"))
    assert saved.returncode == 0, saved.stderr
    assert "sum" in (tmp_path / "g.svg").read_text()
    missing = run("--name", "cost")
    assert missing.returncode == 1
    assert "it has loss" in missing.stderr
