"""Optimisers: PyTorch's numbers in every combination of options, PyTorch's state, clear errors."""
from __future__ import annotations

import copy
import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor
from nn import optim
from nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters

STEPS = 20
SHAPES = ((3, 4), (4,), ())


def combinations(**options: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(options, values, strict=True)) for values in itertools.product(*options.values())]


DECAY = (0.0, 0.1)
FLAG = (False, True)
TABLE = {
    "SGD": [
        options
        for options in combinations(lr=(0.1,), momentum=(0.0, 0.9), dampening=(0.0, 0.5), weight_decay=DECAY, nesterov=FLAG, maximize=FLAG)
        if not options["nesterov"] or (options["momentum"] and not options["dampening"])
    ],
    "Adam": combinations(lr=(0.1,), betas=((0.9, 0.999), (0.5, 0.7)), eps=(1e-8, 1e-2), weight_decay=DECAY, amsgrad=FLAG, maximize=FLAG),
    "AdamW": combinations(lr=(0.1,), betas=((0.9, 0.999), (0.5, 0.7)), weight_decay=DECAY, amsgrad=FLAG, maximize=FLAG),
    "Adamax": combinations(lr=(0.1,), betas=((0.9, 0.999), (0.5, 0.7)), weight_decay=DECAY, maximize=FLAG),
    "NAdam": combinations(lr=(0.1,), momentum_decay=(4e-3, 0.1), weight_decay=DECAY, decoupled_weight_decay=FLAG, maximize=FLAG),
    "RAdam": combinations(lr=(0.1,), betas=((0.9, 0.999), (0.5, 0.7)), weight_decay=DECAY, decoupled_weight_decay=FLAG, maximize=FLAG),
    "RMSprop": combinations(lr=(0.01,), alpha=(0.99, 0.5), weight_decay=DECAY, momentum=(0.0, 0.9), centered=FLAG, maximize=FLAG),
    "Adagrad": combinations(lr=(0.1,), lr_decay=(0.0, 0.1), weight_decay=DECAY, initial_accumulator_value=(0.0, 0.1), maximize=FLAG),
    "Rprop": combinations(lr=(0.01, 0.5), etas=((0.5, 1.2), (0.3, 1.5)), step_sizes=((1e-6, 50), (0.05, 0.3)), maximize=FLAG),
    "ASGD": combinations(lr=(0.01, 0.1), lambd=(1e-4, 0.5), alpha=(0.75, 0.3), t0=(1e6, 5), weight_decay=DECAY, maximize=FLAG),
    "Adafactor": combinations(
        lr=(0.01, 0.5), beta2_decay=(-0.8, -0.3), eps=((None, 1e-3), (1e-3, 0.1)), d=(1.0, 1.5), weight_decay=DECAY, maximize=FLAG
    ),
    "Adadelta": combinations(lr=(1.0,), rho=(0.9, 0.5), weight_decay=DECAY, maximize=FLAG),
}  # fmt: skip
CASES = [(name, options) for name, rows in TABLE.items() for options in rows]


def named(case: tuple[str, dict[str, Any]]) -> str:
    return f"{case[0]}-" + ",".join(f"{key}={value}" for key, value in case[1].items())


def starts() -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape) for shape in SHAPES]


def gradients(step: int) -> list[np.ndarray[Any, Any]]:
    """The same gradients for both libraries, whatever the parameters."""
    rng = np.random.default_rng(step + 1)
    return [rng.standard_normal(shape) for shape in SHAPES]


def parameters() -> list[Tensor]:
    return [ag.tensor(start, requires_grad=True) for start in starts()]


def set_gradients(params: list[Any], step: int, make: Any) -> None:
    for p, g in zip(params, gradients(step), strict=True):
        p.grad = make(g)


@pytest.mark.parity
@pytest.mark.parametrize("case", CASES, ids=named)
def test_steps_equal_torch(case):
    torch = pytest.importorskip("torch")
    name, options = case
    ours, theirs = parameters(), [torch.tensor(start, requires_grad=True) for start in starts()]
    optimizer, reference = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for step in range(STEPS):
        set_gradients(ours, step, ag.tensor)
        set_gradients(theirs, step, torch.tensor)
        optimizer.step()
        reference.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-6, atol=1e-9)


