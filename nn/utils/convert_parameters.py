"""All parameters of a model as one vector, and back."""
from __future__ import annotations

from collections.abc import Iterable

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError, message


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Tensors of any shapes -> one vector (n,) of all their elements. Differentiable."""
    return ag.cat([p.reshape(-1) for p in parameters])


@ag.no_grad()
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write the elements of a vector (n,) into the parameters, in order. The values are copied."""
    parameters = list(parameters)
    if (given := tuple(vec.shape)) != (required := (sum(p.numel() for p in parameters),)):
        raise ShapeError(message(
            "vector_to_parameters", f"a vector of shape {required} is required", f"{given}",
            "pass one element per element of the parameters",
        ))
    start = 0
    for p in parameters:
        p[...] = vec[start : start + p.numel()].reshape(p.shape)
        start += p.numel()
