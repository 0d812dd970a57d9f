"""NumPy's functions on tensors, where they are no op's twin: put together from ops and from each other.

Each takes NumPy's arguments and keeps NumPy's meaning. ``dispatch.py`` says when these are called.
"""
from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd import ops
from autograd.dispatch import TABLE, VIEWS, bare, cast, choice, common, implements, plain, recorded, wrapped
from autograd.errors import ArgumentError, message
from autograd.op import Recorder
from autograd.ops import linalg_factorisation, linalg_norms, linalg_products, linalg_solving, linalg_spectrum

# ── ufuncs that are put together from others ──


TABLE |= {
    np.divmod: lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)),
    np.frexp: lambda x: tuple(ops.frexp(x)),
    np.modf: lambda x: (np.subtract(x, np.trunc(x)), np.trunc(x)),
    np.rint: lambda x: ops.round(x),
    np.cbrt: lambda x: np.sign(x) * np.power(np.abs(x), 1 / 3),
    np.fabs: np.abs,
    np.vecdot: lambda a, b: np.sum(np.conjugate(a) * b, axis=-1),
    np.matvec: lambda a, b: np.matmul(a, b[..., None])[..., 0],
    np.vecmat: lambda a, b: np.matmul(np.conjugate(a)[..., None, :], b)[..., 0, :],
}

# ── reductions ──


def axes_of(a: Any, axis: Any) -> tuple[int, ...]:
    """The axes meant, counted from the front: all of them for None."""
    if axis is None:
        return tuple(range(a.ndim))
    return normalize_axis_tuple(tuple(axis) if isinstance(axis, list) else axis, a.ndim)


def selected(a: Any, where: Any, otherwise: Any) -> Any:
    """Those elements of a that ``where`` chooses, and in place of the others one that does not count."""
    return a if where is None or where is True else np.where(where, a, otherwise)


def counted(a: Any, axis: Any, where: Any = None) -> Any:
    """How many elements go into each result; the reduced axes are kept."""
    if where is None or where is True:
        return math.prod(a.shape[i] for i in axes_of(a, axis))
    return np.sum(np.broadcast_to(bare(where), a.shape), axis=axis, keepdims=True).astype(a.dtype)


def reduced(a: Any, axis: Any) -> Any:
    """The array without these axes, whose length is one."""
    axes = axes_of(a, axis)
    return np.reshape(a, tuple(n for i, n in enumerate(a.shape) if i not in axes))


@implements(np.sum)
def sum_(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = None) -> Any:
    """Sum."""
    y = cast(selected(a, where, 0), dtype)
    y = y if axis == () else ops.sum(y, axis, keepdims)  # no axes: to the ops, and to PyTorch, that means all
    return y if initial is None else y + initial


@implements(np.prod)
def prod(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = None) -> Any:
    """Product, over several axes one after the other."""
    y = cast(selected(a, where, 1), dtype)
    for i in axes_of(a, axis):
        y = ops.prod(y, dim=i, keepdim=True)
    y = y if keepdims else reduced(y, axis)
    return y if initial is None else y * initial


def extreme(name: str, of_two: Any) -> Callable[..., Any]:
    """The reduction to the largest, or smallest, element."""

    def function(a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = None) -> Any:
        if where is not None and where is not True and initial is None:
            required = "initial is required beside where=, for nothing may be selected"
            raise ArgumentError(message(f"numpy.{name}", required, "none", "pass initial="))
        y = selected(a, where, initial)
        y = y if axis == () else getattr(ops, name)(y, () if axis is None else axis, keepdims)
        return y if initial is None else of_two(y, initial)

    return function


TABLE |= dict.fromkeys([np.max, np.amax], extreme("amax", np.maximum))
TABLE |= dict.fromkeys([np.min, np.amin], extreme("amin", np.minimum))


@implements(np.mean)
def mean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = None) -> Any:
    """Mean."""
    y = np.sum(cast(selected(a, where, 0), dtype), axis=axis, keepdims=True) / counted(a, axis, where)
    return y if keepdims else reduced(y, axis)


