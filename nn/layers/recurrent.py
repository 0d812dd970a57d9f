"""Layers with a state that they take from step to step."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn import init
from nn.module import Module
from nn.parameter import Parameter
from nn.utils.rnn import PackedSequence, invert_permutation, lengths_of, rows_of

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def mode_of(kind: str, nonlinearity: str) -> str:
    """The mode of a plain recurrent layer."""
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(message(kind, 'a nonlinearity "tanh" or "relu" is required', repr(nonlinearity)))
    return f"RNN_{nonlinearity.upper()}"


def run(mode: str, input: Tensor, states: tuple[Tensor, ...], weights: tuple[Tensor | None, ...], sizes: Any = None) -> list[Tensor]:
    """Each state after each step, (T, N, H), outputs first; or (M, H), of a packed input whose steps have so many rows as sizes says."""
    weight_ih, weight_hh, bias_ih, bias_hh, *projection = weights
    if mode == "GRU":
        return [ag.gru_sequence(F.linear(input, weight_ih, bias_ih), states[0], weight_hh, bias_hh, sizes)[0]]
    x = F.linear(input, weight_ih, None if bias_ih is None or bias_hh is None else bias_ih + bias_hh)
    if mode == "LSTM":
        h, c = states
        return list(ag.lstm_sequence(x, h, c, weight_hh, projection[0] if projection else None, sizes)[:2])
    return [ag.rnn_sequence(x, states[0], weight_hh, mode.removeprefix("RNN_").lower(), sizes)]


def given_states(kind: str, hx: Any, shapes: list[tuple[int, ...]], dtype: Any) -> list[Tensor]:
    """hx, which has to be of these shapes, as a list; zeros if it is None."""
    if hx is None:
        return [ag.zeros(shape, dtype=dtype) for shape in shapes]
    states = [hx] if isinstance(hx, Tensor) else list(hx)
    if [tuple(state.shape) for state in states] != shapes:
        required = f"{len(shapes)} of shape {' and '.join(map(str, dict.fromkeys(shapes)))} {'is' if len(shapes) == 1 else 'are'} required"
        raise ShapeError(message(kind, f"{required} as state", ", ".join(str(tuple(state.shape)) for state in states)))
    return states


class Recurrent(Module):
    """What recurrent layers and cells have in common."""

    input_size: int
    hidden_size: int
    bias: bool
    proj_size = 0

    def reset_parameters(self) -> None:
        """Draw all weights and biases anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _add_weights(self, gates: int, input_size: int, suffix: str, device: Any, dtype: Any) -> None:
        rows, size = gates * self.hidden_size, self.proj_size or self.hidden_size
        shapes = {"weight_ih": (rows, input_size), "weight_hh": (rows, size), "bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = size, self.hidden_size
        for name, shape in shapes.items():
            wanted = self.bias or name.startswith("weight")
            if wanted or not suffix:
                self.register_parameter(name + suffix, Parameter(ag.empty(*shape, device=device, dtype=dtype)) if wanted else None)

    def _weights(self, suffix: str) -> tuple[Tensor | None, ...]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", *(["weight_hr"] if self.proj_size else []))
        return tuple(getattr(self, name + suffix) if self.bias or name.startswith("weight") else None for name in names)


class RNNBase(Recurrent):
    """A recurrent layer that takes whole sequences, what ``RNN``, ``LSTM`` and ``GRU`` have in common: (T, N, C) -> (T, N, D * H), states.

    mode  "RNN_TANH", "RNN_RELU", "LSTM" or "GRU"; the other arguments are those of ``RNN`` and ``LSTM``

    >>> nn.RNNBase("GRU", 3, 5)(ag.zeros(7, 2, 3))[0].shape
    (7, 2, 5)
    """

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        kind = type(self).__name__
        if mode not in GATES:
            raise ArgumentError(message(kind, f"a mode of {', '.join(map(repr, GATES))} is required", repr(mode)))
        if hidden_size < 1 or num_layers < 1:
            raise ArgumentError(message(kind, "a hidden_size and num_layers of at least 1 are required", f"{hidden_size} and {num_layers}"))
        if not 0 <= dropout <= 1:
            raise ArgumentError(message(kind, "a dropout between 0 and 1 is required", repr(dropout)))
        if not 0 <= proj_size < hidden_size or (proj_size and mode != "LSTM"):
            raise ArgumentError(message(kind, "a proj_size below hidden_size, and 0 but for an LSTM, is required", str(proj_size)))
        self.mode, self.input_size, self.hidden_size, self.num_layers, self.bias = mode, input_size, hidden_size, num_layers, bias
        self.batch_first, self.dropout, self.bidirectional, self.proj_size = batch_first, float(dropout), bidirectional, proj_size
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                width = (proj_size or hidden_size) * (1 + bidirectional) if layer else input_size
                self._add_weights(GATES[mode], width, suffix, device, dtype)
        self.reset_parameters()

    def _suffixes(self, layer: int) -> tuple[str, ...]:
        return (f"_l{layer}", f"_l{layer}_reverse") if self.bidirectional else (f"_l{layer}",)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters, one list for each layer and direction."""
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[weight for weight in self._weights(suffix) if isinstance(weight, Parameter)] for suffix in suffixes]

    def flatten_parameters(self) -> None:
        """Nothing: it prepares PyTorch's weights for a GPU."""

    def _initial(self, n: int, hx: Any, dtype: Any, batched: bool) -> list[Tensor]:
        """The states to begin with, (layers * directions, N, H) each; zeros by default."""
        sizes = [self.proj_size or self.hidden_size, *([self.hidden_size] if self.mode == "LSTM" else [])]
        lead = (self.num_layers * (1 + self.bidirectional), *([n] if batched else []))
        states = given_states(type(self).__name__, hx, [(*lead, size) for size in sizes], dtype)
        return states if batched else [state.unsqueeze(1) for state in states]

    def _through(self, x: Tensor, initial: list[Tensor], sizes: Any = None) -> tuple[Tensor, list[Tensor]]:
        """All layers in both directions: the outputs of the last layer, and the last states of all."""
        last, backwards = (-1, None) if sizes is None else ends(sizes)
        final = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                start = tuple(state[layer * (1 + self.bidirectional) + direction] for state in initial)
                states = run(self.mode, turned(x, backwards) if direction else x, start, self._weights(suffix), sizes)
                outputs.append(turned(states[0], backwards) if direction else states[0])
                final.append([state[last] for state in states])
            x = outputs[0] if len(outputs) == 1 else ag.cat(outputs, -1)
        return x, [ag.stack(list(states)) for states in zip(*final, strict=True)]

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        packed, kind = isinstance(input, PackedSequence), type(self).__name__
        data = input.data if packed else input
        if data.ndim not in ((2,) if packed else (2, 3)) or data.shape[-1] != self.input_size:
            layout = "(M, C)" if packed else "(N, T, C) or (T, C)" if self.batch_first else "(T, N, C) or (T, C)"
            raise ShapeError(message(
                kind, f"an input {layout} with C = input_size = {self.input_size} is required", f"shape {tuple(data.shape)}",
            ))
        if packed:
            output, states = self._through_packed(input, hx)
            return output, states[0] if self.mode != "LSTM" else tuple(states)
        batched = data.ndim == 3
        x = data.unsqueeze(1) if not batched else data.transpose(0, 1) if self.batch_first else data
        if not x.shape[0]:
            raise ShapeError(message(kind, "a sequence of at least one step is required", f"shape {tuple(data.shape)}"))
        x, states = self._through(x, self._initial(x.shape[1], hx, x.dtype, batched))
        if not batched:
            x, states = x.squeeze(1), [state.squeeze(1) for state in states]
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, states[0] if self.mode != "LSTM" else tuple(states)

    def _through_packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, list[Tensor]]:
        sizes = tuple(input.batch_sizes.tolist())
        states = self._initial(sizes[0], hx, input.data.dtype, batched=True)
        order, back = input.sorted_indices, invert_permutation(input.sorted_indices)
        if order is not None and hx is not None:
            states = [state[:, order] for state in states]
        x, states = self._through(input.data, states, sizes)
        return input._replace(data=x), states if back is None else [state[:, back] for state in states]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        return text + "".join(f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value)


