"""Checks of notebook 14."""
from __future__ import annotations

from typing import Any

import numpy as np
from exercises import exercise, expect, expect_pair, returned

import autograd as ag
import nn.functional as F


@exercise
def check_cost(answer: Any) -> str:
    """T² shares, four times as many for twice the length."""
    expect_pair(answer, "number of shares, factor")
    expect(answer[0], 4096, "the number of shares")
    expect(answer[1], 4, "the factor")
    return "It grows with the square."


@exercise
def check_causal(attention: Any) -> str:
    """One head against the engine's, and no look ahead."""
    rng = np.random.default_rng(1)
    query, key, value = (ag.tensor(rng.normal(size=(5, 3))) for _ in range(3))
    found = attention(query, key, value)
    returned(found, "attention")
    expect(found.numpy()[0], value.numpy()[0], "the first row, which can only look at itself,")
    right = F.scaled_dot_product_attention(query[None], key[None], value[None], is_causal=True)[0]
    expect(found.numpy(), right.numpy(), "the mixture", tolerance=1e-5)
    return "The same as F.scaled_dot_product_attention with is_causal=True."
