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
