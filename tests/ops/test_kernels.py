"""What kernels promise beside the values that the ops' tests check: blocks of any size, results in given memory, bits of chosen values."""
from __future__ import annotations

import numpy as np
import pytest

from autograd.kernels import activation, attention, blocks, choice, normalisation, rows

RNG = np.random.default_rng(0)
X, G = RNG.standard_normal((2, 7, 24)).astype(np.float32)
W, B = RNG.standard_normal((2, 24)).astype(np.float32)
HEADS = [RNG.standard_normal((3, 2, 5, 4)).astype(np.float32) for _ in range(3)]
KERNELS = {
    "gelu": lambda **out: activation.gelu32(X, "none", **out),
    "gelu tanh": lambda **out: activation.gelu32(X, "tanh", **out),
    "softmax": lambda **out: rows.softmax(X, -1, **out),
    "softmax of columns": lambda **out: rows.softmax(X, 0, **out),
    "softmax back": lambda **out: rows.softmax_back(G, X, 1, **out),
    "log_softmax": lambda **out: rows.log_softmax(X, -1, **out),
    "log_softmax back": lambda **out: rows.log_softmax_back(G, X, -1, **out),
    "layer norm": lambda **out: normalisation.normalise_rows(X, W, B, 1e-5, True, **out),
    "rms norm": lambda **out: normalisation.normalise_rows(X, None, None, 1e-5, False, **out),
    "channels": lambda **out: normalisation.normalise_channels(X.reshape(7, 4, 6), W[:4], B[:4], 1e-5, **out)[0],
    "attention": lambda **out: attention.attend(*HEADS, None, None, 0.5, True, **out)[0],
}


