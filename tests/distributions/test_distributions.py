"""Each distribution beside PyTorch's, its gradients beside finite differences, its draws beside its moments and its cdf."""
from __future__ import annotations

import math

import numpy as np
import pytest

import autograd as ag
from autograd import distributions as D
from autograd.check import gradcheck

LOC, SCALE = [[0.3, -1.2, 2.0]], [[0.7], [1.9]]
PROBS, SHARES = [0.2, 0.55, 0.9], [[0.2, 0.3, 0.5], [0.7, 0.2, 0.1]]
LOGITS = [[0.1, -1.0, 0.6], [1.5, 0.2, -0.3]]
TRIL, MATRIX = [[1.0, 0.0], [0.4, 0.8]], [[1.0, 0.4], [0.4, 0.9]]
X, POSITIVE, UNIT = [0.4, -0.7, 1.3], [0.4, 0.9, 2.3], [0.15, 0.5, 0.85]
TABLE = {  # name: (class, parameters, a value)
    "Normal": ("Normal", {"loc": LOC, "scale": SCALE}, X),
    "Normal-0d": ("Normal", {"loc": 0.5, "scale": 2.0}, 1.5),
    "LogNormal": ("LogNormal", {"loc": LOC, "scale": SCALE}, POSITIVE),
    "HalfNormal": ("HalfNormal", {"scale": POSITIVE}, POSITIVE),
    "Laplace": ("Laplace", {"loc": LOC, "scale": SCALE}, X),
    "Cauchy": ("Cauchy", {"loc": LOC, "scale": SCALE}, X),
    "Gumbel": ("Gumbel", {"loc": LOC, "scale": SCALE}, X),
    "Uniform": ("Uniform", {"low": [-1.0, 0.0, 0.5], "high": [2.0, 1.0, 3.0]}, [0.4, 0.7, 1.3]),
    "Exponential": ("Exponential", {"rate": POSITIVE}, POSITIVE),
    "Weibull": ("Weibull", {"scale": POSITIVE, "concentration": [0.8, 1.0, 3.0]}, POSITIVE),
    "Pareto": ("Pareto", {"scale": [0.3, 0.5, 1.0], "alpha": [0.8, 1.5, 3.0]}, POSITIVE),
    "Gamma": ("Gamma", {"concentration": POSITIVE, "rate": [1.5, 0.4, 2.0]}, POSITIVE),
    "Chi2": ("Chi2", {"df": POSITIVE}, POSITIVE),
    "Beta": ("Beta", {"concentration1": [0.6, 2.0, 3.0], "concentration0": [1.2, 2.5, 0.7]}, UNIT),
    "Dirichlet": ("Dirichlet", {"concentration": [[0.6, 2.0, 3.0], [1.0, 1.5, 4.0]]}, SHARES),
    "StudentT": ("StudentT", {"df": [0.8, 1.7, 5.0], "loc": X, "scale": POSITIVE}, X),
    "Bernoulli": ("Bernoulli", {"probs": PROBS}, [0.0, 1.0, 1.0]),
    "Bernoulli-logits": ("Bernoulli", {"logits": X}, [0.0, 1.0, 1.0]),
    "Geometric": ("Geometric", {"probs": PROBS}, [0.0, 3.0, 1.0]),
    "Binomial": ("Binomial", {"total_count": 5, "probs": PROBS}, [0.0, 3.0, 5.0]),
    "Binomial-logits": ("Binomial", {"total_count": 5, "logits": X}, [0.0, 3.0, 5.0]),
    "Poisson": ("Poisson", {"rate": POSITIVE}, [0.0, 2.0, 4.0]),
    "Categorical": ("Categorical", {"probs": SHARES}, [2, 0]),
    "Categorical-logits": ("Categorical", {"logits": LOGITS}, [1, 1]),
    "OneHotCategorical": ("OneHotCategorical", {"logits": LOGITS}, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
    "Multinomial": ("Multinomial", {"total_count": 4, "probs": SHARES}, [[1.0, 1.0, 2.0], [4.0, 0.0, 0.0]]),
    "MultivariateNormal": ("MultivariateNormal", {"loc": [[0.3, -0.2], [1.0, 0.0]], "scale_tril": TRIL}, [0.4, -0.7]),
    "MultivariateNormal-covariance": ("MultivariateNormal", {"loc": [0.3, -0.2], "covariance_matrix": MATRIX}, [0.4, -0.7]),
    "MultivariateNormal-precision": ("MultivariateNormal", {"loc": [0.3, -0.2], "precision_matrix": MATRIX}, [0.4, -0.7]),
    "LowRankMultivariateNormal": (
        "LowRankMultivariateNormal",
        {"loc": [[0.3, -0.2, 0.1], [1.0, 0.0, 2.0]], "cov_factor": [[1.0, 0.2], [0.4, -0.3], [0.0, 0.5]], "cov_diag": [0.5, 0.8, 1.5]},
        [0.4, -0.7, 0.2],
    ),
    "HalfCauchy": ("HalfCauchy", {"scale": POSITIVE}, POSITIVE),
    "Kumaraswamy": ("Kumaraswamy", {"concentration1": [0.6, 2.0, 3.0], "concentration0": [1.2, 2.5, 0.7]}, UNIT),
    "InverseGamma": ("InverseGamma", {"concentration": [0.8, 1.5, 3.0], "rate": [1.5, 0.4, 2.0]}, POSITIVE),
    "FisherSnedecor": ("FisherSnedecor", {"df1": [1.5, 3.0, 6.0], "df2": [9.5, 12.0, 20.0]}, POSITIVE),
    "FisherSnedecor-heavy": ("FisherSnedecor", {"df1": [1.5, 3.0, 6.0], "df2": [1.5, 3.0, 6.0]}, POSITIVE),
    "VonMises": ("VonMises", {"loc": X, "concentration": POSITIVE}, X),
    "NegativeBinomial": ("NegativeBinomial", {"total_count": 5, "probs": PROBS}, [0.0, 3.0, 5.0]),
    "NegativeBinomial-logits": ("NegativeBinomial", {"total_count": 5, "logits": X}, [0.0, 3.0, 5.0]),
    "OneHotCategoricalStraightThrough": (
        "OneHotCategoricalStraightThrough", {"logits": LOGITS}, [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
    ),
    "RelaxedBernoulli": ("RelaxedBernoulli", {"temperature": 0.7, "probs": PROBS}, UNIT),
    "RelaxedOneHotCategorical": ("RelaxedOneHotCategorical", {"temperature": 0.7, "logits": LOGITS}, SHARES),
}  # fmt: skip
CONSTANT = (  # whose draws do not move with their parameters
    "Bernoulli", "Geometric", "Binomial", "NegativeBinomial", "Poisson", "Categorical", "OneHotCategorical", "Multinomial", "VonMises",
)  # fmt: skip
HEAVY = ("Cauchy", "HalfCauchy", "StudentT", "Pareto", "Weibull", "LogNormal", "InverseGamma", "FisherSnedecor-heavy")  # of tails
NUMBERS = {"total_count", "temperature"}


def made(name, dtype="float64", requires_grad=False):
    cls, params, value = TABLE[name]
    kind = getattr(ag, dtype)
    tensors = {key: p if key in NUMBERS else ag.tensor(p, dtype=kind, requires_grad=requires_grad) for key, p in params.items()}
    if cls.startswith("Relaxed"):
        tensors["temperature"] = ag.tensor(params["temperature"], dtype=getattr(ag, dtype))
    x = ag.tensor(value) if cls == "Categorical" else ag.tensor(value, dtype=getattr(ag, dtype))
    return getattr(D, cls)(**tensors), tensors, x


def in_torch(torch, name, dtype="float64"):
    cls, params, value = TABLE[name]
    kind = getattr(torch, dtype)
    tensors = {key: torch.tensor(p, dtype=kind) if key != "total_count" else p for key, p in params.items()}
    return getattr(torch.distributions, cls)(**tensors), torch.tensor(value) if cls == "Categorical" else torch.tensor(value, dtype=kind)


@pytest.mark.parity
@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_as_in_torch(name, dtype):
    torch = pytest.importorskip("torch")
    p, _, x = made(name, dtype)
    q, t = in_torch(torch, name, dtype)
    rough = ("Multinomial", "VonMises")  # of which PyTorch computes a part in float32, or by a polynomial
    tolerance = 3e-5 if dtype == "float32" else 1e-7 if name in rough else 1e-10
    assert p.batch_shape == tuple(q.batch_shape)
    assert p.event_shape == tuple(q.event_shape)
    assert p.has_rsample == q.has_rsample
    compared = 0
    for what in ("log_prob", "cdf", "icdf", "entropy", "mean", "mode", "variance", "stddev"):
        try:
            if what == "icdf":
                expected = q.icdf(torch.tensor(UNIT[1], dtype=t.dtype))
            else:
                expected = getattr(q, what)(t) if what in ("log_prob", "cdf") else getattr(q, what)
                expected = expected() if callable(expected) else expected
        except NotImplementedError:
            continue
        if what == "icdf":
            found = p.icdf(ag.tensor(UNIT[1], dtype=x.dtype))
        else:
            found = getattr(p, what)(x) if what in ("log_prob", "cdf") else getattr(p, what)
            found = found() if callable(found) else found
        assert tuple(found.shape) == tuple(expected.shape), what
        assert str(found.dtype) == str(expected.dtype).removeprefix("torch."), what
        found, expected = found.numpy(), expected.numpy()
        if (name, what) == ("Weibull", "mode"):  # PyTorch's is NaN where it is 0
            expected = np.nan_to_num(expected)
        if (name, what) == ("Kumaraswamy", "mode"):  # PyTorch's is NaN for concentration0 above 1
            expected = np.where([0, 1, 0], 0.5, expected)
        np.testing.assert_allclose(found, expected, tolerance, tolerance, err_msg=what)
        compared += 1
    assert compared >= 3 or name.startswith("Relaxed")


@pytest.mark.parametrize("name", TABLE)
def test_gradients_of_log_prob_and_entropy(name):
    cls, params, _ = TABLE[name]
    _, tensors, x = made(name)
    keys = [key for key in tensors if key not in NUMBERS]

    def log_prob(*values):
        return getattr(D, cls)(**tensors | dict(zip(keys, values, strict=True)), validate_args=False).log_prob(x)

    def entropy(*values):
        return getattr(D, cls)(**tensors | dict(zip(keys, values, strict=True)), validate_args=False).entropy()

    leaves = [ag.tensor(params[key], dtype=ag.float64, requires_grad=True) for key in keys]
    if name.endswith(("covariance", "precision")):
        return  # of symmetric matrices one triangle is read: finite differences of single elements mean something else
    assert gradcheck(log_prob, leaves)
    if cls not in ("Poisson", "Multinomial", "NegativeBinomial", "RelaxedBernoulli", "RelaxedOneHotCategorical", "Cauchy"):
        out = entropy(*leaves)
        if out.requires_grad:
            assert gradcheck(entropy, leaves)


@pytest.mark.parametrize("name", TABLE)
def test_draws_have_shapes_moments_and_repeat(name):
    p, _, _ = made(name)
    for lead in ((), (4,), (2, 3), (0,)):
        assert tuple(p.sample(lead).shape) == (*lead, *p.batch_shape, *p.event_shape)
    ag.manual_seed(1)
    first = p.sample((5,)).numpy()
    ag.manual_seed(1)
    np.testing.assert_array_equal(p.sample((5,)).numpy(), first)
    ag.manual_seed(0)
    n = 20_000
    draws = p.sample((n,)).numpy().astype(float)
    if name == "VonMises":  # the mean is that of a direction
        np.testing.assert_allclose(np.cos(draws - p.mean.numpy()).mean(0), 1 - p.variance.numpy(), 0.05)
    if name.split("-")[0] in ("Cauchy", "Categorical", "RelaxedBernoulli", "RelaxedOneHotCategorical", "VonMises"):
        return
    mean, variance = p.mean.numpy(), p.variance.numpy()
    finite = np.isfinite(mean) & np.isfinite(variance)
    with np.errstate(invalid="ignore"):
        error = np.abs(draws.mean(0) - mean) / np.sqrt(np.maximum(variance, 1e-12) / n)
    assert (error[finite] < 5).all()
    if name not in HEAVY:  # whose fourth moments are large or not there
        np.testing.assert_allclose(draws.var(0)[finite], variance[finite], 0.15)


WITH_CDF = (
    "Normal", "LogNormal", "HalfNormal", "Laplace", "Cauchy", "Gumbel", "Uniform", "Exponential", "Weibull", "Pareto", "Gamma", "Chi2",
    "HalfCauchy", "Kumaraswamy", "InverseGamma",
)  # fmt: skip


@pytest.mark.parametrize("name", [n for n, (cls, _, _) in TABLE.items() if cls in WITH_CDF])
def test_draws_follow_the_cdf(name):
    """Kolmogorov and Smirnov's largest distance, of 5,000 draws with a settled seed."""
    p, _, _ = made(name)
    ag.manual_seed(2)
    n = 5000
    u = np.sort(p.cdf(p.sample((n,))).numpy().reshape(n, -1), 0)
    ranks = np.arange(1, n + 1)[:, None] / n
    assert np.abs(u - ranks).max() < 2.0 / math.sqrt(n)


@pytest.mark.parametrize("name", [n for n, (cls, _, _) in TABLE.items() if cls not in CONSTANT])
def test_draws_move_with_their_parameters(name):
    """The gradient of the mean of many draws is the gradient of the mean, where it has one."""
    p, tensors, _ = made(name, requires_grad=True)
    ag.manual_seed(3)
    draws = p.rsample((20_000,))
    assert draws.requires_grad
    assert not p.sample().requires_grad
    cls = TABLE[name][0]
    if name in HEAVY or cls.startswith("Relaxed"):
        return
    leaves = [t for key, t in tensors.items() if key not in NUMBERS]
    found = ag.grad(draws.mean(0).sum(), leaves, retain_graph=True, allow_unused=True)
    expected = ag.grad(p.mean.sum() + sum(leaf.sum() * 0 for leaf in leaves), leaves)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), 0.05, 0.05)


