"""Rates that go up and down: 1cycle, cycles, warm restarts."""
from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

from autograd.errors import ArgumentError, message
from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.optimizer import Group, Optimizer

__all__ = ["CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"]


class CosineAnnealingWarmRestarts(LRScheduler):
    """eta_min + ½(γ₀ - eta_min)(1 + cos(π T_cur / T_i)): T_cur steps into a cycle of T_i, each cycle T_mult times as long as the last.

    ``step(epoch)`` also takes fractions of an epoch. Loshchilov and Hutter 2016, https://arxiv.org/abs/1608.03983
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self._require(isinstance(T_0, int) and T_0 > 0, "T_0 must be a positive integer", T_0)
        self._require(isinstance(T_mult, int) and T_mult >= 1, "T_mult must be an integer of at least 1", T_mult)
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Set the rates of the next step, or those of ``epoch``, which may be a fraction."""
        if epoch is None and self.last_epoch >= 0:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = epoch or 0
            self._require(epoch >= 0, "epoch must not be negative", epoch)
            self.last_epoch = math.floor(epoch)
            self.T_i, self.T_cur = self.T_0, epoch
            if epoch >= self.T_0 and self.T_mult == 1:
                self.T_cur = epoch % self.T_0
            elif epoch >= self.T_0:
                cycle = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
                self.T_cur = epoch - self.T_0 * (self.T_mult**cycle - 1) / (self.T_mult - 1)
                self.T_i = self.T_0 * self.T_mult**cycle
        self._set(self.get_lr())


class MomentumCycle(LRScheduler):
    """A schedule that moves the momentum (or Adam's first beta) against the rate."""

    def _begin_momentum(self, cycle_momentum: bool, base: Any, largest: Any, last_epoch: int) -> None:
        self.cycle_momentum = cycle_momentum
        if not cycle_momentum:
            return
        defaults = self.optimizer.defaults
        if not {"momentum", "betas"} & defaults.keys():
            raise ArgumentError(message(
                type(self).__name__, "an optimizer with momentum or betas is required", type(self.optimizer).__name__,
                "pass cycle_momentum=False",
            ))
        self.use_beta1 = "betas" in defaults
        self.base_momentums, self.max_momentums = self._per_group("base_momentum", base), self._per_group("max_momentum", largest)
        if last_epoch == -1:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True):
                group["base_momentum"], group["max_momentum"] = low, high
                self._set_momentum(group, high)

    def _set_momentum(self, group: Group, momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


def cosine(start: float, end: float, part: float) -> float:
    """From start (part 0) to end (part 1) along half a cosine wave."""
    return end + (start - end) / 2.0 * (1 + math.cos(math.pi * part))


def linear(start: float, end: float, part: float) -> float:
    """From start (part 0) to end (part 1) in a straight line."""
    return start + (end - start) * part


class OneCycleLR(MomentumCycle):
    """Up from max_lr / div_factor to max_lr in the first pct_start of all steps, then down to 1 / final_div_factor of where it began.

    Called after each *batch*. The length is total_steps, or epochs · steps_per_epoch. With three_phase the way down is as long as the
    way up, and a third phase goes on to the end. Momentum moves the other way, between max_momentum and base_momentum.

    Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2017,
    https://arxiv.org/abs/1708.07120
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float | list[float], total_steps: int | None = None, epochs: int | None = None,
        steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos", cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85, max_momentum: float | list[float] = 0.95, div_factor: float = 25.0,
        final_div_factor: float = 1e4, three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.optimizer = self._checked(optimizer)
        if total_steps is None:
            self._require(
                epochs is not None and steps_per_epoch is not None, "total_steps, or epochs and steps_per_epoch, is required", None,
            )
            for name, count in (("epochs", epochs), ("steps_per_epoch", steps_per_epoch)):
                self._require(isinstance(count, int) and count > 0, f"{name} must be a positive integer", count)
            total_steps = (epochs or 0) * (steps_per_epoch or 0)
        self._require(isinstance(total_steps, int) and total_steps > 0, "total_steps must be a positive integer", total_steps)
        self._require(0 <= pct_start <= 1, "pct_start must be between 0 and 1", pct_start)
        self._require(anneal_strategy in {"cos", "linear"}, "anneal_strategy must be 'cos' or 'linear'", anneal_strategy)
        self.total_steps, self._anneal_func_type = total_steps, anneal_strategy
        up = pct_start * total_steps - 1
        names = "initial_lr", "max_lr", "min_lr"
        # (last step, rate at the start and the end, momentum at the start and the end) of each phase
        self._schedule_phases: list[tuple[float, str, str, str, str]] = [(up, names[0], names[1], "max_momentum", "base_momentum")]
        if three_phase:
            self._schedule_phases += [
                (2 * pct_start * total_steps - 2, names[1], names[0], "base_momentum", "max_momentum"),
                (total_steps - 1, names[0], names[2], "max_momentum", "max_momentum"),
            ]
        else:
            self._schedule_phases += [(total_steps - 1, names[1], names[2], "base_momentum", "max_momentum")]
        for group, rate in zip(optimizer.param_groups, self._per_group("max_lr", max_lr), strict=True):
            if last_epoch == -1:
                group["initial_lr"], group["max_lr"] = rate / div_factor, rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self._begin_momentum(cycle_momentum, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        self._require(
            t <= self.total_steps, f"the schedule has {self.total_steps} steps", t,
            "give the number of batches in all epochs as total_steps",
        )
        start = 0.0
        for phase in self._schedule_phases:
            end, low, high, before, after = phase
            if t <= end or phase is self._schedule_phases[-1]:
                break
            start = end
        part = (t - start) / (end - start) if end != start else 1.0
        anneal = cosine if self._anneal_func_type == "cos" else linear
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(group, anneal(group[before], group[after], part))
        return [anneal(group[low], group[high], part) for group in self.optimizer.param_groups]


class CyclicLR(MomentumCycle):
    """Up and down between base_lr and max_lr, in step_size_up and step_size_down steps. Called after each *batch*.

    mode: "triangular"; "triangular2", each peak half as high as the one before; "exp_range", peaks scaled by gammaᵗ. Or scale_fn, of
    the number of the cycle or of t (scale_mode "cycle" or "iterations").

    Smith, "Cyclical learning rates for training neural networks", 2015, https://arxiv.org/abs/1506.01186
    """

    def __init__(
        self, optimizer: Optimizer, base_lr: float | list[float], max_lr: float | list[float], step_size_up: int = 2000,
        step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0, scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle", cycle_momentum: bool = True, base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.optimizer = self._checked(optimizer)
        known = mode in {"triangular", "triangular2", "exp_range"}
        self._require(known or scale_fn is not None, "mode must be 'triangular', 'triangular2' or 'exp_range', or scale_fn given", mode)
        base_lrs = self._per_group("base_lr", base_lr)
        self.max_lrs = self._per_group("max_lr", max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = rate
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self._begin_momentum(cycle_momentum, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """How high the peak of cycle x (or of step x) is."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return float(self.gamma**x) if self.mode == "exp_range" else 2.0 ** (1 - x) if self.mode == "triangular2" else 1.0

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        cycle = math.floor(1 + t / self.total_size)
        x = 1.0 + t / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else t)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and a plain function; of a callable object, its attributes."""
        function = self._scale_fn_custom
        saved = None if function is None or isinstance(function, types.FunctionType) else dict(function.__dict__)
        return {**super().state_dict(), "_scale_fn_custom": saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where a schedule with this ``state_dict()`` stood, with the function given here."""
        saved = state_dict["_scale_fn_custom"]
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_scale_fn_custom"})
        if saved is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(saved)
