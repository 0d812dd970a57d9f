from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections import OrderedDict

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.errors import AutogradError


class Scale(nn.Module):
    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = nn.Parameter(ag.tensor([factor]))
        self.register_buffer("calls", ag.tensor(0.0))
        self.register_buffer("scratch", ag.tensor(1.0), persistent=False)

    def forward(self, x):
        return x * self.factor


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias=False), Scale())
        self.twin = self.first

    def forward(self, x):
        return self.rest(self.first(x))


# ── parameters ──


def test_a_parameter_is_a_leaf_and_its_results_are_tensors():
    p = nn.Parameter([1.0, 2.0])
    assert isinstance(p, ag.Tensor)
    assert p.requires_grad
    assert p.is_leaf
    assert type(p * 2) is ag.Tensor
    assert type(p.detach()) is ag.Tensor
    assert repr(p) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
    assert not nn.Parameter([1.0], requires_grad=False).requires_grad


def test_a_parameter_shares_memory_with_its_data():
    data = np.zeros(3, np.float32)
    p = nn.Parameter(data)
    with ag.no_grad():
        p[0] = 5.0
    assert data[0] == 5


def test_a_parameter_of_a_result_is_a_new_leaf():
    x = ag.tensor([1.0], requires_grad=True) * 2
    assert nn.Parameter(x).is_leaf


@pytest.mark.parametrize("way", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_of_a_parameter(way):
    p = nn.Parameter([1.0, 2.0])
    p.label = "w"
    (p * p).sum().backward()
    q = way(p)
    assert type(q) is nn.Parameter
    assert q.requires_grad
    assert q.label == "w"
    assert q.tolist() == [1, 2]
    assert q.grad.tolist() == [2, 4]
    with ag.no_grad():
        q[0] = 9.0
    assert p.tolist() == [1, 2]


# ── names ──


def test_named_parameters_lists_a_shared_one_once():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["first.weight", "first.bias", "rest.1.weight", "rest.2.factor"]
    assert [name for name, _ in net.named_parameters(remove_duplicate=False)][-2:] == ["twin.weight", "twin.bias"]
    assert [name for name, _ in net.named_parameters(prefix="m", recurse=False)] == []
    assert len(list(net.parameters())) == 4


def test_a_parameter_shared_by_two_modules_is_listed_once():
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b.weight = a.weight
    assert [name for name, _ in nn.Sequential(a, b).named_parameters()] == ["0.weight", "0.bias", "1.bias"]


def test_named_modules_children_and_buffers():
    net = Net()
    assert [name for name, _ in net.named_modules()] == ["", "first", "rest", "rest.0", "rest.1", "rest.2"]
    assert [name for name, _ in net.named_children()] == ["first", "rest"]
    assert [type(m).__name__ for m in net.children()] == ["Linear", "Sequential"]
    assert len(list(net.modules())) == 6
    assert [name for name, _ in net.named_buffers()] == ["rest.2.calls", "rest.2.scratch"]
    assert len(list(net.buffers())) == 2


def test_parts_by_path():
    net = Net()
    assert net.get_submodule("") is net
    assert net.get_submodule("rest.1") is net.rest[1]
    assert net.get_parameter("rest.1.weight") is net.rest[1].weight
    assert net.get_buffer("rest.2.calls") is net.rest[2].calls
    for call, path in [(net.get_submodule, "rest.7"), (net.get_parameter, "rest.1.bias"), (net.get_buffer, "first.weight")]:
        with pytest.raises(AttributeError, match=path.rpartition(".")[2]):
            call(path)


# ── attributes ──


def test_assigning_moves_a_name_between_kinds():
    m = Scale()
    m.part = 3
    m.part = nn.Parameter([1.0])
    assert "part" in dict(m.named_parameters())
    m.part = nn.ReLU()
    assert "part" not in dict(m.named_parameters())
    assert "part" in dict(m.named_children())
    m.part = None
    assert m.part is None
    assert dict(m.named_children()) == {}
    del m.part
    assert not hasattr(m, "part")
    m.calls = ag.tensor(3.0)
    assert dict(m.named_buffers())["calls"].item() == 3
    del m.factor
    assert list(m.parameters()) == []


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("factor", ag.Tensor([1.0]), "nn.Parameter"),
        ("factor", np.zeros(1), "nn.Parameter"),
        ("calls", 3.0, "autograd.tensor"),
        ("part", 3, "del self.part"),
    ],
)
def test_assigning_the_wrong_kind_is_an_error_with_the_remedy(name, value, match):
    m = Scale()
    m.part = nn.ReLU()
    with pytest.raises(TypeError, match=match) as caught:
        setattr(m, name, value)
    assert "test_module.py" in str(caught.value)


