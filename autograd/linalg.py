"""``torch.linalg`` under its names: factorisations, solutions, spectra and norms of matrices, and batches of them."""
from __future__ import annotations

from autograd.errors import LinAlgError
from autograd.ops.linalg_determinants import det, slogdet
from autograd.ops.linalg_factorisation import (
    cholesky,
    cholesky_ex,
    householder_product,
    ldl_factor,
    ldl_factor_ex,
    ldl_solve,
    lu_factor,
    lu_factor_ex,
)
from autograd.ops.linalg_factorisation import linalg_lu as lu
from autograd.ops.linalg_factorisation import linalg_lu_solve as lu_solve
from autograd.ops.linalg_factorisation import linalg_qr as qr
from autograd.ops.linalg_norms import cond, matrix_norm
from autograd.ops.linalg_norms import linalg_norm as norm
from autograd.ops.linalg_products import linalg_cross as cross
from autograd.ops.linalg_products import linalg_diagonal as diagonal
from autograd.ops.linalg_products import linalg_vander as vander
from autograd.ops.linalg_products import matrix_exp, matrix_power, multi_dot, vecdot
from autograd.ops.linalg_solving import inv, inv_ex, solve, solve_ex, solve_triangular, tensorinv, tensorsolve
from autograd.ops.linalg_spectrum import eig, eigh, eigvals, eigvalsh, lstsq, matrix_rank, pinv, svdvals
from autograd.ops.linalg_spectrum import linalg_svd as svd
from autograd.ops.product import matmul
from autograd.ops.reduction import vector_norm

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor", "lu_factor_ex",
    "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet",
    "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
