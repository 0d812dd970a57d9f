"""Long formulas over large arrays, piece by piece, so that what lies between two steps stays in the second-level cache."""
from __future__ import annotations

import math

import numpy as np

BLOCK = 1 << 15  # elements of 128 kB: smaller, and the calls cost more than they save; larger, and a few of them leave a cache of 1 MB


def in_blocks(function, *arrays, out=None):
    """function(out, *arrays) on pieces of flat arrays of one shape: it fills the first with an elementwise function of the others.

    out, if given, is an array without gaps; else it is a new one like the first of the arrays. It is returned.
    """
    out = np.empty(arrays[0].shape, arrays[0].dtype) if out is None else out
    flat = [array.reshape(-1) for array in (out, *arrays)]  # copies what has gaps
    for start in range(0, out.size, BLOCK):
        function(*[array[start : start + BLOCK] for array in flat])
    return out


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
