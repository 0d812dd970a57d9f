"""Custom operations: what PyTorch's Function does, and what it does not: no wrong derivative without a word."""
from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import autograd as ag
from autograd import Function, grad, once_differentiable


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        square = x * x
        ctx.save_for_backward(square)
        return square * x

    @staticmethod
    def backward(ctx, g):
        (square,) = ctx.saved_tensors
        return 3 * g * square


def leaf(*values, dtype=np.float64):
    return ag.tensor(np.array(values if len(values) > 1 else values[0], dtype), requires_grad=True)


def derivatives(function, x, count):
    """The value and that many derivatives."""
    y = function(x)
    found = [y.item()]
    for _ in range(count):
        (y,) = grad(y, x, create_graph=True)
        found.append(y.item())
    return found


def test_saved_intermediate_has_the_right_second_derivative():
    """PyTorch 2.13 returns -0.0 for the second derivative here."""
    assert derivatives(Cube.apply, leaf(2.0), 3) == [8, 12, 12, 6]


def test_the_published_case():
    """``exp(x) ** 2`` with exp(x) saved: the second derivative at 0 is 4."""

    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            e = ag.exp(x)
            ctx.save_for_backward(x, e)
            return e * e

        @staticmethod
        def backward(ctx, g):
            _, e = ctx.saved_tensors
            return 2 * g * e * e

    assert derivatives(Twice.apply, leaf(0.0), 3) == [1, 2, 4, 8]


class Exp(Function):
    """Through NumPy, with its output saved."""

    @staticmethod
    def forward(ctx, x):
        y = ag.tensor(np.exp(x.detach().numpy()))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class ExpByAttribute(Exp):
    @staticmethod
    def forward(ctx, x):
        ctx.y = ag.tensor(np.exp(x.detach().numpy()))
        return ctx.y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.y


@pytest.mark.parametrize("function", [Exp, ExpByAttribute])
def test_saved_output(function):
    assert derivatives(function.apply, leaf(1.0), 3) == pytest.approx([np.e] * 4)
    x = leaf(1.0)
    freed = weakref.ref(function.apply(x))
    gc.disable()
    try:
        assert freed() is None  # by reference counts alone
    finally:
        gc.enable()


