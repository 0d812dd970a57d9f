"""What has no finite answer, or none at all, says so."""
from __future__ import annotations

import math

import numpy as np
import pytest

import autograd as ag
from autograd.distributions import (
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    Dirichlet,
    Gamma,
    Geometric,
    Independent,
    Laplace,
    MultivariateNormal,
    Normal,
    kl_divergence,
)


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


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_shares_with_tiny_concentrations(dtype):
    """Both gamma variables round to 0, and their ratio is all that counts."""
    ag.manual_seed(0)
    beta = Beta(ag.full((20_000,), 1e-3, dtype=dtype), ag.full((20_000,), 3e-3, dtype=dtype))
    x = beta.sample()
    assert x.mean().item() == pytest.approx(0.25, abs=0.02)
    assert beta.log_prob(x).isfinite().all()
    shares = Dirichlet(ag.tensor([1e-3, 2e-3, 1e-3], dtype=dtype)).sample((20_000,))
    np.testing.assert_allclose(shares.sum(-1).numpy(), 1, atol=1e-6)
    np.testing.assert_allclose(shares.mean(0).numpy(), [0.25, 0.5, 0.25], atol=0.02)


@pytest.mark.parametrize(("a", "b"), [(0.05, 0.1), (0.3, 2.0), (4.0, 0.5)])
def test_draws_of_a_beta_move_with_their_parameters(a, b):
    """d E[x] / d a = b / (a + b)², d E[x] / d b = -a / (a + b)², by the mean over draws."""
    ag.manual_seed(0)
    p = ag.tensor([a, b], dtype=ag.float64, requires_grad=True)
    Beta(p[0], p[1]).rsample((400_000,)).mean().backward()
    np.testing.assert_allclose(p.grad.numpy(), [b / (a + b) ** 2, -a / (a + b) ** 2], rtol=0.05)


def test_draws_of_a_dirichlet_move_with_their_parameters():
    ag.manual_seed(0)
    a = ag.tensor([0.1, 0.5, 2.0], dtype=ag.float64, requires_grad=True)
    Dirichlet(a).rsample((200_000,)).mean(0)[1].backward()
    total = 2.6
    np.testing.assert_allclose(a.grad.numpy(), [-0.5 / total**2, (total - 0.5) / total**2, -0.5 / total**2], rtol=0.05)


def test_a_sure_bernoulli_is_a_little_surprised():
    log_prob = Bernoulli(logits=ag.tensor([20.0, -20.0])).log_prob(ag.tensor([1.0, 0.0]))
    np.testing.assert_allclose(log_prob.numpy(), -np.log1p(np.exp(-20.0)), rtol=1e-6)


def test_draws_of_a_laplace_are_finite(monkeypatch):
    monkeypatch.setattr(Laplace, "_uniform", lambda self, shape: ag.full(shape, np.finfo(np.float32).tiny))
    assert Laplace(0.0, 1.0).rsample((3,)).isfinite().all()


def test_what_never_happens_has_no_geometric_distribution():
    with pytest.raises(ValueError, match="above 0, at most 1"):
        Geometric(0.0)
