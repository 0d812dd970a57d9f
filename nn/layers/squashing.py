"""Activations that squash, bend or cut: sigmoids, their piecewise linear likenesses, shrinkage, thresholds."""
from __future__ import annotations

from autograd import Tensor
from nn import functional as F
from nn.layers.activation import Activation

__all__ = [
    "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LogSigmoid", "Sigmoid", "Softplus", "Softshrink", "Softsign", "Tanh",
    "Tanhshrink", "Threshold",
]  # fmt: skip


class Sigmoid(Activation):
    """Sigmoid(x) = 1 / (1 + exp(-x)): (*) -> (*).

    >>> nn.Sigmoid()(ag.tensor([-1.0, 2.0]))
    tensor([0.2689, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Activation):
    """LogSigmoid(x) = log(1 / (1 + exp(-x))): (*) -> (*).

    >>> nn.LogSigmoid()(ag.tensor([-1.0, 2.0]))
    tensor([-1.3133, -0.1269])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Activation):
    """Tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)): (*) -> (*).

    >>> nn.Tanh()(ag.tensor([-1.0, 2.0]))
    tensor([-0.7616,  0.964 ])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Tanhshrink(Activation):
    """Tanhshrink(x) = x - tanh(x): (*) -> (*).

    >>> nn.Tanhshrink()(ag.tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.036 ])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softplus(Activation):
    """Softplus(x) = log(1 + exp(beta * x)) / beta, and x itself where beta * x > threshold: (*) -> (*).

    >>> nn.Softplus()(ag.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


class Softsign(Activation):
    """Softsign(x) = x / (1 + |x|): (*) -> (*).

    >>> nn.Softsign()(ag.tensor([-1.0, 3.0]))
    tensor([-0.5 ,  0.75])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Hardtanh(Activation):
    """Hardtanh(x) = min(max(x, min_val), max_val): (*) -> (*).

    >>> nn.Hardtanh()(ag.tensor([-3.0, 0.5]))
    tensor([-1. ,  0.5])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class Hardsigmoid(Activation):
    """Hardsigmoid(x) = min(max(x + 3, 0), 6) / 6: (*) -> (*).

    >>> nn.Hardsigmoid()(ag.tensor([-3.0, 0.0]))
    tensor([0. , 0.5])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Hardswish(Activation):
    """Hardswish(x) = x * Hardsigmoid(x): (*) -> (*).

    >>> nn.Hardswish()(ag.tensor([-3.0, 3.0])).tolist()
    [-0.0, 3.0]
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Softshrink(Activation):
    """Softshrink(x) = x - lambd where x > lambd, x + lambd where x < -lambd, 0 between: (*) -> (*).

    >>> nn.Softshrink()(ag.tensor([-1.0, 0.25]))
    tensor([-0.5,  0. ])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(Activation):
    """Hardshrink(x) = x where |x| > lambd, 0 elsewhere: (*) -> (*).

    >>> nn.Hardshrink()(ag.tensor([-1.0, 0.25]))
    tensor([-1.,  0.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Threshold(Activation):
    """Threshold(x) = x where x > threshold, value elsewhere: (*) -> (*).

    >>> nn.Threshold(0.5, 20.0)(ag.tensor([0.0, 1.0]))
    tensor([20.,  1.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)
