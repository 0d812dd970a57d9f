"""The Kullback-Leibler divergence of two distributions, where it has a formula."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.distributions.composed import Independent
from autograd.distributions.discrete import Bernoulli, Binomial, Categorical, Geometric, OneHotCategorical, Poisson
from autograd.distributions.distribution import EULER, HALF_LOG_2PI, Distribution
from autograd.distributions.gamma import Beta, Dirichlet, Gamma
from autograd.distributions.location import Cauchy, Gumbel, Laplace, LogNormal, Normal, Uniform
from autograd.distributions.positive import Exponential, HalfNormal, Pareto
from autograd.distributions.transformed import TransformedDistribution
from autograd.distributions.vectors import LowRankMultivariateNormal, MultivariateNormal
from autograd.errors import ArgumentError, message
from autograd.linalg import solve_triangular
from autograd.ops import abs, diagonal, erf, exp, log, softplus, square, sum, where
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
    ratio = p.scale / q.scale
    first, second = q.loc / q.scale, p.loc / q.scale
    return -log(ratio) - first + second + ratio * EULER + exp(first + lgamma(1 + ratio) - second) - (1 + EULER)


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
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _(p: Any, q: Any) -> Tensor:
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


@register_kl(TransformedDistribution, TransformedDistribution)
def _(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms:
        raise ArgumentError(message("kl_divergence", "the same transforms in both are required", "others", "pass the same objects to both"))
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(HalfNormal, HalfNormal)
def _(p: HalfNormal, q: HalfNormal) -> Tensor:
    ratio = square(p.scale / q.scale)
    return (ratio - 1 - log(ratio)) / 2


@register_kl(Cauchy, Cauchy)
def _(p: Cauchy, q: Cauchy) -> Tensor:
    return log((square(p.scale + q.scale) + square(p.loc - q.loc)) / (4 * p.scale * q.scale))


@register_kl(Pareto, Pareto)
def _(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    return where(p.scale < q.scale, math.inf, q.alpha * log(p.scale / q.scale) - log(ratio) + ratio - 1)


# ── of two families: -H(p) - E_p[log q], from what p expects of x, of log x, of exp(-x / s) ──


def mean_of_log(p: Any) -> Tensor:
    """E[log x]."""
    if isinstance(p, Beta):
        return digamma(p.concentration1) - digamma(p.concentration1 + p.concentration0)
    if isinstance(p, Pareto):
        return log(p.scale) + 1 / p.alpha
    if isinstance(p, Exponential):
        return -log(p.rate) - EULER
    return (xlogy(p.high, p.high) - xlogy(p.low, p.low)) / (p.high - p.low) - 1  # a uniform one, of numbers of 0 or more


def mean_of_exp(p: Any, s: Tensor) -> Tensor:
    """E[exp(-x / s)]."""
    if isinstance(p, Normal):
        return exp(-p.loc / s + square(p.scale / s) / 2)
    if isinstance(p, Exponential):
        return p.rate / (p.rate + 1 / s)
    if isinstance(p, Gamma):
        return (1 + 1 / (s * p.rate)) ** -p.concentration
    return s * (exp(-p.low / s) - exp(-p.high / s)) / (p.high - p.low)


def within(p: Any, low: Any, high: Any, finite: Callable[[Any], Tensor]) -> Tensor:
    """finite(p), but infinite for uniform distributions that reach beyond the limits."""
    if not isinstance(p, Uniform):
        return finite(p)
    inside = (p.low >= low) & (p.high <= high)
    safe = Uniform(where(inside, p.low, 0.25), where(inside, p.high, 0.75), validate_args=False)  # so that no NaN comes of others
    return where(inside, finite(safe), math.inf)


def to_normal(p: Any, q: Normal) -> Tensor:
    return -p.entropy() + log(q.scale) + HALF_LOG_2PI + (p.variance + square(p.mean - q.loc)) / (2 * square(q.scale))


def to_exponential(p: Any, q: Exponential) -> Tensor:
    return within(p, 0, math.inf, lambda p: -p.entropy() - log(q.rate) + q.rate * p.mean)


def to_gamma(p: Any, q: Gamma) -> Tensor:
    a = q.concentration
    return within(
        p, 0, math.inf, lambda p: -p.entropy() - a * log(q.rate) + lgamma(a) - (a - 1) * mean_of_log(p) + q.rate * p.mean
    )  # fmt: skip


def to_gumbel(p: Any, q: Gumbel) -> Tensor:
    return -p.entropy() + (p.mean - q.loc) / q.scale + exp(q.loc / q.scale) * mean_of_exp(p, q.scale) + log(q.scale)


def to_laplace(p: Normal, q: Laplace) -> Tensor:
    apart = (p.loc - q.loc) / p.scale
    distance = math.sqrt(2 / math.pi) * exp(-square(apart) / 2) + apart * erf(apart / math.sqrt(2))
    return -p.entropy() + log(2 * q.scale) + distance * p.scale / q.scale


def to_beta(p: Uniform, q: Beta) -> Tensor:
    def finite(p: Uniform) -> Tensor:
        turned = Uniform(1 - p.high, 1 - p.low, validate_args=False)
        gain = (q.concentration1 - 1) * mean_of_log(p) + (q.concentration0 - 1) * mean_of_log(turned)
        return -p.entropy() + q._norm() - gain

    return within(p, 0, 1, finite)


def to_pareto(p: Uniform, q: Pareto) -> Tensor:
    return within(
        p, q.scale, math.inf, lambda p: -p.entropy() - log(q.alpha) - q.alpha * log(q.scale) + (q.alpha + 1) * mean_of_log(p)
    )  # fmt: skip


def beta_to_uniform(p: Beta, q: Uniform) -> Tensor:
    return where((q.low > 0) | (q.high < 1), math.inf, log(q.high - q.low) - p.entropy())


def bernoulli_to_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return q.rate - p.entropy() - xlogy(p.probs, q.rate)


def never(p: Any, q: Any) -> Tensor:
    """p reaches to where q is 0."""
    shape = np.broadcast_shapes(p.batch_shape, q.batch_shape)
    return Tensor(np.full(shape, math.inf, p._dtype()))


PAIRS: dict[Formula, tuple[tuple[type, ...], type[Distribution]]] = {
    to_normal: ((Beta, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform), Normal),
    to_exponential: ((Beta, Gamma, Pareto, Uniform), Exponential),
    to_gamma: ((Beta, Exponential, Pareto, Uniform), Gamma),
    to_gumbel: ((Exponential, Gamma, Normal, Uniform), Gumbel),
    to_laplace: ((Normal,), Laplace),
    to_beta: ((Uniform,), Beta),
    to_pareto: ((Uniform,), Pareto),
    beta_to_uniform: ((Beta,), Uniform),
    bernoulli_to_poisson: ((Bernoulli,), Poisson),
}
for formula, (sources, target) in PAIRS.items():
    for source in sources:
        register_kl(source, target)(formula)
LINE, HALF_LINE = (Gumbel, Laplace, Normal), (Exponential, Gamma)
for target, sources in {
    Beta: (*LINE, *HALF_LINE, Pareto), Exponential: LINE, Gamma: LINE, Pareto: (*LINE, *HALF_LINE, Beta),
    Uniform: (*LINE, *HALF_LINE, Pareto), Bernoulli: (Poisson,), Binomial: (Poisson,),
}.items():  # fmt: skip
    for source in sources:
        register_kl(source, target)(never)


__all__ = ["kl_divergence", "register_kl"]
