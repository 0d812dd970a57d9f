"""Steps by signs, averages over time, and updates that know matrices: Rprop, ASGD, Lion, Adafactor, Muon."""
from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor, tracing
from autograd.dtypes import number
from autograd.errors import ArgumentError, ShapeError
from nn.optim.optimizer import Group, Optimizer, Params, State, first_step

__all__ = ["ASGD", "Adafactor", "Lion", "Muon", "Rprop"]


class Rprop(Optimizer):
    """A step size of its own for each element, that grows while the gradient keeps its sign, and shrinks when it turns.

    ::

        η ← clamp(η · η⁺ or η⁻ or 1, smallest, largest)      as g · g_before is above, below or at 0
        θ ← θ - η sign(g)                                    where the sign has turned, no step is taken, and g counts as 0

    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm", 1993. For whole batches.
    """

    def __init__(
        self, params: Params, lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2), step_sizes: tuple[float, float] = (1e-6, 50),
        *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}, kernel)

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        if "step_size" not in state:
            with tracing.untraced():
                state["step_size"] = ag.full_like(p, float(group["lr"]))
        before, size = self.moments(p, state, "prev", "step_size")
        self.next_step(state)
        theta, grad = self.values(p), g.numpy()
        (shrink, grow), (smallest, largest) = group["etas"], group["step_sizes"]
        agreement = np.sign(grad * before)
        one = number(1, theta)
        size *= np.where(agreement > 0, number(grow, theta), np.where(agreement < 0, number(shrink, theta), one))
        size[...] = np.minimum(np.maximum(size, number(smallest, theta)), number(largest, theta))
        grad = np.where(agreement < 0, number(0, theta), grad)
        theta -= np.sign(grad) * size
        before[...] = grad


class ASGD(Optimizer):
    """Gradient descent whose mean over time, ``state[p]["ax"]``, is the answer: it is steadier than the last step.

    ::

        θ ← (1 - λ η_t) θ - η_t g
        ā ← ā + (θ - ā) μ_t
        η_{t+1} = γ / (1 + λ γ t)^α,   μ_{t+1} = 1 / max(1, t - t0)

    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992, doi:10.1137/0330046
    """

    def __init__(
        self, params: Params, lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6, weight_decay: float = 0,
        *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options, kernel)

    elementwise = False  # eta and mu are numbers per parameter

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        (average,) = self.moments(p, state, "ax")
        if "eta" not in state:
            with tracing.untraced():
                state["eta"], state["mu"] = ag.tensor(group["lr"], dtype=ag.float32), ag.tensor(1.0, dtype=ag.float32)
        next_eta, next_mu = self.values(state["eta"]), self.values(state["mu"])
        eta, mu = tracing.first(next_eta), tracing.first(next_mu)
        t = self.next_step(state)
        theta, grad = self.arrays(p, g, group)
        theta *= number(1 - group["lambd"] * eta, theta)
        theta -= grad * number(eta, theta)
        average += (theta - average) * number(mu, theta)
        late = t - group["t0"]
        next_eta[...] = group["lr"] / (1 + group["lambd"] * group["lr"] * t) ** group["alpha"]
        next_mu[...] = 1 / late if late > 1 else 1


class Lion(Optimizer):
    """The sign of an average of the gradient: every element moves by the learning rate. It keeps one average, Adam two.

    ::

        u ← sign(β₁ m + (1 - β₁) g)
        θ ← (1 - γλ) θ - γ u
        m ← β₂ m + (1 - β₂) g

    Chen et al., "Symbolic discovery of optimization algorithms", 2023, https://arxiv.org/abs/2302.06675. PyTorch has none.
    """

    def __init__(
        self, params: Params, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0,
        *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "decoupled_weight_decay": True, "maximize": maximize}
        super().__init__(params, options, kernel)

    counts = False

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        if "exp_avg" not in state:
            with tracing.untraced():
                state["exp_avg"] = ag.zeros_like(p)
        m = self.values(state["exp_avg"])
        theta, grad = self.arrays(p, g, group)
        theta -= np.sign(m * number(beta1, m) + grad * number(1 - beta1, m)) * number(group["lr"], theta)
        m *= number(beta2, m)
        m += grad * number(1 - beta2, m)


