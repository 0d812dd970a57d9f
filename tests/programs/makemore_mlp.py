"""makemore, parts two and three: an MLP over the last three letters of a name, with a batch norm written by hand."""
import random

import numpy as np
import torch
import torch.nn.functional as F
from common import NAMES, finish, start
from torch import nn

letters = sorted(set("".join(NAMES)))
stoi = {s: i + 1 for i, s in enumerate(letters)}
stoi["."] = 0
vocab_size, block_size, n_embd, n_hidden = len(stoi), 3, 10, 64


def build_dataset(words):
    X, Y = [], []
    for w in words:
        context = [0] * block_size
        for ch in w + ".":
            ix = stoi[ch]
            X.append(context)
            Y.append(ix)
            context = context[1:] + [ix]
    return torch.tensor(X), torch.tensor(Y)


random.seed(42)
words = list(NAMES)
random.shuffle(words)
n = int(0.9 * len(words))
Xtr, Ytr = build_dataset(words[:n])
Xdev, Ydev = build_dataset(words[n:])

g = torch.Generator().manual_seed(2147483647)
weights = nn.ParameterDict({
    "C": nn.Parameter(torch.randn((vocab_size, n_embd), generator=g)),
    "W1": nn.Parameter(torch.randn((n_embd * block_size, n_hidden), generator=g) * (5 / 3) / ((n_embd * block_size) ** 0.5)),
    "W2": nn.Parameter(torch.randn((n_hidden, vocab_size), generator=g) * 0.01),
    "b2": nn.Parameter(torch.randn(vocab_size, generator=g) * 0),
    "bngain": nn.Parameter(torch.ones((1, n_hidden))),
    "bnbias": nn.Parameter(torch.zeros((1, n_hidden))),
})  # fmt: skip
start(weights)
C, W1, W2, b2, bngain, bnbias = (weights[name] for name in ("C", "W1", "W2", "b2", "bngain", "bnbias"))
bnmean_running, bnstd_running = torch.zeros((1, n_hidden)), torch.ones((1, n_hidden))
parameters = [C, W1, W2, b2, bngain, bnbias]
print(sum(p.nelement() for p in parameters), "parameters")

rng = np.random.default_rng(0)
losses = []
for i in range(60):
    ix = torch.from_numpy(rng.integers(0, Xtr.shape[0], 32))
    Xb, Yb = Xtr[ix], Ytr[ix]
    emb = C[Xb]
    embcat = emb.view(emb.shape[0], -1)
    hpreact = embcat @ W1
    bnmeani = hpreact.mean(0, keepdim=True)
    bnstdi = hpreact.std(0, keepdim=True)
    hpreact = bngain * (hpreact - bnmeani) / bnstdi + bnbias
    with torch.no_grad():
        bnmean_running = 0.9 * bnmean_running + 0.1 * bnmeani
        bnstd_running = 0.9 * bnstd_running + 0.1 * bnstdi
    h = torch.tanh(hpreact)
    logits = h @ W2 + b2
    loss = F.cross_entropy(logits, Yb)
    for p in parameters:
        p.grad = None
    loss.backward()
    lr = 0.1 if i < 40 else 0.01
    for p in parameters:
        p.data += -lr * p.grad
    losses.append(loss.item())


@torch.no_grad()
def split_loss(x, y):
    hpreact = C[x].flatten(1) @ W1
    hpreact = bngain * (hpreact - bnmean_running) / bnstd_running + bnbias
    return F.cross_entropy(torch.tanh(hpreact) @ W2 + b2, y).item()


finish(losses, dev=[split_loss(Xtr, Ytr), split_loss(Xdev, Ydev)])
