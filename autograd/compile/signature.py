"""What a program depends on of its arguments: as a key to find it by, and, where two keys differ, in words."""
from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tensor import Tensor

REMEDY = "pass numbers that change as tensors, and keep shapes fixed"


def signature(value: Any, arrays: list[Any]) -> Any:
    """What a program depends on of an argument: its structure, shapes, dtypes; tensors and arrays are collected on the way."""
    kind = type(value)
    if isinstance(value, Tensor):
        arrays.append(value)
        array, node = value._array, value.node
        if node is not None and node.watch is not None and node.watch.before:
            return array.shape, array.dtype, array.strides, tuple(node.watch.before.values())
        return array.shape, array.dtype, array.strides, node is not None
    if kind is np.ndarray:
        arrays.append(value)
        return value.shape, value.dtype, value.strides
    if isinstance(value, tuple | list):
        return kind, *[signature(part, arrays) for part in value]
    if kind is dict:
        return kind, *[(key, signature(part, arrays)) for key, part in value.items()]
    if kind is float or kind is int or kind is bool:
        return kind, value if value and value == value else repr(value)  # noqa: PLR0124  -0.0 is not 0.0, and NaN is itself
    try:
        hash(value)
    except TypeError:
        return kind, Identity(value)
    return kind, value


class Identity:
    """An object that is compared by being the same one."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.value is self.value

    def __repr__(self) -> str:
        return f"another {type(self.value).__name__}"


# ── in words ──


def difference(function: Callable[..., Any], before: Any, now: Any) -> str:
    """The first thing in which the signatures of two calls, (whether gradients are recorded, arguments, keywords), differ."""
    if before[0] is not now[0]:
        return "gradients are recorded now" if now[0] else "gradients are no longer recorded"
    positional, keywords = before[1] != now[1], before[2] != now[2]
    if positional and len(before[1]) == len(now[1]):
        parts = zip(names(function, len(now[1]) - 1), before[1][1:], now[1][1:], strict=True)
        return next(changed(*part) for part in parts if part[1] != part[2])
    if keywords and not positional and before[2] and now[2]:
        return changed("keywords", before[2], now[2])
    return "the arguments are others in number"


def names(function: Callable[..., Any], count: int) -> list[str]:
    """What the function calls its first arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # not every callable says
        parameters = {}.values()
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return [*named, *(f"argument {position}" for position in range(len(named) + 1, count + 1))]


def changed(name: str, before: Any, now: Any) -> str:
    """How a part with two signatures has changed: ``x: float32[4, 3] was float32[2, 3]``."""
    if before[0] is now[0] is dict and [key for key, _ in before[1:]] == [key for key, _ in now[1:]]:
        return next(changed(f"{name}[{key!r}]", a, b) for (key, a), (_, b) in zip(before[1:], now[1:], strict=True) if a != b)
    if before[0] is now[0] and nested(now[0]) and now[0] is not dict and len(before) == len(now):
        return next(changed(f"{name}[{i}]", a, b) for i, (a, b) in enumerate(zip(before[1:], now[1:], strict=True)) if a != b)
    old, new = described(before), described(now)
    if new != old:
        return f"{name}: {new} was {old}"
    return f"{name}: another {new}" if nested(now[0]) else f"{name}: {new} lies otherwise in memory, or has other hooks"


def nested(kind: Any) -> bool:
    """Whether this is the type of a container of arguments."""
    return isinstance(kind, type) and issubclass(kind, tuple | list | dict)


def described(part: Any) -> str:
    """The signature of an argument, short."""
    kind = part[0]
    if nested(kind):
        return f"{kind.__name__} of {len(part) - 1}"
    if isinstance(kind, type):
        return str(part[1]) if kind in (float, int, bool) else reprlib.repr(part[1])
    shape, dtype, _, *recorded = part
    text = f"{dtype}{list(shape)}"
    return f"{text} as a plain array" if not recorded else f"{text} with a gradient" if recorded[0] else text
