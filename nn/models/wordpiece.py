"""The tokens of BERT: words taken apart into the longest pieces that a vocabulary has (Wu et al. 2016, arXiv:1609.08144, section 4.1)."""
from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message

__all__ = ["WordPiece"]

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


class WordPiece:
    """Texts to numbers, as the uncased models of BERT were trained with: N texts -> tokens (N, T) and mask (N, T), T the longest text's.

    vocabulary  the tokens in the order of their numbers: the lines of a ``vocab.txt``. A piece inside a word begins with ##.
    max_length  longer texts are cut off

    Letters lose case and accents; a punctuation mark or an ideograph is a word of its own; a word that cannot be put together is [UNK].

    >>> tokenize = nn.models.WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "cafe", "!"])
    >>> tokenize.tokens("Café unaffable!")
    ['[CLS]', 'cafe', 'un', '##aff', '##able', '!', '[SEP]']
    >>> tokenize(["Café!", "unaffable"])
    (tensor([[2, 7, 8, 3, 0],
            [2, 4, 5, 6, 3]]), tensor([[1, 1, 1, 1, 0],
            [1, 1, 1, 1, 1]]))
    """

    def __init__(self, vocabulary: Iterable[str], max_length: int = 512) -> None:
        self.numbers, self.max_length = {token.rstrip("\n"): i for i, token in enumerate(vocabulary)}, max_length
        if missing := [token for token in SPECIAL if token not in self.numbers]:
            raise ArgumentError(message("WordPiece", f"a vocabulary with {', '.join(SPECIAL)} is required", f"none of {missing}"))

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        rows = [[self.numbers[token] for token in self.tokens(text)] for text in texts]
        longest = max(map(len, rows))
        padding = self.numbers["[PAD]"]
        tokens = [row + [padding] * (longest - len(row)) for row in rows]
        return ag.tensor(tokens), ag.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])

    def tokens(self, text: str) -> list[str]:
        """The tokens of one text, at most max_length, between [CLS] and [SEP]."""
        pieces = [piece for word in words(text) for piece in self.pieces(word)]
        return ["[CLS]", *pieces[: self.max_length - 2], "[SEP]"]

    def pieces(self, word: str) -> list[str]:
        """The word as pieces, the longest first from the left; [UNK] if one is missing, or the word is longer than 100 letters."""
        found: list[str] = []
        start = 0
        while start < len(word) <= 100:
            mark = "##" if start else ""
            end = next((end for end in range(len(word), start, -1) if mark + word[start:end] in self.numbers), None)
            if end is None:
                return ["[UNK]"]
            found.append(mark + word[start:end])
            start = end
        return found or ["[UNK]"]


def words(text: str) -> list[str]:
    """Words without case and accents, each punctuation mark and ideograph a word of its own."""
    return "".join(spaced(text)).split()


def spaced(text: str) -> Iterator[str]:
    """The letters of a text, with spaces where words end."""
    for c in unicodedata.normalize("NFD", text).lower():
        kind = unicodedata.category(c)
        if kind == "Mn" or (kind[0] == "C" and c not in "\t\n\r") or c == "\ufffd":  # an accent, or nothing that is seen
            continue
        alone = kind[0] == "P" or c in "$+<=>^`|~" or any(first <= ord(c) <= last for first, last in IDEOGRAPHS)
        yield f" {c} " if alone else c
