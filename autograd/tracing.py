"""The seam between the engine and capture: what the engine asks while a function is being captured (see compile/).

Outside a capture all of this is one look at ``active``, which counts the captures under way in this process. Inside, arrays are stood
for by ``TracedArray`` objects, which record what is done with them.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.compile.capture import Capture

active = 0
_current: ContextVar[Capture | None] = ContextVar("capture", default=None)
current = _current.get


class TracedArray:
    """Stands for an array while a function is captured: has a shape and a dtype, and no values to branch on."""

    __slots__ = ()


@contextmanager
def capturing(capture: Capture) -> Iterator[None]:
    """What runs in this block is recorded by the capture."""
    global active  # noqa: PLW0603  one figure for the process: a thread that captures nothing finds no capture of its own
    token = _current.set(capture)
    active += 1
    try:
        yield
    finally:
        active -= 1
        _current.reset(token)


@contextmanager
def untraced() -> Iterator[None]:
    """What runs in this block is done once, when the function is captured, and not in the replays: state that is made on first use."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def is_compiling() -> bool:
    """Whether this code is being captured by ``compile``."""
    return active > 0 and current() is not None


def dynamic(function: Callable[[], float]) -> Any:
    """A number that may change between calls of a compiled function: ``function()`` is asked anew in each.

    Outside a capture this is ``function()``. Inside, it is a number that takes part in arithmetic with numbers, tensors and arrays; a
    branch on it is taken as it falls during the capture, and where it would fall otherwise later, the function is captured anew.
    """
    capture = current() if active else None
    return function() if capture is None else capture.dynamic(function)


def count(array: Any) -> Any:
    """Add one to every element of an array that lives on between calls; the first, as a number: a ``dynamic`` one in a capture."""
    capture = current() if active else None
    array += 1
    return array.flat[0].item() if capture is None else capture.counted(array)


def first(array: Any) -> Any:
    """The first element of an array that lives on between calls, as a number: a ``dynamic`` one in a capture."""
    capture = current() if active else None
    return array.flat[0].item() if capture is None else capture.first(array)


def once() -> None:
    """What is done now is not done again: in a capture, the next call captures anew."""
    if (capture := current() if active else None) is not None:
        capture.passing = True


def options(group: dict[str, Any]) -> dict[str, Any]:
    """A dict of numbers and choices that may change between calls: in a capture, the numbers are ``dynamic``, and the choices watched."""
    capture = current() if active else None
    return group if capture is None else capture.options(group)


def joined(tensors: Sequence[Any]) -> Any:
    """Tensors that live on between calls as one long vector, which they become parts of; None outside a capture, or if that cannot be."""
    capture = current() if active else None
    return None if capture is None else capture.joined(tensors)


def gradient(tensors: Sequence[Any]) -> Any:
    """In a capture, the gradients of tensors as one long vector, of which those that were made inside become parts."""
    capture = current()
    assert capture is not None
    return capture.gradient(tensors)


def draw(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)``, an array of random numbers: drawn anew in each replay."""
    capture = current() if active else None
    return function(*args, **kwargs) if capture is None else capture.call(function, args, kwargs, kind="draw")


def enter(*values: Any) -> None:
    """Make the tensors among nested arguments, which an operation is about to read or write, part of the program."""
    if (capture := current()) is not None:
        capture.enter(values)


def hold(tensor: Any) -> None:
    """Note that this tensor shows a traced array: it gets a real one when the capture ends."""
    array = tensor._array
    if isinstance(array, TracedArray):
        array.hold(tensor)  # type: ignore[attr-defined]
    else:
        fresh(tensor)


def constant(array: Any) -> Any:
    """An array that the engine makes out of nothing: in a capture, a constant of the program."""
    capture = current() if active else None
    return array if capture is None else capture.constant(array)


def shown(array: Any) -> Any:
    """The array as whoever asks may see it: traced in a capture, real for other threads and where nothing is traced."""
    return array if current() is not None or not isinstance(array, TracedArray) else array.known("its values")  # type: ignore[attr-defined]


def fresh(tensor: Any) -> Any:
    """A tensor that was just made out of nothing: a constant of the program."""
    if (capture := current()) is not None and not isinstance(tensor._array, TracedArray):
        tensor._array = capture.constant(tensor._array)
        tensor._array.hold(tensor)
    return tensor


def opaque(function: Callable[..., Any], args: Iterable[Any], params: Mapping[str, Any], name: str, error: Exception) -> Any:
    """The result of a function that cannot be traced, recorded as a single call; raises the error if it is not for that it failed."""
    if (capture := current()) is None:
        raise error
    return capture.opaque(function, args, params, name, error)


def single(function: Callable[..., Any], *args: Any) -> Any:
    """``function(*args)``, an array: a single call of the program, whatever happens in it."""
    capture = current() if active else None
    return function(*args) if capture is None else capture.call(function, args, {}, kind="opaque")


def ask(rule: Callable[..., Any], name: str, args: Iterable[Any], params: Mapping[str, Any]) -> Any:
    """What a derivative rule answers: recorded as what it does, or as a single call."""
    capture = current() if active else None
    if capture is None:
        return rule(*args, **params)
    return capture.attempt(rule, args, params, name)


def check(function: Callable[..., None], *args: Any) -> None:
    """``function(*args)``, which raises if values are not as they must be: asked again in each replay."""
    capture = current() if active else None
    if capture is None:
        function(*args)
    else:
        capture.check(function, args)


def settle(term: Any, g: Any) -> Any:
    """``zero_where_masked`` on traced arrays: an instruction of its own, which looks at the values in each replay."""
    capture = current()
    assert capture is not None
    return capture.settle(term, g)


def own(owner: Any, attribute: str) -> None:
    """Note that the function sets this attribute itself: its value before does not matter any more."""
    if (capture := current() if active else None) is not None:
        capture.guards.setdefault((id(owner), attribute), None)


def leaf(tensor: Any) -> None:
    """Note a leaf that the function makes: it has no gradient from before."""
    capture = current() if active else None
    if capture is not None and isinstance(tensor._array, TracedArray) and (id(tensor), "_array") not in capture.guards:  # not from outside
        own(tensor, "_grad")


def watch(question: Callable[[], bool]) -> None:
    """Note a question that is answered with yes now; where it is not before a later call, the function is captured anew."""
    if (capture := current() if active else None) is not None:
        capture.decide(question, True)


def length(owner: Any) -> None:
    """Note how long something is now: where it is longer or shorter later, the function is captured anew."""
    if (capture := current() if active else None) is not None:
        capture.length(owner)


def guard(owner: Any, attribute: str) -> None:
    """Note an attribute that the program depends on: where it changes, the function is captured anew."""
    if (capture := current()) is not None:
        capture.guard(owner, attribute, getattr(owner, attribute))


def assign(tensor: Any) -> None:
    """Note that ``.grad`` of this tensor is being set."""
    if (capture := current()) is not None:
        capture.assign(tensor)
