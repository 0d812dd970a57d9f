# %% [markdown]
# # 13 · A convolutional network, and what it looks at
#
# *20 minutes to read, 10 seconds to run. Before it: [12 · The whole way](12_whole_way.ipynb).
# After it: [14 · A character transformer](14_transformer.ipynb).*
#
# **The question.** Shift a picture of a digit by one pixel. For you nothing has changed; for a network whose first layer has a weight per
# pixel, everything has. How does one tell a network that a pattern is the same pattern wherever it is? And when it has learned: what in
# the picture does it look at?

# %%
import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F
from nn.data import load_digits, train_test_split

images, labels = load_digits()
images = images[:, None] / 16  # (1797, 1, 8, 8): examples, channels, rows, columns
x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.25, stratify=labels, seed=0)
X, Y, X_test, Y_test = map(ag.tensor, (x_train, y_train, x_test, y_test))

# %% [markdown]
# ## A window that slides
#
# A *convolution* lays a small window of weights over the picture at every place, multiplies, and adds up. The result is a picture again:
# how much is there at this place of what the window looks for? Here are two windows chosen by hand.
#
# **Predict:** which of them answers to the sides of a zero, and which to its top and bottom?

# %%
vertical = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=np.float32)
horizontal = vertical.T


def slide(picture, window):
    """The convolution of (H, W) with (k, k), by its definition."""
    k = len(window)
    height, width = (n - k + 1 for n in picture.shape)
    return np.array([[(picture[i : i + k, j : j + k] * window).sum() for j in range(width)] for i in range(height)])


zero = x_train[y_train == 0][0, 0]
figure, axes = plt.subplots(1, 3, figsize=(7, 2.3))
axes[0].imshow(zero, cmap="Greys")
for axis, window, title in zip(axes, (None, vertical, horizontal), ("a zero", "changes sideways", "changes downward"), strict=True):
    if window is not None:
        axis.imshow(slide(zero, window), cmap="RdBu_r", vmin=-3, vmax=3)
    axis.set_title(title)
    axis.axis("off")
figure.tight_layout()

# %% [markdown]
# In the engine it is `conv2d`, with the windows as weights of shape (output channels, input channels, k, k):

# %%
by_engine = F.conv2d(ag.tensor(zero)[None, None], ag.tensor(np.stack([vertical, horizontal]))[:, None])[0].numpy()
np.testing.assert_allclose(by_engine[0], slide(zero, vertical), atol=1e-5)
np.testing.assert_allclose(by_engine[1], slide(zero, horizontal), atol=1e-5)
print("the same, for both windows:", by_engine.shape)

# %% [markdown]
# ## It is a matrix product
#
# Write the nine pixels under the window, for each of its 36 places, into a row of a table. Then sliding is one matrix product of the
# table, (36, 9), with the window, (9,). That is how fast convolutions are made, and where their gradient comes from: the rule of a matrix
# product, and for the table "where paths meet, add", as each pixel stands in up to nine rows.

# %%
picture = ag.tensor(zero, requires_grad=True)
table = F.unfold(picture[None, None], 3)[0].T  # (36, 9)
as_product = table @ ag.tensor(vertical.reshape(9))
np.testing.assert_allclose(as_product.detach().numpy(), slide(zero, vertical).reshape(36), atol=1e-5)

(used,) = ag.grad(table.sum(), (picture,))
print("how often each pixel is under the window:")
print(used.numpy().astype(int))
assert used.max() == 9
assert used[0, 0] == 1

# %% [markdown]
# ## How many weights?
#
# **Predict:** a fully connected layer from 64 pixels to 8 pictures of 36 numbers each; a convolution with 8 windows of 3 × 3. How many
# weights has each?

# %%
dense, windows = nn.Linear(64, 8 * 36, bias=False), nn.Conv2d(1, 8, 3, bias=False)
print(f"{dense.weight.numel():,} against {windows.weight.numel():,}")
assert dense.weight.numel() == 256 * windows.weight.numel()

