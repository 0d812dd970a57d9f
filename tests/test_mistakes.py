"""Deliberate mistakes: each error names the operation, what was given, the user's line and the remedy."""
from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import autograd as ag

HERE = "test_mistakes.py"


def leaf(*shape):
    return ag.ones(*shape, requires_grad=True)


def backward_twice():
    x = leaf(2)
    y = (x * x).sum()
    y.backward()
    y.backward()


def backward_through_a_shared_part():
    h = ag.exp(leaf(2))
    h.sum().backward()
    (h * 2).sum().backward()


def saved_then_overwritten():
    h = leaf(2) * 2
    y = h * h
    h += 1
    y.sum().backward()


def saved_then_overwritten_through_a_view():
    h = leaf(3) * 2
    y = ag.exp(h).sum() + (h * h).sum()
    h[:1].zero_()
    y.backward()


def parameter_updated_before_backward():
    w, x = leaf(2), leaf(2)
    y = (w * x).sum()
    with ag.no_grad():
        w.sub_(0.1)
    y.backward()


def update_of_a_parameter_outside_no_grad():
    w = leaf(2)
    w -= 0.1


def index_write_into_a_parameter():
    w = leaf(2)
    w[0] = 3.0


def forgotten_requires_grad():
    ag.ones(2).sum().backward()


def computed_under_no_grad():
    with ag.no_grad():
        y = leaf(2).sum()
    y.backward()


def detached_before_backward():
    leaf(2).sum().detach().backward()


def argmax_is_not_differentiable():
    leaf(2, 3).argmax(dim=1).sum().backward()


def gradient_of_a_wrong_shape():
    (leaf(2) * 2).backward(ag.ones(3))


def gradient_assigned_with_a_wrong_shape():
    leaf(2).grad = ag.ones(3)


def unused_input():
    x, y = leaf(1), leaf(1)
    ag.grad((x * 2).sum(), y)


def gradient_asked_of_a_constant():
    x = leaf(1)
    ag.grad((x * 2).sum(), ag.ones(1))