class Early(nn.Module):
    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize("value", [nn.Parameter([1.0]), nn.ReLU()], ids=["parameter", "module"])
def test_parts_before_super_init_are_an_error(value):
    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\) is required"):
        Early(value)


def test_use_before_super_init_is_an_error():
    early = Early(3)
    assert early.value == 3
    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\) is required"):
        early(3)
    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\) is required"):
        list(early.parameters())


def test_a_missing_attribute_is_named_with_what_there_is():
    with pytest.raises(AttributeError, match=r"weight, bias.*'wieght'"):
        nn.Linear(2, 2).wieght
    assert not hasattr(nn.Linear(2, 2), "wieght")


def test_an_error_in_a_property_is_the_one_that_is_seen():
    class Shy(nn.Module):
        @property
        def size(self):
            return self.inner.size

    with pytest.raises(AttributeError, match="'inner'"):
        Shy().size


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda m: m.cuda(), ValueError),
        (lambda m: m.register_parameter("a.b", None), ValueError),
        (lambda m: m.register_parameter("", None), ValueError),
        (lambda m: m.register_parameter("forward", None), ValueError),
        (lambda m: m.register_parameter(3, None), TypeError),
        (lambda m: m.register_parameter("w", ag.Tensor([1.0])), TypeError),
        (lambda m: m.register_buffer("w", 1.0), TypeError),
        (lambda m: m.register_buffer("factor", ag.Tensor([1.0])), ValueError),
        (lambda m: m.register_module("w", nn.ReLU), TypeError),
        (lambda m: m.train(1), TypeError),
        (lambda m: m.to(ag.int64), TypeError),
        (lambda m: nn.Module()(1), NotImplementedError),
        (lambda m: nn.ModuleList([m])(1), NotImplementedError),
    ],
)
def test_mistakes(call, error):
    with pytest.raises(error):
        call(Scale())


# ── state ──


def test_state_dict_shares_memory_and_leaves_transient_buffers_out():
    net = Net()
    state = net.state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == ["first.weight", "first.bias", "rest.1.weight", "rest.2.factor", "rest.2.calls", "twin.weight", "twin.bias"]
    assert all(type(value) is ag.Tensor and not value.requires_grad for value in state.values())
    state["first.bias"][...] = 7.0
    assert net.first.bias.tolist() == [7] * 4
    assert net.state_dict(keep_vars=True)["first.bias"] is net.first.bias


@pytest.mark.parametrize("convert", [lambda t: t, lambda t: np.array(t.detach()), lambda t: np.array(t.detach()).astype(np.float64)])
def test_load_state_dict_copies_in_place(convert):
    a, b = Net(), Net()
    before = b.first.weight
    memory = b.first.weight.detach().numpy()
    assert b.load_state_dict({key: convert(value) for key, value in a.state_dict().items()}) == ([], [])
    assert b.first.weight is before
    assert np.shares_memory(b.first.weight.detach().numpy(), memory)
    assert b.first.weight.dtype == ag.float32
    x = ag.ones(2, 3)
    np.testing.assert_array_equal(a(x).tolist(), b(x).tolist())


def test_load_state_dict_names_every_problem_and_loads_nothing():
    net = Net()
    net.first.bias.requires_grad_(False).fill_(1.0)
    state = {key: np.zeros(value.shape) for key, value in net.state_dict().items()}
    del state["rest.2.calls"]
    state["extra"] = np.zeros(1)
    state["rest.1.weight"] = np.zeros((2, 5))
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    wrong_shape = "rest.1.weight: (2, 4) is required, got (2, 5)"
    for part in ("missing: rest.2.calls", "unexpected: extra", wrong_shape, "nothing was loaded", "test_module.py"):
        assert part in str(caught.value)
    assert net.first.bias.tolist() == [1] * 4
    with pytest.raises(RuntimeError, match=r"\(2, 5\)"):
        net.load_state_dict(state, strict=False)


def test_load_state_dict_not_strict():
    m = Scale()
    keys = m.load_state_dict({"factor": np.array([5.0]), "other": np.zeros(1)}, strict=False)
    assert keys.missing_keys == ["calls"]
    assert keys.unexpected_keys == ["other"]
    assert m.factor.tolist() == [5]


