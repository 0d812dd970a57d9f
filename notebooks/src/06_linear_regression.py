# %% [markdown]
# # 6 · Linear regression by gradient descent
#
# *20 minutes to read, a few seconds to run. Before it: [5 · Gradient checking](05_gradient_checking.ipynb).
# After it: [7 · A multilayer perceptron](07_multilayer_perceptron.ipynb).*
#
# **The question.** A hundred points lie about a line, $y = 2x$ with some noise. There is a formula for the best line, two hundred years
# old. Why would anybody walk to it in small steps? And if you walk: how large may a step be?

# %%
import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
from nn.data import load_diabetes

# %%
rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, 100)
y = 2 * x + 0.3 * rng.normal(size=100)

X = ag.tensor(x).unsqueeze(1)  # (100, 1)
Y = ag.tensor(y).unsqueeze(1)

# %% [markdown]
# ## A model, a loss
#
# The model is $\hat y = Wx + b$: two numbers to find. The loss says how bad a choice of them is, here by the mean of the squared errors.

# %%
def predict(W, b):
    return X * W + b


def loss_of(W, b):
    return ((predict(W, b) - Y) ** 2).mean()


for W, b in ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (2.0, 1.0)):
    print(f"W = {W}, b = {b}: loss {loss_of(ag.tensor(W), ag.tensor(b)).item():.3f}")

# %% [markdown]
# ## Walk downhill
#
# Begin anywhere, ask for the slopes, take a step against them, and again. **Predict:** near the bottom the slopes get small. Do the steps
# get smaller or larger on the way?

# %%
def descend(rate, steps, start=(-1.0, 2.0)):
    """The path (steps + 1, 2) of W and b, and the loss at each point of it."""
    W, b = (ag.tensor(value, dtype=ag.float64, requires_grad=True) for value in start)
    path, losses = [], []
    for _ in range(steps + 1):
        W.grad = b.grad = None
        loss = loss_of(W, b)
        loss.backward()
        path.append((W.item(), b.item()))
        losses.append(loss.item())
        with ag.no_grad():
            W -= rate * W.grad
            b -= rate * b.grad
    return np.array(path), np.array(losses)


path, losses = descend(rate=0.3, steps=60)
strides = np.linalg.norm(np.diff(path, axis=0), axis=1)
print(f"W = {path[-1, 0]:.3f}, b = {path[-1, 1]:.3f}, loss {losses[-1]:.4f}")
print(f"first stride {strides[0]:.3f}, last {strides[-1]:.1e}")
assert abs(path[-1, 0] - 2) < 0.15
assert strides[-1] < 1e-3 * strides[0]

# %% [markdown]
# With the rate fixed, the steps shrink by themselves, for the slope does. Here is the whole landscape: the loss over all $W$ and $b$,
# with the path on it.

# %%
best = np.linalg.lstsq(np.stack([x, np.ones(100)], 1), y, rcond=None)[0]


def draw(axis, path, title):
    w, b = np.meshgrid(np.linspace(-2, 6, 80), np.linspace(-3, 3, 80))
    surface = ((x[:, None, None] * w + b - y[:, None, None]) ** 2).mean(0)
    axis.contour(w, b, surface, levels=np.geomspace(0.1, 30, 7), cmap="Greys_r", linewidths=0.8)
    axis.plot(*path.T, "o-", markersize=3)
    axis.plot(*best, "k*", markersize=10)
    axis.set(xlabel="W", ylabel="b", title=title, xlim=(-2, 6), ylim=(-3, 3))


figure, axes = plt.subplots(1, 2, figsize=(9, 3.5))
draw(axes[0], path, "the path over the loss; ★ is the bottom")
axes[1].semilogy(losses - losses.min() + 1e-12)
axes[1].set(xlabel="step", ylabel="loss above the lowest")
figure.tight_layout()

# %% [markdown]
# ## The formula
#
# For this loss the bottom can be written down: where both slopes are 0, $W$ and $b$ solve two linear equations. NumPy's `lstsq` does
# that.

# %%
print(f"formula  W = {best[0]:.4f}, b = {best[1]:.4f}")
print(f"walking  W = {path[-1, 0]:.4f}, b = {path[-1, 1]:.4f}")
np.testing.assert_allclose(path[-1], best, atol=1e-4)

