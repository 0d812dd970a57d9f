"""Matrices as products of simpler ones: Cholesky, QR, LU and LDL, and what is solved with them.

A factor is read from one triangle or one half of its argument, and is the only one of its kind by a convention of signs; each rule says
what it holds fixed. Dims before the last two are a batch.
"""
from __future__ import annotations

import bisect
from typing import NamedTuple

import numpy as np

from autograd.kernels.matrices import matrices, one_by_one, refuse
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import mH
from autograd.ops.linalg_solving import triangular_solution
from autograd.ops.shape import tril

__all__ = ["cholesky", "cholesky_inverse", "cholesky_solve"]


def definite(a):
    """Positive-definite matrices, made of random ones: for samples."""
    return a @ np.conjugate(a).swapaxes(-1, -2) + 2 * np.eye(a.shape[-2], dtype=a.dtype)


DEFINITE = (Sample((3, 3), of=definite), Sample((2, 1, 3, 4), of=definite), Sample((0, 0), of=definite))

# ── Cholesky ──


def lower_rule(g, y, a, check=None):
    """L^-H P L^-1 made Hermitian, P the lower triangle of L^H g, its diagonal halved (I. Murray, arXiv 1602.07527)."""
    p = mH(y) @ g
    p = (tril(p) + tril(p, -1)) * 0.5
    p = p + mH(p)
    inner = triangular_solution(mH(y), p, True)
    return mH(triangular_solution(mH(y), mH(inner), True)) * 0.5


@op(lower_rule, saves="y", complex="own", samples=DEFINITE)
def lower_factor(a: Array, check="linalg.cholesky"):
    """L of A = L L^H, from the lower triangle of A. Of an A that has none, an error of the name check, or NaN if that is None."""
    y, refused = one_by_one(np.linalg.cholesky, matrices(check or "linalg.cholesky_ex", a, square=True))
    if refused and check:
        k = order_of_failure(a[refused[0]])
        given = f"one whose leading {k} x {k} block is not"
        remedy = "add a small multiple of the identity, or use linalg.cholesky_ex, which does not raise"
        refuse(check, "a positive-definite matrix", given, refused, remedy)
    return y


def order_of_failure(a):
    """The size of the smallest leading block of a matrix that is not positive-definite: all larger ones are not either."""
    return bisect.bisect_left(range(1, len(a) + 1), True, key=lambda k: bool(one_by_one(np.linalg.cholesky, a[:k, :k])[1])) + 1


@op(samples=[Sample((2, 3, 3), (2, 3, 3))])
def indefinite(a: Array, y: Array):
    """For each matrix the size of its smallest leading block that is not positive-definite; 0 if all are, as they were if y has no NaN."""
    a, info = matrices("linalg.cholesky_ex", a, square=True), np.zeros(a.shape[:-2], np.int32)
    for index in np.argwhere(np.isnan(y).any((-2, -1))).tolist():
        info[tuple(index)] = order_of_failure(a[tuple(index)])
    return info


def factor(a, upper, check):
    """L of A = L L^H, or U = L^H of A = U^H U, from the triangle that it fills."""
    return mH(lower_factor(mH(a), check)) if upper else lower_factor(a, check)


@derived(numpy=np.linalg.cholesky, samples=[*DEFINITE, Sample((3, 3), upper=True, of=definite)])
def cholesky(A: Array, upper=False):
    """The lower triangular L of A = L L^H, with a positive diagonal; with upper, U of A = U^H U. (..., n, n) -> (..., n, n).

    A has to be Hermitian and positive-definite, or LinAlgError says where it is not; only the triangle that is filled is read, but the
    gradient is that of a Hermitian matrix.
    """
    return factor(A, upper, "linalg.cholesky")


class Cholesky(NamedTuple):
    """What ``cholesky_ex`` returns."""

    L: Array
    info: Array


@derived(samples=[Sample((2, 3, 3), of=definite), Sample((3, 3), upper=True, of=definite)])
def cholesky_ex(A: Array, *, upper=False, check_errors=False):
    """(L, info): ``cholesky`` that raises only if told to. info is 0, or the size of the first leading block that is not positive-definite.

    Then the factor is NaN.
    """
    y = factor(A, upper, "linalg.cholesky_ex" if check_errors else None)
    return Cholesky(y, indefinite(mH(A) if upper else A, y))


@derived(samples=[Sample((3, 2), (3, 3), domain=(0.5, 2.0)), Sample((3, 2), (2, 3, 3), upper=True, domain=(0.5, 2.0))])
def cholesky_solve(B: Array, L: Array, upper=False):
    """X of A X = B, where L is the Cholesky factor of A; with upper, L is U of A = U^H U."""
    lower = mH(L) if upper else L
    return triangular_solution(mH(lower), triangular_solution(lower, B, False), True)


@derived(samples=[Sample((3, 3), domain=(0.5, 2.0)), Sample((2, 3, 3), upper=True, domain=(0.5, 2.0))])
def cholesky_inverse(L: Array, upper=False):
    """The inverse of the matrix whose Cholesky factor is L; with upper, L is U of A = U^H U."""
    return cholesky_solve(np.eye(L.shape[-1], dtype=L.dtype), L, upper)
