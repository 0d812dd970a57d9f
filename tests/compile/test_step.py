"""Whole training steps, compiled beside eager: parameters, gradients, buffers and optimiser state after each of several calls."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from beside_eager import compare, draws, gradients, same, tensors

import autograd as ag
import nn
import nn.functional as F
from autograd import Tensor
from nn import optim
from nn.optim import lr_scheduler
from nn.utils import clip_grad_norm_, clip_grad_value_

OPTIMISERS = {
    "SGD": [
        {"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.1}, {"lr": 0.1, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}, {"lr": 0.1, "momentum": 0.9, "maximize": True},
    ],
    "Adam": [{"lr": 0.05}, {"lr": 0.05, "weight_decay": 0.1},
        {"lr": 0.05, "amsgrad": True}, {"lr": 0.05, "maximize": True, "betas": (0.5, 0.7)}],
    "AdamW": [{"lr": 0.05}, {"lr": 0.05, "weight_decay": 0.1, "amsgrad": True}, {"lr": 0.05, "maximize": True}],
    "Adamax": [{"lr": 0.05}, {"lr": 0.05, "weight_decay": 0.1}, {"lr": 0.05, "maximize": True}],
    "NAdam": [{"lr": 0.05}, {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}, {"lr": 0.05, "momentum_decay": 0.1}],
    "RAdam": [{"lr": 0.05}, {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}, {"lr": 0.05, "betas": (0.5, 0.7)}],
    "RMSprop": [{"lr": 0.01}, {"lr": 0.01, "momentum": 0.9, "centered": True}, {"lr": 0.01, "weight_decay": 0.1, "maximize": True}],
    "Adagrad": [{"lr": 0.1}, {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1}, {"lr": 0.1, "initial_accumulator_value": 0.1}],
    "Rprop": [{"lr": 0.01}, {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (0.02, 0.5)}],
    "ASGD": [{"lr": 0.1}, {"lr": 0.1, "lambd": 0.1, "t0": 2, "weight_decay": 0.1}],
    "Lion": [{"lr": 0.01}, {"lr": 0.02, "weight_decay": 0.1, "betas": (0.5, 0.7), "maximize": True}],
    "Adafactor": [{"lr": 0.05}, {"lr": 0.5, "weight_decay": 0.1, "d": 1.5, "maximize": True}],
    "Adadelta": [{"lr": 1.0}, {"lr": 0.5, "rho": 0.5, "weight_decay": 0.1}, {"lr": 1.0, "maximize": True}],
}  # fmt: skip
CASES = [pytest.param(name, options, id=f"{name}-{i}") for name, rows in OPTIMISERS.items() for i, options in enumerate(rows)]
EACH = pytest.mark.parametrize(("name", "options"), CASES)
ONE_EACH = pytest.mark.parametrize(("name", "options"), [pytest.param(name, rows[-1], id=name) for name, rows in OPTIMISERS.items()])
BATCHES = draws((6, 4), (6, 3), calls=6)


class World:
    """A model, its optimisers, and a step."""

    def __init__(self, model=None, name="SGD", optimiser=None, **options):
        ag.manual_seed(7)
        self.model = model() if model else nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
        self.optimiser = optimiser(self.model) if optimiser else getattr(optim, name)(self.model.parameters(), **(options or {"lr": 0.1}))
        self.others = []
        self.shadow = [p.detach().clone() for p in self.model.parameters()]

    def tensors(self):
        found = [*self.model.parameters(), *self.model.buffers()]
        for optimiser in (self.optimiser, *self.others):
            for group in optimiser.param_groups:
                for p in group["params"]:
                    found += [value for _, value in sorted(optimiser.state.get(p, {}).items()) if isinstance(value, Tensor)]
        return found

    def step(self, x, t):
        self.optimiser.zero_grad()
        loss = F.mse_loss(self.model(x), t)
        loss.backward()
        self.optimiser.step()
        return loss.detach()


def world(step=World.step, **kwargs):
    def make():
        made = World(**kwargs)
        return lambda *args: step(made, *args), made

    return make


# ── optimisers ──


@EACH
def test_every_optimiser(name, options):
    compare(world(name=name, **options), BATCHES)


@ONE_EACH
def test_float64(name, options):
    def model():
        return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).to(ag.float64)

    compare(world(model=model, name=name, **options), draws((6, 4), (6, 3), calls=4, dtype="float64"))


@EACH
def test_groups_with_options_of_their_own(name, options):
    def optimiser(model):
        first, last = model[0], model[2]
        groups = [{"params": first.parameters()}, {"params": last.parameters(), **options, "lr": 0.003, "weight_decay": 0.2}]
        return getattr(optim, name)(groups, lr=0.02)

    compare(world(optimiser=optimiser), BATCHES)


CHANGES = {
    "lr": lambda w: [group.update(lr=group["lr"] * 0.3) for group in w.optimiser.param_groups],
    "weight_decay": lambda w: [group.update(weight_decay=0.5) for group in w.optimiser.param_groups],
    "no weight_decay": lambda w: [group.update(weight_decay=0) for group in w.optimiser.param_groups],
    "maximize": lambda w: [group.update(maximize=not group["maximize"]) for group in w.optimiser.param_groups],
}


@ONE_EACH
@pytest.mark.parametrize("change", CHANGES)
def test_an_option_changes_between_calls(name, options, change):
    compare(world(name=name, **options), [*BATCHES[:3], CHANGES[change], *BATCHES[3:5], CHANGES[change], BATCHES[5]])


@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"])
def test_betas_change_between_calls(name):
    compare(world(name=name, lr=0.05), [*BATCHES[:3], lambda w: w.optimiser.param_groups[0].update(betas=(0.3, 0.6)), *BATCHES[3:]])


@pytest.mark.parametrize("momentum", [(0.0, 0.9), (0.9, 0.0), (0.9, 0.5)])
def test_momentum_changes_between_calls(momentum):
    before, after = momentum
    compare(world(lr=0.1, momentum=before), [*BATCHES[:3], lambda w: w.optimiser.param_groups[0].update(momentum=after), *BATCHES[3:]])


SCHEDULERS = {
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.5),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.2, total_steps=8),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=4),
}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize(("name", "options"), [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.05})])
def test_a_scheduler_steps_between_calls(name, options, scheduler):
    schedulers = {}

    def advance(w):
        if id(w) not in schedulers:
            schedulers[id(w)] = SCHEDULERS[scheduler](w.optimiser)
        schedulers[id(w)].step()

    compare(world(name=name, **options), [BATCHES[0], *(part for batch in BATCHES[1:] for part in (advance, batch))])


def test_numbers_that_change_are_not_captured_anew():
    compiled = compare(world(name="Adam", lr=0.05), [BATCHES[0], BATCHES[1], CHANGES["lr"], *BATCHES[2:]])
    (entry,) = compiled.programs
    assert any(i.kind == "dynamic" for i in entry.program.instructions)


# ── what a step does with gradients ──


def clipped_norm(w, x, t):
    w.optimiser.zero_grad()
    F.mse_loss(w.model(x), t).backward()
    norm = clip_grad_norm_(w.model.parameters(), 0.5)
    w.optimiser.step()
    return norm


def clipped_value(w, x, t):
    w.optimiser.zero_grad()
    F.mse_loss(w.model(x), t).backward()
    clip_grad_value_(w.model.parameters(), 0.05)
    w.optimiser.step()


def accumulated(w, x, t):
    w.optimiser.zero_grad()
    for i in range(3):
        F.mse_loss(w.model(x[2 * i : 2 * i + 2]), t[2 * i : 2 * i + 2]).backward()
    w.optimiser.step()


def never_zeroed(w, x, t):
    loss = F.mse_loss(w.model(x), t)
    loss.backward()
    w.optimiser.step()
    return loss.detach()


def zeroed_in_place(w, x, t):
    w.optimiser.zero_grad(set_to_none=False)
    F.mse_loss(w.model(x), t).backward()
    w.optimiser.step()


def zeroed_at_the_end(w, x, t):
    F.mse_loss(w.model(x), t).backward()
    w.optimiser.step()
    w.optimiser.zero_grad()


def zeroed_in_place_at_the_end(w, x, t):
    F.mse_loss(w.model(x), t).backward()
    w.optimiser.step()
    w.optimiser.zero_grad(set_to_none=False)


def stepped_twice(w, x, t):
    w.step(x, t)
    return w.step(x, t)


def closure(w, x, t):
    def again():
        w.optimiser.zero_grad()
        loss = F.mse_loss(w.model(x), t)
        loss.backward()
        return loss

    return w.optimiser.step(again).detach()


def by_hand(w, x, t):
    loss = F.mse_loss(w.model(x), t)
    found = ag.grad(loss, list(w.model.parameters()))
    with ag.no_grad():
        for p, g in zip(w.model.parameters(), found, strict=True):
            p -= 0.1 * g
    return loss.detach()


def by_data(w, x, t):
    loss = F.mse_loss(w.model(x), t)
    for p, g in zip(w.model.parameters(), ag.grad(loss, list(w.model.parameters())), strict=True):
        p.data = p.data - 0.1 * g
    return loss.detach()


def penalty(w, x, t):
    w.optimiser.zero_grad()
    loss = F.mse_loss(w.model(x), t)
    found = ag.grad(loss, list(w.model.parameters()), create_graph=True)
    (loss + 0.1 * sum((g * g).sum() for g in found)).backward()
    w.optimiser.step()
    return loss.detach()


def averaged(w, x, t):
    """An average of the weights, kept in tensors from outside."""
    loss = w.step(x, t)
    with ag.no_grad():
        for average, p in zip(w.shadow, w.model.parameters(), strict=True):
            average.mul_(0.9).add_(p.detach() * 0.1)
    return loss, [average * 1 for average in w.shadow]


STEPS = [
    clipped_norm, clipped_value, accumulated, never_zeroed, zeroed_in_place, zeroed_at_the_end, zeroed_in_place_at_the_end, stepped_twice,
    closure, by_hand, by_data, penalty, averaged,
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_steps_are_soon_captured_for_good(step):
    """What differs in the first calls (no gradients yet, no state yet) may be captured on its own."""
    made, entries = World(name="Adam", lr=0.05), []
    compiled = ag.compile(lambda x, t: step(made, x, t))
    for x, t in BATCHES * 2:
        compiled(x, t)
        entries += [entry for entry in compiled.programs if entry not in entries]
    assert len(entries) <= 3


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize(("name", "options"), [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.05})])
def test_kinds_of_steps(step, name, options):
    compare(world(step, name=name, **options), BATCHES)


def backward_only(w, x, t):
    F.mse_loss(w.model(x), t).backward()


def each_grad(change):
    return lambda w: [change(p) for p in w.model.parameters()]


BETWEEN = {
    "None": each_grad(lambda p: setattr(p, "grad", None)),
    "one None": lambda w: setattr(next(iter(w.model.parameters())), "grad", None),
    "replaced": each_grad(lambda p: setattr(p, "grad", ag.full_like(p.detach(), 0.5))),
    "copied": each_grad(lambda p: setattr(p, "grad", p.grad.clone())),
    "written to": each_grad(lambda p: p.grad.mul_(3)),
    "data replaced": each_grad(lambda p: setattr(p, "data", p.detach() * 2)),
    "written in place": each_grad(lambda p: p.detach().mul_(0.5)),
    "optimiser, eager": lambda w: w.optimiser.step(),
    "zero_grad": lambda w: w.optimiser.zero_grad(),
    "zero_grad in place": lambda w: w.optimiser.zero_grad(set_to_none=False),
    "eager step": lambda w: w.step(*BATCHES[5]),
    "eager backward": lambda w: backward_only(w, *BATCHES[5]),
    "frozen": lambda w: w.model[0].requires_grad_(False),
    "frozen and thawed": lambda w: w.model.requires_grad_(False).requires_grad_(),
    "load_state_dict": lambda w: w.model.load_state_dict({key: value * 0.5 for key, value in w.model.state_dict().items()}),
    "optimiser state": lambda w: w.optimiser.load_state_dict(pickle.loads(pickle.dumps(w.optimiser.state_dict()))),
    "optimiser state, live": lambda w: w.optimiser.load_state_dict(copy.deepcopy(w.optimiser.state_dict())),
    "optimiser state, gone": lambda w: w.optimiser.state.clear(),
    "deepcopy": lambda w: copy.deepcopy(w.model),
    "pickle": lambda w: pickle.loads(pickle.dumps(w.model)),
    "new layer": lambda w: setattr(w.model[2], "weight", nn.Parameter(ag.ones(3, 5))),
    "eval": lambda w: w.model.eval(),
}


REPEATED = [World.step, never_zeroed, zeroed_in_place, backward_only, zeroed_at_the_end]


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("step", REPEATED, ids=lambda step: step.__name__)
@pytest.mark.parametrize(("name", "options"), [("SGD", {"lr": 0.05, "momentum": 0.9}), ("Adam", {"lr": 0.05})])
def test_what_happens_between_calls(between, step, name, options):
    change = BETWEEN[between]
    if step is zeroed_at_the_end and between in ("copied", "written to"):
        return
    compare(world(step, name=name, **options), [*BATCHES[:3], change, *BATCHES[3:5], change, BATCHES[5], BATCHES[0]])


def test_an_option_that_is_set_later():
    class Descent(optim.Optimizer):
        def update(self, p, g, state, group):  # noqa: ARG002
            p.sub_(g * (0.1 * group.get("factor", 1.0)))

    p = ag.tensor([8.0], requires_grad=True)
    optimiser = Descent([p], {})

    @ag.compile
    def step():
        optimiser.zero_grad()
        (p * 10).sum().backward()
        optimiser.step()

    found = []
    for factor in (None, None, 2.0, 3.0):
        if factor is not None:
            optimiser.param_groups[0]["factor"] = factor
        step()
        found.append(p.item())
    assert found == [7.0, 6.0, 4.0, 1.0]


def test_eager_and_compiled_steps_in_turn():
    for name, rows in OPTIMISERS.items():
        eager, mixed = World(name=name, **rows[-1]), World(name=name, **rows[-1])
        compiled = ag.compile(mixed.step)
        for i, batch in enumerate(BATCHES * 2):
            eager.step(*batch)
            (mixed.step if i % 3 == 1 else compiled)(*batch)
            same(tensors(mixed), tensors(eager), f"{name}, call {i}")
            same(gradients(mixed), gradients(eager), f"{name}, call {i}")


def test_state_saved_after_compiled_steps_goes_on_eager():
    for name, rows in OPTIMISERS.items():
        eager, other = World(name=name, **rows[-1]), World(name=name, **rows[-1])
        compiled = ag.compile(other.step)
        for batch in BATCHES[:3]:
            eager.step(*batch)
            compiled(*batch)
        third = World(name=name, **rows[-1])
        third.model.load_state_dict(other.model.state_dict())
        third.optimiser.load_state_dict(pickle.loads(pickle.dumps(other.optimiser.state_dict())))
        kept = [t.numpy().copy() for t in tensors(third)]
        compiled(*BATCHES[3])  # the copy has memory of its own
        for t, array in zip(tensors(third), kept, strict=True):
            np.testing.assert_array_equal(t.numpy(), array)
        eager.step(*BATCHES[3])
        third.step(*BATCHES[3])
        same(tensors(third), tensors(eager), name)


def test_a_state_dict_is_live_as_in_eager():
    w = World(name="Adam", lr=0.05)
    compiled = ag.compile(w.step)
    compiled(*BATCHES[0])
    state = w.model.state_dict()
    compiled(*BATCHES[1])
    for key, value in w.model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), state[key].numpy())


def test_a_state_dict_taken_before_compiling_stays_live():
    """Memory that somebody else sees is not moved."""
    w = World(name="Adam", lr=0.05)
    state, arrays = w.model.state_dict(), [p.detach().numpy() for p in w.model.parameters()]
    compiled = ag.compile(w.step)
    for batch in BATCHES[:3]:
        compiled(*batch)
    for (key, value), array in zip(w.model.state_dict().items(), arrays, strict=True):
        np.testing.assert_array_equal(value.numpy(), state[key].numpy())
        np.testing.assert_array_equal(value.numpy(), array)


# ── which parameters there are ──


def test_frozen_parameters():
    def model():
        made = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
        made[0].requires_grad_(False)
        return made

    compare(world(model=model, name="Adam", lr=0.05), BATCHES)


def test_a_layer_thaws_between_calls():
    def model():
        made = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
        made[0].requires_grad_(False)
        return made

    compare(world(model=model, name="Adam", lr=0.05), [*BATCHES[:3], lambda w: w.model.requires_grad_(), *BATCHES[3:]])


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.out = nn.Linear(4, 5), nn.Linear(5, 4)
        self.out.weight = nn.Parameter(ag.zeros(4, 5))
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        hidden = ag.tanh(self.into(x))
        return self.last(hidden @ self.into.weight)  # the same weight, both ways


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, x):
        return self.used(x)


class Recurrent(nn.Module):
    """One layer used again and again."""

    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        for _ in range(4):
            x = ag.tanh(self.cell(x))
        return self.out(x)


class Noisy(nn.Module):
    """Draws, an in-place write, a buffer of its own."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.register_buffer("count", ag.zeros(()))

    def forward(self, x):
        self.count += 1
        y = self.layer(x + 0.1 * ag.randn(x.shape))
        y[:, 0] *= 2
        return y / self.count


