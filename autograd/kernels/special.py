"""Special functions, vectorised: error function and its inverse, the gamma function's logarithm and its derivatives, the zeta function.

Each source is named where its numbers stand. float64 is accurate to a few units in the last place (the tests compare with
SciPy); float32 and float16 are computed in float64 and rounded, but for erf, which GELU calls on every element of every step.
"""
from __future__ import annotations

import functools
import math

import numpy as np

BLOCK = 8192  # elements at a time: a polynomial is many passes, and these stay in the first-level cache (3x on a million elements)


def vectorised(*dtypes, count=1):
    """Let a function of 1-d arrays of one of these dtypes take arrays of any shape and dtype, block by block, without warnings.

    The first count arguments are arrays; they are broadcast. Others are handed on.
    """

    def declare(function):
        @functools.wraps(function)
        def call(*args):
            given, params = args[:count], args[count:]
            kind, shape = np.result_type(*given), np.broadcast_shapes(*map(np.shape, given))
            dtype = kind if kind in dtypes else dtypes[0]
            flat = [np.ascontiguousarray(np.broadcast_to(x, shape), dtype).reshape(-1) for x in given]
            y = np.empty_like(flat[0])
            with np.errstate(all="ignore"):  # poles and overflow are part of the functions; what they give is written out below
                for start in range(0, y.size, BLOCK):
                    y[start : start + BLOCK] = function(*[x[start : start + BLOCK] for x in flat], *params)
                return y.reshape(shape).astype(kind if kind.kind == "f" else dtype, copy=False)

        return call

    return declare


def polynomial(x, coefficients):
    """The polynomial with these coefficients, highest power first, by Horner's rule."""
    y = x * x.dtype.type(coefficients[0])
    for c in coefficients[1:-1]:
        y += c
        y *= x
    y += coefficients[-1]
    return y


def pieces(x, *parts):
    """Each part is (condition, function): the function's values where its condition holds, NaN where none does."""
    return pieces_of((x,), *parts)


def pieces_of(xs, *parts):
    """The same for functions of several arrays of one shape."""
    y = np.full_like(xs[0], np.nan)
    for condition, function in parts:
        if condition.all():
            return function(*xs)
        if condition.any():
            y[condition] = function(*[x[condition] for x in xs])
    return y


# ── error function: W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969) 631-637 ──

ERF_SMALL = (  # erf(x) / x in x², |x| <= 0.46875
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
ERFC_MIDDLE = (  # exp(x²) erfc(x) in x, up to 4
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1, 2.98635138197400131e2,
     8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
ERFC_FAR = (  # the distance of x exp(x²) erfc(x) from 1/√π, times x², in 1/x²
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
     1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3),
)  # fmt: skip


def ratio(x, coefficients):
    """One polynomial over another."""
    above, below = coefficients
    return polynomial(x, above) / polynomial(x, below)


def erfcx_middle(x):
    """exp(x²) erfc(x) for 0.46875 <= x <= 4."""
    return ratio(x, ERFC_MIDDLE)


def erfcx_far(x):
    """exp(x²) erfc(x) for x >= 4."""
    s = 1 / (x * x)
    return (1 / math.sqrt(math.pi) - s * ratio(s, ERFC_FAR)) / x


def exp_square(x, factor):
    """exp(factor * x²) for a factor of 1, -1 or -1/2, split where x² is exact: a rounding error there would count x² times."""
    x = np.clip(x, -40.0, 40.0)  # beyond are infinity and 0
    near = np.trunc(x * 16) / 16
    return np.exp(factor * near * near) * np.exp(factor * (x - near) * (x + near))


def erfc_positive(x):
    """erfc(x) for x >= 0.46875."""
    return pieces(x, (x <= 4, erfcx_middle), (x > 4, erfcx_far)) * exp_square(x, -1)


def erf_small(x):
    """erf(x) for |x| <= 0.46875."""
    return x * ratio(x * x, ERF_SMALL)


# erf in float32, both below one unit in the last place in exact arithmetic: N. Juffa's minimax polynomials (2017)
ERF32_SMALL = (  # erf(x) / x - 1 in x², |x| < 0.9277
    -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1,
)  # fmt: skip
ERF32_LARGE = (  # log(erfc(x)) + x in x
    -1.72853470e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1, 0.0,
)  # fmt: skip


def erf32(x):
    """erf(x) in float32."""
    a = np.minimum(np.abs(x), np.float32(4))
    y = np.exp(polynomial(a, ERF32_LARGE) - a)
    return np.where(a < np.float32(0.927734375), x + x * polynomial(x * x, ERF32_SMALL), np.copysign(1 - y, x))


@vectorised(np.float64, np.float32)
def erf(x):
    """2/√π times the integral of exp(-t²) from 0 to x."""
    if x.dtype == np.float32:
        return erf32(x)
    a = np.abs(x)
    return pieces(x, (a <= 0.46875, erf_small), (a > 0.46875, lambda x: np.copysign(1 - erfc_positive(np.abs(x)), x)))


@vectorised(np.float64)
def erfcx(x):
    """exp(x²) erfc(x), which is about 1 / (√π x) where erfc(x) itself has no digits left."""
    return pieces(
        x,
        (np.abs(x) <= 0.46875, lambda x: np.exp(x * x) * (1 - erf_small(x))),
        ((x > 0.46875) & (x <= 4), erfcx_middle),
        (x > 4, erfcx_far),
        (x < -0.46875, lambda x: 2 * exp_square(x, 1) - erfcx(-x)),
    )


@vectorised(np.float64)
def erfc(x):
    """1 - erf(x), without the cancellation where erf(x) is close to 1."""
    return pieces(
        x,
        (np.abs(x) <= 0.46875, lambda x: 1 - erf_small(x)),
        (x > 0.46875, erfc_positive),
        (x < -0.46875, lambda x: 2 - erfc_positive(-x)),
    )


# ── quantiles of the normal distribution: M. J. Wichura, Algorithm AS 241, Appl. Statist. 37 (1988) 477-484 ──

QUANTILE_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
QUANTILE_MIDDLE = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)  # fmt: skip
QUANTILE_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def quantile(centred, tail):
    """The x below which a standard normal variable lies with probability p, given p - 1/2 and min(p, 1 - p), both exact."""
    r = np.sqrt(-np.log(tail))
    y = pieces(r, (r <= 5, lambda r: ratio(r - 1.6, QUANTILE_MIDDLE)), (r > 5, lambda r: ratio(r - 5, QUANTILE_FAR)))
    y = np.copysign(np.where(tail == 0, np.inf, y), centred)
    return np.where(np.abs(centred) <= 0.425, centred * ratio(0.180625 - centred * centred, QUANTILE_CENTRE), y)


