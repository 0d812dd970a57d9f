"""The ops, one file per family. Importing this package fills the registry; every op, and every other name of one, is public."""
from typing import TYPE_CHECKING

from autograd.ops.activation import *
from autograd.ops.attention import *
from autograd.ops.bessel import i0
from autograd.ops.comparison import *
from autograd.ops.complex import *
from autograd.ops.convolution import *
from autograd.ops.elementwise import *
from autograd.ops.functions import *
from autograd.ops.indexing import *
from autograd.ops.linalg_determinants import *
from autograd.ops.linalg_factorisation import *
from autograd.ops.linalg_norms import *
from autograd.ops.linalg_products import *
from autograd.ops.linalg_solving import *
from autograd.ops.linalg_spectrum import *
from autograd.ops.loss import *
from autograd.ops.normalisation import *
from autograd.ops.pooling import *
from autograd.ops.product import *
from autograd.ops.recurrent import *
from autograd.ops.reduction import *
from autograd.ops.scan import *
from autograd.ops.scattering import *
from autograd.ops.shape import *
from autograd.ops.sorting import *
from autograd.ops.special import *
from autograd.ops.spectrogram import *
from autograd.ops.statistics import *
from autograd.ops.strided import *

if not TYPE_CHECKING:  # a type checker reads the imports, and takes no list that has to be computed
    __all__ = ["broadcast_shapes", *(name for name, value in list(globals().items()) if callable(value) and hasattr(value, "op"))]
