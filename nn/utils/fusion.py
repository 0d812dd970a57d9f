"""A layer and the batch normalisation behind it as one layer, for evaluation."""
from __future__ import annotations

import copy
from typing import Any, TypeVar

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

M = TypeVar("M", bound=Module)


@ag.no_grad()
def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None, bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """(s w, s (b - mean) + shift), s = scale / sqrt(var + eps): the weight (out, in, ...) and bias (out) of both layers together.

    transpose  the weight is that of a transposed convolution, (in, out, ...)
    """
    scale = 1 / ag.sqrt(bn_rv + bn_eps) * (1 if bn_w is None else bn_w)
    shape = [1] * conv_w.ndim
    shape[int(transpose)] = -1
    centred = (ag.zeros(conv_w.shape[int(transpose)]) if conv_b is None else conv_b) - bn_rm
    weight, bias = conv_w * scale.reshape(*shape), centred * scale + (0 if bn_b is None else bn_b)
    trained = conv_b is not None and conv_b.requires_grad
    return Parameter(weight.to(conv_w.dtype), conv_w.requires_grad), Parameter(bias.to(conv_w.dtype), trained)


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None, bn_b: Tensor | None
) -> tuple[Parameter, Parameter]:
    """``fuse_conv_bn_weights`` of a weight (out, in)."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def fuse_conv_bn_eval(conv: M, bn: Module, transpose: bool = False) -> M:
    """A new convolution that does what conv and then bn do, both in evaluation. transpose: conv is a transposed one.

    >>> conv, bn = nn.Conv2d(3, 4, 1).eval(), nn.BatchNorm2d(4).eval()
    >>> x = ag.ones(2, 3, 5, 5)
    >>> bool(ag.allclose(nn.utils.fusion.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6))
    True
    """
    return fused("fuse_conv_bn_eval", conv, bn, transpose)


def fuse_linear_bn_eval(linear: M, bn: Module) -> M:
    """A new linear layer that does what linear and then bn do, both in evaluation. See ``fuse_conv_bn_eval``."""
    return fused("fuse_linear_bn_eval", linear, bn)


def fused(name: str, layer: M, bn: Any, transpose: bool = False) -> M:
    """A copy of the layer with fused parameters."""
    if layer.training or bn.training:
        raise ArgumentError(message(name, "two layers in evaluation are required", "one in training", "call .eval() on both"))
    if bn.running_mean is None or bn.running_var is None:
        raise ArgumentError(message(name, "running values are required", "track_running_stats=False"))
    channels = layer.weight.shape[int(transpose)]
    if bn.num_features not in (channels, 1):
        raise ArgumentError(message(name, f"num_features of {channels} is required", str(bn.num_features)))
    made: Any = copy.deepcopy(layer)
    made.weight, made.bias = fuse_conv_bn_weights(
        made.weight, made.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return made  # type: ignore[no-any-return]