@vectorised(np.float64)
def ndtri(p):
    """The standard normal quantile function."""
    return quantile(p - 0.5, np.minimum(p, 1 - p))


@vectorised(np.float64)
def erfinv(x):
    """The y with erf(y) = x."""
    return quantile(x / 2, (1 - np.abs(x)) / 2) * math.sqrt(0.5)


def half_erfcx(t):
    """exp(t²) erfc(t) / 2 for t >= 0."""
    small, large = t <= 0.46875, t > 4
    return 0.5 * pieces(t, (small, lambda t: np.exp(t * t) * (1 - erf_small(t))), (~(small | large), erfcx_middle), (large, erfcx_far))


@vectorised(np.float64)
def ndtr(x):
    """The normal distribution function. Its exponential is that of x, for the rounding of x / √2 would count x² times."""
    tail = half_erfcx(np.abs(x) * math.sqrt(0.5)) * exp_square(x, -0.5)
    return np.where(x > 0, 1 - tail, tail)


@vectorised(np.float64)
def log_ndtr(x):
    """The logarithm of the normal distribution function: by log1p on the right, and far on the left without the factor that underflows."""
    scaled = half_erfcx(np.abs(x) * math.sqrt(0.5))
    return np.where(x > 0, np.log1p(-scaled * exp_square(x, -0.5)), np.log(scaled) - 0.5 * x * x)


# ── gamma function: Euler-Maclaurin summation of ζ(s, x), Stirling's series, and Taylor's series of log Γ about 2 ──

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)  # of order 2, 4, 6 ...
SHIFT = 10  # so many terms are summed one by one; the rest is a series in 1 / (x + SHIFT)²


def hurwitz(s, x):
    """ζ(s, x), the sum of 1 / (x + k)^s over k = 0, 1, 2 ..., for s > 1 and x > 0."""
    t = x + SHIFT
    tail = 1 / (s - 1) + 0.5 / t
    factor = s / (t * t)
    for j, b in enumerate(BERNOULLI, 1):
        tail = tail + factor * (b / math.factorial(2 * j))
        factor = factor * ((s + 2 * j - 1) * (s + 2 * j) / (t * t))
    y = tail * t ** (1.0 - s)
    for k in reversed(range(SHIFT)):  # from the smallest term
        y = y + (x + k) ** -s
    return y


@vectorised(np.float64, count=2)
def zeta(s, q):
    """ζ(s, q): infinite at s = 1 and where q is 0, -1, -2 ...; left of those by its first terms, for an integer s. NaN otherwise."""
    steps = np.maximum(np.ceil(-q), 0)  # up to the first term of a base above 0
    y = hurwitz(s, q + steps)
    for k in range(int(np.max(steps, initial=0, where=np.isfinite(steps)))):
        y += np.where(k < steps, (q + k) ** -s, 0)
    y = np.where((s < 1) | ((q < 0) & (s != np.rint(s))), np.nan, y)
    return np.where((s == 1) | ((q <= 0) & (q == np.rint(q)) & (s > 1)), np.inf, y)


