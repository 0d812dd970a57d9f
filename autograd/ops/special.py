"""One number in, one number out: the error function, the gamma function, and what is built on logarithms with care.

What PyTorch has in torch.special alone is not in ``__all__``; autograd/special.py takes it from here.
"""
from __future__ import annotations

import builtins
import math

import numpy as np

from autograd.errors import ArgumentError, DtypeError, GraphError, message
from autograd.kernels import incomplete_gamma, special
from autograd.op import Array, Sample, derived
from autograd.ops.elementwise import BOTH_POSITIVE, binary, clamp, elementwise
from autograd.ops.functions import INSIDE, POSITIVE, apart_from_zero

__all__ = [
    "erf", "erfc", "erfinv", "ndtr", "ndtri", "log_ndtr", "lgamma", "psi", "digamma", "polygamma", "gammaln",
    "igamma", "igammac", "mvlgamma",
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


@elementwise(lambda g, y, x: g * (2 * x * y - TWO_OVER_SQRT_PI), saves="x y")
def erfcx(x: Array):
    """exp(x²) * erfc(x), which is about 1 / (√π x) where erfc(x) vanishes."""
    return special.erfcx(x)


@elementwise(lambda g, y, x: g * (np.exp(y * y) / TWO_OVER_SQRT_PI), saves="y", samples=INSIDE)
def erfinv(x: Array):
    """The y with erf(y) = x."""
    return special.erfinv(x)


@elementwise(lambda g, y, x: g * (NORMAL * np.exp(-0.5 * x * x)), saves="x")
def ndtr(x: Array):
    """The probability that a standard normal variable is below x."""
    return special.ndtr(x)


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
    if n < 0:
        raise ArgumentError(message("polygamma", "n of 0 or more is required", str(n), "its integral is lgamma"))
    return special.polygamma(x, n)


@derived(samples=GAMMA)
def digamma(x: Array):
    """The derivative of lgamma."""
    return psi(x)


@derived(samples=[Sample(1, (3, 4), domain=(0.5, 3.0)), Sample(2, (3, 4), domain=(0.5, 3.0))])
def polygamma(n, input: Array):
    """The n-th derivative of digamma at input, for n = 0, 1, 2 ..."""
    return psi(input, n=int(n))


def underivable(name, argument):
    """The rule of an argument by which there is no derivative in closed form."""

    def rule(g, y, *args):
        raise GraphError(message(
            name, f"{argument} that needs no gradient is required, for the derivative by it has no closed form", "one that needs it",
            f"detach() {argument}",
        ))  # fmt: skip

    return rule


def gamma_density(a, x):
    """x^(a - 1) exp(-x) / Γ(a), the derivative of ``igamma`` by x."""
    return np.exp(xlogy(a - 1, x) - x - lgamma(a))


SHAPES = np.array([1, 2, 5, 9])
INCOMPLETE = (Sample(SHAPES, (3, 4), domain=(0.2, 12.0)), Sample(SHAPES * 30, (3, 4), domain=(25.0, 300.0)))


@binary(
    (underivable("igamma", "a"), lambda g, y, a, x: g * gamma_density(a, x)), saves=("", "a x"), convert="float", samples=INCOMPLETE,
)  # fmt: skip
def igamma(a: Array, x: Array):
    """The regularised lower incomplete gamma function P(a, x). There is no derivative by a, as in PyTorch."""
    return incomplete_gamma.igamma(a, x)


@binary(
    (underivable("igammac", "a"), lambda g, y, a, x: -g * gamma_density(a, x)), saves=("", "a x"), convert="float", samples=INCOMPLETE,
)  # fmt: skip
def igammac(a: Array, x: Array):
    """The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x), accurate where P is close to 1."""
    return incomplete_gamma.igammac(a, x)


@binary(
    (underivable("zeta", "s"), lambda g, y, s, q: -g * s * zeta(s + 1, q)),
    saves=("", "s q"), convert="float", samples=[Sample(SHAPES + 1, (3, 4), domain=(0.2, 6.0))],
)  # fmt: skip
def zeta(s: Array, q: Array):
    """Hurwitz's zeta function, the sum of (q + k) ** -s over k = 0, 1, 2 ... There is no derivative by s, as in PyTorch."""
    return special.zeta(s, q)


@derived(samples=[Sample((3, 4), 2, domain=(1.0, 3.0)), Sample((3,), p=1, domain=(0.5, 2.0))])
def mvlgamma(x: Array, p):
    """The logarithm of the multivariate gamma function of dimension p: p (p - 1) / 4 log π + Σ lgamma(x - i / 2) over i from 0 to p - 1."""
    if p < 1:
        raise ArgumentError(message("mvlgamma", "a dimension of at least 1 is required", str(p), "p=1 is lgamma"))
    if x.dtype.kind == "b":
        raise DtypeError(message("mvlgamma", "numbers are required", str(x.dtype), "convert first: x.float()"))
    return builtins.sum((lgamma(x - i / 2) for i in range(p)), p * (p - 1) / 4 * math.log(math.pi))


multigammaln = mvlgamma


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
    """log(x / (1 - x)), the inverse of the sigmoid, accurate next to 1/2 too."""
    return np.where(x < 0.25, np.log(x / (1 - x)), np.log1p((2 * x - 1) / (1 - x)))


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
gammainc, gammaincc = igamma, igammac
