"""Averages of a model's weights over training, which generalise better than the last ones: stochastic weight averaging and moving averages.

Izmailov et al., "Averaging weights leads to wider optima and better generalization", 2018, https://arxiv.org/abs/1803.05407.
"""
from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn.layers.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d
from nn.module import Module
from nn.optim.lr_scheduler import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn", "update_bn",
]  # fmt: skip

Average = Callable[[Tensor, Tensor, Any], Tensor]
MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def get_swa_avg_fn() -> Average:
    """ā + (θ - ā) / (n + 1): the mean of all models, ā that of the first n."""
    return lambda average, current, count: average + (current - average) / (count + 1)


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """decay · ā + (1 - decay) · θ: a moving average."""
    if not 0 <= decay <= 1:
        raise ArgumentError(message("get_ema_avg_fn", "a decay between 0 and 1 is required", repr(decay)))
    return lambda average, current, _: decay * average + (1 - decay) * current


def _each(function: Average) -> MultiAverage:
    def all_of_them(averages: Sequence[Tensor], currents: Sequence[Tensor], count: Any) -> None:
        for average, current in zip(averages, currents, strict=True):
            average.copy_(function(average, current, count))

    return all_of_them


def get_swa_multi_avg_fn() -> MultiAverage:
    """``get_swa_avg_fn`` for all tensors at once, which are written to."""
    return _each(get_swa_avg_fn())


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """``get_ema_avg_fn`` for all tensors at once, which are written to."""
    return _each(get_ema_avg_fn(decay))


class AveragedModel(Module):
    """A copy of a model that holds the average of its weights: ``update_parameters(model)`` takes the present ones in.

    avg_fn        (average, current, number of models so far) -> the next average; the mean of all unless given
    multi_avg_fn  the same for lists of tensors, written in place
    use_buffers   average the buffers too; else they are copied

    >>> model = nn.Linear(1, 1)
    >>> averaged = nn.optim.swa_utils.AveragedModel(model)
    >>> averaged.update_parameters(model)
    >>> averaged(ag.ones(1, 1)).equal(model(ag.ones(1, 1)))
    True
    """

    n_averaged: Tensor

    def __init__(
        self, model: Module, device: Any = None, avg_fn: Average | None = None, multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError(message("AveragedModel", "one of avg_fn and multi_avg_fn is required", "both"))
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", ag.tensor(0, dtype=ag.int64))
        self.use_buffers = use_buffers
        self.average = multi_avg_fn or _each(avg_fn or get_swa_avg_fn())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @ag.no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the weights of the model into the average. The first ones are the average."""
        mine: list[Tensor] = list(self.module.parameters())
        theirs: list[Tensor] = list(model.parameters())
        buffers = list(zip(self.module.buffers(), model.buffers(), strict=True))
        if self.use_buffers:
            mine, theirs = mine + [b for b, _ in buffers], theirs + [b for _, b in buffers]
        if self.n_averaged.item() == 0:
            for average, current in zip(mine, theirs, strict=True):
                average.copy_(current)
        else:
            floats = [(a, b.detach()) for a, b in zip(mine, theirs, strict=True) if a.dtype.kind in "fc"]
            self.average([a for a, _ in floats], [b for _, b in floats], self.n_averaged.item())
            for average, current in zip(mine, theirs, strict=True):
                if average.dtype.kind not in "fc":
                    average.copy_(current)
        if not self.use_buffers:
            for average, current in buffers:
                average.copy_(current)
        self.n_averaged.add_(1)


@ag.no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running values of batch norms anew, as the mean over a loader's batches: those of an averaged model are nobody's.

    A batch that is a tuple or list stands for its first part.
    """
    norms: list[Any] = [m for m in model.modules() if isinstance(m, BatchNorm1d | BatchNorm2d | BatchNorm3d)]
    if not norms:
        return
    was_training, momenta = model.training, [m.momentum for m in norms]
    model.train()
    for m in norms:
        m.reset_running_stats()
        m.momentum = None
    try:
        for batch in loader:
            x = batch[0] if isinstance(batch, list | tuple) else batch
            model(x if device is None else x.to(device))
    finally:
        for m, momentum in zip(norms, momenta, strict=True):
            m.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """γ₀ (1 - a) + swa_lr · a, where a goes from 0 to 1 in anneal_epochs steps, by a half cosine or a line; then swa_lr."""

    def __init__(
        self, optimizer: Optimizer, swa_lr: float | list[float], anneal_epochs: int = 10, anneal_strategy: str = "cos", last_epoch: int = -1
    ) -> None:
        self.optimizer = self._checked(optimizer)
        self._require(anneal_strategy in ("cos", "linear"), 'anneal_strategy "cos" or "linear" is required', anneal_strategy)
        self._require(isinstance(anneal_epochs, int) and anneal_epochs >= 0, "anneal_epochs of at least 0 is required", anneal_epochs)
        for group, rate in zip(optimizer.param_groups, self._per_group("swa_lr", swa_lr), strict=True):
            group["swa_lr"] = rate
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def share(self, step: int) -> float:
        """How much of the rate is swa_lr's."""
        t = min(1.0, max(0.0, step / max(1, self.anneal_epochs)))
        return t if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        step = max(self._step_count - 1, 0 if self.anneal_epochs else 1)
        before, now = self.share(step - 1), self.share(step)
        rates = []
        for group in self.optimizer.param_groups:
            target = group["swa_lr"]
            start = target if before == 1 else (group["lr"] - before * target) / (1 - before)
            rates.append(target * now + start * (1 - now))
        return rates
