"""Activations that are more than one NumPy function, and their derivatives times g, in float32: in place and block by block."""
from __future__ import annotations

import math

import numpy as np

from autograd.dtypes import number
from autograd.kernels.blocks import in_blocks

# The logit of the normal distribution function, log(Φ(x) / Φ(-x)), divided by x, in x²: highest power first. A minimax fit by linear
# programming, 2.9e-8 away in Φ for |x| <= 6.5; beyond, Φ is 0 or 1 to float32. Computed in float32, Φ = 1 / (1 + exp(-logit)) is within
# 1.3e-7, and unlike (1 + erf(x / √2)) / 2 it does not lose the left tail to cancellation.
NORMAL_LOGIT = (3.512268212e-9, -2.645240483e-7, 7.929456043e-6, -1.106122157e-4, -6.519030469e-5, 7.266616932e-2, 1.595769883)
NORMAL = 1 / math.sqrt(2 * math.pi)
SLOPE = 2 * math.sqrt(2 / math.pi)
TANH_LOGIT = (SLOPE * 0.044715, SLOPE)  # of the approximate gelu, where (1 + tanh(t)) / 2 is sigmoid(2 t)


def logistic(e, square, x, coefficients):
    """1 + exp(-x * polynomial(x²)), by Horner's rule in e."""
    first, *rest, last = [number(-c, x) for c in coefficients]
    e = np.multiply(square, first, out=e)
    for c in rest:
        e += c
        e *= square
    e += last
    e *= x
    np.exp(e, out=e)
    e += number(1, e)
    return e


def gelu_block(coefficients):
    """x * sigmoid(logit)."""

    def function(y, square, e, x):
        return np.divide(x, logistic(e, np.multiply(x, x, out=square), x, coefficients), out=y)

    return function


def quotient(s, y, x):
    """sigmoid(logit), given y = x * sigmoid(logit): a third of the passes of computing it anew."""
    s = np.divide(y, x, out=s)
    square = np.vdot(s, s)
    if square != square:  # noqa: PLR0124  not a number, of which one look at each element would tell in four times the time
        s[x == 0] = 0.5
    return s


def gelu_back(dx, s, x, y, g):
    """g * (Φ(x) + x * φ(x))."""
    slope = np.multiply(x, x, out=dx)
    slope *= number(-0.5, x)
    np.exp(slope, out=slope)
    slope *= x
    slope *= number(NORMAL, x)
    slope += quotient(s, y, x)
    slope *= g


def gelu_tanh_back(dx, s, x, y, g):
    """g * (s + x * s * (1 - s) * logit'(x)), s = sigmoid(logit)."""
    s = quotient(s, y, x)
    slope = np.multiply(x, x, out=dx)
    slope *= number(3 * TANH_LOGIT[0], x)
    slope += number(TANH_LOGIT[1], x)
    slope *= y
    slope *= number(1, s) - s
    slope += s
    slope *= g


def silu_back(dx, s, x, y, g):
    """g * (s + y * (1 - s)), s = sigmoid(x)."""
    s = quotient(s, y, x)
    np.subtract(number(1, s), s, out=dx)
    dx *= y
    dx += s
    dx *= g


GELU = {"none": gelu_block(NORMAL_LOGIT), "tanh": gelu_block(TANH_LOGIT)}
GELU_BACK = {"none": gelu_back, "tanh": gelu_tanh_back}


def gelu32(x, approximate, out=None):
    """gelu in float32: 17 passes, and 7 for approximate="tanh"."""
    with np.errstate(over="ignore"):  # exp(-logit) is infinite on the far left, and x divided by it the right 0
        return in_blocks(GELU[approximate], x, out=out, between=2)