MODELS = {
    "tied": Tied,
    "unused": Unused,
    "recurrent": Recurrent,
    "noisy": Noisy,
    "batch norm": lambda: nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3)),
    "batch norm, cumulative": lambda: nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5, momentum=None), nn.ReLU(), nn.Linear(5, 3)),
    "layer norm": lambda: nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.GELU(), nn.Linear(5, 3)),
    "power means": lambda: nn.Sequential(nn.Linear(4, 6), nn.LPPool1d(2, 2), nn.Linear(3, 3)),
    "dropout": lambda: nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), nn.Linear(5, 3), nn.Dropout(0.2)),
    "one": lambda: nn.Linear(4, 3, bias=False),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_kinds_of_models(model, name):
    compare(world(model=MODELS[model], name=name, lr=0.05), BATCHES)


@pytest.mark.parametrize("model", ["batch norm", "batch norm, cumulative", "dropout"])
def test_train_and_eval_in_turn(model):
    change = [lambda w: w.model.eval(), lambda w: w.model.train()] * 3
    calls = [part for pair in zip(BATCHES, change, strict=True) for part in pair]
    compare(world(model=MODELS[model]), [*BATCHES[:2], *calls, *BATCHES])


def test_one_module_in_eval():
    calls = [*BATCHES[:2], lambda w: w.model[1].eval(), *BATCHES[2:4], lambda w: w.model[1].train(), BATCHES[4]]
    compare(world(model=MODELS["dropout"]), calls)


