"""One number in, one number out, for every element: arithmetic, rounding, choice."""
from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from autograd.dtypes import NUMBERS, promoted, require_value
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.kernels.choice import chosen, kept
from autograd.op import Array, Sample, derived, op

__all__ = [
    "add", "sub", "rsub", "mul", "true_divide", "floor_divide", "trunc_divide", "div", "remainder", "fmod",
    "neg", "positive", "abs", "sign", "lerp", "addcmul", "addcdiv",
    "floor", "ceil", "trunc", "round", "frac",
    "keep", "where", "masked_fill", "larger", "smaller", "larger_number", "smaller_number", "maximum", "minimum", "fmax", "fmin",
    "between", "clamp", "clamp_min", "clamp_max", "nan_to_num", "copysign", "nextafter", "heaviside", "frexp", "fill", "cast", "clone",
    "subtract", "multiply", "divide", "negative", "absolute", "fix", "clip",
]  # fmt: skip

BINARY = (Sample((3, 4), (3, 4)), Sample((3, 4), (4,)), Sample((2, 1), (1, 3)), Sample((), (2, 3)))
BOTH_POSITIVE = tuple(Sample(*sample.args, domain=(0.5, 2.0)) for sample in BINARY)
THREE = (Sample((3, 4), (3, 4), (3, 4), domain=(0.5, 2.0)), Sample((3, 4), (4,), (3, 1), domain=(0.5, 2.0)))
MASK = np.array([[True], [False], [True]])

elementwise = functools.partial(op, elementwise=True, convert="float", samples=(Sample((3, 4)),))
binary = functools.partial(op, elementwise=True, convert="common", samples=BINARY)


def zero(g, y, *args, **params):
    """The rule of a step function: its derivative is 0 wherever it has one."""
    return np.zeros(g.shape, g.dtype)


# ── arithmetic ──


@binary((lambda g, y, a, b, alpha=1: g, lambda g, y, a, b, alpha=1: g if alpha == 1 else g * alpha), numpy=np.add)
def add(a: Array, b: Array, *, alpha=1):
    """a + alpha * b."""
    return np.add(a, b if alpha == 1 else b * alpha)


@binary((lambda g, y, a, b, alpha=1: g, lambda g, y, a, b, alpha=1: -g if alpha == 1 else g * -alpha), numpy=np.subtract)
def sub(a: Array, b: Array, *, alpha=1):
    """a - alpha * b."""
    return np.subtract(a, b if alpha == 1 else b * alpha)


@derived(samples=BINARY)
def rsub(a: Array, b: Array, *, alpha=1):
    """b - alpha * a."""
    return sub(b, a, alpha=alpha)


@binary((lambda g, y, a, b: g * b, lambda g, y, a, b: g * a), saves=("b", "a"), numpy=np.multiply)
def mul(a: Array, b: Array):
    """a * b."""
    return np.multiply(a, b)


@binary(
    (lambda g, y, a, b: g / b, lambda g, y, a, b: -g * (a / b) / b),
    saves=("b", "a b"), convert="float", numpy=np.true_divide, samples=BOTH_POSITIVE,
)  # fmt: skip
def true_divide(a: Array, b: Array):
    """a / b; of integers too, in the default dtype."""
    return np.true_divide(a, b)


@binary((zero, zero), numpy=np.floor_divide, samples=BOTH_POSITIVE)
def floor_divide(a: Array, b: Array):
    """The quotient a / b rounded down."""
    return np.floor_divide(a, b)


@binary((zero, zero), samples=BOTH_POSITIVE)
def trunc_divide(a: Array, b: Array):
    """The quotient a / b rounded towards zero: ``div(a, b, rounding_mode="trunc")``."""
    if np.result_type(a, b).kind == "f":
        return np.trunc(np.true_divide(a, b))
    return np.floor_divide(a - np.fmod(a, b), b)


