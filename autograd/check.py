"""Derivatives by backpropagation held against derivatives by finite differences."""
from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.arrays import arrays_of, as_array
from autograd.errors import ArgumentError, GraphError, message
from autograd.modes import enable_grad, is_grad_enabled, no_grad
from autograd.tensor import Tensor
from autograd.transforms import gradients

Arrays = list[Any]
Function = Callable[..., Any]


class GradcheckError(GraphError):
    """A derivative that finite differences do not confirm."""


# ── what is computed ──


def outputs_of(function: Function, inputs: Sequence[Any]) -> list[Tensor]:
    """The tensors that the function returns."""
    y = function(*inputs)
    outputs = [y] if isinstance(y, Tensor) else list(y)
    for output in outputs:
        if not isinstance(output, Tensor):
            kind = type(output).__name__
            raise ArgumentError(message("gradcheck", "a function that returns tensors is required", kind, "return tensors only"))
    return outputs


def vjp(output: Tensor, inputs: Sequence[Tensor], g: Any) -> Arrays:
    """The gradient of <g, output> for each input, zero where the output does not depend on it."""
    if output.node is None:
        return [np.zeros_like(x._array) for x in inputs]
    return list(arrays_of(gradients(output, inputs, Tensor(g), retain_graph=True, materialize_grads=True)))


@contextlib.contextmanager
def moved(x: Tensor, step: Any) -> Iterator[None]:
    """The input's values a step away, in its own memory, for as long as the block runs."""
    before = x._array.copy()
    x._array[...] = before + step
    try:
        yield
    finally:
        x._array[...] = before


def difference(function: Function, inputs: Sequence[Any], x: Tensor, step: Any, eps: float) -> Arrays:
    """The change of every output, by central differences, for a step of the input x."""
    with no_grad(), np.errstate(all="ignore"):
        with moved(x, eps * step):
            above = [y._array.copy() for y in outputs_of(function, inputs)]
        with moved(x, -eps * step):
            below = [y._array.copy() for y in outputs_of(function, inputs)]
    return [(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)]


def units(array: Any) -> Iterator[Any]:
    """Each direction in which an array can change: 1 at one element and 0 elsewhere."""
    for index in np.ndindex(array.shape):
        unit = np.zeros_like(array)
        unit[index] = 1
        yield unit


def numeric_jacobians(function: Function, inputs: Sequence[Any], x: Tensor, eps: float, chosen: Sequence[int]) -> Arrays:
    """d(output)/dx by finite differences for the chosen outputs: one row per element of x, one column per element of the output."""
    rows = [difference(function, inputs, x, unit, eps) for unit in units(x._array)]
    return [np.array([np.ravel(row[i]) for row in rows]) for i in chosen]


def analytic_jacobian(output: Tensor, inputs: Sequence[Tensor]) -> Arrays:
    """d(output)/dx by backpropagation for each input x, in the same layout."""
    columns = [vjp(output, inputs, unit) for unit in units(output._array)]
    return [np.array([np.ravel(column[i]) for column in columns]).T for i in range(len(inputs))]


# ── what is said when it is wrong ──


def element(position: int, x: Tensor) -> str:
    """The index of an element, given its place in order."""
    return str(tuple(int(i) for i in np.unravel_index(position, x.shape))) if x.ndim else "()"


def hint(analytic: Any, numeric: Any, kinked: bool) -> str:
    """What a mismatch looks like."""
    if kinked:
        return "the slopes to the left and to the right differ here: the function has a kink; choose inputs away from it"
    if not np.isfinite(numeric).all():
        return "the function is not finite next to this point: choose inputs inside its domain"
    if not np.isfinite(analytic).all():
        return "the derivative is not finite: look for 0/0 or inf - inf in its rule"
    if not analytic.any():
        return "the gradient is zero: look for detach(), no_grad() or NumPy calls between input and output"
    size = np.vdot(numeric, numeric)
    if size and np.allclose(analytic, (factor := np.vdot(numeric, analytic) / size) * numeric, 1e-3, 1e-6):
        return f"the gradient is {factor:.4g} times what it should be in every entry: a wrong sign or a missing factor"
    return "look at the derivative rules on the way between the two; with intermediate results as outputs the wrong one shows"


