"""Bessel functions and Airy's. Those of every order n are one op each: the derivatives of all of them are those of n - 1 and n + 1.

PyTorch has derivatives of i0, i0e, i1 and i1e only.
"""
from __future__ import annotations

import functools

import numpy as np

from autograd.kernels import bessel
from autograd.op import Array, Sample, derived
from autograd.ops.elementwise import elementwise

__all__ = [
    "i0", "i0e", "i1", "i1e", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1",
    "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1",
    "spherical_bessel_j0", "airy_ai",
]  # fmt: skip

BOTH = (Sample((3, 4), domain=(-2.0, 2.0)), Sample((3, 4), domain=(2.5, 25.0)))  # sides of where one formula gives way to another
RIGHT = (Sample((3, 4), domain=(0.3, 1.0)), Sample((3, 4), domain=(2.5, 25.0)))


def with_params(samples, **choices):
    """The samples with each of the values of one parameter."""
    ((name, values),) = choices.items()
    return [Sample(*sample.args, domain=sample.domain, **sample.params, **{name: value}) for sample in samples for value in values]


named = functools.partial(derived, samples=BOTH)


# ── of the first and second kind ──


def slope(function, x, n):
    """The derivative of J_n or Y_n: half of that of n - 1 less that of n + 1, where that of -1 is that of 1 with the other sign."""
    return (function(x, n=n - 1) - function(x, n=n + 1)) * 0.5 if n else -function(x, n=1)


@elementwise(lambda g, y, x, n: g * slope(bessel_j, x, n), saves="x", samples=with_params(BOTH, n=(0, 1, 2)))
def bessel_j(x: Array, *, n):
    """The Bessel function of the first kind, J_n(x), for n = 0, 1, 2 ..."""
    return bessel.bessel_j(x, n)


@elementwise(lambda g, y, x, n: g * slope(bessel_y, x, n), saves="x", samples=with_params(RIGHT, n=(0, 1, 2)))
def bessel_y(x: Array, *, n):
    """The Bessel function of the second kind, Y_n(x), for n = 0, 1, 2 ... and x > 0."""
    return bessel.bessel_y(x, n)


@named()
def bessel_j0(x: Array):
    """The Bessel function of the first kind of order 0."""
    return bessel_j(x, n=0)


@named()
def bessel_j1(x: Array):
    """The Bessel function of the first kind of order 1."""
    return bessel_j(x, n=1)


@named(samples=RIGHT)
def bessel_y0(x: Array):
    """The Bessel function of the second kind of order 0: -inf at 0, NaN below."""
    return bessel_y(x, n=0)


@named(samples=RIGHT)
def bessel_y1(x: Array):
    """The Bessel function of the second kind of order 1: -inf at 0, NaN below."""
    return bessel_y(x, n=1)


# ── modified ──


def modified_slope(function, x, n, scaled):
    """The derivative of I_n or -K_n, but for that of the scale: half the sum of those of n - 1 and n + 1."""
    after = function(x, n=n + 1, scaled=scaled)
    return (function(x, n=n - 1, scaled=scaled) + after) * 0.5 if n else after


def bessel_i_rule(g, y, x, n, scaled):
    """Of bessel_i."""
    inner = modified_slope(bessel_i, x, n, scaled)
    return g * (inner - np.sign(x) * y if scaled else inner)


def bessel_k_rule(g, y, x, n, scaled):
    """Of bessel_k."""
    inner = modified_slope(bessel_k, x, n, scaled)
    return g * (y - inner if scaled else -inner)


MODIFIED = with_params(with_params(BOTH, n=(0, 1, 2)), scaled=(False, True))
MODIFIED_RIGHT = with_params(with_params(RIGHT, n=(0, 1, 2)), scaled=(False, True))


@elementwise(bessel_i_rule, saves="x y", samples=MODIFIED)
def bessel_i(x: Array, *, n, scaled):
    """The modified Bessel function of the first kind, I_n(x), for n = 0, 1, 2 ...; times exp(-|x|) if scaled."""
    return bessel.bessel_i(x, n, scaled)


@elementwise(bessel_k_rule, saves="x y", samples=MODIFIED_RIGHT)
def bessel_k(x: Array, *, n, scaled):
    """The modified Bessel function of the second kind, K_n(x), for n = 0, 1, 2 ... and x > 0; times exp(x) if scaled."""
    return bessel.bessel_k(x, n, scaled)


@named(numpy=np.i0)
def i0(x: Array):
    """The modified Bessel function of the first kind of order 0."""
    return bessel_i(x, n=0, scaled=False)


@named()
def i0e(x: Array):
    """exp(-|x|) * i0(x), which does not overflow."""
    return bessel_i(x, n=0, scaled=True)


@named()
def i1(x: Array):
    """The modified Bessel function of the first kind of order 1."""
    return bessel_i(x, n=1, scaled=False)


@named()
def i1e(x: Array):
    """exp(-|x|) * i1(x), which does not overflow."""
    return bessel_i(x, n=1, scaled=True)


@named(samples=RIGHT)
def modified_bessel_k0(x: Array):
    """The modified Bessel function of the second kind of order 0: inf at 0, NaN below."""
    return bessel_k(x, n=0, scaled=False)


@named(samples=RIGHT)
def modified_bessel_k1(x: Array):
    """The modified Bessel function of the second kind of order 1: inf at 0, NaN below."""
    return bessel_k(x, n=1, scaled=False)


@named(samples=RIGHT)
def scaled_modified_bessel_k0(x: Array):
    """exp(x) * modified_bessel_k0(x), which does not vanish early."""
    return bessel_k(x, n=0, scaled=True)


@named(samples=RIGHT)
def scaled_modified_bessel_k1(x: Array):
    """exp(x) * modified_bessel_k1(x), which does not vanish early."""
    return bessel_k(x, n=1, scaled=True)


# ── spherical, and Airy's ──


def spherical_slope(x, n):
    """(n j_(n - 1) - (n + 1) j_(n + 1)) / (2n + 1)."""
    after = spherical_bessel_j(x, n=n + 1)
    return (n * spherical_bessel_j(x, n=n - 1) - (n + 1) * after) / (2 * n + 1) if n else -after


@elementwise(lambda g, y, x, n: g * spherical_slope(x, n), saves="x", samples=with_params(BOTH, n=(0, 1, 2)))
def spherical_bessel_j(x: Array, *, n):
    """The spherical Bessel function of the first kind, j_n(x), for n = 0, 1, 2 ..."""
    return bessel.spherical_bessel_j(x, n)


@named()
def spherical_bessel_j0(x: Array):
    """sin(x) / x, and 1 at 0."""
    return spherical_bessel_j(x, n=0)


AIRY = (Sample((3, 4)), Sample((3, 4), domain=(-12.0, -2.5)))


@elementwise(lambda g, y, x: g * airy_slope(x), saves="x", samples=AIRY)
def airy_ai(x: Array):
    """Airy's Ai(x), the solution of y'' = x y that vanishes on the right."""
    return bessel.airy(x, False)


@elementwise(lambda g, y, x: g * (x * airy_ai(x)), saves="x", samples=AIRY)
def airy_slope(x: Array):
    """The derivative of ``airy_ai``."""
    return bessel.airy(x, True)


modified_bessel_i0, modified_bessel_i1 = i0, i1
