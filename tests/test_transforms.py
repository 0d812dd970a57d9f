"""grad in both forms, products with the Jacobian, whole matrices, checkpoint."""
from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import autograd as ag
from autograd import checkpoint, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

A = np.array([[2.0, -1.0, 0.5], [0.3, 1.5, -0.7]])


def curve(x):
    return ag.tanh(x) * ag.exp(-x * x)


def slope(function, x, h=1e-5):
    return (function(x + h) - function(x - h)) / (2 * h)


# ── functions of numbers, arrays and tensors ──


def test_derivatives_of_derivatives():
    function, x = curve, 0.4
    for _ in range(4):
        derivative = grad(function)
        assert isinstance(derivative(x), float)
        assert derivative(x) == pytest.approx(slope(function, x), rel=1e-6)
        function = derivative


@pytest.mark.parametrize("kind", [np.asarray, lambda x: ag.tensor(x), lambda x: np.asarray(x, np.float32)])
def test_comes_back_as_it_was_given(kind):
    x = kind([1.0, 2.0, 3.0])
    value, g = value_and_grad(lambda x: (x * x).sum())(x)
    assert type(g) is type(x)
    assert g.dtype == x.dtype == value.dtype
    assert np.allclose(np.asarray(g), [2, 4, 6])
    assert not getattr(g, "requires_grad", False)


def test_argnum():
    def function(a, b, *, c):
        return (a * b * b).sum() * c

    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert np.allclose(grad(function, 1)(a, b, c=2), 4 * a * b)
    assert np.allclose(grad(function, argnum=-1)(a, b, c=2), 4 * a * b)
    first, second = grad(function, (0, 1))(a, b, c=1)
    assert np.allclose(first, b * b)
    assert np.allclose(second, 2 * a * b)


def test_lists_and_dicts():
    parameters = {"w": [np.array([1.0, 2.0]), 3.0], "b": ag.tensor(0.5)}
    g = grad(lambda p: (p["w"][0] * p["w"][1]).sum() + p["b"] * p["b"])(parameters)
    assert np.allclose(g["w"][0], 3)
    assert g["w"][1] == 3
    assert isinstance(g["b"], ag.Tensor)
    assert g["b"].item() == 1


def test_aux():
    (value, aux), g = value_and_grad(lambda x: (x * x, {"twice": 2 * x}), has_aux=True)(3.0)
    assert (value, aux["twice"], g) == (9, 6, 6)
    assert grad(lambda x: (x * x, "note"), has_aux=True)(3.0) == (6, "note")


def test_inner_derivative_depends_on_the_outer_variable():
    assert grad(lambda y: grad(lambda x: x * y * y)(3.0))(2.0) == 4
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1  # the classic perturbation confusion would give 2
    assert jacobian(lambda x: grad(lambda y: (x * y * y).sum())(np.ones(2)))(np.ones(2)).tolist() == [[2, 0], [0, 2]]


def test_tensors_around_stay_connected():
    w = ag.tensor(2.0, requires_grad=True)
    g = grad(lambda x: x * x * w)(ag.tensor(3.0))
    g.backward()
    assert (g.item(), w.grad.item()) == (12, 6)
    assert isinstance(grad(lambda x: x * x * w)(3.0), float)  # arrays in, arrays out
    with ag.no_grad():
        assert not grad(lambda x: x * x * w)(ag.tensor(3.0)).requires_grad


def test_no_dependence_is_zero():
    assert grad(lambda x: ag.tensor(1.0, dtype=ag.float64))(2.0) == 0
    assert hessian(lambda x: 3 * x)(2.0) == 0
    assert grad(lambda x, y: x * 2, (0, 1))(1.0, 1.0) == (2, 0)


def test_the_argument_is_left_alone():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    g = grad(lambda x: (x * x).sum())(x)
    assert x.grad is None
    g.sum().backward()
    assert x.grad.tolist() == [2, 2]


# ── products and matrices ──


