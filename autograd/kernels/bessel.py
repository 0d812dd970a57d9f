"""Bessel functions of integer order and Airy's function, vectorised.

Next to 0 they are their power series. Far from it they are an exponential times an amplitude that varies slowly with 1/x; an integral
gives that to full precision for every x, by the trapezoidal rule, which converges exponentially for functions like exp(-u²):
L. N. Trefethen, J. A. C. Weideman, SIAM Review 56 (2014) 385-458. From it, a polynomial is made on first use, so that there are no
tables. Formulas by their numbers are those of the NIST Digital Library of Mathematical Functions.

Errors are a few units in the last place of the amplitude: beside a zero of an oscillating function they are absolute.
"""
from __future__ import annotations

import functools
import math

import numpy as np

from autograd.kernels.special import pieces, polynomial, vectorised

# ── amplitudes ──

COUNT = 40  # of the values that make a polynomial; from about the 30th on, the terms of its Chebyshev series are below rounding


def nodes(step, reach):
    """Nodes and weights of the trapezoidal rule for the integral of exp(-u²) f(u), f even, from 0 on, as far as exp(-u²) counts."""
    u = np.arange(0, reach, step)
    weights = np.full_like(u, step)
    weights[0] /= 2
    return u, weights


def hankel(w, n, unit):
    """√(2z/π) exp(z) K_n(z) at z = 1 / (w * unit). 10.32.9 with z (cosh t - 1) = u²: K for unit 1, the Hankel functions for 1j."""
    u, weights = nodes(0.16, 6.5)
    s = unit * w[:, None] * (u * u)
    before, cosh = np.ones_like(s), 1 + s
    power = before if n == 0 else cosh  # cosh(n t)
    for _ in range(n - 1):
        before, power = power, 2 * cosh * power - before
    return (2 / math.sqrt(math.pi)) * np.sum(weights * np.exp(-u * u) * power / np.sqrt(1 + s / 2), 1)


def airy_amplitude(w, derivative, turn):
    """∫ exp(-turn v²) cos(√w v³ / 3) dv, or that of Airy's derivative, at w = |z|^-1.5, turn = √(z / |z|). 9.5.7 with t = v |z|^-¼."""
    v, weights = nodes(0.08, 7.5)
    factor = turn + w[:, None] * (v * v) / (2 * turn) if derivative else 1
    return np.sum(weights * factor * np.exp(-turn * v * v) * np.cos(np.sqrt(w[:, None]) * v**3 / 3), 1)


@functools.cache
def fitted(amplitude, end, *params, part):
    """Coefficients, highest power first, of the polynomial in t = 2 w / end - 1 that is an amplitude between w = 0 and end.

    It is a Chebyshev series, made by a cosine transform of values at the nodes. Its terms fall faster than their powers of t grow.
    """
    angles = math.pi / COUNT * (np.arange(COUNT) + 0.5)
    values = getattr(amplitude((np.cos(angles) + 1) * (end / 2), *params), part)
    spectrum = np.fft.rfft(np.concatenate([values, values[::-1]]))[:COUNT]
    c = (spectrum * np.exp(-0.5j * math.pi / COUNT * np.arange(COUNT))).real / COUNT
    c[0] /= 2
    return tuple(map(float, np.polynomial.chebyshev.cheb2poly(c[: 1 + np.flatnonzero(np.abs(c) > 3e-17)[-1]])))[::-1]


def amplitude_at(w, amplitude, end, *params, part="real"):
    """The amplitude at 0 <= w <= end."""
    return polynomial(w * (2 / end) - 1, fitted(amplitude, end, *params, part=part))


def rotated(x, n):
    """cos(x - nπ/2 - π/4) and the sine of the same."""
    c, s = np.cos(x), np.sin(x)
    c, s = (c + s) * math.sqrt(0.5), (s - c) * math.sqrt(0.5)
    for _ in range(n % 4):
        c, s = s, -c
    return c, s


