"""Whole models: each learns bundled data to a stated figure, and has the weights and numbers of the programs it is known from."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
from nn import models
from nn.data import DataLoader, TensorDataset, karate_club, load_digits, load_text, train_test_split
from nn.training import accuracy, evaluate, fit

TEXT = "the cat sat on the mat, and the rat sat on the hat of the cat. "


@pytest.fixture(scope="module")
def digits():
    """(training, test) parts of images (n, 1, 8, 8) between 0 and 1, with labels."""
    images, labels = load_digits()
    x, test_x, y, test_y = train_test_split(images[:, None] / 16, labels, test_size=0.25, stratify=labels, seed=0)
    return TensorDataset(x, y), TensorDataset(test_x, test_y)


@pytest.fixture(autouse=True)
def seeded():
    ag.manual_seed(0)


def score(digits, model, epochs, lr):
    """Accuracy on the test part after training with AdamW under the 1cycle schedule."""
    train, test = (DataLoader(part, batch_size=64, shuffle=part is digits[0], generator=0) for part in digits)
    loss, optimizer = nn.CrossEntropyLoss(), nn.optim.AdamW(model.parameters(), lr=lr)
    scheduler = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, epochs=epochs, steps_per_epoch=len(train))
    fit(model, loss, optimizer, train, epochs=epochs, scheduler=scheduler, progress=False)
    return evaluate(model, loss, test, accuracy)[1]


# ── training: the figures in brackets are the least and the most of five seeds ──


def test_mlp_reads_digits(digits):
    flat = nn.Sequential(nn.Flatten(), models.MLP(64, 64, 10))
    assert score(digits, flat, epochs=20, lr=1e-2) > 0.95  # (0.971, 0.978)


def test_lenet_reads_digits(digits):
    assert score(digits, models.LeNet(image_size=8, kernel_size=3), epochs=40, lr=2e-2) > 0.93  # (0.947, 0.967)


def test_resnet_reads_digits(digits):
    assert score(digits, models.ResNet((1, 1, 1), (8, 16, 32), in_channels=1), epochs=12, lr=2e-2) > 0.96  # (0.978, 0.993)


@pytest.fixture(scope="module")
def manual():
    """(letters, training part, held-out part) of Python's manual; the parts are arrays of indices into letters, where 1 hides a letter."""
    text = load_text()[:200_000]
    letters = ["[PAD]", "[MASK]", *sorted(set(text))]
    at = {letter: i for i, letter in enumerate(letters)}
    return letters, *np.split(np.array([at[letter] for letter in text]), [180_000])


def windows(part, n, width, generator):
    """n pieces of the text, (n, width)."""
    return part[generator.integers(0, len(part) - width, (n, 1)) + np.arange(width)]


def test_gpt_knows_more_of_the_manual_than_pairs_of_letters_do(manual):
    letters, known, unseen = manual
    pairs = np.ones((len(letters), len(letters)))
    np.add.at(pairs, (known[:-1], known[1:]), 1)
    of_pairs = -np.log((pairs / pairs.sum(1, keepdims=True))[unseen[:-1], unseen[1:]]).mean()  # 2.43 nats a letter

    model = models.GPT(models.GPTConfig(block_size=32, vocab_size=len(letters), n_layer=2, n_head=4, n_embd=64))
    optimizer, generator = model.configure_optimizers(weight_decay=0.1, learning_rate=5e-3), np.random.default_rng(0)
    scheduler = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=300)
    for _ in range(300):
        text = ag.tensor(windows(known, 32, 33, generator))
        optimizer.zero_grad()
        model(text[:, :-1], text[:, 1:])[1].backward()
        optimizer.step()
        scheduler.step()
    text = ag.tensor(windows(unseen, 500, 33, generator))
    with ag.no_grad():
        assert model(text[:, :-1], text[:, 1:])[1].item() < of_pairs - 0.1  # (0.26, 0.37); with Python 3.13's manual (0.17, 0.34)


