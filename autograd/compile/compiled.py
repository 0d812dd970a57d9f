"""``compile``: a function that is captured when it is first called, and replayed after that."""
from __future__ import annotations

import functools
import gc
import threading
import types
import warnings
import weakref
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from autograd import graph, tracing, writes
from autograd.compile.capture import Capture
from autograd.compile.derivative import Pullback, derive, split
from autograd.compile.emit import Replay
from autograd.compile.fuse import fused
from autograd.compile.gather import joined
from autograd.compile.guards import MISS, Guards, short_way
from autograd.compile.live import Live
from autograd.compile.passes import simplify
from autograd.compile.program import Instruction, Program, Slot
from autograd.compile.signature import REMEDY, difference, signature
from autograd.compile.traced import Traced
from autograd.errors import CaptureError, message
from autograd.modes import recording
from autograd.source import here
from autograd.tensor import Tensor

MOST = 16  # programs kept per function
MOST_ALIKE = 8  # of these, for one signature of the arguments
CAPTURING = threading.RLock()  # one capture at a time: tensors from outside show traced arrays meanwhile


def compile(function: Callable[..., Any] | None = None, *, explain: bool = False) -> Any:
    """Capture what a function does with tensors, and from the second call on replay it as a flat list of NumPy calls on planned buffers.

    As a decorator, ``@compile`` or ``@compile(explain=True)``, or as a call, ``step = compile(step)``, ``model = compile(model)``. The
    function may be a forward pass, or a whole training step with ``backward()`` and ``optimizer.step()`` in it.

    The first call with arguments of a given structure, shapes and dtypes runs the function once, on arrays that write down what is done
    with them, and returns its result. Later calls run the program: Python's statements in the function are not executed again. So

    * a branch on a value (``if loss > 1``) and ``.item()`` are errors that name the line, and what is printed is printed once;
    * numbers from outside are those of the first call, unless they are tensors, arguments, or ``dynamic(lambda: ...)``;
    * random draws are drawn anew; parameters, buffers and optimiser state are read and written where they are;
    * gradients that the function leaves in ``.grad`` lie in the same arrays after each call, unless it also returns them.

    Arguments that are not arrays are compared by value, others (modules) by identity; the training mode of modules is watched. A new
    signature is captured anew, and its program kept beside the others: 16 at most, of which those used last stay. ``explain`` prints
    why the function was captured, the program, and what was fused, reused or left as it was; ``print(step)`` the reasons of all captures.

    Raises CaptureError where a fixed program cannot say what the function does.
    """
    if function is None:
        return functools.partial(compile, explain=explain)
    if not callable(function):
        raise CaptureError(message("compile", "a function or a module is required", type(function).__name__, "pass what is to be called"))
    return Compiled(function, explain)