@implements(np.var)
def var(a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False, where: Any = None,
        mean: Any = None, correction: Any = None) -> Any:  # fmt: skip
    """Variance: the divisor is the count less ddof."""
    a, ddof = cast(a, dtype), ddof if correction is None else correction
    if where is None and mean is None and axis != ():
        return ops.var(a, axis, correction=ddof, keepdim=keepdims)
    distance = np.abs(a - (np.mean(a, axis=axis, keepdims=True, where=where) if mean is None else mean))
    y = np.sum(selected(distance * distance, where, 0), axis=axis, keepdims=True) / np.maximum(counted(a, axis, where) - ddof, 0)
    return y if keepdims else reduced(y, axis)


@implements(np.std)
def std(a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False, where: Any = None,
        mean: Any = None, correction: Any = None) -> Any:  # fmt: skip
    """Standard deviation: the root of the variance."""
    ddof = ddof if correction is None else correction
    if where is None and mean is None and axis != ():
        return ops.std(cast(a, dtype), axis, correction=ddof, keepdim=keepdims)
    return np.sqrt(np.var(a, axis, dtype, ddof=ddof, keepdims=keepdims, where=True if where is None else where, mean=mean))


@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """Mean under weights."""
    if weights is None:
        y, total = np.mean(a, axis=axis, keepdims=keepdims), counted(a, axis)
    else:
        a, weights = common(a, weights)
        if weights.shape != a.shape:
            weights = np.reshape(weights, tuple(n if i in axes_of(a, axis) else 1 for i, n in enumerate(a.shape)))
        total = np.sum(np.broadcast_to(weights, a.shape), axis=axis, keepdims=keepdims)
        y = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (y, np.zeros_like(y) + total) if returned else y


def accumulation(name: str) -> Callable[..., Any]:
    """The cumulative op; without an axis, of all elements in order."""
    return lambda a, axis=None, dtype=None: getattr(ops, name)(cast(np.ravel(a) if axis is None else a, dtype), 0 if axis is None else axis)


def without_nan(function: Any, otherwise: float) -> Callable[..., Any]:
    """The function of the elements that are numbers; the others count as one that changes nothing."""
    return lambda a, axis=None, dtype=None, **params: function(np.where(np.isnan(a), otherwise, a), axis, dtype, **params)


