"""Convolution in one, two and three dims, and its transpose.

A convolution is linear in its input and in its weight. So it has two adjoints, and the derivatives of each of the three are the
other two: ``convolution``, ``convolution_input`` (the transposed convolution) and ``convolution_weight``.
"""
from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.kernels.convolution import Geometry, convolve, convolve_input, convolve_weight
from autograd.op import Array, Sample, derived, op
from autograd.ops.product import same_dtype
from autograd.ops.reduction import sum
from autograd.ops.shape import reshape

__all__ = [
    "convolution", "convolution_input", "convolution_weight",
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
]  # fmt: skip

# ── what the tests compare with: the definitions, written down ──


def padded(x, before, out, stride, span, value=0):
    """x with as much around it as the windows reach."""
    ends = [max((m - 1) * s + k - b - n, 0) for n, b, m, s, k in zip(x.shape[2:], before, out, stride, span, strict=True)]
    return np.pad(x, [(0, 0), (0, 0), *zip(before, ends, strict=True)], constant_values=value)


def windows_by_definition(x, kernel, out, stride, before, dilation, value=0):
    """Every window of x: (N, C, *out, *kernel)."""
    span = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    dims = len(kernel)
    y = np.lib.stride_tricks.sliding_window_view(padded(x, before, out, stride, span, value), span, tuple(range(2, 2 + dims)))
    steps = [slice(None, (m - 1) * s + 1, s) for m, s in zip(out, stride, strict=True)]
    return y[(slice(None), slice(None), *steps, *(slice(None, None, d) for d in dilation))]


def convolution_by_definition(x, weight, bias=None, *, geometry):
    _, kernel, out, stride, before, dilation, groups = geometry
    y = windows_by_definition(x, kernel, out, stride, before, dilation)
    y = y.reshape(x.shape[0], groups, -1, *y.shape[2:])
    w = weight.reshape(groups, -1, *weight.shape[1:])
    letters = "xyz"[: len(kernel)]
    y = np.einsum(f"ngc{letters.upper()}{letters},goc{letters}->ngo{letters.upper()}", y, w)
    y = y.reshape(x.shape[0], -1, *out)
    return y if bias is None else y + bias.reshape((-1,) + (1,) * len(out))


# ── the three products ──


