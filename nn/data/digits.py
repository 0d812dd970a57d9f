"""Handwritten digits, so that a first model trains on real data without a download."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nn.data.bundled import FOLDER, description


class Digits(NamedTuple):
    """``images`` (1797, 8, 8) and ``labels`` (1797,)."""

    images: Any
    labels: Any

    @property
    def description(self) -> str:
        """Where the data comes from, how it was made, and its licence."""
        return description("digits")


def load_digits(*, raw: bool = False) -> Digits:
    """1,797 digits written by hand, as arrays: images (1797, 8, 8) with values 0 ... 16, labels (1797,) 0 ... 9.

    Images are float32, or uint8 as they are stored with ``raw=True``; labels are int64. ``load_digits().description`` tells their source.

    >>> images, labels = nn.data.load_digits()
    >>> images.shape, labels[:4].tolist()
    ((1797, 8, 8), [0, 1, 2, 3])
    """
    with FOLDER.joinpath("digits.npz").open("rb") as file, np.load(file) as stored:
        images, labels = stored["images"], stored["labels"]
    return Digits(images if raw else images.astype(np.float32), labels.astype(np.int64))
