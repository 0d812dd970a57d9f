"""Products of many matrices, their powers and exponential; and the products of vectors that torch.linalg has under names of its own."""
from __future__ import annotations

import functools
import itertools

import numpy as np

from autograd.errors import ArgumentError, ShapeError, message
from autograd.kernels.dims import dim_of
from autograd.kernels.exponential import exponential
from autograd.kernels.matrices import matrices
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import conj
from autograd.ops.linalg_solving import inversion, regular
from autograd.ops.linalg_spectrum import nothing
from autograd.ops.product import cross
from autograd.ops.reduction import sum
from autograd.ops.scan import cumprod
from autograd.ops.shape import broadcast_shapes, diagonal, expand, flip, mT, unsqueeze

__all__ = ["chain_matmul", "matrix_exp", "matrix_power", "vander"]

# ── matrices ──


def matrix_exp_rule(g, y, A):
    """The upper right block of exp([[A^T, g], [0, A^T]]) (A. Al-Mohy and N. Higham, SIAM J. Matrix Anal. Appl. 30, 2009)."""
    n, a = A.shape[-1], mT(A)
    if not n:
        return g
    rows = np.concatenate((a, g), -1), np.concatenate((np.zeros(A.shape, A.dtype), a), -1)
    return matrix_exp(np.concatenate(rows, -2))[..., :n, n:]


@op(matrix_exp_rule, saves="A", complex="holomorphic", samples=[
    Sample((3, 3)), Sample((2, 1, 2, 2)), Sample((2, 2), domain=(-20.0, 20.0)), Sample((0, 0)),
])  # fmt: skip
def matrix_exp(A: Array):
    """e^A = I + A + A A / 2 + ... of each matrix: (..., n, n) -> (..., n, n)."""
    return exponential(matrices("matrix_exp", A, square=True))


@derived(numpy=np.linalg.matrix_power, samples=[
    Sample((3, 3), 0), Sample((2, 3, 3), 1), Sample((3, 3), 5), Sample((2, 3, 3), 2), Sample((3, 3), -3, of=regular),
])  # fmt: skip
def matrix_power(A: Array, n):
    """A times itself, n factors; of the inverse if n is negative: (..., m, m) -> (..., m, m)."""
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(message("linalg.matrix_power", "square matrices are required", f"shape {tuple(A.shape)}", "select or reshape"))
    if not isinstance(n, int | np.integer):
        raise ArgumentError(message("linalg.matrix_power", "an integer power is required", repr(n), "use matrix_exp, or eigenvalues"))
    if n == 0:
        return nothing(A, tuple(A.shape)) + np.eye(A.shape[-1], dtype=A.dtype)
    square, n, factors = inversion(A, "linalg.matrix_power") if n < 0 else A, abs(n), []
    while n:
        if n & 1:
            factors.append(square)
        if n := n >> 1:
            square = square @ square
    return functools.reduce(lambda a, b: a @ b, factors)


