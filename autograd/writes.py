"""The ledger of in-place writes: which buffer was last written, when, and on which line.

A node and a write take their numbers from one counter. A saved array whose buffer was written after its node was made no
longer holds what the derivative needs. The key is the memory itself, so views, detached tensors and tensors that wrap the
same NumPy array share one entry; nothing is stored for tensors that nobody writes to.
"""
from __future__ import annotations

import itertools
import threading
import weakref
from typing import Any

import numpy as np

from autograd import tracing
from autograd.source import Site, here

ARRAYS: tuple[type[Any], ...] = (np.ndarray, tracing.TracedArray)
number = itertools.count(1)
_lock = threading.Lock()  # of the clock: a write noted late must not turn it back
last = 0  # number of the latest write anywhere: a node younger than this needs no check
_ledger: dict[int, list[Any]] = {}  # by id of the owner: [number of the latest write, its line, weak reference to the owner]


def owner(array: Any) -> Any:
    """The array that owns the memory of this one."""
    while isinstance(array.base, ARRAYS):
        array = array.base
    return array


def entry(array: Any) -> list[Any]:
    """The page of the ledger for the memory of this array."""
    array = owner(array)
    key = id(array)
    found = _ledger.get(key)
    if found is None:
        found = _ledger.setdefault(key, [0, None, weakref.ref(array, lambda _: _ledger.pop(key, None))])
    return found


def record(*arrays: Any) -> None:
    """Note that the memory of these arrays is being written, on the user's line that runs now."""
    record_all([entry(array) for array in arrays], here())


def record_all(pages: list[list[Any]], site: Site) -> None:
    """Note that the memory of these pages has just been written, by one piece of code."""
    global last  # noqa: PLW0603  one clock for the process
    with _lock:
        last = next(number)
        for page in pages:
            page[0], page[1] = last, site


def after(time: int, array: Any) -> Site | None:
    """The line that wrote to this array's memory after the given time, if one did."""
    page = _ledger.get(id(owner(array)))
    return page[1] if page and page[0] > time else None


def since(time: int) -> list[Any]:
    """The arrays whose memory was written after the given time."""
    return [array for when, _, reference in list(_ledger.values()) if when > time and (array := reference()) is not None]
