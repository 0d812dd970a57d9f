"""A graph as data that can be looked at: nodes with names, shapes and figures; edges; the modules they belong to.

Everything that shows a graph (SVG, DOT, text, HTML, the stepper) starts from here. Building it changes nothing: no gradient is written,
no value freed, no hook run, no random number drawn.
"""
from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from autograd.formulas import formulas
from autograd.graph import OUTPUT, Call, Node, Spec, topological_order
from autograd.tensor import Tensor
from autograd.viz import names, trace
from autograd.viz.values import Stats, Values, freed, nbytes, stats, tensor_of

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Module:
    """One call of a module."""

    id: int
    name: str  # the attribute path from the module around it; of the outermost, the variable that holds it
    type: str  # its class
    parent: int | None  # the module call around it


@dataclasses.dataclass(frozen=True, slots=True)
class GraphNode:
    """A leaf, an input or the call of an op."""

    id: int  # its place in the order of the computation, inputs included
    name: str  # what the user calls it; "" where no name was found
    op: str  # "" for leaves and inputs
    kind: str  # parameter, leaf, input, op or output
    shape: Any  # of a call with several outputs, one shape for each
    dtype: str
    module: int | None  # the innermost module call that made it
    site: str  # "train.py:12: (y - t) ** 2", the line that made it
    formulas: tuple[str, ...] = ()  # the derivative, one text per argument
    value: Stats | None = None
    grad: Stats | None = None
    note: str = ""  # why a value or a gradient is not there
    nbytes: int | None = None  # kept for the backward pass
    seconds: float | None = None  # of the kernel
    origin: bool = False  # the first that is not finite

    @property
    def label(self) -> str:
        """The title of its box: the name, the op, or both."""
        return f"{self.name} = {self.op}" if self.name and self.op else self.name or self.op or self.kind

    @property
    def flag(self) -> str:
        """What is not finite about it: "NaN ×3", "grad Inf ×1"."""
        flags = [self.value.flag if self.value else "", f"grad {self.grad.flag}" if self.grad and self.grad.flag else ""]
        return "; ".join(filter(None, flags))


@dataclasses.dataclass(frozen=True, slots=True)
class Edge:
    """The way of a value from a node to an argument of another."""

    source: int
    target: int
    position: int  # of the argument
    broadcast: str = ""  # "4 → 3 × 4" where the op repeats the value


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


