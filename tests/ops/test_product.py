"""Matrix products, einsum, the linear layer: beside PyTorch and NumPy, and what they say when shapes do not fit."""
from __future__ import annotations

import string

import numpy as np
import pytest
from beside_torch import A, compare, named

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError

TABLE = [
    *(
        ("matmul", [A(*a), A(*b)], {})
        for a, b in [
            ((3, 4), (4, 2)), ((4,), (4,)), ((4,), (4, 2)), ((3, 4), (4,)), ((5, 3, 4), (4,)), ((4,), (5, 4, 2)), ((5, 3, 4), (4, 2)),
            ((3, 4), (5, 4, 2)), ((5, 3, 4), (5, 4, 2)), ((2, 1, 3, 4), (5, 4, 2)),
            ((1, 3, 4), (5, 4, 2)), ((5, 3, 4), (1, 4, 2)), ((2, 5, 3, 4), (2, 1, 4, 1)), ((0, 4), (4, 2)), ((3, 0), (0, 2)),
            ((3, 4), (4, 0)), ((0, 3, 4), (4, 2)), ((2, 0, 4), (4,)), ((0,), (0,)), ((5, 0, 4), (1, 4, 2)),
        ]
    ),
    ("mm", [A(3, 4), A(4, 2)], {}), ("bmm", [A(5, 3, 4), A(5, 4, 2)], {}), ("mv", [A(3, 4), A(4)], {}), ("dot", [A(4), A(4)], {}),
    ("vdot", [A(4), A(4)], {}), ("outer", [A(3), A(2)], {}), ("ger", [A(3), A(2)], {}),
    ("inner", [A(3, 4), A(2, 4)], {}), ("inner", [A(4), A(4)], {}), ("inner", [A(), A(2, 3)], {}), ("inner", [A(2, 3, 4), A(4)], {}),
    ("addmm", [A(2), A(3, 4), A(4, 2)], {}), ("addmm", [A(3, 2), A(3, 4), A(4, 2)], {"beta": 0.5, "alpha": -2.0}),
    ("addmm", [A(2), A(3, 4), A(4, 2)], {"beta": 0}), ("addmv", [A(3), A(3, 4), A(4)], {"alpha": 2.0}),
    ("addr", [A(3, 4), A(3), A(4)], {"beta": 2.0}), ("baddbmm", [A(5, 3, 2), A(5, 3, 4), A(5, 4, 2)], {"alpha": 0.5}),
    ("addbmm", [A(3, 2), A(5, 3, 4), A(5, 4, 2)], {"beta": 0.5}),
    ("tensordot", [A(2, 3, 4), A(3, 4, 5)], {}), ("tensordot", [A(2, 3), A(4)], {"dims": 0}),
    ("tensordot", [A(2, 3, 4), A(4, 5, 2)], {"dims": ([0, 2], [2, 0])}), ("tensordot", [A(3), A(3)], {"dims": 1}),
    ("tensordot", [A(2, 3, 4), A(4, 2)], {"dims": ([-1], [0])}), ("kron", [A(2, 3), A(3, 2)], {}), ("kron", [A(2), A(2, 3)], {}),
    ("kron", [A(2, 2, 2), A(3)], {}), ("kron", [A(), A(2)], {}),
    ("cross", [A(2, 3), A(2, 3)], {"dim": 1}), ("cross", [A(3, 2), A(3, 2)], {"dim": 0}), ("cross", [A(3, 4), A(3, 4)], {"dim": -2}),
    ("cross", [A(1, 3), A(2, 3)], {"dim": -1}),
]  # fmt: skip
LINEAR = [
    (A(3, 4), A(2, 4), A(2)), (A(5, 3, 4), A(2, 4), A(2)), (A(4), A(2, 4), A(2)), (A(3, 4), A(2, 4)), (A(2, 2, 3, 4), A(1, 4), A(1)),
    (A(0, 4), A(2, 4), A(2)), (A(3, 4), A(2, 4), None), (A(2, 0, 4), A(3, 4), A(3)), (A(3, 0), A(2, 0), A(2)),
]  # fmt: skip
EINSUM = [
    ("ij,jk->ik", (3, 4), (4, 2)), ("ij,jk", (3, 4), (4, 2)), ("ij,kj", (3, 4), (2, 4)), ("ba,ca", (2, 3), (4, 3)), ("ii", (3, 3)),
    ("ii->i", (3, 3)), ("iii->i", (3, 3, 3)), ("iij->j", (3, 3, 2)), ("ij->ji", (3, 4)), ("ij->", (3, 4)),
    ("ij->j", (3, 4)), ("i,i->", (3,), (3,)), ("i,j->ij", (3,), (4,)), ("i,j->ji", (3,), (4,)), ("i,j->", (3,), (4,)),
    ("bij,bjk->bik", (5, 3, 4), (5, 4, 2)), ("bij,bkj->kbi", (5, 3, 4), (5, 2, 4)), ("bij,bij->b", (5, 3, 4), (5, 3, 4)),
    ("...ij,...jk->...ik", (5, 3, 4), (4, 2)), ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)), ("...i->...", (2, 3, 4)),
    ("i...->...i", (2, 3, 4)), ("...,...", (2, 3), (3,)), ("...ij->...ji", (3, 4)), ("i...,i...->i...", (2, 3), (2,)),
    ("bi,oij,bj->bo", (2, 3), (4, 3, 5), (2, 5)), ("bi,bj,bk->bijk", (2, 3), (2, 2), (2, 4)),
    ("ij,jk,kl,lm->im", (2, 3), (3, 4), (4, 2), (2, 3)), ("ij,ij,ij->ij", (2, 3), (2, 3), (2, 3)), ("i,i,i->", (3,), (3,), (3,)),
    ("ij,ij->ij", (1, 3), (2, 3)), ("ij,ij->j", (1, 3), (2, 3)), ("ij,jk->ik", (3, 1), (4, 2)), ("ij,ij->", (2, 1), (1, 3)),
    ("i,i->i", (1,), (4,)), ("ij,ij,ij->i", (1, 3), (2, 1), (2, 3)), ("ii,ij->j", (3, 3), (3, 2)), ("iij,jkk->ik", (2, 2, 3), (3, 4, 4)),
    ("ij,jk->k", (3, 4), (4, 2)), (",ij->ij", (), (2, 3)), (",", (), ()), ("->", ()), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("bhqk,bhkd->bqhd", (2, 2, 3, 5), (2, 2, 5, 4)), ("ij,jk->ik", (0, 4), (4, 2)), ("ij,jk->ik", (3, 0), (0, 2)),
    ("Ab,bA->A", (2, 3), (3, 2)), (" ij , jk -> ik ", (3, 4), (4, 2)), ("i...j->j...", (2, 3, 4)), ("...->", (2, 3)),
    ("a...b,b...->a", (2, 3, 4), (4, 3)),
]  # fmt: skip


