"""Rates that fall (or rise) from step to step: by a factor, in a line, along a cosine."""
from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = ["ConstantLR", "CosineAnnealingLR", "ExponentialLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR"]


# ── each rate is the last one times a factor: other schedules, and the user, may change it in between ──


class Factor(LRScheduler):
    """γ ← γ · factor(t), which begun at γ₀ comes to γ₀ · product(t)."""

    def factor(self, t: int) -> float:
        """What step t multiplies the rate by."""
        raise NotImplementedError

    def product(self, t: int) -> float:
        """What all steps up to t have multiplied it by."""
        raise NotImplementedError

    def get_lr(self) -> list[float]:
        factor = self.factor(self.last_epoch)
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def closed_lr(self) -> list[float]:
        product = self.product(self.last_epoch)
        return [base * product for base in self.base_lrs]


class StepLR(Factor):
    """γ₀ · gamma^⌊t / step_size⌋: a drop every step_size steps."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t: int) -> float:
        return self.gamma if t and t % self.step_size == 0 else 1.0

    def product(self, t: int) -> float:
        return float(self.gamma ** (t // self.step_size))


class MultiStepLR(Factor):
    """γ₀ · gamma^(number of milestones reached)."""

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t: int) -> float:
        return float(self.gamma ** self.milestones[t])

    def product(self, t: int) -> float:
        return float(self.gamma ** bisect_right(sorted(self.milestones.elements()), t))


class ExponentialLR(Factor):
    """γ₀ · gammaᵗ."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t: int) -> float:  # noqa: ARG002  the same at every t
        return 1.0 if self._is_initial else self.gamma

    def product(self, t: int) -> float:
        return float(self.gamma**t)


class ConstantLR(Factor):
    """γ₀ · factor for total_iters steps, then γ₀."""

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        self._require(0 <= factor <= 1, "factor must be between 0 and 1", factor)
        self._require(
            factor > 0 or total_iters == 0, "a factor above 0 is required, for the rate is multiplied by 1 / factor at the end", factor,
        )
        self.start, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, t: int) -> float:
        return self.start if t == 0 else 1.0 / self.start if t == self.total_iters else 1.0

    def product(self, t: int) -> float:
        return self.start if t < self.total_iters else 1.0


class LinearLR(Factor):
    """From γ₀ · start_factor in a straight line to γ₀ · end_factor in total_iters steps: a warm-up."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self._require(0 < start_factor <= 1, "start_factor must be above 0 and at most 1", start_factor)
        self._require(0 <= end_factor <= 1, "end_factor must be between 0 and 1", end_factor)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, t: int) -> float:
        if t == 0:
            return self.start_factor
        if self._is_initial or t > self.total_iters:
            return 1.0
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (t - 1) * rise)

    def product(self, t: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(self.total_iters, t) / self.total_iters


class PolynomialLR(Factor):
    """γ₀ · (1 - t / total_iters)^power."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self, t: int) -> float:
        if self._is_initial or t > self.total_iters:
            return 1.0
        return float(((1.0 - t / self.total_iters) / (1.0 - (t - 1) / self.total_iters)) ** self.power)

    def product(self, t: int) -> float:
        return float((1.0 - min(self.total_iters, t) / self.total_iters) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """eta_min + ½(γ₀ - eta_min)(1 + cos(π t / T_max)).

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2016, https://arxiv.org/abs/1608.03983
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, period, low = self.last_epoch, self.T_max, self.eta_min
        if self._is_initial:
            return self._rates()
        if self._step_count == 1 and t > 0:
            return self.closed_lr()
        if (t - 1 - period) % (2 * period) == 0:  # the step before was at the bottom, from which no factor leads up
            rise = (1 - math.cos(math.pi / period)) / 2
            return [rate + (base - low) * rise for base, rate in zip(self.base_lrs, self._rates(), strict=True)]
        factor = (1 + math.cos(math.pi * t / period)) / (1 + math.cos(math.pi * (t - 1) / period))
        return [low + (rate - low) * factor for rate in self._rates()]

    def closed_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]
