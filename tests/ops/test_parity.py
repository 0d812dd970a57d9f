"""PyTorch, where it is installed: the same names take the same arguments, and give the same values, shapes, dtypes and derivatives.

Each sample of each op is compared as it is, and in variants: dims counted from the other end, kept or not, sizes of one and zero, a dim
more, 0-d arguments, other dtypes and mixtures of them. What PyTorch refuses is not compared.
"""
from __future__ import annotations

import contextlib
import re

import numpy as np
import pytest
from test_generated import FUNCTIONS, arguments, outputs

import autograd
from autograd import Tensor
from autograd.op import REGISTRY
from autograd.ops import bessel, polynomials

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

MIXED_IN = "(float32|int64|uint8|bool) at"
EQUALS = "which of equal elements comes first, or gets the gradient, is left open"
HALF = "PyTorch gives the triangle that is not read a gradient too"
NOT_SQUARE = "what is not square is refused, empty or not"
DIFFERENT = {  # (op, the variants, as a pattern): reason
    ("ldexp", ".*"): "PyTorch raises the integer 2 to the exponent, and takes 2 ** -1 to be 0 in the gradient",
    ("atan2", "uint8"): "PyTorch squares in 8 bits in the gradient, which overflows",
    ("kthvalue", "uint8"): EQUALS,
    ("argsort", "int64"): EQUALS,
    ("quantile", "one more dim"): EQUALS,
    ("nanquantile", "one more dim"): EQUALS,
    ("take_along_dim", "one"): "PyTorch reads out of range",
    ("linear", "one column"): "a bias of another size than the output's is refused: it would be broadcast by accident",
    ("linear", "0-d at 2"): "the same",
    ("as_strided_scatter", ".*"): "PyTorch's gradient has its zeros in other places than were written to: see finite differences",
    ("block_diag", "no (row|column)"): "after an empty vector, PyTorch's gradients are those of other places",
    ("tensordot", "one"): "dims of sizes 1 and n are not summed over as a pair: they belong to no sum by design",
    ("adjoint", "0-d"): "PyTorch has announced that it will refuse what has no two dims to exchange",
    ("binary_cross_entropy_with_logits", "float32 at 1"): "PyTorch takes the dtype of the target",
    ("instance_norm", "no column"): "refused, as PyTorch does for one column: there is no variance",
    ("einsum", MIXED_IN): "PyTorch mixes dtypes in those products that it does not give to its matrix product; none is mixed here",
    **{(name, MIXED_IN): "PyTorch takes other biases in some cases" for name in ("conv2d", "conv_transpose1d", "conv_transpose2d")},
    **{(name, "as it is|one"): "PyTorch's is good to seven digits: beside SciPy in test_special.py" for name in ("bessel_j0", "bessel_y1")},
    **{(name, "as it is|one"): "PyTorch takes log Γ of integers in float32, in the gradient" for name in ("igamma", "igammac")},
    **{(f"avg_pool{n}d", "int64"): "PyTorch rounds means of int64, and refuses all other integers" for n in (1, 2, 3)},
    **dict.fromkeys([("svd", ".*"), ("linalg_svd", ".*")], "signs are arbitrary, and PyTorch drops the gradient of some: test_linalg"),
    **{(name, "(int64|uint8|bool) at"): "PyTorch takes any dtype if a matrix is empty" for name in ("eigh", "eigvalsh")},
    ("solve_triangular", MIXED_IN): "PyTorch takes two dtypes here, and nowhere else; one is required",
    ("cholesky_inverse", "as it is|one row|one more dim|float32"): HALF,
    ("cholesky_solve", "as it is|one more dim|float32$"): HALF,
    ("cholesky_ex", "one more dim"): "what is left of a factorisation that failed is NaN",
    ("pinv", "no (row|column)"): NOT_SQUARE,
    ("matrix_rank", "no column"): NOT_SQUARE,
}
VALUES_ONLY = {*bessel.__all__, *polynomials.__all__} - {"i0", "i0e", "i1", "i1e"}  # of the others PyTorch has no derivatives
DIMS = ("dim", "dims", "dim0", "dim1", "dim2", "source", "destination", "start_dim", "end_dim")


