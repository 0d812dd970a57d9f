"""Parameter: a tensor that a module owns and an optimiser trains."""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor


class Parameter(Tensor):
    """A leaf tensor that becomes part of ``Module.parameters()`` when it is assigned to an attribute of a module.

    ``Parameter(data)`` shares memory with ``data``. It may carry attributes of its own (``p.name = "w"``); results of operations on it are
    plain tensors.

    >>> nn.Parameter([1.0, 2.0])
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        super().__init__(np.empty(0, np.float32) if data is None else data, requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that becomes a buffer when it is assigned to an attribute of a module: saved and moved with it, not trained."""

    persistent: bool

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        super().__init__(np.empty(0, np.float32) if data is None else data)
        self.persistent = persistent
