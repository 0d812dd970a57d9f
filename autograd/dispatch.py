"""Which NumPy function is which op: NEP 13 (ufuncs) and NEP 18 (functions).

NumPy's functions keep NumPy's meaning when they meet a tensor: its promotion, its axes, its order of arguments. There are
three ways through:

* The twin of an op (``numpy=`` in its declaration), called on floats of one dtype, is that op. Rules run on tensors this way.
* Where nothing is recorded, NumPy itself computes on the arrays, and its result comes back as a tensor.
* Else the table below says, in terms of ops and other NumPy functions, how NumPy's function is put together. Its parameters
  are NumPy's, ``out`` aside, which is written to afterwards.

One departure: a NumPy scalar counts as a Python number, so that ``np.float64(2) * x`` is ``x * 2`` and float32 stays float32.
"""
from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd import ops, writes
from autograd.dtypes import NUMBERS
from autograd.errors import ArgumentError, DtypeError, GraphError, message
from autograd.inplace import assign
from autograd.modes import recording
from autograd.op import NUMPY, REGISTRY, Recorder

F = TypeVar("F", bound=Callable[..., Any])

TABLE: dict[Any, Callable[..., Any]] = {}  # NumPy function -> the same on tensors
VIEWS: set[Any] = set()  # functions whose result may share memory: run by the table even where nothing is recorded


def implements(*functions: Any, view: bool = False) -> Callable[[F], F]:
    """Put the function below into the table in place of NumPy's functions."""

    def register(function: F) -> F:
        TABLE.update(dict.fromkeys(functions, function))
        if view:
            VIEWS.update(functions)
        return function

    return register


# ── the two protocols ──


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a NumPy ufunc, or a method of one, does on tensors."""
    if method == "__call__" and not kwargs:  # by far the commonest case, and the one that rules run through
        function = NUMPY.get(ufunc)
        if function is not None and uniform(inputs):
            return function(*inputs)
    if any(foreign(value) for value in inputs):
        return NotImplemented
    inputs = tuple(number(value) for value in inputs)
    if method == "at":
        return written(ufunc.at, inputs, kwargs)
    if kwargs and all(value is None for value in kwargs.get("out", (0,))):
        del kwargs["out"]
    if not recorded((inputs, *kwargs.values())):
        return plain(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)
    out = kwargs.pop("out", None)
    result = differentiable(ufunc, inputs, out, **kwargs) if method == "__call__" else UFUNC_METHODS[method](ufunc, *inputs, **kwargs)
    return result if out is None else stored(result, out)


def call_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a NumPy function does on tensors."""
    if function in WRITERS:
        return written(function, args, kwargs)
    is_recorded = function not in CONSTANT and (recorded(args) or (bool(kwargs) and recorded(kwargs.values())))
    if not is_recorded and function not in VIEWS:
        return plain(function, args, kwargs)
    implementation = TABLE.get(function) or NUMPY.get(function)
    if implementation is None:
        raise missing(function, f"numpy.{function.__name__}")
    out = kwargs.pop("out", None) if "out" in kwargs else None
    result = implementation(*args, **kwargs)
    return result if out is None else stored(result, out)


def uniform(values: Iterable[Any]) -> bool:
    """Whether these are floats of one dtype and Python numbers: then NumPy's promotion and the ops' are the same."""
    dtype = None
    for value in values:
        if isinstance(value, Recorder | np.ndarray):
            given = value.dtype  # type: ignore[union-attr]
            if dtype is None:
                if given.kind != "f":
                    return False
                dtype = given
            elif given is not dtype and given != dtype:
                return False
        elif type(value) is not float and type(value) is not int:
            return False
    return True


def foreign(value: Any) -> bool:
    """Whether a value belongs to another library that overrides ufuncs: it gets its chance."""
    return not isinstance(value, Recorder | np.ndarray | np.generic) and getattr(value, "__array_ufunc__", None) is not None


def tensors(values: Any) -> Iterator[Any]:
    """The tensors among nested arguments."""
    for value in values:
        if isinstance(value, Recorder):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors(value)


def recorded(values: Any) -> bool:
    """Whether a call on these is part of a graph."""
    for value in values:  # a plain loop: rules call this all the time
        if isinstance(value, Recorder):
            if value.requires_grad:
                return recording()
        elif isinstance(value, list | tuple) and recorded(value):
            return True
    return False


# ── NumPy itself ──


def bare(value: Any) -> Any:
    """Arrays in place of tensors."""
    if isinstance(value, Recorder):
        return value._array
    if isinstance(value, list | tuple) and any(True for _ in tensors(value)):
        return type(value)(map(bare, value))
    return value


