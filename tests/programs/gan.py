"""A generative adversarial network: points on a circle from noise, two networks with an optimiser each."""
import numpy as np
import torch
import torch.nn as nn
from common import finish, start

rng = np.random.default_rng(0)


def noise(*size):
    return torch.tensor(rng.standard_normal(size), dtype=torch.float32)


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Linear") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.2)
        if m.bias is not None:
            nn.init.constant_(m.bias.data, 0)


netG = nn.Sequential(nn.Linear(2, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(True), nn.Linear(32, 2))
netD = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2, inplace=True), nn.Linear(32, 1), nn.Sigmoid())
netG.apply(weights_init)
netD.apply(weights_init)
start(netG, netD)
criterion = nn.BCELoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))
real_label, fake_label = 1.0, 0.0
losses = []
for i in range(20):
    # the discriminator: log D(x) + log(1 - D(G(z)))
    netD.zero_grad()
    angle = torch.from_numpy(rng.uniform(0, 2 * np.pi, 64).astype(np.float32))
    real = torch.stack((angle.cos(), angle.sin()), 1)
    label = torch.full((real.size(0),), real_label, dtype=real.dtype)
    output = netD(real).view(-1)
    errD_real = criterion(output, label)
    errD_real.backward()
    fake = netG(noise(64, 2))
    label.fill_(fake_label)
    errD_fake = criterion(netD(fake.detach()).view(-1), label)
    errD_fake.backward()
    optimizerD.step()
    # the generator: log D(G(z))
    netG.zero_grad()
    label.fill_(real_label)
    errG = criterion(netD(fake).view(-1), label)
    errG.backward()
    optimizerG.step()
    losses += [(errD_real + errD_fake).item(), errG.item()]
netG.eval()
finish(losses, radius=[netG(noise(16, 2)).norm(dim=1).mean().item()])
