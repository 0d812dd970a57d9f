from __future__ import annotations

import inspect

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from autograd.graph import topological_order

RNG = np.random.default_rng(0)
INDICES = np.array([[1, 4, 0], [2, 2, 1]])

# name: (how it is built, shapes or arrays it is given). Modes are both, unless it draws random numbers.
LAYERS = {
    "Identity": (lambda nn: nn.Identity(3, a=4), [(2, 3)]),
    "Linear": (lambda nn: nn.Linear(3, 4), [(5, 3)]),
    "Linear, no bias": (lambda nn: nn.Linear(3, 4, bias=False), [(5, 3)]),
    "Linear, one vector": (lambda nn: nn.Linear(3, 4), [(3,)]),
    "Linear, many dims": (lambda nn: nn.Linear(3, 4), [(2, 5, 1, 3)]),
    "Linear, empty batch": (lambda nn: nn.Linear(3, 4), [(0, 3)]),
    "Bilinear": (lambda nn: nn.Bilinear(3, 2, 4), [(5, 3), (5, 2)]),
    "Bilinear, no bias": (lambda nn: nn.Bilinear(3, 2, 4, bias=False), [(2, 5, 3), (2, 5, 2)]),
    "Embedding": (lambda nn: nn.Embedding(5, 3), [INDICES]),
    "Embedding, padding": (lambda nn: nn.Embedding(5, 3, padding_idx=-4), [INDICES]),
    "Embedding, max_norm": (lambda nn: nn.Embedding(5, 3, max_norm=1.0, norm_type=1.0), [INDICES]),
    "EmbeddingBag": (lambda nn: nn.EmbeddingBag(5, 3), [INDICES]),
    "EmbeddingBag, sum": (lambda nn: nn.EmbeddingBag(5, 3, mode="sum", padding_idx=2), [INDICES]),
    "EmbeddingBag, largest": (lambda nn: nn.EmbeddingBag(5, 3, 1.0, mode="max"), [INDICES]),
    "EmbeddingBag, offsets": (lambda nn: nn.EmbeddingBag(5, 3, mode="mean", padding_idx=4), [INDICES.ravel(), np.array([0, 2, 2])]),
    "EmbeddingBag, last offset": (
        lambda nn: nn.EmbeddingBag(5, 3, mode="max", include_last_offset=True), [INDICES.ravel(), np.array([0, 2, 2, 6])],
    ),
    "EmbeddingBag, weighted": (lambda nn: nn.EmbeddingBag(5, 3, mode="sum"), [INDICES.ravel(), np.array([0, 1]), (6,)]),
    "Flatten": (lambda nn: nn.Flatten(), [(2, 3, 4)]),
    "Flatten, some": (lambda nn: nn.Flatten(0, 1), [(2, 3, 4)]),
    "Unflatten": (lambda nn: nn.Unflatten(1, (2, -1)), [(2, 6)]),
    "LayerNorm": (lambda nn: nn.LayerNorm(4), [(3, 4)]),
    "LayerNorm, two dims": (lambda nn: nn.LayerNorm([3, 4], eps=1e-2), [(2, 3, 4)]),
    "LayerNorm, no bias": (lambda nn: nn.LayerNorm(4, bias=False), [(3, 4)]),
    "LayerNorm, not affine": (lambda nn: nn.LayerNorm(4, elementwise_affine=False), [(3, 4)]),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(4), [(5, 4)]),
    "BatchNorm1d, sequence": (lambda nn: nn.BatchNorm1d(4, eps=1e-2, momentum=0.5), [(3, 4, 2)]),
    "BatchNorm1d, cumulative": (lambda nn: nn.BatchNorm1d(4, momentum=None), [(5, 4)]),
    "BatchNorm1d, not affine": (lambda nn: nn.BatchNorm1d(4, affine=False), [(5, 4)]),
    "BatchNorm1d, not tracking": (lambda nn: nn.BatchNorm1d(4, track_running_stats=False), [(5, 4)]),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(3, momentum=0.3), [(2, 3, 4, 5)]),
    "BatchNorm3d": (lambda nn: nn.BatchNorm3d(3, affine=False), [(2, 3, 2, 3, 2)]),
    "Conv1d": (lambda nn: nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), [(3, 4, 9)]),
    "Conv1d, one sample": (lambda nn: nn.Conv1d(4, 6, 3, dilation=2, bias=False), [(4, 9)]),
    "Conv2d": (lambda nn: nn.Conv2d(3, 5, 3), [(2, 3, 6, 5)]),
    "Conv2d, settings": (lambda nn: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2, False), [(2, 4, 6, 5)]),
    "Conv2d, same": (lambda nn: nn.Conv2d(3, 5, (3, 5), padding="same", dilation=(2, 1)), [(2, 3, 6, 5)]),
    "Conv2d, circular": (lambda nn: nn.Conv2d(3, 5, 3, padding=(1, 2), padding_mode="circular"), [(2, 3, 6, 5)]),
    "Conv2d, reflect": (lambda nn: nn.Conv2d(3, 5, (2, 5), padding="same", padding_mode="reflect"), [(2, 3, 6, 5)]),
    "Conv2d, replicate": (lambda nn: nn.Conv2d(3, 5, 3, padding="valid", padding_mode="replicate"), [(3, 6, 5)]),
    "Conv3d": (lambda nn: nn.Conv3d(2, 3, (2, 3, 2), padding=1, stride=(1, 2, 1)), [(2, 2, 3, 4, 5)]),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, groups=2), [(3, 4, 5)]),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1), [(2, 4, 3, 4)]),
    "ConvTranspose2d, settings": (lambda nn: nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, False, (2, 1)), [(4, 3, 4)]),
    "ConvTranspose3d": (lambda nn: nn.ConvTranspose3d(2, 3, 2, stride=2), [(2, 2, 3, 2, 2)]),
    "MaxPool1d": (lambda nn: nn.MaxPool1d(3, 2, 1), [(2, 3, 8)]),
    "MaxPool2d": (lambda nn: nn.MaxPool2d(2), [(2, 3, 6, 5)]),
    "MaxPool2d, settings": (lambda nn: nn.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 2), ceil_mode=True), [(3, 6, 5)]),
    "MaxPool3d": (lambda nn: nn.MaxPool3d(2, 1), [(2, 2, 3, 4, 5)]),
    "LPPool1d": (lambda nn: nn.LPPool1d(2, 3, 2), [(2, 3, 8)]),
    "LPPool2d": (lambda nn: nn.LPPool2d(4, (2, 3), stride=(2, 1), ceil_mode=True), [(2, 3, 5, 6)]),
    "LPPool2d, largest": (lambda nn: nn.LPPool2d(float("inf"), 2), [(3, 4, 6)]),
    "LPPool3d": (lambda nn: nn.LPPool3d(2, 2), [(1, 2, 2, 4, 5)]),
    "MaxUnpool1d": (lambda nn: nn.MaxUnpool1d(2), [(2, 2, 3), np.array([[[0, 3, 4], [1, 2, 5]]] * 2)]),
    "MaxUnpool2d": (lambda nn: nn.MaxUnpool2d(3, 2, 1), [(1, 2, 2), np.array([[[0, 2], [6, 8]]])]),
    "MaxUnpool3d": (lambda nn: nn.MaxUnpool3d((1, 2, 2)), [(1, 1, 1, 2, 2), np.array([[[[[0, 2], [9, 15]]]]])]),
    "AvgPool1d": (lambda nn: nn.AvgPool1d(3, 2, 1), [(2, 3, 8)]),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(2), [(2, 3, 6, 5)]),
    "AvgPool2d, settings": (lambda nn: nn.AvgPool2d((3, 2), (2, 1), (1, 0), True, False), [(3, 6, 5)]),
    "AvgPool3d": (lambda nn: nn.AvgPool3d(2, divisor_override=5), [(2, 2, 3, 4, 5)]),
    "AdaptiveAvgPool1d": (lambda nn: nn.AdaptiveAvgPool1d(3), [(2, 3, 8)]),
    "AdaptiveAvgPool2d": (lambda nn: nn.AdaptiveAvgPool2d((3, None)), [(2, 3, 8, 4)]),
    "AdaptiveAvgPool3d": (lambda nn: nn.AdaptiveAvgPool3d(1), [(2, 3, 4, 4, 3)]),
    "AdaptiveMaxPool1d": (lambda nn: nn.AdaptiveMaxPool1d(3), [(2, 3, 8)]),
    "AdaptiveMaxPool2d": (lambda nn: nn.AdaptiveMaxPool2d((3, 2)), [(2, 3, 8, 4)]),
    "AdaptiveMaxPool3d": (lambda nn: nn.AdaptiveMaxPool3d(2), [(2, 3, 4, 4, 3)]),
    "Sequential, convolutions": (
        lambda nn: nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 3),
        ),
        [(3, 1, 10, 12)],
    ),
    "CosineSimilarity": (lambda nn: nn.CosineSimilarity(), [(2, 3, 4), (2, 3, 4)]),
    "PairwiseDistance": (lambda nn: nn.PairwiseDistance(3.0, keepdim=True), [(3, 4), (3, 4)]),
    "RMSNorm": (lambda nn: nn.RMSNorm(4), [(3, 4)]),
    "RMSNorm, two dims": (lambda nn: nn.RMSNorm([3, 4], eps=1e-2, elementwise_affine=False), [(2, 3, 4)]),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), [(3, 4, 5)]),
    "GroupNorm, images": (lambda nn: nn.GroupNorm(3, 6, eps=1e-2, affine=False), [(2, 6, 3, 4)]),
    "InstanceNorm1d": (lambda nn: nn.InstanceNorm1d(3), [(2, 3, 5)]),
    "InstanceNorm1d, one sample": (lambda nn: nn.InstanceNorm1d(3, affine=True), [(3, 5)]),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), [(2, 3, 4, 5)]),
    "InstanceNorm3d": (lambda nn: nn.InstanceNorm3d(2, momentum=0.3, track_running_stats=True), [(2, 2, 2, 3, 4)]),
    "LocalResponseNorm": (lambda nn: nn.LocalResponseNorm(3, alpha=0.1), [(2, 5, 4)]),
    "LocalResponseNorm, even": (lambda nn: nn.LocalResponseNorm(2, 0.5, 0.5, 2.0), [(2, 5, 3, 4)]),
    **{
        f"{kind}Pad{n}d": (
            lambda nn, kind=kind, n=n, value=value: getattr(nn, f"{kind}Pad{n}d")((1, 2, 0, 1, 2, 0)[: 2 * n], *value),
            [(2, 3, 4, 3, 4)[: n + 2]],
        )
        for kind, *value in (("Circular",), ("Constant", 0.5), ("Reflection",), ("Replication",), ("Zero",)) for n in (1, 2, 3)
    },
    "ReflectionPad2d, all sides": (lambda nn: nn.ReflectionPad2d(2), [(3, 4, 5)]),
    "ZeroPad2d, cut": (lambda nn: nn.ZeroPad2d((-1, 2, 0, -1)), [(1, 3, 4, 5)]),
    "Upsample": (lambda nn: nn.Upsample(scale_factor=2), [(2, 3, 4, 5)]),
    "Upsample, exact": (lambda nn: nn.Upsample((5, 4), mode="nearest-exact"), [(2, 3, 4, 6)]),
    "Upsample, linear": (lambda nn: nn.Upsample(7, mode="linear"), [(2, 3, 4)]),
    "Upsample, bilinear": (lambda nn: nn.Upsample(scale_factor=(1.5, 2.3), mode="bilinear"), [(2, 3, 4, 5)]),
    "Upsample, recomputed": (lambda nn: nn.Upsample(None, 1.7, "bilinear", recompute_scale_factor=True), [(2, 3, 4, 5)]),
    "Upsample, trilinear": (lambda nn: nn.Upsample((3, 5, 4), mode="trilinear", align_corners=True), [(1, 2, 2, 3, 4)]),
    "Upsample, bicubic": (lambda nn: nn.Upsample((7, 3), mode="bicubic"), [(1, 2, 4, 5)]),
    "Upsample, bicubic corners": (lambda nn: nn.Upsample((7, 3), mode="bicubic", align_corners=True), [(1, 2, 4, 5)]),
    "Upsample, area": (lambda nn: nn.Upsample((2, 7), mode="area"), [(1, 2, 4, 5)]),
    "UpsamplingNearest2d": (lambda nn: nn.UpsamplingNearest2d(scale_factor=1.6), [(1, 2, 4, 5)]),
    "UpsamplingBilinear2d": (lambda nn: nn.UpsamplingBilinear2d((3, 9)), [(1, 2, 4, 5)]),
    "PixelShuffle": (lambda nn: nn.PixelShuffle(2), [(2, 8, 3, 4)]),
    "PixelUnshuffle": (lambda nn: nn.PixelUnshuffle(2), [(3, 4, 6)]),
    "ChannelShuffle": (lambda nn: nn.ChannelShuffle(2), [(2, 6, 3, 4)]),
    "Unfold": (lambda nn: nn.Unfold((2, 3), dilation=(2, 1), padding=1, stride=(1, 2)), [(2, 3, 5, 6)]),
    "Unfold, one image": (lambda nn: nn.Unfold(2), [(3, 5, 6)]),
    "Fold": (lambda nn: nn.Fold((5, 6), (2, 3), (2, 1), 1, (1, 2)), [(2, 18, 15)]),
    "Fold, one image": (lambda nn: nn.Fold(4, 2, stride=2), [(12, 4)]),
    "TransformerEncoderLayer": (lambda nn: nn.TransformerEncoderLayer(8, 2, 12, 0.0), [(5, 3, 8)]),
    "TransformerEncoderLayer, norm first": (
        lambda nn: nn.TransformerEncoderLayer(8, 2, 12, 0.0, "gelu", 1e-3, batch_first=True, norm_first=True, bias=False), [(3, 5, 8)],
    ),
    "TransformerDecoderLayer": (lambda nn: nn.TransformerDecoderLayer(8, 2, 12, 0.0), [(5, 3, 8), (4, 3, 8)]),
    "TransformerEncoder": (
        lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, 0.0), 2, nn.LayerNorm(8), enable_nested_tensor=False),
        [(5, 3, 8)],
    ),
    "Transformer": (lambda nn: nn.Transformer(8, 2, 1, 2, 12, 0.0, batch_first=True), [(3, 5, 8), (3, 4, 8)]),
    "Dropout, none": (lambda nn: nn.Dropout(0.0), [(3, 4)]),
    "Dropout, all": (lambda nn: nn.Dropout(1.0), [(3, 4)]),
    "AlphaDropout, none": (lambda nn: nn.AlphaDropout(0.0), [(3, 4)]),
    "GLU": (lambda nn: nn.GLU(), [(3, 4)]),
    "GLU, dim": (lambda nn: nn.GLU(0), [(4, 3)]),
    "Softmax": (lambda nn: nn.Softmax(dim=1), [(3, 4)]),
    "Softmax2d": (lambda nn: nn.Softmax2d(), [(2, 3, 4, 2)]),
    "Softmin": (lambda nn: nn.Softmin(dim=0), [(3, 4)]),
    "LogSoftmax": (lambda nn: nn.LogSoftmax(dim=-1), [(3, 4)]),
    "PReLU": (lambda nn: nn.PReLU(), [(3, 4)]),
    "PReLU, channels": (lambda nn: nn.PReLU(4, init=0.1), [(3, 4, 2)]),
    "ReLU": (lambda nn: nn.ReLU(), [(3, 4)]),
    "ReLU6": (lambda nn: nn.ReLU6(), [(30, 4)]),
    "LeakyReLU": (lambda nn: nn.LeakyReLU(), [(3, 4)]),
    "LeakyReLU, slope": (lambda nn: nn.LeakyReLU(0.3), [(3, 4)]),
    "ELU": (lambda nn: nn.ELU(), [(3, 4)]),
    "ELU, alpha": (lambda nn: nn.ELU(0.3), [(3, 4)]),
    "SELU": (lambda nn: nn.SELU(), [(3, 4)]),
    "CELU": (lambda nn: nn.CELU(), [(3, 4)]),
    "CELU, alpha": (lambda nn: nn.CELU(2.5), [(3, 4)]),
    "GELU": (lambda nn: nn.GELU(), [(3, 4)]),
    "GELU, tanh": (lambda nn: nn.GELU(approximate="tanh"), [(3, 4)]),
    "SiLU": (lambda nn: nn.SiLU(), [(3, 4)]),
    "Mish": (lambda nn: nn.Mish(), [(3, 4)]),
    "Sigmoid": (lambda nn: nn.Sigmoid(), [(3, 4)]),
    "LogSigmoid": (lambda nn: nn.LogSigmoid(), [(3, 4)]),
    "Tanh": (lambda nn: nn.Tanh(), [(3, 4)]),
    "Tanhshrink": (lambda nn: nn.Tanhshrink(), [(3, 4)]),
    "Softplus": (lambda nn: nn.Softplus(), [(3, 4)]),
    "Softplus, threshold": (lambda nn: nn.Softplus(2.0, 1.0), [(10, 4)]),
    "Softsign": (lambda nn: nn.Softsign(), [(3, 4)]),
    "Hardtanh": (lambda nn: nn.Hardtanh(-0.5, 0.25), [(3, 4)]),
    "Hardsigmoid": (lambda nn: nn.Hardsigmoid(), [(30, 4)]),
    "Hardswish": (lambda nn: nn.Hardswish(), [(30, 4)]),
    "Softshrink": (lambda nn: nn.Softshrink(0.25), [(3, 4)]),
    "Hardshrink": (lambda nn: nn.Hardshrink(0.25), [(3, 4)]),
    "Threshold": (lambda nn: nn.Threshold(0.1, 20.0), [(3, 4)]),
    "RReLU, fixed": (lambda nn: nn.RReLU(0.2, 0.2), [(3, 4)]),
    "Sequential": (lambda nn: nn.Sequential(nn.Linear(3, 8), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 2), nn.LogSoftmax(1)), [(4, 3)]),
}
INPLACE = ["ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "SiLU", "Mish", "Hardtanh", "Hardsigmoid", "Hardswish"]
PRECISION = {"float32": {"rtol": 2e-5, "atol": 2e-6}, "float64": {"rtol": 1e-10, "atol": 1e-12}, "single": {"rtol": 1e-7, "atol": 0}}
PRECISION["sums"] = {"rtol": 2e-5, "atol": 2e-5}  # float32 added up in another order
ROUNDED = ("Hardsigmoid",)  # PyTorch's derivative in float64 has 1/6 as a float32


def close(ours, theirs, precision):
    ours, theirs = np.asarray(ours.detach()), theirs.detach().numpy()
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, **PRECISION[precision])


