"""Attention: which rows to look at, and how much."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn.functional.dropouts import kept

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(query @ keyᵀ * scale + mask) @ value: (..., H, L, E), (..., H, S, E), (..., H, S, D) -> (..., H, L, D).

    attn_mask   broadcasts to (..., H, L, S): True where a key is seen; or of floats, which are added to the scores
    dropout_p   part of the weights that is dropped, at any time: pass 0.0 in evaluation
    is_causal   query i sees the keys up to i
    scale       by default 1 / sqrt(E)
    enable_gqa  key and value may have fewer heads, of which each serves as many of the query's

    A query that sees no key gets zeros.
    """
    if not 0 <= dropout_p <= 1:
        raise ArgumentError(message("scaled_dot_product_attention", "a dropout_p between 0 and 1 is required", repr(dropout_p)))
    if is_causal and attn_mask is not None:
        raise ArgumentError(message(
            "scaled_dot_product_attention", "one mask is required", "attn_mask and is_causal=True", "put both into attn_mask",
        ))
    if enable_gqa:
        key, value = (as_many_heads(x, query) for x in (key, value))
    bias: Any = attn_mask
    if attn_mask is not None and attn_mask.dtype == ag.bool:
        bias = ag.where(attn_mask, 0.0, -math.inf).to(query.dtype)
    keep = None
    if dropout_p:
        lead = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
        keep = kept((*lead, query.shape[-2], key.shape[-2]), dropout_p, query.dtype)
    scale = 1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    return ag.attention(query, key, value, bias, keep, scale=scale, causal=is_causal)[0]


