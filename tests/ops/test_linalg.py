"""Linear algebra: beside PyTorch, invariants of factors that are unique up to a gauge only, and what is refused."""
from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd
from autograd import ArgumentError, DtypeError, LinAlgError, ShapeError, linalg
from autograd.check import gradcheck, gradgradcheck
from autograd.ops import linalg_products

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


@pytest.mark.parametrize("factor", [1, 0.1, 1 - 0.5j])
@pytest.mark.parametrize(
    "a", [[[0.0]], np.zeros((2, 2)), [[1.0, 2.0], [2.0, 4.0]], np.ones((3, 3)), np.diag([1.0, 2.0, 0.0]), np.diag([2.0, 0.0, 3.0, 1e-9])],
    ids=["1", "zeros", "rank 1 of 2", "rank 1 of 3", "rank 2 of 3", "small"],
)  # fmt: skip
def test_derivatives_of_the_determinant_of_singular_matrices(a, factor):
    """0.1 makes matrices whose computed determinant is not 0, but 1e-18."""
    x = autograd.tensor(np.stack([np.array(a) * factor, np.eye(len(a)) + 0.1]), requires_grad=True)
    gradcheck(linalg.det, (x,))
    gradgradcheck(linalg.det, (x,))


def test_third_derivative_of_the_determinant_of_a_singular_matrix():
    """Of a polynomial in the elements, by differences of the second."""
    a, direction = np.array([[1.0, 2.0, 0.5], [0.25, -1.0, 1.5], [1.25, 1.0, 2.0]]), np.arange(9.0).reshape(3, 3) - 3.5
    assert abs(np.linalg.det(a)) < 1e-12

    def second(t):
        x = autograd.tensor(a + t * direction, requires_grad=True)
        (first,) = autograd.grad(linalg.det(x), x, create_graph=True)
        y = (first * autograd.tensor(direction.T)).sum()
        (slope,) = autograd.grad(y, x, create_graph=True)
        return x, slope

    x, slope = second(0.0)
    (third,) = autograd.grad((slope * autograd.tensor(direction)).sum(), x)
    expected = (second(1.0)[1] - second(-1.0)[1]) / 2  # exact, for the second is linear
    np.testing.assert_allclose(np.asarray(third), np.asarray(expected.detach()), atol=1e-9)


def test_determinants_beside_others_that_are_not_finite():
    x = autograd.tensor(np.stack([np.eye(2), np.full((2, 2), np.nan), np.zeros((2, 2))]), requires_grad=True)
    with np.errstate(invalid="ignore"):
        (first,) = autograd.grad(linalg.det(x).sum(), x, create_graph=True)
    (second,) = autograd.grad(first[:, 0, 0].sum(), x, create_graph=True)
    expected = np.array([[0, 0], [0, 1.0]])
    np.testing.assert_array_equal(np.asarray(second.detach()), np.stack([expected, np.full((2, 2), np.nan), expected]))
    (third,) = autograd.grad(second[0].sum(), x)
    np.testing.assert_array_equal(np.asarray(third[0]), np.zeros((2, 2)))


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
        (ShapeError, lambda: linalg.qr(autograd.ones(3))),
        (ShapeError, lambda: linalg.svd(autograd.ones(3))),
        (ShapeError, lambda: linalg.pinv(autograd.ones(3))),
        (ShapeError, lambda: linalg.eigh(autograd.ones(3, 2))),
        (ShapeError, lambda: linalg.lu(autograd.ones(3))),
        (ShapeError, lambda: linalg.ldl_factor(autograd.ones(3, 2))),
        (ShapeError, lambda: linalg.lstsq(autograd.ones(3, 2), autograd.ones(2, 2))),
        (ShapeError, lambda: linalg.householder_product(autograd.ones(2, 3), autograd.ones(2))),
        (ShapeError, lambda: linalg.householder_product(autograd.ones(3, 2), autograd.ones(3))),
        (ShapeError, lambda: linalg.matrix_power(autograd.ones(3, 2), 2)),
        (ShapeError, lambda: linalg.multi_dot([autograd.ones(3, 2), autograd.ones(3, 2)])),
        (ShapeError, lambda: linalg.norm(autograd.ones(3, 2, 2), 1)),
        (ShapeError, lambda: autograd.norm(autograd.ones(3), "nuc")),
        (ShapeError, lambda: linalg.vander(autograd.ones(0))),
        (ShapeError, lambda: linalg.vecdot(autograd.ones(3), autograd.ones(2))),
        (ArgumentError, lambda: linalg.multi_dot([autograd.ones(3, 2)])),
        (ArgumentError, lambda: linalg.matrix_power(autograd.eye(2), 0.5)),
        (ArgumentError, lambda: linalg.matrix_norm(autograd.ones(3, 2), 3)),
        (ArgumentError, lambda: linalg.qr(autograd.ones(3, 2), "economic")),
        (ArgumentError, lambda: linalg.eigh(autograd.eye(2), "lower")),
        (ArgumentError, lambda: linalg.lstsq(autograd.eye(2), autograd.eye(2), driver="svd")),
        (LinAlgError, lambda: linalg.svd(autograd.full((2, 2), np.nan))),
        (LinAlgError, lambda: linalg.lu_factor(autograd.zeros(2, 2))),
        (LinAlgError, lambda: linalg.matrix_power(autograd.zeros(2, 2), -1)),
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


