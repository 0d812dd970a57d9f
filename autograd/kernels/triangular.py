"""Systems of equations with triangular matrices, by blocks: most of the work is products of matrices."""
from __future__ import annotations

import numpy as np

BLOCK = 32  # rows at a time: the elimination that LAPACK makes of a block, n**3 / 3, stays small beside the products


def substituted(a, b, upper, unit=False):
    """x of a x = b, where a counts as triangular, its other half as 0; with unit, its diagonal as 1. A 0 on it makes inf and NaN."""
    if not upper:
        return substituted(a[..., ::-1, ::-1], b[..., ::-1, :], True, unit)[..., ::-1, :]
    n = a.shape[-1]
    x = np.empty((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), b.dtype)
    x[...] = b
    for stop in range(n, 0, -BLOCK):
        rows = slice(max(stop - BLOCK, 0), stop)
        part = x[..., rows, :]
        if stop < n:
            part -= a[..., rows, stop:] @ x[..., stop:, :]
        triangle = np.triu(a[..., rows, rows], 1 if unit else 0)
        if unit:
            triangle += np.eye(triangle.shape[-1], dtype=a.dtype)
        try:
            part[...] = np.linalg.solve(triangle, part)  # a triangle eliminates nothing: this is substitution, in LAPACK
        except np.linalg.LinAlgError:
            row_by_row(triangle, part)
    return x


def row_by_row(triangle, x):
    """Back substitution in place, where there are zeros to divide by."""
    with np.errstate(all="ignore"):
        for i in reversed(range(triangle.shape[-1])):
            x[..., i, :] -= (triangle[..., i, None, i + 1 :] @ x[..., i + 1 :, :])[..., 0, :]
            x[..., i, :] /= triangle[..., i, i, None]
