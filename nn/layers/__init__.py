"""The layers, one file per family; each file lists its own in __all__."""
from typing import TYPE_CHECKING

from nn.layers import activation, convolution, dropout, linear, mlp, normalization, pooling, recurrent, shape
from nn.layers.activation import *
from nn.layers.convolution import *
from nn.layers.dropout import *
from nn.layers.linear import *
from nn.layers.mlp import *
from nn.layers.normalization import *
from nn.layers.pooling import *
from nn.layers.recurrent import *
from nn.layers.shape import *

if not TYPE_CHECKING:  # a type checker reads the imports, and takes no list that has to be computed
    _families = activation, convolution, dropout, linear, mlp, normalization, pooling, recurrent, shape
    __all__ = [name for family in _families for name in family.__all__]
