"""The encoder of BERT (Devlin, Chang, Lee and Toutanova 2018, arXiv:1810.04805), with the names of Hugging Face's BertModel."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn import init
from nn.containers import ModuleDict, ModuleList
from nn.layers.dropout import Dropout
from nn.layers.linear import Embedding, Linear
from nn.layers.normalization import LayerNorm
from nn.module import Module

__all__ = ["BertConfig", "BertModel", "BertOutput", "mean_pooling"]


@dataclass
class BertConfig:
    """Sizes of a BERT, under the names of a Hugging Face config.json; the defaults are those of BERT-base."""

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    initializer_range: float = 0.02


class BertOutput(NamedTuple):
    """``last_hidden_state`` (N, T, hidden_size) and ``pooler_output`` (N, hidden_size), None without a pooler."""

    last_hidden_state: Tensor
    pooler_output: Tensor | None


class BertEmbeddings(Module):
    """norm(word + position + type): (N, T) of integers, (N, T) or None -> (N, T, hidden_size)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.word_embeddings = Embedding(config.vocab_size, config.hidden_size, padding_idx=0)
        self.position_embeddings = Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        kinds = ag.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(kinds)
        return self.dropout(self.LayerNorm(x + self.position_embeddings(ag.arange(input_ids.shape[1]))))  # type: ignore[no-any-return]


class BertSelfAttention(Module):
    """softmax(Q Kᵀ / √d + mask) V in heads: (N, T, hidden_size), (N, 1, 1, T) of bool or None -> (N, T, hidden_size)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width, self.heads, self.p = config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        if width % self.heads:
            raise ArgumentError(message("BertModel", "hidden_size must be a multiple of num_attention_heads", f"{width} and {self.heads}"))
        self.query, self.key, self.value = Linear(width, width), Linear(width, width), Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        n, t, width = x.shape
        q, k, v = (layer(x).reshape(n, t, self.heads, -1).transpose(1, 2) for layer in (self.query, self.key, self.value))
        y = F.scaled_dot_product_attention(q, k, v, mask, self.p if self.training else 0.0)
        return y.transpose(1, 2).reshape(n, t, width)


class BertResidual(Module):
    """norm(x + W h + b): h (*, in_features), x (*, hidden_size) -> (*, hidden_size)."""

    def __init__(self, in_features: int, config: BertConfig) -> None:
        super().__init__()
        self.dense = Linear(in_features, config.hidden_size)
        self.LayerNorm = LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, h: Tensor, x: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(h)) + x)  # type: ignore[no-any-return]


class BertLayer(Module):
    """y = norm(x + W attention(x) + b), then norm(y + W₂ gelu(W₁ y + b₁) + b₂): (N, T, hidden_size) -> (N, T, hidden_size)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = ModuleDict({"self": BertSelfAttention(config), "output": BertResidual(config.hidden_size, config)})
        self.intermediate = ModuleDict({"dense": Linear(config.hidden_size, config.intermediate_size)})
        self.output = BertResidual(config.intermediate_size, config)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(F.gelu(self.intermediate["dense"](x)), x)  # type: ignore[no-any-return]


class BertModel(Module):
    """Tokens to vectors that have seen each other: (N, T) of integers -> last_hidden_state (N, T, hidden_size) and pooler_output.

    attention_mask     (N, T): 1 where there is a token, 0 where there is padding
    token_type_ids     (N, T): which of two sentences a token belongs to, by default the first (0)
    add_pooling_layer  pooler_output (N, hidden_size) is tanh(W x₀ + b), x₀ the first token's; False: None

    The state is that of Hugging Face's BertModel, and loads from its files. ``embeddings.position_ids``, which older ones hold, is no
    weight: leave it out. ``WordPiece`` makes tokens and mask of text.

    Weights begin in N(0, initializer_range²), biases as 0, the row of the padding token (0) as 0.

    >>> config = nn.models.BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16)
    >>> output = nn.models.BertModel(config)(ag.tensor([[2, 7, 3], [2, 3, 0]]), ag.tensor([[1, 1, 1], [1, 1, 0]]))
    >>> output.last_hidden_state.shape, output.pooler_output.shape
    ((2, 3, 8), (2, 8))
    """

    pooler: ModuleDict | None

    def __init__(self, config: BertConfig, add_pooling_layer: bool = True) -> None:
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.encoder = ModuleDict({"layer": ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])})
        self.pooler = ModuleDict({"dense": Linear(config.hidden_size, config.hidden_size)}) if add_pooling_layer else None
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                init.zeros_(parameter)
            elif parameter.ndim == 2:
                init.normal_(parameter, 0.0, config.initializer_range)
        with ag.no_grad():
            self.embeddings.word_embeddings.weight[0] = 0.0

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None) -> BertOutput:
        longest = self.config.max_position_embeddings
        if input_ids.ndim != 2 or input_ids.shape[1] > longest:
            required = f"tokens (N, T) with T <= max_position_embeddings={longest} are required"
            raise ShapeError(message("BertModel", required, f"{tuple(input_ids.shape)}", "shorten or split the text"))
        if attention_mask is not None and tuple(attention_mask.shape) != tuple(input_ids.shape):
            required = f"an attention_mask {tuple(input_ids.shape)} as the tokens is required"
            raise ShapeError(message("BertModel", required, f"{tuple(attention_mask.shape)}"))
        mask = None if attention_mask is None else (attention_mask != 0)[:, None, None, :]
        x = self.embeddings(input_ids, token_type_ids)
        layers: Any = self.encoder["layer"]
        for layer in layers:
            x = layer(x, mask)
        return BertOutput(x, None if self.pooler is None else ag.tanh(self.pooler["dense"](x[:, 0])))


def mean_pooling(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """Σ_t m_t h_t / Σ_t m_t, the mean vector of the tokens of each text: (N, T, d), (N, T) -> (N, d).

    >>> nn.models.mean_pooling(ag.tensor([[[1.0], [3.0], [9.0]]]), ag.tensor([[1, 1, 0]]))
    tensor([[2.]])
    """
    weight = attention_mask.to(hidden.dtype)[:, :, None]
    return (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
