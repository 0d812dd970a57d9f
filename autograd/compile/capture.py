"""Capture: what traced arrays are asked to do is done, and written down as a program."""
from __future__ import annotations

import itertools
import operator
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import tracing
from autograd.compile.live import Live, Options
from autograd.compile.program import NO_KWARGS, Instruction, Kind, Memory, Slot, mapped
from autograd.compile.traced import Traced, concrete, has_mask, numbered, refuse, writable_diagonal
from autograd.errors import CaptureError, message
from autograd.graph import Watch, zero_where_masked
from autograd.op import Recorder
from autograd.source import Site, here
from autograd.tensor import Tensor
from autograd.tracing import TracedArray
from autograd.writes import owner

# How large the result is depends on values, so no fixed program can hold it.
SHAPED_BY_VALUES = {
    np.nonzero, np.argwhere, np.flatnonzero, np.unique, np.extract, np.compress, np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d,
    np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all, np.trim_zeros, np.ndarray.nonzero, np.ndarray.compress,
    np.bincount,
}  # fmt: skip
OPS_SHAPED_BY_VALUES = {"nonzero", "argwhere", "unique", "unique_consecutive", "masked_select", "bincount"}
# Views that follow from shapes alone: taken once, when the buffers are planned.
VIEWS = {
    operator.getitem, writable_diagonal, np.reshape, np.swapaxes, np.transpose, np.moveaxis, np.broadcast_to, np.expand_dims, np.squeeze,
    np.ravel,
    np.ndarray.reshape, np.ndarray.swapaxes, np.ndarray.transpose, np.ndarray.squeeze, np.ndarray.ravel, np.ndarray.view,
    np.atleast_1d, np.atleast_2d, np.atleast_3d, np.flip, np.real, np.imag,
    np.lib.stride_tricks.sliding_window_view,
}  # fmt: skip
ARRAYS = (np.ndarray, np.generic)
KNOWN = 9  # references to the array of a tensor from outside that the capture itself holds, arguments included


class SizeError(CaptureError):
    """A result whose size depends on values: no call can hold it, traced or whole."""


def size_error() -> SizeError:
    """What is said of such a result."""
    return SizeError(message(
        "compile", "results whose size follows from shapes are required", "one whose size depends on values",
        "use where() and masks of a fixed size, or leave this part out of the compiled function",
    ))  # fmt: skip


class Phase:
    """When a question about a counter is asked: before = 1 while it is decided whether a program fits, and 0 while it runs."""

    before = 0


def offsets(sizes: Sequence[int]) -> list[int]:
    """Where parts of these sizes begin, one after the other."""
    return [0, *itertools.accumulate(sizes)][:-1]