def mismatch(
    function: Function, inputs: Sequence[Any], x: Tensor, names: tuple[int, int], output: Tensor, analytic: Any, numeric: Any, wrong: Any,
    eps: float,
) -> str:  # fmt: skip
    """The message: which output and input, the worst entry, both matrices, and where to look."""
    with np.errstate(all="ignore"):
        gap = np.where(wrong, np.nan_to_num(np.abs(analytic - numeric), nan=np.inf), -1)
    row, column = np.unravel_index(int(gap.argmax()), gap.shape)
    unit = next(unit for i, unit in enumerate(units(x._array)) if i == row)
    with no_grad(), np.errstate(all="ignore"):
        values = []
        for step in (-eps, 0, eps):
            with moved(x, step * unit):
                values.append(np.ravel(outputs_of(function, inputs)[names[0]]._array)[column])
    left, right = (values[1] - values[0]) / eps, (values[2] - values[1]) / eps
    kinked = abs(left - right) > 1e-2 * (1 + abs(left) + abs(right))
    matrices = f"\nanalytic (rows: elements of the input, columns: of the output)\n{analytic}\nnumeric\n{numeric}"
    text = message(
        "gradcheck", f"the derivative of output {names[0]} with respect to input {names[1]} is required to agree with finite differences",
        f"{analytic[row, column]:.8g} by backpropagation and {numeric[row, column]:.8g} numerically "
        f"for output element {element(int(column), output)} and input element {element(int(row), x)}, "
        f"the largest of {int(wrong.sum())} differences among {wrong.size} entries",
        hint(analytic, numeric, bool(kinked)),
    )  # fmt: skip
    return text + matrices if analytic.size <= 400 else text


# ── complex numbers, by their parts ──


def on_parts(function: Function, inputs: Any) -> tuple[Function, Any]:
    """The same function of and to real numbers: complex tensors as (..., 2), so that each part has a derivative of its own."""
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)

    def by_parts(*values: Any) -> list[Tensor]:
        pairs = zip(given, values, strict=True)
        originals = [ops.view_as_complex(value) if isinstance(x, Tensor) and x.is_complex() else value for x, value in pairs]
        return [ops.view_as_real(y) if y.is_complex() else y for y in outputs_of(function, originals)]

    return by_parts, tuple(map(leaf_of_parts, given))


def leaf_of_parts(x: Any) -> Any:
    """A complex tensor as a leaf of real numbers, (..., 2); anything else as it is."""
    if not isinstance(x, Tensor) or not x.is_complex():
        return x
    return ops.view_as_real(x).detach().requires_grad_(x.requires_grad)


# ── the checks ──


def differing(analytic: Any, numeric: Any, atol: float, rtol: float) -> Any:
    """Where two matrices do not agree."""
    with np.errstate(all="ignore"):
        return ~np.isclose(analytic, numeric, rtol, atol, equal_nan=True)


def check_full(
    function: Function, inputs: Sequence[Any], wanted: dict[int, Tensor], outputs: dict[int, Tensor], eps: float, atol: float, rtol: float
) -> None:  # fmt: skip
    """Every entry of every Jacobian."""
    numeric = {i: numeric_jacobians(function, inputs, x, eps, list(outputs)) for i, x in wanted.items()}
    for k, (o, output) in enumerate(outputs.items()):
        for (i, x), analytic in zip(wanted.items(), analytic_jacobian(output, list(wanted.values())), strict=True):
            if not analytic.size:
                continue
            wrong = differing(analytic, numeric[i][k], atol, rtol)
            if wrong.any():
                raise GradcheckError(mismatch(function, inputs, x, (o, i), output, analytic, numeric[i][k], wrong, eps))