@pytest.mark.parity
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LAYERS)
def test_outputs_gradients_and_state_equal_pytorch(name, dtype, training):
    torch = pytest.importorskip("torch")
    build, inputs = LAYERS[name]
    ours, theirs = build(nn), build(torch.nn).to(getattr(torch, dtype))
    ours.to(getattr(ag, dtype)).load_state_dict(theirs.state_dict())
    ours.train(training)
    theirs.train(training)
    precision = "sums" if dtype == "float32" and any(part in name for part in ("onv", "former", "cubic")) else dtype
    for _ in range(2):  # the second time with running statistics of the first
        arrays = [2.5 * RNG.standard_normal(x).astype(dtype) if isinstance(x, tuple) else x for x in inputs]
        mine = [ag.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
        other = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
        y, z = ours(*mine), theirs(*other)
        close(y, z, precision)
        g = RNG.standard_normal(y.shape).astype(dtype)
        y.backward(ag.tensor(g))
        z.backward(torch.tensor(g))
        for a, b in zip(mine, other, strict=True):
            if a.requires_grad:
                close(a.grad, b.grad, "single" if name in ROUNDED and dtype == "float64" else precision)
        for (key, a), (other_key, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert key == other_key
            close(a.grad, b.grad, precision)
        for key, value in theirs.state_dict().items():
            close(ours.state_dict()[key], value, precision)


@pytest.mark.parametrize("name", LAYERS)
def test_lines_are_those_that_the_frames_tell(name, monkeypatch):
    """A layer of ours notes the user's line once for all that it records; the frames, looked at for each op, say the same."""
    build, inputs = LAYERS[name]
    model = nn.Sequential(build(nn))
    mine = [ag.tensor(RNG.standard_normal(x) if isinstance(x, tuple) else x, requires_grad=isinstance(x, tuple)) for x in inputs]
    model.to(ag.float64)
    found = []
    for closed in (True, False):
        if not closed:
            for kind in {type(module) for module in model.modules()}:
                monkeypatch.setattr(kind, "_closed", False)
        y = model(*mine) if len(mine) == 1 else model[0](*mine)  # one line for both
        y = y[0] if isinstance(y, tuple) else y
        nodes = topological_order(y.node)
        found.append([(node.op.name, node.site, node.call and node.call[0]()) for node in nodes if node.op is not None])
    assert found[0] == found[1]
    assert {site.filename for _, site, _ in found[0]} <= {__file__}


@pytest.mark.parity
@pytest.mark.parametrize("name", [name for name in LAYERS if name.startswith(("Conv", "MaxPool", "AvgPool", "Adaptive", "BatchNorm2d"))])
def test_texts_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    ours, theirs = (repr(LAYERS[name][0](library)) for library in (nn, torch.nn))
    assert ours == (theirs if "affine" not in theirs or "bias" in theirs else theirs.replace(", track", ", bias=True, track"))


@pytest.mark.parity
@pytest.mark.parametrize("kind", ["Conv1d", "Conv2d", "ConvTranspose2d"])
def test_initial_values_of_convolutions(kind):
    """The same distribution: U(-k, k) with PyTorch's k."""
    torch = pytest.importorskip("torch")
    ag.manual_seed(0)
    torch.manual_seed(0)
    ours, theirs = (getattr(library, kind)(24, 48, 3, groups=2) for library in (nn, torch.nn))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        a, b = np.asarray(a.detach()), b.detach().numpy()
        assert a.shape == b.shape
        assert np.abs(a).max() == pytest.approx(np.abs(b).max(), rel=0.1)
        assert a.std() == pytest.approx(b.std(), rel=0.2)


@pytest.mark.parity
def test_a_transposed_convolution_takes_the_size_that_is_wanted():
    torch = pytest.importorskip("torch")
    ours, theirs = (library.ConvTranspose2d(2, 3, 3, stride=(3, 2), padding=1) for library in (nn, torch.nn))
    ours.load_state_dict(theirs.state_dict())
    x = RNG.standard_normal((2, 2, 4, 5)).astype("float32")
    close(ours(ag.tensor(x), output_size=(12, 10)), theirs(torch.tensor(x), output_size=(12, 10)), "sums")
    with pytest.raises(ValueError, match=r"from \(10, 9\) to \(12, 10\)"):
        ours(ag.tensor(x), output_size=(13, 10))


def test_max_pool_returns_indices():
    y, where = nn.MaxPool2d(2, return_indices=True)(ag.arange(16.0).reshape(1, 4, 4))
    assert y.tolist() == [[[5, 7], [13, 15]]]
    assert where.tolist() == [[[5, 7], [13, 15]]]


@pytest.mark.parity
@pytest.mark.parametrize("name", INPLACE)
def test_in_place_activations_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    array = RNG.standard_normal((3, 4))
    x, z = ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    h, k = x * 1.5, z * 1.5
    y, w = getattr(nn, name)(inplace=True)(h), getattr(torch.nn, name)(inplace=True)(k)
    assert y is h
    (y * y).sum().backward()
    (w * w).sum().backward()
    close(h, k, "float64")
    close(x.grad, z.grad, "single" if name in ROUNDED else "float64")


@pytest.mark.parity
@pytest.mark.parametrize("name", [*nn.losses.__all__, *(name for name in nn.layers.__all__ if name != "MLP")])
def test_constructors_equal_pytorch(name):
    torch = pytest.importorskip("torch")

    def parameters(kind):
        found = [p for p in inspect.signature(kind).parameters.values() if p.name != "self"]
        return {p.name: getattr(p.default, "__name__", p.default) for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}

    legacy = {"size_average", "reduce", "min_value", "max_value"}  # deprecated there for years
    theirs = {key: value for key, value in parameters(getattr(torch.nn, name)).items() if key not in legacy}
    if name in ("RNN", "LSTM", "GRU"):  # whose signatures are (*args, **kwargs)
        unused = ("mode",) if name == "LSTM" else ("mode", "proj_size")
        theirs = {key: value for key, value in parameters(torch.nn.RNNBase).items() if key not in unused}
        theirs |= {"nonlinearity": "tanh"} if name == "RNN" else {}
    if name.removeprefix("Lazy").startswith(("BatchNorm", "InstanceNorm")):
        theirs.setdefault("bias", True)  # new there
    assert parameters(getattr(nn, name)) == theirs


# ── dropout ──


@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d])
def test_dropout_keeps_the_mean(kind):
    ag.manual_seed(0)
    shape = (40_000,) if kind is nn.Dropout else (400, 100, *(1,) * (int(kind.__name__[-2]) - 1), 2)
    y = np.asarray(kind(0.3)(ag.ones(shape)))
    assert y.mean() == pytest.approx(1, abs=0.02)
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.02)
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.7], rtol=1e-6)
    if kind is not nn.Dropout:
        channels = y.reshape(40_000, 2)
        assert (channels[:, 0] == channels[:, 1]).all()
    assert kind(1.0)(ag.ones(shape)).sum().item() == 0
    x = ag.ones(shape)
    assert kind(0.3).eval()(x) is x


