"""Pooling: the largest element, or the mean, of windows that slide over an input, or that divide it."""
from __future__ import annotations

import functools
import math

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.kernels.pooling import Windows, argmax_windows, max_windows, max_windows_back, spread_windows, sum_windows
from autograd.op import Array, Sample, derived, op
from autograd.ops.convolution import batched, per_dim, windows_by_definition
from autograd.ops.indexing import getitems, place
from autograd.ops.product import matmul
from autograd.ops.shape import movedim, reshape
from autograd.ops.sorting import ValuesIndices, plain

__all__ = [
    "max_pool", "max_pool_indices", "sum_pool", "spread_pool",
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
]  # fmt: skip

# ── by maximum ──


def at_places(n, channels, where):
    """The index, into (n, channels, everything else flat), of places given for each sample and channel."""
    return np.arange(n)[:, None, None], np.arange(channels)[:, None], where.reshape(n, channels, math.prod(where.shape[2:]))


def max_pool_rule(g, y, x, windows):
    n, channels, *size = x.shape
    where = argmax_windows(plain(x), plain(y), windows)
    flat = reshape(g, (n, channels, math.prod(where.shape[2:])))
    return (reshape(place(flat, shape=(n, channels, math.prod(size)), index=at_places(n, channels, where)), x.shape),)


def max_by_definition(x, *, windows):
    kernel, out, stride, before, dilation = windows
    every = windows_by_definition(x, kernel, out, stride, before, dilation, -np.inf)
    return np.max(every, axis=tuple(range(-len(windows.kernel), 0)))


SEGMENTS, SQUARES = Windows((3,), (4,), (2,), (1,), (1,)), Windows((2, 2), (3, 2), (2, 2), (0, 0), (1, 1))
RECTANGLES, BOXES = Windows((3, 2), (4, 3), (1, 2), (1, 0), (1, 1)), Windows((2, 2, 2), (2, 2, 1), (1, 2, 2), (0, 0, 0), (1, 1, 1))
SAMPLES = (
    Sample((2, 3, 7), windows=SEGMENTS), Sample((2, 3, 6, 4), windows=SQUARES), Sample((2, 2, 5, 6), windows=RECTANGLES),
    Sample((1, 2, 3, 4, 3), windows=BOXES),
)  # fmt: skip
DILATED = Sample((2, 2, 6, 6), windows=Windows((2, 3), (5, 4), (1, 1), (1, 1), (2, 2)))


@op(
    joint=max_pool_rule, array_rule=lambda g, y, x, windows, needs: (max_windows_back(g, y, x, windows),), saves="x y", masks=True,
    reference=max_by_definition, samples=[*SAMPLES, DILATED],
)  # fmt: skip
def max_pool(x: Array, *, windows):
    """The largest element of each window: (N, C, *size) -> (N, C, *out). The gradient goes to the first of equals."""
    return max_windows(x, windows)


@op(samples=[*SAMPLES, DILATED])
def max_pool_indices(x: Array, *, windows):
    """Where the largest element of each window lies, counted as if the spatial dims were flat: (N, C, *size) -> (N, C, *out)."""
    return argmax_windows(x, max_windows(x, windows), windows)


def pooling_windows(name, dims, size, kernel_size, stride, padding, dilation, ceil_mode):
    """The windows of a pooling layer over a size; what reaches beyond the padding behind, by ceil_mode, is cut off."""
    kernel = per_dim(name, "kernel_size", kernel_size, dims, 1)
    stride = kernel if stride is None or (isinstance(stride, tuple | list) and not stride) else per_dim(name, "stride", stride, dims, 1)
    before, dilation = per_dim(name, "padding", padding, dims, 0), per_dim(name, "dilation", dilation, dims, 1)
    out = []
    for n, k, s, p, d in zip(size, kernel, stride, before, dilation, strict=True):
        if p > k // 2:
            raise ArgumentError(message(name, "a padding of at most half the kernel_size is required", f"{p} for {k}"))
        room = n + 2 * p - d * (k - 1) - 1
        count = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= n + p:  # the last window begins within the input or the padding in front of it
            count -= 1
        if count < 1 or not n:
            raise ShapeError(message(name, "an input at least as large as a window is required", f"size {n} for {d * (k - 1) + 1}"))
        out.append(count)
    return Windows(kernel, tuple(out), stride, before, dilation)


