"""What models are made of, under PyTorch's names: modules, layers, losses. Built on the public face of ``autograd`` alone."""
from typing import TYPE_CHECKING

from nn import data, functional, graph, init, layers, losses, models, optim, training, utils
from nn.containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from nn.layers import *
from nn.losses import *
from nn.module import Module
from nn.parameter import Buffer, Parameter
from nn.summary import summary

if not TYPE_CHECKING:  # a type checker reads the imports, and takes no list that has to be computed
    __all__ = [
        "Module", "Parameter", "Buffer", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict",
        "data", "functional", "graph", "init", "models", "optim", "summary", "training", "utils", *layers.__all__, *losses.__all__,
    ]  # fmt: skip
