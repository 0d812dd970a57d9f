"""Elimination with exchanges of rows: A = P L U, vectorised over the batch. Pivots are LAPACK's: row j was exchanged with pivots[j] - 1."""
from __future__ import annotations

import math

import numpy as np

from autograd.kernels.triangular import substituted

BLOCK = 32  # columns that are eliminated one by one before the rest is brought up to date by one product


def lu(a, pivot=True):
    """(LU, pivots, info): L below the diagonal, U on it and above; info is the first column (from 1) without a pivot, 0 if all have one."""
    *batch, m, n = a.shape
    y = np.array(a).reshape((math.prod(batch), m, n))
    k, count = min(m, n), np.arange(len(y))
    pivots = np.empty((len(y), k), np.int32)
    for start in range(0, k, BLOCK):
        stop = min(start + BLOCK, k)
        for j in range(start, stop):
            row = np.abs(y[:, j:, j]).argmax(1) + j if pivot else np.full(len(y), j)
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
