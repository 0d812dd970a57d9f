# %% [markdown]
# # 8 · MSE against cross-entropy
#
# *15 minutes to read, a few seconds to run. Before it: [7 · A multilayer perceptron](07_multilayer_perceptron.ipynb).
# After it: [9 · Choosing an activation function](09_activations.ipynb).*
#
# **The question.** For numbers we used the mean squared error. A classifier could use it too: let the target be 1 for "yes" and 0 for
# "no", and square the difference. Everybody uses cross-entropy instead. Is that a habit, or is there a reason that can be measured?

# %%
import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F
from nn.data import load_digits, train_test_split

# %% [markdown]
# ## One confident mistake
#
# A model gives a score $z$, and $p = \sigma(z)$ is its probability for "yes". The truth is "yes". The table shows both losses, and their
# slopes in $z$, from very wrong to very right.
#
# **Predict:** the model is very sure, and wrong: $z = -10$. Which loss has the larger slope there?

# %%
z = ag.tensor([-10.0, -5.0, -1.0, 0.0, 1.0, 5.0], dtype=ag.float64, requires_grad=True)
p = z.sigmoid()
mse, entropy = (p - 1) ** 2, -p.log()
(mse_slope,) = ag.grad(mse.sum(), (z,), retain_graph=True)
(entropy_slope,) = ag.grad(entropy.sum(), (z,))
print("    z        p      MSE    slope    cross-entropy    slope")
for row in zip(*(t.detach().numpy() for t in (z, p, mse, mse_slope, entropy, entropy_slope)), strict=True):
    print("{:5.0f} {:8.4f} {:8.4f} {:8.4f} {:16.4f} {:8.4f}".format(*row))
assert abs(mse_slope[0].item()) < 1e-3
assert abs(entropy_slope[0].item()) > 0.99

# %% [markdown]
# At $z = -10$ the squared error has nearly no slope: the model is as wrong as can be, and is told nothing. Cross-entropy pulls with its
# full force of 1.
#
# The chain rule says why. The slope of the sigmoid is $p(1-p)$, nearly 0 at both ends. In the squared error it is a factor:
# $2(p-1)\,p(1-p)$. In cross-entropy, $-\log p$, it is divided out by the slope $-1/p$ of the logarithm, and what is left is just $p - 1$:
# **the error itself**.

# %%
scores = np.linspace(-8, 4, 200)
sigma = 1 / (1 + np.exp(-scores))
figure, axes = plt.subplots(1, 2, figsize=(9, 3))
axes[0].plot(scores, (sigma - 1) ** 2, label="squared error")
axes[0].plot(scores, -np.log(sigma), label="cross-entropy")
axes[0].set(xlabel="z, where the truth is yes", title="loss")
axes[1].plot(scores, 2 * (sigma - 1) * sigma * (1 - sigma))
axes[1].plot(scores, sigma - 1)
axes[1].set(xlabel="z, where the truth is yes", title="slope")
axes[0].legend()
figure.tight_layout()

# %% [markdown]
# ## Does it matter in training?
#
# Give the same network the same start, and a bad one: its scores are large and random, as they may be in a deep network. **Predict:**
# which loss gets it out?

# %%
images, labels = load_digits()
x_train, x_test, y_train, y_test = train_test_split(images.reshape(-1, 64) / 16, labels, test_size=0.3, stratify=labels, seed=0)
X, Y = ag.tensor(x_train), ag.tensor(y_train)
X_test, Y_test = ag.tensor(x_test), ag.tensor(y_test)
ONE_HOT = F.one_hot(Y, 10).float()


def train(loss_of, rate, scale, steps=200):
    """A network whose last layer begins `scale` times too large; the share of right answers in the test after each tenth step."""
    ag.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    with ag.no_grad():
        model[2].weight *= scale
    optimizer = nn.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    curve = []
    for step in range(steps):
        optimizer.zero_grad()
        loss_of(model(X)).backward()
        optimizer.step()
        if step % 10 == 9:
            with ag.no_grad():
                curve.append((model(X_test).argmax(1) == Y_test).float().mean().item())
    return curve


def squared(scores):
    return F.mse_loss(scores.softmax(1), ONE_HOT)


def cross_entropy(scores):
    return F.cross_entropy(scores, Y)


figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
final = {}
for axis, scale in zip(axes, (1, 20), strict=True):
    for name, loss_of in (("squared error", squared), ("cross-entropy", cross_entropy)):
        curves = [train(loss_of, rate, scale) for rate in (0.003, 0.03, 0.3, 3.0)]  # each loss with the rate that suits it best
        best = max(curves, key=lambda curve: curve[-1])
        final[name, scale] = best[-1]
        axis.plot(range(10, 201, 10), best, label=name)
    axis.set(xlabel="step", title="usual start" if scale == 1 else "scores 20 times too large")
axes[0].set_ylabel("right in the test")
axes[0].legend()
figure.tight_layout()
for (name, scale), share in final.items():
    print(f"{name}, start × {scale}: {share:.1%}")
