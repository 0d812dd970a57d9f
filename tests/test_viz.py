"""Pictures of graphs: every node once, edges along the data, kinds and names told apart."""
from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.viz import graph


def labels(dot: str) -> list[str]:
    return [label.split("\\n")[0] for label in re.findall(r'label="?([^"\]]*?)"? fillcolor', dot)]


def edges(dot: str) -> list[tuple[str, str]]:
    return re.findall(r"(\S+) -> (\S+)", dot)


def test_nodes_edges_and_kinds():
    w, b = ag.ones(3, requires_grad=True), ag.ones((), requires_grad=True)
    y = (w * np.arange(3.0, dtype=np.float32)).sum() + b
    picture = graph(y, params={"w": w})
    dot = picture.to_dot()
    assert sorted(labels(dot)) == sorted(["w", "leaf", "float32", "mul", "sum", "add"])
    assert len(edges(dot)) == 5
    assert sorted(map(picture.kind, picture.order)) == ["leaf", "op", "op", "output", "parameter"]
    assert "test_viz.py" in dot  # each op tells its line
    assert "scalar" in dot


def test_a_node_used_twice_is_drawn_once():
    x = ag.ones(2, requires_grad=True)
    y = x * x
    dot = graph(y + y, y).to_dot()
    assert sorted(labels(dot)) == ["add", "leaf", "mul"]
    assert len(edges(dot)) == 4


def test_a_call_with_several_outputs_is_one_node():
    x = ag.ones(4, requires_grad=True)
    a, b = ag.split(x, 2)
    assert labels(graph(a * b).to_dot()).count("mul") == 1
    assert "output" not in labels(graph(a * b).to_dot())


def test_names_come_from_a_module():
    model = nn.MLP(2, [3], 1)
    found = labels(graph(model(ag.ones(5, 2)), params=model).to_dot())
    assert {name for name, _ in model.named_parameters()} <= set(found)


def test_after_backward_and_without_a_graph():
    x = ag.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    assert len(labels(graph(y).to_dot())) == 3
    assert labels(graph(ag.ones(2)).to_dot()) == []


def test_a_graph_is_written_as_dot_and_where_possible_as_svg(tmp_path, monkeypatch):
    x = ag.ones(2, requires_grad=True)
    picture = graph((x * x).sum())
    written = picture.save(tmp_path / "picture.svg")
    assert (tmp_path / "picture.dot").read_text(encoding="utf-8") == picture.to_dot()
    assert len(written) == (2 if shutil.which("dot") else 1)
    if shutil.which("dot"):
        assert "<svg" in (tmp_path / "picture.svg").read_text(encoding="utf-8")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert picture.to_svg() is None
    assert "text/plain" in picture._repr_mimebundle_()


@pytest.mark.parametrize("name", ['quote"d', "back\\slash", "<angle>", "ünï"])
def test_any_name_can_be_drawn(name):
    x = ag.ones(2, requires_grad=True)
    picture = graph(x * 2, params={name: x})
    assert picture.to_dot()
    if shutil.which("dot"):
        assert picture.to_svg()