# ── factors ──

SHAPES = [(3, 3), (2, 4, 3), (2, 2, 3, 4), (1, 1), (0, 0), (0, 3), (3, 0), (2, 0, 3, 3)]
SQUARES = [shape for shape in SHAPES if shape[-1] == shape[-2]]


def close(a, b, atol=1e-10):
    a, b = (x.detach().numpy() if isinstance(x, autograd.Tensor) else x for x in (a, b))
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, atol=atol)


def orthonormal(q):
    close(q.mH @ q, np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], q.shape[-1], q.shape[-1])))


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_products_of_factors(shape, is_complex):
    """A = Q R = U S Vh = P L U, by all ways to ask for them, in the shapes and dtypes of PyTorch."""
    torch = pytest.importorskip("torch")
    a = draw(*shape, is_complex=is_complex)
    x, t = autograd.tensor(a), torch.tensor(a)
    for mode in ("reduced", "complete"):
        q, r = linalg.qr(x, mode)
        assert [tuple(y.shape) for y in (q, r)] == [tuple(y.shape) for y in torch.linalg.qr(t, mode)]
        close(q @ r, a)
        close(r, r.triu())
        orthonormal(q)
    close(linalg.qr(x, "r").R, linalg.qr(x).R)
    assert linalg.qr(x, mode="r").Q.shape == (0,)
    for full in (False, True):
        u, s, vh = linalg.svd(x, full_matrices=full)
        assert [tuple(y.shape) for y in (u, s, vh)] == [tuple(y.shape) for y in torch.linalg.svd(t, full_matrices=full)]
        k = s.shape[-1]
        close(u[..., :k] * s[..., None, :] @ vh[..., :k, :], a)
        orthonormal(u)
        orthonormal(vh.mH)
        assert s.dtype == autograd.float64
    p, lower, upper = linalg.lu(x)
    assert [tuple(y.shape) for y in (p, lower, upper)] == [tuple(y.shape) for y in torch.linalg.lu(t)]
    close(p @ lower @ upper, a)
    packed, pivots, info = linalg.lu_factor_ex(x)
    expected = torch.linalg.lu_factor_ex(t)
    close(packed, expected.LU.numpy())
    np.testing.assert_array_equal(pivots.numpy(), expected.pivots.numpy())
    np.testing.assert_array_equal(info.numpy(), expected.info.numpy())
    for found, other in zip(autograd.lu_unpack(packed, pivots), torch.lu_unpack(expected.LU, expected.pivots), strict=True):
        close(found, other.numpy())
    reflections, tau = autograd.geqrf(x)
    assert tau.shape == tuple(torch.geqrf(t).tau.shape)
    if shape[-1] <= shape[-2]:
        close(linalg.householder_product(reflections, tau), linalg.qr(x).Q)
    close(autograd.ormqr(reflections, tau, linalg.qr(x, "complete").R), a)
    close(autograd.ormqr(reflections, tau, x, transpose=True), linalg.qr(x, "complete").R)
    close(autograd.ormqr(reflections, tau, x.mH, left=False), linalg.qr(x, "complete").R.mH)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("shape", SQUARES)
