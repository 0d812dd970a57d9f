"""The layers, one file per family; each file lists its own in __all__."""
from typing import TYPE_CHECKING

from nn.layers import activation, dropout, linear, mlp, normalization, shape
from nn.layers.activation import *  # noqa: F403
from nn.layers.dropout import *  # noqa: F403
from nn.layers.linear import *  # noqa: F403
from nn.layers.mlp import *  # noqa: F403
from nn.layers.normalization import *  # noqa: F403
from nn.layers.shape import *  # noqa: F403

if not TYPE_CHECKING:  # a type checker reads the imports, and takes no list that has to be computed
    __all__ = [name for family in (activation, dropout, linear, mlp, normalization, shape) for name in family.__all__]
