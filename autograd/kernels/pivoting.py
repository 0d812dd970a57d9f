"""Elimination with exchanges of rows, in LAPACK's form: A = P L U, vectorised over the batch, and A = L D L^T of symmetric matrices.

Pivots count from 1: row j was exchanged with row pivots[j] - 1. For D, two equal negative ones are a block of size 2.
"""
from __future__ import annotations

import math

import numpy as np

from autograd.kernels.triangular import substituted

BLOCK = 32  # columns that are eliminated one by one before the rest is brought up to date by one product


def size(x):
    """|Re x| + |Im x|, by which LAPACK chooses pivots."""
    return np.abs(x.real) + np.abs(x.imag) if x.dtype.kind == "c" else np.abs(x)


def lu(a, pivot=True):
    """(LU, pivots, info): L below the diagonal, U on it and above; info is the first column (from 1) without a pivot, 0 if all have one."""
    *batch, m, n = a.shape
    y = np.array(a).reshape((math.prod(batch), m, n))
    k, count = min(m, n), np.arange(len(y))
    pivots = np.empty((len(y), k), np.int32)
    for start in range(0, k, BLOCK):
        stop = min(start + BLOCK, k)
        for j in range(start, stop):
            row = size(y[:, j:, j]).argmax(1) + j if pivot else np.full(len(y), j)
            pivots[:, j] = row + 1
            y[count, j], y[count, row] = y[count, row], y[count, j]
            head = y[:, j, j]
            below = y[:, j + 1 :, j]
            below /= np.where(head == 0, 1, head)[:, None]
            y[:, j + 1 :, j + 1 : stop] -= below[:, :, None] * y[:, j, None, j + 1 : stop]
        if stop < n:
            y[:, start:stop, stop:] = substituted(y[:, start:stop, start:stop], y[:, start:stop, stop:], False, True)
            y[:, stop:, stop:] -= y[:, stop:, start:stop] @ y[:, start:stop, stop:]
    return y.reshape(a.shape), pivots.reshape((*batch, k)), first_zero(y).reshape(batch)


def first_zero(y):
    """The first column, from 1, with a 0 on the diagonal; 0 if there is none."""
    zero = np.diagonal(y, 0, -2, -1) == 0
    return np.where(zero.any(-1), zero.argmax(-1) + 1 if zero.shape[-1] else 0, 0).astype(np.int32)


def permutation(pivots, m):
    """The order of m rows that the exchanges leave: (P^T A)[i] = A[order[i]]."""
    *batch, k = pivots.shape
    order = np.empty((*batch, m), np.int64)
    order[...] = np.arange(m)
    order, pivots = order.reshape((math.prod(batch), m)), pivots.reshape((math.prod(batch), k))
    count = np.arange(len(order))
    for j in range(k):
        row = pivots[:, j] - 1
        order[count, j], order[count, row] = order[count, row], order[count, j]
    return order.reshape((*batch, m))


# ── symmetric matrices ──

GROWTH = (1 + math.sqrt(17)) / 8  # of Bunch and Kaufman: the bound on the growth of elements is least for it


def ldl(a, hermitian=False):
    """(LD, pivots, info) of each matrix, of which the lower triangle is read; info is the first 0 in D, from 1."""
    *batch, n = a.shape[:-1]
    y, pivots, info = np.empty_like(a), np.empty((*batch, n), np.int32), np.zeros(batch, np.int32)
    for index in np.ndindex(*batch):
        y[index], pivots[index], info[index] = ldl_of_one(a[index], hermitian)
    return y, pivots, info


def mirrored(a, hermitian):
    """The whole matrix of which a has the lower triangle."""
    below = np.tril(a, -1).T
    y = np.tril(a) + (below.conj() if hermitian else below)
    if hermitian:
        np.einsum("ii->i", y)[...] = np.diagonal(y).real
    return y


def ldl_of_one(a, hermitian):
    """The factorisation of J. Bunch and L. Kaufman (Math. Comp. 31, 1977), step by step, on both triangles."""
    y, n, j, info = mirrored(a, hermitian), len(a), 0, 0
    pivots = np.empty(n, np.int32)
    while j < n:
        row, width = chosen(size(y[j:, j:]))
        row, last = j + row, j + width - 1
        if not size(y[j:, j]).any():
            info = info or j + 1
        y[[last, row], j:] = y[[row, last], j:]
        y[j:, [last, row]] = y[j:, [row, last]]
        pivots[j : j + width] = row + 1 if width == 1 else -row - 1
        block, below, rest = y[j : j + width, j : j + width], y[j + width :, j : j + width].copy(), slice(j + width, n)
        if size(block).any():
            y[rest, j : j + width] = np.linalg.solve(block.T, below.T).T
            y[rest, rest] -= y[rest, j : j + width] @ (below.conj().T if hermitian else below.T)
        j += width
    return np.tril(y), pivots, info


def chosen(sizes):
    """(row, width) of the next pivot among the rows that are left, given the sizes of their elements."""
    here = sizes[0, 0]
    if len(sizes) == 1:
        return 0, 1
    row = 1 + int(sizes[1:, 0].argmax())
    largest = sizes[row, 0]
    if here >= GROWTH * largest:
        return 0, 1
    others = np.delete(sizes[row], row).max()
    if here * others >= GROWTH * largest * largest:
        return 0, 1
    return (row, 1) if sizes[row, row] >= GROWTH * others else (row, 2)


def ldl_solved(a, pivots, b, hermitian):
    """x of A x = b, given the factors of A."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b))
    pivots, y = np.broadcast_to(pivots, (*batch, pivots.shape[-1])), np.empty(b.shape, b.dtype)
    for index in np.ndindex(*batch):
        order, lower, middle = ldl_parts(a[index], pivots[index], hermitian)
        x = np.linalg.solve(middle, substituted(lower, b[index][order], False, True))
        y[index][order] = substituted(lower.conj().T if hermitian else lower.T, x, True, True)
    return y


def ldl_parts(a, pivots, hermitian):
    """(order of rows, L, D) of one matrix: A[order][:, order] = L D L^T."""
    n, j = len(a), 0
    order, lower, middle = np.arange(n), np.tril(a, -1), np.zeros_like(a)
    while j < n:
        width = 1 if pivots[j] > 0 else 2
        last, row = j + width - 1, abs(int(pivots[j])) - 1
        for x in (order, lower[:, :j]):
            x[[last, row]] = x[[row, last]]
        middle[j : j + width, j : j + width] = mirrored(a[j : j + width, j : j + width], hermitian)
        lower[j : j + width, j : j + width] = 0
        j += width
    return order, lower, middle
