"""Layers with a state that they take from step to step."""
from __future__ import annotations

import math
from typing import Any, ClassVar

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn import init
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]


def _require_nonlinearity(kind: str, nonlinearity: str) -> None:
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(message(kind, 'a nonlinearity "tanh" or "relu" is required', repr(nonlinearity)))


class _Recurrent(Module):
    """What recurrent layers and cells have in common."""

    gates: ClassVar[int]
    states: ClassVar[int] = 1  # LSTM has a second one, the cell
    nonlinearity = "tanh"

    input_size: int
    hidden_size: int
    bias: bool

    def reset_parameters(self) -> None:
        """Draw all weights and biases anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _weights(self, input_size: int, suffix: str, device: Any, dtype: Any) -> None:
        rows = self.gates * self.hidden_size
        shapes = {"weight_ih": (rows, input_size), "weight_hh": (rows, self.hidden_size), "bias_ih": (rows,), "bias_hh": (rows,)}
        for name, shape in shapes.items():
            wanted = self.bias or name.startswith("weight")
            if wanted or not suffix:
                self.register_parameter(name + suffix, Parameter(ag.empty(*shape, device=device, dtype=dtype)) if wanted else None)

    def _run(self, input: Tensor, states: tuple[Tensor, ...], suffix: str) -> tuple[Tensor, ...]:
        """The outputs of all steps, (T, N, H), then the states after the last."""
        weight_ih, weight_hh = getattr(self, "weight_ih" + suffix), getattr(self, "weight_hh" + suffix)
        bias_ih, bias_hh = (getattr(self, name + suffix, None) for name in ("bias_ih", "bias_hh"))
        if self.gates == 3:
            outputs = ag.gru_sequence(F.linear(input, weight_ih, bias_ih), states[0], weight_hh, bias_hh)[0]
            return outputs, outputs[-1]
        x = F.linear(input, weight_ih, None if bias_ih is None or bias_hh is None else bias_ih + bias_hh)
        if self.gates == 4:
            outputs, cells, _ = ag.lstm_sequence(x, states[0], states[1], weight_hh)
            return outputs, outputs[-1], cells[-1]
        outputs = ag.rnn_sequence(x, states[0], weight_hh, self.nonlinearity)
        return outputs, outputs[-1]


class _Sequence(_Recurrent):
    """A recurrent layer that takes whole sequences."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        kind = type(self).__name__
        if hidden_size < 1 or num_layers < 1:
            raise ArgumentError(message(kind, "a hidden_size and num_layers of at least 1 are required", f"{hidden_size} and {num_layers}"))
        if not 0 <= dropout <= 1:
            raise ArgumentError(message(kind, "a dropout between 0 and 1 is required", repr(dropout)))
        self.input_size, self.hidden_size, self.num_layers, self.bias = input_size, hidden_size, num_layers, bias
        self.batch_first, self.dropout, self.bidirectional = batch_first, float(dropout), bidirectional
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                self._weights(input_size if layer == 0 else hidden_size * (1 + bidirectional), suffix, device, dtype)
        self.reset_parameters()

    def _suffixes(self, layer: int) -> tuple[str, ...]:
        return (f"_l{layer}", f"_l{layer}_reverse") if self.bidirectional else (f"_l{layer}",)

    def _initial(self, input: Tensor, hx: Any, batched: bool) -> list[Tensor]:
        """The states to begin with, (layers * directions, N, H) each; zeros by default."""
        shape = self.num_layers * (1 + self.bidirectional), input.shape[1], self.hidden_size
        if hx is None:
            return [ag.zeros(shape, dtype=input.dtype) for _ in range(self.states)]
        states = [hx] if isinstance(hx, Tensor) else list(hx)
        expected = shape if batched else (shape[0], shape[2])
        if len(states) != self.states or any(tuple(state.shape) != expected for state in states):
            required = f"{self.states} of shape {expected} {'is' if self.states == 1 else 'are'} required as initial state"
            raise ShapeError(message(type(self).__name__, required, ", ".join(str(tuple(state.shape)) for state in states)))
        return states if batched else [state.unsqueeze(1) for state in states]

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        kind = type(self).__name__
        if input.ndim not in (2, 3) or input.shape[-1] != self.input_size:
            layout = "(N, T, C)" if self.batch_first else "(T, N, C)"
            raise ShapeError(message(
                kind, f"an input {layout} or (T, C) with C = input_size = {self.input_size} is required", f"shape {tuple(input.shape)}",
            ))
        batched = input.ndim == 3
        x = input.unsqueeze(1) if not batched else input.transpose(0, 1) if self.batch_first else input
        if not x.shape[0]:
            raise ShapeError(message(kind, "a sequence of at least one step is required", f"shape {tuple(input.shape)}"))
        initial, final = self._initial(x, hx, batched), []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                start = tuple(state[layer * (1 + self.bidirectional) + direction] for state in initial)
                y, *last = self._run(x.flip(0) if direction else x, start, suffix)
                outputs.append(y.flip(0) if direction else y)
                final.append(last)
            x = outputs[0] if len(outputs) == 1 else ag.cat(outputs, -1)
        ends = [ag.stack(list(states)) for states in zip(*final, strict=True)]
        if not batched:
            x, ends = x.squeeze(1), [state.squeeze(1) for state in ends]
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, ends[0] if self.states == 1 else tuple(ends)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        return text + "".join(f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value)