# mistake, error, what the message names: operation; what was given; remedy
MISTAKES = {
    # shapes
    "add shapes": (lambda: leaf(2, 3) + leaf(4), ValueError, "add", r"\(2, 3\).*\(4,\)", "reshape|unsqueeze"),
    "mul with array": (lambda: leaf(2, 3) * np.ones(2), ValueError, "mul", r"\(2, 3\).*\(2,\)", "reshape|unsqueeze"),
    "where shapes": (lambda: ag.where(ag.ones(2) > 0, leaf(3), 0.0), ValueError, "where", r"\(2,\).*\(3,\)", "reshape|unsqueeze|shape"),
    "matmul": (lambda: leaf(2, 3) @ leaf(4, 5), ValueError, "matmul", r"\(2, 3\).*\(4, 5\)", "transpose|shape"),
    "mm of vectors": (lambda: ag.mm(leaf(2), leaf(2)), ValueError, "mm", r"\(2,\)", "matmul|shape|unsqueeze|dims"),
    "cat": (lambda: ag.cat([leaf(2, 3), leaf(2, 4)], dim=0), ValueError, "cat", r"size 4 instead of 3", "dim|shape"),
    "cat of nothing": (lambda: ag.cat([]), ValueError, "cat", "none|empty|nothing|0|list", "."),
    "stack": (lambda: ag.stack([leaf(2), leaf(3)]), ValueError, "stack", r"\(2,\).*\(3,\)", "."),
    "reshape": (lambda: leaf(2, 3).reshape(4), ValueError, "reshape", r"\(2, 3\)|6", "-1|size|shape|element"),
    "reshape with two -1": (lambda: leaf(2, 3).reshape(-1, -1), ValueError, "reshape", "-1", "."),
    "view of a transpose": (lambda: leaf(2, 3).t().view(6), (ValueError, RuntimeError), "view", r"\(3, 2\)", "reshape|contiguous"),
    "expand": (lambda: leaf(2, 3).expand(4, 3), ValueError, "expand", r"\(2, 3\)", "."),
    "einsum": (lambda: ag.einsum("ij,jk->ik", leaf(2, 3), leaf(4, 5)), ValueError, "einsum", "3.*4|j", "."),
    "permute": (lambda: leaf(2, 3).permute(0, 0), (ValueError, IndexError), "permute", "0", "."),
    "split sizes": (lambda: leaf(5).split([2, 2]), ValueError, "split", "5|4", "."),
    "gather shapes": (lambda: leaf(3).gather(0, ag.tensor([[0]])), (ValueError, IndexError), "gather", r"\(3,\)|dim", "."),
    # dims and indices
    "sum over a dim that is not there": (lambda: leaf(2, 3).sum(dim=2), IndexError, "sum", r"2", "dim"),
    "mean over a dim twice": (lambda: leaf(2, 3).mean(dim=(0, 0)), (ValueError, IndexError), "mean", "duplicate|twice|repeated", "."),
    "softmax without that dim": (lambda: ag.softmax(leaf(2), dim=1), IndexError, "softmax", "1", "dim"),
    "unsqueeze too far": (lambda: leaf(2).unsqueeze(3), IndexError, "unsqueeze", "3", "dim"),
    "index out of range": (lambda: leaf(2)[5], IndexError, "getitems?", "5", "index|dim"),
    "index in a list out of range": (lambda: leaf(2)[[0, 5]], IndexError, "getitems?", "5", "index|dim"),
    "too many indices": (lambda: leaf(2)[0, 0], IndexError, "getitem", r"\(2,\)", "index|dim"),
    "write out of range": (lambda: ag.ones(2).__setitem__(5, 1.0), IndexError, "setitem", r"\(2,\)", "."),
    "gather out of range": (lambda: leaf(3).gather(0, ag.tensor([3])), IndexError, "gather", "3", "."),
    # types and dtypes
    "integer parameter": (lambda: ag.tensor([1, 2], requires_grad=True), TypeError, "requires_grad_?", "int64", r"float\(\)"),
    "integer parameter, later": (lambda: ag.arange(3).requires_grad_(), TypeError, "requires_grad_", "int64", r"float\(\)"),
    "grad of an integer": (lambda: ag.grad(lambda x: x * x)(2), TypeError, "grad", "int", r"2\.0|float"),
    "list - tensor": (lambda: [1.0, 2.0] - leaf(2), TypeError, "sub", "list", r"autograd\.tensor"),
    "tensor + str": (lambda: leaf(2) + "1", TypeError, "add", "str", r"autograd\.tensor"),
    "tensor * None": (lambda: leaf(2) * None, TypeError, "mul", "None", "."),
    "float index": (lambda: leaf(2)[ag.tensor([0.0])], TypeError, "index", "float32", r"long\(\)"),
    "bitwise and of floats": (lambda: ag.ones(2) & ag.ones(2), TypeError, "bitwise_and", "float32", "."),
    "in place into integers": (lambda: ag.arange(2).add_(0.5), TypeError, "add_", "float32|float64", "convert"),
    "numpy of a recorded tensor": (lambda: (leaf(2) * 2).numpy(), RuntimeError, "numpy", "does|recorded|grad", r"detach\(\)"),
    "np.asarray of a parameter": (lambda: np.asarray(leaf(2)), RuntimeError, "numpy", "grad", r"detach\(\)"),
    "wrong keyword": (lambda: leaf(2).sum(dmi=0), TypeError, "sum", "dmi", "spelling"),
    "dim and axis": (lambda: leaf(2).sum(dim=0, axis=0), TypeError, "sum", "two", "leave out"),
    "missing argument": (lambda: ag.add(leaf(2)), TypeError, "add", r"\(2,\)|missing|argument", "argument"),
    "cuda": (lambda: ag.zeros(2, device="cuda"), ValueError, "device", "cuda", "cpu"),
    "moved to cuda": (lambda: leaf(2).to("cuda"), ValueError, "device", "cuda", "cpu"),
    "unknown dtype": (lambda: ag.zeros(2, dtype="float31"), TypeError, "dtype", "float31", "float32"),
    # conversions
    "bool of many": (lambda: bool(leaf(2) > 0), ValueError, "bool", r"\(2,\)", r"\.any\(\)"),
    "if of many": (lambda: 1 if leaf(2) > 0 else 2, ValueError, "bool", r"\(2,\)", r"\.all\(\)"),
    "item of many": (lambda: leaf(2).item(), ValueError, "item", r"\(2,\)", r"tolist\(\)"),
    "float of many": (lambda: float(leaf(2)), ValueError, "item", r"\(2,\)", r"tolist\(\)"),
    "len of a number": (lambda: len(ag.tensor(1.0)), TypeError, "len", "0-d", r"numel\(\)"),
    "iteration over a number": (lambda: list(ag.tensor(1.0)), TypeError, "iteration", "0-d", r"item\(\)"),
    "float as a Python index": (lambda: [1][ag.tensor(0.0)], TypeError, "index", "float32", r"long\(\)"),
    # creation
    "ragged rows": (lambda: ag.tensor([[1, 2], [3]]), ValueError, "tensor", "inhomogeneous", "rows"),
    "text": (lambda: ag.tensor("1"), TypeError, "tensor", "str", "convert"),
    "size as a float": (lambda: ag.zeros(2.0), TypeError, "zeros", r"2\.0", r"zeros\(2, 3\)"),
    "negative size": (lambda: ag.zeros(-1), ValueError, "zeros", "-1", "size"),
    "step of 0": (lambda: ag.arange(0, 1, 0), ValueError, "arange", "step=0", "sign"),
    # the graph
    "backward of many": (lambda: (leaf(2) * 2).backward(), ValueError, "backward", r"\(2,\)", r"loss\.mean\(\)|gradient="),
    "gradient of a wrong shape": (gradient_of_a_wrong_shape, ValueError, "backward", r"\(3,\)", r"output's shape"),
    "assigned gradient": (gradient_assigned_with_a_wrong_shape, ValueError, "grad", r"\(3,\)", "shape"),
    "backward twice": (backward_twice, RuntimeError, "backward through (sum|mul)", "freed", "retain_graph=True"),
    "shared part": (backward_through_a_shared_part, RuntimeError, "backward through exp", "freed", "retain_graph=True"),
    "overwritten": (saved_then_overwritten, RuntimeError, "backward through mul", r"h \* h.*h \+= 1", r"clone\(\)"),
    "overwritten through a view": (saved_then_overwritten_through_a_view, RuntimeError, "backward through mul", r"zero_\(\)", r"clone\(\)"),
    "updated too early": (parameter_updated_before_backward, RuntimeError, "backward through mul", r"w\.sub_\(0\.1\)", "before"),
    "update outside no_grad": (update_of_a_parameter_outside_no_grad, RuntimeError, "sub_", "leaf", r"no_grad\(\)"),
    "index write into a parameter": (index_write_into_a_parameter, RuntimeError, "setitem", "leaf", r"no_grad\(\)"),
    "in place on an expanded tensor": (lambda: ag.ones(1).expand(3).add_(1), RuntimeError, "add_", "expanded", r"clone\(\)"),
    "forgotten requires_grad": (forgotten_requires_grad, RuntimeError, "backward", "no recorded operation", "requires_grad=True"),
    "under no_grad": (computed_under_no_grad, RuntimeError, "backward", "no recorded operation", r"no_grad\(\)"),
    "detached": (detached_before_backward, RuntimeError, "backward", "no recorded operation", r"detach\(\)"),
    "argmax": (argmax_is_not_differentiable, RuntimeError, "backward", "no recorded operation", "requires_grad"),
    "unused input": (unused_input, RuntimeError, "grad", "input 0", "allow_unused=True"),
    "gradient of a constant": (gradient_asked_of_a_constant, RuntimeError, "grad", "does not", "requires_grad=True"),
    "hook on a constant": (lambda: ag.ones(1).register_hook(print), RuntimeError, "hook", "does not", "requires_grad=True"),
    "retain_grad on a constant": (lambda: ag.ones(1).retain_grad(), RuntimeError, "hook|retain_grad", "does not", "requires_grad=True"),
    "requires_grad off on a result": (lambda: (leaf(1) * 2).requires_grad_(False), RuntimeError, "requires_grad_", "result", r"detach\(\)"),
    "gradient of no number": (lambda: ag.grad(lambda x: x * 2)(np.ones(2)), ValueError, "grad", r"\(2,\)", "jacobian"),
    "function returns a float": (lambda: ag.grad(lambda x: x.item() * 2)(1.0), TypeError, "grad", "float", r"\.item\(\)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake):
    run, kind, name, given, remedy = MISTAKES[mistake]
    with pytest.raises(kind) as info:
        run()
    text = str(info.value)
    assert isinstance(info.value, ag.AutogradError), f"not one of ours: {text}"
    first, _, place = text.partition("\n  at ")
    assert re.match(rf"[\w.]*({name})\b", first), f"does not name {name}: {text}"
    assert re.search(given, first, re.DOTALL), f"does not say what was given ({given}): {text}"
    assert re.search(remedy, first, re.DOTALL), f"names no remedy ({remedy}): {text}"
    assert re.match(rf"{HERE}:\d+: \S", place), f"does not show the line: {text}"
    assert len(first) < 400, text


def test_there_are_enough():
    assert len(MISTAKES) >= 60


def test_the_line_is_the_users():
    """The line named is the one that went wrong, in the file that holds it."""
    x = leaf(2)
    with pytest.raises(ValueError) as info:
        x + leaf(3)  # this very line
    line = int(str(info.value).split(f"{HERE}:")[1].split(":")[0])
    with open(__file__, encoding="utf-8") as file:
        assert file.read().splitlines()[line - 1].strip().endswith("# this very line")


def test_errors_are_what_callers_expect():
    with pytest.raises(ValueError):
        leaf(2) + leaf(3)
    with pytest.raises(ag.AutogradError) as info:
        leaf(2) + leaf(3)
    assert isinstance(info.value, ValueError)
    assert str(copy.copy(info.value)) == str(info.value)
