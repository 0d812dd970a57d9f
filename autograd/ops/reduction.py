"""Many numbers in, fewer out: sums, means, extremes, spreads, norms, medians; and whole tensors compared."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd.dtypes import number
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.kernels import sums
from autograd.kernels.repeat import repeated
from autograd.op import Array, Recorder, Sample, derived, op
from autograd.ops.elementwise import maximum, minimum
from autograd.ops.scan import cumprod, reverse, shifted
from autograd.ops.sorting import picked, plain, row_index, selected, sort

__all__ = [
    "sum", "mean", "prod", "nansum", "nanmean", "count_nonzero", "all", "any", "amax", "amin", "aminmax", "max", "min", "argmax", "argmin",
    "var", "std", "var_mean", "std_mean", "vector_norm", "dist", "logsumexp", "median", "nanmedian", "quantile", "nanquantile",
    "equal", "allclose",
]  # fmt: skip

OVER = (Sample((3, 4)), Sample((3, 4, 2), dim=(0, -1)), Sample((3, 4), dim=-1, keepdim=True), Sample((3, 4, 2), dim=1))
ALONG = (Sample((3, 4)), Sample((3, 4), dim=-1, keepdim=True), Sample((3, 4, 2), dim=1))
ROWS = ALONG[1:]
TRUTH = (Sample(np.array([[True, False], [True, True]])), Sample(np.array([[True, False], [True, True]]), dim=-1))

# What a sum is held in while it grows: PyTorch's choice. NumPy alone would count uint8 in uint64 and lose float16 to rounding.
INT64_SUMS = ("bool", "uint8", "uint16", "uint32")
ACCUMULATORS: dict[Any, Any] = {**{np.dtype(name): np.int64 for name in INT64_SUMS}, np.dtype("float16"): np.float32}

# ── dims ──


def axes(dim, none=None):
    """dim in NumPy's terms: None, an integer or a tuple. ``none`` is what no dims mean: all of them, in most of PyTorch's functions."""
    if dim is None or isinstance(dim, int | np.integer):
        return dim
    return dim[0] if len(dim) == 1 else tuple(dim) or none  # NumPy knows the axis 0 of a 0-d array, but not (0,)


def reduced(dim, ndim):
    """The dims that are reduced, counted from the first."""
    dim = axes(dim)
    return range(ndim) if dim is None or not ndim else [d % ndim for d in (dim if isinstance(dim, tuple) else (dim,))]


def count(x, dim):
    """How many elements meet in one result."""
    return math.prod(x.shape if dim is None else [x.shape[d] for d in reduced(dim, x.ndim)])


def kept(g, x, dim, keepdim):
    """A result with the reduced dims back in their places, of length 1: it broadcasts against x."""
    if keepdim or dim is None or not x.ndim:
        return g
    gone = reduced(dim, x.ndim)
    return g.reshape(tuple(1 if d in gone else n for d, n in enumerate(x.shape)))


def spread(g, x, dim, keepdim):
    """The gradient of a sum: every element gets what its sum gets."""
    g = kept(g, x, dim, keepdim)
    if isinstance(g, (np.ndarray, np.generic)) and math.prod(x.shape) <= sums.LARGEST:
        y = np.empty(x.shape, g.dtype)  # small: it is made in half the time of a view, and computed with in half the time too
        y[...] = g
        return y
    return repeated(g, x.shape)


def over_zero(a, b):
    """a / b, and 0 wherever b is 0, in the derivatives too."""
    none = b == 0
    return np.where(none, np.zeros((), b.dtype), a / np.where(none, np.ones((), b.dtype), b))


def floating(name, x):
    if x.dtype.kind not in "fc":
        raise DtypeError(message(name, "a floating-point tensor is required", str(x.dtype), "convert first: x.float()"))


def nonempty(name, x, dim):
    if not x.size and not count(x, dim):
        given = f"shape {x.shape}" if dim is None else f"shape {x.shape}, dim={dim}"
        raise ShapeError(message(name, "at least one element is required to choose from", given, "choose another dim, or skip the empty"))


# ── sums ──


def total(x, dim, keepdim, dtype=None):
    """np.sum by PyTorch's rules for dtypes."""
    if dtype is None and not keepdim and sums.suits(x):
        if dim is None:
            return sums.whole(x)
        if x.ndim == 2 and type(dim) is int and -2 <= dim < 2:
            return sums.columns(x) if dim in (0, -2) else sums.rows(x)
    wide = ACCUMULATORS.get(x.dtype) if dtype is None else dtype
    y = np.add.reduce(x, axis=axes(dim), dtype=wide, keepdims=keepdim)
    return y.astype(x.dtype) if dtype is None and wide is not None and x.dtype.kind == "f" else y


