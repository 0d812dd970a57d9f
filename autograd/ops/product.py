"""Sums of products: matrix products, inner and outer products, einsum, the fused linear layer."""
from __future__ import annotations

import functools
import math
import string

import numpy as np

from autograd.errors import DtypeError, ShapeError, message
from autograd.kernels.dims import dim_of, dims_of
from autograd.kernels.einsum import Contraction, best_pair, from_lists, read
from autograd.op import Array, Sample, derived, op
from autograd.ops import reduction
from autograd.ops.shape import broadcast_shapes, diagonal, expand, mT, permute, reshape, roll, squeeze

__all__ = [
    "matmul", "mm", "bmm", "mv", "dot", "vdot", "inner", "outer", "ger", "linear", "bilinear", "addmm", "addmv", "addr", "baddbmm",
    "addbmm",
    "einsum", "tensordot", "kron", "cross",
]  # fmt: skip


def same_dtype(name, a, b, a_name="the first", b_name="the second"):
    """Products need one dtype: a silent conversion would hide a float64 that slows everything down."""
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        raise DtypeError(message(
            name, "one dtype is required", f"{a.dtype} for {a_name} and {b.dtype} for {b_name}",
            "convert one of them: x.to(w.dtype), or x.float()",
        ))  # fmt: skip


# ── matrix products ──


def rows(x):
    """All dims but the last as one: (..., n) -> (rows, n)."""
    return x if x.ndim == 2 else x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def product(a, b):
    """a @ b of two matrices. For small ones, np.dot takes a third to two thirds of the time."""
    return np.dot(a, b) if type(a) is type(b) is np.ndarray else a @ b


def matmul_left(g, y, a, b):
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return product(g, b.swapaxes(0, 1)) if g.ndim == b.ndim == 2 else g @ mT(b)


def matmul_right(g, y, a, b):
    if a.ndim == 1:
        return a[:, None] * g[..., None, :] if b.ndim > 1 else a * g
    if b.ndim == 1:
        return rows(a).swapaxes(0, 1) @ g.reshape((math.prod(g.shape),))
    if b.ndim == 2:  # one product over the whole batch instead of a sum over many
        return product(rows(a).swapaxes(0, 1), rows(g))
    return mT(a) @ g


@op(
    (matmul_left, matmul_right), saves=("b", "a"), numpy=np.matmul,
    samples=[
        Sample((3, 4), (4, 2)), Sample((4,), (4,)), Sample((4,), (4, 2)), Sample((3, 4), (4,)), Sample((5, 3, 4), (4,)),
        Sample((4,), (5, 4, 2)),
        Sample((5, 3, 4), (4, 2)), Sample((3, 4), (5, 4, 2)), Sample((2, 1, 3, 4), (5, 4, 2)),
    ],
)  # fmt: skip
def matmul(a: Array, b: Array):
    """The matrix product over the last two dims, the others broadcast: (..., n, k) @ (..., k, m) -> (..., n, m). A vector has one dim."""
    try:
        if a.dtype is b.dtype or a.dtype == b.dtype:
            return product(a, b) if a.ndim == b.ndim == 2 else np.matmul(a, b)
    except ValueError:
        pass
    except AttributeError:
        raise DtypeError(message(
            "matmul", "two tensors are required", f"{type(a).__name__} and {type(b).__name__}", "convert lists with autograd.tensor()",
        )) from None  # fmt: skip
    raise matmul_error(a, b)


def matmul_error(a, b):
    """What is wrong with the factors of a product."""
    if not (a.ndim and b.ndim):
        return ShapeError(message(
            "matmul", "factors with at least one dim are required", f"{a.shape} and {b.shape}", "multiply numbers with *",
        ))  # fmt: skip
    n, m = a.shape[-1], b.shape[-2] if b.ndim > 1 else b.shape[0]
    if n != m:
        remedy = "transpose one of them: mT" if b.ndim > 1 and b.shape[-1] == n else "check the shapes"
        place = "second-to-last" if b.ndim > 1 else "only"
        return ShapeError(message(
            "matmul", f"the last dim of the first ({n}) must equal the {place} dim of the second ({m})", f"{a.shape} and {b.shape}", remedy,
        ))  # fmt: skip
    if a.dtype != b.dtype:
        same_dtype("matmul", a, b)
    return ShapeError(message(
        "matmul", "batch dims that broadcast are required, all dims but the last two", f"{a.shape} and {b.shape}",
        "unsqueeze or reshape one of them",
    ))  # fmt: skip