def test_gamma_draws_keep_their_quantile():
    """dx/da by implicit reparametrisation is the slope of the quantile: checked by moving the concentration."""
    from autograd.distributions.gamma import standard_gamma

    a = ag.tensor([0.3, 1.0, 4.0, 50.0], dtype=ag.float64, requires_grad=True)
    ag.manual_seed(0)
    x = standard_gamma(a, (4,))
    (slope,) = ag.grad(x.sum(), a)
    h = 1e-6
    at = a.detach()
    quantile = ag.igamma(at, x.detach())
    moved = x.detach() + h * slope
    np.testing.assert_allclose(ag.igamma(at + h, moved).numpy(), quantile.numpy(), rtol=0, atol=1e-9)
    still = np.abs(ag.igamma(at + h, x.detach()).numpy() - quantile.numpy())
    assert (np.abs(ag.igamma(at + h, moved).numpy() - quantile.numpy()) < 1e-3 * still + 1e-12).all()


PAIRS = [
    *((cls, {"loc": 0.2, "scale": 1.5}, {"loc": -0.3, "scale": 0.8}) for cls in ("Normal", "LogNormal", "Laplace", "Gumbel")),
    ("Uniform", {"low": 0.0, "high": 1.0}, {"low": -1.0, "high": 2.0}), ("Uniform", {"low": 0.0, "high": 1.0}, {"low": 0.5, "high": 2.0}),
    ("Exponential", {"rate": 0.7}, {"rate": 2.0}), ("Gamma", {"concentration": 0.7, "rate": 2.0}, {"concentration": 1.7, "rate": 1.0}),
    ("Beta", {"concentration1": 0.7, "concentration0": 2.0}, {"concentration1": 1.7, "concentration0": 1.0}),
    ("Dirichlet", {"concentration": [0.7, 2.0, 1.0]}, {"concentration": [1.7, 1.0, 0.5]}),
    ("Bernoulli", {"probs": 0.3}, {"probs": 0.6}), ("Binomial", {"total_count": 4, "probs": 0.3}, {"total_count": 4, "probs": 0.6}),
    ("Geometric", {"probs": 0.3}, {"probs": 0.6}), ("Poisson", {"rate": 0.7}, {"rate": 2.0}),
    ("Categorical", {"probs": [0.2, 0.8]}, {"probs": [0.5, 0.5]}), ("OneHotCategorical", {"logits": [0.2, 0.8]}, {"logits": [0.5, -0.5]}),
    ("MultivariateNormal", {"loc": [0.3, -0.2], "scale_tril": TRIL}, {"loc": [0.0, 0.5], "scale_tril": [[0.5, 0.0], [0.1, 1.2]]}),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "p", "q"), PAIRS, ids=[f"{pair[0]}-{i}" for i, pair in enumerate(PAIRS)])