@op(lambda g, y, x, dim=None, keepdim=False, dtype=None: spread(g, x, dim, keepdim), numpy=np.sum, samples=OVER)
def sum(x: Array, dim=None, keepdim=False, *, dtype=None):
    """Sum over dim: an integer, several, or None for all. Integers and booleans add up in int64."""
    return total(x, dim, keepdim, dtype)


@op(lambda g, y, x, dim=None, keepdim=False, dtype=None: spread(g / number(count(x, dim), g), x, dim, keepdim), numpy=np.mean, samples=OVER)
def mean(x: Array, dim=None, keepdim=False, *, dtype=None):
    """Mean over dim. Of nothing at all it is NaN."""
    if dtype is None:
        floating("mean", x)
    return total(x, dim, keepdim, dtype) / (count(x, dim) or math.nan)


def others(x, dim):
    """For each element the product of all the others along dim. No division: zeros are as good as any other number."""
    before, after = cumprod(x, dim), reverse(cumprod(reverse(x, dim), dim), dim)
    return shifted(before, dim) * shifted(after, dim, -1)


def prod_rule(g, y, x, dim=None, keepdim=False, dtype=None):
    if not x.ndim:
        return g
    if dim is None:
        return (g * others(x.reshape(-1), 0).reshape(x.shape)).reshape(x.shape)
    return kept(g, x, dim, keepdim) * others(x, dim)


@op(prod_rule, saves="x", numpy=np.prod, samples=ALONG)
def prod(x: Array, dim=None, keepdim=False, *, dtype=None):
    """Product over one dim, or over all. The gradient is exact where elements are zero."""
    if isinstance(dim, tuple | list):
        raise DtypeError(message("prod", "one dim is required, or None for all", f"dim={dim}", "reduce one dim after the other"))
    wide = ACCUMULATORS.get(x.dtype) if dtype is None else dtype
    y = np.multiply.reduce(x, axis=dim, dtype=wide, keepdims=keepdim)
    return y.astype(x.dtype) if dtype is None and wide is not None and x.dtype.kind == "f" else y


def without_nan(x):
    return np.where(np.isnan(x), np.zeros((), x.dtype), x)


@derived(numpy=np.nansum, samples=OVER)
def nansum(x: Array, dim=None, keepdim=False, *, dtype=None):
    """Sum over dim of what is not NaN."""
    return sum(without_nan(x) if x.dtype.kind in "fc" else x, dim, keepdim, dtype=dtype)


@derived(numpy=np.nanmean, samples=OVER)
def nanmean(x: Array, dim=None, keepdim=False, *, dtype=None):
    """Mean over dim of what is not NaN."""
    floating("nanmean", x)
    present = sum(x == x, dim, keepdim).astype(x.dtype)  # noqa: PLR0124  NaN is what does not equal itself
    return nansum(x, dim, keepdim, dtype=dtype) / np.where(present == 0, np.full((), math.nan, x.dtype), present)


# ── truth ──


@op(numpy=np.count_nonzero, samples=OVER[:2])
def count_nonzero(x: Array, dim=None, keepdim=False):
    """How many elements over dim are not zero."""
    return np.asarray(np.count_nonzero(x, axis=axes(dim), keepdims=keepdim))