def test_gpt_learns_a_sentence_and_continues_it():
    letters = sorted(set(TEXT))
    tokens = ag.tensor([letters.index(c) for c in TEXT * 4])
    model = models.GPT(models.GPTConfig(block_size=32, vocab_size=len(letters), n_layer=2, n_head=2, n_embd=32))
    optimizer = model.configure_optimizers(weight_decay=0.1, learning_rate=1e-2)
    for step in range(200):
        windows = ag.stack([tokens[i : i + 33] for i in range(step % 5, len(tokens) - 33, 5)])
        optimizer.zero_grad()
        loss = model(windows[:, :-1], windows[:, 1:])[1]
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2
    model.eval()
    written = model.generate(tokens[None, :20], len(TEXT) - 20, top_k=1)[0].tolist()
    assert "".join(letters[i] for i in written) == TEXT


def test_bert_fills_in_what_is_hidden_in_the_manual(manual):
    letters, known, unseen = manual
    config = models.BertConfig(
        vocab_size=len(letters), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
        max_position_embeddings=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.1,
    )  # fmt: skip
    model, head, generator = models.BertModel(config, add_pooling_layer=False), nn.Linear(64, len(letters)), np.random.default_rng(0)
    optimizer = nn.optim.AdamW([*model.parameters(), *head.parameters()], lr=3e-3)
    scheduler = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=600)

    def answered(part, n):
        """Scores of what is hidden, and what it is: three letters of each of n pieces."""
        text = windows(part, n, 16, generator)
        hidden = generator.random(text.shape).argsort(1) < 3
        return head(model(ag.tensor(np.where(hidden, 1, text))).last_hidden_state[ag.tensor(hidden)]), ag.tensor(text[hidden])

    for _ in range(600):
        optimizer.zero_grad()
        nn.functional.cross_entropy(*answered(known, 64)).backward()
        optimizer.step()
        scheduler.step()
    with ag.no_grad():
        right = accuracy(*answered(unseen, 500))
    often = np.bincount(unseen).max() / len(unseen)  # a space each time: 0.25, or 0.18 with Python 3.13's manual
    assert right > 0.33 > 1.25 * often  # (0.45, 0.48), (0.37, 0.41)


def test_vae_learns_digits(digits):
    images = digits[0].tensors[0].reshape(-1, 64)
    model = models.VAE(64, [128], latent=8)
    optimizer = nn.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(40):
        for (x,) in DataLoader(TensorDataset(images), batch_size=64, shuffle=True, generator=0):
            optimizer.zero_grad()
            loss = model.loss(x, *model(x))
            loss.backward()
            optimizer.step()
    unseen = digits[1].tensors[0].reshape(-1, 64)
    mean = images.mean(0)
    of_mean = nn.functional.binary_cross_entropy(mean.expand(len(unseen), 64), unseen, reduction="sum") / len(unseen)
    assert model.loss(unseen, *model(unseen)).item() < of_mean.item() - 2
    model.eval()
    again = ag.sigmoid(model(unseen)[0])
    assert ((again - unseen) ** 2).mean().item() < 0.5 * ((unseen - mean) ** 2).mean().item()
    drawn = model.sample(16, ag.Generator().manual_seed(0))
    assert ag.equal(drawn, model.sample(16, ag.Generator().manual_seed(0)))
    assert 0 <= drawn.min().item() <= drawn.max().item() <= 1


def test_gcn_finds_both_factions_from_two_labels():
    features, edges, labels = (ag.tensor(part) for part in karate_club())
    model, known = models.GCN(34, 16, 2), ag.tensor([0, 33])
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(features, edges)[known], labels[known]).backward()
        optimizer.step()
    model.eval()
    assert accuracy(model(features, edges), labels) >= 32 / 34


# ── weights of other programs ──


