"""Systems of linear equations: inverses, solutions, and what is put together from them.

The rules are of M. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008). Dims before the last two are a batch, and broadcast.
"""
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from autograd.errors import ShapeError, message
from autograd.kernels.dims import dims_of
from autograd.kernels.matrices import checked_dtype, matrices, one_by_one, refuse
from autograd.kernels.pivoting import lu
from autograd.kernels.triangular import substituted
from autograd.op import Array, Sample, derived, op
from autograd.ops.elementwise import clone
from autograd.ops.shape import movedim, mT, reshape, tril, triu

__all__ = ["inverse", "triangular_solve"]


def regular(a):
    """Matrices far from singular, made of random ones: for samples."""
    return a + 5 * np.eye(a.shape[-1], dtype=a.dtype)


Z = np.array([[2.5 + 1j, -1.25 - 0.5j, 1j], [-0.75 + 0.25j, 1.5 + 2j, -1j], [0.5, 0.25 - 1j, -2 + 0.5j]])
SQUARE = (Sample((3, 3), of=regular), Sample((2, 1, 3, 3), of=regular), Sample((0, 0), of=regular))

# ── the solution of A X = B ──


@op(lambda g, y, a, check=None: -mT(y) @ g @ mT(y), saves="y", samples=SQUARE)
def inversion(a: Array, check="linalg.inv"):
    """The inverse of each matrix. Of a singular one, an error of the name check, or NaN if that is None."""
    y, refused = one_by_one(np.linalg.inv, matrices(check or "linalg.inv_ex", a, square=True))
    if refused and check:
        refuse(check, "an invertible matrix", "a singular one", refused, "use linalg.pinv, or linalg.inv_ex, which does not raise")
    return y


def solution_rule(g, y, a, b, check=None):
    """gB = A^-T g and gA = -gB Y^T."""
    gb = solution(mT(a), g, check)
    return -gb @ mT(y), gb


@op(joint=solution_rule, saves="y a", samples=[
    Sample((3, 3), (3, 2), of=regular), Sample((2, 1, 3, 3), (4, 3, 2), of=regular), Sample((3, 3), (2, 3, 1), of=regular),
])  # fmt: skip
def solution(a: Array, b: Array, check="linalg.solve"):
    """X of A X = B: (..., n, n), (..., n, m) -> (..., n, m). Of a singular A, an error of the name check, or NaN if that is None."""
    name = check or "linalg.solve_ex"
    a = matrices(name, a, square=True)
    y, refused = one_by_one(np.linalg.solve, a, right_side(name, a, b))
    if refused and check:
        refuse(check, "an invertible matrix", "a singular one", refused, "use linalg.lstsq, or linalg.solve_ex, which does not raise")
    return y


@op(samples=[Sample((3, 3), (3, 2))])
def singular(a: Array, y: Array):
    """For each matrix the first column (from 1) in which elimination finds no pivot; 0 if it finds all, as it did if y has no NaN."""
    a = matrices("linalg.inv_ex", a, square=True)
    return lu(a)[2] if np.isnan(y).any() else np.zeros(a.shape[:-2], np.int32)


@derived(numpy=np.linalg.inv, samples=SQUARE)
def inv(A: Array):
    """The inverse of each matrix: (..., n, n) -> (..., n, n). LinAlgError if one is singular."""
    return inversion(A)


inverse = inv


class Inverse(NamedTuple):
    """What ``inv_ex`` returns."""

    inverse: Array
    info: Array


@derived(samples=SQUARE[:2])
def inv_ex(A: Array, *, check_errors=False):
    """(inverse, info): ``inv`` that raises only if told to. info is 0, or the first column without a pivot; then the inverse is NaN."""
    y = inversion(A, "linalg.inv_ex" if check_errors else None)
    return Inverse(y, singular(A, y))


def right_side(name, a, b):
    """b, if it has as many rows as the matrices a."""
    checked_dtype(name, a, b)
    if b.ndim < 2 or b.shape[-2] != a.shape[-2]:
        required = f"a right side of {a.shape[-2]} rows, as many as the matrix has, is required"
        raise ShapeError(message(name, required, f"{tuple(a.shape)} and {tuple(b.shape)}", "unsqueeze a vector, or transpose"))
    return np.asarray(b)


def is_vector(a, b):
    """Whether a right side is one vector per matrix."""
    return b.ndim == 1 or (b.ndim == a.ndim - 1 and tuple(b.shape) == tuple(a.shape[:-1]))


def sided(solve, a, b, left, **params):
    """solve(a, b) from the left; or from the right, for X A = B is A^T X^T = B^T."""
    return solve(a, b, **params) if left else mT(solve(mT(a), mT(b), **params))


def solved(a, b, left, check):
    """``solve`` and ``solve_ex``."""
    if a.ndim >= 2 and is_vector(a, b):
        return solution(a if left else mT(a), b[..., None], check)[..., 0]
    return sided(solution, a, b, left, check=check)