def with_dims(name, *expected):
    """Check the number of dims of each factor."""
    for position, (x, ndim) in enumerate(expected):
        if x.ndim != ndim:
            raise ShapeError(message(
                name, f"{ndim} dims are required for argument {position + 1}", f"shape {x.shape}", "use matmul, which takes any number",
            ))  # fmt: skip


@derived(samples=[Sample((3, 4), (4, 2))])
def mm(a: Array, mat2: Array):
    """The product of two matrices: (n, k) @ (k, m) -> (n, m)."""
    with_dims("mm", (a, 2), (mat2, 2))
    return matmul(a, mat2)


@derived(samples=[Sample((5, 3, 4), (5, 4, 2))])
def bmm(a: Array, mat2: Array):
    """The products of a batch of matrices: (b, n, k) @ (b, k, m) -> (b, n, m)."""
    with_dims("bmm", (a, 3), (mat2, 3))
    if a.shape[0] != mat2.shape[0]:
        raise ShapeError(message(
            "bmm", "batches of equal size are required", f"{a.shape[0]} and {mat2.shape[0]}", "use matmul, which broadcasts",
        ))  # fmt: skip
    return matmul(a, mat2)


@derived(samples=[Sample((3, 4), (4,))])
def mv(a: Array, vec: Array):
    """A matrix times a vector: (n, k) @ (k) -> (n)."""
    with_dims("mv", (a, 2), (vec, 1))
    return matmul(a, vec)


@derived(samples=[Sample((4,), (4,))])
def dot(a: Array, tensor: Array):
    """The sum of the products of two vectors' elements: (n), (n) -> ()."""
    with_dims("dot", (a, 1), (tensor, 1))
    return matmul(a, tensor)


@derived(numpy=np.vdot, samples=[Sample((4,), (4,))])
def vdot(a: Array, b: Array):
    """``dot`` with the complex conjugate of a."""
    with_dims("vdot", (a, 1), (b, 1))
    return matmul(np.conjugate(a) if a.dtype.kind == "c" else a, b)


@derived(numpy=np.inner, samples=[Sample((3, 4), (2, 4)), Sample((4,), (4,)), Sample((), (2, 3))])
def inner(a: Array, b: Array):
    """Sums of products over the last dims: (..., n), (___, n) -> (..., ___)."""
    return tensordot(a, b, ((-1,), (-1,))) if a.ndim and b.ndim else a * b


@derived(samples=[Sample((3,), (4,))])
def outer(a: Array, vec2: Array):
    """All products of two vectors' elements: (n), (m) -> (n, m)."""
    with_dims("outer", (a, 1), (vec2, 1))
    return a[:, None] * vec2


ger = outer

# ── the linear layer ──


@op(
    (
        lambda g, y, x, weight, bias=None: product(rows(g), weight) if x.ndim == 2 else product(rows(g), weight).reshape(x.shape),
        lambda g, y, x, weight, bias=None: product(rows(g).swapaxes(0, 1), rows(x)),
        lambda g, y, x, weight, bias=None: rows(g),
    ),
    saves=("weight", "x", ""), samples=[Sample((3, 4), (2, 4), (2,)), Sample((5, 3, 4), (2, 4)), Sample((4,), (2, 4), (2,))],
)  # fmt: skip
def linear(x: Array, weight: Array, bias: Array = None):
    """x @ weight.T + bias: (..., in), (out, in), (out) -> (..., out). One product over the whole batch."""
    if weight.ndim != 2 or not x.ndim or x.shape[-1] != weight.shape[1]:
        raise ShapeError(message(
            "linear", f"inputs whose last dim is the weight's {weight.shape[-1] if weight.ndim else 'in'} are required",
            f"input {x.shape} and weight {weight.shape}", "check in_features, or flatten the input",
        ))  # fmt: skip
    same_dtype("linear", x, weight, "the input", "the weight")
    y = product(rows(x), weight.swapaxes(0, 1))
    if bias is not None:
        if bias.ndim != 1 or bias.shape[0] != weight.shape[0]:
            raise ShapeError(message(
                "linear", f"a bias of shape {weight.shape[:1]} is required", str(bias.shape), f"the weight is {weight.shape}",
            ))  # fmt: skip
        same_dtype("linear", x, bias, "the input", "the bias")
        y += bias
    return y if x.ndim == 2 else y.reshape((*x.shape[:-1], weight.shape[0]))


@derived(samples=[Sample((5, 3), (5, 4), (2, 3, 4), (2,))])
def bilinear(x1: Array, x2: Array, weight: Array, bias: Array = None):
    """y[..., o] = x1[..., i] * weight[o, i, j] * x2[..., j] summed over i and j, + bias[o]."""
    y = einsum("...i,oij,...j->...o", x1, weight, x2)
    return y if bias is None else y + bias


