"""Images at other places than their pixels': at another resolution, or where a grid says."""
from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message

__all__ = ["interpolate", "upsample", "grid_sample", "affine_grid"]

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
    antialias               "bilinear" and "bicubic" (a = -0.5): where an image shrinks, average over all pixels that a new one covers
    """
    spatial = tuple(input.shape[2:])
    if input.ndim not in (3, 4, 5) or mode not in MODES or DIMS.get(mode, len(spatial)) != len(spatial):
        required = f"an input of 3 to 5 dims and a mode of {', '.join(MODES)} that fits it are required"
        remedy = "linear is for 3 dims, bilinear and bicubic for 4, trilinear for 5"
        raise ArgumentError(message("interpolate", required, f"{input.ndim} dims and mode={mode!r}", remedy))
    if (size is None) == (scale_factor is None):
        raise ArgumentError(message("interpolate", "either size or scale_factor is required", "neither" if size is None else "both"))
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(message("interpolate", 'antialias is for mode "bilinear" or "bicubic"', repr(mode), "leave it out"))
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        raise ArgumentError(message("interpolate", "align_corners is for the linear and cubic modes", mode, "leave it out"))
    factors = None if scale_factor is None else each_dim("interpolate", scale_factor, len(spatial))
    if factors is None:
        sizes = each_dim("interpolate", size, len(spatial))
    else:
        sizes = [math.floor(n * f) for n, f in zip(spatial, factors, strict=True)]
    if mode == "area":
        pool = (ag.adaptive_avg_pool1d, ag.adaptive_avg_pool2d, ag.adaptive_avg_pool3d)[len(spatial) - 1]
        return pool(input, sizes if len(spatial) > 1 else sizes[0])
    for i, (n, m) in enumerate(zip(spatial, sizes, strict=True)):
        step = 1 / factors[i] if factors is not None and not recompute_scale_factor else n / m
        if antialias:
            input = averaged(input, i + 2, n, int(m), ((n - 1) / (m - 1) if m > 1 else 0.0) if align_corners else step, mode)
        else:
            input = resampled(input, i + 2, n, int(m), step, mode, bool(align_corners))
    return input


upsample = interpolate


def each_dim(name: str, value: Any, dims: int) -> list[Any]:
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
        taps, weights = range(-1, 3), [cubic(np.abs(t - tap)) for tap in range(-1, 3)]
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


def averaged(x: Tensor, dim: int, n: int, m: int, step: float, mode: str) -> Tensor:
    """One dim of n elements at m places, each a mean over what it covers of the old ones: a product with a matrix (m, n) of weights."""
    width = max(step, 1.0)  # of a new element, in old ones
    reach = width * (2 if mode == "bicubic" else 1)
    middle = step * (np.arange(m)[:, None] + 0.5)
    at = np.arange(n)
    away = np.abs(at - middle + 0.5) / width
    inside = (at >= np.floor(middle - reach + 0.5)) & (at < np.floor(middle + reach + 0.5))
    weights = np.where(inside, cubic(away, -0.5) if mode == "bicubic" else np.maximum(1 - away, 0), 0)
    weights = weights / weights.sum(1, keepdims=True)
    y: Tensor = (x.movedim(dim, -1) @ ag.tensor(weights.T.astype(x.dtype))).movedim(-1, dim)
    return y


def cubic(x: Any, a: float = -0.75) -> Any:
    """The weight of what is x away, x from 0 to 2 (R. Keys 1981, doi:10.1109/TASSP.1981.1163711)."""
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return ag.where(x < 1, near, far) if isinstance(x, Tensor) else np.where(x < 1, near, far)


# ── places of one's own choice ──


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places, for ``grid_sample``, that affine maps give an image of a size: theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2).

    A place is (x, y), x along the width; in three dims, theta (N, 3, 4) and size (N, C, D, H, W) give (x, y, z), (N, D, H, W, 3).
    """
    dims = len(size) - 2
    if dims not in (2, 3) or theta.ndim != 3 or tuple(theta.shape[1:]) != (dims, dims + 1):
        required = "theta (N, 2, 3) and a size (N, C, H, W), or theta (N, 3, 4) and a size (N, C, D, H, W), are required"
        raise ShapeError(message("affine_grid", required, f"{tuple(theta.shape)} and {tuple(size)}"))

    def line(count: int) -> Any:
        return np.linspace(-1, 1, count) * (1 if align_corners else (count - 1) / count) if count > 1 else np.zeros(1)

    axes = np.meshgrid(*map(line, size[2:]), indexing="ij")
    places = ag.tensor(np.stack([*reversed(axes), np.ones_like(axes[0])], -1).reshape(1, -1, dims + 1).astype(theta.dtype))
    return (places @ theta.transpose(1, 2)).reshape(size[0], *size[2:], dims)


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The image (N, C, H, W) at places (N, h, w, 2) between -1 and 1, (x, y): (N, C, h, w). In three dims one more of each.

    mode          "bilinear", "nearest" or, in two dims, "bicubic"
    padding_mode  what lies outside: "zeros", "border" (the edge) or "reflection"
    """
    dims = input.ndim - 2
    if dims not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != dims or grid.shape[0] != input.shape[0]:
        required = "an input (N, C, H, W) and a grid (N, h, w, 2), or (N, C, D, H, W) and (N, d, h, w, 3), are required"
        raise ShapeError(message("grid_sample", required, f"{tuple(input.shape)} and {tuple(grid.shape)}"))
    modes = ("bilinear", "nearest", "bicubic")[: 5 - dims]
    if mode not in modes or padding_mode not in ("zeros", "border", "reflection"):
        required = f'a mode of {", ".join(modes)} and padding_mode "zeros", "border" or "reflection" are required'
        raise ArgumentError(message("grid_sample", required, f"{mode!r} and {padding_mode!r}"))
    lengths, corners = input.shape[2:], bool(align_corners)
    taps = [neighbours(grid[..., dims - 1 - i], n, mode, padding_mode, corners) for i, n in enumerate(lengths)]
    total: Any = 0
    for chosen in itertools.product(*taps):  # of each dim a neighbour: the corners of the cell that a place lies in
        weight = math.prod(weight for _, _, weight in chosen)
        total = total + picked(input, chosen) * (weight.unsqueeze(1) if isinstance(weight, Tensor) else weight)
    return total  # type: ignore[no-any-return]


Neighbour = tuple[Any, Any, Any]  # which element of a dim, for each place; whether there is one; its weight


def neighbours(place: Tensor, n: int, mode: str, padding_mode: str, align_corners: bool) -> list[Neighbour]:
    """The elements of one dim that count at places from -1 to 1."""

    def neighbour(at: Tensor, weight: Any) -> Neighbour:
        index = at.numpy().astype(np.int64)
        return np.clip(index, 0, n - 1), (index >= 0) & (index < n), weight

    x = (place + 1) * ((n - 1) / 2) if align_corners else ((place + 1) * n - 1) / 2
    if mode == "bicubic":
        left = ag.floor(x).detach()
        return [neighbour(padded(left + tap, n, padding_mode, align_corners), cubic(ag.abs(x - left - tap))) for tap in range(-1, 3)]
    x = padded(x, n, padding_mode, align_corners)
    if mode == "nearest":
        return [neighbour(ag.round(x).detach(), 1)]
    left = ag.floor(x).detach()
    return [neighbour(left, 1 - (x - left)), neighbour(left + 1, x - left)]


def padded(x: Tensor, n: int, padding_mode: str, align_corners: bool) -> Tensor:
    """Places inside for those outside of 0 to n - 1, as the padding has it."""
    if padding_mode == "reflection":
        low, span = (0.0, float(n - 1)) if align_corners else (-0.5, float(n))
        away = ag.abs(x - low)
        turns = ag.floor(away / span).detach() if span else away * 0
        rest = away - turns * span
        x = ag.where(turns % 2 == 0, rest, span - rest) + low if span else x * 0
    return x if padding_mode == "zeros" else ag.clamp(x, 0, n - 1)


def picked(input: Tensor, chosen: Sequence[Neighbour]) -> Tensor:
    """The pixels at whole places, 0 outside: (N, C, H, W), two of (N, h, w) -> (N, C, h, w)."""
    inside = math.prod(there for _, there, _ in chosen)
    batch = np.arange(input.shape[0]).reshape(-1, *[1] * len(chosen))
    found = input.movedim(1, -1)[batch, *(at for at, _, _ in chosen)]
    return (found * ag.tensor(inside[..., None].astype(input.dtype))).movedim(-1, 1)
