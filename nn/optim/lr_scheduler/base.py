"""What all learning rate schedules share."""
from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from autograd.errors import ArgumentError, DtypeError, message
from nn.optim.optimizer import Optimizer

__all__ = ["LRScheduler"]


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
