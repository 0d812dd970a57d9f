"""Sine waves continued by LSTM cells, in the form of PyTorch's time sequence example: L-BFGS first, then Adam on a stacked LSTM."""
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from common import finish, start


class Sequence(nn.Module):
    def __init__(self):
        super(Sequence, self).__init__()
        self.lstm1 = nn.LSTMCell(1, 16)
        self.lstm2 = nn.LSTMCell(16, 16)
        self.linear = nn.Linear(16, 1)

    def forward(self, input, future=0):
        outputs = []
        h_t = torch.zeros(input.size(0), 16, dtype=torch.double)
        c_t = torch.zeros(input.size(0), 16, dtype=torch.double)
        h_t2 = torch.zeros(input.size(0), 16, dtype=torch.double)
        c_t2 = torch.zeros(input.size(0), 16, dtype=torch.double)
        for input_t in input.split(1, dim=1):
            h_t, c_t = self.lstm1(input_t, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        for i in range(future):
            h_t, c_t = self.lstm1(output, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        return torch.cat(outputs, dim=1)


class Stacked(nn.Module):
    """The same with one call per layer stack."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(input_size=1, hidden_size=16, num_layers=2, batch_first=True)
        self.head = nn.Linear(16, 1)

    def forward(self, x):
        out, (hn, cn) = self.lstm(x.unsqueeze(-1))
        return self.head(out).squeeze(-1)


rng = np.random.default_rng(2)
T, L, N = 10, 60, 8
x = np.arange(L) + rng.integers(-4 * T, 4 * T, N).reshape(N, 1)
data = np.sin(x / 1.0 / T).astype("float64")
input, target = torch.from_numpy(data[2:, :-1]), torch.from_numpy(data[2:, 1:])
test_input, test_target = torch.from_numpy(data[:2, :-1]), torch.from_numpy(data[:2, 1:])

seq, stacked = Sequence(), Stacked()
seq.double()
start(seq, stacked)
criterion = nn.MSELoss()
losses = []
optimizer = optim.LBFGS(seq.parameters(), lr=0.5, max_iter=4)
for i in range(2):

    def closure():
        optimizer.zero_grad()
        out = seq(input)
        loss = criterion(out, target)
        losses.append(loss.item())
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        future = 10
        pred = seq(test_input, future=future)
        print("test loss:", criterion(pred[:, :-future], test_target).item())

optimizer = optim.Adam(stacked.parameters(), lr=1e-2)
for i in range(20):
    loss = criterion(stacked(input.float()), target.float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
finish(losses, prediction=pred[:, -future:].flatten().tolist())
