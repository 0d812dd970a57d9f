"""The functions behind the layers and losses, without state: ``import nn.functional as F``. Names, arguments and defaults are PyTorch's.

Many are ops of ``autograd`` under the names that PyTorch has for them here.
"""
from typing import TYPE_CHECKING

from autograd import (
    batch_norm,
    bilinear,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    group_norm,
    instance_norm,
    layer_norm,
    linear,
    pad,
    rms_norm,
)
from nn.functional import activation, attention, ctc, distance, dropouts, images, lookup, losses, pooling, resampling
from nn.functional.activation import *
from nn.functional.attention import *
from nn.functional.ctc import *
from nn.functional.distance import *
from nn.functional.dropouts import *
from nn.functional.images import *
from nn.functional.lookup import *
from nn.functional.losses import *
from nn.functional.pooling import *
from nn.functional.resampling import *

if not TYPE_CHECKING:  # a type checker reads the imports, and takes no list that has to be computed
    _parts = (activation, attention, ctc, distance, dropouts, images, lookup, losses, pooling, resampling)
    __all__ = [
        "linear", "bilinear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
        "layer_norm", "rms_norm", "batch_norm", "instance_norm", "group_norm", "pad",
        *(name for part in _parts for name in part.__all__),
    ]  # fmt: skip
