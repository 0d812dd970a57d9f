"""The ledger of in-place writes: which buffer was last written, when, and on which line.

A node and a write take their numbers from one counter. A saved array whose buffer was written after its node was made no
longer holds what the derivative needs. The key is the memory itself, so views, detached tensors and tensors that wrap the
same NumPy array share one entry; nothing is stored for tensors that nobody writes to.
"""
from __future__ import annotations

import itertools
import weakref
from typing import Any

import numpy as np

from autograd.source import Site, here

number = itertools.count(1)
last = 0  # number of the latest write anywhere: a node younger than this needs no check
_ledger: dict[int, tuple[int, Site, Any]] = {}


def owner(array: Any) -> Any:
    """The array that owns the memory of this one."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def record(*arrays: Any) -> None:
    """Note that the memory of these arrays is being written, on the user's line that runs now."""
    global last
    last, site = next(number), here()
    for array in arrays:
        array = owner(array)
        key = id(array)
        entry = _ledger.get(key)
        reference = entry[2] if entry else weakref.ref(array, lambda _, key=key: _ledger.pop(key, None))  # type: ignore[misc]
        _ledger[key] = last, site, reference


def after(time: int, array: Any) -> Site | None:
    """The line that wrote to this array's memory after the given time, if one did."""
    entry = _ledger.get(id(owner(array)))
    return entry[1] if entry and entry[0] > time else None


def since(time: int) -> list[Any]:
    """The arrays whose memory was written after the given time."""
    return [array for when, _, reference in list(_ledger.values()) if when > time and (array := reference()) is not None]
