from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

RNG = np.random.default_rng(0)
NORMAL = ("normal", (4, 3))
UNIT = ("unit", (4, 3))
SIGNS = ("signs", (4, 3))
LABELS, PIXELS = np.array([2, 0, 1, 2]), RNG.integers(0, 3, (4, 2, 5))
HOLES = np.array([2, -100, 1, 2])
CLASS_WEIGHT = np.array([0.5, 2.0, 1.0])
SOFT = {"label_smoothing": 0.2, "weight": CLASS_WEIGHT}
CERTAIN = np.array([0.0, 1.0, 0.0, 1.0])
ROWS = ("log_softmax", (4, 3))
DISTRIBUTION = ("softmax", (4, 3))


def array(spec):
    """An array of a kind and a shape; arrays stand for themselves."""
    if isinstance(spec, np.ndarray):
        return spec
    kind, shape = spec
    x = RNG.standard_normal(shape)
    if kind == "normal":
        return x
    if kind == "signs":
        return np.where(x > 0, 1.0, -1.0)
    if kind == "unit":
        return 1 / (1 + np.exp(-x))
    if kind == "counts":
        return np.floor(np.abs(2 * x))
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    return p if kind == "softmax" else np.log(p)


# name: (class, settings, inputs); a setting that is an array becomes a tensor
LOSSES = {
    "MSELoss": ("MSELoss", {}, [NORMAL, NORMAL]),
    "MSELoss, 0-d": ("MSELoss", {}, [("normal", ()), ("normal", ())]),
    "L1Loss": ("L1Loss", {}, [NORMAL, NORMAL]),
    "SmoothL1Loss": ("SmoothL1Loss", {}, [NORMAL, NORMAL]),
    "SmoothL1Loss, beta": ("SmoothL1Loss", {"beta": 0.3}, [NORMAL, NORMAL]),
    "SmoothL1Loss, beta 0": ("SmoothL1Loss", {"beta": 0.0}, [NORMAL, NORMAL]),
    "HuberLoss": ("HuberLoss", {}, [NORMAL, NORMAL]),
    "HuberLoss, delta": ("HuberLoss", {"delta": 0.3}, [NORMAL, NORMAL]),
    "CrossEntropyLoss": ("CrossEntropyLoss", {}, [NORMAL, LABELS]),
    "CrossEntropyLoss, int32": ("CrossEntropyLoss", {}, [NORMAL, np.array([2, 0, 1, 2], np.int64)]),
    "CrossEntropyLoss, one": ("CrossEntropyLoss", {}, [("normal", (3,)), np.array(1)]),
    "CrossEntropyLoss, pixels": ("CrossEntropyLoss", {}, [("normal", (4, 3, 2, 5)), PIXELS]),
    "CrossEntropyLoss, weight": ("CrossEntropyLoss", {"weight": CLASS_WEIGHT}, [NORMAL, LABELS]),
    "CrossEntropyLoss, ignored": ("CrossEntropyLoss", {}, [NORMAL, HOLES]),
    "CrossEntropyLoss, ignore_index": ("CrossEntropyLoss", {"ignore_index": 2, "weight": CLASS_WEIGHT}, [NORMAL, LABELS]),
    "CrossEntropyLoss, smoothing": ("CrossEntropyLoss", {"label_smoothing": 0.2}, [NORMAL, LABELS]),
    "CrossEntropyLoss, everything": ("CrossEntropyLoss", SOFT, [("normal", (4, 3, 2, 5)), np.where(PIXELS == 0, -100, PIXELS)]),
    "CrossEntropyLoss, probabilities": ("CrossEntropyLoss", {}, [NORMAL, DISTRIBUTION]),
    "CrossEntropyLoss, probabilities weighted": ("CrossEntropyLoss", SOFT, [NORMAL, DISTRIBUTION]),
    "CrossEntropyLoss, probabilities of pixels": ("CrossEntropyLoss", SOFT, [("normal", (4, 3, 2)), ("softmax", (4, 3, 2))]),
    "NLLLoss": ("NLLLoss", {}, [ROWS, LABELS]),
    "NLLLoss, one": ("NLLLoss", {}, [("normal", (3,)), np.array(1)]),
    "NLLLoss, weight": ("NLLLoss", {"weight": CLASS_WEIGHT}, [ROWS, HOLES]),
    "NLLLoss, pixels": ("NLLLoss", {"ignore_index": 1}, [("normal", (4, 3, 2, 5)), PIXELS]),
    "BCELoss": ("BCELoss", {}, [UNIT, UNIT]),
    "BCELoss, weight": ("BCELoss", {"weight": CLASS_WEIGHT}, [UNIT, UNIT]),
    "BCELoss, certain": ("BCELoss", {}, [CERTAIN, np.array([0.0, 1.0, 1.0, 0.0])]),
    "BCEWithLogitsLoss": ("BCEWithLogitsLoss", {}, [NORMAL, UNIT]),
    "BCEWithLogitsLoss, weights": ("BCEWithLogitsLoss", {"weight": CLASS_WEIGHT, "pos_weight": CLASS_WEIGHT}, [NORMAL, UNIT]),
    "BCEWithLogitsLoss, large": ("BCEWithLogitsLoss", {}, [np.array([-1e4, -50.0, 50.0, 1e4]), np.array([1.0, 0.0, 1.0, 0.0])]),
    "KLDivLoss": ("KLDivLoss", {"reduction": "batchmean"}, [ROWS, DISTRIBUTION]),
    "KLDivLoss, zeros": ("KLDivLoss", {"reduction": "sum"}, [ROWS, np.eye(4, 3)]),
    "KLDivLoss, log": ("KLDivLoss", {"log_target": True, "reduction": "batchmean"}, [ROWS, ROWS]),
    "MultiMarginLoss": ("MultiMarginLoss", {}, [NORMAL, LABELS]),
    "MultiMarginLoss, one": ("MultiMarginLoss", {"margin": 0.5}, [("normal", (3,)), np.array(1)]),
    "MultiMarginLoss, squares": ("MultiMarginLoss", {"p": 2, "weight": CLASS_WEIGHT}, [NORMAL, LABELS]),
    "MultiLabelMarginLoss": ("MultiLabelMarginLoss", {}, [NORMAL, np.array([[2, 0, -1], [1, -1, 0], [-1, -1, -1], [0, 1, 2]])]),
    "MultiLabelMarginLoss, one": ("MultiLabelMarginLoss", {}, [("normal", (3,)), np.array([2, -1, 1])]),
    "MultiLabelSoftMarginLoss": ("MultiLabelSoftMarginLoss", {"weight": CLASS_WEIGHT}, [NORMAL, UNIT]),
    "TripletMarginWithDistanceLoss": ("TripletMarginWithDistanceLoss", {"margin": 0.5, "swap": True}, [NORMAL, NORMAL, NORMAL]),
    "HingeEmbeddingLoss": ("HingeEmbeddingLoss", {}, [NORMAL, SIGNS]),
    "HingeEmbeddingLoss, margin": ("HingeEmbeddingLoss", {"margin": 0.3}, [NORMAL, SIGNS]),
    "SoftMarginLoss": ("SoftMarginLoss", {}, [NORMAL, SIGNS]),
    "CosineEmbeddingLoss": ("CosineEmbeddingLoss", {}, [NORMAL, NORMAL, ("signs", (4,))]),
    "CosineEmbeddingLoss, margin": ("CosineEmbeddingLoss", {"margin": 0.2}, [NORMAL, NORMAL, ("signs", (4,))]),
    "CosineEmbeddingLoss, one": ("CosineEmbeddingLoss", {}, [("normal", (3,)), ("normal", (3,)), np.array(1.0)]),
    "MarginRankingLoss": ("MarginRankingLoss", {"margin": 0.2}, [NORMAL, NORMAL, SIGNS]),
    "TripletMarginLoss": ("TripletMarginLoss", {}, [NORMAL, NORMAL, NORMAL]),
    "TripletMarginLoss, settings": ("TripletMarginLoss", {"margin": 0.5, "p": 1.0, "swap": True}, [NORMAL, NORMAL, NORMAL]),
    "GaussianNLLLoss": ("GaussianNLLLoss", {}, [NORMAL, NORMAL, UNIT]),
    "GaussianNLLLoss, full": ("GaussianNLLLoss", {"full": True, "eps": 0.4}, [NORMAL, NORMAL, ("unit", (4,))]),
    "PoissonNLLLoss": ("PoissonNLLLoss", {}, [NORMAL, ("counts", (4, 3))]),
    "PoissonNLLLoss, full": ("PoissonNLLLoss", {"full": True}, [NORMAL, ("counts", (4, 3))]),
    "PoissonNLLLoss, rate": ("PoissonNLLLoss", {"log_input": False, "full": True}, [UNIT, ("counts", (4, 3))]),
}
PRECISION = {"float32": {"rtol": 2e-5, "atol": 2e-6}, "float64": {"rtol": 1e-8, "atol": 1e-12}}
CONSTANT = {  # classes and cases whose last input is not trained
    "BCELoss, certain", "KLDivLoss, zeros", "CrossEntropyLoss", "NLLLoss", "HingeEmbeddingLoss", "SoftMarginLoss", "CosineEmbeddingLoss",
    "MarginRankingLoss", "PoissonNLLLoss",
}  # fmt: skip


