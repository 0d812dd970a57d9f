"""Where in a model an exception was raised: a note that it carries out."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor

if TYPE_CHECKING:
    from nn.module import Module


class Place(str):
    """The note an exception carries out of a model: which module raised it, and the way there."""

    __slots__ = ("inner", "outer", "path")

    inner: str
    outer: Module
    path: str


def note(error: Exception, module: Module, args: tuple[Any, ...]) -> None:
    """Tell an exception on its way out which module it comes from: one note, rewritten by each module it passes."""
    notes = getattr(error, "__notes__", ())
    number = next((i for i, carried in enumerate(notes) if isinstance(carried, Place)), None)
    last = None if number is None else notes[number]
    if last is None:
        given = ", ".join(f"{tuple(arg.shape)} {arg.dtype}" if isinstance(arg, Tensor | np.ndarray) else type(arg).__name__ for arg in args)
        inner, path = f"{_one_line(module)}, called with {given or 'nothing'}", ""
    else:
        inner = last.inner
        found = next((name for name, part in module.named_modules() if part is last.outer), "?") if "_modules" in module.__dict__ else "?"
        path = ".".join(part for part in (found, last.path) if part)
    place = Place(f"in {type(module).__name__}.{path}: {inner}" if path else f"in {inner}")
    place.inner, place.outer, place.path = inner, module, path
    if number is None:
        error.add_note(place)
    else:
        error.__notes__[number] = place


def _one_line(module: Module) -> str:
    try:
        return f"{type(module).__name__}({' '.join(module.extra_repr().split())})"
    except Exception:  # noqa: BLE001  a half-built module must not hide the error that is being reported
        return type(module).__name__