def test_divergences(cls, p, q):
    def ours(params):
        return getattr(D, cls)(**{key: ag.tensor(v, dtype=ag.float64) if key != "total_count" else v for key, v in params.items()})

    first, second = ours(p), ours(q)
    found = D.kl_divergence(first, second)
    np.testing.assert_allclose(D.kl_divergence(first, first).numpy(), 0, atol=1e-12)
    if np.isfinite(found.numpy()).all():  # beside the mean over draws
        ag.manual_seed(0)
        x = first.sample((100_000,))
        second._validate = False
        gain = (first.log_prob(x) - second.log_prob(x)).numpy()
        assert abs(gain.mean(0) - found.numpy()) < 5 * gain.std(0) / math.sqrt(len(gain)) + 1e-9
    torch = pytest.importorskip("torch")

    def theirs(params):
        made = {key: torch.tensor(v, dtype=torch.float64) if key != "total_count" else v for key, v in params.items()}
        return getattr(torch.distributions, cls)(**made)

    expected = torch.distributions.kl_divergence(theirs(p), theirs(q))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), 1e-9)


MIXED = {  # one or several of each family, in a place where both divergences to and from others may be finite
    "Beta": [(0.7, 2.0), (3.0, 1.5)], "Exponential": [(0.7,)], "Gamma": [(2.5, 1.3)], "Gumbel": [(0.2, 1.5)], "Laplace": [(0.2, 1.5)],
    "Normal": [(-0.3, 0.8)], "Pareto": [(0.3, 3.5), (0.5, 2.5)], "Uniform": [(-1.0, 2.0), (0.2, 0.9), (0.0, 1.0), (0.6, 2.0)],
    "HalfNormal": [(0.7,), (1.5,)], "Cauchy": [(0.3, 0.7), (-0.5, 2.0)], "Bernoulli": [(0.3,)], "Poisson": [(1.3,)], "Binomial": [(3, 0.4)],
}  # fmt: skip


