"""Pictures of graphs."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

from autograd.graph import Node, topological_order

__all__ = ["GraphPicture", "graph"]

# How each kind of node is drawn. Kinds differ in shape as well, not by colour alone.
KINDS = {
    "parameter": {"shape": "box", "style": "filled,rounded", "fillcolor": "#cfe8fc"},
    "leaf": {"shape": "ellipse", "style": "filled", "fillcolor": "#d8f0d3"},
    "input": {"shape": "ellipse", "style": "filled,dashed", "fillcolor": "#f2f2f2"},
    "op": {"shape": "box", "style": "filled", "fillcolor": "#fff3d1"},
    "output": {"shape": "doubleoctagon", "style": "filled", "fillcolor": "#f9d5d5"},
}


def graph(*tensors: Any, params: Any = None) -> GraphPicture:
    """The graph that computed the tensors.

    params  a model, or names and tensors: their leaves are drawn as parameters, under these names
    """
    if hasattr(params, "named_parameters"):
        params = dict(params.named_parameters())
    return GraphPicture([tensor.node for tensor in tensors if tensor.node is not None], params or {})


def shape_text(shape: Any) -> str:
    """(64, 10) -> "64 × 10"; a single number has no shape to show."""
    return " × ".join(map(str, shape)) if shape else "scalar"


class GraphPicture:
    """A graph ready to be drawn: ``to_dot()``, ``save(path)``; notebooks show it by itself."""

    def __init__(self, outputs: list[Node], params: Mapping[str, Any]) -> None:
        self.outputs = outputs
        self.order = topological_order(*outputs)
        self.names = {tensor.node: name for name, tensor in params.items() if tensor.node is not None}

    def kind(self, node: Node) -> str:
        """parameter, leaf, op or output."""
        if node.op is None:
            return "parameter" if node in self.names else "leaf"
        return "output" if node in self.outputs else "op"

    def label(self, node: Node) -> str:
        """Name and shape of a node."""
        return f"{self.names.get(node, node.name)}\\n{shape_text(node.shape)}"

    def inputs(self, node: Node) -> Iterator[tuple[int, Any]]:
        """(position, array) of the arguments that are not part of the graph: data, targets."""
        args = node.args if isinstance(node.args, list) else []
        for position, arg in enumerate(args):
            if (position >= len(node.parents) or node.parents[position] is None) and len(getattr(arg, "shape", ())):
                yield position, arg

    def to_dot(self) -> str:
        """The graph in the DOT language, by which Graphviz and many others draw."""
        return str(self.digraph().source)

    def digraph(self) -> Any:
        """The graph as a ``graphviz.Digraph``."""
        import graphviz

        dot = graphviz.Digraph("graph", graph_attr={"rankdir": "TB"}, node_attr={"fontname": "Helvetica", "fontsize": "11"})
        number = {node: str(i) for i, node in enumerate(self.order)}
        for node in self.order:
            site = "" if node.op is None else str(node.site)
            dot.node(number[node], self.label(node), tooltip=graphviz.escape(site), **KINDS[self.kind(node)])
            for parent in node.parents:
                if parent is not None:
                    dot.edge(number[parent], number[node], label=shape_text(parent.shape) if parent.op is not None else "")
            for position, array in self.inputs(node):
                name = f"{number[node]}.{position}"
                dot.node(f"{name}_input", f"{array.dtype}\\n{shape_text(array.shape)}", **KINDS["input"])
                dot.edge(f"{name}_input", number[node])
        return dot

    def save(self, path: str | os.PathLike[str]) -> list[str]:
        """Write ``path.dot``, and ``path.svg`` where the program ``dot`` is installed. Returns what was written."""
        base, _ = os.path.splitext(os.fspath(path))
        with open(f"{base}.dot", "w", encoding="utf-8") as file:
            file.write(self.to_dot())
        written = [f"{base}.dot"]
        if (svg := self.to_svg()) is not None:
            with open(f"{base}.svg", "w", encoding="utf-8") as file:
                file.write(svg)
            written.append(f"{base}.svg")
        return written

    def to_svg(self) -> str | None:
        """The picture, laid out by the program ``dot``; None where it is not installed."""
        if shutil.which("dot") is None:
            return None
        return str(self.digraph().pipe("svg", encoding="utf-8"))

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        svg = self.to_svg()
        return {"image/svg+xml": svg} if svg is not None else {"text/plain": self.to_dot()}
