"""What goes wrong, and how it is said: what is required; what was given; what to do; and the user's line."""
from __future__ import annotations

import numpy as np

from autograd.source import Site, here


class AutogradError(Exception):
    """Base of every error raised on purpose by this library. Each is also the built-in error that callers expect."""


class ShapeError(AutogradError, ValueError):
    """Shapes, sizes or dims that do not fit."""


class DtypeError(AutogradError, TypeError):
    """A wrong type or dtype."""


class ArgumentError(AutogradError, ValueError):
    """A value out of the allowed range, or arguments that contradict each other."""


class DimError(AutogradError, IndexError):
    """A dim or an index that the tensor does not have."""


class GraphError(AutogradError, RuntimeError):
    """The recorded graph cannot do what was asked: freed, overwritten, detached, or never recorded."""


class LinAlgError(AutogradError, np.linalg.LinAlgError, RuntimeError):
    """A matrix that has not what an operation needs: an inverse, a positive-definite form, an iteration that converges."""


class CaptureError(AutogradError, RuntimeError):
    """A function that ``compile`` cannot turn into a fixed program: what it does depends on values, or outlives it."""


def message(name: str, required: str, given: str = "", remedy: str = "", site: Site | None = None) -> str:
    """One text for every error: ``name: required; given; remedy`` and the line it happened on."""
    text = f"{name}: " + "; ".join(part for part in (required, given and f"got {given}", remedy) if part)
    return f"{text}\n  at {site or here()}"
