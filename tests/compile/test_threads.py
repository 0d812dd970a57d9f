"""Threads: compiled functions called, captured and trained by several at once, and eager work beside them."""
from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from beside_eager import draws, same

import autograd as ag
import nn
import nn.functional as F
from autograd import Tensor, writes
from nn import optim

A, B = (t for t, in draws((3,), calls=2))


@pytest.fixture(autouse=True)
def _hasty():
    """Threads that take turns a thousand times as often as usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def together(count, function):
    problems = []

    def run(i):
        try:
            function(i)
        except BaseException as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems


def test_calls_from_several_threads():
    w = leaf(1.0, 2.0, 3.0)
    compiled = ag.compile(lambda x: (ag.exp(x * w) * w).sum(-1))

    def run(i):
        for k in range(30):
            x = Tensor(np.full((4 + i % 2, 3), 0.1 * i + 0.01 * k))
            y = compiled(x)
            (g,) = ag.grad(y.sum(), w)
            e = np.exp(x.numpy() * w.detach().numpy())
            np.testing.assert_allclose(y.detach().numpy(), (e * w.detach().numpy()).sum(-1))
            np.testing.assert_allclose(g.numpy(), (e * (1 + x.numpy() * w.detach().numpy())).sum(0))

    together(4, run)


def test_eager_work_beside_a_capture():
    """Threads that compile nothing are not recorded, and record nothing, while another one captures."""
    started, done = threading.Event(), threading.Event()

    @ag.compile
    def slow(x):
        y = x * 2
        started.set()
        done.wait(5)
        return y + 1

    def run(i):
        if i == 0:
            same(slow(A), A * 2 + 1)
            return
        started.wait(5)
        try:
            v = leaf(1.0, 2.0, 3.0)
            y = (v * B).sum()
            y.backward()
            assert v.grad.tolist() == B.to(ag.float64).tolist()
            assert float(y) == y.item()
            z = B * 1
            z += 1
            z[0] = 3
            assert str(z)
        finally:
            done.set()

    together(2, run)
    (entry,) = slow.programs
    assert entry.captured == 2


def test_a_shared_parameter_read_beside_a_capture():
    """While one thread captures with a parameter, others may use it."""
    w = leaf(1.0, 2.0, 3.0)
    started, done = threading.Event(), threading.Event()

    @ag.compile
    def slow(x):
        y = x * w
        started.set()
        done.wait(5)
        return y

    def run(i):
        if i == 0:
            slow(A)
            return
        started.wait(5)
        try:
            assert (w * 2).tolist() == [2, 4, 6]
        finally:
            done.set()

    together(2, run)


def test_two_functions_captured_at_once():
    """One after the other, for while one is, the tensors that both read show traced arrays."""
    w = leaf(1.0, 2.0, 3.0)
    barrier = threading.Barrier(2)
    compiled = [ag.compile(lambda x: (x * w).sum() * 2), ag.compile(lambda x: (x * w).sum() + 1)]

    def run(i):
        for n in range(1, 20):
            x = Tensor(np.arange(3.0 * n).reshape(n, 3))
            barrier.wait(5)
            y = compiled[i](x)
            s = (x.numpy() * [1, 2, 3]).sum()
            assert y.item() == (s + 1 if i else s * 2)

    with pytest.warns(UserWarning, match="again and again"):
        together(2, run)
    assert [entry.captured for c in compiled for entry in c.programs] == [3] * 32


def test_a_replay_waits_for_what_another_function_captures():
    """Its tensors show traced arrays meanwhile, which is no reason to capture anew."""
    model = nn.Linear(3, 3)
    started, replaying = threading.Event(), threading.Event()
    replayed = ag.compile(lambda x: model(x) * 2)
    expected = replayed(A)

    @ag.compile
    def slow(x):
        y = model(x)
        started.set()
        replaying.wait(0.2)
        return y

    def run(i):
        if i == 0:
            slow(A)
        else:
            started.wait(5)
            same(replayed(A), expected)
            replaying.set()

    together(2, run)
    assert len(replayed.programs) == 1


def made(seed):
    ag.manual_seed(seed)
    model = nn.MLP(4, [16], 2, activation="tanh")
    return model, optim.Adam(model.parameters(), lr=0.05)


def trained(seed, wrap, steps=40):
    """The losses and parameters of a model of its own after some steps."""
    rng = np.random.default_rng(seed)
    x, y = (Tensor(rng.standard_normal(shape).astype("f4")) for shape in ((8, 4), (8, 2)))
    with BUILDING:  # the global generator is one for all threads
        model, optimiser = made(seed)

    @wrap
    def step(x, y):
        optimiser.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimiser.step()
        return loss

    return [step(x, y).item() for _ in range(steps)], [p.detach() for p in model.parameters()]


BUILDING = threading.Lock()


@pytest.mark.parametrize("wrap", [lambda f: f, ag.compile], ids=["eager", "compiled"])
def test_each_thread_trains_a_model_of_its_own(wrap):
    found = {}

    def run(i):
        found[i] = trained(i, wrap)

    together(4, run)
    for i in range(4):
        losses, parameters = trained(i, wrap)
        assert found[i][0] == losses
        same(found[i][1], parameters)


def test_one_compiled_step_called_by_all():
    """Each call is a whole step: none is lost, and none sees half of another."""
    w = Tensor(np.zeros(5000), requires_grad=True)
    optimiser = optim.SGD([w], lr=1.0)

    @ag.compile
    def step(x):
        optimiser.zero_grad()
        loss = (w * x).sum()
        loss.backward()
        optimiser.step()
        return w + 0

    seen = []

    def run(i):
        seen.extend(step(Tensor(np.ones(5000))).detach().numpy() for _ in range(50))

    together(4, run)
    assert (w.detach().numpy() == -200).all()
    assert sorted(float(values[0]) for values in seen) == [-float(n) for n in range(200, 0, -1)]
    assert all((values == values[0]).all() for values in seen)


def test_a_model_read_and_differentiated_beside_a_capture():
    """What another thread makes of a parameter meanwhile does not depend on the capture: not even when that has ended."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    parameters = list(model.parameters())
    x = Tensor(np.arange(12.0, dtype="f4").reshape(4, 3))
    slopes = list(ag.grad(model(x).sum(), parameters))
    started, made = threading.Event(), threading.Event()
    results = []

    @ag.compile
    def slow(x):
        y = model(x)
        started.set()
        made.wait(5)
        return y

    def run(i):
        if i == 0:
            slow(x)
            return
        started.wait(5)
        same(list(ag.grad(model(x).sum(), parameters)), slopes)
        w = model[2].weight
        results.extend([model(x).sum(), model(x).sum(), w.detach(), w.view(-1), w[0], ag.cat([w, w])])
        made.set()

    together(2, run)
    loss, spoiled, plain, *views, joined = results
    assert [type(t.numpy(force=True)) for t in results] == [np.ndarray] * len(results)
    same(list(ag.grad(loss, parameters)), slopes)
    assert all(np.shares_memory(plain.numpy(), view.numpy(force=True)) for view in views)
    same(joined.detach(), ag.cat([plain, plain]))
    plain.mul_(2)
    with pytest.raises(ag.errors.GraphError, match="overwritten in place"):
        spoiled.backward()


def test_the_clock_of_writes_goes_forward(monkeypatch):
    """A write that is noted late must not hide a later one, or a saved value that was overwritten would not be found."""
    class Clock:
        """One thread is interrupted between taking a number and noting it."""

        def __next__(self):
            now = next(clock)
            if threading.current_thread().name == "slow":
                taken.set()
                noted.wait(0.2)
            return now

    clock, taken, noted = writes.number, threading.Event(), threading.Event()
    monkeypatch.setattr(writes, "number", Clock())
    thread = threading.Thread(target=writes.record, args=(np.zeros(1),), name="slow")
    thread.start()
    taken.wait(5)
    writes.record(np.zeros(1))
    noted.set()
    thread.join()
    assert writes.last == next(clock) - 1