@pytest.mark.parity
@pytest.mark.parametrize("to", MIXED)
@pytest.mark.parametrize("of", MIXED)
def test_divergences_of_two_families_as_in_torch(of, to):
    torch = pytest.importorskip("torch")
    for a in MIXED[of]:
        for b in MIXED[to]:
            p, q = (
                [getattr(L, name)(*(tensor(v, dtype=kind) for v in values)) for name, values in ((of, a), (to, b))]
                for L, tensor, kind in ((D, ag.tensor, ag.float64), (torch.distributions, torch.tensor, torch.float64))
            )
            try:
                expected = torch.distributions.kl_divergence(*q).item()
            except NotImplementedError:
                if of != to:
                    with pytest.raises(ag.ArgumentError, match="two distributions with a formula"):
                        D.kl_divergence(*p)
                continue
            found = D.kl_divergence(*p).item()
            assert found == pytest.approx(expected, 1e-9), (a, b)


def test_divergences_of_vectors_and_of_transformed_draws():
    low = D.LowRankMultivariateNormal(ag.tensor([0.3, -0.2]), ag.tensor([[1.0], [0.4]]), ag.tensor([0.5, 0.8]))
    full = D.MultivariateNormal(ag.tensor([0.1, 0.5]), ag.tensor([[1.0, 0.4], [0.4, 0.9]]))
    same = D.MultivariateNormal(low.loc, low.covariance_matrix)
    for p, q in ((low, full), (full, low), (low, low)):
        a, b = (same if d is low else d for d in (p, q))
        assert D.kl_divergence(p, q).item() == pytest.approx(D.kl_divergence(a, b).item(), abs=1e-5)
    exp = D.ExpTransform()
    p, q = (D.TransformedDistribution(D.Normal(loc, 1.0), exp) for loc in (0.0, 2.0))
    assert D.kl_divergence(p, q).item() == pytest.approx(2.0)
    with pytest.raises(ag.ArgumentError, match="the same transforms"):
        D.kl_divergence(p, D.TransformedDistribution(D.Normal(0.0, 1.0), D.ExpTransform()))