def test_spectra(shape, is_complex):
    torch = pytest.importorskip("torch")
    a = draw(*shape, is_complex=is_complex)
    h = a + a.conj().swapaxes(-1, -2)
    for uplo in ("L", "U"):
        values, q = linalg.eigh(autograd.tensor(np.tril(h) if uplo == "L" else np.triu(h)), uplo)
        close(q * values[..., None, :] @ q.mH, h)
        close(values, torch.linalg.eigvalsh(torch.tensor(h)).numpy())
        close(values, linalg.eigvalsh(autograd.tensor(h), UPLO=uplo))
    values, v = linalg.eig(autograd.tensor(a))
    assert values.dtype == v.dtype == autograd.complex128
    close(autograd.tensor(a.astype(complex)) @ v, v * values[..., None, :])
    close(np.sort(linalg.eigvals(autograd.tensor(a)).numpy()), np.sort(values.numpy()))


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_ldl(n, is_complex, hermitian):
    torch = pytest.importorskip("torch")
    a = draw(3, n, n, is_complex=is_complex)
    a[1, range(n), range(n)] = 0  # asks for blocks of size 2
    a += a.swapaxes(-1, -2).conj() if hermitian else a.swapaxes(-1, -2)
    a = a + (0 if n > 1 else np.eye(1))
    factors, pivots, info = linalg.ldl_factor_ex(autograd.tensor(a), hermitian=hermitian)
    expected = torch.linalg.ldl_factor_ex(torch.tensor(a), hermitian=hermitian)
    close(factors, np.tril(expected.LD.numpy()), 1e-8)
    np.testing.assert_array_equal(pivots.numpy(), expected.pivots.numpy())
    assert not info.any()
    b = draw(3, n, 2, is_complex=is_complex)
    close(a @ linalg.ldl_solve(factors, pivots, autograd.tensor(b), hermitian=hermitian).numpy(), b, 1e-7)
    gradgradcheck(lambda b: linalg.ldl_solve(factors, pivots, b, hermitian=hermitian).abs().square(), tensors(b), fast_mode=True)
    gradcheck(lambda b: linalg.ldl_solve(factors, pivots, b, hermitian=hermitian).abs().square(), tensors(b), fast_mode=True)


@pytest.mark.parametrize("is_complex", [False, True])
def test_what_has_no_derivative_says_so(is_complex):
    x, b = tensors(definite(3, 3, is_complex=is_complex), draw(3, 2, is_complex=is_complex))
    factors, pivots = linalg.ldl_factor(x)
    for y in (autograd.geqrf(x).tau, factors, linalg.ldl_solve(factors, pivots, b)):
        with pytest.raises(autograd.GraphError, match=r"no derivative of it; use linalg\.\w+, or detach"):
            autograd.grad(y.abs().sum(), x)
    assert autograd.grad(linalg.ldl_solve(factors.detach(), pivots, b).abs().sum(), b)[0].shape == (3, 2)


def test_compiled_ldl():
    step = autograd.compile(lambda x, b: linalg.ldl_solve(*linalg.ldl_factor(x), b))
    for _ in range(3):
        x, b = autograd.tensor(definite(4, 4)), autograd.tensor(draw(4, 2))
        close(x @ step(x, b), b, 1e-9)


def test_ldl_of_a_singular_matrix():
    a = autograd.tensor(np.diag([1.0, 0.0, 2.0]))
    assert linalg.ldl_factor_ex(a).info.item() == 2
    with pytest.raises(LinAlgError, match="0 in D"):
        linalg.ldl_factor_ex(a, check_errors=True)


@pytest.mark.parametrize("n", [31, 32, 33, 70])
@pytest.mark.parametrize("pivot", [True, False])
def test_lu_by_blocks(n, pivot):
    for shape in ((2, n, n), (n, n + 40), (n + 40, n)):
        a = draw(*shape)
        a[..., range(n), range(n)] += 0 if pivot else 2 * n
        p, lower, upper = linalg.lu(a, pivot=pivot)
        close((p @ lower if pivot else lower) @ upper, a, 1e-9)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("adjoint", [False, True])