class RNN(_Sequence):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh): (T, N, C) or (T, C), states -> outputs (T, N, D * H) or (T, D * H), last states.

    C = input_size, H = hidden_size, D = 2 if bidirectional, else 1. States are (num_layers * D, N, H), or without N; zeros by default.

    num_layers     so many are stacked, each takes the outputs of the one below
    nonlinearity   "tanh", or "relu" in its place
    bias           False: neither b_ih nor b_hh
    batch_first    True: inputs and outputs are (N, T, ...); states are as before
    dropout        in training, this part of the outputs of all layers but the last is dropped
    bidirectional  True: a second layer runs from the last step to the first, and its outputs are set beside those of the first

    All weights and biases begin in U(-k, k), k = 1 / sqrt(hidden_size).

    >>> outputs, last = nn.RNN(3, 5)(ag.zeros(7, 2, 3))
    >>> outputs.shape, last.shape
    ((7, 2, 5), (1, 2, 5))
    """

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        _require_nonlinearity("RNN", nonlinearity)
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)
        self.nonlinearity = nonlinearity


class LSTM(_Sequence):
    """c_t = f c_(t-1) + i z, h_t = o tanh(c_t): (T, N, C), (h, c) -> outputs (T, N, D * H), (last h, last c).

    i, f, o = σ(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh) and z = tanh(the same), each with its rows of the weights, in the order i, f, z, o.

    Arguments, shapes and initial values as for ``RNN``; there are two states, h and c.

    >>> outputs, (h, c) = nn.LSTM(3, 5, num_layers=2)(ag.zeros(7, 2, 3))
    >>> outputs.shape, h.shape, c.shape
    ((7, 2, 5), (2, 2, 5), (2, 2, 5))
    """

    gates, states = 4, 2


class GRU(_Sequence):
    """h_t = (1 - z) n + z h_(t-1): (T, N, C), h -> outputs (T, N, D * H), last h.

    r, z = σ(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), n = tanh(W_ih x_t + b_ih + r (W_hh h_(t-1) + b_hh)), each with its rows of the
    weights, in the order r, z, n.

    Arguments, shapes and initial values as for ``RNN``.

    >>> outputs, last = nn.GRU(3, 5, bidirectional=True)(ag.zeros(7, 2, 3))
    >>> outputs.shape, last.shape
    ((7, 2, 10), (2, 2, 5))
    """

    gates = 3


class _Cell(_Recurrent):
    """One step of a recurrent layer."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self._weights(input_size, "", device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        kind = type(self).__name__
        if input.ndim not in (1, 2) or input.shape[-1] != self.input_size:
            required = f"an input (N, C) or (C) with C = input_size = {self.input_size} is required"
            raise ShapeError(message(kind, required, f"shape {tuple(input.shape)}"))
        shape = (*input.shape[:-1], self.hidden_size)
        states = [ag.zeros(shape, dtype=input.dtype)] * self.states if hx is None else [hx] if isinstance(hx, Tensor) else list(hx)
        if len(states) != self.states or any(tuple(state.shape) != shape for state in states):
            required = f"{self.states} of shape {shape} {'is' if self.states == 1 else 'are'} required as state"
            raise ShapeError(message(kind, required, ", ".join(str(tuple(state.shape)) for state in states)))
        step = input[None] if input.ndim == 2 else input[None, None]
        start = tuple(state if input.ndim == 2 else state[None] for state in states)
        _, *last = self._run(step, start, "")
        last = last if input.ndim == 2 else [state[0] for state in last]
        return last[0] if self.states == 1 else tuple(last)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class RNNCell(_Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), one step of ``RNN``: (N, C) or (C), (N, H) or (H) -> (N, H) or (H).

    All weights and biases begin in U(-k, k), k = 1 / sqrt(hidden_size). Without a state, it is zeros.

    >>> nn.RNNCell(3, 5)(ag.zeros(2, 3)).shape
    (2, 5)
    """

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None, dtype: Any = None,
    ) -> None:
        _require_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity


class LSTMCell(_Cell):
    """One step of ``LSTM``: (N, C) or (C), (h, c) -> (h', c').

    >>> h, c = nn.LSTMCell(3, 5)(ag.zeros(2, 3))
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """

    gates, states = 4, 2


class GRUCell(_Cell):
    """One step of ``GRU``: (N, C) or (C), h -> h'.

    >>> nn.GRUCell(3, 5)(ag.zeros(2, 3)).shape
    (2, 5)
    """

    gates = 3
