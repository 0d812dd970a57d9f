"""Windows that slide along a dim, and positions beyond its ends."""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ShapeError, message

PAD_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # PyTorch's names and NumPy's


def windows(x, dim, size, step):
    """Every window of a size along dim, a step apart, as a new last dim: (n,) -> ((n - size) // step + 1, size)."""
    every = (slice(None),) * dim + (slice(None, None, step),)
    return np.lib.stride_tricks.sliding_window_view(x, size, dim)[every].copy()


def added_windows(x, dim, step, length):
    """The adjoint of windows: each added up where it lies. One pass per position within the window."""
    size, count = x.shape[-1], x.shape[dim]
    y = np.zeros((*x.shape[:dim], length, *x.shape[dim + 1 : -1]), x.dtype)
    before = (slice(None),) * dim
    for i in range(size):
        y[(*before, slice(i, i + step * (count - 1) + 1, step))] += x[..., i]
    return y


def pad_positions(size, before, after, mode):
    """Which element of a dim stands at each place once it is padded; negative widths cut off."""
    limit = {"reflect": size - 1, "circular": size}.get(mode)
    if not size or (limit is not None and max(before, after) > limit):
        allowed = "any elements" if limit is None else f"widths of at most {limit}"
        raise ShapeError(message(
            "pad", f"{allowed} for mode {mode!r} and size {size} are required", f"{before} and {after}", "pad less, or by replicate",
        ))  # fmt: skip
    positions = np.pad(np.arange(size), (max(before, 0), max(after, 0)), PAD_MODES[mode])
    return positions[max(-before, 0) : len(positions) + min(after, 0)]


def reach(offset, step, size, count):
    """Of count windows, a step apart, those whose position at offset lies within a dim: (slice of the windows, slice of the dim)."""
    first = max(0, -(offset // step))
    stop = min(count, (size - 1 - offset) // step + 1)
    if stop <= first:
        return slice(0, 0), slice(0, 0)
    start = first * step + offset
    return slice(first, stop), slice(start, start + (stop - first - 1) * step + 1, step)


def batch_last(x):
    """(N, C, ...) as (C, ..., N), whose innermost loop over memory is long: no copy of what already lies so."""
    x = x.transpose((*range(1, x.ndim), 0))
    return x if x.strides[-1] == x.itemsize or x.shape[-1] == 1 else np.ascontiguousarray(x)


def batch_first(x):
    """(C, ..., N) as (N, C, ...), in the same memory."""
    return x.transpose((x.ndim - 1, *range(x.ndim - 1)))


def channel_blocks(count, size):
    """Channels a few at a time, so that what is added up, size bytes for each, stays in the cache."""
    step = max(1, (256 << 10) // max(size, 1))
    return (slice(start, start + step) for start in range(0, count, step))