def test_independent_mixtures_and_transforms():
    torch = pytest.importorskip("torch")
    T = torch.distributions
    loc, scale, x = np.array([[0.1, 0.5], [1.0, -1.0]]), np.array([[1.0, 2.0], [0.5, 0.7]]), np.array([[0.3, 0.2], [0.6, 0.9]])
    ours = D.Independent(D.Normal(ag.tensor(loc), ag.tensor(scale)), 1)
    theirs = T.Independent(T.Normal(torch.tensor(loc), torch.tensor(scale)), 1)
    np.testing.assert_allclose(ours.log_prob(ag.tensor(x)).numpy(), theirs.log_prob(torch.tensor(x)))
    np.testing.assert_allclose(ours.entropy().numpy(), theirs.entropy())
    weights = np.array([0.3, 0.7])
    ours = D.MixtureSameFamily(D.Categorical(ag.tensor(weights)), D.Normal(ag.tensor(loc), ag.tensor(scale)))
    theirs = T.MixtureSameFamily(T.Categorical(torch.tensor(weights)), T.Normal(torch.tensor(loc), torch.tensor(scale)))
    for what in ("log_prob", "cdf"):
        np.testing.assert_allclose(getattr(ours, what)(ag.tensor(x[0])).numpy(), getattr(theirs, what)(torch.tensor(x[0])), 1e-9)
    for what in ("mean", "variance"):
        np.testing.assert_allclose(getattr(ours, what).numpy(), getattr(theirs, what))
    assert ours.sample((7,)).shape == (7, 2)
    for transform in ("ExpTransform", "SigmoidTransform", "TanhTransform"):
        ours, theirs = (
            L.TransformedDistribution(L.Normal(tensor(0.1), tensor(0.8)), [L.AffineTransform(0.2, 0.5), getattr(L, transform)()])
            for L, tensor in ((D, ag.tensor), (T, torch.tensor))
        )
        np.testing.assert_allclose(ours.log_prob(ag.tensor(0.4)).item(), theirs.log_prob(torch.tensor(0.4)).item(), 1e-5)
        assert ours.has_rsample


