# %% [markdown]
# # 10 · Choosing a learning rate
#
# *15 minutes to read, 10 seconds to run. Before it: [9 · Choosing an activation function](09_activations.ipynb).
# After it: [11 · Overfitting](11_overfitting.ipynb).*
#
# **The question.** Of all the numbers that you have to choose, the learning rate decides most. Must you try ten of them, each for a whole
# training? And why should it be one number, from the first step to the last?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F
from nn.data import load_digits, train_test_split
from nn.optim.lr_scheduler import ExponentialLR, LambdaLR, OneCycleLR

SEEDS = range(2 if os.environ.get("AUTOGRAD_FAST") else 5)

images, labels = load_digits()
x_train, x_test, y_train, y_test = train_test_split(images.reshape(-1, 64) / 8 - 1, labels, test_size=0.3, stratify=labels, seed=0)
X, Y, X_test, Y_test = map(ag.tensor, (x_train, y_train, x_test, y_test))
BATCH = 32
STEPS = len(X) // BATCH  # in an epoch

# %% [markdown]
# ## A training, with a schedule if you like
#
# One step is compiled: after the first it is replayed without Python in between, so a training of 5 epochs is short, and we can
# afford hundreds. The learning rate stays live in a compiled step.

# %%
def train(rate, schedule=None, epochs=5, seed=0):
    """Losses and rates of each step, and the mean loss over the training and the test digits at the end."""
    ag.manual_seed(seed)
    model = nn.MLP(64, [64, 64], 10, activation="relu")
    optimizer = nn.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    scheduler = schedule(optimizer, epochs * STEPS) if schedule else None

    @ag.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    losses, rates = [], []
    for _ in range(epochs):
        for batch in ag.randperm(len(X))[: STEPS * BATCH].reshape(-1, BATCH):
            rates.append(optimizer.param_groups[0]["lr"])
            losses.append(step(X[batch], Y[batch]).item())
            if scheduler:
                scheduler.step()
    with ag.no_grad():
        return losses, rates, F.cross_entropy(model(X), Y).item(), F.cross_entropy(model(X_test), Y_test).item()


def smooth(losses, width=20):
    return np.convolve(losses, np.ones(width) / width, mode="valid")


figure, axis = plt.subplots(figsize=(7, 3))
ends = {}
for rate in (0.001, 0.01, 0.03, 0.3):
    losses, _, ends[rate], _ = train(rate)
    axis.semilogy(smooth(losses), label=f"rate {rate}: ends at {ends[rate]:.2f}")
axis.set(xlabel="step", ylabel="loss, mean of 20 steps")
axis.legend(fontsize=8)
figure.tight_layout()
assert ends[0.03] < min(ends[0.001], ends[0.3])

# %% [markdown]
# Too small creeps, too large stays up. In between lies a factor of a hundred, and finding the place by whole trainings is expensive when
# a training takes a day.
#
# ## The range test
#
# Leslie Smith's trick: *one* short training, in which the rate grows by a constant factor at each step, from far too small to far too
# large. Write down the loss as you go.
#
# **Predict:** what does the curve of the loss over the rate look like?

# %%
lowest, highest = 1e-4, 10.0


def growing(optimizer, steps):
    return LambdaLR(optimizer, lambda step: (highest / lowest) ** (step / steps))


with np.errstate(all="ignore"):  # the end of it overflows, as it is meant to
    losses, rates, *_ = train(lowest, growing, epochs=4)
curve, rates = smooth(losses, 5), np.array(rates[4:])
bottom = rates[curve.argmin()]
figure, axis = plt.subplots(figsize=(7, 3))
axis.semilogx(rates, np.minimum(curve, 4))
axis.axvline(bottom, color="0.6", linestyle=":", label=f"lowest loss at {bottom:.2g}")
axis.set(xlabel="learning rate at that step", ylabel="loss (cut off at 4)")
axis.legend()
figure.tight_layout()
print(f"the loss is lowest at a rate of about {bottom:.2g}")
assert 0.02 < bottom < 0.5
assert curve[-1] > 2 * curve.min()

# %% [markdown]
# Flat, where the rate is too small to matter; then falling; then up and away, when it is too large. The lowest point is already too late:
# by then the rate is at its limit. A good *largest* rate is at about half to a third of it, where the loss still falls.
#
# ## Why not the same rate from beginning to end?
#
# At the beginning the way is long, and a large step gets far. At the end the noise of the batches matters: with a large rate the weights
# jitter about the bottom and do not settle. A *schedule* makes the rate a function of the step. Two that are much used:
#
# * **exponential decay**: multiplied by a constant less than 1 at each step; here down to a hundredth by the end;
# * **1cycle**: up from a small rate to the largest in the first third, then down again to nearly nothing. The way up is a *warm-up*: at
#   the very beginning gradients are large and point anywhere, and a full step could do harm.

