"""Activations: elementwise functions and softmaxes as modules. inplace=True writes the result into the input."""
from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.module import Module
from nn.parameter import Parameter

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid", "LogSoftmax", "Mish",
    "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign",
    "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip


class Activation(Module):
    """Base: the settings are the attributes, shown in ``repr`` in the order of assignment."""

    inplace: bool = False

    def _settings(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_") and name != "training"}

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self._settings().items() if name != "inplace" or value)


class ReLU(Activation):
    """ReLU(x) = max(x, 0): (*) -> (*). The gradient at 0 is 0.

    >>> nn.ReLU()(ag.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class ReLU6(Activation):
    """ReLU6(x) = min(max(x, 0), 6): (*) -> (*).

    >>> nn.ReLU6()(ag.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu6(input, self.inplace)


class LeakyReLU(Activation):
    """LeakyReLU(x) = x where x > 0, negative_slope * x elsewhere: (*) -> (*).

    >>> nn.LeakyReLU(0.5)(ag.tensor([-1.0, 2.0]))
    tensor([-0.5,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(Activation):
    """PReLU(x) = x where x > 0, weight * x elsewhere, with a learned weight: (N, C, *) -> (N, C, *).

    num_parameters  one weight for all, or one per channel (dim 1)
    init            its initial value

    >>> nn.PReLU()(ag.tensor([-1.0, 2.0])).tolist()
    [-0.25, 2.0]
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(ag.full((num_parameters,), float(init), device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Back to the initial value."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Activation):
    """LeakyReLU with a slope drawn from U(lower, upper) for each element in training, their mean in evaluation: (*) -> (*).

    >>> nn.RReLU(0.2, 0.4).eval()(ag.tensor([-1.0, 2.0]))
    tensor([-0.3,  2. ])
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class ELU(Activation):
    """ELU(x) = x where x > 0, alpha * (exp(x) - 1) elsewhere: (*) -> (*).

    >>> nn.ELU()(ag.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.    ])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


class SELU(Activation):
    """SELU(x) = 1.0507 * ELU(x, 1.6733), which keeps mean 0 and variance 1: (*) -> (*).

    >>> nn.SELU()(ag.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class CELU(Activation):
    """CELU(x) = max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0): (*) -> (*).

    >>> nn.CELU(2.0)(ag.tensor([-1.0, 2.0]))
    tensor([-0.7869,  2.    ])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


class GELU(Activation):
    """GELU(x) = x * Φ(x), Φ the standard normal distribution; approximate="tanh" for the approximation by tanh: (*) -> (*).

    >>> nn.GELU()(ag.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)


class SiLU(Activation):
    """SiLU(x) = x * sigmoid(x), also known as swish: (*) -> (*).

    >>> nn.SiLU()(ag.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(Activation):
    """Mish(x) = x * tanh(softplus(x)): (*) -> (*).

    >>> nn.Mish()(ag.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.944 ])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


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


class GLU(Activation):
    """GLU(a, b) = a * sigmoid(b), a and b the halves of the input along dim: (..., 2n, ...) -> (..., n, ...).

    >>> nn.GLU()(ag.tensor([3.0, 0.0]))
    tensor([1.5])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)


class Softmax(Activation):
    """Softmax(x)_i = exp(x_i) / Σ_j exp(x_j) along dim: (*) -> (*), each slice along dim sums to 1.

    >>> nn.Softmax(dim=0)(ag.tensor([0.0, 0.0]))
    tensor([0.5, 0.5])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class Softmin(Activation):
    """Softmin(x) = Softmax(-x) along dim: (*) -> (*).

    >>> nn.Softmin(dim=0)(ag.tensor([0.0, 1.0]))
    tensor([0.7311, 0.2689])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class LogSoftmax(Activation):
    """LogSoftmax(x)_i = x_i - log Σ_j exp(x_j) along dim: (*) -> (*).

    >>> nn.LogSoftmax(dim=0)(ag.tensor([0.0, 0.0]))
    tensor([-0.6931, -0.6931])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)


class Softmax2d(Activation):
    """Softmax over the channels of each pixel: (N, C, H, W) or (C, H, W) -> the same.

    >>> nn.Softmax2d()(ag.zeros(2, 1, 1)).tolist()
    [[[0.5]], [[0.5]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, -3)
