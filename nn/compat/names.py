"""Where PyTorch's modules are in this library, as tables."""
from __future__ import annotations

from typing import Any

from nn.compat import machine
from nn.optim.lr_scheduler import LRScheduler

FAMILIES = (
    "activation", "batchnorm", "container", "conv", "dropout", "linear", "loss", "module", "normalization", "padding", "pooling", "rnn",
    "sparse", "transformer", "utils",
)  # fmt: skip
OPTIMIZERS = ("adadelta", "adagrad", "adam", "adamax", "adamw", "lbfgs", "rmsprop", "sgd")


def each(above: str, names: tuple[str, ...], *behind: str) -> dict[str, tuple[str, ...]]:
    """The same modules behind a module and behind each of those in it."""
    return dict.fromkeys((above, *(f"{above}.{name}" for name in names)), behind)


# One of PyTorch's modules -> the modules in which its names are looked up, in order.
SOURCES: dict[str, tuple[str, ...]] = {
    "torch": ("nn.compat.base", "autograd", "nn.functional"),
    "torch.types": ("nn.compat.base", "autograd"),
    "torch.functional": ("autograd",),
    "torch.linalg": ("autograd.linalg",),
    "torch.fft": ("autograd.fft",),
    "torch.special": ("autograd.special",),
    "torch.random": ("autograd.random",),
    "torch.distributions": ("autograd.distributions",),
    "torch.distributions.constraints": ("autograd.distributions.constraints",),
    "torch.distributions.kl": ("autograd.distributions.kl",),
    "torch.autograd": ("nn.compat.differentiation", "autograd"),
    "torch.autograd.function": ("autograd.function",),
    "torch.autograd.functional": ("nn.compat.functional",),
    "torch.func": ("autograd.transforms",),
    "torch.nn": ("nn",),
    "torch.nn.functional": ("nn.functional",),
    "torch.nn.init": ("nn.init",),
    "torch.nn.parameter": ("nn.parameter",),
    "torch.nn.utils": ("nn.utils",),  # and below it whatever stands in nn/utils/
    **each("torch.nn.modules", FAMILIES, "nn"),
    **each("torch.optim", OPTIMIZERS, "nn.optim"),
    "torch.optim.optimizer": ("nn.optim.optimizer",),
    "torch.optim.lr_scheduler": ("nn.optim.lr_scheduler",),
    "torch.optim.swa_utils": ("nn.optim.swa_utils",),
    "torch.utils": (),
    **each("torch.utils.data", ("dataloader", "dataset", "sampler"), "nn.data"),
    "torch.utils.checkpoint": ("autograd.checkpoint",),
    "torch.amp": ("nn.compat.amp",),
    "torch.cuda.amp": ("nn.compat.amp",),
    **dict.fromkeys((*machine.OWN, "torch.backends", "torch.nn.parallel"), ()),
}

# What a module holds beside these.
OWN: dict[str, dict[str, Any]] = {
    "torch": {"__version__": machine.VERSION},
    "torch.optim.lr_scheduler": {"_LRScheduler": LRScheduler},
    **machine.OWN,
}

# What helps where the module is not there, or nothing in it is.
HINTS = {
    "torch.cuda": "there is no GPU here: ask torch.cuda.is_available() before, or choose the device cpu",
    "torch.mps": "there is no GPU here: ask torch.backends.mps.is_available() before",
    "torch.xpu": "there is no GPU here: ask torch.xpu.is_available() before",
    "torch.distributed": "a program is one process here: ask torch.distributed.is_available() before",
    "torch.jit": "leave it out: the function itself runs; torch.compile makes it fast",
    "torch.onnx": "save the state_dict, and export it where PyTorch is installed",
    "torch.hub": "load the weights from a file: torch.load reads .safetensors and .npz",
    "torch.profiler": "autograd.viz.graph(loss, times=True) shows what takes how long; Python's own cProfile works too",
    "torch.sparse": "use dense tensors, or indices with index_add and scatter_add",
    "torch.nn.DataParallel": "leave it out: a program is one process here",
    "torch.nn.parallel": "leave it out: a program is one process here",
    "torch.utils.tensorboard": "keep the numbers in a list, or in nn.training.History, which draws them",
    "torch.bfloat16": "use torch.float32",
}
