# %% [markdown]
# # 12 · The whole way: from raw data to a model in use
#
# *20 minutes to read, 10 seconds to run. Before it: [11 · Overfitting](11_overfitting.ipynb).
# After it: [13 · A convolutional network](13_convolution.ipynb).*
#
# **The question.** You have data and know how to train. Between there and a model that somebody uses lie a dozen small decisions, and
# some of them, taken wrongly, make your figures look better than they are. Which?

# %%
import json
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import autograd as ag
import nn
from nn.data import DataLoader, Standardize, TensorDataset, load_digits, train_test_split
from nn.training import accuracy, confusion_matrix, evaluate, fit, plot_confusion

# %% [markdown]
# ## Look at the data
#
# Before anything else: how much is there, what are its ranges, are the classes balanced, does it look as it should?

# %%
images, labels = load_digits()
print("images", images.shape, images.dtype, "from", images.min(), "to", images.max())
print("labels", dict(enumerate(np.bincount(labels).tolist())))
figure, axes = plt.subplots(1, 10, figsize=(9, 1.2))
for digit, axis in enumerate(axes):
    axis.imshow(images[labels == digit][0], cmap="Greys")
    axis.axis("off")
assert np.isfinite(images).all()
assert np.bincount(labels).min() > 150

# %% [markdown]
# Balanced, and never missing. (If one class were 95 % of the data, "95 % right" would be worth nothing.)
#
# ## Divide first
#
# Three parts: *training*, from which weights are learned; *validation*, by which everything else is chosen; *test*, which is looked at
# once, at the very end. `stratify` gives each part its share of each class.

# %%
x = images.reshape(len(images), -1)
x_rest, x_test, y_rest, y_test = train_test_split(x, labels, test_size=0.2, stratify=labels, seed=0)
x_train, x_val, y_train, y_val = train_test_split(x_rest, y_rest, test_size=0.2, stratify=y_rest, seed=0)
print(len(x_train), len(x_val), len(x_test))

# %% [markdown]
# ## How figures come to look too good
#
# Suppose that you have 40 examples with 5,000 measurements each, all of them *pure noise*, and labels by the toss of a coin. Nothing can
# be learned. You choose the 20 measurements that go best with the labels, then divide into training and test, then train.
#
# **Predict:** what share will be right in the test? And if you divide first, and choose by the training part only?

# %%
def noise_experiment(choose_before_dividing, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(40, 5000)), rng.integers(0, 2, 40)
    order = rng.permutation(40)
    train, test = order[:20], order[20:]
    seen = order if choose_before_dividing else train
    merit = np.abs((x[seen] * (2 * y[seen, None] - 1)).mean(0))
    x = x[:, np.argsort(merit)[-20:]]
    weights = (x[train] * (2 * y[train, None] - 1)).mean(0)  # training: the difference of the two classes' means
    return np.mean((x[test] @ weights > 0) == y[test])


leaky, honest = (np.mean([noise_experiment(before, seed) for seed in range(30)]) for before in (True, False))
print(f"chosen before dividing: {leaky:.0%} right; chosen by the training part: {honest:.0%} right")
assert leaky > 0.75
assert 0.4 < honest < 0.6

# %% [markdown]
# Coin tosses are predicted, it seems. Of 5,000 random measurements, a few go with all 40 labels by chance, those of the test among them.
# That is a *leak*: something of the test found its way into the model. Whatever looks at the data (choosing measurements, filling gaps,
# scaling) belongs *behind* the division, and is learned from the training part.
#
# ## Prepare
#
# So the scale is fitted on the training part, and applied to all three.

# %%
scale = Standardize().fit(x_train)
parts = {"training": (x_train, y_train), "validation": (x_val, y_val), "test": (x_test, y_test)}
loaders = {
    name: DataLoader(TensorDataset(scale.transform(a), b), batch_size=64 if name == "training" else 512, shuffle=name == "training")
    for name, (a, b) in parts.items()
}
prepared = scale.transform(x_train)
print(f"training part: mean {prepared.mean():.2f}, and {int((x_train.std(0) == 0).sum())} pixels that never change")
assert abs(prepared.mean()) < 0.01

