# %% [markdown]
# # 1 · The chain rule on scalars
#
# *15 minutes to read, a few seconds to run. Before it: nothing but what a slope is. After it: [2 · The computation
# graph](02_graph.ipynb).*
#
# **The question.** A machine has one knob, $x$, and one dial, $y$. Between them sit several wheels, each turning the next.
# You move the knob by a hair. By how much does the dial move? You could try it, once for every knob.
# A network has a million knobs. Is there a way to get all the answers without trying?

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag

# %% [markdown]
# ## Try it first
#
# Our machine has two wheels: square the knob, then take the sine, $y = \sin(x^2)$. Let the knob be at 1.5.
# The square by itself has the slope $2x = 3$ there; the sine by itself, at $1.5^2 = 2.25$, has the slope $\cos(2.25) ≈ -0.63$.
#
# **Predict before you run the next cell:** is the slope of the whole machine $3 + (-0.63)$, $3 · (-0.63)$, or something else?

# %%
def machine(x):
    return math.sin(x**2)


x, hair = 1.5, 1e-6
measured = (machine(x + hair) - machine(x - hair)) / (2 * hair)
print(f"measured {measured:.4f}     sum {3 + math.cos(2.25):.4f}     product {3 * math.cos(2.25):.4f}")
assert abs(measured - 3 * math.cos(2.25)) < 1e-6

# %% [markdown]
# ## Why the product
#
# Near 1.5 the first wheel turns 3 times as far as the knob. Near 2.25 the second turns −0.63 times as far as the first.
# Together: −0.63 times 3 times as far. Slopes of wheels *in a row* multiply:
#
# $$\frac{dy}{dx} = \frac{dy}{du} · \frac{du}{dx}, \qquad u = x^2,\ y = \sin u .$$
#
# That is the chain rule. It is exact, for each slope is taken *at the point where its wheel stands*, and that is why a machine has to run
# forward before anybody can say a slope: the 2.25 has to be known. The picture shows it: on a scale this fine, a curve is its tangent.

# %%
figure, axes = plt.subplots(1, 2, figsize=(8, 3))
for axis, width in zip(axes, (1.5, 0.05), strict=True):
    near = np.linspace(1.5 - width, 1.5 + width, 200)
    axis.plot(near, np.sin(near**2), label="y = sin(x²)")
    axis.plot(near, math.sin(2.25) + measured * (near - 1.5), "--", label="its tangent at 1.5")
    axis.set(xlabel="x", title=f"x = 1.5 ± {width}")
axes[0].set_ylim(-1.2, 1.2)
axes[0].legend()
figure.tight_layout()

# %% [markdown]
# ## Let the engine do it
#
# `autograd` does what you just did. Every operation on a `Tensor` writes down which wheel it was and where it stood.
# `backward()` walks from the dial back to the knobs and multiplies the slopes on its way.

# %%
x = ag.tensor(1.5, requires_grad=True)
u = x**2
y = u.sin()
y.backward()
print(f"x.grad = {x.grad.item():.4f}")
assert abs(x.grad.item() - measured) < 1e-6

# %% [markdown]
# There is the machine, knob on top. Each box is a tensor: its name in *your* program, the op that made it, its shape.

# %%
ag.viz.graph(y, show=("shape", "value"))

# %% [markdown]
# ## A knob that turns two wheels
#
# What if $x$ is used twice, as in $y = x · \sin x$? **Predict:** hold the first $x$ still and turn the second; then the other way round.
# How do the two slopes combine?

# %%
x, hair = 1.5, 1e-6
turn_first = ((x + hair) * math.sin(x) - x * math.sin(x)) / hair
turn_second = (x * math.sin(x + hair) - x * math.sin(x)) / hair
turn_both = ((x + hair) * math.sin(x + hair) - x * math.sin(x)) / hair
print(f"first {turn_first:.3f}     second {turn_second:.3f}     both {turn_both:.3f}")
assert abs(turn_both - (turn_first + turn_second)) < 1e-4

# %% [markdown]
# Slopes of wheels *side by side* add. (A hair times a hair is too little to be seen.) So there are two rules, and no third:
#
# * **along a path, multiply;**
# * **where paths meet, add.**
#
# Step through it. The buttons go one step forward and back; on the way back, look for "contribution 1 of 2" and "contribution 2 of 2".

