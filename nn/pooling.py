"""The part of ``nn.functional`` for pooling beside maximum and mean: power means, and the way back from a maximum's indices."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError, message

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d"]

Size = int | Sequence[int]
MEAN = {1: ag.avg_pool1d, 2: ag.avg_pool2d, 3: ag.avg_pool3d}
LARGEST = {1: ag.max_pool1d, 2: ag.max_pool2d, 3: ag.max_pool3d}


def per_dim(value: Size, dims: int) -> tuple[int, ...]:
    """One number for all dims, or one for each."""
    return (value,) * dims if isinstance(value, int) else tuple(value) * (dims if len(value) == 1 else 1)


def _lp_pool(dims: int, input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None, ceil_mode: bool) -> Tensor:
    if math.isinf(norm_type):
        sign = 1 if norm_type > 0 else -1
        y: Tensor = LARGEST[dims](sign * input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        return sign * y
    mean = MEAN[dims](input**norm_type, kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu() * math.prod(per_dim(kernel_size, dims))) ** (1 / norm_type)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window, p = norm_type: (N, C, L) or (C, L) -> (N, C, L') or (C, L')."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W')."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) over each window: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or (C, D', H', W')."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _max_unpool(
    dims: int, input: Tensor, indices: Any, kernel_size: Size, stride: Size | None, padding: Size, output_size: Sequence[int] | None,
) -> Tensor:
    name = f"max_unpool{dims}d"
    kernel, pads = per_dim(kernel_size, dims), per_dim(padding, dims)
    steps = kernel if stride is None else per_dim(stride, dims)
    if tuple(indices.shape) != tuple(input.shape) or input.ndim not in (dims + 1, dims + 2):
        raise ShapeError(message(
            name, f"input and indices of one shape with {dims + 1} or {dims + 2} dims are required", f"{input.shape} and {indices.shape}",
            "take both from a max pool with return_indices=True",
        ))
    front = tuple(input.shape[:-dims])
    usual = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(input.shape[-dims:], steps, pads, kernel, strict=True))
    size = usual if output_size is None else tuple(output_size)[-dims:]
    if len(size) != dims or any(abs(wanted - given) >= s for wanted, given, s in zip(size, usual, steps, strict=True)):
        required = f"an output_size less than the stride {steps} away from {usual} is required"
        raise ShapeError(message(name, required, repr(output_size), "give that of the pool's input"))
    places = ag.as_tensor(indices).reshape(*front, -1)
    empty = ag.zeros(*front, math.prod(size), dtype=input.dtype)
    y: Tensor = empty.scatter(-1, places, input.reshape(*front, -1)).reshape(*front, *size)
    return y


def max_unpool1d(
    input: Tensor, indices: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, output_size: Sequence[int] | None = None,
) -> Tensor:
    """The largest elements back at their places, zeros elsewhere: (N, C, L) or (C, L) -> (N, C, L') or (C, L')."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, output_size: Sequence[int] | None = None,
) -> Tensor:
    """The largest elements back at their places, zeros elsewhere: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    H' = (H - 1) * stride - 2 * padding + kernel_size, or as output_size says: several sizes may have been pooled to one.
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, output_size: Sequence[int] | None = None,
) -> Tensor:
    """``max_unpool2d`` in three dims: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or (C, D', H', W')."""
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)
