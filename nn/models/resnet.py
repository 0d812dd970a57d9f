"""Residual networks for small images (He, Zhang, Ren and Sun 2015, arXiv:1512.03385, section 4.2)."""
from __future__ import annotations

import itertools
from collections.abc import Sequence

from autograd import Tensor
from nn import functional as F
from nn import init
from nn.containers import Sequential
from nn.layers.convolution import Conv2d
from nn.layers.linear import Linear
from nn.layers.normalization import BatchNorm2d
from nn.module import Module

__all__ = ["BasicBlock", "ResNet"]


class BasicBlock(Module):
    """relu(B(K₂ relu(B(K₁ x))) + x): (N, inplanes, H, W) -> (N, planes, ⌈H / stride⌉, ⌈W / stride⌉), K 3 x 3 convolutions, B batch norms.

    Where stride or number of channels changes, x goes through a 1 x 1 convolution and a norm, ``downsample``.

    >>> nn.models.BasicBlock(4, 8, stride=2)(ag.ones(1, 4, 6, 6)).shape
    (1, 8, 3, 3)
    """

    downsample: Module | None

    def __init__(self, inplanes: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)
        self.bn1 = BatchNorm2d(planes)
        self.conv2 = Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = BatchNorm2d(planes)
        self.downsample = None
        if stride != 1 or inplanes != planes:
            self.downsample = Sequential(Conv2d(inplanes, planes, 1, stride, bias=False), BatchNorm2d(planes))

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + kept)


class ResNet(Module):
    """A convolution, three stages of BasicBlocks, the mean over the pixels, a linear layer: (N, in_channels, H, W) -> (N, num_classes).

    blocks   in each stage: n each for the paper's network of 6 n + 2 layers, (3, 3, 3) for ResNet-20
    widths   channels of the stages; from the second on, a stage halves height and width

    Names of parameters are torchvision's. Convolutions begin in He's normal distribution.

    >>> nn.models.ResNet(in_channels=1)(ag.ones(2, 1, 8, 8)).shape
    (2, 10)
    """

    def __init__(
        self, blocks: Sequence[int] = (3, 3, 3), widths: Sequence[int] = (16, 32, 64), in_channels: int = 3, num_classes: int = 10
    ) -> None:
        super().__init__()
        self.conv1 = Conv2d(in_channels, widths[0], 3, padding=1, bias=False)
        self.bn1 = BatchNorm2d(widths[0])
        self.stages = [f"layer{i + 1}" for i in range(len(blocks))]
        for name, number, (before, width) in zip(self.stages, blocks, itertools.pairwise([widths[0], *widths]), strict=True):
            first = BasicBlock(before, width, 1 if name == "layer1" else 2)
            self.add_module(name, Sequential(first, *(BasicBlock(width, width) for _ in range(number - 1))))
        self.fc = Linear(widths[-1], num_classes)
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        for name in self.stages:
            x = getattr(self, name)(x)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]