def extreme_of_numbers(function: Any, otherwise: float) -> Callable[..., Any]:
    """The largest, or smallest, element that is a number; NaN where none is."""

    def call(a: Any, axis: Any = None, **params: Any) -> Any:
        y = function(np.where(np.isnan(a), otherwise, a), axis, **params)
        return np.where(np.all(np.isnan(a), axis, keepdims=params.get("keepdims", False)), math.nan, y)

    return call


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The area under y, sampled along axis."""
    steps = dx if x is None else np.diff(x) if np.ndim(x) == 1 else np.moveaxis(np.diff(x, axis=axis), axis, -1)
    y = np.moveaxis(y, axis, -1)
    return np.sum(steps * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)


TABLE |= {
    np.ptp: lambda a, axis=None, *, keepdims=False: np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims),
    np.cumsum: accumulation("cumsum"),
    np.cumprod: accumulation("cumprod"),
    np.nansum: without_nan(np.sum, 0),
    np.nanprod: without_nan(np.prod, 1),
    np.nancumsum: without_nan(np.cumsum, 0),
    np.nancumprod: without_nan(np.cumprod, 1),
    np.nanmax: extreme_of_numbers(np.max, -math.inf),
    np.nanmin: extreme_of_numbers(np.min, math.inf),
    np.nanmean: lambda a, axis=None, dtype=None, **params: np.mean(a, axis, dtype, where=np.equal(a, a), **params),
    np.nanvar: lambda a, axis=None, dtype=None, **params: np.var(a, axis, dtype, where=np.equal(a, a), **params),
    np.nanstd: lambda a, axis=None, dtype=None, **params: np.std(a, axis, dtype, where=np.equal(a, a), **params),
    np.trace: lambda a, offset=0, axis1=0, axis2=1, dtype=None: np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype),
    np.trapezoid: trapezoid,
}

# ── order ──


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """Ascending along axis; of all elements with axis=None."""
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
    return np.take_along_axis(a, np.argsort(a, axis, kind, stable=stable), axis)


@implements(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    """The kth smallest in its place, smaller ones before it."""
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
    return np.take_along_axis(a, np.argpartition(a, kth, axis, kind), axis)


@implements(np.quantile)
def quantile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False, overwrite_input: bool = False) -> Any:
    """Quantiles, interpolated between neighbours in order; the axes of q come first."""
    a = cast(a, np.float64) if np.ndim(q) else a
    axes, q = axes_of(a, axis), np.asarray(bare(q), np.float64)
    rest = [i for i in range(a.ndim) if i not in axes]
    rows = np.reshape(np.transpose(a, (*rest, *axes)), (*(a.shape[i] for i in rest), -1))
    y = ops.quantile(rows, q.ravel(), -1, interpolation=method)
    return np.reshape(y, (*q.shape, *(1 if i in axes else n for i, n in enumerate(a.shape) if keepdims or i in rest)))


def percentile(a: Any, q: Any, axis: Any = None, **params: Any) -> Any:
    """``quantile`` of hundredths."""
    return np.quantile(a, np.asarray(bare(q)) / 100 if np.ndim(q) else q / 100, axis, **params)


@implements(np.unique)
def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: Any = None, **params: Any
) -> Any:  # fmt: skip
    """The distinct elements; the gradient of each goes to where it first stands."""
    _, first, *others = NUMPY_UNIQUE(bare(ar), True, return_inverse, return_counts, axis, **params)
    y = np.take(ar, first, axis)
    asked = [*([first] if return_index else []), *others]
    return (y, *(ar._wrap(part) for part in asked)) if asked else y


NUMPY_UNIQUE: Any = np.unique  # its stub knows no flags that are variables
TABLE |= {
    np.median: lambda a, axis=None, *, overwrite_input=False, **params: np.quantile(a, 0.5, axis, method="midpoint", **params),
    np.percentile: percentile,
}

# ── shapes ──


def one_order(order: str) -> None:
    """Raise if another order than that of the elements' memory is asked for."""
    if order not in ("C", "A", "K"):
        raise ArgumentError(message("order", "the elements of a tensor are in the order 'C'", repr(order), "transpose it"))


@implements(np.reshape, view=True)
def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    """The elements, in order, under another shape."""
    one_order(order)
    y = ops.reshape(a, shape)
    return ops.clone(y) if copy else y


@implements(np.ravel, view=True)
def ravel(a: Any, order: str = "C") -> Any:
    """All elements along one axis."""
    one_order(order)
    return np.reshape(a, (-1,))


@implements(np.transpose, np.permute_dims, view=True)
def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order: reversed unless said."""
    return ops.permute(a, tuple(range(a.ndim))[::-1] if axes is None else tuple(axes))


@implements(np.rollaxis, view=True)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """The axis moved to before the place start."""
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - (axis < start))


@implements(np.squeeze, view=True)
def squeeze(a: Any, axis: Any = None) -> Any:
    """Without axes of length one: all of them, or these."""
    axes = axes_of(a, axis) if axis is not None else tuple(i for i, n in enumerate(a.shape) if n == 1)
    if any(a.shape[i] != 1 for i in axes):
        raise ArgumentError(message("numpy.squeeze", "axes of length one are required", f"axis {axis} of shape {a.shape}", "choose others"))
    return reduced(a, axes)


@implements(np.expand_dims, view=True)
def expand_dims(a: Any, axis: Any) -> Any:
    """New axes of length one, which end up at these places."""
    count = len(axis) if isinstance(axis, tuple | list) else 1
    places, lengths = normalize_axis_tuple(axis, a.ndim + count), iter(a.shape)
    return np.reshape(a, tuple(1 if i in places else next(lengths) for i in range(a.ndim + count)))


@implements(np.array_split, view=True)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Parts along axis: so many, the first ones longer by one where it does not go out even; or cut at indices."""
    length, axis = ary.shape[axis], axis % ary.ndim
    if isinstance(indices_or_sections, int | np.integer):
        each, more = divmod(length, int(indices_or_sections))
        cuts = [i * each + min(i, more) for i in range(1, int(indices_or_sections))]
    else:
        cuts = [int(i) for i in bare(indices_or_sections)]
    return [ary[(slice(None),) * axis + (slice(start, stop),)] for start, stop in zip([0, *cuts], [*cuts, None], strict=True)]


