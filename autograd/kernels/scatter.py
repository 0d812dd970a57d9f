"""Reading by index, and its adjoint: adding values up at positions that may repeat."""
from __future__ import annotations

import functools
import math
import weakref

import numpy as np

from autograd import writes
from autograd.errors import DimError, message

LARGE, WIDE = 1 << 16, 8  # from so many values, in rows of so many, a plan is worth making
FEW, SMALL = 128, 1 << 15  # up to so many rows of the result, and so many times the rows of values, a product of matrices is fastest


def add_at(shape, index, values):
    """Zeros of the given shape, with values added at index, which may repeat positions. Deterministic, and +0 where nothing is added.

    ``np.add.at`` has a fast path for one flat index into one flat array (2 ns per element) and is slow for anything else. Wide rows
    go fastest a group of rows at a time (see ``Plan``), a few as a product with a matrix of zeros and ones. Measured in us, rows of values
    -> rows of the result:

                             np.add.at   flat np.add.at   bincount   product   making a plan   following it
        96 x 10 -> 27               23                7         26         5               45             12
        256 x 32 -> 65                               21                   13               58             18
        768 x 128 -> 65           1965              207       1547        90              110             50
        16384 x 128 -> 50257     27084             7196      23994                       1350           2400
        100000 x 64 -> 10000     83185            25112      38489                       2200           2400
        100000 x 8 -> 10000                        2515                                  1900            390
        100000 -> 10000           1276             1169        231
    """
    rows, lead = row_index(index, shape)
    if rows is None:
        y = np.zeros(shape, values.dtype)
        np.add.at(y.reshape(-1), np.arange(y.size).reshape(shape)[index].reshape(-1), values.reshape(-1))
        return y
    count, width, real = math.prod(shape[:lead]), math.prod(shape[lead:]), values.dtype in (np.float32, np.float64)
    if real and width >= WIDE and rows.size * width >= LARGE:
        return planned(rows, count, width).add(values.reshape(rows.size, width)).reshape(shape)
    if real and count <= FEW and 0 < rows.size * count <= SMALL:
        y = np.dot(identity(count, values.dtype).take(rows, 0).T, values.reshape(rows.size, width))
        if math.isfinite(np.dot(y[0], y[0])):  # else an infinity may have met a zero, which spoils a column in every row
            return y.reshape(shape)
    if width == 1 and real and count <= 4 * rows.size:
        return np.bincount(counted(rows, count), values.reshape(-1), count).astype(values.dtype, copy=False).reshape(shape)
    y = np.zeros(shape, values.dtype)
    positions = (rows[:, None] * width + np.arange(width)).reshape(-1)  # negative rows count from the end here too
    np.add.at(y.reshape(-1), positions, values.reshape(-1))
    return y


def read_at(x, index):
    """x[index] for an index with arrays in it.

    Rows go faster by ``take``: 96 of 10 numbers in 1 us instead of 2, 768 of 128 in 14 instead of 19.
    """
    rows = len(index) == 1 and isinstance(index[0], np.ndarray) and index[0].dtype.kind == "i"
    return x.take(index[0], 0) if rows else x[index]


def add_read_at(shape, index, x, source):
    """Zeros of the given shape, with x[source] added at index: ``add_at(shape, index, read_at(x, source))``, for one array of rows each.

    What is read is added up while it is in the cache: 100,000 rows of 64 -> 10,000 in 2200 us, where one after the other takes 4500.
    """
    (rows,), (places,) = index, source
    width = math.prod(shape[1:])
    if x.dtype not in (np.float32, np.float64) or width < WIDE or rows.size * width < LARGE:
        return add_at(shape, index, read_at(x, source))
    plan = planned(rows.reshape(-1), shape[0], width, places.reshape(-1), len(x))
    return plan.add(x.reshape(len(x), width)).reshape(shape)


def row_index(index, shape):
    """(rows, lead) of an index that is arrays of integers for the first dims, lead of them, and takes the rest whole: which rows, flat.

    (None, 0) for any other index.
    """
    if len(index) == 1 and isinstance(index[0], np.ndarray) and index[0].dtype.kind in "iu":  # by far the commonest
        return index[0].reshape(-1), 1
    lead = 0
    while lead < len(index) and isinstance(index[lead], np.ndarray) and index[lead].dtype.kind in "iu":
        lead += 1
    if not lead or any(part is not Ellipsis and (not isinstance(part, slice) or part != slice(None)) for part in index[lead:]):
        return None, 0
    rows = index[0] if lead == 1 else index[0] % shape[0]
    for part, n in zip(index[1:lead], shape[1:lead], strict=True):
        rows = rows * n + part % n
    return rows.reshape(-1), lead


