"""Recurrent layers over a whole sequence: what can be done for all steps at once is, the rest is a short loop of small products.

Time is the first dim. All gates of a step lie side by side, (N, gates * H), and are squashed by one call: σ(x) = (1 + tanh(x / 2)) / 2,
so that with scale s = 1/2 or 1 and shift 1/2 or 0 per gate, each is tanh(s x) * s + shift. The backward passes compute all that does not
depend on later steps, for all steps together, and the gradient of the weight as one product at the end.
"""
from __future__ import annotations

import numpy as np


def squash(dtype, size, gates):
    """(scale, shift) of the gates, "s" for sigmoid and "t" for tanh, in a row of so many of each."""
    scale = np.repeat(np.array([0.5 if gate == "s" else 1.0 for gate in gates], dtype), size)
    return scale, 1 - scale


def before(first, sequence):
    """What each step begins with: the first value, then what the step before left."""
    y = np.empty_like(sequence)
    y[:1], y[1:] = first, sequence[:-1]
    return y


def weight_gradient(d, start):
    """The sum over steps and samples of the products of d and what the step began with."""
    return d.reshape(-1, d.shape[-1]).T @ start.reshape(-1, start.shape[-1])


# ── long short-term memory ──


def lstm(x, h, c, weight):
    """(outputs, cells, gates) of all steps, from the gates' share of the input, (T, N, 4 H): input, forget, cell, output."""
    steps, n, size = x.shape[0], x.shape[1], h.shape[-1]
    hs, cs, gates = np.empty((steps, n, size), x.dtype), np.empty((steps, n, size), x.dtype), np.empty_like(x, order="C")
    scale, shift = squash(x.dtype, size, "ssts")
    x, weight = x * scale, np.ascontiguousarray(weight.T) * scale  # a transposed factor takes BLAS twice as long here
    total, product = np.empty(gates.shape[1:], x.dtype), np.empty((n, size), x.dtype)
    for t in range(steps):
        gate = gates[t]
        np.matmul(h, weight, out=total)
        total += x[t]
        np.tanh(total, out=gate)
        gate *= scale
        gate += shift
        now, out = cs[t], hs[t]
        np.multiply(gate[:, size : 2 * size], c, out=now)
        np.multiply(gate[:, :size], gate[:, 2 * size : 3 * size], out=product)
        now += product
        np.tanh(now, out=product)
        np.multiply(gate[:, 3 * size :], product, out=out)
        h, c = out, now
    return hs, cs, gates


def lstm_back(g, y, h, c, weight):
    """The gradients of (x, h, c, weight)."""
    (g_hs, g_cs, g_gates), (hs, cs, gates) = g, y
    steps, n, size = hs.shape
    part = gates.reshape(steps, n, 4, size)
    squashed = np.tanh(cs)
    slope = gates * (1 - gates)
    slope.reshape(part.shape)[:, :, 2] = 1 - part[:, :, 2] ** 2
    extra = g_gates * slope if g_gates.any() else None
    through = part[:, :, 3] * (1 - squashed * squashed)  # of the output to the cell
    slope = slope.reshape(part.shape)
    slope[:, :, 0] *= part[:, :, 2]
    slope[:, :, 1] *= before(c, cs)
    slope[:, :, 2] *= part[:, :, 0]
    slope[:, :, 3] *= squashed
    d = np.empty(gates.shape, gates.dtype)
    split = d.reshape(part.shape)
    dh, dc = np.zeros((n, size), d.dtype), np.zeros((n, size), d.dtype)
    for t in reversed(range(steps)):
        dh += g_hs[t]
        dc += g_cs[t]
        dc += dh * through[t]
        np.multiply(dc[:, None], slope[t, :, :3], out=split[t, :, :3])
        np.multiply(dh, slope[t, :, 3], out=split[t, :, 3])
        if extra is not None:
            d[t] += extra[t]
        np.matmul(d[t], weight, out=dh)
        dc *= part[t, :, 1]
    return d, dh, dc, weight_gradient(d, before(h, hs))


# ── gated recurrent unit ──