@implements(np.split, view=True)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Equal parts along axis, or cut at indices."""
    if isinstance(indices_or_sections, int) and (n := ary.shape[axis]) % indices_or_sections:
        given = f"{indices_or_sections} parts of {n} elements"
        raise ArgumentError(message("numpy.split", "parts of equal length are required", given, "use np.array_split"))
    return np.array_split(ary, indices_or_sections, axis)


@implements(np.concatenate)
def concatenate(arrays: Any, axis: Any = 0, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays one after the other along axis; all elements in one row with axis=None."""
    arrays = common(*arrays) if dtype is None else [cast(a, dtype) for a in arrays]
    return ops.cat([np.ravel(a) for a in arrays] if axis is None else arrays, 0 if axis is None else axis)


def joined(name: str) -> Callable[..., Any]:
    """The op that joins a sequence of arrays, under NumPy's common dtype."""
    return lambda arrays, *args, dtype=None, casting="same_kind", **params: getattr(ops, name)(
        common(*arrays) if dtype is None else [cast(a, dtype) for a in arrays], *args, **params
    )


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: str = "constant", **params: Any) -> Any:
    """More elements around the array: of a constant value, or repeated from inside."""
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - array.ndim, 0)) for i in range(array.ndim)]
        pad_width = [(width, width) if isinstance(width, int) else width for width in pad_width]
    widths = tuple((int(before), int(after)) for before, after in np.broadcast_to(np.asarray(pad_width), (array.ndim, 2)))
    value = params.get("constant_values", 0)
    if mode == "constant" and np.ndim(value) == 0 and not isinstance(value, Recorder):
        return ops.pad(array, [width for pair in reversed(widths) for width in pair], value=value)
    if mode not in ("edge", "reflect", "symmetric", "wrap") or params.get("reflect_type", "even") != "even":
        required = "mode constant (one number), edge, reflect, symmetric or wrap is required on a graph"
        raise ArgumentError(message("numpy.pad", required, repr(mode), "join the parts with np.concatenate"))
    for axis, (width, n) in enumerate(zip(widths, array.shape, strict=True)):
        array = np.take(array, np.pad(np.arange(n), width, mode), axis)  # type: ignore[call-overload]
    return array