def oscillating(x, n):
    """J_n(x) and Y_n(x) for x >= 2. 10.17.3-4, but exact."""
    w = 1 / x
    p, q = (amplitude_at(w, hankel, 0.5, n, 1j, part=part) for part in ("real", "imag"))
    c, s = rotated(x, n)
    scale = np.sqrt(2 / math.pi * w)
    return scale * (p * c - q * s), scale * (p * s + q * c)


# ── power series ──


@functools.cache
def series_coefficients(n, terms):
    """1 / (k! (n + k)!), highest k first."""
    return tuple(1 / (math.factorial(k) * math.factorial(n + k)) for k in range(terms - 1, -1, -1))


def first_kind(x, n, sign, terms):
    """J_n(x) if sign is -1, I_n(x) if it is 1. 10.2.2, 10.25.2."""
    half = 0.5 * x
    return half**n * polynomial(sign * half * half, series_coefficients(n, terms))


@functools.cache
def harmonic_coefficients(n, terms):
    """(ψ(k + 1) + ψ(n + k + 1)) / (k! (n + k)!), highest k first."""
    psi = [-np.euler_gamma]
    for k in range(1, n + terms):
        psi.append(psi[-1] + 1 / k)
    return tuple((psi[k] + psi[n + k]) * c for k, c in zip(range(terms - 1, -1, -1), series_coefficients(n, terms), strict=True))


def second_kind(x, n, sign):
    """The two parts of π Y_n(x), whose difference it is, or of 2 K_n(x), for 0 < x <= 2. 10.8.1, 10.31.1."""
    half = 0.5 * x
    square = half * half
    regular = 2 * np.log(half) * first_kind(x, n, sign, 14) - half**n * polynomial(sign * square, harmonic_coefficients(n, 14))
    singular = np.zeros_like(x)
    for k in range(n - 1, -1, -1):
        singular = singular * (-sign * square) + math.factorial(n - k - 1) / math.factorial(k)
    return regular, singular / half**n


# ── the functions ──


def sided(x, n, y):
    """The values y of a function at |x|, at x: it is even for an even n, and odd for an odd one."""
    return np.where(x < 0, -y, y) if n % 2 else y


@vectorised(np.float64)
def bessel_j(x, n):
    """J_n(x)."""
    a = np.abs(x)
    y = pieces(a, (a <= 2, lambda x: first_kind(x, n, -1, 14)), ((a > 2) & (a < np.inf), lambda x: oscillating(x, n)[0]))
    return sided(x, n, np.where(np.isinf(x), 0.0, y))


@vectorised(np.float64)
def bessel_y(x, n):
    """Y_n(x): -inf at 0, NaN below."""

    def near(x):
        regular, singular = second_kind(x, n, -1)
        return (regular - singular) / math.pi

    y = pieces(x, ((x > 0) & (x <= 2), near), ((x > 2) & (x < np.inf), lambda x: oscillating(x, n)[1]))
    return np.where(x == 0, -np.inf, np.where(x == np.inf, 0.0, y))


@functools.cache
def asymptotic_coefficients(n, terms=30):
    """Those of I_n in 1/x, highest power first. 10.40.1; the terms go on falling up to the 40th at x = 20."""
    c = [1.0]
    for k in range(1, terms):
        c.append(c[-1] * ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k))
    return tuple(reversed(c))


@vectorised(np.float64)
def bessel_i(x, n, scaled):
    """I_n(x), or exp(-|x|) I_n(x) if scaled."""
    a = np.abs(x)

    def near(terms):
        return lambda x: first_kind(x, n, 1, terms) * (np.exp(-x) if scaled else 1)

    def far(x):
        y = polynomial(1 / x, asymptotic_coefficients(n)) / np.sqrt(2 * math.pi * x)
        return y if scaled else y * np.exp(x / 2) * np.exp(x / 2)  # exp(x) alone would overflow too early

    y = pieces(a, (a <= 8, near(24)), ((a > 8) & (a <= 20), near(42)), ((a > 20) & (a < np.inf), far))
    return sided(x, n, np.where(np.isinf(x), 0.0 if scaled else np.inf, y))


