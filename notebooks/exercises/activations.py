"""Checks of notebook 9."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import NotYet, exercise, expect, returned

import autograd as ag
import nn.functional as F


@exercise
def check_count(count: Any) -> str:
    """The least n with 4^-n below a millionth."""
    expect(count, 10, "the number of sigmoids")
    return "4 to the 10th is 1,048,576."


@exercise
def check_slope(elu: Any) -> str:
    """ELU and its slope, for large numbers too."""
    x = ag.tensor([-30.0, -1.0, 0.5, 2.0, 1000.0], dtype=ag.float64, requires_grad=True)
    with np.errstate(over="raise"):
        try:
            y = elu(x)
        except FloatingPointError:
            raise NotYet("exp overflows at x = 1000; clamp x before it") from None
    returned(y, "elu")
    expect(y.detach().numpy(), F.elu(x).detach().numpy(), "elu of -30, -1, 0.5, 2 and 1000")
    (slope,) = ag.grad(y.sum(), (x,))
    expect(slope.numpy(), np.exp(np.minimum(x.detach().numpy(), 0)), "its slope there")
    return "Its slope is never quite 0."
