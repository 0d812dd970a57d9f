"""Derivatives as functions: grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp.

Each takes a function and gives the derivative at the arguments it is called with, which may be tensors, arrays, floats, or lists,
tuples and dicts of them. What is given as arrays comes back as arrays. Everything nests: the derivative of a derivative, also with
respect to a variable of an outer function, and with respect to tensors that the function finds around it.
"""
from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, cast

import numpy as np

from autograd import graph, ops
from autograd.arrays import as_array
from autograd.errors import ArgumentError, DtypeError, GraphError, ShapeError, message
from autograd.graph import Node, leading_to, topological_order
from autograd.modes import enable_grad, recording
from autograd.tensor import Tensor, input_node, run_backward, seeded

_inside: ContextVar[bool] = ContextVar("inside", default=False)  # a function is being differentiated: results go on to an outer derivative

# ── grad: PyTorch's, and the functional one ──


def grad(outputs: Any, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Gradients, in one of two forms.

    ``grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, only_inputs=True, allow_unused=None,
    is_grads_batched=False, materialize_grads=False)``:
    a tuple with the gradient of the sum of outputs (each weighted by its entry of grad_outputs) with respect to each of inputs.
    With allow_unused, None for an input that the outputs do not depend on; with materialize_grads, zeros. With is_grads_batched,
    grad_outputs and the results have one more dim in front.

    ``grad(function, argnum=0, has_aux=False)``: a function that takes the arguments of ``function`` and returns the gradient of its
    one-element result with respect to argument number argnum (a tuple of gradients for a tuple of numbers). With has_aux,
    ``function`` returns (result, aux), and the new function (gradient, aux).
    """
    if callable(outputs) and not isinstance(outputs, Tensor):
        argnum = kwargs.pop("argnum", 0 if inputs is None else inputs)
        return gradient_function(outputs, argnum, *args, **kwargs)
    if inputs is None:
        raise ArgumentError(message("grad", "inputs to differentiate with respect to are required", "none", "write grad(loss, [x, y])"))
    return gradients(outputs, inputs, *args, **kwargs)


def gradients(
    outputs: Tensor | Sequence[Tensor], inputs: Tensor | Sequence[Tensor], grad_outputs: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, only_inputs: bool = True, allow_unused: bool | None = None, is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """``grad`` of tensors with respect to tensors."""
    outputs, inputs = listed("grad", outputs), listed("grad", inputs)
    if not only_inputs:
        raise ArgumentError(message("grad", "only_inputs=True is required", "False", "use backward() to add to .grad"))
    if is_grads_batched:
        batches = zip(*(list(weight) for weight in listed("grad", grad_outputs)), strict=True)
        rows = [
            gradients(outputs, inputs, list(batch), True, create_graph, True, allow_unused, False, materialize_grads) for batch in batches
        ]  # fmt: skip
        return tuple(None if column[0] is None else ops.stack(column) for column in zip(*rows, strict=True))
    if materialize_grads and allow_unused is False:
        raise ArgumentError(message(
            "grad", "allow_unused=True is required with materialize_grads=True", "allow_unused=False", "leave allow_unused out",
        ))  # fmt: skip
    weights = [None] * len(outputs) if grad_outputs is None else listed("grad", grad_outputs)
    wanted = [input_node("grad", tensor) for tensor in inputs]
    found = pullback("grad", outputs, weights, wanted, create_graph, create_graph if retain_graph is None else retain_graph)
    result: list[Tensor | None] = []
    for position, (tensor, node) in enumerate(zip(inputs, wanted, strict=True)):
        if node in found:
            result.append(found[node])
        elif materialize_grads:
            result.append(Tensor._wrap(np.zeros_like(tensor._array)))
        elif allow_unused:
            result.append(None)
        else:
            raise GraphError(message(
                "grad", "inputs that the outputs were computed from are required",
                f"input {position} of shape {tensor.shape}, which they do not depend on",
                "pass allow_unused=True for None, or materialize_grads=True for zeros, in its place",
            ))  # fmt: skip
    return tuple(result)


def gradient_function(function: Callable[..., Any], argnum: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """``grad`` of a function."""
    both = value_and_grad(function, argnum, has_aux)

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(function: Callable[..., Any], argnum: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Like ``grad(function)``, returning (result, gradient); with has_aux, ((result, aux), gradient)."""

    @functools.wraps(function)
    def both(*args: Any, **kwargs: Any) -> Any:
        run = Run("grad", function, args, kwargs, argnum)
        out, aux = run.split(has_aux)
        out = run.tensor(out)
        if out.numel() != 1 or out.dtype.kind != "f":
            raise ShapeError(message(
                "grad", "a function with one real number as its result is required", f"a result of shape {out.shape}, {out.dtype}",
                "reduce it, as in .sum() or .mean(), or use jacobian",
            ))  # fmt: skip
        found = run.pull([out], [None])
        value = run.given_back(out)
        return ((value, mapped(run.given_back, aux)) if has_aux else value), found

    return both