def turned(x: Tensor, backwards: np.ndarray[Any, Any] | None) -> Tensor:
    """Each sequence from its last step to its first."""
    return x.flip(0) if backwards is None else x[backwards]


def ends(sizes: tuple[int, ...]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Of packed sequences, the row of each one's last step; and all rows in the order that runs through each sequence backwards."""
    counts = np.array(sizes)
    first = np.cumsum(counts) - counts
    lengths = lengths_of(counts)
    step, place = rows_of(lengths)
    return first[lengths - 1] + np.arange(sizes[0]), first[lengths[place] - 1 - step] + place


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh): (T, N, C) or (T, C), states -> outputs (T, N, D * H) or (T, D * H), last states.

    C = input_size, H = hidden_size, D = 2 if bidirectional, else 1. States are (num_layers * D, N, H), or without N; zeros by default.
    Sequences of several lengths go in as a ``nn.utils.rnn.PackedSequence``, and outputs come as one; states in the order given to it.

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

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        mode = mode_of("RNN", nonlinearity)
        super().__init__(mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """c_t = f c_(t-1) + i z, h_t = o tanh(c_t): (T, N, C), (h, c) -> outputs (T, N, D * H), (last h, last c).

    i, f, o = σ(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh) and z = tanh(the same), each with its rows of the weights, in the order i, f, z, o.

    Arguments, shapes and initial values as for ``RNN``; there are two states, h and c.

    proj_size  P > 0: h_t = W_hr o tanh(c_t), of length P < H, and so are outputs and h

    >>> outputs, (h, c) = nn.LSTM(3, 5, num_layers=2)(ag.zeros(7, 2, 3))
    >>> outputs.shape, h.shape, c.shape
    ((7, 2, 5), (2, 2, 5), (2, 2, 5))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        )


class GRU(RNNBase):
    """h_t = (1 - z) n + z h_(t-1): (T, N, C), h -> outputs (T, N, D * H), last h.

    r, z = σ(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), n = tanh(W_ih x_t + b_ih + r (W_hh h_(t-1) + b_hh)), each with its rows of the
    weights, in the order r, z, n.

    Arguments, shapes and initial values as for ``RNN``.

    >>> outputs, last = nn.GRU(3, 5, bidirectional=True)(ag.zeros(7, 2, 3))
    >>> outputs.shape, last.shape
    ((7, 2, 10), (2, 2, 5))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)
