"""Normal vectors, by their covariance or by a part of it."""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd.distributions import constraints
from autograd.distributions.distribution import HALF_LOG_2PI, Distribution, parameters
from autograd.errors import ArgumentError, ShapeError, message
from autograd.linalg import cholesky, inv, solve_triangular
from autograd.ops import diag_embed, diagonal, log, matmul, mT, sqrt, square, sum
from autograd.tensor import Tensor

__all__ = ["LowRankMultivariateNormal", "MultivariateNormal"]


class MultivariateNormal(Distribution):
    """Normal vectors of mean loc (..., n) and one of covariance_matrix, precision_matrix, scale_tril (..., n, n): L of L Lᵀ."""

    arg_constraints = {"loc": constraints.real_vector, "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = [m for m in (covariance_matrix, precision_matrix, scale_tril) if m is not None]
        if len(given) != 1:
            required = "one of covariance_matrix, precision_matrix and scale_tril is required"
            raise ArgumentError(message("MultivariateNormal", required, f"{len(given)} of them", "pass the one that you have"))
        (matrix,) = parameters(given[0])
        if covariance_matrix is not None:
            matrix = cholesky(matrix)
        elif precision_matrix is not None:
            matrix = cholesky(inv(matrix))
        (loc,) = parameters(loc)
        batch = np.broadcast_shapes(loc.shape[:-1], matrix.shape[:-2])
        self.loc, self.scale_tril = loc.expand((*batch, loc.shape[-1])), matrix.expand((*batch, *matrix.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        noise = self._normal(self._shape(sample_shape))
        return self.loc + matmul(self.scale_tril, noise.unsqueeze(-1)).squeeze(-1)

    def _log_scale(self) -> Tensor:
        return sum(log(diagonal(self.scale_tril, 0, -2, -1)), -1)

    def log_prob(self, value: Any) -> Tensor:
        apart = (self._checked(value) - self.loc).unsqueeze(-1)
        z = solve_triangular(self.scale_tril, apart, upper=False).squeeze(-1)
        return -sum(square(z), -1) / 2 - self._log_scale() - self.event_shape[0] * HALF_LOG_2PI

    def entropy(self) -> Tensor:
        return self._log_scale() + self.event_shape[0] * (0.5 + HALF_LOG_2PI)

    covariance_matrix = property(lambda self: matmul(self.scale_tril, mT(self.scale_tril)))
    precision_matrix = property(lambda self: inv(self.covariance_matrix))
    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: sum(square(self.scale_tril), -1))


class LowRankMultivariateNormal(Distribution):
    """Normal vectors whose covariance is W Wᵀ + diag(D): loc (..., n), cov_factor W (..., n, m), cov_diag D (..., n).

    Nothing of the size n x n is made: log_prob solves with the capacitance C = I + Wᵀ D⁻¹ W, (m, m) (M. Woodbury 1950).
    """

    arg_constraints = {"loc": constraints.real_vector, "cov_factor": constraints.real, "cov_diag": constraints.positive}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None) -> None:
        (loc,), (factor,), (diag,) = parameters(loc), parameters(cov_factor), parameters(cov_diag)
        if loc.ndim < 1 or factor.ndim < 2 or not loc.shape[-1] == factor.shape[-2] == diag.shape[-1]:
            required = "loc (..., n), cov_factor (..., n, m) and cov_diag (..., n) are required"
            given = f"{tuple(loc.shape)}, {tuple(factor.shape)} and {tuple(diag.shape)}"
            raise ShapeError(message("LowRankMultivariateNormal", required, given))
        batch = np.broadcast_shapes(loc.shape[:-1], factor.shape[:-2], diag.shape[:-1])
        self.loc, self.cov_diag = (x.expand((*batch, x.shape[-1])) for x in (loc, diag))
        self.cov_factor = factor.expand((*batch, *factor.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args)

    def _capacitance(self) -> Tensor:
        """The Cholesky factor of C."""
        factor = self.cov_factor
        return cholesky(matmul(mT(factor / self.cov_diag.unsqueeze(-1)), factor) + np.eye(factor.shape[-1], dtype=factor.dtype))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._shape(sample_shape)
        common = self._normal((*shape[:-1], self.cov_factor.shape[-1])).unsqueeze(-1)
        return self.loc + matmul(self.cov_factor, common).squeeze(-1) + sqrt(self.cov_diag) * self._normal(shape)

    def log_prob(self, value: Any) -> Tensor:
        apart, low = self._checked(value) - self.loc, self._capacitance()
        scaled = apart / self.cov_diag
        common = solve_triangular(low, matmul(mT(self.cov_factor), scaled.unsqueeze(-1)), upper=False).squeeze(-1)
        distance = sum(apart * scaled, -1) - sum(square(common), -1)
        return -distance / 2 - self._log_scale(low) - self.event_shape[0] * HALF_LOG_2PI

    def _log_scale(self, low: Tensor) -> Tensor:
        """Half the logarithm of the covariance's determinant."""
        return sum(log(diagonal(low, 0, -2, -1)), -1) + sum(log(self.cov_diag), -1) / 2

    def entropy(self) -> Tensor:
        return self._log_scale(self._capacitance()) + self.event_shape[0] * (0.5 + HALF_LOG_2PI)

    covariance_matrix = property(lambda self: matmul(self.cov_factor, mT(self.cov_factor)) + diag_embed(self.cov_diag))
    precision_matrix = property(lambda self: inv(self.covariance_matrix))
    scale_tril = property(lambda self: cholesky(self.covariance_matrix))
    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: sum(square(self.cov_factor), -1) + self.cov_diag)
