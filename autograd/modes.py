"""Switches that hold for a block of code. Context variables: each thread and each asyncio task has its own."""
from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_inference: ContextVar[bool] = ContextVar("inference", default=False)

recording, set_recording = _recording.get, _recording.set  # asked by every op: bound once


def is_grad_enabled() -> bool:
    """Whether ops on tensors that require a gradient are recorded here and now."""
    return _recording.get()


def is_inference_mode_enabled() -> bool:
    """Whether this code runs inside ``inference_mode``."""
    return _inference.get()


class _Switch:
    """A context manager and decorator that sets context variables for a block. Re-entrant."""

    _settings: tuple[tuple[ContextVar[bool], bool], ...]

    def __init__(self) -> None:
        self._before: list[list[bool]] = []

    def __enter__(self) -> None:
        self._before.append([variable.get() for variable, _ in self._settings])
        for variable, value in self._settings:
            variable.set(value)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for (variable, _), value in zip(self._settings, self._before.pop(), strict=True):
            variable.set(value)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        settings = self._settings

        @functools.wraps(function)
        def switched(*args: P.args, **kwargs: P.kwargs) -> R:
            tokens = [(variable, variable.set(value)) for variable, value in settings]
            try:
                return function(*args, **kwargs)
            finally:
                for variable, token in tokens:
                    variable.reset(token)

        return switched


class no_grad(_Switch):
    """Record nothing: results do not require a gradient. ``with no_grad():`` or ``@no_grad()`` (the parentheses may be left out)."""

    _settings = ((_recording, False),)

    def __new__(cls, function: Callable[..., Any] | None = None) -> Self:
        return super().__new__(cls) if function is None else cast("Self", cls()(function))


class enable_grad(no_grad):
    """Record again inside a ``no_grad`` block."""

    _settings = ((_recording, True),)


class inference_mode(_Switch):
    """``no_grad`` for code that only predicts. ``inference_mode(False)`` leaves the surrounding mode as it is."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self._settings = ((_recording, False), (_inference, True)) if mode else ()


class set_grad_enabled(_Switch):
    """Recording on or off: at once, as a function, and undone at the end of the block when used with ``with``."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self._settings = ((_recording, bool(mode)),)
        self._outside = _recording.get()
        _recording.set(bool(mode))

    def __enter__(self) -> None:
        _recording.set(self._outside)  # what the end of the block goes back to
        super().__enter__()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        _recording.set(self._outside)  # as a decorator it only concerns the function
        return super().__call__(function)


def _numpys_switch() -> tuple[ContextVar[Any], Any]:
    """The context variable that ``np.errstate`` sets, and what it sets it to in order to ignore everything."""
    inside, outside = copy_context(), copy_context()
    inside.run(np.seterr, all="ignore")
    ((variable, ignore),) = [(variable, value) for variable, value in inside.items() if outside.get(variable) is not value]
    return variable, ignore


_warnings, SILENT = _numpys_switch()
silence, restore = _warnings.set, _warnings.reset  # token = silence(SILENT); restore(token): for code that cannot have a block


class silent:
    """``np.errstate(all="ignore")`` in a third of its time, which is 1 us: as much as three additions."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = silence(SILENT)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        restore(self._token)