def test_lu_solve(left, adjoint, is_complex):
    torch = pytest.importorskip("torch")

    def call(library):
        return lambda x, y: library.linalg.lu_solve(*library.linalg.lu_factor(x), y, left=left, adjoint=adjoint)

    for a, b in BATCHES[:4]:
        x, y = regular(*a, is_complex=is_complex), draw(*b, is_complex=is_complex)
        beside_torch(call(autograd), call(torch), x, y if left else y.swapaxes(-1, -2))


# ── derivatives of what does not depend on the gauge ──

WEIGHTS = np.arange(1.0, 10).reshape(3, 3)


def of_eigh(x):
    values, q = linalg.eigh(x + x.mH)
    return (q * values.exp()[..., None, :] @ q.mH).abs().square().sum() + (q.abs().square() * WEIGHTS).sum()


def of_eig(x):
    values, v = linalg.eig(x)
    return (v.abs().square() @ values.abs()[..., None]).sum() + values.abs().sum()


def of_svd(x):
    u, s, vh = linalg.svd(x, full_matrices=False)
    return (u * s.exp()[..., None, :] @ vh).abs().square().sum() + (u[..., 0].abs() ** 4).sum()


INVARIANT = {
    "eigh": of_eigh,
    "eigvalsh": lambda x: (linalg.eigvalsh(x + x.mH) * WEIGHTS[0]).sum(),
    "eig": of_eig,
    "eigvals": lambda x: linalg.eigvals(x).abs().exp().sum(),
    "svd": of_svd,
    "svdvals": lambda x: (linalg.svdvals(x) ** 3).sum(),
    "qr": lambda x: sum((y.abs() ** 4).sum() for y in linalg.qr(x)),
    "pinv": lambda x: (linalg.pinv(x).abs() ** 3).sum(),
    "lu": lambda x: sum((y.abs() ** 3).sum() for y in linalg.lu(x)[1:]),
    "matrix_exp": lambda x: (autograd.matrix_exp(x).abs() ** 2).sum(),
    "nuc": lambda x: linalg.matrix_norm(x, "nuc").square().sum(),
    "householder_product": lambda x: (linalg.householder_product(x, x[..., 0, :]).abs() ** 3).sum(),
}
SQUARE = {"eigh", "eigvalsh", "eig", "eigvals", "matrix_exp"}
TALL = {"householder_product"}
WIDER = [(3, 3), (2, 4, 3), (3, 4)]


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("shape", WIDER)
@pytest.mark.parametrize("name", INVARIANT)
def test_derivatives_of_invariants(name, shape, is_complex):
    if (name in SQUARE and shape != WIDER[0]) or (name in TALL and shape == WIDER[2]):
        return
    xs = tensors(draw(*shape, is_complex=is_complex))
    gradcheck(INVARIANT[name], xs, fast_mode=True)
    gradgradcheck(INVARIANT[name], xs, fast_mode=True)


@pytest.mark.parametrize("is_complex", [False, True])
def test_whole_bases_through_the_spaces_they_span(is_complex):
    """Of the columns beyond the rank only projections have a derivative; PyTorch has none, or one without them."""
    weights = draw(5, 5)

    def projection(q):
        return (q @ q.mH * weights).real.sum()

    for shape in ((5, 2), (2, 5)):
        xs = tensors(draw(*shape, is_complex=is_complex))
        if shape == (5, 2):
            gradcheck(lambda x: projection(linalg.qr(x, "complete").Q[:, 2:]), xs)
            gradgradcheck(lambda x: projection(linalg.qr(x, "complete").Q[:, 2:]), xs)
        gradcheck(lambda x, shape=shape: projection(linalg.svd(x).U[:, 2:] if shape == (5, 2) else linalg.svd(x).Vh[2:].mH), xs)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("shape", WIDER)
