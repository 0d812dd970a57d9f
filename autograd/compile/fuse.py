"""Fusion: elementwise calls on large arrays are run together, block by block, so that what lies between them never leaves the cache.

A region is a set of calls over one domain: arrays of one shape, seen as rows by columns. Operands may also be single numbers, one number
per row, or one per column; sums over everything, over rows and over columns can be part of it. A call joins the region of an operand if
nothing outside the region would have to run in the middle of it.
"""
from __future__ import annotations

import heapq
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


def large(domain: Domain | None) -> bool:
    """Whether there is something to gain from running over this domain block by block."""
    return domain is not None and math.prod(domain.shape) >= LEAST


def fused(program: Program) -> Program:
    """The program with its large elementwise calls gathered into regions."""
    if sum(large(domain_of(instruction)) for instruction in program.instructions) < 2:
        return program
    groups = Groups()
    for instruction in program.instructions:
        groups.take(instruction)
    return Program(program.inputs, list(groups.ordered(program.wanted())), program.outputs, program.kept)


def written_by(instruction: Instruction) -> Memory | None:
    """The memory that an instruction writes to in place."""
    if instruction.kind == "settle":
        return instruction.args[0].memory  # type: ignore[no-any-return]
    return None if instruction.target is None else instruction.target.memory


class Groups:
    """Which calls run together, decided as they come. All lists are by the number of the group."""

    def __init__(self) -> None:
        self.regions: list[Region | None] = []  # None for a call that stays alone
        self.members: list[list[Instruction]] = []
        self.needs: list[set[int]] = []  # groups that must run before, those whose results or memory it uses
        self.before: list[int] = []  # regions that must run before, near and far, as bits
        self.bits: list[int] = []  # what a region is in these; 0 for a call that stays alone
        self.count = 0  # of regions
        self.maker: dict[Slot, int] = {}
        self.writer: dict[Memory, int] = {}
        self.readers: dict[Memory, set[int]] = {}
        self.seen: dict[Slot, set[int]] = {}  # who reads a slot

    def take(self, instruction: Instruction) -> None:
        """Put the next call of the program into a group."""
        needs, written = self.needed(instruction), written_by(instruction)
        home = self.home(instruction, needs)
        self.members[home].append(instruction)
        region = self.regions[home]
        if region is not None and instruction.kind == "call" and reduced(instruction, region.domain) in (NUMBER, COLUMNS):
            region.late.update(slot for slot in instruction.outputs if slot is not None)
        self.depend(home, needs)
        self.maker |= {slot: home for slot in instruction.outputs if slot is not None}
        for slot in instruction.reads():
            self.readers.setdefault(slot.memory, set()).add(home)
            self.seen.setdefault(slot, set()).add(home)
        if written is not None:
            self.writer[written] = home
            self.readers[written] = {home}

    def needed(self, instruction: Instruction) -> set[int]:
        """The groups that must run before a call."""
        needs = {self.maker[slot] for slot in instruction.reads() if slot in self.maker}
        needs |= {self.writer[slot.memory] for slot in instruction.reads() if slot.memory in self.writer}
        if (written := written_by(instruction)) is not None:
            needs |= self.readers.get(written, set())
        return needs

    def home(self, instruction: Instruction, needs: set[int]) -> int:
        """The group of a call: the region of an operand, one that reads the same large array, or a new one."""
        for number in sorted(needs, reverse=True):
            region = self.regions[number]
            if region is not None and not self.waits(needs - {number}, number) and region.fits(instruction):
                return number
        domain = domain_of(instruction)
        opens = large(domain) and spans(instruction, domain)  # type: ignore[arg-type]
        if opens:
            beside = {number for slot in instruction.reads() if slot.size >= LEAST for number in self.seen.get(slot, ())}
            for number in sorted(beside - needs, reverse=True):
                region = self.regions[number]
                same = region is not None and region.domain.shape == domain.shape  # type: ignore[union-attr]
                if same and not self.waits(needs, number) and region.fits(instruction):  # type: ignore[union-attr]
                    return number
        self.regions.append(Region(domain) if opens else None)  # type: ignore[arg-type]
        self.members.append([])
        self.needs.append(set())
        self.before.append(0)
        self.bits.append(1 << self.count if opens else 0)
        self.count += opens
        return len(self.regions) - 1

    def waits(self, needs: set[int], number: int) -> bool:
        """Whether one of these groups runs after a region."""
        return any(self.before[other] & self.bits[number] for other in needs)

    def depend(self, home: int, needs: set[int]) -> None:
        """Note that a group runs after others, and what runs after it too."""
        others = needs - {home}
        self.needs[home] |= others
        earlier = self.before[home]
        for other in others:
            earlier |= self.before[other] | self.bits[other]
        if earlier == self.before[home]:
            return
        self.before[home] = earlier
        if len(self.members[home]) > 1:  # else nothing runs after it yet
            bit = self.bits[home]
            self.before = [earlier | known if known & bit else known for known in self.before]

    def ordered(self, wanted: set[Slot]) -> Iterator[Instruction]:
        """One instruction per group, each after those that must run before it, else in the order in which the groups began."""
        missing = [len(needs) for needs in self.needs]
        after: list[list[int]] = [[] for _ in self.needs]
        for number, needs in enumerate(self.needs):
            for other in needs:
                after[other].append(number)
        ready = [number for number, count in enumerate(missing) if not count]  # sorted, and so a heap
        done = 0
        while ready:
            number = heapq.heappop(ready)
            done += 1
            yield self.gathered(number, wanted)
            for other in after[number]:
                missing[other] -= 1
                if not missing[other]:
                    heapq.heappush(ready, other)
        assert done == len(missing), "the groups wait for each other"

    def gathered(self, number: int, wanted: set[Slot]) -> Instruction:
        """A group as one instruction; the outputs of a region are what others read, or what is wanted at the end."""
        region, members = self.regions[number], self.members[number]
        if region is None or len(members) == 1:
            return members[0]
        region.instructions = members
        made = [slot for part in members for slot in part.outputs if slot is not None]
        outputs = tuple([slot for slot in made if slot in wanted or self.seen.get(slot, set()) - {number}])
        return Instruction("region", region, tuple(region.external()), {}, outputs, members[0].site, region.__name__)
