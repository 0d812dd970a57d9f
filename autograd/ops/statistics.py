"""Covariances, distances, counts in bins, sums and slopes of samples."""
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from autograd.dtypes import get_default_dtype
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.kernels.dims import dim_of, dims_of
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import conj
from autograd.ops.elementwise import cast, clamp
from autograd.ops.functions import sqrt
from autograd.ops.indexing import getitems, narrow
from autograd.ops.product import matmul
from autograd.ops.reduction import mean, over_zero, sum, vector_norm
from autograd.ops.scan import cumsum
from autograd.ops.shape import cat, diagonal, mT, unsqueeze
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
    if x.ndim > 2:
        given = str(tuple(x.shape))
        raise ShapeError(message("cov", "variables by observations, (v, n) or (n,), are required", given, "reshape to two dims"))
    rows = x if x.ndim == 2 else x.reshape((1, math.prod(x.shape)))
    if rows.dtype.kind not in "fc":
        rows = cast(rows, dtype=get_default_dtype())
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is not None and (tuple(given.shape) != (rows.shape[1],) or (name == "fweights" and given.dtype.kind not in "iu")):
            required = f"{name} of shape ({rows.shape[1]},){', integers,' if name == 'fweights' else ''} are required"
            raise ShapeError(message("cov", required, f"{tuple(given.shape)} {given.dtype}"))
    if fweights is None and aweights is None:
        centred = rows - mean(rows, 1, keepdim=True)
        found = matmul(centred, mT(conj(centred))) / (max(rows.shape[1] - correction, 0) or math.nan)
    else:
        weights = aweights if fweights is None else fweights if aweights is None else fweights * aweights
        total = sum(weights)
        centred = rows - sum(rows * weights, 1, keepdim=True) / total
        taken = correction if aweights is None else correction * sum(weights * aweights) / total
        found = matmul(centred * weights, mT(conj(centred * 1))) / clamp(total - taken, min=0)
    return found if x.ndim == 2 and x.shape[0] != 1 else found.reshape(())


@derived(samples=[Sample((3, 5)), Sample((5,))])
def corrcoef(x: Array):
    """The correlation matrix of variables (rows) by their observations: the covariances over the standard deviations."""
    c = cov(x)
    if not c.ndim:
        return c / c
    scale = sqrt(diagonal(c).real if c.dtype.kind == "c" else diagonal(c))
    return c / scale[:, None] / scale[None, :]


# ── distances ──


