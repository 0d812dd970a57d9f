"""What happened during training, epoch by epoch."""
from __future__ import annotations

import os
from typing import Any

from nn.training.figure import figure_of, finished


class History(dict[str, list[float]]):
    """Lists with one number per epoch: ``loss``, ``lr``, and with validation ``val_loss``; a metric adds its own and ``val_`` of it.

    ``best_epoch`` is the epoch whose weights the model has been left with, if ``fit`` restored the best; else None.
    """

    best_epoch: int | None = None

    def append(self, **numbers: float) -> None:
        """Add one epoch."""
        for name, number in numbers.items():
            self.setdefault(name, []).append(float(number))

    def last(self) -> dict[str, float]:
        """The numbers of the last epoch."""
        return {name: numbers[-1] for name, numbers in self.items() if numbers}

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """See ``plot_history``."""
        return plot_history(self, path)


def plot_history(history: dict[str, list[float]], path: str | os.PathLike[str] | None = None) -> Any:
    """Draw the curves: losses on the left, metrics on the right. Saves a picture at path, if given, and returns the figure."""
    losses = [name for name in ("loss", "val_loss") if name in history]
    metrics = [name for name in history if name not in {"loss", "val_loss", "lr"}]
    panels = [names for names in (losses, metrics) if names]
    figure, axes_of = figure_of("plot_history", 1, len(panels), (5.0, 3.5))
    for axes, names in zip(axes_of[0], panels, strict=True):
        for name in names:
            axes.plot(range(1, len(history[name]) + 1), history[name], label=name.replace("val_", "validation "))
        axes.set_xlabel("epoch")
        axes.set_title(names[0])
        axes.grid(alpha=0.3)
        axes.legend()
    if losses and min(min(history[name]) for name in losses) > 0:
        figure.axes[0].set_yscale("log")
    return finished(figure, path)