class Adafactor(Optimizer):
    """Adam's squares kept as one number per row and one per column of a matrix, and steps relative to the size of the parameter.

    ::

        R ← R + tᶜ (mean of g² over columns - R),  C ← C + tᶜ (mean of g² over rows - C),  v = R C / mean(R)      c = beta2_decay
        v ← v + tᶜ (g² - v)                                                                                      for vectors
        u = g / √max(v, ε₁²)
        θ ← (1 - γλ) θ - max(ε₂, rms(θ)) min(γ, 1/√t) u / max(1, rms(u) / d)

    Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018, https://arxiv.org/abs/1804.04235
    """

    def __init__(
        self, params: Params, lr: float = 1e-2, beta2_decay: float = -0.8, eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0,
        weight_decay: float = 0.0, *, maximize: bool = False, **kernel: Any,
    ) -> None:  # fmt: skip
        if d < 1:
            raise self._error(ArgumentError, "d >= 1 is required", repr(d), "it is the size beyond which an update is shortened")
        options = {"lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options, kernel)

    elementwise = False

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        with tracing.untraced():
            if p.ndim > 1 and "row_var" not in state:
                state["step"] = first_step()
                state["row_var"] = ag.zeros(*p.shape[:-1], 1, dtype=p.dtype)
                state["col_var"] = ag.zeros(*p.shape[:-2], 1, p.shape[-1], dtype=p.dtype)
        averages = self.moments(p, state, *(("row_var", "col_var") if p.ndim > 1 else ("variance",)))
        t = self.next_step(state)
        theta, grad = self.values(p), g.numpy()
        smallest, least_size = group["eps"]
        floor = np.finfo(p.dtype).eps if smallest is None else smallest
        fresh = number(t ** group["beta2_decay"], theta)
        rate = min(group["lr"], t**-0.5)
        rate = np.maximum(root_mean_square(theta), number(least_size, theta)) * number(rate, theta)
        theta *= number(1 - group["lr"] * group["weight_decay"], theta)
        squares = grad * grad
        if p.ndim > 1:
            rows, columns = averages
            rows += (squares.mean(-1, keepdims=True) - rows) * fresh
            columns += (squares.mean(-2, keepdims=True) - columns) * fresh
            v = rows @ columns / np.maximum(rows.mean(-2, keepdims=True), number(floor, theta))
        else:
            (v,) = averages
            v += (squares - v) * fresh
        u = grad / np.sqrt(np.maximum(v, number(floor * floor, theta)))
        theta -= u * (rate / np.maximum(root_mean_square(u) / number(group["d"], theta), number(1, theta)))


def root_mean_square(x: Any) -> Any:
    """√mean(x²), of all elements."""
    return np.sqrt((x * x).mean())


class Muon(Optimizer):
    """Momentum whose update is made orthogonal, for matrices: every direction moves by as much.

    ::

        b ← μ b + (1 - μ) g
        u = orthogonal(μ b + (1 - μ) g), with nesterov, else orthogonal(b)
        θ ← (1 - γλ) θ - γ' u

    where orthogonal() is ns_steps of a Newton and Schulz iteration, and γ' is γ √max(1, rows / columns) ("original") or
    0.2 γ √max(rows, columns) ("match_rms_adamw").

    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024, https://kellerjordan.github.io/posts/muon/;
    Liu et al., "Muon is scalable for LLM training", 2025, https://arxiv.org/abs/2502.16982. Unlike PyTorch's, the iteration runs in the
    parameter's precision, not in bfloat16.
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315), eps: float = 1e-7, ns_steps: int = 5,
        adjust_lr_fn: str | None = None, **kernel: Any,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov, "ns_coefficients": ns_coefficients,
            "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn, "decoupled_weight_decay": True,
        }  # fmt: skip
        super().__init__(params, options, kernel)
        for p in (p for group in self.param_groups for p in group["params"]):
            if p.ndim != 2:
                raise self._error(ShapeError, "matrices are required", f"shape {tuple(p.shape)}", "give the others to AdamW")

    counts = elementwise = False

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        momentum = group["momentum"]
        if "momentum_buffer" not in state:
            with tracing.untraced():
                state["momentum_buffer"] = ag.zeros_like(p)
        b = self.values(state["momentum_buffer"])
        theta, grad = self.arrays(p, g, group)
        b *= number(momentum, b)
        b += grad * number(1 - momentum, b)
        u = grad * number(1 - momentum, b) + b * number(momentum, b) if group["nesterov"] else b
        u = orthogonal(u, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = theta.shape
        scale = 0.2 * max(rows, columns) ** 0.5 if group["adjust_lr_fn"] == "match_rms_adamw" else max(1, rows / columns) ** 0.5
        theta -= u * number(group["lr"] * scale, theta)


def orthogonal(x: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """The matrix with the singular vectors of x, and singular values near 1: a quintic Newton and Schulz iteration."""
    a, b, c = (number(v, x) for v in coefficients)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / np.maximum(np.sqrt((x * x).sum()), number(eps, x))
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.T if tall else x
