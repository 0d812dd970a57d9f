"""Attention: every position looks at the others, and takes from each as much as its key fits."""
from __future__ import annotations

import math
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn import init
from nn.layers.linear import Linear
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """concat(head_1, ..., head_h) W_o, head_i = softmax(q_i k_iᵀ / √d + mask) v_i, with q = W_q query and so on (Vaswani et al. 2017).

    (L, N, E), (S, N, kdim), (S, N, vdim) -> (L, N, E), (N, L, S); with batch_first, (N, L, E) ...; without N, one sample.

    embed_dim     E, of which each of num_heads gets d = E / num_heads
    dropout       part of the weights that is dropped in training
    bias          of the four products
    add_bias_kv   a learned key and value behind the others; add_zero_attn: zeros behind them
    kdim, vdim    lengths of keys and values, E unless given
    batch_first   whether N comes first

    in_proj_weight (3 E, E), or q_proj_weight, k_proj_weight, v_proj_weight where lengths differ, begin in Xavier's uniform, biases as 0.

    >>> nn.MultiheadAttention(4, 2)(*[ag.ones(5, 3, 4)] * 3)[0].shape
    (5, 3, 4)
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            given = f"embed_dim={embed_dim} and num_heads={num_heads}"
            raise ArgumentError(message("MultiheadAttention", "an embed_dim that is a multiple of num_heads is required", given))
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self.head_dim, self.add_zero_attn = embed_dim // num_heads, add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        options = {"device": device, "dtype": dtype}

        def parameter(name: str, *shape: int, wanted: bool = True) -> None:
            self.register_parameter(name, Parameter(ag.empty(*shape, **options)) if wanted else None)

        apart = not self._qkv_same_embed_dim
        parameter("q_proj_weight", embed_dim, embed_dim, wanted=apart)
        parameter("k_proj_weight", embed_dim, self.kdim, wanted=apart)
        parameter("v_proj_weight", embed_dim, self.vdim, wanted=apart)
        parameter("in_proj_weight", 3 * embed_dim, embed_dim, wanted=not apart)
        parameter("in_proj_bias", 3 * embed_dim, wanted=bias)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, **options)
        parameter("bias_k", 1, 1, embed_dim, wanted=add_bias_kv)
        parameter("bias_v", 1, 1, embed_dim, wanted=add_bias_kv)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, and set the biases to 0."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if (weight := getattr(self, name)) is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None, need_weights: bool = True,
        attn_mask: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """(output, weights).

        key_padding_mask      (N, S) or (S): True where a key is not seen, or of floats, which are added to the scores
        need_weights          whether the weights are returned, else None stands for them: that is faster
        attn_mask             (L, S) or (N * num_heads, L, S), of the same two kinds
        average_attn_weights  the mean over heads (N, L, S); else (N, num_heads, L, S)
        is_causal             says that attn_mask is the causal one
        """
        if query.ndim not in (2, 3) or key.ndim != query.ndim or value.ndim != query.ndim:
            given = f"{query.ndim}, {key.ndim} and {value.ndim} dims"
            raise ShapeError(message("MultiheadAttention", "query, key and value of 3 dims, or all of 2, are required", given))
        single = query.ndim == 2
        if single:
            query, key, value = (x.unsqueeze(0) for x in (query, key, value))
        elif not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        if is_causal and attn_mask is None:
            raise ArgumentError(message("MultiheadAttention", "attn_mask is required where is_causal=True", "none",
                                        "pass Transformer.generate_square_subsequent_mask(L)"))  # fmt: skip
        output, weights = self._attend(query, key, value, key_padding_mask, attn_mask, need_weights)
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if single:
            return output.squeeze(0), None if weights is None else weights.squeeze(0)
        return output if self.batch_first else output.transpose(0, 1), weights

    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three products: of one matrix, if all three are the same tensor, in one go."""
        if self.in_proj_weight is not None:
            if query is key and key is value:
                q, k, v = F.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
                return q, k, v
            weights: Any = self.in_proj_weight.chunk(3)
        else:
            weights = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = (F.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
        return q, k, v

    def _heads(self, x: Tensor) -> Tensor:
        """(N, L, E) -> (N, num_heads, L, head_dim)."""
        return x.reshape(x.shape[0], x.shape[1], self.num_heads, self.head_dim).transpose(1, 2)

    def _attend(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        n, length = query.shape[:2]
        q, k, v = self._projected(query, key, value)
        extra = 0
        if self.bias_k is not None and self.bias_v is not None:
            k, v = ag.cat([k, self.bias_k.expand(n, 1, -1)], 1), ag.cat([v, self.bias_v.expand(n, 1, -1)], 1)
            extra += 1
        if self.add_zero_attn:
            k, v = (ag.cat([x, ag.zeros(n, 1, self.embed_dim, dtype=x.dtype)], 1) for x in (k, v))
            extra += 1
        bias = self._bias(attn_mask, key_padding_mask, n, length, key.shape[1], extra, q.dtype)
        q, k, v = self._heads(q), self._heads(k), self._heads(v)
        dropped = self.dropout if self.training else 0.0
        if need_weights:
            scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(self.head_dim))
            weights = F.softmax(scores if bias is None else scores + bias, -1)
            heads = F.dropout(weights, dropped) @ v if dropped else weights @ v
        else:
            weights = None
            heads = F.scaled_dot_product_attention(q, k, v, bias, dropped)
        joined = heads.transpose(1, 2).reshape(n, length, self.embed_dim)
        return self.out_proj(joined), weights

    def _bias(
        self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, n: int, length: int, keys: int, extra: int, dtype: Any
    ) -> Tensor | None:
        """Both masks as numbers that are added to the scores: (N or 1, num_heads or 1, L, S)."""
        total = None
        for name, mask, shapes in (
            ("attn_mask", attn_mask, ((length, keys), (n * self.num_heads, length, keys))),
            ("key_padding_mask", key_padding_mask, ((n, keys), (keys,))),
        ):
            if mask is None:
                continue
            if tuple(mask.shape) not in shapes:
                required = f"{name} of shape {' or '.join(map(str, shapes))} is required"
                raise ShapeError(message("MultiheadAttention", required, str(tuple(mask.shape))))
            added = ag.where(mask, -math.inf, 0.0).to(dtype) if mask.dtype == ag.bool else mask.to(dtype)
            if name == "key_padding_mask":
                added = added.reshape(-1, 1, 1, keys)
            elif added.ndim == 3:
                added = added.reshape(n, self.num_heads, length, keys)
            if extra:
                added = F.pad(added, (0, extra))
            total = added if total is None else total + added
        return total

    def extra_repr(self) -> str:
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, dropout={self.dropout}, batch_first={self.batch_first}"
