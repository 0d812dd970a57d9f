"""Reading by index, and its adjoint: adding values up at positions that may repeat."""
from __future__ import annotations

import math
import weakref

import numpy as np

from autograd import writes

LARGE, WIDE = 1 << 16, 8  # from so many values, in rows of so many, a plan is worth making


def add_at(shape, index, values):
    """Zeros of the given shape, with values added at index, which may repeat positions. Deterministic.

    ``np.add.at`` has a fast path for one flat index into one flat array (2 ns per element) and is slow for anything else. Wide rows
    go fastest one round at a time (see ``Plan``). Measured in us, rows of values -> rows of the result:

                             np.add.at   flat np.add.at   bincount   making a plan   following it
        96 x 10 -> 27               23                7         26              35             10
        768 x 128 -> 65           1965              207       1547              74             46
        16384 x 128 -> 50257     27084             7196      23994            1486           2406
        100000 x 64 -> 10000     83185            25112      38489            2259           3059
        100000 x 8 -> 10000                        2515                       2289            576
        100000 -> 10000           1276             1169        231
    """
    rows, lead = row_index(index, shape)
    if rows is None:
        y = np.zeros(shape, values.dtype)
        np.add.at(y.reshape(-1), np.arange(y.size).reshape(shape)[index].reshape(-1), values.reshape(-1))
        return y
    count, width = math.prod(shape[:lead]), math.prod(shape[lead:])
    if width >= WIDE and rows.size * width >= LARGE and values.dtype.kind == "f":
        return planned(rows, count).add(values.reshape(rows.size, width)).reshape(shape)
    if width == 1 and values.dtype in (np.float32, np.float64) and count <= 4 * rows.size:
        return np.bincount(rows % count, values.reshape(-1), count).astype(values.dtype, copy=False).reshape(shape)
    y = np.zeros(shape, values.dtype)
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


class Plan:
    """Which values go to which row, sorted once: rows of values (m, width) are added up into (count, width) in dense blocks.

    Of the values that share a row, the k-th goes in round k, for a block of rows at once. The rows with the most values come first, so
    that a round takes the first few of its block. A row with more than LONG values is added up by itself, as a product with ones.
    """

    __slots__ = ("blocks", "long", "place", "rows", "used")

    LONG, BLOCK = 64, 1024

    def __init__(self, rows, count):
        self.rows = rows.copy()
        rows = rows % count  # negative rows count from the end
        counts = np.bincount(rows, minlength=count)
        short = count <= 1 << 16  # 16 bits are sorted in a quarter of the time
        order = np.argsort(rows.astype(np.uint16) if short else rows, kind="stable")
        busiest = np.argsort(-counts, kind="stable")
        first = (np.cumsum(counts) - counts)[busiest]  # where the values of a row begin in that order
        fewer = -counts[busiest]
        self.used = int(np.searchsorted(fewer, 0))
        many = int(np.searchsorted(fewer, -self.LONG))
        self.place = np.full(count, self.used)  # where each row is found among the sums; the last is zero
        self.place[busiest[: self.used]] = np.arange(self.used)
        self.long = [order[first[i] : first[i] - fewer[i]] for i in range(many)]
        self.blocks = []
        for start in range(many, self.used, self.BLOCK):
            block = slice(start, min(start + self.BLOCK, self.used))
            going = [np.searchsorted(fewer[block], -k) for k in range(-fewer[start])]  # rows with more than k values
            self.blocks.append((start, [order[first[block][:n] + k] for k, n in enumerate(going)]))

    def add(self, values):
        """The sums, row by row."""
        total = np.empty((self.used + 1, values.shape[1]), values.dtype)
        total[-1] = 0
        for i, members in enumerate(self.long):
            np.dot(np.ones(len(members), values.dtype), values.take(members, 0), out=total[i])
        buffer = np.empty((self.BLOCK, values.shape[1]), values.dtype)
        for start, (members, *rounds) in self.blocks:
            part = total[start : start + len(members)]
            values.take(members, 0, out=part, mode="clip")  # with the default mode, NumPy would copy out first
            for members in rounds:
                more = buffer[: len(members)]
                values.take(members, 0, out=more, mode="clip")
                part[: len(members)] += more
        return total.take(self.place, 0, mode="clip")


plans: dict[tuple[int, int, int], Plan] = {}


def planned(rows, count):
    """The plan for these rows: the one made before for the same array, if it still holds the same numbers, which is looked at each time.

    It goes when the array does: the edges of a graph stay, a batch of tokens does not.
    """
    owner = writes.owner(rows)
    key = id(owner), rows.size, count
    plan = plans.get(key)
    if plan is None or not np.array_equal(plan.rows, rows):  # 33 us for 100,000 rows
        if plan is None:
            weakref.finalize(owner, plans.pop, key, None)
        plans[key] = plan = Plan(rows, count)
    return plan
