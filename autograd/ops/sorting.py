"""Order: sorting, ranking, selecting by rank, searching. Indices come first; values are taken by them, and so is the gradient."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd import tracing
from autograd.errors import ArgumentError, ShapeError, message
from autograd.op import Array, Sample, derived, op
from autograd.ops.indexing import take_along_dim

__all__ = [
    "argsort", "sort", "msort", "topk", "kthvalue", "mode", "unique", "unique_consecutive", "searchsorted", "bucketize",
]  # fmt: skip

ROWS = (Sample((5,)), Sample((3, 4), dim=0), Sample((3, 4, 2), dim=-2, descending=True))


class ValuesIndices(NamedTuple):
    """Elements of a tensor, and where along the dim they lie."""

    values: Array
    indices: Array


def plain(x):
    """The array behind a tensor."""
    if tracing.active:
        tracing.enter(x)
    return getattr(x, "_array", x)


def picked(x, indices, dim):
    """The elements of x at indices along dim."""
    return take_along_dim(x, indices, dim) if x.ndim else x.reshape(())


def selected(x, indices, dim, keepdim):
    """The elements of x at indices, which has length 1 along dim, beside the indices."""
    values = picked(x, indices, dim)
    if keepdim or not x.ndim:
        return ValuesIndices(values, indices)
    shape = tuple(n for d, n in enumerate(x.shape) if d != dim % x.ndim)
    return ValuesIndices(values.reshape(shape), indices.reshape(shape))


def along(ndim, dim, start=None, stop=None, step=None):
    """The index that takes a slice along dim."""
    return (slice(None),) * (dim % ndim) + (slice(start, stop, step),)


def row_index(index, ndim, dim):
    """The positions of one dim, shaped to run along it."""
    return index.reshape(tuple(-1 if d == dim % ndim else 1 for d in range(ndim)))


# ── sorting ──


def order(x, dim, descending, stable):
    if not x.ndim:
        return np.zeros((), np.int64)
    kind: Any = "stable" if stable else None
    if not descending:
        return np.argsort(x, axis=dim, kind=kind)
    # Sorted from the far end and read backwards: the order of equals is reversed twice.
    return np.flip(x.shape[dim] - 1 - np.argsort(np.flip(x, dim), axis=dim, kind=kind), dim)


@op(samples=ROWS)
def argsort(x: Array, dim=-1, descending=False, *, stable=False):
    """Indices that sort x along dim; NaN counts as larger than any number. With stable, equal elements keep their order."""
    return order(x, dim, descending, stable)


@derived(samples=ROWS)
def sort(x: Array, dim=-1, descending=False, *, stable=False):
    """(values, indices) of x sorted along dim; NaN counts as larger than any number."""
    indices = argsort(x, dim, descending, stable=stable)
    return ValuesIndices(picked(x, indices, dim), indices)


@derived(samples=[Sample((4, 3))])
def msort(x: Array):
    """x sorted along its first dim."""
    return sort(x, 0)[0]


# ── ranks ──


def check_rank(name, k, x, dim, lowest):
    n = x.shape[dim] if x.ndim else 1
    if not lowest <= k <= n:
        raise ArgumentError(message(name, f"k from {lowest} to {n} is required, the length of dim {dim}", f"k={k} for {x.shape}"))


@op(samples=[Sample((5,), 2), Sample((3, 4), 3, dim=0, largest=False)])
def argtopk(x: Array, k, dim=-1, largest=True, sorted=True):
    """Indices of the k largest elements along dim, or of the k smallest. Unless sorted, in any order."""
    check_rank("topk", k, x, dim, 0)
    if not x.ndim:
        return np.zeros((), np.int64)
    n = x.shape[dim]
    if not 0 < k < n:
        return order(x, dim, largest, stable=False)[along(x.ndim, dim, 0, k)]
    kth, part = (n - k, along(x.ndim, dim, n - k, n)) if largest else (k - 1, along(x.ndim, dim, 0, k))
    chosen = np.argpartition(x, kth, axis=dim)[part]  # O(n): only the chosen ones are sorted
    if not sorted:
        return chosen
    return np.take_along_axis(chosen, order(np.take_along_axis(x, chosen, dim), dim, largest, stable=False), dim)


@derived(samples=[Sample((5,), 2), Sample((3, 4), 3, dim=0, largest=False)])
def topk(x: Array, k, dim=-1, largest=True, sorted=True):
    """(values, indices) of the k largest elements along dim, largest first; or of the k smallest, smallest first."""
    indices = argtopk(x, k, dim, largest, sorted)
    return ValuesIndices(picked(x, indices, dim), indices)


@op(samples=[Sample((5,), 2), Sample((3, 4), 3, dim=0)])
def argkthvalue(x: Array, k, dim=-1):
    """Index of the k-th smallest element along dim, which is kept with length 1."""
    check_rank("kthvalue", k, x, dim, 1)
    return np.argpartition(x, k - 1, axis=dim)[along(x.ndim, dim, k - 1, k)] if x.ndim else np.zeros((), np.int64)


@derived(samples=[Sample((5,), 2), Sample((3, 4), 3, dim=0, keepdim=True)])
def kthvalue(x: Array, k, dim=-1, keepdim=False):
    """(values, indices) of the k-th smallest element along dim; k counts from 1."""
    return selected(x, argkthvalue(x, k, dim), dim, keepdim)


@op(samples=[Sample(np.array([[2, 1, 2, 3], [1, 3, 3, 1]]))])
def argmode(x: Array, dim=-1):
    """Index of the last of the most frequent elements along dim, which is kept with length 1; of equally frequent ones, the smallest."""
    if not x.ndim:
        return np.zeros((), np.int64)
    ranks = order(x, dim, descending=False, stable=True)
    rows = np.take_along_axis(x, ranks, dim)
    places = np.broadcast_to(row_index(np.arange(x.shape[dim]), x.ndim, dim), x.shape)
    starts = np.where(rows != np.roll(rows, 1, dim), places, 0)  # where a new value begins
    run = places - np.maximum.accumulate(starts, axis=dim)  # how many equal ones came before
    return np.take_along_axis(ranks, np.argmax(run, axis=dim, keepdims=True), dim)


@derived(samples=[Sample((5,)), Sample((3, 4), dim=0, keepdim=True)])
def mode(x: Array, dim=-1, keepdim=False):
    """(values, indices) of the most frequent element along dim, the smallest of equally frequent ones."""
    return selected(x, argmode(x, dim), dim, keepdim)


# ── distinct elements ──


@op(samples=[Sample(np.array([3, 1, 3, 2])), Sample(np.array([[3, 1], [3, 1]]), dim=0, return_inverse=True, return_counts=True)])
def unique(x: Array, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements, or slices along dim, in order. With return_inverse and return_counts: (values, inverse, counts)."""
    found = np.unique(x, return_inverse=return_inverse, return_counts=return_counts, axis=dim, equal_nan=False)
    if not return_inverse:
        return found
    values, inverse, *counts = found
    return values, inverse.reshape(x.shape if dim is None else -1), *counts