def gru(x, h, weight, bias):
    """(outputs, gates, the state's share of the new gate) of all steps, from (T, N, 3 H): reset, update, new."""
    steps, n, size = x.shape[0], x.shape[1], h.shape[-1]
    hs, inner, gates = np.empty((steps, n, size), x.dtype), np.empty((steps, n, size), x.dtype), np.empty_like(x, order="C")
    scale, shift = squash(x.dtype, 2 * size, "s")
    weight = np.ascontiguousarray(weight.T)
    total = np.empty(gates.shape[1:], x.dtype)
    for t in range(steps):
        gate, now, out = gates[t], inner[t], hs[t]
        np.matmul(h, weight, out=total)
        if bias is not None:
            total += bias
        now[...] = total[:, 2 * size :]
        both, new = gate[:, : 2 * size], gate[:, 2 * size :]
        np.add(total[:, : 2 * size], x[t, :, : 2 * size], out=both)
        both *= scale
        np.tanh(both, out=both)
        both *= scale
        both += shift
        np.multiply(gate[:, :size], now, out=new)
        new += x[t, :, 2 * size :]
        np.tanh(new, out=new)
        np.subtract(h, new, out=out)
        out *= gate[:, size : 2 * size]
        out += new
        h = out
    return hs, gates, inner


def gru_back(g, y, h, weight):
    """The gradients of (x, h, weight, bias)."""
    (g_hs, g_gates, g_inner), (hs, gates, inner) = g, y
    steps, n, size = hs.shape
    start = before(h, hs)
    part = gates.reshape(steps, n, 3, size)
    reset, update, new = (part[:, :, i] for i in range(3))
    more = g_gates.any() or g_inner.any()
    g_part = g_gates.reshape(part.shape)
    to_new, to_update, to_reset = 1 - new * new, update * (1 - update), reset * (1 - reset)
    keep, difference = 1 - update, start - new
    dx, d = np.empty(gates.shape, gates.dtype), np.empty(gates.shape, gates.dtype)
    x_part, d_part = dx.reshape(part.shape), d.reshape(part.shape)
    dh = np.zeros((n, size), d.dtype)
    for t in reversed(range(steps)):
        dh += g_hs[t]
        d_new, d_update = dh * keep[t], dh * difference[t]
        if more:
            d_new += g_part[t, :, 2]
            d_update += g_part[t, :, 1]
        d_new *= to_new[t]
        d_update *= to_update[t]
        d_reset = d_new * inner[t]
        d_inner = d_new * reset[t]
        if more:
            d_reset += g_part[t, :, 0]
            d_inner += g_inner[t]
        d_reset *= to_reset[t]
        x_part[t, :, 0], x_part[t, :, 1], x_part[t, :, 2] = d_reset, d_update, d_new
        d_part[t, :, 0], d_part[t, :, 1], d_part[t, :, 2] = d_reset, d_update, d_inner
        dh *= update[t]
        dh += d[t] @ weight
    return dx, dh, weight_gradient(d, start), np.add.reduce(d, axis=(0, 1))


# ── the plain recurrence ──


def rnn(x, h, weight, nonlinearity):
    """The outputs of all steps, from the input's share, (T, N, H)."""
    hs = np.empty_like(x, order="C")
    weight = np.ascontiguousarray(weight.T)
    for t in range(x.shape[0]):
        out = hs[t]
        np.matmul(h, weight, out=out)
        out += x[t]
        if nonlinearity == "tanh":
            np.tanh(out, out=out)
        else:
            np.maximum(out, 0, out=out)
        h = out
    return hs


def rnn_back(g, hs, h, weight, nonlinearity):
    """The gradients of (x, h, weight)."""
    d = 1 - hs * hs if nonlinearity == "tanh" else (hs > 0).astype(hs.dtype)
    dh = np.zeros(hs.shape[1:], hs.dtype)
    for t in reversed(range(hs.shape[0])):
        dh += g[t]
        d[t] *= dh
        np.matmul(d[t], weight, out=dh)
    return d, dh, weight_gradient(d, before(h, hs))
