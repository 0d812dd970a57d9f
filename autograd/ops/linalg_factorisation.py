"""Matrices as products of simpler ones: Cholesky, QR, LU and LDL, and what is solved with them.

A factor is read from one triangle or one half of its argument, and is the only one of its kind by a convention of signs; each rule says
what it holds fixed. Dims before the last two are a batch.
"""
from __future__ import annotations

import bisect
from typing import Any, NamedTuple

import numpy as np

from autograd import tracing
from autograd.errors import ArgumentError, GraphError, ShapeError, message
from autograd.kernels import pivoting
from autograd.kernels.matrices import matrices, one_by_one, refuse
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import conj, mH
from autograd.ops.indexing import take_along_dim
from autograd.ops.linalg_solving import Z, regular, right_side, triangular_solution
from autograd.ops.linalg_spectrum import nothing
from autograd.ops.shape import mT, tril, triu
from autograd.ops.sorting import plain

__all__ = [
    "cholesky", "cholesky_inverse", "cholesky_solve", "geqrf", "lu", "lu_solve", "lu_unpack", "orgqr", "ormqr", "qr",
]  # fmt: skip


def definite(a):
    """Positive-definite matrices, made of random ones: for samples."""
    return a @ np.conjugate(a).swapaxes(-1, -2) + 2 * np.eye(a.shape[-2], dtype=a.dtype)


DEFINITE = (Sample((3, 3), of=definite), Sample((2, 1, 3, 4), of=definite), Sample((0, 0), of=definite))



def hermitian_of(x, part):
    """The Hermitian matrix that has this triangle of x, tril or triu."""
    half = (part(x) + part(x, -1 if part is tril else 1)) * 0.5
    return half + mH(half)


def refused(name, remedy):
    """The rule of what has no derivative, here as in PyTorch: a gradient that silently lacked a part would be a wrong one."""

    def rule(*_, **__):
        raise GraphError(message(f"backward through {name}", "there is no derivative of it", "", f"{remedy}, or detach() its argument"))

    return rule


# ── Cholesky ──


def lower_rule(g, y, a, check=None):
    """L^-H P L^-1 made Hermitian, P the lower triangle of L^H g, its diagonal halved (I. Murray, arXiv 1602.07527)."""
    inner = triangular_solution(mH(y), hermitian_of(mH(y) @ g, tril), True)
    return mH(triangular_solution(mH(y), mH(inner), True)) * 0.5


@op(lower_rule, saves="y", complex="own", samples=DEFINITE)
def lower_factor(a: Array, check="linalg.cholesky"):
    """L of A = L L^H, from the lower triangle of A. Of an A that has none, an error of the name check, or NaN if that is None."""
    y, failed = one_by_one(np.linalg.cholesky, matrices(check or "linalg.cholesky_ex", a, square=True))
    if failed and check:
        k = order_of_failure(a[failed[0]])
        given = f"one whose leading {k} x {k} block is not"
        remedy = "add a small multiple of the identity, or use linalg.cholesky_ex, which does not raise"
        refuse(check, "a positive-definite matrix", given, failed, remedy)
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


# ── QR ──


class QR(NamedTuple):
    """A = Q R."""

    Q: Array
    R: Array


def tall_rule(g, y, a, complete=False):
    """(gQ + Q H) R^-H, H the Hermitian matrix with the upper triangle of gR R^H - Q^H gQ: Q^H Q = I, and the diagonal of R is real.

    The rest of a complete basis turns along, dQ2 = -Q1 dQ1^H Q2, for which PyTorch has no rule. (S. Walter, L. Lehmann and R. Lamour, "On
    evaluating higher-order derivatives of the QR decomposition of tall matrices with full column rank", 2012.)
    """
    n = a.shape[-1]
    (gq, gr), q, r = g, y[0][..., :n], y[1][..., :n, :]
    if complete and a.shape[-2] > n:
        rest = y[0][..., n:]
        gq = gq[..., :n] - rest @ mH(gq[..., n:]) @ q
    inner = gq + q @ hermitian_of(gr[..., :n, :] @ mH(r) - mH(q) @ gq, triu)
    return mH(triangular_solution(r, mH(inner), True))


