"""``torch.autograd.functional``: derivatives of a function at given inputs, in PyTorch's order of arguments.

Each takes inputs as a tensor or a tuple of tensors, and returns results of the same form. ``create_graph=False`` detaches them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd as ag
from autograd.errors import ArgumentError, ShapeError, message
from autograd.transforms import mapped

Function = Callable[..., Any]


def jacobian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False, strategy: str = "reverse-mode"
) -> Any:
    """Derivatives of every element of func(*inputs) by every element of the inputs: output.shape + input.shape.

    >>> jacobian(lambda x: x**2, ag.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    refuse("jacobian", strict)
    args, which = split(inputs)
    return finished(ag.jacobian(func, which)(*args), create_graph)


def hessian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """Second derivatives of the one-element func(*inputs): input.shape + input.shape."""
    refuse("hessian", strict)
    args, which = split(inputs)
    return finished(ag.hessian(func, which)(*args), create_graph)


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(*inputs), v @ Jacobian). v has the form of the result, and may be left out where that is one element."""
    refuse("vjp", strict)
    args, _ = split(inputs)
    outputs, pull = ag.vjp(func, *args)
    if v is None:
        v = ones_like_one("vjp", "result", outputs)
    found = pull(*v) if isinstance(v, tuple) else pull(v)
    return finished((outputs, found if isinstance(inputs, tuple) else found[0]), create_graph)


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(*inputs), Jacobian @ v). v has the form of inputs, and may be left out where they are one element."""
    refuse("jvp", strict)
    args, _ = split(inputs)
    return finished(ag.jvp(func, args, split(ones_like_one("jvp", "input", inputs) if v is None else v)[0]), create_graph)


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(*inputs), Hessian @ v) of a one-element result, without building the Hessian. v as for ``jvp``."""
    refuse("hvp", strict)
    return finished(ag.hvp(func, inputs, ones_like_one("hvp", "input", inputs) if v is None else v), create_graph)


vhp = hvp  # the Hessian is symmetric


def split(inputs: Any) -> tuple[tuple[Any, ...], Any]:
    """(the arguments, which of them to differentiate by: the only one, or a tuple of all)."""
    return (inputs, tuple(range(len(inputs)))) if isinstance(inputs, tuple) else ((inputs,), 0)


def finished(result: Any, create_graph: bool) -> Any:
    """The result, cut from the graph unless that is asked for."""
    return result if create_graph else mapped(lambda tensor: tensor.detach(), result)


def ones_like_one(name: str, what: str, value: Any) -> Any:
    """The vector that may be left out: 1 for a single element."""
    if not isinstance(value, ag.Tensor) or value.numel() != 1:
        raise ShapeError(message(name, f"v is required unless the {what} is one element", "none", f"pass v in the form of the {what}"))
    return ag.ones_like(value)


def refuse(name: str, strict: bool) -> None:
    """Raise for the option that is not here."""
    if strict:
        raise ArgumentError(message(name, "strict=False is required", "True", "leave it out: what has no influence has derivative 0"))


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
