"""Orthogonal polynomials by their three-term recurrences (NIST Digital Library of Mathematical Functions, table 18.9.1), vectorised.

The degree n is an array too, of integers that may be held as floats. Of a negative degree the polynomial is 0.
"""
from __future__ import annotations

import numpy as np

from autograd.kernels.special import vectorised


def recurrence(x, n, first, step):
    """p of degree n at x, of the family with p[0] = 1, p[1] = first and p[k + 1] = step(k, p[k], p[k - 1])."""
    n = np.trunc(n)
    y = np.where(np.isnan(n), np.nan, np.where(n == 0, 1.0, 0.0))
    before, p = np.ones_like(x), first
    for k in range(1, int(np.max(n, initial=0, where=np.isfinite(n))) + 1):
        here = n == k
        if here.any():
            y[here] = p[here]
        before, p = p, step(k, p, before)
    return y


@vectorised(np.float64, count=2)
def chebyshev_t(x, n):
    """T_n(x), cos(n t) at x = cos t."""
    return recurrence(x, n, x, lambda k, p, before: 2 * x * p - before)


@vectorised(np.float64, count=2)
def gegenbauer(x, n, order):
    """C_n of this order at x: of order 1/2 Legendre's polynomial, of order 1 Chebyshev's of the second kind."""
    return recurrence(x, n, 2 * order * x, lambda k, p, before: (2 * (k + order) * x * p - (k + 2 * order - 1) * before) / (k + 1))


@vectorised(np.float64, count=2)
def hermite(x, n, scale):
    """The physicists' H_n(x) for scale 2, the probabilists' He_n(x) for scale 1."""
    return recurrence(x, n, scale * x, lambda k, p, before: scale * (x * p - k * before))


@vectorised(np.float64, count=2)
def laguerre(x, n, order):
    """The generalised L_n of this order at x."""
    return recurrence(x, n, 1 + order - x, lambda k, p, before: ((2 * k + 1 + order - x) * p - (k + order) * before) / (k + 1))