@op(tall_rule, saves="y", complex="own", samples=[
    Sample((3, 3)), Sample((2, 4, 3)), Sample((4, 3), complete=True), Sample((3, 0)), Sample(Z),
])  # fmt: skip
def tall_qr(a: Array, complete=False):
    """``linalg.qr`` of matrices with no more columns than rows."""
    return QR(*np.linalg.qr(a := matrices("linalg.qr", a), "complete" if complete and a.shape[-2] > a.shape[-1] else "reduced"))


@derived(samples=[
    Sample((3, 3)), Sample((2, 3, 5)), Sample((4, 3), mode="complete"), Sample((4, 3), mode="r"), Sample((3, 4), "complete"),
])  # fmt: skip
def linalg_qr(A: Array, mode="reduced"):
    """(Q, R) of A = Q R, Q^H Q = I, R upper triangular: (..., m, n) -> (..., m, k), (..., k, n), k the smaller of m and n.

    mode "complete": Q is (..., m, m) and R (..., m, n); "r": R alone, and an empty Q. A loss may depend on the columns of Q and the rows
    of R in ways that their common signs do not change, on columns of Q beyond the first k only through the space that they span, and needs
    first k columns that are independent. PyTorch has no derivative for "r" and for a complete Q that is larger.
    """
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(message("linalg.qr", 'mode "reduced", "complete" or "r" is required', repr(mode), "leave it out for reduced"))
    m = A.shape[-2] if A.ndim > 1 else 0
    if A.ndim > 1 and A.shape[-1] > m:
        q, square = tall_qr(A[..., :m])
        r: Any = np.concatenate((square, mH(q) @ A[..., m:]), -1)
    else:
        q, r = tall_qr(A, mode == "complete")
    return QR(nothing(A, (0,)) if mode == "r" else q, r)


@derived(samples=[Sample((4, 3)), Sample((4, 3), some=False)])
def qr(A: Array, some=True):
    """``linalg.qr`` under its older name: reduced, or complete if not some."""
    return linalg_qr(A, "reduced" if some else "complete")


# ── products of reflections ──


class Reflections(NamedTuple):
    """R, and below it the vectors of reflections whose product is Q; their factors."""

    a: Array
    tau: Array


@op(refused("geqrf", "use linalg.qr"), complex="own", samples=[Sample((4, 3)), Sample((2, 3, 4))])
def geqrf(A: Array):
    """(a, tau) of A = Q R in LAPACK's form: R is the upper triangle of a, Q = ``linalg.householder_product(a, tau)``. No derivative."""
    a, tau = np.linalg.qr(matrices("geqrf", A), "raw")
    return Reflections(np.ascontiguousarray(a.swapaxes(-1, -2)), tau)


def reflected(a, tau, x, adjoint):
    """Q X or Q^H X, where Q = (I - tau1 v1 v1^H) (I - tau2 v2 v2^H) ... is I - V T V^H with T = D (I + S D)^-1.

    D has tau on its diagonal, S is the upper triangle of V^H V above its own (C. Puglisi, SIAM J. Sci. Stat. Comput. 13, 1992).
    """
    k = tau.shape[-1]
    v = tril(a[..., :k], -1) + np.eye(a.shape[-2], k, dtype=a.dtype)
    inner = triu(mH(v) @ v, 1) * tau[..., None, :]
    if adjoint:
        return x - v @ triangular_solution(mH(inner), conj(tau)[..., None] * (mH(v) @ x), False, True)
    return x - v @ (tau[..., None] * triangular_solution(inner, mH(v) @ x, True, True))


def reflections(name, a, tau):
    """Check the parts of a product of reflections."""
    if a.ndim < 2 or tau.ndim != a.ndim - 1 or tau.shape[-1] > a.shape[-1] or tau.shape[:-1] != a.shape[:-2]:
        required = "matrices, and one factor per column, or fewer, are required"
        raise ShapeError(message(name, required, f"{tuple(a.shape)} and {tuple(tau.shape)}", "pass what geqrf returns"))


