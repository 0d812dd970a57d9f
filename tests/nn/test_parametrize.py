"""Parameters computed from others, beside PyTorch: values, gradients, names, what becomes of the module."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import autograd as ag
import nn
from nn.utils import parametrizations, parametrize

RNG = np.random.default_rng(0)


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT


class Exponential(nn.Module):
    def forward(self, x):
        return ag.exp(x)

    def right_inverse(self, y):
        return ag.log(y)


class Product(nn.Module):
    def forward(self, a, b):
        return a[:, None] * b

    def right_inverse(self, y):
        return y.sum(1), y.sum(0) / y.sum()


LINEAR, CONV, TRANSPOSED = ("Linear", (4, 3), (2, 4)), ("Conv2d", (2, 3, 2), (2, 2, 4, 4)), ("ConvTranspose1d", (2, 3, 2), (2, 2, 4))
SQUARE, WIDE = ("Linear", (3, 3), (2, 3)), ("Linear", (5, 3), (2, 5))
# name: (module, function, options), layer
CASES = {
    "weight_norm": (("parametrizations", "weight_norm", {}), LINEAR),
    "weight_norm, conv": (("parametrizations", "weight_norm", {}), CONV),
    "weight_norm, other dim": (("parametrizations", "weight_norm", {"dim": 1}), CONV),
    "weight_norm, whole": (("parametrizations", "weight_norm", {"dim": None}), LINEAR),
    "weight_norm, bias": (("parametrizations", "weight_norm", {"name": "bias"}), LINEAR),
    "spectral_norm": (("parametrizations", "spectral_norm", {}), LINEAR),
    "spectral_norm, conv": (("parametrizations", "spectral_norm", {"n_power_iterations": 3}), CONV),
    "spectral_norm, transposed": (("parametrizations", "spectral_norm", {}), TRANSPOSED),
    "spectral_norm, vector": (("parametrizations", "spectral_norm", {"name": "bias"}), LINEAR),
    "orthogonal": (("parametrizations", "orthogonal", {}), SQUARE),
    "orthogonal, tall": (("parametrizations", "orthogonal", {}), ("Linear", (3, 5), (2, 3))),
    "orthogonal, wide": (("parametrizations", "orthogonal", {}), WIDE),
    "orthogonal, exponential": (("parametrizations", "orthogonal", {"orthogonal_map": "matrix_exp"}), WIDE),
    "orthogonal, cayley": (("parametrizations", "orthogonal", {"orthogonal_map": "cayley"}), SQUARE),
    "orthogonal, cayley, wide": (("parametrizations", "orthogonal", {"orthogonal_map": "cayley"}), WIDE),
    "orthogonal, reflections": (("parametrizations", "orthogonal", {"use_trivialization": False}), WIDE),
    "orthogonal, no base": (("parametrizations", "orthogonal", {"use_trivialization": False}), SQUARE),
    "older weight_norm": ((None, "weight_norm", {}), LINEAR),
    "older weight_norm, whole": ((None, "weight_norm", {"dim": None}), CONV),
    "older spectral_norm": ((None, "spectral_norm", {"n_power_iterations": 2}), LINEAR),
    "older spectral_norm, transposed": ((None, "spectral_norm", {}), TRANSPOSED),
}
pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")


def made(library, name):
    (where, function, options), (kind, sizes, _) = CASES[name]
    utils = library.nn.utils if library is not ag else nn.utils
    layer = getattr(library.nn if library is not ag else nn, kind)(*sizes).double()
    return getattr(getattr(utils, where) if where else utils, function)(layer, **options)


def pair(torch, name):
    theirs, ours = made(torch, name), made(ag, name)
    with torch.no_grad():
        for p in theirs.parameters():
            if "orthogonal" not in name:
                p.copy_(torch.randn_like(p))
            elif p.ndim > 1:
                p.add_(torch.randn_like(p).tril(-1) * 0.3)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@pytest.mark.parity
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", CASES)
def test_equals_pytorch(name, training):
    torch = pytest.importorskip("torch")
    ours, theirs = (layer.train(training) for layer in pair(torch, name))
    assert repr(ours) == repr(theirs)
    for _ in range(2):
        x = RNG.standard_normal(CASES[name][1][2])
        mine, other = ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y, z = ours(mine), theirs(other)
        np.testing.assert_allclose(y.detach(), z.detach(), rtol=1e-9, atol=1e-12)
        (y**2).sum().backward()
        (z**2).sum().backward()
        np.testing.assert_allclose(mine.grad, other.grad, rtol=1e-8, atol=1e-11)
    for (key, a), (other, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert key == other
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-8, atol=1e-11, err_msg=key)
    for (key, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        np.testing.assert_allclose(a, b.detach(), rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", CASES)
def test_compiled_equals_eager(name):
    ag.manual_seed(0)
    eager = made(ag, name)
    compiled_one = copy.deepcopy(eager)

    def stepped(model):
        def step(x):
            model.zero_grad()
            loss = (model(x) ** 2).sum()
            loss.backward()
            return loss

        return step

    plain, compiled = stepped(eager), ag.compile(stepped(compiled_one))
    for _ in range(3):
        x = ag.tensor(RNG.standard_normal(CASES[name][1][2]))
        assert compiled(x).item() == pytest.approx(plain(x).item(), rel=1e-9)
        for (key, a), b in zip(eager.named_parameters(), compiled_one.parameters(), strict=True):
            np.testing.assert_allclose(a.grad, b.grad, rtol=1e-8, atol=1e-11, err_msg=key)
        for a, b in zip(eager.state_dict().values(), compiled_one.state_dict().values(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in CASES if "orthogonal" in name or "weight_norm" in name])
def test_begins_with_the_value_or_the_nearest(name):
    (_, _, options), (kind, sizes, _) = CASES[name]
    ag.manual_seed(0)
    tensor = options.get("name", "weight")
    before = getattr(getattr(nn, kind)(*sizes).double(), tensor).detach()
    ag.manual_seed(0)
    after = getattr(made(ag, name), tensor).detach()
    if "orthogonal" not in name:
        np.testing.assert_allclose(after, before, rtol=1e-6)
        return
    tall = after if after.shape[0] >= after.shape[1] else after.mT
    np.testing.assert_allclose(tall.mT @ tall, np.eye(tall.shape[1]), atol=1e-10)
    if "no base" not in name:
        factor = tall.mT @ (before if after.shape[0] >= after.shape[1] else before.mT)  # R, with a positive diagonal
        np.testing.assert_allclose(np.tril(factor, -1), 0, atol=1e-7)
        assert (np.diag(factor) > 0).all()


def test_orthogonal_values_are_taken_as_they_are():
    layer = nn.Linear(3, 3).double()
    nn.init.orthogonal_(layer.weight)
    before = layer.weight.detach().clone()
    parametrizations.orthogonal(layer)
    np.testing.assert_allclose(layer.weight.detach(), before, atol=1e-12)
    wanted = nn.init.orthogonal_(ag.empty(3, 3, dtype=ag.float64))
    layer.weight = wanted
    np.testing.assert_allclose(layer.weight.detach(), wanted, atol=1e-12)
    tall = parametrizations.orthogonal(nn.Linear(3, 5).double(), use_trivialization=False)
    wanted = nn.init.orthogonal_(ag.empty(5, 3, dtype=ag.float64))
    tall.weight = wanted
    np.testing.assert_allclose(tall.weight.detach(), wanted, atol=1e-12)


def test_an_orthogonal_weight_stays_so_while_it_learns():
    layer = parametrizations.orthogonal(nn.Linear(4, 4))
    optimiser = nn.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(20):
        optimiser.zero_grad()
        ((layer(ag.randn(8, 4)) - 1) ** 2).mean().backward()
        optimiser.step()
    np.testing.assert_allclose(layer.weight.T.detach() @ layer.weight.detach(), np.eye(4), atol=1e-5)


def test_the_original_is_the_parameter_that_it_was():
    layer = nn.Linear(3, 3)
    weight = layer.weight
    assert parametrize.register_parametrization(layer, "weight", Symmetric()) is layer
    assert layer.parametrizations.weight.original is weight
    assert isinstance(layer, nn.Linear)
    assert parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear
    assert layer.weight is weight
    assert list(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_array_equal(weight.detach(), weight.T.detach())


def test_removed_without_a_trace():
    layer = nn.Linear(3, 3)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_array_equal(layer.weight.detach(), before)


def test_several_and_assignment():
    layer = nn.Linear(3, 3).double()
    with ag.no_grad():
        layer.weight.abs_()
    parametrize.register_parametrization(layer, "weight", Exponential())
    parametrize.register_parametrization(layer, "weight", Exponential())
    wanted = 1.5 + ag.rand(3, 3, dtype=ag.float64)
    layer.weight = wanted
    np.testing.assert_allclose(layer.weight.detach(), wanted, rtol=1e-12)
    np.testing.assert_allclose(layer.parametrizations.weight.original.detach(), np.log(np.log(wanted)), rtol=1e-12)


def test_several_originals():
    layer = nn.Linear(3, 2)
    parametrize.register_parametrization(layer, "weight", Product())
    assert [p.shape for p in layer.parametrizations.weight.parameters()] == [(2,), (3,)]
    weight = layer.weight.detach()
    assert np.linalg.matrix_rank(weight) == 1
    layer.weight = 2 * weight
    np.testing.assert_allclose(layer.weight.detach(), 2 * weight, rtol=1e-5)
    with pytest.raises(ValueError, match="2 originals"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    assert isinstance(layer.weight, nn.Parameter)
    np.testing.assert_allclose(layer.weight.detach(), 2 * weight, rtol=1e-5)


def test_a_buffer():
    layer = nn.BatchNorm1d(2)
    parametrize.register_parametrization(layer, "running_var", Exponential())
    np.testing.assert_allclose(layer.running_var, [1, 1])
    assert "parametrizations.running_var.original" in dict(layer.named_buffers())
    parametrize.remove_parametrizations(layer, "running_var")
    assert "running_var" in dict(layer.named_buffers())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))], ids=["copy", "pickle"])
def test_copies_are_their_own(copied):
    layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    other = copied(layer)
    assert type(other) is type(layer)
    with ag.no_grad():
        other.parametrizations.weight.original.zero_()
    assert not other.weight.any()
    parametrize.remove_parametrizations(other, "weight")
    assert layer.weight.any()
    assert parametrize.is_parametrized(layer)


def test_cached():
    class Counted(nn.Module):
        count = 0

        def forward(self, x):
            Counted.count += 1
            return x * 2

    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Counted())
    Counted.count = 0
    with parametrize.cached():
        with parametrize.cached():
            first = layer.weight
        assert layer.weight is first
    assert Counted.count == 1
    assert layer.weight is not first


def test_transferred():
    first, second = parametrizations.weight_norm(nn.Linear(3, 2)), nn.Linear(3, 2)
    parametrizations.weight_norm(first, "bias")
    assert parametrize.transfer_parametrizations_and_params(first, second, "weight") is second
    np.testing.assert_array_equal(second.weight.detach(), first.weight.detach())
    assert not parametrize.is_parametrized(second, "bias")
    empty = parametrize.transfer_parametrizations_and_params(first, nn.Module())
    assert sorted(empty.state_dict()) == [f"parametrizations.{name}.original{i}" for name in ("bias", "weight") for i in (0, 1)]
    np.testing.assert_array_equal(empty.bias.detach(), first.bias.detach())


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
def test_the_older_forms_are_removed(kind):
    layer = getattr(nn.utils, kind)(nn.Linear(3, 2)).eval()
    x = ag.randn(4, 3)
    y = layer(x).detach()
    with pytest.raises(ValueError, match="the name of a parameter"):
        getattr(nn.utils, kind)(layer, "weight")
    assert copy.deepcopy(layer)(x).tolist() == pickle.loads(pickle.dumps(layer))(x).tolist() == y.tolist()
    assert isinstance(layer, nn.Linear)
    getattr(nn.utils, f"remove_{kind}")(layer)
    assert type(layer) is nn.Linear
    assert list(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(layer(x).detach(), y, rtol=1e-6)
    with pytest.raises(ValueError, match=f"{kind} on 'weight' is required"):
        getattr(nn.utils, f"remove_{kind}")(layer)


class Longer(nn.Module):
    def forward(self, x):
        return ag.cat([x, x])


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: parametrize.register_parametrization(nn.Linear(2, 2), "weights", Symmetric()), ValueError, "'weight', 'bias'"),
    (lambda: parametrize.register_parametrization(nn.Linear(2, 2), "weight", Longer()), ValueError, "unsafe=True"),
    (lambda: parametrize.remove_parametrizations(nn.Linear(2, 2), "weight"), ValueError, "'weight'"),
    (lambda: setattr(parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric()), "weight", ag.ones(2, 2)),
     NotImplementedError, "right_inverse"),
    (lambda: parametrizations.orthogonal(nn.Linear(2, 2), "bias"), ValueError, "a matrix"),
    (lambda: parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="qr"), ValueError, "'qr'"),
    (lambda: parametrizations.spectral_norm(nn.Linear(2, 2), dim=2), IndexError, "from -2 to 1"),
    (lambda: parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0), ValueError, "at least 1"),
    (lambda: parametrizations.weight_norm(nn.Linear(2, 2), "weights"), ValueError, "'weights'"),
])  # fmt: skip
def test_mistakes(call, error, words):
    with pytest.raises(error, match=words):
        call()
