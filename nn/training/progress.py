"""How far the training has come: tqdm's bar where it is installed, else a line per epoch. Both go to stderr."""
from __future__ import annotations

import sys
from typing import Any


class Silent:
    """Shows nothing."""

    def batch(self) -> None:
        """One batch is done."""

    def epoch(self, number: int, numbers: dict[str, float]) -> None:
        """One epoch is done, with these numbers."""

    def close(self) -> None:
        """Training is over."""


class Lines(Silent):
    """One line per epoch."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def epoch(self, number: int, numbers: dict[str, float]) -> None:
        text = "  ".join(f"{name} {value:.4g}" for name, value in numbers.items())
        print(f"epoch {number:{len(str(self.epochs))}}/{self.epochs}  {text}", file=sys.stderr, flush=True)  # noqa: T201  its purpose


class Bar(Silent):
    """A bar that counts batches and shows the numbers of the last epoch."""

    def __init__(self, tqdm: Any, epochs: int, batches: int) -> None:
        self.epochs, self.bar = epochs, tqdm(total=epochs * batches, file=sys.stderr, unit="batch", dynamic_ncols=True)

    def batch(self) -> None:
        self.bar.update()

    def epoch(self, number: int, numbers: dict[str, float]) -> None:
        self.bar.set_description(f"epoch {number}/{self.epochs}", refresh=False)
        self.bar.set_postfix({name: f"{value:.4g}" for name, value in numbers.items() if name != "lr"})

    def close(self) -> None:
        self.bar.close()


def progress_of(epochs: int, batches: int, wanted: bool) -> Silent:
    """What shows the progress here: nothing, a bar, or lines."""
    if not wanted:
        return Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return Lines(epochs)
    return Bar(tqdm, epochs, batches)
