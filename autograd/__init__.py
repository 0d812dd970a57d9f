"""A reverse-mode autograd engine that explains itself: PyTorch's names on NumPy arrays.

``Tensor`` records what is computed with it; ``backward`` and ``grad`` run the chain rule through the record. See autograd/README.md.
"""
import importlib
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from autograd import creation, dtypes, fft, linalg, memory, numpy_functions, ops, random, special
from autograd.check import GradcheckError, gradcheck, gradgradcheck
from autograd.checkpoint import checkpoint
from autograd.compile import compile
from autograd.creation import *
from autograd.device import device
from autograd.dtypes import (
    Dtype,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from autograd.errors import ArgumentError, AutogradError, CaptureError, DimError, DtypeError, GraphError, LinAlgError, ShapeError
from autograd.function import Function, once_differentiable
from autograd.io import load, save
from autograd.lowrank import *
from autograd.modes import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from autograd.ops import *
from autograd.ops.statistics import histogramdd
from autograd.random import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    poisson,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from autograd.tensor import Tensor, backward
from autograd.threads import get_num_threads, set_num_threads
from autograd.tracing import dynamic, is_compiling
from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.windows import *

__version__ = "0.1.0"

# PyTorch's names for the dtypes
half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
bool = dtypes.boolean
cfloat, cdouble = complex64, complex128

# Methods that make new tensors or draw numbers stand on top of Tensor, and join it here.
for _method in (
    creation.new_empty, creation.new_full, creation.new_ones, creation.new_tensor, creation.new_zeros,
    random.bernoulli, random.bernoulli_, random.cauchy_, random.exponential_, random.geometric_, random.log_normal_, random.multinomial,
    random.normal_, random.random_, random.uniform_,
):
    setattr(Tensor, _method.__name__, _method)

# PyTorch's in-place functions: ``exp_(x)`` is ``x.exp_()``
for _name in [name for name in globals() if callable(getattr(Tensor, f"{name}_", None))]:
    globals()[f"{_name}_"] = getattr(Tensor, f"{_name}_")
fill_, zero_, resize_as_ = Tensor.fill_, Tensor.zero_, Tensor.resize_as_

memory.tune_unless_told_otherwise(os.environ)

_others = [path for path in sys.path if os.path.isfile(os.path.join(path, "autograd", "core.py"))]  # a file that only the other has
if _others:
    warnings.warn(
        f"another package of the import name 'autograd' (HIPS autograd) is installed in {_others[0]}; they cannot share an environment: "
        "pip uninstall autograd, or give glassgrad a virtual environment of its own", stacklevel=2,
    )  # fmt: skip

def __getattr__(name: str) -> Any:
    """Submodules that few programs need are imported when they are asked for."""
    if name in ("distributions", "numpy", "viz"):
        return importlib.import_module(f"autograd.{name}")
    raise AttributeError(f"module 'autograd' has no attribute {name!r}")


if not TYPE_CHECKING:  # a type checker reads the imports, and takes no list that has to be computed
    _imported = ("importlib", "os", "sys", "warnings", "TYPE_CHECKING", "Any")
    __all__ = [name for name in globals() if not name.startswith("_") and name not in _imported]
