from __future__ import annotations

import math

import numpy as np
import pytest

import autograd as ag
import nn

RNG = np.random.default_rng(0)
L, S, N, E, H = 4, 5, 3, 8, 2


def padding(floats: bool) -> np.ndarray:
    """(N, S): the last keys of two sequences are not seen."""
    unseen = np.arange(S) >= np.array([S, 3, 4])[:, None]
    return np.where(unseen, -np.inf, 0.0) if floats else unseen


CAUSAL = np.triu(np.ones((L, S), bool), 2)
# name: (options, arguments of the call, whether the query is key and value too)
CASES = {
    "plain": ({}, {}, False),
    "self": ({}, {}, True),
    "no bias": ({"bias": False}, {}, True),
    "batch first": ({"batch_first": True}, {}, False),
    "other lengths": ({"kdim": 6, "vdim": 3}, {}, False),
    "bias_kv": ({"add_bias_kv": True}, {"key_padding_mask": padding(floats=False)}, False),
    "zero attn": ({"add_zero_attn": True, "add_bias_kv": True}, {"attn_mask": CAUSAL}, False),
    "no weights": ({}, {"need_weights": False}, False),
    "weights of heads": ({}, {"average_attn_weights": False}, False),
    "bool mask": ({}, {"attn_mask": CAUSAL}, False),
    "float mask": ({}, {"attn_mask": RNG.standard_normal((L, S))}, False),
    "mask of heads": ({}, {"attn_mask": RNG.standard_normal((N * H, L, S))}, False),
    "padding": ({}, {"key_padding_mask": padding(floats=False)}, False),
    "padding of floats": ({}, {"key_padding_mask": padding(floats=True), "need_weights": False}, False),
    "both masks": ({}, {"key_padding_mask": padding(floats=False), "attn_mask": CAUSAL}, False),
    "causal": ({}, {"attn_mask": np.triu(np.ones((L, S), bool), 1), "is_causal": True, "need_weights": False}, False),
}


def modules(torch, options):
    ours, theirs = nn.MultiheadAttention(E, H, **options).double(), torch.nn.MultiheadAttention(E, H, **options).double()
    with torch.no_grad():
        for p in theirs.parameters():
            p.copy_(torch.randn_like(p))
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def inputs(options, same):
    sizes = [(L, N, E), (S, N, options.get("kdim", E)), (S, N, options.get("vdim", E))]
    arrays = [RNG.standard_normal((n, length, e) if options.get("batch_first") else (length, n, e)) for length, n, e in sizes]
    return arrays[:1] if same else arrays


@pytest.mark.parity
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", CASES)
def test_attention_equals_pytorch(name, training):
    torch = pytest.importorskip("torch")
    options, arguments, same = CASES[name]
    ours, theirs = (module.train(training) for module in modules(torch, options))
    arrays = inputs(options, same)
    mine, other = [ag.tensor(a, requires_grad=True) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]
    given = [{k: kind(v) if isinstance(v, np.ndarray) else v for k, v in arguments.items()} for kind in (ag.tensor, torch.tensor)]
    (y, w), (z, v) = ours(*mine * (3 if same else 1), **given[0]), theirs(*other * (3 if same else 1), **given[1])
    np.testing.assert_allclose(y.detach(), z.detach(), rtol=1e-9, atol=1e-12)
    assert (w is None) == (v is None)
    seed = RNG.standard_normal(y.shape)
    total, reference = (y * ag.tensor(seed)).sum(), (z * torch.tensor(seed)).sum()
    if w is not None:
        np.testing.assert_allclose(w.detach(), v.detach(), rtol=1e-9, atol=1e-12)
        total, reference = total + (w * w).sum(), reference + (v * v).sum()
    total.backward()
    reference.backward()
    for a, b in zip([*mine, *ours.parameters()], [*other, *theirs.parameters()], strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-8, atol=1e-11)


FORMS = {
    "plain": {}, "separate": {"use_separate_proj_weight": True}, "static": {"static_k": True, "static_v": True},
    "static values": {"static_v": True, "need_weights": False}, "all": {"bias_k": True, "bias_v": True, "add_zero_attn": True},
    "no dropout": {"dropout_p": 0.7, "training": False, "average_attn_weights": False},
    "no biases": {"in_proj_bias": False, "out_proj_bias": False},
}  # fmt: skip


