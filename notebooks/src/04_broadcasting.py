# %% [markdown]
# # 4 · Broadcasting and its gradient
#
# *15 minutes to read, a few seconds to run. Before it: [3 · Build your own engine](03_own_engine.ipynb).
# After it: [5 · Gradient checking](05_gradient_checking.ipynb).*
#
# **The question.** Add a row of 3 numbers to a table of 4 × 3: NumPy repeats the row for you. Somewhere in the program there is now one
# number that was used four times. What is its gradient, and who adds it up?

# %%
import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn

# %% [markdown]
# ## One number, used four times
#
# **Predict:** each of the 12 sums has the slope 1 in its table entry. What is the slope of their total in each of the 3 numbers of the
# row?

# %%
table = ag.tensor(np.arange(12.0).reshape(4, 3), requires_grad=True)
row = ag.tensor([10.0, 20.0, 30.0], requires_grad=True)

total = (table + row).sum()
total.backward()
print("table.grad\n", table.grad.numpy())
print("row.grad  ", row.grad.numpy())
assert (row.grad == 4).all()

# %% [markdown]
# Four: a hair on `row[0]` moves four sums. Nothing new was needed for that. Write the repetition out, and it is the rule "where paths
# meet, add": four paths lead from `row[0]` to the total.
#
# ## Repeating, and adding up
#
# Say it as two steps. Forward, broadcasting *repeats* the row along the dim that it lacks. Backward, a gradient of 4 × 3 arrives for
# something that has 3 elements, so it is *summed* over the dim that was repeated. Repeating and summing are each other's reverse; this
# holds for every broadcast and every op.

# %%
arrived = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [100.0, 200.0, 300.0], [1000.0, 2000.0, 3000.0]])

row = ag.tensor([10.0, 20.0, 30.0], requires_grad=True)
(table.detach() + row).backward(ag.tensor(arrived))
print(row.grad.numpy(), "=", arrived.sum(0))
assert (row.grad.numpy() == arrived.sum(0)).all()

# %% [markdown]
# The stepper shows it as a step of its own: look for the half-step in which the gradient of 2 × 3 is summed to the shape of `b`.

# %%
a = ag.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
b = ag.tensor([0.1, 0.2, 0.3], requires_grad=True)
product = a * b
loss = product.sum()
stepper = ag.viz.step(loss)
(half_step,) = [step for step in stepper.steps if step.kind == "unbroadcast"]
arrived, summed = (array.value for array in half_step.arrays)
assert arrived.shape == (2, 3)
assert (summed == arrived.sum(0)).all()
stepper

# %% [markdown]
# ## Which dims are summed?
#
# NumPy compares shapes from the right. A dim is repeated in one of two cases: the shape *has no* such dim, or has the length 1 there. In
# the first case the sum drops the dim, in the second it keeps it with length 1. That is the whole function:

# %%
def unbroadcast(g, shape):
    """The gradient for an array of this shape, from the gradient g of what it was broadcast to."""
    missing = g.ndim - len(shape)
    g = g.sum(axis=tuple(range(missing)))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)


cases = [((3,), (4, 3)), ((4, 1), (4, 3)), ((1, 3), (4, 3)), ((), (4, 3)), ((2, 1, 3), (5, 2, 4, 3)), ((4, 3), (4, 3))]
print("   shape of b   sum over      to give")
for shape, result in cases:
    g = np.random.default_rng(0).normal(size=result)
    b = ag.tensor(np.ones(shape), requires_grad=True)
    (ag.tensor(np.ones(result)) * b).backward(ag.tensor(g))
    dims = [i for i in range(len(result)) if i < len(result) - len(shape) or (*(0,) * (len(result) - len(shape)), *shape)[i] != result[i]]
    print(f"{shape!s:>13}   {dims!s:<12}  {b.grad.shape}")
    np.testing.assert_allclose(unbroadcast(g, shape), b.grad.numpy(), rtol=1e-6)

# %% [markdown]
# In the engine it stands in *one* place, on the way of every gradient to every parent, and so no rule of an op has to think of it. That
# is why `mul` is the two lines `g * b` and `g * a`.
#
# ## The bias of a layer
#
# Broadcasting is not a curiosity. A layer $y = xW + b$ adds its bias to every row of a batch, so the gradient of the bias is the sum over
# the batch.

# %%
ag.manual_seed(0)
layer = nn.Linear(3, 2)
x = ag.randn(5, 3)
y = layer(x)
g = ag.randn(5, 2)
y.backward(g)
print("bias.grad   ", layer.bias.grad.numpy().round(4))
print("sum of g    ", g.numpy().sum(0).round(4))
np.testing.assert_allclose(layer.bias.grad.numpy(), g.numpy().sum(0), rtol=1e-5)