def test_saved_value_without_history():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            double = ag.tensor(2 * x.detach().numpy())
            ctx.save_for_backward(double)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    x = leaf(3.0)
    assert grad(Square.apply(x), x)[0].item() == 6
    (g,) = grad(Square.apply(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"Square: the derivative of a saved tensor that is neither input nor output.*no history"):
        grad(g, x)


def test_backward_through_numpy():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g.detach().numpy() * ctx.saved_tensors[0].detach().numpy()

    x = leaf(3.0)
    assert grad(Square.apply(x), x)[0].item() == 6
    (g,) = grad(Square.apply(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match="Square: the derivative of a gradient that backward returned"):
        grad(g, x)


def test_once_differentiable():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            assert not ag.is_grad_enabled()
            return 2 * g * ctx.saved_tensors[0]

    x = leaf(0.0)  # a gradient of 0 is no excuse
    (g,) = grad(Square.apply(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"Square: .*once_differentiable"):
        grad(g, x)


def test_several_outputs_and_other_arguments():
    seen = []

    class Parts(Function):
        @staticmethod
        def forward(ctx, x, scale, y, name):
            assert ctx.needs_input_grad == (True, False, True, False)
            ctx.save_for_backward(x, y)
            ctx.scale = scale
            indices = (x > 0).long()
            ctx.mark_non_differentiable(indices)
            return x * y * scale, name, x + y, indices

        @staticmethod
        def backward(ctx, g, none, h, k):
            seen.append((g, none, h, k))
            x, y = ctx.saved_tensors
            return g * y * ctx.scale + h, None, g * x * ctx.scale + h, None

    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    product, name, total, indices = Parts.apply(x, 10, y, "n")
    assert (name, indices.requires_grad, total.grad_fn.parents[0].op.name) == ("n", False, "Parts")
    product.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [30, 40]
    assert seen[0][1] is None
    assert seen[0][2].tolist() == [0, 0]  # zeros for what has no gradient
    total.sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([31, 41], [11, 21])


def test_materialize_grads():
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, g, h):  # noqa: ARG004
            seen.append(g)
            return 2 * h

    x = leaf(1.0)
    assert grad(Two.apply(x)[1], x)[0].item() == 2
    assert seen == [None]


def test_named_tuple_and_setup_context():
    class Sqrt(Function):
        @staticmethod
        def forward(x, eps):
            return ag.sqrt(x + eps)

        @staticmethod
        def setup_context(ctx, inputs, output):
            assert inputs[1] == 0.0
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, g):
            return g / (2 * ctx.saved_tensors[0]), None

    assert derivatives(lambda x: Sqrt.apply(x, 0.0), leaf(4.0), 2) == pytest.approx([2, 0.25, -1 / 32])


def test_in_place():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x *= 2
            return x

        @staticmethod
        def backward(ctx, g):  # noqa: ARG004
            return 2 * g

    x = leaf(1.0, 2.0)
    h = x * 3
    y = Double.apply(h)
    assert y is h
    assert h.grad_fn.op.name == "Double"
    h.sum().backward()
    assert x.grad.tolist() == [6, 6]
    with pytest.raises(RuntimeError, match="leaf"):
        Double.apply(x)
    whole = leaf(1.0, 2.0) * 1
    part = whole[0]
    Double.apply(part)
    assert whole.tolist() == [2, 2]


def test_returned_inputs_may_not_be_written():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):  # noqa: ARG004
            return x

        @staticmethod
        def backward(ctx, g):  # noqa: ARG004
            return 5 * g

    x = leaf(1.0, 2.0)
    y = Same.apply(x * 1)
    assert grad(y.sum(), x)[0].tolist() == [5, 5]
    with pytest.raises(RuntimeError):
        Same.apply(x * 1).add_(1)


def test_nothing_to_record():
    class Check(Cube):
        @staticmethod
        def forward(ctx, x):
            assert not ag.is_grad_enabled()
            return Cube.forward(ctx, x)

    assert not Check.apply(ag.tensor(2.0)).requires_grad
    with ag.no_grad():
        assert not Check.apply(leaf(2.0)).requires_grad


def test_overwritten_after_saving():
    h = leaf(1.0, 2.0) * 1

    class Keep(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

    y = Keep.apply(h)
    h.add_(1)
    with pytest.raises(RuntimeError, match=r"backward through Keep.*overwritten in place"):
        y.sum().backward()


def test_freed():
    x = leaf(2.0)
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(RuntimeError, match=r"backward through Cube.*freed"):
        y.backward()


def test_gradcheck():
    x = leaf(0.5, -1.0, 2.0)
    assert ag.gradcheck(Cube.apply, [x])
    assert ag.gradgradcheck(Cube.apply, [x])
    assert ag.gradgradcheck(Exp.apply, [x])


def test_copies():
    import copy

    x = leaf(2.0)
    y = Cube.apply(x)
    twin = copy.deepcopy(y)
    twin.backward()
    assert x.grad is None
    y.backward()
    assert x.grad.item() == 12


def wrong(backward, forward=lambda ctx, x: x * 2):
    """A Function with a mistake in it."""
    return type("Wrong", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def save_and_return(ctx, x):
    ctx.save_for_backward(x.detach().numpy())
    return x * 2


def in_place_on_the_gradient(ctx, g):
    g.mul_(2)
    return g


def no_return(ctx, g):
    return None


def dirty(ctx, x):
    h = x * 1
    ctx.mark_dirty(h)
    return x * 2


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (wrong(lambda ctx, g: (g, g)), ValueError, r"Wrong\.backward: one gradient per argument of forward \(1\) is required; got 2"),
        (wrong(lambda ctx, g: ()), ValueError, r"one gradient per argument.*got 0"),
        (wrong(lambda ctx, g: g.sum()), ValueError, r"Wrong\.backward, gradient 0: the argument's shape \(2,\) is required; got \(\)"),
        (wrong(lambda ctx, g: ag.ones(3)), ValueError, r"\(2,\).*\(3,\)"),
        (wrong(lambda ctx, g: g.long()), TypeError, r"gradient 0: a floating-point gradient.*int64"),
        (wrong(lambda ctx, g: "g"), TypeError, r"a tensor or None is required; got str"),
        (wrong(lambda ctx, g: g, forward=save_and_return), TypeError, r"save_for_backward: tensors are required; got ndarray"),
        (wrong(lambda ctx, g: g, forward=lambda ctx, x: 3.0), TypeError, r"Wrong: a forward that returns a tensor.*float"),
        (wrong(lambda ctx, g: g, forward=dirty), RuntimeError, "dirty"),
        (wrong(in_place_on_the_gradient), RuntimeError, r"clone\(\)"),
        (wrong(lambda g: g), TypeError, "positional argument"),
        (type("Wrong", (Function,), {}), NotImplementedError, "forward"),
        (type("Wrong", (Function,), {"forward": staticmethod(lambda ctx, x: x * 2)}), NotImplementedError, "backward"),
    ],
)
def test_wrong_functions(function, error, words):
    x = leaf(1.0, 2.0)
    with pytest.raises(error, match=words):
        function.apply(x).sum().backward()
    assert x.grad is None


