"""Recurrent layers over a whole sequence: what can be done for all steps at once is, the rest is a short loop of small products.

Time is the first dim. Sequences of several lengths come packed, longest first: (M, ...) holds the rows of all that are there at step 0,
then of those at step 1, and ``sizes`` says how many these are; a step works on so many rows of the states.

All gates of a step lie side by side, (N, gates * H), and are squashed by one call: σ(x) = (1 + tanh(x / 2)) / 2, so that with scale
s = 1/2 or 1 and shift 1/2 or 0 per gate, each is tanh(s x) * s + shift. The backward passes compute all that does not depend on later
steps, for all steps together, and the gradient of the weight as one product at the end.
"""
from __future__ import annotations

import itertools

import numpy as np


def squash(dtype, size, gates):
    """(scale, shift) of the gates, "s" for sigmoid and "t" for tanh, in a row of so many of each."""
    scale = np.repeat(np.array([0.5 if gate == "s" else 1.0 for gate in gates], dtype), size)
    return scale, 1 - scale


def steps(x, sizes):
    """(index of its rows, how many) of each step."""
    if sizes is None:
        return [(t, x.shape[1]) for t in range(x.shape[0])]
    ends = list(itertools.accumulate(sizes))
    return [(slice(end - n, end), n) for end, n in zip(ends, sizes, strict=True)]


def previous(sizes):
    """For each packed row behind the first step's, the row of the same sequence one step before."""
    return np.arange(sizes[0], sum(sizes)) - np.repeat(sizes[:-1], sizes[1:])


def before(first, sequence, sizes=None):
    """What each step begins with: the first value, then what the step before left."""
    y = np.empty_like(sequence)
    if sizes is None:
        y[:1], y[1:] = first, sequence[:-1]
    else:
        y[: sizes[0]], y[sizes[0] :] = first, sequence[previous(sizes)]
    return y


def weight_gradient(d, start):
    """The sum over steps and samples of the products of d and what the step began with."""
    return d.reshape(-1, d.shape[-1]).T @ start.reshape(-1, start.shape[-1])


# ── long short-term memory ──


def lstm(x, h, c, weight, projection=None, sizes=None):
    """(outputs, cells, gates) of all steps, from the gates' share of the input, (T, N, 4 H): input, forget, cell, output."""
    size = c.shape[-1]
    hs, cs = (np.empty((*x.shape[:-1], state.shape[-1]), x.dtype) for state in (h, c))
    gates = np.empty_like(x, order="C")
    scale, shift = squash(x.dtype, size, "ssts")
    x, weight = x * scale, np.ascontiguousarray(weight.T) * scale  # a transposed factor takes BLAS twice as long here
    projection = None if projection is None else np.ascontiguousarray(projection.T)
    totals, products = np.empty((len(h), 4 * size), x.dtype), np.empty((len(h), size), x.dtype)
    for i, n in steps(x, sizes):
        gate, now, out = gates[i], cs[i], hs[i]
        total, product = totals[:n], products[:n]
        np.matmul(h[:n], weight, out=total)
        total += x[i]
        np.tanh(total, out=gate)
        gate *= scale
        gate += shift
        np.multiply(gate[:, size : 2 * size], c[:n], out=now)
        np.multiply(gate[:, :size], gate[:, 2 * size : 3 * size], out=product)
        now += product
        np.tanh(now, out=product)
        if projection is None:
            np.multiply(gate[:, 3 * size :], product, out=out)
        else:
            product *= gate[:, 3 * size :]
            np.matmul(product, projection, out=out)
        h, c = out, now
    return hs, cs, gates


def lstm_back(g, y, h, c, weight, projection=None, sizes=None):
    """The gradients of (x, h, c, weight, projection)."""
    (g_hs, g_cs, g_gates), (hs, cs, gates) = g, y
    size = cs.shape[-1]
    part = gates.reshape(*gates.shape[:-1], 4, size)
    squashed = np.tanh(cs)
    slope = gates * (1 - gates)
    slope.reshape(part.shape)[..., 2, :] = 1 - part[..., 2, :] ** 2
    extra = g_gates * slope if g_gates.any() else None
    through = part[..., 3, :] * (1 - squashed * squashed)  # of the output to the cell
    slope = slope.reshape(part.shape)
    slope[..., 0, :] *= part[..., 2, :]
    slope[..., 1, :] *= before(c, cs, sizes)
    slope[..., 2, :] *= part[..., 0, :]
    slope[..., 3, :] *= squashed
    d, d_hs = np.empty(gates.shape, gates.dtype), None if projection is None else np.empty_like(hs)
    split = d.reshape(part.shape)
    d_h, d_c = np.zeros(h.shape, d.dtype), np.zeros(c.shape, d.dtype)
    for i, n in reversed(steps(hs, sizes)):
        dh, dc = d_h[:n], d_c[:n]
        dh += g_hs[i]
        if d_hs is not None:
            d_hs[i] = dh
        raw = dh if projection is None else dh @ projection
        dc += g_cs[i]
        dc += raw * through[i]
        np.multiply(dc[:, None], slope[i][:, :3], out=split[i][:, :3])
        np.multiply(raw, slope[i][:, 3], out=split[i][:, 3])
        if extra is not None:
            d[i] += extra[i]
        np.matmul(d[i], weight, out=dh)
        dc *= part[i][:, 1]
    d_projection = None if d_hs is None else weight_gradient(d_hs, part[..., 3, :] * squashed)
    return d, d_h, d_c, weight_gradient(d, before(h, hs, sizes)), d_projection


