"""The training loop."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn.optim.lr_scheduler import CyclicLR, OneCycleLR, ReduceLROnPlateau
from nn.training.history import History
from nn.training.progress import progress_of

Loss = Callable[[Tensor, Tensor], Tensor]
Metric = Callable[[Tensor, Tensor], float]


def accuracy(output: Tensor, target: Tensor) -> float:
    """Fraction of samples whose largest output is at the target: (n, classes), (n,) -> number from 0 to 1."""
    if not target.numel():
        return math.nan
    return (output.argmax(dim=1) == target).sum().item() / target.numel()  # type: ignore[no-any-return]


def evaluate(model: Any, loss: Loss, loader: Iterable[Any], metric: Metric | None = None) -> tuple[float, float]:
    """(mean loss, mean metric) over all samples of a loader, in evaluation mode and without recording. No metric: nan."""
    training = model.training
    model.eval()
    total = Mean(), Mean()
    with ag.no_grad():
        for inputs, targets in loader:
            output = model(inputs)
            total[0].add(loss(output, targets).item(), len(targets))
            if metric is not None:
                total[1].add(metric(output, targets), len(targets))
    model.train(training)
    return total[0].value, total[1].value


def fit(
    model: Any, loss: Loss, optimizer: Any, train_loader: Any, validation_loader: Any = None, epochs: int = 10,
    *, scheduler: Any = None, step_scheduler: str | None = None, metric: Metric | None = None, patience: int | None = None,
    restore_best: bool | None = None, progress: bool = True, on_epoch: Callable[[History, bool], Any] | None = None,
) -> History:  # fmt: skip
    """Train a model, and return what happened in each epoch.

    loss               ``loss(output, target)`` -> mean over the batch
    train_loader       yields ``(inputs, targets)``; validation_loader too, which is looked at after each epoch
    scheduler          a learning rate schedule; step_scheduler says after what it is stepped: "batch" or "epoch" (by default
                       "batch" for OneCycleLR and CyclicLR). ReduceLROnPlateau is given the validation loss, or else the loss.
    metric             ``metric(output, target)`` -> number, such as ``accuracy``
    patience           stop when the validation loss has not improved for that many epochs (None: never)
    restore_best       leave the model with the weights of the epoch of the lowest validation loss (by default where patience is given)
    progress           a bar (with tqdm) or a line per epoch, on stderr
    on_epoch           ``on_epoch(history, final)`` is called after each epoch, and once more at the end, where final is True: see LivePlot
    """
    if step_scheduler not in {None, "batch", "epoch"}:
        raise ArgumentError(message("fit", "step_scheduler must be 'batch' or 'epoch'", repr(step_scheduler)))
    if restore_best is None:
        restore_best = patience is not None
    per_batch = step_scheduler == "batch" or (step_scheduler is None and isinstance(scheduler, OneCycleLR | CyclicLR))
    history, best, best_weights, bad = History(), math.inf, None, 0
    shown = progress_of(epochs, len(train_loader), progress)
    try:
        for epoch in range(1, epochs + 1):
            lr = optimizer.param_groups[0]["lr"]
            model.train()
            losses, metrics = Mean(), Mean()
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                output = model(inputs)
                error = loss(output, targets)
                error.backward()
                optimizer.step()
                if scheduler is not None and per_batch:
                    scheduler.step()
                losses.add(error.item(), len(targets))
                if metric is not None:
                    metrics.add(metric(output.detach(), targets), len(targets))
                shown.batch()
            numbers = {"loss": losses.value, "lr": lr}
            name = getattr(metric, "__name__", "metric")
            if metric is not None:
                numbers[name] = metrics.value
            if validation_loader is not None:
                numbers["val_loss"], value = evaluate(model, loss, validation_loader, metric)
                if metric is not None:
                    numbers[f"val_{name}"] = value
            history.append(**numbers)
            shown.epoch(epoch, numbers)
            if on_epoch is not None:
                on_epoch(history, False)
            watched = numbers.get("val_loss", numbers["loss"])
            if scheduler is not None and not per_batch:
                scheduler.step(*[watched] if isinstance(scheduler, ReduceLROnPlateau) else [])
            if watched < best:
                best, bad = watched, 0
                if restore_best:
                    best_weights, history.best_epoch = snapshot(model), epoch
            else:
                bad += 1
                if patience is not None and bad > patience:
                    break
    finally:
        shown.close()
        if on_epoch is not None:
            on_epoch(history, True)
    if best_weights is not None:
        model.load_state_dict(best_weights)
    return history


def snapshot(model: Any) -> dict[str, Any]:
    """A copy of the weights."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


class Mean:
    """The mean of numbers, each counted as often as it had samples."""

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, number: float, count: int) -> None:
        """Add the mean of count samples."""
        self.total += number * count
        self.count += count

    @property
    def value(self) -> float:
        return self.total / self.count if self.count else math.nan
