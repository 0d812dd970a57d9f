"""Attention and its gradient, a few heads at a time: the scores of each block are used up while they are in the second-level cache.

``np.matmul`` takes views of a packed projection as they are, without a copy. What it does not like is a transposed right factor: on
12 x 4 heads of 64 x 32, query @ key.T takes 328 us, and 124 with a copy of key.T, which takes the scale along in the same pass.
Results are laid out in memory as the query is, so that heads flow back into one row without a copy too.
"""
from __future__ import annotations

import functools

import numpy as np

from autograd.kernels.blocks import matrix_blocks
from autograd.kernels.rows import dots, peaks, totals


@functools.lru_cache(16)
def future(length, width, dtype):
    """What is added to the scores of what comes later: -inf, and 0 elsewhere."""
    y = np.triu(np.full((length, width), -np.inf, dtype), 1)
    y.flags.writeable = False
    return y


def transposed(x, scale=1.0):
    """(..., n, m) -> (..., m, n), times scale: a copy without gaps."""
    return np.multiply(x.swapaxes(-1, -2), scale, order="C")


def as_laid_out(x, shape):
    """An empty array of this shape, its dims in memory in the order of those of x."""
    return np.empty_like(x, shape=shape) if x.ndim == len(shape) else np.empty(shape, x.dtype)


def attend(query, key, value, bias, keep, scale, causal, out=None):
    """(softmax(query @ key.T * scale + bias) * keep @ value, the softmax). All are of the same leading dims; bias and keep may be None."""
    lead, length, width = query.shape[:-2], query.shape[-2], key.shape[-2]
    weights = np.empty((*lead, length, width), query.dtype)
    y = as_laid_out(query, (*lead, length, value.shape[-1])) if out is None else out
    for block in matrix_blocks(weights.shape):
        w = np.matmul(query[block], transposed(key[block], scale), out=weights[block])
        if causal:
            w += future(length, width, w.dtype)
        if bias is not None:
            w += bias[block]
        top = peaks(w, -1)
        w -= top if bias is None else np.maximum(top, np.finfo(w.dtype).min, out=top)  # a row without a single key
        np.exp(w, out=w)
        total = totals(w, -1)
        w /= total if bias is None else np.maximum(total, np.finfo(w.dtype).tiny, out=total)  # is one of zeros
        np.matmul(w if keep is None else w * keep[block], value[block], out=y[block])
    return y, weights


def attend_back(g, weights, query, key, value, keep, scale, with_bias):
    """The gradients of query, key, value and bias (None if it needs none)."""
    d_query, d_key, d_value = (as_laid_out(x, x.shape) for x in (query, key, value))
    d_bias = np.empty_like(weights) if with_bias else None
    for block in matrix_blocks(weights.shape):
        w, g_block = weights[block], g[block]
        np.matmul((w if keep is None else w * keep[block]).swapaxes(-1, -2), g_block, out=d_value[block])
        d = np.matmul(g_block, transposed(value[block]))
        if keep is not None:
            d *= keep[block]
        d -= dots(d, w)
        d *= w
        if d_bias is not None:
            d_bias[block] = d
        d *= scale
        np.matmul(d, key[block], out=d_query[block])
        np.matmul(d.swapaxes(-1, -2), query[block], out=d_key[block])
    return d_query, d_key, d_value, d_bias