@pytest.mark.parametrize("name", ["pinv", "lu", "svdvals", "matrix_norm", "qr"])
def test_beside_torch(name, shape, is_complex):
    torch = pytest.importorskip("torch")
    a = draw(*shape, is_complex=is_complex)

    def call(library):
        return lambda x: tuple(y for y in outputs(getattr(library.linalg, name)(x)) if y.requires_grad)

    def outputs(y):
        return y if isinstance(y, tuple) else (y,)

    beside_torch(call(autograd), call(torch), a, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["eigh", "svd", "eig"])
def test_a_loss_that_depends_on_phases_is_refused(name):
    x = autograd.tensor(draw(3, 3, is_complex=True), requires_grad=True)
    vectors = getattr(linalg, name)(x)[1 if name != "svd" else 0]
    with pytest.raises(autograd.GraphError, match=f"backward through linalg.{name}: .*phases"):
        vectors.real.sum().backward()


def test_equal_eigenvalues():
    """Their sum has a derivative, single vectors have none."""
    x = autograd.eye(3, dtype=autograd.float64, requires_grad=True)
    np.testing.assert_array_equal(autograd.grad(linalg.eigvalsh(x).sum(), x)[0].numpy(), np.eye(3))
    np.testing.assert_array_equal(autograd.grad(linalg.eigh(x).eigenvalues.sum(), x)[0].numpy(), np.eye(3))
    (g,) = autograd.grad((linalg.eigh(x).eigenvectors * autograd.tensor(np.arange(9.0).reshape(3, 3))).sum(), x)
    assert not np.isfinite(g.numpy()).all()
    y = autograd.tensor(np.diag([2.0, 0.0]), requires_grad=True)
    np.testing.assert_array_equal(autograd.grad(linalg.svdvals(y).sum(), y)[0].numpy(), np.diag([1.0, 0.0]))


# ── least squares and pseudo-inverses ──


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
@pytest.mark.parametrize("is_complex", [False, True])
def test_lstsq(driver, is_complex):
    torch = pytest.importorskip("torch")
    for a, b in (((4, 3), (4, 2)), ((2, 4, 3), (2, 4)), ((2, 3, 4), (2, 3, 1)), ((3, 3), (3,))):
        x, y = draw(*a, is_complex=is_complex), draw(*b, is_complex=is_complex)
        found, expected = linalg.lstsq(*tensors(x, y), driver=driver), torch.linalg.lstsq(torch.tensor(x), torch.tensor(y), driver=driver)
        for part, other in zip(found, expected, strict=True):
            assert str(part.dtype) == str(other.dtype).removeprefix("torch.")
            close(part, other.numpy())
        beside_torch(
            lambda x, y: linalg.lstsq(x, y, driver=driver).solution, lambda x, y: torch.linalg.lstsq(x, y, driver=driver).solution, x, y
        )  # fmt: skip
        gradcheck(lambda x, y: linalg.lstsq(x, y, driver="gelsd")[0].abs(), tensors(x, y), fast_mode=True)


def test_least_squares_of_low_rank():
    """The smallest of the best solutions, as the pseudo-inverse gives it."""
    a, b = draw(5, 2) @ draw(2, 4), draw(5, 1)
    x = linalg.lstsq(autograd.tensor(a), autograd.tensor(b))
    close(x.solution, linalg.pinv(a) @ b)
    assert x.rank.item() == linalg.matrix_rank(a) == 2


def test_tolerances():
    torch = pytest.importorskip("torch")
    a = np.diag([2.0, 1.0, 1e-3, 1e-14])
    for tol in ({}, {"atol": 0.5}, {"rtol": 0.6}, {"atol": 1e-2, "rtol": 1e-9}, {"rtol": 1e-15}):
        for hermitian in (False, True):
            found, expected = (library.linalg.pinv(library.tensor(a), hermitian=hermitian, **tol) for library in (autograd, torch))
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)
            found, expected = (library.linalg.matrix_rank(library.tensor(a), hermitian=hermitian, **tol) for library in (autograd, torch))
            assert found.item() == expected.item()
    each = np.stack([a, 3 * a])
    found, expected = (library.linalg.matrix_rank(library.tensor(each), atol=library.tensor([0.5, 4.0])) for library in (autograd, torch))
    assert found.tolist() == expected.tolist()
    assert linalg.matrix_rank(a, 0.5) == 2
    np.testing.assert_allclose(autograd.pinverse(a), torch.pinverse(torch.tensor(a)).numpy(), rtol=1e-12)


