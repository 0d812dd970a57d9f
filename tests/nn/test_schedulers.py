"""Learning rate schedules: PyTorch's rates (and momenta) over 50 steps, resumed and chained ones too."""
from __future__ import annotations

import pickle
import warnings
from typing import Any

import pytest

import autograd as ag
from nn import optim
from nn.optim import lr_scheduler

STEPS = 50


WARM_UP = ("LinearLR", {"start_factor": 0.1, "total_iters": 5})
CASES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7}), ("StepLR", {"step_size": 10, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [3, 3, 20, 40]}), ("MultiStepLR", {"milestones": [30, 10], "gamma": 0.3}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("ConstantLR", {}), ("ConstantLR", {"factor": 0.5, "total_iters": 10}),
    ("LinearLR", {}), ("LinearLR", {"start_factor": 0.2, "end_factor": 0.7, "total_iters": 20}),
    ("PolynomialLR", {}), ("PolynomialLR", {"total_iters": 30, "power": 2.5}),
    ("CosineAnnealingLR", {"T_max": 50}), ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 7}), ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.001}),
    ("LambdaLR", {"lr_lambda": lambda t: 0.95**t}), ("LambdaLR", {"lr_lambda": [lambda t: 1 / (t + 1), lambda t: t + 1]}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 1 - 1 / (t + 2)}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 51}), ("OneCycleLR", {"max_lr": [0.5, 0.1], "epochs": 6, "steps_per_epoch": 10}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "three_phase": True}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "cycle_momentum": False, "pct_start": 0.1}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "base_momentum": 0.7, "max_momentum": [0.9, 0.8]}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "div_factor": 10, "final_div_factor": 100}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "three_phase": True, "anneal_strategy": "linear", "pct_start": 0.4}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 8}),
    ("CyclicLR", {"base_lr": [0.01, 0.02], "max_lr": 0.1, "step_size_up": 5, "step_size_down": 9}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 8, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 8, "mode": "exp_range", "gamma": 0.95, "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 8, "scale_fn": lambda x: 1 / x, "scale_mode": "cycle"}),
    ("sequence", {"milestones": [5], "parts": [WARM_UP, ("CosineAnnealingLR", {"T_max": 45})]}),
    ("sequence", {"milestones": [5, 30], "parts": [WARM_UP, ("ExponentialLR", {"gamma": 0.9}), ("StepLR", {"step_size": 4})]}),
    ("chain", {"parts": [("ConstantLR", {"factor": 0.1, "total_iters": 4}), ("ExponentialLR", {"gamma": 0.95})]}),
    ("chain", {"parts": [("CosineAnnealingLR", {"T_max": 10}), ("StepLR", {"step_size": 6, "gamma": 0.9})]}),
]  # fmt: skip


def build(schedulers: Any, optimizer: Any, name: str, options: dict[str, Any]) -> Any:
    if "parts" not in options:
        return getattr(schedulers, name)(optimizer, **options)
    parts = [getattr(schedulers, part)(optimizer, **inner) for part, inner in options["parts"]]
    return schedulers.SequentialLR(optimizer, parts, options["milestones"]) if name == "sequence" else schedulers.ChainedScheduler(parts)


def optimizer_of(library: Any, optimizers: Any, kind: str) -> Any:
    p, q = library.tensor([1.0], requires_grad=True), library.tensor([2.0], requires_grad=True)
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(optimizers, kind)([{"params": [p]}, {"params": [q], "lr": 0.02}], lr=0.3, **options)


def our_optimizer(kind: str = "SGD") -> Any:
    return optimizer_of(ag, optim, kind)


def torchs_optimizer(torch: Any, kind: str = "SGD") -> Any:
    return optimizer_of(torch, torch.optim, kind)


def options_of(optimizer: Any) -> list[Any]:
    return [group[key] for group in optimizer.param_groups for key in ("lr", "momentum") if key in group] + [
        group["betas"][0] for group in optimizer.param_groups if "betas" in group
    ]


def run(optimizer: Any, scheduler: Any, steps: int) -> list[list[float]]:
    rows = [options_of(optimizer)]
    for _ in range(steps):
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, about steps of composite schedules
            scheduler.step()
        rows.append(options_of(optimizer) + list(scheduler.get_last_lr()))
    return rows