@vectorised(np.float64)
def bessel_k(x, n, scaled):
    """K_n(x), or exp(x) K_n(x) if scaled: inf at 0, NaN below."""

    def near(x):
        regular, singular = second_kind(x, n, 1)
        return 0.5 * (singular - (-1) ** n * regular) * (np.exp(x) if scaled else 1)

    def far(x):
        return np.sqrt(math.pi / 2 / x) * amplitude_at(1 / x, hankel, 1.0, n, 1.0) * (1 if scaled else np.exp(-x))

    y = pieces(x, ((x > 0) & (x <= 1), near), ((x > 1) & (x < np.inf), far))
    return np.where(x == 0, np.inf, np.where(x == np.inf, 0.0, y))


@vectorised(np.float64)
def spherical_bessel_j(x, n):
    """The spherical Bessel function j_n(x), √(π / 2x) J_(n + 1/2)(x)."""
    a = np.abs(x)

    def near(x):
        c = [1 / math.prod(range(1, 2 * n + 2, 2))]
        for k in range(1, 16 + n):
            c.append(c[-1] / (k * (2 * n + 2 * k + 1)))
        return x**n * polynomial(-0.5 * x * x, c[::-1])

    def far(x):  # 10.51.1, upwards
        before, y = np.cos(x) / x, np.sin(x) / x
        for k in range(n):
            before, y = y, (2 * k + 1) / x * y - before
        return y

    y = pieces(a, (a <= 1 + n, near), ((a > 1 + n) & (a < np.inf), far))
    return sided(x, n, np.where(np.isinf(x), 0.0, y))


AIRY = 0.355028053887817239, 0.258819403792806798  # Ai(0) and -Ai'(0)


@functools.cache
def airy_coefficients(first, derivative, terms=16):
    """Of one of the two power series that Ai is made of, in x³ over their first term, highest power first: 9.4.1."""
    c = [1.0]
    for k in range(1, terms):
        c.append(c[-1] / (3 * k * (3 * k - 1 if first else 3 * k + 1)))
    if derivative:
        c = [(3 * k if first else 3 * k + 1) * c[k] for k in range(first, terms)]
    return tuple(reversed(c))


@vectorised(np.float64)
def airy(x, derivative):
    """Airy's Ai(x), or its derivative."""

    def near(x):
        f, g = (polynomial(x * x * x, airy_coefficients(first, derivative)) for first in (True, False))
        return AIRY[0] * (x * x * f) - AIRY[1] * g if derivative else AIRY[0] * f - AIRY[1] * (x * g)

    def factor(x):
        return -np.sqrt(np.sqrt(x)) / math.pi if derivative else 1 / (math.pi * np.sqrt(np.sqrt(x)))

    def right(x):  # 9.5.7
        cube = x * np.sqrt(x)
        return factor(x) * np.exp(-2 / 3 * cube) * amplitude_at(1 / cube, airy_amplitude, 1.0, derivative, 1.0)

    def left(x):  # by the values on the rays at ±60 degrees: 9.2.14
        x = -x
        cube = x * np.sqrt(x)
        turn = complex(math.cos(math.pi / 6), math.sin(math.pi / 6))
        p, q = (amplitude_at(1 / cube, airy_amplitude, 0.4, derivative, turn, part=part) for part in ("real", "imag"))
        phase = 2 / 3 * cube - math.pi / 3 * (2 if derivative else 1)
        return (-2 if derivative else 2) * factor(x) * (p * np.cos(phase) + q * np.sin(phase))

    y = pieces(x, ((x > -2) & (x < 1), near), ((x >= 1) & (x < np.inf), right), ((x <= -2) & (x > -np.inf), left))
    return np.where(np.isinf(x), 0.0, y)
