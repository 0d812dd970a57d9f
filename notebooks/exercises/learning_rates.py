"""Checks of notebook 10."""
from __future__ import annotations

from typing import Any

from exercises import exercise, expect


@exercise
def check_gamma(gamma: Any) -> str:
    """A hundredth in 200 steps."""
    expect(gamma, 0.01 ** (1 / 200), "gamma", tolerance=1e-4)
    return "About 0.977: 2.3 % less with each step."


@exercise
def check_warmup(schedule: Any) -> str:
    """Up in 100 steps, down in 900."""
    for step, right in ((0, 0.0), (50, 0.5), (100, 1.0), (550, 0.5), (1000, 0.0)):
        expect(schedule(step), right, f"the factor at step {step}")
    return "The usual schedule of transformers."