def test_load_state_dict_sees_a_prefix():
    m = Scale()
    with pytest.raises(RuntimeError, match=r"begins with 'module\.': strip it"):
        m.load_state_dict({f"module.{key}": value for key, value in m.state_dict().items()})


def test_load_state_dict_wants_numbers():
    with pytest.raises(RuntimeError, match=r"'factor'.*str"):
        Scale().load_state_dict({"factor": "five", "calls": 0.0})


def test_load_state_dict_by_assignment():
    m = Scale()
    m.load_state_dict({"factor": np.array([5.0]), "calls": np.array(1.0)}, assign=True)
    assert m.factor.dtype == ag.float64
    assert isinstance(m.factor, nn.Parameter)


# ── changing everything ──


def test_train_and_eval():
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())


def test_requires_grad_and_zero_grad():
    net = Net()
    net(ag.ones(1, 3)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all((np.asarray(p.grad) == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.requires_grad_(False)
    assert not net(ag.ones(1, 3)).requires_grad


def test_to_converts_floats_and_keeps_the_parameters():
    net = Net()
    net.register_buffer("count", ag.tensor(3))
    net(ag.ones(1, 3)).sum().backward()
    before = list(net.parameters())
    assert net.double() is net
    assert all(p is q for p, q in zip(before, net.parameters(), strict=True))
    assert all(p.dtype == ag.float64 and p.grad.dtype == ag.float64 and p.requires_grad for p in net.parameters())
    assert net.rest[2].calls.dtype == ag.float64
    assert net.count.dtype == ag.int64
    net.zero_grad()
    net(ag.ones(1, 3, dtype=ag.float64)).sum().backward()
    assert net.first.weight.grad.dtype == ag.float64
    assert net.float().first.weight.dtype == ag.float32
    assert net.half().first.weight.dtype == ag.float16
    assert net.to("cpu", ag.float64).first.weight.dtype == ag.float64
    assert net.to(ag.zeros(1)).first.weight.dtype == ag.float32


def test_apply_goes_parts_first():
    seen = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Linear", "Scale", "Sequential", "Net"]


# ── copies ──


@pytest.mark.parametrize("way", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_of_a_module(way):
    net = Net()
    twin = way(net)
    assert repr(twin) == repr(net)
    assert twin.twin is twin.first
    assert twin.first.weight is twin.first._parameters["weight"]
    x = ag.ones(2, 3)
    np.testing.assert_array_equal(net(x).tolist(), twin(x).tolist())
    with ag.no_grad():
        twin.first.weight.zero_()
    assert np.asarray(net.first.weight.detach()).any()
    twin(x).sum().backward()
    assert net.first.weight.grad is None
    assert twin.rest[1].weight.grad is not None


def test_a_module_is_freed_by_reference_counts():
    gc.disable()
    try:
        net = Net()
        net(ag.ones(1, 3)).sum().backward()
        gone = weakref.ref(net)
        del net
        assert gone() is None
    finally:
        gc.enable()


# ── hooks ──


def test_forward_hooks_see_and_replace():
    m = Scale()
    seen = []
    add = m.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    with add, m.register_forward_hook(lambda module, args, output: seen.append((args, output))):
        assert m(ag.tensor([1.0])).tolist() == [4]
    assert seen[0][0][0].tolist() == [2]
    assert seen[0][1].tolist() == [4]
    assert m(ag.tensor([1.0])).tolist() == [2]
    handle = m.register_forward_hook(lambda module, args, output: output * 10)
    assert m(ag.tensor([1.0])).tolist() == [20]
    handle.remove()
    assert m(ag.tensor([1.0])).tolist() == [2]


def test_forward_hooks_with_keywords_and_in_front():
    m = Scale()
    order = []
    m.register_forward_pre_hook(lambda module, args: order.append("second"))
    m.register_forward_pre_hook(lambda module, args, kwargs: order.append(f"first {list(kwargs)}"), prepend=True, with_kwargs=True)
    m.register_forward_hook(lambda module, args, kwargs, output: order.append(f"after {list(kwargs)}"), with_kwargs=True)
    m(x=ag.tensor([1.0]))
    assert order == ["first ['x']", "second", "after ['x']"]


def test_full_backward_hooks():
    m = nn.Linear(2, 3)
    seen = []
    m.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 2,))
    m.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x = ag.ones(4, 2, requires_grad=True)
    m(x).sum().backward()
    ((grad_input, grad_output),) = seen
    assert np.asarray(grad_output[0]).tolist() == np.full((4, 3), 2).tolist()
    np.testing.assert_allclose(grad_input[0].tolist(), np.full((4, 3), 2) @ np.asarray(m.weight.detach()), rtol=1e-6)
    np.testing.assert_allclose(x.grad.tolist(), grad_input[0].tolist())
    assert m.bias.grad.tolist() == [8, 8, 8]


def test_full_backward_hook_without_input_gradient_and_replacing():
    m = nn.Linear(2, 3)
    seen = []
    with m.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_input)):
        m(ag.ones(4, 2)).sum().backward()
    assert seen == [(None,)]
    m.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 0 + 7,))
    x = ag.ones(4, 2, requires_grad=True)
    m(x).sum().backward()
    assert x.grad.tolist() == np.full((4, 2), 7).tolist()


