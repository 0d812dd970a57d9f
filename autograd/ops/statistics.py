"""Covariances, distances, counts in bins, sums and slopes of samples."""
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from autograd import tracing
from autograd.dtypes import get_default_dtype
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.indexing import array_index
from autograd.kernels.dims import dim_of, dims_of
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import conj
from autograd.ops.elementwise import cast, clamp
from autograd.ops.functions import sqrt
from autograd.ops.indexing import getitems, narrow, place
from autograd.ops.product import matmul
from autograd.ops.reduction import mean, over_zero, sum, vector_norm
from autograd.ops.scan import cumsum
from autograd.ops.shape import cat, diagonal, mT, ravel, unsqueeze
from autograd.ops.sorting import plain

__all__ = [
    "cov", "corrcoef", "cdist", "renorm", "trapezoid", "trapz", "cumulative_trapezoid", "gradient",
    "bincount", "histc", "histogram",
]  # fmt: skip

# ── how variables vary together ──


@derived(samples=[
    Sample((3, 5)), Sample((5,)), Sample((2, 4), correction=0, fweights=np.array([1, 2, 1, 3])),
    Sample((2, 4), aweights=np.array([1.0, 0.5, 2.0, 1.5])),
])  # fmt: skip
def cov(x: Array, *, correction=1, fweights=None, aweights=None):
    """The covariance matrix of variables (rows) by their observations (columns): (v, n) -> (v, v); of one variable (n,) -> ().

    correction  what is taken from the number of observations; fweights: how often each counts (integers); aweights: its importance
    """
    if x.ndim > 2 or x.dtype.kind == "b":
        given = f"{tuple(x.shape)} {x.dtype}"
        raise ShapeError(message("cov", "numbers of variables by observations, (v, n) or (n,), are required", given, "reshape to two dims"))
    rows = x if x.ndim == 2 else x.reshape((1, math.prod(x.shape)))
    if rows.dtype.kind not in "fc":
        rows = cast(rows, dtype=get_default_dtype())
    for name, given, kinds in (("fweights", fweights, "iu"), ("aweights", aweights, "f")):
        if given is not None:
            weights_of(name, given, rows.shape[1], kinds)
    if fweights is None and aweights is None:
        centred = rows - mean(rows, 1, keepdim=True)
        found = matmul(centred, mT(conj(centred))) / max(rows.shape[1] - correction, 0)
    else:
        weights = aweights if fweights is None else fweights if aweights is None else fweights * aweights
        total = sum(weights)
        centred = rows - sum(rows * weights, 1, keepdim=True) / total
        taken = correction if aweights is None else correction * sum(weights * aweights) / total
        found = matmul(centred * weights, mT(conj(centred * 1))) / clamp(total - taken, min=0)
    return found if x.ndim == 2 and x.shape[0] != 1 else found.reshape(())


def weights_of(name, weights, count, kinds):
    """Check weights of observations: one for each, of a dtype of these kinds, none negative, and not all of them 0."""
    if tuple(weights.shape) != (count,) or weights.dtype.kind not in kinds:
        required = f"{name} of shape ({count},), {'integers' if kinds == 'iu' else 'floating-point'}, are required"
        raise ShapeError(message("cov", required, f"{tuple(weights.shape)} {weights.dtype}"))
    tracing.check(some_weight, name, plain(weights))


def some_weight(name, weights):
    """Raise for negative weights, and if all are 0."""
    if weights.size and not (weights.min() >= 0 and weights.max() > 0):
        given = f"{weights.min()} to {weights.max()}"
        raise ArgumentError(message("cov", f"{name} of 0 or more, some of them above 0, are required", given))


@derived(samples=[Sample((3, 5)), Sample((5,))])
def corrcoef(x: Array):
    """The correlation matrix of variables (rows) by their observations: the covariances over the standard deviations."""
    c = cov(x)
    if not c.ndim:
        return c / c
    scale = sqrt(diagonal(c).real if c.dtype.kind == "c" else diagonal(c))
    return rounded_to_one(c / scale[:, None] / scale[None, :])


