# %% [markdown]
# # 11 · Overfitting, and how to avoid it
#
# *20 minutes to read, 15 seconds to run. Before it: [10 · Choosing a learning rate](10_learning_rates.ipynb).
# After it: [12 · The whole way](12_whole_way.ipynb).*
#
# **The question.** A model gets every training example right. Is it a good model? And if it is not, what helps: more data, a smaller
# model, a penalty, noise, or just stopping earlier?

# %%
import itertools
import os

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F
from nn.data import load_digits, train_test_split

SEEDS = range(3 if os.environ.get("AUTOGRAD_FAST") else 5)

# %% [markdown]
# ## Fifteen points and a polynomial
#
# Fit polynomials of growing degree to 15 noisy points of a sine, and look at the error on the points, and on a thousand new ones.
#
# **Predict:** at which degree is the error on the 15 points least? And on the new ones?

# %%
rng = np.random.default_rng(3)
x = np.sort(rng.uniform(-1, 1, 15))
y = np.sin(3 * x) + 0.2 * rng.normal(size=15)
new_x = rng.uniform(x.min(), x.max(), 1000)
new_y = np.sin(3 * new_x) + 0.2 * rng.normal(size=1000)

degrees = range(15)
errors = []
for degree in degrees:
    p = np.polynomial.Chebyshev.fit(x, y, degree)
    errors.append([np.mean((p(a) - b) ** 2) for a, b in ((x, y), (new_x, new_y))])
errors = np.array(errors)

figure, axes = plt.subplots(1, 2, figsize=(10, 3))
axes[0].semilogy(degrees, errors[:, 0] + 1e-6, "o-", label="the 15 points")
axes[0].semilogy(degrees, errors[:, 1], "s-", label="new points")
axes[0].set(xlabel="degree", ylabel="mean squared error", ylim=(1e-4, 1e3))
axes[0].legend()
line = np.linspace(x.min(), x.max(), 300)
axes[1].plot(x, y, "k.")
for degree in (1, 3, 14):
    axes[1].plot(line, np.polynomial.Chebyshev.fit(x, y, degree)(line), label=f"degree {degree}")
axes[1].set_ylim(-2, 2)
axes[1].legend()
figure.tight_layout()
print(f"on the points least at degree {errors[:, 0].argmin()}, on new points at degree {errors[:, 1].argmin()}")
assert errors[:, 0].argmin() == 14
assert 2 <= errors[:, 1].argmin() <= 7
assert errors[14, 1] > 5 * errors[:, 1].min()

# %% [markdown]
# A polynomial of degree 14 goes through all 15 points. It has learned the noise by heart, and in between it does as it likes. That is
# *overfitting*: the training error falls, and the error on new examples grows. Degree 1 has the other illness: it is too simple to
# follow, *underfitting*.
#
# Only new examples tell. So keep some away from training, and look at these.
#
# ## A network and a hundred digits
#
# A network of 256 hidden units has 19,000 weights. Give it 100 digits, 10 of each kind.

# %%
images, labels = load_digits()
x_pool, x_test, y_pool, y_test = train_test_split(images.reshape(-1, 64) / 8 - 1, labels, test_size=0.4, stratify=labels, seed=0)
x_pool, x_val, y_pool, y_val = train_test_split(x_pool, y_pool, test_size=200, stratify=y_pool, seed=0)
X_val, Y_val, X_test, Y_test = map(ag.tensor, (x_val, y_val, x_test, y_test))


def share_right(model, X, Y):
    with ag.no_grad():
        return (model(X).argmax(1) == Y).float().mean().item()


def train(count=100, hidden=256, dropout=0.0, l2=0.0, l1=0.0, noise=0.0, steps=600, seed=0):
    """(curve, right, model): losses on (training, validation, test) and the share of right answers in validation, after each tenth
    step; the share of right answers in the test at the end."""
    ag.manual_seed(seed)
    x, _, y, _ = train_test_split(x_pool, y_pool, test_size=len(x_pool) - count, stratify=y_pool, seed=seed)
    X, Y = ag.tensor(x), ag.tensor(y)
    model = nn.MLP(64, [hidden], 10, activation="relu", dropout=dropout)
    optimizer = nn.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=l2)

    @ag.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        if l1:
            loss = loss + l1 * sum(p.abs().sum() for p in model.parameters())
        loss.backward()
        optimizer.step()
        return loss

    curve = []
    for i in range(steps):
        model.train()
        step(X + noise * ag.randn(*X.shape) if noise else X, Y)
        if i % 10 == 9:
            model.eval()
            with ag.no_grad():
                losses = [F.cross_entropy(model(a), b).item() for a, b in ((X, Y), (X_val, Y_val), (X_test, Y_test))]
                curve.append([*losses, share_right(model, X_val, Y_val)])
    return np.array(curve), share_right(model, X_test, Y_test), model


