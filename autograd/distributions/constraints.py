"""Where parameters and samples may lie: sets that can be asked, under ``torch.distributions.constraints``' names."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class Constraint:
    """A set of values. ``check(value)`` says for each value (for each vector or matrix, of sets of those) whether it lies inside.

    is_discrete  whether its values are isolated; event_dim: how many of the last dims make one value
    bounds       arrays that ``holds`` takes after the values
    """

    def __init__(
        self, name: str, holds: Callable[..., Any], *bounds: Any, is_discrete: bool = False, event_dim: int = 0,
    ) -> None:  # fmt: skip
        self.name, self.holds, self.bounds, self.is_discrete, self.event_dim = name, holds, bounds, is_discrete, event_dim

    def check(self, value: Any) -> Any:
        """Whether each value lies inside, as an array of booleans."""
        return self.holds(np.asarray(value.detach().numpy() if hasattr(value, "detach") else value), *self.bounds)

    def __repr__(self) -> str:
        return self.name


def whole(x: Any) -> Any:
    """Whether these are integers."""
    return x == np.round(x)


real = Constraint("real numbers", np.isfinite)
positive = Constraint("numbers above 0", lambda x: x > 0)
nonnegative = Constraint("numbers of 0 or more", lambda x: x >= 0)
positive_probability = Constraint("numbers above 0, at most 1", lambda x: (x > 0) & (x <= 1))
unit_interval = Constraint("numbers from 0 to 1", lambda x: (x >= 0) & (x <= 1))
boolean = Constraint("0 or 1", lambda x: (x == 0) | (x == 1), is_discrete=True)
nonnegative_integer = Constraint("integers of 0 or more", lambda x: whole(x) & (x >= 0), is_discrete=True)
real_vector = Constraint("vectors of real numbers", lambda x: np.isfinite(x).all(-1), event_dim=1)
simplex = Constraint(
    "vectors of numbers of 0 or more whose sum is 1", lambda x: (x >= 0).all(-1) & (np.abs(x.sum(-1) - 1) < 1e-6), event_dim=1
)
nonnegative_vector = Constraint(
    "vectors of numbers of 0 or more, some above 0", lambda x: (x >= 0).all(-1) & (x.sum(-1) > 0), event_dim=1
)
one_hot = Constraint(
    "vectors of zeros with one 1", lambda x: ((x == 0) | (x == 1)).all(-1) & (x.sum(-1) == 1), is_discrete=True, event_dim=1
)
lower_cholesky = Constraint(
    "lower triangular matrices with a positive diagonal",
    lambda x: (np.triu(x, 1) == 0).all((-2, -1)) & (np.diagonal(x, 0, -2, -1) > 0).all(-1), event_dim=2,
)  # fmt: skip
positive_definite = Constraint(
    "positive definite matrices",
    lambda x: np.isclose(x, np.swapaxes(x, -1, -2), atol=1e-6).all((-2, -1)) & (np.linalg.eigvalsh(x) > 0).all(-1), event_dim=2,
)  # fmt: skip


def integer_interval(low: Any, high: Any) -> Constraint:
    """The integers from low to high."""
    return Constraint(f"integers from {low} to {high}", lambda x, a, b: whole(x) & (x >= a) & (x <= b), low, high, is_discrete=True)


def interval(low: Any, high: Any) -> Constraint:
    """The numbers from low to high."""
    return Constraint("numbers between the limits", lambda x, a, b: (x >= a) & (x <= b), low, high)


def greater_than_eq(low: Any) -> Constraint:
    """The numbers of low or more."""
    return Constraint("numbers of at least the lower limit", lambda x, a: x >= a, low)


def greater_than(low: Any) -> Constraint:
    """The numbers above low."""
    return Constraint("numbers above the lower limit", lambda x, a: x > a, low)


def multinomial(count: int) -> Constraint:
    """Counts that add up to this."""
    def holds(x: Any) -> Any:
        return (whole(x) & (x >= 0)).all(-1) & (x.sum(-1) == count)

    return Constraint(f"counts that add up to {count}", holds, is_discrete=True, event_dim=1)