class Compiled:
    """A compiled function: call it like the function. ``programs`` are the entries captured so far.

    There may be several for one signature, for the guards of one do not hold where those of another do: a model in training and in
    evaluation, or with and without gradients from before. ``print`` shows why each was captured.
    """

    def __init__(self, function: Callable[..., Any], explain: bool = False) -> None:
        functools.update_wrapper(self, function, updated=())
        self.function, self.explain = function, explain
        self.variants: dict[Any, list[Entry]] = {}  # by signature
        self.lock = threading.RLock()  # the buffers of a program serve one run at a time
        self.latest: Entry | None = None
        self.short: Callable[[tuple[Any, ...]], Any] | None = None  # for calls like the latest
        self.calls = 0  # those that came to use another program, or the long way to the same
        self.warned = False

    @property
    def programs(self) -> list[Entry]:
        """The entries captured so far."""
        return [entry for variants in self.variants.values() for entry in variants]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Replay the program for arguments like these, or capture it."""
        if self.short is not None and not kwargs and (result := self.short(args)) is not MISS:
            return result
        if tracing.active and tracing.current() is not None:  # inside another one: part of its program
            return self.function(*args, **kwargs)
        arrays: list[Any] = []
        key = recording(), signature(args, arrays), signature(kwargs, arrays) if kwargs else None
        with self.lock:
            if (entry := self.fitting(key)) is not None:
                return entry.run(arrays)
        with CAPTURING, self.lock:
            if (entry := self.fitting(key)) is not None:  # another thread has captured it, or gives back the tensors it depends on
                return entry.run(arrays)
            return self.capture(key, args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "function" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.function, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.function, self.explain)  # a copy captures for itself

    def __repr__(self) -> str:
        name, count = getattr(self.function, "__qualname__", type(self.function).__name__), len(self.programs)
        return f"<compiled {name}: {count} program{'s' * (count != 1)}>"

    def __str__(self) -> str:
        return "\n".join([repr(self), *(f"  captured because {entry.reason}" for entry in self.programs)])

    def fitting(self, key: Any) -> Entry | None:
        """The program for a call of this signature whose guards hold."""
        for entry in self.variants.get(key, ()):
            if entry.valid():
                self.use(entry)
                return entry
        return None

    def use(self, entry: Entry) -> None:
        """Make an entry the latest."""
        self.calls += 1
        entry.used = self.calls
        self.latest, self.short = entry, entry.short

    def capture(self, key: Any, args: Any, kwargs: Any) -> Any:
        """Run the function once on traced arrays, and keep the program under this key."""
        reason, remedy = self.reason(key)
        self.make_room(key, reason, remedy)
        entry = Entry(key, reason)
        result = entry.capture(self.function, args, kwargs)
        entry.short = short_way(entry, self.lock)
        entry.arguments = None  # they are the caller's
        if not entry.passing:
            self.variants.setdefault(key, []).append(entry)
            self.use(entry)
        if self.explain:
            print(entry.explanation())  # noqa: T201  what explain=True asks for
        return result

    def reason(self, key: Any) -> tuple[str, str]:
        """(why no program fits a call of this signature, what to do if that goes on)."""
        if self.latest is None:
            return "it was called for the first time", ""
        if key in self.variants:
            return max(self.variants[key], key=attrgetter("used")).guards.broken()
        return difference(self.function, self.latest.key, key), REMEDY

    def make_room(self, key: Any, reason: str, remedy: str) -> None:
        """Let the program go that was not used for longest, if there are as many as may be; say so once."""
        alike = self.variants.get(key, [])
        crowd = alike if len(alike) >= MOST_ALIKE else self.programs if len(self.programs) >= MOST else []
        if not crowd:
            return
        oldest = min(crowd, key=attrgetter("used"))
        self.variants[oldest.key].remove(oldest)
        if not self.variants[oldest.key]:
            del self.variants[oldest.key]
        if not self.warned:
            self.warned = True
            warnings.warn(
                f"compile: {self!r} is captured again and again, and forgets its oldest programs; this time because {reason}; {remedy}",
                stacklevel=4,
            )  # fmt: skip


class Entry:
    """One captured program, with what ties it to Python's objects: arguments, results, gradients, guards."""

    program: Program
    replay: Replay
    short: Callable[[tuple[Any, ...]], Any] | None = None
    pullback: Pullback | None = None  # where the results go on being differentiated outside

    def __init__(self, key: Any, reason: str) -> None:
        self.key, self.reason = key, reason  # the signature of the call, and why it was captured
        self.used = 0  # at which call

    # ── capture ──

    def capture(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run the function once on traced arrays; the result is that of this run."""
        capture = Capture()
        arguments: list[Any] = []
        standins: list[Any] = []

        def stand_in(value: Any) -> Any:
            if isinstance(value, Tensor) or type(value) is np.ndarray:
                arguments.append(value)
                standin: Any = capture.input(value._array if isinstance(value, Tensor) else value)
                if isinstance(value, Tensor):
                    standin = Tensor._wrap(standin)
                    if value.requires_grad:
                        standin._node = graph.leaf(standin._array, weakref.ref(standin))
                        if value.node.watch is not None:  # type: ignore[union-attr]
                            standin._node.watch.before = value.node.watch.before  # type: ignore[union-attr]
                        tracing.own(standin, "_grad")
                standins.append(standin)
                return standin
            if isinstance(value, tuple | list):
                make: Any = value._make if hasattr(value, "_make") else type(value)
                return make([stand_in(part) for part in value])
            return {key: stand_in(part) for key, part in value.items()} if type(value) is dict else value

        try:
            with tracing.capturing(capture):
                result = function(*stand_in(args), **stand_in(kwargs))
                returned = Returned(result, standins, capture)
                del result
                rebind(capture)
                forward = [*capture.prologue, *capture.instructions]
                derivative = derive(capture, standins, returned)
            flat = not kwargs and all(isinstance(value, Tensor) or type(value) is np.ndarray for value in args)
            plain = flat and not any(isinstance(value, Tensor) and value.requires_grad for value in args)
            self.arguments, self.recorded = arguments if plain else None, recording()
            self.build(capture, standins, returned, forward, derivative)
        finally:
            capture.open = False
            release(capture)
        return self.first(returned, arguments)

    def build(self, capture: Capture, standins: list[Any], returned: Returned, forward: list[Instruction], derivative: Any) -> None:
        """Turn what was written down into programs that can be run, and give the gradients it left behind their places."""
        self.inputs = [traced_of(standin).slot for standin in standins]
        self.returned = returned
        self.site = here()
        outputs = [traced_of(part).slot for part in returned.parts]
        self.given = []  # (argument, output): gradients that a backward pass inside leaves for an argument
        for position, standin in enumerate(standins):
            if isinstance(standin, Tensor) and standin._grad is not None:
                self.given.append((position, len(outputs)))
                outputs.append(traced_of(standin._grad).slot)
        gradients = left_behind(capture, standins, returned)
        self.handed, gradients = handed_over(gradients, returned, capture)
        saved: list[Slot] = []
        if derivative is not None:
            saved, backward = split(forward, derivative)
            self.pullback = Pullback(derivative, Replay(fused(joined(simplify(backward)))), [capture.value(slot) for slot in saved])
        kept = [traced_of(gradient).slot for _, gradient in gradients if gradient is not None]
        self.captured = len(forward)
        program = Program(self.inputs, forward, [*outputs, *saved], kept)
        forward.clear()
        capture.instructions.clear()  # what the program does not need is freed before it is planned
        program = joined(simplify(program))
        self.program = fused(program)
        self.replay = Replay(self.program)
        places = iter([self.replay.fixed[slot] for slot in self.program.kept])
        for _, gradient in gradients:
            if gradient is not None:
                place = next(places)
                np.copyto(place, traced_of(gradient).value)
                gradient._array, gradient._node = place, None
        self.gradients = gradients
        self.notes = list(dict.fromkeys(capture.notes))
        self.guards = Guards(capture)
        self.valid = self.guards.function()
        self.passing = capture.passing
        written = {i.target.memory for i in self.program.instructions if i.target is not None and i.target.memory.kind == "state"}
        self.pages = [writes.entry(memory.owner) for memory in written]
        overwritten = {i.target.memory for i in self.program.instructions if i.target is not None}
        self.overwritten = [position for position, slot in enumerate(self.inputs) if slot.memory in overwritten]

    def first(self, returned: Returned, arguments: list[Any]) -> Any:
        """The result of the run that was captured."""
        parts = [part.value if isinstance(part, Traced) else part for part in returned.parts]
        self.note_writes(arguments)
        for position, _ in self.given:
            accumulate(arguments[position], traced_value(returned.argument_gradient(position)))
        if self.pullback is not None:
            self.pullback.connect(parts, self.pullback.values, arguments)
            del self.pullback.values
        return returned.form(parts, arguments)

    # ── replay ──

    def run(self, arguments: list[Any]) -> Any:
        """Run the program on these arguments."""
        outputs = self.replay.run(*[value._array if isinstance(value, Tensor) else value for value in arguments])
        self.note_writes(arguments)
        for tensor, gradient in self.gradients:
            tensor._grad = gradient
        returned = self.returned
        if outputs is None:
            return returned.form((), arguments)
        count = len(returned.parts)
        parts = [Tensor._wrap(array) if is_tensor else array for array, is_tensor in zip(outputs, returned.tensors, strict=False)]
        for tensor, index in self.handed:
            tensor._grad = parts[index]
        for position, index in self.given:
            accumulate(arguments[position], outputs[index])
        if self.pullback is not None:
            self.pullback.connect(parts, outputs[count + len(self.given) :], arguments)
        return returned.form(parts, arguments)

    def note_writes(self, arguments: list[Any]) -> None:
        """Tell the ledger what a run has written to: a backward pass that needs the values before must not get these."""
        if self.pages:
            writes.record_all(self.pages, self.site)
        for position in self.overwritten:
            writes.record(arguments[position]._array if isinstance(arguments[position], Tensor) else arguments[position])

    def explanation(self) -> str:
        """The program, and what became of it."""
        replay = self.replay
        lines = [
            f"captured because {self.reason}",
            (f"captured {self.captured} NumPy calls; {len(self.program.instructions)} are left, {replay.calls} of them run in a replay "
             "(the others are views, taken once)"),
            f"buffers {replay.pool.bytes:,} bytes, {replay.pool.reused} results in memory that was used before",
            *self.notes, repr(self.program),
        ]
        return "\n".join(lines)


class Returned:
    """How the result of the function is built: which parts of it are outputs of the program, arguments, or the same in each call."""

    def __init__(self, result: Any, standins: list[Any], capture: Capture) -> None:
        self.parts: list[Any] = []  # tensors and traced arrays
        self.standins = standins
        self.positions = {id(standin): position for position, standin in enumerate(standins)}
        self.states = {id(tensor) for tensor, _ in capture.lifted}
        self.form = self.former(result)
        self.whole = result is None or (len(self.parts) == 1 and result is self.parts[0])
        for part in self.parts:
            if isinstance(part, Tensor):
                part._view = None  # of an array that ends with the function
        self.tensors = [isinstance(part, Tensor) for part in self.parts]
        self.connected = [False] * len(self.parts)  # which of them can be differentiated outside
        self.alive: list[Any] = []  # what the first run still reads of the capture

    def former(self, value: Any) -> Callable[[Sequence[Any], Sequence[Any]], Any]:
        """How to build this part of the result from the outputs and the arguments of a call."""
        if (position := self.positions.get(id(value))) is not None:
            return lambda parts, arguments: arguments[position]
        if isinstance(value, Live):
            return lambda parts, arguments: value.ask()
        if isinstance(value, Traced) or (isinstance(value, Tensor) and id(value) not in self.states and isinstance(value._array, Traced)):
            index = len(self.parts)
            self.parts.append(value)
            return lambda parts, arguments: parts[index]
        if isinstance(value, tuple | list):
            formers = [self.former(part) for part in value]
            make: Any = value._make if hasattr(value, "_make") else type(value)
            return lambda parts, arguments: make([former(parts, arguments) for former in formers])
        if type(value) is dict:
            entries = {key: self.former(part) for key, part in value.items()}
            return lambda parts, arguments: {key: former(parts, arguments) for key, former in entries.items()}
        return lambda parts, arguments: value

    def argument_gradient(self, position: int) -> Any:
        """The gradient that the captured run left for an argument."""
        return self.standins[position]._grad


# ── what a capture leaves behind ──


def traced_of(value: Any) -> Traced:
    """The traced array behind a tensor, or itself."""
    array = value._array if isinstance(value, Tensor) else value
    if isinstance(array, Traced):
        return array
    capture = tracing.current()
    assert capture is not None
    value._array = capture.constant(array)
    value._array.hold(value)
    return value._array  # type: ignore[no-any-return]


def traced_value(value: Any) -> Any:
    """The array behind a tensor, whether it is still traced or not."""
    array = value._array if isinstance(value, Tensor) else value
    return array.value if isinstance(array, Traced) else array


def accumulate(tensor: Tensor, array: Any) -> None:
    """Add to the gradient of an argument, as ``backward`` does."""
    if tensor._grad is None:
        tensor._grad = Tensor._wrap(array)
    else:
        tensor._grad = Tensor._wrap(tensor._grad._array + array)


def rebind(capture: Capture) -> None:
    """A tensor that was given other values (``p.data = ...``) gets them in its own memory: that is where the next run looks for them."""
    for tensor, array in capture.lifted:
        reference, now = capture.references[id(array)], tensor._array
        if now is not reference:
            if now.shape != array.shape or now.dtype != array.dtype:
                raise CaptureError(message(
                    "compile", f"values of shape {array.shape} and {array.dtype} are required for a tensor from outside",
                    f"{now.shape} and {now.dtype}", "give it values of its own shape and dtype",
                ))  # fmt: skip
            capture.write(reference, np.positive, (now,), {})
            tensor._array = reference


def release(capture: Capture) -> None:
    """Give every tensor a real array again: those from outside their own, others the values of this run."""
    for tensor, array in capture.lifted:
        tensor._array = array
        guard = capture.guards.get((id(tensor), "_node"))
        if guard is not None:
            tensor._node = guard[2]  # p.data = ... inside makes a new leaf, and the next run begins with this one
    for traced in capture.alive():
        for holder in traced.holders:
            tensor = holder()  # type: ignore[assignment]
            if tensor is not None and tensor._array is traced:
                tensor._array = traced.value.copy() if traced.slot.memory.kind == "constant" else traced.value
                if tensor._node is not None and tensor._node.op is not None:
                    tensor._node = None  # its graph is that of the capture


def left_behind(capture: Capture, standins: list[Any], returned: Returned) -> list[tuple[Tensor, Tensor | None]]:
    """(tensor, gradient) for each tensor whose ``.grad`` the function sets. Other tensors that outlive it are an error."""
    stand = {id(value) for value in standins}
    gradients = [(tensor, tensor._grad) for tensor in capture.assigned.values() if id(tensor) not in stand]
    known = {id(gradient) for _, gradient in gradients} | {id(part) for part in returned.parts} | stand | returned.states
    known |= {id(standin._grad) for standin in standins if isinstance(standin, Tensor)}
    if strays(capture, known):
        gc.collect()  # a cycle may hold what nobody wants any more
        for tensor in strays(capture, known):
            node = tensor._node
            made = f"one of shape {tensor.shape}" + (f", made at {node.site}" if node is not None else "")
            raise CaptureError(message(
                "compile", "tensors made inside are required to end with the function: the next run could not find them", made,
                "return it, or write it with copy_() into a tensor that is there before",
            ))  # fmt: skip
    return gradients


def handed_over(
    gradients: list[tuple[Tensor, Tensor | None]], returned: Returned, capture: Capture
) -> tuple[list[tuple[Tensor, int]], list[tuple[Tensor, Tensor | None]]]:
    """(tensor, part of the result) for each gradient that is also returned, and so new in each run; and the other gradients.

    One that the program begins with is not among them: it must be the same tensor in each run.
    """
    parts = {id(part): number for number, part in enumerate(returned.parts)}
    new = {id(g) for tensor, g in gradients if id(g) in parts and not capture.guards.get((id(tensor), "_grad"))}
    return [(tensor, parts[id(g)]) for tensor, g in gradients if id(g) in new], [pair for pair in gradients if id(pair[1]) not in new]


def strays(capture: Capture, known: set[int]) -> list[Tensor]:
    """Tensors that were made during the capture and that somebody outside still holds."""
    found = []
    for traced in capture.alive():
        if traced.slot.memory.kind == "result":
            holders = [holder() for holder in traced.holders]
            found += [t for t in holders if t is not None and t._array is traced and id(t) not in known]
    return found
