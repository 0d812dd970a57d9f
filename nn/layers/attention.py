"""Attention: every position looks at the others, and takes from each as much as its key fits."""
from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn import init
from nn.functional.attention import Options, Projections, attend
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
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
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
        weights = Projections(
            self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight), self.out_proj,
        )  # fmt: skip
        options = Options(
            self.num_heads, self.add_zero_attn, self.dropout if self.training else 0.0, key_padding_mask, need_weights, attn_mask,
            average_attn_weights, is_causal,
        )  # fmt: skip
        return attend("MultiheadAttention", query, key, value, weights, options, self.batch_first)

    def extra_repr(self) -> str:
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, dropout={self.dropout}, batch_first={self.batch_first}"