curve, *_ = train()
figure, axis = plt.subplots(figsize=(7, 3))
steps = np.arange(10, 601, 10)
axis.semilogy(steps, curve[:, 0], label="training")
axis.semilogy(steps, curve[:, 1], label="validation")
axis.set(xlabel="step", ylabel="loss")
axis.legend()
figure.tight_layout()
lowest = curve[:, 1].argmin()
print(f"training loss {curve[-1, 0]:.4f}; validation {curve[lowest, 1]:.2f} at step {steps[lowest]}, {curve[-1, 1]:.2f} at the end")
print(f"right in validation: {curve[lowest, 3]:.1%} at step {steps[lowest]}, {curve[-1, 3]:.1%} at the end")
assert curve[-1, 0] < 0.01
assert curve[-1, 1] > 1.1 * curve[:, 1].min()
assert curve[-1, 3] > curve[lowest, 3] - 0.03

# %% [markdown]
# The training loss goes to zero. The validation loss falls, has a lowest point early, and then *grows*: the network does not get more
# digits wrong, but it becomes surer and surer, also where it is wrong.
#
# Everything in this notebook is about the gap between the two curves. Each remedy is measured in the same way: the test loss at the end,
# mean over several draws of the 100 digits.

# %%
def runs_of(**how):
    return [train(seed=seed, **how) for seed in SEEDS]


def judged(runs):
    """Mean over the runs: test loss at the end, share of right answers."""
    return np.mean([curve[-1, 2] for curve, *_ in runs]), np.mean([right for _, right, _ in runs])


plain = runs_of()
results = {"nothing": judged(plain)}
print("{:>10}: test loss {:.3f}, {:.1%} right".format("nothing", *results["nothing"]))

# %% [markdown]
# ## Remedy 1: more data
#
# The best one, if you can have it. **Predict:** what do four times as many digits do to the loss?

# %%
counts = (50, 100, 200, 400)
by_count = {count: results["nothing"] if count == 100 else judged(runs_of(count=count)) for count in counts}
losses = [loss for loss, _ in by_count.values()]
results["400 digits"] = by_count[400]
print({count: round(float(loss), 3) for count, loss in zip(counts, losses, strict=True)})
assert all(a > b for a, b in itertools.pairwise(losses))
assert losses[-1] < 0.6 * losses[1]

# %% [markdown]
# If you cannot have it, make it: an example changed in a way that leaves its label true is a new example. Shifts and rotations for
# pictures; here just noise, drawn anew in each step.

# %%
results["noise"] = judged(runs_of(noise=0.8))
print("{:>10}: test loss {:.3f}, {:.1%} right".format("noise", *results["noise"]))
assert results["noise"][0] < 0.8 * results["nothing"][0]

# %% [markdown]
# ## Remedy 2: a simpler model
#
# Fewer units can remember less. **Predict:** is smaller always better?

# %%
sizes = (4, 16, 64, 256)
by_size = {hidden: results["nothing"] if hidden == 256 else judged(runs_of(hidden=hidden)) for hidden in sizes}
results["64 units"] = by_size[64]
print({size: round(float(loss), 3) for size, (loss, _) in by_size.items()})
assert by_size[4][0] > 1.5 * by_size[64][0]
assert abs(by_size[16][0] - by_size[64][0]) < 0.25 * by_size[64][0]
assert results["64 units"][0] < results["nothing"][0]

# %% [markdown]
# No. Four units underfit badly. Beyond some size it matters little, for a large network trained by small steps from small weights prefers
# simple functions anyway. This remedy gains little here.
#
# ## Remedy 3: a penalty on the weights
#
# A network that is very sure has large weights. *L2* or *weight decay* shrinks all of them a little in each step, in proportion to their
# size. *L1* takes the same amount from each, large or small, so that many end next to zero.

# %%
results["L2"] = judged(runs_of(l2=3.0))
penalised = runs_of(l1=3e-4)
results["L1"] = judged(penalised)
for name in ("L2", "L1"):
    print("{:>10}: test loss {:.3f}, {:.1%} right".format(name, *results[name]))
assert results["L2"][0] < 0.85 * results["nothing"][0]
assert results["L1"][0] < 0.95 * results["nothing"][0]


