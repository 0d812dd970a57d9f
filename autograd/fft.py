"""``torch.fft`` under its names: Fourier transforms, and the frequencies that their elements stand for."""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd.creation import checked, finished, shape_of
from autograd.dtypes import get_default_dtype
from autograd.ops.fourier import (
    fft,
    fft2,
    fftn,
    fftshift,
    hfft,
    hfft2,
    hfftn,
    ifft,
    ifft2,
    ifftn,
    ifftshift,
    ihfft,
    ihfft2,
    ihfftn,
    irfft,
    irfft2,
    irfftn,
    rfft,
    rfft2,
    rfftn,
)
from autograd.tensor import Tensor


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of the n elements of ``fft``, in cycles per unit of d, the distance between samples: (n,)."""
    (n,) = shape_of("fftfreq", (n,))
    return finished(np.fft.fftfreq(n, d).astype(checked(dtype, device) or get_default_dtype()), requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of the n // 2 + 1 elements of ``rfft`` of n samples."""
    (n,) = shape_of("rfftfreq", (n,))
    return finished(np.fft.rfftfreq(n, d).astype(checked(dtype, device) or get_default_dtype()), requires_grad)


__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "ihfft2",
    "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip
