"""Checks of notebook 1."""
from __future__ import annotations

import math
from typing import Any

from exercises import exercise, expect


@exercise
def check_logistic_slope(slope: Any) -> str:
    """The slope of 1 / (1 + exp(-x))."""
    for x in (0.0, 1.0, -3.0):
        s = 1 / (1 + math.exp(-x))
        expect(slope(x), s * (1 - s), f"logistic_slope({x})")
    return "At 0 it is at its largest, 0.25."


@exercise
def check_three_paths(answer: Any) -> str:
    """d(x·x·x)/dx at 2."""
    expect(answer, 12.0, "the sum of the three paths")
    return "Three paths of 2·2 each."
