# %% [markdown]
# # 2 · The computation graph and its topological order
#
# *15 minutes to read, a few seconds to run. Before it: [1 · The chain rule on scalars](01_chain_rule.ipynb).
# After it: [3 · Build your own engine](03_own_engine.ipynb).*
#
# **The question.** Along a path slopes multiply, where paths meet they add. But a program is not drawn as paths: it is lines of code, in
# which a value may be used once, never, or a hundred times. In which order does the engine walk back, and what if it takes another?

# %%
import numpy as np

import autograd as ag

# %% [markdown]
# ## What a program leaves behind
#
# Each operation leaves a *node*: which op it was, and from which nodes its inputs came. Nodes and arrows together are the *computation
# graph*.
#
# **Predict:** in the next cell $a$ is used twice and `unused` not at all. How many arrows leave $a$? Is `unused` in the picture?

# %%
a = ag.tensor(2.0, requires_grad=True)
b = ag.tensor(3.0, requires_grad=True)

product = a * b
total = product + a
unused = b.exp()
loss = total * product

picture = ag.viz.graph(loss, show=("shape", "value"))
picture

# %%
out_of_a = sum(picture.nodes[edge.source].name == "a" for edge in picture.edges)
print(f"{len(picture.nodes)} nodes, {len(picture.edges)} arrows, {out_of_a} of them from a")
assert out_of_a == 2
assert "unused" not in {node.name for node in picture.nodes}

# %% [markdown]
# The graph is drawn from the loss upward, so what does not lead to the loss is not in it. It is not that somebody cleaned up: a node
# points to its inputs and to nothing else, so from `loss` there is no way to `unused`.
#
# The graph *is* those pointers. Here is the whole of it, as Python objects:

# %%
for node in (product.grad_fn, total.grad_fn, loss.grad_fn):
    print(f"{node.name:>4}, written in {node.site}, from {[parent.name for parent in node.parents]}")

# %% [markdown]
# ## In which order back?
#
# `product` is used by `total` and by `loss`. Two contributions arrive at it. It may pass its gradient on to $a$ and $b$ when both are
# there, and not before. So the rule is: **a node's turn comes after the turns of all who use it.**
#
# An order with this property is a *topological order*, here read backwards. One way to find it is a depth-first search:
# put a node on the list when everything that it depends on is on the list.

