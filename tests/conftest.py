"""What every test shares: settled randomness, and the count of ops at the head of the report."""
from __future__ import annotations

import numpy as np
import pytest

from autograd.modes import is_grad_enabled
from autograd.op import REGISTRY


def pytest_report_header() -> str:
    import autograd  # noqa: F401  fills the registry

    ops = list(REGISTRY.values())
    samples = sum(len(op.samples) for op in ops)
    primitives = sum(not op.derived for op in ops)
    twins = sum(op.numpy is not None for op in ops)
    return f"ops: {len(ops)} ({primitives} primitive, {len(ops) - primitives} derived), {samples} samples, {twins} NumPy twins"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def settled():
    """Each test starts from the same random state, and leaves recording on."""
    np.random.seed(0)
    yield
    assert is_grad_enabled(), "the test left recording switched off"