@pytest.mark.parity
@pytest.mark.parametrize("name", TABLE)
def test_signature_defaults_and_state_are_torchs(name):
    torch = pytest.importorskip("torch")
    ours, theirs = parameters(), [torch.tensor(start, requires_grad=True) for start in starts()]
    optimizer, reference = getattr(optim, name)(ours), getattr(torch.optim, name)(theirs)
    for key, value in optimizer.defaults.items():
        assert reference.defaults[key] == value, key
    set_gradients(ours, 0, ag.tensor)
    set_gradients(theirs, 0, torch.tensor)
    optimizer.step()
    reference.step()
    mine, other = optimizer.state_dict(), reference.state_dict()
    assert mine["param_groups"][0]["params"] == other["param_groups"][0]["params"]
    for number, state in other["state"].items():
        kept = {key: value for key, value in state.items() if value is not None}
        assert set(mine["state"][number]) == set(kept)
        for key, value in kept.items():
            np.testing.assert_allclose(mine["state"][number][key].numpy(), value.numpy(), rtol=1e-6, err_msg=key)


@pytest.mark.parity
@pytest.mark.parametrize("name", TABLE)
def test_goes_on_from_torchs_state(name):
    torch = pytest.importorskip("torch")
    options = TABLE[name][-1]
    theirs = [torch.tensor(start, requires_grad=True) for start in starts()]
    reference = getattr(torch.optim, name)(theirs, **options)
    for step in range(5):
        set_gradients(theirs, step, torch.tensor)
        reference.step()
    ours = [ag.tensor(q.detach().numpy().copy(), requires_grad=True) for q in theirs]
    optimizer = getattr(optim, name)(ours)
    optimizer.load_state_dict(copy.deepcopy(reference.state_dict()))
    for step in range(5, 10):
        set_gradients(theirs, step, torch.tensor)
        set_gradients(ours, step, ag.tensor)
        reference.step()
        optimizer.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", TABLE)
def test_state_dict_round_trip_goes_on_exactly(name):
    first = parameters()
    optimizer = getattr(optim, name)(first, **TABLE[name][-1])
    for step in range(3):
        set_gradients(first, step, ag.tensor)
        optimizer.step()
    second = [p.detach().clone().requires_grad_() for p in first]
    other = getattr(optim, name)(second, lr=0.5)
    other.load_state_dict(pickle.loads(pickle.dumps(optimizer.state_dict())))
    for step in range(3, 6):
        set_gradients(first, step, ag.tensor)
        set_gradients(second, step, ag.tensor)
        optimizer.step()
        other.step()
    for p, q in zip(first, second, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


@pytest.mark.parametrize("name", TABLE)
def test_float32_stays_float32_and_the_gradient_is_not_written(name):
    p = ag.tensor(np.ones((2, 3), np.float32), requires_grad=True)
    memory = p.detach()
    optimizer = getattr(optim, name)([p], **TABLE[name][-1])
    for _ in range(3):
        g = np.full((2, 3), 0.5, np.float32)
        p.grad = ag.tensor(g)
        optimizer.step()
        np.testing.assert_array_equal(p.grad.numpy(), g)
    assert p.dtype == np.float32
    assert all(value.dtype == np.float32 for value in optimizer.state[p].values())
    assert p.is_leaf
    assert p.requires_grad
    np.testing.assert_array_equal(memory.numpy(), p.detach().numpy())  # written in place
    assert not np.array_equal(memory.numpy(), np.ones((2, 3)))


@pytest.mark.parametrize("name", TABLE)
def test_descends(name):
    p = ag.tensor(np.array([3.0, -2.0]), requires_grad=True)
    optimizer = getattr(optim, name)([p], lr=1.0 if name == "Adadelta" else 0.1)
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] * 0.99


# ── the base ──