# ── norms ──


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("ord", ["fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf])
@pytest.mark.parametrize("dim", [(-2, -1), (0, 2), (1, 0)])
@pytest.mark.parametrize("keepdim", [False, True])
def test_matrix_norm(ord, dim, keepdim, is_complex):
    torch = pytest.importorskip("torch")
    a = draw(3, 4, 2, is_complex=is_complex)
    for name in ("matrix_norm", "norm"):
        found, expected = (getattr(library.linalg, name)(library.tensor(a), ord, dim, keepdim) for library in (autograd, torch))
        assert str(found.dtype) == str(expected.dtype).removeprefix("torch.")
        close(found, expected.numpy())
    gradcheck(lambda x: linalg.matrix_norm(x, ord, dim, keepdim), tensors(a), fast_mode=True)


@pytest.mark.parametrize("p", [None, 2, -2, "fro", "nuc", 1, -1, np.inf, -np.inf])
def test_cond(p):
    torch = pytest.importorskip("torch")
    a = regular(2, 3, 3)
    close(linalg.cond(autograd.tensor(a), p), torch.linalg.cond(torch.tensor(a), p).numpy())
    gradcheck(lambda x: linalg.cond(x, p), tensors(a), fast_mode=True)
    if p not in (-2, -1, -np.inf):
        with np.errstate(divide="ignore"):
            assert linalg.cond(autograd.tensor(np.diag([1.0, 0.0])), p).item() == np.inf


# ── products ──


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("size", [1e-3, 0.3, 1.0, 4.0, 30.0])
def test_matrix_exp(size, is_complex):
    torch = pytest.importorskip("torch")
    for shape in ((3, 3), (2, 2, 5, 5), (0, 0), (2, 1, 1)):
        a = draw(*shape, is_complex=is_complex)
        a = (a - a.conj().swapaxes(-1, -2)) * size  # the exponential of a skew matrix is unitary: no overflow, whatever its size
        close(autograd.matrix_exp(autograd.tensor(a)), torch.matrix_exp(torch.tensor(a)).numpy())
        assert autograd.matrix_exp(a.astype(np.complex64 if is_complex else np.float32)).dtype.itemsize == (8 if is_complex else 4)
    mixed = np.stack([np.eye(2) * 1e-3, np.eye(2) * 300])
    np.testing.assert_allclose(autograd.matrix_exp(mixed), np.exp(mixed) * np.eye(2), rtol=1e-11)


def test_multi_dot_takes_the_cheapest_order():
    sizes = (30, 35, 15, 5, 10, 20, 25)  # of the book: ((A1 (A2 A3)) ((A4 A5) A6))
    part = linalg_products.cheapest(sizes)
    assert (part[0, 5], part[0, 2], part[3, 5]) == (2, 0, 4)
    chain = [autograd.tensor(draw(n, m)) for n, m in itertools.pairwise(sizes)]
    close(linalg.multi_dot(chain), np.linalg.multi_dot([x.numpy() for x in chain]), 1e-8)
    assert linalg.multi_dot([autograd.ones(3), autograd.ones(3, 2), autograd.ones(2)]).item() == 6


def test_matrix_power_of_infinity_is_the_identity():
    np.testing.assert_array_equal(linalg.matrix_power(autograd.full((2, 2), np.inf), 0).numpy(), np.eye(2))


def test_lowrank():
    x = autograd.tensor(draw(2, 20, 3) @ draw(3, 15), requires_grad=True)
    for a in (x, x.mT):
        u, s, v = autograd.svd_lowrank(a, 4)
        assert (u.shape, s.shape, v.shape) == ((2, a.shape[1], 4), (2, 4), (2, a.shape[2], 4))
        close(u * s[..., None, :] @ v.mT, a)
        close(s[..., :3], linalg.svdvals(a)[..., :3])
    _, s, _ = autograd.pca_lowrank(x, 4)
    close(s, linalg.svdvals(x - x.mean(1, keepdim=True))[..., :4])
    assert autograd.pca_lowrank(x, center=False)[1].shape == (2, 6)
    close(autograd.svd_lowrank(x + 1, 4, M=autograd.ones(20, 15, dtype=autograd.float64))[1], autograd.svd_lowrank(x, 4)[1])
    (g,) = autograd.grad(autograd.svd_lowrank(x, 3)[1].sum(), x)
    close(g, autograd.grad(linalg.svdvals(x)[..., :3].sum(), x)[0], 1e-8)
    with pytest.raises(ArgumentError, match="required"):
        autograd.svd_lowrank(x, 16)


# ── NumPy's functions, and compiled programs ──


@pytest.mark.parametrize(
    "function",
    [
        np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.eigvals, np.linalg.qr, np.linalg.svd, np.linalg.svdvals, np.linalg.pinv,
        np.linalg.norm, np.linalg.cond, np.linalg.matrix_norm, np.linalg.eigvalsh, np.linalg.eigh,
        lambda x: np.linalg.qr(x, mode="r"), lambda x: np.linalg.svd(x, compute_uv=False), lambda x: np.linalg.norm(x, "nuc", (0, 1)),
        lambda x: np.linalg.solve(x, np.ones(3)), lambda x: np.linalg.solve(np.stack([np.eye(3)] * 3), x),
        lambda x: np.linalg.lstsq(x[:, :2], np.ones((3, 1))), lambda x: np.linalg.multi_dot([x, np.ones((3, 2)), np.ones(2)]),
        lambda x: np.linalg.matrix_power(x, -2), lambda x: np.linalg.cholesky(x @ x.mT + np.eye(3)), lambda x: np.linalg.tensorinv(x, 1),
        lambda x: np.linalg.tensorsolve(x, np.ones(3)), lambda x: np.linalg.pinv(x, 0.1),
        lambda x: np.linalg.norm(x, axis=1, keepdims=True),
    ],
)  # fmt: skip
def test_numpy_functions(function):
    a = regular(3, 3)
    found, expected = function(autograd.tensor(a, requires_grad=True)), function(a)
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    found, expected = (y if isinstance(y, tuple) else (y,) for y in (found, expected))
    for part, other in zip(found, expected, strict=True):
        assert isinstance(part, autograd.Tensor)
        np.testing.assert_allclose(part.detach().numpy(), other, atol=1e-12)
    assert found[-1].requires_grad or found[0].requires_grad


def test_numpy_functions_without_a_graph():
    y = np.linalg.eigh(autograd.eye(2))
    assert isinstance(y.eigenvalues, autograd.Tensor)
    with pytest.raises(ArgumentError, match="required"):
        np.linalg.qr(autograd.eye(2, requires_grad=True), "raw")


def test_compiled_errors_are_those_of_the_op():
    step = autograd.compile(lambda x: linalg.cholesky(x).sum())
    assert step(autograd.eye(2)).item() == 2
    with pytest.raises(LinAlgError, match="positive-definite"):
        step(-autograd.eye(2))
    factor = autograd.compile(lambda x: linalg.lu_factor(x).LU.sum())
    assert factor(autograd.eye(2)).item() == 2
    with pytest.raises(LinAlgError, match="full rank"):
        factor(autograd.zeros(2, 2))


@pytest.mark.parametrize("name", INVARIANT)
def test_compiled_derivatives_of_complex_numbers(name):
    xs = [autograd.tensor(draw(3, 3, is_complex=True), requires_grad=True) for _ in range(3)]
    step = autograd.compile(lambda x: autograd.grad(INVARIANT[name](x), x)[0])
    for x in xs:
        close(step(x), autograd.grad(INVARIANT[name](x), x)[0], 1e-8)


def test_a_compiled_loss_that_depends_on_phases_is_refused():
    step = autograd.compile(lambda x, c: autograd.grad((linalg.eigh(x).eigenvectors.real * c).sum(), x)[0])
    x, c = autograd.tensor(definite(3, 3, is_complex=True), requires_grad=True), autograd.zeros(3, 3, dtype=autograd.float64)
    assert not step(x, c).numpy().any()
    with pytest.raises(autograd.GraphError, match="phases"):
        step(x, c + 1)
