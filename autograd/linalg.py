"""``torch.linalg`` under its names: factorisations, solutions, spectra and norms of matrices, and batches of them."""
from __future__ import annotations

from autograd.errors import LinAlgError
from autograd.ops.linalg_factorisation import cholesky, cholesky_ex
from autograd.ops.linalg_solving import det, inv, inv_ex, slogdet, solve, solve_ex, solve_triangular, tensorinv, tensorsolve

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "det", "inv", "inv_ex", "slogdet", "solve", "solve_ex", "solve_triangular", "tensorinv",
    "tensorsolve",
]  # fmt: skip
