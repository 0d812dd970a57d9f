"""Pictures of graphs."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autograd.graph import OUTPUT, Node, topological_order

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
    """(64, 10) -> "64 × 10"; a single number is a scalar; several outputs are listed."""
    if shape and isinstance(shape[0], tuple):
        return ", ".join(map(shape_text, shape))
    return " × ".join(map(str, shape)) if shape else "scalar"


def call_of(node: Node) -> Node:
    """The call itself, for the node of one of its several outputs."""
    return node.parents[0] or node if node.op is OUTPUT else node


def sources(node: Node) -> list[Node]:
    """The calls and leaves that an op's arguments came from, in order."""
    return [call_of(parent) for parent in node.parents if parent is not None]


class GraphPicture:
    """A graph ready to be drawn: ``to_dot()``, ``save(path)``; notebooks show it by itself."""

    def __init__(self, outputs: Iterable[Node], params: Mapping[str, Any]) -> None:
        self.outputs = list(dict.fromkeys(map(call_of, outputs)))  # each once, in order
        self.order = topological_order(*self.outputs, parents=sources)
        self.names = {tensor.node: name for name, tensor in params.items() if tensor.node is not None}

    def kind(self, node: Node) -> str:
        """parameter, leaf, op or output."""
        if node.op is None:
            return "parameter" if node in self.names else "leaf"
        return "output" if node in self.outputs else "op"

    def label(self, node: Node) -> str:
        """Name and shape of a node."""
        return f"{self.names.get(node, node.name)}\\n{shape_text(node.shape)}"

    def inputs(self, node: Node) -> Iterator[Any]:
        """The arguments that are not part of the graph: data, targets. Nothing is known of them once a backward pass has freed the node."""
        args = node.args if isinstance(node.args, tuple) else ()
        for arg, parent in zip(args, node.parents, strict=False):  # the node of an output has a parent and no arguments
            if parent is None and len(getattr(arg, "shape", ())):
                yield arg

    def to_dot(self) -> str:
        """The graph in the DOT language, by which Graphviz and many others draw."""
        return str(self.digraph().source)

    def digraph(self) -> Any:
        """The graph as a ``graphviz.Digraph``."""
        import graphviz

        dot = graphviz.Digraph("graph", graph_attr={"rankdir": "TB"}, node_attr={"fontname": "Helvetica", "fontsize": "11"})
        number = {node: str(i) for i, node in enumerate(self.order)}
        for node in self.order:
            site = graphviz.escape(str(node.site)) if node.op is not None else ""
            dot.node(number[node], self.label(node), tooltip=site, **KINDS[self.kind(node)])
            for source in sources(node):
                dot.edge(number[source], number[node])
            for i, array in enumerate(self.inputs(node)):
                name = f"{number[node]}_input{i}"
                dot.node(name, f"{array.dtype}\\n{shape_text(array.shape)}", **KINDS["input"])
                dot.edge(name, number[node])
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
