"""Checks of notebook 8."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import exercise, expect, returned

import autograd as ag
import nn.functional as F


@exercise
def check_beginning(answer: Any) -> str:
    """log 10."""
    expect(answer, np.log(10), "the loss", tolerance=1e-2)
    return "About 2.3."


@exercise
def check_stable(loss: Any) -> str:
    """Binary cross-entropy of scores, large ones too, and its gradient."""
    z = ag.tensor([-1000.0, -2.0, 0.0, 3.0, 1000.0] * 2, dtype=ag.float64, requires_grad=True)
    y = ag.tensor([0.0] * 5 + [1.0] * 5, dtype=ag.float64)
    with np.errstate(all="ignore"):
        found = loss(z, y)
    returned(found, "binary_cross_entropy")
    right = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    expect(found.detach().numpy(), right.detach().numpy(), "the losses of -1000, -2, 0, 3 and 1000, for no and for yes,")
    (slope,) = ag.grad(found.sum(), (z,))
    expect(slope.numpy(), (z.sigmoid() - y).detach().numpy(), "their slopes")
    return "The slope is the error, even at 1000."
