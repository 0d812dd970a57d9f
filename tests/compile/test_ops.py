"""Every op on every one of its samples, compiled: values and gradients of eager, replayed on other data than it was captured on."""
from __future__ import annotations

import zlib

import numpy as np
import pytest
from beside_eager import refused, same
from test_generated import CASES, FUNCTIONS, UNDERIVED, is_shape, mapped, outputs, strided

import autograd as ag
from autograd import Tensor

SIZE = "how large its result is depends on values"
NUMBER = "its result is a Python number"
CANNOT = {  # op or case: why no fixed program can do it
    "masked_select": SIZE,
    "nonzero": SIZE,
    "argwhere": SIZE,
    "unique": SIZE,
    "unique_consecutive": SIZE,
    "repeat_interleave-2": SIZE,
    "index_put-1": "it writes as many values as a mask holds",
    "masked_scatter": "it writes as many values as a mask holds",
    "bincount": SIZE,
    "equal": NUMBER,
    "allclose": NUMBER,
}
BUGS: dict[str, str] = {}  # op -> what is wrong with it, for the time being
IN_ONE_PIECE = {"as_strided"}  # what refuses other layouts
LAYOUTS = {"float32": np.copy, "float64": lambda a: strided(a)}


def about(table, name, op):
    return table.get(name) or table.get(op.name)


def cases(wanted):
    chosen = []
    for name, (op, sample) in CASES.items():
        if wanted(name, op) and op.name in FUNCTIONS:
            reason = about(BUGS, name, op)
            chosen.append(pytest.param(op, sample, id=name, marks=[pytest.mark.xfail(reason=reason, strict=True)] if reason else []))
    return pytest.mark.parametrize(("op", "sample"), chosen)


def drawn(op, sample, dtype, call):
    """Arguments of a sample: other numbers in each call, in the same shapes and ranges."""
    rng = np.random.default_rng(zlib.crc32(repr((op.name, sample, call)).encode()))

    def argument(arg):
        if is_shape(arg):
            return rng.uniform(*sample.domain, arg).astype(dtype)
        if isinstance(arg, list):
            return [argument(item) for item in arg]
        if isinstance(arg, np.ndarray) and arg.dtype.kind == "f":
            return (arg * (1 + call / 64)).astype(dtype)
        if isinstance(arg, np.ndarray):
            return rng.permuted(arg) if arg.ndim else arg
        return arg

    return sample.made([argument(arg) for arg in sample.args])


def leaves(args, found):
    """Tensors in place of arrays; those of floats require grad, and are collected."""
    if isinstance(args, list):
        return [leaves(arg, found) for arg in args]
    if not isinstance(args, np.ndarray):
        return args
    tensor = Tensor(args)
    if args.dtype.kind == "f":
        found.append(tensor.requires_grad_())
    return tensor


def recorded(y):
    return [part for part in outputs(y) if isinstance(part, Tensor) and part.requires_grad]


def plain(y):
    return [part.detach() if isinstance(part, Tensor) else part for part in outputs(y)]


def differentiate(y, args):
    """Gradients of the leaves among the arguments, the weights other for each element and output."""
    parts, xs = recorded(y), [arg for arg in flattened(args) if isinstance(arg, Tensor) and arg.requires_grad]
    if not parts or not xs:
        return []
    return list(ag.grad(parts, xs, [part.detach() * (i + 1) + 1 for i, part in enumerate(parts)], allow_unused=True))


def flattened(args):
    return [part for arg in args for part in (flattened(arg) if isinstance(arg, list | tuple) else [arg])]


@cases(lambda name, op: not about(CANNOT, name, op) and op.name not in UNDERIVED)
@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_compiled_is_eager(op, sample, inside):
    """The backward pass is part of the compiled function, or the results are differentiated outside."""

    def function(*args):
        y = FUNCTIONS[op.name](*args, **sample.params)
        return (plain(y), differentiate(y, args)) if inside else y

    compiled, captured = ag.compile(function), []
    for dtype, layout in LAYOUTS.items():
        for call in range(3):
            args = mapped(layout if op.name not in IN_ONE_PIECE else np.copy, drawn(op, sample, dtype, call))
            mine, theirs = [], []
            expected, found = function(*leaves(args, mine)), compiled(*leaves(args, theirs))
            same(found, expected, f"{dtype}, call {call}")
            if not inside:
                same(differentiate(found, theirs), differentiate(expected, mine), f"{dtype}, call {call}: gradients")
            captured += [entry for entry in compiled.programs if entry not in captured]
    assert len(captured) <= len(LAYOUTS), "captured anew where a replay was to be shown"


@cases(lambda name, op: about(CANNOT, name, op))
@pytest.mark.parametrize("requires_grad", [True, False])
def test_what_cannot_be_compiled_says_where(op, sample, requires_grad):
    def function(*args):
        return FUNCTIONS[op.name](*args, **sample.params)

    found = []
    args = leaves(drawn(op, sample, "float32", 0), found)
    for tensor in found:
        tensor.requires_grad_(requires_grad)
    with refused("test_ops.py"):
        ag.compile(function)(*args)
    assert all(type(array.numpy() if not requires_grad else array.detach().numpy()) is np.ndarray for array in found)
    ag.compile(lambda x: x * 2)(ag.ones(3))  # the next capture knows nothing of it


def test_tables_are_of_ops_and_cases_that_exist():
    names = {*CASES, *(op.name for op, _ in CASES.values())}
    assert not [name for name in (*CANNOT, *BUGS) if name not in names]
