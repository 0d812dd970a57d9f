"""Dtypes: their names, the default one, and PyTorch's rule for what comes out when they are mixed."""
from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from autograd.errors import DtypeError, message
from autograd.tracing import TracedArray

Dtype = np.dtype[Any]

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
complex64, complex128 = np.dtype("complex64"), np.dtype("complex128")
REAL_PARTS = {complex64: float32, complex128: float64}
uint8, int8, int16, int32, int64 = (np.dtype(name) for name in ("uint8", "int8", "int16", "int32", "int64"))
boolean = np.dtype("bool")

CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}  # by dtype.kind; a higher category wins whatever the sizes
NUMBERS = {bool: "b", int: "i", float: "f", complex: "c"}

_default: ContextVar[Dtype] = ContextVar("default_dtype", default=float32)
get_default_dtype = _default.get


def set_default_dtype(dtype: Any) -> None:
    """The dtype that Python floats become: float32 unless changed here to another floating-point dtype."""
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise DtypeError(message("set_default_dtype", "a floating-point dtype is required", str(dtype), "use float32 or float64"))
    _default.set(dtype)


def require_value(name: str, value: Any) -> None:
    """Raise unless this is a number, or something that has a dtype."""
    if type(value) not in NUMBERS and not hasattr(value, "dtype"):
        raise DtypeError(message(name, "a number or a 0-d tensor is required", type(value).__name__))


def default_of_kind(kind: str) -> Dtype:
    """The dtype that a Python number of this kind becomes."""
    if kind == "f":
        return _default.get()
    if kind == "c":
        return np.result_type(_default.get(), np.complex64)
    return int64 if kind == "i" else boolean


def result_dtype(values: Sequence[Any]) -> Dtype:
    """The common dtype of arrays and Python numbers: by category, dimensioned arrays before 0-d arrays before numbers.

    PyTorch's rule (torch.result_type): a lower rank changes the dtype only if its category is higher.
    """
    ranks: tuple[list[Dtype], ...] = ([], [], [])
    for value in values:
        if (dtype := getattr(value, "dtype", None)) is not None:
            ranks[0 if value.ndim else 1].append(dtype)
        else:
            ranks[2].append(default_of_kind(NUMBERS[type(value)]))
    common = [np.result_type(*([dtype for dtype in dtypes if dtype.kind in "fc"] or dtypes)) for dtypes in ranks if dtypes]
    result = common[0]
    for lower in common[1:]:
        if CATEGORY[lower.kind] > CATEGORY[result.kind]:
            result = np.result_type(result, np.complex64) if result.kind == "f" else lower
    return result


class Constants(dict[Any, Any]):
    """Python numbers as 0-d arrays of one dtype: a ufunc takes 290 ns with one of those and 640 ns with a Python number."""

    def __init__(self, dtype: Dtype) -> None:
        self.dtype = dtype

    def __missing__(self, value: Any) -> Any:
        if isinstance(value, TracedArray):  # a number that is known only when a captured function runs
            return value.astype(self.dtype)  # type: ignore[attr-defined]
        array = np.array(value, self.dtype)
        array.flags.writeable = False
        if value and value == value:  # noqa: PLR0124  0.0 == -0.0 must not meet in a key, and NaN never finds itself again
            if len(self) >= 4096:
                self.clear()
            self[value] = array
        return array


class ConstantsByDtype(dict[Dtype, Constants]):
    """The constants of each dtype: ``constants[dtype][number]``."""

    def __missing__(self, dtype: Dtype) -> Constants:
        self[dtype] = Constants(dtype)
        return self[dtype]


class Zeros(dict[Dtype, Any]):
    """The zero of each dtype as a 0-d array."""

    def __missing__(self, dtype: Dtype) -> Any:
        self[dtype] = array = np.zeros((), dtype)
        array.flags.writeable = False
        return array


constants, zeros = ConstantsByDtype(), Zeros()


def number(value: complex, like: Any) -> Any:
    """A Python number as a 0-d array of another's dtype, for rules and kernels on small arrays."""
    return zeros[like.dtype] if type(value) is int and not value else constants[like.dtype][value]  # -0.0 is a number of its own


def promoted(values: Sequence[Any], *, floating: bool = False) -> list[Any]:
    """Arrays and Python numbers as arrays of one dtype; None stays None. With floating, integers become the default float dtype."""
    dtype = result_dtype([value for value in values if value is not None])
    if floating and dtype.kind in "iub":
        dtype = _default.get()

    def as_dtype(value: Any) -> Any:
        if value is None or getattr(value, "dtype", None) == dtype:
            return value
        return constants[dtype][value] if type(value) in NUMBERS else value.astype(dtype)

    return [as_dtype(value) for value in values]