def test_the_rate_of_dropout_changes():
    compare(world(model=MODELS["dropout"]), [*BATCHES[:2], lambda w: setattr(w.model[1], "p", 0.9), *BATCHES[2:]])


def test_dropout_is_drawn_anew():
    model = nn.Dropout(0.5)
    compiled = ag.compile(model)
    masks = [compiled(ag.ones(64)).numpy() for _ in range(4)]
    assert len({mask.tobytes() for mask in masks}) == 4


def test_eager_draws_go_on_after_compiled_ones():
    model = nn.Dropout(0.5)

    def found(function):
        ag.manual_seed(0)
        return [function(ag.ones(8)).numpy().tolist() for _ in range(3)] + [ag.rand(3).numpy().tolist()]

    assert found(ag.compile(model)) == found(model)


def test_two_optimisers_in_one_step():
    class Pair(World):
        def __init__(self):
            super().__init__(name="Adam", lr=0.05)
            self.critic = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(), nn.Linear(4, 1))
            self.others = [optim.RMSprop(self.critic.parameters(), lr=0.01)]

        def tensors(self):
            return [*super().tensors(), *self.critic.parameters()]

        def step(self, x, t):
            self.others[0].zero_grad()
            real, made = self.critic(t), self.critic(self.model(x).detach())
            loss = F.binary_cross_entropy_with_logits(real, ag.ones_like(real)) + F.softplus(made).mean()
            loss.backward()
            self.others[0].step()
            self.optimiser.zero_grad()
            fooled = F.softplus(-self.critic(self.model(x))).mean()
            fooled.backward()
            self.optimiser.step()
            return loss.detach(), fooled.detach()

    def make():
        made = Pair()
        return made.step, made

    compare(make, BATCHES)