# log Γ(2 + z) / z - (1 - γ) in powers of z from 1 on: (-1)^k (ζ(k) - 1) / k. Below 4e-17 from the 26th on for |z| <= 1/2.
LGAMMA_NEAR_2 = (*(float((-1) ** k * hurwitz(k, np.float64(2)) / k) for k in range(27, 1, -1)), 1 - np.euler_gamma)
STIRLING = tuple(b / (2 * j * (2 * j - 1)) for j, b in enumerate(BERNOULLI, 1))[::-1]


def lgamma_large(x):
    """Stirling's series, for x >= 8."""
    return (x - 0.5) * (np.log(x) - 1) + polynomial(1 / (x * x), STIRLING) / x + (0.5 * math.log(2 * math.pi) - 0.5)


def lgamma_small(x):
    """For 0 < x < 8: brought next to 2 by Γ(x + 1) = x Γ(x). x - 1 and x - 2 are exact, so the accuracy stays next to the zeros 1 and 2."""
    nearest = np.rint(x)
    z, steps = x - nearest, nearest - 2
    y = z * polynomial(z, LGAMMA_NEAR_2)
    product = np.ones_like(x)
    for k in range(1, 7):
        product *= np.where(steps >= k, x - k, 1)
    y += np.log(product)
    y -= np.where(steps <= -1, np.log1p(z), 0)
    return y - np.where(steps <= -2, np.log(x), 0)


def lgamma_negative(x):
    """Euler's reflection, for x <= 0; infinite at the poles."""
    return math.log(math.pi) - np.log(np.abs(np.sin(math.pi * (x - np.rint(x))))) - lgamma_positive(1 - x)


def lgamma_positive(x):
    """For x > 0."""
    return pieces(x, (x < 8, lgamma_small), (x >= 8, lgamma_large))


@vectorised(np.float64)
def lgamma(x):
    """The logarithm of |Γ(x)|."""
    return np.where(np.isinf(x), np.inf, pieces(x, (x > 0, lgamma_positive), (x <= 0, lgamma_negative)))


PSI = tuple(-b / (2 * j) for j, b in enumerate(BERNOULLI, 1))[::-1]
PSI_ROOT = 1.4616321449683622, 9.549995429965697e-17  # the zero, and what is missing of it
PSI_NEAR_ROOT = tuple((-1) ** (k + 1) * float(hurwitz(k + 1, np.float64(PSI_ROOT[0]))) for k in range(36, 0, -1))  # Taylor's series


def digamma_near_root(x):
    """ψ(x) next to its zero, where the recurrence would cancel."""
    z = (x - PSI_ROOT[0]) - PSI_ROOT[1]
    return z * polynomial(z, PSI_NEAR_ROOT)


def digamma_positive(x):
    """ψ(x) for x > 0."""
    near = np.abs(x - PSI_ROOT[0]) < 0.5
    return pieces(x, (near, digamma_near_root), (~near, digamma_shifted))


def digamma_shifted(x):
    """The asymptotic series of ψ at x + SHIFT, and the recurrence ψ(x + 1) = ψ(x) + 1 / x back down."""
    t = x + SHIFT
    s = 1 / (t * t)
    y = np.log(t) - 0.5 / t + s * polynomial(s, PSI)
    for k in reversed(range(SHIFT)):
        y -= 1 / (x + k)
    return y


def cotangent_derivative(n, c):
    """The n-th derivative of cot(x), by c = cot(x): each is a polynomial in c, for dc/dx = -(1 + c²)."""
    p = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(n):
        p = np.polynomial.Polynomial([-1.0, 0.0, -1.0]) * p.deriv()
    return polynomial(c, p.coef[::-1])


@vectorised(np.float64)
def polygamma(x, n):
    """The n-th derivative of ψ, the derivative of log Γ; n = 0 is ψ itself. Left of 0 by ψₙ(x) = (-1)ⁿ ψₙ(1 - x) - π dⁿ/dxⁿ cot(πx)."""
    sign = (-1.0) ** n
    left = x <= 0
    z = np.where(left, 1 - x, x)
    y = digamma_positive(z) if n == 0 else -sign * math.gamma(n + 1) * hurwitz(n + 1.0, z)
    if not left.any():
        return y
    fraction = x - np.rint(x)
    mirrored = sign * y - math.pi ** (n + 1) * cotangent_derivative(n, 1 / np.tan(math.pi * fraction))
    mirrored = np.where(fraction == 0, np.where(x == 0, np.copysign(np.inf, -x), np.nan) if n % 2 == 0 else np.inf, mirrored)
    return np.where(left, mirrored, y)
