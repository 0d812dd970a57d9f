"""Images in other orders: channels to places and back, patches to columns and back."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError, message
from nn.functional.resampling import each_dim

__all__ = ["pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "unfold", "fold", "local_response_norm"]

# ── channels and places ──


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels become places: (*, C r², H, W) -> (*, C, H r, W r)."""
    r, (c, h, w) = upscale_factor, input.shape[-3:]
    if input.ndim < 3 or c % (r * r):
        required = f"a number of channels that is a multiple of {r * r} is required"
        raise ShapeError(message("pixel_shuffle", required, f"shape {tuple(input.shape)}"))
    lead = tuple(input.shape[:-3])
    x = input.reshape(*lead, c // (r * r), r, r, h, w)
    k = len(lead)
    return x.permute(*range(k), k, k + 3, k + 1, k + 4, k + 2).reshape(*lead, c // (r * r), h * r, w * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Places become channels: (*, C, H r, W r) -> (*, C r², H, W)."""
    r, (c, h, w) = downscale_factor, input.shape[-3:]
    if input.ndim < 3 or h % r or w % r:
        raise ShapeError(message("pixel_unshuffle", f"sizes that are multiples of {r} are required", f"shape {tuple(input.shape)}"))
    lead = tuple(input.shape[:-3])
    x = input.reshape(*lead, c, h // r, r, w // r, r)
    k = len(lead)
    return x.permute(*range(k), k, k + 2, k + 4, k + 1, k + 3).reshape(*lead, c * r * r, h // r, w // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of several groups in turns: (N, C, *) -> the same."""
    n, c = input.shape[:2]
    if c % groups:
        required = f"a number of channels that is a multiple of {groups} is required"
        raise ShapeError(message("channel_shuffle", required, f"shape {tuple(input.shape)}"))
    return input.reshape(n, groups, c // groups, *input.shape[2:]).transpose(1, 2).reshape(input.shape)


def patches(
    name: str, sizes: Sequence[int], kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[list[int], list[int], tuple[Any, Any]]:
    """(paddings, numbers of patches, index of each element of each patch) of an image."""
    kernel, gap, border, step = (each_dim(name, v, 2) for v in (kernel_size, dilation, padding, stride))
    counts = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(sizes, kernel, gap, border, step, strict=True)]
    if min(counts) < 1:
        given = f"{tuple(sizes)} for patches of {tuple(kernel)}"
        raise ShapeError(message(name, "an image at least as large as a patch is required", given))
    rows, columns = (np.arange(k)[:, None] * d + np.arange(m) * s for k, d, m, s in zip(kernel, gap, counts, step, strict=True))
    return border, counts, (rows[:, None, :, None], columns[None, :, None, :])


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The patches of images as columns: (N, C, H, W) or (C, H, W) -> (..., C * patch, number of patches)."""
    if input.ndim not in (3, 4):
        raise ShapeError(message("unfold", "images (N, C, H, W) or (C, H, W) are required", f"shape {tuple(input.shape)}"))
    x = input if input.ndim == 4 else input.unsqueeze(0)
    (top, left), counts, (rows, columns) = patches("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    found = ag.pad(x, (left, left, top, top))[:, :, rows, columns]
    found = found.reshape(x.shape[0], x.shape[1] * rows.shape[0] * columns.shape[1], counts[0] * counts[1])
    return found if input.ndim == 4 else found.squeeze(0)


def fold(input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Images of ``unfold``'s patches, those that overlap added up: (N, C * patch, number) or without N -> (..., C, *output_size)."""
    sizes = each_dim("fold", output_size, 2)
    (top, left), counts, (rows, columns) = patches("fold", sizes, kernel_size, dilation, padding, stride)
    x = input if input.ndim == 3 else input.unsqueeze(0)
    patch = rows.shape[0] * columns.shape[1]
    if input.ndim not in (2, 3) or x.shape[1] % patch or x.shape[2] != counts[0] * counts[1]:
        required = f"(N, C * {patch}, {counts[0] * counts[1]}) is required"
        raise ShapeError(message("fold", required, f"shape {tuple(input.shape)}", "use the arguments of the unfold"))
    n, c = x.shape[0], x.shape[1] // patch
    parts = x.reshape(n, c, rows.shape[0], columns.shape[1], counts[0], counts[1])
    whole = ag.place(parts, shape=(n, c, sizes[0] + 2 * top, sizes[1] + 2 * left), index=(slice(None), slice(None), rows, columns))
    y = whole[:, :, top : top + sizes[0], left : left + sizes[1]]
    return y if input.ndim == 3 else y.squeeze(0)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha / size * Σ x²)^beta, the sum over size neighbouring channels: (N, C, *) -> the same."""
    if input.ndim < 3:
        raise ShapeError(message("local_response_norm", "an input (N, C, *) of at least 3 dims is required", f"shape {tuple(input.shape)}"))
    squares = (input * input).movedim(1, -1)
    padded = ag.pad(squares, (size // 2, (size - 1) // 2))
    sums = ag.unfold(padded, -1, size, 1).sum(-1).movedim(-1, 1)
    return input / (k + alpha / size * sums) ** beta
