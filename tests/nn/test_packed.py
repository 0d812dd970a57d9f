"""Sequences of several lengths beside PyTorch: packed, padded, and through recurrent layers."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
from nn.utils import rnn

RNG = np.random.default_rng(0)
LENGTHS = {"falling": [5, 3, 3, 1], "in any order": [2, 5, 1, 4], "equal": [3, 3], "one": [4]}
LAYERS = {
    "RNN": ("RNN", {}), "RNN, relu": ("RNN", {"nonlinearity": "relu"}), "LSTM": ("LSTM", {}), "GRU": ("GRU", {}),
    "LSTM, projected, two layers": ("LSTM", {"proj_size": 2, "num_layers": 2}),
    "LSTM, both ways": ("LSTM", {"num_layers": 2, "bidirectional": True}),
    "GRU, both ways": ("GRU", {"bidirectional": True, "bias": False}),
    "RNN, both ways": ("RNN", {"num_layers": 2, "bidirectional": True}),
}  # fmt: skip


def sequences(lengths, *rest):
    return [RNG.standard_normal((length, *rest)) for length in lengths]


def parts(packed):
    return [None if part is None else np.asarray(part.detach()).tolist() for part in packed]


def close(a, b, rtol=1e-9):
    assert tuple(a.shape) == tuple(b.shape)
    np.testing.assert_allclose(np.asarray(a.detach()), b.detach().numpy(), rtol, 1e-12)


@pytest.mark.parity
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", LENGTHS)
def test_packing_equals_pytorch(name, batch_first):
    torch = pytest.importorskip("torch")
    lengths, enforce = LENGTHS[name], name != "in any order"
    padded = RNG.standard_normal((len(lengths), 5, 2) if batch_first else (5, len(lengths), 2))
    mine, other = ag.tensor(padded, requires_grad=True), torch.tensor(padded, requires_grad=True)
    packed = rnn.pack_padded_sequence(mine, lengths, batch_first, enforce)
    expected = torch.nn.utils.rnn.pack_padded_sequence(other, torch.tensor(lengths), batch_first, enforce)
    assert parts(packed) == parts(expected)
    assert parts(rnn.pack_padded_sequence(mine, ag.tensor(lengths), batch_first, enforce_sorted=False))[0] == parts(expected)[0]
    for options in ({}, {"padding_value": -2.5, "total_length": 7}, {"padding_value": -np.inf, "batch_first": True}):
        (y, n), (z, m) = rnn.pad_packed_sequence(packed, **options), torch.nn.utils.rnn.pad_packed_sequence(expected, **options)
        assert n.tolist() == m.tolist() == lengths
        close(y, z)
    weight = RNG.standard_normal(packed.data.shape)
    (packed.data * ag.tensor(weight)).sum().backward()
    (expected.data * torch.tensor(weight)).sum().backward()
    close(mine.grad, other.grad)


@pytest.mark.parity
@pytest.mark.parametrize("rest", [(), (2,), (2, 3)])
@pytest.mark.parametrize("name", LENGTHS)
def test_lists_of_sequences_equal_pytorch(name, rest):
    torch = pytest.importorskip("torch")
    theirs = torch.nn.utils.rnn
    arrays, enforce = sequences(LENGTHS[name], *rest), name != "in any order"
    mine, other = [ag.tensor(a) for a in arrays], [torch.tensor(a) for a in arrays]
    for options in ({}, {"batch_first": True, "padding_value": -1.0}, {"padding_side": "left"}):
        close(rnn.pad_sequence(mine, **options), theirs.pad_sequence(other, **options))
    packed = rnn.pack_sequence(mine, enforce)
    assert parts(packed) == parts(theirs.pack_sequence(other, enforce))
    for back in (rnn.unpack_sequence(packed), rnn.unpad_sequence(rnn.pad_sequence(mine), LENGTHS[name])):
        assert [x.tolist() for x in back] == [a.tolist() for a in arrays]


def layers(torch, name):
    kind, options = LAYERS[name]
    ours, theirs = getattr(nn, kind)(3, 4, **options).double(), getattr(torch.nn, kind)(3, 4, **options).double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs, [options.get("proj_size", 4), 4][: 1 + (kind == "LSTM")], options


def flat(result):
    return [result[0].data, *(result[1] if isinstance(result[1], tuple) else [result[1]])]


@pytest.mark.parity
@pytest.mark.parametrize("given", [True, False], ids=["states given", "no states"])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_equal_pytorch(name, lengths, given):
    torch = pytest.importorskip("torch")
    ours, theirs, widths, options = layers(torch, name)
    arrays, enforce = sequences(LENGTHS[lengths], 3), lengths != "in any order"
    count = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    states = [RNG.standard_normal((count, len(arrays), width)) for width in widths]
    outputs, leaves = [], []
    for layer, tensor, library in ((ours, ag.tensor, rnn), (theirs, torch.tensor, torch.nn.utils.rnn)):
        inputs, hx = [[tensor(a, requires_grad=True) for a in group] for group in (arrays, states)]
        packed = library.pack_sequence(inputs, enforce)
        result = layer(packed, *([hx[0] if len(hx) == 1 else tuple(hx)] if given else []))
        assert parts(result[0])[1:] == parts(packed)[1:]
        outputs.append(flat(result))
        leaves.append([*inputs, *(hx if given else []), *layer.parameters()])
    for y, z in zip(*outputs, strict=True):
        close(y, z)
    weights = [RNG.standard_normal(y.shape) for y in outputs[0]]
    sum((y * ag.tensor(w)).sum() for y, w in zip(outputs[0], weights, strict=True)).backward()
    sum((y * torch.tensor(w)).sum() for y, w in zip(outputs[1], weights, strict=True)).backward()
    for a, b in zip(*leaves, strict=True):
        close(a.grad, b.grad, 1e-8)


@pytest.mark.parametrize("name", LAYERS)
def test_as_each_sequence_alone(name):
    """No padding is seen, in either direction."""
    kind, options = LAYERS[name]
    layer = getattr(nn, kind)(3, 4, **options).double()
    given = [ag.tensor(a) for a in sequences([2, 5, 1, 4], 3)]
    output, last = layer(rnn.pack_sequence(given, enforce_sorted=False))
    last = last[0] if isinstance(last, tuple) else last
    for i, (x, y) in enumerate(zip(given, rnn.unpack_sequence(output), strict=True)):
        alone, end = layer(x)
        end = end[0] if isinstance(end, tuple) else end
        np.testing.assert_allclose(y.detach(), alone.detach(), rtol=1e-10)
        np.testing.assert_allclose(last[:, i].detach(), end.detach(), rtol=1e-10)


@pytest.mark.parametrize("name", ["RNN", "LSTM, both ways", "LSTM, projected, two layers", "GRU"])
def test_twice_differentiable(name):
    kind, options = LAYERS[name]
    layer = getattr(nn, kind)(3, 4, **options).double()
    x = ag.tensor(RNG.standard_normal((3, 3, 3)), requires_grad=True)
    function = lambda x, *weights: layer(rnn.pack_padded_sequence(x, [3, 2, 1]))[0].data
    assert ag.gradgradcheck(function, (x, *layer.parameters()), fast_mode=True)


@pytest.mark.parametrize("name", LAYERS)
def test_compiled_equals_eager(name):
    kind, options = LAYERS[name]
    layer = getattr(nn, kind)(3, 4, **options)

    def step(x, lengths):
        layer.zero_grad()
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        y, _ = rnn.pad_packed_sequence(layer(packed)[0])
        loss = (y * y).sum()
        loss.backward()
        return loss

    compiled = ag.compile(step)
    for lengths in ([2, 5, 1, 4], [2, 5, 1, 4], [3, 5, 5, 2]):
        x = ag.randn(5, 4, 3)
        eager = step(x, lengths).item()
        gradients = [p.grad.numpy().copy() for p in layer.parameters()]
        assert compiled(x, lengths).item() == pytest.approx(eager, rel=1e-5)
        for p, g in zip(layer.parameters(), gradients, strict=True):
            np.testing.assert_allclose(p.grad, g, rtol=1e-4, atol=1e-5)


def test_a_packed_sequence_is_converted():
    packed = rnn.pack_sequence([ag.ones(2, 3)])
    assert packed.double().data.dtype == ag.float64
    assert packed.double().float().data.dtype == ag.float32


@pytest.mark.parametrize(("call", "words"), [
    (lambda: rnn.pack_padded_sequence(ag.ones(3, 2), [1, 3]), "enforce_sorted=False"),
    (lambda: rnn.pack_padded_sequence(ag.ones(3, 2), [3]), "2 lengths from 1 to 3"),
    (lambda: rnn.pack_padded_sequence(ag.ones(3, 2), [4, 1]), r"\[4, 1\]"),
    (lambda: rnn.pack_padded_sequence(ag.ones(3, 2), [3, 0]), r"\[3, 0\]"),
    (lambda: rnn.pad_packed_sequence(rnn.pack_sequence([ag.ones(3)]), total_length=2), "at least 3"),
    (lambda: rnn.pad_sequence([ag.ones(3, 2), ag.ones(2, 1)]), "the same"),
    (lambda: rnn.pad_sequence([ag.ones(3)], padding_side="both"), "'both'"),
])  # fmt: skip
def test_mistakes(call, words):
    with pytest.raises(ValueError, match=words):
        call()
