"""A convolutional network on images."""
from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workloads.base import Limit, Optimizer, Training, dense, linear, normal, product_flops

BATCH = 64


class LeNet(Training):
    """Two convolutions, two linear layers."""

    name = "W6"
    title = "LeNet on 28x28: conv 32, pool, conv 64, pool, 128, 10; batch 64, cross-entropy, SGD"
    shapes = {
        "0.weight": (32, 1, 3, 3), "0.bias": (32,), "3.weight": (64, 32, 3, 3), "3.bias": (64,),
        **dense("7", 1600, 128), **dense("9", 128, 10),
    }  # fmt: skip
    optimizer = Optimizer("SGD", lr=0.01)
    limit = Limit(
        flops=2 * 2 * BATCH * 26 * 26 * 32 * 9 + 3 * 2 * BATCH * 11 * 11 * 64 * 32 * 9 + product_flops(BATCH, [1600, 128, 10])
        + 2 * BATCH * 1600 * 128,
        bytes=4 * BATCH * (4 * 26 * 26 * 32 + 4 * 11 * 11 * 64),  # each convolution's output and its gradient, written and read
    )  # fmt: skip
    skips = {"hips": "its convolution is SciPy's"}

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        return normal(rng, BATCH, 1, 28, 28), rng.integers(10, size=BATCH)

    def model(self, torch: Any, nn: Any, F: Any) -> Any:
        return nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10),
        )  # fmt: skip

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        x, y = data
        for name in ("0", "3"):
            x = F.max_pool2d(F.relu(F.conv2d(x, p[f"{name}.weight"]) + p[f"{name}.bias"][:, None, None]))
        x = F.relu(linear(x.reshape(BATCH, 1600), p, "7"))
        return F.cross_entropy(linear(x, p, "9"), y)


WORKLOADS = (LeNet(),)
