"""The stepper: forward and backward pass, one step after the other, in a page or in a terminal."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.viz.fold import fold
from autograd.viz.model import shape_text
from autograd.viz.page import Page
from autograd.viz.picture import Graph
from autograd.viz.steps import Array, Step, steps
from autograd.viz.svg import svg
from autograd.viz.values import short, stats

CELLS = 20  # rows and columns of a heat map at most: larger arrays are shown in part, at equal distances
DRAWN = 200  # arrays of so many steps have heat maps; of more, figures only
LIMIT = 400  # boxes


def step(tensor: Any, gradient: Any = None, *, height: int = 460) -> Stepper:
    """The way to a tensor and its gradient's way back, to step through.

    A page in a notebook (``.save("steps.html")`` for a file), ``.run()`` in a terminal, ``.steps`` as data. Nothing is changed by looking.

    gradient  dL/d(tensor) to begin with; left out for a single element, where it is 1
    height    of the page in a notebook, in pixels
    """
    found, builder, _ = steps(tensor, gradient)
    graph = Graph(*builder.build())
    stepper = Stepper(found, graph)
    stepper.height = height
    return stepper


def trace(tensor: Any, gradient: Any = None) -> list[Step]:
    """The steps of ``viz.step`` as plain data."""
    return steps(tensor, gradient)[0]


class Stepper(Page):
    """Steps to go through: ``steps`` as data, ``html()`` and ``save(path)`` as a page, ``run()`` in a terminal."""

    def __init__(self, found: list[Step], graph: Graph) -> None:
        self.steps, self.graph = found, graph
        folding = fold(graph.nodes, graph.edges, graph.modules, None, False, LIMIT)
        if folding.closed > LIMIT:
            folding = fold(graph.nodes, graph.edges, graph.modules, "auto", True, LIMIT)
        graph._folding = folding
        names = [node.label for node in graph.nodes]
        title, picture = f"{names[-1] if names else 'graph'}: step by step", svg(folding, graph._looks())
        super().__init__("stepper", ("stepper.js",), title, picture, self._packed(), self.table())

    def _packed(self) -> dict[str, Any]:
        """What the page knows: each array once."""
        arrays: list[dict[str, Any]] = []
        places: dict[int, int] = {}
        heat = len(self.steps) <= 4 * DRAWN

        def entry(array: Array) -> dict[str, Any]:
            if array.value is None:
                return {"name": array.name, "note": array.note or "not kept"}
            if id(array.value) not in places:
                places[id(array.value)] = len(arrays)
                arrays.append(packed(array.value, heat))
            return {"name": array.name, "array": places[id(array.value)]}

        packed_steps = [
            {"phase": s.phase, "node": s.node, "parent": s.parent, "title": s.title, "text": s.text, "formula": s.formula, "site": s.site,
             "to": self.graph.nodes[s.parent].name or self.graph.nodes[s.parent].op if s.parent is not None else "",
             "arrays": [entry(array) for array in s.arrays]}
            for s in self.steps
        ]  # fmt: skip
        return {"steps": packed_steps, "arrays": arrays}

    def table(self) -> str:
        """The steps in lines of text."""
        rows = []
        for number, s in enumerate(self.steps, 1):
            figures = "; ".join(f"{a.name} {stats(a.value)}" for a in s.arrays[-1:] if a.value is not None)
            rows.append(f"{number:>4}  {s.phase:<8}  {s.title}  {figures}".rstrip())
        return "\n".join(rows)

    def __repr__(self) -> str:
        return f"<Stepper: {len(self.steps)} steps>"

    def run(self, ask: Any = input, say: Any = print) -> None:
        """Go through the steps in a terminal: Enter or n for the next, b back, a number or a name to run to, q to stop."""
        from autograd.viz.terminal import run

        run(self.steps, [node.name or node.op for node in self.graph.nodes], ask, say)


def packed(value: Any, heat: bool) -> dict[str, Any]:
    """An array for the page: its shape, its figures, and up to 20 x 20 of its elements with the scale of their colours.

    The scale is the 98th percentile of the absolute values: a few large ones (a mask of -1e9) do not bleach all others; they are marked.
    """
    array = np.asarray(value)
    found: dict[str, Any] = {"shape": shape_text(array.shape), "text": str(stats(array)) if array.size > 36 else ""}
    if not heat or not array.size:
        return found
    numbers = np.abs(array) if array.dtype.kind == "c" else array.astype(np.float64)
    flat = numbers.reshape(-1, array.shape[-1]) if array.ndim else numbers.reshape(1, 1)
    rows, columns = (np.unique(np.linspace(0, n - 1, min(n, CELLS)).astype(int)) for n in flat.shape)
    finite = np.abs(numbers[np.isfinite(numbers)])
    scale = float(np.quantile(finite, 0.98 if finite.size > 50 else 1.0)) if finite.size else 0.0
    found["scale"] = rounded(scale or float(finite.max(initial=0.0)))
    found["rows"] = [[rounded(x) for x in row] for row in flat[np.ix_(rows, columns)].tolist()]
    return found


def rounded(x: float) -> float | str:
    """Four significant digits; what is not finite by its name."""
    return float(f"{x:.4g}") if math.isfinite(x) else short(x)
