"""LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition")."""
from __future__ import annotations

from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn.containers import Sequential
from nn.layers.convolution import Conv2d
from nn.layers.linear import Linear
from nn.layers.pooling import AvgPool2d
from nn.layers.shape import Flatten
from nn.layers.squashing import Tanh
from nn.module import Module

__all__ = ["LeNet"]


class LeNet(Module):
    """Twice tanh(convolution) and a mean over 2 x 2 pixels, then three linear layers: (N, in_channels, S, S) -> (N, num_classes) of scores.

    image_size   S: the first convolution is padded to keep it, so that (S // 2 - kernel_size + 1) // 2 rows are left for the linear layers
    kernel_size  5, as in the paper; 3 for images of 8 x 8

    Differs from the paper in that the second convolution reads all six maps, and the last layer is linear.

    >>> nn.models.LeNet()(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    >>> nn.models.LeNet(image_size=8, kernel_size=3)(ag.zeros(2, 1, 8, 8)).shape
    (2, 10)
    """

    def __init__(self, in_channels: int = 1, num_classes: int = 10, image_size: int = 28, kernel_size: int = 5) -> None:
        super().__init__()
        side = (image_size // 2 - kernel_size + 1) // 2
        if side < 1 or kernel_size % 2 == 0:
            raise ArgumentError(message(
                "LeNet", "an odd kernel_size of at most image_size // 2 - 1 is required", f"{kernel_size} for image_size={image_size}",
            ))  # fmt: skip
        self.features = Sequential(
            Conv2d(in_channels, 6, kernel_size, padding=kernel_size // 2), Tanh(), AvgPool2d(2),
            Conv2d(6, 16, kernel_size), Tanh(), AvgPool2d(2),
        )  # fmt: skip
        self.classifier = Sequential(
            Flatten(), Linear(16 * side * side, 120), Tanh(), Linear(120, 84), Tanh(), Linear(84, num_classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))  # type: ignore[no-any-return]
