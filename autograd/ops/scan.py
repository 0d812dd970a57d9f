"""Running forms: sums, products and extremes of everything so far along a dim, and differences of neighbours."""
from __future__ import annotations

import math

import numpy as np

from autograd.kernels import recurrence
from autograd.op import Array, Sample, derived, op
from autograd.ops.indexing import setitem
from autograd.ops.sorting import ValuesIndices, along, picked, row_index

__all__ = ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "diff", "linear_recurrence"]

ALONG = (Sample((5,), dim=0), Sample((3, 4), dim=-1), Sample((3, 4, 2), dim=1))


def reverse(x, dim):
    """x from last to first along dim."""
    return x[along(x.ndim, dim, step=-1)] if x.ndim else x


def shifted(x, dim, by=1):
    """x moved by 1 or -1 along dim: what leaves is dropped, and a 1 takes the place that falls free."""
    there, here = along(x.ndim, dim, 1), along(x.ndim, dim, None, -1)
    if by < 0:
        there, here = here, there
    return setitem(np.ones(x.shape, x.dtype), x[here], index=there)


def accumulated(ufunc, x, dim, dtype=None):
    """A running reduction by PyTorch's rules: integers and booleans in int64, a 0-d tensor has one element."""
    if dtype is None and x.dtype.kind in "biu" and ufunc in (np.add, np.multiply):
        dtype = np.int64
    return ufunc.accumulate(x, axis=dim, dtype=dtype) if x.ndim else x.astype(dtype or x.dtype)


def cumsum_rule(g, y, x, dim, dtype=None):
    return reverse(cumsum(reverse(g, dim), dim), dim)


@op(cumsum_rule, samples=ALONG)
def cumsum(x: Array, dim, *, dtype=None):
    """y[i] = x[0] + ... + x[i] along dim."""
    return accumulated(np.add, x, dim, dtype)


@op(
    (lambda g, y, a, b, dim: linear_recurrence_back(g, a, dim) * before(y, dim), lambda g, y, a, b, dim: linear_recurrence_back(g, a, dim)),
    saves=("a y", "a"),
    samples=[Sample((5,), (5,), dim=0), Sample((3, 4), (3, 4), dim=-1), Sample((2, 70), (2, 70), dim=1, domain=(-1.0, 1.0))],
)  # fmt: skip
def linear_recurrence(a: Array, b: Array, dim):
    """y[i] = a[i] * y[i - 1] + b[i] along dim, with y[-1] = 0."""
    return recurrence.linear_recurrence(a, b, dim) if a.ndim else b.copy()


def linear_recurrence_back(g, a, dim):
    """The gradient that reaches b[i]: what arrives at y[i] itself, and what comes back from y[i + 1]. A recurrence from the end."""
    if not a.ndim:
        return g
    return reverse(linear_recurrence(reverse(shifted(a, dim, -1), dim), reverse(g, dim), dim), dim)


def before(y, dim):
    """y[i - 1], and 0 before the first."""
    if not y.ndim:
        return np.zeros((), y.dtype)
    return setitem(np.zeros(y.shape, y.dtype), y[along(y.ndim, dim, None, -1)], index=along(y.ndim, dim, 1))


@op(
    lambda g, y, x, dim, dtype=None: shifted(y, dim) * linear_recurrence_back(g, x.astype(y.dtype), dim) if x.ndim else g,
    saves="x y", samples=ALONG,
)  # fmt: skip
def cumprod(x: Array, dim, *, dtype=None):
    """y[i] = x[0] * ... * x[i] along dim. The gradient divides by nothing: it is exact where elements are zero."""
    return accumulated(np.multiply, x, dim, dtype)


def record_places(ufunc, x, dim):
    """Where the extreme so far lies, the last of equals; once a NaN was met, the last NaN."""
    if not x.ndim:
        return np.zeros((), np.int64)
    here = row_index(np.arange(x.shape[dim]), x.ndim, dim)
    return np.maximum.accumulate(np.where((x == ufunc.accumulate(x, axis=dim)) | (x != x), here, 0), axis=dim)  # noqa: PLR0124


@op(samples=ALONG)
def argcummax(x: Array, dim):
    """Index of the largest element so far along dim, the last of equals."""
    return record_places(np.maximum, x, dim)


@op(samples=ALONG)
def argcummin(x: Array, dim):
    """Index of the smallest element so far along dim, the last of equals."""
    return record_places(np.minimum, x, dim)


@derived(samples=ALONG)
def cummax(x: Array, dim):
    """(values, indices) of the largest element so far along dim; the last of equals gets the gradient."""
    indices = argcummax(x, dim)
    return ValuesIndices(picked(x, indices, dim), indices)


@derived(samples=ALONG)
def cummin(x: Array, dim):
    """(values, indices) of the smallest element so far along dim; the last of equals gets the gradient."""
    indices = argcummin(x, dim)
    return ValuesIndices(picked(x, indices, dim), indices)


def logcumsumexp_rule(g, y, x, dim):
    """sum over i >= j of g[i] * exp(x[j] - y[i]), by steps down y that never overflow."""
    if not x.ndim:
        return g
    bottom = np.where(y == -math.inf, np.zeros((), y.dtype), y)  # -inf - bottom is -inf, not NaN
    fall = np.exp(setitem(y, y[along(y.ndim, dim, None, -1)], index=along(y.ndim, dim, 1)) - bottom)  # exp(y[i - 1] - y[i])
    return linear_recurrence_back(g, fall, dim) * np.exp(x - bottom)


@op(logcumsumexp_rule, saves="x y", convert="float", samples=ALONG, reference=lambda x, dim: np.log(np.cumsum(np.exp(x), axis=dim)))
def logcumsumexp(x: Array, dim):
    """log(exp(x[0]) + ... + exp(x[i])) along dim, without overflow."""
    return accumulated(np.logaddexp, x, dim)


@derived(samples=[Sample((3, 4)), Sample((5, 3), n=2, dim=0), Sample((3, 4), prepend=np.zeros((3, 1)))])
def diff(x: Array, n=1, dim=-1, prepend=None, append=None):
    """x[i + 1] - x[i] along dim, n times over; prepend and append are put before and after x first."""
    ends = [end for end in (prepend, x, append) if end is not None]
    if len(ends) > 1:
        x = np.concatenate(ends, axis=dim)
    for _ in range(n):
        upper, lower = x[along(x.ndim, dim, 1)], x[along(x.ndim, dim, None, -1)]
        x = np.logical_xor(upper, lower) if x.dtype.kind == "b" else upper - lower
    return x
