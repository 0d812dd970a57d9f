"""A forward and a backward pass as a list of steps to go through: what the stepper shows, in a page, in a terminal, or in a test."""
from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.graph import OUTPUT, Node, topological_order
from autograd.modes import silent
from autograd.op import REGISTRY
from autograd.viz import trace
from autograd.viz.model import Builder, GraphNode, call_of, shape_text
from autograd.viz.values import Values, tensor_of

SMALL = 36  # a local Jacobian with more elements is not shown


@dataclasses.dataclass(frozen=True, slots=True)
class Array:
    """An array with the name it goes by in a step; None where it is not known, and why."""

    name: str
    value: Any
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One step. ``title`` and ``text`` say in words what happens; ``arrays`` are what it is about."""

    phase: str  # forward or backward
    kind: str  # "compute"; "arrive", "contribute", "unbroadcast", "store"
    node: int  # id of the node whose turn it is
    parent: int | None  # id of the node that gets the contribution
    title: str
    text: str
    formula: str
    site: str
    arrays: tuple[Array, ...]


def steps(tensor: Any, gradient: Any = None) -> tuple[list[Step], Builder, tuple[GraphNode, ...]]:
    """The steps that led to the tensor and back from it, with the graph they go through.

    gradient  dL/d(tensor) to begin with; left out for a single element, where it is 1
    """
    from autograd.tensor import seeded

    seeds = seeded("viz.step", [tensor], [gradient], False)
    builder = Builder([tensor], None, frozenset())
    nodes, _, _ = builder.build()
    walk = Walk(builder, nodes)
    return [*walk.forward(), *walk.backward(seeds, topological_order(tensor.node))], builder, nodes


class Walk:
    """Goes through a graph, forward and back, and says what happens."""

    def __init__(self, builder: Builder, nodes: Sequence[GraphNode]) -> None:
        self.nodes, self.order = nodes, builder.order
        calls = [node for node in nodes if node.kind != "input"]
        self.ids = {node: drawn.id for node, drawn in zip(self.order, calls, strict=True)}
        self.values = Values(self.order, builder.known())

    def id(self, node: Node) -> int:
        """The id under which a node, or the call it is an output of, is drawn."""
        return self.ids[call_of(node)]

    def name(self, node: Node) -> str:
        """What a node is called: by the user, or after its op."""
        drawn = self.nodes[self.id(node)]
        return drawn.name or drawn.op or drawn.kind

    # ── forward ──

    def forward(self) -> Iterator[Step]:
        """One step for each call of an op."""
        for node in self.order:
            if node.op is None:
                continue
            drawn = self.nodes[self.id(node)]
            arguments = [Array(name, value, "" if value is not None else "not kept") for name, value in self.arguments(node)]
            value = self.values[node]
            value = value[0] if isinstance(value, tuple) else value
            result = Array(drawn.name or "result", value, "" if value is not None else "not kept: see viz.keep()")
            doc = (REGISTRY[node.op.name].kernel.__doc__ or "").split("\n")[0] if node.op.name in REGISTRY else ""
            repeated = [
                f"{a.name}: {shape_text(np.shape(a.value))} is repeated to {shape_text(drawn.shape)}."
                for a in arguments
                if self.is_repeated(node, a.value)
            ]
            text = " ".join(filter(None, [doc, *repeated]))
            yield Step("forward", "compute", drawn.id, None, drawn.label, text, "", drawn.site, (*arguments, result))

    def arguments(self, node: Node) -> Iterator[tuple[str, Any]]:
        """(name, value) of the arrays that an op got."""
        given = getattr(node, "kept", (node.args,))[0]
        for position, parent in enumerate(node.parents):
            if parent is not None:
                yield self.name(parent), self.values[parent]
            elif isinstance(given, tuple | list) and position < len(given) and isinstance(given[position], np.ndarray):
                named = getattr(node.op, "names", ()) or ("input",)
                yield named[min(position, len(named) - 1)], given[position]

    def is_repeated(self, node: Node, value: Any) -> bool:
        """Whether an elementwise op repeats an argument along some dims."""
        return value is not None and node.op is not None and node.op.elementwise and np.shape(value) not in ((), node.shape)

    # ── backward ──

    def backward(self, seeds: dict[Node, Any], order: list[Node]) -> Iterator[Step]:
        """For each node: the gradient arrives, the rule makes a contribution for each argument, repeated elements are summed up."""
        for turn in trace.backward(order, seeds):
            node = turn.node
            if node.op is OUTPUT:
                continue
            drawn = self.nodes[self.id(node)]
            name = self.name(node)
            g = turn.g if not isinstance(turn.g, tuple) else next((part for part in turn.g if part is not None), None)
            arrived = Array(f"∂L/∂{name}", g)
            if node.op is None:
                yield self.stored(node, drawn, g)
                continue
            value = self.values[node]
            own = (Array(name, value[0] if isinstance(value, tuple) else value),) if value is not None else ()
            jacobian = self.jacobian(node, g)
            text = turn.note or f"The gradient of {name} is complete: all that depends on it has had its turn."
            arrays = (arrived, *own, *jacobian)
            yield Step("backward", "arrive", drawn.id, None, f"{drawn.label}: its gradient", text, "", drawn.site, arrays)
            for part in turn.contributions:
                yield from self.contribution(drawn, arrived, part)

    def contribution(self, drawn: GraphNode, arrived: Array, part: trace.Contribution) -> Iterator[Step]:
        """What one argument gets, and where it is added."""
        parent, name = self.id(part.parent), self.name(part.parent)
        title = f"{drawn.op} → {name}"
        wide, own = shape_text(np.shape(part.raw)), shape_text(np.shape(part.term))
        if wide != own:
            arrays = [arrived, Array("rule", part.raw)]
            text = f"The rule gives one gradient for each element of the result, {wide}."
            yield Step("backward", "contribute", drawn.id, parent, title, text, part.formula, drawn.site, tuple(arrays))
            text = f"{name} was repeated: {wide} is summed up to its own shape, {own}."
            kind, arrays = "unbroadcast", [Array("rule", part.raw), Array("summed", part.term)]
        else:
            text, kind, arrays = "", "contribute", [arrived, Array("rule", part.term)]
        if part.total > 1:
            so_far = f"Contribution {part.number} of {part.total} to ∂L/∂{name}"
            text = f"{text} {so_far}; {'the first' if part.before is None else 'it is added to the sum so far'}.".strip()
        if part.before is not None:
            arrays.append(Array(f"∂L/∂{name} before", part.before))
        if part.total > 1:
            arrays.append(Array(f"∂L/∂{name}" + (" so far" if part.number < part.total else ""), part.after))
        formula = part.formula if kind == "contribute" else "sum over the repeated elements"
        text = text or f"∂L/∂{name} by the rule of {drawn.op}."
        yield Step("backward", kind, drawn.id, parent, title, text, formula, drawn.site, tuple(arrays))

    def stored(self, node: Node, drawn: GraphNode, g: Any) -> Step:
        """The gradient of a leaf is complete, and is added to its .grad."""
        name = self.name(node)
        tensor = tensor_of(node)
        before = tensor._grad._array if tensor is not None and tensor._grad is not None else None
        held = () if before is None else (Array(f"{name}.grad before", before),)
        held = (*held, Array(f"{name}.grad after", g if before is None else before + g))
        more = "." if before is None else ", which holds one already."
        text = f"{name} is a leaf: its gradient is complete, and backward() adds it to {name}.grad{more}"
        return Step("backward", "store", drawn.id, None, f"{name}: its gradient", text, "", drawn.site, (Array(f"∂L/∂{name}", g), *held))

    def jacobian(self, node: Node, g: Any) -> tuple[Array, ...]:
        """The derivative of each element of the result by each element of an argument, by the rule itself, where that is small."""
        if isinstance(node.shape[0] if node.shape else None, tuple) or not isinstance(node.args, tuple) or g is None:
            return ()
        size = int(np.prod(node.shape, dtype=np.int64))
        found = []
        with silent():
            parents = [(i, parent) for i, parent in enumerate(node.parents) if parent is not None]
            sizes = {i: int(np.prod(parent.shape, dtype=np.int64)) for i, parent in parents if isinstance(parent.shape, tuple)}
            if not sizes or max(sizes.values()) * size > SMALL or min(*sizes.values(), size) < 1:
                return ()
            rows: dict[int, list[Any]] = {}
            for k in range(size):
                unit = np.zeros(size, node.dtype)
                unit[k] = 1
                for position, _, term in trace.terms(node, unit.reshape(node.shape), set()):
                    rows.setdefault(position, []).append(np.ravel(term))
        for position, terms in rows.items():
            parent = node.parents[position]
            assert parent is not None
            found.append(Array(f"∂{self.name(node)}/∂{self.name(parent)}", np.array(terms)))
        return tuple(found)

