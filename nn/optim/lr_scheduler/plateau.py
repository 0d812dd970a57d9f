"""Rates that fall when the model gets no better."""
from __future__ import annotations

import math
from typing import Any

from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """γ ← max(γ · factor, min_lr) when the metric given to ``step(metric)`` has not improved for more than patience steps.

    mode "min" or "max" says which way is better; an improvement is one by more than threshold, relative ("rel") or absolute ("abs").
    After a reduction cooldown steps pass before bad steps count again. Reductions smaller than eps are left out.
    """

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10, threshold: float = 1e-4,
        threshold_mode: str = "rel", cooldown: int = 0, min_lr: float | list[float] = 0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        self._require(factor < 1, "factor must be below 1", factor)
        self._require(mode in {"min", "max"}, "mode must be 'min' or 'max'", mode)
        self._require(threshold_mode in {"rel", "abs"}, "threshold_mode must be 'rel' or 'abs'", threshold_mode)
        self.optimizer = self._checked(optimizer)
        self.mode, self.factor, self.patience, self.threshold, self.threshold_mode = mode, factor, patience, threshold, threshold_mode
        self.cooldown, self.eps, self.last_epoch = cooldown, eps, 0
        self.default_min_lr = None if isinstance(min_lr, list | tuple) else min_lr
        self.min_lrs: list[float] = self._per_group("min_lr", min_lr)
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0
        self._last_lr = self._rates()

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Note the metric of this epoch, and reduce the rates if it has been bad for too long."""
        metric = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(metric, self.best):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._rates()

    @property
    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def _is_better(self, metric: float, best: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        goal = best * (1 - sign * self.threshold) if self.threshold_mode == "rel" else best - sign * self.threshold
        return sign * metric < sign * goal

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            self._require(
                self.default_min_lr is not None, f"min_lr for each of {len(groups)} groups is required", self.min_lrs, "set min_lrs",
            )
            self.min_lrs = [self.default_min_lr or 0.0] * len(groups)
        for group, least in zip(groups, self.min_lrs, strict=True):
            reduced = max(group["lr"] * self.factor, least)
            if group["lr"] - reduced > self.eps:
                group["lr"] = reduced
