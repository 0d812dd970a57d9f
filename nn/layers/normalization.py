"""Layers that bring activations to mean 0 and variance 1."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import autograd as ag
from autograd import Tensor, tracing
from autograd.errors import ArgumentError, ShapeError, message
from nn import functional as F
from nn import init
from nn.module import Module
from nn.parameter import Parameter

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LayerNorm",
    "LocalResponseNorm", "RMSNorm",
]  # fmt: skip


class LayerNorm(Module):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, mean and (biased) var over the last dims: (*, normalized_shape) -> the same.

    normalized_shape    lengths of the dims that are normalised, from the last; one number for the last alone
    elementwise_affine  False: neither weight nor bias
    bias                False: no bias

    weight and bias (normalized_shape) begin as 1 and 0.

    >>> nn.LayerNorm(2)(ag.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.,  1.]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            self.register_parameter(name, Parameter(ag.empty(self.normalized_shape, device=device, dtype=dtype)) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to 1 and 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"


class _BatchNorm(Module):
    """What ``BatchNorm1d`` says, for inputs of the dims that a subclass names."""

    layouts: ClassVar[dict[int, str]]  # number of dims: what they are

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Any = None, dtype: Any = None, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.register_parameter("weight", Parameter(ag.ones(num_features, device=device, dtype=dtype)) if affine else None)
        self.register_parameter("bias", Parameter(ag.zeros(num_features, device=device, dtype=dtype)) if affine and bias else None)
        self.register_buffer("running_mean", ag.zeros(num_features, device=device, dtype=dtype) if track_running_stats else None)
        self.register_buffer("running_var", ag.ones(num_features, device=device, dtype=dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", ag.tensor(0) if track_running_stats else None)

    def reset_running_stats(self) -> None:
        """Back to 0 and 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Back to the initial values, the running ones included."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input(self, input: Tensor) -> None:
        kind = type(self).__name__
        if input.ndim not in self.layouts:
            required = f"an input {' or '.join(self.layouts.values())} is required"
            raise ShapeError(message(kind, required, f"shape {tuple(input.shape)}", "add a batch dim: x.unsqueeze(0)"))
        if input.shape[1] != self.num_features:
            raise ShapeError(message(
                kind, f"{self.num_features} features in dim 1 are required", f"{input.shape[1]} in {tuple(input.shape)}",
                "set num_features to that, or check the order of the dims",
            ))

    def forward(self, input: Tensor) -> Tensor:
        self._check_input(input)
        momentum = self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
            if momentum is None:
                momentum = 1 / tracing.first(self.num_batches_tracked.numpy())
        of_batch = self.training or self.running_mean is None
        return F.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, of_batch, momentum or 0.0, self.eps)

    def extra_repr(self) -> str:
        learned = f"affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, {learned}, track_running_stats={self.track_running_stats}"


class BatchNorm1d(_BatchNorm):
    """y = (x - mean) / sqrt(var + eps) * weight + bias per feature: (N, C) or (N, C, L) -> the same.

    In training, mean and (biased) var are those of the batch, and the running ones follow, the var as the unbiased estimate:
    running = (1 - momentum) * running + momentum * batch. In evaluation, the running ones are used.

    momentum             None: the running values are the mean over all batches
    affine, bias         False: neither weight nor bias; no bias
    track_running_stats  False: no running values; those of the batch are used in evaluation too

    weight, bias, running_mean, running_var (C) begin as 1, 0, 0, 1.

    >>> nn.BatchNorm1d(2).eval()(ag.ones(1, 2)).shape
    (1, 2)
    """

    layouts = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    """``BatchNorm1d`` for images, per channel over the batch and both spatial dims: (N, C, H, W) -> the same.

    >>> nn.BatchNorm2d(3)(ag.randn(2, 3, 4, 5)).shape
    (2, 3, 4, 5)
    """

    layouts = {4: "(N, C, H, W)"}


class BatchNorm3d(_BatchNorm):
    """``BatchNorm1d`` for volumes, per channel over the batch and all spatial dims: (N, C, D, H, W) -> the same.

    >>> nn.BatchNorm3d(3)(ag.randn(2, 3, 4, 5, 6)).shape
    (2, 3, 4, 5, 6)
    """

    layouts = {5: "(N, C, D, H, W)"}