def check_rows(name, rows, count):
    """Raise unless all of these rows are among so many; negative ones count from the end."""
    if rows.size and not (-count <= int(rows.min()) and int(rows.max()) < count):
        wrong = rows[(rows < -count) | (rows >= count)]
        raise DimError(message(
            name, f"indices from {-count} to {count - 1} are required",
            f"{wrong[0]}" + (f" and {wrong.size - 1} more" if wrong.size > 1 else ""),
        ))  # fmt: skip


def counted(rows, count):
    """Rows that count from the start, each checked to be among so many."""
    check_rows("index", rows, count)
    return rows.astype(np.intp) % count


@functools.lru_cache(16)
def identity(count, dtype):
    """The identity matrix: its rows, taken by an index, say which value goes where."""
    return np.eye(count, dtype=dtype)


class Plan:
    """Which values go to which row, sorted once: rows of values (m, width) are added up into (count, width).

    Rows of the result with equally many values stand side by side, those with the most first. For a group of them, as many as fill a part
    of the cache, the first value of each is gathered, then the second of each and so on, and a product with ones adds them up.

    rows, source  row source[i] of the values is added to row rows[i] of the result; without source, row i
    """

    __slots__ = ("groups", "longest", "place", "rows", "source", "used")

    BLOCK = 1 << 16  # elements that are gathered at once: a quarter of a megabyte of floats

    def __init__(self, rows, count, width, source=None, size=0):
        self.rows, self.source = rows.copy(), None if source is None else source.copy()
        rows = counted(rows, count)
        counts = np.bincount(rows, minlength=count)
        short = count <= 1 << 16  # 16 bits are sorted in a quarter of the time
        order = np.argsort(rows.astype(np.uint16) if short else rows, kind="stable")
        members = order if source is None else counted(source, size)[order]
        busiest = np.argsort(-counts, kind="stable")
        first = (np.cumsum(counts) - counts)[busiest]  # where the values of a row begin among the members
        fewer = -counts[busiest]
        self.used = int(np.searchsorted(fewer, 0))
        self.place = np.full(count, self.used)  # where each row is found among the sums; the last is zero
        self.place[busiest[: self.used]] = np.arange(self.used)
        self.groups, self.longest, start = [], 0, 0  # (rows of the sums, the members that are gathered at once), the longest of these
        most = max(1, self.BLOCK // width)
        while start < self.used:
            each = -int(fewer[start])
            stop = min(int(np.searchsorted(fewer, -each, side="right")), start + max(1, most // each))
            layers = first[start:stop] + np.arange(each)[:, None]
            depth = max(1, most // (stop - start))
            parts = [members[layers[k : k + depth].reshape(-1)] for k in range(0, each, depth)]
            self.groups.append((slice(start, stop), parts))
            self.longest = max(self.longest, len(parts[0]))
            start = stop

    def fits(self, rows, source):
        """Whether it is the plan for these numbers: 33 us for each 100,000."""
        return np.array_equal(self.rows, rows) and (self.source is None or np.array_equal(self.source, source))

    def add(self, values):
        """The sums, row by row. One thread gathers: beside it BLAS keeps its own busy."""
        values = np.ascontiguousarray(values)
        total = np.empty((self.used + 1, values.shape[1]), values.dtype)
        total[-1] = 0
        buffer = np.empty((self.longest, values.shape[1]), values.dtype)
        ones = np.ones(self.longest, values.dtype)
        for sums, parts in self.groups:
            y = total[sums].reshape(-1)
            for i, members in enumerate(parts):
                # with the default mode, NumPy would copy out first
                gathered = values.take(members, 0, out=buffer[: len(members)], mode="clip").reshape(-1, y.size)
                if i == 0:
                    np.dot(ones[: len(gathered)], gathered, out=y)
                else:
                    y += np.dot(ones[: len(gathered)], gathered)
        return total.take(self.place, 0, mode="clip")


KEPT = 16  # plans: each is two or three times as large as its index
plans: dict[tuple[int, ...], tuple[Plan, list[weakref.ref[np.ndarray]]]] = {}  # and what they are plans for; those used last come last


def planned(rows, count, width, source=None, size=0):
    """The plan for these arrays: the one made before for them, if they still hold the same numbers, which is looked at each time.

    It goes when one of them does, or when many others have been used since: the edges of a graph stay, a batch of tokens does not.
    """
    arrays = [rows] if source is None else [rows, source]
    key = (*[array.__array_interface__["data"][0] for array in arrays], rows.size, count, width, size)
    kept = plans.pop(key, None)
    if kept is None or not kept[0].fits(rows, source):
        for old in list(plans)[: 1 - KEPT]:
            plans.pop(old, None)
        owners = [weakref.ref(writes.owner(array), lambda _: plans.pop(key, None)) for array in arrays]
        kept = Plan(rows, count, width, source, size), owners
    plans[key] = kept
    return kept[0]
