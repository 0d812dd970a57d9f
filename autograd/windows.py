"""Window functions: weights for the samples of a stretch of a signal, before its spectrum is taken."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.creation import checked, finished, shape_of
from autograd.dtypes import get_default_dtype
from autograd.tensor import Tensor

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """½ - ½ cos(2πi/n): (window_length,). periodic: one period of it, for spectra; else symmetric, its last element as its first."""
    return window("hann_window", np.hanning, window_length, periodic, dtype, device, requires_grad)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *,
    dtype: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """alpha - beta cos(2πi/n): see hann_window."""

    def hamming(n: int) -> Any:
        return alpha - beta * np.cos(2 * np.pi * np.arange(n) / (n - 1))

    return window("hamming_window", hamming, window_length, periodic, dtype, device, requires_grad)


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """0.42 - ½ cos(2πi/n) + 0.08 cos(4πi/n): see hann_window."""
    return window("blackman_window", np.blackman, window_length, periodic, dtype, device, requires_grad)


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A triangle, 1 - |2i/n - 1|: see hann_window."""
    return window("bartlett_window", np.bartlett, window_length, periodic, dtype, device, requires_grad)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """I0(beta √(1 - (2i/n - 1)²)) / I0(beta), with the modified Bessel function I0: the larger beta, the narrower. See hann_window."""
    return window("kaiser_window", lambda n: np.kaiser(n, beta), window_length, periodic, dtype, device, requires_grad)


def window(
    name: str, symmetric: Callable[[int], Any], length: int, periodic: bool, dtype: Any, device: Any, requires_grad: bool
) -> Tensor:
    """The window of this length, cut from the symmetric one."""
    (length,) = shape_of(name, (length,))
    values = np.ones(length) if length < 2 else symmetric(length + 1)[:-1] if periodic else symmetric(length)
    return finished(values.astype(checked(dtype, device) or get_default_dtype()), requires_grad)
