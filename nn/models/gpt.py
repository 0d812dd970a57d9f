"""A decoder-only transformer in the form of nanoGPT (Radford et al. 2019, "Language models are unsupervised multitask learners")."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn import init, optim
from nn.containers import ModuleDict, ModuleList
from nn.layers.dropout import Dropout
from nn.layers.linear import Embedding, Linear
from nn.layers.normalization import LayerNorm
from nn.module import Module

__all__ = ["GPT", "GPTConfig"]


@dataclass
class GPTConfig:
    """Sizes of a GPT; the defaults are those of GPT-2, its vocabulary rounded up to a multiple of 64."""

    block_size: int = 1024
    vocab_size: int = 50304
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    dropout: float = 0.0
    bias: bool = True


class CausalSelfAttention(Module):
    """softmax(Q Kᵀ / √d + mask) V in n_head heads, each position looking back only: (N, T, n_embd) -> (N, T, n_embd)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        if config.n_embd % config.n_head:
            raise ArgumentError(message("GPT", "n_embd must be a multiple of n_head", f"{config.n_embd} and {config.n_head}"))
        self.c_attn = Linear(config.n_embd, 3 * config.n_embd, config.bias)
        self.c_proj = Linear(config.n_embd, config.n_embd, config.bias)
        self.resid_dropout = Dropout(config.dropout)
        self.n_head, self.dropout = config.n_head, config.dropout

    def forward(self, x: Tensor) -> Tensor:
        n, t, width = x.shape
        q, k, v = (part.reshape(n, t, self.n_head, -1).transpose(1, 2) for part in self.c_attn(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout if self.training else 0.0, is_causal=True)
        return self.resid_dropout(self.c_proj(y.transpose(1, 2).reshape(n, t, width)))  # type: ignore[no-any-return]


class MLP(Module):
    """W₂ gelu(W₁ x + b₁) + b₂ with 4 n_embd hidden units: (*, n_embd) -> (*, n_embd)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.c_fc = Linear(config.n_embd, 4 * config.n_embd, config.bias)
        self.c_proj = Linear(4 * config.n_embd, config.n_embd, config.bias)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.c_proj(F.gelu(self.c_fc(x))))  # type: ignore[no-any-return]


class Block(Module):
    """y = x + attention(norm(x)), then y + mlp(norm(y)): (N, T, n_embd) -> (N, T, n_embd)."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(config.n_embd, bias=config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = LayerNorm(config.n_embd, bias=config.bias)
        self.mlp = MLP(config)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))  # type: ignore[no-any-return]


class GPT(Module):
    """Scores of the next token at each position: (N, T) of integers -> (N, T, vocab_size), T at most block_size.

    With targets (N, T), ``(logits, loss)`` with the mean cross-entropy over those that are not -1; without, ``(logits, None)`` of the last
    position only, (N, 1, vocab_size). The matrix of the embedding is that of the last layer (``lm_head``).

    Weights begin in N(0, 0.02²), those of ``c_proj`` in N(0, 0.02² / (2 n_layer)), biases as 0. Names of parameters are nanoGPT's.

    >>> model = nn.models.GPT(nn.models.GPTConfig(block_size=8, vocab_size=5, n_layer=2, n_head=2, n_embd=16))
    >>> logits, loss = model(ag.tensor([[0, 1, 2]]), ag.tensor([[1, 2, 3]]))
    >>> logits.shape, loss.shape
    ((1, 3, 5), ())
    >>> model.generate(ag.tensor([[0, 1]]), 10, temperature=0.8, top_k=3).shape
    (1, 12)
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.transformer = ModuleDict({
            "wte": Embedding(config.vocab_size, config.n_embd),
            "wpe": Embedding(config.block_size, config.n_embd),
            "drop": Dropout(config.dropout),
            "h": ModuleList([Block(config) for _ in range(config.n_layer)]),
            "ln_f": LayerNorm(config.n_embd, bias=config.bias),
        })
        self.lm_head = Linear(config.n_embd, config.vocab_size, bias=False)
        self.transformer["wte"].weight = self.lm_head.weight
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                init.zeros_(parameter)
            elif parameter.ndim == 2:
                init.normal_(parameter, 0.0, 0.02 / (math.sqrt(2 * config.n_layer) if name.endswith("c_proj.weight") else 1))

    def forward(self, idx: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        if idx.ndim != 2 or idx.shape[1] > self.config.block_size:
            raise ShapeError(message("GPT", f"tokens (N, T) with T <= block_size={self.config.block_size} are required",
                                     f"{tuple(idx.shape)}", "crop them: idx[:, -block_size:]"))  # fmt: skip
        part: Any = self.transformer
        x = part["drop"](part["wte"](idx) + part["wpe"](ag.arange(idx.shape[1])))
        for block in part["h"]:
            x = block(x)
        x = part["ln_f"](x)
        if targets is None:
            return self.lm_head(x[:, -1:]), None
        logits = self.lm_head(x)
        return logits, F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-1)

    @ag.no_grad()
    def generate(
        self, idx: Tensor, max_new_tokens: int, temperature: float = 1.0, top_k: int | None = None, generator: Any = None
    ) -> Tensor:
        """The tokens, and max_new_tokens more, each drawn from softmax(logits / temperature): (N, T) -> (N, T + max_new_tokens).

        top_k      draw from the k likeliest only; 1: always the likeliest
        generator  ``ag.Generator``: the same one gives the same tokens

        The model sees the last block_size tokens. Call ``eval()`` first.
        """
        if temperature <= 0:
            raise ArgumentError(message("generate", "a temperature above 0 is required", repr(temperature),
                                        "top_k=1 takes the likeliest token"))  # fmt: skip
        for _ in range(max_new_tokens):
            logits = self(idx[:, -self.config.block_size :])[0][:, -1] / temperature
            if top_k is not None:
                least = ag.topk(logits, min(top_k, logits.shape[-1]))[0][:, -1:]
                logits = ag.where(logits < least, -math.inf, logits)
            idx = ag.cat([idx, ag.multinomial(F.softmax(logits, -1), 1, generator=generator)], 1)
        return idx

    def configure_optimizers(
        self, weight_decay: float, learning_rate: float, betas: tuple[float, float] = (0.9, 0.95),
        optimizer: Callable[..., optim.Optimizer] = optim.AdamW,
    ) -> optim.Optimizer:  # fmt: skip
        """AdamW in two groups: matrices decay, vectors (biases and norms) do not."""
        parameters = [parameter for parameter in self.parameters() if parameter.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        return optimizer(groups, lr=learning_rate, betas=betas)
