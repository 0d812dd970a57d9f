"""Softmax, normalisation and the fused losses against PyTorch, and where they could overflow."""
from __future__ import annotations

import math

import numpy as np
import pytest
from torch_parity import RTOL, against_torch

import autograd
from autograd import Tensor
from autograd.errors import AutogradError

RNG = np.random.default_rng(0)
X = RNG.uniform(-2, 2, (3, 4, 2))
ROWS, TARGETS = RNG.uniform(-2, 2, (5, 4)), np.array([1, 3, 0, 2, 2])
IMAGE, PIXELS = RNG.uniform(-2, 2, (2, 4, 3, 2)), RNG.integers(0, 4, (2, 3, 2))
WEIGHT = np.array([0.5, 1.0, 2.0, 1.5])
IGNORED = np.array([1, -100, 0, 2, -100])
INF = math.inf


def functional():
    return pytest.importorskip("torch").nn.functional


def torch_tensor(value):
    return pytest.importorskip("torch").tensor(value) if isinstance(value, np.ndarray) else value


def same(name, *arrays, theirs=None, order=2, rtol=RTOL, **params):
    torch_params = {key: torch_tensor(value) for key, value in params.items()}
    function = getattr(functional(), theirs or name)
    ours = getattr(autograd, name)
    against_torch(lambda *xs: ours(*xs, **params), lambda *ts: function(*ts, **torch_params), *arrays, order=order, rtol=rtol)


# ── softmax ──


@pytest.mark.parity
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_softmax(name):
    for dim in (0, 1, -1):
        same(name, X, dim=dim)
    same(name, np.array(1.5), dim=0)
    same(name, np.zeros((0, 3)), dim=1)
    same(name, np.zeros((0, 3)), dim=0)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_does_not_overflow(name):
    x = Tensor(np.array([[1000.0, 0.0], [-INF, 0.0]], np.float32), requires_grad=True)
    y = getattr(autograd, name)(x, 1)
    expected = [[1, 0], [0, 1]] if name == "softmax" else [[0, -1000], [-INF, 0]]
    np.testing.assert_array_equal(y.detach().numpy(), np.array(expected, np.float32))
    autograd.softmax(x, 1)[:, 0].sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((2, 2)))


def test_a_row_of_nothing_is_nan():
    assert np.isnan(autograd.softmax(Tensor(np.full(3, -INF)), 0).numpy()).all()
    assert autograd.softmax(Tensor(X), 0, np.float32).dtype == np.float32
    assert autograd.softmax(Tensor(np.array([1, 2])), 0).dtype == np.float32


# ── zero mean, unit variance ──


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(2,), (4, 2), (3, 4, 2)], ids=str)
def test_layer_norm(shape):
    weight, bias = RNG.uniform(0.5, 2, (2, *shape))
    F, xs = functional(), (X, weight, bias)
    against_torch(lambda x, *wb: autograd.layer_norm(x, shape, *wb, 1e-3), lambda x, *wb: F.layer_norm(x, shape, *wb, 1e-3), *xs)
    same("layer_norm", X, normalized_shape=shape)
    same("rms_norm", X, normalized_shape=shape)
    against_torch(lambda x, w: autograd.rms_norm(x, shape, w, 1e-3), lambda x, w: F.rms_norm(x, shape, w, 1e-3), X, weight)


@pytest.mark.parity
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("x", [ROWS, X, IMAGE], ids=lambda x: str(x.shape))
def test_batch_norm(x, training):
    torch = pytest.importorskip("torch")
    weight, bias, average, var = RNG.uniform(0.5, 2, (4, 4))
    mine, theirs = [Tensor(average.copy()), Tensor(var.copy())], [torch.tensor(average), torch.tensor(var)]
    against_torch(
        lambda x, w, b: autograd.batch_norm(x, *mine, w, b, training, 0.3, 1e-3),
        lambda x, w, b: functional().batch_norm(x, *theirs, w, b, training, 0.3, 1e-3), x, weight, bias,
    )  # fmt: skip
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)
    if training:
        params = {"running_mean": None, "running_var": None, "training": True}
        against_torch(lambda x: autograd.batch_norm(x, **params), lambda x: functional().batch_norm(x, **params), x)