# %%
def topological_order(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                if parent is not None:
                    visit(parent)
            order.append(node)  # all parents are on the list by now

    visit(root)
    return order


order = topological_order(loss.grad_fn)
place = {node: i for i, node in enumerate(order)}
print([node.name for node in order])
assert all(place[parent] < place[node] for node in order for parent in node.parents)

# %% [markdown]
# ## Walk back by hand
#
# With the order there is nothing left to decide. Each op knows its rule; here are the two that we need, for `mul` and `add`.

# %%
def contributions(node, values, g):
    """What a node passes to each of its parents when the gradient g has arrived at it."""
    x, y = (values[parent] for parent in node.parents)
    return (g * y, g * x) if node.name == "mul" else (g, g)


def walk_back(order, values):
    gradients = dict.fromkeys(order, 0.0)
    gradients[order[-1]] = 1.0
    for node in reversed(order):
        if node.parents:
            for parent, g in zip(node.parents, contributions(node, values, gradients[node]), strict=True):
                gradients[parent] += g  # where paths meet, add
    return gradients


tensors = {a.node: a, b.node: b, product.grad_fn: product, total.grad_fn: total, loss.grad_fn: loss}
values = {node: tensor.item() for node, tensor in tensors.items()}
by_hand = walk_back(order, values)

loss.backward()
print(f"by hand  {by_hand[a.node]:.1f} {by_hand[b.node]:.1f}")
print(f"engine   {a.grad.item():.1f} {b.grad.item():.1f}")
assert by_hand[a.node] == a.grad.item()
assert by_hand[b.node] == b.grad.item()

# %% [markdown]
# ## A wrong order
#
# Suppose that we are hasty, and give `product` its turn as soon as its *first* contribution has arrived, before `total` has had its own.
#
# **Predict:** which of the gradients are wrong? Too small or too large?

# %%
hasty = [*order]
i, j = hasty.index(product.grad_fn), hasty.index(total.grad_fn)
hasty[i], hasty[j] = hasty[j], hasty[i]
wrong = walk_back(hasty, values)
print(f"hasty    {wrong[a.node]:.1f} {wrong[b.node]:.1f}")
assert wrong[a.node] < by_hand[a.node]
assert wrong[b.node] < by_hand[b.node]

# %% [markdown]
# Both are too small, and no error was raised: what reached `product` later was never passed on. That is why an engine has to sort,
# and why a bug in sorting is a bad one: everything runs, and learns a little worse.
#
# ## A very long chain
#
# Our `visit` calls itself. Python allows about a thousand calls inside each other, and a recurrent network over a long text is deeper
# than that.

# %%
x = ag.tensor(1.0, requires_grad=True)
y = x
for _ in range(20_000):
    y = y * 0.9999

try:
    topological_order(y.grad_fn)
except RecursionError as error:
    print(f"ours: {type(error).__name__}")
else:
    raise AssertionError("a chain of 20,000 calls went through")
y.backward()
print(f"the engine: {x.grad.item():.4f}, which is 0.9999 to the 20,000th: {0.9999**20_000:.4f}")
assert abs(x.grad.item() - 0.9999**20_000) < 1e-3

# %% [markdown]
# The engine does the same search with a list in place of calls. A graph may be as deep as there is memory.
#
# ## `.grad` adds up
#
# "Where paths meet, add" holds between calls of `backward()` too: `.grad` is added to, not replaced. That is useful (a large batch in two
# halves), and the most common mistake of a first training loop.

# %%
w = ag.tensor([1.0, 2.0], requires_grad=True)
for _ in range(3):
    (w * w).sum().backward()
print(w.grad)
np.testing.assert_allclose(w.grad.numpy(), 3 * 2 * w.detach().numpy())

# %% [markdown]
# Three calls, three times the gradient. An optimiser's `zero_grad()` is there to forget it in between.
#
# ## A graph is for one walk
#
# Once walked, the values that the rules needed are freed. Ask again, and you are told so, with the line that made them:

# %%
loss = (w * w).sum()
loss.backward()
try:
    loss.backward()
except ag.GraphError as error:
    print(error)
else:
    raise AssertionError("a graph was walked twice")

# %% [markdown]
# And if a value that a rule needs was overwritten before the walk, the answer would be wrong. So it is no answer:

# %%
y = w.exp()
loss = (y * y).sum()
with ag.no_grad():
    y += 1
try:
    loss.backward()
except ag.GraphError as error:
    print(error)
else:
    raise AssertionError("an overwritten value was read")

# %% [markdown]
# ## Your turn
#
# **1.** Mend `visit`: write `topological_order` without a function that calls itself. (A hint: keep a list of things to do. A node is on
# it twice, once to look at its parents, and once to be put in order.)

# %%
from exercises.graph import check_order


def order_without_recursion(root):
    ...  # your lines: return a list of nodes, each after its parents


check_order(order_without_recursion)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def order_without_recursion(root):
#     order, seen, ahead = [], set(), [(root, False)]
#     while ahead:
#         node, parents_done = ahead.pop()
#         if parents_done:
#             order.append(node)
#         elif node not in seen:
#             seen.add(node)
#             ahead.append((node, True))
#             ahead += [(parent, False) for parent in node.parents if parent is not None]
#     return order
# ```
# `autograd/graph.py` holds the engine's own, in fifteen lines.
# </details>
#
# **2.** In `y = x + x + x + x`, how many contributions arrive at `x`, and how many at the node of the *first* `+`? Give the two numbers
# as a tuple.

# %%
from exercises.graph import check_arrivals

arrivals = ...  # (at x, at the first +)

check_arrivals(arrivals)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# arrivals = (5 - 1, 1)
# ```
# The first `+` uses `x` twice, each of the two others once: four. Its result is used by the second `+` only: one.
# </details>
#
# ## What to keep
#
# * An operation leaves a node that points to its inputs; the graph is what can be reached from the loss.
# * The walk back goes in reverse topological order: a node's turn comes when all its users have had theirs.
# * `.grad` adds up until somebody clears it; a walked graph is freed; a value overwritten in between is an error.
#
# Next: [3 · Build your own engine in 100 lines](03_own_engine.ipynb).
