"""Large arrays, whose elementwise calls run block by block on one thread or two: the numbers of eager, to rounding."""
from __future__ import annotations

import random

import numpy as np
import pytest
from beside_eager import array_of, copied

import autograd as ag
import nn
from autograd import Tensor
from autograd.compile.fuse import LEAST
from autograd.threads import get_num_threads, set_num_threads

ROWS, COLUMNS = 300, 257
assert ROWS * COLUMNS >= LEAST
SHAPES = {
    "flat": (70_001,), "matrix": (ROWS, COLUMNS), "wide": (3, 40_000),
    "tall": (40_000, 2), "cube": (20, 50, 70), "one row": (1, 70_000),
}  # fmt: skip


@pytest.fixture(params=[1, 2], ids=["1 thread", "2 threads"], autouse=True)
def threads(request):
    before = get_num_threads()
    set_num_threads(request.param)
    yield request.param
    set_num_threads(before)


def check(function, *calls, regions=True, rtol=2e-5):
    """Compiled beside eager on each of calls; gradients of the arguments that require them, too."""
    compiled = ag.compile(function)
    kept = []
    for number, args in enumerate(calls):
        mine, theirs = copied(args), copied(args)
        expected, found = function(*mine), compiled(*theirs)
        parts = found if isinstance(found, tuple | list) else [found]
        targets = expected if isinstance(expected, tuple | list) else [expected]
        for a, b in zip(parts, targets, strict=True):
            close(a, b, rtol, f"call {number}")
        for a, b in zip(theirs, mine, strict=True):
            close(a, b, rtol, f"arguments, call {number}")
        ends = [[t.sum() for t in side if t.requires_grad] for side in (parts, targets)]
        for end in ends:
            if end:
                ag.backward(end)
        for a, b in zip(theirs, mine, strict=True):
            if isinstance(a, Tensor) and b.requires_grad:
                close(a.grad, b.grad, rtol, f"gradient, call {number}")
        kept.append((parts, [array_of(t).copy() for t in parts]))
    for parts, arrays in kept:
        for t, array in zip(parts, arrays, strict=True):
            np.testing.assert_array_equal(array_of(t), array)
    (entry,) = compiled.programs
    assert not regions or any(i.kind == "region" for i in entry.program.instructions), entry.program
    return entry


def close(a, b, rtol, what):
    if b is None:
        assert a is None, what
        return
    a, b = array_of(a), array_of(b)
    assert (a.dtype, a.shape) == (b.dtype, b.shape), what
    size = np.abs(b[np.isfinite(b)]).max(initial=1) if b.dtype.kind == "f" else 1
    np.testing.assert_allclose(a, b, rtol, rtol * size, err_msg=what)


def numbers(*shapes, dtype="float32", calls=3, low=-2.0, high=2.0, requires_grad=False):
    rng = np.random.default_rng(0)

    def tensor(shape):
        return Tensor(rng.uniform(low, high, shape).astype(dtype), requires_grad=requires_grad)

    return [tuple(map(tensor, shapes)) for _ in range(calls)]


def reused(z, x, y):
    return z * z + z * y + z.sum() * x


