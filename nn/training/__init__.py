"""A readable training loop, for those who do not want to write their own, and what it needs."""
from nn.training.fit import accuracy, evaluate, fit
from nn.training.history import History, plot_history
from nn.training.plots import LivePlot, confusion_matrix, plot_confusion, plot_decision, plot_histograms

__all__ = [
    "History", "LivePlot", "accuracy", "confusion_matrix", "evaluate", "fit",
    "plot_confusion", "plot_decision", "plot_histograms", "plot_history",
]  # fmt: skip
