"""Limit gradients before a step."""
from __future__ import annotations

import math
from collections.abc import Iterable

import autograd as ag
from autograd import Tensor
from autograd.errors import GraphError, message

Tensors = Tensor | Iterable[Tensor]


def listed(tensors: Tensors) -> list[Tensor]:
    """One tensor or several as a list."""
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


@ag.no_grad()
def get_total_norm(tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """Norm of all elements of all tensors, as if they were one vector. norm_type: p, or ``inf``."""
    norm_type = float(norm_type)
    parts = [tensor.abs() for tensor in listed(tensors) if tensor.numel()]
    if not parts:
        return ag.tensor(0.0)
    if norm_type == math.inf:
        total = ag.stack([part.max() for part in parts]).max()
    else:
        total = ag.stack([(part**norm_type).sum() for part in parts]).sum() ** (1 / norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise GraphError(message(
            "clip_grad_norm_", "finite gradients are required", f"a total norm of {total.item()}",
            "find where it was born, or pass error_if_nonfinite=False",
        ))
    return total


@ag.no_grad()
def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale the gradients by max_norm / total_norm where that is below 1."""
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for p in listed(parameters):
        if p.grad is not None:
            p.grad.mul_(scale.to(p.grad.dtype))


def clip_grad_norm_(
    parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Scale all gradients, in place, so that their common norm is at most max_norm. Returns the norm they had."""
    parameters = listed(parameters)
    total = get_total_norm([p.grad for p in parameters if p.grad is not None], norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


clip_grad_norm = clip_grad_norm_  # PyTorch's former name


@ag.no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of the gradients, in place, to between -clip_value and clip_value."""
    for p in listed(parameters):
        if p.grad is not None:
            p.grad.clamp_(-float(clip_value), float(clip_value))
