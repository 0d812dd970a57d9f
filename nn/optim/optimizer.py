"""What all optimisers share: parameter groups, state, steps. An optimiser itself is one method, ``update``."""
from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor, tracing, writes
from autograd.dtypes import number
from autograd.errors import ArgumentError, DtypeError, GraphError, message
from autograd.hooks import RemovableHandle
from nn.optim.state import Saved

Group = dict[str, Any]
State = dict[str, Any]
Params = Iterable[Any]  # of tensors, of (name, tensor) pairs, or of groups

# The range of each option, wherever it is set: lowest allowed value, and the value it stays below.
RANGES = {
    "lr": (0.0, float("inf")), "eps": (0.0, float("inf")), "weight_decay": (0.0, float("inf")), "momentum": (0.0, float("inf")),
    "betas": (0.0, 1.0), "alpha": (0.0, float("inf")), "rho": (0.0, 1.0 + 1e-12), "lr_decay": (0.0, float("inf")),
    "initial_accumulator_value": (0.0, float("inf")), "momentum_decay": (0.0, float("inf")),
}  # fmt: skip
CHOICES_OF_KERNEL = {"foreach", "fused", "capturable"}  # how PyTorch runs the same update: accepted, without meaning here


def recorded_step(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step of any optimiser with its hooks, and a note that it was taken, which the schedulers look for."""

    @functools.wraps(step)
    def wrapper(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._before_step:
            for before in tuple(self._before_step.values()):
                before(self, args, kwargs)
        result = step(self, *args, **kwargs)
        self._opt_called = True
        if self._after_step:
            for after in tuple(self._after_step.values()):
                after(self, args, kwargs)
        return result

    return wrapper


class Optimizer(Saved):
    """Base of all optimisers. A new one sets its options in ``__init__`` and writes one method.

    ::

        class SignSGD(Optimizer):
            def __init__(self, params, lr=1e-3):
                super().__init__(params, {"lr": lr})

            def update(self, p, g, state, group):
                p.sub_(g.sign() * group["lr"])

    params    tensors, ``model.parameters()``, ``model.named_parameters()``, or a list of dicts: groups with options of their own
    defaults  the options of groups that do not set them

    An update that is more than elementwise sets ``elementwise = False``: it needs each parameter by itself.
    ``step``, ``state_dict`` and ``load_state_dict`` follow PyTorch, the format of the state included.
    """

    def __init__(self, params: Params, defaults: dict[str, Any], kernel: dict[str, Any] | None = None) -> None:
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise self._error(DtypeError, "an iterable of tensors or of dicts is required", type(params).__name__, "write [tensor]")
        if unknown := set(kernel or ()) - CHOICES_OF_KERNEL - {"differentiable"}:
            raise self._error(DtypeError, f"options are {', '.join(defaults)}", ", ".join(sorted(unknown)), "check the spelling")
        if kernel and kernel.get("differentiable"):
            raise self._error(ArgumentError, "updates are not recorded", "differentiable=True", "write the update as operations on tensors")
        self.defaults = defaults
        self.state: defaultdict[Any, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._without_hooks()
        self._opt_called = False
        self._written: list[Any] = []
        groups = [{"params": params}] if isinstance(params, set | frozenset) else list(params)
        if not groups:
            raise self._error(
                ArgumentError, "at least one parameter is required", "an empty list",
                "pass model.parameters(), once: a generator is used up by its first reader",
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def _without_hooks(self) -> None:
        super()._without_hooks()
        self._before_step: dict[int, Callable[..., Any]] = {}
        self._after_step: dict[int, Callable[..., Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = recorded_step(cls.__dict__["step"])  # type: ignore[method-assign]

    # ── the step ──

    @recorded_step
    @ag.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. A closure that computes the loss anew is called first, and its result returned."""
        loss = None
        if closure is not None:
            with ag.enable_grad():
                loss = closure()
        if tracing.active:
            self._watched()
        try:
            for group in self.param_groups:
                options = tracing.options(group)
                maximize = options.get("maximize", False)
                for p, g, state in self._joined(group["params"]) if tracing.active else self._single(group["params"]):
                    self.update(p, -g if maximize else g, state, options)
        finally:
            writes.record(*self._written)
            self._written.clear()
        if tracing.active:
            tracing.length(self.state)
        return loss

    def _watched(self) -> None:
        """Tell a capture what its program depends on here: state and groups that load_state_dict and add_param_group would replace."""
        tracing.guard(self, "state")
        tracing.guard(self, "param_groups")
        for sized in (self.param_groups, *(group["params"] for group in self.param_groups)):
            tracing.length(sized)

    def values(self, tensor: Tensor) -> np.ndarray[Any, Any]:
        """The array behind a tensor, for ``update`` to write to. At its end the step notes all these writes at once: 0.4 us, not 2."""
        array: np.ndarray[Any, Any] = tensor.numpy()
        if not array.flags.writeable:
            raise self._error(GraphError, "memory that may be written is required", "a read-only tensor", "use clone() first")
        self._written.append(array)
        return array

    def update(self, p: Tensor, g: Tensor, state: State, group: Group) -> None:
        """Write the next value of one parameter into it. Runs under ``no_grad``; g must not be written to: it is ``p.grad``."""
        raise NotImplementedError

    def arrays(self, p: Tensor, g: Tensor, group: Group) -> tuple[Any, Any]:
        """A parameter, to be written to, and its gradient, both as arrays, after weight decay.

        It is g + λp, the gradient of the loss plus ½λ‖p‖²; decoupled, p shrinks by itself: p ← (1 - γλ) p.
        """
        theta, gradient = self.values(p), g.numpy()
        if decay := group["weight_decay"]:
            if group.get("decoupled_weight_decay", False):
                theta *= number(1 - group["lr"] * decay, theta)
            else:
                gradient = gradient + theta * number(decay, theta)
        return theta, gradient

    def moments(self, p: Tensor, state: State, *names: str) -> list[Any]:
        """The running averages of a parameter by name, to be written to; zeros at first, when the step count starts too."""
        with tracing.untraced():  # made once, and not in each run of a compiled step
            if "step" not in state:
                state["step"] = first_step()
            for name in names:
                if name not in state:
                    state[name] = ag.zeros_like(p)
        return [self.values(state[name]) for name in names]

    def next_step(self, state: State) -> int:
        """Count a step of a parameter: 1, 2, 3 ..."""
        return tracing.count(self.values(state["step"]))  # type: ignore[no-any-return]

    # ── which tensors are updated together ──

    counts = True  # the state of a parameter holds its number of steps
    elementwise = True  # each element is updated by itself: many parameters may be updated as one long vector

    def _single(self, params: list[Any]) -> Iterator[tuple[Tensor, Tensor, State]]:
        """(parameter, gradient, state), one parameter after the other."""
        for p in params:
            if (g := p.grad) is not None:
                yield p, g, self.state[p]

    def _joined(self, params: list[Any]) -> Iterator[tuple[Tensor, Tensor, State]]:
        """The same, where a step is compiled: parameters of one dtype at the same step as one vector, of which they become parts."""
        kinds: dict[Any, list[Tensor]] = {}
        for p, _, state in self._single(params):
            with tracing.untraced():
                step = float(state["step"]) if "step" in state else None
                kinds.setdefault((p.dtype, step, tuple(state)) if self.elementwise else id(p), []).append(p)
        for members in kinds.values():
            yield from self._as_one(members) if len(members) > 1 else self._single(members)

    def _as_one(self, ps: list[Tensor]) -> Iterator[tuple[Tensor, Tensor, State]]:
        states = [self.state[p] for p in ps]
        with tracing.untraced():
            for state in states:
                if "step" not in state and self.counts:
                    state["step"] = first_step()
        whole = {name: tracing.joined([state[name] for state in states]) for name in states[0]}
        p = tracing.joined(ps)
        if p is None or any(vector is None for vector in whole.values()):
            yield from self._single(ps)
            return
        before = set(whole)
        yield p, tracing.gradient(ps), whole
        for name in whole.keys() - before:  # made by the update, as one vector: each parameter takes its part
            parts = ag.split(whole[name], [q.numel() for q in ps])
            for q, part, state in zip(ps, parts, states, strict=True):
                state[name] = part.reshape(q.shape)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: None, so that the next backward pass need not add (or zeros, with ``set_to_none=False``)."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    if p.grad.requires_grad:
                        p.grad = p.grad.detach()  # without the history that create_graph=True gives it
                    p.grad.zero_()

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step."""
        return RemovableHandle(self._before_step, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return RemovableHandle(self._after_step, hook)

    # ── groups ──

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters later, with options of their own: ``{"params": layer.parameters(), "lr": 1e-4}``."""
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise self._error(DtypeError, "a group is a dict with the key 'params'", type(param_group).__name__)
        params = param_group["params"]
        if isinstance(params, set | frozenset):
            raise self._error(DtypeError, "parameters in a fixed order are required", "a set", "use a list")
        params = [params] if isinstance(params, Tensor) else list(params)
        named = [isinstance(p, tuple) for p in params]
        if any(named) != all(named) or (self.param_groups and any(named) != ("param_names" in self.param_groups[0])):
            raise self._error(ArgumentError, "either all parameters come with names or none", "some of each")
        if params and all(named):
            param_group["param_names"], params = (list(column) for column in zip(*params, strict=True))
        taken = {id(p) for group in self.param_groups for p in group["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise self._error(DtypeError, "parameters must be tensors", type(p).__name__)
            if not (p.is_leaf or p.retains_grad):
                raise self._error(
                    GraphValueError, "a parameter must be a leaf", f"the result of {p.grad_fn.name if p.grad_fn else 'an operation'}",
                    "optimise the tensor it was computed from, or detach().requires_grad_()",
                )
            if id(p) in taken:
                raise self._error(
                    ArgumentError, "each parameter may appear once", f"a tensor of shape {tuple(p.shape)} twice",
                    "leave one out: it would be updated twice per step",
                )
            taken.add(id(p))
        param_group["params"] = params
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        if isinstance(param_group.get("lr"), Tensor):
            param_group["lr"] = param_group["lr"].item()
        self._check_ranges(param_group)
        self.param_groups.append(param_group)

    def _check_ranges(self, group: Group) -> None:
        for name in RANGES.keys() & group.keys():
            low, high = RANGES[name]
            values = group[name] if isinstance(group[name], tuple | list) else (group[name],)
            if not all(low <= value < high for value in values if value is not None):
                bound = "at least 0" if high == float("inf") else "at least 0 and below 1" if high == 1 else "between 0 and 1"
                raise self._error(ArgumentError, f"{name} must be {bound}", repr(group[name]))

    def _error(self, kind: type[Exception], required: str, given: str = "", remedy: str = "") -> Exception:
        return kind(message(type(self).__name__, required, given, remedy))

    # ── copies and text ──

    def __getstate__(self) -> dict[str, Any]:
        hooks = ("_state_hooks", "_before_step", "_after_step")  # they stay behind
        return {name: value for name, value in self.__dict__.items() if name not in hooks}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._without_hooks()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            options = sorted(group.keys() - {"params", "param_names"})
            lines += [f"Parameter Group {i}", *(f"    {name}: {group[name]}" for name in options)]
        return "\n".join([*lines, ")"])


class GraphValueError(GraphError, ValueError):
    """A graph error where PyTorch raises ValueError."""


def first_step() -> Tensor:
    """The count of steps before the first: a tensor as in PyTorch, so that saved states are interchangeable."""
    return ag.tensor(0.0, dtype=ag.float32)


# ── what several update rules use, on arrays ──


def average_(m: Any, x: Any, beta: float) -> Any:
    """m ← βm + (1 - β)x, in place."""
    m *= number(beta, m)
    m += x * number(1 - beta, m)
    return m