# ── products with the Jacobian, from either side ──


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The result of function(*primals), and a function from a vector of the result's shape to the tuple of products vector @ Jacobian.

    A result of several tensors takes several vectors. With has_aux, function returns (result, aux), and aux comes third.
    """
    run = Run("vjp", function, primals, {}, tuple(range(len(primals))))
    result, aux = run.split(has_aux)
    outputs = [run.tensor(leaf) for leaf in leaves(result)]

    def pull(*vectors: Any) -> Any:
        given = list(leaves(vectors))
        if len(given) != len(outputs):
            raise ArgumentError(message(
                "vjp", f"one vector per result ({len(outputs)}) is required", str(len(given)), "pass one of each result's shape",
            ))  # fmt: skip
        return run.pull(outputs, given, retain=True)

    found = mapped(run.given_back, result), pull
    return (*found, mapped(run.given_back, aux)) if has_aux else found


def jvp(function: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The result of function at primals, and the product Jacobian @ tangents: how the result changes along tangents.

    Computed as the derivative of a vjp, which is linear in its vector: no op needs a forward rule.
    """
    args, directions = as_tuple(primals), as_tuple(tangents)
    run = Run("jvp", function, args, {}, tuple(range(len(args))))
    moved = list(leaves(directions))
    run.check_like("jvp", "tangents", moved)
    outputs = [run.tensor(leaf) for leaf in leaves(run.result)]
    vectors = [independent(np.ones_like(out._array)) for out in outputs]  # not zeros: where a rule is infinite, 0 * inf would hide it
    pulled = run.recorded_pull(outputs, vectors)
    used = [(g, as_tensor_like(direction, g)) for g, direction in zip(pulled, moved, strict=True) if g is not None and g.requires_grad]
    nodes = [cast("Node", vector.node) for vector in vectors]
    keep = run.keep or (run.connects and any(getattr(direction, "requires_grad", False) for direction in moved))
    found = pullback("jvp", [g for g, _ in used], [t for _, t in used], nodes, keep, retain=True) if used else {}
    products = iter([
        run.given_back(found[node] if node in found else Tensor._wrap(np.zeros_like(out._array)), keep=keep)
        for node, out in zip(nodes, outputs, strict=True)
    ])  # fmt: skip
    return mapped(run.given_back, run.result), mapped(lambda _: next(products), run.result)


def hvp(function: Callable[..., Any], inputs: Any, v: Any) -> Any:
    """The one-element result of function at inputs, and the product Hessian @ v, without ever building the Hessian."""
    args, vectors = as_tuple(inputs), as_tuple(v)
    both = value_and_grad(function, tuple(range(len(args))))
    _, pull, value = vjp(lambda *variables: both(*variables)[::-1], *args, has_aux=True)
    products = pull(vectors)  # the Hessian is symmetric: a product from the left is one from the right
    return value, products if isinstance(inputs, tuple) else products[0]


# ── whole matrices ──


