"""Initial values, with PyTorch's names and distributions. Each function writes into the tensor it is given, unrecorded, and returns it."""
from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message

T = TypeVar("T", bound=Tensor)

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_", "sparse_",
    "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance of activations from layer to layer; for leaky_relu, param is the negative slope (0.01).

    >>> nn.init.calculate_gain("relu")
    1.4142135623730951
    """
    if nonlinearity in GAINS or nonlinearity.startswith("conv"):
        return GAINS.get(nonlinearity, 1.0)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    raise ArgumentError(message(
        "calculate_gain", f"one of {', '.join([*GAINS, 'leaky_relu', 'conv1d ...'])} is required", repr(nonlinearity),
        'use "relu" for others like it',
    ))


class _Skipping(threading.local):
    """Whether this thread is inside ``skipped()``."""

    on = False


_skipping = _Skipping()


@contextmanager
def skipped() -> Iterator[None]:
    """Inside this block, the functions here do nothing: for layers whose values are loaded afterwards."""
    before, _skipping.on = _skipping.on, True
    try:
        yield
    finally:
        _skipping.on = before


def _write(tensor: T, values: Callable[[], Any]) -> T:
    if not _skipping.on:
        with ag.no_grad():
            tensor[...] = values()
    return tensor


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, generator: Any = None) -> T:
    """U(a, b)."""
    return _write(tensor, lambda: a + (b - a) * ag.rand(*tensor.shape, generator=generator, dtype=tensor.dtype))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> T:
    """N(mean, std²)."""
    return _write(tensor, lambda: mean + std * ag.randn(*tensor.shape, generator=generator, dtype=tensor.dtype))


def trunc_normal_(tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None) -> T:
    """N(mean, std²) where it lies in [a, b]: the inverse of the distribution function, at numbers drawn between its values at a and b."""
    low, high = (math.erf((bound - mean) / std / math.sqrt(2)) for bound in (a, b))
    drawn = low + (high - low) * ag.rand(*tensor.shape, generator=generator, dtype=ag.float64)
    return _write(tensor, lambda: ag.clamp(mean + std * math.sqrt(2) * ag.erfinv(drawn), a, b))


def constant_(tensor: T, val: float) -> T:
    """val everywhere."""
    return _write(tensor, lambda: val)


def ones_(tensor: T) -> T:
    """1 everywhere."""
    return _write(tensor, lambda: 1)


def zeros_(tensor: T) -> T:
    """0 everywhere."""
    return _write(tensor, lambda: 0)


def eye_(tensor: T) -> T:
    """The identity matrix, or as much of it as fits: (n, m)."""
    _require_dims("eye_", tensor, 2, 2)
    return _write(tensor, lambda: np.eye(*tensor.shape))


def dirac_(tensor: T, groups: int = 1) -> T:
    """A convolution kernel (out, in, ...) that hands on as many channels as it can."""
    _require_dims("dirac_", tensor, 3, 5)
    channels = tensor.shape[0]
    if channels % groups:
        raise ArgumentError(message(
            "dirac_", "a number of output channels that groups divides is required", f"{channels} channels, groups={groups}",
        ))
    values = np.zeros(tensor.shape)
    per_group = channels // groups
    for group in range(groups):
        for i in range(min(per_group, tensor.shape[1])):
            values[(group * per_group + i, i, *(n // 2 for n in tensor.shape[2:]))] = 1
    return _write(tensor, lambda: values)


def _require_dims(name: str, tensor: Tensor, least: int, most: int = 64) -> None:
    if not least <= tensor.ndim <= most:
        allowed = f"{least} dims" if least == most else f"at least {least} dims"
        raise ShapeError(message(
            name, f"a tensor with {allowed} is required", f"shape {tuple(tensor.shape)}", "use uniform_, normal_ or zeros_ for vectors",
        ))


def _fans(name: str, tensor: Tensor) -> tuple[int, int]:
    """How many inputs an output of the layer sees, and the other way round: weights are (out, in, ...)."""
    _require_dims(name, tensor, 2)
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def xavier_uniform_(tensor: T, gain: float = 1.0, generator: Any = None) -> T:
    """U(-a, a), a = gain * sqrt(6 / (fan_in + fan_out))."""
    bound = gain * math.sqrt(6 / sum(_fans("xavier_uniform_", tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: T, gain: float = 1.0, generator: Any = None) -> T:
    """N(0, std²), std = gain * sqrt(2 / (fan_in + fan_out))."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans("xavier_normal_", tensor))), generator)


def _kaiming_std(name: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    modes = ("fan_in", "fan_out")
    if mode not in modes:
        raise ArgumentError(message(name, '"fan_in" or "fan_out" is required as mode', repr(mode)))
    return calculate_gain(nonlinearity, a) / math.sqrt(_fans(name, tensor)[modes.index(mode)])


def kaiming_uniform_(tensor: T, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None) -> T:
    """U(-b, b), b = gain * sqrt(3 / fan); a is the negative slope of leaky_relu."""
    if 0 in tensor.shape:
        return tensor
    bound = math.sqrt(3) * _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: T, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None) -> T:
    """N(0, std²), std = gain / sqrt(fan); a is the negative slope of leaky_relu."""
    if 0 in tensor.shape:
        return tensor
    return normal_(tensor, 0.0, _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: T, gain: float = 1, generator: Any = None) -> T:
    """gain times a random (semi-)orthogonal matrix; dims after the first count as one."""
    _require_dims("orthogonal_", tensor, 2)
    if not tensor.numel():
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    flat = np.asarray(ag.randn(max(rows, columns), min(rows, columns), generator=generator, dtype=ag.float64))
    q, r = np.linalg.qr(flat)
    q = q * np.sign(np.diag(r))  # makes the distribution uniform (Mezzadri 2007)
    return _write(tensor, lambda: gain * (q.T if rows < columns else q).reshape(tensor.shape))


def sparse_(tensor: T, sparsity: float, std: float = 0.01, generator: Any = None) -> T:
    """N(0, std²), with the fraction sparsity of each column set to zero: (n, m)."""
    _require_dims("sparse_", tensor, 2, 2)
    rows, columns = tensor.shape
    normal_(tensor, 0.0, std, generator)
    order = np.argsort(np.asarray(ag.rand(rows, columns, generator=generator)), axis=0)[: math.ceil(sparsity * rows)]
    values = np.array(tensor.detach())
    np.put_along_axis(values, order, 0, axis=0)
    return _write(tensor, lambda: values)