def truth(reduce, x, dim, keepdim):
    y = reduce(x, axis=axes(dim, none=()), keepdims=keepdim)
    return y.astype(x.dtype) if x.dtype == np.uint8 else y  # PyTorch's exception, from before it had booleans


@op(numpy=np.all, samples=TRUTH)
def all(x: Array, dim=None, keepdim=False):
    """Whether every element over dim is true."""
    return truth(np.logical_and.reduce, x, dim, keepdim)


@op(numpy=np.any, samples=TRUTH)
def any(x: Array, dim=None, keepdim=False):
    """Whether at least one element over dim is true."""
    return truth(np.logical_or.reduce, x, dim, keepdim)


# ── extremes ──


def shared(g, y, x, dim=(), keepdim=False):
    """The gradient of an extreme y: in equal parts to all the elements that attain it."""
    chosen = (x == kept(y, x, dim, keepdim)).astype(g.dtype)
    return chosen * (kept(g, x, dim, keepdim) / sum(chosen, dim, keepdim=True))


@op(shared, saves="x y", masks=True, samples=OVER)
def amax(x: Array, dim=(), keepdim=False):
    """Largest element over dim; NaN if there is one. Equal ones share the gradient."""
    nonempty("amax", x, dim)
    return np.maximum.reduce(x, axis=axes(dim), keepdims=keepdim)


@op(shared, saves="x y", masks=True, samples=OVER)
def amin(x: Array, dim=(), keepdim=False):
    """Smallest element over dim; NaN if there is one. Equal ones share the gradient."""
    nonempty("amin", x, dim)
    return np.minimum.reduce(x, axis=axes(dim), keepdims=keepdim)


class MinMax(NamedTuple):
    """Both extremes."""

    min: Array
    max: Array


@derived(samples=[Sample((3, 4)), Sample((3, 4), dim=1, keepdim=True)])
def aminmax(x: Array, *, dim=None, keepdim=False):
    """(min, max) over dim. Equal ones share the gradient."""
    return MinMax(amin(x, dim, keepdim), amax(x, dim, keepdim))


@op(numpy=np.argmax, samples=ALONG)
def argmax(x: Array, dim=None, keepdim=False):
    """Index of the largest element over dim, the first of equals; over all dims, into the flattened tensor."""
    nonempty("argmax", x, dim)
    return np.argmax(x, axis=dim, keepdims=keepdim)


@op(numpy=np.argmin, samples=ALONG)
def argmin(x: Array, dim=None, keepdim=False):
    """Index of the smallest element over dim, the first of equals; over all dims, into the flattened tensor."""
    nonempty("argmin", x, dim)
    return np.argmin(x, axis=dim, keepdims=keepdim)


def extreme(x, dim, keepdim, other, whole, index, of_two):
    """One of the three functions that go by the name of max, or of min."""
    if other is not None or isinstance(dim, Recorder | np.ndarray):
        return of_two(x, dim if other is None else other)
    if dim is None:
        return whole(x)
    return selected(x, index(x, dim, keepdim=True), dim, keepdim)


@derived(samples=ALONG)
def max(x: Array, dim=None, keepdim=False, *, other=None):
    """Largest element; equal ones share the gradient. With dim: (values, indices) of the largest over dim. With a tensor: ``maximum``."""
    return extreme(x, dim, keepdim, other, amax, argmax, maximum)


@derived(samples=ALONG)
def min(x: Array, dim=None, keepdim=False, *, other=None):
    """Smallest element; equal ones share the gradient. With dim: (values, indices) of the smallest over dim. With a tensor: ``minimum``."""
    return extreme(x, dim, keepdim, other, amin, argmin, minimum)


# ── spreads ──


def centred(x, dim):
    return x - mean(x, dim, keepdim=True)


def freedom(x, dim, correction):
    """What the sum of squares is divided by; NaN if too few elements meet."""
    n = count(x, dim) - correction
    return n if n > 0 else math.nan