def in_torch(torch, name):
    """PyTorch's function of the name of an op; None where it has none."""
    short = name.removeprefix("linalg_")  # torch.linalg and torch have functions of one name that are not the same
    if getattr(autograd.linalg, short, None) is FUNCTIONS.get(name):
        return getattr(torch.linalg, short)
    homes = (torch.fft, torch.nn.functional, torch, torch.special, torch.linalg, torch.Tensor)
    return next((getattr(home, name) for home in homes if hasattr(home, name)), None)


# ── variants of a sample ──


def is_float(value):
    return isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f"


def each(function, args):
    """The function applied to the arrays of floats among nested arguments."""
    return [each(function, arg) if isinstance(arg, list) else np.asarray(function(arg)) if is_float(arg) else arg for arg in args]


def one(function, args, position):
    """The function applied to the array of floats at this position among those of nested arguments."""
    count = iter(range(10**6))
    return each(lambda a: function(a) if next(count) == position else a, args)


def floats(args):
    return [array for arg in args for array in (floats(arg) if isinstance(arg, list) else [arg] if is_float(arg) else [])]


def shortened(axis, size):
    return lambda a: np.take(a, range(min(size, a.shape[axis])), axis) if a.ndim > (axis if axis >= 0 else ~axis) else a


def named(op, args, params):
    """Parameters by name, also those that were given by position."""
    return args[: op.arity], dict(zip(op.names[op.arity :], args[op.arity :], strict=False)) | params


def from_the_other_end(value, n):
    if isinstance(value, list | tuple):
        return type(value)(from_the_other_end(part, n) for part in value)
    return value - n if value >= 0 else value + n


CHANGES = {
    "as it is": lambda a: a,
    "one row": shortened(0, 1),
    "one column": shortened(-1, 1),
    "no row": shortened(0, 0),
    "no column": shortened(-1, 0),
    "one more dim": lambda a: np.stack([a, a[::-1] if a.ndim else a]),
    "float32": lambda a: a.astype(np.float32),
}
MIXED = {
    "float32": lambda a: a.astype(np.float32),
    "int64": lambda a: np.rint(3 * a).astype(np.int64),
    "uint8": lambda a: np.rint(np.abs(3 * a)).astype(np.uint8),
    "bool": lambda a: a > 0,
    "0-d": lambda a: a.reshape(-1)[0] if a.size else a,
}


def variants(op, sample):
    """(what was varied, arguments, parameters) of calls like this sample."""
    args, params = each(np.asarray, arguments(op, sample)), sample.params
    for name, change in CHANGES.items():
        yield name, each(change, args), params
    for name, change in MIXED.items():
        for i in range(len(floats(args))):
            yield f"{name} at {i}", one(change, args, i), params
    if op.variadic or op.rest:
        return
    args, params = named(op, args, params)
    n = next((a.ndim for a in floats(args)), 0)
    dims = {key: from_the_other_end(value, n) for key, value in params.items() if key in DIMS and isinstance(value, int | list | tuple)}
    if dims:
        yield "dims from the other end", args, params | dims
    if "keepdim" in op.names:
        yield "keepdim", args, params | {"keepdim": not params.get("keepdim", False)}


# ── one call, by both ──


