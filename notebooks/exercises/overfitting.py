"""Checks of notebook 11."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import NotYet, exercise, expect


@exercise
def check_decay(answer: Any) -> str:
    """log 0.01 / log 0.991."""
    right = int(np.ceil(np.log(0.01) / np.log(1 - 0.009)))
    if answer is not ... and answer is not None and 0 < abs(answer - right) <= 3:
        raise NotYet(f"{answer} is nearly right; round up to whole steps")
    expect(answer, right, "the number of steps")
    return "A weight stays large only if the loss pulls at it."


@exercise
def check_gap(rule: Any) -> str:
    """(stop, keep) for some lists."""
    cases = ([3.0, 2.0, 1.0, 1.5, 1.2, 0.5], 2, (4, 2)), ([3.0, 2.0, 1.0], 2, (2, 2)), ([1.0, 2.0, 3.0, 4.0], 3, (3, 0))
    for losses, patience, right in cases:
        expect(rule(losses, patience), right, f"(stop, keep) for {losses} with patience {patience}")
    return "The 0.5 in the first list was never seen: the price of stopping."
