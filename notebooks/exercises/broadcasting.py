"""Checks of notebook 4."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import exercise, expect, expect_pair, returned

import autograd as ag


@exercise
def check_shapes(answer: Any) -> str:
    """(2, 1, 5) times (3, 1)."""
    expect_pair(answer, "shape, first element")
    expect(answer[0], (3, 1), "the shape of b.grad, which is that of b,")
    expect(answer[1], 20.0, "the first element")
    return "Each element of b was used ten times."


@exercise
def check_softmax(softmax: Any) -> str:
    """Rows that sum to 1, also of large numbers, and with its gradient."""
    z = ag.tensor([[1.0, 2.0, 3.0], [1000.0, 1001.0, 1002.0], [0.0, 0.0, 0.0]], requires_grad=True)
    with np.errstate(all="ignore"):
        y = softmax(z)
        returned(y, "softmax")
        expect(y.detach().numpy(), ag.softmax(z.detach(), dim=1).numpy(), "softmax of rows, one of them around 1000,", tolerance=1e-5)
    (gradient,) = ag.grad((y * y).sum(), (z,))
    (right,) = ag.grad((ag.softmax(z, dim=1) ** 2).sum(), (z,))
    expect(gradient.numpy(), right.numpy(), "its gradient", tolerance=1e-5)
    return "And nothing overflows."
