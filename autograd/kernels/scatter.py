"""Reading by index, and its adjoint: adding values up at positions that may repeat."""
from __future__ import annotations

import math

import numpy as np


def add_at(shape, index, values):
    """Zeros of the given shape, with values added at index, which may repeat positions. Deterministic.

    ``np.add.at`` has a fast path for one flat index into one flat array (4 ns per element) and is slow for anything else. Wide rows
    go fastest one round at a time (see ``add_rows_by_rounds``). Measured in us, rows of values -> rows of the result:

                             np.add.at   bincount   sort + reduceat   flat np.add.at   rounds
        96 x 10 -> 27               23         26                29               12      173
        768 x 128 -> 65           1965       1547               398              577      421
        16384 x 128 -> 50257     27084      23994             27903            10296     6511
        100000 x 64 -> 10000     83185      38489             84884            25112    19384
        100000 -> 10000           1276        231              8243              190    10798
    """
    y = np.zeros(shape, values.dtype)
    rows, lead = row_index(index, shape)
    if rows is None:
        positions = np.arange(y.size).reshape(shape)[index].reshape(-1)
    else:
        count, width = math.prod(shape[:lead]), math.prod(shape[lead:])
        if width >= 64 and rows.size >= 4096:
            rows = rows % count
            counts = np.bincount(rows, minlength=count)
            if counts.max() < values.size // 5000:  # a round costs about 10 us before it moves anything
                add_rows_by_rounds(y.reshape(count, width), rows, counts, values.reshape(rows.size, width))
                return y
        positions = (rows[:, None] * width + np.arange(width)).reshape(-1)  # negative rows count from the end here too
    np.add.at(y.reshape(-1), positions, values.reshape(-1))
    return y


def read_at(x, index):
    """x[index] for an index with arrays in it.

    Rows go faster by ``take``: 96 of 10 numbers in 2 us instead of 9, 768 of 128 in 27 instead of 45.
    """
    rows = len(index) == 1 and isinstance(index[0], np.ndarray) and index[0].dtype.kind == "i"
    return x.take(index[0], 0) if rows else x[index]


def row_index(index, shape):
    """(rows, lead) of an index that is arrays of integers for the first dims, lead of them, and takes the rest whole: which rows, flat.

    (None, 0) for any other index.
    """
    lead = 0
    while lead < len(index) and isinstance(index[lead], np.ndarray) and index[lead].dtype.kind in "iu":
        lead += 1
    if not lead or any(part is not Ellipsis and (not isinstance(part, slice) or part != slice(None)) for part in index[lead:]):
        return None, 0
    rows = index[0] if lead == 1 else index[0] % shape[0]
    for part, n in zip(index[1:lead], shape[1:lead], strict=True):
        rows = rows * n + part % n
    return rows.reshape(-1), lead


def add_rows_by_rounds(y, rows, counts, values):
    """Add values to rows of y: of the values that share a row, the k-th goes in round k, for all rows in one dense block."""
    order = np.argsort(rows, kind="stable")
    first = np.cumsum(counts) - counts  # where the values of a row begin in that order
    busiest = np.argsort(-counts, kind="stable")  # rows with the most values first, so that a round takes the first few
    left = -counts[busiest]
    used = busiest[: np.searchsorted(left, 0)]
    first = first[used]
    total = values[order[first]]
    for k in range(1, int(counts.max())):
        going = np.searchsorted(left, -k)  # rows with more than k values
        total[:going] += values[order[first[:going] + k]]
    y[used] = total
