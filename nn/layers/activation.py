"""Activations that let what is positive through: ReLU and its relatives. inplace=True writes the result into the input."""
from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["CELU", "ELU", "GELU", "GLU", "LeakyReLU", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU"]


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
