"""``torch.autograd`` where it differs from ``autograd``."""
from __future__ import annotations

import warnings
from types import TracebackType

from nn.compat.base import Tensor as Variable


class set_detect_anomaly:
    """Accepted: errors name the lines of the forward pass at any time. NaN are not looked for, of which a warning tells."""

    def __init__(self, mode: bool = True, check_nan: bool = True) -> None:
        if mode and check_nan:
            warnings.warn(
                "detect_anomaly: errors name your lines without it, and NaN in the backward pass are not looked for; "
                "autograd.viz.graph(loss) shows where a NaN comes from", stacklevel=2,
            )  # fmt: skip

    def __enter__(self) -> None:
        """Nothing to switch on."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing to switch off."""


class detect_anomaly(set_detect_anomaly):
    """The same for a block."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)


__all__ = ["Variable", "detect_anomaly", "set_detect_anomaly"]