def mean_square(x, dim, correction, keepdim):
    floating("var", x)
    d = np.abs(centred(x, dim)) if x.dtype.kind == "c" else centred(x, dim)
    return total(d * d, dim, keepdim) / freedom(x, dim, correction)


SPREAD = [
    Sample((3, 4), dim=None, correction=1, keepdim=False), Sample((3, 4, 2), dim=(0, -1), correction=0, keepdim=False),
    Sample((3, 4), dim=-1, correction=1, keepdim=True),
]  # fmt: skip


@op(
    lambda g, y, x, dim, correction, keepdim: kept(g, x, dim, keepdim) * centred(x, dim) * (2 / freedom(x, dim, correction)),
    saves="x", complex="own", samples=SPREAD,
)  # fmt: skip
def variance(x: Array, dim, correction, keepdim):
    """Mean squared distance from the mean over dim, the count lessened by correction."""
    return mean_square(x, dim, correction, keepdim)


@op(
    lambda g, y, x, dim, correction, keepdim: kept(over_zero(g, y), x, dim, keepdim) * centred(x, dim) * (1 / freedom(x, dim, correction)),
    saves="x y", complex="own", samples=SPREAD,
)  # fmt: skip
def deviation(x: Array, dim, correction, keepdim):
    """Square root of the variance. Where that is 0, the gradient is 0."""
    return np.sqrt(mean_square(x, dim, correction, keepdim))


def corrected(dim, unbiased, keepdim, correction):
    """The parameters of var and std, in today's form and in the older one with ``unbiased``."""
    if isinstance(dim, bool):  # var(False) is var(unbiased=False)
        dim, unbiased = None, dim
    return dim, int(unbiased) if correction is None else correction, keepdim


