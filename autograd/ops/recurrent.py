"""Recurrent layers over a whole sequence, (T, N, ...): one op for all steps, of what the input has contributed to each.

An op gives out its inner values too, the gates: its rule is then a formula of inputs and outputs, which can be differentiated again.

Sequences of several lengths come packed, (M, ...): the rows of all that have a first step, longest first, then of those that have a second,
and so on; sizes says how many rows each step has.
"""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.errors import ShapeError, message
from autograd.kernels import recurrent as kernels
from autograd.op import Array, Sample, op
from autograd.ops.product import same_dtype
from autograd.ops.shape import cat, mT, pad_constant, stack

__all__ = ["lstm_sequence", "gru_sequence", "rnn_sequence"]


def checked(name, gates, x, weight, sizes, **states):
    """Raise unless shapes go together: x (T, N, gates * H), or (M, gates * H) and sizes that sum up to M; weight (gates * H, P)."""
    height, width = weight.shape if weight.ndim == 2 else (0, 0)
    last = next(reversed(states.values()))  # of length H: an LSTM's output may have been projected to another
    if height != gates * last.shape[-1] or x.ndim != 3 - (sizes is not None) or x.shape[-1] != height:
        required = f"an input ({'T, N' if sizes is None else 'M'}, {gates} * H) and a weight ({gates} * H, H) are required"
        raise ShapeError(message(name, required, f"{tuple(x.shape)} and {tuple(weight.shape)}", "check hidden_size"))
    if sizes is not None and (sum(sizes) != len(x) or min(sizes) < 1 or list(sizes) != sorted(sizes, reverse=True)):
        raise ShapeError(message(name, f"sizes of steps that never grow and sum up to {len(x)} are required", str(sizes)))
    rows = x.shape[1] if sizes is None else sizes[0]
    for what, state in states.items():
        expected = rows, width if what == "h" else last.shape[-1]
        if tuple(state.shape) != expected:
            raise ShapeError(message(name, f"a state {what} of shape {expected} is required", f"{tuple(state.shape)}"))
        same_dtype(name, x, state, "the input", f"the state {what}")
    same_dtype(name, x, weight, "the input", "the weight")


def shifted(first, sequence, sizes):
    """What each step begins with."""
    return cat([first[None], sequence[:-1]], 0) if sizes is None else cat([first, sequence[kernels.previous(sizes)]], 0)


def grown(d, n):
    """The gradients of n states, zero for the sequences that had no later step."""
    return d if isinstance(d, int) or d.shape[0] == n else pad_constant(d, ((0, n - d.shape[0]), (0, 0)))


def joined(terms, sizes):
    """What was found for each step, the last first, as one array."""
    return stack(terms[::-1]) if sizes is None else cat(terms[::-1], 0)


def summed_products(d, start):
    """The gradient of the weight: the products of all steps and samples."""
    return mT(rows(d)) @ rows(start)


def rows(x):
    """Steps and samples in one dim."""
    return x if x.ndim == 2 else x.reshape((x.shape[0] * x.shape[1], x.shape[2]))


def quarters(x, count):
    """The gates of a step, side by side."""
    size = x.shape[-1] // count
    return [x[..., i * size : (i + 1) * size] for i in range(count)]


class LSTM(NamedTuple):
    """Outputs, cells and gates of all steps."""

    outputs: Array
    cells: Array
    gates: Array


def lstm_rule(g, y, x, h, c, weight, projection=None, sizes=None):
    (g_hs, g_cs, g_gates), (hs, cs, gates) = g, y
    start, outputs, terms = shifted(c, cs, sizes), [], []
    dh, dc = 0, 0
    for t, n in reversed(kernels.steps(hs, sizes)):
        i, f, z, o = quarters(gates[t], 4)
        g_i, g_f, g_z, g_o = quarters(g_gates[t], 4)
        squashed = np.tanh(cs[t])
        dh = g_hs[t] + grown(dh, n)
        outputs.append(dh)
        raw = dh if projection is None else dh @ projection
        dc = g_cs[t] + grown(dc, n) + raw * o * (1 - squashed * squashed)
        d = cat(
            [
                (g_i + dc * z) * i * (1 - i), (g_f + dc * start[t]) * f * (1 - f), (g_z + dc * i) * (1 - z * z),
                (g_o + raw * squashed) * o * (1 - o),
            ],
            -1,
        )  # fmt: skip
        terms.append(d)
        dh, dc = d @ weight, dc * f
    d = joined(terms, sizes)
    of_weight = summed_products(d, shifted(h, hs, sizes))
    if projection is None:
        return d, dh, dc, of_weight, None
    return d, dh, dc, of_weight, summed_products(joined(outputs, sizes), quarters(gates, 4)[3] * np.tanh(cs))