def max_pooled(name, dims, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    """max_pool1d, max_pool2d, max_pool3d."""
    x, single = batched(name, x, dims)
    windows = pooling_windows(name, dims, x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    if not return_indices:
        y = max_pool(x, windows=windows)
        return y[0] if single else y
    return picked(x, max_pool_indices(x, windows=windows), single)


def picked(x, indices, single):
    """The elements of x at flat spatial indices, beside the indices."""
    n, channels, *size = x.shape
    where = plain(indices)
    flat = getitems(reshape(x, (n, channels, math.prod(size))), index=at_places(n, channels, where))
    values = reshape(flat, where.shape)
    return ValuesIndices(values[0], indices[0]) if single else ValuesIndices(values, indices)


@derived(samples=[Sample((2, 3, 7), 3, 2, padding=1), Sample((3, 6), 2, return_indices=True)])
def max_pool1d(x: Array, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window along the input: (N, C, L) -> (N, C, L'). As ``max_pool2d``."""
    return max_pooled("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@derived(
    samples=[
        Sample((2, 3, 4, 6), 2), Sample((2, 3, 5, 5), kernel_size=(3, 2), stride=(2, 1), padding=(1, 0)),
        Sample((3, 5, 5), 2, ceil_mode=True), Sample((2, 3, 5, 6), 2, dilation=2, return_indices=True),
    ],
)  # fmt: skip
def max_pool2d(x: Array, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window over the input: (N, C, H, W) -> (N, C, H', W'). The batch dim N may be left out.

    H' = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1, and so for W'. Of equal elements, the first gets the gradient.

    stride          kernel_size by default
    padding         so many elements that are never the largest on each side
    ceil_mode       windows that begin within the input and reach beyond it count too
    return_indices  also where the largest elements lie, counted over H * W
    """
    return max_pooled("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@derived(samples=[Sample((1, 2, 4, 4, 5), 2), Sample((1, 1, 3, 4, 5), kernel_size=(3, 2, 2), stride=1, padding=1, return_indices=True)])
def max_pool3d(x: Array, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window through the input: (N, C, D, H, W) -> (N, C, D', H', W'). As ``max_pool2d``."""
    return max_pooled("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


# ── by mean ──


@op(
    lambda g, y, x, windows: spread_pool(g, windows=windows, size=tuple(x.shape[2:])),
    reference=lambda x, windows: windows_by_definition(x, *windows).sum(axis=tuple(range(-len(windows.kernel), 0))), samples=SAMPLES,
)  # fmt: skip
def sum_pool(x: Array, *, windows):
    """The sum of each window: (N, C, *size) -> (N, C, *out)."""
    return sum_windows(x, windows)


@op(
    lambda g, y, x, windows, size: sum_pool(g, windows=windows),
    samples=[
        Sample((2, 3, 4), windows=SEGMENTS, size=(7,)), Sample((2, 3, 3, 2), windows=SQUARES, size=(6, 4)),
        Sample((2, 2, 4, 3), windows=RECTANGLES, size=(5, 6)),
    ],
)  # fmt: skip
def spread_pool(x: Array, *, windows, size):
    """Each element added to all elements of its window: (N, C, *out) -> (N, C, *size)."""
    return spread_windows(x, windows, size)


@functools.lru_cache(256)
def divisors(windows, size, count_include_pad):
    """What the sum of each window is divided by: how many elements it has within the input, or within the padded input."""
    counts = np.ones((), np.float64)
    for k, m, s, p, n in zip(windows.kernel, windows.out, windows.stride, windows.before, size, strict=True):
        start = np.arange(m) * s - p
        stop = np.minimum(start + k, n + p)
        inside = stop - start if count_include_pad else np.minimum(stop, n) - np.maximum(start, 0)
        counts = counts[..., None] * inside
    flat = set(counts.reshape(-1).tolist())
    return flat.pop() if len(flat) == 1 else counts


def mean_pooled(name, dims, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override=None):
    """avg_pool1d, avg_pool2d, avg_pool3d."""
    x, single = batched(name, x, dims)
    if x.dtype.kind != "f":
        raise DtypeError(message(name, "a floating-point input is required", str(x.dtype), "convert it: x.float()"))
    if divisor_override == 0:
        raise ArgumentError(message(name, "a divisor_override that is not 0 is required", "0"))
    windows = pooling_windows(name, dims, x.shape[2:], kernel_size, stride, padding, 1, ceil_mode)
    by = divisor_override or divisors(windows, tuple(x.shape[2:]), bool(count_include_pad))
    y = sum_pool(x, windows=windows)
    y = y * (1 / by) if not isinstance(by, np.ndarray) else y * (1 / by).astype(x.dtype)
    return y[0] if single else y


@derived(samples=[Sample((2, 3, 7), 3, 2, padding=1), Sample((3, 6), 2, ceil_mode=True)])
def avg_pool1d(x: Array, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window along the input: (N, C, L) -> (N, C, L'). As ``avg_pool2d``."""
    return mean_pooled("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


@derived(
    samples=[
        Sample((2, 3, 4, 6), 2), Sample((2, 3, 5, 5), kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), count_include_pad=False),
        Sample((3, 5, 5), 3, 2, padding=1, ceil_mode=True), Sample((2, 3, 5, 6), 2, divisor_override=3),
    ],
)  # fmt: skip
def avg_pool2d(x: Array, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    """The mean of each window over the input: (N, C, H, W) -> (N, C, H', W'). The batch dim N may be left out.

    H' = (H + 2 * padding - kernel_size) // stride + 1, and so for W'.

    stride             kernel_size by default
    padding            so many zeros on each side
    ceil_mode          windows that begin within the input and reach beyond it count too
    count_include_pad  False: the mean is that of the elements of the input alone
    divisor_override   what the sums are divided by instead
    """
    return mean_pooled("avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@derived(samples=[Sample((1, 2, 4, 4, 5), 2), Sample((1, 1, 3, 4, 5), kernel_size=(3, 2, 2), stride=1, padding=1)])
def avg_pool3d(x: Array, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    """The mean of each window through the input: (N, C, D, H, W) -> (N, C, D', H', W'). As ``avg_pool2d``."""
    return mean_pooled("avg_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


# ── to a given size: windows from i * n // m to (i + 1) * n / m, rounded up ──


def output_sizes(name, output_size, size):
    """The size of the output; None keeps that of the input."""
    dims = len(size)
    given = tuple(output_size) if isinstance(output_size, tuple | list) else (output_size,) * dims
    if len(given) != dims or any(m is not None and not (isinstance(m, int | np.integer) and m >= 0) for m in given):
        required = f"an output_size of one number or {dims}, each None or not negative, is required"
        raise ArgumentError(message(name, required, repr(output_size)))
    if not all(size):
        raise ShapeError(message(name, "an input with elements in each spatial dim is required", f"size {tuple(size)}"))
    return tuple(n if m is None else int(m) for m, n in zip(given, size, strict=True))


def even_windows(size, out):
    """The windows of an adaptive pooling whose output divides its input; None for others."""
    if not all(m and n % m == 0 for n, m in zip(size, out, strict=True)):
        return None
    kernel = tuple(n // m for n, m in zip(size, out, strict=True))
    return Windows(kernel, out, kernel, (0,) * len(out), (1,) * len(out))


@functools.lru_cache(256)
def averaging(size, count, dtype):
    """The matrix that averages a dim's windows: (size, count)."""
    matrix = np.zeros((size, count), dtype)
    for i in range(count):
        start, stop = i * size // count, -(-(i + 1) * size // count)
        matrix[start:stop, i] = 1 / (stop - start)
    return matrix


def adaptively_averaged(name, dims, x, output_size):
    """adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d."""
    x, single = batched(name, x, dims)
    size = tuple(x.shape[2:])
    out = output_sizes(name, output_size, size)
    if windows := even_windows(size, out):
        y = sum_pool(x, windows=windows) * (1 / math.prod(windows.kernel))
    else:
        y = x
        for dim, (n, m) in enumerate(zip(size, out, strict=True), 2):
            if n != m:
                y = movedim(matmul(movedim(y, dim, -1), averaging(n, m, x.dtype)), -1, dim)
    return y[0] if single else y


@derived(samples=[Sample((2, 3, 7), 3), Sample((3, 6), 2)])
def adaptive_avg_pool1d(x: Array, output_size):
    """The means of output_size windows that cover the input: (N, C, L) -> (N, C, output_size)."""
    return adaptively_averaged("adaptive_avg_pool1d", 1, x, output_size)


@derived(samples=[Sample((2, 3, 7, 5), output_size=(3, 2)), Sample((3, 4, 6), 2), Sample((2, 3, 4, 6), output_size=(None, 1))])
def adaptive_avg_pool2d(x: Array, output_size):
    """The means of windows that cover the input, as many as output_size says: (N, C, H, W) -> (N, C, *output_size). None keeps a size."""
    return adaptively_averaged("adaptive_avg_pool2d", 2, x, output_size)


@derived(samples=[Sample((1, 2, 5, 4, 3), output_size=(2, 2, 1)), Sample((1, 2, 4, 4, 2), 2)])
def adaptive_avg_pool3d(x: Array, output_size):
    """The means of windows that cover the input, as many as output_size says: (N, C, D, H, W) -> (N, C, *output_size)."""
    return adaptively_averaged("adaptive_avg_pool3d", 3, x, output_size)


@functools.lru_cache(256)
def covering(size, out):
    """The flat positions of each window, (*out, largest window); a window with fewer repeats its last ones."""
    flat = np.zeros((*out, *(1,) * len(out)), np.int64)
    for dim, (n, m) in enumerate(zip(size, out, strict=True)):
        start = np.arange(m) * n // m
        stop = -(-(np.arange(m) + 1) * n // m)
        within = np.minimum(start[:, None] + np.arange((stop - start).max(initial=1)), stop[:, None] - 1)
        shape = [1] * (2 * len(out))
        shape[dim], shape[len(out) + dim] = within.shape
        flat = flat * n + within.reshape(shape)
    return flat.reshape(*out, -1)


@op(samples=[Sample((2, 3, 7, 5), size=(3, 2))])
def adaptive_max_indices(x: Array, *, size):
    """Where the largest elements of the windows of an adaptive pooling lie, counted as if the spatial dims were flat."""
    positions = covering(tuple(x.shape[2:]), size)
    chosen = np.argmax(x.reshape(*x.shape[:2], math.prod(x.shape[2:]))[:, :, positions], axis=-1)
    return np.take_along_axis(np.broadcast_to(positions, (*x.shape[:2], *positions.shape)), chosen[..., None], -1)[..., 0]


def adaptively_maximal(name, dims, x, output_size, return_indices):
    """adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d."""
    x, single = batched(name, x, dims)
    out = output_sizes(name, output_size, tuple(x.shape[2:]))
    windows = even_windows(tuple(x.shape[2:]), out)
    if windows and not return_indices:
        y = max_pool(x, windows=windows)
        return y[0] if single else y
    pair = picked(x, max_pool_indices(x, windows=windows) if windows else adaptive_max_indices(x, size=out), single)
    return pair if return_indices else pair.values


@derived(samples=[Sample((2, 3, 7), 3), Sample((3, 6), 2, return_indices=True)])
def adaptive_max_pool1d(x: Array, output_size, return_indices=False):
    """The largest elements of output_size windows that cover the input: (N, C, L) -> (N, C, output_size)."""
    return adaptively_maximal("adaptive_max_pool1d", 1, x, output_size, return_indices)


@derived(
    samples=[
        Sample((2, 3, 7, 5), output_size=(3, 2)), Sample((3, 4, 6), 2), Sample((2, 3, 7, 5), output_size=(3, 2), return_indices=True),
    ],
)  # fmt: skip
def adaptive_max_pool2d(x: Array, output_size, return_indices=False):
    """The largest elements of windows that cover the input: (N, C, H, W) -> (N, C, *output_size); return_indices: also where they lie."""
    return adaptively_maximal("adaptive_max_pool2d", 2, x, output_size, return_indices)


@derived(samples=[Sample((1, 2, 5, 4, 3), output_size=(2, 2, 1))])
def adaptive_max_pool3d(x: Array, output_size, return_indices=False):
    """The largest elements of windows that cover the input: (N, C, D, H, W) -> (N, C, *output_size)."""
    return adaptively_maximal("adaptive_max_pool3d", 3, x, output_size, return_indices)
