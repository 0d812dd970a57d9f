"""Checks of notebook 16."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import exercise, expect, expect_pair, returned

import autograd as ag


@exercise
def check_traffic(answer: Any) -> str:
    """Eight arrays of 4 MB, or four."""
    expect_pair(answer, "MB by single operations, MB fused")
    expect(answer[0], 32, "the megabytes by single operations")
    expect(answer[1], 16, "the megabytes fused")
    return "Half the traffic, for three operations; the longer the formula, the more."


@exercise
def check_branch(shortened: Any) -> str:
    """x / max(1, norm), compiled, for a long and a short vector."""
    compiled = ag.compile(shortened)
    for values in ([3.0, 4.0], [0.3, 0.4]):
        x = ag.tensor(values)
        found = compiled(x)
        returned(found, "shortened")
        expect(found.numpy(), np.array(values) / max(1.0, float(np.linalg.norm(values))), f"shortened({values})", tolerance=1e-5)
    return "One program for both."
