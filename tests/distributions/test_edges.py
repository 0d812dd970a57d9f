"""What has no finite answer, or none at all, says so."""
from __future__ import annotations

import math

import pytest

import autograd as ag
from autograd.distributions import Bernoulli, Beta, Binomial, Categorical, Gamma, Independent, MultivariateNormal, Normal, kl_divergence


def test_a_second_derivative_of_a_gamma_draw_is_an_error():
    a = ag.tensor([2.0, 3.0], requires_grad=True)
    x = Gamma(a, 1.0).rsample()
    (slope,) = ag.grad((x * x).sum(), a, create_graph=True)
    with pytest.raises(RuntimeError):
        slope.sum().backward()
    assert Beta(a, 1.0).rsample((5,)).shape == (5, 2)


def test_the_derivative_of_gammas_cdf_by_the_concentration_is_not_silently_none():
    a = ag.tensor(2.0, requires_grad=True)
    with pytest.raises(RuntimeError, match="igamma"):
        Gamma(a, 1.0).cdf(1.5).backward()


def test_divergences_from_what_the_other_holds_impossible_are_infinite():
    assert kl_divergence(Categorical(ag.tensor([0.5, 0.5])), Categorical(ag.tensor([1.0, 0.0]))).item() == math.inf
    assert kl_divergence(Categorical(ag.tensor([1.0, 0.0])), Categorical(ag.tensor([1.0, 0.0]))).item() == pytest.approx(0, abs=1e-6)
    assert kl_divergence(Bernoulli(0.5), Bernoulli(1.0)).item() == math.inf
    assert kl_divergence(Bernoulli(0.0), Bernoulli(0.0)).item() == pytest.approx(0, abs=1e-5)
    assert math.isfinite(kl_divergence(Bernoulli(0.5), Bernoulli(logits=100.0)).item())
    assert kl_divergence(Binomial(5, 0.3), Binomial(4, 0.3)).item() == math.inf
    assert kl_divergence(Binomial(5, 0.3), Binomial(5, 0.3)).item() == pytest.approx(0, abs=1e-6)


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="as many tries"):
        kl_divergence(Binomial(4, 0.3), Binomial(5, 0.3))
    normal = Normal(ag.zeros(3), 1.0)
    with pytest.raises(ValueError, match="as many dims of events"):
        kl_divergence(Independent(normal, 1), Independent(normal, 0))
    with pytest.raises(ValueError, match=r"last dims are \(3,\)"):
        MultivariateNormal(ag.zeros(3), ag.eye(3)).log_prob(ag.zeros(1))