def test_the_gradient_of_dropout_passes_where_the_value_did():
    x = ag.ones(100, requires_grad=True)
    y = nn.Dropout(0.5)(x)
    y.sum().backward()
    np.testing.assert_array_equal(np.asarray(x.grad), np.asarray(y.detach()))


def test_dropout_is_seeded():
    drop, x = nn.Dropout(), ag.ones(50)
    ag.manual_seed(3)
    first = drop(x).tolist()
    assert drop(x).tolist() != first
    ag.manual_seed(3)
    assert drop(x).tolist() == first


def test_alpha_dropout_keeps_mean_and_variance():
    ag.manual_seed(0)
    y = np.asarray(nn.AlphaDropout(0.3)(ag.randn(40_000)))
    assert y.mean() == pytest.approx(0, abs=0.03)
    assert y.std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("call", [nn.Dropout, nn.AlphaDropout, lambda p: F.dropout(ag.ones(2), p), lambda p: F.dropout1d(ag.ones(2, 2), p)])
def test_dropout_wants_a_probability(call, p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        call(p)


# ── single layers ──


def test_rrelu_draws_slopes():
    ag.manual_seed(0)
    y = np.asarray(nn.RReLU(0.2, 0.4)(-ag.ones(1000)))
    assert y.min() >= -0.4
    assert y.max() <= -0.2
    assert y.mean() == pytest.approx(-0.3, abs=0.01)


def test_embedding_padding_row_stays_zero():
    layer = nn.Embedding(4, 2, padding_idx=1)
    assert layer.weight[1].tolist() == [0, 0]
    layer(ag.tensor([1, 1, 2])).sum().backward()
    assert layer.weight.grad.tolist() == [[0, 0], [0, 0], [1, 1], [0, 0]]


def test_embedding_from_pretrained():
    table = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    layer = nn.Embedding.from_pretrained(table)
    assert layer(ag.tensor(1)).tolist() == [3, 4]
    assert not layer.weight.requires_grad
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


def test_softmax_without_dim_warns():
    with pytest.warns(UserWarning, match="say dim=1"):
        y = nn.Softmax()(ag.zeros(2, 4))
    assert y.tolist() == [[0.25] * 4] * 2


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: nn.Linear(3, 4)(ag.ones(2, 4)), ValueError, r"\(2, 4\)"),
        (lambda: nn.Linear(3, 4)(ag.ones(2, 3, dtype=ag.float64)), TypeError, "float64"),
        (lambda: nn.Bilinear(0, 1, 2), ValueError, "in1_features > 0"),
        (lambda: nn.Embedding(5, 3)(ag.tensor([1, 5])), IndexError, "5"),
        (lambda: nn.Embedding(5, 3)(ag.tensor([1.0])), TypeError, "float32"),
        (lambda: nn.Embedding(5, 3, padding_idx=5), ValueError, "padding_idx"),
        (lambda: nn.Embedding(5, 3, sparse=True)(ag.tensor([1])), ValueError, "sparse"),
        (lambda: nn.Embedding(5, 3, _weight=ag.ones(5, 2)), ValueError, r"\(5, 3\)"),
        (lambda: nn.BatchNorm1d(4)(ag.ones(4)), ValueError, r"\(N, C\)"),
        (lambda: nn.BatchNorm1d(4)(ag.ones(2, 3)), ValueError, "4 features"),
        (lambda: nn.BatchNorm1d(4)(ag.ones(1, 4)), ValueError, "more than one value"),
        (lambda: nn.BatchNorm2d(4)(ag.ones(2, 4, 3)), ValueError, r"BatchNorm2d: an input \(N, C, H, W\)"),
        (lambda: nn.Conv2d(4, 6, 3, groups=4), ValueError, "divides"),
        (lambda: nn.Conv2d(4, 6, 3, padding_mode="mirror"), ValueError, "'mirror'"),
        (lambda: nn.Conv2d(4, 6, 3, padding="same", stride=2), ValueError, "stride"),
        (lambda: nn.Conv2d(4, 6, 3)(ag.ones(2, 3, 5, 5)), ValueError, "4 channels"),
        (lambda: nn.ConvTranspose2d(4, 6, 3, padding_mode="reflect"), ValueError, "'reflect'"),
        (lambda: nn.MaxPool2d(3)(ag.ones(1, 2, 2)), ValueError, "as large as a window"),
        (lambda: nn.LayerNorm(4)(ag.ones(2, 3)), ValueError, "normalized_shape"),
        (lambda: nn.PReLU(3)(ag.ones(2, 4)), ValueError, "num_parameters"),
        (lambda: nn.GLU()(ag.ones(2, 3)), ValueError, "even"),
        (lambda: nn.Hardtanh(1.0, -1.0)(ag.ones(2)), ValueError, "min_val"),
        (lambda: nn.Softshrink(-1.0)(ag.ones(2)), ValueError, "lambd"),
        (lambda: nn.Dropout1d()(ag.ones(2)), ValueError, "dims"),
        (lambda: nn.MLP(2, 3, 1, activation="rulu"), ValueError, "relu"),
        (lambda: nn.MLP(2, 3, 1, activation=nn.ReLU()), TypeError, r"nn\.ReLU"),
        (lambda: nn.MLP(2, 3, 1, norm="group"), ValueError, "'batch', 'layer'"),
    ],
)
def test_mistakes(call, error, match):
    with pytest.raises(error, match=match) as caught:
        call()
    assert "test_layers.py" in str(caught.value)


