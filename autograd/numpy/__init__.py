"""NumPy's own names, for arrays and tensors alike: ``import autograd.numpy as np``, and a function of arrays becomes differentiable.

NumPy's functions find tensors among their arguments by themselves (see dispatch.py), so these are NumPy's, apart from the few that make
an array of whatever they are given: with a tensor in it, they make a tensor, and stay part of the graph.

    >>> import autograd
    >>> import autograd.numpy as np
    >>> slope = autograd.grad(lambda x: np.sum(np.sin(x) ** 2))
    >>> slope(np.array([0.0, np.pi / 4]))
    array([0., 1.])
"""
from __future__ import annotations

from typing import Any

import numpy  # noqa: ICN001  np is what users call this module

from autograd.dispatch import cast, common, tensors
from autograd.numpy import fft, linalg, random
from autograd.op import Recorder
from autograd.ops import clone


def array(object: Any, dtype: Any = None, *, copy: bool | None = True, **options: Any) -> Any:
    """An array, or a tensor if there is one among the elements: numbers, arrays and tensors, nested in lists."""
    if next(tensors([object]), None) is None:
        return numpy.array(object, dtype, copy=copy, **options)
    if isinstance(object, Recorder):
        found = cast(object, dtype)
        return clone(found) if copy and found is object else found
    parts = common(*(array(part, copy=None) if isinstance(part, list | tuple) else part for part in object))
    made = next(part.dtype for part in parts if hasattr(part, "dtype"))
    return cast(numpy.stack([part if hasattr(part, "dtype") else numpy.asarray(part, made) for part in parts]), dtype)


def asarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """The same without a copy, where there is already an array or a tensor of this dtype."""
    return array(a, dtype, copy=None, **options)


asanyarray = ascontiguousarray = asarray


def __getattr__(name: str) -> Any:
    return getattr(numpy, name)


def __dir__() -> list[str]:
    return [*globals(), *dir(numpy)]
