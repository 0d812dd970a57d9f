"""Eigenvalues and singular values, with their vectors; and what follows from them: pseudo-inverses, ranks, least squares.

Vectors are unique up to a gauge only: a sign (for complex numbers, a phase) each, and a rotation among those of equal values. A loss has a
derivative if it does not depend on the gauge. If it depends on a phase, the rules raise, as PyTorch's do; where values are equal, the
gradient is inf or NaN if the loss depends on the single vectors, and right if it depends on the values alone.

The rules are those of M. Giles (2008, see linalg_solving.py) and of J. Townsend, "Differentiating the singular value decomposition" (2016);
for pseudo-inverses, of G. Golub and V. Pereyra (1973).
"""
from __future__ import annotations

import builtins
from typing import NamedTuple

import numpy as np

from autograd import tracing
from autograd.errors import ArgumentError, GraphError, message
from autograd.kernels.matrices import matrices, refuse
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import conj, imag, mH, real
from autograd.ops.linalg_solving import Z, is_vector, right_side, solution
from autograd.ops.reduction import sum
from autograd.ops.shape import diag_embed, diagonal
from autograd.ops.sorting import plain

__all__ = ["pinverse", "svd"]

RECTANGLES = (Sample((3, 3)), Sample((2, 4, 3)), Sample((3, 4)))


def symmetric(a):
    """Hermitian matrices, made of random ones: for samples."""
    return a + np.conjugate(a).swapaxes(-1, -2)


HERMITIAN = (Sample((3, 3), of=symmetric), Sample((2, 1, 3, 3), of=symmetric), Sample((0, 0), of=symmetric))

# ── what the rules have in common ──


def decomposed(name, function, a):
    """function(a), whose iteration converges for all numbers that are finite."""
    try:
        return function(a)
    except np.linalg.LinAlgError:
        refused = [index for index in np.ndindex(a.shape[:-2]) if not np.isfinite(a[index]).all()] or [()]
        refuse(name, "a matrix of finite numbers", "one for which the iteration does not converge", refused, "look for NaN and inf in it")


def over_gap(x, gap):
    """x / gap; 0 where both are 0, for what does not depend on the vectors has a derivative though values are equal."""
    none = np.logical_and(np.equal(x, 0), np.equal(gap, 0))
    return np.where(none, np.zeros((), x.dtype), x / np.where(none, np.ones((), gap.dtype), gap))


def gaps(values):
    """values[j] - values[i] at [i, j], and 1 on the diagonal."""
    return values[..., None, :] - values[..., :, None] + np.eye(values.shape[-1], dtype=values.dtype)


def skew(x):
    return x - mH(x)


def phase_free(name, slopes, *gradients):
    """Refuse a loss that depends on phases: slopes are its derivatives by them, on the diagonal of a matrix, times i."""
    if slopes.dtype.kind == "c":
        tracing.check(check_phases, name, *map(plain, (slopes, *gradients)))


def check_phases(name, slopes, *gradients):
    turns = np.abs(np.diagonal(slopes, 0, -2, -1).imag)
    scale = np.max([np.abs(g).max(initial=0) for g in gradients])  # beside which rounding is small
    if (turns > np.sqrt(np.finfo(turns.dtype).eps) * scale).any():
        required = "a loss that does not depend on the phases of the vectors is required, for these are arbitrary"
        raise GraphError(message(f"backward through {name}", required, "one that does", "use what is the same for e^(ia) v: |v|, or v v^H"))


# ── eigenvalues of Hermitian matrices ──


class Eigen(NamedTuple):
    """Eigenvalues, and the vectors to them as columns."""

    eigenvalues: Array
    eigenvectors: Array


def eigh_rule(g, y, A, UPLO="L"):
    """Q (diag(gL) + skew(Q^H gQ) / 2 E) Q^H, E the gaps."""
    inner = mH(y[1]) @ g[1]
    phase_free("linalg.eigh", inner, g[1])
    return y[1] @ (over_gap(skew(inner) * 0.5, gaps(y[0])) + diag_embed(g[0])) @ mH(y[1])


def of_triangle(name, A, UPLO):
    """Matrices of which one triangle is read."""
    if UPLO not in ("L", "U"):
        raise ArgumentError(message(name, 'UPLO "L" or "U" is required', repr(UPLO), "choose the triangle to read"))
    return matrices(name, A, square=True)


@op(eigh_rule, saves="y", complex="own", numpy=np.linalg.eigh, samples=[*HERMITIAN, Sample((3, 3), UPLO="U", of=symmetric)])
def eigh(A: Array, UPLO="L"):
    """(eigenvalues, eigenvectors) of Hermitian matrices, ascending, A = Q diag(L) Q^H: (..., n, n) -> (..., n), (..., n, n).

    One triangle is read, L or U. Each vector is unique up to its sign or phase if its value is apart from all others, so a loss may depend
    on it in ways that its sign or phase does not change. PyTorch's condition; the gradient is that of a Hermitian matrix.
    """
    return Eigen(*decomposed("linalg.eigh", lambda a: np.linalg.eigh(a, UPLO), of_triangle("linalg.eigh", A, UPLO)))


