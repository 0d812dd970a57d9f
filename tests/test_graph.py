"""The recorded graph: order, depth, memory, what backward leaves behind, hooks, threads and tasks."""
from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import pickle
import threading
import time
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.graph import Node, topological_order


def leaf(*values):
    return ag.tensor(np.array(values if len(values) > 1 else values[0], np.float64), requires_grad=True)


# ── order ──

def parents_of(i):
    return st.lists(st.integers(0, i - 1), max_size=3) if i else st.just([])


DAGS = st.integers(1, 30).flatmap(lambda n: st.tuples(*map(parents_of, range(n))))


@settings(deadline=None)
@given(DAGS, st.lists(st.integers(0, 29), min_size=1, max_size=3))
def test_each_node_comes_after_its_parents_once(dag, roots):
    roots = [root % len(dag) for root in roots]
    order = topological_order(*roots, parents=lambda i: [*dag[i], None])
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    reachable, stack = set(), list(roots)
    while stack:
        node = stack.pop()
        if node not in reachable:
            reachable.add(node)
            stack.extend(dag[node])
    assert set(order) == reachable
    assert all(place[parent] < place[node] for node in order for parent in dag[node])


@settings(deadline=None, max_examples=50)
@given(DAGS)
def test_gradients_of_random_graphs(dag):
    """Each node is the sum of its parents, weighted: the gradient is the weighted count of paths."""
    x = leaf(1.0)
    nodes: list = []
    paths: list[float] = []
    for i, parents in enumerate(dag):
        nodes.append(sum((nodes[p] * (p + 2.0) for p in parents), x * (i + 1.0)))
        paths.append(sum(paths[p] * (p + 2.0) for p in parents) + i + 1.0)
    nodes[-1].backward()
    assert x.grad.item() == pytest.approx(paths[-1])
    order = topological_order(nodes[-1].node)
    assert all(parent is None or parent.number < node.number for node in order for parent in node.parents)


# ── depth ──


def chain(length):
    x = y = leaf(1.0)
    for _ in range(length):
        y = y + 1.0
    return x, y


@pytest.mark.parametrize("length", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_deep_chain(length):
    start = time.perf_counter()
    x, y = chain(length)
    y.backward()
    seconds = time.perf_counter() - start
    print(f"{length} operations: {seconds / length * 1e6:.2f} us each, forward and backward")
    assert (y.item(), x.grad.item()) == (length + 1, 1)
    twin = copy.deepcopy(y)
    assert twin.item() == y.item()
    assert len(topological_order(twin.node)) == length + 1
    assert pickle.loads(pickle.dumps(y)).item() == y.item()
    del twin, y  # freed without recursion, too
    assert x.grad.item() == 1


@pytest.mark.slow
def test_time_per_operation():
    for length in (10_000, 100_000, 1_000_000):
        start = time.perf_counter()
        chain(length)[1].backward()
        print(f"{length:>9}: {(time.perf_counter() - start) / length * 1e6:.2f} us per operation, forward and backward")


def test_deep_chain_to_the_second_order():
    x = y = leaf(1.0)
    for _ in range(3_000):
        y = y * 1.0001
    (g,) = ag.grad(y * y, x, create_graph=True)
    (h,) = ag.grad(g, x)
    assert h.item() == pytest.approx(2 * 1.0001**6000)


# ── memory ──


def training_step():
    """One step of a small network, as a function."""
    draw = np.random.default_rng(0)
    x, t = ag.tensor(draw.normal(size=(8, 4))), ag.tensor(draw.normal(size=(8, 1)))
    w1, b1, w2 = (ag.tensor(draw.normal(size=size) * 0.1, requires_grad=True) for size in ((4, 8), (8,), (8, 1)))

    def step():
        error = ag.tanh(x @ w1 + b1) @ w2 - t
        loss = (error * error).mean()
        loss.backward()
        with ag.no_grad():
            for p in (w1, b1, w2):
                p.sub_(p.grad * 0.01)
                p.grad = None
        return loss.item()

    return step


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_training_needs_no_garbage_collector(count):
    step = training_step()
    first = step()
    gc.collect()  # empties Python's free lists, of which the one for tuples takes up to 2000 of each length ...
    gc.disable()
    try:
        for _ in range(2_500):  # ... and is full again by now
            step()
        tracemalloc.start()
        step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(count):
            last = step()
        growth = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert last < first
    print(f"{count} steps: {growth} bytes more")
    assert growth < 10_000  # one tensor more per step would be a megabyte


def with_hooks(x):
    y = x * x
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    y.sum().backward()


def with_create_graph(x):
    (g,) = ag.grad((x * x * x).sum(), x, create_graph=True)
    (g * g).sum().backward()


def with_writes(x):
    y = x * 2
    y[0] = x[1]
    view = y[1:]
    view.mul_(3)
    y.sum().backward()


def with_an_exception(x):
    y = ag.exp(x)
    with contextlib.suppress(ValueError):
        y + ag.ones(17)


def with_leftover_graph(x):
    y = ag.exp(x).reshape(1, -1)
    y.max(dim=1)


@pytest.mark.parametrize("work", [with_hooks, with_create_graph, with_writes, with_an_exception, with_leftover_graph])
def test_freed_by_reference_counts(work):
    x = leaf(1.0, 2.0, 3.0)

    def alive():
        return sum(type(thing) in (Node, ag.Tensor) for thing in gc.get_objects())

    work(x)
    x.grad = None
    gc.collect()
    gc.disable()
    try:
        before = alive()
        for _ in range(5):
            work(x)
            x.grad = None
        assert alive() - before == 0
    finally:
        gc.enable()


def test_values_that_no_rule_reads_are_dropped():
    x = leaf(1.0, 2.0)
    a = x + 1.0
    gone = weakref.ref(a.numpy(force=True))
    b = a + 1.0
    del a
    assert gone() is None
    b.sum().backward()


# ── what backward leaves behind ──


def test_accumulation():
    x = leaf(3.0)
    (x * x).backward()
    (x * x).backward()
    assert x.grad.item() == 12
    a = x * 2.0
    (a * a + a).backward()  # a diamond
    assert x.grad.item() == 12 + 8 * 3 + 2
    h = x * 2
    h.backward()
    assert h.grad is None


def test_gradients_of_dtype_and_shape():
    x = ag.ones(3, 1, requires_grad=True, dtype=ag.float32)
    (x * ag.ones(2, 1, 4, dtype=ag.float64)).sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (ag.float32, [[8.0]] * 3)


def test_gradients_are_nobody_elses():
    x, y = leaf(1.0, 2.0), leaf(1.0, 2.0)
    seed = ag.ones(2, dtype=ag.float64)
    (x + y).backward(seed)
    x.grad.mul_(10)
    assert (y.grad.tolist(), seed.tolist()) == ([1, 1], [1, 1])


def test_retain_graph():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match=r"backward through mul: .*freed.*retain_graph=True(.|\n)*test_graph.py:\d+: x \* x"):
        y.backward()