@derived(samples=[*BOTH_POSITIVE, Sample((3, 4), (4,), rounding_mode="floor"), Sample((3, 4), (4,), rounding_mode="trunc")])
def div(a: Array, b: Array, *, rounding_mode=None):
    """a / b, as it is, or rounded: rounding_mode is None, "floor" or "trunc"."""
    if rounding_mode is None:
        return true_divide(a, b)
    if rounding_mode in ("floor", "trunc"):
        return floor_divide(a, b) if rounding_mode == "floor" else trunc_divide(a, b)
    raise ArgumentError(message("div", 'rounding_mode None, "floor" or "trunc" is required', repr(rounding_mode), "choose one of them"))


@binary((lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor(a / b)), saves=("", "a b"), numpy=np.remainder, samples=BOTH_POSITIVE)
def remainder(a: Array, b: Array):
    """a - b * floor(a / b): what is left of a, with the sign of b."""
    return np.remainder(a, b)


@binary((lambda g, y, a, b: g, lambda g, y, a, b: -g * np.trunc(a / b)), saves=("", "a b"), numpy=np.fmod, samples=BOTH_POSITIVE)
def fmod(a: Array, b: Array):
    """a - b * trunc(a / b): what is left of a, with the sign of a."""
    return np.fmod(a, b)


@elementwise(lambda g, y, x: -g, convert="", numpy=np.negative)
def neg(x: Array):
    """-x."""
    return np.negative(x)


@elementwise(lambda g, y, x: g, convert="", numpy=np.positive)
def positive(x: Array):
    """+x."""
    return np.positive(x)


@elementwise(lambda g, y, x: g * np.sign(x), saves="x", complex="own", convert="", numpy=np.absolute)
def abs(x: Array):
    """|x|. The gradient at 0 is 0."""
    return np.absolute(x)


@elementwise(zero, convert="")
def sign(x: Array):
    """-1, 0 or 1. NaN of NaN, where PyTorch has 0. For complex numbers there is ``sgn``."""
    if x.dtype.kind == "c":
        raise DtypeError(message("sign", "real numbers are required", str(x.dtype), "use sgn: x / |x|"))
    return np.sign(x) if x.dtype.kind != "b" else np.copy(x)


def plain(value):
    """The Python number that a 0-d array stands for; anything else as it is."""
    return value.item() if type(value) is np.ndarray and value.ndim == 0 else value


@binary(
    (
        lambda g, y, start, end, weight: g * (1 - weight),
        lambda g, y, start, end, weight: g * weight,
        lambda g, y, start, end, weight: g * (end - start),
    ),
    saves=("weight", "weight", "start end"), samples=[*THREE, Sample((3, 4), (3, 4), 0.25)],
)  # fmt: skip
def lerp(start: Array, end: Array, weight: Array):
    """start + weight * (end - start): start at weight 0, end at weight 1, exactly."""
    way, weight = end - start, plain(weight)
    near = np.absolute(weight) < 0.5
    if isinstance(weight, float | int | complex):
        return start + weight * way if near else end - (1 - weight) * way
    return np.where(near, start + weight * way, end - (1 - weight) * way)


@derived(samples=[*THREE, Sample((3, 4), (3, 4), (4,), value=0.5)])
def addcmul(x: Array, tensor1: Array, tensor2: Array, *, value=1):
    """x + value * tensor1 * tensor2."""
    return add(x, mul(tensor1, tensor2), alpha=value)


@derived(samples=[*THREE, Sample((3, 4), (3, 4), (4,), value=0.5, domain=(0.5, 2.0))])
def addcdiv(x: Array, tensor1: Array, tensor2: Array, *, value=1):
    """x + value * tensor1 / tensor2."""
    return add(x, true_divide(tensor1, tensor2), alpha=value)


# ── rounding ──


@elementwise(zero, convert="", numpy=np.floor)
def floor(x: Array):
    """The largest integer that is not above x."""
    return np.floor(x) if x.dtype.kind == "f" else x.copy()


