# %% [markdown]
# # 7 · A multilayer perceptron, by hand and with `nn`
#
# *20 minutes to read, a few seconds to run. Before it: [6 · Linear regression](06_linear_regression.ipynb).
# After it: [8 · MSE against cross-entropy](08_losses.ipynb).*
#
# **The question.** A line can only cut a plane in two. Here are two moons that no line can tell apart. What is the least that has to be
# added to a linear model so that it can draw a curve?

# %%
import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
from nn.training import plot_decision

rng = np.random.default_rng(0)
angle = rng.uniform(0, np.pi, 200)
moon = np.arange(200) % 2
points = np.stack([np.cos(angle) * (1 - 2 * moon) + moon, np.sin(angle) * (1 - 2 * moon) + 0.5 * moon], 1)
points = (points + 0.1 * rng.normal(size=points.shape)).astype(np.float32)
X, Y = ag.tensor(points), ag.tensor(moon.astype(np.float32)).unsqueeze(1)

# %% [markdown]
# ## A line, first
#
# The model gives a *score*, and its sign decides. The loss is cross-entropy, which the next notebook explains: it is small where scores
# are large and have the right sign.

# %%
def train(model, steps=500, rate=0.5):
    optimizer = nn.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(X), Y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def accuracy(model):
    with ag.no_grad():
        return ((model(X) > 0) == (Y > 0.5)).double().mean().item()


ag.manual_seed(0)
line = nn.Linear(2, 1)
train(line)
print(f"a line: {accuracy(line):.1%} right")
assert 0.8 < accuracy(line) < 0.95

# %% [markdown]
# ## Two lines make no curve
#
# Put a second linear layer behind the first, with 16 numbers in between. **Predict:** how much does it help?

# %%
ag.manual_seed(0)
two_lines = nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 1))
train(two_lines, rate=0.1)
with ag.no_grad():
    weight = two_lines[1].weight @ two_lines[0].weight
    bias = two_lines[1].weight @ two_lines[0].bias + two_lines[1].bias
    same = (two_lines(X) - (X @ weight.T + bias)).abs().max().item()
print(f"two layers: {accuracy(two_lines):.1%} right")
assert abs(accuracy(two_lines) - accuracy(line)) < 0.03
assert same < 1e-4

# %% [markdown]
# Not at all: $W_2(W_1 x + b_1) + b_2$ is one linear function, $(W_2 W_1)x + \ldots$, however many layers there are. (The cell made that
# one layer, and asserts that its scores are the same.) What has to be added
# is something between them that is *not* linear. Any bend will do. Here it is `tanh`, applied to each number by itself.

# %%
ag.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
losses = train(model)
print(f"with tanh in between: {accuracy(model):.1%} right")
assert accuracy(model) > 0.98
plot_decision(model, points, moon)

# %% [markdown]
# The 16 numbers in the middle are *hidden units*. Each is a soft step along a line of its own; the second layer adds the steps up to a
# curve.

# %%
with ag.no_grad():
    grid = np.stack(np.meshgrid(np.linspace(-2, 3, 60), np.linspace(-1.5, 2, 60)), -1).reshape(-1, 2).astype(np.float32)
    hidden = model[:2](ag.tensor(grid)).numpy().reshape(60, 60, 16)
strongest = model[2].weight.detach().abs().numpy()[0].argsort()[::-1][:4]
figure, axes = plt.subplots(1, 4, figsize=(11, 2.4))
for axis, unit in zip(axes, strongest, strict=True):
    axis.imshow(hidden[:, :, unit], extent=(-2, 3, -1.5, 2), origin="lower", cmap="coolwarm", vmin=-1, vmax=1)
    axis.plot(*points[moon == 0].T, "k.", *points[moon == 1].T, "kx", markersize=2)
    axis.set_title(f"unit {unit}")
figure.tight_layout()

# %% [markdown]
# ## The gradient by hand
#
# The network is $h = \tanh(XW_1^\top + b_1)$, $z = hW_2^\top + b_2$. Walk back by the two rules. For the loss used here the slope at the
# score is $(\sigma(z) - y)/N$, where $\sigma$ is the logistic function. The rest is the chain rule with matrices: a product $A = BC$
# passes $gC^\top$ to $B$ and $B^\top g$ to $C$.

# %%
ag.manual_seed(1)
fresh = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
W1, b1, W2, b2 = (p.detach().numpy() for p in fresh.parameters())


def by_hand(X, y):
    """The gradients of W1, b1, W2, b2, in NumPy."""
    h = np.tanh(X @ W1.T + b1)  # forward: keep what the way back will ask for
    z = h @ W2.T + b2
    dz = (1 / (1 + np.exp(-z)) - y) / len(X)  # backward: from the end to the beginning
    dW2, db2 = dz.T @ h, dz.sum(0)
    dh = dz @ W2
    da = dh * (1 - h * h)  # the slope of tanh is 1 - tanh²
    return da.T @ X, da.sum(0), dW2, db2


