"""The letters of einsum: read, completed, and turned into batched matrix products."""
from __future__ import annotations

import functools
import math
import string
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, ShapeError, message


def fail(required, given, remedy=""):
    """Raise what is wrong with the equation."""
    raise ArgumentError(message("einsum", required, given, remedy))


class Reading(NamedTuple):
    """What an equation says of operands of given shapes."""

    terms: tuple[str, ...]  # one per operand, a letter for each dim
    out: str
    sizes: dict[str, int]
    product: str  # the whole equation, where it is one product of two operands as they are; else ""


@functools.lru_cache(4096)  # reading takes 40 us, more than small products do
def read(equation, shapes):
    """The equation for operands of these shapes, every "..." spelled out in letters it does not use, the output completed."""
    text = equation.replace(" ", "")
    left, arrow, out = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        fail(f"one term for each of the {len(shapes)} operands is required", f"{len(terms)} in {equation!r}", "set commas between terms")
    for term in (*terms, out):
        if not all(c in string.ascii_letters for c in term.replace("...", "", 1)):
            fail("letters, commas, one -> and at most one ... per term are required", repr(equation))
    unnamed = [len(shape) - len(term.replace("...", "")) for term, shape in zip(terms, shapes, strict=True)]
    for position, (term, rest) in enumerate(zip(terms, unnamed, strict=True)):
        if rest < 0 or (rest and "..." not in term):
            raise ShapeError(message(
                "einsum", f"one letter for each dim of operand {position + 1} is required", f"{term!r} for shape {shapes[position]}",
                "add letters, or ... for the rest",
            ))  # fmt: skip
    most = max(unnamed)
    dots = "".join(c for c in string.ascii_letters if c not in text)[:most]
    if len(dots) < most:
        fail("at most 52 different dims are required", repr(equation))
    if not arrow:
        once = [c for c in left if c.isalpha() and left.count(c) == 1]
        out = "..." + "".join(sorted(once))
    out = out.replace("...", dots)
    terms = tuple(term.replace("...", dots[most - rest :]) for term, rest in zip(terms, unnamed, strict=True))
    for c in out:
        if out.count(c) > 1:
            fail("each letter once in the output is required", f"{c!r} in {equation!r}", "use diag_embed to spread onto a diagonal")
        if c not in "".join(terms):
            fail("letters of the operands are required in the output", f"{c!r} in {equation!r}")
    sizes = sizes_of(terms, shapes)
    exact = all(sizes[c] == n for term, shape in zip(terms, shapes, strict=True) for c, n in zip(term, shape, strict=True))
    paired = [*terms, out] if len(terms) == 2 and exact else [""]
    plain = all(paired) and all(sum(c in term for term in paired) > 1 and max(term.count(c) for term in paired) == 1 for c in sizes)
    return Reading(terms, out, sizes, f"{terms[0]},{terms[1]}->{out}" if plain else "")


def from_lists(args):
    """The equation and operands of the form einsum(x, [0, 1], y, [1, 2], [0, 2])."""
    letter = lambda i: "..." if i is Ellipsis else string.ascii_letters[i]
    spell = lambda sublist: "".join(map(letter, sublist))
    pairs = len(args) // 2
    equation = ",".join(spell(args[2 * i + 1]) for i in range(pairs)) + ("->" + spell(args[-1]) if len(args) % 2 else "")
    return equation, args[0 : 2 * pairs : 2]


def sizes_of(terms, shapes):
    """The size of each letter; 1 gives way to any other."""
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, n in zip(term, shape, strict=True):
            held = sizes.setdefault(letter, n)
            if held == 1:
                sizes[letter] = n
            elif n not in (1, held):
                raise ShapeError(message(
                    "einsum", f"one size for each letter is required, and {letter!r} has {held} and {n}",
                    " and ".join(f"{term!r} for {tuple(shape)}" for term, shape in zip(terms, shapes, strict=True)),
                ))  # fmt: skip
    return sizes


def best_pair(terms, out, sizes):
    """The positions of the two terms to contract next: those whose result saves the most elements over them (as opt_einsum's greedy)."""
    count = lambda letters: math.prod(sizes[c] for c in letters)
    best: Any = None
    for j in range(1, len(terms)):
        for i in range(j):
            rest = set(out).union(*(term for k, term in enumerate(terms) if k not in (i, j)))
            both = set(terms[i]) | set(terms[j])
            cost = count(both & rest) - count(terms[i]) - count(terms[j]), count(both)
            if best is None or cost < best[0]:
                best = cost, i, j, "".join(c for c in out if c in both) + "".join(sorted((both & rest) - set(out)))
    return best[1:]


class Contraction:
    """The equation of two arrays, each letter in exactly two of its three terms or in all, made ready for one batched product."""

    def __init__(self, equation):
        terms, out = equation.split("->")
        a, b = terms.split(",")
        self.left, self.right = f"{out},{b}->{a}", f"{out},{a}->{b}"
        batch = [c for c in a if c in b and c in out]
        self.summed = [c for c in a if c in b and c not in out]
        rows, columns = [c for c in a if c not in b], [c for c in b if c not in a]
        self.a, self.b = self.order(a, batch + rows + self.summed), self.order(b, batch + self.summed + columns)
        self.out = self.order("".join(batch + rows + columns), out)
        self.batch, self.rows, self.columns = len(batch), len(rows), len(columns)

    @staticmethod
    def order(letters, wanted):
        """Where the wanted letters stand."""
        return tuple(letters.index(c) for c in wanted)

    def run(self, a, b):
        """The contraction of two arrays."""
        a, b = a.transpose(self.a), b.transpose(self.b)
        batch, rows, columns = a.shape[: self.batch], a.shape[self.batch : self.batch + self.rows], b.shape[b.ndim - self.columns :]
        if self.summed:
            k, n, m = (math.prod(shape) for shape in (a.shape[self.batch + self.rows :], rows, columns))
            y = np.matmul(a.reshape((*batch, n, k)), b.reshape((*batch, k, m))).reshape(batch + rows + columns)
        else:
            y = a.reshape(batch + rows + (1,) * self.columns) * b.reshape(batch + (1,) * self.rows + columns)
        return y.transpose(self.out)