def cheapest(sizes):
    """Where to part each stretch of a chain of products of matrices, (first, last) -> k, for the fewest multiplications.

    Matrix i has sizes[i] rows and sizes[i + 1] columns (Cormen et al., "Introduction to Algorithms", 15.2).
    """
    count = len(sizes) - 1
    cost, part = {(i, i): 0 for i in range(count)}, {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            costs = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            part[i, j] = min(costs, key=costs.__getitem__)
            cost[i, j] = costs[part[i, j]]
    return part


@derived(numpy=np.linalg.multi_dot, samples=[
    Sample([(2, 3), (3, 4), (4, 2)]), Sample([(3,), (3, 4), (4, 2), (2,)]), Sample([(2, 3), (3, 2)]), Sample([(3,), (3,)]),
])  # fmt: skip
def multi_dot(tensors):
    """The product of a chain of matrices, in the cheapest order; the first and the last may be vectors."""
    if len(tensors) < 2:
        raise ArgumentError(message("linalg.multi_dot", "two tensors or more are required", str(len(tensors)), "pass a list of them"))
    chain = [x[None, :] if i == 0 and x.ndim == 1 else x for i, x in enumerate(tensors)]
    chain = [*chain[:-1], chain[-1][:, None] if chain[-1].ndim == 1 else chain[-1]]
    shapes = [tuple(x.shape) for x in chain]
    if any(len(shape) != 2 for shape in shapes) or any(a[1] != b[0] for a, b in itertools.pairwise(shapes)):
        required = "matrices, each with as many rows as the one before has columns, are required"
        given = ", ".join(str(tuple(x.shape)) for x in tensors)
        raise ShapeError(message("linalg.multi_dot", required, given, "transpose one, or use matmul, which broadcasts"))
    part = cheapest([shapes[0][0], *(shape[1] for shape in shapes)])

    def product(i, j):
        return chain[i] if i == j else product(i, part[i, j]) @ product(part[i, j] + 1, j)

    y = product(0, len(chain) - 1)
    y = y[0] if tensors[0].ndim == 1 else y
    return y[..., 0] if tensors[-1].ndim == 1 else y


@derived(samples=[Sample((2, 3), (3, 4), (4, 2)), Sample((2, 3))])
def chain_matmul(*matrices: Array):
    """The product of matrices, in the cheapest order: ``linalg.multi_dot`` under its older name."""
    return multi_dot(matrices) if len(matrices) > 1 else matrices[0]


# ── vectors ──


@derived(samples=[Sample((3, 4), (3, 4)), Sample((3, 4), (4,)), Sample((3, 4), (3, 1), dim=0)])
def vecdot(x: Array, y: Array, *, dim=-1):
    """Sums over dim of conj(x) * y: (..., n), (..., n) -> (...). Both broadcast."""
    return sum(conj(x) * y, dim_of("linalg.vecdot", dim, len(broadcast_shapes(x.shape, y.shape))))


@derived(samples=[Sample((2, 3), (2, 3)), Sample((3, 2), (3, 1), dim=0)])
def linalg_cross(a: Array, b: Array, *, dim=-1):
    """The vector product of vectors of three along dim; both broadcast."""
    return cross(a, b, dim)


@derived(samples=[Sample((2, 3, 4)), Sample((2, 3, 4), offset=1), Sample((2, 3, 4), offset=-1, dim1=0, dim2=1)])
def linalg_diagonal(A: Array, *, offset=0, dim1=-2, dim2=-1):
    """The diagonal of each matrix in two dims, the last ones by default, as the last dim: a view."""
    return diagonal(A, offset, dim1, dim2)


@derived(samples=[Sample((3,)), Sample((2, 3), N=5), Sample((3,), N=1)])
def linalg_vander(x: Array, *, N=None):
    """The powers of each element, 1, x, ... x^(N-1), along a new last dim: (..., n) -> (..., n, N); N is n unless given."""
    x = x if x.ndim else x[None]
    N = x.shape[-1] if N is None else N
    if N < 1:
        raise ShapeError(message("linalg.vander", "one power at least is required", f"N={N} for shape {tuple(x.shape)}", "pass another N"))
    powers = expand(unsqueeze(x, -1), (*x.shape, N - 1))
    return cumprod(np.concatenate((np.ones((*x.shape, 1), x.dtype), powers), -1), -1)


@derived(numpy=np.vander, samples=[Sample((3,)), Sample((3,), N=5), Sample((2,), increasing=True)])
def vander(x: Array, N=None, increasing=False):
    """The powers of each element in a row, falling, x^(N-1) ... x, 1, or increasing: (n) -> (n, N); N is n unless given."""
    if x.ndim != 1:
        raise ShapeError(message("vander", "a vector is required", f"shape {tuple(x.shape)}", "linalg.vander takes a batch"))
    N = x.shape[0] if N is None else N
    powers = linalg_vander(x, N=N) if N else unsqueeze(x, -1)[:, :0]
    return powers if increasing else flip(powers, -1)