@derived(samples=[Sample((4, 3), (3,)), Sample((2, 3, 3), (2, 2))])
def householder_product(A: Array, tau: Array):
    """The first n columns of Q = H1 H2 ..., where Hi = I - tau[i] v v^H and v is column i of A below its diagonal, on which 1 stands.

    (..., m, n), (..., k) -> (..., m, n). What ``geqrf`` returns gives the Q of ``linalg.qr``.
    """
    reflections("linalg.householder_product", A, tau)
    if A.shape[-1] > A.shape[-2]:
        required = "no more columns than rows are required"
        raise ShapeError(message("linalg.householder_product", required, f"shape {tuple(A.shape)}", "use ormqr"))
    return reflected(A, tau, np.eye(*A.shape[-2:], dtype=A.dtype), False)


orgqr = householder_product


@derived(samples=[
    Sample((4, 3), (3,), (4, 2)), Sample((2, 4, 3), (2, 3), (2, 2, 4), left=False), Sample((4, 3), (3,), (4, 2), transpose=True),
    Sample((4, 3), (3,), (2, 4), False, True),
])  # fmt: skip
def ormqr(A: Array, tau: Array, other: Array, left=True, transpose=False):
    """Q @ other, Q the (m, m) product of the reflections that ``geqrf`` returns; other @ Q unless left; Q^H in its place with transpose."""
    reflections("ormqr", A, tau)
    return reflected(A, tau, other, transpose) if left else mH(reflected(A, tau, mH(other), not transpose))


# ── LU ──


class Packed(NamedTuple):
    """What ``lu_factor_ex`` returns."""

    LU: Array
    pivots: Array
    info: Array


def packed_rule(g, y, a, pivot=True):
    """With F = L^T gL - gU2 U2^T below the diagonal and gU U^T - L2^T gL2 from there on: P L^-T F U^-T, and what belongs to L2 and U2.

    (F. de Hoog, R. Anderssen and M. Lukas, "Differentiation of matrix functionals using triangular factorization", Math. Comp. 2011.)
    """
    g, f, (m, n) = g[0], y[0], a.shape[-2:]
    k = min(m, n)
    square, gu = f[..., :k, :k], triu(g)[..., :k, :]
    lower, gl = tril(square, -1) + np.eye(k, dtype=f.dtype), tril(g, -1)[..., :k]
    upper, wide, long = triu(square), f[..., :k, k:], f[..., k:, :k]
    inner = tril(mT(lower) @ gl[..., :k, :] - gu[..., k:] @ mT(wide), -1) + triu(gu[..., :k] @ mT(upper) - mT(long) @ gl[..., k:, :])

    def before_upper(x):
        return mT(triangular_solution(square, mT(x), True))

    ga = before_upper(triangular_solution(mT(square), inner, True, True))
    if n > k:
        ga = np.concatenate((ga, triangular_solution(mT(square), gu[..., k:], True, True)), -1)
    if m > k:
        ga = np.concatenate((ga, before_upper(gl[..., k:, :])), -2)
    back = np.argsort(pivoting.permutation(np.asarray(plain(y[1])), m), -1)
    return take_along_dim(ga, back[..., None], -2)


@op(packed_rule, saves="y", complex="holomorphic", samples=[
    Sample((3, 3)), Sample((2, 4, 3)), Sample((3, 5)), Sample((3, 3), pivot=False, of=regular), Sample((0, 3)),
])  # fmt: skip
def packed(a: Array, pivot=True):
    """L and U in one matrix, pivots, and info."""
    return Packed(*pivoting.lu(matrices("linalg.lu_factor", a), pivot))