def test_expand():
    p = D.Normal(0.0, 1.0).expand((3, 2))
    assert p.batch_shape == (3, 2)
    assert p.sample((4,)).shape == (4, 3, 2)
    assert D.Dirichlet(ag.ones(3)).expand((5,)).sample().shape == (5, 3)
    assert D.Categorical(ag.ones(3)).expand((5,)).sample().shape == (5,)


def test_what_is_wrong_is_said():
    with pytest.raises(ag.ArgumentError, match=r"Normal: scale: numbers above 0 are required; got -1"):
        D.Normal(0.0, -1.0)
    with pytest.raises(ag.ArgumentError, match=r"values in the support are required: numbers above 0; got -2"):
        D.LogNormal(0.0, 1.0).log_prob(ag.tensor(-2.0))
    with pytest.raises(ag.ArgumentError, match="either probs or logits is required; got both"):
        D.Bernoulli(probs=0.5, logits=0.0)
    with pytest.raises(ag.ArgumentError, match="low < high is required"):
        D.Uniform(1.0, 1.0)
    with pytest.raises(NotImplementedError, match="whose draws move with its parameters"):
        D.Bernoulli(0.5).rsample()
    with pytest.raises(ag.ArgumentError, match="register one with register_kl"):
        D.kl_divergence(D.Normal(0.0, 1.0), D.Poisson(1.0))
    assert D.LogNormal(0.0, 1.0, validate_args=False).log_prob(ag.tensor(2.0)).item() < 0