@pytest.mark.parametrize("name", KERNELS)
def test_result_in_given_memory(name):
    expected = KERNELS[name]()
    out = np.full(expected.shape, np.nan, expected.dtype)
    assert KERNELS[name](out=out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("block", [1, 50])
def test_blocks_do_not_show(monkeypatch, name, block):
    expected = KERNELS[name]()
    monkeypatch.setattr(blocks, "BLOCK", block)
    np.testing.assert_allclose(KERNELS[name](), expected, 1e-5, 1e-6)


@pytest.mark.parametrize("block", [1, 40, 100, 10_000])
@pytest.mark.parametrize("shape", [(5, 4), (3, 5, 4), (2, 3, 5, 4), (2, 0, 5, 4), (6, 2, 3, 0, 4)], ids=str)
def test_matrix_blocks_cover_everything_once(monkeypatch, block, shape):
    monkeypatch.setattr(blocks, "BLOCK", block)
    hits = np.zeros(shape, int)
    for index in blocks.matrix_blocks(shape):
        hits[index] += 1
        assert hits[index].size <= max(block, shape[-1] * shape[-2])
    assert (hits == 1).all()


@pytest.mark.parametrize("shape", [(3, 5), (128, 2, 64), (64, 65)], ids=str)
@pytest.mark.parametrize("axes", [None, "reversed"])
def test_large_arrays_begin_at_a_cache_line(shape, axes):
    model = np.empty(shape, np.float32) if axes is None else np.empty(shape[::-1], np.float32).T
    for found in (blocks.empty(shape, np.float32), blocks.empty_like(model)):
        assert found.shape == shape
        assert found.dtype == np.float32
        if found.nbytes >= blocks.SMALL:
            assert found.ctypes.data % blocks.ALIGNMENT == 0
    assert blocks.empty_like(model).strides == model.strides
    assert blocks.empty_like(model, (*shape[:-1], 7)).shape == (*shape[:-1], 7)


@pytest.mark.parametrize("scale", [0.5, 30.0, -1e3])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_whatever_the_size_of_scores(scale, causal):
    """Small scores go without the largest of each row; beyond 64 exponentials of float32 would soon overflow, or all vanish."""
    query, key, value = HEADS
    scores = query.astype(float) @ key.astype(float).swapaxes(-1, -2) * scale
    if causal:
        scores = np.where(np.tri(5, dtype=bool), scores, -np.inf)
    expected = np.exp(scores - scores.max(-1, keepdims=True))
    expected /= expected.sum(-1, keepdims=True)
    found, weights = attention.attend(query, key, value, None, None, scale, causal)
    assert attention.modest(np.float32(query @ key.swapaxes(-1, -2) * scale)) == (scale == 0.5)
    np.testing.assert_allclose(weights, expected, 1e-5, 1e-4)
    np.testing.assert_allclose(found, expected @ value, 1e-4, 1e-4)


def test_attention_to_nan_is_nan():
    query, key, value = (x.copy() for x in HEADS)
    key[0, 0, 1, 0] = np.nan
    found, weights = attention.attend(query, key, value, None, None, 0.5, False)
    assert np.isnan(found[0, 0]).all()
    assert np.isnan(weights[0, 0]).all()
    assert np.isfinite(found[1:]).all()


SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -2.5])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize("size", [6, 6000])
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_choices_are_exact(dtype, size):
    """To the bit: signs of zeros, infinities and NaN."""
    a, b = (np.resize(np.roll(SPECIAL, k), size).astype(dtype) for k in (0, 3))
    mask = RNG.random(size) < 0.5
    zero = np.zeros((), dtype)
    for found, expected in (
        (choice.chosen(mask, a, b), np.where(mask, a, b)),
        (choice.chosen(mask, a, zero), np.where(mask, a, zero)),
        (choice.chosen(mask, zero, b), np.where(mask, zero, b)),
        (choice.chosen(mask, a, -zero), np.where(mask, a, -zero)),
        (choice.chosen(mask[:, None], a[:3], b[:1]), np.where(mask[:, None], a[:3], b[:1])),
        (choice.kept(a, mask), np.where(mask, a, zero)),
        (choice.kept(a[::2], mask[::2]), np.where(mask[::2], a[::2], zero)),
        (choice.kept(zero, mask), np.where(mask, zero, zero)),
    ):
        assert found.dtype == expected.dtype == dtype
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("width", [1, 7, 8, 64, 511, 512, 600])
def test_peaks_and_totals(width):
    x = RNG.standard_normal((9, width)).astype(np.float32)
    x[2, width // 2] = np.inf
    x[3, width // 3] = np.nan
    x[4] = -np.inf
    np.testing.assert_array_equal(rows.peaks(x, -1), x.max(-1, keepdims=True))
    np.testing.assert_array_equal(rows.peaks(x, 0), x.max(0, keepdims=True))
    np.testing.assert_allclose(rows.totals(x, 1), x.sum(1, keepdims=True), 1e-4, 1e-5)
    np.testing.assert_allclose(rows.dots(x, x), (x * x).sum(1, keepdims=True), 1e-5)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)], ids=str)
def test_order_of_memory_is_kept(axes):
    """As by NumPy's own functions: a convolution's output may have its channels last in memory."""
    x, g = (RNG.standard_normal((3, 4, 5)).astype(np.float32).transpose(axes) for _ in range(2))
    for found in (choice.kept(x, x > 0), activation.gelu32(x, "none"), blocks.in_blocks(activation.silu_back, x, g, g, between=1)):
        assert found.strides == x.strides
    mixed = blocks.in_blocks(activation.silu_back, x, np.ascontiguousarray(g), np.ascontiguousarray(x), between=1)
    np.testing.assert_array_equal(mixed, blocks.in_blocks(activation.silu_back, *map(np.ascontiguousarray, (x, g, x)), between=1))
    gaps = np.repeat(x, 2, -1)[..., ::2]
    np.testing.assert_array_equal(activation.gelu32(gaps, "none"), activation.gelu32(x, "none"))
    given = np.empty(x.shape[::-1], np.float32).T
    assert activation.gelu32(np.ascontiguousarray(x), "none", out=given) is given
    np.testing.assert_array_equal(given, activation.gelu32(x, "none"))