def test_one_parameter_in_two_optimisers():
    def make():
        made = World(lr=0.05, momentum=0.5)
        made.others = [optim.Adam(made.model[0].parameters(), lr=0.01)]

        def step(x, t):
            loss = made.step(x, t)
            made.others[0].step()
            return loss

        return step, made

    compare(make, BATCHES)


def test_a_group_is_added_between_calls():
    def step(w, x, t):
        for p in w.model.parameters():
            p.grad = None
        F.mse_loss(w.model(x), t).backward()
        w.optimiser.step()

    make = world(step, optimiser=lambda model: optim.Adam(model[0].parameters(), lr=0.05))
    compare(make, [*BATCHES[:3], lambda w: w.optimiser.add_param_group({"params": w.model[2].parameters(), "lr": 0.01}), *BATCHES[3:]])


def test_two_compiled_steps_share_a_model():
    eager, other = World(name="Adam", lr=0.05), World(name="Adam", lr=0.05)
    first, second = ag.compile(other.step), ag.compile(lambda x, t: clipped_value(other, x, t))
    for batch in BATCHES:
        eager.step(*batch)
        first(*batch)
        clipped_value(eager, *batch)
        second(*batch)
        same(tensors(other), tensors(eager))
        same(gradients(other), gradients(eager))


