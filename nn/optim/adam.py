"""Adam and its descendants: steps scaled by running averages of the gradient and of its square."""
from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor, tracing
from autograd.dtypes import number
from nn.optim.optimizer import Group, Optimizer, Params, State, average_

Betas = tuple[float, float]


class Adam(Optimizer):
    """Adam: momentum, divided by the root of the mean square gradient.

    ::

        m ← β₁m + (1 - β₁)g             average of the gradient
        v ← β₂v + (1 - β₂)g²            average of its square; amsgrad uses the largest v so far
        θ ← θ - γ m̂ / (√v̂ + ε)          where m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ)

    Kingma and Ba, "Adam: a method for stochastic optimization", 2014, https://arxiv.org/abs/1412.6980;
    amsgrad: Reddi et al., "On the convergence of Adam and beyond", 2018. Weight decay adds λθ to g; see AdamW for the other kind.
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        amsgrad: bool = False, *, maximize: bool = False, decoupled_weight_decay: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, options, kernel)

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        m, v = self.moments(p, state, "exp_avg", "exp_avg_sq")
        t = self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        average_(m, grad, beta1)
        average_(v, grad * grad, beta2)
        if group["amsgrad"]:
            (largest,) = self.moments(p, state, "max_exp_avg_sq")
            v = np.maximum(largest, v, out=largest)
        bias2 = (1 - beta2**t) ** 0.5
        denominator = np.sqrt(v)
        denominator += number(group["eps"] * bias2, theta)  # √v̂ + ε, times bias2: one pass less than dividing by it
        step = m / denominator
        step *= group["lr"] * bias2 / (1 - beta1**t)
        theta -= step


class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← (1 - γλ)θ before each step, whatever the gradient's scale.

    Loshchilov and Hutter, "Decoupled weight decay regularization", 2017, https://arxiv.org/abs/1711.05101
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2,
        amsgrad: bool = False, *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True, **kernel)


class Adamax(Optimizer):
    """Adam with the largest gradient in place of the mean square.

    ::

        m ← β₁m + (1 - β₁)g
        u ← max(β₂u, |g| + ε)
        θ ← θ - γ / (1 - β₁ᵗ) · m / u

    Kingma and Ba 2014, section 7.1, https://arxiv.org/abs/1412.6980
    """

    def __init__(
        self, params: Params, lr: float = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}, kernel)

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        m, u = self.moments(p, state, "exp_avg", "exp_inf")
        t = self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        average_(m, grad, beta1)
        np.maximum(u * number(beta2, u), np.abs(grad) + number(group["eps"], u), out=u)
        theta -= m / u * (group["lr"] / (1 - beta1**t))


class NAdam(Optimizer):
    """Adam with Nesterov momentum.

    ::

        μₜ = β₁(1 - ½ 0.96^(tψ))        ψ: momentum_decay
        m ← β₁m + (1 - β₁)g,  v ← β₂v + (1 - β₂)g²
        m̂ = μₜ₊₁ m / (1 - μ₁⋯μₜ₊₁) + (1 - μₜ) g / (1 - μ₁⋯μₜ)
        θ ← θ - γ m̂ / (√(v / (1 - β₂ᵗ)) + ε)

    Dozat, "Incorporating Nesterov momentum into Adam", 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
    """

    def __init__(
        self, params: Params, lr: float = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, kernel)

    elementwise = False  # mu_product is a number per parameter

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        lr, (beta1, beta2), psi = group["lr"], group["betas"], group["momentum_decay"]
        m, v = self.moments(p, state, "exp_avg", "exp_avg_sq")
        if "mu_product" not in state:
            with tracing.untraced():
                state["mu_product"] = ag.tensor(1.0, dtype=ag.float32)
        t = self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (step * psi)) for step in (t, t + 1))
        product = tracing.first(state["mu_product"].mul_(mu).numpy())
        average_(m, grad, beta1)
        average_(v, grad * grad, beta2)
        ahead = m * (lr * mu_next / (1 - product * mu_next)) + grad * (lr * (1 - mu) / (1 - product))
        theta -= ahead / (np.sqrt(v / (1 - beta2**t)) + number(group["eps"], v))


class RAdam(Optimizer):
    """Adam that trusts the average of squares only once it has seen enough of them.

    ::

        m ← β₁m + (1 - β₁)g,  v ← β₂v + (1 - β₂)g²,  m̂ = m / (1 - β₁ᵗ)
        ρ = ρ∞ - 2t β₂ᵗ / (1 - β₂ᵗ),  ρ∞ = 2 / (1 - β₂) - 1
        r = √((ρ - 4)(ρ - 2)ρ∞ / ((ρ∞ - 4)(ρ∞ - 2)ρ))
        θ ← θ - γ m̂ r √(1 - β₂ᵗ) / (√v + ε)     where ρ > 5, else θ - γ m̂

    Liu et al., "On the variance of the adaptive learning rate and beyond", 2019, https://arxiv.org/abs/1908.03265
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
        decoupled_weight_decay: bool = False, *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, options, kernel)

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        m, v = self.moments(p, state, "exp_avg", "exp_avg_sq")
        t = self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        average_(m, grad, beta1)
        average_(v, grad * grad, beta2)
        correction = 1 - beta2**t
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / correction
        step = m * (group["lr"] / (1 - beta1**t))
        if rho > 5:
            rectified = ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5
            step = step * (rectified * correction**0.5) / (np.sqrt(v) + number(group["eps"], v))
        theta -= step
