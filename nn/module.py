"""Module: what every layer, model and loss is. It knows its parameters, its buffers and its parts, and runs them."""
from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

import numpy as np

import autograd as ag
from autograd import Tensor, tracing
from autograd.device import device as Device
from autograd.errors import ArgumentError, AutogradError, DtypeError, message
from autograd.graph import calling
from autograd.source import outside
from nn.hooks import Hooked, Hooks
from nn.parameter import Buffer, Parameter
from nn.place import note
from nn.state import State

T = TypeVar("T")


class ModuleError(AutogradError, AttributeError):
    """An attribute that a module does not have, or cannot take."""


class Module(State, Hooked):
    """Base class of all layers, models and losses.

    Assign parameters, buffers and other modules to attributes after ``super().__init__()``, and write in ``forward`` what it computes:

    >>> class Affine(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.weight = nn.Parameter([2.0])
    ...     def forward(self, x):
    ...         return x * self.weight + 1
    >>> Affine()(ag.tensor([3.0]))
    tensor([7.], grad_fn=<add>)

    A module is called, never its ``forward``: the call runs the hooks, and tells an exception where in the model it was raised.
    """

    __slots__ = ("_reference",)  # to itself, weak; not in __dict__, which copies and pickles take over

    # Parameters, buffers and modules stand in these three by name, and once more in __dict__: finding `self.weight` there takes
    # 50 ns, and 1100 ns through __getattr__. Only _register and __delattr__ write either.
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _transient: set[str]  # buffers that state_dict leaves out
    _hooks: Hooks | None
    _closed = True  # until it calls another module, only our code runs in it: True of our classes, unless they take functions
    training: bool

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        ours = cls.__module__.startswith("nn.") and cls.__module__ != "nn.quickstart"
        cls._closed = ours and all(kind.__dict__.get("_closed", True) for kind in cls.__mro__)

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self:
        module = super().__new__(cls)
        object.__setattr__(module, "_reference", weakref.ref(module))  # made once: it takes 1 us, and each call notes it
        return module

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def __init__(self) -> None:
        self.__dict__.update(_parameters={}, _buffers={}, _modules={}, _transient=set(), _hooks=None, _state_hooks=None, training=True)

    # ── running it ──

    def _forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(message(
            type(self).__name__, "a forward method is required", "a module without one", "define forward(self, ...)",
        ))

    forward: Callable[..., Any] = _forward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if tracing.active:
            self._watched()
        outer, code, offset = calling.call, None, 0
        if self._closed and self._hooks is None:
            if outer is not None and outer[2] is not None:
                _, _, code, offset = outer
            else:
                frame = outside(sys._getframe(1))
                code, offset = frame.f_code, frame.f_lasti
        calling.call = self._reference, outer, code, offset
        try:
            return self.forward(*args, **kwargs) if self._hooks is None else self._call_with_hooks(self._hooks, args, kwargs)
        except Exception as error:
            note(error, self, args)
            raise
        finally:
            calling.call = outer

    def _watched(self) -> None:
        """Tell a capture what its program depends on here: the mode, the numbers and the parts that are set on this module."""
        for name, value in self.__dict__.items():
            if not name.startswith("_") and (value is None or isinstance(value, bool | int | float | str | Tensor | Module)):
                tracing.guard(self, name)

    # ── its parts ──

    def _register(self, name: str, value: Any, registry: dict[str, Any]) -> None:
        """Put a parameter, buffer or module under its name, and nowhere else."""
        for other in (self._parameters, self._buffers, self._modules):
            if other is not registry:
                other.pop(name, None)
        registry[name] = self.__dict__[name] = value

    def _check_name(self, name: str, registry: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise DtypeError(message("register", "a name that is a string is required", type(name).__name__, 'write it as one: "0"'))
        if not name or "." in name:
            raise ArgumentError(message(
                "register", "a name without dots is required, and not an empty one", repr(name), "dots separate the parts of a path",
            ))
        if name not in registry and hasattr(self, name):
            raise ArgumentError(message(
                "register", "a name that is free is required", f"{name!r}, which {type(self).__name__} has already", "choose another",
            ))

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; ``self.name = Parameter(...)`` does the same. None: the name exists, and nothing stands under it."""
        self._require_init(f"the parameter {name!r}")
        self._check_name(name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise DtypeError(message(
                "register_parameter", f"a Parameter or None is required for {name!r}", type(param).__name__,
                "wrap it: nn.Parameter(tensor)",
            ))
        self._register(name, param, self._parameters)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module's state and is not trained (a running mean). Not persistent: state_dict leaves it out."""
        self._require_init(f"the buffer {name!r}")
        self._check_name(name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise DtypeError(message(
                "register_buffer", f"a Tensor or None is required for {name!r}", type(tensor).__name__, "convert it: autograd.tensor(...)",
            ))
        self._register(name, tensor, self._buffers)
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a part; ``self.name = module`` does the same."""
        self._require_init(f"the module {name!r}")
        self._check_name(name, self._modules)
        if module is not None and not isinstance(module, Module):
            raise DtypeError(message(
                "register_module", f"a Module or None is required for {name!r}", type(module).__name__,
                "pass an instance: Linear(2, 3), not a class or a function",
            ))
        self._register(name, module, self._modules)

    add_module = register_module

    def _require_init(self, what: str) -> None:
        if "_parameters" not in self.__dict__:
            raise ModuleError(message(
                type(self).__name__, f"super().__init__() is required before {what}", remedy="call it in the first line of __init__",
            ))

    def __setattr__(self, name: str, value: Any) -> None:
        if tracing.active:
            tracing.own(self, name)
        for kind, registry in ((Parameter, "_parameters"), (Module, "_modules"), (Buffer, "_buffers")):
            if isinstance(value, kind):
                self._require_init(f"{name!r} is assigned a {kind.__name__}")
                self._register(name, value, getattr(self, registry))
                if isinstance(value, Buffer):
                    (self._transient.discard if value.persistent else self._transient.add)(name)
                return
        fields = self.__dict__
        for registry, takes, remedy in REGISTRIES:
            if name in fields.get(registry, ()):
                if value is not None and not (registry == "_buffers" and isinstance(value, Tensor)):
                    raise DtypeError(message(
                        f"{type(self).__name__}.{name}", f"{takes} or None is required", type(value).__name__, remedy.format(name=name),
                    ))  # fmt: skip
                self._register(name, value, fields[registry])
                return
        if name == "forward":  # a function of the user's
            fields["_closed"] = False
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        for registry in (self._parameters, self._buffers, self._modules):
            registry.pop(name, None)
        self._transient.discard(name)
        super().__delattr__(name)

    def __getattr__(self, name: str) -> Any:
        """Reached only for what is not there, and for a property that raised AttributeError, which is raised again."""
        if hasattr(type(self), name):
            return super().__getattribute__(name)
        if not name.startswith("__"):
            self._require_init("it is used")
        raise ModuleError(message(
            type(self).__name__, f"an attribute it has is required: {', '.join(self._named_parts()) or 'it has no parts'}", repr(name),
            "check the spelling",
        ))

    def _named_parts(self) -> list[str]:
        return [*self.__dict__.get("_parameters", ()), *self.__dict__.get("_buffers", ()), *self.__dict__.get("_modules", ())]

    # ── walking through them ──

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Module]]:
        """This module and all modules in it, with their paths (``layers.0``); a shared one once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all modules in it."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct parts, with their names; a shared one once."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct parts."""
        for _, module in self.named_children():
            yield module

    def _named(
        self, registry: Callable[[Module], dict[str, T | None]], prefix: str, recurse: bool, remove_duplicate: bool,
    ) -> Iterator[tuple[str, T]]:
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else ((prefix, self),)
        seen: set[int] = set()
        for path, module in modules:
            for name, value in registry(module).items():
                if value is not None and id(value) not in seen:
                    if remove_duplicate:
                        seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Parameter]]:
        """All parameters, with their paths (``layers.0.weight``); a shared one once."""
        return self._named(lambda module: module._parameters, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters: what an optimiser is given."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """All buffers, with their paths."""
        return self._named(lambda module: module._buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module at a path: ``get_submodule("layers.0")``; "" is this module."""
        module = self
        for name in target.split(".") if target else ():
            if (part := module._modules.get(name)) is None:
                raise ModuleError(message(
                    "get_submodule", f"one of {list(module._modules)} is required in {type(module).__name__}", f"{name!r} of {target!r}",
                    "named_modules() lists the paths",
                ))
            module = part
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a path, in place of the one there or, unless strict, as a new part of the one it is to be in."""
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and name not in parent._modules:
            raise ModuleError(message(
                "set_submodule", f"one of {list(parent._modules)} is required in {type(parent).__name__}", f"{name!r} of {target!r}",
                "strict=False adds a new one",
            ))
        if name not in parent._modules:
            self._check_name(name, parent._modules)
        parent.register_module(name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path: ``get_parameter("layers.0.weight")``."""
        return self._get(target, "_parameters", "get_parameter")  # type: ignore[no-any-return]

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path."""
        return self._get(target, "_buffers", "get_buffer")  # type: ignore[no-any-return]

    def _get(self, target: str, registry: str, name: str) -> Any:
        path, _, last = target.rpartition(".")
        module = self.get_submodule(path)
        found = getattr(module, registry).get(last)
        if found is None:
            raise ModuleError(message(
                name, f"one of {list(getattr(module, registry))} is required in {type(module).__name__}", f"{last!r} of {target!r}",
            ))
        return found

    # ── changing all of it ──

    def train(self, mode: bool = True) -> Self:
        """Switch this module and its parts to training: dropout drops, batch norm uses the batch."""
        if not isinstance(mode, bool):
            raise DtypeError(message("train", "True or False is required", repr(mode), "train(False) is eval()"))
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to evaluation: ``train(False)``."""
        return self.train(mode=False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Train all parameters, or freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or (``set_to_none=False``) overwrite them with zeros."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = ag.zeros_like(parameter)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn(module)`` on every module, parts first: ``model.apply(init_weights)``."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def to(self, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False) -> Self:  # noqa: ARG002  nothing to wait for
        """Convert all floating-point parameters and buffers, in place: ``model.to(autograd.float64)``. The only device is "cpu"."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, str):
                device = arg
            elif arg is not None and not isinstance(arg, bool):
                dtype = arg
        if device is not None:
            Device(device)
        if dtype is None:
            return self
        dtype = np.dtype(dtype)
        if dtype.kind not in "fc":
            raise DtypeError(message("Module.to", "a floating-point dtype is required", str(dtype), "parameters have to have gradients"))
        return self._convert(lambda tensor: tensor.to(dtype) if tensor.dtype.kind in "fc" else tensor)

    def _convert(self, function: Callable[[Tensor], Tensor]) -> Self:
        """Put function(value) in place of every value. Parameters stay the same objects: optimisers hold them."""
        converted: dict[int, Tensor] = {}
        for parameter in self.parameters():
            grad, parameter.grad = parameter.grad, None
            parameter.data = function(parameter.detach())
            parameter.grad = None if grad is None else function(grad.detach())
        for module in self.modules():
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    if id(buffer) not in converted:
                        converted[id(buffer)] = function(buffer)
                    module._register(name, converted[id(buffer)], module._buffers)
        return self

    def float(self) -> Self:
        """Convert to float32."""
        return self.to(ag.float32)

    def double(self) -> Self:
        """Convert to float64."""
        return self.to(ag.float64)

    def half(self) -> Self:
        """Convert to float16."""
        return self.to(ag.float16)

    def bfloat16(self) -> Self:
        """Raises: NumPy has no bfloat16."""
        raise DtypeError(message("Module.bfloat16", "a dtype that NumPy has is required", "bfloat16", "use float() or half()"))

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype, those of integers too."""
        dtype = np.dtype(dst_type)
        return self._convert(lambda tensor: tensor.to(dtype))

    def to_empty(self, *, device: Any = "cpu", recurse: bool = True) -> Self:  # noqa: ARG002  parts are on the same device
        """The module with arbitrary values in all parameters and buffers, to be loaded or drawn anew."""
        Device(device)
        return self._convert(ag.empty_like)

    def share_memory(self) -> Self:
        """Itself: threads share memory as it is, and processes are not PyTorch's here."""
        return self

    def cpu(self) -> Self:
        """Itself: everything is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raises: the only device is the CPU."""
        return self.to("cuda" if device is None else device)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """From now on run ``forward`` as ``autograd.compile(forward, ...)``, captured at the first call for each signature."""
        self.forward = ag.compile(self.forward, *args, **kwargs)

    # ── text ──

    def summary(self, *inputs: Any, **named: Any) -> Any:
        """A table of the layers for these inputs: shapes, parameters, multiply-adds, bytes. See ``nn.summary``."""
        from nn.summary import summary

        return summary(self, *inputs, **named)

    def extra_repr(self) -> str:
        """What stands between the brackets of ``repr``: override it in a layer."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def _lines(self) -> list[str]:
        """The parts as text, one entry each."""
        return [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]

    def __repr__(self) -> str:
        extra, lines = self.extra_repr(), self._lines()
        if not lines and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        return "\n  ".join([f"{self._get_name()}(", *([_indented(extra)] if extra else []), *lines]) + "\n)"


REGISTRIES = (
    ("_parameters", "a Parameter", "wrap it, self.{name} = nn.Parameter(tensor), or write under no_grad(): self.{name}.copy_(tensor)"),
    ("_modules", "a Module", "delete it first: del self.{name}"),
    ("_buffers", "a Tensor", "convert it: autograd.tensor(...)"),
)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