@implements(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Powers of x side by side."""
    x = cast(x, np.promote_types(x.dtype, int))
    powers = [x**i for i in range(len(x) if N is None else N)]
    return np.stack(powers if increasing else powers[::-1], -1)


VIEWS |= {
    np.swapaxes, np.moveaxis, np.diagonal, np.broadcast_to, np.broadcast_arrays, np.atleast_1d, np.atleast_2d, np.atleast_3d,
    np.vsplit, np.hsplit, np.dsplit, np.unstack, np.matrix_transpose, np.linalg.matrix_transpose, np.linalg.diagonal, np.real,
}  # fmt: skip
TABLE |= {
    np.swapaxes: lambda a, axis1, axis2: ops.transpose(a, axis1, axis2),
    np.moveaxis: lambda a, source, destination: ops.movedim(a, source, destination),
    np.matrix_transpose: lambda x, /: ops.transpose(x, -1, -2),
    np.linalg.matrix_transpose: lambda x, /: ops.transpose(x, -1, -2),
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: ops.diagonal(a, offset, axis1, axis2),
    np.linalg.diagonal: lambda x, /, *, offset=0: ops.diagonal(x, offset, -2, -1),
    np.broadcast_to: lambda array, shape, subok=False: ops.broadcast_to(array, shape),
    np.broadcast_arrays: lambda *args, subok=False: ops.broadcast_tensors(*map(array_like, args)),
    np.atleast_1d: lambda *arys: ops.atleast_1d(*map(array_like, arys)),
    np.atleast_2d: lambda *arys: ops.atleast_2d(*map(array_like, arys)),
    np.atleast_3d: lambda *arys: ops.atleast_3d(*map(array_like, arys)),
    np.vsplit: lambda ary, indices_or_sections: np.split(ary, indices_or_sections, 0),
    np.hsplit: lambda ary, indices_or_sections: np.split(ary, indices_or_sections, 0 if ary.ndim == 1 else 1),
    np.dsplit: lambda ary, indices_or_sections: np.split(ary, indices_or_sections, 2),
    np.unstack: lambda x, /, *, axis=0: tuple(np.moveaxis(x, axis, 0)[i] for i in range(x.shape[axis])),
    np.stack: joined("stack"),
    np.hstack: joined("hstack"),
    np.vstack: joined("vstack"),
    np.dstack: joined("dstack"),
    np.column_stack: joined("column_stack"),
    np.append: lambda arr, values, axis=None: np.concatenate((arr, values), axis),
    np.delete: lambda arr, obj, axis=None: np.take(arr, np.delete(np.arange(counted(arr, axis)), bare(obj)), axis),
    np.resize: lambda a, new_shape: np.reshape(np.take(a, np.resize(np.arange(math.prod(a.shape)), new_shape)), new_shape),
    np.repeat: lambda a, repeats, axis=None: ops.repeat_interleave(a, bare(repeats), axis),
    np.tile: lambda A, reps: ops.tile(A, reps),
    np.roll: lambda a, shift, axis=None: ops.roll(a, *(part.tolist() for part in np.broadcast_arrays(shift, axis))),
    np.flip: lambda m, axis=None: ops.flip(m, axes_of(m, axis)),
    np.rot90: lambda m, k=1, axes=(0, 1): ops.rot90(m, k, axes),
    np.meshgrid: lambda *xi, copy=True, sparse=False, indexing="xy": meshgrid(xi, sparse, indexing),
    np.diag: lambda v, k=0: ops.diag(v, k),
    np.diagflat: lambda v, k=0: ops.diagflat(v, k),
    np.tril: lambda m, k=0: ops.tril(m, k),
    np.triu: lambda m, k=0: ops.triu(m, k),
    np.copy: lambda a, order="K", subok=False: ops.clone(a),
    np.ediff1d: lambda ary: np.diff(np.ravel(ary)),
}


def array_like(value: Any) -> Any:
    """A tensor or an array."""
    return value if isinstance(value, Recorder) else np.asarray(value)


def meshgrid(xi: Any, sparse: bool, indexing: str) -> Any:
    """Coordinates as arrays over the grid that they span."""
    grids = [np.reshape(x, (1,) * i + (-1,) + (1,) * (len(xi) - 1 - i)) for i, x in enumerate(xi)]
    if indexing == "xy" and len(xi) > 1:
        grids = [np.swapaxes(grid, 0, 1) for grid in grids]
    return tuple(grids) if sparse else np.broadcast_arrays(*grids)


# ── parts of arrays ──


TABLE[np.where] = lambda condition, *xy: choice(condition, *xy) if xy else np.nonzero(condition)


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, *, mode: str = "raise") -> Any:
    """The elements at these places along axis; of all in one row without an axis."""
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis % a.ndim)
    indices, n = np.asarray(bare(indices)), a.shape[axis]
    indices = indices % n if mode == "wrap" else np.clip(indices, 0, n - 1) if mode == "clip" else indices
    return a[(slice(None),) * axis + (indices,)]


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Limited from below and from above."""
    low, high = a_min if min is None else min, a_max if max is None else max
    given = iter(common(a, *(bound for bound in (low, high) if bound is not None)))
    return ops.clamp(next(given), None if low is None else next(given), None if high is None else next(given))


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along axis, n times over."""
    shape = tuple(1 if i == axis % a.ndim else m for i, m in enumerate(a.shape))
    prepend, append = (end if end is None or np.ndim(end) else np.broadcast_to(end, shape) for end in (prepend, append))
    return ops.diff(a, n, axis, prepend, append)


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The first choice whose condition holds."""
    y = default
    for condition, chosen in zip(reversed(condlist), reversed(choicelist), strict=True):
        y = choice(condition, chosen, y)
    return y


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Linear interpolation between the points (xp, fp)."""
    if period is not None:
        raise ArgumentError(message("numpy.interp", "no period is known on a graph", str(period), "wrap x first"))
    x, xp, fp = (cast(array_like(value), np.float64) for value in (x, xp, fp))
    i = np.clip(np.searchsorted(bare(xp), bare(x), "right") - 1, 0, len(xp) - 2)
    x0, x1, f0, f1 = np.take(xp, i), np.take(xp, i + 1), np.take(fp, i), np.take(fp, i + 1)
    y = choice(np.less(x, xp[0]), fp[0] if left is None else left, f0 + (x - x0) * ((f1 - f0) / (x1 - x0)))
    return choice(np.greater(x, xp[-1]), fp[-1] if right is None else right, y)


TABLE |= {
    np.take_along_axis: lambda arr, indices, axis=-1: ops.take_along_dim(arr, indices, axis),
    np.compress: lambda condition, a, axis=None: np.take(a, np.flatnonzero(bare(condition)), axis),
    np.extract: lambda condition, arr: np.take(arr, np.flatnonzero(bare(condition))),
    np.choose: lambda a, choices, *, mode="raise": np.select([np.equal(bare(a), i) for i in range(len(choices))], choices),
    np.nan_to_num: lambda x, copy=True, nan=0.0, posinf=None, neginf=None: ops.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    np.imag: lambda val: ops.imag(val) if val.dtype.kind == "c" else np.zeros_like(val),
    np.round: lambda a, decimals=0: ops.round(a, decimals=decimals),
    np.around: lambda a, decimals=0: ops.round(a, decimals=decimals),
    np.polyval: lambda p, x: functools.reduce(lambda y, coefficient: y * x + coefficient, p, np.zeros_like(x)),
}

# ── products ──


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    """Over the last axis of a and the last but one of b; a plain product where one is a number."""
    a, b = common(a, b)
    if not np.ndim(a) or not np.ndim(b):
        return np.multiply(a, b)
    return np.matmul(a, b) if b.ndim <= 2 else np.tensordot(a, b, (-1, -2))


@implements(np.inner)
def inner(a: Any, b: Any) -> Any:
    """Over the last axis of both."""
    a, b = common(a, b)
    return np.tensordot(a, b, (-1, -1)) if np.ndim(a) and np.ndim(b) else np.multiply(a, b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Over pairs of axes: the last ones of a with the first of b, or those listed."""
    a, b = common(a, b)
    return ops.tensordot(a, b, axes)


@implements(np.einsum)
def einsum(*operands: Any, optimize: Any = False) -> Any:
    """Einstein's sum, in either of NumPy's notations."""
    if isinstance(operands[0], str):
        return ops.einsum(operands[0], *common(*operands[1:]))
    count = len(operands) // 2
    terms = common(*operands[: 2 * count : 2])
    return ops.einsum(*(part for pair in zip(terms, operands[1::2], strict=True) for part in pair), *operands[2 * count :])


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    """Vector product in three dimensions."""
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    y: Any = ops.cross(np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1), -1)
    return np.moveaxis(y, -1, axisc)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """Discrete convolution of two vectors: the sliding windows of the longer one times the other, reversed."""
    a, v = sorted(common(a, v), key=len, reverse=True)
    n, m = len(a), len(v)
    start, stop = {"full": (0, n + m - 1), "same": ((m - 1) // 2, (m - 1) // 2 + n), "valid": (m - 1, n)}[mode]
    return np.matmul(np.pad(a, m - 1)[np.arange(start, stop)[:, None] + np.arange(m)], np.flip(v))


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """Cross-correlation of two vectors, the longer one first."""
    if len(v) > len(a):
        given = f"lengths {len(a)} and {len(v)}"
        raise ArgumentError(message("numpy.correlate", "the longer vector first is required on a graph", given, "exchange them"))
    return np.convolve(a, np.flip(np.conjugate(v)), mode)


def variables(m: Any, y: Any, rowvar: bool, dtype: Any = None) -> Any:
    """The rows, one for each variable, of one or two arrays of observations."""
    parts: list[Any] = [part if isinstance(part, Recorder) else np.asarray(part) for part in (m, y) if part is not None]
    dtype = dtype or np.result_type(np.float64, *[part.dtype for part in parts])
    parts = [np.atleast_2d(cast(part, dtype)) for part in parts]
    return np.concatenate([part if rowvar or part.shape[0] == 1 else np.swapaxes(part, 0, 1) for part in parts])


@implements(np.cov)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None, aweights: Any = None, *,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """Covariance matrix; each row is a variable."""
    rows = variables(m, y, rowvar, dtype)
    fweights = fweights if fweights is None else np.asarray(bare(fweights))
    aweights = aweights if aweights is None else cast(aweights, np.float64)
    return ops.cov(rows, correction=(not bias) if ddof is None else ddof, fweights=fweights, aweights=aweights)


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Correlation matrix."""
    return ops.corrcoef(variables(x, y, rowvar, dtype))


# ── samples and counts ──


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The slopes along each axis, or along those given: an array, or a tuple of one per axis. varargs are distances or points."""
    axes = axes_of(f, axis)
    spacing = [part if np.ndim(part) == 0 else np.asarray(bare(part)) for part in (varargs or (1.0,))]
    found: Any = ops.gradient(f, spacing=spacing if len(spacing) > 1 else spacing * len(axes), dim=axes, edge_order=edge_order)
    slopes = tuple([cast(part, f.dtype) for part in found])
    return slopes[0] if len(axes) == 1 else slopes


@implements(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each number occurs, or the sums of weights."""
    return ops.bincount(np.asarray(bare(x)), cast(weights, np.float64), minlength)


@implements(np.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """(counts, edges): the gradient is that of the weights, if there are any."""
    if not recorded((weights,)):
        return plain(np.histogram, (a, bins, range, density, weights), {})
    a = a if isinstance(a, Recorder) else np.asarray(a)
    edges = wrapped(np.histogram_bin_edges(bare(a), bare(bins), range), [weights])
    dtype = np.result_type(a.dtype, edges.dtype, weights.dtype)
    found: Any = ops.histogram(cast(a, dtype), cast(edges, dtype), weight=cast(weights, dtype), density=bool(density))
    return cast(found.hist, np.float64 if density else weights.dtype), edges


# ── linear algebra, where NumPy's arguments or results are others than torch.linalg's ──


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """The solution of a x = b: b is a vector only if it has one axis."""
    a, b = common(a, b)
    return linalg_solving.solution(a, b[:, None])[..., 0] if b.ndim == 1 else linalg_solving.solution(a, b)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Q and R; R alone for mode "r"."""
    if mode == "raw":
        raise ArgumentError(message("numpy.linalg.qr", 'mode "reduced", "complete" or "r" is required on a graph', "'raw'", "detach first"))
    y: Any = linalg_factorisation.linalg_qr(a, mode)
    return y.R if mode == "r" else y


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U, S and Vh, or S alone."""
    return linalg_spectrum.linalg_svd(a, full_matrices) if compute_uv else linalg_spectrum.svdvals(a)


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The least-squares solution, residuals, rank and singular values."""
    a, b = common(a, b)
    x, residuals, rank, values = linalg_spectrum.lstsq(a, b, rcond, driver="gelsd")
    return x, residuals, rank.astype(np.intc), values


TABLE |= {
    np.outer: lambda a, b: np.multiply(np.ravel(a)[:, None], np.ravel(b)[None, :]),
    np.linalg.outer: lambda x1, x2, /: np.multiply(x1[:, None], x2[None, :]),
    np.vdot: lambda a, b: np.dot(np.conjugate(np.ravel(a)), np.ravel(b)),
    np.kron: lambda a, b: ops.kron(*common(a, b)),
    np.tensordot: tensordot,
    np.linalg.tensordot: tensordot,
    np.linalg.cross: lambda x1, x2, /, *, axis=-1: np.cross(x1, x2, axis=axis),
    np.linalg.matmul: lambda x1, x2, /: np.matmul(x1, x2),
    np.linalg.vecdot: lambda x1, x2, /, *, axis=-1: np.sum(np.conjugate(x1) * x2, axis=axis),
    np.linalg.trace: lambda x, /, *, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype),
    np.linalg.multi_dot: lambda arrays: linalg_products.multi_dot(common(*arrays)),
    np.linalg.vector_norm: lambda x, /, *, axis=None, keepdims=False, ord=2: ops.vector_norm(x, ord, axis, keepdims),
    np.linalg.matrix_norm: lambda x, /, *, keepdims=False, ord="fro": linalg_norms.matrix_norm(x, ord, (-2, -1), keepdims),
}
