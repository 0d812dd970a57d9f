"""Writing into tensors: the same values and gradients as PyTorch, and an error wherever a gradient would be wrong."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag

# ── little programs, run by both ──
# Each gets the library and two leaves of shape (3, 4) and (4,), writes, and returns a tensor to be summed and differentiated.


def add_to_result(lib, x, y):
    h = x * 2
    h.add_(y)
    return h * h


def operators(lib, x, y):
    h = x * 1
    h += y
    h -= 2
    h *= y
    h /= 3
    return h


def constant_written(lib, x, y):
    h = lib.zeros(3, 4, dtype=lib.float64)
    h[1] = y
    h[0, :2] = x[2, 1:3] * 2
    return h * h


def row_replaced(lib, x, y):
    h = x * 2
    h[1] = y * y
    return h * h


def row_replaced_by_number(lib, x, y):
    h = x * 2
    h[1] = 3.0
    return h * h


def mask_written(lib, x, y):
    h = x * 2
    h[h > 0] = 1.5
    return h * x


def advanced_index_written(lib, x, y):
    h = x * 2
    h[lib.tensor([0, 2]), lib.tensor([1, 3])] = y[:2]
    return h * h


def written_twice(lib, x, y):
    h = x * 2
    h[0] = y
    h[0] = h[1] * 2
    h[:, 1] = h[:, 2] + h[:, 1]
    return h * h


def view_then_base(lib, x, y):
    h = x * 2
    v = h[1]
    h.mul_(3)
    return v * y


def base_sees_the_view(lib, x, y):
    h = x * 2
    v = h[1]
    v.mul_(y)
    return h * h


def view_of_a_view(lib, x, y):
    h = x * 2
    v = h[1:][0]
    w = v[:2]
    w.add_(10)
    v.mul_(y)
    return h * x


def sibling_views(lib, x, y):
    h = x * 2
    a, b = h[0], h[:, 0]
    a.mul_(y)
    b.add_(1)
    return (a * a).sum() + (b * b).sum() + h.sum()


def transposed_view(lib, x, y):
    h = x * 2
    t = h.t()
    t[1] = y[:3]
    return h * h


def reshaped_view(lib, x, y):
    h = x * 2
    h.view(-1)[::2].mul_(0.5)
    return h * x


def unsqueezed_view(lib, x, y):
    h = x * 2
    h.unsqueeze(0)[0, 2].copy_(y)
    return h * h


def plus_on_a_part(lib, x, y):
    h = x * 2
    h[1] += y
    h[:, 2:] *= 3
    return h * h


def filled(lib, x, y):
    h = x * 2
    h.zero_()
    h[0].fill_(2.0)
    return h * x


def copied(lib, x, y):
    h = lib.ones(3, 4, dtype=lib.float64)
    h.copy_(y)
    return h * x


def copied_into_a_view(lib, x, y):
    h = x * 2
    h[:, 1:].copy_(y[1:])
    return h * h


def functions(lib, x, y):
    h = x * 1
    h.exp_()
    h.clamp_(min=0.7)
    h.tanh_()
    return h * y


def used_before_and_after(lib, x, y):
    h = x * 2
    before = h + 1  # addition saves no values
    h.mul_(y)
    return before * h


def leaf_under_no_grad(lib, x, y):
    with lib.no_grad():
        x.mul_(2)
        y[1] = 5
    return x * y


def detached_shares_memory(lib, x, y):
    h = x * 2
    h.detach().mul_(10)
    return h + y


def loop(lib, x, y):
    h = lib.zeros(4, dtype=lib.float64)
    for i in range(3):
        h = h + x[i]
        h[i] = y[i] * i
    return h * h


def masked_fill(lib, x, y):
    h = x * 2
    h.masked_fill_(x > 0, 0.0)
    return h * y


def diagonal_written(lib, x, y):
    h = x * 2
    h.diagonal().mul_(y[:3])
    return h * h


def broadcast_value(lib, x, y):
    h = x * 2
    h[:] = y
    return h * h


PROGRAMS = [
    add_to_result, operators, constant_written, row_replaced, row_replaced_by_number, mask_written, advanced_index_written,
    written_twice, view_then_base, base_sees_the_view, view_of_a_view, sibling_views, transposed_view, reshaped_view, unsqueezed_view,
    plus_on_a_part, filled, copied, copied_into_a_view, functions, used_before_and_after, leaf_under_no_grad, detached_shares_memory, loop,
    masked_fill, diagonal_written, broadcast_value,
]  # fmt: skip


def outcome(lib, program):
    draw = np.random.default_rng(0)
    x, y = (lib.tensor(draw.normal(size=size), requires_grad=True) for size in ((3, 4), (4,)))
    result = program(lib, x, y)
    result.sum().backward()
    return [None if t is None else np.array(t.detach().numpy()) for t in (result, x.grad, y.grad)]


@pytest.mark.parity
@pytest.mark.parametrize("program", [program for program in PROGRAMS if program is not functions])  # an error there, right here
def test_like_pytorch(program):
    torch = pytest.importorskip("torch")
    for mine, theirs in zip(outcome(ag, program), outcome(torch, program), strict=True):
        if theirs is None or mine is None:  # no gradient or zeros: the same thing
            assert not np.any(theirs if mine is None else mine)
        else:
            assert np.allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("program", [program for program in PROGRAMS if program not in (leaf_under_no_grad, detached_shares_memory)])
def test_gradients_are_right(program):
    """Against finite differences: needs no PyTorch."""
    draw = np.random.default_rng(1)
    x, y = (ag.tensor(draw.normal(size=size), requires_grad=True) for size in ((3, 4), (4,)))
    assert ag.gradcheck(lambda x, y: program(ag, x, y), [x, y])


# ── conflicts: the value a derivative needs is gone ──


def leaf(*values):
    return ag.tensor(np.array(values, np.float64), requires_grad=True)


def by_method(h):
    h.add_(1)


def by_operator(h):
    h *= 2


def by_index(h):
    h[0] = 5.0


def through_a_view(h):
    h[1:].mul_(3)


def through_detach(h):
    h.detach().mul_(3)


def through_data(h):
    h.data.mul_(3)


def under_no_grad(h):
    with ag.no_grad():
        h.add_(1)


@pytest.mark.parametrize("write", [by_method, by_operator, by_index, through_a_view, through_detach, through_data, under_no_grad])
@pytest.mark.parametrize("create_graph", [False, True])
def test_overwritten_values_are_noticed(write, create_graph):
    x = leaf(1.0, 2.0)
    h = x * 2
    y = (h * h).sum()
    write(h)
    words = r"backward through mul: .*\(2,\) saved at test_inplace.py:\d+: h \* h.*overwritten in place at test_inplace.py:\d+: "
    with pytest.raises(RuntimeError, match=words) as info:
        y.backward(create_graph=create_graph)
    assert "clone()" in str(info.value)
    assert x.grad is None


def test_overwritten_results_are_noticed():
    y = ag.exp(leaf(1.0, 2.0))
    y.add_(1)
    with pytest.raises(RuntimeError, match="backward through exp"):
        y.sum().backward()


def test_multiplied_by_itself_in_place():
    h = leaf(1.0, 2.0) * 1
    h.mul_(h)
    with pytest.raises(RuntimeError, match=r"backward through mul.*overwritten"):
        h.sum().backward()


def test_written_before_it_was_saved():
    x = leaf(1.0, 2.0)
    h = x * 2
    h.add_(1)
    (h * h).sum().backward()
    assert x.grad.tolist() == [12, 20]


def test_unread_values_may_go():
    x = leaf(1.0, 2.0)
    h = x * 2
    y = h + 1
    h.add_(1)
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_other_half_of_a_buffer():
    """Versions are counted per buffer, as in PyTorch: the error is on the safe side."""
    x = leaf(1.0, 2.0)
    h = x * 2
    y = h[:1] * h[:1]
    h[1] = 0.0
    with pytest.raises(RuntimeError, match="overwritten"):
        y.sum().backward()


# ── leaves, views, dtypes ──


def by_copy(h):
    h.copy_(ag.ones(2))


@pytest.mark.parametrize("write", [by_method, by_operator, by_index, by_copy, through_a_view, ag.Tensor.zero_, ag.Tensor.exp_])
def test_leaves_are_not_written(write):
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"leaf.*no_grad\(\)"):
        write(x)
    assert x.tolist() == [1, 2]


def test_leaves_are_written_under_no_grad():
    x = leaf(1.0, 2.0)
    with ag.no_grad():
        x -= 1
        x[0] = 7
        x[1:].fill_(9)
    assert x.tolist() == [7, 9]
    assert x.requires_grad
    assert x.is_leaf
    (x * x).sum().backward()
    assert x.grad.tolist() == [14, 18]


def test_plain_tensors():
    x = ag.ones(2, 3)
    view = x[0]
    view += 1
    x[:, 1] = 5
    assert x.tolist() == [[2, 5, 2], [1, 5, 1]]
    assert view.tolist() == [2, 5, 2]
    assert x.add_(1) is x
    assert x.grad_fn is None


def test_identity_is_kept():
    h = leaf(1.0, 2.0) * 1
    same = h
    h += 1
    assert same is h
    assert h.grad_fn.op.name == "add"


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:], lambda x: x[..., 0], lambda x: x[None], lambda x: x.reshape(3, 2), lambda x: x.view(6),
        lambda x: x.t(), lambda x: x.T,
        lambda x: x.transpose(0, 1), lambda x: x.permute(1, 0), lambda x: x.unsqueeze(1), lambda x: x.flatten(), lambda x: x.detach(),
        lambda x: x.diagonal(), lambda x: x.narrow(1, 0, 2), lambda x: x.view_as(ag.ones(3, 2)),
        lambda x: x.squeeze(), lambda x: x.select(0, 1),
        lambda x: x.chunk(2)[0], lambda x: x.split(1)[1], lambda x: x.unbind(0)[1], lambda x: x.swapaxes(0, 1), lambda x: x.movedim(0, 1),
    ],
)  # fmt: skip
def test_views_share_memory(view):
    x = ag.arange(6.0).reshape(2, 3)
    part = view(x)
    assert np.shares_memory(part.numpy(), x.numpy())
    part.zero_()
    assert (x.numpy() == 0).sum() >= part.numel()


def test_parts_made_together_are_used_before_the_whole_is_written():
    h = leaf(1.0, 2.0) * 1
    a, b = h.unbind(0)
    h.mul_(2)
    with pytest.raises(RuntimeError, match="index the whole again"):
        a * b
    c = (leaf(1.0, 2.0) * 1).split(1)[0]
    with pytest.raises(RuntimeError, match=r"x\[i\] ="):
        c.mul_(2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ag.ones(2, dtype=ag.int64).add_(0.5), TypeError, "add_: a result that fits int64"),
        (lambda: ag.ones(2).add_(ag.ones(3)), ValueError, r"\(2,\).*\(3,\)"),
        (lambda: ag.ones(2).add_(ag.ones(3, 2)), ValueError, r"add_: .*\(2,\).*\(3, 2\)"),
        (lambda: ag.ones(2).copy_(ag.ones(3)), ValueError, r"\(2,\).*\(3,\)"),
        (lambda: ag.ones(2).__setitem__(5, 1.0), IndexError, "setitem"),
        (lambda: ag.ones(2).__setitem__(slice(None), ag.ones(3)), ValueError, r"setitem: .*\(2,\).*\(3,\)"),
        (lambda: ag.ones(1, 3).expand(2, 3).add_(1), RuntimeError, r"clone\(\)"),
        (lambda: ag.ones(2)[:1].detach_(), RuntimeError, r"detach_: .*use detach\(\)"),
        (lambda: ag.ones(2).fill_(ag.ones(2)), ValueError, r"fill_: a number or a 0-d tensor is required; got shape \(2,\).*copy_"),
        (lambda: ag.ones(2).fill_("a"), TypeError, "fill_: .*got str"),
        (lambda: ag.ones(2).fill_(None), TypeError, "fill_: .*got NoneType"),
        (lambda: ag.ones(2).fill_(1j), TypeError, "fill_: a value that fits float32 is required; got 1j"),
        (lambda: ag.ones(2).resize_(-1), ValueError, r"resize_: sizes of 0 or more are required; got \(-1,\)"),
        (lambda: ag.ones(2).resize_(1.5), TypeError, "resize_: integers are required; got 1.5"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words) as info:
        call()
    assert "test_inplace.py" in str(info.value)