def as_many_heads(x: Tensor, query: Tensor) -> Tensor:
    """Key or value with each head repeated until there are as many as the query has."""
    if x.ndim < 3 or query.ndim < 3 or not x.shape[-3] or query.shape[-3] % x.shape[-3]:
        raise ShapeError(message(
            "scaled_dot_product_attention", "a number of heads (dim -3) that divides the query's is required for enable_gqa",
            f"query {tuple(query.shape)} and {tuple(x.shape)}",
        ))
    return ag.repeat_interleave(x, query.shape[-3] // x.shape[-3], dim=-3)


# ── several heads ──


class Projections(NamedTuple):
    """The weights of ``MultiheadAttention``, by its names, and its last layer."""

    in_proj_weight: Tensor | None
    in_proj_bias: Tensor | None
    bias_k: Tensor | None
    bias_v: Tensor | None
    separate: tuple[Tensor | None, Tensor | None, Tensor | None]  # for q, k and v, where there is no in_proj_weight
    out_proj: Callable[[Tensor], Tensor]

    def apply(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three products: of one matrix, if all three are the same tensor, in one go."""
        if self.in_proj_weight is not None:
            if query is key and key is value:
                q, k, v = ag.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
                return q, k, v
            weights: Any = self.in_proj_weight.chunk(3)
        else:
            weights = self.separate
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = (ag.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
        return q, k, v


class Options(NamedTuple):
    """The arguments that ``MultiheadAttention`` and ``multi_head_attention_forward`` have in common."""

    num_heads: int
    add_zero_attn: bool
    dropout: float
    key_padding_mask: Tensor | None
    need_weights: bool
    attn_mask: Tensor | None
    average_attn_weights: bool
    is_causal: bool
    static_k: Tensor | None = None
    static_v: Tensor | None = None


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None,
    need_weights: bool = True, attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None, static_v: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """(output, weights) of ``MultiheadAttention`` with these weights: (L, N, E), (S, N, kdim), (S, N, vdim) -> (L, N, E), (N, L, S).

    use_separate_proj_weight  q_proj_weight, k_proj_weight and v_proj_weight count, not in_proj_weight
    static_k, static_v        (N * num_heads, S, E / num_heads), in place of what the products make of key and value
    """
    if query.shape[-1] != embed_dim_to_check or embed_dim_to_check % num_heads:
        required = f"a query whose last dim is embed_dim_to_check={embed_dim_to_check}, a multiple of num_heads={num_heads}, is required"
        raise ShapeError(message("multi_head_attention_forward", required, f"shape {tuple(query.shape)}"))
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else (None, None, None)
    weights = Projections(
        None if use_separate_proj_weight else in_proj_weight, in_proj_bias, bias_k, bias_v, separate,
        lambda x: ag.linear(x, out_proj_weight, out_proj_bias),
    )  # fmt: skip
    options = Options(
        num_heads, add_zero_attn, dropout_p if training else 0.0, key_padding_mask, need_weights, attn_mask, average_attn_weights,
        is_causal, static_k, static_v,
    )  # fmt: skip
    return attend("multi_head_attention_forward", query, key, value, weights, options, batch_first=False)


def attend(
    name: str, query: Tensor, key: Tensor, value: Tensor, weights: Projections, options: Options, batch_first: bool
) -> tuple[Tensor, Tensor | None]:
    """(output, weights), in whichever order the dims of the query come."""
    if query.ndim not in (2, 3) or key.ndim != query.ndim or value.ndim != query.ndim:
        given = f"{query.ndim}, {key.ndim} and {value.ndim} dims"
        raise ShapeError(message(name, "query, key and value of 3 dims, or all of 2, are required", given))
    if options.is_causal and options.attn_mask is None:
        raise ArgumentError(message(name, "attn_mask is required where is_causal=True", "none",
                                    "pass Transformer.generate_square_subsequent_mask(L)"))  # fmt: skip
    single = query.ndim == 2
    if single or not batch_first:
        turned = {id(x): x.unsqueeze(0) if single else x.transpose(0, 1) for x in (query, key, value)}
        query, key, value = (turned[id(x)] for x in (query, key, value))  # one tensor given three times stays one
    output, seen = heads(name, query, key, value, weights, options)
    if seen is not None and options.average_attn_weights:
        seen = seen.mean(1)
    if single:
        return output.squeeze(0), None if seen is None else seen.squeeze(0)
    return output if batch_first else output.transpose(0, 1), seen


def heads(
    name: str, query: Tensor, key: Tensor, value: Tensor, weights: Projections, options: Options
) -> tuple[Tensor, Tensor | None]:
    """(output (N, L, E), weights (N, num_heads, L, S)) of all heads, from (N, L, E), (N, S, kdim) and (N, S, vdim)."""
    (n, length), count = query.shape[:2], options.num_heads
    q, k, v = weights.apply(query, key, value)
    k, v = k if options.static_k is None else joined(options.static_k, n), v if options.static_v is None else joined(options.static_v, n)
    keys = k.shape[1]
    if weights.bias_k is not None and weights.bias_v is not None:
        k, v = ag.cat([k, weights.bias_k.expand(n, 1, -1)], 1), ag.cat([v, weights.bias_v.expand(n, 1, -1)], 1)
    if options.add_zero_attn:
        k, v = (ag.cat([x, ag.zeros(n, 1, x.shape[-1], dtype=x.dtype)], 1) for x in (k, v))
    extra = k.shape[1] - keys
    causal = options.is_causal and not (extra or options.need_weights or options.key_padding_mask is not None)
    bias = None if causal else added(name, options, (n, length, keys), extra, q.dtype)
    q, k, v = (x.reshape(n, x.shape[1], count, x.shape[2] // count).transpose(1, 2) for x in (q, k, v))
    seen = None
    if options.need_weights:
        scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]))
        seen = ag.softmax(scores if bias is None else scores + bias, -1)
        if options.dropout:
            seen = seen * kept(seen.shape, options.dropout, seen.dtype)
        of_heads = seen @ v
    else:
        of_heads = scaled_dot_product_attention(q, k, v, bias, options.dropout, causal)
    return weights.out_proj(of_heads.transpose(1, 2).reshape(n, length, -1)), seen


def joined(x: Tensor, n: int) -> Tensor:
    """Heads side by side: (N * num_heads, S, d) -> (N, S, E)."""
    return x.reshape(n, -1, *x.shape[1:]).transpose(1, 2).reshape(n, x.shape[1], -1)


def added(name: str, options: Options, shape: tuple[int, int, int], extra: int, dtype: Any) -> Tensor | None:
    """Both masks as numbers that are added to the scores, (N or 1, num_heads or 1, L, S), with zeros for so many extra keys."""
    n, length, keys = shape
    total = None
    for argument, mask, shapes in (
        ("attn_mask", options.attn_mask, ((length, keys), (n * options.num_heads, length, keys))),
        ("key_padding_mask", options.key_padding_mask, ((n, keys), (keys,))),
    ):
        if mask is None:
            continue
        if tuple(mask.shape) not in shapes:
            required = f"{argument} of shape {' or '.join(map(str, shapes))} is required"
            raise ShapeError(message(name, required, str(tuple(mask.shape))))
        numbers = ag.where(mask, -math.inf, 0.0).to(dtype) if mask.dtype == ag.bool else mask.to(dtype)
        if argument == "key_padding_mask":
            numbers = numbers.reshape(-1, 1, 1, keys)
        elif numbers.ndim == 3:
            numbers = numbers.reshape(n, options.num_heads, length, keys)
        if extra:
            numbers = ag.pad(numbers, (0, extra))
        total = numbers if total is None else total + numbers
    return total