def share_small(runs):
    """The share of the weights below a thousandth, over all runs."""
    return np.mean([(p.abs() < 1e-3).double().mean().item() for *_, model in runs for p in model.parameters() if p.ndim == 2])


print(f"weights below a thousandth: {share_small(plain):.0%} without a penalty, {share_small(penalised):.0%} with L1")
assert share_small(plain) < 0.1
assert share_small(penalised) > 0.4

# %% [markdown]
# Next to zero, not at it: Adam's steps are about equally long, and jump from one side of zero to the other. Weights that are to be
# *exactly* zero have to be set to it.

# %% [markdown]
# ## Remedy 4: dropout
#
# In each step, switch off a random half (or more) of the hidden units. No unit can rely on a particular other one. In use all are on,
# which is what `model.eval()` says.

# %%
results["dropout"] = judged(runs_of(dropout=0.7))
print("{:>10}: test loss {:.3f}, {:.1%} right".format("dropout", *results["dropout"]))
assert results["dropout"][0] < results["nothing"][0]

# %% [markdown]
# ## Remedy 5: stop early
#
# The validation loss had its lowest point long before the end. So watch it, keep the weights of the best moment, and stop when it has not
# improved for a while. It is judged on the *test* digits here: the validation digits have chosen the moment, so they are no longer
# impartial.

# %%
curves = [curve for curve, *_ in plain]
early = np.mean([curve[curve[:, 1].argmin(), 2] for curve in curves])
results["stop early"] = early, float("nan")
print(f"stop early: test loss {early:.3f}, at step {int(np.mean([steps[curve[:, 1].argmin()] for curve in curves]))} on average")
assert early < 0.9 * results["nothing"][0]

# %% [markdown]
# `nn.training.fit(..., patience=10)` does that. It costs nothing, it even saves time, and it should always be on.
#
# ## Side by side

# %%
results["several"] = judged(runs_of(noise=0.8, dropout=0.2, l2=0.3))
names = sorted(results, key=lambda name: -results[name][0])
figure, axis = plt.subplots(figsize=(7, 3))
axis.barh(names, [results[name][0] for name in names], color=["0.6" if name == "nothing" else "C0" for name in names])
axis.set_xlabel("test loss, 100 digits (but for one)")
figure.tight_layout()
print("{:>10}: test loss {:.3f}, {:.1%} right".format("several", *results["several"]))
assert results["several"][0] < 0.85 * results["nothing"][0]
loss = {name: values[0] for name, values in results.items()}
assert loss["400 digits"] < 0.85 * min(loss["noise"], loss["several"])
assert loss["noise"] < 0.95 * min(loss[name] for name in ("stop early", "L1", "64 units", "dropout"))
assert loss["L2"] < 0.95 * min(loss[name] for name in ("L1", "64 units", "dropout"))
assert loss["several"] > 0.9 * loss["noise"]

# %% [markdown]
# More data is best. Noise comes next, with weight decay close to it; then stopping early. Fewer units, L1 and dropout gain little here.
# Several together are about as good as noise alone: what one has mended, another cannot mend again. What is best for *your* data
# you only find out by measuring, on examples that were kept away.
#
# ## Your turn
#
# **1.** With weight decay, each step multiplies a weight by $1 - 0.003 · 3$ (rate times decay). If the loss did not pull at all, after
# how many steps would a weight be below a hundredth of what it was?

# %%
from exercises.overfitting import check_decay, check_gap

decay_steps = ...  # a whole number

check_decay(decay_steps)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# decay_steps = int(np.ceil(np.log(0.01) / np.log(1 - 0.003 * 3)))
# ```
# About 510. A weight stays large only if the loss pulls at it all the time.
# </details>
#
# **2.** Given lists of validation losses, one per epoch, write the rule of early stopping: return `(epoch to stop after, epoch whose
# weights to keep)`, counted from 0. Stop when the best loss so far is `patience` epochs old.

# %%
def early_stopping(losses, patience):
    ...  # return (stop, keep)


check_gap(early_stopping)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def early_stopping(losses, patience):
#     best = 0
#     for epoch, loss in enumerate(losses):
#         if loss < losses[best]:
#             best = epoch
#         if epoch - best >= patience:
#             return epoch, best
#     return len(losses) - 1, best
# ```
# </details>
#
# ## What to keep
#
# * Training loss says how much was remembered; only examples that were kept away say what was learned.
# * More data first, then changed copies of it; then weight decay. Stopping early is free.
# * What has chosen something (the moment, the size, the penalty) can no longer judge it.
#
# Next: [12 · The whole way](12_whole_way.ipynb): from raw data to a model in use.
