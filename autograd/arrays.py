"""Data of any kind as a NumPy array: numbers, nested lists, arrays, tensors."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd import tracing
from autograd.dtypes import NUMBERS, default_of_kind, result_dtype
from autograd.errors import DtypeError, ShapeError, message
from autograd.op import Recorder


def as_array(data: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """Data as an array: NumPy arrays keep their dtype and memory, Python floats become the default dtype."""
    if isinstance(data, Recorder):
        if tracing.active:
            tracing.enter(data)
        data = data._array
    if isinstance(data, tracing.TracedArray):
        return data if dtype is None else data.astype(dtype, copy=False)  # type: ignore[attr-defined, return-value]
    if not isinstance(data, np.ndarray | np.generic):
        first = data
        while isinstance(first, list | tuple) and first:
            first = first[0]
        if isinstance(first, Recorder) or (isinstance(data, list | tuple) and any(isinstance(item, Recorder) for item in data)):
            dtype = result_dtype(list(flat(data))) if dtype is None else dtype
            data = arrays_of(data)
        try:
            array = np.asarray(data)
        except ValueError as error:
            raise ShapeError(message(
                "tensor", "nested sequences of equal length are required", str(error), "check the lengths of the rows",
            )) from None  # fmt: skip
        if array.dtype.kind not in "biufc":
            kinds = {type(value).__name__ for value in flat(data) if type(value) not in NUMBERS and not hasattr(value, "dtype")}
            given = ", ".join(sorted(kinds)) or "integers of more than 64 bits"
            raise DtypeError(message("tensor", "numbers in nested sequences are required", given, "convert to numbers first"))
        if dtype is None and array.dtype.kind in "fc" and not hasattr(first, "dtype") and not hasattr(data, "__array__"):
            dtype = default_of_kind(array.dtype.kind)
        data = array
    return np.asarray(data, dtype)


def arrays_of(data: Any) -> Any:
    """Nested lists of tensors and numbers as nested lists of arrays and numbers."""
    return [arrays_of(item) for item in data] if isinstance(data, list | tuple) else data._array if isinstance(data, Recorder) else data


def flat(data: Any) -> Iterator[Any]:
    """What nested lists hold, in order."""
    if isinstance(data, list | tuple):
        for item in data:
            yield from flat(item)
    else:
        yield data
