"""What goes into a state_dict beside tensors, and who may change it on the way; the same programs on PyTorch's modules."""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import autograd as ag
import nn


def libraries():
    found = [SimpleNamespace(nn=nn, ones=ag.ones, name="ours")]
    try:
        import torch
    except ImportError:
        return found
    return [*found, SimpleNamespace(nn=torch.nn, ones=torch.ones, name="torch")]


both = pytest.mark.parametrize("library", libraries(), ids=lambda library: library.name)


@both
def test_extra_state(library):
    class Counter(library.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.seen = library.nn.Linear(2, 2), 0

        def get_extra_state(self):
            return {"seen": self.seen}

        def set_extra_state(self, state):
            self.seen = state["seen"]

    counter = Counter()
    counter.seen = 7
    model = library.nn.Sequential(Counter())
    state = library.nn.Sequential(counter).state_dict()
    assert set(state) == {"0._extra_state", "0.linear.weight", "0.linear.bias"}
    model.load_state_dict(state)
    assert model[0].seen == 7
    del state["0._extra_state"]
    with pytest.raises(RuntimeError, match="_extra_state"):
        model.load_state_dict(state)
    assert model.load_state_dict(state, strict=False).missing_keys == ["0._extra_state"]


@both
def test_hooks_see_and_change_state(library):
    model = library.nn.Sequential(library.nn.Linear(2, 2))
    said = []
    model.register_state_dict_pre_hook(lambda module, prefix, keep_vars: said.append(("before", prefix, keep_vars)))
    model[0].register_state_dict_post_hook(lambda module, state, prefix, metadata: state.update({f"{prefix}note": library.ones(1)}))
    state = model.state_dict()
    assert said == [("before", "", False)]
    assert "0.note" in state

    def renamed(module, state, prefix, metadata, strict, missing, unexpected, errors):
        state.pop(f"{prefix}note", None)
        if f"{prefix}old_bias" in state:
            state[f"{prefix}bias"] = state.pop(f"{prefix}old_bias")

    model[0].register_load_state_dict_pre_hook(renamed)
    handle = model.register_load_state_dict_post_hook(lambda module, keys: said.append(keys.missing_keys))
    state["0.old_bias"] = state.pop("0.bias") * 0 + 5
    given = dict(state)
    model.load_state_dict(state)
    assert model[0].bias.tolist() == [5, 5]
    assert dict(state).keys() == given.keys()  # the caller's dict is not changed
    assert said[-1] == []
    handle.remove()
    model.load_state_dict(state)
    assert len(said) == 2


@both
def test_set_submodule(library):
    model = library.nn.Sequential(library.nn.Linear(2, 3), library.nn.Sequential(library.nn.ReLU()))
    model.set_submodule("1.0", library.nn.Tanh())
    model.set_submodule("1.extra", library.nn.Linear(3, 1))
    assert [name for name, _ in model.named_modules()] == ["", "0", "1", "1.0", "1.extra"]
    with pytest.raises(AttributeError):
        model.set_submodule("1.nothing", library.nn.Tanh(), strict=True)
    with pytest.raises(AttributeError):
        model.set_submodule("5.0", library.nn.Tanh())


@both
def test_type_and_to_empty(library):
    model = library.nn.BatchNorm1d(3)
    parameter = model.weight
    empty = model.to_empty(device="cpu")
    assert empty is model
    assert tuple(model.running_mean.shape) == (3,)
    model.type(library.ones(1).double().dtype)
    assert model.num_batches_tracked.dtype == model.weight.dtype == library.ones(1).double().dtype
    assert model.share_memory() is model
    if library.name == "ours":
        assert model.weight is parameter


def test_no_bfloat16():
    with pytest.raises(ag.DtypeError, match=r"use float\(\) or half\(\)"):
        nn.Linear(1, 1).bfloat16()


def test_a_model_with_extra_state_is_saved(tmp_path):
    class Scaled(nn.Linear):
        scale = 1.0

        def get_extra_state(self):
            return {"scale": self.scale}

        def set_extra_state(self, state):
            self.scale = state["scale"]

    model = Scaled(2, 2)
    model.scale = 3.0
    ag.save(model.state_dict(), tmp_path / "model.ag")
    again = Scaled(2, 2)
    again.load_state_dict(ag.load(tmp_path / "model.ag"))
    assert again.scale == 3.0
    np.testing.assert_array_equal(again.weight.detach().numpy(), model.weight.detach().numpy())