def test_backward_through_part_of_a_freed_graph():
    x = leaf(2.0)
    h = ag.exp(x)
    (h * 2).backward()
    with pytest.raises(RuntimeError, match="backward through exp"):
        (h * 3).backward()
    (x + 1).backward()  # saves nothing: runs for ever


def test_chosen_inputs():
    x, y = leaf(2.0), leaf(3.0)
    h = x * y
    (h * h).backward(inputs=[x])
    assert (x.grad.item(), y.grad) == (36, None)
    (x * y).backward(inputs=y)
    assert y.grad.item() == 2
    z = x * y
    (z * 2).backward(inputs=[z, x])
    assert z.grad.item() == 2


def test_several_roots():
    x = leaf(1.0, 2.0)
    ag.backward([x.sum(), x * 3], [None, ag.tensor([1.0, 10.0])])
    assert x.grad.tolist() == [4, 31]


def test_create_graph_accumulates_tensors():
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    g = x.grad
    x.grad = None
    g.backward()
    assert x.grad.item() == 12


def test_dead_leaves_are_not_kept():
    x, y = leaf(1.0), leaf(2.0)
    z = x * y
    gone = weakref.ref(y)
    del y
    assert gone() is None
    z.backward()
    assert x.grad.item() == 2


def test_constants_are_not_recorded():
    x = ag.ones(2)
    assert (x * 2).grad_fn is None
    assert (x * 2).is_leaf
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        x.sum().backward()
    y = leaf(1.0, 2.0)
    assert not (y.detach() * 2).requires_grad
    assert not (y > 1).requires_grad


# ── hooks ──


def test_hooks():
    x = leaf(1.0, 2.0)
    seen = []
    h = x * 2
    handle = h.register_hook(lambda g: seen.append(g.tolist()))
    double = h.register_hook(lambda g: g * 10)
    h.register_hook(lambda g: seen.append(g.tolist()))
    (h * h).sum().backward(retain_graph=True)
    assert seen == [[4, 8], [40, 80]]
    assert x.grad.tolist() == [80, 160]
    handle.remove()
    handle.remove()
    double.remove()
    (h * h).sum().backward()
    assert seen[2:] == [[4, 8]]
    with x.register_hook(lambda g: g * 0):
        (x * 2).sum().backward()
    assert x.grad.tolist() == [88, 176]
    with pytest.raises(RuntimeError, match="requires_grad"):
        ag.ones(1).register_hook(print)