class Capture:
    """One run of a function, written down as a program. What it does to Python's objects is undone, or made good, by compiled.py."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.prologue: list[Instruction] = []  # copies of constants that are written to, run before all else
        self.open = True
        self.references: dict[int, Traced] = {}  # arrays that were there before, by id; the traced array keeps them alive
        self.memories: dict[int, Memory] = {}  # the memory of these, by the id of the array that owns it
        self.lifted: list[tuple[Tensor, Any]] = []  # tensors that were there before, and their arrays
        self.layouts: dict[Any, Any] = {}  # (shape, strides): one object for all slots that have them
        self.sites: dict[tuple[int, int], Site] = {}
        self.traced: dict[Slot, weakref.ref[Traced]] = {}  # the traced arrays that there are
        self.guards: dict[tuple[int, str], tuple[Any, str, Any] | None] = {}  # None for what the function itself has set before
        self.assigned: dict[int, Tensor] = {}  # tensors whose .grad the function has set
        self.phase = Phase()
        self.conditions: dict[tuple[str, int], Any] = {}  # (a test of an object as text, its id): the object
        self.empty: list[tuple[Any, str]] = []  # (object, attribute) that was empty, and must be
        self.decisions: list[tuple[Callable[[], bool], bool, Site]] = []  # (question, its answer, the line that depends on it)
        self.passing = False  # whether the next call will need another program
        self.notes: list[str] = []  # what could not be traced, for explain=True
        self.count = 0

    # ── slots ──

    def slot(self, value: np.ndarray[Any, Any], memory: Memory, array: Any = None) -> Slot:
        """A new slot."""
        slot = Slot(self.count, memory, value, array)
        self.count += 1
        layout = slot.shape, slot.strides
        slot.shape, slot.strides = self.layouts.setdefault(layout, layout)
        return slot

    def alive(self) -> list[Traced]:
        """The traced arrays that somebody still has."""
        return [traced for reference in list(self.traced.values()) if (traced := reference()) is not None]

    def value(self, slot: Slot) -> np.ndarray[Any, Any]:
        """What a slot that somebody still has held in this run."""
        traced = self.traced[slot]()
        assert traced is not None
        return traced.value

    def site(self) -> Site:
        """The user's line that is running: one object for each, for a loop writes many calls down."""
        site = here()
        return self.sites.setdefault((id(site.code), site.offset), site)

    def input(self, array: np.ndarray[Any, Any]) -> Traced:
        """An argument: another array in each call."""
        return Traced(self, self.slot(array, Memory("input", array)), array)

    def constant(self, array: Any) -> Traced:
        """An array made during the capture: the same in each replay."""
        array = np.asarray(array)
        return Traced(self, self.slot(array, Memory("constant", array), array), array)

    def reference(self, array: np.ndarray[Any, Any]) -> Traced:
        """An array that was there before: the program reads it, and writes to it, where it is."""
        found = self.references.get(id(array))
        if found is None:
            root = owner(array)
            kind = "state" if root.flags.writeable else "constant"  # the engine's own numbers are read-only
            memory = self.memories.setdefault(id(root), Memory(kind, root))
            found = self.references[id(array)] = Traced(self, self.slot(array, memory, array), array)
        return found

    def enter(self, values: Any) -> None:
        """Make the tensors among nested values part of the program."""
        for value in values:
            if isinstance(value, Tensor):
                if not isinstance(value._array, TracedArray):
                    self.lift(value)
            elif isinstance(value, tuple | list):
                self.enter(value)
            elif isinstance(value, dict):
                self.enter(value.values())

    def lift(self, tensor: Tensor) -> None:
        """Let a tensor from outside show a traced array until the capture ends."""
        array = tensor._array
        node = tensor._node
        if node is not None and node.op is not None:
            raise CaptureError(message(
                "compile", "tensors without a history are required from outside: arguments and leaves",
                f"the result of {node.name}, recorded at {node.site}", "compute it inside the compiled function, or detach() it",
            ))  # fmt: skip
        tensor._array = traced = self.reference(array)
        traced.hold(tensor)
        self.lifted.append((tensor, array))
        self.guards[id(tensor), "_array"] = tensor, "_array", array
        self.guards[id(tensor), "_node"] = tensor, "_node", node
        if node is not None and node.watch is not None:
            self.watch_hooks(node.watch)

    def watch_hooks(self, watch: Watch) -> None:
        """Hooks run while the function is captured: with others, it is captured anew."""
        for attribute in ("before", "after"):
            hooks = getattr(watch, attribute)
            if not hooks:
                self.empty.append((watch, attribute))
            else:
                now = tuple(hooks.values())
                self.decide(lambda hooks=hooks, now=now: tuple(hooks.values()) == now, True)  # type: ignore[misc]

    def guard(self, owner: Any, attribute: str, value: Any) -> None:
        """Note an attribute on which the program depends: its value when it was first asked for."""
        self.guards.setdefault((id(owner), attribute), (owner, attribute, value))

    def assign(self, tensor: Tensor) -> None:
        """Note that the function sets the gradient of a tensor."""
        self.guards.setdefault((id(tensor), "_grad"), None)
        self.assigned[id(tensor)] = tensor

    # ── instructions ──

    def operand(self, part: Any) -> Any:
        """A slot in place of an array."""
        if type(part) is Traced:
            if part.capture is not self:
                part.known("an array of another capture")
            return part.slot
        if isinstance(part, np.ndarray):
            return self.reference(part).slot
        if isinstance(part, slice):
            return slice(self.operand(part.start), self.operand(part.stop), self.operand(part.step))
        return part

    def operands(self, value: Any) -> Any:
        """Slots in place of arrays in nested operands."""
        return mapped(self.operand, value)

    def both(self, args: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
        """Operands as slots, and as arrays."""
        slots, values = [], []
        for arg in args:
            if type(arg) is Traced and arg.capture is self:
                slots.append(arg.slot)
                values.append(arg.value)
            else:
                slots.append(self.operands(arg))
                values.append(mapped(concrete, arg))
        return slots, values

    def call(
        self, function: Callable[..., Any], args: Iterable[Any], kwargs: Mapping[str, Any], *, kind: Kind = "call", name: str = "",
    ) -> Any:  # fmt: skip
        """Run a function on the arrays, and write it down."""
        args = tuple(args)
        if Live in map(type, args):
            args = numbered(args)
        picks = (function is operator.getitem and has_mask(args[1])) or (function is np.where and len(args) == 1)
        if picks or function in SHAPED_BY_VALUES:
            raise size_error()
        slots, values = self.both(args)
        if kwargs:
            named = self.operands(dict(kwargs))
            value = function(*values, **{key: mapped(concrete, part) for key, part in kwargs.items()})
        else:
            named, value = NO_KWARGS, function(*values)
        return self.recorded(kind, function, args, slots, named, value, name)

    def recorded(
        self, kind: Kind, function: Callable[..., Any], args: tuple[Any, ...], slots: Any, named: Any, value: Any, name: str,
    ) -> Any:  # fmt: skip
        """The result of a call as traced arrays, and the instruction."""
        if isinstance(value, ARRAYS):
            result = self.result(function, value, args)
            if result.parent is not None and kind == "call":
                kind = "view" if function in VIEWS else "opaque"
            self.instructions.append(Instruction(kind, function, slots, named, (result.slot,), self.site(), name))
            return result
        multiple = isinstance(value, tuple | list)
        parts = value if multiple else [value]
        if not all(part is None or isinstance(part, ARRAYS) for part in parts):
            self.untraceable(f"{type(value).__name__} as the result of {name or function.__name__}")
        results = [None if part is None else self.result(function, part, args) for part in parts]
        if kind == "call" and any(result is not None and result.parent is not None for result in results):
            kind = "opaque"
        outputs = tuple(None if result is None else result.slot for result in results)
        instruction = Instruction(kind, function, slots, named, outputs, self.site(), name)
        instruction.multiple = multiple
        self.instructions.append(instruction)
        if not multiple:
            return results[0]
        return type(value)(*results) if hasattr(value, "_fields") else type(value)(results)

    def result(self, function: Callable[..., Any], part: Any, args: tuple[Any, ...]) -> Traced:
        """An array that a call has returned: one of its own, or a view of an operand."""
        parent = None if isinstance(part, np.generic) or isinstance(function, np.ufunc) else shared(part, args, self)
        if type(part) is not np.ndarray:
            part = np.asarray(part)
        return Traced(self, self.slot(part, Memory("result") if parent is None else parent.slot.memory), part, parent)

    def write(self, target: Traced, function: Callable[..., Any], inputs: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Traced:
        """``function(*inputs, out=target)``. Where nobody else sees the target's memory, it is a new value under the old name."""
        slots, named = self.operands(inputs), self.operands(dict(kwargs))
        arguments, keywords = mapped(concrete, inputs), {key: mapped(concrete, part) for key, part in kwargs.items()}
        if target.slot.memory.kind == "constant":
            self.detach_constant(target)
            slots, arguments = self.operands(inputs), mapped(concrete, inputs)
        function(*arguments, out=target.value, **keywords)
        memory = target.slot.memory
        plain = not keywords and result_dtype(function, slots, target) == target.dtype
        plain = plain and result_shape(function, slots, keywords) == target.shape
        if memory.kind == "result" and memory.live == 1 and target.parent is None and plain:
            slot = self.slot(target.value, Memory("result"))
            self.instructions.append(Instruction("call", function, slots, named, (slot,), self.site()))
            self.rename(target, slot)
        else:
            self.instructions.append(Instruction("store", function, slots, named, (), self.site(), target=target.slot))
            memory.version += 1
        return target

    def store(self, target: Traced, index: Any, value: Any) -> None:
        """``target[index] = value``."""
        if isinstance(value, Recorder):
            value = value._array
        if type(value) is Live:
            value = value.astype(target.dtype)
        if has_mask(index) and np.ndim(value):
            refuse("values written where a mask holds", "use where()")
        if target.slot.memory.kind == "constant":
            self.detach_constant(target)
        slots = self.operands((index, value))
        target.value[mapped(concrete, index)] = mapped(concrete, value)
        self.instructions.append(Instruction("store", operator.setitem, slots, {}, (), self.site(), target=target.slot))
        target.slot.memory.version += 1

    def detach_constant(self, target: Traced) -> None:
        """Before a constant is written to: the program begins with a copy of it, of which what was a view of it is a view."""
        root = target
        while root.parent is not None:
            root = root.parent
        old, memory = root.slot, Memory("result")
        old.array = root.value.copy()
        slot = self.slot(root.value, memory)
        for instruction in self.instructions:
            if instruction.kind not in ("view", "opaque"):
                continue
            shows = [part for part in instruction.outputs if part is not None and part.memory is old.memory]
            if shows:
                instruction.args = mapped(lambda part: slot if part is old else part, instruction.args)
                for part in shows:
                    part.memory = memory
        self.prologue.append(Instruction("call", np.copy, (old,), {}, (slot,), self.site()))
        memory.live, old.memory.live = old.memory.live, 0
        old.memory = Memory("constant", old.array)
        self.renamed(root, slot)

    def rename(self, target: Traced, slot: Slot) -> None:
        """From here on, the traced array stands for another slot."""
        target.slot.memory.live -= 1
        slot.memory.live += 1
        self.renamed(target, slot)

    def renamed(self, traced: Traced, slot: Slot) -> None:
        """The traced array under its new name."""
        self.traced[slot] = self.traced.pop(traced.slot)
        traced.slot = slot

    # ── numbers from outside ──

    def dynamic(self, function: Callable[[], float]) -> Live:
        """A number asked for anew in each replay."""
        return Live(self, function)

    def filled(self, function: Callable[[], float], dtype: Any) -> Traced:
        """A 0-d array that holds such a number."""
        with tracing.untraced():
            value = np.asarray(function(), dtype)
        slot = self.slot(value, Memory("result"))
        self.instructions.append(Instruction("dynamic", function, (), {}, (slot,), self.site(), "dynamic"))
        return Traced(self, slot, value)

    def decide(self, question: Callable[[], bool], answer: bool) -> None:
        """Note a question about the world outside whose answer the program depends on."""
        self.decisions.append((question, answer, self.site()))

    def item(self, owner: dict[str, Any], key: str) -> None:
        """Note an entry of a dict on which the program depends."""
        self.conditions[f"{{}}[{key!r}] == {owner[key]!r}", id(owner)] = owner

    def truth(self, owner: dict[str, Any], key: str) -> bool:
        """Whether a number in a dict is not 0, on which the program depends."""
        true = bool(owner[key])
        self.conditions[f"{'' if true else 'not '}{{}}[{key!r}]", id(owner)] = owner
        return true

    def length(self, owner: Any) -> None:
        """Note how long something is, on which the program depends."""
        self.conditions[f"len({{}}) == {len(owner)}", id(owner)] = owner

    def counted(self, array: Traced) -> Live:
        """``first`` of an array to which one is added in each replay: a question asked before a replay means the number after that."""
        real, phase = array.value, self.phase
        return Live(self, lambda: int(real.flat[0]) + phase.before)

    def options(self, group: dict[str, Any]) -> Options:
        """A dict whose numbers are live."""
        return Options(self, group)

    def joined(self, tensors: Sequence[Tensor]) -> Tensor | None:
        """Move the tensors' memory into one vector, unless somebody else sees the memory of one of them; the vector, or None."""
        self.enter(tensors)
        parts: list[Traced] = [tensor._array for tensor in tensors]
        arrays = [part.value for part in parts]
        sizes = [array.size for array in arrays]
        vector = arrays[0].base
        if vector is not None and vector.ndim == 1 and vector.size == sum(sizes) and all(array.base is vector for array in arrays):
            addresses = [array.ctypes.data - vector.ctypes.data for array in arrays]
            if addresses == [vector.itemsize * offset for offset in offsets(sizes)]:
                return Tensor._wrap(self.reference(vector))
        if not all(self.movable(part) for part in parts) or len({array.dtype for array in arrays}) > 1:
            self.notes.append("an optimiser updates its parameters one by one: their memory is shared with other arrays, or not contiguous")
            return None
        vector = np.empty(sum(sizes), arrays[0].dtype)
        del arrays
        self.move(parts, [vector[start : start + size] for start, size in zip(offsets(sizes), sizes, strict=True)], vector)
        return Tensor._wrap(self.reference(vector))

    def move(self, parts: list[Traced], places: list[np.ndarray[Any, Any]], vector: np.ndarray[Any, Any]) -> None:
        """Move arrays that were there before to places in a vector, one by one: each frees its own memory before the next moves."""
        memory = self.memories[id(vector)] = Memory("state", vector)
        memory.live = sum(part.slot.memory.live for part in parts)
        memory.version = max(part.slot.memory.version for part in parts)
        lifted: dict[int, list[int]] = {}
        for number, (_, array) in enumerate(self.lifted):
            lifted.setdefault(id(array), []).append(number)
        guarded: dict[int, list[tuple[int, str]]] = {}
        for name, guard in self.guards.items():
            if guard is not None and guard[1] == "_array":
                guarded.setdefault(id(guard[2]), []).append(name)
        guard = array = None  # or the last of them would stay
        left = {part.slot.memory for part in parts}
        for instruction in self.instructions:
            for slot in instruction.outputs:
                if slot is not None and slot.memory in left:  # a view
                    slot.memory = memory
        for part, place in zip(parts, places, strict=True):
            key, place = id(part.value), place.reshape(part.shape)
            place[...] = part.value
            for number in lifted.get(key, ()):
                self.lifted[number] = self.lifted[number][0], place
            for name in guarded.get(key, ()):
                self.guards[name] = (*self.guards[name][:2], place)  # type: ignore[index]
            del self.references[key], self.memories[key]  # it owned its memory
            self.references[id(place)] = part
            part.slot.memory, part.value, part.slot.array = memory, place, place
        left.clear()

    def gradient(self, tensors: Sequence[Tensor]) -> Tensor:
        """The gradients as one vector. Those that were made inside become its parts, and their own memory is free."""
        gradients: list[Any] = [tensor.grad for tensor in tensors]
        self.enter(gradients)
        sizes = [gradient._array.size for gradient in gradients]
        vector = np.concatenate([gradient._array.reshape(-1) for gradient in gradients])
        for tensor, gradient, start, size in zip(tensors, gradients, offsets(sizes), sizes, strict=True):
            if gradient._array.slot.memory.kind == "result" and gradient._node is None:
                tensor.grad = Tensor._wrap(vector[start : start + size].reshape(tensor.shape))
        return Tensor._wrap(vector)

    def movable(self, part: Traced) -> bool:
        """Whether nobody but its tensor sees the memory of a traced array: then it may lie elsewhere."""
        array, memory = part.value, part.slot.memory
        own = array.base is None and array.flags.c_contiguous and memory.kind == "state" and memory.live == 1
        return own and sys.getrefcount(array) <= KNOWN

    def first(self, array: Traced) -> Live:
        """The first element of an array that was there before, as a number: read in each replay, when the program gets there."""
        real = array.value
        return Live(self, lambda: real.flat[0].item())

    def check(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        """A look at values that may raise, in each replay."""
        function(*mapped(concrete, args))
        self.instructions.append(Instruction("check", function, self.operands(args), {}, (), self.site()))

    def settle(self, term: Traced, g: Any) -> Traced:
        """Zeros in place of what NaN a rule has made of a zero in g: done where the term lies."""
        slot = self.slot(term.value, term.slot.memory)
        self.instructions.append(Instruction("settle", zero_nan, self.operands((term, g)), {}, (slot,), self.site()))
        zero_nan(term.value, concrete(g))
        return Traced(self, slot, term.value, term)

    # ── what cannot be traced ──

    def untraceable(self, what: str) -> NoReturn:
        """Raise for what a program of NumPy calls cannot say; the op that does it becomes a single instruction."""
        refuse(what, "use the tensor operation of the same meaning")

    def attempt(self, function: Callable[..., Any], args: Iterable[Any], params: Mapping[str, Any], name: str) -> Any:
        """The result of a rule: what it does is traced, or, if that fails, the whole of it is one instruction."""
        args = tuple(args)
        mark = len(self.instructions)
        try:
            return function(*args, **params)
        except Exception as error:
            if isinstance(error, SizeError) or any(isinstance(value, Recorder) for value in args):
                raise
            del self.instructions[mark:]
            return self.opaque(function, args, params, name, error)

    def opaque(self, function: Callable[..., Any], args: Iterable[Any], params: Mapping[str, Any], name: str, error: Exception) -> Any:
        """A call that is one instruction, for it cannot be traced; raises the error if the call itself is wrong."""
        args, params = tuple(args), dict(params)
        if name in OPS_SHAPED_BY_VALUES or (has_mask((*args, *params.values())) and name in ("getitems", "place", "setitem")):
            raise size_error()
        if isinstance(error, SizeError):
            raise error
        try:
            value = function(*mapped(concrete, args), **mapped(concrete, params))
        except Exception:  # noqa: BLE001  wrong without tracing too: the first error tells the user more
            raise error from None
        self.notes.append(f"{name} is one opaque call: {str(error).splitlines()[0]}")
        return self.recorded("opaque", function, args, self.operands(args), self.operands(params), value, name)


def zero_nan(term: np.ndarray[Any, Any], g: np.ndarray[Any, Any]) -> None:
    """``graph.zero_where_masked`` in place. A product with itself shows a NaN in half the time that a sum takes."""
    flat = term.ravel("K")  # in the order of memory: no copy
    square = np.dot(flat, flat)
    if square == square:  # noqa: PLR0124  not NaN
        return
    term[...] = zero_where_masked(term, g)


def shared(part: np.ndarray[Any, Any], args: Any, capture: Capture) -> Traced | None:
    """The traced array among nested operands whose memory this result shows."""
    for arg in args:
        if isinstance(arg, np.ndarray):
            arg = capture.reference(arg)
        if isinstance(arg, Traced):
            if part is arg.value or (part.size and np.may_share_memory(part, arg.value)):
                return arg
        elif isinstance(arg, tuple | list) and (found := shared(part, arg, capture)) is not None:
            return found
    return None


def result_dtype(function: Any, slots: Any, target: Traced) -> Any:
    """The dtype a ufunc gives by itself; None where it depends on more."""
    if not isinstance(function, np.ufunc):
        return target.dtype
    given = [part.dtype if isinstance(part, Slot) else type(part) for part in slots]
    try:
        return function.resolve_dtypes((*given, None))[-1]
    except TypeError:
        return None


def result_shape(function: Any, slots: Any, keywords: Any) -> Any:
    """The shape a ufunc gives by itself; None where it depends on more."""
    if not isinstance(function, np.ufunc) or function.signature is not None:
        return None
    return np.broadcast_shapes(*(part.shape for part in slots if isinstance(part, Slot)))

