"""Attention and its gradient, a few heads at a time: the scores of each block are used up while they are in the second-level cache.

``np.matmul`` takes views of a packed projection as they are, without a copy. What it does not like is a transposed right factor: on
12 x 4 heads of 64 x 32, query @ key.T takes 328 us, and 124 with a copy of key.T, which takes the scale along in the same pass.
Results are laid out in memory as the query is, so that heads flow back into one row without a copy too.
"""
from __future__ import annotations

import functools

import numpy as np

from autograd.kernels.blocks import empty, empty_like, matrix_blocks
from autograd.kernels.rows import peaks, totals

MODEST = 64.0  # scores up to this size, either way, have exponentials of which a sum neither overflows nor vanishes


@functools.lru_cache(16)
def future(length, width, dtype):
    """What is added to the scores of what comes later: -inf, and 0 elsewhere."""
    y = np.triu(np.full((length, width), -np.inf, dtype), 1)
    y.flags.writeable = False
    return y


@functools.lru_cache(16)
def past(length, width, dtype):
    """What the exponentials of scores are multiplied by: 0 for what comes later, and 1 elsewhere."""
    y = np.tril(np.ones((length, width), dtype))
    y.flags.writeable = False
    return y


def modest(scores):
    """Whether softmax may do without the largest score of each row; not where one is NaN."""
    return bool(np.maximum.reduce(scores, axis=None) < MODEST and np.minimum.reduce(scores, axis=None) > -MODEST)


def transposed(x, scale=1.0):
    """(..., n, m) -> (..., m, n), times scale: a copy without gaps."""
    return np.multiply(x.swapaxes(-1, -2), scale, order="C")


def as_laid_out(x, shape):
    """An empty array of this shape, its dims in memory in the order of those of x."""
    return empty_like(x, shape) if x.ndim == len(shape) else empty(shape, x.dtype)


def exponentials(w, bias, causal):
    """Replace scores by numbers in proportion to their exponentials, 0 for those of what is not to be seen."""
    length, width = w.shape[-2:]
    if bias is None and w.size and modest(w):
        np.exp(w, out=w)
        if causal:
            w *= past(length, width, w.dtype)
        return
    if causal:
        w += future(length, width, w.dtype)
    if bias is not None:
        w += bias
    top = peaks(w, -1)
    w -= top if bias is None else np.maximum(top, np.finfo(w.dtype).min, out=top)  # a row without a single key
    np.exp(w, out=w)


def attend(query, key, value, bias, keep, scale, causal, out=None):
    """(softmax(query @ key.T * scale + bias) * keep @ value, the softmax). All are of the same leading dims; bias and keep may be None."""
    lead, length, width = query.shape[:-2], query.shape[-2], key.shape[-2]
    weights = empty((*lead, length, width), query.dtype)
    y = as_laid_out(query, (*lead, length, value.shape[-1])) if out is None else out
    for block in matrix_blocks(weights.shape):
        w = np.matmul(query[block], transposed(key[block], scale), out=weights[block])
        exponentials(w, None if bias is None else bias[block], causal)
        total = totals(w, -1)
        w /= total if bias is None else np.maximum(total, np.finfo(w.dtype).tiny, out=total)  # a row without a key is one of zeros
        np.matmul(w if keep is None else w * keep[block], value[block], out=y[block])
    return y, weights


def attend_back(g, y, weights, query, key, value, keep, scale, with_bias):
    """The gradients of query, key, value and bias (None if it needs none).

    What softmax's rule takes off, the sum of d * weights along a row, is that of g * y: half as long.
    """
    d_query, d_key, d_value = (as_laid_out(x, x.shape) for x in (query, key, value))
    d_bias = empty(weights.shape, weights.dtype) if with_bias else None
    blocks = matrix_blocks(weights.shape)
    scratch = empty(weights[blocks[0]].size if blocks else 0, weights.dtype)
    for block in blocks:
        w, g_block = weights[block], g[block]
        np.matmul((w if keep is None else w * keep[block]).swapaxes(-1, -2), g_block, out=d_value[block])
        d = np.matmul(g_block, transposed(value[block]), out=scratch[: w.size].reshape(w.shape))
        if keep is not None:
            d *= keep[block]
        d -= np.vecdot(g_block, y[block])[..., None]
        d *= w
        if d_bias is not None:
            d_bias[block] = d
        d *= scale
        np.matmul(d, key[block], out=d_query[block])
        np.matmul(d.swapaxes(-1, -2), query[block], out=d_key[block])
    return d_query, d_key, d_value, d_bias