# %% [markdown]
# ## Something to beat
#
# A figure means nothing by itself. Two that every model should be compared with: always the most frequent class, and the simplest model
# that learns.

# %%
loss_of = nn.CrossEntropyLoss()


def trained(model, epochs=30, rate=3e-3, seed=0):
    ag.manual_seed(seed)
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    optimizer = nn.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=epochs * len(loaders["training"]))
    return fit(
        model, loss_of, optimizer, loaders["training"], loaders["validation"], epochs,
        scheduler=schedule, metric=accuracy, patience=10, progress=False,
    )  # fmt: skip


def validated(model):
    return evaluate(model, loss_of, loaders["validation"], accuracy)[1]


most_frequent = np.mean(y_val == np.bincount(y_train).argmax())
linear = nn.Linear(64, 10)
trained(linear)
print(f"the most frequent class {most_frequent:.1%}, a linear model {validated(linear):.1%}")
assert validated(linear) > 0.9

# %% [markdown]
# ## Choose, on the validation part
#
# Which of four networks? Each is trained in the same way and judged by the validation digits.

# %%
candidates = {
    "32 units": nn.MLP(64, [32], 10, activation="relu"),
    "128 units": nn.MLP(64, [128], 10, activation="relu"),
    "128 units, dropout": nn.MLP(64, [128], 10, activation="relu", dropout=0.3),
    "2 × 128 units, dropout": nn.MLP(64, [128, 128], 10, activation="relu", dropout=0.3),
}
histories = {name: trained(model) for name, model in candidates.items()}
scores = {name: validated(model) for name, model in candidates.items()}
for name, score in scores.items():
    print(f"{name:>22}: {score:.1%}")
chosen = max(scores, key=scores.get)
model = candidates[chosen]
assert scores[chosen] > validated(linear)
histories[chosen].plot()

# %% [markdown]
# ## The test, once
#
# **Predict:** will the share in the test be higher or lower than that on the validation digits?

# %%
model.eval()
test_score = evaluate(model, loss_of, loaders["test"], accuracy)[1]
error = np.sqrt(test_score * (1 - test_score) / len(y_test))
print(f"{chosen}: {test_score:.1%} of {len(y_test)} test digits, give or take {2 * error:.1%}")
assert test_score > 0.95

# %% [markdown]
# Whichever came out: the validation share is a little too high on average, because we took the best of four. And with a few hundred test
# digits, the last digit of a percentage is noise: a proportion $p$ of $n$ is uncertain by about $\pm 2\sqrt{p(1-p)/n}$.
#
# Where is it wrong? The *confusion matrix* says which digit was taken for which.

# %%
with ag.no_grad():
    answers = model(ag.tensor(scale.transform(x_test)))
matrix = confusion_matrix(answers.argmax(1), y_test)
assert matrix.trace() == round(test_score * len(y_test))
plot_confusion(answers.argmax(1), y_test)

# %% [markdown]
# ## Does it know what it does not know?
#
# The softmax of the scores looks like a probability. Is it one? Of all answers given with "90 %", nine in ten should be right.

# %%
probabilities = answers.softmax(1).numpy()
sure, correct = probabilities.max(1), probabilities.argmax(1) == y_test
wrong_sure, right_sure = sure[~correct].mean(), sure[correct].mean()
print(f"mean probability of right answers {right_sure:.2f}, of wrong ones {wrong_sure:.2f}")
refused = sure < 0.9
print(f"refusing the {refused.sum()} answers below 0.9 leaves {np.mean(correct[~refused]):.1%} of the others right")
assert wrong_sure < right_sure
assert np.mean(correct[~refused]) > np.mean(correct)

# %% [markdown]
# Wrong answers are given with less confidence, so one can refuse to answer, and ask a person.
#
# ## Keep it
#
# What has to be kept is the weights *and* what prepares the input. In one file, so that they cannot be separated. It holds numbers and no
# code.