def eigvalsh_rule(g, y, A, UPLO="L"):
    q = eigh(A, UPLO)[1]
    return (q * g[..., None, :]) @ mH(q)


@op(eigvalsh_rule, saves="A", complex="own", numpy=np.linalg.eigvalsh, samples=[*HERMITIAN, Sample((3, 3), UPLO="U", of=symmetric)])
def eigvalsh(A: Array, UPLO="L"):
    """The eigenvalues of Hermitian matrices, ascending: (..., n, n) -> (..., n). The vectors are found when a derivative asks for them."""
    return decomposed("linalg.eigvalsh", lambda a: np.linalg.eigvalsh(a, UPLO), of_triangle("linalg.eigvalsh", A, UPLO))


# ── eigenvalues of any matrices ──


def as_complex(a):
    return a.astype(np.result_type(a, np.complex64), copy=False)


def eig_rule(g, y, A):
    """V^-H (diag(gL) + (V^H gV - V^H V diag(Re(V^H gV))) / E*) V^H: the vectors stay of length 1."""
    (values, vectors), inner = y, mH(y[1]) @ g[1]
    phase_free("linalg.eig", inner, g[1])
    inner = inner - mH(vectors) @ (vectors * real(diagonal(inner, 0, -2, -1))[..., None, :])
    return solution(mH(vectors), (over_gap(inner, conj(gaps(values))) + diag_embed(g[0])) @ mH(vectors), "linalg.eig")


@op(eig_rule, saves="y", complex="own", numpy=np.linalg.eig, samples=[Sample(Z)])
def eig(A: Array):
    """(eigenvalues, eigenvectors), complex, in no order, A = V diag(L) V^-1: (..., n, n) -> (..., n), (..., n, n).

    Vectors have length 1 and an arbitrary phase, on which a loss must not depend. Where A is defective, the gradient does not exist.
    """
    return Eigen(*map(as_complex, decomposed("linalg.eig", np.linalg.eig, matrices("linalg.eig", A, square=True))))


def eigvals_rule(g, y, A):
    vectors = eig(A)[1]
    return solution(mH(vectors), g[..., None] * mH(vectors), "linalg.eigvals")


@op(eigvals_rule, saves="A", complex="own", numpy=np.linalg.eigvals, samples=[Sample((3, 3)), Sample((2, 3, 3)), Sample(Z)])
def eigvals(A: Array):
    """The eigenvalues, complex, in no order: (..., n, n) -> (..., n)."""
    return as_complex(decomposed("linalg.eigvals", np.linalg.eigvals, matrices("linalg.eigvals", A, square=True)))


# ── singular values ──


class SVD(NamedTuple):
    """A = U diag(S) Vh."""

    U: Array
    S: Array
    Vh: Array


def outside(w, gw, k, inner, s):
    """What g of singular vectors does across the space that the first k of them span, over their values.

    The rest of a full basis turns along with them: dW2 = -W1 dW1^H W2.
    """
    first, g = w[..., :k], gw[..., :k]
    if w.shape[-1] > k:
        rest = w[..., k:]
        across = rest @ (mH(rest) @ g - mH(gw[..., k:]) @ first)
    else:
        across = g - first @ inner
    return over_gap(across, s[..., None, :])


def svd_rule(g, y, A, full_matrices=True):
    """U [(skew(U^H gU) / E) S + S (skew(V^H gV) / E) + diag(gS)] V^H, E the gaps of the squares, and what leaves the spaces of U and V."""
    (u, s, vh), (gu, gs, gvh) = y, g
    v, gv, k = mH(vh), mH(gvh), s.shape[-1]
    u1, v1 = u[..., :k], v[..., :k]
    in_u, in_v, gap = mH(u1) @ gu[..., :k], mH(v1) @ gv[..., :k], gaps(s * s)
    phase_free("linalg.svd", in_u + in_v, gu, gvh)
    inner = over_gap(skew(in_u), gap) * s[..., None, :] + s[..., None] * over_gap(skew(in_v), gap) + diag_embed(gs)
    if s.dtype != u.dtype:
        inner = inner + diag_embed(over_gap(1j * imag(diagonal(in_u, 0, -2, -1)), s))
    ga = u1 @ inner @ mH(v1)
    if u.shape[-2] > k:
        ga = ga + outside(u, gu, k, in_u, s) @ mH(v1)
    if v.shape[-2] > k:
        ga = ga + u1 @ mH(outside(v, gv, k, in_v, s))
    return ga


