"""Tensors out of data, out of nothing, and after the model of other tensors."""
from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import tracing
from autograd.arrays import as_array
from autograd.device import device as Device
from autograd.dtypes import NUMBERS, get_default_dtype, int64
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.op import with_out
from autograd.tensor import Tensor

# ── out of data ──


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of data: a number, nested sequences, an array or a tensor (of which the history is left behind)."""
    return finished(as_array(data, checked(dtype, device)).copy("K"), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Data as a tensor, in the same memory where that is possible; a tensor keeps its history."""
    dtype = checked(dtype, device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return Tensor._wrap(as_array(data, dtype))


def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False) -> Tensor:
    """Data as a tensor: in the same memory if possible; with ``copy=True`` never, with ``copy=False`` always or an error."""
    dtype = checked(dtype, device)
    shared = as_tensor(obj, dtype)
    same = shared is obj or (isinstance(obj, np.ndarray) and np.shares_memory(shared._array, obj)) or shared.numel() == 0
    if copy is False and not same:
        raise ArgumentError(message(
            "asarray", "data of the right kind and dtype are required with copy=False", type(obj).__name__, "leave copy out",
        ))  # fmt: skip
    if copy and same:
        shared = shared.clone()
    if requires_grad and not shared.requires_grad:
        shared = finished(shared._array, requires_grad=True)
    return shared


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """The array as a tensor in the same memory."""
    if not isinstance(ndarray, np.ndarray):
        raise DtypeError(message("from_numpy", "a NumPy array is required", type(ndarray).__name__, "use autograd.tensor(...)"))
    return Tensor._wrap(as_array(ndarray))


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor in the memory of another library's array on the CPU, which has ``__dlpack__``: PyTorch's, JAX's, CuPy's."""
    if not hasattr(ext_tensor, "__dlpack__"):
        required = "an array that has __dlpack__ is required"
        raise DtypeError(message("from_dlpack", required, type(ext_tensor).__name__, "use autograd.tensor(...)"))
    return from_numpy(np.from_dlpack(ext_tensor))


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """The bytes of a buffer from offset on, count numbers or all, as a vector in the same memory."""
    return finished(np.frombuffer(buffer, np.dtype(dtype), count, offset), requires_grad)


def scalar_tensor(value: complex, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of the default dtype."""
    return tensor(value, dtype=dtype or get_default_dtype(), device=device, requires_grad=requires_grad)


# ── out of nothing: zeros(2, 3) or zeros((2, 3)) ──


@with_out
def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any) -> Tensor:
    """Zeros: ``zeros(2, 3)`` or ``zeros((2, 3))``."""
    return finished(np.zeros(shape_of("zeros", size, sizes), checked(dtype, device) or get_default_dtype()), requires_grad)


@with_out
def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any) -> Tensor:
    """Ones: ``ones(2, 3)`` or ``ones((2, 3))``."""
    return finished(np.ones(shape_of("ones", size, sizes), checked(dtype, device) or get_default_dtype()), requires_grad)


@with_out
def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any) -> Tensor:
    """Memory whose values are still to be written."""
    return finished(np.empty(shape_of("empty", size, sizes), checked(dtype, device) or get_default_dtype()), requires_grad)


@with_out
def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor filled with one value, of the value's dtype."""
    value = as_array(fill_value)
    return finished(np.full(shape_of("full", (size,)), value, checked(dtype, device) or value.dtype), requires_grad)


@with_out
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere: (n, m)."""
    rows, columns = shape_of("eye", (n, n if m is None else m))
    return finished(np.eye(rows, columns, dtype=checked(dtype, device) or get_default_dtype()), requires_grad)


# ── ranges ──


@with_out
def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Values from start (0 if only one number is given) up to, not including, end. Integers if all three are, else the default dtype."""
    if end is None or start is None:
        start, end = 0, start if end is None else end
    start, end, step = (number("arange", value) for value in (start, end, step))
    whole = all(isinstance(value, int) for value in (start, end, step))
    dtype = checked(dtype, device) or (int64 if whole else get_default_dtype())
    if step == 0 or (end - start) * step < 0 or not math.isfinite((end - start) / step):
        raise ArgumentError(message(
            "arange", "a step other than 0 that leads from start to end is required",
            f"start={start}, end={end}, step={step}", "check its sign",
        ))  # fmt: skip
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    values = start + np.arange(count) * step  # multiplied, not added up, in double precision: float32 steps drift
    return finished(values.astype(dtype), requires_grad)