# ── a product added to something ──


def scaled_sum(x, product, beta, alpha):
    """beta * x + alpha * product; x is left out, NaN or not, if beta is 0."""
    product = product if alpha == 1 else product * alpha
    return expand(product, broadcast_shapes(x.shape, product.shape)) if beta == 0 else (x if beta == 1 else x * beta) + product


@derived(samples=[Sample((2,), (3, 4), (4, 2)), Sample((3, 2), (3, 4), (4, 2), beta=0.5, alpha=2.0)])
def addmm(x: Array, mat1: Array, mat2: Array, *, beta=1, alpha=1):
    """beta * x + alpha * mat1 @ mat2."""
    return scaled_sum(x, mm(mat1, mat2), beta, alpha)


@derived(samples=[Sample((3,), (3, 4), (4,), alpha=0.5)])
def addmv(x: Array, mat: Array, vec: Array, *, beta=1, alpha=1):
    """beta * x + alpha * mat @ vec."""
    return scaled_sum(x, mv(mat, vec), beta, alpha)


@derived(samples=[Sample((3, 4), (3,), (4,), beta=0.5)])
def addr(x: Array, vec1: Array, vec2: Array, *, beta=1, alpha=1):
    """beta * x + alpha * outer(vec1, vec2)."""
    return scaled_sum(x, outer(vec1, vec2), beta, alpha)


@derived(samples=[Sample((5, 3, 2), (5, 3, 4), (5, 4, 2), alpha=0.5)])
def baddbmm(x: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    """beta * x + alpha * bmm(batch1, batch2)."""
    return scaled_sum(x, bmm(batch1, batch2), beta, alpha)


@derived(samples=[Sample((3, 2), (5, 3, 4), (5, 4, 2))])
def addbmm(x: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    """beta * x + alpha * bmm(batch1, batch2) summed over the batch."""
    with_dims("addbmm", (batch1, 3), (batch2, 3))
    return scaled_sum(x, contract(batch1, batch2, equation="bnk,bkm->nm"), beta, alpha)


# ── einsum: any number of operands, two at a time ──


@functools.lru_cache(1024)
def contraction(equation):
    return Contraction(equation)


@op(
    (
        lambda g, y, a, b, equation: contract(g, b, equation=contraction(equation).left),
        lambda g, y, a, b, equation: contract(g, a, equation=contraction(equation).right),
    ),
    saves=("b", "a"),
    samples=[
        Sample((3, 4), (4, 2), equation="ij,jk->ki"), Sample((5, 3), (3, 5), equation="bi,ib->b"), Sample((3,), (2,), equation="i,j->ji"),
        Sample((3, 2), (2, 3), equation="ij,ji->"),
    ],
)  # fmt: skip
def contract(a: Array, b: Array, *, equation):
    """The einsum of two arrays whose every letter stands in two of the three terms: nothing broadcasts, repeats or is summed alone."""
    if a.dtype != b.dtype:
        same_dtype("einsum", a, b)
    return contraction(equation).run(a, b)


@derived(
    numpy=np.einsum,
    samples=[
        Sample("ij,jk", (3, 4), (4, 2)), Sample("ii->i", (3, 3)), Sample("...ij->...ji", (2, 3, 4)),
        Sample("bi,bj,bk->ijk", (2, 3), (2, 4), (2, 2)),
        Sample("ij,ij->j", (1, 3), (2, 3)), Sample("...i,i", (2, 3, 4), (4,)), Sample("i,i->", (1,), (4,)),
    ],
)  # fmt: skip
def einsum(equation, *operands):
    """Sums of products, by letters: "ij,jk->ik" is a matrix product. A letter that is missing on the right is summed over.

    "..." stands for the dims that no letter names; they broadcast, as dims of size 1 do. Without "->" the letters that occur once come
    out, in alphabetical order. A letter twice in one term takes the diagonal. Also ``einsum(x, [0, 1], y, [1, 2], [0, 2])``.
    """
    if not isinstance(equation, str):
        equation, operands = from_lists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], tuple | list):
        (operands,) = operands
    letters, out, sizes, product = read(equation, tuple(x.shape for x in operands))
    if product:
        return contract(*operands, equation=product)
    pairs = [without_repeats(term, x, sizes) for term, x in zip(letters, operands, strict=True)]
    terms, factors = [term for term, _ in pairs], [x for _, x in pairs]
    for i, term in enumerate(terms):  # what stands here alone need not take part in any product
        others = set(out).union(*terms[:i], *terms[i + 1 :])
        terms[i], factors[i] = summed(term, factors[i], [c for c in term if c not in others])
    while len(terms) > 1:
        i, j, result = best_pair(terms, out, sizes)
        second, first = factors.pop(j), factors.pop(i)
        product = f"{terms.pop(i)},{terms.pop(j - 1)}->{result}"
        factors.append(contract(first, second, equation=product))
        terms.append(result)
    (term,), (y,) = terms, factors
    return y if term == out else permute(y, [term.index(c) for c in out])