# ── errors say where ──


def notes(error):
    return "\n".join(getattr(error, "__notes__", []))


def test_an_error_says_which_module_it_comes_from():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 6))
    with pytest.raises(AutogradError) as caught:
        model(ag.ones(2, 3))
    assert notes(caught.value) == "in Sequential.2: Linear(in_features=5, out_features=6, bias=True), called with (2, 4) float32"


def test_the_path_goes_through_lists_and_other_errors_carry_it_too():
    class Broken(nn.Module):
        def forward(self, x):
            return {}[x]

    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([nn.Sequential(nn.Identity(), Broken())])

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return x

    with pytest.raises(KeyError) as caught:
        Deep()(3)
    assert notes(caught.value) == "in Deep.blocks.0.1: Broken(), called with int"


# ── text ──


def test_repr():
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Linear(in_features=3, out_features=4, bias=True)\n"
        "  (rest): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Linear(in_features=4, out_features=2, bias=False)\n"
        "    (2): Scale()\n"
        "  )\n"
        "  (twin): Linear(in_features=3, out_features=4, bias=True)\n"
        ")"
    )


# ── containers ──


def test_sequential_is_a_list_of_modules():
    a, b, c = nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3)
    model = nn.Sequential(a, b, c)
    assert len(model) == 3
    assert list(model) == [a, b, c]
    assert model[0] is a
    assert model[-1] is c
    assert type(model[:2]) is nn.Sequential
    assert list(model[:2]) == [a, b]
    assert list(model[1:].state_dict()) == ["2.weight", "2.bias"]
    assert list(nn.Sequential(*model[1:]).state_dict()) == ["1.weight", "1.bias"]
    model.append(nn.ReLU()).extend([nn.Tanh()])
    assert len(model) == 5
    model.insert(0, nn.Tanh())
    assert [name for name, _ in model.named_children()] == list("012345")
    del model[0]
    assert model[0] is a
    assert [name for name, _ in model.named_children()] == list("01234")
    assert type(model.pop()) is nn.Tanh
    model[1] = nn.Sigmoid()
    assert [type(m).__name__ for m in model] == ["Linear", "Sigmoid", "Linear", "ReLU"]
    del model[1:3]
    assert [type(m).__name__ for m in model] == ["Linear", "ReLU"]
    assert list((model + nn.Sequential(c)).state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    with pytest.raises(IndexError, match="from -2 to 1"):
        model[2]
    with pytest.raises(TypeError, match="instance"):
        nn.Sequential(nn.ReLU)
    x = ag.ones(3, 1)
    assert model(x).shape == (3, 2)


def test_sequential_with_names():
    model = nn.Sequential(OrderedDict([("fc", nn.Linear(1, 2)), ("act", nn.ReLU())]))
    assert list(model.state_dict()) == ["fc.weight", "fc.bias"]
    assert model.fc is model[0]
    assert list(dict(model[1:].named_children())) == ["act"]
    del model[0]
    assert list(dict(model.named_children())) == ["act"]


def test_module_list():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    layers += [nn.ReLU()]
    assert len(layers) == 4
    assert len(list(layers.parameters())) == 6
    assert type(layers[1:3]) is nn.ModuleList
    assert repr(layers) == "ModuleList(\n  (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)\n  (3): ReLU()\n)"
    layers.insert(1, nn.Tanh())
    assert [type(m).__name__ for m in layers] == ["Linear", "Tanh", "Linear", "Linear", "ReLU"]
    assert layers[1] in layers


def test_module_dict():
    parts = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
    parts["c"] = nn.Tanh()
    assert list(parts) == ["a", "b", "c"] == list(parts.keys())
    assert "a" in parts
    assert len(parts) == len(parts.items()) == len(parts.values()) == 3
    assert type(parts.pop("b")) is nn.ReLU
    parts.update([("a", nn.Linear(2, 2))])
    assert list(parts.state_dict()) == ["a.weight", "a.bias"]
    assert parts["a"].in_features == 2
    with pytest.raises(KeyError):
        parts["b"]
    with pytest.raises(KeyError):
        del parts["b"]
    parts.clear()
    assert not len(parts)


def test_parameter_containers():
    items = nn.ParameterList([nn.Parameter([1.0]), ag.Tensor([2.0])])
    items.append(nn.Parameter(ag.zeros(2, 3)))
    assert [name for name, _ in items.named_parameters()] == ["0", "1", "2"]
    assert isinstance(items[1], nn.Parameter)
    items[0] = nn.Parameter([3.0])
    assert list(items.state_dict()) == ["0", "1", "2"]
    assert items.state_dict()["0"].tolist() == [3]
    assert "2x3" in repr(items)
    named = nn.ParameterDict({"w": nn.Parameter([1.0])})
    named["b"] = ag.Tensor([0.0])
    assert sorted(named.state_dict()) == ["b", "w"]
    assert named.pop("b").tolist() == [0]
    assert "w" in named
    with pytest.raises(TypeError, match=r"nn\.Parameter"):
        nn.ParameterList([3])


@pytest.mark.parametrize(("kind", "part"), [(nn.ModuleDict, nn.ReLU), (nn.ParameterDict, lambda: nn.Parameter([1.0]))])
def test_dicts_do_what_dicts_do(kind, part):
    a, b = part(), part()
    parts = kind({"a": a}) | {"b": b}
    assert (parts.get("a"), parts.get("c"), parts.get("c", 3)) == (a, None, 3)
    assert parts.setdefault("a", b) is a
    assert parts.setdefault("c", b) is b
    assert parts.popitem() == ("c", b)
    copied = parts.copy()
    copied |= {"d": a}
    parts.clear()
    assert not parts.keys()
    assert list(copied.items()) == [("a", a), ("b", b), ("d", a)]


def test_parameter_dict_from_keys():
    p = nn.Parameter([1.0])
    assert [q is p for q in nn.ParameterDict.fromkeys("ab", p).values()] == [True, True]
    assert list(nn.ParameterDict.fromkeys("ab").items()) == [("a", None), ("b", None)]


def test_compile_in_place():
    model, x = nn.Sequential(nn.Linear(3, 2), nn.Tanh()), ag.randn(4, 3)
    expected = model(x)
    model.compile()
    for _ in range(2):
        assert ag.equal(model(x), expected)
    assert len(model.forward.programs) == 1
    copied = copy.deepcopy(model)
    copied[0].weight.data.zero_()
    assert not ag.equal(copied(x), expected)
    assert ag.equal(model(x), expected)


# ── against PyTorch ──


@pytest.mark.parity
def test_repr_and_names_equal_pytorch():
    torch = pytest.importorskip("torch")

    def build(nn):
        return nn.Sequential(
            nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.3), nn.BatchNorm1d(4), nn.LayerNorm(4), nn.Flatten(), nn.Identity()),
            nn.ModuleDict({"a": nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.GELU(), nn.ELU(inplace=True)])}),
            nn.ModuleDict({"b": nn.Embedding(5, 3, padding_idx=0)}),
            nn.Sequential(
                nn.PReLU(3), nn.Softmax(dim=1), nn.Softplus(), nn.Hardtanh(), nn.Hardshrink(), nn.Threshold(0.1, 20), nn.GLU(), nn.CELU(),
                nn.LeakyReLU(0.1), nn.ReLU6(), nn.Tanhshrink(), nn.Unflatten(1, (2, 3)), nn.Bilinear(2, 3, 4), nn.CrossEntropyLoss(),
                nn.RReLU(), nn.Hardswish(), nn.SELU(), nn.LogSoftmax(1), nn.MSELoss(), nn.AlphaDropout(), nn.Dropout2d(), nn.Softmin(1),
            ),
        )  # fmt: skip

    ours, theirs = build(nn), build(torch.nn)
    assert repr(ours) == repr(theirs)
    assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == [(k, tuple(v.shape)) for k, v in theirs.state_dict().items()]
    ours.load_state_dict(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        np.testing.assert_array_equal(np.asarray(ours.state_dict()[key]), value.numpy())
    theirs.load_state_dict({key: torch.tensor(np.asarray(value)) for key, value in ours.state_dict().items()})