@op(svd_rule, saves="y", complex="own", numpy=np.linalg.svd, samples=[
    *RECTANGLES, Sample((2, 4, 3), full_matrices=False), Sample((2, 5), full_matrices=False), Sample((0, 3)),
])  # fmt: skip
def linalg_svd(A: Array, full_matrices=True):
    """(U, S, Vh) of A = U diag(S) Vh, S descending: (..., m, n) -> (..., m, m), (..., k), (..., n, n), k the smaller of m and n.

    Without full_matrices, U is (..., m, k) and Vh (..., k, n). A loss may depend on pairs of vectors in ways that their common sign or
    phase does not change, on those beyond the first k only through the space that they span, and needs singular values that differ.
    """
    a = matrices("linalg.svd", A)
    return SVD(*decomposed("linalg.svd", lambda a: np.linalg.svd(a, full_matrices), a))


def svdvals_rule(g, y, A):
    u, s, vh = linalg_svd(A, full_matrices=False)
    return (u * np.where(np.equal(s, 0), np.zeros((), g.dtype), g)[..., None, :]) @ vh


@op(svdvals_rule, saves="A", complex="own", numpy=np.linalg.svdvals, samples=RECTANGLES)
def svdvals(A: Array):
    """The singular values, descending: (..., m, n) -> (..., k). The gradient of one that is 0 is 0."""
    return decomposed("linalg.svdvals", lambda a: np.linalg.svd(a, compute_uv=False), matrices("linalg.svdvals", A))


class OldSVD(NamedTuple):
    """A = U diag(S) V^H."""

    U: Array
    S: Array
    V: Array


@derived(samples=[Sample((4, 3)), Sample((3, 4), some=False), Sample((3, 4), compute_uv=False)])
def svd(A: Array, some=True, compute_uv=True):
    """(U, S, V) of A = U diag(S) V^H: ``linalg.svd`` under its older name. Without compute_uv, U and V are zeros."""
    if not compute_uv:
        batch, (m, n) = tuple(A.shape[:-2]), A.shape[-2:]
        return OldSVD(nothing(A, (*batch, m, m)), svdvals(A), nothing(A, (*batch, n, n)))
    u, s, vh = linalg_svd(A, full_matrices=not some)
    return OldSVD(u, s, mH(vh))


@op(samples=[Sample((3,), shape=(2, 2))])
def nothing(x: Array, shape):
    """Zeros of x's dtype."""
    return np.zeros(shape, x.dtype)


# ── pseudo-inverses, ranks, least squares ──


def cutoff(a, largest, atol, rtol):
    """The size up to which a value counts as 0, the larger of atol and rtol times the largest value: (..., 1).

    rtol is machine precision times the larger size of the matrix; 0 if only atol is given.
    """
    if rtol is None:
        rtol = 0.0 if atol is not None and np.any(np.asarray(atol) > 0) else builtins.max(a.shape[-2:]) * np.finfo(a.dtype).eps
    atol, rtol = (np.asarray(0 if tol is None else tol, largest.dtype)[..., None] for tol in (atol, rtol))
    return np.maximum(atol, rtol * largest)


def pseudo_inverse_rule(g, y, a, atol=None, rtol=None, hermitian=False):
    """dP = -P dA P + P P^H dA^H (I - A P) + (I - P A) dA^H P^H P."""
    p, gh = mH(y), mH(g)
    return -p @ g @ p + (gh - a @ (y @ gh)) @ y @ p + p @ y @ (gh - (gh @ y) @ a)


@op(pseudo_inverse_rule, saves="y a", complex="own", samples=[
    *RECTANGLES, Sample((3, 3), hermitian=True, of=symmetric), Sample((2, 4, 3), rtol=1e-3), Sample((0, 3)),
])  # fmt: skip
def pseudo_inverse(a: Array, atol=None, rtol=None, hermitian=False):
    """``pinv``, its tolerances numbers or arrays."""
    a = matrices("linalg.pinv", a, square=hermitian)
    if hermitian:
        s, u = decomposed("linalg.pinv", np.linalg.eigh, a)
        vh = np.conjugate(u).swapaxes(-1, -2)
    else:
        u, s, vh = decomposed("linalg.pinv", lambda a: np.linalg.svd(a, False), a)
    size = np.abs(s)
    none = size <= cutoff(a, size.max(-1, keepdims=True, initial=0), atol, rtol)
    s = np.where(none, 0, 1 / np.where(none, 1, s)).astype(s.dtype)
    return np.conjugate(vh).swapaxes(-1, -2) @ (s[..., None] * np.conjugate(u).swapaxes(-1, -2))


