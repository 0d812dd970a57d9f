"""Learning rate schedules: ``scheduler.step()`` after each epoch (or batch, where it says so) sets the rate of every group.

In the formulas t counts the calls of ``step``, γ₀ is the rate that the group began with. Names, arguments and numbers are those of
``torch.optim.lr_scheduler``.
"""
from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.lr_scheduler.composite import ChainedScheduler, SequentialLR
from nn.optim.lr_scheduler.cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from nn.optim.lr_scheduler.decay import ConstantLR, CosineAnnealingLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, StepLR
from nn.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from nn.optim.lr_scheduler.plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR", "LRScheduler",
    "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
