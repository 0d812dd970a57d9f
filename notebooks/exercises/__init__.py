"""Checks of the notebooks' exercises. A notebook imports its own: ``from exercises.chain_rule import check_slope``.

Each check prints "Right." or what is not right yet, and never raises, so that a notebook runs through with its exercises unsolved.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np


class NotYet(Exception):
    """What is not right yet in an answer."""


def exercise(check: Callable[[Any], str | None]) -> Callable[[Any], None]:
    """A check as the notebooks use it. ``check(answer)`` calls ``expect``, and returns what to say of a right answer beside "Right."."""

    @functools.wraps(check)
    def checked(answer: Any) -> None:
        try:
            said = check(answer)
        except NotYet as problem:
            print(f"Not yet: {problem}")
        except Exception as error:  # noqa: BLE001  whatever a learner's code does is told, not raised
            print(f"Not yet: your code raised {type(error).__name__}: {error}")
        else:
            print(f"Right. {said or ''}".rstrip())

    return checked


def expect(found: Any, right: Any, what: str, *, tolerance: float = 1e-6) -> None:
    """The answer to ``what`` must be this number or array, up to a tolerance."""
    if found is None or found is ...:
        raise NotYet(f"{what} is still open; put your answer where the ... is")
    found, right = np.asarray(found), np.asarray(right)
    if found.shape != right.shape:
        raise NotYet(f"{what} has shape {found.shape}; {right.shape} is right")
    if not np.allclose(found, right, rtol=tolerance, atol=tolerance):
        raise NotYet(f"{what} is {short(found)}; that is not it")


def returned(found: Any, name: str, what: str = "") -> None:
    """The learner's function has to return something, by now."""
    if found is None or found is ...:
        raise NotYet(f"{name} returns nothing so far{what and f'; it has to return {what}'}")


def expect_pair(answer: Any, what: str) -> None:
    """The answer has to be a pair: of what, is told."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise NotYet(f"the answer is still open; give a pair: ({what})")


def short(array: Any) -> str:
    """An array in one line of text."""
    return np.array2string(array, precision=4, threshold=8).replace("\n", "")
