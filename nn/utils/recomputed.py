"""The older forms of weight and spectral normalisation: the parts of the weight are parameters and buffers of the module itself."""
from __future__ import annotations

from typing import Any, TypeVar

from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn.module import Module
from nn.parameter import Parameter
from nn.utils.parametrizations import as_matrix, directions, divided, iterate, lengths, outputs_of, require_iterations, scaled, tensor_of
from nn.utils.parametrize import Mixin, mix

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class Recomputed(Mixin):
    """Names that a module finds nowhere else are asked of ``_recomputed``."""

    _recomputed: dict[str, Computation]

    def __getattr__(self, name: str) -> Any:
        computation = self.__dict__.get("_recomputed", {}).get(name)
        return super().__getattr__(name) if computation is None else computation.tensor(self)  # type: ignore[misc]


class Computation:
    """How a tensor of a module is computed from parameters and buffers of it. It is a hook before calls, too."""

    function: str
    parts: tuple[str, ...]  # suffixes of the names of what it is computed from

    def __init__(self, name: str) -> None:
        self.name = name

    def tensor(self, module: Any) -> Tensor:
        """The tensor."""
        raise NotImplementedError

    def __call__(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """What is done before each call."""

    def add(self, module: M) -> M:
        """From now on, the tensor is computed when it is read."""
        if not isinstance(module, Recomputed):
            mix(Recomputed, module)
            module._recomputed = {}
        module._recomputed[self.name] = self
        module._hook("before", self, prepend=False)
        return module

    @classmethod
    def remove(cls, module: M, name: str) -> M:
        """Make the tensor a parameter again."""
        computations = getattr(module, "_recomputed", {})
        computation = computations.get(name)
        if not isinstance(computation, cls) or module._hooks is None:
            raise ArgumentError(message(f"remove_{cls.function}", f"{cls.function} on {name!r} is required", type(module).__name__))
        value = computation.tensor(module).detach()
        hooks = module._hooks.before
        del hooks[next(number for number, hook in hooks.items() if hook is computation)]
        for part in cls.parts:
            delattr(module, name + part)
        del computations[name]
        if not computations and type(module).__bases__[0] is Recomputed:
            del module._recomputed
            module.__class__ = type(module).__bases__[1]
        module.register_parameter(name, Parameter(value))
        return module


class WeightNorm(Computation):
    function, parts = "weight_norm", ("_g", "_v")

    def __init__(self, name: str, dim: int | None) -> None:
        super().__init__(name)
        self.dim = dim

    def tensor(self, module: Any) -> Tensor:
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return scaled(g, v, self.dim)


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """w = g v / ‖v‖, g and v as ``weight_g`` and ``weight_v``. See ``parametrizations.weight_norm``, which is newer. Returns module.

    >>> sorted(nn.utils.weight_norm(nn.Linear(3, 2)).state_dict())
    ['bias', 'weight_g', 'weight_v']
    """
    weight = tensor_of("weight_norm", module, name, computed=False)
    delattr(module, name)
    module.register_parameter(name + "_g", Parameter(lengths(weight.detach(), dim)))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    return WeightNorm(name, dim).add(module)


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """The weight as a parameter again. Returns module."""
    return WeightNorm.remove(module, name)


class SpectralNorm(Computation):
    function, parts = "spectral_norm", ("_orig", "_u", "_v")

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__(name)
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim, eps

    def tensor(self, module: Any) -> Tensor:
        weight, u, v = (getattr(module, self.name + part) for part in self.parts)
        return divided(weight, self.dim, u, v)

    def __call__(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ARG002  (a hook's)
        if module.training:
            weight, u, v = (getattr(module, self.name + part).detach() for part in self.parts)
            iterate(as_matrix(weight, self.dim).mT, v, u, self.n_power_iterations, self.eps)


def spectral_norm(module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None) -> M:
    """w / σ(w), w as ``weight_orig``, and the vectors that σ is found by as ``weight_u`` and ``weight_v``; they begin at random.

    See ``parametrizations.spectral_norm``, which is newer. Returns module.

    >>> sorted(nn.utils.spectral_norm(nn.Linear(3, 2)).state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    weight = tensor_of("spectral_norm", module, name, computed=False)
    require_iterations(n_power_iterations)
    dim = outputs_of(module) if dim is None else dim
    delattr(module, name)
    module.register_parameter(name + "_orig", Parameter(weight.detach()))
    for part, direction in zip(("_u", "_v"), directions(as_matrix(weight.detach(), dim), eps), strict=True):
        module.register_buffer(name + part, direction)
    return SpectralNorm(name, n_power_iterations, dim, eps).add(module)


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """The weight as a parameter again. Returns module."""
    return SpectralNorm.remove(module, name)
