"""Pooling: the largest element, and the sum, of windows. (N, C, ...) in, batch innermost inside and out, as convolutions leave it.

A window is separable: its maximum and its sum are taken along one dim after the other, so a 3x3 window is 4 passes over the data, not 9.
"""
from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from autograd.kernels.windows import batch_first, batch_last, channel_blocks, reach


class Windows(NamedTuple):
    """Sizes per spatial dim. ``before`` is the padding in front; what is behind follows from out."""

    kernel: tuple[int, ...]
    out: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    dilation: tuple[int, ...]

    def positions(self, size):
        """For every position in a window, in order: (slices of the windows that have it within the input, slices of the input)."""
        dims = range(len(self.kernel))
        for k in itertools.product(*map(range, self.kernel)):
            parts = [reach(k[i] * self.dilation[i] - self.before[i], self.stride[i], size[i], self.out[i]) for i in dims]
            yield (slice(None), *(part[0] for part in parts)), (slice(None), *(part[1] for part in parts))

    def along(self, dim, size):
        """The same along one dim, as indices of (C, ..., N)."""
        before = (slice(None),) * (dim + 1)
        for k in range(self.kernel[dim]):
            outs, ins = reach(k * self.dilation[dim] - self.before[dim], self.stride[dim], size, self.out[dim])
            yield (*before, outs), (*before, ins)

    def tiled(self, size):
        """Whether each element lies in one window at most, and each window within the input."""
        spans = ((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))
        return all(
            d == 1 and s >= k and b == 0 and (m - 1) * s + span <= n
            for k, s, b, d, m, n, span in zip(self.kernel, self.stride, self.before, self.dilation, self.out, size, spans, strict=True)
        )


def lowest(dtype):
    """What no element is below."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def separably(x, windows, ufunc, start):
    """The windows of (C, ..., N) reduced by ufunc, one dim after the other; start is its neutral element."""
    for dim in range(len(windows.kernel)):
        size, count = x.shape[dim + 1], windows.out[dim]
        if windows.kernel[dim] == windows.stride[dim] == 1 and size == count and not windows.before[dim]:
            continue
        pairs = list(windows.along(dim, size))
        shape = (*x.shape[: dim + 1], count, *x.shape[dim + 2 :])
        whole = [ins for outs, ins in pairs if outs[-1] == slice(0, count)]
        if len(whole) == len(pairs) > 1:  # nothing is padded: no need to begin with a filled array
            y = ufunc(x[whole[0]], x[whole[1]])
            pairs = pairs[2:]
        else:
            y = np.full(shape, start, x.dtype)
        for outs, ins in pairs:
            target = y[outs]
            ufunc(target, x[ins], out=target)
        x = y
    return x


def max_windows(x, windows):
    """The largest element of each window; NaN where there is one."""
    y = separably(batch_last(x), windows, np.maximum, lowest(x.dtype))
    return batch_first(y if y.base is None or y.size == 0 else y.copy())


def argmax_windows(x, y, windows):
    """Where the maxima y of x's windows lie, counted as if the spatial dims were flat: the first of equals, the last NaN."""
    size = x.shape[2:]
    x, y = batch_last(x), batch_last(y)
    where = np.zeros(y.shape, np.int64)
    places = np.arange(math.prod(size)).reshape(1, *size, 1)
    pairs = list(windows.positions(size))
    for outs, ins in reversed(pairs):
        np.copyto(where[outs], places[ins], where=x[ins] == y[outs])
    if y.dtype.kind == "f" and np.isnan(y).any():
        for outs, ins in pairs:
            np.copyto(where[outs], places[ins], where=np.isnan(x[ins]))
    return batch_first(where)


def max_windows_back(g, y, x, windows):
    """The gradient of x: what arrives at a window goes to the first of its largest elements.

    In bits: what is left for a window's later positions is g & mask, and what a position takes is the rest, where mask is all ones where
    |y - x| > 0. That takes half the time of a product with a boolean, and nothing can become 0 * inf.
    """
    size, given = x.shape[2:], (g, y, x)
    g, y, x = np.ascontiguousarray(batch_last(g)), np.ascontiguousarray(batch_last(y)), batch_last(x)
    with np.errstate(all="ignore"):
        finite = np.isfinite(np.vdot(y, y))  # the difference of infinities is none
    if not finite:
        return scattered(given[0], argmax_windows(given[2], given[1], windows), size)
    tiled = windows.tiled(size)
    covers = tiled and all(k * m == n for k, m, n in zip(windows.kernel, windows.out, size, strict=True))
    dx = np.empty(x.shape, g.dtype) if covers else np.zeros(x.shape, g.dtype)
    integer = np.dtype(f"i{g.dtype.itemsize}")
    pairs, sign = list(windows.positions(size)), 8 * g.dtype.itemsize - 1
    for block in channel_blocks(x.shape[0], y[:1].nbytes):
        xs, ys, left, ds = x[block], y[block], g[block].view(integer), dx[block].view(integer if tiled else dx.dtype)
        left = left if tiled else left.copy()
        for i, (outs, ins) in enumerate(pairs):
            if tiled and i == len(pairs) - 1:
                ds[ins] = left
                break
            mask = np.subtract(ys[outs], xs[ins])
            mask = np.abs(mask, out=mask).view(integer)
            np.negative(mask, out=mask)
            mask >>= sign
            mask &= left[outs]
            if tiled:
                np.bitwise_xor(left, mask, out=ds[ins])
                left = mask
            else:
                taken = np.bitwise_xor(left[outs], mask).view(dx.dtype)
                target = ds[ins]
                target += taken
                left[outs] = mask
    return batch_first(dx)


def scattered(g, where, size):
    """Each element of g added up at its place among the flat spatial dims, in a new array of that size."""
    n, c = g.shape[:2]
    flat = np.zeros((n, c, math.prod(size)), g.dtype)
    np.add.at(flat, (np.arange(n)[:, None, None], np.arange(c)[:, None], where.reshape(n, c, -1)), g.reshape(n, c, -1))
    return flat.reshape(n, c, *size)


def sum_windows(x, windows):
    """The sum of each window; what lies beyond the input is 0."""
    y = separably(batch_last(x), windows, np.add, 0)
    return batch_first(y if y.base is None or y.size == 0 else y.copy())


def spread_windows(g, windows, size):
    """The adjoint of sum_windows: each element of g added to all elements of its window."""
    g = batch_last(g)
    for dim in reversed(range(len(windows.kernel))):
        count = windows.out[dim]
        if windows.kernel[dim] == windows.stride[dim] == 1 and size[dim] == count and not windows.before[dim]:
            continue
        x = np.zeros((*g.shape[: dim + 1], size[dim], *g.shape[dim + 2 :]), g.dtype)
        for outs, ins in windows.along(dim, size[dim]):
            target = x[ins]
            target += g[outs]
        g = x
    return batch_first(g if g.base is None else g.copy())