def without_repeats(term, x, sizes):
    """A term and its operand with the diagonal taken of repeated letters, and without dims of size 1 that broadcast."""
    for letter in sorted(set(term)):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            if x.shape[first] != x.shape[second]:
                raise ShapeError(message(
                    "einsum", f"one size for each letter is required, and {letter!r} has {x.shape[first]} and {x.shape[second]}",
                    f"{term!r} for {tuple(x.shape)}",
                ))  # fmt: skip
            x, term = diagonal(x, 0, first, second), term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    ones = tuple(i for i, letter in enumerate(term) if x.shape[i] == 1 != sizes[letter])
    return "".join(letter for i, letter in enumerate(term) if i not in ones), squeeze(x, ones) if ones else x


def summed(term, x, letters):
    """A term and its operand with these letters summed over."""
    if not letters:
        return term, x
    return "".join(c for c in term if c not in letters), reduction.sum(x, dim=tuple(term.index(c) for c in letters))


@derived(numpy=np.tensordot, samples=[Sample((2, 3, 4), (3, 4, 5)), Sample((2, 3, 4), (4, 2), [[0, 2], [1, 0]]), Sample((2,), (3,), 0)])
def tensordot(a: Array, b: Array, dims=2):
    """Products summed over pairs of dims: the last ones of a with the first ones of b, or those listed, (dims of a, dims of b)."""
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ShapeError(message("tensordot", f"a number of dims that both have is required, at most {min(a.ndim, b.ndim)}", str(dims)))
        dims = range(a.ndim - dims, a.ndim), range(dims)
    over_a, over_b = (dims_of("tensordot", tuple(d) if hasattr(d, "__len__") else d, x.ndim) for d, x in zip(dims, (a, b), strict=True))
    if [a.shape[i] for i in over_a] != [b.shape[i] for i in over_b]:
        raise ShapeError(message(
            "tensordot", "equal sizes are required in the dims summed over",
            f"{[a.shape[i] for i in over_a]} and {[b.shape[i] for i in over_b]}", f"the shapes are {tuple(a.shape)} and {tuple(b.shape)}",
        ))  # fmt: skip
    letters = string.ascii_letters
    first, second = list(letters[: a.ndim]), list(letters[a.ndim : a.ndim + b.ndim])
    for i, j in zip(over_a, over_b, strict=True):
        second[j] = first[i]
    out = [c for c in first if c not in second] + [c for c in second if c not in first]
    return contract(a, b, equation=f"{''.join(first)},{''.join(second)}->{''.join(out)}")


@derived(numpy=np.kron, samples=[Sample((2, 3), (4, 2)), Sample((2,), (2, 3))])
def kron(a: Array, b: Array):
    """Each element of a times all of b, as blocks: (n, m), (p, q) -> (n * p, m * q)."""
    ndim = max(a.ndim, b.ndim)
    n, m = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (a, b))
    blocks = reshape(a, [size for p in n for size in (p, 1)]) * reshape(b, [size for q in m for size in (1, q)])
    return reshape(blocks, [p * q for p, q in zip(n, m, strict=True)])


@derived(samples=[Sample((2, 3), (2, 3)), Sample((3, 2), (3, 1), dim=0)])
def cross(a: Array, b: Array, dim=None):
    """The vector product of vectors of three along dim; without dim, along the first dim of size 3."""
    shape = broadcast_shapes(a.shape, b.shape)
    if dim is None:
        dim = next((i for i, n in enumerate(shape) if n == 3), 0)
    dim = dim_of("cross", dim, len(shape)) - len(shape)
    if not shape or a.shape[dim] != 3 or b.shape[dim] != 3:
        raise ShapeError(message("cross", "size 3 is required along the dim", f"{tuple(a.shape)} and {tuple(b.shape)}", "pass dim="))
    return roll(a, -1, dim) * roll(b, -2, dim) - roll(a, -2, dim) * roll(b, -1, dim)
