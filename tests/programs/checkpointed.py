"""A residual network on digits, stopped half-way and resumed from a checkpoint, with recomputed blocks and averaged weights."""
import io
import math

import numpy as np
import torch
from common import digits, finish, start
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Subset, TensorDataset, random_split


class BasicBlock(nn.Module):
    def __init__(self, inplanes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.GroupNorm(4, planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.GroupNorm(4, planes)
        self.downsample = None
        if stride != 1 or inplanes != planes:
            self.downsample = nn.Sequential(nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.GroupNorm(4, planes))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.layer1, self.layer2 = BasicBlock(8, 8), BasicBlock(8, 16, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, 10)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = checkpoint(self.layer1, self.stem(x), use_reentrant=False)
        return self.fc(torch.flatten(self.avgpool(self.layer2(x)), 1))


def build():
    model = ResNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-4, nesterov=True)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / 20)))
    return model, optimizer, scheduler


images, labels = digits()
rng = np.random.default_rng(0)
full = TensorDataset(images, labels)
train_set, rest = random_split(full, [1200, len(full) - 1200], generator=torch.Generator().manual_seed(0))
assert len(train_set) + len(rest) == len(full)
batches = iter(DataLoader(Subset(full, rng.permutation(len(full)).tolist()), batch_size=32))
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
model, optimizer, scheduler = build()
start(model)
averaged = AveragedModel(model)
losses = []
for step in range(20):
    if step == 10:
        file = io.BytesIO()
        parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
        torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, file)
        file.seek(0)
        model, optimizer, scheduler = build()
        found = torch.load(file, map_location=torch.device("cpu"), weights_only=False)
        model.load_state_dict(found["model"])
        optimizer.load_state_dict(found["optimizer"])
        scheduler.load_state_dict(found["scheduler"])
        assert found["step"] == 10
    x, y = next(batches)
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    averaged.update_parameters(model)
    losses.append(loss.item())
with torch.inference_mode():
    finish(losses, averaged=[criterion(averaged(images[:100]), labels[:100]).item()])
