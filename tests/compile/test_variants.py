"""Several programs for one signature, how many are kept, and why a function was captured anew."""
from __future__ import annotations

import warnings

import numpy as np
import pytest
from beside_eager import draws, gradients, same

import autograd as ag
import nn
import nn.functional as F
from autograd import Tensor
from autograd.compile.compiled import MOST, MOST_ALIKE
from nn import optim

A, B = (t for t, in draws((4, 3), calls=2))


def counted(function):
    """The function compiled, and how often it was captured."""
    captures = []

    def whole(*args, **kwargs):
        captures.append(1)
        return function(*args, **kwargs)

    return ag.compile(whole), captures


# ── by turns ──


def modes():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    return model, model, [model.train, model.eval]


def weights():
    model = nn.Linear(3, 2)
    sets = [[p.detach().clone() * scale for p in model.parameters()] for scale in (1, 2)]

    def put(values):
        for p, value in zip(model.parameters(), values, strict=True):
            p.data = value

    return model, model, [lambda: put(sets[0]), lambda: put(sets[1])]


def parts():
    model = nn.Module()
    first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    model.forward = lambda x: model.part(x)
    return model, model, [lambda: setattr(model, "part", first), lambda: setattr(model, "part", second)]


@pytest.mark.parametrize("make", [modes, weights, parts])
@pytest.mark.parametrize("recorded", [True, False])
def test_each_of_two_states_has_its_program(make, recorded):
    ag.manual_seed(0)
    function, _, states = make()
    ag.manual_seed(0)
    twin, model, twin_states = make()
    compiled, captures = counted(twin)
    for _ in range(4):
        for state, twin_state in zip(states, twin_states, strict=True):
            state()
            twin_state()
            with ag.set_grad_enabled(recorded):
                expected, found = function(A), compiled(A)
            same(found, expected)
            if recorded:
                for p in (*function.parameters(), *model.parameters()):
                    p.grad = None
                expected.sum().backward()
                found.sum().backward()
                same(gradients(list(model.parameters())), gradients(list(function.parameters())))
    assert len(captures) == 2


def test_gradients_that_are_added_up_over_some_calls():
    model = nn.Linear(3, 2)
    optimiser = optim.SGD(model.parameters(), lr=0.1)
    step, captures = counted(lambda x: model(x).sum().backward())
    for _ in range(4):
        for count in (1, 2, 3):
            step(A)
            np.testing.assert_allclose(model.bias.grad.numpy(), [4 * count] * 2)
        optimiser.zero_grad()
    assert len(captures) == 2
    assert step.programs[-1].reason == "Linear.weight.grad is a tensor, and was None"


def test_two_signatures_by_turns():
    model = nn.Linear(3, 2)
    compiled, captures = counted(model)
    for _ in range(3):
        for x in (A, A[:2]):
            for context in (ag.no_grad, ag.enable_grad):
                with context():
                    same(compiled(x), model(x))
    assert len(captures) == len(compiled.programs) == 4


def test_a_part_that_is_taken_away_fits_no_program():
    model = nn.Module()
    model.forward = lambda x: x * model.factor if hasattr(model, "factor") else x + 1
    compiled = ag.compile(model)
    model.factor = Tensor(np.float32(2))
    same(compiled(A), A * 2)
    del model.factor
    same(compiled(A), A + 1)
    same(compiled(B), B + 1)


# ── how many ──


def test_the_count_of_programs_is_bounded_and_says_so():
    compiled = ag.compile(lambda x, n: x * n)
    for n in range(MOST):
        compiled(A, n)
    with pytest.warns(UserWarning, match=r"compile: .* captured again and again.* because n: -1 was 15; pass numbers") as caught:
        compiled(A, -1)
    assert caught[0].filename == __file__
    assert len(compiled.programs) == MOST
    for n in range(MOST + 3):  # it was said once
        same(compiled(A, n), A * n)
    assert len(compiled.programs) == MOST


