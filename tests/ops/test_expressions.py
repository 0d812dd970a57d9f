"""Random expressions: values, dtypes and gradients beside PyTorch, and beside difference quotients. EXPRESSIONS=100000 for more of them."""
from __future__ import annotations

import os

import pytest
from expressions import NAMES, TORCH, check_against_torch, check_by_differences, expressions
from hypothesis import HealthCheck, Phase, given, settings

MANY = int(os.environ.get("EXPRESSIONS", "2000"))
pytestmark = pytest.mark.filterwarnings("ignore")


def examples(count, *phases):
    return settings(
        max_examples=count, deadline=None, derandomize=True, database=None, phases=[Phase.generate, *phases],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def check(expression):
    if TORCH:
        check_against_torch(expression)
    check_by_differences(expression)


def test_there_are_rules():
    assert len(NAMES) >= 140


@examples(150)
@given(expressions())
def test_some(expression):
    check(expression)


@pytest.mark.slow
@examples(MANY, Phase.shrink)
@given(expressions())
def test_many(expression):
    check(expression)