def settings(made, convert):
    return {key: convert(value) if isinstance(value, np.ndarray) else value for key, value in made.items()}


@pytest.mark.parity
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_equal_pytorch(name, dtype, reduction):
    torch = pytest.importorskip("torch")
    kind, given, inputs = LOSSES[name]
    given = {"reduction": reduction, **settings(given, lambda value: value.astype(dtype))}
    ours = getattr(nn, kind)(**settings(given, ag.tensor))
    theirs = getattr(torch.nn, kind)(**settings(given, torch.tensor))
    arrays = [a if a.dtype.kind == "i" else a.astype(dtype) for a in map(array, inputs)]
    if name == "CrossEntropyLoss, int32":
        mine_labels = arrays[1].astype(np.int32)
    trained = [a.dtype.kind == "f" and not ({kind, name} & CONSTANT and i == len(arrays) - 1) for i, a in enumerate(arrays)]
    mine = [ag.tensor(a, requires_grad=t) for a, t in zip(arrays, trained, strict=True)]
    other = [torch.tensor(a, requires_grad=t) for a, t in zip(arrays, trained, strict=True)]
    if name == "CrossEntropyLoss, int32":
        mine[1] = ag.tensor(mine_labels)
    y, z = ours(*mine), theirs(*other)
    assert y.shape == tuple(z.shape)
    assert y.dtype == getattr(ag, dtype)
    np.testing.assert_allclose(np.asarray(y.detach()), z.detach().numpy(), **PRECISION[dtype])
    y.sum().backward()
    z.sum().backward()
    for a, b, t in zip(mine, other, trained, strict=True):
        if t:
            assert a.grad.dtype == a.dtype
            np.testing.assert_allclose(np.asarray(a.grad), b.grad.numpy(), **PRECISION[dtype])