@op(lambda g, y, x: g, complex="own", samples=[Sample((3, 4), domain=(-0.9, 0.9))])
def rounded_to_one(x: Array):
    """x from -1 to 1, of a complex number both parts: only rounding can have led beyond, and the derivative is that of x."""
    if x.dtype.kind == "c":
        return (np.clip(x.real, -1, 1) + 1j * np.clip(x.imag, -1, 1)).astype(x.dtype)
    return np.clip(x, -1, 1)


# ── distances ──

MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


@derived(samples=[
    Sample((3, 4), (2, 4)), Sample((2, 3, 4), (5, 4), p=1.0), Sample((3, 2), (3, 2), p=math.inf), Sample((3, 2), (2, 2), p=3.0),
])  # fmt: skip
def cdist(x1: Array, x2: Array, p=2.0, compute_mode=MODES[0]):
    """The p-norm of the difference of each row of x1 and each of x2: (..., n, d), (..., m, d) -> (..., n, m). At 0 the gradient is 0.

    compute_mode  whether Euclidean distances of more than 25 rows go by a product of matrices: faster, and less exact for near points
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        given = f"{tuple(x1.shape)} and {tuple(x2.shape)}"
        raise ShapeError(message("cdist", "rows of one length, (..., n, d) and (..., m, d), are required", given))
    if not p >= 0 or compute_mode not in MODES:
        required = f"p of 0 or more and a compute_mode of {', '.join(MODES)} are required"
        raise ArgumentError(message("cdist", required, f"p={p} and compute_mode={compute_mode!r}"))
    many = x1.shape[-2] > 25 or x2.shape[-2] > 25
    if p == 2 and (compute_mode == "use_mm_for_euclid_dist" or (many and compute_mode == "use_mm_for_euclid_dist_if_necessary")):
        squares = sum(x1 * x1, -1)[..., :, None] + sum(x2 * x2, -1)[..., None, :] - 2 * matmul(x1, mT(x2))
        return root(clamp(squares, min=0))
    apart = unsqueeze(x1, -2) - unsqueeze(x2, -3)
    return vector_norm(apart, p, -1) if x1.shape[-1] else sum(apart, -1)


@op(lambda g, y, x: over_zero(g / 2, y), saves="y", samples=[Sample((3, 4), domain=(0.5, 2.0))])
def root(x: Array):
    """√x, with gradient 0 at 0."""
    return np.sqrt(x)


@derived(samples=[Sample((3, 4), 2, 0, 1.0), Sample((2, 3, 4), p=1, dim=-1, maxnorm=2.5)])
def renorm(x: Array, p, dim, maxnorm):
    """x with each slice along dim whose p-norm exceeds maxnorm brought down to it."""
    if x.ndim < 2:
        raise ShapeError(message("renorm", "at least two dims are required", str(tuple(x.shape)), "unsqueeze it"))
    if not (p > 0 and maxnorm >= 0):
        raise ArgumentError(message("renorm", "p above 0 and maxnorm of 0 or more are required", f"p={p} and maxnorm={maxnorm}"))
    dim = dim_of("renorm", dim, x.ndim)
    norms = vector_norm(x, p, tuple(i for i in range(x.ndim) if i != dim), keepdim=True)
    return x * np.where(norms > maxnorm, maxnorm / (norms + 1e-7), np.ones((), x.dtype))


# ── along a line ──


def at_points(name, y, x, dim):
    """The distances of the points x along dim, ready to be multiplied with what lies between neighbours."""
    if x.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise ShapeError(message(name, f"as many points as samples, {y.shape[dim]}, are required", str(x.shape[0])))
        shape = [1] * y.ndim
        shape[dim] = -1
        x = x.reshape(tuple(shape))
        return narrow(x, dim, 1, x.shape[dim] - 1) - narrow(x, dim, 0, x.shape[dim] - 1)
    own = dim - y.ndim
    if own < -x.ndim:
        given = f"{tuple(x.shape)} for samples {tuple(y.shape)}"
        raise ShapeError(message(name, f"points along dim {dim} of the samples are required", given, "pass a vector of them"))
    return narrow(x, own, 1, x.shape[own] - 1) - narrow(x, own, 0, x.shape[own] - 1)


def strips(name, y, x, dx, dim):
    """(areas of the strips between neighbours along dim, dim)."""
    if not y.ndim or y.dtype.kind == "b":
        raise ShapeError(message(name, "numbers along a dim are required", f"shape {tuple(y.shape)} {y.dtype}", "stack and convert them"))
    dim = dim_of(name, dim, y.ndim)
    n = y.shape[dim]
    if n == 0:
        return None, dim
    pairs = narrow(y, dim, 1, n - 1) + narrow(y, dim, 0, n - 1)
    return pairs * (dx if x is None else at_points(name, y, x, dim)) / 2, dim


@derived(numpy=np.trapezoid, samples=[
    Sample((3, 4)), Sample((3, 4), dx=0.5, dim=0), Sample((3, 4), np.array([0.0, 1.0, 1.5, 3.0])), Sample((3, 4), (3, 4)),
])  # fmt: skip
def trapezoid(y: Array, x: Array = None, *, dx=1, dim=-1):
    """The integral of samples y along dim by the trapezoidal rule; at points x, or at distances dx."""
    areas, dim = strips("trapezoid", y, x, dx, dim)
    return sum(y, dim) if areas is None else sum(areas, dim)


trapz = trapezoid


@derived(samples=[Sample((3, 4)), Sample((3, 4), dx=0.5, dim=0), Sample((3, 4), np.array([0.0, 1.0, 1.5, 3.0]))])
def cumulative_trapezoid(y: Array, x: Array = None, *, dx=1, dim=-1):
    """The integral up to each sample but the first: one element less along dim."""
    areas, dim = strips("cumulative_trapezoid", y, x, dx, dim)
    return y if areas is None else cumsum(areas, dim)


@derived(samples=[
    Sample((5,)), Sample((3, 4), spacing=2.0), Sample((4, 5), dim=-1, edge_order=2), Sample((3,), spacing=[np.array([0.0, 1.0, 3.0])]),
])  # fmt: skip
def gradient(x: Array, *, spacing=1, dim=None, edge_order=1):
    """The slopes of samples along each dim, or along those given, by differences of second order: tensors of x's shape.

    spacing     the distance of neighbours: one for all, or for each dim one, or the points themselves
    edge_order  1 or 2: of the differences at both ends
    """
    dims = dims_of("gradient", dim, x.ndim)
    given = list(spacing) if isinstance(spacing, tuple | list) else [spacing] * len(dims)
    if len(given) != len(dims) or edge_order not in (1, 2):
        required = f"one spacing for each of {len(dims)} dims, and edge_order 1 or 2, are required"
        raise ArgumentError(message("gradient", required, f"{len(given)} spacings, edge_order={edge_order}"))
    return tuple([slopes(x, d, distance, edge_order) for d, distance in zip(dims, given, strict=True)])


def slopes(x, dim, distance, edge_order):
    """The slopes along one dim, at points or at equal distances."""
    n = x.shape[dim]
    if n < edge_order + 1:
        required = f"at least {edge_order + 1} samples along dim {dim} are required"
        raise ShapeError(message("gradient", required, str(n), "leave the dim out"))

    equal = not getattr(distance, "ndim", 0)
    if not equal:
        shape = [1] * x.ndim
        shape[dim] = n - 1
        steps = (narrow(distance, 0, 1, n - 1) - narrow(distance, 0, 0, n - 1)).reshape(tuple(shape))

    def at(start, count=1):
        return narrow(x, dim, start, count)

    def step(start, count=1):
        return 1 if equal else narrow(steps, dim, start, count)

    if edge_order == 1:
        first, last = (at(1) - at(0)) / step(0), (at(n - 1) - at(n - 2)) / step(n - 2)
    else:
        first = edge(at(0), at(1), at(2), step(0), step(1))
        last = edge(at(n - 1), at(n - 2), at(n - 3), -step(n - 2), -step(n - 3))
    if equal:
        return cat([first, (at(2, n - 2) - at(0, n - 2)) / 2, last], dim) / distance
    left, right = step(0, n - 2), step(1, n - 2)
    middle = at(2, n - 2) * (left / (right * (left + right))) - at(0, n - 2) * (right / (left * (left + right)))
    return cat([first, middle + at(1, n - 2) * ((right - left) / (left * right)), last], dim)


def edge(a, b, c, near, far):
    """The slope at a, of the parabola through a, b and c, whose distances are near and far."""
    return b * ((near + far) / (near * far)) - a * ((2 * near + far) / (near * (near + far))) - c * (near / (far * (near + far)))


# ── counts ──


@op((None, lambda g, y, x, weights=None, minlength=0: getitems(g, index=(x,))), saves="x", samples=[
    Sample(np.array([0, 2, 2, 5])), Sample(np.array([1, 0, 1]), np.array([0.5, 1.5, 2.0]), minlength=4),
])  # fmt: skip
def bincount(x: Array, weights: Array = None, minlength=0):
    """How often each of 0, 1, 2 ... occurs in x, (n,) -> (largest + 1,), at least minlength; with weights, their sums."""
    if x.dtype.kind not in "iu" or x.ndim != 1:
        given = f"{x.dtype} of shape {tuple(x.shape)}"
        raise DtypeError(message("bincount", "integers of shape (n,) are required", given, "use histc for floats"))
    if x.size and x.min() < 0:
        raise ArgumentError(message("bincount", "no negative integers are required", str(x.min()), "subtract the smallest first"))
    y = np.bincount(x, weights, minlength)
    return y.astype(np.float32) if weights is not None and weights.dtype == np.float32 else y


def widened(name, low, high, margin):
    """Limits as numbers, the lower first; those that are equal are moved apart by the margin."""
    if not (low <= high and math.isfinite(low) and math.isfinite(high)):
        raise ArgumentError(message(name, "finite limits, the lower first, are required", f"{low} and {high}", "pass the limits"))
    return (low - margin, high + margin) if low == high else (float(low), float(high))


def positive(name, bins):
    """Check a number of bins."""
    if bins < 1:
        raise ArgumentError(message(name, "at least one bin is required", str(bins)))
    return bins


@op(samples=[Sample((3, 4), bins=5, min=-1, max=1), Sample((7,), 4)])
def histc(x: Array, bins=100, min=0, max=0):
    """How many elements lie in each of equal bins between min and max (those of the data, if both are equal): (bins,), of x's dtype."""
    if x.dtype.kind != "f":
        raise DtypeError(message("histc", "floating-point numbers are required", str(x.dtype), "convert first: x.float()"))
    low, high = (x.min(), x.max()) if min == max and x.size else (min, max)
    return np.histogram(x, positive("histc", bins), widened("histc", low, high, 1))[0].astype(x.dtype)