@derived(samples=[Sample((2, 4, 3))])
def lu_factor_ex(A: Array, *, pivot=True, check_errors=False):
    """(LU, pivots, info): ``lu_factor`` that raises only if told to. info is 0, or the first column (from 1) in which there is no pivot."""
    return factored("linalg.lu_factor_ex", A, pivot, check_errors)


def factored(name, a, pivot, check):
    """``packed``, of matrices that have all pivots if that is to be checked."""
    lu, pivots, info = packed(a, pivot)
    if check:
        tracing.check(pivots_found, name, plain(info))
    return Packed(lu, pivots, info)


def pivots_found(name, info):
    """Refuse an info that is not 0 everywhere."""
    if info.any():
        where = [index for index in np.ndindex(info.shape) if info[index]]
        refuse(name, "a matrix of full rank", "one without a pivot", where, "use linalg.lu, or linalg.lu_factor_ex, which do not raise")


class Factors(NamedTuple):
    """What ``lu_factor`` returns."""

    LU: Array
    pivots: Array


@derived(samples=[Sample((2, 4, 3)), Sample((3, 4))])
def lu_factor(A: Array, *, pivot=True):
    """(LU, pivots) of A = P L U in LAPACK's form: L below the diagonal, U on it and above: (..., m, n) -> (..., m, n), (..., k) int32.

    Row j was exchanged with row pivots[j] - 1. Without pivot, none is; PyTorch can do that on a GPU only. LinAlgError if U has a 0 on its
    diagonal, for then nothing can be solved with it.
    """
    lu, pivots, _ = factored("linalg.lu_factor", A, pivot, True)
    return Factors(lu, pivots)


class PackedInfos(NamedTuple):
    """What ``lu`` returns if it is asked for infos."""

    LU: Array
    pivots: Array
    infos: Array


@derived(samples=[Sample((2, 3, 3)), Sample((3, 4), get_infos=True)])
def lu(A: Array, pivot=True, get_infos=False):
    """``linalg.lu_factor`` under its older name; with get_infos, ``linalg.lu_factor_ex``."""
    lu, pivots, infos = factored("lu", A, pivot, not get_infos)
    return PackedInfos(lu, pivots, infos) if get_infos else Factors(lu, pivots)


@op(samples=[Sample((4, 3), np.array([2, 3, 3], np.int32))])
def exchanges(lu: Array, pivots: Array):
    """P as a matrix, (..., m, m)."""
    m = lu.shape[-2]
    return np.eye(m, dtype=lu.dtype)[pivoting.permutation(np.asarray(pivots), m)].swapaxes(-1, -2)


class PLU(NamedTuple):
    """A = P L U."""

    P: Array
    L: Array
    U: Array


PIVOTS = np.array([2, 3, 3], np.int32)


@derived(samples=[Sample((4, 3), [2, 3, 3]), Sample((2, 3, 5), [[2, 3, 3], [1, 2, 3]]), Sample((3, 3), [2, 3, 3], unpack_pivots=False)])
def lu_unpack(LU_data: Array, LU_pivots: Array, unpack_data=True, unpack_pivots=True):
    """(P, L, U) of A = P L U from what ``linalg.lu_factor`` returns; what is not wanted is empty."""
    k, none = min(LU_data.shape[-2:]), nothing(LU_data, (0,))
    p = exchanges(LU_data, LU_pivots) if unpack_pivots else none
    if not unpack_data:
        return PLU(p, none, none)
    return PLU(p, tril(LU_data[..., :k], -1) + np.eye(LU_data.shape[-2], k, dtype=LU_data.dtype), triu(LU_data[..., :k, :]))


@derived(samples=[Sample((3, 3)), Sample((2, 4, 3)), Sample((3, 5)), Sample((3, 3), pivot=False, of=regular)])
def linalg_lu(A: Array, *, pivot=True):
    """(P, L, U) of A = P L U: (..., m, n) -> (..., m, m), (..., m, k), (..., k, n), k the smaller of m and n.

    L is lower triangular with ones on its diagonal, U upper triangular, P a permutation. Without pivot it is empty; PyTorch can do that
    on a GPU only.
    """
    lu, pivots, _ = packed(A, pivot)
    return lu_unpack(lu, pivots, True, pivot)


