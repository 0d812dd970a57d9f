"""The largest singular values of a matrix, and the vectors to them, by products with a few random vectors.

N. Halko, P.-G. Martinsson and J. Tropp, "Finding structure with randomness", SIAM Review 53 (2011).
"""
from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError, message
from autograd.ops.linalg_factorisation import linalg_qr
from autograd.ops.linalg_spectrum import linalg_svd
from autograd.ops.reduction import mean
from autograd.random import randn
from autograd.tensor import Tensor

__all__ = ["pca_lowrank", "svd_lowrank"]


def checked_rank(name: str, q: Any, niter: Any, largest: int) -> tuple[int, int]:
    """(q, niter), if there are so many singular values."""
    if not isinstance(q, int) or not isinstance(niter, int) or not 0 <= q <= largest or niter < 0:
        required = f"integers q from 0 to {largest}, the smaller size of the matrix, and niter of at least 0 are required"
        raise ArgumentError(message(name, required, f"q={q!r} and niter={niter!r}", "use linalg.svd for all singular values"))
    return q, niter


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """(U, S, V) with A - M close to U diag(S) V^H, of rank q: (..., m, n) -> (..., m, q), (..., q), (..., n, q).

    The more singular values are small, and the larger niter, the closer. Take q somewhat larger than the rank that is looked for.
    """
    A = A if M is None else A - M
    q, niter = checked_rank("svd_lowrank", 6 if q is None else q, niter, min(A.shape[-2:]))
    wide = A.shape[-2] < A.shape[-1]
    tall = A.mH if wide else A
    basis, _ = linalg_qr(tall @ randn(tall.shape[-1], q, dtype=tall.real.dtype).to(tall.dtype))
    for _ in range(niter):
        basis, _ = linalg_qr(tall.mH @ basis)
        basis, _ = linalg_qr(tall @ basis)
    u, s, vh = linalg_svd(basis.mH @ tall, full_matrices=False)
    u, v = basis @ u, vh.mH
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """(U, S, V) of rank q, by default 6 or as much as there is: the columns of V are the principal directions of the rows of A.

    (..., m, n) -> (..., m, q), (..., q), (..., n, q). With center, the mean of the rows is taken away before, and S² / (m - 1) are the
    variances along these directions.
    """
    q, niter = checked_rank("pca_lowrank", min(6, *A.shape[-2:]) if q is None else q, niter, min(A.shape[-2:]))
    return svd_lowrank(A - mean(A, -2, keepdim=True) if center else A, q, niter)