def plain(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """NumPy's own result on the arrays behind the arguments, as tensors."""
    sources = list(tensors((args, *kwargs.values())))
    result = function(*bare(args), **{name: bare(value) for name, value in kwargs.items()})
    out = kwargs.get("out")
    if out is not None:
        for tensor in tensors(out if isinstance(out, tuple) else (out,)):
            writes.record(tensor._array)
        return out[0] if isinstance(out, tuple) and len(out) == 1 else out
    return wrapped(result, sources)


def wrapped(result: Any, sources: list[Any]) -> Any:
    """Tensors in place of arrays. Only ops make views, so what shares memory with a source is copied."""
    if (isinstance(result, np.generic) or hasattr(result, "__array_ufunc__")) and result.dtype.kind in "biufc":
        if isinstance(result, np.ndarray) and any(np.may_share_memory(result, source._array) for source in sources):
            result = result.copy()
        return sources[0]._wrap(result)
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*(wrapped(part, sources) for part in result))
    if isinstance(result, list | tuple) and any(isinstance(part, np.ndarray | np.generic) for part in result):
        return type(result)(wrapped(part, sources) for part in result)
    return result


def written(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A NumPy function that writes into its first argument."""
    if recorded((args, *kwargs.values())):
        if function is np.copyto:
            return copyto(*args, **kwargs)
        name = f"numpy.{getattr(function, '__qualname__', function.__name__)}"
        raise GraphError(message(name, "tensors that do not require grad are required, for nothing is recorded of what it writes",
                                 "one that does", "write x[index] = values, or use index_put, scatter or index_add"))  # fmt: skip
    result = function(*bare(args), **{key: bare(value) for key, value in kwargs.items()})
    for tensor in tensors(args[:1]):
        writes.record(tensor._array)
    return result


def stored(result: Any, out: Any) -> Any:
    """Write recorded results into ``out=``: an in-place operation on it."""
    targets = out if isinstance(out, tuple) else (out,)
    for target, value in zip(targets, result if isinstance(result, tuple) else (result,), strict=True):
        if isinstance(target, Recorder):
            assign(target, value, "out=")  # type: ignore[arg-type]
        elif target is not None:
            raise GraphError(message("out=", "a tensor is required, for the result is part of a graph", type(target).__name__,
                                     "leave out= away, or compute under no_grad()"))  # fmt: skip
    return targets[0] if len(targets) == 1 else targets


def missing(function: Any, name: str) -> Exception:
    """The error for a function without a derivative."""
    close = difflib.get_close_matches(function.__name__, REGISTRY, 2, 0.8)
    instead = f"use autograd.{' or autograd.'.join(close)}" if close else "build it from other functions"
    return DtypeError(message(
        name, "it has no derivative here, and is for tensors that do not require grad", "one that does",
        f"{instead}, or leave the graph with x.detach().numpy()",
    ))  # fmt: skip


# ── ufuncs, where the graph is recorded ──


def cast(value: Any, dtype: Any) -> Any:
    """A tensor or array under this dtype; Python numbers adapt by themselves."""
    if dtype is None or type(value) in NUMBERS:
        return value
    return value.to(np.dtype(dtype)) if isinstance(value, Recorder) else np.asarray(value, dtype)  # type: ignore[attr-defined]


def number(value: Any) -> Any:
    """A NumPy scalar as a Python number."""
    return value.item() if isinstance(value, np.generic) and value.dtype.kind in "biufc" else value


def common(*values: Any) -> list[Any]:
    """The values under the dtype that NumPy gives them together."""
    if uniform(values):
        return list(values)
    values = tuple(value if isinstance(value, Recorder) or type(value) in NUMBERS else np.asarray(value) for value in map(number, values))
    dtype = np.result_type(*(value if type(value) in NUMBERS else value.dtype for value in values))
    return [cast(value, dtype) for value in values]


def differentiable(
    ufunc: Any, inputs: tuple[Any, ...], out: Any = None, *,
    where: Any = True, dtype: Any = None, signature: Any = None, casting: str = "same_kind", order: str = "K", subok: bool = True,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """The ufunc by its op, in the dtype that NumPy would choose."""
    if kwargs:
        known = "out, where, dtype, signature and casting are known on a graph"
        raise ArgumentError(message(f"numpy.{ufunc.__name__}", known, ", ".join(kwargs), "move the axes first"))
    values: list[Any] = [value if isinstance(value, Recorder) or type(value) in NUMBERS else np.asarray(value) for value in inputs]
    if dtype is not None:
        signature = (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout
    given = [np.dtype(bool) if type(value) is bool else type(value) if type(value) in NUMBERS else value.dtype for value in values]
    chosen = {} if signature is None else {"signature": signature}
    resolved = ufunc.resolve_dtypes((*given, *(None,) * ufunc.nout), casting=casting, **chosen)
    if all(result.kind not in "fc" for result in resolved[ufunc.nin :]):  # a comparison or the like: no derivative
        return plain(ufunc, inputs, {} if where is True else {"where": where})
    function = TABLE.get(ufunc) or NUMPY.get(ufunc)
    if function is None:
        raise missing(ufunc, f"numpy.{ufunc.__name__}")
    targets = [target for target in out or () if target is not None]
    values = [apart(cast(value, dtype), targets) for value, dtype in zip(values, resolved, strict=False)]
    results = function(*values)
    if where is True:
        return results
    parts = results if isinstance(results, tuple) else (results,)
    before = out or (0,) * len(parts)  # NumPy leaves these elements as memory happened to be
    parts = tuple(choice(where, part, 0 if old is None else old) for part, old in zip(parts, before, strict=True))
    return parts if isinstance(results, tuple) else parts[0]


def apart(value: Any, targets: list[Any]) -> Any:
    """The value in memory of its own if it is about to be overwritten: a rule may still read it."""
    if isinstance(value, Recorder) and any(np.may_share_memory(value._array, target._array) for target in tensors(targets)):
        return value._wrap(value._array.copy(), value.node)  # type: ignore[attr-defined]
    return value


def along(ufunc: Any, array: Any, axis: Any) -> tuple[list[Any], int]:
    """The slices of array along one axis, and the axis."""
    axis = 0 if axis is None and array.ndim == 1 else axis
    if not isinstance(axis, int):
        name = f"numpy.{ufunc.__name__}"
        raise ArgumentError(message(name, "one axis is required, for the order matters", str(axis), "give axis as an integer"))
    axis %= array.ndim
    return [array[(slice(None),) * axis + (i,)] for i in range(array.shape[axis])], axis


def ufunc_reduce(
    ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:  # fmt: skip
    """``ufunc.reduce``: by the op of that meaning, or one slice after the other."""
    if ufunc in REDUCTIONS:
        given = {name: value for name, value in (("initial", initial), ("where", where)) if value is not None and value is not True}
        return REDUCTIONS[ufunc](cast(array, dtype), axis=axis, keepdims=keepdims, **given)
    if where is not True:
        known = "where= is known for sums, products and extremes"
        raise ArgumentError(message(f"numpy.{ufunc.__name__}.reduce", known, "where=", "select first"))
    slices, axis = along(ufunc, cast(array, dtype), axis)
    result = functools.reduce(ufunc, slices if initial is None else [initial, *slices])
    return np.expand_dims(result, axis) if keepdims else result


def ufunc_accumulate(ufunc: Any, array: Any, axis: int = 0, dtype: Any = None) -> Any:
    """``ufunc.accumulate``: every partial result."""
    if ufunc in ACCUMULATIONS:
        return ACCUMULATIONS[ufunc](array, axis=axis, dtype=dtype)
    slices, axis = along(ufunc, cast(array, dtype), axis)
    results = slices[:1]
    for part in slices[1:]:
        results.append(ufunc(results[-1], part))
    return np.stack(results, axis)


def ufunc_reduceat(ufunc: Any, array: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    """``ufunc.reduceat``: the reduction of each stretch between two indices; a single element where a stretch is not ascending."""
    axis %= array.ndim
    lead = (slice(None),) * axis
    starts = [int(i) for i in bare(indices)]
    stretches = zip(starts, [*starts[1:], array.shape[axis]], strict=True)
    parts = [array[(*lead, slice(start, max(stop, start + 1)))] for start, stop in stretches]
    return np.concatenate([ufunc_reduce(ufunc, part, axis, dtype, keepdims=True) for part in parts], axis)


def ufunc_outer(ufunc: Any, a: Any, b: Any, **kwargs: Any) -> Any:
    """``ufunc.outer``: every element of a with every element of b."""
    a, b = (value if isinstance(value, Recorder) else np.asarray(value) for value in (a, b))
    return ufunc(a[(..., *(None,) * b.ndim)], b, **kwargs)


UFUNC_METHODS: dict[str, Callable[..., Any]] = {
    "reduce": ufunc_reduce, "accumulate": ufunc_accumulate, "reduceat": ufunc_reduceat, "outer": ufunc_outer,
}  # fmt: skip
REDUCTIONS: dict[Any, Any] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
ACCUMULATIONS: dict[Any, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}


# ── the table: ufuncs that are put together from others ──


def real(function: Any, on_reals: Any, x: Any, *args: Any) -> Any:
    """What a function for complex numbers is on real ones; the op of its name, if there is one, on complex ones."""
    if x.dtype.kind != "c":
        return on_reals(x, *args)
    of_complex = getattr(ops, function.__name__, None)
    if of_complex is None:
        raise missing(function, f"numpy.{function.__name__}")
    return of_complex(x)


TABLE |= {
    np.divmod: lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)),
    np.modf: lambda x: (np.subtract(x, np.trunc(x)), np.trunc(x)),
    np.rint: lambda x: ops.round(x),
    np.cbrt: lambda x: np.sign(x) * np.power(np.abs(x), 1 / 3),
    np.fabs: np.abs,
    np.float_power: np.power,
    np.conjugate: lambda x: real(np.conjugate, np.positive, x),
    np.heaviside: lambda x, at_zero: np.where(np.equal(x, 0), at_zero, np.floor(np.clip(np.sign(x) + 1, 0, 1))),
    np.ldexp: lambda x, exponent: x * np.exp2(np.asarray(bare(exponent), x.dtype)),
    np.vecdot: lambda a, b: np.sum(np.conjugate(a) * b, axis=-1),
    np.matvec: lambda a, b: np.matmul(a, b[..., None])[..., 0],
    np.vecmat: lambda a, b: np.matmul(np.conjugate(a)[..., None, :], b)[..., 0, :],
}

# ── functions without a derivative: NumPy computes them even where a graph is recorded ──

CONSTANT = {
    np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.shape, np.ndim, np.size,
    np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort, np.argwhere, np.nonzero, np.flatnonzero,
    np.searchsorted, np.digitize, np.count_nonzero, np.all, np.any, np.allclose, np.array_equal, np.array_equiv, np.isclose, np.isin,
    np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj, np.isneginf, np.isposinf, np.bincount, np.unique_counts, np.histogram,
    np.histogram_bin_edges, np.result_type, np.can_cast, np.common_type, np.may_share_memory, np.shares_memory, np.ix_,
    np.tril_indices_from, np.triu_indices_from, np.diag_indices_from, np.array_repr, np.array_str, np.array2string, np.linalg.matrix_rank,
}  # fmt: skip
WRITERS = {np.copyto, np.put, np.putmask, np.place, np.fill_diagonal, np.put_along_axis}


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Write src into dst where a mask says so."""
    if not isinstance(dst, Recorder):
        required = "a tensor is required to write to, for the values are part of a graph"
        raise GraphError(message("numpy.copyto", required, type(dst).__name__, "use a tensor"))
    dst[...] = src if where is True else choice(where, src, dst)  # type: ignore[index]


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


def choice(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, y elsewhere."""
    x, y = common(x, y)
    condition = bare(condition) if isinstance(condition, Recorder) else np.asarray(condition)
    return ops.where(condition if condition.dtype.kind == "b" else condition != 0, x, y)


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
    np.real: lambda val: real(np.real, np.reshape, val, val.shape),
    np.imag: lambda val: real(np.imag, np.zeros_like, val),
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


@implements(np.cov)
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    """Covariance matrix; each row is a variable."""
    parts = [np.atleast_2d(cast(part, np.float64)) for part in (m, y) if part is not None]
    rows = np.concatenate([part if rowvar or part.shape[0] == 1 else np.swapaxes(part, 0, 1) for part in parts])
    centred = rows - np.mean(rows, axis=1, keepdims=True)
    return np.squeeze(np.matmul(centred, np.swapaxes(centred, 0, 1)) / (rows.shape[1] - ((not bias) if ddof is None else ddof)))


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """Correlation matrix."""
    c = np.cov(x, y, rowvar)
    if not c.ndim:
        return c / c
    scale = np.sqrt(np.diagonal(c))
    return c / scale[:, None] / scale[None, :]


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of all elements (None), of vectors along one axis, of matrices over two."""
    axes = axes_of(x, axis)
    if len(axes) == 1 or ord is None or (ord == "fro" and len(axes) == 2):
        return ops.vector_norm(x, 2 if ord is None or ord == "fro" else ord, axes, keepdims)
    if len(axes) > 2 or ord not in (1, -1, math.inf, -math.inf):
        required = "one axis, or two and the order None, 'fro', 1, -1, inf or -inf, is required on a graph"
        raise ArgumentError(message("numpy.linalg.norm", required, f"order {ord!r} over {len(axes)} axes", "use autograd.linalg"))
    summed, compared = axes if abs(ord) == 1 else axes[::-1]
    y = (np.max if ord > 0 else np.min)(np.sum(np.abs(x), axis=summed, keepdims=True), axis=compared, keepdims=True)
    return y if keepdims else reduced(y, axes)


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
    np.linalg.multi_dot: lambda arrays: functools.reduce(np.matmul, arrays),
    np.linalg.vector_norm: lambda x, /, *, axis=None, keepdims=False, ord=2: ops.vector_norm(x, ord, axis, keepdims),
    np.linalg.matrix_norm: lambda x, /, *, keepdims=False, ord="fro": np.linalg.norm(x, ord, (-2, -1), keepdims),
}
