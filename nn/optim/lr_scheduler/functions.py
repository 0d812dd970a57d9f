"""Rates that are functions of the step, which the user writes."""
from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import DtypeError, message
from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = ["LambdaLR", "MultiplicativeLR"]

Lambda = Callable[[int], float]


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