@derived(samples=[
    Sample((3, 3), PIVOTS, (3, 2), of=regular), Sample((3, 3), PIVOTS, (2, 2, 3), left=False, of=regular),
    Sample((3, 3), PIVOTS, (3, 2), adjoint=True, of=regular),
])  # fmt: skip
def linalg_lu_solve(LU: Array, pivots: Array, B: Array, *, left=True, adjoint=False):
    """X of A X = B, of X A = B unless left, with A^H in place of A if adjoint, from what ``linalg.lu_factor`` of A returns."""
    if not left:
        return mH(linalg_lu_solve(LU, pivots, mH(B), adjoint=not adjoint))
    p = exchanges(LU, pivots)
    if adjoint:
        return p @ triangular_solution(mH(LU), triangular_solution(mH(LU), B, False), True, True)
    return triangular_solution(LU, triangular_solution(LU, mT(p) @ B, False, True), True)


@derived(samples=[Sample((3, 2), (3, 3), PIVOTS, domain=(0.5, 2.0))])
def lu_solve(b: Array, LU_data: Array, LU_pivots: Array):
    """``linalg.lu_solve`` under its older name: X of A X = b."""
    return linalg_lu_solve(LU_data, LU_pivots, b)


# ── LDL ──


class LDL(NamedTuple):
    """What ``ldl_factor_ex`` returns."""

    LD: Array
    pivots: Array
    info: Array


@op(refused("linalg.ldl_factor", "use linalg.lu_factor"), complex="own", samples=[Sample((3, 3)), Sample((2, 3, 3), hermitian=True)])
def ldl_factor_ex(A: Array, *, hermitian=False, check_errors=False):
    """(LD, pivots, info): ``ldl_factor`` that raises only if told to. info is 0, or the first 0 (from 1) on the diagonal of D."""
    y, pivots, info = pivoting.ldl(matrices("linalg.ldl_factor_ex", A, square=True), hermitian)
    if check_errors and info.any():
        where = [index for index in np.ndindex(info.shape) if info[index]]
        refuse("linalg.ldl_factor_ex", "an invertible matrix", "one with a 0 in D", where, "use linalg.eigh")
    return LDL(y, pivots, info)


class LD(NamedTuple):
    """What ``ldl_factor`` returns."""

    LD: Array
    pivots: Array


@derived(samples=[Sample((2, 4, 4))])
def ldl_factor(A: Array, *, hermitian=False):
    """(LD, pivots) of A = L D L^T, or L D L^H if hermitian, in LAPACK's form: (..., n, n) -> (..., n, n), (..., n) int32. No derivative.

    D has blocks of size 1 and 2, L a diagonal of ones, and its rows are exchanged as the pivots say. One triangle of A is read.
    """
    return LD(*ldl_factor_ex(A, hermitian=hermitian)[:2])


def ldl_rule(g, y, LD, pivots, B, hermitian=False):
    return conj(ldl_solve(LD, pivots, conj(g), hermitian=True)) if hermitian else ldl_solve(LD, pivots, g)


@op(
    (refused("the factors of linalg.ldl_solve", "use linalg.solve"), None, ldl_rule), saves="LD pivots", complex="holomorphic", samples=[
        Sample((3, 3), [-2, -2, 3], (3, 2), domain=(0.5, 2.0)),
        Sample((3, 3), [1, -3, -3], (2, 3, 2), hermitian=True, domain=(0.5, 2.0)),
    ],
)  # fmt: skip
def ldl_solve(LD: Array, pivots: Array, B: Array, *, hermitian=False):
    """X of A X = B from what ``linalg.ldl_factor`` of A returns. There is a derivative by B alone, as in PyTorch."""
    a = matrices("linalg.ldl_solve", LD, square=True)
    return pivoting.ldl_solved(a, np.asarray(pivots), right_side("linalg.ldl_solve", a, B), hermitian)