class Histogram(NamedTuple):
    """What ``histogram`` and ``histogramdd`` return."""

    hist: Array
    bin_edges: Array


@derived(samples=[
    Sample((3, 4), 5, range=(-1.0, 1.0)), Sample((6,), 4, range=(-2.0, 2.0), density=True), Sample((3,), np.array([-2.0, 0.0, 2.0])),
    Sample((3, 2), 4, range=(-1.0, 1.0), weight=np.array([[0.5, 1.5], [2.0, 1.0], [0.25, 3.0]])),
])  # fmt: skip
def histogram(x: Array, bins=100, *, range=None, weight=None, density=False):
    """(hist, bin_edges): the number of elements, or the sum of weights, in bins between edges: equal ones of a range, or those given.

    density  divided by the total and by the width of the bin: the integral is 1
    """
    points = unsqueeze(ravel(x), -1)
    hist, (edges,) = in_cells("histogram", points, [bins], [range], weight, x.shape, density)
    return Histogram(hist, edges)


def histogramdd(x, bins, *, range=None, weight=None, density=False):
    """(hist, bin_edges) of points (..., d) in d dims: bins is their number, for all dims or for each, or the edges of each.

    range  (low, high) of each dim, one after the other
    """
    if x.ndim < 2:
        raise ShapeError(message("histogramdd", "points (..., d) are required", str(tuple(x.shape)), "unsqueeze it"))
    d = x.shape[-1]
    chosen = list(bins) if isinstance(bins, tuple | list) else [bins] * d
    limits = [None] * d if range is None else list(zip(range[::2], range[1::2], strict=False))
    if len(chosen) != d or len(limits) != d or (range is not None and len(range) != 2 * d):
        given = f"{len(chosen)} bins and a range of {'none' if range is None else len(range)}"
        raise ArgumentError(message("histogramdd", f"bins, and two numbers of range, for each of {d} dims are required", given))
    hist, edges = in_cells("histogramdd", x.reshape((-1, d)), chosen, limits, weight, x.shape[:-1], density)
    return Histogram(hist, tuple(edges))