def test_groups_have_their_own_options():
    p, q = ag.tensor([1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([{"params": [p]}, {"params": q, "lr": 0.5}], lr=0.1)
    for tensor in (p, q):
        tensor.grad = ag.ones_like(tensor)
    optimizer.step()
    assert p.item() == pytest.approx(0.9)
    assert q.item() == pytest.approx(0.5)
    r = ag.tensor([1.0], requires_grad=True)
    optimizer.add_param_group({"params": [r], "momentum": 0.9})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 0.1]
    assert optimizer.state_dict()["param_groups"][2]["params"] == [2]


def test_parameters_without_gradient_are_left_alone():
    p, q = ag.tensor([1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([p, q])
    p.grad = ag.ones_like(p)
    optimizer.step()
    assert p.item() != 1.0
    assert q.item() == 1.0
    assert q not in optimizer.state


def test_named_parameters_keep_their_names():
    p = ag.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([("weight", p)])
    assert optimizer.param_groups[0]["param_names"] == ["weight"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight"]


def test_closure_is_recorded_and_its_loss_returned():
    p = ag.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.25)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert p.item() == 1.0


def test_zero_grad():
    p = ag.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([p])
    (p * p).sum().backward(create_graph=True)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0]
    assert not p.grad.requires_grad
    optimizer.zero_grad()
    assert p.grad is None


def test_new_optimizer_is_one_method():
    class SignSGD(optim.Optimizer):
        def __init__(self, params, lr=1e-3):
            super().__init__(params, {"lr": lr})

        def update(self, p, g, state, group):  # noqa: ARG002
            p.sub_(g.sign() * group["lr"])

    p = ag.tensor([1.0, 1.0], requires_grad=True)
    p.grad = ag.tensor([5.0, -0.1])
    SignSGD([p], lr=0.5).step()
    assert p.tolist() == [0.5, 1.5]


def test_hooks_run_around_the_step_of_any_subclass():
    class Nothing(optim.Optimizer):
        def step(self, closure=None):  # noqa: ARG002
            seen.append("step")

    seen: list[str] = []
    optimizer = Nothing([ag.tensor([1.0], requires_grad=True)], {})
    before = optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    before.remove()
    optimizer.step()
    assert seen == ["before", "step", "after", "step", "after"]


def test_hooks_of_the_state_run_in_order_and_may_replace_it():
    seen = []
    optimizer = optim.SGD([ag.tensor([1.0], requires_grad=True)], lr=0.1)
    handles = [
        optimizer.register_state_dict_pre_hook(lambda own: seen.append(own)),
        optimizer.register_state_dict_post_hook(lambda own, state: {**state, "epoch": 3}),
        optimizer.register_state_dict_post_hook(lambda own, state: seen.append(sorted(state)), prepend=True),
        optimizer.register_load_state_dict_pre_hook(lambda own, state: seen.append(state.pop("epoch"))),
        optimizer.register_load_state_dict_pre_hook(
            lambda own, state: {**state, "param_groups": [{**group, "lr": 0.5} for group in state["param_groups"]]},
        ),
        optimizer.register_load_state_dict_post_hook(lambda own: seen.append(own.param_groups[0]["lr"])),
    ]
    state = optimizer.state_dict()
    optimizer.load_state_dict(state)
    assert seen == [optimizer, ["param_groups", "state"], 3, 0.5]
    assert state["epoch"] == 3
    assert state["param_groups"][0]["lr"] == 0.1
    for handle in handles:
        handle.remove()
    optimizer.load_state_dict(optimizer.state_dict())
    assert len(seen) == 4
    assert not copy.deepcopy(optimizer)._state_hooks.after_loading


def test_repr_shows_the_options():
    text = repr(optim.SGD([ag.tensor([1.0], requires_grad=True)], lr=0.125))
    assert text.startswith("SGD (\nParameter Group 0\n")
    assert "    lr: 0.125\n" in text
    assert "params" not in text


def test_pickle_and_deepcopy_keep_the_state():
    p = ag.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    p.grad = ag.ones_like(p)
    optimizer.step()
    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (q,) = copied.param_groups[0]["params"]
        assert q is not p
        q.grad = ag.ones_like(q)
        copied.step()
        assert q.item() == pytest.approx(0.9 - 0.1 * 1.9)
    assert p.item() == pytest.approx(0.9)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_backward_through_what_a_step_has_overwritten(name):
    p = ag.tensor([1.0, 2.0], requires_grad=True)
    y = (p * p).sum()
    y.backward(retain_graph=True)
    getattr(optim, name)([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"backward through mul: (.|\n)*overwritten in place at .*step\(\)"):
        y.backward()


def test_parameters_that_cannot_be_written():
    p = ag.Tensor(np.broadcast_to(np.float32(1), (2,)), requires_grad=True)
    p.grad = ag.ones(2)
    with pytest.raises(RuntimeError, match="SGD: memory that may be written is required"):
        optim.SGD([p], lr=0.1).step()


def twice_in_groups() -> optim.SGD:
    p = leaf()
    return optim.SGD([{"params": [p]}, {"params": [p]}])


def leaf() -> Tensor:
    return ag.tensor([1.0], requires_grad=True)


@pytest.mark.parametrize(
    ("build", "kind", "text"),
    [
        (lambda: optim.SGD([]), ValueError, "at least one parameter"),
        (lambda: optim.SGD(leaf()), TypeError, "an iterable of tensors"),
        (lambda: optim.SGD([1.0]), TypeError, "must be tensors; got float"),
        (lambda: optim.SGD({leaf()}), TypeError, "fixed order"),
        (lambda: optim.SGD([leaf() * 2]), ValueError, "must be a leaf; got the result of mul"),
        (lambda: optim.SGD([leaf()] * 2), ValueError, "appear once"),
        (twice_in_groups, ValueError, "appear once"),
        (lambda: optim.SGD([("a", leaf()), leaf()]), ValueError, "with names or none"),
        (lambda: optim.SGD([leaf()], lr=-1), ValueError, "lr must be at least 0; got -1"),
        (lambda: optim.SGD([{"params": [leaf()], "lr": -2}]), ValueError, "lr must be at least 0; got -2"),
        (lambda: optim.SGD([leaf()], momentum=-1), ValueError, "momentum must be"),
        (lambda: optim.SGD([leaf()], nesterov=True), ValueError, "nesterov requires a momentum"),
        (lambda: optim.SGD([leaf()], nesterov=True, momentum=0.9, dampening=0.1), ValueError, "no dampening"),
        (lambda: optim.Adam([leaf()], betas=(1.0, 0.9)), ValueError, "betas must be at least 0 and below 1"),
        (lambda: optim.Adam([leaf()], eps=-1e-8), ValueError, "eps must be"),
        (lambda: optim.AdamW([leaf()], weight_decay=-1), ValueError, "weight_decay must be"),
        (lambda: optim.Adadelta([leaf()], rho=1.5), ValueError, "rho must be between 0 and 1"),
        (lambda: optim.Adam([leaf()], differentiable=True), ValueError, "not recorded"),
        (lambda: optim.Adam([leaf()], learning_rate=1), TypeError, "got learning_rate"),
        (lambda: optim.SGD([leaf()]).add_param_group([leaf()]), TypeError, "a dict with the key 'params'"),
        (lambda: optim.SGD([leaf()]).load_state_dict(optim.SGD([leaf(), leaf()]).state_dict()), ValueError, r"groups of \[1\]"),
    ],
)  # fmt: skip
def test_errors(build, kind, text):
    with pytest.raises(kind, match=text):
        build()


def test_torchs_choices_of_kernel_are_accepted():
    optim.Adam([leaf()], foreach=True)
    optim.Adam([leaf()], fused=True, capturable=False, differentiable=False)


# ── nn.utils ──


@pytest.mark.parity
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_grad_norm_equals_torch(norm_type, max_norm):
    torch = pytest.importorskip("torch")
    ours, theirs = parameters(), [torch.tensor(start, requires_grad=True) for start in starts()]
    set_gradients(ours, 0, ag.tensor)
    set_gradients(theirs, 0, torch.tensor)
    total, expected = clip_grad_norm_(ours, max_norm, norm_type), torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert total.item() == pytest.approx(expected.item(), rel=1e-10)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-10)


def test_clip_grad_norm_of_nan():
    p = leaf()
    p.grad = ag.tensor([float("nan")])
    with pytest.raises(RuntimeError, match="finite gradients are required"):
        clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert np.isnan(clip_grad_norm_(p, 1.0).item())
    assert clip_grad_norm_([leaf()], 1.0).item() == 0.0  # no gradient at all


def test_clip_grad_value():
    p = ag.tensor([1.0, 1.0, 1.0], requires_grad=True)
    p.grad = ag.tensor([-3.0, 0.5, 3.0])
    clip_grad_value_([p, leaf()], 1.0)
    assert p.grad.tolist() == [-1.0, 0.5, 1.0]


def test_parameters_as_one_vector_and_back():
    params = parameters()
    vector = parameters_to_vector(params)
    assert vector.shape == (17,)
    vector_to_parameters(vector.detach() * 2, params)
    for p, start in zip(params, starts(), strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), start * 2)
        assert p.is_leaf
    with pytest.raises(ValueError, match="vector of shape"):
        vector_to_parameters(ag.zeros(16), params)


# ── optimisers that PyTorch lacks, or that are for matrices or whole batches ──


@pytest.mark.parametrize("maximize", FLAG)
@pytest.mark.parametrize("decay", DECAY)
def test_lion_follows_the_paper(decay, maximize):
    """Algorithm 2 of arXiv:2302.06675, written out."""
    (p, *_), (theta, *_), m = parameters(), starts(), 0.0
    optimizer = optim.Lion([p], lr=0.1, betas=(0.8, 0.9), weight_decay=decay, maximize=maximize)
    for step in range(STEPS):
        g = gradients(step)[0]
        p.grad = ag.tensor(g)
        optimizer.step()
        g = -g if maximize else g
        theta = theta - 0.1 * (np.sign(0.8 * m + (1 - 0.8) * g) + decay * theta)
        m = 0.9 * m + (1 - 0.9) * g
    np.testing.assert_allclose(p.detach(), theta, rtol=1e-12)


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
@pytest.mark.parametrize("options", combinations(nesterov=FLAG, weight_decay=DECAY, adjust_lr_fn=(None, "original", "match_rms_adamw")))
def test_muon_steps_as_torch_does(options, shape):
    torch = pytest.importorskip("torch")
    start = np.random.default_rng(0).standard_normal(shape)
    p, q = ag.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    ours, theirs = optim.Muon([p], lr=0.05, **options), torch.optim.Muon([q], lr=0.05, **options)
    assert {key: ours.defaults[key] for key in theirs.defaults} == theirs.defaults
    for step in range(5):
        g = np.random.default_rng(step + 1).standard_normal(shape)
        p.grad, q.grad = ag.tensor(g), torch.tensor(g)
        ours.step()
        theirs.step()
    np.testing.assert_allclose(p.detach(), q.detach(), atol=0.02)  # PyTorch iterates in bfloat16, of 8 bits


def test_muon_makes_singular_values_equal():
    p = ag.tensor(np.zeros((4, 6)), requires_grad=True)
    p.grad = ag.tensor(np.random.default_rng(0).standard_normal((4, 6)))
    optim.Muon([p], lr=1.0, weight_decay=0.0).step()
    values = np.linalg.svd(p.detach().numpy(), compute_uv=False)
    assert values.min() > 0.6
    assert values.max() < 1.3
    with pytest.raises(ValueError, match="matrices are required"):
        optim.Muon([leaf()])
    with pytest.raises(ValueError, match="d >= 1 is required"):
        optim.Adafactor([leaf()], d=0.5)


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def minimised(library: Any, calls: int, options: dict[str, Any]) -> tuple[np.ndarray[Any, Any], list[float], int]:
    x = library.tensor([-1.2, 1.0], dtype=library.float64, requires_grad=True)
    kind = optim.LBFGS if library is ag else library.optim.LBFGS
    optimizer = kind([x], **options)
    evaluations = 0

    def closure() -> Any:
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        loss = rosenbrock(x)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(calls)]
    return x.detach().numpy(), losses, evaluations


