"""The functions behind layers for images: resolution, patches, channels. They are part of ``nn.functional``."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message

__all__ = [
    "interpolate", "upsample", "grid_sample", "affine_grid", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
    "unfold", "fold", "local_response_norm",
]  # fmt: skip

# ── another resolution ──

DIMS = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}  # spatial dims that a mode is for, all if it is not here
MODES = ("nearest", "nearest-exact", *DIMS, "area")


def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """Another resolution: (N, C, W), (N, C, H, W) or (N, C, D, H, W) -> the same with other sizes.

    size, scale_factor      one of them: the new sizes, or factors, one for all dims or one for each
    mode                    "nearest" (rounded down), "nearest-exact", "linear", "bilinear", "trilinear" (by the number of spatial dims),
                            "bicubic" (Keys 1981, a = -0.75), "area" (means)
    align_corners           of the linear and cubic modes: whether the middles of the corners stay, or the corners themselves
    recompute_scale_factor  use the ratio of the sizes in place of the factor that was given
    """
    spatial = tuple(input.shape[2:])
    if input.ndim not in (3, 4, 5) or mode not in MODES or DIMS.get(mode, len(spatial)) != len(spatial):
        required = f"an input of 3 to 5 dims and a mode of {', '.join(MODES)} that fits it are required"
        remedy = "linear is for 3 dims, bilinear and bicubic for 4, trilinear for 5"
        raise ArgumentError(message("interpolate", required, f"{input.ndim} dims and mode={mode!r}", remedy))
    if (size is None) == (scale_factor is None):
        raise ArgumentError(message("interpolate", "either size or scale_factor is required", "neither" if size is None else "both"))
    if antialias:
        raise ArgumentError(message("interpolate", "antialias=False is required", "True", "average before: F.avg_pool2d"))
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        raise ArgumentError(message("interpolate", "align_corners is for the linear and cubic modes", mode, "leave it out"))
    factors = None if scale_factor is None else per_dim("interpolate", scale_factor, len(spatial))
    if factors is None:
        sizes = per_dim("interpolate", size, len(spatial))
    else:
        sizes = [math.floor(n * f) for n, f in zip(spatial, factors, strict=True)]
    if mode == "area":
        pool = (ag.adaptive_avg_pool1d, ag.adaptive_avg_pool2d, ag.adaptive_avg_pool3d)[len(spatial) - 1]
        return pool(input, sizes if len(spatial) > 1 else sizes[0])
    for i, (n, m) in enumerate(zip(spatial, sizes, strict=True)):
        step = 1 / factors[i] if factors is not None and not recompute_scale_factor else n / m
        input = resampled(input, i + 2, n, int(m), step, mode, bool(align_corners))
    return input


upsample = interpolate


def per_dim(name: str, value: Any, dims: int) -> list[Any]:
    """One value for each spatial dim."""
    values = list(value) if isinstance(value, tuple | list) else [value] * dims
    if len(values) != dims:
        raise ShapeError(message(name, f"one value, or one for each of {dims} spatial dims, is required", str(value)))
    return values


def resampled(x: Tensor, dim: int, n: int, m: int, step: float, mode: str, align_corners: bool) -> Tensor:
    """One dim of n elements at m places."""
    if mode.startswith("nearest"):
        where = np.floor((np.arange(m) + 0.5 * (mode == "nearest-exact")) * np.float32(step)).astype(np.int64)
        return ag.index_select(x, dim, ag.tensor(np.minimum(where, n - 1)))
    if align_corners:
        at = np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0.0)
    else:
        at = (np.arange(m) + 0.5) * step - 0.5
        at = at if mode == "bicubic" else np.maximum(at, 0)
    left = np.floor(at).astype(np.int64)
    t = at - left
    if mode == "bicubic":
        taps, weights = range(-1, 3), cubic(t)
    else:
        taps, weights = range(2), [1 - t, t]
    shape = [1] * x.ndim
    shape[dim] = m
    parts = [
        ag.index_select(x, dim, ag.tensor(np.clip(left + tap, 0, n - 1))) * ag.tensor(w.reshape(shape).astype(x.dtype))
        for tap, w in zip(taps, weights, strict=True)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def cubic(t: Any, a: float = -0.75) -> list[Any]:
    """The weights of the four neighbours at a fraction t (R. Keys 1981, doi:10.1109/TASSP.1981.1163711)."""
    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


# ── places of one's own choice ──


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places, for ``grid_sample``, that affine maps theta (N, 2, 3) give an image of size (N, C, H, W): (N, H, W, 2), x before y."""
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (2, 3) or len(size) != 4:
        given = f"{tuple(theta.shape)} and {tuple(size)}"
        raise ShapeError(message("affine_grid", "theta (N, 2, 3) and a size (N, C, H, W) are required", given))
    n, _, height, width = size

    def line(count: int) -> Any:
        return np.linspace(-1, 1, count) * (1 if align_corners else (count - 1) / count) if count > 1 else np.zeros(1)

    x, y = np.meshgrid(line(width), line(height))
    places = ag.tensor(np.stack([x, y, np.ones_like(x)], -1).reshape(1, -1, 3).astype(theta.dtype))
    return (places @ theta.transpose(1, 2)).reshape(n, height, width, 2)


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The image (N, C, H, W) at places (N, h, w, 2) between -1 and 1, x before y: (N, C, h, w).

    mode          "bilinear" or "nearest"
    padding_mode  what lies outside: "zeros", "border" (the edge) or "reflection"
    """
    if input.ndim != 4 or grid.ndim != 4 or grid.shape[-1] != 2 or grid.shape[0] != input.shape[0]:
        given = f"{tuple(input.shape)} and {tuple(grid.shape)}"
        raise ShapeError(message("grid_sample", "an input (N, C, H, W) and a grid (N, h, w, 2) are required", given))
    if mode not in ("bilinear", "nearest") or padding_mode not in ("zeros", "border", "reflection"):
        required = 'mode "bilinear" or "nearest" and padding_mode "zeros", "border" or "reflection" are required'
        raise ArgumentError(message("grid_sample", required, f"{mode!r} and {padding_mode!r}"))
    height, width = input.shape[2:]
    x, y = (in_pixels(grid[..., i], n, padding_mode, bool(align_corners)) for i, n in ((0, width), (1, height)))
    if mode == "nearest":
        return picked(input, ag.round(x).detach(), ag.round(y).detach())
    left, top = ag.floor(x).detach(), ag.floor(y).detach()
    right, low = (x - left).unsqueeze(1), (y - top).unsqueeze(1)
    upper = picked(input, left, top) * (1 - right) + picked(input, left + 1, top) * right
    lower = picked(input, left, top + 1) * (1 - right) + picked(input, left + 1, top + 1) * right
    return upper * (1 - low) + lower * low


def in_pixels(place: Tensor, n: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Places from -1 to 1 as places from 0 to n - 1."""
    x = (place + 1) * ((n - 1) / 2) if align_corners else ((place + 1) * n - 1) / 2
    if padding_mode == "reflection":
        low, span = (0.0, float(n - 1)) if align_corners else (-0.5, float(n))
        away = ag.abs(x - low)
        turns = ag.floor(away / span).detach() if span else away * 0
        rest = away - turns * span
        x = ag.where(turns % 2 == 0, rest, span - rest) + low if span else x * 0
    return x if padding_mode == "zeros" else ag.clamp(x, 0, n - 1)


def picked(input: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The pixels at whole places, 0 outside: (N, C, H, W), (N, h, w) -> (N, C, h, w)."""
    n, _, height, width = input.shape
    columns, rows = x.numpy().astype(np.int64), y.numpy().astype(np.int64)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    batch = np.arange(n)[:, None, None]
    found = input.permute(0, 2, 3, 1)[batch, np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return (found * ag.tensor(inside[..., None].astype(input.dtype))).permute(0, 3, 1, 2)


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
    kernel, gap, border, step = (per_dim(name, v, 2) for v in (kernel_size, dilation, padding, stride))
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
    sizes = per_dim("fold", output_size, 2)
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