def test_forward_compiled_step_eager():
    """Only the model is compiled; its parameters change between its calls."""
    for name in OPTIMISERS:
        eager, other = World(name=name), World(name=name)
        model = ag.compile(other.model)
        for x, t in BATCHES:
            eager.step(x, t)
            other.optimiser.zero_grad()
            F.mse_loss(model(x), t).backward()
            other.optimiser.step()
            same(tensors(other), tensors(eager), name)
            same(gradients(other), gradients(eager), name)


def test_forward_compiled_and_step_compiled():
    eager, other = World(name="Adam", lr=0.05), World(name="Adam", lr=0.05)
    model = ag.compile(other.model)
    step = ag.compile(other.step)
    for x, t in BATCHES:
        same(step(x, t), eager.step(x, t))
        same(model(x).detach(), eager.model(x).detach())
        same(tensors(other), tensors(eager))


def test_evaluation_under_no_grad_first():
    eager, other = World(lr=0.1), World(lr=0.1)
    model = ag.compile(other.model)
    for x, t in BATCHES[:3]:
        with ag.no_grad():
            same(model(x), eager.model(x))
        eager.step(x, t)
        other.optimiser.zero_grad()
        F.mse_loss(model(x), t).backward()
        other.optimiser.step()
        same(tensors(other), tensors(eager))
    assert len(model.programs) == 2