@pytest.mark.parity
@pytest.mark.parametrize(
    "options",
    [
        {"lr": 1e-3}, {"lr": 0.5, "line_search_fn": "strong_wolfe"}, {"line_search_fn": "strong_wolfe", "history_size": 1},
        {"lr": 1e-3, "max_iter": 4, "max_eval": 3, "history_size": 2}, {"line_search_fn": "strong_wolfe", "tolerance_change": 1e-2},
        {"line_search_fn": "strong_wolfe", "tolerance_grad": 1.0, "max_iter": 50},
    ],
)  # fmt: skip
def test_lbfgs_goes_torchs_way(options):
    torch = pytest.importorskip("torch")
    (x, losses, evaluations), (y, reference, expected) = minimised(ag, 3, options), minimised(torch, 3, options)
    assert evaluations == expected
    np.testing.assert_allclose(losses, reference, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(x, y, rtol=1e-5)


def test_lbfgs_finds_the_minimum_and_goes_on_from_its_state():
    x, _, _ = minimised(ag, 5, {"line_search_fn": "strong_wolfe"})
    np.testing.assert_allclose(x, 1, atol=1e-4)
    p = leaf()
    with pytest.raises(ValueError, match="a closure that computes the loss is required"):
        optim.LBFGS([p]).step()
    with pytest.raises(ValueError, match="one group"):
        optim.LBFGS([{"params": [p]}, {"params": [leaf()]}])
    with pytest.raises(ValueError, match="strong_wolfe"):
        optim.LBFGS([p], line_search_fn="wolfe")