def check_fast(
    function: Function, inputs: Sequence[Any], wanted: dict[int, Tensor], outputs: dict[int, Tensor], eps: float, atol: float, rtol: float
) -> None:  # fmt: skip
    """One random combination of the entries of each Jacobian: <v, J u> forward is <J' v, u> backward."""
    rng = np.random.default_rng(0)

    def direction(array: Any) -> Any:
        return np.asarray(rng.standard_normal(array.shape), array.dtype)

    us = {i: direction(x._array) for i, x in wanted.items()}
    changes = {i: difference(function, inputs, x, us[i], eps) for i, x in wanted.items()}
    for o, output in outputs.items():
        v = direction(output._array)
        for i, g in zip(wanted, vjp(output, list(wanted.values()), v), strict=True):
            analytic, numeric = (np.array([[np.dot(np.ravel(a), np.ravel(b))]]) for a, b in ((g, us[i]), (v, changes[i][o])))
            scale = 1 + np.sqrt(us[i].size * v.size)  # so many errors of atol add up
            if differing(analytic, numeric, atol * scale, rtol).any():
                check_full(function, inputs, {i: wanted[i]}, {o: output}, eps, atol, rtol)
                raise GradcheckError(message(
                    "gradcheck", f"the derivative of output {o} with respect to input {i} is required to agree with finite differences",
                    f"{analytic.item():.8g} by backpropagation and {numeric.item():.8g} numerically along a random direction",
                    "each entry for itself is within the tolerance: the error is small but systematic",
                ))  # fmt: skip


def check_same(name: str, first: Arrays, second: Arrays, tolerance: float) -> None:
    """A second run gives what the first gave."""
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        if a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True):
            by = f", up to {np.abs(a - b).max():.3g} apart" if a.shape == b.shape else ""
            raise GradcheckError(message(
                "gradcheck", "a deterministic function is required: the same inputs, the same result",
                f"{name} {i} different in two runs{by}", "fix the seed inside the function, or set nondet_tol",
            ))  # fmt: skip


def check_form(inputs: Sequence[Tensor], gradients: Arrays, dtypes: bool) -> None:
    """A gradient has the shape, and if asked the dtype, of its input."""
    for i, (x, g) in enumerate(zip(inputs, gradients, strict=True)):
        if g.shape != x.shape or (dtypes and g.dtype != x.dtype):
            required = f"a gradient of shape {x.shape} and {x.dtype} is required for differentiated input {i}"
            raise GradcheckError(message("gradcheck", required, f"{g.shape} and {g.dtype}", "correct the rule of the last operation on it"))


def check_undefined(outputs: dict[int, Tensor], inputs: Sequence[Tensor]) -> None:
    """An output that nobody uses has the gradient zero: the pass gives the same with it left out."""
    if len(outputs) < 2:
        return
    for o, output in outputs.items():
        alone = vjp(output, inputs, np.ones_like(output._array))
        seeds = [Tensor(np.full(other.shape, float(i == o), other.dtype)) for i, other in outputs.items()]
        together = arrays_of(gradients(list(outputs.values()), inputs, seeds, retain_graph=True, materialize_grads=True))
        for i, (g, same) in enumerate(zip(alone, together, strict=True)):
            if not np.allclose(g, same, equal_nan=True):
                raise GradcheckError(message(
                    "gradcheck", "an undefined gradient is required to mean zero",
                    f"another gradient of input {i} when only output {o} has one", "let the backward rule treat None as zeros",
                ))  # fmt: skip


def check_constant(
    function: Function, inputs: Sequence[Any], wanted: dict[int, Tensor], outputs: Sequence[Tensor], eps: float, atol: float, fast: bool
) -> None:  # fmt: skip
    """No output requires grad: right only if none depends on the inputs."""
    chosen = [i for i, output in enumerate(outputs) if output.dtype.kind in "fc"]
    for i, x in wanted.items():
        steps = [np.random.default_rng(0).standard_normal(x.shape)] if fast else units(x._array)
        for step in steps:
            change = difference(function, inputs, x, step, eps) if chosen else []
            for o in chosen:
                if not np.allclose(change[o], 0, atol=atol):
                    raise GradcheckError(message(
                        "gradcheck", "outputs that require grad are required",
                        f"output {o}, which changes with input {i} but does not require grad",
                        "compute it outside no_grad(), without detach(), and with functions of this library only",
                    ))  # fmt: skip