def in_cells(name, points, bins, limits, weight, shape, density):
    """(sums of weights in each cell, the edges in each dim) of points (n, d); weights are 1 without any, else one for each of shape."""
    if points.dtype.kind != "f":
        raise DtypeError(message(name, "floating-point numbers are required", str(points.dtype), "convert first: x.float()"))
    if weight is not None and tuple(weight.shape) != tuple(shape):
        given = f"{tuple(weight.shape)} for {tuple(shape)}"
        raise ShapeError(message(name, "a weight for each point is required", given))
    columns = [points[:, i] for i in range(points.shape[1])]
    edges = [
        edges_of(x, bins=positive(name, n), limits=ends) if isinstance(n, int | np.integer) else edges_of(x, cast(n, dtype=x.dtype))
        for x, n, ends in zip(columns, bins, limits, strict=True)
    ]
    sizes = tuple([edge.shape[0] - 1 for edge in edges])
    where = array_index(cell(*columns, *edges))
    weights = np.ones_like(columns[0])
    if weight is not None:
        weights = weights * cast(ravel(weight), dtype=points.dtype)
    hist = place(weights, shape=(math.prod(sizes) + 1,), index=(where,))[:-1].reshape(sizes)
    if density:
        with np.errstate(invalid="ignore"):  # the density of nothing is NaN
            hist = hist / sum(hist)
            for i, edge in enumerate(edges):
                hist = hist / (edge[1:] - edge[:-1]).reshape((-1, *(1,) * (len(edges) - i - 1)))
    return hist, edges