@op(samples=[Sample(np.array([3, 3, 1, 3])), Sample(np.array([[3, 1], [3, 1], [2, 1]]), dim=0, return_inverse=True, return_counts=True)])
def unique_consecutive(x: Array, return_inverse=False, return_counts=False, dim=None):
    """What is left when of each run of equal elements, or slices along dim, only the first is kept."""
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, dim, 0)
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]).reshape(len(rows) - 1, -1).any(1) if len(rows) > 1 else True
    starts = np.flatnonzero(first)
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, dim)
    extra = []
    if return_inverse:
        inverse = np.cumsum(first) - 1
        extra.append(inverse.reshape(x.shape) if dim is None else inverse)
    if return_counts:
        extra.append(np.diff(starts, append=len(rows)))
    return (values, *extra) if extra else values


# ── searching ──


@op(
    samples=[
        Sample(np.array([1.0, 3.0, 5.0]), np.array([[0.0, 3.0], [4.0, 6.0]])),
        Sample(np.array([[1, 3, 5], [2, 4, 6]]), np.array([[3], [4]]), right=True),
    ]
)  # fmt: skip
def searchsorted(sorted_sequence: Array, values: Array, *, out_int32=False, right=False, side=None, sorter=None):
    """Where values belong in the sorted last dim: (n), any shape -> the same; (..., n), (..., m) -> (..., m).

    Before equal elements, or with right after them.
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        given = f"side={side!r} and right={right}"
        raise ArgumentError(message("searchsorted", "side 'left' or 'right' is required, agreeing with right", given, "pass one of them"))
    side = "right" if right else side or "left"
    values, sorter = np.asarray(values), plain(sorter)
    dtype = np.int32 if out_int32 else np.int64
    if sorted_sequence.ndim == 1:
        return np.asarray(np.searchsorted(sorted_sequence, values, side, sorter)).astype(dtype, copy=False)
    if sorted_sequence.shape[:-1] != values.shape[:-1]:
        raise ShapeError(message(
            "searchsorted", "values with the same leading dims as the sorted rows are required",
            f"rows {sorted_sequence.shape} and values {values.shape}", "pass one sorted row, or one row of values for each",
        ))  # fmt: skip
    found = np.empty(values.shape, dtype)
    for row in np.ndindex(values.shape[:-1]):
        found[row] = np.searchsorted(sorted_sequence[row], values[row], side, None if sorter is None else sorter[row])
    return found


@derived(samples=[Sample(np.array([[0.0, 3.0], [4.0, 6.0]]), np.array([1.0, 3.0, 5.0]))])
def bucketize(x: Array, boundaries: Array, *, out_int32=False, right=False):
    """The bucket of each element: i where boundaries[i - 1] < x <= boundaries[i]; with right, boundaries[i - 1] <= x < boundaries[i]."""
    return searchsorted(boundaries, x, out_int32=out_int32, right=right)