def jacobian(function: Callable[..., Any], argnum: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the derivative of every element of the result by every element of an argument: result.shape + argument.shape.

    One row per backward pass. For a tuple of numbers, a tuple of such derivatives.
    """

    @functools.wraps(function)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        run = Run("jacobian", function, args, kwargs, argnum)

        def of(result: Any) -> Any:
            out = run.tensor(result)
            rows = []
            for i in range(out.numel()):
                vector = np.zeros(out.numel(), out.dtype)
                vector[i] = 1
                rows.append(list(leaves(run.pull([out], [vector.reshape(out.shape)], retain=True))))
            columns = zip(*rows, strict=True) if rows else ([] for _ in run.variables)
            parts = iter([stacked(list(column), out, variable) for column, variable in zip(columns, run.variables, strict=True)])
            return run.as_given(lambda _: next(parts))

        return mapped(of, run.result)

    return matrix


def hessian(function: Callable[..., Any], argnum: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of a one-element result: argument.shape + argument.shape."""
    return jacobian(gradient_function(function, argnum), argnum)


jacrev = jacfwd = jacobian  # the same matrix, whichever way it is built

# ── what they share ──


class Run:
    """One run of a function on arguments of which some are variables; then the way back from results to these."""

    def __init__(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnum: int | Sequence[int]
    ) -> None:
        self.name, self.single = name, isinstance(argnum, int)
        numbers = [argnum] if isinstance(argnum, int) else list(argnum)
        for position in numbers:
            if not -len(args) <= position < len(args):
                raise ArgumentError(message(
                    name, f"an argnum below the number of positional arguments ({len(args)}) is required", str(position),
                    "pass the argument by position",
                ))  # fmt: skip
        self.given = [args[position] for position in numbers]
        self.tensors = any(isinstance(leaf, Tensor) for leaf in leaves(self.given))
        self.connects = recording()  # tensors from outside stay part of the graph
        self.variables: list[Tensor] = []
        lifted = list(args)
        with enable_grad():
            for position in numbers:
                lifted[position] = mapped(self.variable, args[position])
        self.nodes = [cast("Node", variable.node) for variable in self.variables]
        inside = _inside.set(True)
        try:
            with enable_grad():
                self.result = function(*lifted, **kwargs)
        finally:
            _inside.reset(inside)
        roots = [leaf.node for leaf in leaves(self.result) if isinstance(leaf, Tensor) and leaf.node is not None]
        own = set(self.nodes)
        foreign = any(node.op is None and node not in own for node in topological_order(*roots))
        self.keep = self.connects and foreign and (self.tensors or _inside.get())  # results are themselves differentiable

    def variable(self, value: Any) -> Tensor:
        """A tensor of this run's own, with the values of an argument and, where that has a history, connected to it."""
        if isinstance(value, bool | int) or getattr(getattr(value, "dtype", None), "kind", "f") not in "fc":
            kind = getattr(value, "dtype", type(value).__name__)
            raise DtypeError(message(
                self.name, "floating-point arguments are required, for integers have no derivative",
                str(kind), "write 2.0 for 2, or convert: x.astype(float)",
            ))  # fmt: skip
        if isinstance(value, Tensor):
            own = ops.clone(value) if self.connects and value.requires_grad else independent(value._array)
        elif isinstance(value, float | complex | np.ndarray | np.generic):
            own = independent(np.asarray(value))  # a Python float is a float64 here: what comes back is one as well
        else:
            raise DtypeError(message(
                self.name, "tensors, arrays or floats are required as variables", type(value).__name__, "choose the argument with argnum",
            ))  # fmt: skip
        self.variables.append(own)
        return own

    def split(self, has_aux: bool) -> tuple[Any, Any]:
        """The result and what came beside it."""
        if not has_aux:
            return self.result, None
        if not isinstance(self.result, tuple) or len(self.result) != 2:
            raise DtypeError(message(
                self.name, "a function that returns (result, aux) is required with has_aux=True",
                type(self.result).__name__, "return a pair",
            ))  # fmt: skip
        return self.result

    def tensor(self, result: Any) -> Tensor:
        """A result, if it is a tensor."""
        if not isinstance(result, Tensor):
            raise DtypeError(message(
                self.name, "a function that returns a tensor is required", type(result).__name__,
                "compute the result from the arguments with tensor operations, without .numpy(), .item() or float()",
            ))  # fmt: skip
        return result

    def pull(self, outputs: list[Tensor], vectors: list[Any], retain: bool = False) -> Any:
        """vector @ Jacobian for each variable, in the structure of the arguments; zeros where the outputs do not depend on it."""
        keep = self.keep or (self.connects and any(getattr(vector, "requires_grad", False) for vector in vectors))
        pairs = [(out, vector) for out, vector in zip(outputs, vectors, strict=True) if out.node is not None]
        found = pullback(self.name, [out for out, _ in pairs], [v for _, v in pairs], self.nodes, keep, retain or keep)
        parts = iter([
            found[node] if node in found else Tensor._wrap(np.zeros_like(variable._array))
            for node, variable in zip(self.nodes, self.variables, strict=True)
        ])  # fmt: skip
        return self.as_given(lambda original: self.given_back(next(parts), original, keep))

    def recorded_pull(self, outputs: list[Tensor], vectors: list[Tensor]) -> list[Tensor | None]:
        """The same as recorded tensors, None where the outputs do not depend on a variable."""
        pairs = [(out, vector) for out, vector in zip(outputs, vectors, strict=True) if out.node is not None]
        with enable_grad():
            found = pullback(self.name, [out for out, _ in pairs], [v for _, v in pairs], self.nodes, record=True, retain=True)
        return [found.get(node) for node in self.nodes]

    def as_given(self, function: Callable[[Any], Any]) -> Any:
        """function of each leaf of the variables' arguments: of one argument, or a tuple over several."""
        made = tuple(mapped(function, argument) for argument in self.given)
        return made[0] if self.single else made

    def given_back(self, value: Any, original: Any = None, keep: bool | None = None) -> Any:
        """A tensor for a tensor, an array for an array; with its history if an outer derivative may need it."""
        if not isinstance(value, Tensor):
            return value
        if self.keep if keep is None else keep:
            return value if value.requires_grad or _inside.get() or self.tensors else value._array[()]
        wanted = self.tensors if original is None else isinstance(original, Tensor)
        return value.detach() if wanted else value._array[()]

    def check_like(self, name: str, what: str, given: list[Any]) -> None:
        """Raise unless what is given has the shapes of the variables."""
        shapes = [variable.shape for variable in self.variables]
        if [np.shape(getattr(value, "_array", value)) for value in given] != shapes:
            found = [np.shape(getattr(value, "_array", value)) for value in given]
            raise ShapeError(message(
                name, f"{what} of the inputs' shapes {shapes} are required", str(found), "pass one for each input, of its shape",
            ))  # fmt: skip


def pullback(name: str, outputs: list[Tensor], vectors: list[Any], wanted: list[Node], record: bool, retain: bool) -> dict[Node, Tensor]:
    """Gradients of the outputs, weighted by vectors, for those of the wanted nodes that they depend on."""
    if not outputs:
        return {}
    seeds = seeded(name, outputs, vectors, record)
    order = topological_order(*seeds)
    nodes = set(wanted)
    found = run_backward(order, seeds, nodes, leading_to(order, nodes), record, retain)
    return {node: g if isinstance(g, Tensor) else Tensor._wrap(g) for node, g in found.items()}


def independent(array: Any) -> Tensor:
    """A new leaf on this array, to be differentiated by."""
    made = Tensor._wrap(array)
    made._node = graph.leaf(made._array, weakref.ref(made))
    return made


def as_tensor_like(value: Any, model: Tensor) -> Tensor:
    """Value as a tensor of the dtype of model."""
    return value if isinstance(value, Tensor) else Tensor._wrap(np.asarray(as_array(value), model.dtype))


def stacked(rows: list[Any], out: Tensor, variable: Tensor) -> Any:
    """Rows of a Jacobian as one array or tensor of shape out.shape + variable.shape."""
    shape = (*out.shape, *variable.shape)
    if not rows:
        return np.zeros(shape, variable.dtype)
    if isinstance(rows[0], Tensor):
        return ops.reshape(ops.stack(rows), shape)
    return np.stack(rows).reshape(shape)[()]


def listed(name: str, tensors: Any) -> list[Any]:
    """One tensor or a sequence of them, as a list."""
    if isinstance(tensors, Tensor):
        return [tensors]
    if not isinstance(tensors, list | tuple) or not all(isinstance(part, Tensor | np.ndarray | type(None)) for part in tensors):
        raise DtypeError(message(
            name, "a tensor or a sequence of tensors is required", type(tensors).__name__, "pass tensors, such as loss and [w, b]",
        ))  # fmt: skip
    return list(tensors)


def as_tuple(values: Any) -> tuple[Any, ...]:
    return values if isinstance(values, tuple) else (values,)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same lists, tuples and dicts, with function applied to what they hold."""
    if isinstance(tree, dict):
        return type(tree)((key, mapped(function, value)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(function, value) for value in tree))
    if isinstance(tree, list | tuple):
        return type(tree)(mapped(function, value) for value in tree)
    return None if tree is None else function(tree)


def leaves(tree: Any) -> Iterator[Any]:
    """What lists, tuples and dicts hold, in order."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for value in tree:
            yield from leaves(value)
    elif tree is not None:
        yield tree


__all__ = ["grad", "value_and_grad", "vjp", "jvp", "hvp", "jacobian", "hessian", "jacrev", "jacfwd"]
