"""Attention against PyTorch: masks, causal, grouped heads, dropout by its statistics; packed inputs; queries that see nothing."""
from __future__ import annotations

import math

import numpy as np
import pytest
from torch_parity import against_torch

import autograd
import nn.functional as F
from autograd import Tensor
from autograd.errors import AutogradError
from autograd.kernels import blocks

RNG = np.random.default_rng(0)
Q, K, V = RNG.uniform(-2, 2, (2, 4, 5, 3)), RNG.uniform(-2, 2, (2, 4, 6, 3)), RNG.uniform(-2, 2, (2, 4, 6, 2))
SEEN = RNG.random((5, 6)) < 0.6
SEEN[:, 0] = True
NOTHING = np.array([[True], [False], [True], [False], [True]]) & SEEN
BIAS = RNG.uniform(-1, 1, (4, 5, 6))
HALF = Q[:, :2], K[:, :2], V[:, :2]


def theirs(*args, **params):
    return pytest.importorskip("torch").nn.functional.scaled_dot_product_attention(*args, **params)


def same(*arrays, **params):
    against_torch(lambda *xs: F.scaled_dot_product_attention(*xs, **params), lambda *ts: theirs(*ts, **params), *arrays, rtol=1e-8)


@pytest.mark.parity
@pytest.mark.parametrize("block", [1, 40, 1 << 15])
def test_values_and_derivatives(monkeypatch, block):
    """To second order, whatever part of the work is done at a time."""
    monkeypatch.setattr(blocks, "BLOCK", block)
    same(Q, K, V)
    same(Q, K, V, scale=0.3)
    same(Q, K, V, is_causal=True)
    same(Q[0, 0], K[0, 0], V[0, 0])
    same(Q, K, V, BIAS)
    same(Q, K, V, BIAS[0])
    same(Q, K, V, SEEN)
    same(Q, K, V, SEEN[None, None, :1])
    same(K, Q, RNG.uniform(-2, 2, (2, 4, 5, 7)), is_causal=True)


@pytest.mark.parity
def test_a_query_that_sees_nothing_gets_zeros():
    same(Q, K, V, NOTHING)
    q = Tensor(Q, requires_grad=True)
    y = F.scaled_dot_product_attention(q, Tensor(K), Tensor(V), Tensor(NOTHING))
    assert not y.detach().numpy()[:, :, 1].any()
    y.sum().backward()
    assert not q.grad.numpy()[:, :, 1].any()


@pytest.mark.parity
def test_grouped_heads():
    same(Q, HALF[1], HALF[2], enable_gqa=True)
    same(Q, HALF[1][:, :1], HALF[2], enable_gqa=True)


@pytest.mark.parity
def test_float32_and_large_scores():
    torch = pytest.importorskip("torch")
    q, k, v = (40 * RNG.standard_normal((3, 2, 70, 16)).astype(np.float32) for _ in range(3))
    found, expected = [], []
    for library, function, results in (autograd, F.scaled_dot_product_attention, found), (torch, theirs, expected):
        xs = [library.tensor(x, requires_grad=True) for x in (q, k, v)]
        y = function(*xs, is_causal=True)
        y.backward(library.ones_like(y))
        results += [np.asarray(part.detach().numpy()) for part in (y, *(x.grad for x in xs))]
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, 1e-3, 1e-3 * np.abs(b).max())


def test_float16_sums_in_float32():
    q, k, v = (RNG.standard_normal((2, 300, 8)) for _ in range(3))
    wide = F.scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v)).numpy()
    half = F.scaled_dot_product_attention(*(Tensor(x.astype(np.float16)) for x in (q, k, v)))
    assert half.dtype == np.float16
    np.testing.assert_allclose(half.numpy(), wide, atol=3e-3)


def test_packed_heads_flow_back_without_a_copy():
    """Heads out of one projection, and back into one row: the output lies in memory as the query does."""
    packed = Tensor(RNG.standard_normal((3, 8, 48)), requires_grad=True)
    q, k, v = (part.reshape((3, 8, 4, 4)).transpose(1, 2) for part in packed.split(16, -1))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    joined = y.detach().transpose(1, 2).reshape((3, 8, 16))
    assert np.shares_memory(joined.numpy(), y.detach().numpy())
    y.sum().backward()
    whole = [Tensor(np.ascontiguousarray(x.detach().numpy()), requires_grad=True) for x in (q, k, v)]
    again = F.scaled_dot_product_attention(*whole, is_causal=True)
    np.testing.assert_allclose(again.detach().numpy(), y.detach().numpy())
    again.sum().backward()
    parts = np.concatenate([x.grad.numpy().swapaxes(1, 2).reshape((3, 8, 16)) for x in whole], -1)
    np.testing.assert_allclose(packed.grad.numpy(), parts)


def test_dropout():
    """The part p of the weights is dropped, the mean stays, and the gradient goes by the same draw."""
    autograd.manual_seed(0)
    q, k = Tensor(np.zeros((50, 20, 4))), Tensor(np.zeros((50, 30, 4)))
    v = Tensor(np.broadcast_to(np.eye(30), (50, 30, 30)).copy(), requires_grad=True)
    weights = F.scaled_dot_product_attention(q, k, v, dropout_p=0.25)
    values = weights.detach().numpy()
    dropped = (values == 0).mean()
    assert abs(dropped - 0.25) < 0.01
    np.testing.assert_allclose(values[values != 0], 1 / (30 * 0.75))
    weights.sum().backward()
    np.testing.assert_allclose(v.grad.numpy()[:, :, 0], values.sum(1))
    assert not F.scaled_dot_product_attention(q, k, v, dropout_p=1.0).detach().numpy().any()


def test_the_weights_are_differentiable_too():
    q = Tensor(Q[0, 0], requires_grad=True)
    _, weights = autograd.attention(q, Tensor(K[0, 0]), Tensor(V[0, 0]), scale=1.0)
    expected = autograd.softmax(q @ Tensor(K[0, 0]).mT, -1)
    seed = RNG.standard_normal(weights.shape)
    (found,) = autograd.grad(weights, q, Tensor(seed))
    (wanted,) = autograd.grad(expected, q, Tensor(seed))
    np.testing.assert_allclose(found.numpy(), wanted.numpy())


@pytest.mark.parametrize(
    ("args", "params", "complaint"),
    [
        ((Q, K, V, BIAS), {"is_causal": True}, "one mask"),
        ((Q, K, V[:, :, :3]), {}, "one value per key"),
        ((Q, K[..., :2], V), {}, "one length E"),
        ((Q, K.astype(np.float32), V), {}, "one dtype"),
        ((Q, K, V), {"dropout_p": 1.5}, "between 0 and 1"),
        ((Q[:, :3], K[:, :2], V[:, :2]), {"enable_gqa": True}, "divides"),
        ((Q.astype(int), K.astype(int), V.astype(int)), {}, "floating"),
    ],
)
def test_mistakes(args, params, complaint):
    with pytest.raises(AutogradError, match=complaint):
        F.scaled_dot_product_attention(*map(Tensor, args), **params)


def test_scale_is_that_of_the_keys_length():
    q, k, v = Tensor(Q), Tensor(K), Tensor(V)
    default = F.scaled_dot_product_attention(q, k, v).numpy()
    np.testing.assert_allclose(default, F.scaled_dot_product_attention(q, k, v, scale=1 / math.sqrt(3)).numpy())