def test_a_copy_of_a_compiled_model_is_independent():
    w = World(name="Adam", lr=0.05)
    compiled = ag.compile(w.step)
    for batch in BATCHES[:3]:
        compiled(*batch)
    for twin in (copy.deepcopy(w.model), pickle.loads(pickle.dumps(w.model))):
        before = [p.detach().numpy().copy() for p in twin.parameters()]
        compiled(*BATCHES[3])
        for p, array in zip(twin.parameters(), before, strict=True):
            np.testing.assert_array_equal(p.detach().numpy(), array)
        for p, q in zip(twin.parameters(), w.model.parameters(), strict=True):
            assert not np.shares_memory(p.detach().numpy(), q.detach().numpy())
            assert p.detach().numpy().shape == q.shape


def test_a_copy_of_model_and_optimiser_trains_alone():
    w = World(name="Adam", lr=0.05)
    compiled = ag.compile(w.step)
    for batch in BATCHES[:3]:
        compiled(*batch)
    twin = copy.deepcopy(w)
    again = ag.compile(twin.step)
    compiled(*BATCHES[3])
    again(*BATCHES[3])
    same(tensors(twin), tensors(w))
    again(*BATCHES[4])
    assert all(np.any(p.detach().numpy() != q.detach().numpy()) for p, q in zip(twin.model.parameters(), w.model.parameters(), strict=True))