@pytest.mark.parametrize("name", [name for name in LOSSES if "certain" not in name and "large" not in name])
def test_second_derivatives(name):
    """Every loss differentiates twice: its gradient, projected, against differences."""
    kind, given, inputs = LOSSES[name]
    loss = getattr(nn, kind)(**settings(given, ag.tensor))
    arrays = [array(spec) for spec in inputs]
    direction = RNG.standard_normal(arrays[0].shape)

    def slope(at, create_graph=False):
        x = ag.tensor(at, requires_grad=True)
        (g,) = ag.grad(loss(x, *map(ag.tensor, arrays[1:])), [x], create_graph=create_graph)
        return x, (g * ag.tensor(direction)).sum()

    x, s = slope(arrays[0], create_graph=True)
    found = np.asarray(ag.grad(s, [x])[0]) if s.requires_grad else np.zeros_like(arrays[0])
    step = 1e-6 * RNG.standard_normal(arrays[0].shape)
    difference = slope(arrays[0] + step)[1].item() - slope(arrays[0] - step)[1].item()
    assert (found * 2 * step).sum() == pytest.approx(difference, rel=1e-3, abs=1e-10)


# ── mistakes ──

X = ag.ones(4, 3)


ELEMENTWISE = [
    "MSE", "L1", "SmoothL1", "Huber", "BCE", "BCEWithLogits", "KLDiv", "SoftMargin", "HingeEmbedding", "PoissonNLL", "GaussianNLL",
]  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_column_against_a_row_is_refused_with_the_remedy(name):
    loss = getattr(nn, name + "Loss")()
    if name == "GaussianNLL":
        loss = functools.partial(loss, var=1.0)
    with pytest.raises(ValueError, match=r"target\.unsqueeze\(1\) or input\.squeeze\(1\)"):
        loss(ag.ones(5, 1), ag.ones(5))
    with pytest.raises(ValueError, match=r"input\.unsqueeze\(1\) or target\.squeeze\(1\)"):
        loss(ag.ones(5), ag.ones(5, 1))
    with pytest.raises(ValueError, match=r"same shape.*\(5, 2\) and \(2,\)"):
        loss(ag.ones(5, 2), ag.ones(2))


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: nn.CrossEntropyLoss()(X, ag.ones(4)), TypeError, r"float32.*target\.long\(\)"),
        (lambda: nn.CrossEntropyLoss()(X, ag.tensor([0, 1, 2, 3])), IndexError, "3"),
        (lambda: nn.CrossEntropyLoss()(X, ag.tensor([0, 1, 2, -1])), IndexError, "-1"),
        (lambda: nn.CrossEntropyLoss()(X, ag.tensor([[0], [1], [2], [0]])), ValueError, "squeeze"),
        (lambda: nn.CrossEntropyLoss()(X, ag.tensor([0, 1])), ValueError, r"\(2,\)"),
        (lambda: nn.CrossEntropyLoss(ag.ones(4))(X, ag.tensor([0, 1, 2, 0])), ValueError, "weight"),
        (lambda: nn.NLLLoss()(X, ag.tensor([0, 1, 2, 9])), IndexError, "9"),
        (lambda: nn.NLLLoss()(X, ag.ones(4)), TypeError, "float32"),
        (lambda: nn.BCELoss()(X * 1.5, X), ValueError, "sigmoid"),
        (lambda: nn.BCELoss()(-X, X), ValueError, "sigmoid"),
        (lambda: nn.GaussianNLLLoss()(X, X, -X), ValueError, "softplus"),
        (lambda: nn.GaussianNLLLoss()(X, X, ag.ones(3, 4)), ValueError, r"\(3, 4\)"),
        (lambda: nn.HuberLoss(delta=0.0)(X, X), ValueError, "delta"),
        (lambda: nn.SmoothL1Loss(beta=-1.0)(X, X), ValueError, "beta"),
        (lambda: nn.MSELoss(reduction="average"), ValueError, "'average'"),
        (lambda: nn.MSELoss(reduction="batchmean"), ValueError, "'batchmean'"),
        (lambda: F.mse_loss(X, X, reduction="average"), ValueError, "'average'"),
        (lambda: F.cross_entropy(X, ag.tensor([0, 1, 2, 0]), reduction="average"), ValueError, "'average'"),
        (lambda: nn.CosineEmbeddingLoss()(X, X, ag.ones(3)), ValueError, r"\(4,\)"),
        (lambda: nn.MarginRankingLoss()(X, X, ag.ones(4)), ValueError, "target"),
        (lambda: nn.TripletMarginLoss()(X, X, ag.ones(4, 1)), ValueError, "negative"),
        (lambda: nn.MSELoss()(X, 1.0), ValueError, r"\(\)"),
    ],
)
def test_mistakes(call, error, match):
    with pytest.raises(error, match=match) as caught:
        call()
    assert "test_losses.py" in str(caught.value)