@derived(numpy=np.linalg.pinv, samples=[*RECTANGLES, Sample((3, 3), hermitian=True, of=symmetric), Sample((2, 4, 3), rtol=1e-3)])
def pinv(A: Array, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """The Moore-Penrose inverse: (..., m, n) -> (..., n, m). Singular values up to max(atol, rtol * the largest) count as 0.

    rtol is machine precision times the larger of m and n unless it, its older name rcond, or atol is given. A hermitian A is decomposed
    into eigenvectors, for which one triangle is read. The gradient is right where the rank does not change nearby.
    """
    return pseudo_inverse(A, plain(atol), plain(rcond if rtol is None else rtol), hermitian)


@derived(samples=[Sample((3, 3)), Sample((2, 4, 3), rcond=1e-3)])
def pinverse(A: Array, rcond=1e-15):
    """``linalg.pinv`` under its older name."""
    return pinv(A, rcond)


@op(numpy=np.linalg.matrix_rank, samples=[Sample((3, 4)), Sample((2, 3, 3), hermitian=True), Sample((2, 3, 3), 0.5)])
def matrix_rank(A: Array, tol=None, hermitian=False, *, atol=None, rtol=None):
    """How many singular values are larger than max(atol, rtol * the largest): (..., m, n) -> (...), int64. Tolerances as in ``pinv``."""
    a = matrices("linalg.matrix_rank", A, square=hermitian)
    how = (lambda a: np.abs(np.linalg.eigvalsh(a))) if hermitian else lambda a: np.linalg.svd(a, compute_uv=False)
    size = decomposed("linalg.matrix_rank", how, a)
    atol = tol if atol is None else atol
    return np.asarray((size > cutoff(a, size.max(-1, keepdims=True, initial=0), plain(atol), plain(rtol))).sum(-1, dtype=np.int64))


class LeastSquares(NamedTuple):
    """What ``lstsq`` returns."""

    solution: Array
    residuals: Array
    rank: Array
    singular_values: Array


def least_squares_rule(g, y, a, b, rcond=None):
    """The rule of the pseudo-inverse P, for X = P B."""
    p = pseudo_inverse(a, None, rcond)
    gb = mH(p) @ g
    return (b - a @ y) @ mH(p @ gb) + (mH(p) @ y) @ mH(g - p @ (a @ g)) - gb @ mH(y), gb


@op(joint=least_squares_rule, saves="y a b", complex="own", samples=[
    Sample((4, 3), (4, 2)), Sample((2, 3, 4), (3, 1)), Sample((3, 3), (2, 3, 1)),
])  # fmt: skip
def least_squares(a: Array, b: Array, rcond=None):
    """The smallest X that minimises |A X - B|: (..., m, n), (..., m, k) -> (..., n, k)."""
    a = matrices("linalg.lstsq", a)
    b = right_side("linalg.lstsq", a, b)
    u, s, vh = decomposed("linalg.lstsq", lambda a: np.linalg.svd(a, False), a)
    none = s <= cutoff(a, s.max(-1, keepdims=True, initial=0), None, rcond)
    s = np.where(none, 0, 1 / np.where(none, 1, s)).astype(s.dtype)
    return np.conjugate(vh).swapaxes(-1, -2) @ (s[..., None] * (np.conjugate(u).swapaxes(-1, -2) @ b))


@derived(samples=[Sample((4, 3), (4, 2)), Sample((2, 3, 4), (2, 3)), Sample((4, 3), (4, 1), driver="gels")])
def lstsq(A: Array, B: Array, rcond=None, *, driver=None):
    """(solution, residuals, rank, singular_values) of min |A X - B|: (..., m, n), (..., m, k) -> X (..., n, k), the smallest of the best.

    B of shape (..., m) is one vector per matrix. Singular values up to rcond times the largest count as 0. All drivers compute the same
    here; as in PyTorch, "gelsy", the default, leaves residuals and singular_values empty, "gels" rank and singular_values, and "gelsd" and
    "gelss" give all of them, the residuals |A X - B|² if m > n and no matrix has a lower rank.
    """
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ArgumentError(message("linalg.lstsq", 'driver "gels", "gelsy", "gelsd" or "gelss" is required', repr(driver), "leave it out"))
    vector = A.ndim >= 2 and is_vector(A, B)
    b = B[..., None] if vector else B
    x, empty = least_squares(A, b, rcond), nothing(A, (0,))
    thorough, rank = driver in ("gelsd", "gelss"), matrix_rank(A, rtol=rcond)
    residuals = empty
    if A.shape[-2] > A.shape[-1] and (driver == "gels" or (thorough and bool((rank == A.shape[-1]).all()))):
        residuals = sum(real(conj(A @ x - b) * (A @ x - b)), -2)
    return LeastSquares(
        x[..., 0] if vector else x, real(residuals), nothing(rank, (0,)) if driver == "gels" else rank,
        svdvals(A) if thorough else real(empty),
    )  # fmt: skip
