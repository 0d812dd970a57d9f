"""Every public name of torch.nn, torch.nn.functional, torch.optim and its schedulers is here, or left out for a reason."""
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
        "FractionalMaxPool2d": "regions drawn by PyTorch's generator: nothing to compare with",
        "FractionalMaxPool3d": "the same",
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
        "fractional_max_pool2d": "as nn.FractionalMaxPool2d",
        "fractional_max_pool2d_with_indices": "the same",
        "fractional_max_pool3d": "the same",
        "fractional_max_pool3d_with_indices": "the same",
        "linear_cross_entropy": "as nn.LinearCrossEntropyLoss",
        "grouped_mm": "for dtypes of GPUs",
        "scaled_grouped_mm": "the same",
        "scaled_mm": "the same",
    },
    "optim": {"SparseAdam": "gradients are dense"},
    "lr_scheduler": {},
}
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
}  # fmt: skip
HERE = {"nn": nn, "functional": F, "optim": nn.optim, "lr_scheduler": nn.optim.lr_scheduler}


@pytest.mark.parity
@pytest.mark.parametrize("part", THERE)
def test_every_name_is_here_or_left_out_for_a_reason(part):
    public = {name for name in THERE[part] if name[0] != "_"}
    assert {name for name in public if not hasattr(HERE[part], name)} == set(LEFT_OUT[part])