@elementwise(zero, convert="", numpy=np.ceil)
def ceil(x: Array):
    """The smallest integer that is not below x."""
    return np.ceil(x) if x.dtype.kind == "f" else x.copy()


@elementwise(zero, convert="", numpy=np.trunc)
def trunc(x: Array):
    """x without its fraction."""
    return np.trunc(x) if x.dtype.kind == "f" else x.copy()


@elementwise(zero, convert="", numpy=np.round, samples=[Sample((3, 4)), Sample((3, 4), decimals=1)])
def round(x: Array, decimals=0):
    """x to so many decimals, halves to the even neighbour."""
    return np.round(x, decimals) if x.dtype.kind != "b" else x.copy()


@elementwise(lambda g, y, x: g, convert="")
def frac(x: Array):
    """The fraction of x, with its sign."""
    return x - np.trunc(x)


BITS = {np.dtype(f"float{n}"): np.dtype(f"int{n}") for n in (16, 32, 64)}


# ── choice: the gradient goes where the value came from, and is exactly 0 elsewhere ──


@op((lambda g, y, x, mask: keep(g, mask), None), saves="mask", elementwise=True, masks=True, samples=[Sample((3, 4), MASK)])
def keep(x: Array, mask: Array):
    """x where mask is true, and 0 elsewhere, whatever x is there."""
    return kept(x, mask)


@op(
    (None, lambda g, y, condition, a, b: keep(g, condition), lambda g, y, condition, a, b: keep(g, np.logical_not(condition))),
    saves="condition", elementwise=True, masks=True, numpy=np.where,
    samples=[Sample(MASK, (3, 4), (3, 4)), Sample(MASK, (4,), (3, 1)), Sample(MASK, (3, 4), 1.5)],
)  # fmt: skip
def where(condition: Array, input: Array = None, other: Array = None):
    """input where the condition holds, other elsewhere. Without these two: the indices where it holds, one tensor per dim."""
    if input is None:
        return np.nonzero(condition)
    if getattr(input, "dtype", None) is not getattr(other, "dtype", None) or not hasattr(input, "dtype"):
        input, other = promoted((input, other))
    return chosen(condition, input, other)


@op(
    (lambda g, y, x, mask, value: keep(g, np.logical_not(mask)), None, lambda g, y, x, mask, value: keep(g, mask)),
    saves="mask", elementwise=True, masks=True, samples=[Sample((3, 4), MASK, 1.5), Sample((3, 4), MASK, ())],
)  # fmt: skip
def masked_fill(x: Array, mask: Array, value: Array):
    """x with value, a number or a 0-d tensor, where mask is true. The dtype stays that of x."""
    if mask.dtype != bool:
        raise DtypeError(message("masked_fill", "a mask of booleans is required", str(mask.dtype), "compare first: mask != 0"))
    if getattr(value, "ndim", 0):
        raise ShapeError(message("masked_fill", "one value is required", f"shape {value.shape}", "use where(mask, value, x)"))
    require_value("masked_fill", value)
    return chosen(mask, np.asarray(value, x.dtype), x)


def needs_gradient(x):
    """Whether x is a tensor that needs a gradient; arrays and numbers are constants."""
    return getattr(x, "requires_grad", False)


def tie(a, b):
    """The part of the gradient that goes to each of two equal arguments: half if both need one, none beside a constant.

    That is the shortest subgradient over those that need one: maximum(x, 0), relu(x) and clamp(x, min=0) agree at 0. PyTorch halves always.
    """
    return 0.5 if needs_gradient(a) and needs_gradient(b) else 0.0


def share(g, lost, equal, tie):
    """The part of g that goes to one of two arguments: none where it lost, tie * g where they are equal."""
    return keep(np.where(equal, tie * g, g), np.logical_not(lost))


choice = functools.partial(binary, saves="a b", masks=True, samples=[Sample((3, 4), (3, 4), tie=0.5), Sample((3, 4), (4,), tie=0.0)])