@pytest.mark.parity
def test_group_and_instance_norm():
    F = functional()
    for x in (X, IMAGE):
        xs = x, *RNG.uniform(0.5, 2, (2, 4))
        against_torch(lambda x, w, b: autograd.group_norm(x, 2, w, b, 1e-3), lambda x, w, b: F.group_norm(x, 2, w, b, 1e-3), *xs)
        against_torch(lambda x, *wb: autograd.instance_norm(x, None, None, *wb), lambda x, *wb: F.instance_norm(x, None, None, *wb), *xs)


@pytest.mark.parity
def test_instance_norm_keeps_running_values():
    torch = pytest.importorskip("torch")
    mine, theirs = [Tensor(np.zeros(4)), Tensor(np.ones(4))], [torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)]
    autograd.instance_norm(Tensor(IMAGE), *mine, momentum=0.2)
    functional().instance_norm(torch.tensor(IMAGE), *theirs, momentum=0.2)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


def test_mean_and_variance_are_differentiable_too():
    """All three outputs of standardise lead back to x."""
    x = Tensor(RNG.standard_normal((3, 5)), requires_grad=True)
    assert autograd.check.gradcheck(lambda x: tuple(autograd.standardise(x, dims=(-1,), eps=0.1)), x)
    assert autograd.check.gradgradcheck(lambda x: tuple(autograd.standardise(x, dims=(-1,), eps=0.1)), x)


# ── losses ──


@pytest.mark.parity
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "nll_loss"])
def test_labels(name, reduction):
    theirs = {"softmax_cross_entropy": "cross_entropy"}.get(name)
    some = np.array([[1, 2], [0, 3], [-100, 1]])
    for x, target in ((ROWS, TARGETS), (IMAGE, PIXELS), (ROWS[0], np.array(2)), (ROWS, IGNORED), (X, some)):
        for params in ({}, {"weight": WEIGHT}, {"ignore_index": 2}, {"weight": WEIGHT, "ignore_index": 2}):
            if x.ndim == 1 and params.get("ignore_index") == 2:
                continue  # nothing is left: tested below
            if -100 in target and "ignore_index" in params:
                continue
            same(name, x, target=target, theirs=theirs, reduction=reduction, **params)
            if name == "softmax_cross_entropy":
                same(name, x, target=target, theirs=theirs, reduction=reduction, label_smoothing=0.2, **params)


@pytest.mark.parity
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_distributions(reduction):
    for x in (ROWS, IMAGE, ROWS[0]):
        target = RNG.dirichlet(np.ones(4), x.size // 4).T.reshape(4, *(x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()))
        target = np.ascontiguousarray(np.moveaxis(target, 0, 1)) if x.ndim > 1 else target
        for params in ({}, {"weight": WEIGHT}, {"label_smoothing": 0.3}, {"label_smoothing": 0.3, "weight": WEIGHT}):
            same("softmax_cross_entropy", x, target, theirs="cross_entropy", reduction=reduction, **params)


def test_cross_entropy_does_not_overflow():
    """Scores of a thousand, a certain mistake, an impossible class: finite gradients, softmax - onehot."""
    x = Tensor(np.array([[1000.0, 0, -1000], [0, -INF, 0]], np.float32), requires_grad=True)
    loss = autograd.softmax_cross_entropy(x, np.array([2, 0]), reduction="none")
    np.testing.assert_allclose(loss.detach().numpy(), [2000, math.log(2)], rtol=1e-6)
    assert loss.dtype == np.float32
    loss.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[1, 0, -1], [-0.5, 0, 0.5]], atol=1e-7)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "nll_loss"])
