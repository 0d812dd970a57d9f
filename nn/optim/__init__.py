"""Optimisers and learning rate schedules, with the names, defaults and numbers of ``torch.optim``."""
from nn.optim import lr_scheduler
from nn.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from nn.optim.adaptive import Adadelta, Adagrad, RMSprop
from nn.optim.optimizer import Optimizer
from nn.optim.sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop", "lr_scheduler"]