def test_gradient_for_what_is_no_tensor():
    function = wrong(lambda ctx, g: (g, g), forward=lambda ctx, x, n: x * n)
    with pytest.raises(TypeError, match="gradient 1: None is required, for that argument of forward is not a tensor"):
        function.apply(leaf(1.0), 2).backward()


def test_extra_nones_are_forgiven():
    x = leaf(1.0)
    assert grad(wrong(lambda ctx, g: (2 * g, None, None)).apply(x), x)[0].item() == 2


def test_saved_tensors_outside_backward():
    seen = []

    class Keep(Cube):
        @staticmethod
        def forward(ctx, x):
            seen.append(ctx)
            return Cube.forward(ctx, x)

    Keep.apply(leaf(1.0))
    with pytest.raises(RuntimeError, match="saved_tensors"):
        seen[0].saved_tensors


def test_no_gradient_at_all():
    x = leaf(1.0)
    assert grad(wrong(no_return).apply(x), x, allow_unused=True) == (None,)


def test_dtype_follows_the_input():
    x = leaf(1.0, dtype=np.float32)
    assert grad(wrong(lambda ctx, g: g.double()).apply(x), x)[0].dtype == ag.float32


# ── in a compiled function ──


class Sine(ag.Function):
    """One input saved, tensor operations on the way back."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.cos()


class Straight(ag.Function):
    """A step on the way there, the identity on the way back; an argument without gradient; written once only."""

    @staticmethod
    def forward(ctx, x, threshold):  # noqa: ARG004
        return (x > threshold).to(x.dtype)

    @staticmethod
    @ag.once_differentiable
    def backward(ctx, g):  # noqa: ARG004
        return g, None


class Swapped(ag.Function):
    """Two outputs, the gradients written to in place."""

    @staticmethod
    def forward(ctx, a, b):  # noqa: ARG004
        return b * 2, a * 3

    @staticmethod
    def backward(ctx, g, h):  # noqa: ARG004
        return h.clone().mul_(3), g * 2


@pytest.mark.parametrize(
    "function", [Sine.apply, lambda x: Straight.apply(x, 0.3), lambda x: Swapped.apply(x, x * x)[0] + Swapped.apply(x, x)[1]],
    ids=["Sine", "Straight", "Swapped"],
)  # fmt: skip
def test_functions_in_compiled_functions(function):
    def step(x):
        x = x.detach().requires_grad_()
        y = function(x).square().sum() + (x * function(x)).sum()
        y.backward()
        return y.detach(), x.grad

    compiled = ag.compile(step)
    for seed in range(3):
        x = ag.tensor(np.random.default_rng(seed).normal(size=(3, 2)))
        for ours, theirs in zip(compiled(x), step(x), strict=True):
            np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), 1e-12)
    assert len(compiled.programs) == 1
