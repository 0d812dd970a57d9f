"""Rows that are read by an index and added up at another one: one call, and the numbers of eager."""
from __future__ import annotations

import numpy as np
import pytest
from beside_eager import compare, draws

import autograd as ag
from autograd import Tensor
from autograd.errors import DimError

NODES, EDGES, WIDTH = 300, 5000, 16


def graph(seed=0, edges=EDGES):
    source, target = np.random.default_rng(seed).integers(0, NODES, (2, edges))
    return Tensor(source), Tensor(target)


def messages(h, source, target):
    return ag.zeros_like(h).index_add(0, target, h[source])


def calls_of(function, *args):
    compiled = ag.compile(function)
    compiled(*args)
    (entry,) = compiled.programs
    return [instruction.name for instruction in entry.program.instructions]


def passed_on(x, source, target):
    h = messages(messages(x, source, target).tanh(), source, target)
    h.tanh().sum().backward()
    return h.detach()


def test_messages_are_one_call_each_forwards_and_backwards():
    (x,) = draws((NODES, WIDTH), calls=1, requires_grad=True)[0]
    names = calls_of(passed_on, x, *graph())
    assert names.count("add_read_at") == 4
    assert not {"place", "read_at", "getitem", "add"} & set(names)


def test_few_messages_are_one_call_too():
    names = calls_of(messages, draws((30, 4), calls=1)[0][0], Tensor(np.arange(9)), Tensor(np.arange(9) % 4))
    assert "add_read_at" in names
    assert not {"place", "read_at", "getitem", "add"} & set(names)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("edges", [EDGES, 7, 0])
def test_messages_beside_eager(dtype, edges):
    def make():
        return passed_on, []

    xs = draws((NODES, WIDTH), dtype=dtype, requires_grad=True)
    compare(make, [(*x, *graph(seed, edges)) for seed, x in enumerate(xs)])


def test_an_index_that_is_written_to_is_read_anew():
    source, target = graph()

    def change(world):
        world[0].numpy()[:100] = 7

    def make():
        rows = source.clone()
        return (lambda x: messages(x, rows, target)), [rows]

    x = draws((NODES, WIDTH), calls=1)[0]
    compare(make, [x, change, x])


@pytest.mark.parametrize("position", [1, 2], ids=["source", "target"])
@pytest.mark.parametrize("wrong", [NODES, -NODES - 1])
def test_an_index_out_of_range_is_an_error_in_each_call(position, wrong):
    args = [draws((NODES, WIDTH), calls=1)[0][0], *graph()]
    step = ag.compile(messages)
    step(*args)
    args[position] = args[position].clone()
    args[position].numpy()[5] = wrong
    with pytest.raises(DimError, match=rf"from -{NODES} to {NODES - 1}.*{wrong}"):
        step(*args)
    with pytest.raises(DimError, match=str(wrong)):
        ag.compile(messages)(*args)


def read_twice(x, source, target):
    h = x[source]
    return messages(x, source, target) + ag.zeros_like(x).index_add(0, target, h), h


def written_between(x, source, target):
    y = x * 1
    h = y[source]
    y += 1
    return ag.zeros_like(y).index_add(0, target, h) + y


def added_to_what_is_not_zero(x, source, target):
    return x.index_add(0, target, x[source], alpha=2)


def of_another_form(x, source, target):
    parts = x.reshape(NODES, 4, 4)[source[:1000]]
    return ag.zeros(NODES, 4).index_add(0, target[:4000], parts.reshape(4000, 4))


def looked_up(x, source, target):
    return ag.zeros(NODES, WIDTH).index_add(0, target, ag.embedding(x, source)), ag.embedding(x, source.reshape(50, -1))


@pytest.mark.parametrize("function", [read_twice, written_between, added_to_what_is_not_zero, of_another_form, looked_up])
def test_what_is_like_messages_only_at_first_sight(function):
    compare(lambda: (function, []), [(*x, *graph()) for x in draws((NODES, WIDTH), requires_grad=True)])