# ── gated recurrent unit ──


def gru(x, h, weight, bias, sizes=None):
    """(outputs, gates, the state's share of the new gate) of all steps, from (T, N, 3 H): reset, update, new."""
    size = h.shape[-1]
    hs, inner = (np.empty((*x.shape[:-1], size), x.dtype) for _ in range(2))
    gates = np.empty_like(x, order="C")
    scale, shift = squash(x.dtype, 2 * size, "s")
    weight = np.ascontiguousarray(weight.T)
    totals = np.empty((len(h), 3 * size), x.dtype)
    for i, n in steps(x, sizes):
        share, gate, now, out = x[i], gates[i], inner[i], hs[i]
        h, total = h[:n], totals[:n]
        np.matmul(h, weight, out=total)
        if bias is not None:
            total += bias
        now[...] = total[:, 2 * size :]
        both, new = gate[:, : 2 * size], gate[:, 2 * size :]
        np.add(total[:, : 2 * size], share[:, : 2 * size], out=both)
        both *= scale
        np.tanh(both, out=both)
        both *= scale
        both += shift
        np.multiply(gate[:, :size], now, out=new)
        new += share[:, 2 * size :]
        np.tanh(new, out=new)
        np.subtract(h, new, out=out)
        out *= gate[:, size : 2 * size]
        out += new
        h = out
    return hs, gates, inner


def gru_back(g, y, h, weight, sizes=None):
    """The gradients of (x, h, weight, bias)."""
    (g_hs, g_gates, g_inner), (hs, gates, inner) = g, y
    start = before(h, hs, sizes)
    part = gates.reshape(*gates.shape[:-1], 3, h.shape[-1])
    reset, update, new = (part[..., i, :] for i in range(3))
    more = g_gates.any() or g_inner.any()
    g_part = g_gates.reshape(part.shape)
    to_new, to_update, to_reset = 1 - new * new, update * (1 - update), reset * (1 - reset)
    keep, difference = 1 - update, start - new
    dx, d = np.empty(gates.shape, gates.dtype), np.empty(gates.shape, gates.dtype)
    x_part, d_part = dx.reshape(part.shape), d.reshape(part.shape)
    d_h = np.zeros(h.shape, d.dtype)
    for i, n in reversed(steps(hs, sizes)):
        dh = d_h[:n]
        dh += g_hs[i]
        d_new, d_update = dh * keep[i], dh * difference[i]
        if more:
            d_new += g_part[i][:, 2]
            d_update += g_part[i][:, 1]
        d_new *= to_new[i]
        d_update *= to_update[i]
        d_reset = d_new * inner[i]
        d_inner = d_new * reset[i]
        if more:
            d_reset += g_part[i][:, 0]
            d_inner += g_inner[i]
        d_reset *= to_reset[i]
        for rows, last in ((x_part[i], d_new), (d_part[i], d_inner)):
            rows[:, 0], rows[:, 1], rows[:, 2] = d_reset, d_update, last
        dh *= update[i]
        dh += d[i] @ weight
    return dx, d_h, weight_gradient(d, start), np.add.reduce(d.reshape(-1, d.shape[-1]), axis=0)


# ── the plain recurrence ──


def rnn(x, h, weight, nonlinearity, sizes=None):
    """The outputs of all steps, from the input's share, (T, N, H)."""
    hs = np.empty_like(x, order="C")
    weight = np.ascontiguousarray(weight.T)
    for i, n in steps(x, sizes):
        out = hs[i]
        np.matmul(h[:n], weight, out=out)
        out += x[i]
        if nonlinearity == "tanh":
            np.tanh(out, out=out)
        else:
            np.maximum(out, 0, out=out)
        h = out
    return hs


def rnn_back(g, hs, h, weight, nonlinearity, sizes=None):
    """The gradients of (x, h, weight)."""
    d = 1 - hs * hs if nonlinearity == "tanh" else (hs > 0).astype(hs.dtype)
    d_h = np.zeros(h.shape, hs.dtype)
    for i, n in reversed(steps(hs, sizes)):
        dh = d_h[:n]
        dh += g[i]
        d[i] *= dh
        np.matmul(d[i], weight, out=dh)
    return d, d_h, weight_gradient(d, before(h, hs, sizes))
