"""Handwritten digits, so that a first model trains on real data without a download."""
from __future__ import annotations

from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

FOLDER = files(__package__)


class Digits(NamedTuple):
    """``images`` (1797, 8, 8) and ``labels`` (1797,)."""

    images: Any
    labels: Any

    @property
    def description(self) -> str:
        """Where the data comes from, how it was made, and its licence."""
        return FOLDER.joinpath("digits.txt").read_text(encoding="utf-8")


def load_digits(*, raw: bool = False) -> Digits:
    """1,797 digits written by hand, as arrays: images (1797, 8, 8) with values 0 ... 16, labels (1797,) 0 ... 9.

    Images are float32, or uint8 as they are stored with ``raw=True``; labels are int64. ``load_digits().description`` tells their source.
    """
    with FOLDER.joinpath("digits.npz").open("rb") as file, np.load(file) as stored:
        images, labels = stored["images"], stored["labels"]
    return Digits(images if raw else images.astype(np.float32), labels.astype(np.int64))