@choice((lambda g, y, a, b, tie: share(g, a < b, np.equal(a, b), tie), lambda g, y, a, b, tie: share(g, b < a, np.equal(a, b), tie)))
def larger(a: Array, b: Array, *, tie):
    """The larger of a and b, NaN if one is NaN; where they are equal, each gets tie times the gradient."""
    return np.maximum(a, b)


@choice((lambda g, y, a, b, tie: share(g, a > b, np.equal(a, b), tie), lambda g, y, a, b, tie: share(g, b > a, np.equal(a, b), tie)))
def smaller(a: Array, b: Array, *, tie):
    """The smaller of a and b, NaN if one is NaN; where they are equal, each gets tie times the gradient."""
    return np.minimum(a, b)


@choice((
    lambda g, y, a, b, tie: share(g, np.logical_or(a < b, np.isnan(a)), np.equal(a, b), tie),
    lambda g, y, a, b, tie: share(g, np.logical_or(b < a, np.isnan(b)), np.equal(a, b), tie),
))  # fmt: skip
def larger_number(a: Array, b: Array, *, tie):
    """The larger of a and b, the other one if one is NaN; where they are equal, each gets tie times the gradient."""
    return np.fmax(a, b)


@choice((
    lambda g, y, a, b, tie: share(g, np.logical_or(a > b, np.isnan(a)), np.equal(a, b), tie),
    lambda g, y, a, b, tie: share(g, np.logical_or(b > a, np.isnan(b)), np.equal(a, b), tie),
))  # fmt: skip
def smaller_number(a: Array, b: Array, *, tie):
    """The smaller of a and b, the other one if one is NaN; where they are equal, each gets tie times the gradient."""
    return np.fmin(a, b)


@derived(numpy=np.maximum, samples=BINARY)
def maximum(a: Array, b: Array):
    """The larger of a and b, NaN if one is NaN. At a tie both get half the gradient, but none beside a constant (in PyTorch, half)."""
    return larger(a, b, tie=tie(a, b))


@derived(numpy=np.minimum, samples=BINARY)
def minimum(a: Array, b: Array):
    """The smaller of a and b, NaN if one is NaN. At a tie both get half the gradient, but none beside a constant (in PyTorch, half)."""
    return smaller(a, b, tie=tie(a, b))


@derived(numpy=np.fmax, samples=BINARY)
def fmax(a: Array, b: Array):
    """The larger of a and b, the other one if one is NaN. Ties as in ``maximum`` (in PyTorch, a gets all)."""
    return larger_number(a, b, tie=tie(a, b))


@derived(numpy=np.fmin, samples=BINARY)
def fmin(a: Array, b: Array):
    """The smaller of a and b, the other one if one is NaN. Ties as in ``minimum`` (in PyTorch, a gets all)."""
    return smaller_number(a, b, tie=tie(a, b))


def inside(x, low, high):
    """Whether low < x < high, either of which may be missing."""
    return x < high if low is None else x > low if high is None else np.logical_and(x > low, x < high)


@elementwise(
    lambda g, y, x, low=None, high=None: keep(g, inside(x, low, high)), saves="x", convert="", masks=True,
    samples=[Sample((3, 4), low=-0.7, high=0.8), Sample((3, 4), low=0.3), Sample((3, 4), high=0.3)],
)  # fmt: skip
def between(x: Array, *, low=None, high=None):
    """x, but at least low and at most high: numbers, either of which may be missing. The gradient at a bound is 0."""
    if x.dtype.kind != "f":
        x, low, high = promoted((x, low, high))
    y = x if low is None else np.maximum(x, low)
    return y if high is None else np.minimum(y, high)


