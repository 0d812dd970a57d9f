"""A whole network of linear layers."""
from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import ArgumentError, DtypeError, message
from nn.containers import Sequential
from nn.layers import activation, squashing
from nn.layers.dropout import Dropout
from nn.layers.linear import Linear
from nn.layers.normalization import BatchNorm1d, LayerNorm
from nn.module import Module

__all__ = ["MLP"]

NOT_BY_NAME = ("GLU", "Threshold")  # one halves the width, one needs arguments
ACTIVATIONS: dict[str, Callable[[], Module]] = {
    name.lower(): getattr(family, name) for family in (activation, squashing) for name in family.__all__ if name not in NOT_BY_NAME
}
NORMS: dict[str, Callable[[int], Module]] = {"batch": BatchNorm1d, "layer": LayerNorm}


class MLP(Sequential):
    """y = W_L f(... f(W_2 f(W_1 x + b_1) + b_2) ...) + b_L: (*, in_features) -> (*, out_features).

    hidden      widths of the hidden layers; one number for one layer, [] for none
    activation  f: a name ("relu", "tanh", "gelu", "leakyrelu" ...), a class (nn.ELU), or a function of nothing that returns a module
    dropout     probability, after each activation
    norm        None, "batch" or "layer", before each activation
    bias        False: no b

    A Sequential: ``model[0]`` is the first Linear, ``model[-1]`` the last, which has no activation. Weights begin as those of Linear do.

    >>> nn.MLP(2, [4], 1, activation="tanh")
    MLP(
      (0): Linear(in_features=2, out_features=4, bias=True)
      (1): Tanh()
      (2): Linear(in_features=4, out_features=1, bias=True)
    )
    """

    def __init__(
        self, in_features: int, hidden: int | Sequence[int], out_features: int, activation: str | Callable[[], Module] = "relu",
        dropout: float = 0.0, norm: str | None = None, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        make_activation, make_norm = _activation(activation), _norm(norm)
        widths = [in_features, *([hidden] if isinstance(hidden, int) else hidden), out_features]
        for n, m in itertools.pairwise(widths[:-1]):
            self.append(Linear(n, m, bias, device, dtype))
            if make_norm is not None:
                self.append(make_norm(m))
            self.append(make_activation())
            if dropout:
                self.append(Dropout(dropout))
        self.append(Linear(widths[-2], widths[-1], bias, device, dtype))
        if dtype is not None:
            self.to(dtype)


def _activation(activation: str | Callable[[], Module]) -> Callable[[], Module]:
    if isinstance(activation, Module):
        raise DtypeError(message(
            "MLP", "an activation by name, class or function that makes one is required", f"an instance, {activation!r}",
            f"write nn.{type(activation).__name__}, or lambda: {activation!r}: each layer gets its own",
        ))
    if not isinstance(activation, str):
        return activation
    found = ACTIVATIONS.get(activation.lower().replace("_", ""))
    if found is None:
        raise ArgumentError(message(
            "MLP", f"an activation out of {', '.join(ACTIVATIONS)} is required", repr(activation), "pass a class for others",
        ))
    return found


def _norm(norm: str | None) -> Callable[[int], Module] | None:
    if norm is None:
        return None
    if norm not in NORMS:
        raise ArgumentError(message("MLP", f"a norm out of None, {', '.join(map(repr, NORMS))} is required", repr(norm)))
    return NORMS[norm]