def check_inputs(inputs: Any) -> tuple[Sequence[Any], dict[int, Tensor]]:
    """The inputs as a sequence, and those that derivatives are asked for."""
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    wanted = {i: x for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad}
    if not wanted:
        required = "at least one input that requires grad is required"
        raise ArgumentError(message("gradcheck", required, f"{len(inputs)} that do not", "create it with requires_grad=True"))
    for i, x in wanted.items():
        if x.dtype != np.float64:
            warnings.warn(
                f"gradcheck: input {i} requires grad and is {x.dtype}; finite differences need double precision, "
                f"and this check will likely fail: use x.double()", UserWarning, stacklevel=4,
            )  # fmt: skip
        repeats = any(stride == 0 and n > 1 for stride, n in zip(x._array.strides, x.shape, strict=True))
        if x._array.size and (repeats or not x._array.flags.writeable):
            required = "inputs with memory of its own for each element are required"
            raise GradcheckError(message("gradcheck", required, f"input {i} expanded or read-only", "use clone()"))
    return inputs, wanted


def gradcheck(
    func: Function, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True,
    nondet_tol: float = 0.0, check_undefined_grad: bool = True, check_grad_dtypes: bool = False, fast_mode: bool = False,
) -> bool:  # fmt: skip
    """Whether the gradients of func agree with central differences: |analytic - numeric| <= atol + rtol * |numeric|, for each entry.

    func                  takes tensors, returns a tensor or several
    inputs                a tensor or a sequence; derivatives are checked for those that require grad, which should be float64 or
                          complex128: of complex ones, both parts are inputs for themselves
    eps                   the step of the finite differences
    raise_exception       raise GradcheckError, which says what is wrong and where; else return False
    nondet_tol            how far apart two runs on the same inputs may be
    check_undefined_grad  of several outputs, those without a gradient count as zero
    check_grad_dtypes     gradients have the dtype of their input
    fast_mode             a random combination of the entries in place of each of them: two calls per input, not two per element
    """
    func, inputs = on_parts(func, inputs)
    try:
        inputs, wanted = check_inputs(inputs)
        with enable_grad(), np.errstate(all="ignore"):
            outputs = outputs_of(func, inputs)
            again = outputs_of(func, inputs)
        check_same("output", [y._array for y in outputs], [y._array for y in again], nondet_tol)
        recorded = {i: y for i, y in enumerate(outputs) if y.requires_grad}
        xs = list(wanted.values())
        if not recorded:
            check_constant(func, inputs, wanted, outputs, eps, atol, fast_mode)
            return True
        for output in recorded.values():
            g = np.ones_like(output._array)
            first = vjp(output, xs, g)
            check_same("gradient of input", first, vjp(output, xs, g), nondet_tol)
            check_form(xs, first, check_grad_dtypes)
        (check_fast if fast_mode else check_full)(func, inputs, wanted, recorded, eps, atol, rtol)
        if check_undefined_grad:
            check_undefined(recorded, xs)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function, inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, fast_mode: bool = False,
) -> bool:  # fmt: skip
    """Whether the gradients of the gradients of func agree with central differences. See ``gradcheck``.

    grad_outputs                 dL/d(output), one per output that requires grad: random unless given
    gen_non_contig_grad_outputs  the random ones are not contiguous in memory
    """
    func, inputs = on_parts(func, inputs)
    inputs, wanted = check_inputs(inputs)
    positions = list(wanted)
    with enable_grad(), np.errstate(all="ignore"):
        outputs = [y for y in outputs_of(func, inputs) if y.requires_grad]
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        grads = []
        for y in outputs:
            g = rng.standard_normal((*y.shape, 2)).astype(y.dtype)[..., 0]
            grads.append(Tensor(g if gen_non_contig_grad_outputs else g.copy(), requires_grad=True))
    else:
        given = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
        grads = [g if isinstance(g, Tensor) else Tensor(as_array(g), requires_grad=True) for g in given]
        grads = list(map(leaf_of_parts, grads))
    if len(grads) != len(outputs):
        required = f"one gradient per output that requires grad ({len(outputs)}) is required"
        raise ArgumentError(message("gradgradcheck", required, str(len(grads)), "check grad_outputs"))

    def gradients_of(*values: Any) -> tuple[Tensor | None, ...]:
        create_graph = is_grad_enabled()
        values, seeds = values[: len(inputs)], values[len(inputs) :]
        with enable_grad():
            results = [y for y in outputs_of(func, values) if y.requires_grad]
        xs = [values[i] for i in positions]
        return gradients(results, xs, list(seeds), retain_graph=True, create_graph=create_graph, materialize_grads=True)

    return gradcheck(
        gradients_of, (*inputs, *grads), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes, fast_mode=fast_mode,
    )  # fmt: skip
