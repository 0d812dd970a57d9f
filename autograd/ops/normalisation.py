"""Rows brought to a common scale: softmax and its logarithm; zero mean and unit variance over a layer, a batch, a group."""
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from autograd import writes
from autograd.errors import ShapeError, message
from autograd.kernels import rows
from autograd.kernels.normalisation import normalise_channels, normalise_channels_back, normalise_rows, normalise_rows_back
from autograd.op import Array, Sample, derived, op
from autograd.ops.reduction import count, floating, mean, sum, total
from autograd.ops.shape import reshape
from autograd.ops.sorting import plain

__all__ = ["softmax", "log_softmax", "softmin", "standardise", "layer_norm", "rms_norm", "batch_norm", "instance_norm", "group_norm"]

ROWS = (Sample((3, 4), dim=-1), Sample((3, 4, 2), dim=1), Sample((5,), dim=0))

# ── softmax ──


@op(
    lambda g, y, x, dim, dtype=None: y * (g - sum(g * y, dim, keepdim=True)), saves="y", convert="float", samples=ROWS,
    array_rule=lambda g, y, x, dim, dtype=None, needs=None: (rows.softmax_back(g, y, dim),),
    reference=lambda x, dim: np.exp(x) / np.sum(np.exp(x), axis=dim, keepdims=True),
)  # fmt: skip
def softmax(x: Array, dim, dtype=None):
    """exp(x) / sum(exp(x)) along dim: positive, and summing to 1. A row of nothing but -inf is NaN."""
    with np.errstate(invalid="ignore"):
        return rows.softmax(x if dtype is None else x.astype(dtype), dim)


@op(
    lambda g, y, x, dim, dtype=None: g - np.exp(y) * sum(g, dim, keepdim=True), saves="y", convert="float", samples=ROWS,
    array_rule=lambda g, y, x, dim, dtype=None, needs=None: (rows.log_softmax_back(g, y, dim),),
    reference=lambda x, dim: x - np.log(np.sum(np.exp(x), axis=dim, keepdims=True)),
)  # fmt: skip
def log_softmax(x: Array, dim, dtype=None):
    """log(softmax(x)) along dim, without rounding small probabilities to 0."""
    with np.errstate(invalid="ignore", divide="ignore"):  # log(0) only where there are no rows' elements
        return rows.log_softmax(x if dtype is None else x.astype(dtype), dim)


@derived(samples=ROWS)
def softmin(x: Array, dim, dtype=None):
    """softmax(-x) along dim."""
    return softmax(-x, dim, dtype)


# ── zero mean, unit variance ──


class Standardised(NamedTuple):
    """x with mean 0 and variance 1, beside what its mean and variance were."""

    values: Array
    mean: Array
    var: Array


def standardise_rule(g, y, x, dims, eps):
    """Of the gradient, what shifts all of a row goes into the mean, and what stretches it into the variance: neither moves the values."""
    (g, g_mean, g_var), (z, _, var) = g, y
    n, scale = count(x, dims), 1 / np.sqrt(var + eps)
    shift = scale * mean(g, dims, keepdim=True) - g_mean / n
    stretch = scale * mean(g * z, dims, keepdim=True) - g_var * 2 / (scale * n)
    return (scale * g - shift - z * stretch,)


def standardise_back(g, y, x, dims, eps, needs):
    """standardise_rule with two new arrays of full size in place of six."""
    (g, g_mean, g_var), (z, _, var) = g, y
    n, scale = count(x, dims), 1 / np.sqrt(var + eps)
    product = g * z
    shift = scale * total(g, dims, True) / n - g_mean / n
    stretch = scale * total(product, dims, True) / n - g_var * 2 / (scale * n)
    term = g * scale
    term -= shift
    term -= np.multiply(z, stretch, out=product)
    return (term,)


@op(
    joint=standardise_rule, array_rule=standardise_back, saves="y",
    samples=[Sample((3, 4), dims=(-1,), eps=1e-5), Sample((3, 2, 4), dims=(0, 2), eps=1e-5)],
)  # fmt: skip
def standardise(x: Array, dims, eps):
    """(x - mean) / sqrt(var + eps) over dims, with the mean and the (biased) variance, which keep dims at length 1."""
    floating("standardise", x)
    n = count(x, dims) or math.nan
    centre = total(x, dims, True) / n
    y = np.asarray(x - centre)
    var = total(y * y, dims, True) / n
    y *= 1 / np.sqrt(var + eps)
    return Standardised(y, np.asarray(centre), np.asarray(var))


