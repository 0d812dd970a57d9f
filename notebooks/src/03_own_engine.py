# %% [markdown]
# # 3 · Build your own engine in 100 lines, and compare it
#
# *25 minutes to read, a few seconds to run. Before it: [2 · The computation graph](02_graph.ipynb). After it: [4 ·
# Broadcasting](04_broadcasting.ipynb).*
#
# **The question.** You know the two rules (multiply along a path, add where paths meet) and the order to apply them in. Is that all there
# is to an autograd engine? If so, it should fit on a page, and train a network.

# %%
import numpy as np

import autograd as ag

# %% [markdown]
# ## A value that remembers
#
# A `Value` holds an array, the values it came from, and one function per parent: given the gradient that arrived here, what goes to that
# parent? Those functions are the chain rule, one op at a time.

# %%
class Value:
    """An array that remembers where it came from."""

    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=np.float64)
        self.parents = parents  # pairs (parent, function of the gradient)
        self.grad = np.zeros_like(self.data)

    def __add__(self, other):
        other = wrap(other)
        return Value(self.data + other.data, [(self, lambda g: g), (other, lambda g: g)])

    def __mul__(self, other):
        other = wrap(other)
        return Value(self.data * other.data, [(self, lambda g: g * other.data), (other, lambda g: g * self.data)])

    def __matmul__(self, other):
        return Value(self.data @ other.data, [(self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g)])

    def __pow__(self, n):
        return Value(self.data**n, [(self, lambda g: g * n * self.data ** (n - 1))])

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -wrap(other)

    def tanh(self):
        y = np.tanh(self.data)
        return Value(y, [(self, lambda g: g * (1 - y * y))])

    def relu(self):
        return Value(np.maximum(self.data, 0), [(self, lambda g: g * (self.data > 0))])

    def sum(self):
        return Value(self.data.sum(), [(self, lambda g: g * np.ones_like(self.data))])

    def mean(self):
        return self.sum() * (1 / self.data.size)

    def backward(self):
        self.grad = np.ones_like(self.data)
        for node in reversed(topological_order(self)):
            for parent, rule in node.parents:
                parent.grad = parent.grad + unbroadcast(rule(node.grad), parent.data.shape)


def wrap(x):
    return x if isinstance(x, Value) else Value(x)


def topological_order(root):
    order, seen, ahead = [], set(), [(root, False)]
    while ahead:
        node, parents_done = ahead.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            ahead.append((node, True))
            ahead += [(parent, False) for parent, _ in node.parents]
    return order


