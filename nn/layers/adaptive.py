"""A softmax over very many classes, the frequent ones first."""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn.containers import ModuleList, Sequential
from nn.layers.linear import Linear
from nn.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class Adapted(NamedTuple):
    """What ``AdaptiveLogSoftmaxWithLoss`` returns: log-probabilities of the targets (N,), and minus their mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """log p(target): (N, in_features), (N,) -> ``output`` (N,), ``loss`` (); classes sorted from frequent to rare (Grave et al. 2017).

    The first ``cutoffs[0]`` classes have a score each in the ``head``, and so has each of the clusters of the others, which are told apart
    by a ``tail`` of two layers, (in_features // div_value ** (i + 1)) wide, that is only computed for targets in it.

    cutoffs    where clusters begin: increasing, below n_classes
    head_bias  the head has a bias

    >>> layer = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10])
    >>> x = ag.randn(3, 8)
    >>> layer(x, ag.tensor([0, 7, 19])).output.shape, layer.log_prob(x).shape, layer.predict(x).shape
    ((3,), (3, 20), (3,))
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0, head_bias: bool = False, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        ends = [*cutoffs, n_classes]
        if len(ends) < 2 or ends != sorted(set(ends)) or ends[0] <= 0 or any(int(end) != end for end in ends):
            required = f"cutoffs that are whole, increasing, above 0 and below n_classes={n_classes} are required"
            raise ArgumentError(message("AdaptiveLogSoftmaxWithLoss", required, repr(list(cutoffs))))
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, ends
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = ends[0], len(ends) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i, (start, end) in enumerate(itertools.pairwise(ends)):
            width = int(in_features // div_value ** (i + 1))
            layers = Linear(in_features, width, False, device, dtype), Linear(width, end - start, False, device, dtype)
            self.tail.append(Sequential(*layers))

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.reset_parameters()

    def forward(self, input: Tensor, target: Any) -> Adapted:
        target = ag.as_tensor(target)
        single = target.ndim == 0
        x, y = (input.unsqueeze(0), target.unsqueeze(0)) if single else (input, target)
        if x.ndim != 2 or y.ndim != 1 or x.shape[0] != y.shape[0]:
            raise ShapeError(message(
                "AdaptiveLogSoftmaxWithLoss", "input (N, in_features) and target (N,) are required", f"{input.shape} and {target.shape}",
            ))
        labels = y.detach().numpy()
        if labels.size and not (labels.min() >= 0 and labels.max() < self.n_classes):
            raise ArgumentError(message(
                "AdaptiveLogSoftmaxWithLoss", f"targets from 0 to {self.n_classes - 1} are required", f"{labels.min()} to {labels.max()}",
            ))
        head = F.log_softmax(self.head(x), 1)
        column = y.clamp(max=self.shortlist_size - 1)
        for i, start in enumerate(self.cutoffs[:-1]):
            column = ag.where(y >= start, self.shortlist_size + i, column)
        output = head.gather(1, column.unsqueeze(1)).squeeze(1)
        for i, tail in enumerate(self.tail):
            (rows,) = ((labels >= self.cutoffs[i]) & (labels < self.cutoffs[i + 1])).nonzero()
            if len(rows):
                inside = F.log_softmax(tail(x[rows]), 1).gather(1, (y[rows] - self.cutoffs[i]).unsqueeze(1)).squeeze(1)
                output = output.index_add(0, ag.tensor(rows), inside)
        loss = -output.mean()
        return Adapted(output.squeeze(0) if single else output, loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """log p of every class: (N, in_features) -> (N, n_classes)."""
        head = F.log_softmax(self.head(input), 1)
        clusters = [F.log_softmax(tail(input), 1) + head[:, self.shortlist_size + i, None] for i, tail in enumerate(self.tail)]
        return ag.cat([head[:, : self.shortlist_size], *clusters], 1)

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest class: (N, in_features) -> (N,)."""
        return self.log_prob(input).argmax(1)