def test_hook_of_a_wrong_shape():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(ValueError, match=r"register_hook: .*\(2,\).*\(\)"):
        (x * 2).sum().backward()


def test_hooks_with_create_graph():
    x = leaf(3.0)
    h = x * x
    h.register_hook(lambda g: g * g)
    (g,) = ag.grad(h * h, x, create_graph=True)  # (2 h)^2 * 2 x = 8 x^5
    assert g.item() == 8 * 3**5
    assert ag.grad(g, x)[0].item() == 1120392  # the hook acts on the second pass as well, as PyTorch has it


def test_hooks_after_accumulation():
    x = leaf(1.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.item())))
    (x * 2).backward()
    (x * 2).backward()
    assert seen == [(True, 2), (True, 4)]
    with pytest.raises(RuntimeError, match="leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)


def test_retain_grad():
    x = leaf(1.0, 2.0)
    h = x * 2
    h.retain_grad()
    assert h.retains_grad
    (h * h).sum().backward()
    assert h.grad.tolist() == [4, 8]
    (x * 2).retain_grad()


# ── threads and tasks ──


def test_threads_have_their_own_mode():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with ag.no_grad():
            entered.set()
            leave.wait(5)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(5)
    try:
        assert ag.is_grad_enabled()
        assert (leaf(1.0) * 2).requires_grad
    finally:
        leave.set()
        thread.join()


def test_tasks_have_their_own_mode():
    async def predict():
        with ag.no_grad():
            await asyncio.sleep(0)
            assert not (leaf(1.0) * 2).requires_grad
            await asyncio.sleep(0)

    async def train():
        for _ in range(3):
            assert (leaf(1.0) * 2).requires_grad
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(predict(), train(), predict())

    asyncio.run(both())


def test_backward_in_threads():
    w = leaf(1.0, 2.0)
    results = []

    def work(k):
        for _ in range(50):
            (g,) = ag.grad((w * w * k).sum(), w)
            assert g.tolist() == [2 * k, 4 * k]
        results.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [1, 2, 3, 4]


# ── modes ──


def test_modes_nest():
    x = leaf(1.0)
    with ag.no_grad():
        assert not (x * 2).requires_grad
        with ag.enable_grad():
            assert (x * 2).requires_grad
            with ag.set_grad_enabled(False):
                assert not (x * 2).requires_grad
        assert not ag.is_grad_enabled()
    with ag.inference_mode():
        assert ag.is_inference_mode_enabled()
        assert not (x * 2).requires_grad
        with ag.inference_mode(False):
            pass

    @ag.no_grad()
    def quiet():
        return x * 2

    @ag.no_grad
    def silent():
        return x * 2

    assert not quiet().requires_grad
    assert not silent().requires_grad
    assert (x * 2).requires_grad


def test_scalars_and_0d_arrays_are_added_up_alike():
    """NumPy makes a scalar of the sum of two 0-d arrays; adding to that in place would be lost."""
    x = leaf(-0.4)
    (x.nansum() - x * (x + 3).clamp(0, 6) / 6).backward()
    assert x.grad.item() == pytest.approx(1 - (2 * -0.4 + 3) / 6)


def test_warnings_are_off_in_the_backward_pass_alone():
    before = np.geterr()
    x = leaf(0.0, 1.0)
    y = ag.sqrt(x)
    with np.errstate(all="raise"):
        y.backward(ag.ones(2, dtype=ag.float64))
        with pytest.raises(FloatingPointError):
            np.array(1.0) / np.array(0.0)
        assert ag.sigmoid(ag.tensor(-1000.0)).item() == 0
        with pytest.raises(FloatingPointError):
            ag.exp(ag.tensor(1000.0))
    assert x.grad.tolist() == [np.inf, 0.5]
    assert np.geterr() == before


def test_modes_survive_exceptions():
    with pytest.raises(KeyError), ag.no_grad():
        raise KeyError
    assert ag.is_grad_enabled()


def test_every_node_knows_its_line():
    x = leaf(1.0)
    y = ag.exp(
        x * 2,
    )
    assert str(y.grad_fn.parents[0].site).endswith("x * 2")
    assert y.grad_fn.site.filename == __file__
    assert x.node.site.text
