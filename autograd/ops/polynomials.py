"""The classical orthogonal polynomials of torch.special, for a degree n that may be a number or a tensor; each derivative is of its kind.

PyTorch has no derivatives of them. It evaluates Chebyshev's by cosines where n is above 6 or 8, and here the recurrence runs to the end.
"""
from __future__ import annotations

import functools
import math

import numpy as np

from autograd.kernels import polynomials
from autograd.op import Array, Sample, derived
from autograd.ops.elementwise import elementwise

__all__ = [
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
    "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w",
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
]  # fmt: skip

MIXED = np.array([0.5, 1.5, 4.0625, 8.9375])  # degrees 0, 1, 4, 8: what is no integer is cut off
DEGREES = tuple(Sample((3, 4), n, domain=(0.05, 0.95)) for n in (3, 0, 1, 8, MIXED))
ORDERS = (Sample((3, 4), 4, order=1), Sample((3, 4), 3, order=0.5), Sample((3, 4), 0, order=2), Sample((3, 4), MIXED, order=1))

family = functools.partial(elementwise, saves="x n")
named = derived(samples=DEGREES)


def whole(n):
    """The degree without its fraction."""
    return math.trunc(n) if isinstance(n, int | float) else np.trunc(n)


# ── by recurrence ──


@family((lambda g, y, x, n: g * (whole(n) * gegenbauer(x, whole(n) - 1, order=1)), None), samples=DEGREES)
def chebyshev_polynomial_t(x: Array, n: Array):
    """Chebyshev's polynomial of the first kind, T_n(x) = cos(n t) at x = cos t."""
    return polynomials.chebyshev_t(x, n)


@family((lambda g, y, x, n, order: g * (2 * order * gegenbauer(x, whole(n) - 1, order=order + 1)), None), samples=ORDERS)
def gegenbauer(x: Array, n: Array, *, order):
    """Gegenbauer's polynomial C_n of a positive order at x."""
    return polynomials.gegenbauer(x, n, order)


@family((lambda g, y, x, n: g * (2 * whole(n) * hermite_polynomial_h(x, whole(n) - 1)), None), samples=DEGREES)
def hermite_polynomial_h(x: Array, n: Array):
    """The physicists' Hermite polynomial H_n(x)."""
    return polynomials.hermite(x, n, 2)


@family((lambda g, y, x, n: g * (whole(n) * hermite_polynomial_he(x, whole(n) - 1)), None), samples=DEGREES)
def hermite_polynomial_he(x: Array, n: Array):
    """The probabilists' Hermite polynomial He_n(x)."""
    return polynomials.hermite(x, n, 1)


@family((lambda g, y, x, n, order: -g * laguerre(x, whole(n) - 1, order=order + 1), None), samples=ORDERS)
def laguerre(x: Array, n: Array, *, order):
    """The generalised Laguerre polynomial L_n of this order at x."""
    return polynomials.laguerre(x, n, order)


# ── by those ──


@named
def chebyshev_polynomial_u(x: Array, n: Array):
    """Chebyshev's polynomial of the second kind, U_n(x) = sin((n + 1) t) / sin(t) at x = cos t."""
    return gegenbauer(x, n, order=1)


@named
def chebyshev_polynomial_v(x: Array, n: Array):
    """Chebyshev's polynomial of the third kind, V_n(x) = U_n(x) - U_(n - 1)(x)."""
    return gegenbauer(x, n, order=1) - gegenbauer(x, whole(n) - 1, order=1)


@named
def chebyshev_polynomial_w(x: Array, n: Array):
    """Chebyshev's polynomial of the fourth kind, W_n(x) = U_n(x) + U_(n - 1)(x)."""
    return gegenbauer(x, n, order=1) + gegenbauer(x, whole(n) - 1, order=1)


@named
def shifted_chebyshev_polynomial_t(x: Array, n: Array):
    """T_n(2 x - 1)."""
    return chebyshev_polynomial_t(2.0 * x - 1, n)


@named
def shifted_chebyshev_polynomial_u(x: Array, n: Array):
    """U_n(2 x - 1)."""
    return chebyshev_polynomial_u(2.0 * x - 1, n)


@named
def shifted_chebyshev_polynomial_v(x: Array, n: Array):
    """V_n(2 x - 1)."""
    return chebyshev_polynomial_v(2.0 * x - 1, n)


@named
def shifted_chebyshev_polynomial_w(x: Array, n: Array):
    """W_n(2 x - 1)."""
    return chebyshev_polynomial_w(2.0 * x - 1, n)


@named
def laguerre_polynomial_l(x: Array, n: Array):
    """Laguerre's polynomial L_n(x)."""
    return laguerre(x, n, order=0)


@named
def legendre_polynomial_p(x: Array, n: Array):
    """Legendre's polynomial P_n(x)."""
    return gegenbauer(x, n, order=0.5)
