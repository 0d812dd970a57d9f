"""Steps scaled by the size that gradients have had so far: RMSprop, Adagrad, Adadelta."""
from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor, tracing
from autograd.dtypes import number
from nn.optim.optimizer import Group, Optimizer, Params, State, average_


class RMSprop(Optimizer):
    """Gradients divided by the root of their mean square.

    ::

        v ← αv + (1 - α)g²
        v̂ = v, or v - a² where a ← αa + (1 - α)g, with centered
        b ← μb + g / (√v̂ + ε)
        θ ← θ - γb

    Tieleman and Hinton, "Neural networks for machine learning", lecture 6, 2012; centred: Graves 2013, https://arxiv.org/abs/1308.0850
    """

    def __init__(
        self, params: Params, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum, "centered": centered,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, kernel)

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        alpha = group["alpha"]
        (v,) = self.moments(p, state, "square_avg")
        self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        average_(v, grad * grad, alpha)
        if group["centered"]:
            (a,) = self.moments(p, state, "grad_avg")
            average_(a, grad, alpha)
            v = v - a * a
        step = grad / (np.sqrt(v) + number(group["eps"], v))
        if momentum := group["momentum"]:
            (buffer,) = self.moments(p, state, "momentum_buffer")
            buffer *= number(momentum, buffer)
            buffer += step
            step = buffer
        theta -= step * number(group["lr"], theta)


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of their squares: steps only ever shrink.

    ::

        s ← s + g²
        θ ← θ - γ / (1 + (t - 1)η) · g / (√s + ε)       η: lr_decay

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011,
    https://jmlr.org/papers/v12/duchi11a.html
    """

    def __init__(
        self, params: Params, lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0, initial_accumulator_value: float = 0,
        eps: float = 1e-10, *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, kernel)

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        if "sum" not in state:
            with tracing.untraced():
                state["sum"] = ag.full_like(p, float(group["initial_accumulator_value"]))
        (total,) = self.moments(p, state, "sum")
        t = self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        total += grad * grad
        rate = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        theta -= grad / (np.sqrt(total) + number(group["eps"], total)) * rate


class Adadelta(Optimizer):
    """Gradients scaled so that a step has the size that steps have had: no learning rate is needed.

    ::

        v ← ρv + (1 - ρ)g²
        δ = √(u + ε) / √(v + ε) · g
        u ← ρu + (1 - ρ)δ²
        θ ← θ - γδ

    Zeiler, "ADADELTA: an adaptive learning rate method", 2012, https://arxiv.org/abs/1212.5701
    """

    def __init__(
        self, params: Params, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}, kernel)

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        rho, eps = group["rho"], group["eps"]
        v, u = self.moments(p, state, "square_avg", "acc_delta")
        self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        average_(v, grad * grad, rho)
        delta = np.sqrt(u + number(eps, u)) / np.sqrt(v + number(eps, v)) * grad
        average_(u, delta * delta, rho)
        theta -= delta * number(group["lr"], theta)
