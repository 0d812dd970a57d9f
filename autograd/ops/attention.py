"""Attention: each query's mean of the values, weighted by how well their keys match it."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.errors import ShapeError, message
from autograd.kernels import attention as kernels
from autograd.op import Array, Sample, op
from autograd.ops.product import same_dtype
from autograd.ops.reduction import floating, sum
from autograd.ops.shape import mT

__all__ = ["attention"]


class Attention(NamedTuple):
    """The weighted means of the values, beside the weights."""

    values: Array
    weights: Array


def attention_rule(g, y, query, key, value, bias=None, keep=None, *, scale, causal=False):
    """A product's rules around those of softmax."""
    (g, g_weights), (_, weights) = g, y
    d_dropped = g @ mT(value)
    d = (d_dropped if keep is None else d_dropped * keep) + g_weights
    d_scores = weights * (d - sum(d * weights, -1, keepdim=True))
    d_value = mT(weights if keep is None else weights * keep) @ g
    return d_scores @ key * scale, mT(d_scores) @ query * scale, d_value, d_scores, d_dropped * weights


def attention_back(g, y, query, key, value, bias=None, keep=None, *, scale, causal=False, needs):
    """attention_rule, a few heads at a time."""
    (g, g_weights), (values, weights) = g, y
    if query.dtype == np.float16 or any(needs[4:]) or g_weights.any():
        return attention_rule((g, g_weights), y, query, key, value, bias, keep, scale=scale, causal=causal)
    query, key, value = same_lead(query, key, value)
    keep = None if keep is None else np.broadcast_to(keep, weights.shape)
    return (*kernels.attend_back(g, values, weights, query, key, value, keep, scale, any(needs[3:4])), None)


def same_lead(*arrays):
    """Arrays of matrices with their leading dims broadcast, without a copy."""
    lead = np.broadcast_shapes(*(x.shape[:-2] for x in arrays))
    return [x if x.shape[:-2] == lead else np.broadcast_to(x, lead + x.shape[-2:]) for x in arrays]


@op(
    joint=attention_rule, array_rule=attention_back, saves="y query key value keep",
    samples=[
        Sample((2, 3, 4), (2, 5, 4), (2, 5, 2), (3, 5), None, scale=0.5, causal=False),
        Sample((2, 3, 4, 2), (2, 1, 4, 2), (3, 4, 2), None, np.ones((2, 3, 4, 4)), scale=0.7, causal=True),
        Sample((3, 4), (5, 4), (5, 4), None, None, scale=0.5, causal=False),
    ],
)  # fmt: skip
def attention(query: Array, key: Array, value: Array, bias: Array = None, keep: Array = None, *, scale, causal=False):
    """softmax(query @ key.T * scale + bias) * keep @ value, and the softmax.

    (..., L, E), (..., S, E), (..., S, D) -> (..., L, D), (..., L, S)

    bias    is added to the scores: -inf where a key is not to be seen. A query that sees no key gets zeros
    keep    multiplies the weights, as dropout does
    causal  query i sees the keys up to i

    Leading dims broadcast; bias and keep broadcast to the weights.
    """
    floating("attention", query)
    for name, x in (("key", key), ("value", value)):
        same_dtype("attention", query, x, "the query", f"the {name}")
    if min(query.ndim, key.ndim, value.ndim) < 2 or query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(message(
            "attention", "(..., L, E), (..., S, E) and (..., S, D) are required", f"{query.shape}, {key.shape} and {value.shape}",
            "queries and keys are of one length E, and there is one value per key",
        ))  # fmt: skip
    query, key, value = same_lead(query, key, value)
    scores = (*query.shape[:-1], key.shape[-2])
    bias, keep = (None if x is None else np.broadcast_to(x, scores) for x in (bias, keep))
    if query.dtype == np.float16:  # sums are not to be held in half precision
        query, key, value = (x.astype(np.float32) for x in (query, key, value))
        return Attention(*(part.astype(np.float16) for part in kernels.attend(query, key, value, bias, keep, scale, causal)))
    return Attention(*kernels.attend(query, key, value, bias, keep, scale, causal))