@with_out
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Evenly spaced values from start to end, both included: (steps,)."""
    (steps,) = shape_of("linspace", (steps,))
    values = np.linspace(number("linspace", start), number("linspace", end), steps)
    return finished(values.astype(checked(dtype, device) or get_default_dtype()), requires_grad)


@with_out
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """base ** linspace(start, end, steps)."""
    (steps,) = shape_of("logspace", (steps,))
    values = np.float_power(base, np.linspace(number("logspace", start), number("logspace", end), steps))
    return finished(values.astype(checked(dtype, device) or get_default_dtype()), requires_grad)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """Rows and columns of the lower triangle of a (row, col) matrix: (2, count)."""
    shape_of("tril_indices", (row, col))
    return finished(np.array(np.tril_indices(row, offset, col), checked(dtype, device)))


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = int64, device: Any = None) -> Tensor:
    """Rows and columns of the upper triangle of a (row, col) matrix: (2, count)."""
    shape_of("triu_indices", (row, col))
    return finished(np.array(np.triu_indices(row, offset, col), checked(dtype, device)))


# ── after the model of a tensor: its shape and dtype, or its dtype alone ──


def zeros_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None) -> Tensor:
    """Zeros of the shape and dtype of input."""
    return filled_like("zeros_like", np.zeros, input, dtype, device, requires_grad)


def ones_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None) -> Tensor:
    """Ones of the shape and dtype of input."""
    return filled_like("ones_like", np.ones, input, dtype, device, requires_grad)


def empty_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None) -> Tensor:
    """Memory of the shape and dtype of input, its values still to be written."""
    return filled_like("empty_like", np.empty, input, dtype, device, requires_grad)


def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None
) -> Tensor:
    """A tensor of the shape and dtype of input, filled with one value."""
    value = as_array(fill_value)
    return filled_like("full_like", lambda shape, kind: np.full(shape, value, kind), input, dtype, device, requires_grad)


def new_tensor(input: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of data, of the dtype of input."""
    return tensor(data, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def new_zeros(input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any) -> Tensor:
    """Zeros of the given size, of the dtype of input."""
    return zeros(*size, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad, **sizes)


def new_ones(input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any) -> Tensor:
    """Ones of the given size, of the dtype of input."""
    return ones(*size, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad, **sizes)


def new_empty(input: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any) -> Tensor:
    """Memory of the given size, of the dtype of input."""
    return empty(*size, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad, **sizes)


def new_full(input: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of the given size, of the dtype of input, filled with one value."""
    return full(size, fill_value, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


# ── what is it? ──


def is_tensor(obj: Any) -> bool:
    """Whether obj is a tensor."""
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> int:
    """Number of elements."""
    return input.numel()


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is float16, float32 or float64."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return input.is_complex()


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return input.is_signed()


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether both have one shape."""
    return input.is_same_size(other)


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero."""
    return input.is_nonzero()


def can_cast(from_: Any, to: Any) -> bool:
    """Whether numbers of one dtype may be written into the other: not complex into real ones, fractions into integers, any into bool."""
    ranks = [{"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}[np.dtype(dtype).kind] for dtype in (from_, to)]
    return ranks[0] <= ranks[1]


def detach(input: Tensor) -> Tensor:
    """``input.detach()``: the values, in the same memory, without history."""
    return input.detach()


# ── shared: also by the random numbers ──


def finished(array: Any, requires_grad: bool = False) -> Tensor:
    """A tensor on this array."""
    made = Tensor._wrap(array)
    if tracing.active:
        tracing.fresh(made)
    return made.requires_grad_() if requires_grad else made


def checked(dtype: Any, device: Any) -> Any:
    """The dtype in NumPy's terms, or None; the device is only looked at."""
    if device is not None:
        Device(device)
    if dtype is None:
        return None
    try:
        dtype = np.dtype(dtype)
    except TypeError as error:
        raise DtypeError(message(
            "dtype", "a dtype such as autograd.float32 is required", repr(dtype), "pass a dtype by name: dtype=...",
        )) from error  # fmt: skip
    if dtype.kind not in "biufc":
        raise DtypeError(message("dtype", "a dtype of numbers or booleans is required", str(dtype), "use one such as autograd.float32"))
    return dtype


def number(name: str, value: Any) -> Any:
    """A Python number out of a number, a 0-d array or a one-element tensor."""
    if type(value) in NUMBERS:
        return value
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return value.item()
    raise DtypeError(message(name, "numbers are required", type(value).__name__, "pass an int or a float"))


def shape_of(name: str, size: tuple[Any, ...], named: dict[str, Any] | None = None) -> tuple[int, ...]:
    """The shape that was asked for: as separate numbers, as one tuple or list, or as ``size=``."""
    if named:
        if set(named) != {"size"} or size:
            wrong = ", ".join(sorted(set(named) - {"size"})) or "size, twice"
            raise DtypeError(message(name, "the keywords size, dtype, device, requires_grad are understood", wrong, "check the spelling"))
        size = (named["size"],)
    elif not size and named is not None:
        raise DtypeError(message(name, "a size is required", "none", f"write {name}(2, 3), or {name}(()) for a single number"))
    if len(size) == 1 and isinstance(size[0], tuple | list):
        size = tuple(size[0])
    try:
        shape = tuple(map(operator.index, size))
    except TypeError:
        wrong = ", ".join(repr(part)[:40] for part in size if not hasattr(part, "__index__")) or repr(size)[:60]
        raise DtypeError(message(
            name, "sizes are integers", wrong, f"write {name}(2, 3) or {name}((2, 3)); a dtype goes by name: dtype=...",
        )) from None  # fmt: skip
    if min(shape, default=0) < 0:
        raise ShapeError(message(name, "sizes of 0 or more are required", str(shape), "check how the size was computed"))
    return shape


def filled_like(name: str, fill: Callable[[Any, Any], Any], model: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """A new tensor of the shape and, unless another is asked for, the dtype of model."""
    if not isinstance(model, Tensor | np.ndarray):
        raise DtypeError(message(
            name, "a tensor to take the shape of is required", type(model).__name__, "convert it first: autograd.tensor(...)",
        ))  # fmt: skip
    return finished(fill(model.shape, checked(dtype, device) or model.dtype), requires_grad)


__all__ = [
    "tensor", "as_tensor", "asarray", "from_numpy", "from_dlpack", "frombuffer", "scalar_tensor", "zeros", "ones", "empty", "full", "eye",
    "arange", "linspace", "logspace", "tril_indices", "triu_indices", "zeros_like", "ones_like", "empty_like", "full_like", "is_tensor",
    "numel", "is_floating_point", "is_complex", "is_signed", "is_same_size", "is_nonzero", "can_cast", "detach",
]  # fmt: skip
