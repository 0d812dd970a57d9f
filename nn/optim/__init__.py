"""Optimisers and learning rate schedules, with the names, defaults and numbers of ``torch.optim``."""
from nn.optim import lr_scheduler, swa_utils
from nn.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from nn.optim.adaptive import Adadelta, Adagrad, RMSprop
from nn.optim.lbfgs import LBFGS
from nn.optim.optimizer import Optimizer
from nn.optim.other import ASGD, Adafactor, Lion, Muon, Rprop
from nn.optim.sgd import SGD

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Lion", "Muon", "NAdam", "Optimizer", "RAdam",
    "RMSprop", "Rprop", "lr_scheduler", "swa_utils",
]  # fmt: skip
