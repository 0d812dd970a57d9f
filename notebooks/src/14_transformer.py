# %% [markdown]
# # 14 · A character transformer
#
# *25 minutes to read, half a minute to run. Before it: [13 · A convolutional network](13_convolution.ipynb).
# After it: [15 · A graph network](15_graph_network.ipynb).*
#
# **The question.** A text goes on. Which letter comes next depends on the last one, and on a bracket opened two hundred letters ago. How
# does a network look back, not at a fixed place, but at the place that matters?

# %%
import math
import os
from pydoc_data import topics

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
import nn.functional as F

FAST = bool(os.environ.get("AUTOGRAD_FAST"))
STEPS = 150 if FAST else 1000

# %% [markdown]
# ## A text that you have already
#
# Every Python comes with the text of its own manual, for `help()`. We take what is plain ASCII, and number the characters.

# %%
text = "\n\n".join(topics.topics[name] for name in sorted(topics.topics))
text = "".join(c for c in text if c == "\n" or " " <= c <= "~")
alphabet = sorted(set(text))
number = {c: i for i, c in enumerate(alphabet)}
data = np.array([number[c] for c in text])
train_data, val_data = data[: int(0.9 * len(data))], data[int(0.9 * len(data)) :]
print(f"{len(alphabet)} different characters; the text begins: {text[:60]!r}")
assert len(data) > 300_000

# %% [markdown]
# ## What is there to beat?
#
# The loss is the cross-entropy of the next character: the mean surprise ([notebook 8](08_losses.ipynb)). Who knows nothing has $\log 97$
# or so. Who knows how frequent each character is, less. Who knows the *last character* and counts which one follows it, less again.

# %%
size = len(alphabet)


def surprise(model_of_next):
    """The mean surprise on the validation text of probabilities (last character, next character)."""
    return -np.log(model_of_next[val_data[:-1], val_data[1:]]).mean()


pairs = np.ones((size, size))  # everything seen once, so that nothing is impossible
np.add.at(pairs, (train_data[:-1], train_data[1:]), 1)
levels = {
    "knows nothing": surprise(np.full((size, size), 1 / size)),
    "frequencies": surprise(np.tile(pairs.sum(0) / pairs.sum(), (size, 1))),
    "last character": surprise(pairs / pairs.sum(1, keepdims=True)),
}
for name, level in levels.items():
    print(f"{name:>15}: {level:.2f}")
assert levels["last character"] < levels["frequencies"] < levels["knows nothing"]

# %% [markdown]
# ## Attention, by hand
#
# Four characters, each a vector of 3 numbers. Each asks a question (a *query*), each has a label (a *key*), and each has something to say
# (a *value*). The product of a query with a key says how well they go together. A softmax makes shares of it, and each character takes
# that mixture of the values.
#
# One rule: nobody may look ahead, for what comes next is to be predicted. So the products with later characters are set to $-\infty$.
# **Predict:** what is the first row of the shares?

# %%
rng = np.random.default_rng(0)
query, key, value = (ag.tensor(rng.normal(size=(4, 3))) for _ in range(3))

match = query @ key.T / math.sqrt(3)
later = ag.ones(4, 4).triu(1).bool()
shares = match.masked_fill(later, -math.inf).softmax(1)
mixture = shares @ value
print(shares.numpy().round(2))

by_engine = F.scaled_dot_product_attention(query[None], key[None], value[None], is_causal=True)[0]
np.testing.assert_allclose(mixture.numpy(), by_engine.numpy(), atol=1e-6)
assert shares[0, 0] == 1
np.testing.assert_allclose(shares.sum(1).numpy(), 1)

# %% [markdown]
# The first can only look at itself. Each row adds up to 1, and where to look was decided by the contents, not by the place. (The division
# by $\sqrt{3}$, the root of the length, keeps the products of long vectors from growing, which would make the softmax all-or-nothing,
# with no slope.)
#
# ## The model
#
# A *block* is attention, by which characters exchange something, and a small network, by which each thinks about it. Both *add* to what
# is there, so that the gradient has a straight way back. Characters and places each have a learned vector. That is GPT, small.

