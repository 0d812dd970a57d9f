"""A readable training loop, for those who do not want to write their own, and what it needs."""
from nn.training.fit import accuracy, evaluate, fit
from nn.training.history import History, plot_history

__all__ = ["History", "accuracy", "evaluate", "fit", "plot_history"]