def test_bert_has_the_names_of_hugging_face():
    config = models.BertConfig(vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    layer = [
        "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
        "intermediate.dense", "output.dense", "output.LayerNorm",
    ]  # fmt: skip
    pairs = ["embeddings.LayerNorm", *(f"encoder.layer.0.{name}" for name in layer), "pooler.dense"]
    tables = [f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type")]
    expected = {*tables, *(f"{name}.{part}" for name in pairs for part in ("weight", "bias"))}
    assert set(models.BertModel(config).state_dict()) == expected


def test_gpt_has_the_names_of_nanogpt():
    model = models.GPT(models.GPTConfig(block_size=4, vocab_size=9, n_layer=1, n_head=1, n_embd=4, bias=False))
    block = ["ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"]
    names = ["transformer.wte", "transformer.wpe", *(f"transformer.h.0.{name}" for name in block), "transformer.ln_f", "lm_head"]
    assert set(model.state_dict()) == {f"{name}.weight" for name in names}
    assert model.transformer["wte"].weight is model.lm_head.weight
    decayed, kept = model.configure_optimizers(0.1, 1e-3).param_groups
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.1, 0.0)
    assert sum(map(len, (decayed["params"], kept["params"]))) == len(list(model.parameters()))
    assert {p.ndim for p in decayed["params"]} == {2}
    assert {p.ndim for p in kept["params"]} == {1}


def joined(layers):
    """The state of ``MultiheadAttention.in_proj`` from three linear layers."""
    return {f"self_attn.in_proj_{part}": ag.cat([getattr(layer, part) for layer in layers]) for part in ("weight", "bias")}


def renamed(module, names):
    return {f"{theirs}.{part}": getattr(module.get_submodule(ours), part) for ours, theirs in names.items() for part in ("weight", "bias")}


def test_layer_of_bert_is_an_encoder_layer():
    config = models.BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    layer = models.BertModel(config).eval().encoder["layer"][0]
    own = layer.attention["self"]
    other = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", layer_norm_eps=1e-12, batch_first=True).eval()
    names = {
        "attention.output.dense": "self_attn.out_proj", "attention.output.LayerNorm": "norm1", "intermediate.dense": "linear1",
        "output.dense": "linear2", "output.LayerNorm": "norm2",
    }  # fmt: skip
    other.load_state_dict(joined([own.query, own.key, own.value]) | renamed(layer, names))
    x, seen = ag.randn(3, 5, 8), ag.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]]) == 1
    ours, theirs = layer(x, seen[:, None, None, :]), other(x, src_key_padding_mask=~seen)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-5, atol=1e-5)


