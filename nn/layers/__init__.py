"""The layers, one file per family; each file lists its own in __all__."""
from typing import TYPE_CHECKING

from nn.layers import (
    activation,
    adaptive,
    attention,
    cells,
    convolution,
    dropout,
    fractional,
    lazy,
    linear,
    mlp,
    normalization,
    padding,
    pooling,
    recurrent,
    shape,
    softmax,
    squashing,
    transformer,
    unpooling,
    vision,
)
from nn.layers.activation import *
from nn.layers.adaptive import *
from nn.layers.attention import *
from nn.layers.cells import *
from nn.layers.convolution import *
from nn.layers.distance import *
from nn.layers.dropout import *
from nn.layers.fractional import *
from nn.layers.lazy import *
from nn.layers.linear import *
from nn.layers.mlp import *
from nn.layers.normalization import *
from nn.layers.padding import *
from nn.layers.pooling import *
from nn.layers.recurrent import *
from nn.layers.shape import *
from nn.layers.softmax import *
from nn.layers.squashing import *
from nn.layers.transformer import *
from nn.layers.unpooling import *
from nn.layers.vision import *

if not TYPE_CHECKING:  # a type checker reads the imports, and takes no list that has to be computed
    _families = (
        activation, adaptive, attention, cells, convolution, distance, dropout, fractional, lazy, linear, mlp, normalization, padding,
        pooling, recurrent, shape, softmax, squashing, transformer, unpooling, vision,
    )  # fmt: skip
    __all__ = [name for family in _families for name in family.__all__]