def layer(x):
    return ag.tanh(A @ x)


def layer_jacobian(x):
    return (1 - np.tanh(A @ x) ** 2)[:, None] * A


X, U, V = np.array([0.1, -0.2, 0.3]), np.array([1.0, -2.0]), np.array([0.5, 1.0, 2.0])


@pytest.mark.parametrize("kind", [np.asarray, lambda x: ag.tensor(x)])
def test_products(kind):
    value, pull = vjp(layer, kind(X))
    assert np.allclose(np.asarray(value), np.tanh(A @ X))
    (g,) = pull(kind(U))
    assert np.allclose(np.asarray(g), U @ layer_jacobian(X))
    assert np.allclose(np.asarray(pull(kind(2 * U))[0]), 2 * np.asarray(g))  # as often as you like
    value, moved = jvp(layer, (kind(X),), (kind(V),))
    assert np.allclose(np.asarray(value), np.tanh(A @ X))
    assert np.allclose(np.asarray(moved), layer_jacobian(X) @ V)
    assert type(g) is type(moved) is type(value) is type(kind(X))
    assert np.allclose(np.asarray(jacobian(layer)(kind(X))), layer_jacobian(X))


def test_products_of_several():
    value, pull = vjp(lambda a, b: {"sum": a + b, "product": a * b}, 2.0, 3.0)
    assert value == {"sum": 5, "product": 6}
    assert pull({"sum": np.float64(1), "product": np.float64(10)}) == (31, 21)
    value, moved = jvp(lambda a, b: (a * b, a), (2.0, 3.0), (1.0, 10.0))
    assert (value, moved) == ((6, 2), (23, 1))


def test_products_nest():
    assert grad(lambda x: jvp(lambda y: y * y * y, x, 1.0)[1])(2.0) == 12
    assert grad(lambda t: jvp(lambda y: y * y * y, 2.0, t)[1])(1.0) == 12
    assert grad(lambda u: vjp(lambda y: y * y, 3.0)[1](u)[0])(1.0) == 6
    assert jvp(lambda x: jvp(lambda y: y * y * y, x, 1.0)[1], 2.0, 1.0)[1] == 12


def test_products_and_masks():
    x = np.array([-1.0, 0.0, 4.0])

    def function(x):
        return ag.where(x > 0, ag.sqrt(x), x)

    with np.errstate(invalid="ignore"):
        assert grad(lambda x: function(x).sum())(x).tolist() == [1, 1, 0.25]
        assert jvp(function, x, np.ones(3))[1].tolist() == [1, 1, 0.25]
        assert np.diag(jacobian(function)(x)).tolist() == [1, 1, 0.25]
        assert jvp(ag.sqrt, 0.0, 1.0)[1] == np.inf


def quadratic(x):
    return ((A @ x) ** 2).sum() / 2 + (x * x * x).sum()


def test_second_derivatives():
    H = A.T @ A + np.diag(6 * X)
    assert np.allclose(hessian(quadratic)(X), H)
    value, product = hvp(quadratic, X, V)
    assert value == pytest.approx(float(quadratic(ag.tensor(X))))
    assert np.allclose(product, H @ V)
    (_, (product,)) = hvp(quadratic, (X,), (V,))
    assert np.allclose(product, H @ V)
    blocks = hessian(lambda a, b: (a * a * b).sum(), (0, 1))(np.array([2.0]), np.array([3.0]))
    assert [[block.item() for block in row] for row in blocks] == [[6, 4], [4, 0]]


def test_third_derivatives():
    assert np.allclose(jacobian(hessian(lambda x: (x**3).sum()))(X)[0, 0], [6, 0, 0])


def test_shapes_of_jacobians():
    assert jacobian(lambda x: x.sum())(np.ones((2, 3))).shape == (2, 3)
    assert jacobian(lambda x: x.reshape(3, 2))(np.ones((2, 3))).shape == (3, 2, 2, 3)
    assert jacobian(lambda x: x[:0])(np.ones(3)).shape == (0, 3)
    first, second = jacobian(lambda a, b: a * b, (0, 1))(np.ones(2), np.ones(2))
    assert first.shape == second.shape == (2, 2)


