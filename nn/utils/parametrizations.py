"""Ready-made parametrizations: weights of a length apart from their direction, of spectral norm 1, or with orthonormal columns."""
from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

import autograd as ag
from autograd import Tensor, linalg
from autograd.errors import ArgumentError, DimError, ShapeError, message
from nn import functional as F
from nn import init
from nn.module import Module
from nn.utils.parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def tensor_of(function: str, module: Module, name: str, computed: bool = True) -> Tensor:
    """The tensor of this name, which may be one that is computed."""
    value = getattr(module, name, None)
    if not isinstance(value, Tensor) or not (computed or name in module.__dict__):
        required = "the name of a parameter or buffer is required"
        raise ArgumentError(message(function, f"{required} in {type(module).__name__}", repr(name)))
    return value


# ── length and direction ──


def lengths(v: Tensor, dim: int | None) -> Tensor:
    """The norm of each slice of v along dim, in as many dims; of all of v if dim is None or -1."""
    if dim is None or dim == -1:
        return ag.norm(v)
    if v.ndim == 1:
        return ag.abs(v)
    return ag.norm(v, 2, dim=tuple(i for i in range(v.ndim) if i != dim), keepdim=True)


def scaled(g: Tensor, v: Tensor, dim: int | None) -> Tensor:
    """g v / ‖v‖."""
    return v * (g / lengths(v, dim))


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return scaled(weight_g, weight_v, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return lengths(weight, self.dim), weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """w = g v / ‖v‖, the norm of each slice along dim, or of all of v if dim is None (Salimans and Kingma 2016, arXiv:1602.07868).

    Trained are g and v, ``parametrizations.weight.original0`` and ``original1``; the value is the same as before. Returns module.

    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> layer.parametrizations.weight.original0.shape
    (2, 1)
    """
    tensor_of("weight_norm", module, name)
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


# ── spectral norm ──


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """(rows, the rest), the rows along dim."""
    return ag.movedim(weight, dim, 0).flatten(1)


def outputs_of(module: Module) -> int:
    """The dim of a layer's weight that runs over its outputs."""
    from nn.layers import convolution

    transposed = convolution.ConvTranspose1d, convolution.ConvTranspose2d, convolution.ConvTranspose3d
    return int(isinstance(module, transposed))


def require_iterations(n_power_iterations: int) -> None:
    """Raise unless there is one at least."""
    if n_power_iterations < 1:
        raise ArgumentError(message("spectral_norm", "n_power_iterations of at least 1 is required", str(n_power_iterations)))


def directions(matrix: Tensor, eps: float) -> list[Tensor]:
    """u and v to begin with: random, of length 1."""
    return [F.normalize(ag.randn(length, dtype=matrix.dtype), dim=0, eps=eps) for length in matrix.shape]


def divided(weight: Tensor, dim: int, u: Tensor, v: Tensor) -> Tensor:
    """w / σ, σ = u · W v."""
    u, v = u.clone(), v.clone()  # later iterations write into them
    return weight / ag.dot(u, as_matrix(weight, dim) @ v)


@ag.no_grad()
def iterate(matrix: Tensor, u: Tensor, v: Tensor, times: int, eps: float) -> None:
    """Bring u and v, in place, nearer to the first singular vectors: u = W v / ‖W v‖, then v = Wᵀ u / ‖Wᵀ u‖."""
    for _ in range(times):
        u.copy_(F.normalize(matrix @ v, dim=0, eps=eps))
        v.copy_(F.normalize(u @ matrix, dim=0, eps=eps))


class _SpectralNorm(Module):
    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise DimError(message("spectral_norm", f"a dim from {-weight.ndim} to {weight.ndim - 1} is required", str(dim)))
        require_iterations(n_power_iterations)
        self.dim, self.eps, self.n_power_iterations = dim % weight.ndim, eps, n_power_iterations
        if weight.ndim > 1:
            matrix = as_matrix(weight.detach(), self.dim)
            for name, direction in zip(("_u", "_v"), directions(matrix, eps), strict=True):
                self.register_buffer(name, direction)
            iterate(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        if self.training:
            iterate(as_matrix(weight.detach(), self.dim), self._u, self._v, self.n_power_iterations, self.eps)
        return divided(weight, self.dim, self._u, self._v)

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> M:
    """w / σ(w), σ the largest singular value of w as a matrix with dim as its rows (Miyato et al. 2018, arXiv:1802.05957).

    n_power_iterations  of the vectors that σ is found by, whenever w is read in training
    dim                 0, and 1 in transposed convolutions

    Returns module.

    >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2), n_power_iterations=50)
    >>> bool(ag.allclose(ag.linalg.svdvals(layer.weight)[0], ag.tensor(1.0)))
    True
    """
    weight = tensor_of("spectral_norm", module, name)
    made = _SpectralNorm(weight, n_power_iterations, outputs_of(module) if dim is None else dim, eps)
    return register_parametrization(module, name, made)


# ── orthonormal columns, or rows ──


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.dtype.kind == "c" and orthogonal_map == "householder":
            raise ArgumentError(message("orthogonal", '"matrix_exp" or "cayley" is required for complex numbers', repr(orthogonal_map)))
        self.shape, self.orthogonal_map, self.use_trivialization = tuple(weight.shape), orthogonal_map, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        tall = X.mT if wide else X
        Q = householder(tall) if self.orthogonal_map == "householder" else rotation(tall, self.orthogonal_map)
        if self.use_trivialization and self.base is not None:
            Q = self.base @ Q
        return Q.mT if wide else Q

    @ag.no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        if tuple(Q.shape) != self.shape:
            raise ShapeError(message("orthogonal", f"a value of shape {self.shape} is required", f"{tuple(Q.shape)}"))
        wide = Q.shape[-2] < Q.shape[-1]
        tall = Q.mT if wide else Q
        if self.use_trivialization:
            n, k = tall.shape[-2:]
            more = ag.randn(*tall.shape[:-2], n, n - k, dtype=tall.dtype)
            self.base = tall.clone() if n == k and orthonormal(tall) else orthogonalised(ag.cat([tall, more], -1))
            return -init.eye_(ag.empty(*Q.shape[-2:], dtype=Q.dtype)).expand(*Q.shape).clone()
        if self.orthogonal_map != "householder":
            required = f"use_trivialization=True is required to assign to what {self.orthogonal_map!r} parametrizes"
            raise NotImplementedError(message("orthogonal", required))
        A = reflectors(tall)
        return A.mT if wide else A


def rotation(X: Tensor, orthogonal_map: str) -> Tensor:
    """exp(A) or (I - A/2)⁻¹ (I + A/2), as many columns as X (..., n, k) has, of the skew A = L - Lᴴ, L the lower triangle of X."""
    n, k = X.shape[-2:]
    lower = F.pad(X.tril(), (0, n - k))
    A = lower - lower.mH
    if orthogonal_map == "matrix_exp":
        return linalg.matrix_exp(A)[..., :k]
    identity = ag.eye(n, dtype=A.dtype)
    return linalg.solve(identity - 0.5 * A, identity + 0.5 * A)[..., :k]


def householder(X: Tensor) -> Tensor:
    """The product of the reflections in the columns below the diagonal of X (..., n, k), times the signs that the diagonal holds."""
    below = X.tril(-1)
    Q = linalg.householder_product(below, 2 / (1 + (below * below).sum(-2)))
    return Q * ag.trunc(X.detach().diagonal(dim1=-2, dim2=-1)).unsqueeze(-2)


def reflectors(Q: Tensor) -> Tensor:
    """X (..., n, k) of which ``householder`` makes Q, if Q is orthonormal, else the Q of its QR factorisation with a positive diagonal."""
    raw, tau = np.linalg.qr(np.asarray(Q), mode="raw")
    X = np.array(np.swapaxes(raw, -1, -2))
    i = np.arange(X.shape[-1])
    X[..., i, i] = np.where(tau == 0, -1, 1) * np.sign(X[..., i, i])
    return ag.tensor(X)


def orthonormal(Q: Tensor) -> bool:
    """Whether the columns are, up to rounding."""
    identity = ag.eye(Q.shape[-1], dtype=Q.dtype)
    return bool(ag.allclose(Q.mH @ Q, identity, atol=10 * Q.shape[-2] * float(np.finfo(Q.dtype).eps)))


def orthogonalised(A: Tensor) -> Tensor:
    """Q of A = Q R with a positive diagonal of R."""
    Q, R = linalg.qr(A)
    return Q * ag.sgn(R.diagonal(dim1=-2, dim2=-1)).unsqueeze(-2)


def orthogonal(module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True) -> M:
    """QᴴQ = I, or QQᴴ = I where Q has more columns than rows; of more than two dims, in each matrix (..., m, n).

    orthogonal_map      how Q is made of what is trained: "matrix_exp", "cayley" or "householder"; by default the first for square or
                        complex matrices, the last for others
    use_trivialization  begin near the identity and multiply by a fixed ``base``: learns faster (Lezcano-Casado 2019, arXiv:1909.09501)

    Q begins as the tensor itself if it is orthogonal, else as the Q of its QR factorisation. Returns module.

    >>> Q = nn.utils.parametrizations.orthogonal(nn.Linear(3, 5)).weight
    >>> bool(ag.allclose(Q.T @ Q, ag.eye(3), atol=1e-5))
    True
    """
    weight: Any = tensor_of("orthogonal", module, name)
    if weight.ndim < 2:
        raise ShapeError(message("orthogonal", "a matrix, or a batch of matrices, is required", f"shape {tuple(weight.shape)}"))
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.dtype.kind == "c" else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ArgumentError(message("orthogonal", '"matrix_exp", "cayley" or "householder" is required', repr(orthogonal_map)))
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)
