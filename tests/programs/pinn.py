"""A physics-informed network: y'' = -y with y(0) = 0 and y'(0) = 1, by derivatives of the network itself."""
import torch
from common import finish, start
from torch import nn
from torch.autograd import grad


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))

    def forward(self, t):
        return self.layers(t)


def derivative(y, t):
    return grad(y, t, grad_outputs=torch.ones_like(y), create_graph=True)[0]


net = Net()
start(net)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.99)
t = torch.linspace(0, 3, 30).unsqueeze(1).requires_grad_(True)
t0 = torch.zeros(1, 1, requires_grad=True)
losses = []
for epoch in range(40):
    optimizer.zero_grad()
    y = net(t)
    dy = derivative(y, t)
    ddy = derivative(dy, t)
    y0 = net(t0)
    loss = ((ddy + y) ** 2).mean() + (y0**2).squeeze() + ((derivative(y0, t0) - 1) ** 2).squeeze()
    loss.backward()
    optimizer.step()
    scheduler.step()
    losses.append(loss.item())
jac = torch.autograd.functional.jacobian(lambda s: net(s).sum(), t0)
finish(losses, slope=[jac.item()], rate=scheduler.get_last_lr())
