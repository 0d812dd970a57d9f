"""Recurrent layers and cells against PyTorch: outputs, last states, gradients, keys, texts; what is refused."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn

RNG = np.random.default_rng(0)
SETTINGS = {
    "plain": {}, "two layers": {"num_layers": 2}, "no bias": {"bias": False}, "batch first": {"batch_first": True},
    "bidirectional": {"bidirectional": True}, "all": {"num_layers": 3, "batch_first": True, "bidirectional": True, "bias": False},
}  # fmt: skip
KINDS = {"RNN": {}, "RNN, relu": {"nonlinearity": "relu"}, "LSTM": {}, "LSTM, projected": {"proj_size": 2}, "GRU": {}}


def tensors(array):
    torch = pytest.importorskip("torch")
    return ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)


def close(a, b, rtol=1e-9, atol=1e-10):
    a, b = np.asarray(a.detach()), b.detach().numpy()
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, rtol, atol)


def flat(result):
    return [part for item in result for part in flat(item)] if isinstance(result, tuple) else [result]


def compare(kind, settings, arrays, states):
    """The same layer on the same arrays: everything that comes out, and every gradient."""
    torch = pytest.importorskip("torch")
    ours, theirs = (getattr(library, kind)(3, 4, **settings) for library in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    theirs = theirs.double()
    ours.double().load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    pairs = [tensors(array) for array in (*arrays, *states)]
    count = len(arrays)
    calls = []
    for i, layer in enumerate((ours, theirs)):
        given = [pair[i] for pair in pairs]
        hx = () if not states else (given[count],) if len(states) == 1 else (tuple(given[count:]),)
        calls.append(flat(layer(*given[:count], *hx)))
    for a, b in zip(*calls, strict=True):
        close(a, b)
    weights = [RNG.standard_normal(tuple(part.shape)) for part in calls[1]]
    sum((part * ag.tensor(w)).sum() for part, w in zip(calls[0], weights, strict=True)).backward()
    sum((part * torch.tensor(w)).sum() for part, w in zip(calls[1], weights, strict=True)).backward()
    for a, b in pairs:
        close(a.grad, b.grad)
    for (name, a), (other, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        close(a.grad, b.grad)


@pytest.mark.parity
@pytest.mark.parametrize("given", [True, False], ids=["states given", "no states"])
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_sequences_equal_pytorch(kind, setting, given):
    settings = KINDS[kind] | SETTINGS[setting]
    kind = kind.partition(",")[0]
    count = settings.get("num_layers", 1) * (1 + settings.get("bidirectional", False))
    states = 2 if kind == "LSTM" else 1
    for batch in (2, None, 1):
        shape = (5, 3) if batch is None else (batch, 5, 3) if settings.get("batch_first") else (5, batch, 3)
        lead = (count,) if batch is None else (count, batch)
        sizes = [settings.get("proj_size", 4), 4][: states * given]
        compare(kind, settings, [RNG.standard_normal(shape)], [RNG.standard_normal((*lead, size)) for size in sizes])


@pytest.mark.parity
@pytest.mark.parametrize("given", [True, False], ids=["states given", "no states"])
@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells_equal_pytorch(kind, given):
    for settings in ({}, {"bias": False}, *([{"nonlinearity": "relu"}] if kind == "RNNCell" else [])):
        for batch in ((2,), ()):
            states = [RNG.standard_normal((*batch, 4)) for _ in range((1 + (kind == "LSTMCell")) * given)]
            compare(kind, settings, [RNG.standard_normal((*batch, 3))], states)


@pytest.mark.parity
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_float32_and_one_step(kind):
    torch = pytest.importorskip("torch")
    ours, theirs = getattr(nn, kind)(6, 8), getattr(torch.nn, kind)(6, 8)
    ours.load_state_dict(theirs.state_dict())
    for steps in (1, 20):
        x = RNG.standard_normal((steps, 3, 6)).astype("float32")
        y, z = ours(ag.tensor(x))[0], theirs(torch.tensor(x))[0]
        assert y.dtype == np.float32
        close(y, z, 1e-4, 1e-6)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_twice_differentiable(kind):
    layer = getattr(nn, kind)(2, 3, num_layers=2).double()
    x = ag.tensor(RNG.standard_normal((3, 2, 2)), requires_grad=True)
    function = lambda x, *weights: layer(x)[0]
    assert ag.gradcheck(function, (x, *layer.parameters()), fast_mode=True)
    assert ag.gradgradcheck(function, (x, *layer.parameters()), fast_mode=True)


def test_gates_have_gradients_too():
    """The inner values that an op gives out lead back to its inputs, by the fast rule as by the recorded one."""
    x, h, w = (ag.tensor(RNG.standard_normal(shape), requires_grad=True) for shape in ((3, 2, 6), (2, 2), (6, 2)))
    assert ag.gradcheck(lambda *args: tuple(ag.gru_sequence(*args)), (x, h, w))


def test_dropout_is_between_the_layers():
    ag.manual_seed(0)
    x = ag.ones(3, 2, 2)
    layer = nn.GRU(2, 3, num_layers=2, dropout=1.0)
    y, _ = layer(x)
    cut, _ = layer(ag.zeros(3, 2, 2) - 5)
    np.testing.assert_array_equal(np.asarray(y.detach()), np.asarray(cut.detach()))  # nothing passes from below
    assert not np.array_equal(np.asarray(layer.eval()(x)[0].detach()), np.asarray(y.detach()))
    one = nn.GRU(2, 3, dropout=1.0)
    assert np.asarray(one(x)[0].detach()).any()


def test_learns_to_remember():
    """The sign of the first step, known at the last."""
    ag.manual_seed(0)
    layer, head = nn.LSTM(1, 8), nn.Linear(8, 1)
    optimiser = nn.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.02)
    for _ in range(120):
        x = ag.randn(8, 32, 1)
        target = (x[0] > 0).to(ag.float32)
        loss = nn.functional.binary_cross_entropy_with_logits(head(layer(x)[0][-1]), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.2


@pytest.mark.parametrize(("call", "words"), [
    (lambda: nn.RNN(3, 4, nonlinearity="sigmoid"), "'sigmoid'"),
    (lambda: nn.LSTM(3, 0), "at least 1"),
    (lambda: nn.LSTM(3, 4, dropout=2), "between 0 and 1"),
    (lambda: nn.LSTM(3, 4, proj_size=4), "proj_size below hidden_size"),
    (lambda: nn.RNNBase("RNN", 3, 4), "'RNN_TANH'"),
    (lambda: nn.LSTM(3, 4)(nn.utils.rnn.pack_sequence([ag.ones(5, 2)])), r"\(M, C\) with C = input_size = 3"),
    (lambda: ag.lstm_sequence(ag.ones(2, 3, 8), ag.ones(3, 1), ag.ones(3, 2), ag.ones(8, 1)), r"projection of shape \(1, 2\)"),
    (lambda: ag.rnn_sequence(ag.ones(3, 2), ag.ones(1, 2), ag.ones(2, 2), sizes=(1, 2)), "never grow"),
    (lambda: nn.LSTM(3, 4)(ag.ones(5, 2, 2)), "input_size = 3"),
    (lambda: nn.LSTM(3, 4)(ag.ones(0, 2, 3)), "at least one step"),
    (lambda: nn.LSTM(3, 4)(ag.ones(5, 2, 3), ag.ones(1, 2, 4)), "2 of shape"),
    (lambda: nn.GRU(3, 4)(ag.ones(5, 2, 3), ag.ones(1, 3, 4)), r"1 of shape \(1, 2, 4\)"),
    (lambda: nn.GRUCell(3, 4)(ag.ones(2, 2)), "input_size = 3"),
    (lambda: nn.LSTMCell(3, 4)(ag.ones(2, 3), (ag.ones(2, 4), ag.ones(2, 3))), r"shape \(2, 4\)"),
    (lambda: ag.gru_sequence(ag.ones(2, 3, 8), ag.ones(3, 2), ag.ones(8, 2)), r"3 \* H"),
    (lambda: ag.lstm_sequence(ag.ones(2, 3, 8), ag.ones(3, 2), ag.ones(2, 2), ag.ones(8, 2)), "state c"),
])  # fmt: skip
def test_mistakes(call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert "test_recurrent.py" in str(caught.value)