def unbroadcast(g, shape):
    """A gradient for an array of this shape: summed over what NumPy has repeated. The next notebook tells why."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True).reshape(shape)

# %% [markdown]
# About 70 lines. **Predict:** will the gradients agree with the real engine's to the last digit, to six digits, or only roughly?

# %%
rng = np.random.default_rng(0)
x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
start = [rng.normal(size=shape) for shape in ((3, 4), (4,), (4, 1), (1,))]


def loss_of(w1, b1, w2, b2, x, y):
    """Mean squared error of a network with one hidden layer; runs on Values and on Tensors alike."""
    return ((((x @ w1 + b1).tanh() @ w2) + b2 - y) ** 2).mean()


ours = [Value(p) for p in start]
loss_of(*ours, Value(x), Value(y)).backward()

theirs = [ag.tensor(p, requires_grad=True) for p in start]
loss_of(*theirs, ag.tensor(x), ag.tensor(y)).backward()

for name, a, b in zip(("w1", "b1", "w2", "b2"), ours, theirs, strict=True):
    difference = np.abs(a.grad - b.grad.numpy()).max()
    print(f"{name}: largest difference {'below 1e-14' if difference < 1e-14 else difference}")
    assert difference < 1e-14

# %% [markdown]
# To the last digit or nearly: it is the same arithmetic. A derivative by the chain rule is no approximation, whoever computes it.
#
# ## Does it learn?

# %%
target = np.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2]


def trained(steps, rate):
    parameters = [Value(p) for p in start]
    losses = []
    for _ in range(steps):
        for p in parameters:
            p.grad = np.zeros_like(p.data)
        loss = loss_of(*parameters, Value(x), Value(target))
        loss.backward()
        for p in parameters:
            p.data = p.data - rate * p.grad
        losses.append(float(loss.data))
    return losses


losses = trained(500, 0.1)
print(f"loss {losses[0]:.3f} at first, {losses[-1]:.3f} after 500 steps")
assert losses[-1] < 0.1 * losses[0]

# %% [markdown]
# So that *is* all there is to the idea. Then what are the other lines of an engine for? Each of the following experiments runs on both.
#
# ## What is missing, 1: someone to notice a mistake
#
# The rule of `h * h` reads $h$ on the way back. **Predict:** what happens if $h$ is overwritten in between?

# %%
v = Value([1.0, 2.0])
h = v * 3.0
loss = (h * h).sum()
right = 2 * h.data * 3.0
h.data -= 10.0  # "in place": the array that the rule will read
loss.backward()
print("right:    ", right)
print("100 lines:", v.grad)
assert (right == [18.0, 36.0]).all()
assert (v.grad == [-42.0, -24.0]).all()

t = ag.tensor([1.0, 2.0], requires_grad=True)
h = t * 3.0
loss = (h * h).sum()
h -= 10.0
try:
    loss.backward()
except ag.GraphError as error:
    print("engine:   ", str(error).splitlines()[0][:104], "...")
else:
    raise AssertionError("an overwritten value was read")

# %% [markdown]
# The small engine gives the slopes at the overwritten $h$, which is wrong even in sign, and says nothing. The large one keeps a record of
# writes, and refuses. It does so only where it must. The rule of `relu` can do with the output, which nobody has touched:

# %%
v = Value([1.0, 2.0])
h = v * 3.0
loss = h.relu().sum()
h.data -= 10.0
loss.backward()

t = ag.tensor([1.0, 2.0], requires_grad=True)
h = t * 3.0
loss = h.relu().sum()
h -= 10.0
loss.backward()
print("100 lines:", v.grad)
print("engine:   ", t.grad.numpy())
assert (v.grad == 0).all()
assert (t.grad == 3).all()

# %% [markdown]
# ## What is missing, 2: derivatives of derivatives
#
# Our rules compute with arrays, which remember nothing: the gradient that they leave has no parents to walk back to. In the engine the
# rules are written so that they can run on tensors too; then the walk back is itself recorded. Newton's method needs a second derivative:

# %%
def f(x):
    return x**4 - x**2 * 3.0 + x


v = Value(2.0)
f(v).backward()
slope, curvature = ag.grad(f), ag.grad(ag.grad(f))
print(f"slope at 2: 100 lines {v.grad:.1f}, engine {float(slope(2.0)):.1f}")
print(f"its slope:  100 lines none, for v.grad is a {type(v.grad).__name__}, engine {float(curvature(2.0)):.1f}")
assert v.grad == float(slope(2.0)) == 4 * 2**3 - 6 * 2 + 1
assert not isinstance(v.grad, Value)
assert float(curvature(2.0)) == 12 * 2**2 - 6

z = 2.0
for step in range(5):
    z = z - float(slope(z)) / float(curvature(z))
    print(f"step {step + 1}: x = {z:.4f}")
assert abs(float(slope(z))) < 1e-5

# %% [markdown]
# ## What is missing, 3: memory that is given back
#
# A `Value` points to its parents, and each of them holds its data and its gradient for as long as the loss lives, whether a rule reads
# them or not. The engine's ops say what their rules read, and everything else is dropped. `x + 1` reads nothing. **Predict:** how many
# bytes are held by a chain of 100 additions of arrays of 0.8 MB?

# %%
import tracemalloc


def held(start):
    """The bytes that the sum of a chain of 100 additions holds on to, beside its start."""
    tracemalloc.start()
    chain = start
    for _ in range(100):
        chain = chain + 1.0
    chain = chain.sum()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size


ones = np.ones((100, 1000))
in_100_lines, in_engine = held(Value(ones)), held(ag.tensor(ones, requires_grad=True))
print(f"100 lines: {in_100_lines / 1e6:.0f} MB; engine: {'less than 1 MB' if in_engine < 1e6 else in_engine}")
assert in_100_lines > 2 * 100 * ones.nbytes
assert in_engine < 1e6

# %% [markdown]
# Data and gradient of 100 values, 0.8 MB each, are 160 MB. The engine keeps the nodes, which say that an addition has been, and no array.
#
# ## What is missing, 4: the rest of the world
#
# Five hundred ops with their corner cases, float32, views, in-place writes, complex numbers, NumPy's functions, pictures, errors that
# name a line, speed. The last is worth a look: on small arrays, time goes into Python. Count the Python functions that one step enters.

# %%
import sys


def calls(function):
    """How many Python functions are entered while a function runs."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


compiled = ag.compile(lambda x, y: loss_of(*theirs, x, y).backward())
arguments = ag.tensor(x), ag.tensor(y)
compiled(*arguments)
compiled(*arguments)
in_100_lines = calls(lambda: loss_of(*ours, Value(x), Value(y)).backward())
in_compiled = calls(lambda: compiled(*arguments))
print(f"100 lines: more than {in_100_lines // 10 * 10}; engine, compiled: fewer than {-(-in_compiled // 10) * 10}")
assert in_compiled < in_100_lines / 2

# %% [markdown]
# A compiled step has run once, written down its NumPy calls, and makes nothing but those. [16 · Inside the engine](16_inside.ipynb) shows
# how.
#
# ## Your turn
#
# **1.** Give the small engine an `exp`. What does its rule read, the input or the output?

# %%
from exercises.own_engine import check_exp


def exp(value):
    ...  # return a Value with its rule


check_exp((exp, Value))

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def exp(value):
#     y = np.exp(value.data)
#     return Value(y, [(value, lambda g: g * y)])
# ```
# The output: the exponential function is its own slope, and it has been computed already.
# </details>
#
# **2.** What goes wrong if `backward` wrote `parent.grad = ...` without the `parent.grad +`? Give the gradient of `x * x` at 3 that it
# would find.

# %%
from exercises.own_engine import check_overwritten

overwritten = ...  # your number

check_overwritten(overwritten)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# overwritten = 3.0
# ```
# Two contributions of 3 arrive, and the second would replace the first: 3 in place of 6.
# </details>
#
# ## What to keep
#
# * An engine is: values that remember their parents, one rule per op and parent, a topological order, and a sum where paths meet.
# * The gradients of a page of code are exact.
# * What takes the other lines is being right when the program is wrong, being right twice, and being quick and small.
#
# Next: [4 · Broadcasting and its gradient](04_broadcasting.ipynb), which explains the function `unbroadcast` above.
