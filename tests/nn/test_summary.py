"""The table of a model's layers."""
from __future__ import annotations

import numpy as np

import autograd as ag
import nn


def test_shapes_parameters_and_multiply_adds():
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10))
    found = model.summary(ag.ones(2, 1, 8, 8))
    rows = {row.type: row for row in found.rows}
    assert rows["Conv2d"].shape == (2, 8, 6, 6)
    assert rows["Conv2d"].parameters == 80
    assert rows["Conv2d"].multiply_adds == 2 * 8 * 36 * 9
    assert rows["Linear"].multiply_adds == 2 * 72 * 10
    assert found.multiply_adds == rows["Conv2d"].multiply_adds + rows["Linear"].multiply_adds
    assert found.parameters == sum(p.numel() for p in model.parameters()) == found.trainable
    assert rows["Flatten"].nbytes == 2 * 72 * 4
    for p in model[0].parameters():
        p.requires_grad_(False)
    frozen = model.summary(ag.ones(2, 1, 8, 8))
    assert frozen.multiply_adds == found.multiply_adds
    assert "826 parameters, 80 of them frozen" in str(frozen)


def test_lstm_transposed_convolution_and_attention():
    assert nn.LSTM(4, 8, 2).summary(ag.ones(5, 3, 4)).multiply_adds == 15 * (4 * 32 + 8 * 32 + 8 * 32 + 8 * 32)
    assert nn.ConvTranspose2d(2, 3, 2, bias=False).summary(ag.ones(1, 2, 4, 4)).multiply_adds == 2 * 16 * 3 * 4


def test_packed_sequences():
    layer = nn.LSTM(3, 4, num_layers=2, proj_size=2)
    packed = nn.utils.rnn.pack_sequence([ag.ones(5, 3), ag.ones(2, 3)])
    row = nn.summary(layer, packed).rows[0]
    assert row.shape == (7, 2)
    assert row.multiply_adds == 7 * sum(p.numel() for name, p in layer.named_parameters() if "weight" in name)
    assert row.nbytes == 4 * (7 * 2 + 2 * 2 * (2 + 4))


def test_looking_changes_nothing():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    before = [b.numpy().copy() for b in model.buffers()]
    state = ag.get_rng_state().numpy().copy()
    x = ag.ones(5, 3)
    model.summary(x)
    assert model.training
    assert model[2].training
    assert model._hooks is None
    assert not x.requires_grad
    np.testing.assert_equal([b.numpy() for b in model.buffers()], before)
    np.testing.assert_equal(ag.get_rng_state().numpy(), state)
    assert all(p.grad is None for p in model.parameters())


def test_several_inputs_and_outputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 3)

        def forward(self, x, y, scale=1):
            return self.a(x) * scale, y

    found = Two().summary(ag.ones(4, 2), ag.zeros(4, dtype=ag.int64), scale=2)
    assert [row.name for row in found.rows] == ["", "a"]
    assert found.rows[0].shape == (4, 3)