def test_weights_are_not_moved_under_a_view():
    """A view of a parameter, taken before, sees each step."""
    w = World(lr=0.1)
    row = w.model[0].weight.detach()[1]
    compiled = ag.compile(w.step)
    for batch in BATCHES[:3]:
        compiled(*batch)
        np.testing.assert_array_equal(row.numpy(), w.model[0].weight.detach().numpy()[1])


def test_a_gradient_kept_by_the_user():
    """After the next call p.grad holds the next gradient; a copy holds the old one."""
    w = World(lr=0.1)
    compiled = ag.compile(w.step)
    p = w.model[0].weight
    compiled(*BATCHES[0])
    kept = p.grad.clone()
    before = kept.numpy().copy()
    compiled(*BATCHES[1])
    np.testing.assert_array_equal(kept.numpy(), before)
    assert np.any(p.grad.numpy() != before)


def test_a_gradient_that_is_returned_is_the_callers():
    x = ag.ones(4, requires_grad=True)

    @ag.compile
    def step(t):
        x.grad = None
        ((x * t) ** 2).sum().backward()
        return x.grad

    results = [step(ag.full((4,), float(n))) for n in range(1, 5)]
    assert results[-1] is x.grad
    assert [result.tolist() for result in results] == [[2.0 * n * n] * 4 for n in range(1, 5)]
    assert len(step.programs) == 1


def test_a_gradient_that_is_returned_and_added_to():
    x = ag.ones(4, requires_grad=True)

    @ag.compile
    def step(t):
        (x * t).sum().backward()
        return x.grad

    entries = []
    for n in range(1, 7):
        assert step(ag.full((4,), float(n))).tolist() == [n * (n + 1) / 2] * 4
        entries += [entry for entry in step.programs if entry not in entries]
    assert len(entries) == 2


def test_the_gradients_of_a_model_become_parts_of_one_vector():
    made = World(name="SGD", lr=0.1, momentum=0.9)
    compiled = ag.compile(made.step)
    for x, t in BATCHES:
        compiled(x, t)
        vectors = {id(p.grad.numpy().base) for p in made.model.parameters()}
        assert len(vectors) == 1
        assert all(p.grad.grad_fn is None for p in made.model.parameters())
