"""What must still hold before a captured program is run again: generated functions that ask it all at once, and what broke, in words."""
from __future__ import annotations

import functools
import keyword
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import tracing, writes
from autograd.compile.capture import Capture
from autograd.modes import recording
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from autograd.compile.compiled import Entry


class Guards:
    """What must hold for a program to be the right one: ``text`` asks it, about the objects that ``namespace`` names."""

    def __init__(self, capture: Capture) -> None:
        given = [guard for guard in capture.guards.values() if guard is not None]
        self.leaves = [(tensor, node.watch) for tensor, attribute, node in given if attribute == "_node" and node is not None]
        self.attributes = [(owner, attribute, value) for owner, attribute, value in given if attribute != "_node" or value is None]
        self.tests = [(text, owner) for (text, _), owner in capture.conditions.items()]
        self.empty, self.decisions, self.phase = capture.empty, capture.decisions, capture.phase
        self.names: dict[int, str] = {}
        self.namespace: dict[str, Any] = {}
        self.text = self._text()

    def name(self, value: Any) -> str:
        """The name of an object in the text."""
        if id(value) not in self.names:
            self.names[id(value)] = f"o{len(self.names)}"
            self.namespace[self.names[id(value)]] = value
        return self.names[id(value)]

    def _text(self) -> str:
        name, tests = self.name, []
        for owner, attribute, value in self.attributes:
            plain = attribute.isidentifier() and not keyword.iskeyword(attribute)
            tests.append(f"{name(owner)}.{attribute} is {name(value)}" if plain else f"{name(vars(owner))}[{attribute!r}] is {name(value)}")
        tests += [f"{name(tensor)}._node.watch is {name(watch)}" for tensor, watch in self.leaves]
        tests += [text.format(name(owner)) for text, owner in self.tests]
        tests += [f"not {name(owner)}.{attribute}" for owner, attribute in self.empty]
        if self.decisions:
            asked = [f"{name(question)}()" if answer else f"not {name(question)}()" for question, answer, _ in self.decisions]
            tests.append(f"{name(functools.partial(decided, self.phase))}(lambda: {' and '.join(asked)})")
        return " and ".join(dict.fromkeys(tests)) or "True"

    def function(self) -> Callable[[], bool]:
        """A function that asks whether they hold. What is not there any more does not hold."""
        namespace = dict(self.namespace)
        text = f"def valid():\n    try:\n        return {self.text}\n    except (AttributeError, KeyError):\n        return False"
        exec(text, namespace)  # noqa: S102  the text is made here
        return namespace["valid"]  # type: ignore[no-any-return]

    # ── in words ──

    def broken(self) -> tuple[str, str]:
        """(the first of them that does not hold, what to do if that happens in every call)."""
        for owner, attribute, value in self.attributes:
            now = getattr(owner, attribute, None)
            if now is not value:
                return self._changed(owner, attribute, value, now)
        for tensor, watch in self.leaves:
            if tensor._node is None or tensor._node.watch is not watch:
                return self._recorded(tensor)
        for text, owner in self.tests:
            if not holds(text, owner):
                if text.startswith("len"):
                    return "parameters or states have been added or taken away", "leave an optimiser's groups as they are"
                return f"{text.format('options')} holds no longer", "leave an optimiser's choices as they are"
        if any(getattr(owner, attribute) for owner, attribute in self.empty):
            return "a hook was registered", "register hooks once, before the first call"
        for question, answer, site in self.decisions:
            if decided(self.phase, question) is not answer:
                return f"what was decided at {site} falls otherwise", "compute both sides of a branch, and choose with where()"
        return "a number from outside is another", "ask for it with autograd.dynamic()"

    def _changed(self, owner: Any, attribute: str, value: Any, now: Any) -> tuple[str, str]:
        what = self._called(owner)
        if attribute == "_array":
            return f"the array of {what} is another", "write new values into a tensor with copy_(), in place of giving it another array"
        if attribute == "_node":
            return self._recorded(owner)
        if attribute == "_grad":
            state = "None, and was a tensor" if now is None else "a tensor, and was None" if value is None else "another tensor"
            return f"{what}.grad is {state}", "begin the function with zero_grad()"
        plain = all(part is None or isinstance(part, bool | int | float | str) for part in (value, now))
        state = f"{now!r}, and was {value!r}" if plain else f"another {type(now).__name__}"
        return f"{what}.{attribute} is {state}", "pass what changes as an argument: numbers as tensors"

    def _recorded(self, tensor: Tensor) -> tuple[str, str]:
        state = "requires a gradient now" if tensor.requires_grad else "requires no gradient any more"
        return f"{self._called(tensor)} {state}", "set requires_grad once, before the first call"

    def _called(self, owner: Any) -> str:
        """An object as the user knows it: a tensor by the module it belongs to."""
        if not isinstance(owner, Tensor):
            return type(owner).__name__
        places = (f"{type(module).__name__}.{attribute}" for module, attribute, value in self.attributes if value is owner)
        return next(places, f"a tensor of shape {owner.shape}")


