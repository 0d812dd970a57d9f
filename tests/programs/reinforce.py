"""REINFORCE with a baseline on a pole on a cart, in the form of PyTorch's example; the environment and the dice are NumPy's."""
import math
from collections import deque

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from common import finish, start
from torch.distributions import Categorical


class CartPole:
    """The pole of Barto, Sutton and Anderson: state (x, dx, angle, dangle), actions 0 and 1, reward 1 for each step that it stands."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def reset(self):
        self.state = self.rng.uniform(-0.05, 0.05, 4)
        return self.state.astype(np.float32)

    def step(self, action):
        x, dx, angle, dangle = self.state
        force = 10.0 if action else -10.0
        push = (force + 0.05 * dangle**2 * math.sin(angle)) / 1.1
        ddangle = (9.8 * math.sin(angle) - math.cos(angle) * push) / (0.5 * (4 / 3 - 0.1 * math.cos(angle) ** 2 / 1.1))
        ddx = push - 0.05 * ddangle * math.cos(angle) / 1.1
        self.state = np.array([x + 0.02 * dx, dx + 0.02 * ddx, angle + 0.02 * dangle, dangle + 0.02 * ddangle])
        done = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 0.2095
        return self.state.astype(np.float32), 1.0, bool(done)


class Policy(nn.Module):
    def __init__(self):
        super(Policy, self).__init__()
        self.affine1 = nn.Linear(4, 32)
        self.affine2 = nn.Linear(32, 2)
        self.value = nn.Linear(32, 1)
        self.saved_log_probs, self.values, self.rewards = [], [], []

    def forward(self, x):
        x = F.relu(self.affine1(x))
        return F.softmax(self.affine2(x), dim=1), self.value(x)


policy = Policy()
start(policy)
optimizer = optim.Adam(policy.parameters(), lr=1e-2)
dice = np.random.default_rng(7)
eps = np.finfo(np.float32).eps.item()


def select_action(state):
    state = torch.from_numpy(state).float().unsqueeze(0)
    probs, value = policy(state)
    m = Categorical(probs)
    action = (probs.detach().cumsum(1) < dice.random()).sum(1).clamp(max=1)
    policy.saved_log_probs.append(m.log_prob(action))
    policy.values.append(value.squeeze())
    return action.item()


def finish_episode():
    R, policy_loss, returns = 0, [], deque()
    for r in policy.rewards[::-1]:
        R = r + 0.99 * R
        returns.appendleft(R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    values = torch.stack(policy.values)
    for log_prob, R, value in zip(policy.saved_log_probs, returns, values):
        policy_loss.append(-log_prob * (R - value.detach()))
    optimizer.zero_grad()
    loss = torch.cat(policy_loss).sum() + F.smooth_l1_loss(values, returns, reduction="sum")
    loss.backward()
    optimizer.step()
    del policy.rewards[:], policy.saved_log_probs[:], policy.values[:]
    return loss.item()


env = CartPole(seed=543)
losses, lengths = [], []
for i_episode in range(20):
    state, done, t = env.reset(), False, 0
    while not done and t < 200:
        state, reward, done = env.step(select_action(state))
        policy.rewards.append(reward)
        t += 1
    losses.append(finish_episode())
    lengths.append(t)
    print(f"Episode {i_episode}\tLength: {t}")
finish(losses, lengths=lengths)
