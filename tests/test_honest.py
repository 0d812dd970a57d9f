"""No silent wrong answer: cases that another library gets wrong, each with the right answer."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor
from autograd.check import gradcheck, gradgradcheck


def gradient(function, x, dtype=np.float64):
    """The gradient of the sum of function(x), and its value."""
    x = Tensor(np.array(x, dtype), requires_grad=True)
    y = function(x)
    y.sum().backward()
    return x.grad.numpy()


# ── a branch that was not taken contributes nothing ──


@pytest.mark.parametrize(("a", "dtype"), [(100.0, np.float32), (1000.0, np.float64)])
@pytest.mark.parametrize("where", [ag.where, np.where], ids=["autograd", "numpy"])
def test_where_with_an_infinite_branch(where, a, dtype):
    with np.errstate(over="ignore"):
        assert gradient(lambda a: where(a <= 0, ag.exp(a), 1 + a), a, dtype) == 1


@pytest.mark.parametrize("where", [ag.where, np.where], ids=["autograd", "numpy"])
@pytest.mark.parametrize("x", [[-1.0, 0.0], [-1.0, -4.0]])
def test_where_with_a_branch_outside_its_domain(where, x):
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(gradient(lambda x: where(x > 0, ag.sqrt(x), x), x), [1, 1])


UNTAKEN = {
    "log": lambda x: ag.where(x > 0, ag.log(x), x),
    "division": lambda x: ag.where(x == 0, x, x / x),
    "power": lambda x: ag.where(x > 0, x**0.5, x),
    "masked_fill": lambda x: ag.sqrt(x).masked_fill(x <= 0, 0.0) + x,
    "relu of sqrt": lambda x: ag.where(x > 0, ag.relu(ag.sqrt(x)), x),
    "deep": lambda x: ag.where(x > 0, ag.exp(ag.log(ag.sqrt(x)) * 2), x),
    "indexed": lambda x: ag.cat([ag.sqrt(x)[x > 0], x[x <= 0]]),
    "np.clip": lambda x: np.where(np.greater(x, 0), np.sqrt(x), x),
}


@pytest.mark.parametrize("case", UNTAKEN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_was_masked_out_is_zero_however_deep(case):
    assert np.isfinite(gradient(UNTAKEN[case], [-1.0, 0.0, 4.0])).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_and_in_the_second_derivative():
    x = Tensor(np.array([-1.0, 0.0, 4.0]), requires_grad=True)
    ag.where(x > 0, ag.sqrt(x), x * x).sum().backward(create_graph=True)
    np.testing.assert_allclose(x.grad.detach().numpy(), [-2, 0, 0.25])
    g, x.grad = x.grad, None
    g.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [2, 2, -1 / 32])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_nan_that_was_used_is_not_hidden():
    assert np.isnan(gradient(lambda x: ag.where(x > -9, ag.sqrt(x), x), [-1.0]))
    assert np.isnan(gradient(lambda x: x * np.nan, [1.0]))


# ── a custom function whose saved intermediate is differentiated again ──


class Cube(getattr(ag, "Function", object)):
    """x ** 3 by way of its square, which it saves."""

    @staticmethod
    def forward(ctx, x):
        square = x * x
        ctx.save_for_backward(x, square)
        return square * x

    @staticmethod
    def backward(ctx, g):
        _, square = ctx.saved_tensors
        return 3 * square * g


@pytest.mark.skipif(not hasattr(ag, "Function"), reason="Function is not there yet")
def test_a_custom_function_that_saves_an_intermediate():
    """Its first derivative is right; of its second, which the saved value does not lead to, there is an error or the right number."""
    x = Tensor(np.array(2.0), requires_grad=True)
    y = Cube.apply(x)
    y.backward(create_graph=True)
    assert x.grad.item() == 12
    g, x.grad = x.grad, None
    try:
        g.backward()
    except RuntimeError:
        return
    assert x.grad is not None
    assert x.grad.item() == 12


# ── kinks and special points (more of them in test_kinks.py) ──


def test_one_rule_for_the_larger_of_x_and_zero():
    spellings = [ag.relu, lambda x: ag.maximum(x, 0 * x.detach()), lambda x: ag.clamp(x, min=0)]
    assert [gradient(f, 0.0).item() for f in spellings] == [0, 0, 0]


def test_abs_and_norm_at_zero():
    assert gradient(ag.abs, 0.0) == 0
    np.testing.assert_array_equal(gradient(ag.norm, [0.0, 0.0]), [0, 0])


def test_max_shares_a_tie():
    np.testing.assert_array_equal(gradient(ag.max, [1.0, 1.0, 0.0]), [0.5, 0.5, 0])


def test_product_of_zeros():
    np.testing.assert_array_equal(gradient(ag.prod, [0.0, 0.0, 0.0]), [0, 0, 0])


def test_logsumexp_of_minus_infinities():
    np.testing.assert_array_equal(gradient(lambda x: ag.logsumexp(x, 0), [-np.inf, -np.inf]), [0, 0])
    np.testing.assert_array_equal(gradient(lambda x: ag.logaddexp(x[0], x[1]), [-np.inf, -np.inf]), [0, 0])
    np.testing.assert_array_equal(gradient(lambda x: np.logaddexp(x[0], x[1]), [-np.inf, -np.inf]), [0, 0])


# ── shapes that do not belong together ──


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_a_column_against_a_row_in_a_loss(name):
    functional = pytest.importorskip("nn.functional")
    loss = getattr(functional, name)
    with pytest.raises(ValueError, match=r"(?s)\(8, 1\).*\(8,\)|\(8,\).*\(8, 1\)"):
        loss(Tensor(np.zeros((8, 1))), Tensor(np.zeros(8)))


def test_a_layer_that_does_not_fit_names_both():
    nn = pytest.importorskip("nn")
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(6, 2))
    with pytest.raises(ValueError, match=r"(?s)5.*6|6.*5") as error:
        model(ag.randn(2, 4))
    said = "\n".join([str(error.value), *getattr(error.value, "__notes__", [])])
    assert "test_honest.py" in said
    assert "Linear" in said or "linear" in said
    assert "2" in said  # the place of the layer in the model


def test_an_index_out_of_range():
    with pytest.raises(IndexError, match=r"(?s)10.*3.*test_honest.py"):
        Tensor(np.arange(3))[10]
    with pytest.raises(IndexError, match=r"(?s)10.*3.*test_honest.py"):
        Tensor(np.arange(3))[np.array([10])]


# ── more that is easily wrong ──


def test_a_value_overwritten_before_backward():
    x = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    c = Tensor(np.array([1.0, 2.0, 3.0]))
    y = x * c
    c[:] = 100
    with pytest.raises(RuntimeError, match=r"(?s)test_honest.py:\d+.*overwritten in place at test_honest.py:\d+"):
        y.sum().backward()


def test_the_same_tensor_twice():
    np.testing.assert_array_equal(gradient(lambda x: x * x * x, [2.0]), [12])
    np.testing.assert_array_equal(gradient(lambda x: ag.matmul(x, x), [[1.0, 2.0], [3.0, 4.0]]), [[7, 11], [9, 13]])


def test_an_input_that_is_the_output():
    assert gradient(lambda x: x, [1.0, 2.0]).tolist() == [1, 1]


def test_a_broadcast_gradient_is_summed():
    assert gradient(lambda x: x + np.zeros((3, 2)), [1.0, 2.0]).tolist() == [3, 3]


def test_repeated_indices_add_up():
    assert gradient(lambda x: x[np.array([0, 0, 1])], [1.0, 2.0]).tolist() == [2, 1]


def test_a_written_element_loses_its_gradient():
    def function(x):
        y = x * 1
        y[0] = 5
        return y

    assert gradient(function, [1.0, 2.0]).tolist() == [0, 1]


def test_a_view_taken_before_a_write_sees_it():
    def function(x):
        y = x * 1
        view = y[1:]
        y *= 2
        return view

    assert gradient(function, [1.0, 2.0]).tolist() == [0, 2]


SMOOTH = {"exp": lambda x: ag.exp(x) * x, "cube": lambda x: x**3, "matmul": lambda x: x @ x, "softmax": lambda x: ag.softmax(x, 1)}


@pytest.mark.parametrize("case", SMOOTH)
def test_first_and_second_derivatives(case, rng):
    x = Tensor(rng.standard_normal((3, 3)), requires_grad=True)
    assert gradcheck(SMOOTH[case], x)
    assert gradgradcheck(SMOOTH[case], x)


@pytest.mark.parametrize(
    "program",
    [
        lambda x: x * 1j,
        lambda x: 1j * x,
        lambda x: x + Tensor(np.array([1j])),
        lambda x: x.to(ag.complex128),
        lambda x: ag.where(x > 0, x, ag.tensor([1j])),
        lambda x: (x * 1j).sum(dtype=ag.complex128),
        lambda x: ag.zeros(2, dtype=ag.complex128).index_put((ag.tensor([0]),), x[:1] * 1j),
        lambda x: (x * 1j).abs() ** 2,
    ],
)
def test_complex_gradients(program):
    """Whatever road leads from real numbers to complex ones."""
    assert gradcheck(program, ag.tensor([0.5, -1.5], dtype=ag.float64, requires_grad=True))


def test_complex_gradients_are_refused_where_no_rule_is_known():
    with pytest.raises(TypeError, match="softmax: real numbers are required"):
        ag.softmax(ag.tensor([1j, 2], requires_grad=True), 0)