def test_block_of_gpt_is_an_encoder_layer_that_looks_back():
    block = models.GPT(models.GPTConfig(block_size=5, vocab_size=9, n_layer=1, n_head=2, n_embd=8)).transformer["h"][0]
    other = nn.TransformerEncoderLayer(8, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True)
    names = {"attn.c_proj": "self_attn.out_proj", "ln_1": "norm1", "mlp.c_fc": "linear1", "mlp.c_proj": "linear2", "ln_2": "norm2"}
    other.load_state_dict(joined([block.attn.c_attn]) | renamed(block, names))
    x, mask = ag.randn(3, 5, 8), nn.Transformer.generate_square_subsequent_mask(5)
    np.testing.assert_allclose(block(x).detach().numpy(), other(x, mask).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_padding_changes_nothing_for_bert():
    config = models.BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16)
    model = models.BertModel(config).eval()
    short = model(ag.tensor([[2, 5, 3]]))
    padded = model(ag.tensor([[2, 5, 3, 0, 7]]), ag.tensor([[1, 1, 1, 0, 0]]))
    np.testing.assert_allclose(padded.last_hidden_state[:, :3].detach().numpy(), short.last_hidden_state.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(padded.pooler_output.detach().numpy(), short.pooler_output.detach().numpy(), atol=1e-6)
    assert models.BertModel(config, add_pooling_layer=False)(ag.tensor([[2]])).pooler_output is None


def test_resnet_has_the_names_and_layers_of_the_paper():
    model = models.ResNet()
    assert sum(isinstance(module, nn.Conv2d) for module in model.modules()) + 1 == 20 + 2  # and two 1 x 1 convolutions beside blocks
    assert {"conv1.weight", "layer1.0.bn1.running_mean", "layer2.0.downsample.0.weight", "layer3.2.conv2.weight", "fc.bias"} <= set(
        model.state_dict()
    )
    assert model(ag.zeros(1, 3, 32, 32)).shape == (1, 10)


def test_wordpiece():
    """The rules of BERT's uncased tokens, one by one."""
    pieces = ["token", "##iz", "##ize", "##r", "s", "'", "don", "t", "東", ".", "$", "eclair", "##s"]
    tokenize = models.WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *pieces], max_length=8)

    def middle(text):
        return " ".join(tokenize.tokens(text)[1:-1])

    assert middle("Tokenizer") == "token ##ize ##r"  # the longest piece first
    assert middle("TOKENs") == "token ##s"
    assert middle("don't") == "don ' t"
    assert middle(" \u00c9clairs\teclairs\n") == "eclair ##s eclair ##s"
    assert middle("東東.$") == "東 東 . $"
    assert middle("to\u200bken tokenx") == "token [UNK]"
    assert middle("token" + "s" * 96) == "[UNK]"
    assert middle("") == ""
    assert middle("s " * 50) == "s s s s s s"
    tokens, mask = tokenize(["s", ""])
    assert tokens.tolist() == [[2, 8, 3], [2, 3, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0]]


# ── generation ──


def test_generation():
    model = models.GPT(models.GPTConfig(block_size=4, vocab_size=6, n_layer=1, n_head=1, n_embd=8)).eval()
    start = ag.tensor([[1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])  # longer than the block

    def drawn(**options):
        return model.generate(start, 12, generator=ag.Generator().manual_seed(3), **options)

    assert drawn().shape == (2, 17)
    assert ag.equal(drawn()[:, :5], start)
    assert ag.equal(drawn(), drawn())
    assert ag.equal(drawn(temperature=1e-4), drawn(top_k=1))
    assert ag.equal(drawn(top_k=100), drawn())
    first = [model.generate(start, 1, top_k=2)[:, -1] for _ in range(40)]
    likeliest = ag.topk(model(start[:, -4:])[0][:, -1], 2)[1]
    assert all((row[:, None] == likeliest).any(1).all() for row in first)
    assert len({tuple(row.tolist()) for row in first}) == 4


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: models.GPT(models.GPTConfig(4, 6, 1, 3, 8)), "multiple of n_head; got 8 and 3"),
        (lambda: models.GPT(models.GPTConfig(4, 6, 1, 1, 8))(ag.zeros(1, 5, dtype=ag.int64)), "block_size=4"),
        (lambda: models.GPT(models.GPTConfig(4, 6, 1, 1, 8)).generate(ag.tensor([[0]]), 1, temperature=0), "temperature above 0"),
        (lambda: models.BertModel(models.BertConfig(9, 8, 1, 3)), "multiple of num_attention_heads"),
        (lambda: models.BertModel(models.BertConfig(9, 8, 1, 2, 8))(ag.tensor([0, 1])), "max_position_embeddings=512"),
        (lambda: models.BertModel(models.BertConfig(9, 8, 1, 2, 8))(ag.tensor([[0]]), ag.tensor([1])), "attention_mask"),
        (lambda: models.WordPiece(["[PAD]", "[CLS]", "[SEP]"]), r"none of \['\[UNK\]'\]"),
        (lambda: models.LeNet(image_size=8), "kernel_size of at most image_size // 2 - 1"),
        (lambda: models.LeNet(kernel_size=4), "odd kernel_size"),
    ],
)
def test_mistakes(call, match):
    with pytest.raises(ValueError, match=match):
        call()
