"""Checks of notebook 6."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import exercise, expect, returned

import autograd as ag


@exercise
def check_absolute(fit: Any) -> str:
    """Least absolute errors: one far-off point does not move the line."""
    x = np.linspace(-1, 1, 100)
    y = 1.5 * x - 0.5
    y[50] += 100
    found = fit(ag.tensor(x).unsqueeze(1), ag.tensor(y).unsqueeze(1))
    returned(found, "least_absolute", "(W, b)")
    expect(found, (1.5, -0.5), "(W, b) for points on y = 1.5 x - 0.5, of which one is far off,", tolerance=0.05)
    return "One far-off point among a hundred did not move it."


@exercise
def check_border(rate: Any) -> str:
    """3w² + 2w has the second derivative 6."""
    expect(rate, 1 / 3, "the largest rate", tolerance=1e-3)
    return "2 divided by the curvature."
