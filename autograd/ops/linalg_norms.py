"""Norms of matrices, and of what may be a vector or a matrix; condition numbers."""
from __future__ import annotations

import math

import numpy as np

from autograd.errors import ArgumentError, ShapeError, message
from autograd.kernels.dims import dims_of
from autograd.op import Array, Sample, derived
from autograd.ops.elementwise import abs
from autograd.ops.linalg_solving import inv_ex, regular
from autograd.ops.linalg_spectrum import svdvals
from autograd.ops.reduction import amax, amin, sum, vector_norm
from autograd.ops.shape import movedim, reshape

__all__ = ["norm"]

ORDERS = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)



def extreme(x, dim, ord):
    """The largest of x over dim for an order above 0, the smallest for one below. The largest of none is 0, for x is not negative."""
    return (amin if ord < 0 else amax if x.shape[dim] else sum)(x, dim, keepdim=True)


@derived(samples=[
    Sample((3, 4)), Sample((2, 3, 4), "nuc"), Sample((3, 4), 1), Sample((3, 4), -math.inf), Sample((2, 3, 4), 2, dim=(0, -1), keepdim=True),
    Sample((3, 4), -2), Sample((2, 3, 4), math.inf, [2, 0]), Sample((3, 4), -1, keepdim=True),
])  # fmt: skip
def matrix_norm(A: Array, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Norm of the matrices in two dims.

    "fro" is the root of the sum of squares, "nuc" the sum of the singular values, 2 the largest of them and -2 the smallest, 1 the largest
    sum of |x| in a column and -1 the smallest, inf the largest in a row and -inf the smallest.
    """
    dims = dims_of("linalg.matrix_norm", tuple(dim) if isinstance(dim, list) else dim, A.ndim)
    if len(dims) != 2 or ord not in ORDERS:
        required = f"two dims and an order of {', '.join(map(str, ORDERS))} are required"
        raise ArgumentError(message("linalg.matrix_norm", required, f"order {ord!r} over dims {dim}", "use linalg.vector_norm"))
    x = A if dtype is None else A.astype(dtype)
    if ord == "fro":
        return vector_norm(x, 2, dims, keepdim)
    if ord == "nuc" or np.abs(ord) == 2:
        values = svdvals(movedim(x, dims, (-2, -1)))
        y = sum(values, -1) if ord == "nuc" else extreme(values, -1, ord)
    else:
        summed, compared = dims if np.abs(ord) == 1 else dims[::-1]
        y = extreme(sum(abs(x), summed, keepdim=True), compared, ord)
    shape = [1 if i in dims else n for i, n in enumerate(x.shape) if keepdim or i not in dims]
    return reshape(y, tuple(shape))


@derived(numpy=np.linalg.norm, samples=[
    Sample((3, 4)), Sample((4,), 1), Sample((3, 4), "nuc"), Sample((2, 3, 4), None, -1), Sample((2, 3, 4), 1, dim=(0, 2), keepdim=True),
    Sample((2, 3), math.inf), Sample((2, 3, 4), 3, dim=1),
])  # fmt: skip
def linalg_norm(A: Array, ord=None, dim=None, keepdim=False, *, dtype=None):
    """Norm of all elements as one vector (ord=None), of vectors along one dim (``vector_norm``), of matrices over two (``matrix_norm``)."""
    dims = dims_of("linalg.norm", tuple(dim) if isinstance(dim, list) else dim, A.ndim)
    if ord is None:
        return vector_norm(A, 2, None if dim is None else dims, keepdim, dtype=dtype)
    if len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    if len(dims) != 1 or isinstance(ord, str):
        required = "one dim and a number, or two dims, are required beside an order"
        raise ShapeError(message("linalg.norm", required, f"order {ord!r} over {len(dims)} dims", "pass dim"))
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


@derived(samples=[
    Sample((3, 4)), Sample((3, 4, 2), dim=(0, -1)), Sample((3, 4), dim=-1, keepdim=True), Sample((3, 4), 1), Sample((3, 4), math.inf, -1),
    Sample((3, 4), "nuc"), Sample((2, 3, 4), "nuc", dim=(0, 2), keepdim=True),
])  # fmt: skip
def norm(x: Array, p="fro", dim=None, keepdim=False, *, dtype=None):
    """Vector norm over dim, of order p; "fro" is 2. Several dims count as one vector. "nuc" is the nuclear norm of a matrix."""
    if p == "nuc":
        if dim is None and x.ndim != 2:
            raise ShapeError(message("norm", "a matrix is required for 'nuc'", f"shape {tuple(x.shape)}", "pass two dims"))
        return matrix_norm(x, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


@derived(numpy=np.linalg.cond, samples=[
    Sample((3, 4)), Sample((2, 3, 3), -2), Sample((3, 3), "fro", of=regular), Sample((2, 3, 3), 1, of=regular),
    Sample((3, 3), "nuc", of=regular),
])  # fmt: skip
def cond(A: Array, p=None):
    """The condition number |A| |A^-1| in a norm of ``matrix_norm``, by default 2: (..., n, n) -> (...).

    For 2 and -2 it is a quotient of singular values, and A may have any shape. inf of singular matrices, 0 of empty ones.
    """
    if 0 in A.shape[-2:]:
        return sum(abs(A), (-2, -1))
    if p in (None, 2, -2):
        values = svdvals(A)
        large, small = values[..., 0], values[..., -1]
        return small / large if p == -2 else large / small
    inverse, info = inv_ex(A)
    none = np.greater(info, 0)
    y = matrix_norm(A, p) * matrix_norm(np.where(none[..., None, None], np.ones((), A.dtype), inverse), p)
    return np.where(none, np.full((), math.inf, y.dtype), y)