# ── grad(outputs, inputs) ──


def test_grad_of_tensors():
    x, y = ag.tensor([1.0, 2.0], requires_grad=True), ag.tensor(3.0, requires_grad=True)
    gx, gy = grad([(x * y).sum(), (x * x)], [x, y], [None, ag.tensor([1.0, 10.0])])
    assert gx.tolist() == [5, 43]
    assert gy.item() == 3
    assert x.grad is y.grad is None
    h = x * y
    assert grad(h.sum(), h)[0].tolist() == [1, 1]  # intermediate results too


def test_keywords_and_batches():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    (g,) = grad(outputs=y, inputs=x, grad_outputs=ag.ones(2), create_graph=True, retain_graph=True, only_inputs=True)
    assert g.tolist() == [2, 4]
    (rows,) = grad(y, x, ag.eye(2), is_grads_batched=True)
    assert rows.tolist() == [[2, 0], [0, 4]]


def test_unused_inputs():
    x, y = (ag.tensor(1.0, requires_grad=True) for _ in range(2))
    with pytest.raises(RuntimeError, match=r"grad: .*allow_unused=True"):
        grad(x * 2, y)
    assert grad(x * 2, [x, y], allow_unused=True)[1] is None
    assert grad(x * 2, [x, y], materialize_grads=True)[1].item() == 0
    with pytest.raises(ValueError, match="allow_unused"):
        grad(x * 2, y, allow_unused=False, materialize_grads=True)


def test_create_graph():
    x = ag.tensor(2.0, requires_grad=True)
    g = x**4
    for expected in (32, 48, 48, 24):
        (g,) = grad(g, x, create_graph=True)
        assert g.item() == expected


def double(x):
    return x * 2


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: grad(double)(np.ones(2)), ValueError, r"grad: a function with one real number.*\(2,\).*jacobian"),
        (lambda: grad(double, 1)(1.0), ValueError, r"argnum below the number of positional arguments \(1\).*got 1"),
        (lambda: grad(double, -2)(1.0), ValueError, "argnum"),
        (lambda: grad(double)(1), TypeError, r"integers have no derivative.*int.*2\.0"),
        (lambda: grad(double)(ag.tensor([1])), TypeError, "int64"),
        (lambda: grad(double)("a"), TypeError, "str"),
        (lambda: grad(lambda x: 3.0)(1.0), TypeError, r"returns a tensor is required.*float.*\.item\(\)"),
        (lambda: grad(double, has_aux=True)(1.0), TypeError, r"\(result, aux\)"),
        (lambda: jvp(double, 1.0, np.ones(2)), ValueError, "jvp: tangents"),
        (lambda: vjp(double, np.ones(2))[1](np.ones(3)), ValueError, r"\(2,\).*\(3,\)"),
        (lambda: vjp(double, np.ones(2))[1](), ValueError, "one vector per result"),
        (lambda: grad(ag.ones(2, requires_grad=True).sum()), ValueError, "inputs"),
        (lambda: grad(ag.ones(2).sum(), ag.ones(2, requires_grad=True)), RuntimeError, "requires_grad=True"),
        (lambda: grad(ag.ones(2, requires_grad=True).sum(), ag.ones(2)), RuntimeError, "requires_grad=True"),
        (lambda: grad(ag.ones(2, requires_grad=True) * 2, [3]), TypeError, "sequence of tensors"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words) as info:
        call()
    assert "test_transforms.py" in str(info.value)


# ── checkpoint ──


def block(x, w):
    return ag.tanh(x @ w) * ag.sigmoid(x) + ag.rand(x.shape, dtype=x.dtype)


