"""Long formulas over large arrays, piece by piece, so that what lies between two steps stays in the second-level cache."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

BLOCK = 1 << 15  # elements of 128 kB: smaller, and the calls cost more than they save; larger, and a few of them leave a cache of 1 MB


def in_blocks(function, *arrays, out=None):
    """function(out, *arrays) on pieces of flat arrays of one shape: it fills the first with an elementwise function of the others.

    out, if given, is an array without gaps; else it is a new one, its dims in memory in the order of those of the first array, as NumPy's
    functions have it. It is returned.
    """
    y = np.empty_like(arrays[0]) if out is None else out
    order: Any = "K"  # where all lie in memory alike, there is nothing to copy
    if not all(array.strides == y.strides for array in arrays):
        order, y = "C", y if y.flags.c_contiguous else np.empty(y.shape, y.dtype)
    flat = [array.ravel(order) for array in (y, *arrays)]
    for start in range(0, y.size, BLOCK):
        function(*[array[start : start + BLOCK] for array in flat])
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
