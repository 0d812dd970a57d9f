"""Networks that read sequences: a character transformer and an LSTM."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.workloads.base import Limit, Optimizer, Training, dense, linear, normal

LAYERS, HEADS, WIDTH, BLOCK, BATCH, VOCABULARY = 4, 4, 128, 64, 12, 65


class Transformer(Training):
    """A small GPT in the form of nanoGPT: pre-normalisation, exact GELU, the embedding shared with the head."""

    name = "W7"
    title = "character transformer (nanoGPT): 4 layers, 4 heads, 128 wide, block 64, batch 12, vocabulary 65, AdamW"
    shapes = {
        "tokens.weight": (VOCABULARY, WIDTH), "positions.weight": (BLOCK, WIDTH),
        **{
            f"blocks.{i}.{name}": shape
            for i in range(LAYERS)
            for part in (
                {"norm1.weight": (WIDTH,), "norm1.bias": (WIDTH,)}, dense("qkv", WIDTH, 3 * WIDTH), dense("proj", WIDTH, WIDTH),
                {"norm2.weight": (WIDTH,), "norm2.bias": (WIDTH,)}, dense("up", WIDTH, 4 * WIDTH), dense("down", 4 * WIDTH, WIDTH),
            )
            for name, shape in part.items()
        },
        "norm.weight": (WIDTH,), "norm.bias": (WIDTH,),
    }  # fmt: skip
    optimizer = Optimizer("AdamW", lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    skips = {"hips": "its erf is SciPy's", "mygrad": "no erf"}

    @property
    def limit(self) -> Limit:  # type: ignore[override]
        rows = BATCH * BLOCK
        products = 2 * rows * WIDTH * (LAYERS * 12 * WIDTH + VOCABULARY) + LAYERS * 2 * 2 * rows * BLOCK * WIDTH
        activations = LAYERS * rows * 16 * WIDTH * 4  # what a layer keeps, each written and read forward and backward
        return Limit(3 * products, 4 * activations + self.optimizer.bytes(self.size))

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return rng.integers(VOCABULARY, size=(BATCH, BLOCK)), rng.integers(VOCABULARY, size=(BATCH, BLOCK))

    def model(self, torch: Any, nn: Any, F: Any) -> Any:
        class Block(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.norm1, self.qkv, self.proj = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
                self.norm2, self.up, self.down = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

            def attention(self, x: Any) -> Any:
                B, T, C = x.shape
                q, k, v = (part.view(B, T, HEADS, C // HEADS).transpose(1, 2) for part in self.qkv(x).split(C, dim=2))
                y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
                return self.proj(y.transpose(1, 2).reshape(B, T, C))

            def forward(self, x: Any) -> Any:
                x = x + self.attention(self.norm1(x))
                return x + self.down(F.gelu(self.up(self.norm2(x))))

        class GPT(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(BLOCK, WIDTH)
                self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
                self.norm = nn.LayerNorm(WIDTH)

            def forward(self, letters: Any) -> Any:
                x = self.tokens(letters) + self.positions(torch.arange(letters.shape[1]))
                for block in self.blocks:
                    x = block(x)
                return F.linear(self.norm(x), self.tokens.weight)

        return GPT()

    def loss(self, torch: Any, F: Any, model: Any, *data: Any) -> Any:
        letters, following = data
        return F.cross_entropy(model(letters).view(-1, VOCABULARY), following.view(-1))

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        letters, following = data

        def norm(x: Any, name: str) -> Any:
            x = x - x.mean(-1, keepdims=True)
            return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * p[f"{name}.weight"] + p[f"{name}.bias"]

        def heads(x: Any) -> Any:
            return x.reshape(BATCH, BLOCK, HEADS, WIDTH // HEADS).swapaxes(1, 2)

        past = np.tril(np.ones((BLOCK, BLOCK), bool))
        x = p["tokens.weight"][letters] + p["positions.weight"]
        for i in range(LAYERS):
            name = f"blocks.{i}."
            q, k, v = map(heads, np.split(linear(norm(x, name + "norm1"), p, name + "qkv"), 3, axis=-1))
            weights = F.softmax(np.where(past, q @ k.swapaxes(-1, -2) / math.sqrt(WIDTH // HEADS), -np.inf))
            x = x + linear((weights @ v).swapaxes(1, 2).reshape(BATCH, BLOCK, WIDTH), p, name + "proj")
            x = x + linear(F.gelu(linear(norm(x, name + "norm2"), p, name + "up")), p, name + "down")
        logits = norm(x, "norm") @ p["tokens.weight"].T
        return F.cross_entropy(logits.reshape(-1, VOCABULARY), following.reshape(-1))


class LSTM(Training):
    """The last state of the upper layer is classified."""

    name = "W13"
    title = "LSTM, 2 layers, 128 wide, sequence 64, batch 16, cross-entropy, SGD"
    width, length, batch = 128, 64, 16
    shapes = {
        **{f"lstm.{kind}_l{i}": shape
           for i in range(2)
           for kind, shape in (("weight_ih", (512, 128)), ("weight_hh", (512, 128)), ("bias_ih", (512,)), ("bias_hh", (512,)))},
        **dense("head", 128, 10),
    }  # fmt: skip
    optimizer = Optimizer("SGD", lr=0.1)
    limit = Limit(flops=3 * 2 * 2 * batch * length * 2 * width * 4 * width, calls=2 * length * (8 + 16))

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return normal(rng, self.batch, self.length, self.width), rng.integers(10, size=self.batch)

    def model(self, torch: Any, nn: Any, F: Any) -> Any:
        width = self.width

        class Reader(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.lstm = nn.LSTM(width, width, num_layers=2, batch_first=True)
                self.head = nn.Linear(width, 10)

            def forward(self, x: Any) -> Any:
                states, _ = self.lstm(x)
                return self.head(states[:, -1])

        return Reader()

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        x, y = data
        n = self.width
        states = x.swapaxes(0, 1)
        for i in range(2):
            w, u, b = p[f"lstm.weight_ih_l{i}"].T, p[f"lstm.weight_hh_l{i}"].T, p[f"lstm.bias_ih_l{i}"] + p[f"lstm.bias_hh_l{i}"]

            def cell(carry: Any, x: Any, w: Any = w, u: Any = u, b: Any = b) -> Any:
                h, c = carry
                z = x @ w + h @ u + b
                c = F.sigmoid(z[:, n : 2 * n]) * c + F.sigmoid(z[:, :n]) * F.tanh(z[:, 2 * n : 3 * n])
                h = F.sigmoid(z[:, 3 * n :]) * F.tanh(c)
                return (h, c), h

            zeros = F.zeros((self.batch, n))
            states = F.scan(cell, (zeros, zeros), states)
        return F.cross_entropy(linear(states[-1], p, "head"), y)


WORKLOADS = (Transformer(), LSTM())