@derived(samples=[
    Sample((3, 4), (2, 4)), Sample((2, 3, 4), (5, 4), p=1.0), Sample((3, 2), (3, 2), p=math.inf), Sample((3, 2), (2, 2), p=3.0),
])  # fmt: skip
def cdist(x1: Array, x2: Array, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The p-norm of the difference of each row of x1 and each of x2: (..., n, d), (..., m, d) -> (..., n, m). At 0 the gradient is 0.

    compute_mode  whether Euclidean distances of more than 25 rows go by a product of matrices: faster, and less exact for near points
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        given = f"{tuple(x1.shape)} and {tuple(x2.shape)}"
        raise ShapeError(message("cdist", "rows of one length, (..., n, d) and (..., m, d), are required", given))
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
    return narrow(x, own, 1, x.shape[own] - 1) - narrow(x, own, 0, x.shape[own] - 1)


def strips(name, y, x, dx, dim):
    """(areas of the strips between neighbours along dim, dim)."""
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
    if getattr(distance, "ndim", 0):
        shape = [1] * x.ndim
        shape[dim] = n - 1
        steps = (narrow(distance, 0, 1, n - 1) - narrow(distance, 0, 0, n - 1)).reshape(tuple(shape))
    else:
        steps = None

    def at(start, count=1):
        return narrow(x, dim, start, count)

    def step(start, count=1):
        return distance if steps is None else narrow(steps, dim, start, count)

    if edge_order == 1:
        first, last = (at(1) - at(0)) / step(0), (at(n - 1) - at(n - 2)) / step(n - 2)
    else:
        first = edge(at(0), at(1), at(2), step(0), step(1))
        last = edge(at(n - 1), at(n - 2), at(n - 3), -step(n - 2), -step(n - 3))
    if n == 2:
        return cat([first, last], dim)
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


def edges_of(name, x, bins, low, high):
    """(low, high) of the bins: given, or of the data; not both the same."""
    if low == high == 0 and x.size:
        low, high = float(x.min()), float(x.max())
    if low > high or not (math.isfinite(low) and math.isfinite(high)):
        raise ArgumentError(message(name, "finite limits, the lower first, are required", f"{low} and {high}", "pass min and max"))
    if bins < 1:
        raise ArgumentError(message(name, "at least one bin is required", str(bins)))
    return (low - 1, high + 1) if low == high else (low, high)


@op(samples=[Sample((3, 4), bins=5, min=-1, max=1), Sample((7,), 4)])
def histc(x: Array, bins=100, min=0, max=0):
    """How many elements lie in each of equal bins between min and max (those of the data, if both are 0): (bins,), of x's dtype."""
    if x.dtype.kind != "f":
        raise DtypeError(message("histc", "floating-point numbers are required", str(x.dtype), "convert first: x.float()"))
    limits = edges_of("histc", x, bins, min, max)
    return np.histogram(x, bins, limits)[0].astype(x.dtype)


class Histogram(NamedTuple):
    """What ``histogram`` and ``histogramdd`` return."""

    hist: Array
    bin_edges: Array


@op(samples=[
    Sample((3, 4), 5, range=(-1.0, 1.0)), Sample((6,), 4, range=(-2.0, 2.0), density=True), Sample((3,), np.array([-2.0, 0.0, 2.0])),
])  # fmt: skip
def histogram(x: Array, bins, *, range=None, weight: Array = None, density=False):
    """(hist, bin_edges): the number of elements, or the sum of weights, in bins between edges: equal ones of a range, or those given.

    density  divided by the total and by the width of the bin: the integral is 1
    """
    if x.dtype.kind != "f":
        raise DtypeError(message("histogram", "floating-point numbers are required", str(x.dtype), "convert first: x.float()"))
    weights = None if weight is None else np.ravel(weight)
    if isinstance(bins, int | np.integer):
        low, high = edges_of("histogram", x, bins, *(range or (0, 0)))
        bins = np.linspace(low, high, bins + 1)
    with np.errstate(invalid="ignore"):  # the density of nothing is NaN
        hist, edges = np.histogram(np.ravel(x), np.asarray(plain(bins)), weights=weights, density=density)
    return Histogram(hist.astype(x.dtype), edges.astype(x.dtype))


def histogramdd(x: Array, bins, *, range=None, weight=None, density=False):
    """(hist, bin_edges) of points (n, d) in d dims: bins is their number, for all dims or for each, or the edges of each.

    range  (low, high) of each dim, one after the other
    """
    points = np.asarray(plain(x))
    if points.dtype.kind != "f" or points.ndim < 2:
        raise DtypeError(message("histogramdd", "points (n, d) of floating-point numbers are required", f"{points.dtype} {points.shape}"))
    points = points.reshape(-1, points.shape[-1])
    limits = None if range is None else list(zip(range[::2], range[1::2], strict=True))
    chosen = [np.asarray(plain(b)) if hasattr(b, "ndim") else b for b in bins] if isinstance(bins, tuple | list) else bins
    weights = None if weight is None else np.ravel(np.asarray(plain(weight)))
    hist, edges = np.histogramdd(points, chosen, limits, density=density, weights=weights)
    wrap = getattr(x, "_wrap", lambda array: array)
    return Histogram(wrap(hist.astype(points.dtype)), tuple([wrap(edge.astype(points.dtype)) for edge in edges]))
