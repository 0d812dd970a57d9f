# %% [markdown]
# # 5 · Gradient checking, and how a wrong rule is caught
#
# *15 minutes to read, a few seconds to run. Before it: [4 · Broadcasting](04_broadcasting.ipynb).
# After it: [6 · Linear regression](06_linear_regression.ipynb).*
#
# **The question.** You wrote a rule for a derivative. The program runs, the loss falls. Is the rule right? A wrong one often learns too,
# only worse, so the loss cannot tell you. What can?

# %%
import matplotlib.pyplot as plt
import numpy as np

import autograd as ag

# %% [markdown]
# ## Try it: finite differences
#
# The slope is how much the output moves for a hair at the input. So move it by a hair $h$, and divide. There are two ways:
#
# $$\frac{f(x+h) - f(x)}{h} \qquad\text{and}\qquad \frac{f(x+h) - f(x-h)}{2h}.$$
#
# **Predict:** is a smaller $h$ always better? What happens at $h = 10^{-15}$?

# %%
def f(x):
    return np.exp(np.sin(x))


x = 1.0
right = np.cos(x) * f(x)
hairs = 10.0 ** np.arange(-15, 0)
one_sided = np.abs((f(x + hairs) - f(x)) / hairs - right)
central = np.abs((f(x + hairs) - f(x - hairs)) / (2 * hairs) - right)
single = np.float32(x)
central32 = np.abs(
    [float(f(single + h) - f(single - h)) / float((single + h) - (single - h)) - right for h in hairs[8:].astype(np.float32)]
)

figure, axis = plt.subplots(figsize=(7, 3.5))
axis.loglog(hairs, one_sided, "o-", label="one-sided, float64")
axis.loglog(hairs, central, "s-", label="central, float64")
axis.loglog(hairs[8:], central32, "^-", label="central, float32")
axis.set(xlabel="h", ylabel="error of the slope")
axis.legend()
figure.tight_layout()
print(f"best h: one-sided {hairs[one_sided.argmin()]:.0e}, central {hairs[central.argmin()]:.0e}")
assert central.min() < 0.01 * one_sided.min()
assert one_sided[0] > 1e3 * one_sided.min()
assert central32.min() > 1e3 * central.min()

# %% [markdown]
# Each curve is a valley. On the right the error is that of the formula: a curve is not its chord, and for the central difference this
# error is $h^2$, not $h$. On the left it is rounding: $f(x+h)$ and $f(x-h)$ agree in nearly all of their digits, and what is left of the
# difference are a few wrong ones, divided by a tiny $2h$.
#
# Two lessons: **use central differences** with $h$ around $10^{-5}$ or $10^{-6}$, and **use float64**. In float32 even the best slope has
# only some four digits. That is enough to learn with, not to check with.
#
# ## A check in ten lines

# %%
def numerical_gradient(f, x, h=1e-6):
    """The gradient of a function of an array that returns one number, one element at a time."""
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        g[i] = (f(up) - f(down)) / (2 * h)
    return g


w = np.random.default_rng(0).normal(size=(3, 2))
by_hand = numerical_gradient(lambda w: float((np.tanh(w) @ np.ones(2)).prod()), w)
t = ag.tensor(w, requires_grad=True)
(t.tanh() @ ag.ones(2, dtype=ag.float64)).prod().backward()
print("largest difference is", "below" if np.abs(by_hand - t.grad.numpy()).max() < 1e-8 else "above", "1e-8")
np.testing.assert_allclose(t.grad.numpy(), by_hand, atol=1e-8)

# %% [markdown]
# It takes two runs per element. For the six here that is nothing, for a million weights it is forever. This is a tool for checking, not
# for learning.
#
# ## A rule of your own
#
# Here is a function with its rule, `x · sigmoid(x)`. Its slope by the product rule: $s + x\,s\,(1-s)$. **Look for the mistake before you
# run the check.**

# %%
class Swish(ag.Function):
    """x * sigmoid(x)."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.sigmoid()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = x.sigmoid()
        return g * (s + x * (1 - s))


x = ag.tensor([-2.0, 0.0, 1.0], dtype=ag.float64, requires_grad=True)
try:
    ag.gradcheck(Swish.apply, x)
except ag.GradcheckError as error:
    print(error)
else:
    raise AssertionError("a wrong rule was not caught")

# %% [markdown]
# `gradcheck` shows both tables. The entry for $x = 0$ agrees and the others do not, so what is wrong has $x$ as a factor: the second term
# lacks its $s$.

# %%
class Swish(ag.Function):
    """x * sigmoid(x)."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.sigmoid()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = x.sigmoid()
        return g * (s + x * s * (1 - s))


print("first derivative: ", ag.gradcheck(Swish.apply, x))
print("second derivative:", ag.gradgradcheck(Swish.apply, x))
assert ag.gradcheck(Swish.apply, x)
assert ag.gradgradcheck(Swish.apply, x)

