# %% [markdown]
# # 15 · A graph network on the karate club
#
# *15 minutes to read, 10 seconds to run. Before it: [14 · A character transformer](14_transformer.ipynb).
# After it: [16 · Inside the engine](16_inside.ipynb).*
#
# **The question.** A karate club of 34 members broke in two after a quarrel between the instructor and the officer. A sociologist, Wayne
# Zachary, had noted who met whom outside of training. Suppose that you know of *two* members whom they followed, the two who quarrelled.
# Can you tell for the other 32?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F
from nn.data import karate_club
from nn.graph import GCNConv

SEEDS = range(3 if os.environ.get("AUTOGRAD_FAST") else 10)

club = karate_club()
labels = club.labels
edges = club.edge_index
INSTRUCTOR, OFFICER = 0, 33
print(f"{len(labels)} members, {edges.shape[1] // 2} friendships, {np.bincount(labels).tolist()} in the two halves")

# %% [markdown]
# A member has no features: all that is known of them is their number. What there is are the friendships. Here they are, drawn by letting
# friends attract each other.

# %%
def layout(edges, n, seed=0):
    """Places in the plane by gradient descent: friends near each other, all others apart."""
    ag.manual_seed(seed)
    places = ag.randn(n, 2, requires_grad=True)
    optimizer = nn.optim.Adam([places], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        attract = (places[edges[0]] - places[edges[1]]).square().sum()
        apart = ag.cdist(places, places).square() + ag.eye(n)
        (0.1 * attract + (1 / apart).sum()).backward()
        optimizer.step()
    return places.detach().numpy()


places = layout(edges, 34)


def draw(axis, colour, title):
    for a, b in edges.T:
        axis.plot(*places[[a, b]].T, color="0.85", linewidth=0.8, zorder=1)
    axis.scatter(*places.T, c=colour, cmap="coolwarm", s=50, vmin=0, vmax=1, edgecolors="0.3", zorder=2)
    for i in (INSTRUCTOR, OFFICER):
        axis.annotate(str(i), places[i], ha="center", va="center", fontsize=7, zorder=3)
    axis.set_title(title)
    axis.axis("off")


known = np.full(34, 0.5)
known[[INSTRUCTOR, OFFICER]] = labels[[INSTRUCTOR, OFFICER]]
figure, axes = plt.subplots(1, 2, figsize=(7, 2.8))
draw(axes[0], known, "what we are told")
draw(axes[1], labels, "what happened")
figure.tight_layout()
inside = (labels[edges[0]] == labels[edges[1]]).mean()
print(f"{inside:.0%} of the friendships are within a half")
assert inside > 0.8

# %% [markdown]
# (The drawing itself was made by gradient descent on 68 coordinates. Anything that can be written as a loss can be learned.)
#
# ## Without friendships
#
# **Predict:** a network that sees only each member's number, trained on the two known ones. How many of the other 32 does it get right?

# %%
others = np.setdiff1d(np.arange(34), [INSTRUCTOR, OFFICER])
features = ag.tensor(club.features)
targets = ag.tensor(labels)


def trained(model, steps=100):
    """Train a function of the features on the two known members; the answers for all."""
    optimizer = nn.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
    for _ in range(steps):
        optimizer.zero_grad()
        scores = model(features)
        F.cross_entropy(scores[[INSTRUCTOR, OFFICER]], targets[[INSTRUCTOR, OFFICER]]).backward()
        optimizer.step()
    with ag.no_grad():
        return model(features).softmax(1).numpy()


def share_right(answers):
    return (answers.argmax(1) == labels)[others].mean()


alone = []
for seed in SEEDS:
    ag.manual_seed(seed)
    alone.append(share_right(trained(nn.MLP(34, [16], 2, activation="relu"))))
print(f"without friendships: {np.mean(alone):.0%} right, on average over {len(alone)} starts")
assert 0.3 < np.mean(alone) < 0.75

# %% [markdown]
# About half, as by tossing a coin: nothing connects what it knows with those it does not know.
#
# ## Ask your friends
#
# The idea of a graph network: each member's vector becomes a mixture of its friends' vectors and its own, and *then* comes the linear
# layer. With the table $A$ (1 for friends, 1 on the diagonal) and $d$ the number of friends plus one,
#
# $$ X' = D^{-1/2} A\, D^{-1/2} X W, \qquad D = \mathrm{diag}(d). $$
#
# The division keeps those with many friends from growing large. By hand:

# %%
A = np.eye(34, dtype=np.float32)
A[edges[0], edges[1]] = 1
degree = A.sum(1)
mixing = ag.tensor(A / np.sqrt(degree[:, None] * degree[None, :]))

ag.manual_seed(0)
layer = GCNConv(34, 16)
by_hand = mixing @ (features @ layer.lin.weight.T) + layer.bias
by_layer = layer(features, edges)
print("largest difference is", "below" if (by_hand - by_layer).abs().max() < 1e-5 else "above", "1e-5")
assert ag.allclose(by_hand, by_layer, atol=1e-5)

# %% [markdown]
# `GCNConv` does not build the table. It goes along the *edges*: fetches a vector for each, and adds up what arrives at each member. For
# 34 members that is the same; for a million with ten friends each it is the difference between ten million numbers and a million million.
#
# And the gradient? Fetching a vector ten times and adding up is "where paths meet, add", so each of the two operations is the other's way
# back.

# %%
vectors = ag.ones(34, 1, requires_grad=True)
arrived = ag.zeros(34, 1).index_add(0, ag.tensor(edges[1]), vectors[edges[0]])
arrived.sum().backward()
friends = np.bincount(edges[0], minlength=34)
assert (vectors.grad.numpy()[:, 0] == friends).all()
assert (arrived.detach().numpy()[:, 0] == np.bincount(edges[1], minlength=34)).all()
print("the gradient of each vector is its number of friends:", vectors.grad.numpy()[:8, 0].astype(int).tolist(), "...")

# %% [markdown]
# ## Two layers
#
# After one layer a member knows of its friends, after two of their friends. **Predict:** how many of the 32 are right now?

# %%
class GCN(nn.Module):
    """Two graph convolutions with relu between them."""

    def __init__(self, hidden=16):
        super().__init__()
        self.first, self.second = GCNConv(34, hidden), GCNConv(hidden, 2)

    def forward(self, x):
        return self.second(F.relu(self.first(x, edges)), edges)


with_friends = []
for seed in SEEDS:
    ag.manual_seed(seed)
    model = GCN()
    answers = trained(model)
    with_friends.append(share_right(answers))
print(f"with friendships: {np.mean(with_friends):.0%} right, at worst {np.min(with_friends):.0%}")
assert np.mean(with_friends) > 0.85
assert np.mean(with_friends) > np.mean(alone) + 0.2

# %%
figure, axes = plt.subplots(1, 2, figsize=(7, 2.8))
draw(axes[0], answers[:, 1], "the model's probabilities")
draw(axes[1], labels, "what happened")
figure.tight_layout()
doubtful = others[np.argsort(np.abs(answers[others, 1] - 0.5))[:3]]
print("it is least sure of members", sorted(doubtful.tolist()))

# %% [markdown]
# From two labels and the friendships. It is least sure of those who stand between the halves.
#
# ## Is it the network, or the graph?
#
# A fair question for any clever model: what does something simple reach? Here: let the two known answers *spread*. Each member's answer
# becomes the mean of its friends', the known ones stay, and this is repeated.

# %%
spread = np.full((34, 2), 0.5)
for _ in range(100):
    spread = (A @ spread) / degree[:, None]
    spread[[INSTRUCTOR, OFFICER]] = np.eye(2)[labels[[INSTRUCTOR, OFFICER]]]
print(f"spreading: {share_right(spread):.0%} right; graph network: {np.mean(with_friends):.0%}")
assert share_right(spread) > 0.85

# %% [markdown]
# As good, without any weights. Where a graph is all there is, the graph is the answer. A network is worth its while when the members
# *have* features, and the weights can learn which of them matter.
#
# ## More layers?
#
# **Predict:** with 2, 4, 8, 16, 32 rounds of mixing, how different are the members' vectors from each other?

# %%
vectors = np.random.default_rng(0).normal(size=(34, 16))
walk = A / degree[:, None]
differences = {}
for rounds in (0, 2, 4, 8, 16, 32, 64):
    mixed = np.linalg.matrix_power(walk, rounds) @ vectors
    differences[rounds] = np.linalg.norm(mixed - mixed.mean(0)) / np.linalg.norm(vectors - vectors.mean(0))
    print(f"{rounds:>2} rounds: {differences[rounds]:.4f} of the differences are left")
assert differences[64] < 0.01

# %% [markdown]
# In the end everybody has asked everybody, and all are alike: *oversmoothing*. That is why graph networks are shallow, two to four
# layers.
#
# ## Your turn
#
# **1.** Three members in a row, 0 – 1 – 2. Each has the number 0, 0 and 6. Everyone takes the mean of themselves and their friends,
# twice. What has member 0 then?

# %%
from exercises.graph_network import check_mean_layer, check_rounds

number_of_0 = ...  # a number

check_rounds(number_of_0)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# number_of_0 = (0 + (0 + 0 + 6) / 3) / 2
# ```
# After the first round they have 0, 2 and 3; in the second, 0 takes the mean of 0 and 2.
# </details>
#
# **2.** Write the mean over the *incoming* messages: given vectors (N, d) and edges (2, E), from row 0 to row 1, return (N, d), the mean
# of the vectors of those who have an edge to each node, and zeros where there is none.

# %%
def mean_of_neighbours(vectors, edges):
    ...  # tensors; ag.zeros(...).index_add(0, index, source) adds up


check_mean_layer(mean_of_neighbours)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def mean_of_neighbours(vectors, edges):
#     total = ag.zeros_like(vectors).index_add(0, edges[1], vectors[edges[0]])
#     count = ag.zeros(len(vectors), 1).index_add(0, edges[1], ag.ones(edges.shape[1], 1))
#     return total / count.clamp(min=1)
# ```
# </details>
#
# ## What to keep
#
# * A graph layer mixes each node's vector with its neighbours', then applies weights.
# * It goes along edges: fetch and add up, each the other's gradient.
# * Compare with something simple; and do not stack too many.
#
# Next: [16 · Inside the engine](16_inside.ipynb).
