from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from nn import init


def values(function, *shape, **settings):
    ag.manual_seed(0)
    tensor = ag.empty(*shape)
    assert function(tensor, **settings) is tensor
    return np.asarray(tensor)


def within(bound):
    return -bound, bound


# name: (how it is called, (lowest, highest), standard deviation) for a weight (200, 300)
DISTRIBUTIONS = {
    "uniform": (lambda: values(init.uniform_, 200, 300), (0, 1), 1 / math.sqrt(12)),
    "uniform, bounds": (lambda: values(init.uniform_, 200, 300, a=-2, b=4), (-2, 4), 6 / math.sqrt(12)),
    "normal": (lambda: values(init.normal_, 200, 300), None, 1),
    "normal, settings": (lambda: values(init.normal_, 200, 300, mean=3, std=0.1) - 3, None, 0.1),
    "trunc_normal": (lambda: values(init.trunc_normal_, 200, 300), (-2, 2), 0.8796),
    "trunc_normal, tight": (lambda: values(init.trunc_normal_, 200, 300, std=0.5, a=-0.5, b=0.5), (-0.5, 0.5), 0.5 * 0.5396),
    "xavier_uniform": (lambda: values(init.xavier_uniform_, 200, 300, gain=2.0), within(2 * math.sqrt(6 / 500)), 2 * math.sqrt(2 / 500)),
    "xavier_normal": (lambda: values(init.xavier_normal_, 200, 300), None, math.sqrt(2 / 500)),
    "kaiming_uniform": (lambda: values(init.kaiming_uniform_, 200, 300), within(math.sqrt(6 / 300)), math.sqrt(2 / 300)),
    "kaiming_uniform, a": (lambda: values(init.kaiming_uniform_, 200, 300, a=math.sqrt(5)), within(1 / math.sqrt(300)), 1 / math.sqrt(900)),
    "kaiming_normal, fan_out": (lambda: values(init.kaiming_normal_, 200, 300, mode="fan_out", nonlinearity="relu"), None, 0.1),
    "kaiming_normal, kernel": (lambda: values(init.kaiming_normal_, 200, 30, 10, nonlinearity="linear"), None, math.sqrt(1 / 300)),
    "Linear.weight": (lambda: np.asarray(nn.Linear(300, 200).weight.detach()), within(1 / math.sqrt(300)), 1 / math.sqrt(900)),
    "Linear.bias": (lambda: np.asarray(nn.Linear(4, 60_000).bias.detach()), (-0.5, 0.5), 1 / math.sqrt(12)),
    "Bilinear.weight": (lambda: np.asarray(nn.Bilinear(4, 100, 150).weight.detach()), (-0.5, 0.5), 1 / math.sqrt(12)),
    "Embedding.weight": (lambda: np.asarray(nn.Embedding(200, 300).weight.detach()), None, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions(name):
    draw, bounds, std = DISTRIBUTIONS[name]
    x = draw()
    assert x.dtype == np.float32
    assert x.std() == pytest.approx(std, rel=0.02)
    if bounds is None:
        assert x.mean() == pytest.approx(0, abs=0.02 * std)
        assert np.abs(x).max() > 3.5 * std
    else:
        low, high = bounds
        assert low - 1e-6 <= x.min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < x.max() <= high + 1e-6


def test_trunc_normal_is_a_normal_cut_off():
    x = values(init.trunc_normal_, 100_000, mean=1.0, std=2.0, a=0.0, b=3.0)
    inside = np.random.default_rng(0).normal(1, 2, 400_000)
    inside = inside[(inside >= 0) & (inside <= 3)]
    np.testing.assert_allclose(np.quantile(x, [0.1, 0.3, 0.5, 0.7, 0.9]), np.quantile(inside, [0.1, 0.3, 0.5, 0.7, 0.9]), atol=0.02)


def test_constants():
    assert (values(init.constant_, 3, val=2.5) == 2.5).all()
    assert (values(init.ones_, 3) == 1).all()
    assert (values(init.zeros_, 3) == 0).all()
    np.testing.assert_array_equal(values(init.eye_, 2, 3), np.eye(2, 3))
    np.testing.assert_array_equal(values(init.dirac_, 2, 3, 3)[:, :, 1], np.eye(2, 3))
    grouped = values(init.dirac_, 4, 2, 3, 3, groups=2)
    np.testing.assert_array_equal(grouped[:, :, 1, 1], np.tile(np.eye(2), (2, 1)))
    assert grouped.sum() == 4


@given(rows=st.integers(1, 8), columns=st.integers(1, 8), gain=st.floats(0.5, 2))
def test_orthogonal(rows, columns, gain):
    q = values(init.orthogonal_, rows, columns, gain=gain).astype(np.float64) / gain
    product = q @ q.T if rows <= columns else q.T @ q
    np.testing.assert_allclose(product, np.eye(min(rows, columns)), atol=1e-5)


def test_sparse():
    x = values(init.sparse_, 10, 4, sparsity=0.25)
    assert ((x == 0).sum(0) == 3).all()


def test_parameters_stay_leaves_and_a_generator_repeats():
    p = nn.Parameter(ag.empty(5, 5))
    init.normal_(p, generator=ag.Generator().manual_seed(3))
    assert p.is_leaf
    assert p.requires_grad
    q = init.normal_(ag.empty(5, 5), generator=ag.Generator().manual_seed(3))
    np.testing.assert_array_equal(np.asarray(p.detach()), np.asarray(q))
    assert p.tolist() != init.normal_(ag.empty(5, 5), generator=ag.Generator().manual_seed(4)).tolist()


@pytest.mark.parametrize("call", [init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_])
def test_empty_weights(call):
    assert call(ag.empty(0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: init.xavier_uniform_(ag.empty(3)), "at least 2 dims"),
        (lambda: init.kaiming_normal_(ag.empty(3)), "at least 2 dims"),
        (lambda: init.eye_(ag.empty(3)), "2 dims"),
        (lambda: init.orthogonal_(ag.empty(3)), "2 dims"),
        (lambda: init.sparse_(ag.empty(3), 0.5), "2 dims"),
        (lambda: init.dirac_(ag.empty(3, 3)), "3 dims"),
        (lambda: init.dirac_(ag.empty(3, 3, 3), groups=2), "groups"),
        (lambda: init.kaiming_uniform_(ag.empty(3, 3), mode="fan"), "fan_in"),
        (lambda: init.calculate_gain("rulu"), "'rulu'"),
    ],
)
def test_mistakes(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parity
@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
@pytest.mark.parametrize("param", [None, 0.3])
def test_gains_equal_pytorch(name, param):
    torch = pytest.importorskip("torch")
    assert init.calculate_gain(name, param) == pytest.approx(torch.nn.init.calculate_gain(name, param))