# %% [markdown]
# ## The dark side
#
# Broadcasting never asks whether you meant it. Here is the most common silent bug of all: predictions of shape (N, 1), targets of shape
# (N,).
#
# **Predict:** what shape has the difference, and does anything fail?

# %%
rng = np.random.default_rng(1)
inputs = rng.uniform(-1, 1, (50, 1))
targets = 2 * inputs[:, 0] + 0.1 * rng.normal(size=50)
print("difference:", (inputs - targets).shape)
assert (inputs - targets).size == 2500


def train(loss_of):
    w, b = ag.zeros(1, 1, requires_grad=True), ag.zeros(1, requires_grad=True)
    losses = []
    for _ in range(300):
        w.grad = b.grad = None
        loss = loss_of(ag.tensor(inputs, dtype=ag.float32) @ w + b)
        loss.backward()
        losses.append(loss.item())
        with ag.no_grad():
            w -= 0.2 * w.grad
            b -= 0.2 * b.grad
    assert losses[-1] < losses[0]
    return w.item(), b.item()


y = ag.tensor(targets, dtype=ag.float32)
wrong = train(lambda p: ((p - y) ** 2).mean())  # (50, 1) - (50,)
right = train(lambda p: ((p - y.unsqueeze(1)) ** 2).mean())  # (50, 1) - (50, 1)
print(f"slope found: {wrong[0]:.2f} with the bug, {right[0]:.2f} without; 2 is right")
assert abs(wrong[0]) < 0.3
assert abs(wrong[1] - targets.mean()) < 0.05
assert abs(right[0] - 2) < 0.1

# %%
figure, axis = plt.subplots(figsize=(6, 3))
axis.plot(inputs[:, 0], targets, ".", label="data")
line = np.array([-1.0, 1.0])
axis.plot(line, wrong[0] * line + wrong[1], "--", label="learned with (50, 1) − (50,)")
axis.plot(line, right[0] * line + right[1], label="learned with (50, 1) − (50, 1)")
axis.set(xlabel="x", ylabel="y")
axis.legend()
figure.tight_layout()

# %% [markdown]
# Every prediction was compared with every target: 2,500 differences in place of 50. The best that can be done about those is to predict
# the mean, and so it learned a flat line, with a falling loss, without a word.
#
# A loss has no reason to broadcast. Those of `nn` refuse, and say how to mend the call:

# %%
try:
    nn.functional.mse_loss(ag.zeros(50, 1), ag.zeros(50))
except ag.ShapeError as error:
    print(str(error).splitlines()[0])
else:
    raise AssertionError("a loss has broadcast")

# %% [markdown]
# In the picture of a graph, arrows on which something was broadcast are marked, so that you can see where it happens in a program of your
# own.

# %%
p = ag.zeros(50, 1, requires_grad=True)
difference = p - ag.zeros(50)
picture = ag.viz.graph(difference)
assert all(edge.broadcast for edge in picture.edges)
picture

# %% [markdown]
# ## Your turn
#
# **1.** `a` has shape (2, 1, 5) and `b` has shape (3, 1). They are multiplied, and a gradient of ones arrives at the result. What is the
# shape of `b.grad`, and what is its first element if all elements of `a` are 2?

# %%
from exercises.broadcasting import check_shapes, check_softmax

answer = ...  # (shape of b.grad, its first element), like ((7, 7), 1.0)

check_shapes(answer)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# answer = ((3, 1), 2 * 5 * 2.0)
# ```
# The result has shape (2, 3, 5). Each element of `b` was used 2 · 5 times, and each time its slope is an element of `a`.
# </details>
#
# **2.** A softmax subtracts the largest element of each row before it takes the exponential, so that nothing overflows. Write it for a
# tensor of shape (N, C). Which of the two uses of broadcasting needs `keepdim=True`?

# %%
def softmax(z):
    ...  # (N, C) -> (N, C), each row sums to 1


check_softmax(softmax)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def softmax(z):
#     e = (z - z.amax(dim=1, keepdim=True)).exp()
#     return e / e.sum(dim=1, keepdim=True)
# ```
# Both: without it a shape (N,) would be lined up with the columns, which fails, or for N = C does the wrong thing.
# </details>
#
# ## What to keep
#
# * Broadcasting repeats; its gradient sums over what was repeated. It is "where paths meet, add" once more.
# * The engine does that in one place, for all ops.
# * Where broadcasting was not meant, nothing fails and something else is learned. Look at shapes, or use losses that refuse.
#
# Next: [5 · Gradient checking, and how a wrong rule is caught](05_gradient_checking.ipynb).