@derived(samples=OVER)
def var(x: Array, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """Variance over dim: squared distances from the mean, summed and divided by n - correction, which is 1 unless given."""
    return variance(x, *corrected(dim, unbiased, keepdim, correction))


@derived(samples=OVER)
def std(x: Array, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """Standard deviation over dim, the root of ``var``. Its gradient is 0 where it is 0."""
    return deviation(x, *corrected(dim, unbiased, keepdim, correction))


@derived(samples=OVER)
def var_mean(x: Array, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """(variance, mean) over dim."""
    how = corrected(dim, unbiased, keepdim, correction)
    return variance(x, *how), mean(x, how[0], keepdim)


@derived(samples=OVER)
def std_mean(x: Array, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """(standard deviation, mean) over dim."""
    how = corrected(dim, unbiased, keepdim, correction)
    return deviation(x, *how), mean(x, how[0], keepdim)


# ── norms ──


def norm_rule(g, y, x, ord=2, dim=None, keepdim=False, dtype=None):
    """One rule for each kind of norm; where the norm is 0 all of them give 0."""
    if ord == 0:
        return np.zeros(x.shape, x.dtype)
    if ord == 1:
        return np.sign(x) * kept(g, x, dim, keepdim)
    if ord == 2:
        return x * kept(over_zero(g, y), x, dim, keepdim)
    if math.isinf(ord):
        return np.sign(x) * shared(g, y, np.abs(x), dim, keepdim)
    size = np.abs(x)
    none = size == 0
    ratio = over_zero(np.where(none, np.ones((), size.dtype), size), kept(y, x, dim, keepdim))
    return np.where(none, np.zeros((), size.dtype), np.sign(x) * ratio ** (ord - 1) * kept(g, x, dim, keepdim))


@op(
    norm_rule, saves="x y", masks=True, complex="own",
    samples=[
        *OVER, Sample((3, 4), 1), Sample((3, 4), 3.0, dim=0), Sample((3, 4), math.inf, dim=(0, 1)), Sample((3, 4), -math.inf, dim=-1),
        Sample((3, 4), 0.5),
    ],
)  # fmt: skip
def vector_norm(x: Array, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(sum |x|**ord) ** (1 / ord) over dim; inf and -inf: largest and smallest |x|; 0: how many are not zero. At 0 the gradient is 0."""
    x = x if dtype is None else x.astype(dtype)
    floating("norm", x)
    size = x if ord == 2 and x.dtype.kind == "f" else np.abs(x)
    if ord == 2:
        return np.sqrt(total(size * size, dim, keepdim))
    if ord == 1:
        return total(size, dim, keepdim)
    if ord == 0:
        return total(size != 0, dim, keepdim, size.dtype)
    if math.isinf(ord):
        nonempty("norm", x, dim)
        return (np.maximum if ord > 0 else np.minimum).reduce(size, axis=axes(dim), keepdims=keepdim)
    with np.errstate(all="ignore"):  # a negative power of 0 is meant to be inf
        return total(size**ord, dim, keepdim) ** (1 / ord)


@derived(samples=[Sample((3, 4), (3, 4)), Sample((3, 4), (4,), p=1)])
def dist(a: Array, b: Array, p=2):
    """The p-norm of a - b over all elements."""
    return vector_norm(a - b, p)


# ── logarithm of a sum of exponentials ──


def finite_peak(y):
    """y, and 0 in place of -inf: what can be subtracted from numbers up to y, -inf among them, without making a NaN."""
    return np.where(y == -math.inf, np.zeros((), y.dtype), y)


@op(
    lambda g, y, x, dim, keepdim=False: kept(g, x, dim, keepdim) * np.exp(x - finite_peak(kept(y, x, dim, keepdim))),
    saves="x y", convert="float", samples=[Sample((3, 4), dim=-1), Sample((3, 4, 2), dim=(0, 2)), Sample((3, 4), dim=0, keepdim=True)],
    reference=lambda x, dim, keepdim=False: np.log(np.sum(np.exp(x), axis=dim, keepdims=keepdim)),
)  # fmt: skip
def logsumexp(x: Array, dim, keepdim=False):
    """log(sum(exp(x))) over dim, without overflow. Of nothing but -inf it is -inf, with gradient 0; with one inf it is inf."""
    dim = axes(dim)
    if not x.size and not count(x, dim):
        return np.add.reduce(x, axis=dim, keepdims=keepdim) - math.inf
    peak = np.maximum.reduce(x, axis=dim, keepdims=True)
    peak = np.where(np.isinf(peak), np.zeros((), peak.dtype), peak)
    with np.errstate(divide="ignore"):  # log(0) is -inf here
        y = np.log(np.add.reduce(np.exp(x - peak), axis=dim, keepdims=True)) + peak
    return y if keepdim else y.reshape(tuple(n for d, n in enumerate(x.shape) if d not in reduced(dim, x.ndim)))


# ── ranks ──


def middle(x, dim, ignore_nan):
    """Where the lower median lies along dim. NaN is larger than any number; unless ignored, one of them is the median."""
    order = np.argsort(x, axis=dim, kind="stable")
    n, numbers = order.shape[dim], np.add.reduce(x == x, axis=dim, dtype=np.int64, keepdims=True)  # noqa: PLR0124
    rank = (numbers - 1) // 2 if ignore_nan else np.where(numbers < n, n - 1, (n - 1) // 2)
    return np.take_along_axis(order, rank, dim)


@op(samples=[Sample((3, 4), dim=-1, ignore_nan=False)])
def argmedian(x: Array, dim, ignore_nan):
    """Index of the lower of the two medians along dim, which is kept with length 1."""
    nonempty("median", x, dim)
    return middle(x, dim, ignore_nan) if x.ndim else np.zeros((), np.int64)


@op(lambda g, y, x, ignore_nan: shared(g, y, x), saves="x y", masks=True, samples=[Sample((3, 4), ignore_nan=False)])
def median_of_all(x: Array, ignore_nan):
    """The lower median of all elements. Equal ones share the gradient."""
    flat = x.reshape(-1)
    return flat[middle(flat, 0, ignore_nan)[0]] if flat.size else np.full((), math.nan, x.dtype)


@derived(samples=ALONG)
def median(x: Array, dim=None, keepdim=False):
    """Median, the lower one of two; equal ones share the gradient. With dim: (values, indices) of the medians over dim."""
    if dim is None:
        return median_of_all(x, False)
    return selected(x, argmedian(x, dim, False), dim, keepdim)


@derived(samples=ALONG)
def nanmedian(x: Array, dim=None, keepdim=False):
    """Median of what is not NaN, the lower one of two. Results as those of ``median``."""
    if dim is None:
        return median_of_all(x, True)
    return selected(x, argmedian(x, dim, True), dim, keepdim)


# How far to go from the element below a rank to the one above it, given the fractional part of the rank.
BETWEEN: dict[str, Callable[[Any], Any]] = {
    "linear": lambda part: part, "lower": np.zeros_like, "higher": np.ceil, "midpoint": lambda part: np.ceil(part) / 2, "nearest": np.round,
}  # fmt: skip


def by_rank(name, x, q, dim, keepdim, interpolation, ignore_nan):
    """Quantiles: the rows are sorted, and each q is a rank between the first and the last element that counts."""
    q = np.asarray(plain(q), np.float64)
    if interpolation not in BETWEEN:
        raise ArgumentError(message(name, f"an interpolation out of {', '.join(BETWEEN)} is required", repr(interpolation)))
    if not ((q >= 0) & (q <= 1)).all():
        raise ArgumentError(message(name, "q between 0 and 1 is required", f"{q}", "divide a percentage by 100"))
    floating(name, x)
    nonempty(name, x, dim)
    shape = (1,) * x.ndim if dim is None else tuple(1 if d == dim % x.ndim else n for d, n in enumerate(x.shape)) if x.ndim else ()
    rows, dim = (x.reshape(-1), 0) if dim is None or not x.ndim else (x, dim % x.ndim)
    n, numbers = rows.shape[dim], np.add.reduce(plain(rows) == plain(rows), axis=dim, keepdims=True, dtype=np.int64)
    last = np.maximum(numbers - 1, 0) if ignore_nan else n - 1
    rank = last * row_index(q, rows.ndim, dim)
    if not ignore_nan:
        rank = np.where(numbers < n, n - 1, rank)  # where the NaN is
    low = np.floor(rank)
    part = BETWEEN[interpolation](rank - low).astype(x.dtype)
    rows, _ = sort(rows, dim)
    below, above = (picked(rows, index.astype(np.int64), dim) for index in (low, np.ceil(rank)))
    y = np.where(part == 0, below, below + part * (above - below))
    if q.ndim:
        y = np.moveaxis(y, dim, 0)
    return y.reshape(q.shape + (shape if keepdim else y.shape[q.ndim :] if q.ndim else tuple(m for d, m in enumerate(y.shape) if d != dim)))


@derived(samples=[Sample((3, 4), 0.3), Sample((3, 4), (0.25, 0.9), dim=-1, keepdim=True), Sample((3, 5), 0.5, dim=0)])
def quantile(x: Array, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The value below which the part q of the elements over dim lies. Several q -> (q, ...). NaN if there is one."""
    return by_rank("quantile", x, q, dim, keepdim, interpolation, ignore_nan=False)


@derived(samples=[Sample((3, 4), 0.3), Sample((3, 4), (0.25, 0.9), dim=-1, keepdim=True)])
def nanquantile(x: Array, q, dim=None, keepdim=False, *, interpolation="linear"):
    """``quantile`` of what is not NaN."""
    return by_rank("nanquantile", x, q, dim, keepdim, interpolation, ignore_nan=True)


# ── whole tensors compared ──


@derived(samples=[Sample((3, 4), (3, 4))], numpy=np.array_equal)
def equal(a: Array, b: Array):
    """Whether two tensors have the same shape and the same elements, as a Python bool."""
    return bool(np.array_equal(plain(a), plain(b)))


@derived(samples=[Sample((3, 4), (4,))], numpy=np.allclose)
def allclose(a: Array, b: Array, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |a - b| <= atol + rtol * |b| everywhere, as a Python bool."""
    return bool(np.allclose(plain(a), plain(b), rtol, atol, equal_nan))
