"""Which NumPy function is which op: NEP 13 (ufuncs) and NEP 18 (functions).

NumPy's functions keep NumPy's meaning when they meet a tensor: its promotion, its axes, its order of arguments. There are
three ways through:

* The twin of an op (``numpy=`` in its declaration), called on floats of one dtype, is that op. Rules run on tensors this way.
* Where nothing is recorded, NumPy itself computes on the arrays, and its result comes back as a tensor.
* Else a table, filled by numpy_functions.py, says how NumPy's function is put together from ops and other NumPy functions.
  Its parameters are NumPy's, ``out`` aside, which is written to afterwards.

One departure: a NumPy scalar counts as a Python number, so that ``np.float64(2) * x`` is ``x * 2`` and float32 stays float32.
"""
from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from autograd import ops, writes
from autograd.dtypes import NUMBERS
from autograd.errors import ArgumentError, DtypeError, GraphError, message
from autograd.inplace import assign
from autograd.modes import recording
from autograd.op import NUMPY, REGISTRY, Recorder
from autograd.tracing import TracedArray

F = TypeVar("F", bound=Callable[..., Any])

ARRAYS = (Recorder, np.ndarray, TracedArray)
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
        if isinstance(value, ARRAYS):
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
    return not isinstance(value, ARRAYS) and not isinstance(value, np.generic) and getattr(value, "__array_ufunc__", None) is not None


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
    if isinstance(value, TracedArray):
        return value.astype(dtype, copy=False)  # type: ignore[attr-defined]
    return value.to(np.dtype(dtype)) if isinstance(value, Recorder) else np.asarray(value, dtype)  # type: ignore[attr-defined]


def number(value: Any) -> Any:
    """A NumPy scalar as a Python number."""
    return value.item() if isinstance(value, np.generic) and value.dtype.kind in "biufc" else value


def common(*values: Any) -> list[Any]:
    """The values under the dtype that NumPy gives them together."""
    if uniform(values):
        return list(values)
    values = tuple(value if isinstance(value, ARRAYS) or type(value) in NUMBERS else np.asarray(value) for value in map(number, values))
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
    values: list[Any] = [value if isinstance(value, ARRAYS) or type(value) in NUMBERS else np.asarray(value) for value in inputs]
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


# ── functions without a derivative: NumPy computes them even where a graph is recorded ──

CONSTANT = {
    np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.shape, np.ndim, np.size,
    np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort, np.argwhere, np.nonzero, np.flatnonzero,
    np.searchsorted, np.digitize, np.count_nonzero, np.all, np.any, np.allclose, np.array_equal, np.array_equiv, np.isclose, np.isin,
    np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj, np.isneginf, np.isposinf, np.unique_counts,
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


def choice(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, y elsewhere."""
    x, y = common(x, y)
    condition = bare(condition)
    condition = condition if isinstance(condition, ARRAYS) else np.asarray(condition)
    return ops.where(condition if condition.dtype.kind == "b" else condition != 0, x, y)
