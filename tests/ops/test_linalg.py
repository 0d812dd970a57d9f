"""Linear algebra: beside PyTorch, invariants of factors that are unique up to a gauge only, and what is refused."""
from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import DtypeError, LinAlgError, ShapeError, linalg
from autograd.check import gradcheck, gradgradcheck

RNG = np.random.default_rng(0)


def draw(*shape, is_complex=False):
    return RNG.standard_normal(shape) + (1j * RNG.standard_normal(shape) if is_complex else 0)


def regular(*shape, is_complex=False):
    return draw(*shape, is_complex=is_complex) + 3 * np.eye(*shape[-2:])


def definite(*shape, is_complex=False):
    a = draw(*shape, is_complex=is_complex)
    return a @ a.conj().swapaxes(-1, -2) + np.eye(shape[-1])


def tensors(*arrays):
    return [autograd.tensor(a, requires_grad=True) for a in arrays]


def beside_torch(ours, theirs, *arrays, rtol=1e-8, atol=1e-9):
    """Values, and gradients of first and second order, under weights that are the same."""
    torch = pytest.importorskip("torch")
    results = []
    for library, function in ((autograd, ours), (torch, theirs)):
        xs = [library.tensor(a, requires_grad=a.dtype.kind in "fc") for a in arrays]
        found = function(*xs)
        parts = list(found) if isinstance(found, tuple) else [found]
        rng = np.random.default_rng(1)
        loss = 0
        for part in parts:
            if part.requires_grad:
                loss = loss + (part * library.tensor(rng.uniform(0.5, 1.5, tuple(part.shape)))).abs().square().sum()
        xs = [x for x in xs if x.requires_grad]
        grad = torch.autograd.grad if library is torch else autograd.grad
        first = grad(loss, xs, create_graph=True)
        second = sum((g.abs().square() * library.tensor(rng.uniform(0.5, 1.5, tuple(g.shape)))).sum() for g in first)
        again = grad(second, xs)
        results.append([[np.asarray(y.detach().resolve_conj().numpy()) for y in group] for group in (parts, first, again)])
    for what, found, expected in zip(("value", "gradient", "second gradient"), *results, strict=True):
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == b.dtype, what
            assert a.shape == b.shape, what
            np.testing.assert_allclose(a, b, rtol, atol, err_msg=what)


BATCHES = [((3, 3), (3, 2)), ((2, 3, 3), (2, 3, 2)), ((2, 1, 3, 3), (4, 3, 2)), ((3, 3), (2, 3, 1)), ((1, 1), (1, 1))]


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize(("a", "b"), BATCHES)
@pytest.mark.parametrize("left", [True, False])
def test_solve(a, b, left, is_complex):
    x, y = regular(*a, is_complex=is_complex), draw(*b, is_complex=is_complex)
    y = y if left else y.swapaxes(-1, -2)

    def call(library):
        return lambda x, y: library.linalg.solve(x, y, left=left)

    torch = pytest.importorskip("torch")
    beside_torch(call(autograd), call(torch), x, y)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 3, 3)])
@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "cholesky", "inverse", "logdet"])
def test_functions_of_one_matrix(name, shape, is_complex):
    torch = pytest.importorskip("torch")
    x = definite(*shape, is_complex=is_complex)
    homes = [library if name in ("inverse", "logdet") else library.linalg for library in (autograd, torch)]
    beside_torch(getattr(homes[0], name), getattr(homes[1], name), x)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("left", [True, False])
def test_solve_triangular(upper, unit, left, is_complex):
    torch = pytest.importorskip("torch")

    def call(library):
        return lambda x, y: library.linalg.solve_triangular(x, y, upper=upper, left=left, unitriangular=unit)

    for a, b in BATCHES:
        x, y = regular(*a, is_complex=is_complex), draw(*b, is_complex=is_complex)
        y = y if left else y.swapaxes(-1, -2)
        beside_torch(call(autograd), call(torch), x, y)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("n", [1, 63, 64, 65, 200])
def test_solve_triangular_by_blocks(n, upper):
    a, b = regular(2, n, n) / np.sqrt(n) + 2 * np.eye(n), draw(n, 3)
    x = linalg.solve_triangular(a, b, upper=upper)
    np.testing.assert_allclose((np.triu if upper else np.tril)(a) @ x, np.broadcast_to(b, x.shape), atol=1e-10)


