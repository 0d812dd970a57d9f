"""Long formulas over large arrays, piece by piece, so that what lies between two steps stays in the second-level cache."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.tracing import TracedArray

BLOCK = 1 << 15  # elements of 128 kB: smaller, and the calls cost more than they save; larger, and a few of them leave a cache of 1 MB
ALIGNMENT = 64  # bytes: a cache line, and the widest vector register
SMALL = 1 << 14  # bytes: making a smaller array takes longer than working on it


def empty(shape, dtype):
    """An array without gaps whose memory begins at a multiple of 64 bytes, if it is large; its values are what happens to be there.

    NumPy's own arrays begin 16 bytes behind one. There every read of a vector register touches two cache lines, and a product of two
    arrays takes 0.26 ns per float instead of 0.13, a difference to a column 0.44 instead of 0.32.
    """
    size = (shape if isinstance(shape, int) else math.prod(shape)) * np.dtype(dtype).itemsize
    if size < SMALL:
        return np.empty(shape, dtype)
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.__array_interface__["data"][0] % ALIGNMENT
    return raw[start : start + size].view(dtype).reshape(shape)


def empty_like(x, shape=None):
    """The same for an array of x's dtype and, unless another of as many dims is given, shape: its dims in memory in the order of x's."""
    shape = x.shape if shape is None else shape
    if x.flags.c_contiguous:
        return empty(shape, x.dtype)
    order = sorted(range(x.ndim), key=x.strides.__getitem__, reverse=True)
    return empty([shape[d] for d in order], x.dtype).transpose(sorted(range(x.ndim), key=order.__getitem__))


def in_blocks(function, *arrays, out=None, between=0):
    """function(out, *between, *arrays) on pieces of flat arrays of one shape: it fills the first with an elementwise function of the last.

    out, if given, is an array without gaps; else it is a new one, its dims in memory in the order of those of the first array, as NumPy's
    functions have it. It is returned. between: how many arrays of the size of a piece the function wants for what lies between its steps.

    In a capture the function is called once, with None for all arrays that it fills, so that NumPy makes them, and returns its result:
    the compiled program has blocks of its own.
    """
    if isinstance(arrays[0], TracedArray):
        return function(None, *[None] * between, *arrays)
    y = empty_like(arrays[0]) if out is None else out
    order: Any = "K"  # where all lie in memory alike, there is nothing to copy
    if not all(array.strides == y.strides for array in arrays):
        order, y = "C", y if y.flags.c_contiguous else empty(y.shape, y.dtype)
    flat = [array.ravel(order) for array in (y, *arrays)]
    scratch = [empty(min(BLOCK, y.size), y.dtype) for _ in range(between)]
    for start in range(0, y.size, BLOCK):
        filled, *read = [array[start : start + BLOCK] for array in flat]
        function(filled, *[array[: filled.size] for array in scratch], *read)
    if out is not None and y is not out:
        out[...] = y
    return y if out is None else out


def row_blocks(rows, width):
    """Slices of so many rows of this width that each holds about a block's elements."""
    step = max(1, BLOCK // max(width, 1))
    return [slice(start, start + step) for start in range(0, rows, step)]


def matrix_blocks(shape):
    """Indices of pieces of an array of matrices (..., n, m), of about a block's elements each, along its leading dims."""
    lead, size = shape[:-2], math.prod(shape[-2:])
    depth = len(lead)
    while depth and size * lead[depth - 1] <= BLOCK:  # these dims go whole
        depth -= 1
        size *= lead[depth]
    if not depth:
        return [()]
    step = max(1, BLOCK // max(size, 1))
    pieces = [slice(start, start + step) for start in range(0, lead[depth - 1], step)]
    return [(*outer, piece) for outer in np.ndindex(lead[: depth - 1]) for piece in pieces]
