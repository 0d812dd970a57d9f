"""Single steps of recurrent layers."""
from __future__ import annotations

from typing import Any

from autograd import Tensor
from autograd.errors import ShapeError, message
from nn.layers.recurrent import Recurrent, given_states, mode_of, run

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Recurrent):
    """One step of a recurrent layer, what the cells have in common: (N, C) or (C), states -> states.

    num_chunks  the number of gates

    >>> isinstance(nn.GRUCell(3, 5), nn.RNNCellBase)
    True
    """

    mode: str

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self._add_weights(num_chunks, input_size, "", device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        kind = type(self).__name__
        if input.ndim not in (1, 2) or input.shape[-1] != self.input_size:
            required = f"an input (N, C) or (C) with C = input_size = {self.input_size} is required"
            raise ShapeError(message(kind, required, f"shape {tuple(input.shape)}"))
        shapes = [(*input.shape[:-1], self.hidden_size)] * (1 + (self.mode == "LSTM"))
        single = input.ndim == 1
        start = tuple(state[None] if single else state for state in given_states(kind, hx, shapes, input.dtype))
        after = run(self.mode, input[None, None] if single else input[None], start, self._weights(""))
        after = [state[0, 0] if single else state[0] for state in after]
        return tuple(after) if self.mode == "LSTM" else after[0]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")
        return text if self.mode != "RNN_RELU" else f"{text}, nonlinearity=relu"


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), one step of ``RNN``: (N, C) or (C), (N, H) or (H) -> (N, H) or (H).

    All weights and biases begin in U(-k, k), k = 1 / sqrt(hidden_size). Without a state, it is zeros.

    >>> nn.RNNCell(3, 5)(ag.zeros(2, 3)).shape
    (2, 5)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None, dtype: Any = None,
    ) -> None:
        mode = mode_of("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.mode, self.nonlinearity = mode, nonlinearity


class LSTMCell(RNNCellBase):
    """One step of ``LSTM``: (N, C) or (C), (h, c) -> (h', c').

    >>> h, c = nn.LSTMCell(3, 5)(ag.zeros(2, 3))
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """

    mode = "LSTM"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)


class GRUCell(RNNCellBase):
    """One step of ``GRU``: (N, C) or (C), h -> h'.

    >>> nn.GRUCell(3, 5)(ag.zeros(2, 3)).shape
    (2, 5)
    """

    mode = "GRU"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)