# %%
def decay(optimizer, steps):
    return ExponentialLR(optimizer, gamma=0.01 ** (1 / steps))


def one_cycle(optimizer, steps):
    return OneCycleLR(optimizer, max_lr=optimizer.param_groups[0]["lr"], total_steps=steps + 1)


schedules = {"constant": None, "exponential decay": decay, "1cycle": one_cycle}
figure, axis = plt.subplots(figsize=(7, 2.5))
for name, schedule in schedules.items():
    _, rates, *_ = train(0.1, schedule)
    axis.plot(rates, label=name)
axis.set(xlabel="step", ylabel="learning rate")
axis.legend()
figure.tight_layout()

# %% [markdown]
# ## Compared fairly
#
# Each schedule with each of several largest rates, for five epochs, over several seeds. Each is then judged at the rate that suits it
# best.
#
# **Predict:** which ends lowest? And which can bear a rate of 0.2?

# %%
candidates = (0.01, 0.03, 0.1, 0.2, 0.3)
trained, tested = {}, {}
for name, schedule in schedules.items():
    for rate in candidates:
        runs = [train(rate, schedule, seed=seed)[2:] for seed in SEEDS]
        trained[name, rate], tested[name, rate] = np.mean(runs, axis=0)

figure, axis = plt.subplots(figsize=(7, 3))
best = {}
for name in schedules:
    curve = [trained[name, rate] for rate in candidates]
    best[name] = candidates[int(np.argmin(curve))]
    axis.loglog(candidates, curve, "o-", label=name)
    print(f"{name:>17}: best at {best[name]}, training loss {min(curve):.3f}, test loss {tested[name, best[name]]:.3f}")
axis.set(xlabel="largest rate", ylabel="training loss after 5 epochs")
axis.legend()
figure.tight_layout()
constant, decayed, cycled = (trained[name, best[name]] for name in schedules)
assert decayed < 0.8 * constant
assert cycled < 0.8 * constant
assert trained["constant", 0.2] > 3 * max(trained["exponential decay", 0.2], trained["1cycle", 0.2])

# %% [markdown]
# With the same number of steps both schedules end far below the constant rate. And where a constant rate already does badly, at 0.2, they
# still do well: they can afford a large rate, for they come down in time. What they need is that they come down; how they go up matters
# more for deep networks and for transformers, where 1cycle's warm-up is at home.
#
# ## Does it settle?
#
# The last part of the way: constant at its best rate, against the decay.

# %%
figure, axis = plt.subplots(figsize=(7, 3))
jitter = {}
for name in ("constant", "exponential decay"):
    losses, *_ = train(best[name], schedules[name], epochs=10)
    jitter[name] = float(np.std(losses[-100:]))
    axis.plot(losses[-100:], label=f"{name}, {best[name]}")
axis.set(xlabel="the last 100 steps", ylabel="loss of the batch")
axis.legend()
figure.tight_layout()
print({name: round(value, 3) for name, value in jitter.items()})
assert jitter["exponential decay"] < jitter["constant"]

# %% [markdown]
# ## What about Adam?
#
# Adam divides each step by the typical size of its gradient, so that a step is about as long as the rate says, in every coordinate. That
# makes the choice easier, but does not take it away; and a schedule helps it as well. A usual start is `AdamW` at 1e-3 with `OneCycleLR`.
#
# ## Your turn
#
# **1.** A rate of 0.1 is to fall to 0.001 in 200 steps of exponential decay. What is `gamma`, the factor per step?

# %%
from exercises.learning_rates import check_gamma, check_warmup

gamma = ...  # a number just below 1

check_gamma(gamma)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# gamma = (0.001 / 0.1) ** (1 / 200)
# ```
# 200 factors of gamma make a hundredth.
# </details>
#
# **2.** Write a schedule for `LambdaLR`: a factor that grows in a straight line from 0 to 1 in the first 100 steps, and then falls in a
# straight line to 0 at step 1000.

# %%
def warmup_then_down(step):
    ...  # return the factor for this step


check_warmup(warmup_then_down)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def warmup_then_down(step):
#     return step / 100 if step < 100 else (1000 - step) / 900
# ```
# `LambdaLR(optimizer, warmup_then_down)` multiplies the optimiser's rate by it.
# </details>
#
# ## What to keep
#
# * A range test finds the largest rate in one short run: take half to a third of where the loss is lowest.
# * A schedule begins large and ends small: it goes far, and then settles.
# * Compare schedules each at its own best rate, or you compare rates.
#
# Next: [11 · Overfitting, and how to avoid it](11_overfitting.ipynb).