def checked(name, geometry, x=None, weight=None, grad_output=None):
    """Raise unless the shapes of two of the three arrays go with the geometry."""
    groups = geometry.groups
    n = (x or grad_output)[0]
    outputs = (weight or (0, 0))[0] or grad_output[1]
    channels = x[1] if x else weight[1] * groups
    wanted = {"input": (n, channels, *geometry.size), "weight": (outputs, channels // groups, *geometry.kernel)}
    wanted["grad_output"] = n, outputs, *geometry.out
    for (what, expected), shape in zip(wanted.items(), (x, weight, grad_output), strict=True):
        if shape is not None and tuple(shape) != expected:
            raise ShapeError(message(name, f"shape {expected} is required for {what}", str(tuple(shape)), f"it has {geometry}"))


def channel_sums(g):
    """The sums over everything but the channels, (N, C, ...) -> (C)."""
    if type(g) is np.ndarray and g.dtype.kind == "f" and g.dtype.itemsize > 2:
        flat = np.ascontiguousarray(g.transpose((*range(1, g.ndim), 0))).reshape(g.shape[1], -1)
        return flat @ np.ones(flat.shape[1], g.dtype)  # a third of the time of add.reduce
    return sum(g, (0, *range(2, g.ndim)))


LINE = Geometry((5,), (3,), (3,), (2,), (1,), (1,), 1)
PLANE = Geometry((5, 4), (2, 3), (3, 2), (1, 2), (0, 1), (2, 1), 2)
EVERY = Geometry((3, 4), (1, 1), (2, 2), (2, 2), (0, 0), (1, 1), 1)
DEPTHWISE = Geometry((4, 4), (3, 3), (4, 4), (1, 1), (1, 1), (1, 1), 3)
SOLID = Geometry((3, 4, 3), (2, 2, 2), (3, 3, 2), (1, 1, 1), (1, 0, 0), (1, 1, 1), 1)


@op(
    (
        lambda g, y, x, weight, bias=None, *, geometry: convolution_input(g, weight, geometry=geometry),
        lambda g, y, x, weight, bias=None, *, geometry: convolution_weight(x, g, geometry=geometry),
        lambda g, y, x, weight, bias=None, *, geometry: channel_sums(g),
    ),
    saves=("weight", "x", ""), reference=convolution_by_definition,
    samples=[
        Sample((2, 3, 5), (4, 3, 3), (4,), geometry=LINE), Sample((2, 4, 5, 4), (6, 2, 2, 3), geometry=PLANE),
        Sample((2, 3, 3, 4), (2, 3, 1, 1), (2,), geometry=EVERY), Sample((2, 3, 4, 4), (6, 1, 3, 3), geometry=DEPTHWISE),
        Sample((2, 2, 3, 4, 3), (2, 2, 2, 2, 2), geometry=SOLID),
    ],
)  # fmt: skip
def convolution(x: Array, weight: Array, bias: Array = None, *, geometry):
    """y[n, o, p] = Σ x[n, c, p * stride + k * dilation - before] * weight[o, c, k] + bias[o]: (N, C, *size) -> (N, O, *out)."""
    checked("convolution", geometry, x=x.shape, weight=weight.shape)
    return convolve(x, weight, bias, geometry)


@op(
    (
        lambda g, y, grad_output, weight, *, geometry: convolution(g, weight, geometry=geometry),
        lambda g, y, grad_output, weight, *, geometry: convolution_weight(g, grad_output, geometry=geometry),
    ),
    saves=("weight", "grad_output"),
    samples=[
        Sample((2, 4, 3), (4, 3, 3), geometry=LINE), Sample((2, 6, 3, 2), (6, 2, 2, 3), geometry=PLANE),
        Sample((2, 2, 2, 2), (2, 3, 1, 1), geometry=EVERY), Sample((2, 6, 4, 4), (6, 1, 3, 3), geometry=DEPTHWISE),
        Sample((2, 2, 3, 3, 2), (2, 2, 2, 2, 2), geometry=SOLID),
    ],
)  # fmt: skip
def convolution_input(grad_output: Array, weight: Array, *, geometry):
    """The adjoint of convolution in its input, the transposed convolution: (N, O, *out), (O, C / groups, *kernel) -> (N, C, *size)."""
    checked("convolution_input", geometry, weight=weight.shape, grad_output=grad_output.shape)
    return convolve_input(grad_output, weight, geometry)


@op(
    (
        lambda g, y, x, grad_output, *, geometry: convolution_input(grad_output, g, geometry=geometry),
        lambda g, y, x, grad_output, *, geometry: convolution(x, g, geometry=geometry),
    ),
    saves=("grad_output", "x"),
    samples=[
        Sample((2, 3, 5), (2, 4, 3), geometry=LINE), Sample((2, 4, 5, 4), (2, 6, 3, 2), geometry=PLANE),
        Sample((2, 3, 3, 4), (2, 2, 2, 2), geometry=EVERY), Sample((2, 3, 4, 4), (2, 6, 4, 4), geometry=DEPTHWISE),
        Sample((2, 2, 3, 4, 3), (2, 2, 3, 3, 2), geometry=SOLID),
    ],
)  # fmt: skip
def convolution_weight(x: Array, grad_output: Array, *, geometry):
    """The adjoint of convolution in its weight: (N, C, *size), (N, O, *out) -> (O, C / groups, *kernel)."""
    checked("convolution_weight", geometry, x=x.shape, grad_output=grad_output.shape)
    return convolve_weight(x, grad_output, geometry)


# ── settings as users give them ──


def per_dim(name: str, what: str, value: Any, dims: int, least: int) -> tuple[int, ...]:
    """An integer for each spatial dim, from one for all or a sequence."""
    try:
        values = tuple(map(index, value)) if isinstance(value, tuple | list) else (index(value),)
    except TypeError:
        raise DtypeError(message(name, f"an integer {what}, or {dims} of them, is required", repr(value))) from None
    if len(values) == 1:
        values *= dims
    if len(values) != dims or min(values) < least:
        required = f"a {what} of at least {least}, one for all or {dims} of them, is required"
        raise ArgumentError(message(name, required, repr(value)))
    return values


def batched(name, x, dims):
    """(x with a batch dim, whether it had none)."""
    if x.ndim not in (dims + 1, dims + 2):
        names = ", ".join(("L", "H", "W", "D")[i] for i in {1: (0,), 2: (1, 2), 3: (3, 1, 2)}[dims])
        raise ShapeError(message(
            name, f"an input (N, C, {names}) or (C, {names}) is required", f"shape {tuple(x.shape)}",
            "add the dims that are missing: x.unsqueeze(0)" if x.ndim < dims + 1 else "reshape it",
        ))  # fmt: skip
    return (x, False) if x.ndim == dims + 2 else (x[None], True)


def settled(name, dims, x, weight, bias, outputs, channels, groups):
    """Check what a convolution is given against each other; the number of channels is that of the input."""
    if weight.ndim != dims + 2:
        raise ShapeError(message(name, f"a weight of {dims + 2} dims is required", f"shape {tuple(weight.shape)}"))
    if isinstance(groups, bool) or index(groups) < 1 or weight.shape[0] % groups:
        required = f"a number of groups that divides the weight's {weight.shape[0]} channels in dim 0 is required"
        raise ArgumentError(message(name, required, f"groups={groups}"))
    if x.shape[1] != channels:
        raise ShapeError(message(
            name, f"an input with {channels} channels is required for a weight of shape {tuple(weight.shape)} and groups={groups}",
            f"{x.shape[1]} in shape {tuple(x.shape)}", "check in_channels, or the order of the dims: channels come second",
        ))  # fmt: skip
    if not all(weight.shape):
        raise ShapeError(message(name, "a weight with elements is required", f"shape {tuple(weight.shape)}"))
    if x.dtype != weight.dtype:
        same_dtype(name, x, weight, "the input", "the weight")
    if bias is not None:
        if tuple(bias.shape) != (outputs,):
            raise ShapeError(message(name, f"a bias of shape {(outputs,)} is required", f"{tuple(bias.shape)}"))
        same_dtype(name, x, bias, "the input", "the bias")


def paddings(name, padding, dims, kernel, stride, dilation):
    """Pairs (before, after), from numbers or from "same" or "valid"."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in per_dim(name, "padding", padding, dims, 0))
    if padding == "valid":
        return ((0, 0),) * dims
    if padding != "same":
        raise ArgumentError(message(name, 'a padding of numbers, "same" or "valid" is required', repr(padding)))
    if set(stride) != {1}:
        raise ArgumentError(message(name, 'padding="same" requires a stride of 1', str(stride), "pass numbers as padding"))
    totals = (d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    return tuple((total // 2, total - total // 2) for total in totals)


def convolved(name, dims, x, weight, bias, stride, padding, dilation, groups):
    """conv1d, conv2d, conv3d."""
    x, single = batched(name, x, dims)
    stride, dilation = per_dim(name, "stride", stride, dims, 1), per_dim(name, "dilation", dilation, dims, 1)
    settled(name, dims, x, weight, bias, weight.shape[0], weight.shape[1] * groups if weight.ndim > 1 else 0, groups)
    kernel, size = tuple(weight.shape[2:]), tuple(x.shape[2:])
    pads = paddings(name, padding, dims, kernel, stride, dilation)
    out = []
    for n, k, s, d, (before, after) in zip(size, kernel, stride, dilation, pads, strict=True):
        room = n + before + after - d * (k - 1) - 1
        if room < 0:
            raise ShapeError(message(
                name, f"an input at least as large as the kernel is required, {d * (k - 1) + 1} with dilation",
                f"size {n}" + (f", {n + before + after} with padding," if before or after else "") + f" of shape {tuple(x.shape)}",
                "pad more, or use a smaller kernel",
            ))  # fmt: skip
        out.append(room // s + 1)
    geometry = Geometry(size, kernel, tuple(out), stride, tuple(before for before, _ in pads), dilation, index(groups))
    y = convolution(x, weight, bias, geometry=geometry)
    return y[0] if single else y


@derived(samples=[Sample((2, 3, 6), (4, 3, 3), (4,), padding=1), Sample((4, 6), (4, 2, 2), stride=2, groups=2)])
def conv1d(x: Array, weight: Array, bias: Array = None, stride=1, padding=0, dilation=1, groups=1):
    """Sums of products over a window that slides along the input: (N, C, L), (O, C / groups, k), (O) -> (N, O, L'). As ``conv2d``."""
    return convolved("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


@derived(
    samples=[
        Sample((2, 3, 5, 4), (4, 3, 3, 2), (4,), padding=(1, 0)), Sample((2, 4, 6, 5), (2, 2, 2, 2), stride=2, groups=2),
        Sample((3, 4, 4), (2, 3, 2, 3), (2,), padding="same", dilation=(1, 2)),
    ],
)  # fmt: skip
def conv2d(x: Array, weight: Array, bias: Array = None, stride=1, padding=0, dilation=1, groups=1):
    """Sums of products over a window that slides over the input: (N, C, H, W), (O, C / groups, h, w), (O) -> (N, O, H', W').

    H' = (H + 2 * padding - dilation * (h - 1) - 1) // stride + 1, and so for W'. The batch dim N may be left out.

    padding   zeros on each side; "valid": none; "same": as many as keep the size, one more behind than in front where they are odd
    dilation  distance of neighbouring elements of the window
    groups    into so many groups are the channels split, each with outputs of its own
    """
    return convolved("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


@derived(samples=[Sample((2, 2, 3, 4, 3), (3, 2, 2, 2, 2), (3,), padding=1, stride=2)])
def conv3d(x: Array, weight: Array, bias: Array = None, stride=1, padding=0, dilation=1, groups=1):
    """Sums of products over a window that slides through the input: (N, C, D, H, W) -> (N, O, D', H', W'). As ``conv2d``."""
    return convolved("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def transposed(name, dims, x, weight, bias, stride, padding, output_padding, groups, dilation):
    """conv_transpose1d, conv_transpose2d, conv_transpose3d."""
    x, single = batched(name, x, dims)
    stride, dilation = per_dim(name, "stride", stride, dims, 1), per_dim(name, "dilation", dilation, dims, 1)
    outputs = weight.shape[1] * groups if weight.ndim > 1 else 0
    settled(name, dims, x, weight, bias, outputs, weight.shape[0] if weight.ndim else 0, groups)
    before, more = per_dim(name, "padding", padding, dims, 0), per_dim(name, "output_padding", output_padding, dims, 0)
    kernel, out, size = tuple(weight.shape[2:]), tuple(x.shape[2:]), []
    for m, k, s, d, b, extra in zip(out, kernel, stride, dilation, before, more, strict=True):
        if extra >= max(s, d):
            given = f"{extra} for stride {s} and dilation {d}"
            raise ArgumentError(message(name, "an output_padding below the stride or the dilation is required", given))
        size.append((m - 1) * s - 2 * b + d * (k - 1) + extra + 1)
        if size[-1] < 0 or not m:
            raise ShapeError(message(name, "sizes that give an output are required", f"input {tuple(x.shape)}", "pad less"))
    geometry = Geometry(tuple(size), kernel, out, stride, before, dilation, index(groups))
    y = convolution_input(x, weight, geometry=geometry)
    y = y if bias is None else y + reshape(bias, (-1,) + (1,) * dims)
    return y[0] if single else y


@derived(samples=[Sample((2, 3, 4), (3, 2, 3), (2,), stride=2, padding=1, output_padding=1), Sample((4, 4), (4, 1, 2), groups=2)])
def conv_transpose1d(x: Array, weight: Array, bias: Array = None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of ``conv1d`` in its input: (N, C, L), (C, O / groups, k), (O) -> (N, O, L'). As ``conv_transpose2d``."""
    return transposed("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


@derived(
    samples=[
        Sample((2, 3, 3, 2), (3, 2, 3, 2), (2,), stride=2, padding=(1, 0), output_padding=1),
        Sample((4, 3, 2), (4, 1, 2, 2), groups=2, dilation=2),
    ],
)  # fmt: skip
def conv_transpose2d(x: Array, weight: Array, bias: Array = None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of ``conv2d`` in its input: (N, C, H, W), (C, O / groups, h, w), (O) -> (N, O, H', W').

    H' = (H - 1) * stride - 2 * padding + dilation * (h - 1) + output_padding + 1, and so for W'. The batch dim N may be left out.

    padding         so much is cut from each side of the output
    output_padding  by so much the output is larger behind: of the sizes that conv2d takes to the same, a larger one
    """
    return transposed("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


@derived(samples=[Sample((1, 2, 2, 2, 3), (2, 2, 2, 2, 2), (2,), stride=2)])
def conv_transpose3d(x: Array, weight: Array, bias: Array = None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of ``conv3d`` in its input: (N, C, D, H, W) -> (N, O, D', H', W'). As ``conv_transpose2d``."""
    return transposed("conv_transpose3d", 3, x, weight, bias, stride, padding, output_padding, groups, dilation)
