"""gradcheck and gradgradcheck: they pass what is right, and say of what is wrong where and how."""
from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, exp
from autograd.check import GradcheckError, gradcheck, gradgradcheck
from autograd.op import REGISTRY, Sample, op


@pytest.fixture
def x(rng):
    return Tensor(rng.standard_normal((2, 3)), requires_grad=True)


@pytest.fixture
def y(rng):
    return Tensor(rng.standard_normal((3,)), requires_grad=True)


def faulty(rule, kernel=np.exp):
    """An op with a derivative of our choosing; not registered."""

    def some_op(x: "Array"):  # noqa: F821, UP037
        return kernel(x)

    declared = op(rule, saves="x y", samples=[Sample((3,))])(some_op)
    del REGISTRY["some_op"]
    return declared


FAST = pytest.mark.parametrize("fast_mode", [False, True], ids=["full", "fast"])


@FAST
def test_right_derivatives_pass(x, y, fast_mode):
    assert gradcheck(lambda x, y: exp(x) * y, (x, y), fast_mode=fast_mode)
    assert gradgradcheck(lambda x, y: exp(x) * y, (x, y), fast_mode=fast_mode)
    assert gradcheck(lambda x, y: (exp(x) * y, x * 2, y), [x, y], fast_mode=fast_mode)
    assert gradgradcheck(lambda x, y: (exp(x) * y, x * 2), [x, y], fast_mode=fast_mode)
    assert gradgradcheck(lambda x, y: exp(x) * y, (x, y), fast_mode=fast_mode, gen_non_contig_grad_outputs=True)


@FAST
def test_a_single_tensor_and_other_arguments(x, fast_mode):
    assert gradcheck(exp, x, fast_mode=fast_mode)
    assert gradcheck(lambda x, factor, constant: x * factor + constant, (x, 3.0, Tensor(np.ones(3))), fast_mode=fast_mode)


@FAST
@pytest.mark.parametrize("shape", [(), (0, 3), (1,)], ids=str)
def test_shapes(shape, fast_mode):
    assert gradcheck(exp, Tensor(np.ones(shape), requires_grad=True), fast_mode=fast_mode)
    assert gradgradcheck(exp, Tensor(np.ones(shape), requires_grad=True), fast_mode=fast_mode)


@FAST
def test_a_wrong_derivative(x, fast_mode):
    wrong = faulty(lambda g, y, x: g * y * (1 + 0.1 * (x > 0)))
    assert not gradcheck(wrong, x, fast_mode=fast_mode, raise_exception=False)
    with pytest.raises(GradcheckError, match=r"(?s)output 0 with respect to input 0.*by backpropagation.*numerically.*test_check.py"):
        gradcheck(wrong, x, fast_mode=fast_mode)


def test_the_message_names_the_worst_entry(y):
    def rule(g, y, x):
        right = g * y
        right = right.copy()
        right[1] = right[1] * 3
        return right

    worst = r"output element \(1,\) and input element \(1,\), the largest of 1 differences among 9 entries"
    with pytest.raises(GradcheckError, match=worst):
        gradcheck(faulty(rule), y)


@FAST
def test_which_input_and_which_output(x, y, fast_mode):
    with pytest.raises(GradcheckError, match=r"output 1 with respect to input 2"):
        gradcheck(lambda x, _, y: (x * 1, x * y.detach() + y), (x, 3, y), fast_mode=fast_mode)


@pytest.mark.parametrize(("rule", "text"), [
    (lambda g, y, x: -g * y, "-1 times what it should be"),
    (lambda g, y, x: 2 * g * y, "2 times what it should be"),
    (lambda g, y, x: 0 * g, "the gradient is zero: look for detach"),
    (lambda g, y, x: g * np.nan, "the derivative is not finite"),
    (lambda g, y, x: g * x, "look at the derivative rules"),
], ids=["sign", "factor", "zero", "nan", "other"])  # fmt: skip
def test_hints(x, rule, text):
    with pytest.raises(GradcheckError, match=text):
        gradcheck(faulty(rule), x)


def test_hint_at_a_kink():
    with pytest.raises(GradcheckError, match="the function has a kink"):
        gradcheck(faulty(lambda g, y, x: g * (x > 0), lambda x: np.maximum(x, 0)), Tensor(np.array([0.0, 1.0]), requires_grad=True))


def test_a_wrong_second_derivative(y):
    square = faulty(lambda g, y, x: g * Tensor(2 * x.detach().numpy()) if isinstance(x, Tensor) else g * 2 * x, np.square)
    assert gradcheck(square, y)
    with pytest.raises(GradcheckError):
        gradgradcheck(square, y)
    assert not gradgradcheck(square, y, raise_exception=False)


def test_grad_outputs_may_be_given(x):
    assert gradgradcheck(exp, x, Tensor(np.ones((2, 3)), requires_grad=True))
    with pytest.raises(ValueError, match="one gradient per output"):
        gradgradcheck(exp, x, [Tensor(np.ones((2, 3)))] * 2)


@FAST
def test_an_output_cut_off_from_its_input(x, fast_mode):
    with pytest.raises(GradcheckError, match=r"output 0, which changes with input 0 but does not require grad.*detach"):
        gradcheck(lambda x: exp(x.detach()), x, fast_mode=fast_mode)


def test_an_output_that_does_not_depend_on_the_input(x):
    assert gradcheck(lambda _: Tensor(np.ones(3)), x)
    assert gradcheck(lambda x: Tensor(np.sign(x.detach().numpy())), x)


def test_inputs_are_put_back(x, y):
    before = x.detach().numpy().copy(), y.detach().numpy().copy()
    gradcheck(lambda x, y: x * y, (x, y))
    np.testing.assert_array_equal(before[0], x.detach().numpy())
    np.testing.assert_array_equal(before[1], y.detach().numpy())
    assert x.grad is None


def test_a_closure_over_an_input(x):
    """As in PyTorch, inputs move in their own memory, so that a module's parameters can be inputs."""
    assert gradcheck(lambda _: exp(x), (x,))


def test_strided_inputs(rng):
    assert gradcheck(exp, Tensor(rng.standard_normal((3, 4))[::2, ::-1], requires_grad=True))


# ── what cannot be checked ──


def test_single_precision_is_warned_of():
    with pytest.warns(UserWarning, match="input 0 requires grad and is float32.*double"):
        gradcheck(lambda x: x * 1, Tensor(np.ones(2, np.float32), requires_grad=True), eps=1e-2)


def test_an_input_that_requires_grad_is_required():
    with pytest.raises(ValueError, match="at least one input that requires grad"):
        gradcheck(exp, Tensor(np.ones(2)))


def test_an_expanded_input():
    with pytest.raises(GradcheckError, match="clone"):
        gradcheck(exp, Tensor(np.broadcast_to(np.ones(1), (3,)), requires_grad=True))


def test_a_function_that_is_not_deterministic(x):
    rng = np.random.default_rng(0)
    with pytest.raises(GradcheckError, match=r"deterministic.*output 0 different in two runs, up to .* apart"):
        gradcheck(lambda x: x * rng.random(), x)
    assert gradcheck(lambda x: x + 1e-9 * rng.random(), x, nondet_tol=1e-8, atol=1e-2)


def test_a_gradient_that_is_not_deterministic(x):
    rng = np.random.default_rng(0)
    with pytest.raises(GradcheckError, match="gradient of input 0 different"):
        gradcheck(faulty(lambda g, y, x: g * y * (1 + rng.random())), x)


def test_what_is_no_tensor(x):
    with pytest.raises(ValueError, match="returns tensors is required; got float"):
        gradcheck(lambda _: [1.0], x)