# ── values ──


def test_an_ignored_batch_has_no_mean():
    assert math.isnan(nn.CrossEntropyLoss()(X, ag.full((4,), -100)).item())


def test_cross_entropy_of_hopeless_scores_is_finite_in_its_gradient():
    x = ag.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, ag.tensor([1]))
    loss.backward()
    assert loss.item() == 2e4
    assert x.grad.tolist() == [[1, -1, 0]]


def test_weights_are_part_of_the_state():
    assert list(nn.CrossEntropyLoss(ag.ones(3)).state_dict()) == ["weight"]
    assert list(nn.BCEWithLogitsLoss(pos_weight=ag.ones(3)).state_dict()) == ["pos_weight"]
    assert list(nn.CrossEntropyLoss().state_dict()) == []


def test_weighted_elements():
    x, t, w = ag.tensor([1.0, 2.0]), ag.tensor([0.0, 0.0]), ag.tensor([3.0, 1.0])
    assert F.mse_loss(x, t, weight=w).item() == pytest.approx(7 / 4)
    assert F.l1_loss(x, t, weight=w, reduction="sum").item() == 5


# ── sequences of labels whose places are not known ──

TARGETS = np.array([[1, 1, 3, 2], [4, 2, 1, 1], [3, 3, 3, 3]])