class RMSNorm(Module):
    """y = x / sqrt(mean(x²) + eps) * weight, the mean over the last dims: (*, normalized_shape) -> the same.

    eps  by default the machine epsilon of x's dtype

    weight (normalized_shape) begins as 1.

    >>> nn.RMSNorm(2)(ag.tensor([[3.0, 3.0]])).detach()
    tensor([[1., 1.]])
    """

    weight: Parameter | None

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        made = Parameter(ag.ones(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", made)

    def reset_parameters(self) -> None:
        """Back to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """y = (x - mean) / sqrt(var + eps) * weight + bias, mean and (biased) var over a group of channels of a sample: (N, C, *) -> the same.

    num_groups  how many groups of equally many channels there are

    weight and bias (C) begin as 1 and 0.

    >>> nn.GroupNorm(2, 4)(ag.randn(3, 4, 5)).shape
    (3, 4, 5)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None, dtype: Any = None,
        bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            given = f"num_channels={num_channels} and num_groups={num_groups}"
            raise ArgumentError(message("GroupNorm", "a num_channels that is a multiple of num_groups is required", given))
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        for name, wanted, make in (("weight", affine, ag.ones), ("bias", affine and bias, ag.zeros)):
            self.register_parameter(name, Parameter(make(num_channels, device=device, dtype=dtype)) if wanted else None)

    def reset_parameters(self) -> None:
        """Back to 1 and 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"


class _InstanceNorm(_BatchNorm):
    """What ``InstanceNorm1d`` says, for inputs of the dims that a subclass names, the first of them without a batch."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False, track_running_stats: bool = False,
        device: Any = None, dtype: Any = None, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        single = input.ndim == min(self.layouts)
        x = input.unsqueeze(0) if single else input
        if input.ndim not in self.layouts or x.shape[1] != self.num_features:
            required = f"{' or '.join(self.layouts.values())} with {self.num_features} features is required"
            remedy = "check num_features and the order of dims"
            raise ShapeError(message(type(self).__name__, required, f"shape {tuple(input.shape)}", remedy))
        of_input = self.training or self.running_mean is None
        momentum = 0.0 if self.momentum is None else self.momentum
        y = F.instance_norm(x, self.running_mean, self.running_var, self.weight, self.bias, of_input, momentum, self.eps)
        return y.squeeze(0) if single else y


class InstanceNorm1d(_InstanceNorm):
    """``BatchNorm1d`` whose mean and var are those of each channel of each sample: (N, C, L) or (C, L) -> the same.

    By default there are no weight and bias, and no running values: evaluation is as training.

    >>> nn.InstanceNorm1d(3)(ag.randn(2, 3, 5)).shape
    (2, 3, 5)
    """

    layouts = {2: "(C, L)", 3: "(N, C, L)"}


class InstanceNorm2d(_InstanceNorm):
    """``InstanceNorm1d`` for images: (N, C, H, W) or (C, H, W) -> the same.

    >>> nn.InstanceNorm2d(3)(ag.randn(2, 3, 4, 5)).shape
    (2, 3, 4, 5)
    """

    layouts = {3: "(C, H, W)", 4: "(N, C, H, W)"}


class InstanceNorm3d(_InstanceNorm):
    """``InstanceNorm1d`` for volumes: (N, C, D, H, W) or (C, D, H, W) -> the same.

    >>> nn.InstanceNorm3d(3)(ag.randn(2, 3, 2, 4, 5)).shape
    (2, 3, 2, 4, 5)
    """

    layouts = {4: "(C, D, H, W)", 5: "(N, C, D, H, W)"}


class LocalResponseNorm(Module):
    """y = x / (k + alpha / size * Σ x²)^beta, the sum over size neighbouring channels: (N, C, *) -> the same (Krizhevsky et al. 2012).

    >>> nn.LocalResponseNorm(2)(ag.ones(1, 3, 4)).shape
    (1, 3, 4)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
