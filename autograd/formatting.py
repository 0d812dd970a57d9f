"""Tensors as text."""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd.dtypes import boolean, get_default_dtype, int64


def tensor_text(array: Any, grad_fn: str | None, requires_grad: bool, name: str = "tensor") -> str:
    """``tensor([1., 2.], grad_fn=<add>)``: values, then what is not obvious from them."""
    head = f"{name}("
    if isinstance(array, np.ndarray):
        with np.errstate(all="ignore"):
            values = np.array2string(array, separator=", ", prefix=head, precision=4, suppress_small=True, threshold=1000, edgeitems=3)
    else:
        values = repr(array)
    extras = []
    if array.size == 0 and array.shape != (0,):
        extras.append(f"size={array.shape}")
    if array.dtype not in (get_default_dtype(), int64, boolean):
        extras.append(f"dtype={array.dtype}")
    if grad_fn is not None:
        extras.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        extras.append("requires_grad=True")
    return head + ", ".join([values, *extras]) + ")"
