"""What PyTorch's programs ask about the machine, and the answers: one CPU, one process, nothing to wait for."""
from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import autograd as ag

VERSION = f"2.13.0+glassgrad{ag.__version__}"  # the PyTorch whose names these are


def nothing(*args: Any, **kwargs: Any) -> None:
    """Does nothing, for there is nothing to do."""


def false(*args: Any, **kwargs: Any) -> bool:
    """False, whatever is asked."""
    return False


def zero(*args: Any, **kwargs: Any) -> int:
    """0, whatever is asked."""
    return 0


def itself(function: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> Any:
    """A function, or a decorator that returns the function it is given."""
    return itself if function is None else function


no_gpu = {
    "is_available": false, "is_initialized": false, "device_count": zero, "synchronize": nothing, "empty_cache": nothing,
    "manual_seed": nothing, "manual_seed_all": nothing, "seed": nothing, "seed_all": nothing,
    "memory_allocated": zero, "max_memory_allocated": zero, "memory_reserved": zero, "max_memory_reserved": zero,
    "reset_peak_memory_stats": nothing,
}  # fmt: skip

OWN: dict[str, dict[str, Any]] = {
    "torch.cuda": {**no_gpu, "is_bf16_supported": false, "set_device": nothing},
    "torch.mps": no_gpu,
    "torch.xpu": no_gpu,
    "torch.backends.cudnn": {
        "is_available": false, "version": nothing, "enabled": True, "benchmark": False, "deterministic": False, "allow_tf32": True,
    },
    "torch.backends.cuda": {
        "is_built": false, "enable_flash_sdp": nothing, "enable_math_sdp": nothing, "enable_mem_efficient_sdp": nothing,
    },
    "torch.backends.cuda.matmul": {
        "allow_tf32": False, "allow_fp16_reduced_precision_reduction": True, "allow_bf16_reduced_precision_reduction": True,
    },
    "torch.backends.mps": {"is_available": false, "is_built": false},
    "torch.backends.mkl": {"is_available": false},
    "torch.backends.mkldnn": {"is_available": false, "enabled": False},
    "torch.backends.openmp": {"is_available": false},
    "torch.distributed": {"is_available": false, "is_initialized": false, "is_torchelastic_launched": false},
    "torch.jit": {
        "script": itself, "script_method": itself, "ignore": itself, "unused": itself, "export": itself, "is_scripting": false,
        "is_tracing": false, "ScriptModule": types.new_class("ScriptModule"), "Final": Any,
    },
    "torch.version": {"__version__": VERSION, "cuda": None, "hip": None, "debug": False, "git_version": ""},
}  # fmt: skip