@pytest.mark.parity
@named(TABLE)
def test_functions_are_pytorchs(name, args, params):
    compare(name, args, params)


@pytest.mark.parity
@pytest.mark.parametrize("args", LINEAR, ids=str)
def test_linear_is_pytorchs(args):
    torch = pytest.importorskip("torch")
    compare("linear", list(args), torch_function=torch.nn.functional.linear)


@pytest.mark.parity
def test_bilinear_is_pytorchs():
    torch = pytest.importorskip("torch")
    compare("bilinear", [A(5, 3), A(5, 4), A(2, 3, 4), A(2)], torch_function=torch.nn.functional.bilinear)


@pytest.mark.parity
@pytest.mark.parametrize("row", EINSUM, ids=[row[0] for row in EINSUM])
def test_einsum_is_pytorchs(row):
    equation, *shapes = row
    compare("einsum", [equation, *(A(*shape) for shape in shapes)])


def random_equation(rng):
    """An equation of one to four operands with repeated letters, an ellipsis, sizes of 1 that broadcast; and the shapes."""
    letters = string.ascii_letters[: rng.integers(1, 6)]
    sizes = dict(zip(letters, rng.integers(1, 4, len(letters)).tolist(), strict=True))
    dots = rng.integers(1, 4, rng.integers(0, 3)).tolist()
    terms, shapes = [], []
    for _ in range(rng.integers(1, 5)):
        term = [letters[i] for i in rng.integers(0, len(letters), rng.integers(0, 4))]
        shape = [sizes[c] for c in term]
        repeated = {c for c in term if term.count(c) > 1}
        shape = [1 if c not in repeated and rng.random() < 0.2 else n for c, n in zip(term, shape, strict=True)]
        if rng.random() < 0.5:
            at, given = rng.integers(0, len(term) + 1), dots[rng.integers(0, len(dots) + 1) :]
            term.insert(at, "...")
            shape[at:at] = [1 if rng.random() < 0.2 else n for n in given]
        terms.append("".join(term))
        shapes.append(tuple(shape))
    used = sorted(set("".join(terms).replace(".", "")))
    out = [c for c in used if rng.random() < 0.5]
    rng.shuffle(out)
    if any("..." in term for term in terms):
        out.insert(rng.integers(0, len(out) + 1), "...")
    return ",".join(terms) + "->" + "".join(out), shapes


