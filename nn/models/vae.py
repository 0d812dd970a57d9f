"""The variational autoencoder (Kingma and Welling 2013, arXiv:1312.6114)."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd as ag
from autograd import Tensor
from nn import functional as F
from nn.layers.mlp import MLP
from nn.module import Module

__all__ = ["VAE"]


class VAE(Module):
    """x' = decoder(z), z = μ + σ ε, (μ, log σ²) = encoder(x), ε ~ N(0, 1): (N, in_features) -> (logits of x', μ, log σ² (N, latent)).

    hidden  widths of the encoder's hidden layers; the decoder has them the other way round

    In evaluation z = μ. The values of x are between 0 and 1.

    >>> model = nn.models.VAE(64, [32], latent=2)
    >>> x = ag.rand(5, 64)
    >>> logits, mean, log_variance = model(x)
    >>> logits.shape, mean.shape, model.loss(x, logits, mean, log_variance).shape, model.sample(3).shape
    ((5, 64), (5, 2), (), (3, 64))
    """

    def __init__(self, in_features: int, hidden: int | Sequence[int], latent: int, activation: str = "relu") -> None:
        super().__init__()
        widths = [hidden] if isinstance(hidden, int) else list(hidden)
        self.latent = latent
        self.encoder = MLP(in_features, widths, 2 * latent, activation)
        self.decoder = MLP(latent, widths[::-1], in_features, activation)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(μ, log σ²) of z given x: (N, in_features) -> (N, latent), (N, latent)."""
        mean, log_variance = self.encoder(x).chunk(2, -1)
        return mean, log_variance

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encode(x)
        z = mean + (log_variance / 2).exp() * ag.randn_like(mean) if self.training else mean
        return self.decoder(z), mean, log_variance

    @staticmethod
    def loss(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float = 1.0) -> Tensor:
        """-log p(x | z) + β KL(q(z | x) ‖ N(0, 1)), the mean over the batch; KL = -½ Σ (1 + log σ² - μ² - σ²)."""
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
        return (reconstruction + beta * divergence) / x.shape[0]  # type: ignore[no-any-return]

    @ag.no_grad()
    def sample(self, n: int, generator: Any = None) -> Tensor:
        """n new x, the decoder's means for z ~ N(0, 1): (n, in_features), values between 0 and 1."""
        return ag.sigmoid(self.decoder(ag.randn(n, self.latent, generator=generator)))