# %% [markdown]
# The same line. (It is not exactly $W = 2$: it is the best for *these* points, noise included.) So why walk? Because the formula exists
# for hardly any other model, and the walk works for all that have slopes.
#
# ## How large may a step be?
#
# **Predict** what happens with the rates 0.03, 0.3, 0.9 and 1.1.

# %%
rates = (0.03, 0.3, 0.9, 1.1)
figure, axes = plt.subplots(1, 4, figsize=(11, 2.6), sharey=True)
for axis, rate in zip(axes, rates, strict=True):
    path, losses = descend(rate, 30)
    draw(axis, path, f"rate {rate}")
    print(f"rate {rate}: loss {losses[0]:.2f} -> {losses[-1]:.3g}")
figure.tight_layout()
final = {rate: descend(rate, 30)[1][-1] for rate in rates}
lowest = loss_of(*map(ag.tensor, best)).item()
assert final[0.3] - lowest < 1e-3 < final[0.03] - lowest
assert final[1.1] > 100 * lowest

# %% [markdown]
# Too small: it is right but slow. Too large: every step jumps across the valley, and lands higher than it began. In between is a border.
# Where?
#
# A step of rate $r$ across a parabola of curvature $c$ goes from $z$ to $z - r c z = (1 - rc) z$. It gets nearer if $|1 - rc| < 1$, so $r
# < 2/c$. Our valley has a curvature in each direction; they are the eigenvalues of the matrix of second derivatives, the *Hessian*. The
# steepest direction sets the limit.

# %%
hessian = ag.hessian(lambda p: loss_of(p[0], p[1]))(ag.tensor([0.0, 0.0], dtype=ag.float64))
curvatures = np.linalg.eigvalsh(hessian.numpy())
border = 2 / curvatures.max()
print(f"curvatures {curvatures.round(3)}, so the border is at a rate of {border:.3f}")
inside, outside = descend(0.98 * border, 400)[1], descend(1.02 * border, 400)[1]
print(f"2 % below: loss {inside[-1]:.3f}     2 % above: loss {outside[-1]:.3g}")
assert inside[-1] - lowest < 1e-3
assert outside[-1] > outside[0]

# %% [markdown]
# The border is sharp, and it can be known beforehand, at least for a parabola. For networks the curvature changes on the way, and one
# tries: [10 · Choosing a learning rate](10_learning_rates.ipynb).
#
# ## Narrow valleys
#
# The ratio of the curvatures matters as much. Suppose $x$ is measured in other units, a hundred times larger numbers. **Predict:** what
# happens to the curvatures, and to the number of steps?

# %%
def steps_needed(x):
    """How many steps at 90 % of the border until the loss is within 1 % of the lowest; at most 100,000."""
    A = np.stack([x, np.ones_like(x)], 1)
    curvatures = np.linalg.eigvalsh(2 * A.T @ A / len(x))
    rate, bottom = 1.8 / curvatures.max(), np.linalg.lstsq(A, y, rcond=None)[0]
    lowest = ((A @ bottom - y) ** 2).mean()
    p = np.array([0.0, 2.0])
    for step in range(100_000):
        error = A @ p - y
        if (error**2).mean() < 1.01 * lowest:
            return step, curvatures.max() / curvatures.min()
        p = p - rate * 2 * A.T @ error / len(x)
    return 100_000, curvatures.max() / curvatures.min()


raw, scaled = 100 * x + 50, (x - x.mean()) / x.std()
for name, values in (("raw", raw), ("standardised", scaled)):
    steps, ratio = steps_needed(values)
    print(f"{name:>13}: curvatures 1 : {ratio:.3g}, {steps} steps")
assert steps_needed(raw)[0] > 100 * steps_needed(scaled)[0]

# %% [markdown]
# The valley has become a canyon: the step has to be small for the steep walls, and then it takes forever along the floor. **Standardise
# the inputs** (mean 0, deviation 1), and it is round again. This is why every recipe begins with it.
#
# ## With `nn`
#
# A loop like the one above is in every program, so its parts have names: a `Linear` layer, a loss, an optimiser.

# %%
ag.manual_seed(0)
model = nn.Linear(1, 1, dtype=ag.float64)
optimizer = nn.optim.SGD(model.parameters(), lr=0.3)
for _ in range(60):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(X), Y)
    loss.backward()
    optimizer.step()
