"""Hooks of a module: what runs before and after ``forward``, and where the gradients of its inputs and outputs are known."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import autograd as ag
from autograd import Tensor
from autograd.hooks import RemovableHandle

if TYPE_CHECKING:
    from nn.module import Module

Hook = Callable[..., Any]


class Hooks:
    """What runs around ``forward``, by handle number. A module without hooks has no such object: calling it costs nothing more."""

    def __init__(self) -> None:
        self.before: OrderedDict[int, Hook] = OrderedDict()  # (module, args, kwargs) -> None or (args, kwargs)
        self.after: OrderedDict[int, Hook] = OrderedDict()  # (module, args, kwargs, output) -> None or output
        self.backward_before: OrderedDict[int, Hook] = OrderedDict()  # (module, grad_output) -> None or grad_output
        self.backward_after: OrderedDict[int, Hook] = OrderedDict()  # (module, grad_input, grad_output) -> None or grad_input


class Gate(ag.Function):
    """Hands tensors on unchanged. On the way back, their gradients go through a function together."""

    @staticmethod
    def forward(ctx: Any, passing: Callable[[tuple[Any, ...]], tuple[Any, ...]], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.passing = passing
        return tuple(tensor.view_as(tensor) for tensor in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        return None, *ctx.passing(grads)


class Gates:
    """One call of a module with backward hooks: a gate before it and one behind it, where the hooks see all gradients at once."""

    def __init__(self, module: Any, hooks: Hooks) -> None:
        self.module, self.hooks = module, hooks
        self.count = 0  # of tensors among the inputs
        self.places: list[int] = []  # which of them need a gradient
        self.grad_output: tuple[Any, ...] = ()

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, those that need a gradient through the first gate."""
        tensors = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        self.count = len(tensors)
        self.places = [i for i, position in enumerate(tensors) if args[position].requires_grad]
        if not self.places or not ag.is_grad_enabled():
            return args
        passed = dict(zip((tensors[i] for i in self.places), Gate.apply(self.leave, *(args[tensors[i]] for i in self.places)), strict=True))
        return tuple(passed.get(i, arg) for i, arg in enumerate(args))

    def outputs(self, output: Any) -> Any:
        """The output, its tensors through the second gate."""
        if isinstance(output, Tensor):
            return Gate.apply(self.enter, output)[0]
        if not isinstance(output, tuple | list):
            return output
        passed = iter(Gate.apply(self.enter, *(part for part in output if isinstance(part, Tensor))))
        return type(output)([next(passed) if isinstance(part, Tensor) else part for part in output])

    def enter(self, grad_output: tuple[Any, ...]) -> tuple[Any, ...]:
        """The gradients of the outputs have arrived."""
        for hook in tuple(self.hooks.backward_before.values()):
            grad_output = _as_tuple(hook(self.module, grad_output), grad_output)
        self.grad_output = grad_output
        if not self.places:
            self.leave(())
        return grad_output

    def leave(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """The gradients of the inputs have arrived."""
        known = dict(zip(self.places, grads, strict=True))
        grad_input = tuple(known.get(i) for i in range(self.count))
        for hook in tuple(self.hooks.backward_after.values()):
            grad_input = _as_tuple(hook(self.module, grad_input, self.grad_output), grad_input)
        return tuple(grad_input[i] for i in self.places)


def _as_tuple(result: Any, otherwise: tuple[Any, ...]) -> tuple[Any, ...]:
    return otherwise if result is None else result if isinstance(result, tuple) else (result,)


class Hooked:
    """The part of ``Module`` that has hooks."""

    _hooks: Hooks | None
    forward: Callable[..., Any]
    _require_init: Callable[[str], None]

    def _call_with_hooks(self, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook in tuple(hooks.before.values()):
            args, kwargs = hook(self, args, kwargs) or (args, kwargs)
        gates = Gates(self, hooks) if hooks.backward_before or hooks.backward_after else None
        output = self.forward(*(args if gates is None else gates.inputs(args)), **kwargs)
        for hook in tuple(hooks.after.values()):
            result = hook(self, args, kwargs, output)
            output = output if result is None else result
        return output if gates is None else gates.outputs(output)

    def _hook(self, kind: str, hook: Hook, prepend: bool) -> RemovableHandle:
        self._require_init("a hook is registered")
        hooks = self._hooks = self._hooks or Hooks()
        return RemovableHandle(getattr(hooks, kind), hook, prepend)

    def register_forward_pre_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns, unless None, are the arguments. with_kwargs: ``(args, kwargs)``."""

        def adapted(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if with_kwargs:
                return hook(module, args, kwargs)
            result = hook(module, args)
            return None if result is None else (result if isinstance(result, tuple) else (result,), kwargs)

        return self._hook("before", adapted, prepend)

    def register_forward_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; what it returns, unless None, is the output."""
        adapted = hook if with_kwargs else lambda module, args, kwargs, output: hook(module, args, output)
        return self._hook("after", adapted, prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are known; what it returns takes their place."""
        return self._hook("backward_after", hook, prepend)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known; what it returns takes their place."""
        return self._hook("backward_before", hook, prepend)