nn.functional.binary_cross_entropy_with_logits(fresh(X), Y).backward()
for (name, parameter), ours in zip(fresh.named_parameters(), by_hand(points, Y.numpy()), strict=True):
    print(f"{name:>9} {parameter.grad.shape!s:>8}  largest gradient {np.abs(ours).max():.4f}")
    np.testing.assert_allclose(parameter.grad.numpy(), ours, atol=1e-6)

# %% [markdown]
# Equal, line by line. Look at the two `.sum(0)`: the biases were broadcast over the batch ([notebook 4](04_broadcasting.ipynb)).
#
# Between NumPy and `nn` stands the plain `Tensor`. Only the forward half is written, in the same words; the backward half is a call.

# %%
tensors = [ag.tensor(p, requires_grad=True) for p in (W1, b1, W2, b2)]


def forward(X, W1, b1, W2, b2):
    return ag.tanh(X @ W1.T + b1) @ W2.T + b2


nn.functional.binary_cross_entropy_with_logits(forward(X, *tensors), Y).backward()
for tensor, ours, parameter in zip(tensors, by_hand(points, Y.numpy()), fresh.parameters(), strict=True):
    np.testing.assert_allclose(tensor.grad.numpy(), ours, atol=1e-6)
    np.testing.assert_allclose(tensor.grad.numpy(), parameter.grad.numpy(), atol=1e-6)
print("NumPy by hand, tensors, nn: the same four gradients")

# %% [markdown]
# Writing this once is instructive. Writing it anew for each change of the model is where mistakes come from, and it is what the graph
# does for you:

# %%
ag.viz.graph(nn.functional.binary_cross_entropy_with_logits(model(X), Y), params=model)

# %% [markdown]
# ## By hand, a class, a line
#
# The same network in the three forms that you will meet. A `Module` keeps its parameters by name, so that an optimiser, a file and a
# picture can find them.

# %%
class Network(nn.Module):
    """Two layers with tanh between them."""

    def __init__(self, hidden):
        super().__init__()
        self.first = nn.Linear(2, hidden)
        self.second = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.second(ag.tanh(self.first(x)))


ag.manual_seed(0)
as_class = Network(16)
ag.manual_seed(0)
as_line = nn.MLP(2, [16], 1, activation="tanh")
assert ag.allclose(as_class(X), as_line(X))
print(as_class)
print(nn.summary(as_class, X))

# %% [markdown]
# ## How many units?
#
# **Predict:** with how many hidden units does it first get everything right?

# %%
found = {}
for units in (1, 2, 4, 8, 16):
    best = 0.0
    for seed in range(3):
        ag.manual_seed(seed)
        candidate = nn.MLP(2, [units], 1, activation="tanh")
        train(candidate)
        best = max(best, accuracy(candidate))
    found[units] = best
    print(f"{units:>2} units: {best:.1%}")
assert found[1] < 0.95
assert found[16] > 0.98

# %% [markdown]
# One unit is a line. A few bends are enough for two moons. More units do no harm here; when they do is the subject of [11 ·
# Overfitting](11_overfitting.ipynb).
#
# ## Your turn
#
# **1.** XOR: the answer is 1 if exactly one of two inputs is 1. No line can do it. Give the weights of a network of *two* `relu` units
# that does, by thinking: `h = relu(x @ W1.T + b1)`, `z = h @ W2.T + b2`, and `z` has to be 0 or 1.

# %%
from exercises.multilayer_perceptron import check_symmetry, check_xor

W1_xor, b1_xor = ..., ...  # (2, 2) and (2,)
W2_xor, b2_xor = ..., ...  # (1, 2) and (1,)

check_xor((W1_xor, b1_xor, W2_xor, b2_xor))

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# W1_xor, b1_xor = [[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0]
# W2_xor, b2_xor = [[1.0, -2.0]], [0.0]
# ```
# The first unit counts the ones, the second is on only if there are two, and takes them away.
# </details>
#
# **2.** Someone begins with all weights of both layers equal to 0.5 and all biases 0. After 1,000 steps, how many *different* hidden
# units does the network of 16 have?

# %%
different_units = ...  # a number

check_symmetry(different_units)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# different_units = 1
# ```
# Units that begin alike get the same gradient, so they stay alike. That is why layers begin with random weights.
# </details>
#
# ## What to keep
#
# * Linear layers in a row are one linear layer. A bend between them makes curves.
# * The gradient by hand is the chain rule with matrices; the engine's is the same numbers.
# * A `Module` is functions with parameters that have names.
#
# Next: [8 · MSE against cross-entropy](08_losses.ipynb).
