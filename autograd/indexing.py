"""What may stand between the brackets of ``x[...]``, in NumPy's terms."""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd import tracing
from autograd.errors import DtypeError, message
from autograd.op import Recorder

BASIC = (int, slice, type(None), type(Ellipsis), np.integer)


def normalized(index: Any) -> tuple[tuple[Any, ...], bool]:
    """The index as a tuple without tensors or lists, and whether it is a basic one (integers, slices, None and ...)."""
    parts = index if type(index) is tuple else (index,)
    basic, dots = True, False
    plain = []
    for part in parts:
        if isinstance(part, bool | np.bool_) or not isinstance(part, BASIC):
            part = array_index(part)
            if isinstance(part, tracing.TracedArray) or (isinstance(part, np.ndarray) and (part.ndim or part.dtype.kind == "b")):
                basic = False
            else:
                part = int(part)
        elif part is Ellipsis:
            dots = True
        plain.append(part)
    if basic and not dots:
        plain.append(Ellipsis)  # with it, even a single element comes as a view
    return tuple(plain), basic


def array_index(part: Any) -> np.ndarray[Any, Any]:
    """An index tensor, array or list as an array of integers or booleans."""
    if isinstance(part, Recorder):
        if tracing.active:
            tracing.enter(part)
        part = part._array
    elif isinstance(part, list | tuple):
        part = [array_index(item) if isinstance(item, Recorder) else item for item in part]
    array: Any = part if isinstance(part, tracing.TracedArray) else np.asarray(part)
    if array.size == 0 and array.dtype.kind == "f" and isinstance(part, list):
        array = array.astype(np.int64)
    if array.dtype.kind not in "iub":
        raise DtypeError(message(
            "index", "integers, slices, None, ... or arrays of integers or booleans are required",
            f"{type(part).__name__} of {array.dtype}", "convert the index: index.long()",
        ))  # fmt: skip
    return array  # type: ignore[no-any-return]
