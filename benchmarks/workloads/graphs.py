"""A network on a graph: gather along the edges, add up at the nodes."""
from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workloads.base import Limit, Optimizer, Training, dense, linear, normal

NODES, EDGES, WIDTH = 10_000, 100_000, 64


class GraphNetwork(Training):
    """h = relu(W Σ h[neighbours] + b), twice (the last without relu)."""

    name = "W12"
    title = "graph network, 10,000 nodes, 100,000 edges, 64 wide, 2 layers, cross-entropy, SGD"
    shapes = {**dense("layers.0", WIDTH, WIDTH), **dense("layers.1", WIDTH, WIDTH)}
    optimizer = Optimizer("SGD", lr=0.05)
    limit = Limit(flops=5 * 2 * NODES * WIDTH * WIDTH, bytes=3 * 4 * WIDTH * (EDGES + NODES))
    skips = {"hips": "no segment sum", "mygrad": "no segment sum"}

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        src, dst = rng.integers(NODES, size=(2, EDGES))
        return normal(rng, NODES, WIDTH), src, dst, rng.integers(WIDTH, size=NODES)

    def model(self, torch: Any, nn: Any, F: Any) -> Any:
        class GraphNet(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)])

            def forward(self, h: Any, src: Any, dst: Any) -> Any:
                for i, layer in enumerate(self.layers):
                    h = layer(torch.zeros_like(h).index_add(0, dst, h[src]))
                    if i == 0:
                        h = F.relu(h)
                return h

        return GraphNet()

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        h, src, dst, y = data
        h = F.relu(linear(F.segment_sum(h[src], dst, NODES), p, "layers.0"))
        return F.cross_entropy(linear(F.segment_sum(h[src], dst, NODES), p, "layers.1"), y)


WORKLOADS = (GraphNetwork(),)