@op((None, lambda g, y, x, given=None, bins=0, limits=None: g), samples=[
    Sample((4,), bins=3, limits=(-1.0, 1.0)), Sample((4,), bins=3), Sample((4,), np.array([-1.0, 0.0, 1.0])),
])  # fmt: skip
def edges_of(x: Array, given: Array = None, *, bins=0, limits=None):
    """Edges, as they are given or those of equal bins between limits, or between the extremes of x: (bins + 1,)."""
    if given is not None:
        return given.copy()
    low, high = limits if limits is not None else (x.min(), x.max()) if x.size else (0, 1)
    low, high = widened("histogram", low, high, 0.5)
    return np.linspace(low, high, bins + 1).astype(x.dtype)


@op(samples=[Sample((4,), np.array([-1.0, 0.0, 1.0])), Sample((4,), (4,), np.array([-1.0, 0.0, 1.0]), np.array([-2.0, 2.0]))])
def cell(*given: Array):
    """The number of the cell of each point, in C order, of a grid: first its coordinates (n,) in each dim, then the edges in each.

    The last edge is part of the last cell. Points outside get the number of all cells.
    """
    columns, edges = given[: len(given) // 2], given[len(given) // 2 :]
    number, inside, count = np.zeros(columns[0].shape, np.intp), np.ones(columns[0].shape, bool), 1
    for x, row in zip(columns, edges, strict=True):
        if row.ndim != 1 or row.size < 2 or not (row[1:] >= row[:-1]).all():
            required = "two or more edges in ascending order are required"
            raise ArgumentError(message("histogram", required, f"{row.tolist()}" if row.size < 9 else f"{row.shape}"))
        found = np.where(x == row[-1], row.size - 2, np.searchsorted(row, x, "right") - 1)
        inside &= (found >= 0) & (found < row.size - 1)
        number, count = number * (row.size - 1) + found, count * (row.size - 1)
    return np.where(inside, number, count)
