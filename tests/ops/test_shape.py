"""Views, joins, splits, repeats: beside PyTorch, and what they share and say."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from beside_torch import A, compare, named

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DimError, DtypeError, ShapeError

N = np.array
TABLE = [  # function, arguments, parameters
    ("reshape", [A(3, 4), (2, -1)], {}), ("reshape", [A(3, 4), (-1,)], {}), ("reshape", [A(), (1, 1)], {}),
    ("reshape", [A(0, 3), (3, 0)], {}), ("reshape", [A(0, 3), (0, 5)], {}),
    ("reshape", [A(3, 4)], {"shape": (4, 3)}), ("ravel", [A(2, 3)], {}), ("flatten", [A(2, 3, 4)], {}), ("flatten", [A(2, 3, 4), 1], {}),
    ("flatten", [A(2, 3, 4), 0, -2], {}),
    ("flatten", [A()], {}), ("flatten", [A(2, 0, 3)], {"start_dim": 1}), ("unflatten", [A(2, 12), 1, (3, -1)], {}),
    ("unflatten", [A(12, 2), -2, (2, 2, 3)], {}),
    ("squeeze", [A(1, 3, 1)], {}), ("squeeze", [A(1, 3, 1), 0], {}), ("squeeze", [A(1, 3, 1), 1], {}),
    ("squeeze", [A(1, 3, 1), (0, 1)], {}), ("squeeze", [A(1, 3, 1)], {"dim": -1}), ("squeeze", [A(), 0], {}),
    ("unsqueeze", [A(3, 4), 0], {}), ("unsqueeze", [A(3, 4), -1], {}), ("unsqueeze", [A(3, 4), -3], {}), ("unsqueeze", [A(), -1], {}),
    ("permute", [A(2, 3, 4), (2, 0, 1)], {}), ("permute", [A(2, 3, 4), (-1, 0, -2)], {}),
    ("permute", [A(2, 3, 4, 2)], {"dims": (3, 1, 0, 2)}), ("permute", [A(), ()], {}),
    ("transpose", [A(2, 3, 4), 0, 2], {}), ("transpose", [A(2, 3, 4)], {"dim0": -1, "dim1": 1}), ("transpose", [A(), 0, -1], {}),
    ("swapaxes", [A(2, 3, 4), 0, 1], {}),
    ("swapaxes", [A(2, 3)], {"axis0": 0, "axis1": 1}), ("swapdims", [A(2, 3, 4), -1, 0], {}), ("t", [A(2, 3)], {}), ("t", [A(3)], {}),
    ("t", [A()], {}),
    ("movedim", [A(2, 3, 4), 0, -1], {}), ("movedim", [A(2, 3, 4), (0, 1), (2, 0)], {}), ("moveaxis", [A(2, 3, 4, 5), (-1, 0), (0, 2)], {}),
    ("broadcast_to", [A(3, 1), (2, 3, 4)], {}), ("broadcast_tensors", [A(3, 1), A(4)], {}), ("broadcast_to", [A(3, 1), (2, -1, 4)], {}),
    ("atleast_1d", [A()], {}), ("atleast_2d", [A(3)], {}), ("atleast_2d", [A()], {}), ("atleast_3d", [A(3)], {}),
    ("atleast_3d", [A(2, 3)], {}), ("atleast_3d", [A()], {}), ("atleast_2d", [[A(3), A()]], {}),
    ("meshgrid", [A(2), A(3), A()], {"indexing": "ij"}), ("meshgrid", [A(2), A(3), A(4)], {"indexing": "xy"}),
    ("cat", [[A(2, 3), A(1, 3)]], {}), ("cat", [[A(2, 3), A(2, 1), A(2, 2)], -1], {}), ("cat", [[A(0), A(2, 3)]], {"dim": 1}),
    ("cat", [[A(2), A(0), A(1)]], {}), ("cat", [(A(2, 3), A(2, 3))], {"dim": 0}),
    ("concat", [[A(2), A(3)]], {}), ("concatenate", [[A(2, 2), A(2, 2)]], {"dim": 1}), ("concatenate", [[A(2, 2), A(2, 2)]], {"axis": 1}),
    ("stack", [[A(2, 3), A(2, 3)]], {}),
    ("stack", [[A(2, 3), A(2, 3)], -1], {}), ("stack", [[A(2, 3), A(2, 3)], 1], {}), ("stack", [[A(), A()]], {}),
    ("cat", [[A(2, 2), N([[1, 2]])]], {}),
    ("hstack", [[A(2), A(3)]], {}), ("hstack", [[A(2, 3), A(2, 1)]], {}), ("hstack", [[A(), A()]], {}), ("vstack", [[A(3), A(3)]], {}),
    ("vstack", [[A(2, 3), A(3)]], {}), ("dstack", [[A(3), A(3)]], {}),
    ("dstack", [[A(2, 3), A(2, 3)]], {}), ("column_stack", [[A(3), A(3, 2)]], {}), ("column_stack", [[A(), A()]], {}),
    ("split", [A(5, 3), 2], {}), ("split", [A(5, 3), [1, 4]], {}), ("split", [A(3, 5), [2, 0, 3], -1], {}), ("split", [A(5), 7], {}),
    ("split", [A(0, 2), 2], {}), ("split", [A(4, 2), 2], {"dim": 1}),
    ("chunk", [A(5, 3), 2], {}), ("chunk", [A(5, 3), 4], {}), ("chunk", [A(3, 6), 3, 1], {}), ("chunk", [A(2), 5], {}),
    ("chunk", [A(0), 3], {}),
    ("tensor_split", [A(7, 2), 3], {}), ("tensor_split", [A(7, 2), (1, 4)], {}), ("tensor_split", [A(2, 7), [2, 2, 9], 1], {}),
    ("tensor_split", [A(2), 4], {}), ("tensor_split", [A(7), (5, 2)], {}), ("tensor_split", [A(7), (-3, -1)], {}),
    ("unbind", [A(3, 2)], {}), ("unbind", [A(3, 2), -1], {}), ("unbind", [A(3)], {}), ("unbind", [A(0, 3)], {}),
    ("hsplit", [A(2, 4), 2], {}), ("hsplit", [A(4), (1, 3)], {}), ("vsplit", [A(4, 2), 2], {}), ("dsplit", [A(1, 2, 4), (1, 3)], {}),
    ("flip", [A(3, 4), (0,)], {}), ("flip", [A(3, 4), (0, -1)], {}), ("flip", [A(3, 4)], {"dims": (1,)}), ("flip", [A(3, 4), ()], {}),
    ("fliplr", [A(2, 3, 2)], {}), ("flipud", [A(3)], {}),
    ("roll", [A(3, 4), 2], {}), ("roll", [A(3, 4), -1, 1], {}), ("roll", [A(3, 4), (1, 6), (0, -1)], {}),
    ("roll", [A(3, 4)], {"shifts": 1, "dims": 0}), ("roll", [A(0, 2), 1, 0], {}), ("roll", [A(4), (1, 2), (0, 0)], {}),
    *(("rot90", [A(2, 3), k, dims], {}) for k, dims in itertools.product((-1, 0, 1, 2, 3, 5), ([0, 1], [1, 0]))), ("rot90", [A(2, 3)], {}),
    ("rot90", [A(2, 3, 4), 1, [1, -1]], {}),
    ("tile", [A(2, 3), (2,)], {}), ("tile", [A(2, 3), (2, 1, 2)], {}), ("tile", [A(), (2, 2)], {}), ("tile", [A(3), (0,)], {}),
    ("repeat_interleave", [A(2, 3), 2], {}), ("repeat_interleave", [A(2, 3), 2, -1], {}),
    ("repeat_interleave", [A(2, 3), N([2, 0, 1])], {"dim": 1}), ("repeat_interleave", [A(3), N([3])], {"dim": 0}),
    *((f, [A(*s), k], {}) for f in ("tril", "triu") for s in ((3, 4), (2, 3, 3), (4, 2)) for k in (-2, 0, 1, 5)),
    ("diagonal", [A(3, 4)], {}), ("diagonal", [A(3, 4), 2], {}), ("diagonal", [A(3, 4), -1], {}), ("diagonal", [A(2, 3, 4), 0, 1, 2], {}),
    ("diagonal", [A(2, 3, 4)], {"offset": 1, "dim1": -1, "dim2": 0}), ("diagonal", [A(3, 3), 4], {}),
    ("diag", [A(3)], {}), ("diag", [A(3), -1], {}), ("diag", [A(3, 4), 1], {}), ("diagflat", [A(2, 2), 1], {}),
    ("diag_embed", [A(2, 3)], {}), ("diag_embed", [A(2, 3)], {"offset": 1, "dim1": 0, "dim2": 2}), ("diag_embed", [A(3)], {"offset": -2}),
    ("diag_embed", [A(2, 3)], {"dim1": 2, "dim2": 0, "offset": 1}), ("diagonal_scatter", [A(3, 3), A(3)], {}),
    ("diagonal_scatter", [A(2, 3, 4), A(2, 3)], {"offset": 1, "dim1": 1, "dim2": -1}), ("diagonal_scatter", [A(3, 4), A(2)], {"offset": 2}),
    ("trace", [A(3, 3)], {}), ("trace", [A(2, 4)], {}), ("clone", [A(2, 3)], {}),
]  # fmt: skip
METHODS = [
    ("reshape", [A(3, 4), 2, 6], {}), ("reshape", [A(3, 4), (2, 6)], {}), ("reshape", [A(3, 4), -1], {}), ("view", [A(3, 4), 2, -1], {}),
    ("view", [A(3, 4), (12,)], {}), ("view_as", [A(3, 4), A(2, 6)], {}),
    ("reshape_as", [A(3, 4), A(2, 6)], {}), ("permute", [A(2, 3, 4), 0, 2, 1], {}), ("permute", [A(2, 3, 4), (0, 2, 1)], {}),
    ("permute", [A(2, 3, 4), [0, -1, 1]], {}), ("expand", [A(3, 1), 2, -1, 4], {}),
    ("expand", [A(3, 1), (3, 4)], {}), ("expand", [A(1), 5], {}), ("expand", [A(), 2, 3], {}), ("expand_as", [A(3, 1), A(3, 4)], {}),
    ("repeat", [A(2, 3), 2, 1], {}), ("repeat", [A(2, 3), (2, 1, 2)], {}), ("repeat", [A(3), 0], {}),
    ("repeat", [A(), 3], {}), ("tile", [A(2, 3), 2], {}), ("flip", [A(2, 3), 0, 1], {}), ("flip", [A(2, 3), (0, 1)], {}),
    ("roll", [A(4), 1], {}), ("unflatten", [A(2, 6), -1, (2, 3)], {}), ("contiguous", [A(2, 3)], {}),
    ("split", [A(5, 2), 2], {}), ("split", [A(5, 2), (2, 3)], {}), ("unfold", [A(7), 0, 3, 2], {}), ("unfold", [A(3, 7), -1, 2, 3], {}),
    ("unfold", [A(7, 2), 0, 7, 1], {}), ("unfold", [A(7, 2), 0, 3, 1], {}),
    ("squeeze", [A(1, 3)], {}), ("swapaxes", [A(2, 3, 4), 0, -1], {}), ("movedim", [A(2, 3, 4), 0, 1], {}),
    ("diagonal", [A(3, 3)], {"dim1": -2, "dim2": -1}), ("flatten", [A(2, 3, 4), 1], {}), ("unbind", [A(2, 3), 1], {}),
    ("clone", [A(2)], {}),
]  # fmt: skip
PADS = [
    (A(2, 3), (1, 2), "constant", 0), (A(2, 3), (1, 2, 0, 3), "constant", 1.5), (A(4, 5), (1, -2, -1, 0), "constant", 2.0),
    (A(2, 3), (-1, -2), "constant", 0), (A(1, 2, 3, 4), (1, 0, 0, 2, 3, 1), "constant", 0),
    (A(2, 3, 4), (3, 2), "reflect", None), (A(2, 4, 5), (2, 0, 1, 3), "reflect", None), (A(2, 3, 4), (5, 1), "replicate", None),
    (A(2, 1, 4, 5), (1, 2, 4, 0), "replicate", None), (A(2, 3, 4), (4, 2), "circular", None),
    (A(1, 2, 4, 5), (1, 2, 3, 0), "circular", None),
]  # fmt: skip


@pytest.mark.parity
@named(TABLE)
def test_functions_are_pytorchs(name, args, params):
    compare(name, args, params)


@pytest.mark.parity
@named(METHODS)
def test_methods_are_pytorchs(name, args, params):
    compare(name, args, params, method=True)


@pytest.mark.parity
@pytest.mark.parametrize(("x", "widths", "mode", "value"), PADS)
def test_pad_is_pytorchs(x, widths, mode, value):
    torch = pytest.importorskip("torch")
    compare("pad", [x, widths, mode, value], torch_function=torch.nn.functional.pad)


# ── memory ──

VIEWS = {
    "reshape": lambda x: x.reshape(4, 3), "view": lambda x: x.view(-1), "flatten": lambda x: x.flatten(), "ravel": lambda x: x.ravel(),
    "unflatten": lambda x: x.unflatten(1, (2, 2)), "permute": lambda x: x.permute(1, 0),
    "transpose": lambda x: x.transpose(0, 1), "swapaxes": lambda x: x.swapaxes(-1, 0), "t": lambda x: x.t(),
    "movedim": lambda x: x.movedim(0, 1), "squeeze": lambda x: x[:1].squeeze(), "unsqueeze": lambda x: x.unsqueeze(1),
    "diagonal": lambda x: x.diagonal(1), "narrow": lambda x: x.narrow(1, 1, 2), "select": lambda x: x.select(0, -1),
    "expand_same": lambda x: x.expand(3, 4), "chain": lambda x: x.reshape(2, 6).transpose(0, 1)[1:4].unsqueeze(0),
    "contiguous": lambda x: x.contiguous(), "getitem": lambda x: x[1], "reshape_of_view": lambda x: x[:2].reshape(8),
    "view_as": lambda x: x.view_as(x.reshape(2, 6)),
}  # fmt: skip


@pytest.mark.parametrize("look", VIEWS.values(), ids=VIEWS)
def test_views_share_memory(look):
    x = Tensor(np.arange(12.0).reshape(3, 4))
    y = look(x)
    assert np.shares_memory(x.numpy(), y.numpy())
    with autograd.no_grad():
        y.mul_(-1) if y is not x else x.mul_(-1)
    shown = look(x).numpy()
    np.testing.assert_array_equal(shown, y.numpy())
    assert (shown <= 0).all()
    assert (x.numpy() < 0).sum() == np.count_nonzero(shown)


@pytest.mark.parity
@pytest.mark.parametrize("look", VIEWS.values(), ids=VIEWS)
def test_writing_through_a_view_moves_gradients_as_pytorch_does(look):
    torch = pytest.importorskip("torch")
    found = []
    for library, make in ((torch, torch.tensor), (autograd, Tensor)):
        x = make(np.linspace(-1, 2, 12).reshape(3, 4)).requires_grad_()
        y = x * 1.5
        part = look(y)
        before = (part * 2).reshape(-1)[0]
        part.mul_(make(np.array(3.0)))
        z = look(y) * look(y)
        total = (lambda t: t.sum()) if library is torch else autograd.ops.sum
        loss = total(z * part) + total(y * y) + before
        loss.backward()
        found.append((y.detach().numpy(), x.grad.numpy()))
    for mine, expected in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(mine, expected)


COPIES = {
    "flip": lambda x: autograd.flip(x, (0,)), "flip_nothing": lambda x: autograd.flip(x, ()), "roll": lambda x: autograd.roll(x, 0, 0),
    "rot90": lambda x: autograd.rot90(x, 4), "cat": lambda x: autograd.cat([x]), "stack": lambda x: autograd.stack([x]),
    "repeat": lambda x: x.repeat(1, 1), "tile": lambda x: autograd.tile(x, (1,)), "pad": lambda x: autograd.pad(x, (0, 0)),
    "tril": lambda x: autograd.tril(x, 9), "diag": lambda x: autograd.diag(x), "clone": lambda x: x.clone(),
    "unfold": lambda x: autograd.unfold(x, 0, 3, 1),
    "repeat_interleave": lambda x: autograd.repeat_interleave(x, 1, 0), "index_select": lambda x: autograd.index_select(x, 0, [0, 1, 2]),
    "contiguous": lambda x: x.t().contiguous(), "reshape": lambda x: x.t().reshape(-1),
}  # fmt: skip


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_share_no_memory(copy):
    x = Tensor(np.arange(12.0).reshape(3, 4))
    assert not np.shares_memory(x.numpy(), copy(x).numpy())


def test_expanded_memory_is_not_written():
    x = Tensor(np.zeros((3, 1))).expand(3, 4)
    with pytest.raises(RuntimeError, match="clone"):
        x.add_(1)


def test_view_refuses_to_copy():
    x = Tensor(np.zeros((3, 4))).t()
    assert x.view(2, 2, 3).shape == (2, 2, 3)
    with pytest.raises(ShapeError, match=r"reshape\(\)"):
        x.view(12)


def test_split_uses_one_node_for_all_parts():
    x = Tensor(np.arange(6.0), requires_grad=True)
    a, b, c = x.split(2)
    assert a.node.parents == b.node.parents
    autograd.ops.sum(a * c).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [4, 5, 0, 0, 0, 1])


def test_parts_may_be_empty():
    x = Tensor(np.arange(3.0), requires_grad=True)
    _, b, c = x.split([2, 0, 1])
    assert b.shape == (0,)
    autograd.ops.sum(c).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 1])


def test_broadcast_shapes():
    assert autograd.broadcast_shapes((3, 1), (4,), 1) == (3, 4)
    with pytest.raises(ShapeError, match="equal or 1"):
        autograd.broadcast_shapes((3,), (4,))


def test_arrays_stay_arrays():
    x = np.arange(6.0).reshape(2, 3)
    for y in (autograd.reshape(x, 3, 2), autograd.cat([x, x]), autograd.pad(x, (1, 1)), autograd.repeat(x, 2, 2), autograd.flatten(x)):
        assert type(y) is np.ndarray


# ── errors ──

x = Tensor(np.zeros((3, 4)))
ERRORS = [
    (lambda: x.reshape(5, 2), ShapeError, r"reshape: .*12 elements.*\(5, 2\), which has 10"),
    (lambda: x.reshape(5, -1), ShapeError, "divide the 12 elements"), (lambda: x.reshape(-1, -1), ShapeError, "-1 at most once"),
    (lambda: x.reshape(2.0, 6), DtypeError, "integers"), (lambda: x.view(7), ShapeError, "12 elements"),
    (lambda: x.flatten(1, 0), ShapeError, "start_dim before"), (lambda: x.unflatten(1, (3, 2)), ShapeError, "4 elements"),
    (lambda: x.transpose(0, 2), DimError, "from -2 to 1"), (lambda: x.unsqueeze(4), DimError, "from -3 to 2"),
    (lambda: x.squeeze(-3), DimError, "from -2 to 1"), (lambda: x.permute(0, 0), ShapeError, "each dim once"),
    (lambda: x.permute(0), ShapeError, "all 2 dims"), (lambda: x.expand(3, 5), ShapeError, "repeat"),
    (lambda: x.expand(4), ShapeError, "expand"), (lambda: x.expand(-1, 3, 4), ShapeError, "expand"),
    (lambda: x.movedim((0, 1), (0,)), ShapeError, "one destination"),
    (lambda: autograd.t(Tensor(np.zeros((1, 2, 3)))), ShapeError, "mT"),
    (lambda: autograd.cat([x, Tensor(np.zeros((3, 5)))]), ShapeError, "size 5 instead of 4 in dim 1 of the tensor at position 1"),
    (lambda: autograd.cat([x, Tensor(np.zeros((2, 3, 4)))]), ShapeError, "position 1"),
    (lambda: autograd.cat([]), ShapeError, "empty list"), (lambda: autograd.cat([x, x], 2), DimError, "from -2 to 1"),
    (lambda: autograd.cat([x[0, 0], x[0, 0]]), ShapeError, "stack"),
    (lambda: autograd.stack([x, Tensor(np.zeros((4, 3)))]), ShapeError, r"\(4, 3\) at position 1"),
    (lambda: x.split([1, 1]), ShapeError, "add up to 3.*add up to 2"), (lambda: x.split(0), ShapeError, "positive"),
    (lambda: x.chunk(0), ArgumentError, "at least one"), (lambda: x.hsplit(3), ShapeError, "divides 4"),
    (lambda: x[0, 0].unbind(), ShapeError, "0-d"), (lambda: x.roll((1, 2), 0), ShapeError, "one shift per dim"),
    (lambda: x.flip(2), DimError, "from -2 to 1"),
    (lambda: autograd.pad(x, (1,)), ShapeError, "pairs"), (lambda: autograd.pad(x, (1, 1), "mirror"), ArgumentError, "reflect"),
    (lambda: autograd.pad(x, (4, 0), "reflect"), ShapeError, "at most 3"), (lambda: autograd.pad(x, (-3, -3)), ShapeError, "at least 0"),
    (lambda: x.repeat(2), ShapeError, "tile"), (lambda: x.repeat_interleave(np.array([1, 2]), 1), ShapeError, "4 for dim 1"),
    (lambda: x[0].tril(), ShapeError, "2 dims"), (lambda: x.diagonal(0, 1, 1), ShapeError, "each dim once"),
    (lambda: x.unfold(0, 4, 1), ShapeError, "size 4"), (lambda: autograd.meshgrid(x), ShapeError, "one dim"),
    (lambda: autograd.meshgrid(x[0], indexing="xx"), ArgumentError, "xy"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[row[2] for row in ERRORS])
def test_errors_say_what_is_required(call, kind, text):
    with pytest.raises(kind, match=text) as caught:
        call()
    assert "test_shape.py" in str(caught.value)
