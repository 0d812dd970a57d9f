"""Schedules made of schedules, one after the other or all at once."""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from autograd.errors import DtypeError, message
from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nn.optim.optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


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
