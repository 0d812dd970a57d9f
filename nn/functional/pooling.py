"""Pooling: the largest element, the mean or a power mean of windows, windows at random, and the way back from a maximum."""
from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from autograd.ops.convolution import per_dim
from nn.functional.resampling import each_dim

__all__ = [
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
    "max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices",
    "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d",
    "fractional_max_pool2d", "fractional_max_pool3d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices",
]  # fmt: skip

Size = int | Sequence[int]
max_pool1d, max_pool2d, max_pool3d = ag.max_pool1d, ag.max_pool2d, ag.max_pool3d
avg_pool1d, avg_pool2d, avg_pool3d = ag.avg_pool1d, ag.avg_pool2d, ag.avg_pool3d
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = ag.adaptive_avg_pool1d, ag.adaptive_avg_pool2d, ag.adaptive_avg_pool3d
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = ag.adaptive_max_pool1d, ag.adaptive_max_pool2d, ag.adaptive_max_pool3d
max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = (
    functools.partial(pool, return_indices=True) for pool in (max_pool1d, max_pool2d, max_pool3d)
)
adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices, adaptive_max_pool3d_with_indices = (
    functools.partial(pool, return_indices=True) for pool in (adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d)
)

MEAN = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}
LARGEST = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}


def _lp_pool(dims: int, input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None, ceil_mode: bool) -> Tensor:
    y: Tensor
    if math.isinf(norm_type):
        sign = 1 if norm_type > 0 else -1
        y = LARGEST[dims](sign * input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        return sign * y
    mean = MEAN[dims](input**norm_type, kernel_size, stride, 0, ceil_mode)
    y = (mean.sign() * mean.abs().relu() * math.prod(per_dim(f"lp_pool{dims}d", "kernel_size", kernel_size, dims, 1))) ** (1 / norm_type)
    return y


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
    kernel, pads = per_dim(name, "kernel_size", kernel_size, dims, 1), per_dim(name, "padding", padding, dims, 0)
    steps = kernel if stride is None else per_dim(name, "stride", stride, dims, 1)
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


def _fractional_max_pool(
    dims: int, input: Tensor, kernel_size: Size, output_size: Size | None, output_ratio: float | Sequence[float] | None,
    return_indices: bool, samples: Tensor | None,
) -> Any:  # fmt: skip
    name = f"fractional_max_pool{dims}d"
    kernel = per_dim(name, "kernel_size", kernel_size, dims, 1)
    if (output_size is None) == (output_ratio is None):
        raise ArgumentError(message(name, "either output_size or output_ratio is required", "neither" if output_size is None else "both"))
    if input.ndim not in (dims + 1, dims + 2):
        raise ShapeError(message(name, f"an input of {dims + 1} or {dims + 2} dims is required", str(input.shape)))
    front, lengths = tuple(input.shape[:-dims]), tuple(input.shape[-dims:])
    if output_size is None:
        ratios = each_dim(name, output_ratio, dims)
        if not all(0 < ratio < 1 for ratio in ratios):
            raise ArgumentError(message(name, "an output_ratio between 0 and 1 is required", repr(output_ratio)))
        sizes = tuple(int(n * ratio) for n, ratio in zip(lengths, ratios, strict=True))
    else:
        sizes = per_dim(name, "output_size", output_size, dims, 1)
    if not all(0 < size <= n - k + 1 for n, k, size in zip(lengths, kernel, sizes, strict=True)):
        required = f"an output of 1 to {tuple(n - k + 1 for n, k in zip(lengths, kernel, strict=True))} windows is required"
        raise ShapeError(message(name, required, str(sizes), f"windows {kernel} must fit into {lengths}"))
    planes = (front[0] if len(front) == 2 else 1, front[-1])
    u = ag.rand(*planes, dims, dtype=input.dtype) if samples is None else samples
    place: Any = 0  # of each element of each window, counted over the plane: (N, C, *sizes, *kernel)
    for dim, (n, k, size) in enumerate(zip(lengths, kernel, sizes, strict=True)):
        along = u[:, :, dim if dims == 3 else 1 - dim, None]  # PyTorch's order: the width's first in two dims, the last in three
        step = (n - k) / max(size - 1, 1)
        starts = ((ag.arange(size, dtype=u.dtype) + along) * step).floor() - (along * step).floor()
        starts = ag.where(ag.arange(size) == size - 1, n - k, starts)  # the last window ends where the input does
        window = starts.long().reshape(*planes, size, 1) + ag.arange(k)
        shape = [1] * (2 * dims)
        shape[dim], shape[dims + dim] = size, k
        place = place * n + window.reshape(*planes, *shape)
    place = place.reshape(*front, -1)
    values = input.reshape(*front, -1).gather(-1, place).reshape(*front, *sizes, -1)
    y, which = values.max(-1)
    return (y, place.reshape(values.shape).gather(-1, which.unsqueeze(-1)).squeeze(-1)) if return_indices else y


def fractional_max_pool2d(
    input: Tensor, kernel_size: Size, output_size: Size | None = None, output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False, _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """The largest element of each of output_size windows, spread evenly from a random offset: (N, C, H, W) -> (N, C, H', W').

    Window i begins at ⌊α(i + u)⌋ - ⌊αu⌋, α = (H - kernel_size) / (H' - 1) and u from 0 to 1, the same for all windows of a channel
    (Graham 2014, arXiv:1412.6071); the last one ends with the input.

    output_ratio     in place of output_size: H' = ⌊output_ratio * H⌋
    return_indices   also where the largest elements lie, counted over H * W
    _random_samples  the offsets u, (N, C, 2), in place of drawn ones
    """
    return _fractional_max_pool(2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


def fractional_max_pool3d(
    input: Tensor, kernel_size: Size, output_size: Size | None = None, output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False, _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """``fractional_max_pool2d`` in three dims: (N, C, D, H, W) -> (N, C, D', H', W'), with offsets (N, C, 3)."""
    return _fractional_max_pool(3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


fractional_max_pool2d_with_indices, fractional_max_pool3d_with_indices = (
    functools.partial(pool, return_indices=True) for pool in (fractional_max_pool2d, fractional_max_pool3d)
)