@pytest.mark.parity
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{i}-{name}" for i, (name, _) in enumerate(CASES)])
def test_rates_equal_torch(name, options, kind):
    torch = pytest.importorskip("torch")
    optimizer, reference = our_optimizer(kind), torchs_optimizer(torch, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = run(reference, build(torch.optim.lr_scheduler, reference, name, options), STEPS)
    found = run(optimizer, build(lr_scheduler, optimizer, name, options), STEPS)
    for step, (row, other) in enumerate(zip(found, expected, strict=True)):
        assert row == pytest.approx(other, rel=1e-9, abs=1e-15), step


PLATEAU = [
    {}, {"mode": "max"}, {"patience": 2, "factor": 0.5}, {"patience": 1, "cooldown": 3},
    {"patience": 1, "threshold": 0.1, "threshold_mode": "abs"},
    {"patience": 1, "min_lr": [0.05, 0.001]}, {"mode": "max", "patience": 0, "threshold": 0.01}, {"patience": 0, "eps": 0.01},
    {"mode": "max", "patience": 1, "threshold": 0.1, "threshold_mode": "abs", "min_lr": 0.01},
]  # fmt: skip


@pytest.mark.parity
@pytest.mark.parametrize("options", PLATEAU, ids=str)
def test_plateau_equals_torch(options):
    torch = pytest.importorskip("torch")
    optimizer, reference = our_optimizer(), torchs_optimizer(torch)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, **options)
    for step in range(STEPS):
        metric = 1 / (1 + step // 7) + 0.05 * (step % 3)
        scheduler.step(metric)
        other.step(metric)
        assert options_of(optimizer) == pytest.approx(options_of(reference), rel=1e-12), step
        assert scheduler.get_last_lr() == pytest.approx(other.get_last_lr(), rel=1e-12)


@pytest.mark.parity
@pytest.mark.parametrize("epoch", [0, 1, 4.5, 7, 20.25, 49])
@pytest.mark.parametrize("T_mult", [1, 2])
def test_warm_restarts_at_fractions_of_an_epoch(epoch, T_mult):
    torch = pytest.importorskip("torch")
    optimizer, reference = our_optimizer(), torchs_optimizer(torch)
    lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5, T_mult).step(epoch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(reference, 5, T_mult).step(epoch)
    assert options_of(optimizer) == pytest.approx(options_of(reference), rel=1e-12)


@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{i}-{name}" for i, (name, _) in enumerate(CASES)])
def test_state_dict_goes_on_exactly(name, options):
    optimizer = our_optimizer()
    scheduler = build(lr_scheduler, optimizer, name, options)
    run(optimizer, scheduler, 12)
    saved = pickle.loads(pickle.dumps((scheduler.state_dict(), optimizer.state_dict())))
    other = our_optimizer()
    resumed = build(lr_scheduler, other, name, options)
    resumed.load_state_dict(saved[0])
    other.load_state_dict(saved[1])
    assert run(other, resumed, 20) == run(optimizer, scheduler, 20)


@pytest.mark.parametrize(
    ("name", "options"),
    [case for case in CASES if case[0] in lr_scheduler.decay.__all__],
    ids=str,
)
def test_stepwise_and_closed_form_agree(name, options):
    optimizer, other = our_optimizer(), our_optimizer()
    scheduler, jumping = build(lr_scheduler, optimizer, name, options), build(lr_scheduler, other, name, options)
    optimizer.step()
    other.step()
    for t in range(1, STEPS):
        scheduler.step()
        jumping.step(t)
        assert scheduler.get_last_lr() == pytest.approx(jumping.get_last_lr(), rel=1e-9, abs=1e-12), t


def test_resuming_with_last_epoch():
    optimizer = our_optimizer()
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.ExponentialLR(optimizer, 0.9, last_epoch=3)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    assert lr_scheduler.LambdaLR(optimizer, lambda t: t, last_epoch=3).get_last_lr() == pytest.approx([0.3 * 4, 0.02 * 4])


def test_stepping_the_schedule_first_warns():
    optimizer = our_optimizer()
    with pytest.warns(UserWarning, match=r"before optimizer.step\(\)"):
        lr_scheduler.StepLR(optimizer, 3).step()


@pytest.mark.parametrize(
    ("build", "kind", "text"),
    [
        (lambda o: lr_scheduler.StepLR(ag.zeros(1), 3), TypeError, "an optimizer is required; got Tensor"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1), ValueError, "total_steps, or epochs and steps_per_epoch"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=0), ValueError, "positive integer; got 0"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1, 10, pct_start=1.5), ValueError, "pct_start"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1, 10, anneal_strategy="sine"), ValueError, "anneal_strategy"),
        (lambda o: lr_scheduler.OneCycleLR(o, [0.1], 10), ValueError, "one value for each of 2 groups"),
        (lambda o: lr_scheduler.OneCycleLR(optim.Adagrad([ag.zeros(1)]), 0.1, 10), ValueError, "cycle_momentum=False"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.2, mode="square"), ValueError, "mode must be"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=0), ValueError, "start_factor"),
        (lambda o: lr_scheduler.ConstantLR(o, factor=2), ValueError, "factor must be between"),
        (lambda o: lr_scheduler.LambdaLR(o, 0.5), TypeError, "function of the step; got float"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor must be below 1"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="best"), ValueError, "mode must be"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 3)], [4]), ValueError, "0 milestones"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.ReduceLROnPlateau(o)], []), ValueError, "step that one by itself"),
        (lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(o, 3)], our_optimizer()), ValueError, "one optimizer"),
    ],
)  # fmt: skip
def test_errors(build, kind, text):
    with pytest.raises(kind, match=text):
        build(our_optimizer())


def test_too_many_steps_of_one_cycle():
    optimizer = our_optimizer()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=3)
    optimizer.step()
    for _ in range(3):
        scheduler.step()
    with pytest.raises(ValueError, match="the schedule has 3 steps; got 4"):
        scheduler.step()
