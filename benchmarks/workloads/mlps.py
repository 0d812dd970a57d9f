"""Networks of linear layers, from a line through 100 points to 25 million weights, and one that begins with an embedding."""
from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from benchmarks.workloads.base import Limit, Optimizer, Training, dense, linear, normal, product_flops

MODULES = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid"}


class Dense(Training):
    """Linear layers of given widths with an activation after each of the first ones; the loss is named as F has it."""

    def __init__(
        self, name: str, title: str, widths: list[int], activations: tuple[str, ...], loss: str,
        rows: int, optimizer: Optimizer, calls: int,
    ) -> None:  # fmt: skip
        self.name, self.title, self.widths, self.activations, self.loss_name, self.rows = name, title, widths, activations, loss, rows
        self.optimizer = optimizer
        self.shapes = {}
        names = itertools.count()
        for i, (n, m) in enumerate(itertools.pairwise(widths)):
            self.shapes |= dense(f"{next(names)}", n, m)
            if i < len(activations):
                next(names)  # nn.Sequential counts the activation too
        self.limit = Limit(product_flops(rows, widths), optimizer.bytes(self.size), calls)

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        x = normal(rng, self.rows, self.widths[0])
        if self.loss_name == "cross_entropy":
            return x, rng.integers(self.widths[-1], size=self.rows)
        noise = normal(rng, self.rows, self.widths[-1])
        return x, np.sin(x.sum(1, keepdims=True)) / 2 + np.float32(0.1) * noise

    def model(self, torch: Any, nn: Any, F: Any) -> Any:
        layers = []
        for (n, m), activation in itertools.zip_longest(itertools.pairwise(self.widths), self.activations):
            layers.append(nn.Linear(n, m))
            if activation:
                layers.append(getattr(nn, MODULES[activation])())
        return nn.Sequential(*layers)

    def loss(self, torch: Any, F: Any, model: Any, *data: Any) -> Any:
        x, y = data
        return getattr(F, self.loss_name)(model(x), y)

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        x, y = data
        names = [name.removesuffix(".weight") for name in self.shapes if name.endswith(".weight")]
        for name, activation in itertools.zip_longest(names, self.activations):
            x = linear(x, p, name)
            if activation:
                x = getattr(F, activation)(x)
        return getattr(F, self.loss_name)(x, y)


class EmbeddingMLP(Training):
    """Bengio et al., "A neural probabilistic language model", 2003, in the size of makemore."""

    name = "W11"
    title = "embedding MLP (makemore): 27 letters, context 3, 10 wide, hidden 200, batch 32, cross-entropy, SGD"
    shapes = {"0.weight": (27, 10), **dense("2", 30, 200), **dense("4", 200, 27)}
    optimizer = Optimizer("SGD", lr=0.1)
    limit = Limit(product_flops(32, [30, 200, 27]) + 2 * 32 * 30 * 200, calls=40)

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return rng.integers(27, size=(32, 3)), rng.integers(27, size=32)

    def model(self, torch: Any, nn: Any, F: Any) -> Any:
        return nn.Sequential(nn.Embedding(27, 10), nn.Flatten(), nn.Linear(30, 200), nn.Tanh(), nn.Linear(200, 27))

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        letters, y = data
        embedded = p["0.weight"][letters].reshape(32, 30)
        return F.cross_entropy(linear(F.tanh(linear(embedded, p, "2")), p, "4"), y)


WORKLOADS = (
    Dense("W1", "linear regression, 100 points, MSE, SGD", [1, 1], (), "mse_loss", 100, Optimizer("SGD", lr=0.1), 9),
    Dense("W2", "MLP 2-4-1, ReLU, sigmoid, 100 points, MSE, SGD", [2, 4, 1], ("relu", "sigmoid"), "mse_loss", 100,
          Optimizer("SGD", lr=0.5), 22),
    Dense("W3", "MLP 2-16-16-1, tanh, 100 points, MSE, SGD", [2, 16, 16, 1], ("tanh", "tanh"), "mse_loss", 100,
          Optimizer("SGD", lr=0.1), 25),
    Dense("W4", "MLP 784-512-256-10, ReLU, batch 128, cross-entropy, Adam", [784, 512, 256, 10], ("relu", "relu"), "cross_entropy", 128,
          Optimizer("Adam", lr=1e-3), 30),
    Dense("W5", "MLP 1024-4096-4096-1024, ReLU, batch 256, MSE, SGD with momentum", [1024, 4096, 4096, 1024], ("relu", "relu"), "mse_loss",
          256, Optimizer("SGD", lr=0.01, momentum=0.9), 30),
    EmbeddingMLP(),
)  # fmt: skip