class Builder:
    """Collects what is to be known of a graph."""

    def __init__(self, tensors: Sequence[Any], params: Any, show: frozenset[str]) -> None:
        self.show = show
        self.roots = list(dict.fromkeys(call_of(tensor.node) for tensor in tensors if tensor.node is not None))
        self.order = sorted(topological_order(*self.roots, parents=sources), key=attrgetter("number"))  # as it was computed
        self.outputs = [tensor.node for tensor in tensors if tensor.node is not None]
        self.variables = names.variables()
        self.names: dict[Any, str] = {}  # node or id of an array -> name
        self.parameters: dict[Node, str] = {}
        self.modules: list[Module] = []
        self.objects: list[Any] = []  # the module of each call
        self.within: dict[Node, int | None] = {}
        self.tensors = tensors
        self.site = functools.cache(str)  # a line that runs a thousand times is looked up once
        self.assigned = functools.cache(names.assigned)
        self._find_modules()
        self._find_names(params)

    # ── modules ──

    def _find_modules(self) -> None:
        """Which module call each node was made in."""
        ids: dict[int, int] = {}  # by identity of the call

        def found(call: Call | None) -> int | None:
            if call is None:
                return None
            if id(call) not in ids:
                parent = found(call[1])
                ids[id(call)] = self._module(call[0](), parent)
            return ids[id(call)]

        for node in self.order:
            self.within[node] = found(node.call) if node.op is not None else None

    def _module(self, module: Any, parent: int | None) -> int:
        """The id of a new call."""
        kind = type(module).__name__ if module is not None else "module"
        name = names.path_within(self.objects[parent], module) if parent is not None else self.variables.get(id(module), ("",))[0]
        self.modules.append(Module(len(self.modules), name or kind, kind, parent))
        self.objects.append(module)
        return len(self.modules) - 1

    # ── names ──

    def _find_names(self, params: Any) -> None:
        """Names of leaves and inputs: given, of parameters and buffers in modules, of variables in sight."""
        if names.is_module(params):
            params = dict(params.named_parameters())
        models = [value for _, value in self.variables.values() if names.is_module(value)]
        tops = [module for module, call in zip(self.objects, self.modules, strict=True) if call.parent is None and module is not None]
        for name, tensor in (params or {}).items():
            if tensor.node is not None:
                self.parameters.setdefault(tensor.node, name)
        for model in [*tops, *models]:
            for name, tensor in model.named_parameters():
                if tensor._node is not None:
                    self.parameters.setdefault(tensor._node, name)
            for name, tensor in model.named_buffers():
                self.names.setdefault(id(tensor._array), name)
        for name, value in self.variables.values():
            if isinstance(value, Tensor):
                self.names.setdefault(id(value._array), name)
                if value._node is not None:
                    self.names.setdefault(call_of(value._node), name)
            elif isinstance(value, np.ndarray):
                self.names.setdefault(id(value), name)

    def name(self, node: Node, consumers: Mapping[Node, list[Node]]) -> str:
        """What the user calls the value of a node."""
        if node in self.parameters:
            return self.parameters[node]
        if node in self.names:
            return self.names[node]
        if node.op is None:
            return self.assigned(node.site)
        same = any(consumer.code is node.code and consumer.offset == node.offset for consumer in consumers.get(node, ()))
        return "" if same else self.assigned(node.site)  # of all the calls that one line makes, the last makes what it is about

    # ── all together ──

    def build(self) -> tuple[tuple[GraphNode, ...], tuple[Edge, ...], tuple[Module, ...]]:
        """Nodes, edges, module calls."""
        consumers: dict[Node, list[Node]] = {}
        for node in self.order:
            for source in sources(node):
                consumers.setdefault(source, []).append(node)
        figures = self._figures()
        nodes: list[GraphNode] = []
        edges: list[Edge] = []
        ids: dict[Any, int] = {}
        for node in self.order:
            for position, arg in self._inputs(node):
                if id(arg) not in ids:
                    ids[id(arg)] = len(nodes)
                    nodes.append(self._input(arg, node, position, len(nodes)))
            ids[node] = len(nodes)
            nodes.append(self._node(node, len(nodes), consumers, figures[node]))
            edges += self._edges(node, ids)
        return tuple(self._origin(nodes)), tuple(edges), tuple(self.modules)

    def _input(self, arg: Any, node: Node, position: int, id_: int) -> GraphNode:
        """An argument that is not part of the graph. It is drawn where it is used, unless it has a name outside."""
        outside = self.names.get(id(arg), "")
        name = outside or (names.operand(node.site, node.op.name, position) if node.op else "")
        value = stats(arg) if "value" in self.show and not isinstance(arg, Spec) else None
        note = "value not kept" if "value" in self.show and value is None else ""
        module = None if outside else self.within[node]
        return GraphNode(id_, name, "", "input", tuple(arg.shape), str(arg.dtype), module, "", value=value, note=note)

    def _inputs(self, node: Node) -> list[tuple[int, Any]]:
        """(position, array) of the arguments that are not part of the graph: data, targets. Numbers are left out."""
        given = getattr(node, "kept", (node.args,))[0]
        pairs = zip(given if isinstance(given, tuple | list) else (), node.parents, strict=False)
        return [(i, arg) for i, (arg, parent) in enumerate(pairs) if parent is None and len(getattr(arg, "shape", ()))]

    def _node(self, node: Node, id_: int, consumers: Mapping[Node, list[Node]], figures: Mapping[str, Any]) -> GraphNode:
        kind = ("parameter" if node in self.parameters else "leaf") if node.op is None else "output" if node in self.roots else "op"
        dtype = ", ".join(map(str, node.dtype)) if isinstance(node.dtype, tuple) else str(node.dtype)
        module = self.within[node] if node.op is not None else self._home(node, consumers)
        site = self.site(node.site) if node.op is not None else ""
        rules = formulas(node.op) if node.op is not None else ()
        name = self.name(node, consumers)
        return GraphNode(id_, name, node.op.name if node.op else "", kind, node.shape, dtype, module, site, rules, **figures)

    def _home(self, leaf: Node, consumers: Mapping[Node, list[Node]]) -> int | None:
        """A parameter is drawn inside the module that owns it, when only that uses it."""
        if leaf not in self.parameters:
            return None
        homes = {self.within[consumer] for consumer in consumers.get(leaf, ())}
        return homes.pop() if len(homes) == 1 else None

    def _edges(self, node: Node, ids: Mapping[Any, int]) -> list[Edge]:
        found = []
        inputs = dict(self._inputs(node))
        for position, parent in enumerate(node.parents):
            if parent is not None:
                found.append(Edge(ids[call_of(parent)], ids[node], position, broadcast(parent, node)))
            elif position in inputs:
                found.append(Edge(ids[id(inputs[position])], ids[node], position, broadcast(inputs[position], node)))
        return found

    def known(self) -> dict[Node, Any]:
        """The values that tensors in sight hold."""
        tensors = [*self.tensors, *(value for _, value in self.variables.values() if isinstance(value, Tensor))]
        return {t._node: t._array for t in tensors if t._node is not None and t._node.op is not OUTPUT and t._view is None}

    def _figures(self) -> dict[Node, dict[str, Any]]:
        """What was asked for, by node."""
        figures: dict[Node, dict[str, Any]] = {node: {} for node in self.order}
        if self.show & {"value", "time", "grad"}:
            values = Values(self.order, self.known())
        if "value" in self.show:
            for node in self.order:
                value = values[node]
                if isinstance(value, tuple):
                    value = value[0]
                figures[node]["value"] = None if value is None else stats(value)
                if value is None:
                    figures[node]["note"] = "freed" if freed(node) else "value not kept"
        if "grad" in self.show:
            self._gradients(figures)
        if "time" in self.show:
            for node in self.order:
                figures[node]["seconds"] = values.seconds(node)
        if "memory" in self.show:
            for node in self.order:
                figures[node]["nbytes"] = nbytes(node)
        return figures

    def _gradients(self, figures: dict[Node, dict[str, Any]]) -> None:
        """Gradients as a backward pass would bring them; where that has run already, what it has left in ``.grad``."""
        single = all(not isinstance(node.dtype, tuple) and math.prod(node.shape) == 1 and node.dtype.kind == "f" for node in self.outputs)
        if single and not any(map(freed, self.order)):
            found = trace.gradients(topological_order(*self.outputs), {node: np.ones(node.shape, node.dtype) for node in self.outputs})
            for node in self.order:
                g = found.get(node)
                g = next((part for part in g if part is not None), None) if isinstance(g, tuple | list) else g
                figures[node]["grad"] = None if g is None else stats(g)
            return
        for node in self.order:
            tensor = tensor_of(node)
            if tensor is not None and tensor._grad is not None:
                figures[node]["grad"] = stats(tensor._grad._array)
            elif node.op is not None:
                figures[node].setdefault("note", "freed" if freed(node) else "no gradient: step through one number, as in y.sum()")

    def _origin(self, nodes: list[GraphNode]) -> list[GraphNode]:
        """Mark the first node in order whose value is not finite: where the trouble began."""
        first = next((node.id for node in nodes if node.value is not None and node.value.flag), None)
        return [dataclasses.replace(node, origin=True) if node.id == first else node for node in nodes]


def broadcast(source: Any, node: Node) -> str:
    """How an elementwise op repeats the value, in words; "" where it does not."""
    if node.op is None or not node.op.elementwise or isinstance(node.dtype, tuple) or tuple(source.shape) == node.shape:
        return ""
    return f"{shape_text(tuple(source.shape))} → {shape_text(node.shape)}"
