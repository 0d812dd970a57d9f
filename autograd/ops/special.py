"""One number in, one number out: the error function, the gamma function, and what is built on logarithms with care."""
from __future__ import annotations

import math

import numpy as np

from autograd.kernels import special
from autograd.op import Array, Sample, derived
from autograd.ops.elementwise import BOTH_POSITIVE, binary, clamp, elementwise
from autograd.ops.functions import INSIDE, POSITIVE, apart_from_zero

__all__ = [
    "erf", "erfc", "erfinv", "ndtr", "ndtri", "log_ndtr", "lgamma", "psi", "digamma", "polygamma", "gammaln",
    "xlogy", "xlog1py", "entr", "logit", "sinc",
]  # fmt: skip

TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
NORMAL = 1 / math.sqrt(2 * math.pi)
GAMMA = (*POSITIVE, Sample((3, 4), domain=(2.5, 12.0)))

# ── the error function and the normal distribution ──


@elementwise(lambda g, y, x: g * (TWO_OVER_SQRT_PI * np.exp(-x * x)), saves="x")
def erf(x: Array):
    """2/√π times the integral of exp(-t²) from 0 to x."""
    return special.erf(x)


@elementwise(lambda g, y, x: -g * (TWO_OVER_SQRT_PI * np.exp(-x * x)), saves="x")
def erfc(x: Array):
    """1 - erf(x), accurate where erf(x) is next to 1."""
    return special.erfc(x)


@elementwise(lambda g, y, x: g * (np.exp(y * y) / TWO_OVER_SQRT_PI), saves="y", samples=INSIDE)
def erfinv(x: Array):
    """The y with erf(y) = x."""
    return special.erfinv(x)


@derived(samples=[Sample((3, 4))])
def ndtr(x: Array):
    """The probability that a standard normal variable is below x."""
    return 0.5 * erfc(x * -math.sqrt(0.5))


@elementwise(lambda g, y, x: g * (np.exp(0.5 * y * y) / NORMAL), saves="y", samples=[Sample((3, 4), domain=(0.05, 0.95))])
def ndtri(x: Array):
    """The quantile of the standard normal distribution: the y with ndtr(y) = x."""
    return special.ndtri(x)


@elementwise(lambda g, y, x: g * (NORMAL * np.exp(-0.5 * x * x - y)), saves="y x")
def log_ndtr(x: Array):
    """log(ndtr(x)), accurate in both tails."""
    return special.log_ndtr(x)


# ── the gamma function ──


@elementwise(lambda g, y, x: g * psi(x, n=0), saves="x", samples=GAMMA)
def lgamma(x: Array):
    """The logarithm of |Γ(x)|."""
    return special.lgamma(x)


@elementwise(lambda g, y, x, n=0: g * psi(x, n=n + 1), saves="x", samples=[*GAMMA, Sample((3, 4), n=2, domain=(0.5, 3.0))])
def psi(x: Array, *, n=0):
    """The derivative of lgamma, differentiated n times more."""
    return special.polygamma(x, n)


@derived(samples=GAMMA)
def digamma(x: Array):
    """The derivative of lgamma."""
    return psi(x)


@derived(samples=[Sample(1, (3, 4), domain=(0.5, 3.0)), Sample(2, (3, 4), domain=(0.5, 3.0))])
def polygamma(n, input: Array):
    """The n-th derivative of digamma at input, for n = 0, 1, 2 ..."""
    return psi(input, n=int(n))


# ── logarithms ──


def where_agreed(a, pole, value):
    """value, but 0 where a is 0 and value its infinite factor: 0 * log(0) is 0 by agreement."""
    return np.where(np.logical_and(np.equal(a, 0), pole), 0.0, value)


@binary(
    (lambda g, y, a, b: where_agreed(a, b <= 0, xlogy(g, b)), lambda g, y, a, b: g * a / apart_from_zero(b)),
    saves="a b", convert="float", masks=True, samples=BOTH_POSITIVE,
)  # fmt: skip
def xlogy(a: Array, b: Array):
    """a * log(b), but 0 where a is 0, unless b is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_agreed(a, np.logical_not(np.isnan(b)), a * np.log(b))


@binary(
    (lambda g, y, a, b: where_agreed(a, b <= -1, xlog1py(g, b)), lambda g, y, a, b: g * a / apart_from_zero(1 + b)),
    saves="a b", convert="float", masks=True, samples=BOTH_POSITIVE,
)  # fmt: skip
def xlog1py(a: Array, b: Array):
    """a * log(1 + b), but 0 where a is 0, unless b is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_agreed(a, np.logical_not(np.isnan(b)), a * np.log1p(b))


@elementwise(lambda g, y, x: -g * (np.log(x) + 1), saves="x", samples=POSITIVE)
def entr(x: Array):
    """-x * log(x), 0 at 0, and -inf below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x > 0, -x * np.log(x), np.where(x < 0, -np.inf, x))


@elementwise(lambda g, y, x: g / (x * (1 - x)), saves="x", samples=[Sample((3, 4), domain=(0.1, 0.9))])
def log_odds(x: Array):
    """log(x / (1 - x)), the inverse of the sigmoid."""
    return np.log(x / (1 - x))


@derived(samples=[Sample((3, 4), domain=(0.1, 0.9)), Sample((3, 4), eps=0.2, domain=(0.1, 0.9))])
def logit(x: Array, eps=None):
    """log(x / (1 - x)), the inverse of the sigmoid; with eps, x is kept in [eps, 1 - eps] first."""
    return log_odds(x if eps is None else clamp(x, eps, 1 - eps))


# ── sine over its argument ──

SINC_SLOPE = tuple((-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(8, 0, -1))  # of sin(u) / u: in u², over u


def sinc_slope(x):
    """The derivative of ``sinc``: a series near 0, where the closed form cancels, so that higher derivatives are right at 0 too."""
    u = math.pi * x
    near = SINC_SLOPE[0]
    for c in SINC_SLOPE[1:]:
        near = near * (u * u) + c
    return np.where(np.abs(u) < 0.5, math.pi * u * near, (np.cos(u) - sinc(x)) / x)


@elementwise(lambda g, y, x: g * sinc_slope(x), saves="x", numpy=np.sinc)
def sinc(x: Array):
    """sin(πx) / (πx), and 1 at 0."""
    return np.sinc(x)


gammaln = lgamma
