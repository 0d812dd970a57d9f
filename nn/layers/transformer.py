"""Transformers (Vaswani et al. 2017, arXiv:1706.03762): encoder and decoder layers, stacks of them, and both together."""
from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn import init
from nn.containers import ModuleList
from nn.layers.attention import MultiheadAttention
from nn.layers.dropout import Dropout
from nn.layers.linear import Linear
from nn.layers.normalization import LayerNorm
from nn.module import Module

__all__ = ["Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer"]

Activation = str | Callable[[Tensor], Tensor]


def activation_of(activation: Activation) -> Callable[[Tensor], Tensor]:
    """"relu", "gelu", or a function as it is."""
    if callable(activation):
        return activation
    if activation not in ("relu", "gelu"):
        raise ArgumentError(message("Transformer", 'activation "relu", "gelu" or a function is required', repr(activation)))
    return F.relu if activation == "relu" else F.gelu


class _Layer(Module):
    """What encoder and decoder layers have in common: attention to oneself, and a network for each position."""

    _closed = False  # activation may be a function

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        options = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **options)
        decoder = isinstance(self, TransformerDecoderLayer)
        if decoder:
            self.multihead_attn = MultiheadAttention(d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **options)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **options)
        self.norm_first = norm_first
        parts = range(1, 4 if decoder else 3)
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **options))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = activation_of(activation)

    def _around(self, x: Tensor, norm: Module, block: Callable[[Tensor], Tensor]) -> Tensor:
        """x + block(norm(x)), or norm(x + block(x))."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _fed_forward(self, x: Tensor, dropout: Module) -> Tensor:
        return dropout(self.linear2(self.dropout(self.activation(self.linear1(x)))))  # type: ignore[no-any-return]


class TransformerEncoderLayer(_Layer):
    """x + attention(x), then x + W₂ act(W₁ x + b₁) + b₂, each normalised: (L, N, E) -> (L, N, E), or (N, L, E) with batch_first.

    d_model          E; nhead: of the attention
    dim_feedforward  between W₁ and W₂
    dropout          in training, of weights, between W₁ and W₂, and of what is added
    activation       "relu", "gelu" or a function
    norm_first       normalise what goes into attention and network, instead of the sums
    bias             False: no biases anywhere

    >>> nn.TransformerEncoderLayer(4, 2, 8)(ag.ones(5, 3, 4)).shape
    (5, 3, 4)
    """

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None, is_causal: bool = False
    ) -> Tensor:
        def attention(x: Tensor) -> Tensor:
            seen = self.self_attn(x, x, x, src_key_padding_mask, need_weights=False, attn_mask=src_mask, is_causal=is_causal)[0]
            return self.dropout1(seen)  # type: ignore[no-any-return]

        x = self._around(src, self.norm1, attention)
        return self._around(x, self.norm2, lambda x: self._fed_forward(x, self.dropout2))


class TransformerDecoderLayer(_Layer):
    """An encoder layer with a second attention, to the memory: (T, N, E), (S, N, E) -> (T, N, E), or (N, T, E) ... with batch_first.

    Arguments are those of ``TransformerEncoderLayer``.

    >>> nn.TransformerDecoderLayer(4, 2, 8)(ag.ones(5, 3, 4), ag.ones(6, 3, 4)).shape
    (5, 3, 4)
    """

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        def to_itself(x: Tensor) -> Tensor:
            seen = self.self_attn(x, x, x, tgt_key_padding_mask, need_weights=False, attn_mask=tgt_mask, is_causal=tgt_is_causal)[0]
            return self.dropout1(seen)  # type: ignore[no-any-return]

        def to_memory(x: Tensor) -> Tensor:
            seen = self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, need_weights=False, attn_mask=memory_mask, is_causal=memory_is_causal
            )[0]
            return self.dropout2(seen)  # type: ignore[no-any-return]

        x = self._around(tgt, self.norm1, to_itself)
        x = self._around(x, self.norm2, to_memory)
        return self._around(x, self.norm3, lambda x: self._fed_forward(x, self.dropout3))


class TransformerEncoder(Module):
    """num_layers copies of an encoder layer, one after the other, and a norm at the end, if one is given: (L, N, E) -> (L, N, E).

    enable_nested_tensor, mask_check  speed PyTorch up, and are nothing here

    >>> nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)(ag.ones(5, 3, 4)).shape
    (5, 3, 4)
    """

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None,
        enable_nested_tensor: bool = True, mask_check: bool = True,  # noqa: ARG002 (PyTorch's)
    ) -> None:  # fmt: skip
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None, is_causal: bool | None = None
    ) -> Tensor:
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """num_layers copies of a decoder layer, one after the other, and a norm at the end, if one is given: (T, N, E), (S, N, E) -> (T, N, E).

    >>> nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2)(ag.ones(5, 3, 4), ag.ones(6, 3, 4)).shape
    (5, 3, 4)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(decoder_layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, bool(tgt_is_causal), memory_is_causal
            )
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """Encoder and decoder: (S, N, E), (T, N, E) -> (T, N, E), or (N, S, E) ... with batch_first. Matrices begin in Xavier's uniform.

    >>> nn.Transformer(4, 2, 1, 1, 8)(ag.ones(6, 3, 4), ag.ones(5, 3, 4)).shape
    (5, 3, 4)
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6, dim_feedforward: int = 2048,
        dropout: float = 0.1, activation: Activation = F.relu, custom_encoder: Module | None = None, custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(TransformerEncoderLayer(*options), num_encoder_layers, norm())
        self.decoder = custom_decoder or TransformerDecoder(TransformerDecoderLayer(*options), num_decoder_layers, norm())
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask (sz, sz): -inf above the diagonal, 0 elsewhere."""
        return ag.triu(ag.full((sz, sz), -math.inf, device=device, dtype=dtype), 1)

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None, tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None, src_is_causal: bool | None = None, tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            given = f"{tuple(src.shape)} and {tuple(tgt.shape)}"
            raise ShapeError(message("Transformer", f"src and tgt whose last dim is d_model={self.d_model} are required", given))
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(  # type: ignore[no-any-return]
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal
        )
