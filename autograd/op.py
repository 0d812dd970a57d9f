"""What an op is: a kernel on arrays, its derivative rules, samples of its use; and the registry of all of them.

An op is declared once, and from the declaration follow the free function, the method, NumPy's dispatch, the tests, the
table in the docs, and the formula that pictures show. Nothing here knows what a tensor is.
"""
from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from autograd import tracing
from autograd.errors import DtypeError, message
from autograd.holomorphic import HOLOMORPHIC

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Array = Any  # an annotation with a meaning: an argument so annotated may be a tensor, all others are parameters
Rule = Callable[..., Any]
P = ParamSpec("P")

# NumPy's names, accepted beside PyTorch's
ALIASES = {
    "axis": ("dim", "dims"), "axes": ("dims", "dim"), "keepdims": ("keepdim",), "axis0": ("dim0",), "axis1": ("dim1",), "axis2": ("dim2",),
}  # fmt: skip
POSITIONS = {"input": 0, "other": 1}  # PyTorch's names of the first two arguments, accepted whatever a kernel calls them


class Recorder:
    """What an op hands itself to when it meets one among its arguments: the base of Tensor."""

    __slots__ = ()

    _array: Any
    requires_grad: Any

    @staticmethod
    def _apply(op: Op, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _receive(self, value: Any, name: str) -> None:
        raise NotImplementedError


class Sample:
    """One valid call: shapes stand for random arrays drawn from domain, anything else is passed as it is.

    Where the first argument has to have a property, ``of`` makes it of the array that is drawn; derivatives are taken through it.
    """

    def __init__(
        self, *args: Any, domain: tuple[float, float] = (-2.0, 2.0), of: Callable[[Any], Any] | None = None, **params: Any
    ) -> None:  # fmt: skip
        self.args, self.domain, self.of, self.params = args, domain, of, params

    def made(self, args: Sequence[Any]) -> list[Any]:
        """The arguments, made of those that were drawn."""
        return list(args) if self.of is None else [self.of(args[0]), *args[1:]]

    def __repr__(self) -> str:
        params = [f"{name}={value!r}" for name, value in self.params.items()]
        return ", ".join([*map(repr, self.args), *params]).replace("\n", "")


class Op:
    """A declared op. See ``op`` for the meaning of the fields."""

    __slots__ = (
        "add_to", "array_rule", "arity", "complex", "convert", "derived", "differentiable", "elementwise", "joint", "kernel", "masks",
        "name", "names", "numpy", "reference", "rest", "rules", "samples", "saves", "variadic", "view", "_kept", "_places",
    )  # fmt: skip

    name: str
    kernel: Callable[..., Any]
    rules: tuple[Rule | None, ...]
    joint: Rule | None
    array_rule: Rule | None
    add_to: Rule | None
    saves: tuple[str, ...]
    complex: str
    convert: str
    numpy: Callable[..., Any] | None
    reference: Callable[..., Any] | None
    samples: tuple[Sample, ...]
    elementwise: bool
    masks: bool
    view: bool
    derived: bool
    differentiable: bool
    _kept: dict[int, tuple[tuple[int, ...], bool]]
    _places: dict[str, float]
    fill = True  # outputs that got no gradient: zeros stand in for it

    def __init__(self, kernel: Callable[..., Any], **fields: Any) -> None:
        self.name, self.kernel, self._kept = kernel.__name__, kernel, {}
        self.derived, self.joint, self.array_rule, self.add_to, self.rules, self.saves = False, None, None, None, (), ()
        self.complex = "holomorphic" if self.name in HOLOMORPHIC else ""
        parameters = list(inspect.signature(kernel).parameters.values())
        arrays = [p for p in parameters if str(p.annotation).startswith("Array")]
        self.names = tuple(p.name for p in parameters if p.kind is not p.VAR_KEYWORD)
        self.rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL and p not in arrays), None)
        self.arity = len(arrays)
        # the position that a keyword stands for, if it may be passed on as it is
        self._places = {p.name: math.inf if p.kind is p.KEYWORD_ONLY else i for i, p in enumerate(parameters) if p.name != self.rest}
        self.variadic = bool(arrays) and arrays[0].kind is inspect.Parameter.VAR_POSITIONAL
        for field, value in fields.items():
            setattr(self, field, value)
        if self.array_rule is not None and self.joint is None:
            self.joint = functools.partial(answers, self.rules)
        self.differentiable = bool(self.rules) or self.joint is not None

    def kept(self, needs: int, count: int) -> tuple[tuple[int, ...], bool]:
        """What to keep of a call whose argument i needs a gradient where bit i of needs is set: (positions to drop, keep the output)."""
        if self.joint is not None or len(self.saves) == 1:
            read = set(self.saves[0].split())
        else:
            read = {name for i, saved in enumerate(self.saves) if needs >> i & 1 for name in saved.split()}
        if self.variadic:
            return () if self.names[0] in read else tuple(range(count)), "y" in read
        keep_y = not read.isdisjoint(("y", "y[1:]"))
        self._kept[needs] = kept = tuple(i for i in range(self.arity) if self.names[i] not in read), keep_y
        return kept

    def bind(self, args: tuple[Any, ...], params: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Put keywords where the kernel wants them: arrays by position, parameters by this op's names."""
        if (count := len(args)) >= self.arity or self.variadic:
            for key in params:
                if self._places.get(key, -1) < count:
                    break
            else:  # all arrays are there, and all other names are right: by far the commonest case
                return args, params
        if self.variadic:
            return args, {self.parameter(key): value for key, value in params.items()}
        names, positional, bound = self.names, list(args), {}
        for key, value in params.items():
            name = self.parameter(key)
            if name not in names and name in POSITIONS and POSITIONS[name] < self.arity:
                name = names[POSITIONS[name]]
            if name not in names:
                raise DtypeError(message(self.name, f"takes {', '.join(names)}", f"the keyword {key!r}", "check its spelling"))
            if names.index(name) < len(args) or name in bound:
                raise DtypeError(message(self.name, f"one value for {name!r} is required", "two", f"leave out one, by position or {key}="))
            bound[name] = value
        for position in range(len(positional), self.arity):  # arrays that were named
            if names[position] in bound:
                positional.append(bound.pop(names[position]))
            elif any(name in bound for name in names[position : self.arity]):
                positional.append(None)
        if self.rest in bound:  # x.reshape(shape=(2, 3)) is x.reshape((2, 3))
            positional.append(bound.pop(self.rest))
        return tuple(positional), bound

    def parameter(self, key: str) -> str:
        """The parameter that a keyword means."""
        return key if key in self.names else next((name for name in ALIASES.get(key, ()) if name in self.names), key)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _by_name, (self.name,)


class Conjugated(Op):
    """A holomorphic op as it is recorded for complex numbers: conj(rule(conj(g))) in place of rule(g). See autograd/ops/complex.py."""

    __slots__ = ("of",)

    of: Op

    def __init__(self, of: Op) -> None:
        for field in Op.__slots__:
            setattr(self, field, getattr(of, field))
        self.of = of
        self.array_rule = self.add_to = None
        self.rules = tuple([rule and functools.partial(conjugated, rule) for rule in of.rules])
        self.joint = of.joint and functools.partial(conjugated, of.joint)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return Conjugated, (self.of,)


def conjugated(rule: Rule, g: Any, *inputs: Any, **params: Any) -> Any:
    """conj(rule(conj(g)))."""
    answer = rule(tuple(map(conjugate, g)) if isinstance(g, tuple) else conjugate(g), *inputs, **params)
    return tuple(map(conjugate, answer)) if isinstance(answer, tuple) else conjugate(answer)


def conjugate(x: Any) -> Any:
    """The conjugate of what may be complex, or be no array at all."""
    return x.conj() if x is not None and x.dtype.kind == "c" else x


@functools.cache
def for_complex(spec: Op) -> Op:
    """What is recorded of an op when its result is complex."""
    if not spec.complex:
        raise DtypeError(message(
            spec.name, "real numbers are required where a gradient is recorded, for it has no rule for complex ones", "complex ones",
            "detach() the tensor, or compute with its real and imag parts",
        ))  # fmt: skip
    return Conjugated(spec) if spec.complex == "holomorphic" else spec


def answers(rules: Sequence[Rule | None], g: Any, y: Any, *args: Any, **params: Any) -> tuple[Any, ...]:
    """Rules as a joint one."""
    return tuple([None if rule is None else rule(g, y, *args, **params) for rule in rules])


REGISTRY: dict[str, Op] = {}
NUMPY: dict[Any, Callable[..., Any]] = {}  # NumPy function -> what runs in its place when it meets a tensor


def _by_name(name: str) -> Op:
    return REGISTRY[name]


def op(
    rules: Rule | tuple[Rule | None, ...] | None = None,
    *,
    joint: Rule | None = None,
    array_rule: Rule | None = None,
    add_to: Rule | None = None,
    saves: str | tuple[str, ...] = "",
    numpy: Callable[..., Any] | None = None,
    reference: Callable[..., Any] | None = None,
    complex: str = "",
    convert: str = "",
    elementwise: bool = False,
    masks: bool = False,
    view: bool = False,
    samples: Sequence[Sample] = (),
) -> Callable[[Callable[P, Any]], Callable[P, Tensor]]:
    """Declare the kernel below as a differentiable op.

    rules       One per array argument, ``rule(g, y, *args, **params)`` -> gradient of that argument: g is the gradient of the
                output y. None: this argument has no derivative. Broadcasting is undone for it afterwards.
    joint       Instead of rules: one function that returns the gradients of all array arguments. For any number of them.
    array_rule  All rules once more for a heavy op, as one like ``joint``, on arrays only, free to work in place; also gets ``needs``,
                a tuple of bools. The tests hold it equal to the rules.
    add_to      The rule once more, on arrays only, as ``add_to(held, g, **params)``: adds to an array what the rule would return, where
                that is mostly zeros (a thousand reads x[i] in a loop add to one array, and do not make a thousand).
    saves       What the rules read the values of: names of arguments, ``y``; ``y[1:]``, of several outputs all but the first. One string
                for all, or one per rule. Everything else is kept as shape and dtype only; the first output is None then.
    numpy       The NumPy function of the same meaning: it will call this op when it meets a tensor, and the tests compare with it.
    reference   A naive function of the same meaning, for the tests, where NumPy has none.
    complex     "own": the rules hold for complex numbers as they stand; "holomorphic" (or to be listed in autograd/holomorphic.py): they do
                once they are conjugated, as in autograd/ops/complex.py. Otherwise complex numbers have no gradient through it. An op whose
                result is real for complex input has to be "own".
    convert     "common": arguments are brought to one dtype; "float": to one floating-point dtype; "": left as they are.
    elementwise y[i] depends on x[i] alone: what is known of such ops is used by the masked zeros and by the compiler.
    masks       Its rule puts zeros where an input was not used: below it, zero times infinity is zero.
    view        The output shares memory with the first argument.
    """

    def declare(kernel: Callable[P, Any]) -> Callable[P, Tensor]:
        return public(Op(
            kernel, joint=joint, array_rule=array_rule, add_to=add_to, numpy=numpy, reference=reference, convert=convert,
            **({"complex": complex} if complex else {}),
            elementwise=elementwise, masks=masks, view=view, samples=tuple(samples), saves=(saves,) if isinstance(saves, str) else saves,
            rules=rules if isinstance(rules, tuple) else (rules,) if rules is not None else (),
        ))  # fmt: skip

    return declare


def derived(
    *, numpy: Callable[..., Any] | None = None, reference: Callable[..., Any] | None = None, samples: Sequence[Sample] = ()
) -> Callable[[Callable[P, Any]], Callable[P, Tensor]]:
    """Declare a function written in terms of ops: listed, named and tested like one, its derivative follows from theirs."""

    def declare(function: Callable[P, Any]) -> Callable[P, Tensor]:
        return public(Op(
            function, numpy=numpy, reference=reference, samples=tuple(samples),
            derived=True, convert="", elementwise=False, masks=False, view=False,
        ))  # fmt: skip

    return declare


def into(function: Callable[..., Any], name: str, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """A call with ``out=``: its result is written there, and out returned. Where a gradient is recorded, that is an error."""
    out = params.pop("out")
    result = function(*args, **params)
    if out is None:
        return result
    several = isinstance(result, tuple | list)
    targets, values = (out, result) if several and isinstance(out, tuple | list) else ((out,), result if several else (result,))
    if len(targets) != len(values) or not all(isinstance(target, Recorder | np.ndarray) for target in targets):
        required = f"{len(values)} tensors, one per result, are required" if several else "a tensor is required"
        raise DtypeError(message(f"{name} with out=", required, ", ".join(type(target).__name__ for target in targets)))
    for target, value in zip(targets, values, strict=True):
        if isinstance(target, Recorder):
            target._receive(value, name)
        else:
            target[...] = value
    return type(result)(*targets) if isinstance(result, tuple) and hasattr(result, "_fields") else out


def with_out(function: Callable[P, Any]) -> Callable[P, Tensor]:
    """A function that makes tensors and is no op, with ``out=``, whose dtype it takes on."""
    takes_dtype = "dtype" in inspect.signature(function).parameters

    @functools.wraps(function)
    def call(*args: Any, **params: Any) -> Any:
        if "out" not in params:
            return function(*args, **params)
        if takes_dtype and params.get("dtype") is None:
            params["dtype"] = getattr(params["out"], "dtype", None)
        return into(function, function.__name__, args, params)

    return call


def public(spec: Op) -> Callable[..., Any]:
    """The function that users call, entered into the registry."""
    kernel, primitive = spec.kernel, not spec.derived

    @functools.wraps(kernel)
    def call(*args: Any, **params: Any) -> Any:
        if params:
            if "out" in params:
                return into(call, spec.name, args, dict(params))
            args, params = spec.bind(args, params)
        if primitive:
            for arg in args:  # arrays in, array out; a tensor among them takes the call over
                if isinstance(arg, Recorder):
                    return arg._apply(spec, args, params)
            if tracing.active:
                return tracing.ask(kernel, spec.name, args, params)
        return kernel(*args, **params)

    call.op = spec  # type: ignore[attr-defined]
    REGISTRY[spec.name] = spec
    if spec.numpy is not None:
        NUMPY.setdefault(spec.numpy, call)
    return call
