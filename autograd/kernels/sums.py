"""Sums of floats as products with ones, which BLAS does in a third of the time of NumPy's reductions, or less."""
from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd.dtypes import float32, float64

LARGEST = 4096  # elements of a sum: beyond that NumPy is as fast, and its pairwise sums are more accurate


@functools.lru_cache(64)
def ones(n: int, dtype: Any) -> Any:
    """A vector of ones, to read."""
    y = np.ones(n, dtype)
    y.flags.writeable = False
    return y


def suits(x: Any) -> bool:
    """Whether x is an array that BLAS takes as it is."""
    return type(x) is np.ndarray and x.flags.c_contiguous and (x.dtype is float32 or x.dtype is float64)


def whole(x: Any) -> Any:
    """The sum of all elements of an array that suits: (100, 16) takes 0.7 us instead of 1.3."""
    return np.dot(ones(x.size, x.dtype), x.reshape(-1)) if x.size <= LARGEST else np.add.reduce(x, axis=None)


def columns(x: Any) -> Any:
    """(n, m) -> (m): (100, 16) takes 0.7 us instead of 3.1."""
    return np.dot(ones(len(x), x.dtype), x) if suits(x) and len(x) <= LARGEST else np.add.reduce(x, axis=0)


def rows(x: Any) -> Any:
    """(n, m) -> (n), of an array that suits: (100, 16) takes 0.7 us instead of 2.6."""
    return np.dot(x, ones(x.shape[1], x.dtype)) if x.shape[1] <= LARGEST else np.add.reduce(x, axis=1)


def squares(x: Any) -> Any:
    """The sum of all squares of an array that suits: (100, 16) takes 0.6 us instead of 1.8."""
    return np.vdot(x, x) if x.size <= LARGEST else np.add.reduce(np.square(x), axis=None)