def affine(y, weight, bias):
    """y * weight + bias, either of which may be None."""
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def trailing(name, x, normalized_shape, weight):
    """The dims that normalized_shape covers: the last ones, of those lengths."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        required = f"an input of shape (..., {', '.join(map(str, shape))}) is required"
        raise ShapeError(message(name, required, f"{tuple(x.shape)}", "let normalized_shape be its last dims"))
    if weight is not None and tuple(weight.shape) != shape:
        raise ShapeError(message(name, f"a weight of shape {shape} is required", f"{tuple(weight.shape)}", "give it normalized_shape"))
    return tuple(range(-len(shape), 0))


def per_channel(value, x):
    """One number per channel, (C), shaped to broadcast against x, (N, C, ...)."""
    return None if value is None else value.reshape((-1,) + (1,) * (x.ndim - 2))


def scaled_rule(g, y, x, weight, bias, dims, eps):
    """The gradients of x, weight and bias through standardise and affine."""
    z, mean, var = standardise(x, dims, eps)
    zero = np.zeros((), x.dtype)
    (dx,) = standardise_rule((g if weight is None else g * weight, zero, zero), (z, mean, var), x, dims, eps)
    return dx, g * z, g


def wide(x):
    """x, or in place of float16 float32: sums are not to be held in half precision."""
    return x.astype(np.float32) if x.dtype == np.float16 else np.ascontiguousarray(x)


def rows_of(x, dims):
    """The dims that are normalised, and all others, as one each."""
    width = count(x, dims)
    return wide(x).reshape((x.size // width if width else 0, width))


def flat(value):
    return None if value is None else wide(value).reshape(-1)


def layer_norm_back(g, y, x, weight, bias, dims, eps, needs):
    """Of scaled_rule, but in blocks of rows: half the time."""
    dx, dw, db = normalise_rows_back(rows_of(g, dims), rows_of(x, dims), flat(weight), eps, True, needs)
    return like(dx, x), like(dw, weight), like(db, bias)


def like(term, x):
    """A term in the shape and dtype of the argument that it is the gradient of."""
    return None if term is None or x is None else term.reshape(x.shape).astype(x.dtype, copy=False)


@op(
    joint=scaled_rule, array_rule=layer_norm_back, saves="x weight",
    samples=[Sample((3, 4), (4,), (4,), dims=(-1,), eps=1e-5), Sample((2, 3, 4), (3, 4), None, dims=(-2, -1), eps=1e-3)],
)  # fmt: skip
def normalise(x: Array, weight: Array, bias: Array, *, dims, eps):
    """(x - mean) / sqrt(var + eps) * weight + bias over the last dims; weight and bias may be None."""
    return normalise_rows(rows_of(x, dims), flat(weight), flat(bias), eps, True).reshape(x.shape).astype(x.dtype, copy=False)


@derived(samples=[Sample((3, 4), 4, (4,), (4,)), Sample((2, 3, 4), [3, 4])])
def layer_norm(x: Array, normalized_shape, weight: Array = None, bias: Array = None, eps=1e-5):
    """(x - mean) / sqrt(var + eps) * weight + bias, over the last dims, those of normalized_shape."""
    floating("layer_norm", x)
    return normalise(x, weight, bias, dims=trailing("layer_norm", x, normalized_shape, weight), eps=eps)


def rms_norm_rule(g, y, x, weight, dims, eps):
    """dx = s * (h - x * s² * mean(h * x)), s the scale of a row and h = g * weight."""
    s = 1 / np.sqrt(mean(x * x, dims, keepdim=True) + eps)
    h = g if weight is None else g * weight
    return s * (h - x * (s * s * mean(h * x, dims, keepdim=True))), g * (x * s)


def rms_norm_back(g, y, x, weight, dims, eps, needs):
    """rms_norm_rule in blocks of rows."""
    dx, dw, _ = normalise_rows_back(rows_of(g, dims), rows_of(x, dims), flat(weight), eps, False, (*needs, False))
    return like(dx, x), like(dw, weight)


@op(
    joint=rms_norm_rule, array_rule=rms_norm_back, saves="x weight",
    samples=[Sample((3, 4), (4,), dims=(-1,), eps=1e-5), Sample((2, 3, 4), None, dims=(-2, -1), eps=1e-3)],
)  # fmt: skip
def shrink(x: Array, weight: Array, *, dims, eps):
    """x / sqrt(mean(x * x) + eps) * weight over the last dims; weight may be None."""
    return normalise_rows(rows_of(x, dims), flat(weight), None, eps, False).reshape(x.shape).astype(x.dtype, copy=False)


@derived(samples=[Sample((3, 4), 4, (4,)), Sample((2, 3, 4), [3, 4], eps=1e-3)])
def rms_norm(x: Array, normalized_shape, weight: Array = None, eps=None):
    """x / sqrt(mean(x * x) + eps) * weight, over the last dims, those of normalized_shape. eps: by default the dtype's own."""
    floating("rms_norm", x)
    dims = trailing("rms_norm", x, normalized_shape, weight)
    return shrink(x, weight, dims=dims, eps=float(np.finfo(x.dtype).eps) if eps is None else eps)


def channel_norm_rule(g, y, x, weight, bias, eps):
    """scaled_rule per channel, and what reaches the mean and the variance."""
    (g, g_mean, g_var), (_, centre, var) = g, y
    dims = (0, *range(2, x.ndim))
    z = (x - per_channel(centre, x)) / np.sqrt(per_channel(var, x) + eps)
    h = g if weight is None else g * per_channel(weight, x)
    (dx,) = standardise_rule((h, per_channel(g_mean, x), per_channel(g_var, x)), (z, centre, per_channel(var, x)), x, dims, eps)
    return dx, sum(g * z, dims), sum(g, dims)