print(f"W = {model.weight.item():.4f}, b = {model.bias.item():.4f}")
np.testing.assert_allclose([model.weight.item(), model.bias.item()], best, atol=1e-3)
ag.viz.graph(nn.functional.mse_loss(model(X), Y))

# %% [markdown]
# ## A real table
#
# 442 patients, ten measurements of each, and a number for how far their diabetes had gone a year later. The model is the same, with ten
# weights. Standardise, compute the border, walk.
#
# **Predict:** all inputs are standardised now. Is the valley round?

# %%
table = load_diabetes()
features = table.features.astype(np.float64)
inputs = ag.tensor((features - features.mean(0)) / features.std(0))
target = ag.tensor((table.targets - table.targets.mean()) / table.targets.std(), dtype=ag.float64)
weights = ag.zeros(10, dtype=ag.float64, requires_grad=True)


def table_loss(weights):
    return ((inputs @ weights - target) ** 2).mean()


curvatures = np.linalg.eigvalsh(ag.hessian(table_loss)(weights).numpy())
table_best = np.linalg.lstsq(inputs.numpy(), target.numpy(), rcond=None)[0]
table_lowest = table_loss(ag.tensor(table_best)).item()
for step in range(5001):
    loss = table_loss(weights)
    if step in (0, 10, 100, 5000):
        away = np.abs(weights.detach().numpy() - table_best).max()
        print(f"step {step:>4}: loss {loss.item():.3f}, farthest weight {away:.3f} away")
    (gradient,) = ag.grad(loss, (weights,))
    with ag.no_grad():
        weights -= 1.8 / curvatures.max() * gradient
    if step == 100:
        early_loss, early_away = loss.item(), away
print(f"lowest loss {table_lowest:.3f}; curvatures 1 : {curvatures.max() / curvatures.min():.0f}")
alike = np.corrcoef(features[:, 4], features[:, 5])[0, 1]
print(f"{table.feature_names[4]} and {table.feature_names[5]}: correlation {alike:.2f}")
assert alike > 0.85
assert early_loss < 1.02 * table_lowest
assert early_away > 0.1
assert away < 0.01
assert curvatures.max() > 100 * curvatures.min()

# %% [markdown]
# No: some of the measurements say nearly the same (total cholesterol, and the low-density lipoproteins that it contains), and in the
# direction in which the weight of one grows and the other's shrinks, the loss hardly changes.
# So after 100 steps the *loss* is as good as at the bottom, while the *weights* are still on their way.
# A model that predicts well need not have found the weights; do not read them as causes.
#
# ## Your turn
#
# **1.** The mean of squared errors is drawn to far-off points. Find the line with the smallest *mean absolute* error instead: 2,000 steps
# of gradient descent at the rate 0.01 from $W = b = 0$ do. Return `(W, b)`.

# %%
from exercises.linear_regression import check_absolute, check_border


def least_absolute(X, Y):
    ...  # your lines; X and Y are tensors (100, 1)


check_absolute(least_absolute)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def least_absolute(X, Y):
#     W, b = (ag.tensor(0.0, dtype=X.dtype, requires_grad=True) for _ in range(2))
#     for _ in range(2000):
#         loss = (X * W + b - Y).abs().mean()
#         gradients = ag.grad(loss, (W, b))
#         with ag.no_grad():
#             W -= 0.01 * gradients[0]
#             b -= 0.01 * gradients[1]
#     return W.item(), b.item()
# ```
# For this loss there is no formula, and the loop did not change.
# </details>
#
# **2.** The loss is $3w^2 + 2w$. Up to which rate does gradient descent get to the bottom?

# %%
largest_rate = ...  # a number

check_border(largest_rate)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# largest_rate = 2 / 6
# ```
# The second derivative is 6 everywhere.
# </details>
#
# ## What to keep
#
# * A loss over the parameters is a landscape; the gradient points uphill, and descent goes the other way.
# * A rate is too large beyond 2 / (largest curvature). Below, it is a matter of patience, and of how narrow the valley is.
# * Standardised inputs make valleys round.
#
# Next: [7 · A multilayer perceptron, by hand and with `nn`](07_multilayer_perceptron.ipynb).
