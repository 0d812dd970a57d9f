"""Results that go on being differentiated outside: the backward pass of a captured function, as a second program and an op of the graph."""
from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import graph
from autograd.compile.capture import Capture
from autograd.compile.emit import Replay
from autograd.compile.program import Instruction, Program, Slot
from autograd.compile.traced import Traced
from autograd.errors import GraphError, message
from autograd.graph import Node, topological_order
from autograd.modes import recording
from autograd.source import here
from autograd.tensor import Tensor, run_backward

if TYPE_CHECKING:
    from autograd.compile.compiled import Returned


@dataclass
class Derivative:
    """The backward pass of a captured function: its instructions, what goes in, what comes out."""

    instructions: list[Instruction]
    cotangents: list[Slot]
    leaves: list[Node]
    gradients: list[Slot]  # one per leaf
    positions: list[int | None]  # of the argument that is the leaf; None for one from outside
    connected: list[bool]  # which parts of the result it belongs to


def usable(node: Node | None) -> bool:
    """Whether a backward pass can start at this node: there is one, and none has freed its values."""
    return node is not None and (node.op is None or all(part.args is not None for part in topological_order(node)))


def derive(capture: Capture, standins: list[Any], returned: Returned) -> Derivative | None:
    """Capture the backward pass too, if the results are recorded and nothing inside the function has used up their graph."""
    returned.connected = [isinstance(part, Tensor) and part.dtype.kind in "fc" and usable(part.node) for part in returned.parts]
    roots = [part.node for part, connected in zip(returned.parts, returned.connected, strict=True) if connected]
    if not recording() or not roots:
        returned.connected = [False] * len(returned.parts)
        return None
    mark, copies = len(capture.instructions), len(capture.prologue)
    order = topological_order(*dict.fromkeys(roots))
    leaves = [node for node in order if node.op is None]
    hooks = [(node.watch, node.watch.before) for node in leaves if node.watch is not None]
    cotangents: list[Traced] = []
    seeds: dict[Node, Any] = {}
    for root, part in zip(roots, (p for p, c in zip(returned.parts, returned.connected, strict=True) if c), strict=True):
        cotangent = capture.input(np.ones_like(part._array.value))
        cotangents.append(cotangent)
        seeds[root] = seeds[root] + cotangent if root in seeds else cotangent
    try:
        for watch, _ in hooks:
            watch.before = {}  # they are run by the pass outside
        found = run_backward(order, seeds, set(leaves), None, False, True)
    finally:
        for watch, before in hooks:
            watch.before = before
    leaves = [node for node in leaves if node in found]
    gradients = [found[node] if isinstance(found[node], Traced) else capture.constant(found[node]) for node in leaves]
    capture.notes.append("the results are recorded: a second program, the backward pass, runs when they are differentiated")
    returned.alive = [*order, *gradients, *cotangents]  # the values are read once more
    positions = {id(standin._node): position for position, standin in enumerate(standins) if isinstance(standin, Tensor)}
    return Derivative(
        instructions=[*capture.prologue[copies:], *capture.instructions[mark:]], cotangents=[c.slot for c in cotangents], leaves=leaves,
        gradients=[g.slot for g in gradients], positions=[positions.get(id(node)) for node in leaves], connected=returned.connected,
    )  # fmt: skip


def split(forward: list[Instruction], derivative: Derivative) -> tuple[list[Slot], Program]:
    """(what the forward program hands to the backward one, the backward program). Views are taken again."""
    made = {slot: instruction for instruction in forward for slot in instruction.outputs if slot is not None}
    own = {slot for instruction in derivative.instructions for slot in instruction.outputs} | set(derivative.cotangents)
    saved: dict[Slot, None] = {}
    views: dict[Instruction, None] = {}

    def need(slot: Slot) -> None:
        if slot in own or slot in saved:
            return
        if slot in made and made[slot].kind == "view":
            for part in made[slot].reads():
                need(part)
            views[made[slot]] = None
        elif slot.memory.kind in ("result", "input"):
            saved[slot] = None

    for instruction in derivative.instructions:
        for slot in instruction.reads():
            need(slot)
    for slot in derivative.gradients:
        need(slot)
    return list(saved), Program([*saved, *derivative.cotangents], [*views, *derivative.instructions], derivative.gradients)


def latest(leaf: Node) -> Node:
    """The leaf as which its tensor is recorded now: ``p.data = ...`` makes a new one."""
    watch = leaf.watch
    tensor = watch.tensor() if watch is not None and watch.tensor is not None else None
    return leaf if tensor is None or tensor._node is None else tensor._node


class Pullback:
    """The op of results of a compiled function: its rule for all inputs at once is the backward program."""

    name, rules, saves, masks, elementwise, view, differentiable, fill, add_to = "compiled", (), (), False, False, False, True, True, None

    def __init__(self, derivative: Derivative, replay: Replay, values: list[Any]) -> None:
        self.replay, self.values = replay, values
        self.lock = threading.Lock()  # the buffers of a program serve one run at a time
        self.leaves, self.positions, self.connected = derivative.leaves, derivative.positions, derivative.connected
        read = [slot.memory for instruction in replay.program.instructions for slot in instruction.reads()]
        self.states = list({id(memory.owner): memory.owner for memory in read if memory.kind == "state"}.values())

    def connect(self, parts: Sequence[Any], saved: Sequence[Any], arguments: Sequence[Any]) -> None:
        """Give the results of one run their place in the graph."""
        places = zip(self.leaves, self.positions, strict=True)
        parents = [latest(node) if position is None else arguments[position].node for node, position in places]
        kept = [*saved, *self.states]
        node = Node()
        chosen = [part for part, connected in zip(parts, self.connected, strict=True) if connected]
        site = here()
        node.op, node.params, node.y, node.watch = self, {"count": len(saved)}, None, None  # type: ignore[assignment]
        node.args, node.parents = (*kept, *[None] * len(parents)), (*[None] * len(kept), *parents)
        node.shape, node.dtype = tuple(part.shape for part in chosen), tuple(part.dtype for part in chosen)
        node.number, node.code, node.offset, node.call = next(graph.number), site.code, site.offset, None
        for index, part in enumerate(chosen):
            part._node = graph.output(node, index)

    def array_rule(self, g: Any, y: Any, *args: Any, needs: Any, count: int) -> list[Any]:  # noqa: ARG002  called as every rule is
        """The gradients of all parents, by the backward program."""
        with self.lock:
            found = self.replay.run(*args[:count], *g)
        return [*[None] * (len(args) - len(found)), *map(np.asarray, found)]

    def joint(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002  whatever a rule is given
        """Refused: the backward program is not itself recorded."""
        raise GraphError(message(
            "compile", "one derivative is required of the results of a compiled function", "create_graph=True",
            "put the derivatives inside the compiled function, or call it uncompiled",
        ))  # fmt: skip