# %% [markdown]
# The same pattern at another place is the same weights: that is what we wanted to tell the network. The rest of a convolutional network
# is: several such layers, a bend between them, and *pooling*, which keeps the largest of each 2 × 2 block, so that exact places matter
# less and later windows see more.

# %%
class Reader(nn.Module):
    """Two convolutions with pooling between them, then one linear layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 16, 3, padding=1)
        self.scores = nn.Linear(16 * 4 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.first(x)), 2)  # (N, 8, 4, 4)
        x = F.relu(self.second(x))  # (N, 16, 4, 4)
        return self.scores(x.flatten(1))


def train(model, epochs=15, seed=0):
    optimizer = nn.optim.Adam(model.parameters(), lr=5e-3)

    @ag.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    ag.manual_seed(seed)
    for _ in range(epochs):
        for batch in ag.randperm(len(X))[: len(X) // 64 * 64].reshape(-1, 64):
            step(X[batch], Y[batch])
    return model


def right(model, x):
    with ag.no_grad():
        return (model(x).argmax(1) == Y_test).float().mean().item()


ag.manual_seed(0)
reader = train(Reader())
ag.manual_seed(0)
dense = train(nn.Sequential(nn.Flatten(), nn.Linear(64, 42), nn.ReLU(), nn.Linear(42, 10)))
count = {name: sum(p.numel() for p in m.parameters()) for name, m in (("convolutions", reader), ("fully connected", dense))}
print(nn.summary(reader, X[:1]))
for name, model in (("convolutions", reader), ("fully connected", dense)):
    print(f"{name:>15}: {count[name]:,} weights, {right(model, X_test):.1%} right")
assert right(reader, X_test) > 0.95

# %% [markdown]
# ## Moved by a pixel
#
# **Predict:** both networks see the test digits moved by one pixel to the right. Neither has been trained on moved digits. How many are
# still right?

# %%
moved = ag.tensor(np.roll(x_test, 1, axis=3))
for name, model in (("convolutions", reader), ("fully connected", dense)):
    print(f"{name:>15}: {right(model, X_test):.1%}, moved {right(model, moved):.1%}")
assert right(reader, moved) > right(dense, moved) + 0.05

# %% [markdown]
# The convolutional one is hurt too, for its last layer knows places; but less.
#
# ## What did it learn to look for?
#
# The windows of the first layer, and what they make of the zero.

# %%
with ag.no_grad():
    maps = F.relu(reader.first(ag.tensor(zero)[None, None]))[0].numpy()
kernels = reader.first.weight.detach().numpy()[:, 0]
figure, axes = plt.subplots(2, 8, figsize=(9, 2.4))
for i in range(8):
    axes[0, i].imshow(kernels[i], cmap="RdBu_r", vmin=-1, vmax=1)
    axes[1, i].imshow(maps[i], cmap="Greys")
for axis in axes.flat:
    axis.axis("off")
figure.tight_layout()

# %% [markdown]
# Edges in several directions, found by gradient descent and not by us.
#
# ## Why did it say 3?
#
# The gradient answers a question that we have not asked yet: not "how do the weights change the loss", but "how do the *pixels* change
# the score of the answer". It is the same walk back, only further, to the input.
#
# That is the *input gradient*. It says what a hair on each pixel would do. But a stroke that is already as black as can be may have no
# slope left, although the answer rests on it. *Integrated gradients* mend that: walk from an empty picture to the real one in a straight
# line, and add up gradient times step along the way. The sum over all pixels is then exactly the change of the score, for an integral of
# a slope is a difference. This is called *completeness*, and it can be checked.

# %%
def input_gradient(x, digit):
    """d(score of digit)/d(pixels) at a picture (1, 8, 8)."""
    x = ag.tensor(x[None], requires_grad=True)
    (g,) = ag.grad(reader(x)[0, digit], (x,))
    return g.numpy()[0, 0]


def integrated_gradients(x, digit, steps=200):
    """Pixel by pixel, what it adds to the score of digit, beginning with an empty picture."""
    path = ag.tensor((np.arange(steps) + 0.5).reshape(-1, 1, 1, 1) / steps * x[None], dtype=ag.float32, requires_grad=True)
    (g,) = ag.grad(reader(path)[:, digit].sum(), (path,))
    return (g.numpy().mean(0) * x)[0]


figure, axes = plt.subplots(3, 6, figsize=(9, 4.5))
for column, digit in enumerate((0, 1, 3, 5, 7, 8)):
    with ag.no_grad():
        hits = (Y_test == digit) & (reader(X_test).argmax(1) == digit)
    x = x_test[hits.numpy()][0]
    found = integrated_gradients(x, digit)
    with ag.no_grad():
        change = (reader(ag.tensor(x[None])) - reader(ag.zeros(1, 1, 8, 8)))[0, digit].item()
    assert abs(found.sum() - change) < 0.02 * abs(change) + 0.05  # completeness
    for row, (picture, limit) in enumerate(((x[0], None), (input_gradient(x, digit), 3), (found, 2))):
        axes[row, column].imshow(picture, cmap="RdBu_r" if row else "Greys", vmin=limit and -limit, vmax=limit)
        axes[row, column].set(xticks=[], yticks=[])
for axis, title in zip(axes[:, 0], ("picture", "input\ngradient", "integrated\ngradients"), strict=True):
    axis.set_ylabel(title)
figure.tight_layout()

# %% [markdown]
# Red pixels speak for the digit, blue ones against it. The input gradient also colours places where there is nothing: ink *there* would
# change the answer. The integrated gradients lie on the strokes only, and add up.
#
# ## Is the explanation true?
#
# A picture of colours is easily believed. Test it: take away the pixels that are said to matter most, and see whether the answer falls
# faster than with pixels taken at random.

# %%
rng = np.random.default_rng(0)


def still_right(order_of, erased):
    """The share of 100 test digits that are still right when that many pixels have been erased, in the given order."""
    x = x_test[:100].copy().reshape(100, 64)
    for i in range(100):
        x[i, order_of(i)[:erased]] = 0
    with ag.no_grad():
        return (reader(ag.tensor(x.reshape(100, 1, 8, 8))).argmax(1) == Y_test[:100]).float().mean().item()


important = [np.argsort(-integrated_gradients(x_test[i], int(y_test[i])).ravel()) for i in range(100)]
inked = [rng.permutation(np.flatnonzero(x_test[i].ravel() > 0)) for i in range(100)]
counts = (0, 2, 4, 6, 8, 12)
by_importance = [still_right(important.__getitem__, n) for n in counts]
at_random = [still_right(inked.__getitem__, n) for n in counts]
figure, axis = plt.subplots(figsize=(6, 2.8))
axis.plot(counts, by_importance, "o-", label="the most important ones")
axis.plot(counts, at_random, "s-", label="random ones with ink")
axis.set(xlabel="pixels erased", ylabel="still right", ylim=(0, 1.05))
axis.legend()
figure.tight_layout()
print(f"6 pixels erased: {by_importance[3]:.0%} right if important, {at_random[3]:.0%} if random")
assert by_importance[3] < at_random[3] - 0.2

# %% [markdown]
# ## Your turn
#
# **1.** A picture of 32 × 32 goes through a convolution of 5 × 5 without padding, pooling of 2, and the same two once more. How many
# pixels high is the result?

# %%
from exercises.convolution import check_mean_filter, check_size

size = ...  # a whole number

check_size(size)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# size = (((32 - 4) // 2) - 4) // 2
# ```
# 28, 14, 10, 5. This is LeNet, of 1989.
# </details>
#
# **2.** Give the 3 × 3 window that replaces each pixel by the mean of itself and its eight neighbours.

# %%
window = ...  # an array (3, 3)

check_mean_filter(window)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# window = np.full((3, 3), 1 / 9)
# ```
# It blurs. A window whose numbers add up to 0 finds changes instead, as the two at the beginning do.
# </details>
#
# ## What to keep
#
# * A convolution uses the same few weights at every place; it is a matrix product over windows.
# * The gradient with respect to the *input* says what the network looks at. Integrated gradients add up to the score.
# * An explanation is a claim, and can be tested.
#
# Next: [14 · A character transformer](14_transformer.ipynb).
