# %% [markdown]
# # 16 · Inside the engine: capture, fusion, memory
#
# *20 minutes to read, 10 seconds to run. Before it: [15 · A graph network](15_graph_network.ipynb). All of them: [the list](README.md).*
#
# **The question.** Python is slow, and NumPy is a library of single operations. How can a training step on top of both keep up with
# libraries that are written in C++? And where can it not?

# %%
import contextlib
import io
import re
import time

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F

# %% [markdown]
# ## What a small operation costs
#
# Add two arrays of four floats. The addition itself takes a nanosecond. **Predict:** how many times as long does the NumPy call take, and
# how many times as long the same on tensors that record?

# %%
def least_time(function, repeat=200, bursts=20):
    """Seconds per call: the least of several bursts, for everything else on the computer only ever makes it longer."""
    best = float("inf")
    for _ in range(bursts):
        start = time.perf_counter()
        for _ in range(repeat):
            function()
        best = min(best, (time.perf_counter() - start) / repeat)
    return best


a = np.ones(4, np.float32)
t = ag.ones(4, requires_grad=True)
numpy_call, recorded = least_time(lambda: a + a), least_time(lambda: t + t)
assert numpy_call > 20e-9
assert recorded > 2 * numpy_call

# %% [markdown]
# A NumPy call takes a few hundred nanoseconds: it looks at types, shapes and strides, and makes a new array. Recording adds about a
# microsecond: a node, a tensor, the line of your program. On four floats all of this is overhead. On a million floats it is nothing:

# %%
sizes = [4**k for k in range(1, 11)]
per_element = []
for n in sizes:
    t = ag.ones(n, requires_grad=True)
    per_element.append(least_time(lambda t=t: t + t, repeat=max(1, 20_000 // n), bursts=10) / n)
ratio = per_element[0] / min(per_element)
assert ratio > 100
assert per_element.index(min(per_element)) >= 5

# %% [markdown]
# (This notebook does not print times, for yours are others. Look at `per_element` yourself.)
#
# So there are two worlds. **Small arrays**: what counts is the number of Python and NumPy calls. **Large arrays**: what counts is how
# often memory is read and written. The engine does something for each.
#
# ## The small world: capture
#
# `ag.compile` runs a function once, on arrays that write down every NumPy call made with them, the backward pass and the optimiser's
# update included. What is left is a program: a list of calls.

# %%
ag.manual_seed(0)
model = nn.MLP(2, [16], 1, activation="tanh")
optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
x, y = ag.randn(100, 2), ag.randn(100, 1)


def step(x, y):
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


said = io.StringIO()
with contextlib.redirect_stdout(said):
    compiled = ag.compile(step, explain=True)
    compiled(x, y)
program = said.getvalue()
print(program)

# %% [markdown]
# Read it from the top. The first lines are the layers, forward. In the middle, `subtract` and `dot` are the loss. Then backward: a
# `matmul` with a transposed array for each `matmul` before. At the end, one `multiply` and one `subtract` on a vector of *all* 65
# parameters: that is the optimiser.
#
# Each instruction knows the line it came from. Nothing of Python is left in between, no graph is built, and arrays are reused as soon as
# nobody needs them.
#
# **Predict:** how many times faster is the replay than the step it was captured from?

# %%
eager_time = least_time(lambda: step(x, y), repeat=20)
compiled_time = least_time(lambda: compiled(x, y), repeat=20)
assert compiled_time < 0.6 * eager_time
captured, left, run_in_replay = map(int, re.search(r"captured (\d+) NumPy calls; (\d+) are left, (\d+) of them", program).groups())
print(f"{captured} NumPy calls were captured, {run_in_replay} run in a replay")
assert run_in_replay < captured

# %% [markdown]
# Several times; six or so is usual for a network of this size. The numbers are the same:

# %%
def trained(step_of, steps=50):
    ag.manual_seed(1)
    model = nn.MLP(2, [16], 1, activation="tanh")
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = step_of(step)
    return [run(x, y).item() for _ in range(steps)]


plain, replayed = trained(lambda f: f), trained(ag.compile)
np.testing.assert_allclose(plain, replayed, rtol=1e-4)
print(f"loss after 50 steps: {plain[-1]:.4f} and {replayed[-1]:.4f}")

# %% [markdown]
# ## What a fixed program cannot say
#
# A list of calls has no `if`. So a branch on a value is refused, with the line; a new shape is captured anew; a learning rate that
# changes is read anew in each replay.

# %%
@ag.compile
def clipped(x):
    if x.sum() > 0:
        return x
    return -x


try:
    clipped(ag.ones(3))
except ag.CaptureError as error:
    print(error)

quiet = ag.compile(step)
for count in (100, 50, 100):
    quiet(x[:count], y[:count])
print(quiet)
assert len(quiet.programs) == 2

# %% [markdown]
# ## The large world: memory
#
# Take the function $\sum \tanh(\sin(x)\, e^{-x^2} + x)$ of a million numbers. It is eight operations. In NumPy each of them reads arrays
# of 4 MB and writes another, through main memory; the processor waits.
#
# Cut the million into blocks of a few thousand, and do all eight on a block while it is in the cache. That is *fusion*. **Predict:** how
# many NumPy calls are left in the program, and how many run?

# %%
def formula(x):
    return ag.tanh(ag.sin(x) * ag.exp(-x * x) + x).sum()


said = io.StringIO()
with contextlib.redirect_stdout(said):
    fused = ag.compile(formula, explain=True)
    million = ag.randn(1_000_000)
    fused(million)
print("\n".join(line for line in said.getvalue().splitlines() if "region" in line or "captured 8" in line))
assert "region of 8" in said.getvalue()
np.testing.assert_allclose(fused(million).item(), formula(million).item(), rtol=1e-4)

# %% [markdown]
# One region of eight operations; as it goes block by block, more calls run than before, and it is faster all the same. It needs no array
# of the full length, either:

# %%
import tracemalloc


def peak(function):
    """Bytes that were allocated at most at one moment while a function ran."""
    tracemalloc.start()
    function()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


plain_peak, fused_peak = peak(lambda: formula(million)), peak(lambda: fused(million))
print(f"at most {plain_peak / 1e6:.0f} MB at a time by single operations, {fused_peak / 1e6:.1f} MB fused; the input has 4 MB")
assert fused_peak < 0.3 * plain_peak

# %% [markdown]
# ## What is kept for the way back
#
# Rules read values: `mul` reads both factors, `exp` its own result, `add` nothing. The engine keeps what rules read, and no more. Which
# ops of this graph keep something?

# %%
x = ag.randn(1000, requires_grad=True)
h = x.exp()
z = h * x + 1.0
loss = z.tanh().sum()
kept = {node.label: node.nbytes for node in ag.viz.graph(loss, show="memory").nodes}
print(kept)
assert sum(b or 0 for b in kept.values()) <= 4 * 4096
ag.viz.graph(loss, show=("shape", "memory"))

# %% [markdown]
# ## Memory for time
#
# Through a deep network everything that is kept adds up. `ag.checkpoint` keeps only the *input* of a part, and computes the part once
# more on the way back.
#
# **Predict:** 16 blocks of four layers, each block checkpointed. How much less memory does it take?

# %%
ag.manual_seed(0)
blocks = [nn.MLP(256, [256, 256, 256], 256, activation="tanh") for _ in range(16)]
batch = ag.randn(512, 256)


def gradient(through):
    """The gradient of the first layer's weights, where each block is called by through(block, x)."""
    x = batch
    for block in blocks:
        block.zero_grad()
        x = through(block, x)
    x.square().mean().backward()
    return blocks[0][0].weight.grad.numpy()


def directly(block, x):
    return block(x)


plain_peak, saved_peak = peak(lambda: gradient(directly)), peak(lambda: gradient(ag.checkpoint))
print(f"at most {plain_peak / 1e6:.0f} MB at a time, with checkpoints {saved_peak / 1e6:.0f} MB")
assert saved_peak < 0.6 * plain_peak

# %% [markdown]
# And the gradients?

# %%
assert np.array_equal(gradient(directly).copy(), gradient(ag.checkpoint))
print("the same to the last bit")

# %% [markdown]
# ## Where it cannot keep up
#
# Most of the time of a large network is in matrix products. They are made by BLAS, a library that NumPy calls, and PyTorch calls one of
# the same kind. There nothing can be won, and nothing is lost.
#
# Count: a layer of $n$ inputs and outputs on a batch of $n$ does $2n^3$ operations in the product and some $10 n^2$ around it. The larger
# $n$, the less the rest matters.

# %%
ns = np.array([8, 32, 128, 512, 2048])
share = 2 * ns**3 / (2 * ns**3 + 10 * ns**2)
figure, axis = plt.subplots(figsize=(6, 2.6))
axis.semilogx(ns, share, "o-")
axis.set(xlabel="width n", ylabel="share of the product", ylim=(0, 1.05), xticks=ns)
axis.set_xticklabels(ns)
axis.minorticks_off()
figure.tight_layout()
assert share[-1] > 0.99

# %% [markdown]
# A transformer or an LSTM of middling size is where this engine is slower than PyTorch, by a factor of up to two: many operations of
# middling size, for each of which PyTorch has a kernel of its own in C++ that reads memory once, where NumPy reads it three times.
# `docs/benchmarks.md` has thirteen such comparisons, side by side in one run, with those that are lost.
#
# ## Your turn
#
# **1.** `y = (a * b + c).relu()` on arrays of 1,000,000 float32. By single operations, how many megabytes are read and written in all?
# (Each op reads its inputs and writes its result, 4 bytes a number.) And fused? Give both.

# %%
from exercises.inside import check_branch, check_traffic

traffic = ...  # (MB by single operations, MB fused)

check_traffic(traffic)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# traffic = (12 + 12 + 8, 16)
# ```
# mul reads two and writes one, add too, relu reads one and writes one: eight arrays of 4 MB. Fused, three are read and one is written.
# </details>
#
# **2.** Write this function so that it can be compiled: it returns `x` divided by its norm, if the norm is above 1, and else `x` as it
# is.

# %%
def shortened(x):
    ...  # a tensor (n,); no Python branch on a value


check_branch(shortened)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def shortened(x):
#     return x / x.norm().clamp(min=1)
# ```
# Or with `ag.where(norm > 1, x / norm, x)`.
# </details>
#
# ## What to keep
#
# * Small arrays: count the calls. A captured program makes nothing but NumPy calls.
# * Large arrays: count the bytes. Fusion keeps blocks in the cache; rules keep only what they read.
# * Measure, with the least of several bursts, and side by side.
#
# This was the last one. [The engine's own guide](../autograd/README.md) tells in which order to read the source, and [how to add an
# op](../autograd/README.md).