# ── MLP ──


def test_mlp_structure():
    model = nn.MLP(8, [16, 4], 3, activation=nn.Tanh, dropout=0.1, norm="batch")
    assert isinstance(model, nn.Sequential)
    assert [type(m).__name__ for m in model] == [*["Linear", "BatchNorm1d", "Tanh", "Dropout"] * 2, "Linear"]
    assert list(nn.MLP(2, 4, 1, bias=False).state_dict()) == ["0.weight", "2.weight"]
    assert [type(m).__name__ for m in nn.MLP(2, [], 1)] == ["Linear"]
    layers = nn.MLP(2, 3, 1, activation=lambda: nn.LeakyReLU(0.2), norm="layer")
    assert [type(m).__name__ for m in layers] == ["Linear", "LayerNorm", "LeakyReLU", "Linear"]
    assert repr(nn.MLP(2, 3, 1, activation="leaky_relu")[1]) == "LeakyReLU(negative_slope=0.01)"
    assert type(model[:2]) is nn.Sequential
    assert nn.MLP(2, 3, 1, dtype=ag.float64)(ag.ones(1, 2, dtype=ag.float64)).dtype == ag.float64


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [(nn.BatchNorm1d, [3]), (nn.Linear, [3, 2]), (nn.Bilinear, [3, 2, 2]), (nn.LayerNorm, [3]), (nn.Embedding, [3, 2]), (nn.PReLU, [])],
)
def test_layers_take_a_dtype_and_a_device(kind, sizes, dtype):
    assert {p.dtype for p in kind(*sizes, dtype=dtype, device="cpu").parameters()} == {dtype}
    with pytest.raises(ValueError, match="CPU"):
        kind(*sizes, device="cuda")


