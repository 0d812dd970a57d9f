"""Calls written as rows of a table, (name, arguments, parameters), held against PyTorch's function or method of that name."""
from __future__ import annotations

import numpy as np
import pytest
from torch_parity import against_torch

import autograd


class Shape(tuple):
    """Stands for a random array of this shape."""

    __slots__ = ()


def A(*sizes):
    return Shape(sizes)


def nested(arg):
    return type(arg) in (list, tuple) and any(isinstance(item, Shape | np.ndarray) for item in arg)


def arrays(arg, rng):
    """The arrays of an argument, drawn where it gives a shape."""
    if nested(arg):
        return [array for item in arg for array in arrays(item, rng)]
    return [rng.uniform(-2, 2, arg)] if isinstance(arg, Shape) else [arg] if isinstance(arg, np.ndarray) else []


def filled(arg, tensors):
    """The argument with the next of the tensors in the place of each array."""
    if nested(arg):
        return type(arg)(filled(item, tensors) for item in arg)
    return next(tensors) if isinstance(arg, Shape | np.ndarray) else arg


def compare(name, args, params=None, *, method=False, function=None, torch_function=None):
    """Call name of this library and of PyTorch with the same arguments, and hold the results against each other."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    params = params or {}
    everything = [*args, *params.values()]

    def calling(library, function=None):
        def call(*tensors):
            given = iter(tensors)
            values = [filled(arg, given) for arg in everything]
            named = dict(zip(params, values[len(args) :], strict=True))
            if method:
                return getattr(values[0], name)(*values[1 : len(args)], **named)
            return (function or getattr(library, name))(*values[: len(args)], **named)

        return call

    against_torch(calling(autograd, function), calling(torch, torch_function), *[array for arg in everything for array in arrays(arg, rng)])


def named(table):
    """A test for each row of a table."""
    return pytest.mark.parametrize(("name", "args", "params"), table, ids=[f"{row[0]}-{i}" for i, row in enumerate(table)])
