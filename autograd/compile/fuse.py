"""Fusion: elementwise calls on large arrays are run together, block by block, so that what lies between them never leaves the cache.

A region is a set of calls over one domain: arrays of one shape, seen as rows by columns. Operands may also be single numbers, one number
per row, or one per column; sums over everything, over rows and over columns can be part of it. A call joins the region of an operand if
nothing outside the region would have to run in the middle of it.
"""
from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from autograd.compile.program import Instruction, Memory, Program, Slot

LEAST = 1 << 16  # elements: what fits into the cache anyway gains nothing from blocks
SLOW = {  # ufuncs that take longer than memory does: worth a second thread
    np.sin, np.cos, np.tan, np.exp, np.log, np.tanh, np.sinh, np.cosh, np.arctan, np.arcsin, np.arccos, np.log1p, np.expm1, np.power,
    np.exp2, np.log2, np.log10, np.arctan2,
}  # fmt: skip
FULL, ROWS, COLUMNS, NUMBER = "full", "rows", "columns", "number"


class Domain:
    """What a region runs over: (rows, columns). Flat if there are no rows to speak of."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.columns = shape[-1] if len(shape) > 1 else 1
        self.rows = math.prod(shape) // max(self.columns, 1)

    def part(self, slot: Slot) -> str | None:
        """How a slot spreads over the domain; None if it does not."""
        shape, own = slot.shape, self.shape
        if not contiguous(slot):
            return None
        if shape == own:
            return FULL
        if len(own) > 1 and shape == (*own[:-1], 1):
            return ROWS
        if slot.size == 1 and len(shape) <= len(own):
            return NUMBER
        if len(own) > 1 and len(shape) <= len(own) and shape == (1,) * (len(shape) - 1) + own[-1:]:
            return COLUMNS
        return None


def contiguous(slot: Slot) -> bool:
    """Whether the elements lie in memory in order."""
    expected = slot.dtype.itemsize
    for length, step in zip(reversed(slot.shape), reversed(slot.strides), strict=True):
        if length != 1 and step != expected:
            return False
        expected *= length
    return True


def reduced(instruction: Instruction, domain: Domain) -> str | None:
    """What is left of the domain by a reduction: one number, one per row, or one per column; None if it is none of these."""
    owner = getattr(instruction.function, "__self__", None)
    reduces = owner in (np.add, np.maximum, np.minimum) and instruction.function.__name__ == "reduce"
    if not reduces or not isinstance(instruction.args[0], Slot):
        return None
    given = dict(zip(("array", "axis", "dtype", "out", "keepdims"), instruction.args, strict=False)) | instruction.kwargs
    if given.get("dtype") is not None or given.keys() - {"array", "axis", "dtype", "out", "keepdims"}:
        return None
    (output,) = instruction.outputs
    axis, ndim = given.get("axis", 0), len(domain.shape)
    dims = set(range(ndim)) if axis is None else {d % ndim for d in ((axis,) if isinstance(axis, int) else axis)}
    if given["array"].shape != domain.shape or output.dtype != given["array"].dtype or output.dtype.kind != "f":  # type: ignore[union-attr]
        return None
    if dims == set(range(ndim)):
        return NUMBER
    if dims == {ndim - 1} and given.get("keepdims"):
        return ROWS
    return COLUMNS if dims == set(range(ndim - 1)) and owner is np.add else None


class Region:
    """Calls that run together."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.instructions: list[Instruction] = []
        self.late: set[Slot] = set()  # sums that are known only when all blocks have run

    @property
    def __name__(self) -> str:
        return f"region of {len(self.instructions)}"

    def fits(self, instruction: Instruction) -> bool:
        """Whether a call is one over this domain."""
        return self.late.isdisjoint(instruction.reads()) and spans(instruction, self.domain)

    def external(self) -> Iterator[Slot]:
        """The slots it reads that it does not make."""
        made = {slot for instruction in self.instructions for slot in instruction.outputs}
        seen = set()
        for instruction in self.instructions:
            for slot in instruction.reads():
                if slot not in made and slot not in seen:
                    seen.add(slot)
                    yield slot

    def slow(self) -> bool:
        """Whether arithmetic, not memory, sets its pace."""
        return any(instruction.function in SLOW for instruction in self.instructions)


def domain_of(instruction: Instruction) -> Domain | None:
    """The domain of a call that may begin a region."""
    if instruction.kind == "store":
        return Domain(instruction.target.shape) if isinstance(instruction.function, np.ufunc) else None  # type: ignore[union-attr]
    if instruction.kind == "call" and isinstance(instruction.function, np.ufunc):
        return Domain(instruction.outputs[0].shape)  # type: ignore[union-attr]
    return None