# ── functions ──

FUNCTIONS = {
    "one_hot": (lambda F, x: F.one_hot(x), [INDICES]),
    "one_hot, more": (lambda F, x: F.one_hot(x, 7), [INDICES]),
    "normalize": (lambda F, x: F.normalize(x), [(3, 4)]),
    "normalize, p": (lambda F, x: F.normalize(x, p=1.0, dim=0), [(3, 4)]),
    "cosine_similarity": (lambda F, x, y: F.cosine_similarity(x, y), [(3, 4), (3, 4)]),
    "cosine_similarity, dim": (lambda F, x, y: F.cosine_similarity(x, y, dim=-1), [(2, 3, 4), (2, 3, 4)]),
    "pairwise_distance": (lambda F, x, y: F.pairwise_distance(x, y), [(3, 4), (3, 4)]),
    "pairwise_distance, p": (lambda F, x, y: F.pairwise_distance(x, y, p=1.0, keepdim=True), [(3, 4), (3, 4)]),
    "pad": (lambda F, x: F.pad(x, (1, 2, 0, 1), value=0.5), [(3, 4)]),
    "pad, reflect": (lambda F, x: F.pad(x, (1, 2), mode="reflect"), [(1, 3, 4)]),
    "softmax, dtype": (lambda F, x: F.softmax(x, 1, dtype=None), [(3, 4)]),
    "group_norm": (lambda F, x: F.group_norm(x, 2), [(3, 4, 5)]),
    "rms_norm": (lambda F, x: F.rms_norm(x, (4,), eps=1e-5), [(3, 4)]),
    "affine_grid": (lambda F, x: F.affine_grid(x, (2, 3, 4, 5), align_corners=False), [(2, 2, 3)]),
    "affine_grid, corners": (lambda F, x: F.affine_grid(x, (2, 3, 4, 5), align_corners=True), [(2, 2, 3)]),
    "affine_grid, 3d": (lambda F, x: F.affine_grid(x, (2, 3, 4, 5, 1), align_corners=False), [(2, 3, 4)]),
    **{
        f"grid_sample, {mode}, {len(shape)} dims, {padding}, {corners}": (
            lambda F, x, g, mode=mode, padding=padding, corners=corners: F.grid_sample(x, g, mode, padding, corners), [shape, places],
        )
        for shape, places, modes in (
            ((2, 3, 4, 5), (2, 3, 6, 2), ("bilinear", "nearest", "bicubic")),
            ((2, 3, 4, 5, 3), (2, 3, 1, 6, 3), ("bilinear", "nearest")),
        )
        for mode in modes for padding in ("zeros", "border", "reflection") for corners in (True, False)
    },
    **{
        f"interpolate, {mode}, antialias, {options}": (
            lambda F, x, mode=mode, options=options: F.interpolate(x, mode=mode, antialias=True, **options), [(2, 3, 9, 7)],
        )
        for mode in ("bilinear", "bicubic")
        for options in (
            {"size": (4, 3)}, {"size": (4, 3), "align_corners": True}, {"size": (1, 12)}, {"size": 1, "align_corners": True},
            {"scale_factor": 0.4}, {"scale_factor": (0.7, 1.3), "recompute_scale_factor": True},
        )
    },
}