@op(
    joint=lstm_rule, saves="y h c weight projection",
    array_rule=lambda g, y, x, h, c, weight, projection=None, sizes=None, needs=(): kernels.lstm_back(
        g, y, h, c, weight, projection, sizes
    ),
    samples=[
        Sample((3, 2, 8), (2, 2), (2, 2), (8, 2)), Sample((1, 2, 4), (2, 1), (2, 1), (4, 1)),
        Sample((2, 2, 12), (2, 2), (2, 3), (12, 2), (2, 3)), Sample((6, 8), (3, 1), (3, 2), (8, 1), (1, 2), sizes=(3, 2, 1)),
        Sample((5, 8), (3, 2), (3, 2), (8, 2), sizes=(3, 1, 1)),
    ],
)  # fmt: skip
def lstm_sequence(x: Array, h: Array, c: Array, weight: Array, projection: Array = None, sizes=None):
    """c' = σ(f) c + σ(i) tanh(z), h' = σ(o) tanh(c'), where (i, f, z, o) = x[t] + h @ weight.T, for each t.

    (T, N, 4 H), (N, H), (N, H), (4 H, H) -> outputs and cells (T, N, H), gates (T, N, 4 H).

    projection  (P, H), by which h' is multiplied: h is (N, P), weight (4 H, P), outputs (T, N, P)
    sizes       the number of rows of each step of a packed x (M, 4 H); outputs are packed, too
    """
    checked("lstm_sequence", 4, x, weight, sizes, h=h, c=c)
    given, expected = None if projection is None else tuple(projection.shape), (h.shape[-1], c.shape[-1])
    if given != (None if given is None and expected[0] == expected[1] else expected):
        raise ShapeError(message("lstm_sequence", f"a projection of shape {expected} is required for these states", str(given)))
    return LSTM(*kernels.lstm(x, h, c, weight, projection, sizes))


class GRU(NamedTuple):
    """Outputs and gates of all steps, and what the states have contributed to the new gate."""

    outputs: Array
    gates: Array
    inner: Array


def gru_rule(g, y, x, h, weight, bias=None, sizes=None):
    (g_hs, g_gates, g_inner), (hs, gates, inner) = g, y
    start, of_input, of_state = shifted(h, hs, sizes), [], []
    dh = 0
    for t, rows_here in reversed(kernels.steps(hs, sizes)):
        r, z, n = quarters(gates[t], 3)
        g_r, g_z, g_n = quarters(g_gates[t], 3)
        dh = g_hs[t] + grown(dh, rows_here)
        d_n = (g_n + dh * (1 - z)) * (1 - n * n)
        d_z = (g_z + dh * (start[t] - n)) * z * (1 - z)
        d_r = (g_r + d_n * inner[t]) * r * (1 - r)
        d = cat([d_r, d_z, g_inner[t] + d_n * r], -1)
        of_input.append(cat([d_r, d_z, d_n], -1))
        of_state.append(d)
        dh = dh * z + d @ weight
    d = joined(of_state, sizes)
    return joined(of_input, sizes), dh, summed_products(d, start), rows(d).sum(0)


@op(
    joint=gru_rule, saves="y h weight",
    array_rule=lambda g, y, x, h, weight, bias=None, sizes=None, needs=(): kernels.gru_back(g, y, h, weight, sizes),
    samples=[
        Sample((3, 2, 6), (2, 2), (6, 2), (6,)), Sample((2, 2, 3), (2, 1), (3, 1)),
        Sample((5, 6), (3, 2), (6, 2), (6,), sizes=(3, 1, 1)),
    ],
)  # fmt: skip
def gru_sequence(x: Array, h: Array, weight: Array, bias: Array = None, sizes=None):
    """h' = (1 - σ(z)) n + σ(z) h, n = tanh(x_n + σ(r) (h @ weight_n.T + bias_n)), r and z = x[t] + h @ weight.T + bias, for each t.

    (T, N, 3 H), (N, H), (3 H, H), (3 H) -> outputs (T, N, H), gates r, z, n (T, N, 3 H), and h @ weight_n.T + bias_n.
    sizes: see ``lstm_sequence``.
    """
    checked("gru_sequence", 3, x, weight, sizes, h=h)
    return GRU(*kernels.gru(x, h, weight, bias, sizes))


def rnn_rule(g, y, x, h, weight, nonlinearity="tanh", sizes=None):
    terms = []
    dh = 0
    for t, n in reversed(kernels.steps(y, sizes)):
        dh = g[t] + grown(dh, n)
        d = dh * (1 - y[t] * y[t]) if nonlinearity == "tanh" else dh * (y[t] > 0)
        terms.append(d)
        dh = d @ weight
    d = joined(terms, sizes)
    return d, dh, summed_products(d, shifted(h, y, sizes))


@op(
    joint=rnn_rule, saves="y h weight",
    array_rule=lambda g, y, x, h, weight, nonlinearity="tanh", sizes=None, needs=(): kernels.rnn_back(
        g, y, h, weight, nonlinearity, sizes
    ),
    samples=[
        Sample((3, 2, 2), (2, 2), (2, 2)), Sample((3, 2, 4), (2, 4), (4, 4), nonlinearity="relu"),
        Sample((6, 2), (3, 2), (2, 2), sizes=(3, 2, 1)),
    ],
)  # fmt: skip
def rnn_sequence(x: Array, h: Array, weight: Array, nonlinearity="tanh", sizes=None):
    """h' = tanh(x[t] + h @ weight.T), or relu, for each t: (T, N, H), (N, H), (H, H) -> (T, N, H). sizes: see ``lstm_sequence``."""
    checked("rnn_sequence", 1, x, weight, sizes, h=h)
    return kernels.rnn(x, h, weight, nonlinearity, sizes)
