"""Layers fused for evaluation, without initial values, and called with other parameters than their own."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
from nn.utils.stateless import functional_call

RNG = np.random.default_rng(0)
FUSED = {
    "conv": (("Conv2d", (3, 4, 2), {}), ("BatchNorm2d", (4,), {}), (2, 3, 5, 5), {}),
    "conv, no bias": (("Conv1d", (4, 6, 2), {"bias": False, "groups": 2}), ("BatchNorm1d", (6,), {"affine": False}), (2, 4, 5), {}),
    "transposed": (("ConvTranspose2d", (3, 4, 2), {}), ("BatchNorm2d", (4,), {}), (2, 3, 5, 5), {"transpose": True}),
    "linear": (("Linear", (3, 4), {}), ("BatchNorm1d", (4,), {}), (5, 3), {}),
    "linear, one feature": (("Linear", (3, 4), {"bias": False}), ("BatchNorm1d", (1,), {}), (5, 1, 3), {}),
}


def fuse(library, layer, bn, **options):
    name = "fuse_linear_bn_eval" if type(layer).__name__ == "Linear" else "fuse_conv_bn_eval"
    return getattr(library.utils.fusion, name)(layer, bn, **options)


def pair(library, name):
    (kind, sizes, options), (norm, features, settings), *_ = FUSED[name]
    layer, bn = getattr(library, kind)(*sizes, **options).double(), getattr(library, norm)(*features, **settings).double()
    return layer.eval(), bn.eval()


@pytest.mark.parametrize("name", FUSED)
def test_fused_equals_one_after_the_other(name):
    layer, bn = pair(nn, name)
    for p in [*bn.parameters(), bn.running_mean, bn.running_var]:
        nn.init.uniform_(p, 0.5, 2)
    x = ag.tensor(RNG.standard_normal(FUSED[name][2]))
    before = layer.weight.detach().clone()
    fused = fuse(nn, layer, bn, **FUSED[name][3])
    np.testing.assert_allclose(fused(x).detach(), bn(layer(x)).detach(), rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(layer.weight.detach(), before)
    assert type(fused) is type(layer)


@pytest.mark.parity
@pytest.mark.parametrize("name", [name for name in FUSED if "one feature" not in name])
def test_fused_equals_pytorch(name):
    torch = pytest.importorskip("torch")
    (mine, bn), (other, theirs) = pair(nn, name), pair(torch.nn, name)
    with torch.no_grad():
        theirs.running_mean.normal_()
        theirs.running_var.uniform_(0.5, 2)
    mine.load_state_dict(other.state_dict())
    bn.load_state_dict(theirs.state_dict())
    other.weight.requires_grad_(False)
    mine.weight.requires_grad_(False)
    ours, expected = fuse(nn, mine, bn, **FUSED[name][3]), fuse(torch.nn, other, theirs, **FUSED[name][3])
    for (key, a), b in zip(ours.named_parameters(), expected.parameters(), strict=True):
        np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-12, err_msg=key)
        assert a.requires_grad == b.requires_grad


def test_skip_init_draws_nothing():
    ag.manual_seed(0)
    expected = ag.rand(2).tolist()
    ag.manual_seed(0)
    model = nn.utils.skip_init(nn.Transformer, 8, 2, 1, 1, dim_feedforward=12)
    assert ag.rand(2).tolist() == expected
    model.load_state_dict(nn.Transformer(8, 2, 1, 1, dim_feedforward=12).state_dict())
    assert len(set(nn.Linear(5, 5).weight.flatten().tolist())) == 25  # drawn again


def model():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def test_functional_call_uses_what_it_is_given_and_leaves_the_module():
    ag.manual_seed(0)
    net, x = model(), ag.randn(5, 3)
    own = dict(net.named_parameters())
    other = {name: ag.randn(*p.shape, requires_grad=True) for name, p in own.items()}
    y = functional_call(net, other, x)
    expected = model()
    expected.load_state_dict(other)
    np.testing.assert_allclose(y.detach(), expected(x).detach(), rtol=1e-6)
    y.sum().backward()
    assert all(p.grad is not None for p in other.values())
    assert all(p.grad is None for p in net.parameters())
    assert dict(net.named_parameters()).keys() == own.keys()
    assert all(getattr(net[0], name) is own[f"0.{name}"] for name in ("weight", "bias"))
    partly = functional_call(net, ({"0.bias": other["0.bias"]}, {"2.bias": other["2.bias"]}), (), {"input": x})
    assert not np.allclose(partly.detach(), y.detach())


def test_functional_call_restores_after_an_error():
    net = model()
    weight = net[0].weight
    with pytest.raises(ValueError, match="linear"):
        functional_call(net, {"0.weight": ag.ones(4, 7)}, ag.ones(5, 3))
    assert net[0].weight is weight


def test_gradients_and_hessians_of_a_model():
    net, x = model().double(), ag.tensor(RNG.standard_normal((5, 3)))
    names, values = zip(*net.named_parameters(), strict=True)
    loss = lambda *values: (functional_call(net, dict(zip(names, values, strict=True)), x) ** 2).sum()
    given = [ag.tensor(RNG.standard_normal(p.shape), requires_grad=True) for p in values]
    assert ag.gradcheck(loss, given)
    assert ag.gradgradcheck(loss, given, fast_mode=True)


def test_one_call_compiled():
    net, x = model(), ag.randn(5, 3)
    function = lambda weight: functional_call(net, {"0.weight": weight}, x).sum()
    compiled = ag.compile(function)
    for _ in range(3):
        weight = ag.randn(4, 3)
        assert compiled(weight).item() == pytest.approx(function(weight).item(), rel=1e-5)
        assert isinstance(net[0].weight, nn.Parameter)


def test_buffers_that_are_written():
    bn = nn.BatchNorm1d(2)
    given = {"running_mean": ag.zeros(2), "num_batches_tracked": ag.tensor(3)}
    functional_call(bn, given, ag.ones(4, 2))
    np.testing.assert_allclose(given["running_mean"], [0.1, 0.1])
    assert given["num_batches_tracked"].item() == 4
    assert not bn.running_mean.any()
    assert bn.num_batches_tracked.item() == 0


def test_tied_weights():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    net, x = Tied(), ag.ones(2)
    twice = functional_call(net, {"a.weight": 2 * ag.eye(2)}, x)
    assert twice.tolist() == [4, 4]
    once = functional_call(net, {"a.weight": 2 * ag.eye(2), "b.weight": ag.eye(2)}, x, tie_weights=False)
    assert once.tolist() == [2, 2]
    assert net.a.weight is net.b.weight


LINEAR, NORM = nn.Linear(3, 4).eval(), nn.BatchNorm1d(4).eval()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: fuse(nn, nn.Linear(3, 4), NORM), ValueError, r"\.eval\(\)"),
    (lambda: fuse(nn, LINEAR, nn.BatchNorm1d(3).eval()), ValueError, "num_features of 4"),
    (lambda: fuse(nn, LINEAR, nn.BatchNorm1d(4, track_running_stats=False).eval()), ValueError, "running values"),
    (lambda: functional_call(LINEAR, {"weight": ag.ones(4, 3)}, ag.ones(3), strict=True), RuntimeError, "missing: bias"),
    (lambda: functional_call(LINEAR, ({"bias": ag.ones(4)},) * 2, ag.ones(3)), ValueError, "one dict only"),
])  # fmt: skip
def test_mistakes(call, error, words):
    with pytest.raises(error, match=words):
        call()