@pytest.mark.parametrize("seed", range(150))
def test_einsum_of_any_equation_is_numpys(seed):
    """Values, and gradients along a random direction: einsum is linear in each operand, so one difference is exact."""
    rng = np.random.default_rng(seed)
    equation, shapes = random_equation(rng)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    tensors = [Tensor(array, requires_grad=True) for array in arrays]
    y = autograd.einsum(equation, *tensors)
    expected = np.einsum(equation, *arrays)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.detach().numpy(), expected, atol=1e-10)
    weight = rng.standard_normal(expected.shape)
    y.backward(Tensor(weight))
    for i, tensor in enumerate(tensors):
        direction = rng.standard_normal(arrays[i].shape)
        change = np.einsum(equation, *arrays[:i], direction, *arrays[i + 1 :])
        assert tensor.grad.shape == tensor.shape
        np.testing.assert_allclose(
            np.sum(tensor.grad.numpy() * direction), np.sum(weight * change), atol=1e-9, err_msg=f"{equation} {shapes} {i}",
        )  # fmt: skip


def test_einsum_of_lists_of_numbers():
    a, b = Tensor(np.ones((2, 3))), Tensor(np.ones((3, 4)))
    assert autograd.einsum(a, [0, 1], b, [1, 2], [2, 0]).shape == (4, 2)
    assert autograd.einsum(a, [Ellipsis, 1], b, [1, 2]).shape == (2, 4)
    assert autograd.einsum("ij,jk", [a, b]).shape == (2, 4)


def test_einsum_takes_two_operands_at_a_time():
    """(1, n), (n, n), (n, n): from the left, never n * n * n numbers at once."""
    n = 300
    a, b, c = Tensor(np.ones((1, n)), requires_grad=True), Tensor(np.ones((n, n))), Tensor(np.ones((n, n)))
    y = autograd.einsum("ij,jk,kl->il", a, b, c)
    assert y.node.op.name == "contract"
    y.backward(Tensor(np.ones((1, n))))
    np.testing.assert_array_equal(a.grad.numpy(), np.full((1, n), n * n))


def test_linear_weight_is_one_product_over_the_batch():
    rng = np.random.default_rng(0)
    x, w, g = rng.standard_normal((4, 5, 3)), rng.standard_normal((2, 3)), rng.standard_normal((4, 5, 2))
    weight = Tensor(w, requires_grad=True)
    autograd.linear(x, weight).backward(Tensor(g))
    np.testing.assert_allclose(weight.grad.numpy(), np.einsum("bto,bti->oi", g, x))


def test_beta_zero_leaves_nan_out():
    y = autograd.addmm(Tensor(np.full((2, 2), np.nan)), Tensor(np.ones((2, 3))), Tensor(np.ones((3, 2))), beta=0)
    np.testing.assert_array_equal(y.numpy(), np.full((2, 2), 3.0))