def weights():
    draw = np.random.default_rng(0)
    return ag.tensor(draw.normal(size=(4, 3)), requires_grad=True), ag.tensor(draw.normal(size=(3, 3)), requires_grad=True)


def twice(x, w, run):
    """Parameters through a closure, a checkpoint inside a checkpoint, several results."""

    def outer(x):
        return run(lambda x: block(x, w), x), x * x

    a, b = run(outer, block(x, w))
    return (a * b).sum()


def gradients(run, create_graph=False):
    x, w = weights()
    ag.manual_seed(3)
    first = grad(twice(x, w, run), [x, w], create_graph=create_graph)
    second = grad([(g * g).sum() for g in first], [x, w]) if create_graph else ()
    return [g.numpy(force=True) for g in (*first, *second)], ag.rand(1).item()


@pytest.mark.parametrize("create_graph", [False, True])
def test_checkpoint_changes_nothing(create_graph):
    plain, draw = gradients(lambda f, *args: f(*args), create_graph)
    again, other = gradients(checkpoint, create_graph)
    assert draw == other  # the second run leaves the generator as it was
    for a, b in zip(plain, again, strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=0)


def test_checkpoint_and_backward():
    x, w = weights()
    y = checkpoint(lambda x: ag.tanh(x @ w), x).sum()
    y.backward(retain_graph=True)
    first = w.grad.clone()
    y.backward()
    assert np.allclose(w.grad, 2 * first)
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_checkpoint_of_a_function_that_writes():
    def writes(x):
        h = x * 2
        h += 1
        h[0] = x[1]
        return ag.exp(h) * h

    x = ag.tensor([0.1, 0.2, 0.3], requires_grad=True)
    expected = grad(writes(x).sum(), x)[0]
    assert np.allclose(grad(checkpoint(writes, x).sum(), x)[0], expected)


def test_checkpoint_outside_recording():
    with ag.no_grad():
        assert not checkpoint(lambda x: x * 2, ag.ones(2, requires_grad=True)).requires_grad


def test_checkpoint_notices_another_run():
    x = ag.ones(3, requires_grad=True)
    calls = []

    def changes(x):
        calls.append(1)
        return ag.exp(x) * x if len(calls) == 1 else ag.exp(x)

    with pytest.raises(RuntimeError, match=r"checkpoint: a function that does the same.*2 operations at first, 1 then"):
        checkpoint(changes, x).sum().backward()
    with pytest.raises(RuntimeError, match="other values"):
        checkpoint(lambda x: ag.exp(x * np.random.rand(3)), x).sum().backward()


def test_checkpoint_notices_overwritten_inputs():
    x, w = weights()
    y = checkpoint(lambda x: ag.tanh(x @ w), x).sum()
    with ag.no_grad():
        w.mul_(2)
    with pytest.raises(RuntimeError, match=r"checkpoint: .*overwritten in place at test_transforms.py:\d+: w.mul_\(2\)"):
        y.backward()


def test_checkpoint_saves_memory():
    def deep(h):
        for _ in range(10):
            h = ag.exp(h * -0.1)
        return h

    def peak(run):
        x = ag.ones(100_000, requires_grad=True)
        gc.collect()
        tracemalloc.start()
        try:
            h = x
            for _ in range(5):
                h = run(deep, h)
            h.sum().backward()
            return tracemalloc.get_traced_memory()[1] / x.nbytes
        finally:
            tracemalloc.stop()

    plain, saved = peak(lambda f, x: f(x)), peak(checkpoint)
    assert plain > 50  # one array per exp
    assert saved < 25  # one per checkpoint, and those of one block
    print(f"peak: {plain:.0f} arrays, {saved:.0f} with checkpoint")


def test_checkpoint_makes_no_cycle():
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            x, w = weights()
            checkpoint(lambda x, w=w: ag.tanh(x @ w), x).sum().backward()
            checkpoint(lambda x, w=w: ag.tanh(x @ w), x)
            del x, w
        assert len(gc.get_objects()) - before < 100
    finally:
        gc.enable()
