# %% [markdown]
# # 9 · Choosing an activation function
#
# *20 minutes to read, 10 seconds to run. Before it: [8 · MSE against cross-entropy](08_losses.ipynb).
# After it: [10 · Choosing a learning rate](10_learning_rates.ipynb).*
#
# **The question.** Any bend between two linear layers makes a network. Then why did the sigmoid, with which it all began, disappear from
# between layers, and why does nearly everybody use something like `relu`?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F
from nn.data import load_digits, train_test_split

ACTIVATIONS = {"sigmoid": ag.sigmoid, "tanh": ag.tanh, "relu": F.relu, "leaky relu": lambda x: F.leaky_relu(x, 0.1), "gelu": F.gelu}
EPOCHS = 10 if os.environ.get("AUTOGRAD_FAST") else 30

# %% [markdown]
# ## The bends, and their slopes

# %%
x = ag.linspace(-5, 5, 201, requires_grad=True)
figure, axes = plt.subplots(1, 2, figsize=(9, 3))
steepest = {}
for name, activation in ACTIVATIONS.items():
    y = activation(x)
    (slope,) = ag.grad(y.sum(), (x,))
    steepest[name] = slope.max().item()
    axes[0].plot(x.detach().numpy(), y.detach().numpy(), label=name)
    axes[1].plot(x.detach().numpy(), slope.numpy())
axes[0].set(title="activation", ylim=(-1.5, 3))
axes[1].set(title="slope")
axes[0].legend(fontsize=8)
figure.tight_layout()
print({name: round(value, 2) for name, value in steepest.items()})
assert steepest["sigmoid"] == 0.25
assert steepest["relu"] == 1

# %% [markdown]
# The steepest slope of the sigmoid is ¼. **Predict:** the gradient passes through one activation per layer, and slopes along a path
# multiply. What is left after ten layers of sigmoid?
#
# ## The gradient on its way back
#
# A network of 10 layers of 64 units, just initialised. One batch of digits forward, one gradient back. How large is the gradient of each
# layer's weights?

# %%
images, labels = load_digits()
x_train, x_test, y_train, y_test = train_test_split(images.reshape(-1, 64) / 8 - 1, labels, test_size=0.3, stratify=labels, seed=0)
X, Y, X_test, Y_test = map(ag.tensor, (x_train, y_train, x_test, y_test))


class Deep(nn.Module):
    """Layers of 64 units with an activation between them."""

    def __init__(self, activation, depth, initial):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(64, 64) for _ in range(depth))
        self.last = nn.Linear(64, 10)
        self.activation = activation
        for layer in [*self.hidden, self.last]:
            initial(layer.weight)
            nn.init.zeros_(layer.bias)

    def units(self, x):
        """The outputs of all hidden layers."""
        outputs = []
        for layer in self.hidden:
            x = self.activation(layer(x))
            outputs.append(x)
        return outputs

    def forward(self, x):
        return self.last(self.units(x)[-1])


def gradient_sizes(activation, initial, depth=10):
    """The root mean square of the gradient of each hidden layer's weights."""
    ag.manual_seed(0)
    model = Deep(activation, depth, initial)
    F.cross_entropy(model(X), Y).backward()
    return [layer.weight.grad.square().mean().sqrt().item() for layer in model.hidden]


figure, axis = plt.subplots(figsize=(7, 3))
ratio = {}
for name, activation in ACTIVATIONS.items():
    sizes = gradient_sizes(activation, nn.init.xavier_normal_)
    ratio[name] = sizes[0] / sizes[-1]
    axis.semilogy(range(1, 11), sizes, "o-", label=name)
axis.set(xlabel="layer", ylabel="size of its gradient")
axis.legend(fontsize=8)
figure.tight_layout()
for name, value in ratio.items():
    print(f"{name:>10}: the first layer's gradient is {value:.1e} times the last one's")
assert ratio["sigmoid"] < 1e-4
assert ratio["tanh"] > 0.05

# %% [markdown]
# Through ten sigmoids hardly anything arrives: the *vanishing gradient*. The first layers are told nothing, and do not learn, however
# long you wait. Through `tanh`, whose steepest slope is 1, it does arrive. Through `relu` it arrives too, but
# look at the height of its line: half of its slopes are 0, so everything is small, in all layers. That can be made good.
#
# ## Initial weights belong to the activation
#
# A layer multiplies by a random matrix, and the activation takes something away. Weights can be drawn so large that both are even: then
# the signal keeps its size forward, and the gradient backward. For `tanh` that is Xavier's rule, variance 1/n. `relu` halves the square,
# so its weights need the variance 2/n: He's rule (Kaiming).
#
# **Predict:** halving the square at each of 20 layers shrinks the signal by $\sqrt{1/2}^{\,20} ≈ 1/1000$. How far apart are the two
# lines?

# %%
def for_relu(weight):
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


figure, axis = plt.subplots(figsize=(7, 3))
kept = {}
for name, initial in (("variance 1/n", nn.init.xavier_normal_), ("variance 2/n", for_relu)):
    sizes = gradient_sizes(F.relu, initial, depth=20)
    kept[name] = float(np.median(sizes))
    axis.semilogy(range(1, 21), sizes, "o-", label=f"relu, {name}")