@pytest.mark.parity
@pytest.mark.parametrize("name", FORMS)
def test_the_function_equals_pytorchs(name):
    torch = pytest.importorskip("torch")
    settings = {"need_weights": True, "add_zero_attn": False, "dropout_p": 0.0} | FORMS[name]
    separate = settings.get("use_separate_proj_weight", False)
    shapes = {
        "in_proj_weight": None if separate else (3 * E, E), "in_proj_bias": (3 * E,), "bias_k": None, "bias_v": None,
        "out_proj_weight": (E, E), "out_proj_bias": (E,), **{f"{x}_proj_weight": (E, E) if separate else None for x in "qkv"},
        "static_k": None, "static_v": None,
    }  # fmt: skip
    for key, value in settings.items():
        if key in shapes:
            shapes[key] = ((1, 1, E) if key.startswith("bias") else (N * H, S, E // H)) if value else None
    arrays = {key: None if shape is None else RNG.standard_normal(shape) for key, shape in shapes.items()}
    arrays |= {"query": RNG.standard_normal((L, N, E)), "key": RNG.standard_normal((S, N, E)), "value": RNG.standard_normal((S, N, E))}
    rest = {key: value for key, value in settings.items() if key not in shapes}
    found = []
    for functional, kind in ((nn.functional, ag.tensor), (torch.nn.functional, torch.tensor)):
        given = {key: None if a is None else kind(a, requires_grad=True) for key, a in arrays.items()}
        y, w = functional.multi_head_attention_forward(**given, **rest, embed_dim_to_check=E, num_heads=H)
        ((y**2).sum() + (0 if w is None else (w**2).sum())).backward()
        gradients = [x.grad for x in given.values() if x is not None]
        found.append([y.detach(), *([] if w is None else [w.detach()]), *(g for g in gradients if g is not None)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-11)


@pytest.mark.parity
def test_one_sample_equals_pytorch():
    torch = pytest.importorskip("torch")
    ours, theirs = modules(torch, {})
    q, k = RNG.standard_normal((L, E)), RNG.standard_normal((S, E))
    unseen = np.arange(S) > 2
    (y, w), (z, v) = (
        m(kind(q), kind(k), kind(k), key_padding_mask=kind(unseen)) for m, kind in ((ours, ag.tensor), (theirs, torch.tensor))
    )
    np.testing.assert_allclose(y.detach(), z.detach(), rtol=1e-9)
    np.testing.assert_allclose(w.detach(), v.detach(), rtol=1e-9)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("norm_first", [False, True])
def test_transformer_with_masks_equals_pytorch(norm_first):
    torch = pytest.importorskip("torch")
    options = {"dropout": 0.0, "activation": "gelu", "norm_first": norm_first}
    ours, theirs = (library.Transformer(E, H, 1, 1, 12, **options, batch_first=True).double() for library in (nn, torch.nn))
    ours.load_state_dict(theirs.state_dict())
    src, tgt = RNG.standard_normal((N, S, E)), RNG.standard_normal((N, L, E))

    def called(model, library, kind):
        mask = library.Transformer.generate_square_subsequent_mask(L, dtype=kind(src).dtype)
        unseen = kind(padding(floats=True))
        return model(
            kind(src), kind(tgt), tgt_mask=mask, tgt_is_causal=True, src_key_padding_mask=unseen, memory_key_padding_mask=unseen
        )

    y, z = called(ours, nn, ag.tensor), called(theirs, torch.nn, torch.tensor)
    np.testing.assert_allclose(y.detach(), z.detach(), rtol=1e-8, atol=1e-11)
    (y * y).sum().backward()
    (z * z).sum().backward()
    for (key, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-7, atol=1e-9, err_msg=key)


def test_the_causal_mask():
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    assert mask.tolist() == [[0, -math.inf, -math.inf], [0, 0, -math.inf], [0, 0, 0]]


def test_an_encoder_does_not_look_ahead():
    layer = nn.TransformerEncoderLayer(E, H, 12, batch_first=True).eval()
    x = ag.randn(1, L, E)
    x.requires_grad_()
    y = layer(x, nn.Transformer.generate_square_subsequent_mask(L), is_causal=True)
    (y[0, 1] * ag.arange(float(E))).sum().backward()
    seen = np.abs(x.grad.numpy()[0]).sum(-1) > 1e-6
    assert seen.tolist() == [True, True, False, False]


@pytest.mark.parametrize("name", ["Transformer", "TransformerEncoder"])
def test_compiled_equals_eager(name):
    layer = nn.TransformerEncoderLayer(E, H, 12, 0.0, "gelu", batch_first=True)
    model = nn.TransformerEncoder(layer, 2) if name == "TransformerEncoder" else nn.Transformer(E, H, 1, 1, 12, 0.0, batch_first=True)
    given = [ag.randn(N, L, E)] * (1 if name == "TransformerEncoder" else 2)

    def step(*x):
        model.zero_grad()
        loss = (model(*x) ** 2).sum()
        loss.backward()
        return loss

    eager = step(*given).item()
    gradients = [p.grad.numpy().copy() for p in model.parameters()]
    compiled = ag.compile(step)
    for _ in range(2):
        assert compiled(*given).item() == pytest.approx(eager, rel=1e-5)
    for p, g in zip(model.parameters(), gradients, strict=True):
        np.testing.assert_allclose(p.grad, g, rtol=1e-4, atol=1e-5)


def test_layers_of_a_stack_are_copies():
    layer = nn.TransformerEncoderLayer(E, H, 12)
    stack = nn.TransformerEncoder(layer, 2)
    first, second = (m.linear1.weight for m in stack.layers)
    assert first is not second
    assert first.tolist() == second.tolist() == layer.linear1.weight.tolist()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: nn.MultiheadAttention(8, 3), "multiple of num_heads"),
        (lambda: nn.MultiheadAttention(8, 2)(ag.ones(4, 8), ag.ones(5, 1, 8), ag.ones(5, 1, 8)), "3 dims, or all of 2"),
        (lambda: nn.MultiheadAttention(8, 2)(*[ag.ones(4, 1, 8)] * 3, attn_mask=ag.ones(4, 5)), r"attn_mask of shape \(4, 4\)"),
        (lambda: nn.MultiheadAttention(8, 2)(*[ag.ones(4, 1, 8)] * 3, is_causal=True), "generate_square_subsequent_mask"),
        (lambda: nn.functional.multi_head_attention_forward(*[ag.ones(4, 1, 6)] * 3, 8, 2, *[None] * 4, False, 0.0, ag.ones(8, 8), None),
         "embed_dim_to_check=8"),
        (lambda: nn.TransformerEncoderLayer(8, 2, activation="tanh"), "'tanh'"),
        (lambda: nn.Transformer(8, 2)(ag.ones(4, 1, 6), ag.ones(4, 1, 8)), "d_model=8"),
    ],
)
def test_mistakes(call, match):
    with pytest.raises(ValueError, match=match):
        call()