@pytest.mark.parametrize("name", TABLE)
def test_log_prob_can_be_compiled(name):
    cls = TABLE[name][0]
    _, tensors, x = made(name)
    keys = [key for key in tensors if isinstance(tensors[key], ag.Tensor)]

    @ag.compile
    def log_prob(x, *values):
        return getattr(D, cls)(**tensors | dict(zip(keys, values, strict=True))).log_prob(x)

    values = [tensors[key] for key in keys]
    for _ in range(2):
        np.testing.assert_allclose(log_prob(x, *values).numpy(), made(name)[0].log_prob(x).numpy(), 1e-12)
    if x.dtype.kind == "f":
        with pytest.raises(ag.ArgumentError, match=f"{cls}.log_prob: values in the support are required"):
            log_prob(x * math.nan, *values)
    for i, value in enumerate(values):
        with pytest.raises(ag.ArgumentError, match=f"{cls}: .* required; got .*nan"):
            log_prob(x, *values[:i], value * math.nan, *values[i + 1 :])


@pytest.mark.parametrize("name", TABLE)
def test_draws_can_be_compiled(name):
    """The same draws as eager ones from the same seed, other ones in each run, and their gradients."""
    cls = TABLE[name][0]
    _, tensors, _ = made(name)
    keys = [key for key in tensors if isinstance(tensors[key], ag.Tensor)]
    values = [tensors[key].requires_grad_() for key in keys]

    def draw(*values):
        p = getattr(D, cls)(**tensors | dict(zip(keys, values, strict=True)))
        if not p.has_rsample:
            return p.sample((50,)), None
        x = p.rsample((50,))
        return x.detach(), ag.grad(x.sum(), values[0])[0]

    compiled = ag.compile(draw)
    runs = []
    for function in (draw, compiled):
        ag.manual_seed(0)
        runs.append([[np.asarray(part) for part in function(*values) if part is not None] for _ in range(3)])
    for ours, theirs in zip(*runs, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, 1e-12)
    assert not np.array_equal(runs[1][1][0], runs[1][2][0])


def test_draws_of_small_concentrations_are_finite():
    ag.manual_seed(0)
    for dtype in (ag.float32, ag.float64):
        assert D.StudentT(ag.tensor(0.05, dtype=dtype)).sample((100_000,)).isfinite().all()
        assert (D.Gamma(ag.tensor(0.001, dtype=dtype), 1.0).sample((10_000,)) > 0).all()


