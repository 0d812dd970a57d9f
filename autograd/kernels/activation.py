"""Activations that are more than one NumPy function, and their derivatives times g, in float32: in place and block by block."""
from __future__ import annotations

import math

import numpy as np

from autograd.kernels.blocks import in_blocks

# The logit of the normal distribution function, log(Φ(x) / Φ(-x)), divided by x, in x²: highest power first. A minimax fit by linear
# programming, 2.9e-8 away in Φ for |x| <= 6.5; beyond, Φ is 0 or 1 to float32. Computed in float32, Φ = 1 / (1 + exp(-logit)) is within
# 1.3e-7, and unlike (1 + erf(x / √2)) / 2 it does not lose the left tail to cancellation.
NORMAL_LOGIT = (3.512268212e-9, -2.645240483e-7, 7.929456043e-6, -1.106122157e-4, -6.519030469e-5, 7.266616932e-2, 1.595769883)
NORMAL = 1 / math.sqrt(2 * math.pi)
SLOPE = 2 * math.sqrt(2 / math.pi)
TANH_LOGIT = (SLOPE * 0.044715, SLOPE)  # of the approximate gelu, where (1 + tanh(t)) / 2 is sigmoid(2 t)


def polynomial(x, coefficients):
    """The polynomial with these coefficients, highest power first, by Horner's rule: a new array."""
    y = x * coefficients[0]
    for c in coefficients[1:-1]:
        y += c
        y *= x
    y += coefficients[-1]
    return y


def one_plus_exp_minus(x, coefficients, square):
    """1 + exp(-x * polynomial(x²)): a new array."""
    e = polynomial(square, [-c for c in coefficients])
    e *= x
    np.exp(e, out=e)
    e += 1
    return e


def gelu_block(coefficients):
    """x * sigmoid(logit)."""

    def function(y, x):
        np.divide(x, one_plus_exp_minus(x, coefficients, x * x), out=y)

    return function


def quotient(y, x):
    """sigmoid(logit), given y = x * sigmoid(logit): a third of the passes of computing it anew."""
    s = np.divide(y, x)
    if not np.all(x):
        s[x == 0] = 0.5
    return s


def gelu_back(dx, x, y, g):
    """g * (Φ(x) + x * φ(x))."""
    slope = x * x
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= x
    slope *= NORMAL
    slope += quotient(y, x)
    np.multiply(slope, g, out=dx)


def gelu_tanh_back(dx, x, y, g):
    """g * (s + x * s * (1 - s) * logit'(x)), s = sigmoid(logit)."""
    s = quotient(y, x)
    slope = x * x
    slope *= 3 * TANH_LOGIT[0]
    slope += TANH_LOGIT[1]
    slope *= y
    slope *= np.subtract(1, s, out=dx)
    slope += s
    np.multiply(slope, g, out=dx)


def silu_back(dx, x, y, g):
    """g * (s + y * (1 - s)), s = sigmoid(x)."""
    s = quotient(y, x)
    np.subtract(1, s, out=dx)
    dx *= y
    dx += s
    dx *= g


GELU = {"none": gelu_block(NORMAL_LOGIT), "tanh": gelu_block(TANH_LOGIT)}
GELU_BACK = {"none": gelu_back, "tanh": gelu_tanh_back}


def gelu32(x, approximate, out=None):
    """gelu in float32: 17 passes, and 7 for approximate="tanh"."""
    with np.errstate(over="ignore"):  # exp(-logit) is infinite on the far left, and x divided by it the right 0
        return in_blocks(GELU[approximate], x, out=out)
