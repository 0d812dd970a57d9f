"""Activations: what bends the straight lines of a network. One number in, one number out."""
from __future__ import annotations

import math

import numpy as np

from autograd.dtypes import number
from autograd.errors import ArgumentError, ShapeError, message
from autograd.kernels import activation as kernels
from autograd.kernels.blocks import in_blocks
from autograd.op import Array, Sample, derived
from autograd.ops.comparison import le
from autograd.ops.elementwise import clamp, elementwise, keep, where
from autograd.ops.functions import sigmoid
from autograd.ops.special import erf

__all__ = [
    "relu", "relu6", "leaky_relu", "prelu", "threshold", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "logsigmoid",
    "hardtanh", "hardsigmoid", "hardswish", "softsign", "tanhshrink", "softshrink", "hardshrink",
]  # fmt: skip

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al., Self-normalizing neural networks, 2017
SQRT_HALF, NORMAL = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)
GELU_SLOPE, GELU_CUBIC = math.sqrt(2 / math.pi), 0.044715  # Hendrycks & Gimpel, Gaussian error linear units, 2016

# ── piecewise linear: at a kink the slope is the smaller one ──


@elementwise(lambda g, y, x: keep(g, np.not_equal(y, number(0, y))), saves="y", convert="", masks=True)
def relu(x: Array):
    """max(x, 0). The gradient at 0 is 0."""
    return np.maximum(x, number(0, x))


def of_kind(x, value):
    """The number that a limit is to x: integers keep to integers."""
    return value if x.dtype.kind == "f" else int(value)


@derived(samples=[Sample((3, 4))])
def hardtanh(x: Array, min_val=-1.0, max_val=1.0):
    """x, but at least min_val and at most max_val. The gradient at both is 0."""
    return clamp(x, of_kind(x, min_val), of_kind(x, max_val))


@derived(samples=[Sample((3, 4), domain=(-3.0, 9.0))])
def relu6(x: Array):
    """min(max(x, 0), 6). The gradient at 0 and at 6 is 0."""
    return clamp(x, 0, 6)


@derived(samples=[Sample((3, 4), domain=(-5.0, 5.0))])
def hardsigmoid(x: Array):
    """relu6(x + 3) / 6: straight from 0 at -3 to 1 at 3."""
    return relu6(x + 3) / 6


@derived(samples=[Sample((3, 4), domain=(-5.0, 5.0))])
def hardswish(x: Array):
    """x * hardsigmoid(x)."""
    return x * relu6(x + 3) / 6


@elementwise(
    lambda g, y, x, negative_slope=0.01: np.where(x > 0, g, g * negative_slope), saves="x",
    samples=[Sample((3, 4)), Sample((3, 4), negative_slope=0.2)],
)  # fmt: skip
def leaky_relu(x: Array, negative_slope=0.01):
    """x where it is positive, else negative_slope * x. The gradient at 0 is negative_slope."""
    return np.where(x > 0, x, x * negative_slope)


@derived(samples=[Sample((3, 4), (4,)), Sample((3, 4, 2), (4,)), Sample((3,), (1,))])
def prelu(x: Array, weight: Array):
    """x where it is positive, else weight * x, with one weight for all or one per channel (dim 1). The gradient at 0 is weight's."""
    if weight.shape not in ((), (1,)):
        if x.ndim < 2 or weight.shape != (x.shape[1],):
            required = "one weight, or one for each index of dim 1, is required"
            raise ShapeError(message("prelu", required, f"{weight.shape} for an input of {x.shape}", "check num_parameters"))
        weight = weight.reshape((-1,) + (1,) * (x.ndim - 2))
    return where(x > 0, x, (weight if x.ndim else weight.reshape(())) * x)


@derived(samples=[Sample((3, 4), 0.2, -5.0)])
def threshold(x: Array, threshold, value):
    """x where it is above threshold, else value."""
    return where(le(x, threshold), of_kind(x, value), x)


@elementwise(lambda g, y, x, lambd=0.5: keep(g, np.abs(x) > lambd), saves="x", masks=True)
def softshrink(x: Array, lambd=0.5):
    """x drawn towards 0 by lambd, and 0 within lambd of it."""
    return x - np.minimum(np.maximum(x, -lambd), lambd)


@elementwise(lambda g, y, x, lambd=0.5: keep(g, np.abs(x) > lambd), saves="x", masks=True)
def hardshrink(x: Array, lambd=0.5):
    """x, and 0 within lambd of it."""
    return np.where(np.abs(x) <= lambd, np.zeros((), x.dtype), x)


# ── smooth ──


def elu_slope(x, alpha, scale, input_scale):
    """The derivative of ``elu``."""
    return np.where(x > 0, scale, (scale * alpha * input_scale) * np.exp(input_scale * x))