@pytest.mark.parity
@pytest.mark.parametrize("transforms", [
    lambda T, tensor: T.AffineTransform(tensor([1.0, -2.0]), tensor([0.5, -3.0])),
    lambda T, tensor: [T.AffineTransform(0.25, -0.5), T.ExpTransform()],
    lambda T, tensor: [T.SigmoidTransform(), T.AffineTransform(tensor([[1.0], [2.0], [0.5]]), -1)],
    lambda T, tensor: [T.AffineTransform(0.0, 0.5), T.TanhTransform()],
    lambda T, tensor: [T.SoftplusTransform(), T.PowerTransform(tensor(-1.5))],
    lambda T, tensor: T.ComposeTransform([T.ExpTransform(), T.PowerTransform(tensor([0.5, 2.0])), T.AffineTransform(1.0, 2.0)]),
])  # fmt: skip
@pytest.mark.parametrize("batch", [(), (2,)])
def test_transformed_draws_as_in_torch(transforms, batch):
    torch = pytest.importorskip("torch")
    p, q = (
        L.TransformedDistribution(L.Normal(tensor(np.full(batch, 0.3)), tensor(np.full(batch, 0.8))), transforms(L, tensor))
        for L, tensor in ((D, ag.tensor), (torch.distributions, torch.tensor))
    )
    assert p.batch_shape == tuple(q.batch_shape)
    assert p.sample((5,)).shape == tuple(q.sample((5,)).shape)
    probability = np.array(0.35)
    x = q.icdf(torch.tensor(probability))
    np.testing.assert_allclose(p.icdf(ag.tensor(probability)).numpy(), x.numpy(), 1e-6)
    for what in ("cdf", "log_prob"):
        np.testing.assert_allclose(getattr(p, what)(ag.tensor(x.numpy())).numpy(), getattr(q, what)(x).numpy(), 1e-6)


def test_numbers_in_a_transform_keep_the_precision():
    x = np.array([0.3, -1.7])
    p = D.TransformedDistribution(D.Normal(ag.tensor(x * 0), 1.0), D.AffineTransform(0.1, -0.3))
    expected = -(((x - 0.1) / 0.3) ** 2) / 2 - math.log(0.3) - math.log(2 * math.pi) / 2
    np.testing.assert_allclose(p.log_prob(ag.tensor(x)).numpy(), expected, 1e-14)


def test_transforms_that_would_change_the_events_are_refused():
    base = D.MultivariateNormal(ag.zeros(2), ag.eye(2))
    assert D.TransformedDistribution(base, D.AffineTransform(ag.ones(3, 2), 1.0)).sample().shape == (3, 2)
    with pytest.raises(ag.ShapeError, match=r"keep the shape \(1,\) of events"):
        D.TransformedDistribution(D.MultivariateNormal(ag.zeros(1), ag.eye(1)), D.AffineTransform(ag.ones(3), 1.0))


@pytest.mark.parametrize("temperature", [0.1, 0.01])
def test_relaxed_draws_have_a_density(temperature):
    ag.manual_seed(0)
    for p in (D.RelaxedBernoulli(temperature, ag.tensor([0.1, 0.5, 0.99])), D.RelaxedOneHotCategorical(temperature, ag.tensor([0.1, 0.9]))):
        assert p.log_prob(p.sample((1000,))).isfinite().all()


def test_learning_by_both_ways():
    """The gradient of E[(x - 3)²] by the draws and by the score agree with the formula 2 (loc - 3)."""
    loc = ag.tensor(1.0, requires_grad=True)
    ag.manual_seed(0)
    p = D.Normal(loc, 0.5)
    by_draws = ag.grad((p.rsample((20_000,)) - 3).square().mean(), loc, retain_graph=True)[0].item()
    x = p.sample((200_000,))
    by_score = ag.grad((p.log_prob(x) * (x - 3).square()).mean(), loc)[0].item()
    assert by_draws == pytest.approx(-4, rel=0.02)
    assert by_score == pytest.approx(-4, rel=0.1)
