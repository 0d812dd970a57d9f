"""The Kullback-Leibler divergence of two distributions, where it has a formula."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd.distributions.composed import Independent
from autograd.distributions.discrete import Bernoulli, Binomial, Categorical, Geometric, OneHotCategorical, Poisson
from autograd.distributions.distribution import Distribution
from autograd.distributions.gamma import Beta, Dirichlet, Gamma
from autograd.distributions.location import Gumbel, Laplace, LogNormal, Normal, Uniform
from autograd.distributions.positive import Exponential
from autograd.distributions.vectors import MultivariateNormal
from autograd.errors import ArgumentError, message
from autograd.linalg import solve_triangular
from autograd.ops import abs, diagonal, exp, log, softplus, square, sum, where
from autograd.ops.special import digamma, lgamma, xlogy
from autograd.tensor import Tensor

Formula = Callable[[Any, Any], Tensor]
FORMULAS: dict[tuple[type, type], Formula] = {}


def register_kl(p: type[Distribution], q: type[Distribution]) -> Callable[[Formula], Formula]:
    """Let the function below be the divergence of these two classes and of those derived from them."""

    def register(formula: Formula) -> Formula:
        FORMULAS[p, q] = formula
        return formula

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p || q) = E_p[log p(x) - log q(x)], in nats; one for each distribution of the batch."""
    for first in type(p).__mro__:
        for second in type(q).__mro__:
            if (formula := FORMULAS.get((first, second))) is not None:
                return formula(p, q)
    raise ArgumentError(message(
        "kl_divergence", "two distributions with a formula are required", f"{type(p).__name__} and {type(q).__name__}",
        "register one with register_kl, or estimate it: (p.log_prob(x) - q.log_prob(x)).mean() for x = p.sample((n,))",
    ))  # fmt: skip


@register_kl(Normal, Normal)
def _(p: Normal, q: Normal) -> Tensor:
    ratio = square(p.scale / q.scale)
    return (ratio + square((p.loc - q.loc) / q.scale) - 1 - log(ratio)) / 2


@register_kl(LogNormal, LogNormal)
def _(p: LogNormal, q: LogNormal) -> Tensor:
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _(p: Laplace, q: Laplace) -> Tensor:
    ratio, apart = p.scale / q.scale, abs(p.loc - q.loc)
    return -log(ratio) + apart / q.scale + ratio * exp(-apart / p.scale) - 1


@register_kl(Gumbel, Gumbel)
def _(p: Gumbel, q: Gumbel) -> Tensor:
    euler, ratio = 0.57721566490153286061, p.scale / q.scale
    first, second = q.loc / q.scale, p.loc / q.scale
    return -log(ratio) - first + second + ratio * euler + exp(first + lgamma(1 + ratio) - second) - (1 + euler)


@register_kl(Uniform, Uniform)
def _(p: Uniform, q: Uniform) -> Tensor:
    return where((q.low > p.low) | (q.high < p.high), float("inf"), log((q.high - q.low) / (p.high - p.low)))


@register_kl(Exponential, Exponential)
def _(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -log(ratio) + ratio - 1


@register_kl(Gamma, Gamma)
def _(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, q.concentration
    return b * log(p.rate / q.rate) + lgamma(b) - lgamma(a) + (a - b) * digamma(a) + (q.rate - p.rate) * (a / p.rate)


@register_kl(Beta, Beta)
def _(p: Beta, q: Beta) -> Tensor:
    a, b = p.concentration1, p.concentration0
    total = a + b
    gain = (a - q.concentration1) * digamma(a) + (b - q.concentration0) * digamma(b)
    return q._norm() - p._norm() + gain + (q.concentration1 + q.concentration0 - total) * digamma(total)


@register_kl(Dirichlet, Dirichlet)
def _(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    total = sum(a, -1)
    norm = lgamma(total) - lgamma(sum(b, -1)) + sum(lgamma(b) - lgamma(a), -1)
    return norm + sum((a - b) * (digamma(a) - digamma(total).unsqueeze(-1)), -1)


@register_kl(Bernoulli, Bernoulli)
def _(p: Bernoulli, q: Bernoulli) -> Tensor:
    finite = p.probs * (p.logits - q.logits) - softplus(p.logits) + softplus(q.logits)
    if not q._by_probs:  # a logit makes no outcome impossible
        return finite
    return where((q.probs == 0) & (p.probs > 0) | (q.probs == 1) & (p.probs < 1), math.inf, finite)


@register_kl(Binomial, Binomial)
def _(p: Binomial, q: Binomial) -> Tensor:
    if (p.total_count < q.total_count).any().item():
        given = f"{p.total_count.tolist()} and {q.total_count.tolist()}"
        raise ArgumentError(message("kl_divergence", "a Binomial of at least as many tries as the other is required", given))
    one, other = (Bernoulli(d.probs) if d._by_probs else Bernoulli(logits=d.logits) for d in (p, q))
    return where(p.total_count > q.total_count, math.inf, p.total_count * kl_divergence(one, other))


@register_kl(Geometric, Geometric)
def _(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - log(1 - q.probs) / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _(p: Poisson, q: Poisson) -> Tensor:
    return xlogy(p.rate, p.rate) - xlogy(p.rate, q.rate) - p.rate + q.rate


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _(p: Any, q: Any) -> Tensor:
    finite = where(p.probs == 0, 0.0, p.probs * (p.logits - q.logits))
    return sum(where((q.probs == 0) & (p.probs > 0), math.inf, finite), -1)


@register_kl(MultivariateNormal, MultivariateNormal)
def _(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    apart = solve_triangular(q.scale_tril, (q.loc - p.loc).unsqueeze(-1), upper=False)
    spread = solve_triangular(q.scale_tril, p.scale_tril, upper=False)
    logs = sum(log(diagonal(q.scale_tril, 0, -2, -1)) - log(diagonal(p.scale_tril, 0, -2, -1)), -1)
    return logs + (sum(square(spread), (-2, -1)) + sum(square(apart), (-2, -1)) - p.event_shape[0]) / 2


@register_kl(Independent, Independent)
def _(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        given = f"{p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims}"
        raise ArgumentError(message("kl_divergence", "as many dims of events in both are required", given))
    return p._summed(kl_divergence(p.base_dist, q.base_dist))


__all__ = ["kl_divergence", "register_kl"]