def ctc_inputs():
    x = np.random.default_rng(0).standard_normal((7, 3, 5))
    torch = pytest.importorskip("torch")
    return ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)


@pytest.mark.parity
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("sizes", [(4, 2, 1), (3, 4, 0), (4, 2, 4)], ids=["plain", "empty", "impossible"])
@pytest.mark.parametrize("in_a_row", [False, True], ids=["padded", "in a row"])
def test_ctc_equals_pytorch(sizes, reduction, in_a_row):
    torch = pytest.importorskip("torch")
    x, z = ctc_inputs()
    targets = np.concatenate([row[:n] for row, n in zip(TARGETS, sizes, strict=True)]) if in_a_row else TARGETS
    times = [7, 5, 6]
    for infinity in (False, True):
        ours = nn.CTCLoss(0, reduction, infinity)(F.log_softmax(x, -1), ag.tensor(targets), times, sizes)
        given = map(torch.tensor, (targets, times, sizes))
        theirs = torch.nn.CTCLoss(0, reduction, infinity)(z.log_softmax(-1), *given)
        np.testing.assert_allclose(ours.detach(), theirs.detach(), rtol=1e-10)
    ours.sum().backward()
    theirs.sum().backward()
    np.testing.assert_allclose(x.grad, z.grad, rtol=1e-8, atol=1e-12)


@pytest.mark.parity
def test_ctc_of_one_sample_with_another_blank():
    torch = pytest.importorskip("torch")
    x, z = ctc_inputs()
    target = np.array([0, 0, 3])
    ours = F.ctc_loss(F.log_softmax(x[:, 0], -1), target, 7, 3, blank=4, reduction="none")
    theirs = torch.nn.functional.ctc_loss(
        z[:, 0].log_softmax(-1), torch.tensor(target), torch.tensor(7), torch.tensor(3), blank=4, reduction="none"
    )
    assert ours.shape == ()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-10)


def test_ctc_sums_over_all_paths():
    """Of the nine paths of two steps over (blank, a, b), these spell "a": a-, -a, aa."""
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
    loss = F.ctc_loss(ag.log(ag.tensor(p[:, None])), [[1]], [2], [1])
    assert loss.item() == pytest.approx(-math.log(0.3 * 0.1 + 0.5 * 0.6 + 0.3 * 0.6))


def test_ctc_is_differentiable_twice():
    x = ag.tensor(np.random.default_rng(0).standard_normal((4, 2, 3)), requires_grad=True)
    assert ag.gradgradcheck(lambda x: F.ctc_loss(F.log_softmax(x, -1), [[1, 2], [2, 2]], [4, 3], [2, 2]), (x,))


@pytest.mark.parametrize(
    ("targets", "times", "sizes", "error", "match"),
    [
        ([[1, 0]], [4], [2], ValueError, "other than the blank 0"),
        ([[1, 2]], [5], [2], ValueError, "at most 4"),
        ([[1]], [4], [2], ValueError, "go with target_lengths"),
        ([[1.0]], [4], [1], TypeError, "integer"),
        ([[1]], [4, 4], [1], ValueError, r"shape \(1,\)"),
    ],
)
def test_ctc_mistakes(targets, times, sizes, error, match):
    with pytest.raises(error, match=match):
        F.ctc_loss(ag.zeros(4, 1, 3), targets, times, sizes)


def test_more_mistakes_of_losses():
    with pytest.raises(ValueError, match="p = 1 or 2"):
        F.multi_margin_loss(ag.ones(2, 3), ag.tensor([0, 1]), p=3)
    with pytest.raises(ValueError, match="one label per sample"):
        F.multi_margin_loss(ag.ones(2, 3), ag.tensor([0, 1, 2]))
    with pytest.raises(TypeError, match="integer"):
        F.multilabel_margin_loss(ag.ones(2, 3), ag.ones(2, 3))