@pytest.mark.parity
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    function, inputs = FUNCTIONS[name]
    arrays = [RNG.standard_normal(x) if isinstance(x, tuple) else x for x in inputs]
    mine = [ag.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    other = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    y, z = function(F, *mine), function(torch.nn.functional, *other)
    close(y, z, "float64")
    if y.requires_grad:
        g = RNG.standard_normal(y.shape)
        y.backward(ag.tensor(g))
        z.backward(torch.tensor(g))
        for a, b in zip(mine, other, strict=True):
            if a.grad is not None or (b.grad != 0).any():  # where nothing depends on it, PyTorch may have zeros
                close(a.grad, b.grad, "float64")


def test_gumbel_softmax():
    ag.manual_seed(0)
    logits = ag.zeros(1000, 3, requires_grad=True)
    y = F.gumbel_softmax(logits, hard=True)
    values = np.asarray(y.detach())
    np.testing.assert_allclose(np.sort(values, 1), np.tile([0, 0, 1], (1000, 1)), atol=1e-6)
    np.testing.assert_allclose(values.mean(0), [1 / 3] * 3, atol=0.05)
    (y * ag.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert np.asarray(logits.grad).any()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: F.one_hot(ag.tensor([3]), 3), IndexError),
        (lambda: F.one_hot(ag.tensor([1.0])), TypeError),
        (lambda: F.one_hot(ag.tensor([-1])), IndexError),
        (lambda: F.one_hot(ag.tensor([], dtype=ag.int64)), ValueError),
    ],
)
def test_one_hot_mistakes(call, error):
    with pytest.raises(error, match="one_hot"):
        call()


# ── examples in the docstrings ──


@pytest.mark.parametrize("name", [*nn.layers.__all__, *nn.losses.__all__])
def test_every_layer_and_loss_has_an_example_and_shapes(name):
    text = inspect.getdoc(getattr(nn, name))
    assert ">>>" in text
    assert "->" in text or "y = x" in text


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2, 2)])
def test_a_normalised_batch_may_be_overwritten(shape):
    """ReLU(inplace=True) behind a batch norm, as in every residual network: what it writes over is not kept."""
    norm = nn.BatchNorm1d(3) if len(shape) == 2 else nn.BatchNorm2d(3)
    x = ag.randn(shape, requires_grad=True)
    (over,) = ag.grad(nn.ReLU(inplace=True)(norm(x)).square().sum(), x)
    (fresh,) = ag.grad(nn.ReLU()(norm(x)).square().sum(), x)
    assert (over == fresh).all()