@elementwise(
    lambda g, y, x, alpha=1.0, scale=1.0, input_scale=1.0: g * elu_slope(x, alpha, scale, input_scale), saves="x", masks=True,
    samples=[Sample((3, 4)), Sample((3, 4), alpha=0.7, scale=1.1, input_scale=0.9)],
)  # fmt: skip
def elu(x: Array, alpha=1.0, scale=1.0, input_scale=1.0):
    """scale * x where x is positive, else scale * alpha * (e ** (input_scale * x) - 1). The gradient at 0 is that from the left."""
    return scale * (np.maximum(x, 0) + alpha * np.expm1(input_scale * np.minimum(x, 0)))


@derived(samples=[Sample((3, 4))])
def selu(x: Array):
    """elu with the scales that keep mean 0 and variance 1 from layer to layer."""
    return elu(x, SELU_ALPHA, SELU_SCALE)


@derived(samples=[Sample((3, 4)), Sample((3, 4), alpha=0.7)])
def celu(x: Array, alpha=1.0):
    """elu with alpha * (e ** (x / alpha) - 1), so that the slope is continuous."""
    return elu(x, alpha, 1.0, 1.0 / alpha)


def normal_cdf(x):
    """The probability that a standard normal variable is below x."""
    return 0.5 * (1 + erf(x * SQRT_HALF))


def gelu_tanh(x):
    """The tanh that stands for 2 * normal_cdf(x) - 1 in the approximate gelu."""
    return np.tanh(GELU_SLOPE * (x + GELU_CUBIC * (x * x * x)))


def gelu_slope(x, approximate):
    """The derivative of ``gelu``."""
    if approximate == "tanh":
        t = gelu_tanh(x)
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (GELU_SLOPE * (1 + 3 * GELU_CUBIC * (x * x)))
    return normal_cdf(x) + x * (NORMAL * np.exp(-0.5 * (x * x)))


def gelu_back(g, y, x, approximate="none", needs=None):
    """The same in a third of the passes, for y / x is known to be the distribution function."""
    return (in_blocks(kernels.GELU_BACK[approximate], x, y, g, between=1) if x.dtype == np.float32 else g * gelu_slope(x, approximate),)


@elementwise(
    lambda g, y, x, approximate="none": g * gelu_slope(x, approximate), array_rule=gelu_back, saves="x y",
    samples=[Sample((3, 4)), Sample((3, 4), approximate="tanh")],
)  # fmt: skip
def gelu(x: Array, approximate="none"):
    """x times the probability that a standard normal variable is below x; with approximate="tanh", the formula of GPT-2."""
    if approximate not in ("none", "tanh"):
        raise ArgumentError(message("gelu", 'approximate "none" or "tanh" is required', repr(approximate), "choose one of them"))
    if x.dtype == np.float32:
        return kernels.gelu32(x, approximate)
    return 0.5 * x * (1 + gelu_tanh(x)) if approximate == "tanh" else x * normal_cdf(x)


def silu_slope(x, s):
    """The derivative of ``silu``, given s = sigmoid(x)."""
    return s * (1 + x * (1 - s))


def silu_back(g, y, x, needs):
    """The same in blocks, for y / x is known to be the sigmoid."""
    return (in_blocks(kernels.silu_back, x, y, g, between=1),)


@elementwise(lambda g, y, x: g * silu_slope(x, sigmoid(x)), array_rule=silu_back, saves="x y")
def silu(x: Array):
    """x * sigmoid(x)."""
    with np.errstate(over="ignore"):  # e ** -x is infinite for large negative x, and x divided by it the right 0
        return x / (np.exp(-x) + 1)


def mish_slope(x, t):
    """The derivative of ``mish``, given t = tanh(softplus(x))."""
    return t + x * sigmoid(x) * (1 - t * t)


@elementwise(lambda g, y, x: g * mish_slope(x, np.tanh(softplus(x))), saves="x")
def mish(x: Array):
    """x * tanh(softplus(x))."""
    return x * np.tanh(softplus(x))


@elementwise(
    lambda g, y, x, beta=1.0, threshold=20.0: g * np.where(x * beta > threshold, 1.0, sigmoid(x * beta)), saves="x",
    samples=[Sample((3, 4)), Sample((3, 4), beta=2.0), Sample((3, 4), beta=3.0, threshold=2.0)],
)  # fmt: skip
def softplus(x: Array, beta=1.0, threshold=20.0):
    """log(1 + e ** (beta * x)) / beta, and x itself where beta * x is above threshold."""
    z = x * beta
    y = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))  # the exponential cannot overflow
    return np.where(z > threshold, x, y / beta)


@elementwise(lambda g, y, x: g * sigmoid(-x), saves="x")
def logsigmoid(x: Array):
    """log(sigmoid(x)), accurate where the sigmoid is next to 0 or 1."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@elementwise(lambda g, y, x: g / np.square(1 + np.abs(x)), saves="x")
def softsign(x: Array):
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


@elementwise(lambda g, y, x: g * np.square(np.tanh(x)), saves="x")
def tanhshrink(x: Array):
    """x - tanh(x)."""
    return x - np.tanh(x)