@pytest.mark.parametrize(
    ("name", "second", "shapes"),
    [
        ("mm", "mat2", ((2, 3), (3, 4))), ("bmm", "mat2", ((5, 2, 3), (5, 3, 4))), ("mv", "vec", ((2, 3), (3,))),
        ("dot", "tensor", ((3,), (3,))), ("outer", "vec2", ((2,), (3,))), ("ger", "vec2", ((2,), (3,))),
    ],
)  # fmt: skip
def test_the_second_factor_by_its_name(name, second, shapes):
    a, b = (autograd.randn(shape) for shape in shapes)
    expected = getattr(autograd, name)(a, b)
    assert getattr(autograd, name)(input=a, **{second: b}).equal(expected)
    assert getattr(a, name)(**{second: b}).equal(expected)


def test_integers_multiply_exactly():
    y = Tensor(np.array([[2**40, 1]])) @ Tensor(np.array([[2**20], [1]]))
    assert y.dtype == np.int64
    assert y.item() == 2**60 + 1


f32, f64 = Tensor(np.zeros((3, 4), np.float32)), Tensor(np.zeros((4, 2)))
x, v = Tensor(np.zeros((3, 4))), Tensor(np.zeros(4))
ERRORS = [
    (
        lambda: Tensor(np.zeros((3, 5))) @ Tensor(np.zeros((6, 2))), ShapeError,
        r"last dim of the first \(5\) must equal the second-to-last dim of the second \(6\)",
    ),
    (lambda: x @ x, ShapeError, "mT"), (lambda: x @ Tensor(np.zeros(3)), ShapeError, r"only dim of the second \(3\)"),
    (lambda: Tensor(np.zeros((2, 3, 4))) @ Tensor(np.zeros((5, 4, 2))), ShapeError, "batch dims that broadcast"),
    (lambda: x @ Tensor(np.float64(1)), ShapeError, r"with \*"),
    (lambda: f32 @ f64, DtypeError, r"float32 for the first and float64 for the second.*x\.to\(w\.dtype\)"),
    (lambda: autograd.mm(x, v), ShapeError, "2 dims are required for argument 2"), (lambda: autograd.dot(x, x), ShapeError, "1 dims"),
    (lambda: autograd.bmm(Tensor(np.zeros((2, 3, 4))), Tensor(np.zeros((3, 4, 2)))), ShapeError, "batches of equal size"),
    (lambda: autograd.outer(x, v), ShapeError, "1 dims"),
    (lambda: autograd.linear(x, Tensor(np.zeros((2, 5)))), ShapeError, r"last dim is the weight's 5.*input \(3, 4\) and weight \(2, 5\)"),
    (lambda: autograd.linear(f32, Tensor(np.zeros((2, 4)))), DtypeError, "float32 for the input and float64 for the weight"),
    (lambda: autograd.linear(x, Tensor(np.zeros((2, 4))), Tensor(np.zeros(3))), ShapeError, r"bias of shape \(2,\)"),
    (lambda: autograd.tensordot(x, x, 3), ShapeError, "at most 2"),
    (lambda: autograd.tensordot(x, x, ((0,), (1,))), ShapeError, r"\[3\] and \[4\]"),
    (lambda: autograd.cross(x, x, dim=1), ShapeError, "size 3"),
    (lambda: autograd.einsum("ij,jk->ik", x), ArgumentError, "one term for each of the 1 operands"),
    (lambda: autograd.einsum("ij,jk->iz", x, x.t()), ArgumentError, "'z'"),
    (lambda: autograd.einsum("ij,kl->ii", x, x), ArgumentError, "each letter once in the output"),
    (lambda: autograd.einsum("ijk->i", x), ShapeError, "one letter for each dim of operand 1"),
    (lambda: autograd.einsum("ij,jk->ik", x, x), ShapeError, "'j' has 4 and 3"),
    (lambda: autograd.einsum("ii->i", x), ShapeError, "'i' has 3 and 4"), (lambda: autograd.einsum("i1->i", x), ArgumentError, "letters"),
    (lambda: autograd.einsum("ij,jk->ik", f32, f64), DtypeError, "one dtype"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[row[2] for row in ERRORS])
def test_errors_say_what_is_required(call, kind, text):
    with pytest.raises(kind, match=text) as caught:
        call()
    assert "test_product.py" in str(caught.value)
