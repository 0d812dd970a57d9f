"""Complex numbers: derivatives of every op that has some, on every sample, by finite differences and against torch."""
from __future__ import annotations

import copy
import zlib

import numpy as np
import pytest
from test_generated import CASES, FUNCTIONS, UNDERIVED, is_shape, outputs
from test_parity import in_torch

import autograd
from autograd import Tensor
from autograd.check import gradcheck, gradgradcheck
from autograd.errors import AutogradError, DtypeError
from autograd.op import REGISTRY

MADE = {
    "write_view": "takes the steps of a view, which only the engine makes", "real_dft": "takes real numbers: tests/ops/test_fourier.py",
    **dict.fromkeys(("eigh", "eig", "linalg_svd", "tall_qr-2"), "its vectors have arbitrary phases: tests/ops/test_linalg.py"),
    **dict.fromkeys(UNDERIVED, "has no derivative, and says so: tests/ops/test_linalg.py"),
}  # fmt: skip
COMPLEX = {name: case for name, case in CASES.items() if case[0].complex and name not in MADE and case[0].name not in MADE}


def arguments(op, sample):
    """The arguments of a sample with complex numbers in place of reals; the leaves among them."""
    rng, leaves = np.random.default_rng(zlib.crc32(repr((op.name, sample)).encode())), []

    def leaf(array):
        leaves.append(Tensor(array, requires_grad=True))
        return leaves[-1]

    def argument(arg):
        if is_shape(arg):
            real, imag = rng.uniform(*sample.domain, (2, *arg))
            return leaf(real if op.name in ("complex", "view_as_complex") else real + 1j * imag)
        if isinstance(arg, list):
            return [argument(item) for item in arg]
        if isinstance(arg, np.ndarray) and arg.dtype.kind in "fc":
            return leaf(arg.astype(complex))
        return arg

    return [argument(arg) for arg in sample.args], leaves


def call(name):
    """A case as a function of its leaves, and these."""
    op, sample = COMPLEX[name]
    args, leaves = arguments(op, sample)

    def function(*xs):
        given = iter(xs)

        def filled(arg):
            if isinstance(arg, list):
                return [filled(item) for item in arg]
            return next(given) if isinstance(arg, Tensor) else arg

        parts = outputs(FUNCTIONS[op.name](*sample.made(list(map(filled, args))), **sample.params))
        return [part for part in parts if part.dtype.kind in "fc"]

    return function, leaves


@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("name", COMPLEX)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_derivatives(name, check):
    function, leaves = call(name)
    if leaves:
        assert check(function, leaves, fast_mode=True)


@pytest.mark.parametrize("name", [name for name, op in REGISTRY.items() if op.differentiable and not op.complex and name in FUNCTIONS])
def test_what_has_no_complex_derivative_says_so(name):
    """An op that is not declared for complex numbers raises, or its result has no gradient; it never has a wrong one."""
    op = REGISTRY[name]
    for sample in op.samples:
        args, leaves = arguments(op, sample)
        if not leaves:
            continue
        try:
            parts = outputs(FUNCTIONS[name](*sample.made(args), **sample.params))
        except (AutogradError, TypeError):
            continue
        for part in parts:
            assert not (isinstance(part, Tensor) and part.requires_grad and part.dtype.kind in "fc"), f"{name} has a gradient"


# ── against torch ──


def test_gradient_is_the_direction_of_steepest_ascent():
    z = autograd.tensor([3 + 4j, 1 - 2j], dtype=autograd.complex128, requires_grad=True)
    (z.abs() ** 2).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), 2 * z.detach().numpy())  # of |z|^2: 2 z


def test_real_and_complex_together():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    z = autograd.tensor([1 + 1j, 2 - 1j])
    (x * z).abs().sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.abs(z.numpy()), rtol=1e-6)
    assert x.grad.dtype == autograd.float32


def test_complex_loss_is_refused():
    z = autograd.tensor([1 + 1j], requires_grad=True)
    with pytest.raises(DtypeError, match="a real number is required"):
        (z * z).sum().backward()


def test_parts_are_views():
    z = autograd.tensor([1 + 2j, 3 - 1j])
    z.real.zero_()
    z.imag = autograd.tensor([5.0, 6.0])
    autograd.view_as_real(z)[0, 0] = 9
    np.testing.assert_array_equal(z.numpy(), [9 + 5j, 6j])
    w = autograd.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    v = w * 1
    v.imag.mul_(3)
    (v.real + v.imag).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [1 + 3j, 1 + 3j])


def test_deepcopy_of_a_recorded_complex_result():
    z = autograd.tensor([1 + 2j], requires_grad=True)
    y = copy.deepcopy((z * z).abs().sum())
    y.backward()


def flattened(args):
    return [part for arg in args for part in (flattened(arg) if isinstance(arg, list) else [arg])]


def by_torch(torch, name, args, params):
    """PyTorch's function or method of an op's name, if it takes these arguments."""
    function = in_torch(torch, name)
    return None if function is None else function(*args, **params)


@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("name", COMPLEX)
def test_values_and_gradients_are_pytorchs(name):
    torch = pytest.importorskip("torch")
    op, sample = COMPLEX[name]
    args = [arg.detach().requires_grad_() if isinstance(arg, Tensor) else arg for arg in sample.made(arguments(op, sample)[0])]

    def as_torch(arg):
        if isinstance(arg, list):
            return [as_torch(item) for item in arg]
        if isinstance(arg, Tensor):
            theirs.append(torch.tensor(arg.detach().numpy(), requires_grad=True))
            return theirs[-1]
        return torch.tensor(arg) if isinstance(arg, np.ndarray) else arg

    theirs = []
    given = [as_torch(arg) for arg in args]
    try:
        expected = outputs(by_torch(torch, name.rpartition("-")[0], given, sample.params))
        expected = [part for part in expected if part.is_floating_point() or part.is_complex()]
    except (TypeError, AttributeError, RuntimeError, ValueError) as error:
        pytest.skip(f"PyTorch's takes other arguments: {error}"[:120])
    found = [part for part in outputs(FUNCTIONS[op.name](*args, **sample.params)) if part.dtype.kind in "fc"]
    rng = np.random.default_rng(0)
    for ours, other in zip(found, expected, strict=True):
        assert str(other.dtype) == f"torch.{ours.dtype}"
        np.testing.assert_allclose(ours.detach().numpy(), other.detach().numpy(), 1e-9, 1e-10)
    if not any(part.requires_grad for part in expected):
        return
    seeds = [np.asarray(rng.uniform(-1, 1, part.shape) * (1 + 0.5j if part.is_complex() else 1)) for part in found]
    autograd.backward(found, list(map(Tensor, seeds)))
    torch.autograd.backward(expected, list(map(torch.tensor, seeds)))
    for x, t in zip([arg for arg in flattened(args) if isinstance(arg, Tensor)], theirs, strict=True):
        np.testing.assert_allclose(x.grad.numpy(), t.grad.resolve_conj().numpy(), 1e-9, 1e-10)
