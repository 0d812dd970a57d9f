"""Checks of notebook 15."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import exercise, expect, returned

import autograd as ag


@exercise
def check_rounds(answer: Any) -> str:
    """Two rounds of means on a path of three."""
    expect(answer, 1.0, "the number of member 0 after two rounds")
    return "What member 2 had needed two rounds to get there."


@exercise
def check_mean_layer(mean: Any) -> str:
    """Means over incoming edges, zeros without any, and the gradient."""
    vectors = ag.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], requires_grad=True)
    edges = ag.tensor([[0, 1, 2, 0], [3, 3, 1, 1]])
    found = mean(vectors, edges)
    returned(found, "mean_of_neighbours")
    expect(found.detach().numpy(), np.array([[0, 0], [3, 4], [0, 0], [2, 3]]), "the mean for the edges 0→3, 1→3, 2→1, 0→1")
    (gradient,) = ag.grad(found.sum(), (vectors,))
    expect(gradient.numpy()[:, 0], np.array([1, 0.5, 0.5, 0]), "its gradient")
    return "Also where nobody sends anything."