# %%
folder = Path(tempfile.mkdtemp())
ag.save({"model": model.state_dict(), "scale": scale.state_dict(), "chosen": chosen}, folder / "digits.ag")

stored = ag.load(folder / "digits.ag")
widths = [len(bias) for name, bias in stored["model"].items() if name.endswith("bias")]
again = nn.MLP(64, widths[:-1], 10, activation="relu", dropout=0.3)
again.load_state_dict(stored["model"])
again.eval()
scale_again = Standardize()
scale_again.load_state_dict(stored["scale"])
with ag.no_grad():
    same = again(ag.tensor(scale_again.transform(x_test)))
print(f"{(folder / 'digits.ag').stat().st_size // 1000} kB; same answers: {bool((same == answers).all())}")
assert (same == answers).all()

# %% [markdown]
# ## Use it
#
# Somebody sends 64 numbers, and gets a digit back. A function does it; a small server, from Python's own library, makes it a service.
# Wrong input gets an answer that says what is wrong.

# %%
@ag.compile
def scores_of(x):
    with ag.inference_mode():
        return again(x).softmax(1)


def predict(pixels):
    """The digit and its probability for 64 numbers from 0 to 16."""
    x = np.asarray(pixels, dtype=np.float32)
    if x.shape != (64,) or not (np.isfinite(x).all() and x.min() >= 0 and x.max() <= 16):
        raise ValueError(f"64 numbers from 0 to 16 are required; got shape {x.shape}, from {x.min()} to {x.max()}")
    p = scores_of(ag.tensor(scale_again.transform(x[None]))).numpy()[0]
    return {"digit": int(p.argmax()), "probability": round(float(p.max()), 3)}


class Service(BaseHTTPRequestHandler):
    """POST a list of 64 numbers."""

    def do_POST(self):
        try:
            status, answer = 200, predict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        except ValueError as error:
            status, answer = 400, {"error": str(error)}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        """Quiet."""


server = HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()


def ask(pixels):
    request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}", json.dumps(pixels).encode(), method="POST")
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310  our own
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


reply = ask(x_test[0].tolist())
print("the digit is", y_test[0], "and the service says", reply["digit"])
print(ask([1, 2, 3]))
server.shutdown()
server.server_close()
assert reply["digit"] == probabilities[0].argmax()

# %% [markdown]
# What goes out of date first is the data: next year's digits are written with another pen. So keep some of what comes in, label it by
# hand now and then, and compare with the figure above.
#
# ## Your turn
#
# **1.** A model is right on 97.2 % of 360 test digits, another on 97.8 %. Is the second one better? Give the uncertainty (two standard
# errors, in percent) of the first figure, to one digit behind the point.

# %%
from exercises.whole_way import check_split, check_uncertainty

uncertainty = ...  # a number, like 3.3

check_uncertainty(uncertainty)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# uncertainty = 100 * 2 * np.sqrt(0.972 * 0.028 / 360)
# ```
# About 1.7 %, more than the difference: nobody can say.
# </details>
#
# **2.** The photographs of a data set come from 50 people, 20 of each. The model is meant for people it has never seen. Write the
# division: given an array with the person of each photograph, return two arrays of indices, training and test, with about a fifth for the
# test.

# %%
def divide(person):
    ...  # return (training indices, test indices)


check_split(divide)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def divide(person):
#     people = np.unique(person)
#     held_out = np.random.default_rng(0).permutation(people)[: len(people) // 5]
#     test = np.isin(person, held_out)
#     return np.flatnonzero(~test), np.flatnonzero(test)
# ```
# Divide people, not photographs: else the same face is on both sides, and that is a leak.
# </details>
#
# ## What to keep
#
# * Divide first; whatever learns from data, even its mean, learns from the training part.
# * Choose on the validation part; look at the test once, and say how uncertain its figure is.
# * Keep the weights together with what prepares the input, check what comes in, and go on measuring.
#
# Next: [13 · A convolutional network, and what it looks at](13_convolution.ipynb).
