"""How the C library hands memory out: freed blocks are kept for the next array in place of going back to the system.

NumPy asks ``malloc`` for every array. glibc gets each block above 128 kB to 32 MB (it adapts) from the system and returns it when it is
freed, so that every large intermediate result is paid for once more in page faults. Importing autograd therefore calls
``tune_allocator``: blocks below 256 MB come from the heap, of which up to 1 GB stays with the process when it is free.

Measured, one forward and backward pass of ``y = (tanh(y * y) + x) / 2``, three times over, on n floats (glibc 2.36, NumPy 2.4):

                                  n = 1e5     1e6      1e7     resident memory after n = 1e6 (before: 27 MB)
    as glibc has it               2.2 ms    28.4 ms   408 ms   44 MB
    tuned                         1.0 ms    14.3 ms   237 ms   87 MB, its peak in both cases

What it costs: the memory that a computation needed at its peak stays resident afterwards, up to 1 GB. A single array of 256 MB or more
still goes back to the system when it is freed; ``release_memory`` gives the rest back at once. A program that computes on small arrays
only stays as small as it was. Threads other than the first have heaps of at most 64 MB, and gain only below that. Huge pages, which NumPy
asks for above 4 MB (``NUMPY_MADVISE_HUGEPAGE``), are half of the cure for large blocks: sum(tanh(sin(x) * exp(-x²) + x)) and its gradient
on 1e7 floats take 373 ms without either, 222 with huge pages, 155 tuned with them and 166 tuned without.

Off with the environment variable ``AUTOGRAD_TUNE_ALLOCATOR=0``, undone by ``restore_allocator``. Settings that the user has made for glibc
(``MALLOC_MMAP_THRESHOLD_`` and its kin, ``GLIBC_TUNABLES``) are left alone, as is every C library but glibc.
"""
from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from typing import Any

__all__ = ["tune_allocator", "restore_allocator", "release_memory"]

SWITCH = "AUTOGRAD_TUNE_ALLOCATOR"
SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES")  # the user's own

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # mallopt's names for its parameters: <malloc.h>
OWN_MAPPING = 1 << 28  # from this size on, a block is the system's and goes back to it
OWN_MAPPING_ONCE = 1 << 25  # the largest that glibc took before 2.35
PAD = 1 << 26  # the heap grows by so much more than is asked for; untouched, it takes no memory
DEFAULT = 1 << 17  # what all three are in glibc


def tune_allocator(keep: int = 1 << 30) -> bool:
    """Keep freed memory for the next arrays, up to ``keep`` bytes of it; whether that was possible (it takes glibc)."""
    return _set(keep, PAD, OWN_MAPPING) or _set(keep, PAD, OWN_MAPPING_ONCE)


def restore_allocator() -> bool:
    """Back to glibc's own thresholds, and what is free goes back to the system; whether that was possible.

    One difference remains: glibc no longer raises its threshold by itself when large blocks are freed.
    """
    return _set(DEFAULT, DEFAULT, DEFAULT) and release_memory()


def release_memory() -> bool:
    """Give free memory back to the system now; whether that was possible. What is in use stays where it is."""
    libc = _glibc()
    if libc is None:
        return False
    libc.malloc_trim(ctypes.c_size_t(0))
    return True


def tune_unless_told_otherwise(environment: Mapping[str, str]) -> bool:
    """``tune_allocator``, as at import: unless it is switched off, or the user has settings of his own."""
    switched_off = environment.get(SWITCH, "1").lower() in ("0", "off", "false", "no")
    return not switched_off and not any(environment.get(name) for name in SETTINGS) and tune_allocator()


def _set(trim: int, pad: int, own: int) -> bool:
    libc = _glibc()
    return libc is not None and all([libc.mallopt(TRIM_THRESHOLD, trim), libc.mallopt(TOP_PAD, pad), libc.mallopt(MMAP_THRESHOLD, own)])


def _glibc() -> Any:
    """The C library, if it is glibc; else None."""
    try:
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            return None
        libc = ctypes.CDLL(None)
        _ = libc.mallopt, libc.malloc_trim
    except (AttributeError, ValueError, OSError):  # no confstr, no such name for it, no such functions
        return None
    else:
        return libc