def test_what_was_not_used_for_longest_goes():
    compiled, captures = counted(lambda x, n: x * n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n in range(3 * MOST):
            compiled(A, n)
            compiled(A, 0)
    assert len(captures) == 3 * MOST
    compiled(A, 3 * MOST - 1)
    assert len(captures) == 3 * MOST
    compiled(A, 1)
    assert len(captures) == 3 * MOST + 1


def test_programs_of_one_signature_are_bounded_too():
    model = nn.Module()
    model.forward = lambda x: x * model.scale
    compiled, captures = counted(model)
    for n in range(MOST_ALIKE):
        model.scale = n
        compiled(A)
    model.scale = -1
    with pytest.warns(UserWarning, match=r"again and again.* because Module.scale is -1, and was 7; pass what changes as an argument"):
        compiled(A)
    assert len(compiled.programs) == MOST_ALIKE
    for n in (-1, 7, 3, 1):
        model.scale = n
        same(compiled(A), A * n)
    assert len(captures) == MOST_ALIKE + 1
    model.scale = 0
    compiled(A)
    assert len(captures) == MOST_ALIKE + 2


# ── why ──

SIGNATURES = {
    "shape": ((A,), (A[:2],), "x: float32[2, 3] was float32[4, 3]"),
    "dtype": ((A,), (A.double(),), "x: float64[4, 3] was float32[4, 3]"),
    "gradient": ((A,), (A.clone().requires_grad_(),), "x: float32[4, 3] with a gradient was float32[4, 3]"),
    "array": ((A,), (A.numpy(),), "x: float32[4, 3] as a plain array was float32[4, 3]"),
    "layout": ((A,), (A.t().contiguous().t(),), "x: float32[4, 3] lies otherwise in memory, or has other hooks"),
    "number": ((A, 2), (A, 3), "y: 3 was 2"),
    "zero": ((A, 0.0), (A, -0.0), "y: -0.0 was 0.0"),
    "kind": ((A, 2), (A, "a"), "y: 'a' was 2"),
    "object": ((A, [1, 2]), (A, {1}), "y: another set was list of 2"),
    "list": ((A, [A, (A, B)]), (A, [A, (A, B[0])]), "y[1][1]: float32[3] was float32[4, 3]"),
    "dict": ((A, {"a": 1, "b": 2}), (A, {"a": 1, "b": 3}), "y['b']: 3 was 2"),
    "keys": ((A, {"a": 1}), (A, {"b": 1}), "y: another dict of 1"),
    "more": ((A, 1, A), (A, 1, A[0]), "argument 3: float32[3] was float32[4, 3]"),
    "count": ((A,), (A, 1), "the arguments are others in number"),
}


@pytest.mark.parametrize("kind", SIGNATURES)
def test_a_new_signature_says_what_is_new(kind, capsys):
    first, second, reason = SIGNATURES[kind]

    @ag.compile(explain=True)
    def function(x, y=None, *more):
        return x * 2

    function(*first)
    assert capsys.readouterr().out.startswith("captured because it was called for the first time\n")
    function(*second)
    assert capsys.readouterr().out.startswith(f"captured because {reason}\n")
    assert str(function).splitlines() == [
        repr(function), "  captured because it was called for the first time", f"  captured because {reason}",
    ]


def test_keywords_and_recording_are_reasons():
    function = ag.compile(lambda x, *, a=1: x * a)
    function(A, a=2)
    function(A, a=3)
    assert function.programs[-1].reason == "keywords['a']: 3 was 2"
    with ag.no_grad():
        function(A, a=3)
    assert function.programs[-1].reason == "gradients are no longer recorded"
    function(A, a=4)
    assert function.programs[-1].reason == "gradients are recorded now"
    function(A)
    assert function.programs[-1].reason == "the arguments are others in number"


STATE = {"a": 1.0}


def training():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    optimiser = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(x):
        loss = F.mse_loss(model(x) * ag.dynamic(lambda: STATE["a"]), x[:, :1])
        if ag.dynamic(lambda: STATE["a"]) > 2:
            loss = loss * 2
        loss.backward()
        optimiser.step()
        return loss

    return model, optimiser, step


CHANGES = {
    "mode": (lambda model, _: model.eval(), "Sequential.training is False, and was True"),
    "part": (lambda model, _: setattr(model[0], "bias", None), "Linear.bias is another NoneType"),
    "module": (lambda model, _: setattr(model, "1", nn.Linear(4, 1)), "Sequential.1 is another Linear"),
    "array": (lambda model, _: setattr(model[0].weight, "data", ag.ones(4, 3)), "the array of Linear.weight is another"),
    "gradient": (lambda model, _: setattr(model[1].bias, "grad", ag.ones(1)), "Linear.bias.grad is another tensor"),
    "frozen": (lambda model, _: model[1].weight.requires_grad_(False), "Linear.weight requires no gradient any more"),
    "hook": (lambda model, _: model[1].weight.register_hook(lambda g: g * 2), "a hook was registered"),
    "choice": (lambda _, optimiser: optimiser.param_groups[0].update(nesterov=True), "options['nesterov'] == False holds no longer"),
    "zero": (lambda _, optimiser: optimiser.param_groups[0].update(momentum=0), "options['momentum'] holds no longer"),
    "group": (lambda _, optimiser: optimiser.add_param_group({"params": [leaf()]}), "parameters or states have been added or taken away"),
    "branch": (lambda *_: STATE.update(a=3.0), "test_variants.py"),
}


def leaf():
    return Tensor(np.ones(2, np.float32), requires_grad=True)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_guard_that_breaks_says_what_has_changed(kind, monkeypatch):
    monkeypatch.setitem(STATE, "a", 1.0)
    model, optimiser, step = training()
    compiled = ag.compile(step)
    for _ in range(3):
        compiled(A)
    before = len(compiled.programs)
    change, reason = CHANGES[kind]
    change(model, optimiser)
    compiled(A)
    assert len(compiled.programs) == before + 1
    assert reason in compiled.programs[-1].reason


def test_a_tensor_of_no_module_is_known_by_its_shape():
    w = leaf()
    function = ag.compile(lambda x: x * w)
    function(ag.ones(2))
    w.data = ag.zeros(2)
    function(ag.ones(2))
    assert function.programs[-1].reason == "the array of a tensor of shape (2,) is another"