def called(function, args, params, tensor, grad, orders=2):
    """Outputs, gradients and so on up to this order, for settled weights of each."""
    xs = []

    def made(value):
        if isinstance(value, list | tuple):
            return type(value)(map(made, value))
        if not isinstance(value, np.ndarray):
            return value
        x = tensor(value.copy())
        if value.dtype.kind == "f" and orders:
            xs.append(x.requires_grad_())
        return x

    given = {name: made(value) if isinstance(value, np.ndarray) else value for name, value in params.items()}
    parts = outputs(function(*map(made, args), **given))
    results = [[array(part) for part in parts]]
    for seed in range(orders):
        parts = [part for part in parts if getattr(part, "requires_grad", False)]
        weights = [np.random.default_rng(seed).uniform(0.5, 1.5, tuple(part.shape)) for part in parts]
        weights = [tensor(w.astype(str(part.dtype).removeprefix("torch."))) for w, part in zip(weights, parts, strict=True)]
        parts = grad(parts, xs, weights, create_graph=True, allow_unused=True) if parts and xs else []
        results.append([array(part) for part in parts] or [None] * len(xs))
    return results


def array(part):
    """What a tensor of the one library or the other holds."""
    if hasattr(part, "resolve_conj"):
        part = part.detach().resolve_conj().numpy(force=True)
    return part if part is None else np.asarray(part)


def by_torch(torch, function, args, params, most):
    """The outputs and the gradients up to the order, at most, that PyTorch has derivatives for; nothing if it takes no such call."""
    for orders in range(most, -1, -1):
        with contextlib.suppress(TypeError, RuntimeError, IndexError, ValueError, NotImplementedError):
            return called(function, args, params, torch.from_numpy, torch.autograd.grad, orders)
    return []


def differences(found, expected, what, rtol, atol):
    """What is wrong, in words; nothing if all is well. No gradient, one of zeros and one of NaN are the same."""
    if len(found) != len(expected):
        return f"{len(found)} of {what}, {len(expected)} in PyTorch"
    for a, b in zip(found, expected, strict=True):
        if a is None or b is None:
            if any(part is not None and np.nan_to_num(part).any() for part in (a, b)):
                return f"{what}: {a}, {b} in PyTorch"
        elif a.shape != b.shape or a.dtype != b.dtype:
            return f"{what}: {a.dtype}{a.shape}, {b.dtype}{b.shape} in PyTorch"
        elif not np.allclose(a, b, rtol, atol, equal_nan=True):
            return f"{what}: {a.ravel()[:6]}, {b.ravel()[:6]} in PyTorch"
    return ""


def compare(torch, op, args, params):
    """What is wrong, in words; None where PyTorch takes no such call."""
    expected = by_torch(torch, in_torch(torch, op.name), args, params, 0 if op.name in VALUES_ONLY else 2)
    if not expected:
        return None
    try:
        found = called(FUNCTIONS[op.name], args, params, Tensor, autograd.grad, len(expected) - 1)
    except Exception as error:  # noqa: BLE001  whatever it is, PyTorch has none
        return f"{type(error).__name__}: {error}"
    narrow = any(part is not None and part.dtype == np.float32 for part in [*floats(args), *expected[0]])
    rtol, atol = (2e-3, 2e-3) if narrow else (1e-6, 1e-7)
    names = ("output", "gradient", "second gradient")
    return next(filter(None, (differences(f, e, name, rtol, atol) for f, e, name in zip(found, expected, names, strict=False))), "")


@pytest.mark.parametrize("name", [name for name, op in REGISTRY.items() if op.samples])
def test_calls(name):
    torch = pytest.importorskip("torch")
    if in_torch(torch, name) is None:
        pytest.skip("PyTorch has none of this name")
    op, compared, problems, used = REGISTRY[name], 0, [], set()
    differences = [pattern for known, pattern in DIFFERENT if known == name]
    for sample in op.samples:
        for variant, args, params in variants(op, sample):
            problem = compare(torch, op, args, params)
            if problem is None:
                continue
            compared += 1
            found = [pattern for pattern in differences if problem and re.match(pattern, variant)]
            used.update(found)
            if problem and not found:
                problems.append(f"{variant}: {name}({sample!r}): {problem}")
    print(f"{name}: {compared} calls compared")
    assert not problems, "\n".join(problems)
    assert used == set(differences)
