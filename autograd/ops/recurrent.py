"""Recurrent layers over a whole sequence, (T, N, ...): one op for all steps, of what the input has contributed to each.

An op gives out its inner values too, the gates: its rule is then a formula of inputs and outputs, which can be differentiated again.
"""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.errors import ShapeError, message
from autograd.kernels import recurrent as kernels
from autograd.op import Array, Sample, op
from autograd.ops.product import same_dtype
from autograd.ops.shape import cat, mT, stack

__all__ = ["lstm_sequence", "gru_sequence", "rnn_sequence"]


def checked(name, gates, x, weight, **states):
    """Raise unless the shapes go together: (T, N, gates * H), states (N, H), weight (gates * H, H)."""
    size = weight.shape[-1] if weight.ndim == 2 else -1
    if weight.shape != (gates * size, size) or x.ndim != 3 or x.shape[2] != gates * size:
        required = f"an input (T, N, {gates} * H) and a weight ({gates} * H, H) are required"
        raise ShapeError(message(name, required, f"{tuple(x.shape)} and {tuple(weight.shape)}", "check hidden_size"))
    for what, state in states.items():
        if tuple(state.shape) != (x.shape[1], size):
            raise ShapeError(message(name, f"a state {what} of shape {(x.shape[1], size)} is required", f"{tuple(state.shape)}"))
        same_dtype(name, x, state, "the input", f"the state {what}")
    same_dtype(name, x, weight, "the input", "the weight")


def shifted(first, sequence):
    """What each step begins with."""
    return cat([first[None], sequence[:-1]], 0)


def summed_products(d, start):
    """The gradient of the weight: the products of all steps and samples."""
    rows = lambda x: x.reshape((x.shape[0] * x.shape[1], x.shape[2]))
    return mT(rows(d)) @ rows(start)


def quarters(x, count):
    """The gates of a step, side by side."""
    size = x.shape[-1] // count
    return [x[..., i * size : (i + 1) * size] for i in range(count)]


class LSTM(NamedTuple):
    """Outputs, cells and gates of all steps."""

    outputs: Array
    cells: Array
    gates: Array


def lstm_rule(g, y, x, h, c, weight):
    (g_hs, g_cs, g_gates), (hs, cs, gates) = g, y
    terms = []
    dh, dc = 0, 0
    for t in reversed(range(hs.shape[0])):
        i, f, z, o = quarters(gates[t], 4)
        g_i, g_f, g_z, g_o = quarters(g_gates[t], 4)
        squashed = np.tanh(cs[t])
        dh = g_hs[t] + dh
        dc = g_cs[t] + dc + dh * o * (1 - squashed * squashed)
        d = cat(
            [
                (g_i + dc * z) * i * (1 - i), (g_f + dc * (cs[t - 1] if t else c)) * f * (1 - f), (g_z + dc * i) * (1 - z * z),
                (g_o + dh * squashed) * o * (1 - o),
            ],
            -1,
        )  # fmt: skip
        terms.append(d)
        dh, dc = d @ weight, dc * f
    d = stack(terms[::-1])
    return d, dh, dc, summed_products(d, shifted(h, hs))


@op(
    joint=lstm_rule, array_rule=lambda g, y, x, h, c, weight, needs: kernels.lstm_back(g, y, h, c, weight), saves="y h c weight",
    samples=[Sample((3, 2, 8), (2, 2), (2, 2), (8, 2)), Sample((1, 2, 4), (2, 1), (2, 1), (4, 1))],
)  # fmt: skip
def lstm_sequence(x: Array, h: Array, c: Array, weight: Array):
    """c' = σ(f) c + σ(i) tanh(z), h' = σ(o) tanh(c'), where (i, f, z, o) = x[t] + h @ weight.T, for each t.

    (T, N, 4 H), (N, H), (N, H), (4 H, H) -> outputs and cells (T, N, H), gates (T, N, 4 H).
    """
    checked("lstm_sequence", 4, x, weight, h=h, c=c)
    return LSTM(*kernels.lstm(x, h, c, weight))


class GRU(NamedTuple):
    """Outputs and gates of all steps, and what the states have contributed to the new gate."""

    outputs: Array
    gates: Array
    inner: Array


def gru_rule(g, y, x, h, weight, bias=None):
    (g_hs, g_gates, g_inner), (hs, gates, inner) = g, y
    of_input, of_state = [], []
    dh = 0
    for t in reversed(range(hs.shape[0])):
        r, z, n = quarters(gates[t], 3)
        g_r, g_z, g_n = quarters(g_gates[t], 3)
        dh = g_hs[t] + dh
        d_n = (g_n + dh * (1 - z)) * (1 - n * n)
        d_z = (g_z + dh * ((hs[t - 1] if t else h) - n)) * z * (1 - z)
        d_r = (g_r + d_n * inner[t]) * r * (1 - r)
        d = cat([d_r, d_z, g_inner[t] + d_n * r], -1)
        of_input.append(cat([d_r, d_z, d_n], -1))
        of_state.append(d)
        dh = dh * z + d @ weight
    d = stack(of_state[::-1])
    return stack(of_input[::-1]), dh, summed_products(d, shifted(h, hs)), d.reshape((d.shape[0] * d.shape[1], d.shape[2])).sum(0)


@op(
    joint=gru_rule, array_rule=lambda g, y, x, h, weight, bias=None, needs=(): kernels.gru_back(g, y, h, weight), saves="y h weight",
    samples=[Sample((3, 2, 6), (2, 2), (6, 2), (6,)), Sample((2, 2, 3), (2, 1), (3, 1))],
)  # fmt: skip
def gru_sequence(x: Array, h: Array, weight: Array, bias: Array = None):
    """h' = (1 - σ(z)) n + σ(z) h, n = tanh(x_n + σ(r) (h @ weight_n.T + bias_n)), r and z = x[t] + h @ weight.T + bias, for each t.

    (T, N, 3 H), (N, H), (3 H, H), (3 H) -> outputs (T, N, H), gates r, z, n (T, N, 3 H), and h @ weight_n.T + bias_n.
    """
    checked("gru_sequence", 3, x, weight, h=h)
    return GRU(*kernels.gru(x, h, weight, bias))


def rnn_rule(g, y, x, h, weight, nonlinearity="tanh"):
    terms = []
    dh = 0
    for t in reversed(range(y.shape[0])):
        dh = g[t] + dh
        d = dh * (1 - y[t] * y[t]) if nonlinearity == "tanh" else dh * (y[t] > 0)
        terms.append(d)
        dh = d @ weight
    d = stack(terms[::-1])
    return d, dh, summed_products(d, shifted(h, y))


@op(
    joint=rnn_rule, saves="y h weight",
    array_rule=lambda g, y, x, h, weight, nonlinearity="tanh", needs=(): kernels.rnn_back(g, y, h, weight, nonlinearity),
    samples=[Sample((3, 2, 2), (2, 2), (2, 2)), Sample((3, 2, 4), (2, 4), (4, 4), nonlinearity="relu")],
)  # fmt: skip
def rnn_sequence(x: Array, h: Array, weight: Array, nonlinearity="tanh"):
    """h' = tanh(x[t] + h @ weight.T), or relu, for each t: (T, N, H), (N, H), (H, H) -> (T, N, H)."""
    checked("rnn_sequence", 1, x, weight, h=h)
    return kernels.rnn(x, h, weight, nonlinearity)
