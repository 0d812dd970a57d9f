"""Layers whose call differs from the others': lazy ones, the adaptive softmax, unpooling to a size."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

RNG = np.random.default_rng(0)
LAZY = {
    "LazyLinear": ((4,), (5, 3)),
    "LazyConv1d": ((4, 2), (2, 3, 6)),
    "LazyConv2d": ((4, 2), (2, 3, 6, 6)),
    "LazyConv3d": ((4, 2), (2, 3, 4, 4, 4)),
    "LazyConvTranspose1d": ((4, 2), (2, 3, 6)),
    "LazyConvTranspose2d": ((4, 2), (2, 3, 6, 6)),
    "LazyConvTranspose3d": ((4, 2), (2, 3, 4, 4, 4)),
    "LazyBatchNorm1d": ((), (4, 3)),
    "LazyBatchNorm2d": ((), (2, 3, 4, 4)),
    "LazyBatchNorm3d": ((), (2, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": ((1e-5, 0.1, True, True), (2, 3, 4)),
    "LazyInstanceNorm2d": ((1e-5, 0.1, True, True), (2, 3, 4, 4)),
    "LazyInstanceNorm3d": ((1e-5, 0.1, True, True), (2, 3, 2, 2, 2)),
}


@pytest.mark.parametrize("name", LAZY)
def test_the_first_input_tells_the_size(name):
    arguments, shape = LAZY[name]
    usual = getattr(nn, name.removeprefix("Lazy"))
    lazy = getattr(nn, name)(*arguments)
    assert isinstance(lazy, usual)
    assert lazy.has_uninitialized_params()
    parameters = list(lazy.parameters())
    optimizer = nn.optim.SGD(parameters, lr=0.1)
    x = ag.tensor(RNG.standard_normal(shape).astype(np.float32))
    ag.manual_seed(1)
    y = lazy(x)
    ag.manual_seed(1)
    expected = usual(3, *arguments)
    assert type(lazy) is usual
    assert repr(lazy) == repr(expected)
    assert ag.equal(y, expected(x))
    assert all(a is b for a, b in zip(parameters, lazy.parameters(), strict=True))
    before = lazy.weight.detach().clone()
    (y * y).sum().backward()
    optimizer.step()
    assert not ag.equal(before, lazy.weight)
    assert ag.equal(lazy(x), lazy(x)) or lazy.training


@pytest.mark.parametrize("name", LAZY)
def test_a_state_tells_the_size(name):
    arguments, shape = LAZY[name]
    usual = getattr(nn, name.removeprefix("Lazy"))(3, *arguments)
    model = nn.Sequential(getattr(nn, name)(*arguments))
    model.load_state_dict({f"0.{key}": value for key, value in usual.state_dict().items()})
    x = ag.tensor(RNG.standard_normal(shape).astype(np.float32))
    assert ag.equal(model(x), usual(x))


def test_building_a_lazy_layer_draws_nothing():
    ag.manual_seed(0)
    first = ag.rand(1)
    ag.manual_seed(0)
    nn.LazyLinear(3)
    assert ag.equal(ag.rand(1), first)


@pytest.mark.parity
@pytest.mark.parametrize("bias", [False, True])
def test_adaptive_softmax_equals_pytorch(bias):
    torch = pytest.importorskip("torch")
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 9, 15], div_value=2.0, head_bias=bias)
    ours = nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 9, 15], div_value=2.0, head_bias=bias)
    ours.load_state_dict(theirs.state_dict())
    x, y = RNG.standard_normal((12, 16)).astype(np.float32), RNG.integers(0, 20, 12)
    a, b = ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    found, right = ours(a, ag.tensor(y)), theirs(b, torch.tensor(y))
    np.testing.assert_allclose(found.output.detach().numpy(), right.output.detach().numpy(), rtol=1e-5, atol=1e-6)
    found.loss.backward()
    right.loss.backward()
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-4, atol=1e-6)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours.log_prob(a).detach().numpy(), theirs.log_prob(b).detach().numpy(), rtol=1e-5, atol=1e-6)
    assert ours.predict(a).tolist() == theirs.predict(b).tolist()
    assert ours(a[0], y[0]).output.ndim == 0


def test_adaptive_softmax_says_what_is_wrong():
    with pytest.raises(ag.ArgumentError, match="cutoffs that are whole, increasing"):
        nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 3])
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5])
    with pytest.raises(ag.ArgumentError, match="targets from 0 to 9"):
        layer(ag.ones(1, 4), ag.tensor([10]))
    with pytest.raises(ag.ShapeError, match=r"input \(N, in_features\)"):
        layer(ag.ones(2, 4), ag.tensor([1]))


def test_unpooling_undoes_pooling_to_any_size():
    x = ag.rand(1, 2, 7, 5)
    y, indices = nn.MaxPool2d(2, return_indices=True)(x)
    back = nn.MaxUnpool2d(2)(y, indices, output_size=x.shape)
    assert back.shape == x.shape
    assert ag.equal(nn.MaxPool2d(2)(back), y)
    assert ag.equal(back[back != 0], x[back != 0])
    with pytest.raises(ag.ShapeError, match="an output_size less than the stride"):
        nn.MaxUnpool2d(2)(y, indices, output_size=(9, 5))
    with pytest.raises(ag.ShapeError, match="return_indices=True"):
        nn.MaxUnpool2d(2)(y, indices[:, :1])


@pytest.mark.parity
@pytest.mark.parametrize("kernel", [1, 2, 3])
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(
    ("dims", "lengths", "sizes"), [(2, (9, 11), (4, 6)), (2, (7, 7), (1, 5)), (2, (6, 5), None), (3, (6, 6, 8), (3, 2, 5))],
)
def test_fractional_pools_are_pytorchs_for_its_offsets(dims, lengths, sizes, batched, kernel):
    torch = pytest.importorskip("torch")
    x = RNG.standard_normal((*((2, 3) if batched else (3,)), *lengths))
    u = RNG.random((2 if batched else 1, 3, dims))
    results = []
    for framework, layers in ((ag, nn), (torch, torch.nn)):
        size = {"output_ratio": (0.6, 0.5)} if sizes is None else {"output_size": sizes}
        layer = getattr(layers, f"FractionalMaxPool{dims}d")(kernel, **size, return_indices=True, _random_samples=framework.tensor(u))
        given = framework.tensor(x, requires_grad=True)
        y, indices = layer(given)
        (y * y).sum().backward()
        results.append([y.detach().numpy(), indices.numpy(), given.grad.numpy()])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_fractional_pools_draw_anew_and_say_what_is_wrong():
    pool, x = nn.FractionalMaxPool2d(2, (3, 4)), ag.rand(2, 3, 8, 9)
    ag.manual_seed(0)
    y, other = pool(x), pool(x)
    assert not ag.equal(y, other)
    ag.manual_seed(0)
    assert ag.equal(pool(x), y)
    with pytest.raises(ag.ArgumentError, match="either output_size or output_ratio"):
        nn.FractionalMaxPool2d(2)(x)
    with pytest.raises(ag.ArgumentError, match="between 0 and 1"):
        nn.FractionalMaxPool2d(2, output_ratio=1.5)(x)
    with pytest.raises(ag.ShapeError, match=r"an output of 1 to \(7, 8\) windows"):
        nn.FractionalMaxPool2d(2, (8, 8))(x)
    with pytest.raises(ag.ShapeError, match="3 or 4 dims"):
        pool(x[0, 0])


@pytest.mark.parametrize(("offsets", "mode"), [([0, 9], "sum"), ([1, 2], "mean"), ([0, 3, 2], "max")])
def test_offsets_have_to_rise_from_zero(offsets, mode):
    with pytest.raises(ag.ArgumentError, match="offsets that begin with 0 and rise"):
        nn.EmbeddingBag(4, 2, mode=mode)(ag.tensor([0, 1, 2]), ag.tensor(offsets))


def test_feature_alpha_dropout_drops_whole_channels():
    ag.manual_seed(0)
    y = nn.FeatureAlphaDropout(0.5)(ag.randn(20, 30, 8))
    whole = (y == y[..., :1]).all(-1)
    assert 0.3 < whole.double().mean() < 0.7


@pytest.mark.parity
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, float("inf")])
def test_pdist_equals_pytorch(p):
    torch = pytest.importorskip("torch")
    x = RNG.standard_normal((5, 3))
    a, b = ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    found, right = F.pdist(a, p), torch.nn.functional.pdist(b, p)
    np.testing.assert_allclose(found.detach().numpy(), right.detach().numpy())
    (found**2).sum().backward()
    (right**2).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", ["relu_", "leaky_relu_", "elu_", "selu_", "celu_", "hardtanh_"])
def test_in_place_activations(name):
    x = ag.tensor([-2.0, 0.5, 3.0])
    expected = getattr(F, name[:-1])(x.clone())
    assert getattr(F, name)(x) is x
    assert ag.equal(x, expected)


def test_pools_with_indices():
    x = ag.rand(1, 2, 6)
    for pool, settings in ((F.max_pool1d, (2,)), (F.adaptive_max_pool1d, (3,))):
        y, indices = getattr(F, f"{pool.__name__}_with_indices")(x, *settings)
        assert ag.equal(y, pool(x, *settings))
        assert ag.equal(x.gather(2, indices), y)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_one_size_are_compiled(mode):
    ag.manual_seed(0)
    bag = nn.EmbeddingBag(6, 3, mode=mode, padding_idx=0)
    compiled = ag.compile(lambda x: bag(x))
    for batch in ([[1, 2, 0], [0, 0, 0]], [[5, 5, 1], [2, 0, 4]]):
        x = ag.tensor(batch)
        assert ag.equal(compiled(x), bag(x))


def test_a_lazy_layer_is_not_sized_while_compiling():
    layer = nn.LazyLinear(2)
    with pytest.raises(ag.CaptureError, match="call the model once on an input"):
        ag.compile(lambda x: layer(x))(ag.ones(1, 3))
    layer(ag.ones(1, 3))
    assert ag.compile(lambda x: layer(x))(ag.ones(1, 3)).shape == (1, 2)
