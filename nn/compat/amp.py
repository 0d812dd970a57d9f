"""Mixed precision, which needs a GPU: what programs write around their steps, with nothing in it."""
from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from autograd.errors import ArgumentError, message


class autocast:
    """A block that computes as it would outside. ``autocast("cuda")`` is that wherever there is no GPU; on the CPU, enabled=False is.

    Raises ArgumentError for ``autocast("cpu")``, under which PyTorch rounds to bfloat16.
    """

    def __init__(self, device_type: str = "cuda", dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None) -> None:
        if enabled and str(device_type).startswith("cpu"):
            raise ArgumentError(message(
                "torch.autocast", "enabled=False is required on the CPU", "enabled=True", "there is no bfloat16 here: compute in float32",
            ))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing to undo."""

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return function


class GradScaler:
    """The scaler of losses as it is without a GPU: switched off. ``scale(loss)`` is the loss, ``step(optimizer)`` its step."""

    def __init__(self, device: Any = "cuda", *args: Any, **kwargs: Any) -> None:
        self.device = device

    def scale(self, outputs: Any) -> Any:
        """The same."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: the gradients are not scaled."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """One step of the optimiser."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Nothing: there is no scale."""

    def is_enabled(self) -> bool:
        """False."""
        return False

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Empty: there is no state."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing: there is no state."""


def is_autocast_available(device_type: str) -> bool:
    """False: everything is computed in the dtype of its inputs."""
    return False


def custom_fwd(fwd: Callable[..., Any] | None = None, **kwargs: Any) -> Any:
    """The function itself, as a decorator with or without arguments."""
    return custom_fwd if fwd is None else fwd


custom_bwd = custom_fwd

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
