"""Scattering with a reduction: products, extremes and means of what is sent to one place."""
from __future__ import annotations

import numpy as np

from autograd.errors import ArgumentError, message
from autograd.kernels.dims import dim_of
from autograd.op import Array, Sample, derived, op
from autograd.ops.elementwise import where as choose
from autograd.ops.indexing import getitems, grid, like, place, slices_at, source

__all__ = ["scatter_reduce", "index_reduce"]

TWICE = (np.array([2, 0, 2]),)
REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def hits(x, src, where):
    """How many values are sent to each place."""
    return place(np.ones(src.shape, x.dtype), shape=x.shape, index=where)


def extreme_rule(g, y, x, src, *, where, largest):
    """In equal parts to all that attain the extreme: the place's own value, and those that are sent there."""
    own, sent = np.equal(x, y).astype(g.dtype), np.equal(src, getitems(y, index=where)).astype(g.dtype)
    part = g / np.maximum(own + place(sent, shape=x.shape, index=where), np.ones((), g.dtype))
    return part * own, getitems(part, index=where) * sent


@op(joint=extreme_rule, saves="y x src", masks=True, samples=[
    Sample((3, 4), (3, 4), where=TWICE, largest=True), Sample((3, 4), (3, 4), where=TWICE, largest=False),
])  # fmt: skip
def scatter_extreme(x: Array, src: Array, *, where, largest):
    """x, or what is sent to its places if that is larger (smaller). Equal ones share the gradient."""
    y = x.copy()
    (np.maximum if largest else np.minimum).at(y, where, src)
    return y


def product_rule(g, y, x, src, *, where):
    """Each factor gets g times the product of all the others of its place, without a division by zero. Good for two derivatives.

    The zeros among the others are a factor of their own: none leaves the product as it is, one is that zero, two are nothing even once
    differentiated.
    """
    zero, one = np.equal(src, 0), np.ones((), src.dtype)
    apart, zeros = choose(zero, one, src), choose(zero, src, np.zeros((), src.dtype))
    theirs = getitems(g * scatter_product(x, apart, where=where), index=where) / apart
    others = others_of(zeros, x.shape, where)
    count = others_of(zero.astype(g.dtype), x.shape, where)
    terms = choose(np.equal(count, 0), theirs, choose(np.equal(count, 1), theirs * others, np.zeros((), g.dtype)))
    return g * scatter_product(np.ones(x.shape, x.dtype), src, where=where), terms


def others_of(src, shape, where):
    """For each value that is sent to a place, the sum of the others that are sent there."""
    return getitems(place(src, shape=shape, index=where), index=where) - src


@op(joint=product_rule, saves="x src", samples=[
    Sample((3, 4), (3, 4), where=TWICE), Sample((3, 2), np.array([[0.0, 2.0], [1.5, 0.0], [0.0, 0.0]]), where=(np.array([2, 2, 2]),)),
])  # fmt: skip
def scatter_product(x: Array, src: Array, *, where):
    """x times all that is sent to its places."""
    y = x.copy()
    np.multiply.at(y, where, src)
    return y


def reduced(name, x, where, src, reduce, include_self, known=REDUCTIONS):
    """x with src reduced into it at the index where; without include_self, x counts only where nothing arrives."""
    if reduce not in known:
        raise ArgumentError(message(name, f"reduce of {', '.join(known)} is required", repr(reduce), "check its spelling"))
    start = {"prod": 1, "amax": lowest(x.dtype), "amin": highest(x.dtype)}.get(reduce, 0)
    counts = hits(x, src, where)
    own = x if include_self else choose(np.equal(counts, 0), x, np.asarray(start, x.dtype))
    if reduce == "prod":
        return scatter_product(own, src, where=where)
    if reduce in ("amax", "amin"):
        return scatter_extreme(own, src, where=where, largest=reduce == "amax")
    total = own + place(src, shape=x.shape, index=where)
    if reduce == "sum":
        return total
    number = np.maximum(counts + (1 if include_self else 0), np.ones((), x.dtype)).astype(x.dtype)
    return total / number if x.dtype.kind in "fc" else total // number


def lowest(dtype):
    """The number below all others of a dtype."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min if dtype.kind in "iu" else 0


def highest(dtype):
    """The number above all others of a dtype."""
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max if dtype.kind in "iu" else 1


SENT = (np.array([[0, 0], [3, 1]]), np.array([[0.5, 1.5], [-1.0, 2.0]]))


@derived(
    samples=[
        *(Sample((3, 4), 1, *SENT, reduce) for reduce in REDUCTIONS),
        *(Sample((3, 4), 1, *SENT, reduce, include_self=False) for reduce in REDUCTIONS),
    ],
)  # fmt: skip
def scatter_reduce(x: Array, dim, index, src: Array, reduce, *, include_self=True):
    """``scatter_add`` for reduce="sum"; "prod", "mean", "amax" and "amin" reduce otherwise.

    x's own element counts among those sent to its place if include_self.
    """
    where = grid("scatter_reduce", x, dim, index)
    return reduced("scatter_reduce", x, where, source("scatter_reduce", x, index, src), reduce, include_self)


@derived(
    samples=[
        *(Sample((3, 4), 0, np.array([2, 0, 2]), (3, 4), reduce) for reduce in REDUCTIONS[1:]),
        Sample((3, 4), -1, np.array([1]), (3, 1), "mean", include_self=False),
    ],
)  # fmt: skip
def index_reduce(x: Array, dim, index, source: Array, reduce, *, include_self=True):
    """x with the slices of source reduced ("prod", "mean", "amax", "amin") into its slices at the indices along dim."""
    where = slices_at("index_reduce", x, dim, index, source)
    dim = dim_of("index_reduce", dim, x.ndim)
    if x.ndim:
        sizes = [1] * x.ndim
        sizes[dim] = -1
        where = tuple(where[dim].reshape(sizes) if i == dim else np.arange(n).reshape(at_axis(i, x.ndim)) for i, n in enumerate(x.shape))
    return reduced("index_reduce", x, where, like("index_reduce", x, source), reduce, include_self, REDUCTIONS[1:])


def at_axis(i, ndim):
    """The shape of a row along one axis."""
    return [-1 if j == i else 1 for j in range(ndim)]