def channels_of(x):
    """(N, C, ...) as (N, C, length)."""
    return wide(x).reshape((*x.shape[:2], math.prod(x.shape[2:])))


def channel_norm_back(g, y, x, weight, bias, eps, needs):
    """channel_norm_rule in blocks of samples: a third of the time."""
    if g[1].any() or g[2].any() or x.dtype == np.float16:
        return channel_norm_rule(g, y, x, weight, bias, eps)
    dx, dw, db = normalise_channels_back(channels_of(g[0]), channels_of(x), y[1], y[2], weight, eps)
    return dx.reshape(x.shape), dw, db


@op(
    joint=channel_norm_rule, array_rule=channel_norm_back, saves="y[1:] x weight",
    samples=[Sample((5, 3, 2), (3,), (3,), eps=1e-3), Sample((5, 3), None, None, eps=1e-5), Sample((2, 2, 2, 3), (2,), None, eps=1e-5)],
)  # fmt: skip
def channel_norm(x: Array, weight: Array, bias: Array, *, eps):
    """(x - mean) / sqrt(var + eps) * weight + bias per channel, with the mean and the (biased) variance: (N, C, ...), (C), (C)."""
    y, centre, var = normalise_channels(channels_of(x), weight, bias, eps)
    return Standardised(*(part.astype(x.dtype, copy=False) for part in (y.reshape(x.shape), centre, var)))


def values_per_channel(name, x, dims):
    if (n := count(x, dims)) < 2:
        required = "more than one value per channel is required to have a variance"
        raise ShapeError(message(name, required, f"shape {tuple(x.shape)}", "use a larger batch or input, or eval()"))
    return n


def update(running, new, momentum):
    """Move a running average towards a new value, in its own memory."""
    if running is not None:
        array = plain(running)
        array += momentum * (plain(new).reshape(-1) - array)
        writes.record(array)


@derived(samples=[Sample((5, 3, 2), None, None, (3,), (3,), training=True), Sample((5, 3), (3,), (3,), (3,), (3,), domain=(0.5, 2.0))])
def batch_norm(
    x: Array, running_mean: Array, running_var: Array, weight: Array = None, bias: Array = None, training=False, momentum=0.1, eps=1e-5,
):  # fmt: skip
    """(x - mean) / sqrt(var + eps) * weight + bias per channel: (N, C, ...) -> the same.

    In training the mean and the variance are those of the batch, and the running ones, if given, move towards them by momentum
    (the variance as the unbiased estimate). Otherwise they are the running ones.
    """
    if not training:
        scale = 1 / np.sqrt(running_var + eps)
        scale = scale if weight is None else scale * weight
        shift = -running_mean * scale if bias is None else bias - running_mean * scale
        return x * per_channel(scale, x) + per_channel(shift, x)
    floating("batch_norm", x)
    n = values_per_channel("batch_norm", x, (0, *range(2, x.ndim)))
    y, centre, var = channel_norm(x, weight, bias, eps=eps)
    update(running_mean, centre, momentum)
    update(running_var, plain(var) * (n / (n - 1)), momentum)
    return y


@derived(samples=[Sample((2, 3, 5)), Sample((2, 3, 2, 3), eps=1e-3)])
def instance_norm(
    x: Array, running_mean: Array = None, running_var: Array = None, weight: Array = None, bias: Array = None, use_input_stats=True,
    momentum=0.1, eps=1e-5,
):  # fmt: skip
    """(x - mean) / sqrt(var + eps) * weight + bias per sample and channel: (N, C, ...) -> the same. Running values as in ``batch_norm``."""
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    dims = tuple(range(2, x.ndim))
    n = values_per_channel("instance_norm", x, dims)
    y, centre, var = standardise(x, dims, eps)
    update(running_mean, np.mean(plain(centre), axis=0), momentum)
    update(running_var, np.mean(plain(var), axis=0) * (n / (n - 1)), momentum)
    return affine(y, per_channel(weight, x), per_channel(bias, x))


@derived(samples=[Sample((2, 4, 3), 2, (4,), (4,)), Sample((2, 4), 1)])
def group_norm(x: Array, num_groups, weight: Array = None, bias: Array = None, eps=1e-5):
    """(x - mean) / sqrt(var + eps) * weight + bias per sample and group of channels: (N, C, ...) -> the same."""
    shape = tuple(x.shape)
    if len(shape) < 2 or shape[1] % num_groups:
        required = f"a number of channels (dim 1) that {num_groups} divides is required"
        raise ShapeError(message("group_norm", required, f"shape {shape}", "change num_groups"))
    rows, _, _ = standardise(reshape(x, (shape[0], num_groups, math.prod(shape[1:]) // num_groups)), (-1,), eps)
    return affine(reshape(rows, shape), per_channel(weight, x), per_channel(bias, x))
