"""Checks of notebook 12."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import NotYet, exercise, expect, returned


@exercise
def check_uncertainty(answer: Any) -> str:
    """Two standard errors of 97.2 % of 360."""
    if isinstance(answer, float) and abs(answer - 0.87) < 0.05:
        raise NotYet("that is one standard error; two are asked for")
    expect(answer, 100 * 2 * np.sqrt(0.972 * 0.028 / 360), "the uncertainty in percent", tolerance=0.03)
    return "More than the difference of 0.6: nobody can say which is better."


@exercise
def check_split(divide: Any) -> str:
    """No person on both sides, all photographs used, about a fifth for the test."""
    person = np.random.default_rng(1).permutation(np.repeat(np.arange(50), 20))
    found = divide(person)
    returned(found, "divide", "two arrays of indices")
    train, test = (np.asarray(part) for part in found)
    expect(np.sort(np.concatenate([train, test])), np.arange(1000), "the indices of both parts together")
    if both := set(person[train]) & set(person[test]):
        raise NotYet(f"{len(both)} people are in both parts; divide people, not photographs")
    if not 100 <= len(test) <= 300:
        raise NotYet(f"the test part has {len(test)} of 1000 photographs; about 200 are asked for")
    return "No face is on both sides."