def spans(instruction: Instruction, domain: Domain) -> bool:
    """Whether a call runs over this domain, block by block."""
    function = instruction.function
    if instruction.kind == "settle":
        term, g = instruction.args
        return domain.part(term) == FULL and isinstance(g, Slot) and domain.part(g) is not None
    if instruction.kind == "call" and reduced(instruction, domain) is not None:
        return domain.part(instruction.args[0]) == FULL
    if instruction.kind not in ("call", "store") or not isinstance(function, np.ufunc):
        return False
    if function.signature is not None or function.nout != 1:
        return False
    if instruction.kwargs or (instruction.kind == "call" and len(instruction.outputs) != 1):
        return False
    result = instruction.target if instruction.kind == "store" else instruction.outputs[0]
    assert result is not None
    if domain.part(result) not in (FULL, ROWS):
        return False
    parts = [domain.part(arg) for arg in instruction.args if isinstance(arg, Slot)]
    if domain.part(result) == ROWS and not all(part in (ROWS, NUMBER) for part in parts):
        return False
    return all(part is not None for part in parts)


def fused(program: Program) -> Program:
    """The program with its large elementwise calls gathered into regions."""
    large = [d for instruction in program.instructions if (d := domain_of(instruction)) is not None and math.prod(d.shape) >= LEAST]
    if len(large) < 2:
        return program
    groups: list[Region | None] = []  # by number; None for a call that stays alone
    members: list[list[Instruction]] = []
    before: list[int] = []  # bit g of before[n]: group g must run before group n
    maker: dict[Slot, int] = {}
    writer: dict[Memory, int] = {}
    readers: dict[Memory, set[int]] = {}
    for instruction in program.instructions:
        needs = {maker[slot] for slot in instruction.reads() if slot in maker}
        written = written_by(instruction)
        for slot in instruction.reads():
            if slot.memory in writer:
                needs.add(writer[slot.memory])
        if written is not None:
            needs |= readers.get(written, set())
        home = None
        domain = domain_of(instruction)
        for number in sorted(needs, reverse=True):
            region = groups[number]
            waits = any(before[other] >> number & 1 for other in needs if other != number)
            if region is not None and not waits and region.fits(instruction):
                home = number
                break
        if home is None and domain is not None and math.prod(domain.shape) >= LEAST and spans(instruction, domain):
            neighbours = [n for n, region in enumerate(groups) if region is not None and region.domain.shape == domain.shape]
            for number in reversed(neighbours):  # beside one that reads the same large array
                region = groups[number]
                assert region is not None
                waits = any(before[other] >> number & 1 or other == number for other in needs)
                if not waits and region.fits(instruction) and common(members[number], instruction):
                    home = number
                    break
        if home is None:
            home = len(groups)
            opens = domain is not None and math.prod(domain.shape) >= LEAST and spans(instruction, domain)
            groups.append(Region(domain) if opens else None)  # type: ignore[arg-type]
            members.append([])
            before.append(0)
        members[home].append(instruction)
        if (region := groups[home]) is not None and instruction.kind == "call" and reduced(instruction, region.domain) in (NUMBER, COLUMNS):
            region.late.update(slot for slot in instruction.outputs if slot is not None)
        earlier = 0
        for other in needs - {home}:
            earlier |= before[other] | 1 << other
        before[home] |= earlier
        for number in range(len(groups)):  # what runs after home runs after what home runs after
            if before[number] >> home & 1:
                before[number] |= before[home]
        maker |= {slot: home for slot in instruction.outputs if slot is not None}
        for slot in instruction.reads():
            readers.setdefault(slot.memory, set()).add(home)
        if written is not None:
            writer[written] = home
            readers[written] = {home}
    return Program(program.inputs, list(ordered(groups, members, before, program)), program.outputs, program.kept)


def written_by(instruction: Instruction) -> Memory | None:
    """The memory that an instruction writes to in place."""
    if instruction.kind == "settle":
        return instruction.args[0].memory  # type: ignore[no-any-return]
    return None if instruction.target is None else instruction.target.memory


def common(members: list[Instruction], instruction: Instruction) -> bool:
    """Whether these calls read a large array that another call reads too."""
    given = {slot for slot in instruction.reads() if slot.size >= LEAST}
    return any(not given.isdisjoint(part.reads()) for part in members)


def ordered(groups: list[Region | None], members: list[list[Instruction]], before: list[int], program: Program) -> Iterator[Instruction]:
    """One instruction per group, each after those that must run before it, else in the order in which the groups began."""
    done = 0
    waiting = list(range(len(groups)))
    while waiting:
        ready = [number for number in waiting if before[number] & ~(1 << number) & ~done == 0]
        assert ready, "the groups wait for each other"
        for number in ready[:1]:
            waiting.remove(number)
            done |= 1 << number
            region = groups[number]
            if region is None or len(members[number]) == 1:
                yield from members[number]
                continue
            region.instructions = members[number]
            yield gathered(region, members, number, program)


def gathered(region: Region, members: list[list[Instruction]], number: int, program: Program) -> Instruction:
    """A region as one instruction: its outputs are what others read, or what is wanted at the end."""
    outside = {slot for other, group in enumerate(members) if other != number for part in group for slot in part.reads()} | program.wanted()
    outputs = [slot for part in region.instructions for slot in part.outputs if slot in outside]
    first = region.instructions[0]
    return Instruction("region", region, tuple(region.external()), {}, tuple(outputs), first.site, region.__name__)


