"""makemore, part one: a model of names that looks at one letter, by counting and by gradient descent."""
import torch
import torch.nn.functional as F
from common import NAMES, finish

letters = sorted(set("".join(NAMES)))
stoi = {s: i + 1 for i, s in enumerate(letters)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}
V = len(stoi)

# by counting
N = torch.zeros((V, V), dtype=torch.int32)
xs, ys = [], []
for word in NAMES:
    chars = ["."] + list(word) + ["."]
    for ch1, ch2 in zip(chars, chars[1:]):
        N[stoi[ch1], stoi[ch2]] += 1
        xs.append(stoi[ch1])
        ys.append(stoi[ch2])
P = (N + 1).float()
P /= P.sum(1, keepdim=True)
xs, ys = torch.tensor(xs), torch.tensor(ys)
counted = -P[xs, ys].log().mean()
print(f"{len(xs)} pairs, loss by counting {counted.item():.4f}")

# by gradient descent
W = torch.zeros((V, V), requires_grad=True)
num = xs.nelement()
losses = []
for k in range(20):
    xenc = F.one_hot(xs, num_classes=V).float()
    logits = xenc @ W
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdims=True)
    loss = -probs[torch.arange(num), ys].log().mean() + 0.01 * (W**2).mean()
    losses.append(loss.item())
    W.grad = None
    loss.backward()
    W.data += -50 * W.grad

# the likeliest names
out, ix = [], 0
while len(out) < 8:
    ix = int(torch.argmax(P[ix] * (torch.arange(V) != ix)))
    out.append(itos[ix])
    if ix == 0:
        break
print("".join(out))
finish(losses, counted=[counted.item()])
