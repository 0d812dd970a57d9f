"""What a program does not need is left out: calls nobody reads, calls made twice, calls on constants, copies, products with one."""
from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.compile.fuse import contiguous
from autograd.compile.program import Instruction, Program, Slot, mapped

COPIES = {np.positive, np.copy, np.ndarray.copy, np.ascontiguousarray}
PURE = {"call", "view", "opaque"}
SHORT = 512  # elements: up to so many, a sum in one go rounds no worse than a pairwise one, and a dot product does it faster


def simplify(program: Program) -> Program:
    """The same program with nothing in it that is not needed."""
    with np.errstate(all="ignore"):  # for calls on constants
        return without_dead_code(with_dots(without_repeats(program)))


def without_dead_code(program: Program) -> Program:
    """Without instructions whose results nobody reads. A write is read if its memory is, or if it outlives the program."""
    memories = {slot.memory for slot in program.wanted()}
    slots = set(program.wanted())
    live = []
    for instruction in reversed(program.instructions):
        if instruction.target is not None:
            needed = instruction.target.memory in memories or instruction.target.memory.kind in ("state", "input")
        else:
            needed = instruction.kind in ("draw", "check") or any(slot in slots for slot in instruction.outputs)
        if needed:
            live.append(instruction)
            read = instruction.reads()
            slots.update(read)
            memories.update(slot.memory for slot in read)
    return Program(program.inputs, live[::-1], program.outputs, program.kept)


def without_repeats(program: Program) -> Program:
    """Each call once, each constant computed now, no copies of what is never written to, and no products with one."""
    instead: dict[Slot, Slot] = {}
    known: dict[Any, Instruction] = {}
    kept = []
    wanted = program.wanted()
    settled = {instruction.args[0] for instruction in program.instructions if instruction.kind == "settle"}  # rewritten where they lie

    def current(value: Any) -> Any:
        if isinstance(value, slice):
            return slice(*map(current, (value.start, value.stop, value.step)))
        while isinstance(value, Slot) and value in instead:
            value = instead[value]
        return value

    for instruction in program.instructions:
        made = [slot for slot in instruction.outputs if slot is not None]
        shared = {slot: part for part in instruction.reads() for slot in made if slot.memory is part.memory}
        if not instead.keys().isdisjoint(instruction.reads()):
            instruction.args = mapped(current, instruction.args)
            instruction.kwargs = mapped(current, instruction.kwargs)
        if instruction.target is not None:
            instruction.target = current(instruction.target)
        for slot, part in shared.items():  # a view of what something else stands for now is a view of that
            slot.memory = current(part).memory
        with_numbers(instruction)
        stable = instruction.kind in PURE and not any(slot.memory.written for slot in made)
        if stable and len(made) == len(instruction.outputs) == 1:
            slot, same = instruction.result, equal(instruction)
            replaces = same is not None and same.memory.kind == "result" and same not in wanted
            if same is not None and not same.memory.written and (slot not in wanted or replaces):
                instead[slot] = same
                if slot in wanted:
                    replace(program, slot, same)
                continue
            if folded(instruction):
                continue
        if stable and settled.isdisjoint(instruction.outputs) and (key := identity(instruction)) is not None:
            before = known.setdefault(key, instruction)
            if before is not instruction and not any(slot in wanted for slot in instruction.outputs):
                instead.update(zip(instruction.outputs, before.outputs, strict=True))  # type: ignore[arg-type]
                continue
        kept.append(instruction)
    return Program(program.inputs, kept, program.outputs, program.kept)


def with_dots(program: Program) -> Program:
    """A sum over the few elements of a product as one dot product: no pass for the product, and no array for it."""
    makers = {instruction.outputs[0]: instruction for instruction in program.instructions if len(instruction.outputs) == 1}
    index = max((slot.index for i in program.instructions for slot in (*i.outputs, *i.reads()) if slot is not None), default=0)
    instructions = []
    for instruction in program.instructions:
        factors = summed_product(instruction, makers)
        for n, factor in enumerate(factors):
            if len(factor.shape) != 1:
                flat = Slot(index := index + 1, factor.memory, np.broadcast_to(np.empty((), factor.dtype), (factor.size,)))
                flat.strides = (factor.dtype.itemsize,)
                instructions.append(Instruction("view", np.ndarray.reshape, (factor, -1), {}, (flat,), instruction.site))
                factors[n] = flat
        if factors:
            instruction = Instruction("call", np.dot, factors, {}, instruction.outputs, instruction.site)
        instructions.append(instruction)
    return Program(program.inputs, instructions, program.outputs, program.kept)


def summed_product(instruction: Instruction, makers: dict[Slot | None, Instruction]) -> list[Slot]:
    """The two factors of a product that is summed over all its elements, if a dot product is as exact; or nothing."""
    if instruction.function != np.add.reduce:
        return []
    given = dict(zip(("array", "axis", "dtype", "out", "keepdims"), instruction.args, strict=False)) | instruction.kwargs
    if given.get("axis", 0) is not None or instruction.result.shape or given.get("dtype"):
        return []
    maker = makers.get(given["array"])
    if maker is None or maker.kind != "call" or maker.kwargs or maker.function not in (np.multiply, np.square):
        return []
    factors = [*maker.args, *maker.args][:2]
    product = maker.result
    fit = all(isinstance(x, Slot) and x.shape == product.shape and x.dtype == product.dtype and not x.memory.written for x in factors)
    short = 0 < product.size <= SHORT and product.dtype.kind == "f" and product.dtype.itemsize >= 4
    return factors if fit and short and all(map(contiguous, factors)) else []