# %% [markdown]
# The second line comes for free: the rule is written with tensors, so it is itself differentiable.
#
# ## Would training have told you?
#
# **Predict:** train the same small network with the wrong rule and with the right one. How different are the losses?

# %%
class Wrong(ag.Function):
    """x * sigmoid(x), with the rule as it was."""

    forward = Swish.forward

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = x.sigmoid()
        return g * (s + x * (1 - s))


def train(activation):
    generator = np.random.default_rng(2)
    inputs = ag.tensor(generator.uniform(-2, 2, (100, 1)))
    targets = (2 * inputs).sin()
    parameters = w1, b, w2 = [ag.tensor(generator.normal(size=shape), requires_grad=True) for shape in ((1, 16), (16,), (16, 1))]
    losses = []
    for _ in range(800):
        loss = ((activation(inputs @ w1 + b) @ w2 - targets) ** 2).mean()
        with ag.no_grad():
            for p, g in zip(parameters, ag.grad(loss, parameters), strict=True):
                p -= 0.01 * g
        losses.append(loss.item())
    return losses


right, wrong = train(Swish.apply), train(Wrong.apply)
figure, axis = plt.subplots(figsize=(6, 3))
axis.semilogy(right, label="right rule")
axis.semilogy(wrong, "--", label="wrong rule")
axis.set(xlabel="step", ylabel="loss")
axis.legend()
figure.tight_layout()
print(f"after 800 steps: from {wrong[0]:.1f} to {right[-1]:.3f} with the right rule, {wrong[-1]:.3f} with the wrong one")
assert wrong[-1] < 0.5 * wrong[0]
assert right[-1] < 0.2 * wrong[-1]

# %% [markdown]
# The wrong rule learns. Without the other curve beside it, you would have looked for the reason in the learning rate.
#
# ## Where a check itself fails
#
# At a kink there is no slope, and central differences take the mean of both sides. **Predict:** what says the check of `relu` at 0, and
# at 0.1?

# %%
for at in (0.0, 0.1):
    x = ag.tensor([at], dtype=ag.float64, requires_grad=True)
    numeric = numerical_gradient(lambda v: float(np.maximum(v, 0).sum()), np.array([at]))[0]
    (g,) = ag.grad(x.relu().sum(), (x,))
    print(f"at {at}: rule {g.item()}, central difference {numeric:.4f}, check {ag.gradcheck(ag.relu, x, raise_exception=False)}")
assert not ag.gradcheck(ag.relu, ag.tensor([0.0], dtype=ag.float64, requires_grad=True), raise_exception=False)

# %% [markdown]
# Neither is wrong. Any number from 0 to 1 is a slope of `relu` at 0 in the sense that matters for descent, and the engine takes the
# smallest. Check beside kinks, not on them.
#
# How does the engine check itself? Every op comes with samples, and from these the tests are made: first and second derivative against
# finite differences, for every op, in float64. `docs/ops.md` lists them.
#
# ## Your turn
#
# **1.** Write the rule of `log(1 + exp(x))`, the *softplus*. What is the slope of it?

# %%
from exercises.gradient_checking import check_digits, check_softplus


class Softplus(ag.Function):
    """log(1 + exp(x))."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return ag.logaddexp(x, ag.zeros_like(x))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return ...  # your line: the gradient of x


check_softplus(Softplus)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# class Softplus(ag.Function):
#     @staticmethod
#     def forward(ctx, x):
#         ctx.save_for_backward(x)
#         return ag.logaddexp(x, ag.zeros_like(x))
#
#     @staticmethod
#     def backward(ctx, g):
#         (x,) = ctx.saved_tensors
#         return g * x.sigmoid()
# ```
# The chain rule: $e^x / (1 + e^x)$, which is the logistic function.
# </details>
#
# **2.** float64 rounds at about $10^{-16}$. The error of a central difference is about $10^{-16}/h + h^2$. Which power of ten of $h$
# makes it smallest?

# %%
power = ...  # a whole number, like -3

check_digits(power)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# power = -6
# ```
# $10^{-10} + 10^{-12} = 1.01 · 10^{-10}$ at $h = 10^{-6}$, and $10^{-11} + 10^{-10} = 1.1 · 10^{-10}$ at $10^{-5}$, which is nearly as
# good. On either side it is worse: $10^{-9}$ at $10^{-7}$ for the first term, $10^{-8}$ at $10^{-4}$ for the second. The two terms are
# equal in between, at the cube root of $10^{-16}$, about $5 · 10^{-6}$.
# </details>
#
# ## What to keep
#
# * A falling loss does not prove a gradient. Finite differences do: central ones, in float64, $h$ about $10^{-6}$.
# * `ag.gradcheck` and `ag.gradgradcheck` do it for any function, and the table of both helps to find the mistake.
# * At a kink there is nothing to check.
#
# Next: [6 · Linear regression by gradient descent](06_linear_regression.ipynb).