@derived(numpy=np.linalg.solve, samples=[Sample((3, 3), (3, 2), of=regular), Sample((2, 3, 3), (3,), of=regular)])
def solve(A: Array, B: Array, *, left=True):
    """X of A X = B; of X A = B with left=False. (..., n, n), (..., n, m) -> (..., n, m).

    B of shape (n,), or of that of A without its last dim, is one vector per matrix. LinAlgError if a matrix is singular.
    """
    return solved(A, B, left, "linalg.solve")


class Solution(NamedTuple):
    """What ``solve_ex`` returns."""

    result: Array
    info: Array


@derived(samples=[
    Sample((3, 3), (3, 2), of=regular), Sample((2, 3, 3), (2, 3), of=regular), Sample((3, 3), (2, 3), left=False, of=regular),
])  # fmt: skip
def solve_ex(A: Array, B: Array, *, left=True, check_errors=False):
    """(result, info): ``solve`` that raises only if told to. info is 0, or the first column without a pivot; then the result is NaN."""
    y = solved(A, B, left, "linalg.solve_ex" if check_errors else None)
    return Solution(y, singular(A, y))


# ── triangular systems ──


def triangular_rule(g, y, a, b, upper, unit=False):
    gb = triangular_solution(mT(a), g, not upper, unit)
    return (triu if upper else tril)(-gb @ mT(y), (1 if upper else -1) if unit else 0), gb


@op(joint=triangular_rule, saves="y a", samples=[
    Sample((3, 3), (3, 2), upper=True, of=regular), Sample((2, 3, 3), (3, 2), upper=False, of=regular),
    Sample((3, 3), (2, 3, 1), upper=True, unit=True), Sample((3, 3), (3, 1), upper=False, unit=True),
])  # fmt: skip
def triangular_solution(a: Array, b: Array, upper, unit=False):
    """X of A X = B, where of A one triangle counts."""
    name = "linalg.solve_triangular"
    a = matrices(name, a, square=True)
    return substituted(a, right_side(name, a, b), upper, unit)


@derived(samples=[
    Sample((3, 3), (3, 2), upper=True, of=regular), Sample((2, 3, 3), (2, 3), upper=False, left=False, of=regular),
    Sample((3, 3), (3, 2), upper=False, unitriangular=True),
])  # fmt: skip
def solve_triangular(A: Array, B: Array, *, upper, left=True, unitriangular=False):
    """X of A X = B, or of X A = B with left=False, where only the upper or the lower triangle of A counts.

    With unitriangular its diagonal counts as 1. A 0 on it divides as numbers do, to inf and NaN.
    """
    if left:
        return triangular_solution(A, B, upper, unitriangular)
    return mT(triangular_solution(mT(A), mT(B), not upper, unitriangular))


class Triangular(NamedTuple):
    """What ``triangular_solve`` returns."""

    solution: Array
    cloned_coefficient: Array


@derived(samples=[Sample((3, 2), (3, 3), domain=(0.5, 2.0)), Sample((3, 2), (2, 3, 3), False, transpose=True, domain=(0.5, 2.0))])
def triangular_solve(b: Array, A: Array, upper=True, transpose=False, unitriangular=False):
    """(X of A X = b, or of A^T X = b; a copy of A): ``linalg.solve_triangular`` under its older name."""
    x = triangular_solution(mT(A) if transpose else A, b, upper != transpose, unitriangular)
    return Triangular(x, clone(A))


# ── tensors as matrices ──


@derived(numpy=np.linalg.tensorinv, samples=[Sample((6, 2, 3), ind=1), Sample((2, 3, 3, 2))])
def tensorinv(A: Array, ind=2):
    """The inverse of A as a matrix from its dims before ind to those behind: tensordot(tensorinv(A, ind), A, ind) is the identity."""
    rows, columns = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if ind <= 0 or math.prod(rows) != math.prod(columns):
        required = "ind > 0, and as many elements before as behind it, are required"
        raise ShapeError(message("linalg.tensorinv", required, f"ind={ind} for shape {tuple(A.shape)}", "choose another ind"))
    return reshape(inversion(reshape(A, (math.prod(rows), math.prod(columns))), "linalg.tensorinv"), (*columns, *rows))


@derived(numpy=np.linalg.tensorsolve, samples=[Sample((2, 3, 6), (2, 3)), Sample((2, 6, 3), (2, 3), [1])])
def tensorsolve(A: Array, B: Array, dims=None):
    """X of tensordot(A, X) = B over the dims of A behind those of B; dims are moved to the end of A before."""
    if dims is not None:
        dims = dims_of("linalg.tensorsolve", dims, A.ndim)
        A = movedim(A, dims, tuple(range(A.ndim - len(dims), A.ndim)))
    n, rest = math.prod(B.shape), tuple(A.shape[B.ndim :])
    if math.prod(A.shape) != n * n or math.prod(rest) != n:
        required = f"dims of A that hold {n} elements, as B does, behind those of B are required"
        raise ShapeError(message("linalg.tensorsolve", required, f"{tuple(A.shape)} and {tuple(B.shape)}", "choose dims"))
    return reshape(solution(reshape(A, (n, n)), reshape(B, (n, 1)), "linalg.tensorsolve"), rest)