axis.set(xlabel="layer of 20", ylabel="size of its gradient")
axis.legend()
figure.tight_layout()
print(f"typical gradient: {kept['variance 1/n']:.1e} with 1/n, {kept['variance 2/n']:.1e} with 2/n")
assert 100 < kept["variance 2/n"] / kept["variance 1/n"] < 10_000

# %% [markdown]
# ## Saturated and dead units
#
# Vanishing is about slopes on the way. It has a face at each unit as well. A sigmoid far from 0 is *saturated*: its slope is nearly 0. A
# `relu` that is negative for *every* input is *dead*: its slope is exactly 0, for every example, so no gradient ever reaches its weights,
# and it stays dead.
#
# Count them. Train for a while with a rate that is too large, and look at how many of the units are off for all digits.

# %%
def train(activation, rate, initial=for_relu, depth=3, epochs=EPOCHS, seed=0):
    """(model, share of right answers in the test) after training in batches of 64."""
    ag.manual_seed(seed)
    model = Deep(activation, depth, initial)
    optimizer = nn.optim.SGD(model.parameters(), lr=rate, momentum=0.9)

    @ag.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(epochs):
        order = ag.randperm(len(X))[: len(X) // 64 * 64].reshape(-1, 64)
        for batch in order:
            step(X[batch], Y[batch])
    with ag.no_grad():
        return model, (model(X_test).argmax(1) == Y_test).float().mean().item()


def dead_share(model):
    """The share of hidden units that are 0 for every digit."""
    with ag.no_grad():
        return float(np.mean([(units == 0).all(0).float().mean().item() for units in model.units(X)]))


dead = {}
for rate in (0.01, 0.1, 0.3):
    model, right = train(F.relu, rate)
    dead[rate] = dead_share(model)
    print(f"relu, rate {rate}: {dead[rate]:.0%} of the units dead, {right:.1%} right")
assert dead[0.01] < 0.1
assert dead[0.3] > 0.8

# %% [markdown]
# One large step pushes a unit so far down that no input lifts it again; at the rate 0.3 it happened to nearly all, and the network is
# lost. The cure is a smaller rate. An activation whose slope is never quite 0, such as `leaky_relu`, lets units come back:

# %%
off = {}
for name in ("relu", "leaky relu"):
    model, right = train(ACTIVATIONS[name], 0.12)
    with ag.no_grad():
        off[name] = float(np.mean([(units <= 0).all(0).float().mean().item() for units in model.units(X)]))
    print(f"{name}, rate 0.12: {off[name]:.0%} of the units below 0 for all digits, {right:.1%} right")
assert off["leaky relu"] < off["relu"]

# %% [markdown]
# ## All of them, on the digits
#
# Six layers, each activation with the best of three learning rates. **Predict** the order.

# %%
results = {}
for name, activation in ACTIVATIONS.items():
    initial = nn.init.xavier_normal_ if name in ("sigmoid", "tanh") else for_relu
    results[name] = max(train(activation, rate, initial, depth=6)[1] for rate in (0.01, 0.03, 0.1))
    print(f"{name:>10}: {results[name]:.1%} right")
assert results["sigmoid"] < 0.5
assert min(results[name] for name in ("tanh", "relu", "leaky relu", "gelu")) > 0.93

# %% [markdown]
# All but the sigmoid learn, and on a task of this size the differences between the others mean little. The sigmoid does not get going at
# all: with six layers its first ones hear nothing.
#
# Look into any model like this: `nn.training.plot_histograms` draws the distributions of activations or gradients, and says in each title
# how many are exactly 0.

# %%
ag.manual_seed(0)
small = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 10))
nn.training.plot_histograms(small, "activations", X[:256])

# %% [markdown]
# ## Your turn
#
# **1.** At best a sigmoid passes ¼ of a gradient. How many sigmoids in a row does it take until less than a millionth can be left?

# %%
from exercises.activations import check_count, check_slope

count = ...  # a whole number

check_count(count)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# count = 10
# ```
# $4^{10} = 1048576$.
# </details>
#
# **2.** Write an activation that is $x$ for positive $x$ and $e^x - 1$ for others (it is called ELU). Mind that $e^x$ is computed for
# large $x$ too, before `where` throws it away.

# %%
def elu(x):
    ...  # use ag.where, exp, clamp


check_slope(elu)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def elu(x):
#     return ag.where(x > 0, x, x.clamp(max=0).exp() - 1)
# ```
# Its slope is 1 on one side and $e^x$ on the other: smooth at 0, and never quite 0.
# </details>
#
# ## What to keep
#
# * Slopes multiply through the layers. An activation whose slope is below 1 everywhere makes the gradient vanish.
# * Initial weights make good what the activation takes: variance 1/n for `tanh`, 2/n for `relu`.
# * `relu` is a good first choice; if units die, lower the rate, or take `gelu` or `leaky_relu`. The sigmoid is for the last step, where a
#   probability is wanted.
#
# Next: [10 · Choosing a learning rate](10_learning_rates.ipynb).