def test_nothing_left_to_average(name):
    """A mean over no labels is NaN, as in PyTorch, without a warning; a sum is 0, and ignored rows get zeros."""
    x = Tensor(ROWS[:2], requires_grad=True)
    target = np.array([-100, -100])
    assert math.isnan(getattr(autograd, name)(x, target).item())
    total = getattr(autograd, name)(x, target, reduction="sum")
    total.backward()
    assert total.item() == 0
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((2, 4)))


def test_one_node_for_the_loss():
    """The scores are not kept for the backward pass, and the fast rule and the recorded one agree."""
    x = Tensor(IMAGE, requires_grad=True)
    for params in ({}, {"weight": WEIGHT}, {"reduction": "none"}, {"label_smoothing": 0.1}):
        loss = autograd.softmax_cross_entropy(x, PIXELS, **params)
        w = Tensor(np.random.default_rng(1).standard_normal(loss.shape))
        (fast,) = autograd.grad([loss], [x], [w], retain_graph=True)
        (recorded,) = autograd.grad([loss], [x], [w], create_graph=True)
        np.testing.assert_allclose(fast.numpy(), recorded.detach().numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.parity
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_yes_or_no(reduction):
    target = RNG.uniform(0, 1, X.shape)
    probabilities = RNG.uniform(0.01, 0.99, X.shape)
    same("binary_cross_entropy_with_logits", X, target, reduction=reduction)
    same("binary_cross_entropy", probabilities, target, reduction=reduction)
    for params in ({"weight": np.array([0.5, 2.0])}, {"pos_weight": np.array([3.0, 0.5])}):
        same("binary_cross_entropy_with_logits", X, target, reduction=reduction, **params)
    same("binary_cross_entropy", probabilities, target, reduction=reduction, weight=np.array([0.5, 2.0]))


@pytest.mark.parity
def test_yes_or_no_at_the_ends():
    same("binary_cross_entropy_with_logits", np.array([1000.0, -1000.0, 0.0]), target=np.array([0.0, 1.0, 1.0]), order=1)
    ends = np.array([0.0, 1.0, 1.0, 0.0])
    same("binary_cross_entropy", ends, target=np.array([0.0, 1.0, 0.0, 1.0]), order=1, rtol=1e-6)  # PyTorch's 1e-12 is a float32


@pytest.mark.parametrize(("call", "words"), [
    (lambda x: autograd.softmax_cross_entropy(x, np.array([0, 1, 2, 3, 4])), "from 0 to 3"),
    (lambda x: autograd.softmax_cross_entropy(x, np.array([0, 1, 2, 3, -1])), "from 0 to 3"),
    (lambda x: autograd.softmax_cross_entropy(x, TARGETS[:, None]), r"squeeze\(1\)"),
    (lambda x: autograd.softmax_cross_entropy(x, TARGETS.astype(float)), r"target.long\(\)"),
    (lambda x: autograd.softmax_cross_entropy(x, TARGETS, WEIGHT[:3]), "one weight per class"),
    (lambda x: autograd.softmax_cross_entropy(x, TARGETS, reduction="average"), "'mean'"),
    (lambda x: autograd.softmax_cross_entropy(x, TARGETS, Tensor(WEIGHT, requires_grad=True)), "constant weight"),
    (lambda x: autograd.nll_loss(x, np.array([0, 1, 2, 3, 4])), "from 0 to 3"),
    (lambda x: autograd.binary_cross_entropy(x, TARGETS), "shape"),
    (lambda x: autograd.binary_cross_entropy(x, ROWS), "sigmoid"),
    (lambda x: autograd.binary_cross_entropy_with_logits(x, ROWS[:, :1]), "shape"),
    (lambda x: autograd.layer_norm(x, (5,)), r"shape \(..., 5\)"),
    (lambda x: autograd.batch_norm(x[:1], None, None, training=True), "more than one value"),
    (lambda x: autograd.group_norm(x, 3), "divides"),
])  # fmt: skip
def test_errors(call, words):
    with pytest.raises(AutogradError, match=words) as raised:
        call(Tensor(ROWS))
    assert "test_normalisation.py" in str(raised.value)