# %%
BLOCK, WIDTH, HEADS, LAYERS = 64, 64, 4, 2


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def heads(self, x):
        """Query, key and value, each (N, heads, T, width of a head)."""
        n, t, _ = x.shape
        return self.query_key_value(self.norm_1(x)).reshape(n, t, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4).unbind(0)

    def forward(self, x):
        mixed = F.scaled_dot_product_attention(*self.heads(x), is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
        return x + self.mlp(self.norm_2(x))


class GPT(nn.Module):
    """Characters (N, T) to scores for the next one (N, T, size)."""

    def __init__(self):
        super().__init__()
        self.characters = nn.Embedding(size, WIDTH)
        self.places = nn.Embedding(BLOCK, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.scores = nn.Linear(WIDTH, size)

    def forward(self, tokens):
        x = self.characters(tokens) + self.places(ag.arange(tokens.shape[1]))
        return self.scores(self.norm(self.blocks(x)))


ag.manual_seed(0)
model = GPT()
tokens = ag.tensor(train_data[None, :BLOCK])
beginning = F.cross_entropy(model(tokens)[0, :-1], tokens[0, 1:])
print(f"{sum(p.numel() for p in model.parameters()):,} weights")
print(f"loss before training {beginning.item():.2f}, log {size} is {math.log(size):.2f}")
assert abs(beginning.item() - math.log(size)) < 0.5

# %% [markdown]
# The first number to check, and it is right: a new model knows nothing. The picture folds each part into a box;
# `ag.viz.graph(loss).explore()` makes a page on which they open.

# %%
ag.viz.graph(beginning, params=model, depth=2)

# %% [markdown]
# Nobody looks ahead: change the last character, and the scores of all places before it stay what they were.

# %%
with ag.no_grad():
    changed = tokens.clone()
    changed[0, -1] = (changed[0, -1] + 1) % size
    difference = (model(tokens) - model(changed)).abs().amax(dim=2)[0].numpy()
print("places whose scores have changed:", np.flatnonzero(difference > 1e-6).tolist(), "of", BLOCK)
assert np.flatnonzero(difference > 1e-6).tolist() == [BLOCK - 1]

# %% [markdown]
# ## Training
#
# Random pieces of 64 characters, 16 at a time. **Predict:** will it get below the 'last character' level?

# %%
optimizer = nn.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
schedule = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=STEPS + 1)


@ag.compile
def step(x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    loss.backward()
    optimizer.step()
    return loss


def pieces(data, starts):
    windows = data[starts[:, None] + np.arange(BLOCK + 1)]
    return ag.tensor(windows[:, :-1]), ag.tensor(windows[:, 1:])


losses = []
for _ in range(STEPS):
    losses.append(step(*pieces(train_data, rng.integers(0, len(train_data) - BLOCK - 1, 16))).item())
    schedule.step()

with ag.no_grad():
    x, y = pieces(val_data, np.arange(0, len(val_data) - BLOCK - 1, BLOCK)[:300])
    val_loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()

figure, axis = plt.subplots(figsize=(7, 3))
axis.plot(losses, linewidth=0.8, label="training")
for (name, level), style in zip(levels.items(), ("-.", "--", ":"), strict=True):
    axis.axhline(level, color="0.4", linestyle=style, label=name)
axis.set(xlabel="step", ylabel="loss")
axis.legend(fontsize=8)
figure.tight_layout()
print(f"on text that it has not seen: {val_loss:.2f}")
assert val_loss < levels["frequencies" if FAST else "last character"]

# %% [markdown]
# It beats counting pairs, with pieces of text it has never seen, so it must look further back than one character.
#
# ## Where does it look?
#
# The shares of one head, for a line of the manual. A row is a character that looks; a column, what it looks at.

# %%
line = "if x is None: raise ValueError(x)"
with ag.no_grad():
    tokens = ag.tensor(np.array([[number[c] for c in line]]))
    x = model.characters(tokens) + model.places(ag.arange(len(line)))
    figure, axes = plt.subplots(1, 2, figsize=(9, 4))
    reach = []
    for axis, block in zip(axes, model.blocks, strict=True):
        query, key, _ = block.heads(x)
        match = query @ key.mT / math.sqrt(WIDTH // HEADS)
        shares = match.masked_fill(ag.ones(len(line), len(line)).triu(1).bool(), -math.inf).softmax(3)[0]
        back = np.arange(len(line))[:, None] - np.arange(len(line))
        reach.append((shares.numpy() * np.maximum(back, 0)).sum(2)[:, 8:].mean(1))  # per head: how far back, on average
        axis.imshow(shares[int(reach[-1].argmin())].numpy(), cmap="Blues")
        axis.set(xticks=range(len(line)), yticks=range(len(line)))
        axis.set_xticklabels(line, fontsize=7)
        axis.set_yticklabels(line, fontsize=7)
        x = block(x)
figure.tight_layout()
print("how many characters back each head looks on average:", [[round(float(r), 1) for r in layer] for layer in reach])
assert max(r.max() for r in reach) > 2
assert FAST or max(r.max() - r.min() for r in reach) > 1

# %% [markdown]
# Nobody told the heads apart, and they differ: some look near, some further back.
#
# ## Let it write
#
# Give it a beginning, draw the next character from its probabilities, append it, and again. A *temperature* below 1 makes it more
# careful.

# %%
def write(beginning, length, temperature=0.7):
    generator = ag.Generator().manual_seed(3)
    tokens = [number[c] for c in beginning]
    with ag.no_grad():
        for _ in range(length):
            scores = model(ag.tensor(np.array([tokens[-BLOCK:]])))[0, -1]
            tokens.append(int(ag.multinomial((scores / temperature).softmax(0), 1, generator=generator)))
    return "".join(alphabet[i] for i in tokens)


written = write("The value of the ", 300)
print(written)
vocabulary = set(text.split())
known = np.mean([word in vocabulary for word in written.split()])
print(f"\n--- {known:.0%} of these words occur in the manual")
assert FAST or known > 0.25

# %% [markdown]
# Words, mostly, and lines of the right length; no sense. With a hundred times the size and the time, sense comes too. The program stays
# what you have read.
#
# ## Your turn
#
# **1.** Each character looks at all that came before it. For a text of $T$ characters, how many shares does one head compute (those that
# are set to zero included)? And by what factor does that grow if the text is twice as long? Give both for $T = 64$.

# %%
from exercises.transformer import check_causal, check_cost

answer = ...  # (number of shares, factor)

check_cost(answer)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# answer = (64 * 64, 4)
# ```
# The square: that is the price of attention, and why long texts are expensive.
# </details>
#
# **2.** Write causal attention for one head: query, key and value of shape (T, d).

# %%
def attention(query, key, value):
    ...  # (T, d) -> (T, d)


check_causal(attention)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def attention(query, key, value):
#     t, d = query.shape
#     match = query @ key.T / math.sqrt(d)
#     later = ag.ones(t, t).triu(1).bool()
#     return match.masked_fill(later, -math.inf).softmax(1) @ value
# ```
# </details>
#
# ## What to keep
#
# * Attention: queries meet keys, a softmax makes shares, and the shares mix values. Where to look is computed from the contents.
# * A mask keeps the future out.
# * A loss is judged against what simple counting reaches.
#
# Next: [15 · A graph network on the karate club](15_graph_network.ipynb).
