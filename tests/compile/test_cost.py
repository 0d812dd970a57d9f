"""What a capture costs in memory, by what is allocated at once."""
from __future__ import annotations

import tracemalloc

import numpy as np

import autograd as ag
import nn
import nn.functional as F
from autograd import Tensor
from nn import optim


def most_at_once(function):
    """Bytes allocated at the peak of a call, beyond what there was before; and what it returns."""
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


def test_a_step_holds_few_copies_of_the_parameters():
    """The joined parameters, gradients, momentum, and one temporary array; what they were before is not counted, and is freed."""
    model = nn.Sequential(nn.Linear(1000, 1000), nn.Linear(1000, 1000))
    optimiser = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    size = sum(p.numpy().nbytes for p in map(Tensor.detach, model.parameters()))

    @ag.compile
    def step(x):
        optimiser.zero_grad()
        loss = F.mse_loss(model(x), x)
        loss.backward()
        optimiser.step()
        return loss

    most, _ = most_at_once(lambda: step(ag.ones(4, 1000)))
    assert most < 4.6 * size


def test_a_long_program_takes_little_memory_per_call():
    x, length = Tensor(np.ones(4, np.float32), requires_grad=True), 5000

    @ag.compile
    def chain():
        y = x
        for _ in range(length):
            y = y * 1.0001
        return y.sum()

    most, first = most_at_once(chain)
    assert most < 5000 * length
    assert chain().item() == first.item()


def test_a_program_of_several_parts_is_that_of_one():
    """Long programs are compiled part by part; what one part makes and another reads is handed on."""
    def sums(x):
        y, sums = x, []
        for n in range(1500):
            y = ag.sin(y) + x
            if n % 100 == 0:
                sums.append(y.argsort().sum())  # no fixed place: a local variable
        return y, sums

    compiled = ag.compile(sums)
    rng = np.random.default_rng(0)
    for _ in range(3):
        x = Tensor(rng.standard_normal(5))
        y, found = compiled(x)
        expected, values = sums(x)
        np.testing.assert_array_equal(y.numpy(), expected.numpy())
        assert [s.item() for s in found] == [s.item() for s in values]
    (entry,) = compiled.programs
    assert "part1" in entry.replay.namespace
