"""Gradient descent, with or without momentum."""
from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor, tracing
from autograd.dtypes import number
from autograd.errors import ArgumentError
from nn.optim.optimizer import Group, Optimizer, Params, State


class SGD(Optimizer):
    """Stochastic gradient descent.

    ::

        g ← g + λθ                      weight decay λ
        b ← μb + (1 - τ)g               momentum μ, dampening τ (b = g at the first step)
        θ ← θ - γb                      or θ - γ(g + μb), with nesterov

    Momentum: Polyak 1964. Nesterov's form: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, kernel)

    def _check_ranges(self, group: Group) -> None:
        super()._check_ranges(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            given = f"momentum={group['momentum']}, dampening={group['dampening']}"
            raise self._error(ArgumentError, "nesterov requires a momentum and no dampening", given)

    counts = False

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        theta, step = self.arrays(p, g, group)
        if momentum := group["momentum"]:
            dampening = group["dampening"]
            if "momentum_buffer" not in state:  # then it is the gradient
                with tracing.untraced():
                    state["momentum_buffer"] = ag.zeros_like(p)
                if dampening:
                    tracing.once()
                dampening = 0
            b = self.values(state["momentum_buffer"])
            b *= number(momentum, b)
            b += step * number(1 - dampening, b) if dampening else step
            step = step + b * number(momentum, b) if group["nesterov"] else b
        theta -= step * number(group["lr"], theta)