def test_zero_on_the_diagonal_of_a_triangle():
    a, b = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[1.0], [3.0]])
    np.testing.assert_array_equal(linalg.solve_triangular(a, b, upper=True), [[-np.inf], [np.inf]])


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("is_complex", [False, True])
def test_cholesky_solve(upper, is_complex):
    torch = pytest.importorskip("torch")

    def triangle(x):  # PyTorch gives the other triangle, which is not read, a gradient too
        return x.triu() if upper else x.tril()

    for a, b in BATCHES:
        x, y = definite(*a, is_complex=is_complex), draw(*b, is_complex=is_complex)
        beside_torch(
            lambda y, x: y.cholesky_solve(triangle(x), upper), lambda y, x: torch.cholesky_solve(y, triangle(x), upper), y, x
        )  # fmt: skip
        beside_torch(lambda x: autograd.cholesky_inverse(triangle(x), upper), lambda x: torch.cholesky_inverse(triangle(x), upper), x)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_of_either_triangle(upper):
    torch = pytest.importorskip("torch")
    x = definite(2, 3, 3, is_complex=True)
    beside_torch(lambda x: linalg.cholesky(x, upper=upper), lambda x: torch.linalg.cholesky(x, upper=upper), x)


def test_gradient_of_the_determinant_of_singular_matrices():
    for a in (np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 4.0]]), np.ones((3, 3)), np.diag([1.0, 2.0, 0.0])):
        x = autograd.tensor(a, requires_grad=True)
        gradcheck(linalg.det, (x,))


def test_what_is_singular_is_said_or_told():
    a = np.stack([np.eye(2), np.ones((2, 2))])
    y, info = linalg.inv_ex(autograd.tensor(a))
    np.testing.assert_array_equal(info.numpy(), [0, 2])
    np.testing.assert_array_equal(y.numpy()[0], np.eye(2))
    assert linalg.solve_ex(autograd.tensor(a), autograd.ones(2, 1, dtype=autograd.float64)).info.tolist() == [0, 2]
    assert linalg.cholesky_ex(autograd.tensor(a)).info.tolist() == [0, 2]
    assert linalg.cholesky_ex(autograd.tensor(-a)).info.tolist() == [1, 1]
    for call in (linalg.inv, linalg.cholesky, lambda x: linalg.solve(x, x), lambda x: linalg.inv_ex(x, check_errors=True)):
        with pytest.raises(LinAlgError, match=r"required.*batch index \(1\)"):
            call(autograd.tensor(a))
    with pytest.raises(np.linalg.LinAlgError, match="leading 2 x 2 block"):
        linalg.cholesky(autograd.tensor(a))
    assert autograd.slogdet(autograd.tensor(a)).logabsdet.tolist() == [0, -np.inf]
    assert np.isnan(autograd.logdet(autograd.tensor([[0.0, 1.0], [1.0, 0.0]])).item())


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (ShapeError, lambda: linalg.inv(autograd.ones(2, 3))),
        (ShapeError, lambda: linalg.det(autograd.ones(3))),
        (ShapeError, lambda: linalg.solve(autograd.ones(3, 3), autograd.ones(2, 1))),
        (ShapeError, lambda: linalg.solve_triangular(autograd.ones(3, 3), autograd.ones(3), upper=True)),
        (ShapeError, lambda: linalg.tensorinv(autograd.ones(3, 2))),
        (ShapeError, lambda: linalg.tensorsolve(autograd.ones(3, 2), autograd.ones(3))),
        (DtypeError, lambda: linalg.inv(autograd.ones(2, 2, dtype=autograd.int64))),
        (DtypeError, lambda: linalg.cholesky(autograd.ones(2, 2).half())),
        (DtypeError, lambda: linalg.solve(autograd.eye(2), autograd.ones(2, 1, dtype=autograd.float64))),
    ],
)
def test_refused(error, call):
    with pytest.raises(error, match="required"):
        call()


def test_second_derivatives_under_a_batch():
    x, y = tensors(regular(2, 3, 3), draw(3, 2))
    gradgradcheck(lambda x, y: linalg.solve(x, y).square(), (x, y))