def replace(program: Program, old: Slot, new: Slot) -> None:
    """Let the program end with new where it ended with old."""
    program.outputs[:] = [new if slot is old else slot for slot in program.outputs]
    program.kept[:] = [new if slot is old else slot for slot in program.kept]


def equal(instruction: Instruction) -> Slot | None:
    """The operand that a call gives back unchanged: a copy of it, it times one, it over one, it as its own dtype or shape."""
    function, args, slot = instruction.function, instruction.args, instruction.result
    if not args or not isinstance(args[0], Slot):
        x = args[1] if len(args) == 2 and function is np.multiply and isinstance(args[1], Slot) and is_number(args[0], 1) else None
        return x if x is not None and alike(x, slot) else None
    x = args[0]
    if function in COPIES and not instruction.kwargs and alike(x, slot):
        return x
    if function is np.ndarray.astype and x.dtype == slot.dtype and alike(x, slot):
        return x
    if function is np.multiply and len(args) == 2 and not instruction.kwargs:
        for one, other in ((args[1], x), (x, args[1])):
            if is_number(one, 1) and isinstance(other, Slot) and alike(other, slot):
                return other
    if function in (np.true_divide, np.divide) and is_number(args[1], 1) and alike(x, slot):
        return x
    if instruction.kind == "view" and function in (np.reshape, np.ndarray.reshape, np.broadcast_to) and alike(x, slot):
        return x
    return None


def alike(x: Slot, y: Slot) -> bool:
    """Whether two slots have one shape, dtype and layout."""
    return x.shape == y.shape and x.dtype == y.dtype and x.strides == y.strides


def is_constant(slot: Slot) -> bool:
    """Whether the values are known now and stay as they are."""
    return slot.memory.kind == "constant" and not slot.memory.written and slot.array is not None


def throughout(slot: Slot) -> float | None:
    """The number that a constant of floats is made of, if it is one throughout; a large one is only looked at if it is repeated."""
    if not is_constant(slot) or not slot.size or slot.dtype.kind != "f":
        return None
    first = slot.array[(0,) * len(slot.shape)]
    same = not any(slot.array.strides) or (slot.size <= 4096 and bool((slot.array == first).all()))
    return float(first) if same else None


def with_numbers(instruction: Instruction) -> None:
    """Take numbers for constants that are one number throughout, where another operand gives the shape."""
    function = instruction.function
    if not isinstance(function, np.ufunc) or function.signature is not None or function.nout != 1:
        return
    if instruction.kind != "call" or instruction.kwargs:
        return
    if not [slot for slot in instruction.reads() if slot.shape and slot.memory.kind == "constant"]:
        return
    result = instruction.result

    def number(arg: Any) -> Any:
        single = throughout(arg) if isinstance(arg, Slot) and arg.shape and arg.dtype == result.dtype else None
        return arg if single is None else single

    given = [arg for arg in instruction.args if isinstance(arg, Slot) and arg.memory.kind != "constant"]
    if any(arg.shape == result.shape for arg in given) and all(arg.dtype == result.dtype for arg in given):
        instruction.args = tuple(map(number, instruction.args))


def is_number(value: Any, number: float) -> bool:
    """Whether an operand is this number throughout."""
    if isinstance(value, Slot):
        return (single := throughout(value)) is not None and single == number
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and bool(value == number)
    return isinstance(value, int | float) and value == number


def folded(instruction: Instruction) -> bool:
    """Whether the call was one on constants: its result is now a constant too."""
    read = instruction.reads()
    if not read or instruction.kind == "opaque" or not all(map(is_constant, read)):
        return False

    def array(value: Any) -> Any:
        if isinstance(value, slice):
            return slice(*map(array, (value.start, value.stop, value.step)))
        return value.array if isinstance(value, Slot) else value

    value = instruction.function(*mapped(array, instruction.args), **mapped(array, instruction.kwargs))
    slot = instruction.result
    slot.array = np.asarray(value)
    slot.memory.kind = "constant"
    return True


def identity(instruction: Instruction) -> Any:
    """What two calls that give the same have in common; None for what cannot be compared."""
    if instruction.function is operator.setitem:
        return None
    try:
        key = (instruction.function, frozen(instruction.args), frozen(instruction.kwargs), instruction.versions)
        hash(key)
    except TypeError:
        return None
    return key


def frozen(value: Any) -> Any:
    """Nested operands as something that hashes: numbers with their types, for 1 and 1.0 and True are equal."""
    if isinstance(value, Slot):
        return value
    if isinstance(value, tuple | list):
        return type(value).__name__, *map(frozen, value)
    if isinstance(value, dict):
        return tuple((key, frozen(part)) for key, part in sorted(value.items()))
    if isinstance(value, slice):
        return "slice", frozen((value.start, value.stop, value.step))
    return type(value), value if value == value else repr(value), str(value) if isinstance(value, float) else None  # noqa: PLR0124  0.0 and -0.0


