"""A compiled function beside the same function uncompiled: every number, dtype and shape, call after call."""
from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor
from autograd.errors import CaptureError

TOLERANCE = {"float16": (1e-2, 1e-3), "float32": (2e-5, 2e-6), "float64": (1e-10, 1e-11)}  # relative and absolute


def array_of(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)


def same(found: Any, expected: Any, what: str = "result") -> None:
    """The same structure, kinds, dtypes, shapes and, to rounding, numbers."""
    if isinstance(expected, tuple | list | dict):
        assert type(found) is type(expected), f"{what}: {type(found)}, expected {type(expected)}"
        assert len(found) == len(expected), what
        keys = list(expected) if isinstance(expected, dict) else range(len(expected))
        assert not isinstance(expected, dict) or list(found) == keys
        for key in keys:
            same(found[key], expected[key], f"{what}[{key!r}]")
        return
    if not isinstance(expected, Tensor | np.ndarray | np.generic):
        assert type(found) is type(expected), f"{what}: {found!r}, expected {expected!r}"
        assert found is expected or found == expected, what
        return
    assert isinstance(found, Tensor) == isinstance(expected, Tensor), f"{what}: {type(found)}, expected {type(expected)}"
    if isinstance(expected, Tensor):
        assert found.requires_grad == expected.requires_grad, f"{what}: requires_grad={found.requires_grad}"
    a, b = array_of(found), array_of(expected)
    assert type(a) is np.ndarray
    assert (a.dtype, a.shape) == (b.dtype, b.shape), f"{what}: {a.dtype} {a.shape}, expected {b.dtype} {b.shape}"
    rtol, atol = TOLERANCE.get(str(b.dtype), (0, 0))
    np.testing.assert_allclose(a, b, rtol, atol, err_msg=what)


def gradients(world: Any) -> list[Any]:
    """The gradients of the tensors of a world."""
    found = world if isinstance(world, list | tuple) else world.tensors()
    return [None if t.grad is None else t.grad.detach() for t in found if isinstance(t, Tensor)]


def tensors(world: Any) -> list[Any]:
    """What a world consists of: it says so itself, or it is a list of tensors."""
    return [t.detach() for t in (world if isinstance(world, list | tuple) else world.tensors())]


def compare(make: Callable[[], tuple[Any, Any]], calls: Sequence[Any], captures: int | None = None) -> Any:
    """Run what make() returns, (function, the world it works on), compiled and not, on each of calls: tuples of arguments, or functions
    of the world that change it between the calls. Results, tensors and gradients are compared after each call."""
    (plain, mine), (other, theirs) = make(), make()
    compiled = ag.compile(other)
    entries: list[Any] = []
    for number, call in enumerate(calls):
        if callable(call):
            call(mine)
            call(theirs)
            continue
        ag.manual_seed(number)
        given = copied(call)
        expected = plain(*given)
        ag.manual_seed(number)
        handed = copied(call)
        found = compiled(*handed)
        entries += [entry for entry in compiled.programs if entry not in entries]
        same(found, expected, f"call {number}")
        same(handed, given, f"arguments after call {number}")
        same(gradients(handed), gradients(given), f"gradients of arguments after call {number}")
        same(tensors(theirs), tensors(mine), f"tensors after call {number}")
        same(gradients(theirs), gradients(mine), f"gradients after call {number}")
    if captures is not None:
        assert len(entries) == captures, f"{len(entries)} captures"
    return compiled


def copied(value: Any) -> Any:
    """Arguments of their own for each of the two."""
    if isinstance(value, tuple | list):
        return type(value)(map(copied, value))
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    if isinstance(value, Tensor):
        twin = Tensor(value.detach().numpy().copy(order="K"))
        return twin.requires_grad_() if value.requires_grad else twin
    return value.copy() if isinstance(value, np.ndarray) else value


def draws(*shapes: tuple[int, ...], calls: int = 3, dtype: str = "float32", requires_grad: bool = False) -> list[tuple[Tensor, ...]]:
    """Arguments for some calls, other numbers in each."""
    rng = np.random.default_rng(0)
    return [tuple(Tensor(rng.standard_normal(shape).astype(dtype), requires_grad=requires_grad) for shape in shapes) for _ in range(calls)]


@contextlib.contextmanager
def refused(line: str, what: str = "compile: ") -> Iterator[None]:
    """A CaptureError that shows this line of the user's."""
    with pytest.raises(CaptureError, match=what) as caught:
        yield
    text = str(caught.value)
    assert text.startswith("compile: "), text
    assert line in text.splitlines()[-1], text