# %%
x = ag.tensor(1.5, requires_grad=True)
y = x * x.sin()
stepper = ag.viz.step(y)
y.backward()
assert abs(x.grad.item() - turn_both) < 1e-4
stepper

# %% [markdown]
# The same steps as text, for where a page does not show:

# %%
print(stepper.table())

# %% [markdown]
# ## All knobs in one walk
#
# Here is a neuron: it weighs two inputs, adds a bias, and squashes. It has five knobs. Trying would take two runs per knob.
# The walk back is *one*, whatever their number, since every knob lies at the end of some path from the one dial.
#
# This is the whole reason why training networks is possible at all: a model with a million weights
# needs about as much time for all its slopes as for a few runs forward.

# %%
names = ["w1", "w2", "x1", "x2", "b"]
start = [-3.0, 1.0, 2.0, 0.5, 6.5]


def neuron(w1, w2, x1, x2, b):
    return (w1 * x1 + w2 * x2 + b).tanh()


knobs = [ag.tensor(value, requires_grad=True, dtype=ag.float64) for value in start]
neuron(*knobs).backward()  # one walk, five slopes

for i, (name, knob) in enumerate(zip(names, knobs, strict=True)):
    up, down = ([ag.tensor(v + sign * hair * (i == j), dtype=ag.float64) for j, v in enumerate(start)] for sign in (1, -1))
    tried = (neuron(*up).item() - neuron(*down).item()) / (2 * hair)  # two runs for each
    print(f"{name:>3}   walked {knob.grad.item():8.4f}   tried {tried:8.4f}")
    assert abs(knob.grad.item() - tried) < 1e-6

# %% [markdown]
# ## What slopes are good for
#
# A slope says which way is up. Take a small step the other way, and the output gets smaller: that is *gradient descent*, all of learning
# in one line. Does the promise hold? The slopes say how much a step changes the output: the sum of slope · step.

# %%
before = neuron(*knobs).item()
steps = [-0.01 * knob.grad.item() for knob in knobs]
promised = sum(knob.grad.item() * step for knob, step in zip(knobs, steps, strict=True))
after = neuron(*[ag.tensor(v + step, dtype=ag.float64) for v, step in zip(start, steps, strict=True)]).item()
print(f"promised {promised:.4f}     kept {after - before:.4f}")
assert after < before
assert abs((after - before) - promised) < 0.1 * abs(promised)

# %% [markdown]
# Not quite kept: the slopes hold at the start, and we walked away from it. Smaller steps keep it better. Try `-0.001` in place of
# `-0.01`.
#
# ## Your turn
#
# **1.** Every op needs somebody to write down its slope. Take the *logistic* function, $s(x) = 1 / (1 + e^{-x})$.
# Give its slope with the chain rule. (There is a form that needs nothing but $s$ itself.)
# Put your line where the `...` is, and run the cell.

# %%
from exercises.chain_rule import check_logistic_slope, check_three_paths


def logistic_slope(x):
    ...  # your line


check_logistic_slope(logistic_slope)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def logistic_slope(x):
#     s = 1 / (1 + math.exp(-x))
#     return s * (1 - s)
# ```
# With $u = 1 + e^{-x}$: $ds/du = -1/u^2$ and $du/dx = -e^{-x}$; the product is $e^{-x}/u^2 = s(1-s)$. It never exceeds ¼: remember
# this for [9 · Choosing an activation function](09_activations.ipynb).
# </details>
#
# **2.** Without running it: what is `x.grad` after `(x * x * x).backward()` for `x = 2`? Three paths lead back to $x$; add them up.

# %%
three_paths = ...  # your number

check_three_paths(three_paths)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# three_paths = 2 * 2 + 2 * 2 + 2 * 2
# ```
# On each path the other two factors stand still: $x·x$ three times, which is the $3x^2$ of the school book.
# </details>
#
# ## What to keep
#
# * Along a path slopes multiply, where paths meet they add.
# * Slopes are taken where the machine stands, so it runs forward first, and keeps what the way back will ask for.
# * One walk back gives the slopes of *all* inputs. That is reverse-mode differentiation, or *backpropagation*.
#
# Next: [2 · The computation graph and its topological order](02_graph.ipynb), or how the engine knows in which order to walk.
