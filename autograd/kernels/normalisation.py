"""Rows brought to mean 0 and variance 1, or to mean square 1, and the gradient of that, in blocks of rows that stay in the cache.

What numbers per row and per column do to a matrix goes through BLAS as far as it can. On 768 x 128 floats a sum of the rows takes 32 us
by ``np.add.reduce`` and 8 as a product with ones; a product with a column and then with a row takes 81 us, one with the matrix that is
their outer product 37.
"""
from __future__ import annotations

import numpy as np

from autograd.kernels.blocks import empty, empty_like, row_blocks


def centred_and_scale(x, ones, eps, centred, out):
    """(x less the mean of each row, if centred, and 1 / sqrt(mean square + eps) of what that leaves) of a block of rows."""
    c = np.subtract(x, (np.dot(x, ones) / len(ones))[:, None], out=out) if centred else x
    square = np.vecdot(c, c)
    square /= len(ones)
    square += eps
    return c, np.reciprocal(np.sqrt(square, out=square), out=square)


def beside_zeros(a):
    """The vectors that ``outer`` takes: with a row of zeros below."""
    pair = np.zeros((2, len(a)), a.dtype)
    pair[0] = a
    return pair


def outer(a, b, out):
    """All products of two vectors' elements, by BLAS: for sums of one product NumPy does not ask it, so each has a zero beside it."""
    return np.dot(beside_zeros(a).T, b, out)


def block_buffers(x, blocks, count):
    """Arrays for what lies between the steps of a block of rows of x; the first block is the largest."""
    return [empty(x[blocks[0]].shape if blocks else (0, x.shape[1]), x.dtype) for _ in range(count)]


def normalise_rows(x, weight, bias, eps, centred, out=None):
    """Each row of (n, d), less its mean if centred, over the root of its mean square; times weight, plus bias."""
    y, ones = empty(x.shape, x.dtype) if out is None else out, np.ones(x.shape[1], x.dtype)
    blocks = row_blocks(*x.shape)
    c_buffer, scales, biases = block_buffers(x, blocks, 3)
    row = None if weight is None else beside_zeros(weight)
    if bias is not None:
        biases[...] = bias
    for block in blocks:
        rows = len(x[block])
        c, scale = centred_and_scale(x[block], ones, eps, centred, c_buffer[:rows])
        np.multiply(c, scale[:, None] if row is None else outer(scale, row, scales[:rows]), out=y[block])
        if bias is not None:
            y[block] += biases[:rows]
    return y


def normalise_rows_back(g, x, weight, eps, centred, needs):
    """The gradients of x, weight and bias. Mean and scale are computed anew, so that only x has to be kept.

    With c the centred row, s its scale and h = g * weight * s: dx = h - mean(h) - c * s² * mean(h * c), without mean(h) if not centred.
    """
    n, d = x.shape
    ones = np.ones(d, x.dtype)
    row = ones if weight is None else weight
    dx, dw, db = empty(x.shape, x.dtype), np.zeros(d, x.dtype), np.zeros(d, x.dtype)
    blocks = row_blocks(n, d)
    c_buffer, products = block_buffers(x, blocks, 2)
    pair = beside_zeros(row)
    for block in blocks:
        g_block = g[block]
        c, s = centred_and_scale(x[block], ones, eps, centred, c_buffer[: len(g_block)])
        product = np.multiply(g_block, c, out=products[: len(g_block)])
        if needs[1]:
            dw += np.dot(s, product)
        if needs[2]:
            db += np.dot(np.ones(len(s), x.dtype), g_block)
        if needs[0]:
            along = np.dot(product, row)  # of the gradient, what stretches the row
            along *= s * s * s / d
            h = outer(s, pair, dx[block])
            h *= g_block
            np.multiply(c, along[:, None], out=product)
            if centred:
                product += (np.dot(g_block, row) * (s / d))[:, None]
            h -= product
    return dx if needs[0] else None, dw if needs[1] else None, db if needs[2] else None


# ── per channel: (n, c, l), statistics over n and l ──


def channel_sums(x):
    """The sum of each channel."""
    n, c, length = x.shape
    if length == 1:
        return np.dot(np.ones(n, x.dtype), x[:, :, 0])
    return np.add.reduce(np.dot(x.reshape(n * c, length), np.ones(length, x.dtype)).reshape(n, c), 0)


def channel_dots(x, y):
    """The sum of each channel's products."""
    return np.einsum("nc,nc->c", x[:, :, 0], y[:, :, 0]) if x.shape[2] == 1 else np.add.reduce(np.vecdot(x, y), 0)


def normalise_channels(x, weight, bias, eps, out=None):
    """(x - mean) / sqrt(var + eps) * weight + bias per channel, the mean, and the (biased) variance."""
    n, c, length = x.shape
    blocks = row_blocks(n, c * length)
    mean = sum(channel_sums(x[block]) for block in blocks) / (n * length)
    var, y = np.zeros(c, x.dtype), empty_like(x) if out is None else out
    for block in blocks:
        centred = np.subtract(x[block], mean[:, None], out=y[block])
        var += channel_dots(centred, centred)
    var /= n * length
    scale = 1 / np.sqrt(var + eps)
    if weight is not None:
        scale *= weight
    for block in reversed(blocks):  # the last is still in the cache
        y[block] *= scale[:, None]
        if bias is not None:
            y[block] += bias[:, None]
    return y, mean, var


def normalise_channels_back(g, x, mean, var, weight, eps):
    """The gradients of x, weight and bias: those of ``normalise_rows_back``, for channels."""
    n, c, length = x.shape
    blocks = row_blocks(n, c * length)
    db, along, dx = np.zeros(c, x.dtype), np.zeros(c, x.dtype), empty_like(x)
    for block in blocks:
        centred = np.subtract(x[block], mean[:, None], out=dx[block])
        db += channel_sums(g[block])
        along += channel_dots(g[block], centred)
    s = 1 / np.sqrt(var + eps)
    a = s if weight is None else s * weight
    stretch, shift = a * s * s * along / (n * length), a * db / (n * length)
    for block in reversed(blocks):
        part = dx[block]
        part *= stretch[:, None]
        part += shift[:, None]
        np.subtract(g[block] * a[:, None], part, out=part)
    return dx, s * along, db
