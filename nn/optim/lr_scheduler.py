"""Learning rate schedules: ``scheduler.step()`` after each epoch (or batch, where it says so) sets the rate of every group.

In the formulas t counts the calls of ``step``, γ₀ is the rate that the group began with. Names, arguments and numbers are those of
``torch.optim.lr_scheduler``.
"""
from __future__ import annotations

import math
import types
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.errors import ArgumentError, DtypeError, message
from nn.optim.optimizer import Group, Optimizer

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR", "LRScheduler",
    "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip

Lambda = Callable[[int], float]


class LRScheduler:
    """Base of the schedules: a new one says in ``get_lr`` what the rates of the groups are at step ``self.last_epoch``.

    last_epoch  number of the last step when training goes on from a checkpoint; -1 to begin
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = self._checked(optimizer)
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(message(
                    type(self).__name__, "'initial_lr' is required in each group to resume", "none", "load the optimizer's state first",
                ))
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def get_lr(self) -> list[float]:
        """The rates of the groups at step ``self.last_epoch``, which is called t in the formulas."""
        raise NotImplementedError

    def closed_lr(self) -> list[float]:
        """The same from t alone, not from the rates of the step before."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """The rates that the last step set."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Set the rates of the next step, or those of step ``epoch``."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            text = "lr_scheduler.step() was called before optimizer.step(): the first rate of the schedule is never used; swap the two"
            warnings.warn(text, stacklevel=2)
        self._step_count += 1
        self._update_lr(epoch)

    def _initial_step(self) -> None:
        self._step_count, self._is_initial = 0, True
        self.step()
        self._is_initial = False

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set(self.get_lr() if epoch is None else self.closed_lr())

    def _set(self, rates: Sequence[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._rates()

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where a schedule with this ``state_dict()`` stood."""
        self.__dict__.update(state_dict)

    # ── arguments ──

    def _checked(self, optimizer: Any) -> Optimizer:
        if not isinstance(optimizer, Optimizer):
            raise DtypeError(message(
                type(self).__name__, "an optimizer is required", type(optimizer).__name__, "pass the optimizer, not the model",
            ))
        return optimizer

    def _require(self, condition: bool, required: str, given: Any, remedy: str = "") -> None:
        if not condition:
            raise ArgumentError(message(type(self).__name__, required, repr(given), remedy))

    def _per_group(self, name: str, value: Any) -> list[Any]:
        """One value for each group, or one for all of them."""
        count = len(self.optimizer.param_groups)
        if not isinstance(value, list | tuple):
            return [value] * count
        self._require(len(value) == count, f"{name}: one value for each of {count} groups is required", value)
        return list(value)


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


# ── functions of the step ──


class Lambdas(LRScheduler):
    """One function of t for all groups, or a list with one for each."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Lambda | Sequence[Lambda], last_epoch: int = -1) -> None:
        self.optimizer = self._checked(optimizer)
        self.lr_lambdas: list[Lambda] = self._per_group("lr_lambda", lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise DtypeError(message(type(self).__name__, "lr_lambda must be a function of the step", type(function).__name__))
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and plain functions; of callable objects, their attributes."""
        functions = [None if isinstance(f, types.FunctionType) else dict(f.__dict__) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": functions}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where a schedule with this ``state_dict()`` stood, with the functions given here."""
        self.__dict__.update({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                function.__dict__.update(saved)


class LambdaLR(Lambdas):
    """γ₀ · lr_lambda(t)."""

    def get_lr(self) -> list[float]:
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(Lambdas):
    """γ ← γ · lr_lambda(t)."""

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._rates()
        return [rate * f(self.last_epoch) for f, rate in zip(self.lr_lambdas, self._rates(), strict=True)]


# ── cycles ──


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


# ── schedules made of schedules ──


class Composite(LRScheduler):
    """Several schedules of one optimizer."""

    def _check_parts(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
        self._require(len(schedulers) > 0, "at least one scheduler is required", schedulers)
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise DtypeError(message(type(self).__name__, f"schedulers are required, at index {i} too", type(scheduler).__name__))
            plateau = isinstance(scheduler, ReduceLROnPlateau)
            self._require(not plateau, "schedules of the step alone are required", "ReduceLROnPlateau", "step that one by itself")
            self._require(
                scheduler.optimizer is optimizer, f"all schedulers of one optimizer are required, at index {i} too", "another optimizer",
            )
        self.optimizer, self._schedulers = optimizer, list(schedulers)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where a schedule with this ``state_dict()`` stood."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for scheduler, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(saved)


class SequentialLR(Composite):
    """One schedule after the other: the next takes over, from its own beginning, at each milestone."""

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1) -> None:
        self._check_parts(optimizer, schedulers)
        self._require(
            len(milestones) == len(schedulers) - 1, f"{len(schedulers) - 1} milestones are required, one between two schedulers",
            milestones,
        )
        self._milestones, self.last_epoch = list(milestones), last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        undo_initial_step(self)
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: int | None = None) -> None:  # noqa: ARG002  it cannot jump
        """Step the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def undo_initial_step(scheduler: LRScheduler) -> None:
    """Take back the count of the first step, which every part of a composite has made by itself."""
    if isinstance(scheduler, Composite):
        for part in scheduler._schedulers:
            undo_initial_step(part)
    else:
        scheduler.last_epoch -= 1


class ChainedScheduler(Composite):
    """All schedules at once, one factor upon the other."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._require(len(schedulers) > 0, "at least one scheduler is required", schedulers)
        self._check_parts(optimizer or schedulers[0].optimizer, schedulers)
        self._last_lr = self._rates()

    def step(self, epoch: int | None = None) -> None:  # noqa: ARG002  it cannot jump
        """Step every schedule."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()


# ── what the model achieves ──


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
