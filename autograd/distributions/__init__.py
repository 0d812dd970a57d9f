"""Probability distributions under ``torch.distributions``' names: draws, densities, entropies, divergences, with gradients.

>>> from autograd.distributions import Normal
>>> p = Normal(autograd.tensor(0.0, requires_grad=True), 1.0)
>>> p.rsample((3,)).shape
(3,)
"""
from autograd.distributions import constraints
from autograd.distributions.composed import *
from autograd.distributions.discrete import *
from autograd.distributions.distribution import Distribution
from autograd.distributions.gamma import *
from autograd.distributions.kl import kl_divergence, register_kl
from autograd.distributions.location import *
from autograd.distributions.positive import *
from autograd.distributions.transformed import *
from autograd.distributions.vectors import *
