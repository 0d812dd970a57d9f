"""Every public name of torch.nn, torch.optim and what belongs to them is here, or left out for a reason."""
from __future__ import annotations

import inspect

import pytest

import nn
import nn.functional as F

torch = pytest.importorskip("torch")

DEPRECATED = "deprecated there"
ELSEWHERE = "private to PyTorch's dispatch"
IMPORTED = {"handle_torch_function", "boolean_dispatch"}
LEFT_OUT = {
    "nn": {
        "Container": DEPRECATED,
        "NLLLoss2d": DEPRECATED,
        "CrossMapLRN2d": "LocalResponseNorm; PyTorch's own differs from its formula",
        "DataParallel": "one machine, no GPU",
        "SyncBatchNorm": "one machine, no GPU",
        "LinearCrossEntropyLoss": "a Linear and a CrossEntropyLoss; the chunks it is about are PyTorch's",
    },
    "functional": {
        "assert_int_or_pair": ELSEWHERE,
        "has_torch_function": ELSEWHERE,
        "has_torch_function_unary": ELSEWHERE,
        "has_torch_function_variadic": ELSEWHERE,
        "native_channel_shuffle": "channel_shuffle",
        "conv_tbc": "conv1d of x.permute(1, 2, 0)",
        "upsample_bilinear": DEPRECATED,
        "upsample_nearest": DEPRECATED,
        "linear_cross_entropy": "as nn.LinearCrossEntropyLoss",
        "grouped_mm": "for dtypes of GPUs",
        "scaled_grouped_mm": "the same",
        "scaled_mm": "the same",
    },
    "optim": {"SparseAdam": "gradients are dense"},
    "lr_scheduler": {},
    "init": {},
    "data": {
        "DistributedSampler": "one machine",
        **dict.fromkeys(("DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe"), DEPRECATED),
        **dict.fromkeys(("non_deterministic", "functional_datapipe", "guaranteed_datapipes_determinism"), "of the data pipes"),
        **dict.fromkeys(("argument_validation", "runtime_validation", "runtime_validation_disabled"), "of the data pipes"),
    },
    "swa_utils": {},
    "rnn": {},
    "parametrize": {},
    "parametrizations": {},
    "utils": {
        "convert_conv2d_weight_memory_format": "memory has one format",
        "convert_conv3d_weight_memory_format": "the same",
    },
    "Module": {
        **dict.fromkeys(("ipu", "mtia", "xpu"), "another device"),
        "register_backward_hook": DEPRECATED,
    },
    "Optimizer": {
        "profile_hook_step": "of PyTorch's profiler",
        **dict.fromkeys(("OptimizerPostHook", "OptimizerPreHook"), "annotations"),
    },
    "LRScheduler": {},
    "ModuleDict": {},
    "ModuleList": {},
    "Sequential": {},
    "ParameterDict": {},
    "ParameterList": {},
}


def defined_in(module):
    """The functions and classes that a module makes public and that it, or a part of it, defines."""
    listed = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items() if callable(value) and getattr(value, "__module__", "").startswith(module.__name__)
    ]
    return {name for name in listed if callable(getattr(module, name))}


def methods_of(kind):
    """The methods of a class, but not those it shares with the base that is compared by itself."""
    inherited = dir(torch.nn.Module) if kind is not torch.nn.Module and issubclass(kind, torch.nn.Module) else ()
    return {name for name in dir(kind) if name not in inherited and callable(getattr(kind, name)) and name != "T_destination"}


CLASSES = (
    torch.nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler, torch.nn.ModuleDict, torch.nn.ModuleList,
    torch.nn.Sequential, torch.nn.ParameterDict, torch.nn.ParameterList,
)  # fmt: skip
THERE = {
    "nn": {name for name, kind in vars(torch.nn).items() if inspect.isclass(kind) and issubclass(kind, torch.nn.Module)},
    "functional": {
        name for name, function in vars(torch.nn.functional).items()
        if callable(function) and not inspect.isclass(function) and name[0].islower() and name not in IMPORTED
    },
    "optim": {name for name, kind in vars(torch.optim).items() if inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer)},
    "lr_scheduler": {
        name for name, kind in vars(torch.optim.lr_scheduler).items()
        if inspect.isclass(kind) and issubclass(kind, torch.optim.lr_scheduler.LRScheduler)
    },
    "init": {name for name in defined_in(torch.nn.init) if name.endswith("_") or name == "calculate_gain"},
    "data": defined_in(torch.utils.data),
    "swa_utils": defined_in(torch.optim.swa_utils),
    "utils": defined_in(torch.nn.utils),
    **{part: defined_in(getattr(torch.nn.utils, part)) for part in ("rnn", "parametrize", "parametrizations")},
    **{kind.__name__: methods_of(kind) for kind in CLASSES},
}  # fmt: skip
HERE = {
    "nn": nn, "functional": F, "optim": nn.optim, "lr_scheduler": nn.optim.lr_scheduler, "init": nn.init, "data": nn.data,
    "swa_utils": nn.optim.swa_utils, "utils": nn.utils, "rnn": nn.utils.rnn, "parametrize": nn.utils.parametrize,
    "parametrizations": nn.utils.parametrizations, "Module": nn.Module, "Optimizer": nn.optim.Optimizer,
    "LRScheduler": nn.optim.lr_scheduler.LRScheduler, "ModuleDict": nn.ModuleDict, "ModuleList": nn.ModuleList, "Sequential": nn.Sequential,
    "ParameterDict": nn.ParameterDict, "ParameterList": nn.ParameterList,
}  # fmt: skip


@pytest.mark.parity
@pytest.mark.parametrize("part", THERE)
def test_every_name_is_here_or_left_out_for_a_reason(part):
    public = {name for name in THERE[part] if name[0] != "_"}
    assert {name for name in public if not hasattr(HERE[part], name)} == set(LEFT_OUT[part])