assert final["cross-entropy", 20] > final["squared error", 20] + 0.05
assert final["cross-entropy", 1] > 0.93

# %% [markdown]
# From the usual start both learn: a good initialisation keeps scores small, where both slopes are fine. From the bad one, the squared
# error is slow, and is still on its way at the end: the digits that it is sure about and wrong hardly pull. Cross-entropy forgives a bad
# start.
#
# ## What it measures
#
# Cross-entropy is not an arbitrary curve with a good slope. $-\log p$ is how surprised you are by an event to which you gave the
# probability $p$: 0 for what you were sure of, large for what you held impossible. The mean surprise is smallest for a model that gives
# the *true* probabilities. The squared error has that property too; the mean absolute error does not:

# %%
true = 0.7  # of a hundred such cases, 70 turn out "yes"
guess = ag.tensor(np.linspace(0.01, 0.99, 99))
expected = {
    "cross-entropy": -(true * guess.log() + (1 - true) * (1 - guess).log()),
    "squared error": true * (1 - guess) ** 2 + (1 - true) * guess**2,
    "absolute error": true * (1 - guess) + (1 - true) * guess,
}
for name, loss in expected.items():
    print(f"{name:>15} is least at p = {guess[loss.argmin()].item():.2f}")
assert abs(guess[expected["cross-entropy"].argmin()].item() - true) < 0.01
assert guess[expected["absolute error"].argmin()].item() > 0.98

# %% [markdown]
# ## Give it scores, not probabilities
#
# Written as it stands, $-\log(\mathrm{softmax}(z))$ breaks down on a computer. **Predict** what each line below gives for scores 0 and
# 200, and the truth "0".

# %%
z = ag.tensor([[0.0, 200.0]], requires_grad=True)
y = ag.tensor([0])
with np.errstate(all="ignore"):
    naive = -(z.exp() / z.exp().sum(1, keepdim=True)).log()[0, 0]
stable = F.cross_entropy(z, y)
print(f"by the formula {naive.item()}, by cross_entropy {stable.item()}")
assert not np.isfinite(naive.item())
assert stable.item() == 200

# %% [markdown]
# $e^{200}$ is too large for float32 and becomes infinity, so the probability becomes 0, and its logarithm infinite. `cross_entropy` takes
# the *scores*, and computes $\log\sum_j e^{z_j} - z_y$ with the largest score taken out first, which changes nothing in the result, and
# leaves no exponential above one. So a classifier ends with a linear layer and no softmax; the loss has it inside.
#
# Softmax twice is a common mistake, and a silent one: it learns, badly. Its gradient is weak for the same reason as above.

# %%
once, twice = (train(loss_of, 0.3, 1)[-1] for loss_of in (cross_entropy, lambda s: F.cross_entropy(s.softmax(1), Y)))
z = ag.tensor([[4.0, 0.0, 0.0]], requires_grad=True)
floor = F.cross_entropy(z.softmax(1), ag.tensor([0])).item()
print(f"right after 200 steps: {once:.1%} with scores, {twice:.1%} with probabilities in place of scores")
print(f"a nearly perfect answer, softmax twice: loss {floor:.2f}; it can never come below {np.log(1 + 2 / np.e):.2f} for three classes")
assert twice < once
assert floor > np.log(1 + 2 / np.e)

# %% [markdown]
# ## Your turn
#
# **1.** Ten classes, and the model knows nothing: all scores are equal. What is the cross-entropy? (It is the first number to check in a
# training: if yours begins far above it, something is wrong with the initial weights.)

# %%
from exercises.losses import check_beginning, check_stable

beginning = ...  # a number

check_beginning(beginning)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# beginning = np.log(10)
# ```
# Each class has the probability 1/10, and $-\log(1/10) = \log 10 ≈ 2.3$.
# </details>
#
# **2.** For "yes" or "no" the loss of a score $z$ is $-\log\sigma(z)$ for a yes and $-\log\sigma(-z)$ for a no. Write it so that it is
# right for $z = ±1000$ too, without a ready-made loss. (`ag.logaddexp(a, b)` is $\log(e^a + e^b)$, computed with care.)

# %%
def binary_cross_entropy(z, y):
    ...  # z: scores (N,), y: 1.0 or 0.0 (N,); return the losses (N,)


check_stable(binary_cross_entropy)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def binary_cross_entropy(z, y):
#     return ag.logaddexp(z, ag.zeros_like(z)) - y * z
# ```
# $-\log\sigma(z) = \log(1 + e^{-z}) = \log(1 + e^z) - z$, and for a no it is $\log(1 + e^z)$.
# </details>
#
# ## What to keep
#
# * Behind a sigmoid or softmax, the squared error loses its slope where the model is confidently wrong; cross-entropy's slope is the
#   error itself.
# * It measures surprise, and is least for true probabilities.
# * It takes scores. A softmax before it is a silent mistake.
#
# Next: [9 · Choosing an activation function](09_activations.ipynb).