def holds(text: str, owner: Any) -> bool:
    """Whether a test of an object holds; not if there is nothing to test any more."""
    try:
        return bool(eval(text.format("owner"), {"owner": owner}))  # noqa: S307  the text is made in capture.py
    except KeyError:
        return False


def decided(phase: Any, questions: Callable[[], bool]) -> bool:
    """The answer to questions that are asked before a run: counters will have counted when it asks them."""
    phase.before = 1
    try:
        return bool(questions())
    finally:
        phase.before = 0


# ── the short way: one generated function from the arguments to the result ──

MISS: Any = object()  # what it answers if the call needs the long way


def short_way(entry: Entry, lock: Any) -> Callable[[tuple[Any, ...]], Any] | None:
    """A function of the positional arguments for the commonest form of a call: tensors and arrays in, one tensor or none out.

    It asks the same questions as the long way, in a quarter of the time: 1.5 us for two arguments.
    """
    returned = entry.returned
    single = len(returned.parts) == 1 and returned.tensors == [True] and returned.whole
    nothing = not returned.parts and returned.whole
    if entry.pullback is not None or entry.given or entry.handed or entry.overwritten or not (single or nothing) or entry.arguments is None:
        return None
    namespace = dict(entry.guards.namespace)
    namespace |= {"Tensor": Tensor, "ndarray": np.ndarray, "new": Tensor.__new__, "MISS": MISS, "replay": entry.replay.run, "lock": lock,
                  "recording": recording, "tracing": tracing, "writes": writes, "pages": entry.pages, "site": entry.site,
                  "asarray": np.asarray}  # fmt: skip
    count = len(entry.arguments)
    tests, arrays = [f"len(args) != {count}", "tracing.active", f"recording() is not {entry.recorded}"], []
    lines = [f"({', '.join(f'a{i}' for i in range(count))},) = args"] if count else []
    for i, argument in enumerate(entry.arguments):
        tensor = isinstance(argument, Tensor)
        array = argument._array if tensor else argument
        namespace |= {f"h{i}": array.shape, f"d{i}": array.dtype, f"t{i}": array.strides}
        if tensor:
            lines.append(f"if type(a{i}) is not Tensor or a{i}._view is not None or a{i}._node is not None: return MISS")
        else:
            lines.append(f"if type(a{i}) is not ndarray: return MISS")
        lines.append(f"i{i} = a{i}._array" if tensor else f"i{i} = a{i}")
        lines.append(f"if i{i}.shape != h{i} or i{i}.dtype is not d{i} or i{i}.strides != t{i}: return MISS")
        arrays.append(f"i{i}")
    for i, (parameter, gradient) in enumerate(entry.gradients):
        namespace |= {f"p{i}": parameter, f"g{i}": gradient}
    body = ["try:", f"    if not ({entry.guards.text}): return MISS", "except (AttributeError, KeyError): return MISS"]
    body.append(f"out = replay({', '.join(arrays)})")
    if entry.pages:
        body.append("writes.record_all(pages, site)")
    body += [f"p{i}._grad = g{i}" for i in range(len(entry.gradients))]
    if single:
        body += ["tensor = new(Tensor)", "tensor._array = asarray(out[0])", "tensor._node = tensor._grad = tensor._view = None"]
        body.append("return tensor")
    inner = "\n        ".join(body)
    outer = "\n    ".join([f"if {' or '.join(tests)}: return MISS", *lines])
    exec(f"def call(args):\n    {outer}\n    with lock:\n        {inner}", namespace)  # noqa: S102  the text is made here
    return namespace["call"]  # type: ignore[no-any-return]