CHAINS = {
    "arithmetic": lambda x, y: (x * y + x / (y + 3) - 2 * y) ** 2,
    "slow": lambda x, y: ag.tanh(x) * ag.exp(-y * y) + ag.sin(x * y),
    "activations": lambda x, y: ag.sigmoid(x) * ag.relu(y) + nn.functional.gelu(x) - nn.functional.silu(y),
    "comparison": lambda x, y: ag.where(x > y, x * 2, y - 1),
    "masks": lambda x, y: ag.where((x > 0) & (y < 0) | ~(x > 1), x, 0.0) * (x > y),
    "integers": lambda x, y: (x * 10).to(ag.int32) % 7 + (y * 5).to(ag.int32),
    "maximum": lambda x, y: ag.maximum(x, y) + ag.minimum(x, 0.5) - ag.clamp(y, -0.5, 0.5),
    "total": lambda x, y: (x * y).sum() * ag.exp(y),
    "total of total": lambda x, y: ((x - (x * y).mean()) ** 2).mean(),
    "max": lambda x, y: ag.exp(x - x.max()) + y,
    "last": lambda x, y: x / (x * x + 1).sum(-1, keepdim=True) + y,
    "last, not kept": lambda x, y: (x * y).sum(-1) * 2,
    "first": lambda x, y: (x * y + 1).sum(0) + y[-1],
    "first, used in the region": lambda x, y: (x - x.mean(0)) / (1 + x.var(0)) * y,
    "softmax": lambda x, y: ag.softmax(x, -1) * ag.log_softmax(y, -1),
    "two reductions": lambda x, y: (x.sum(), (x * y).sum(0), (x + y).max(), x.amax(-1, keepdim=True) * y),
    "standardised": lambda x, y: (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + 1e-3) ** 0.5 * y,
    "several results": lambda x, y: (x * 2, x * 2 + y, (x * 2 + y) * y),
    "constant": lambda x, y: x * ag.full_like(x, 3.0) + ag.ones(x.shape) - y,
    "cast": lambda x, y: (x.to(ag.float64) * y).to(ag.float32) + x,
    "power": lambda x, y: ag.abs(x) ** 1.5 + ag.abs(x) ** ag.abs(y),
    "abs": lambda x, y: ag.abs(x) * ag.sign(y) + ag.floor(x) - ag.round(y),
    "any, all": lambda x, y: ((x > 1).any(), (y < 5).all(), (x > y).sum()),
    "reuse": lambda x, y: reused(ag.tanh(x + y), x, y),
    "cumsum": lambda x, y: ag.cumsum(x * y, -1) * 2 + x,
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("shape", SHAPES)
def test_chains(name, shape):
    check(CHAINS[name], *numbers(SHAPES[shape], SHAPES[shape], calls=2), regions=False)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_chains_with_gradients(name, dtype):
    check(CHAINS[name], *numbers((ROWS, COLUMNS), (ROWS, COLUMNS), calls=2, dtype=dtype, requires_grad=True), regions=False)


def test_a_chain_is_fused():
    entry = check(CHAINS["slow"], *numbers(SHAPES["matrix"], SHAPES["matrix"]))
    assert entry.captured >= 7
    assert len(entry.program.instructions) <= 2


BROADCASTS = {
    "row": (COLUMNS,), "row of 2": (1, COLUMNS), "column": (ROWS, 1),
    "number": (), "one": (1,), "one of 2": (1, 1), "full": (ROWS, COLUMNS),
}  # fmt: skip


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("first", BROADCASTS)
@pytest.mark.parametrize("second", ["row", "column", "number", "one of 2", "full"])
def test_broadcasts(first, second, requires_grad):
    shapes = (ROWS, COLUMNS), BROADCASTS[first], BROADCASTS[second]
    check(lambda x, a, b: ag.tanh(x * a + b) * b - a, *numbers(*shapes, calls=2, requires_grad=requires_grad))


def test_broadcasts_that_grow_in_the_chain():
    """A column times a row is where the domain begins."""
    check(lambda a, b: ag.exp(a * b) * a + (a + 1) - b, *numbers((ROWS, 1), (COLUMNS,)))
    calls = numbers((ROWS, 1), (COLUMNS,), requires_grad=True)
    check(lambda a, b: ag.exp((a * 2 + 1) * b).sum() + (a * 2 + 1).sum(), *calls, regions=False)


MIXED = [
    ("float32", "float64"), ("float64", "float32"), ("float32", "int64"), ("int64", "float32"), ("bool", "float32"), ("float32", "bool"),
    ("float16", "float32"), ("int32", "int32"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "y"), MIXED)
def test_mixed_dtypes(x, y):
    calls = [(a.to(getattr(ag, x)), b.to(getattr(ag, y))) for a, b in numbers(SHAPES["matrix"], SHAPES["matrix"], low=0, high=3)]
    check(lambda a, b: (a * b + a, (a * b > 1), ag.where(a > b, a, b) * 2), *calls, regions=False)


def laid_out(t, layout):
    a = t.numpy()
    return {
        "transposed": lambda: Tensor(a.T.copy().T),
        "sliced": lambda: Tensor(np.repeat(a, 2, -1)[..., ::2]), "reversed": lambda: Tensor(a[::-1]),
        "broadcast": lambda: Tensor(np.broadcast_to(a[0], a.shape)), "offset": lambda: Tensor(np.concatenate([a, a])[3 : 3 + len(a)]),
        "columns": lambda: Tensor(np.concatenate([a, a], 1)[:, : a.shape[1]]),
    }[layout]()  # fmt: skip


@pytest.mark.parametrize("layout", ["transposed", "sliced", "reversed", "broadcast", "offset", "columns"])
@pytest.mark.parametrize("name", ["slow", "softmax", "first", "several results", "masks"])
def test_layouts(layout, name):
    calls = [(laid_out(x, layout), y) for x, y in numbers(SHAPES["matrix"], SHAPES["matrix"])]
    compiled = ag.compile(CHAINS[name])
    for x, y in calls:
        found, expected = compiled(x, y), CHAINS[name](x, y)
        for a, b in zip(*([t] if isinstance(t, Tensor) else t for t in (found, expected)), strict=True):
            close(a, b, 2e-5, layout)


def in_place(x, y):
    z = x * y
    z += 1
    z *= y
    z.exp_().neg_()
    return z, z.sum()


def argument_written(x, y):
    x += y
    x *= 2
    y -= x
    return (x * y).sum()


def part_written(x, y):
    z = ag.tanh(x)
    z[1:] = y[1:] * 2
    z[:, 0] += 1
    return z * 2, z.sum(0)


def read_before_and_after(x, y):
    z = x * 2
    before = z + y
    z += 1
    after = z + y
    z *= x
    return before, after, z


def view_written(x, y):
    z = x * y
    v = z.reshape(-1)
    v += 1
    w = z.T
    w *= 2
    return z * 1, ag.exp(-v * v)


def filled(x, y):
    z = ag.zeros(x.shape)
    z += x
    z -= y * 2
    return z * z


def argument_read_write_read(x, y):
    a = ag.sin(x)
    x.copy_(y)
    return a + ag.sin(x)


WRITES = [in_place, argument_written, part_written, read_before_and_after, view_written, filled, argument_read_write_read]


@pytest.mark.parametrize("function", WRITES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", ["matrix", "one row", "tall"])
def test_in_place_chains(function, shape):
    check(function, *numbers(SHAPES[shape], SHAPES[shape], calls=3), regions=False, rtol=1e-4)


def test_in_place_on_a_tensor_from_outside():
    w, v = ag.zeros(ROWS, COLUMNS), ag.zeros(ROWS, COLUMNS)

    def step(x, w):
        y = w * 2 + x
        w.mul_(0.9).add_(x * 0.1)
        return y + w, (w * w).sum()

    compiled = ag.compile(lambda x: step(x, w))
    for x, in numbers((ROWS, COLUMNS), calls=4):
        for a, b in zip(compiled(x), step(x, v), strict=True):
            close(a, b, 2e-5, "result")
        close(w, v, 2e-5, "state")


def test_arguments_that_overlap():
    """x and y are parts of one array: writing one changes the other."""

    def function(x, y):
        x *= 2
        return ag.exp(-y * y) + x

    compiled = ag.compile(function)
    n = 70_000
    for apart in (True, False, True, False):
        results = []
        for run in (compiled, function):
            a = np.random.default_rng(1).standard_normal(2 * n).astype("f4")
            x, y = (a[:n], a[n:]) if apart else (a[:n], a[10 : n + 10])
            results.append((run(Tensor(x), Tensor(y)), a))
        close(results[0][0], results[1][0], 2e-5, f"apart={apart}")
        np.testing.assert_array_equal(results[0][1], results[1][1])


def test_results_used_by_calls_that_are_not_fused():
    def function(x, y):
        z = ag.tanh(x) * y
        p = z @ z.T
        u = ag.exp(-z) * p.mean()
        return (u.T @ z).sum() + ag.sort(u.reshape(-1))[0][:5].sum(), u

    check(function, *numbers((ROWS, COLUMNS), (ROWS, COLUMNS), calls=2, requires_grad=True), rtol=3e-4)


def test_nan_and_infinity():
    x = np.linspace(-2, 2, 70_000, dtype="f4")
    x[::100], x[1::100], x[2::100], x[3::100] = np.nan, np.inf, -np.inf, 0

    def function(x):
        return ag.log(x), x / x, ag.where(x > 0, ag.sqrt(x), 0.0), x.sum(), x.max(), ag.maximum(x, 0.0), x - x

    with np.errstate(all="ignore"):
        check(function, (ag.ones(70_000),), (Tensor(x),), (Tensor(-x),), regions=False)


def test_a_training_step_on_large_layers():
    def make():
        ag.manual_seed(0)
        model = nn.Sequential(nn.Linear(64, 300), nn.LayerNorm(300), nn.GELU(), nn.Linear(300, 10))
        optimiser = nn.optim.AdamW(model.parameters(), lr=1e-3)

        def step(x, t):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(model(x), t)
            loss.backward()
            optimiser.step()
            return loss.detach()

        return step, model

    (plain, mine), (other, theirs) = make(), make()
    compiled = ag.compile(other)
    rng = np.random.default_rng(0)
    for _ in range(4):
        x, t = Tensor(rng.standard_normal((256, 64)).astype("f4")), Tensor(rng.integers(0, 10, 256))
        close(compiled(x, t), plain(x, t), 1e-4, "loss")
    for p, q in zip(theirs.parameters(), mine.parameters(), strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-3, 3e-4)


# ── random chains ──

UNARY = [
    ag.tanh, ag.sin, ag.sigmoid, ag.relu, ag.abs, lambda a: -a, lambda a: a * 0.5,
    lambda a: a + 1, lambda a: ag.exp(-a * a), lambda a: 1 / (a * a + 1),
]  # fmt: skip
BINARY = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: ag.tanh(a) * b,
    ag.maximum, ag.minimum, lambda a, b: ag.where(a > b, a, b * 0.5),
]  # fmt: skip
REDUCE = [
    lambda a: a.mean(), lambda a: a.mean(-1, keepdim=True), lambda a: a.mean(0), lambda a: a.amax(-1, keepdim=True), lambda a: a.max(),
    lambda a: a.mean(0, keepdim=True),
]  # fmt: skip


def chain(seed):
    """A random program on a list of tensors, the same each time it is run."""

    def function(*values):
        draw, values = random.Random(seed), list(values)
        for _ in range(draw.randint(4, 14)):
            kind, a, b = draw.random(), draw.choice(values), draw.choice(values)
            if kind < 0.35:
                values.append(draw.choice(UNARY)(a))
            elif kind < 0.75:
                values.append(draw.choice(BINARY)(a, b))
            elif kind < 0.9 and a.ndim == 2:
                values.append(draw.choice(REDUCE)(a))
            elif not a.requires_grad:
                c = a * 1
                c += 0.5
                values.append(c)
        return [*values[-3:], values[draw.randrange(len(values))] * 1]

    return function


@pytest.mark.parametrize("seed", [*range(40), *(pytest.param(n, marks=pytest.mark.slow) for n in range(40, 600))])
def test_random_chains(seed):
    shapes = [(ROWS, COLUMNS), (COLUMNS,), (ROWS, 1), (), (ROWS, COLUMNS)]
    dtype = "float64" if seed % 3 == 0 else "float32"
    check(chain(seed), *numbers(*shapes, dtype=dtype, calls=2, requires_grad=seed % 2 == 0), regions=False, rtol=1e-4)