@derived(numpy=np.clip, samples=[Sample((3, 4), -0.7, 0.8), Sample((3, 4), min=0.3), Sample((3, 4), None, (4,)), Sample((3, 4), (4,), 0.9)])
def clamp(x: Array, min: Array = None, max: Array = None):
    """x, but at least min and at most max: numbers or tensors; max wins if they cross. The gradient at a bound is 0 (in PyTorch, 1)."""
    if min is None and max is None:
        raise ArgumentError(message("clamp", "min, max or both are required", "neither", "pass one of them"))
    if (min is None or type(min) in NUMBERS) and (max is None or type(max) in NUMBERS):
        return between(x, low=min, high=max)
    y = x if min is None else maximum(x, min)
    return y if max is None else minimum(y, max)


@derived(samples=[Sample((3, 4), 0.3), Sample((3, 4), (4,))])
def clamp_min(x: Array, min: Array):
    """x, but at least min."""
    return clamp(x, min=min)


@derived(samples=[Sample((3, 4), 0.3), Sample((3, 4), (4,))])
def clamp_max(x: Array, max: Array):
    """x, but at most max."""
    return clamp(x, max=max)


@elementwise(
    lambda g, y, x, nan=0.0, posinf=None, neginf=None: keep(g, np.isfinite(x)), saves="x", convert="", masks=True, numpy=np.nan_to_num,
)  # fmt: skip
def nan_to_num(x: Array, nan=0.0, posinf=None, neginf=None):
    """x with finite numbers in place of NaN (0) and of the infinities (the largest and the smallest number of the dtype)."""
    return np.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


@binary(
    (lambda g, y, a, b: g * np.sign(a) * np.copysign(1.0, b), zero),
    saves=("a b", ""), convert="float", numpy=np.copysign,
)  # fmt: skip
def copysign(a: Array, b: Array):
    """|a| with the sign of b. The gradient at a = 0 is 0."""
    return np.copysign(a, b)


@binary((lambda g, y, a, b: g, zero), numpy=np.nextafter)
def nextafter(a: Array, b: Array):
    """The next representable number after a on the way to b."""
    return np.nextafter(a, b)


@binary((zero, lambda g, y, x, values: keep(g, np.equal(x, 0))), saves=("", "x"), masks=True, numpy=np.heaviside)
def heaviside(x: Array, values: Array):
    """0 where x < 0, 1 where x > 0, values where x is 0."""
    return np.heaviside(x, values).astype(x.dtype, copy=False)


class MantissaExponent(NamedTuple):
    """What ``frexp`` returns."""

    mantissa: Array
    exponent: Array


@op(joint=lambda g, y, x: (np.ldexp(g[0], -y[1]),), saves="y", samples=[Sample((3, 4))])
def frexp(x: Array):
    """(mantissa, exponent) of x = mantissa * 2 ** exponent, the mantissa from ½ to 1 in size, the exponent an int32."""
    if x.dtype.kind != "f":
        raise DtypeError(message("frexp", "floating-point numbers are required", str(x.dtype), "convert first: x.float()"))
    return MantissaExponent(*np.frexp(x))


@derived(samples=[Sample((3, 4), 2.5), Sample((3, 4), ())])
def fill(x: Array, value: Array):
    """A tensor of x's shape and dtype, full of a value: a number, or a 0-d tensor, which gets the gradient."""
    if getattr(value, "ndim", 0):
        raise ShapeError(message("fill", "a number or a 0-d tensor is required", f"shape {tuple(value.shape)}", "use copy_ or expand"))
    return masked_fill(x, np.ones((), bool), value)


# ── dtype and copies ──


@elementwise(lambda g, y, x, dtype: g, complex="own", convert="", samples=[Sample((3, 4), dtype=np.dtype("float64"))])
def cast(x: Array, *, dtype):
    """x under another floating-point dtype. The gradient returns to x's own dtype, as backpropagate does for every op."""
    return x.astype(dtype)


@elementwise(lambda g, y, x, memory_format=None: g, convert="", numpy=np.copy)
def clone(x: Array, *, memory_format=None):
    """A copy of x, in memory of its own."""
    return x.copy()


subtract, multiply, divide, negative, absolute = sub, mul, div, neg, abs
fix, clip = trunc, clamp
