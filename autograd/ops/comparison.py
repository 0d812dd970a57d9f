"""Questions that each element answers with true or false, and the arithmetic of truth values and bits. Nothing here has a derivative."""
from __future__ import annotations

import numpy as np

from autograd.op import Array, Sample, op
from autograd.ops.elementwise import binary, elementwise

__all__ = [
    "eq", "ne", "lt", "le", "gt", "ge", "isclose", "isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "signbit",
    "logical_and", "logical_or", "logical_xor", "logical_not",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm", "isin",
    "greater", "greater_equal", "less", "less_equal", "not_equal",
]  # fmt: skip

INTEGERS = (Sample(np.array([[1, 2], [6, 7]]), np.array([3, 2])),)
TRUTHS = (Sample(np.array([[True], [False]]), np.array([True, False])),)

# ── comparison ──


@binary(numpy=np.equal)
def eq(a: Array, b: Array):
    """a == b."""
    return np.equal(a, b)


@binary(numpy=np.not_equal)
def ne(a: Array, b: Array):
    """a != b."""
    return np.not_equal(a, b)


@binary(numpy=np.less)
def lt(a: Array, b: Array):
    """a < b."""
    return np.less(a, b)


@binary(numpy=np.less_equal)
def le(a: Array, b: Array):
    """a <= b."""
    return np.less_equal(a, b)


@binary(numpy=np.greater)
def gt(a: Array, b: Array):
    """a > b."""
    return np.greater(a, b)


@binary(numpy=np.greater_equal)
def ge(a: Array, b: Array):
    """a >= b."""
    return np.greater_equal(a, b)


@binary(convert="", numpy=np.isclose)
def isclose(a: Array, b: Array, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |a - b| <= atol + rtol * |b|."""
    return np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


@elementwise(convert="", numpy=np.isnan)
def isnan(x: Array):
    """Whether x is not a number."""
    return np.isnan(x)


@elementwise(convert="", numpy=np.isinf)
def isinf(x: Array):
    """Whether x is infinite."""
    return np.isinf(x)


@elementwise(convert="", numpy=np.isfinite)
def isfinite(x: Array):
    """Whether x is neither infinite nor NaN."""
    return np.isfinite(x)


@elementwise(convert="", numpy=np.isposinf)
def isposinf(x: Array):
    """Whether x is +infinity."""
    return np.equal(x, np.inf)


@elementwise(convert="", numpy=np.isneginf)
def isneginf(x: Array):
    """Whether x is -infinity."""
    return np.equal(x, -np.inf)


@elementwise(convert="", numpy=np.isreal)
def isreal(x: Array):
    """Whether the imaginary part of x is 0."""
    return np.isreal(x)


@elementwise(convert="", numpy=np.signbit)
def signbit(x: Array):
    """Whether the sign of x is negative, -0.0 included."""
    return np.signbit(x) if x.dtype.kind == "f" else np.less(x, 0)


# ── logic and bits ──


@binary(convert="", numpy=np.logical_and, samples=TRUTHS)
def logical_and(a: Array, b: Array):
    """Whether both are true; a number is true unless it is 0."""
    return np.logical_and(a, b)


@binary(convert="", numpy=np.logical_or, samples=TRUTHS)
def logical_or(a: Array, b: Array):
    """Whether one of them is true; a number is true unless it is 0."""
    return np.logical_or(a, b)


@binary(convert="", numpy=np.logical_xor, samples=TRUTHS)
def logical_xor(a: Array, b: Array):
    """Whether exactly one of them is true; a number is true unless it is 0."""
    return np.logical_xor(a, b)


@elementwise(convert="", numpy=np.logical_not, samples=[Sample(np.array([True, False]))])
def logical_not(x: Array):
    """Whether x is false; a number is false if it is 0."""
    return np.logical_not(x)


@binary(numpy=np.bitwise_and, samples=INTEGERS + TRUTHS)
def bitwise_and(a: Array, b: Array):
    """The bits that both have; of booleans, whether both are true."""
    return np.bitwise_and(a, b)


@binary(numpy=np.bitwise_or, samples=INTEGERS + TRUTHS)
def bitwise_or(a: Array, b: Array):
    """The bits that one of them has; of booleans, whether one is true."""
    return np.bitwise_or(a, b)


@binary(numpy=np.bitwise_xor, samples=INTEGERS + TRUTHS)
def bitwise_xor(a: Array, b: Array):
    """The bits that exactly one of them has; of booleans, whether they differ."""
    return np.bitwise_xor(a, b)


@elementwise(convert="", numpy=np.bitwise_not, samples=[Sample(np.array([1, -3])), Sample(np.array([True, False]))])
def bitwise_not(x: Array):
    """The bits that x has not; of booleans, the opposite."""
    return np.bitwise_not(x)


@binary(numpy=np.left_shift, samples=INTEGERS)
def bitwise_left_shift(a: Array, b: Array):
    """a shifted left by b bits: a * 2 ** b."""
    return np.left_shift(a, b)


@binary(numpy=np.right_shift, samples=INTEGERS)
def bitwise_right_shift(a: Array, b: Array):
    """a shifted right by b bits: a // 2 ** b."""
    return np.right_shift(a, b)


@binary(numpy=np.gcd, samples=INTEGERS)
def gcd(a: Array, b: Array):
    """The greatest common divisor of integers."""
    return np.gcd(a, b)


@binary(numpy=np.lcm, samples=INTEGERS)
def lcm(a: Array, b: Array):
    """The least common multiple of integers."""
    return np.lcm(a, b)


@op(numpy=np.isin, samples=[Sample(np.array([1, 2, 3]), np.array([2, 5])), Sample(np.array([[1.0, 2.0]]), np.array([2.0]), invert=True)])
def isin(elements: Array, test_elements: Array, *, assume_unique=False, invert=False):
    """Whether each element is among the test elements; with invert, whether it is not."""
    return np.isin(elements, test_elements, assume_unique=assume_unique, invert=invert)


greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne
