"""The incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x), vectorised.

Of the two, one is computed, the one that is not close to 1: by the power series of P, by Legendre's continued fraction or a power
series of Q, and for large a with x nearby by Temme's uniform expansion. Which one where is the choice of SciPy's igam.c.
"""
from __future__ import annotations

import math

import numpy as np

from autograd.kernels.special import LGAMMA_NEAR_2, STIRLING, erfcx, pieces_of, polynomial, vectorised

LARGE = 20.0  # a from which on the uniform expansion holds,
NEAR = 0.3  # where |x - a| is at most so many times a
EPSILON = np.finfo(np.float64).eps / 4


def temme_coefficients(orders=11, terms=15):
    """d[k][n], of ηⁿ / aᵏ in the uniform expansion: those that count at a = LARGE, highest power of η first.

    N. M. Temme, SIAM J. Math. Anal. 10 (1979) 757-766; A. R. DiDonato, A. H. Morris, ACM TOMS 12 (1986) 377-393.
    """
    size = terms + 2 * orders
    alpha = [0.0, 1.0]  # λ - 1 in powers of η
    for n in range(2, size + 1):
        alpha.append((alpha[n - 1] - sum(j * alpha[j] * alpha[n + 1 - j] for j in range(2, n))) / (n + 1))
    first = row = [-1 / 3, *((n + 2) * alpha[n + 2] for n in range(1, size - 1))]
    rows, odd = [], 1
    for k in range(orders):
        if k:
            odd *= 2 * k + 1
            stirling = (-1) ** k * odd * alpha[2 * k + 1]
            row = [stirling * first[n] + (n + 2) * row[n + 2] for n in range(len(row) - 2)]
        counted = [n for n in range(terms) if abs(row[n]) * 0.36**n > 1e-17 * LARGE**k]
        rows.append(tuple(reversed(row[: max(counted) + 1])))
    return rows


TEMME = temme_coefficients()


def excess(m):
    """m - log(1 + m) for |m| <= NEAR, by the series of log((1 + r) / (1 - r)), whose first term leaves m r."""
    r = m / (2 + m)
    return r * (m - r * r * (2 * polynomial(r * r, [1 / (2 * k + 1) for k in range(11, 0, -1)])))


def temme(a, x):
    """The smaller one of P and Q, for a >= LARGE and x nearby."""
    m = (x - a) / a
    half = excess(m)  # η² / 2
    eta = np.copysign(np.sqrt(2 * half), m)
    total = np.zeros_like(a)
    for row in reversed(TEMME):
        total = total / a + (polynomial(eta, row) if len(row) > 1 else row[0])
    rest = np.where(m < 0, -total, total) / np.sqrt(2 * math.pi * a)
    return np.exp(-a * half) * (0.5 * erfcx(np.sqrt(a * half)) + rest)


def gamma_of_next(a):
    """Γ(1 + a) for 0 <= a < 8: brought next to 2 by Γ(x + 1) = x Γ(x)."""
    nearest = np.rint(a)
    z = a - nearest
    y = np.exp(z * polynomial(z, LGAMMA_NEAR_2))
    for k in range(2, 9):
        y *= np.where(nearest >= k, z + k, 1)
    return np.where(nearest < 1, y / (1 + z), y)


def power_small(a, x):
    """xᵃ exp(-x) / Γ(1 + a) for a < 8. Beyond 1000 it is 0."""
    x = np.minimum(x, 1000)
    return x**a * np.exp(-x) / gamma_of_next(a)


def power_middle(a, x):
    """The same for 8 <= a < 100, with Γ by Stirling's series."""
    x = np.minimum(x, 1000)
    return x**a * np.exp(-x) * np.exp(a) / (a**a * np.sqrt(2 * math.pi * a) * np.exp(polynomial(1 / (a * a), STIRLING) / a))


def power_large(a, x):
    """The same for a >= 100, where the powers overflow: in the exponent, whose rounding counts."""
    ratio = x / a
    return np.exp(a * (1 + np.log(ratio) - ratio) - polynomial(1 / (a * a), STIRLING) / a) / np.sqrt(2 * math.pi * a)


def power(a, x):
    """xᵃ exp(-x) / Γ(1 + a)."""
    return pieces_of((a, x), (a < 8, power_small), ((a >= 8) & (a < 100), power_middle), (a >= 100, power_large))


def lower_series(a, x):
    """P(a, x) as a power series times the power, all terms positive."""
    term = total = np.ones_like(a)
    for k in range(1, 1000):
        term = term * (x / (a + k))
        total = total + term
        if k % 8 == 0 and (term <= EPSILON * total).all():
            break
    return power(a, x) * total


def upper_fraction(terms):
    """Q(a, x) as so many terms of Legendre's continued fraction, from the last one, for x > 1 and x >= a."""

    def fraction(a, x):
        rest = np.zeros_like(a)
        for k in range(terms, 0, -1):
            rest = k * (a - k) / (x + (2 * k + 1) - a + rest)
        return power(a, x) * a / (x + 1 - a + rest)

    return fraction


def upper_series(a, x):
    """Q(a, x) for x <= 1.1 and a below 1.3, where it is small through a alone: without the first term, which would cancel."""
    nearest = np.rint(a)
    z = a - nearest
    log_gamma = z * polynomial(z, LGAMMA_NEAR_2) - np.where(nearest < 1, np.log1p(z), 0)
    log_power = a * np.log(x) - log_gamma
    term, total = np.ones_like(a), np.zeros_like(a)
    for k in range(1, 20):
        term = term * (-x / k)
        total = total + term / (a + k)
    return -np.expm1(log_power) - a * np.exp(log_power) * total


def incomplete_gamma(a, x, upper):
    """P(a, x), or Q(a, x) if upper is true."""
    wrong = np.isnan(a) | np.isnan(x) | (a < 0) | (x < 0) | ((a == 0) & (x == 0)) | (np.isinf(a) & np.isinf(x))
    none = ~wrong & ((x == 0) | np.isinf(a))  # P is 0
    every = ~wrong & ((a == 0) | np.isinf(x))  # P is 1
    proper = ~(wrong | none | every)
    near = proper & (a >= LARGE) & (np.abs(x - a) <= NEAR * a)
    left = np.where(x > 1.1, x < a, np.where(x <= 0.5, a * np.log(x) < -0.4, 1.1 * x < a))  # P is the one to compute
    left = np.where(near, x < a, left)
    rest = proper & ~near
    right = rest & ~left
    y = pieces_of(
        (a, x),
        (none | every, lambda a, x: np.zeros_like(a)),
        (near, temme),
        (rest & left, lower_series),
        (right & (x <= 1.1), upper_series),
        (right & (x > 1.1) & (x < 2), upper_fraction(110)),
        (right & (x >= 2) & (x < 6), upper_fraction(56)),
        (right & (x >= 6), upper_fraction(26)),
    )
    return np.where((left & ~every | none) == upper, 1 - y, y)


@vectorised(np.float64, count=2)
def igamma(a, x):
    """P(a, x), the integral of t^(a - 1) exp(-t) from 0 to x over that to infinity."""
    return incomplete_gamma(a, x, upper=False)


@vectorised(np.float64, count=2)
def igammac(a, x):
    """Q(a, x) = 1 - P(a, x), without the cancellation where P is close to 1."""
    return incomplete_gamma(a, x, upper=True)
