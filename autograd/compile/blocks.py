"""How a region runs: a loop over blocks that fit into the cache, with a few block-sized buffers for what lies between its calls.

What lies in a fixed place is cut into blocks once; arguments and results that are new in each run are cut as the loop goes on.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.compile.fuse import COLUMNS, FULL, NUMBER, ROWS, Region, reduced
from autograd.compile.program import Instruction, Slot
from autograd.dtypes import constants
from autograd.threads import get_num_threads, parallel

if TYPE_CHECKING:
    from autograd.compile.emit import Replay

CACHE = 1 << 20  # bytes that the arrays of one block may take together: half of a second-level cache
FEWEST, MOST = 8192, 1 << 17  # elements per block: fewer, and calls cost more than arithmetic
WORTH_THREADS = 1 << 19  # elements of a region of slow functions: about a millisecond


class Blocks:
    """The generated loop of one region."""

    def __init__(self, replay: Replay, instruction: Instruction) -> None:
        region = instruction.function
        assert isinstance(region, Region)
        self.replay, self.instruction, self.region = replay, instruction, region
        outputs = [slot for slot in instruction.outputs if slot is not None]
        self.outputs = set(outputs)
        self.alias: dict[Slot, Slot] = {part.result: part.args[0] for part in region.instructions if part.kind == "settle"}
        self.sums: list[tuple[Instruction, str]] = []
        self.external = list(dict.fromkeys([*region.external(), *outputs]))
        self.flat = not any(self.part(slot) in (ROWS, COLUMNS) for slot in self.slots()) and not any(
            reduced(part, region.domain) in (ROWS, COLUMNS) for part in region.instructions if part.kind == "call"
        )
        self.registers, self.count = self._registers()
        self.rows = self._rows()
        self._build()

    def slots(self) -> list[Slot]:
        """All slots of the region's calls."""
        return [slot for part in self.region.instructions for slot in (*part.reads(), *part.outputs) if slot is not None]

    def part(self, slot: Slot) -> str | None:
        """How a slot spreads over the domain."""
        return self.region.domain.part(slot)

    def sums_up(self, part: Instruction) -> bool:
        """Whether a call is a sum that is known only when all blocks have run."""
        return part.kind == "call" and reduced(part, self.region.domain) in (NUMBER, COLUMNS)

    def root(self, slot: Slot) -> Slot:
        """The slot under whose name a settled one lies."""
        while slot in self.alias:
            slot = self.alias[slot]
        return slot

    # ── what lies between ──

    def _registers(self) -> tuple[dict[Slot, int], int]:
        """A block-sized buffer for each slot that only this region sees; used again after the last call that reads it."""
        region = self.region
        summed = {part.result for part in region.instructions if self.sums_up(part)}
        visible = {self.root(slot) for slot in self.outputs} | self.outputs
        last: dict[Slot, int] = {}
        for position, part in enumerate(region.instructions):
            for slot in part.reads():
                last[self.root(slot)] = position
        registers: dict[Slot, int] = {}
        free: list[int] = []
        count = 0
        for position, part in enumerate(region.instructions):
            dying = {self.root(slot) for slot in part.reads() if last[self.root(slot)] == position and self.root(slot) in registers}
            if isinstance(part.function, np.ufunc):
                free += [registers[slot] for slot in dying]
                dying = set()
            for made in part.outputs:
                if made is None or made in visible or made in summed or made in self.alias:
                    continue
                registers[made] = free.pop() if free else count
                count = max(count, registers[made] + 1)
                if made not in last:
                    free.append(registers[made])
            free += [registers[slot] for slot in dying]
        return registers, count

    def _rows(self) -> int:
        """Rows per block (elements, if the domain is flat)."""
        domain = self.region.domain
        large = {self.root(slot) for slot in self.external if self.part(slot) == FULL}
        widest = max((slot.dtype.itemsize for slot in self.slots()), default=4)
        elements = min(max(CACHE // (widest * (len(large) + self.count)), FEWEST), MOST)
        return max(elements // (1 if self.flat else domain.columns), 1)

    # ── the loop ──

    def _build(self) -> None:
        replay, region, domain = self.replay, self.region, self.region.domain
        total = domain.rows * domain.columns if self.flat else domain.rows
        ranges = [(start, min(start + self.rows, total)) for start in range(0, total, self.rows)]
        threads = min(get_num_threads(), 2) if region.slow() and domain.rows * domain.columns >= WORTH_THREADS else 1
        columns = 1 if self.flat else domain.columns
        scratch = [[np.empty(self.rows * columns * 8, np.uint8) for _ in range(self.count)] for _ in range(threads)]
        names: list[str] = []  # of what changes from block to block, in a fixed place
        cuts: list[Any] = []  # (start, stop, block number, thread) -> array
        self.loose: dict[Slot, str] = {}  # what is cut as the loop goes on
        self.texts: dict[Slot, str] = {}
        for slot in self.external:
            if self.root(slot) not in self.texts:
                self._bind(slot, names, cuts)
                if slot in self.texts:
                    self.texts[self.root(slot)] = self.texts[slot]
        for slot, register in self.registers.items():
            name = f"t{slot.index}"
            self.texts[slot] = name
            names.append(name)
            cuts.append(self._cut_temporary(slot, register, scratch))
        lines = [line for part in region.instructions for line in self._calls(part, names, cuts, len(ranges))]
        share = -(-len(ranges) // threads)
        blocks = [
            [(start, stop, *(cut(start, stop, number, number // share) for cut in cuts))
             for number, (start, stop) in enumerate(ranges) if number // share == thread]
            for thread in range(threads)
        ]  # fmt: skip
        inside = [f"{self.texts[slot]} = {name}[start:stop]" for slot, name in self.loose.items() if self.part(slot) in (FULL, ROWS)]
        arguments = ["blocks", *self.loose.values()]
        unpacked = ", ".join(["start", "stop", *names])
        body = "\n        ".join([*inside, *lines])
        first = self.instruction.outputs[0] if self.instruction.outputs else None
        self.name = f"region{id(self) % 10000 if first is None else first.index}"
        replay.functions.append(f"def {self.name}({', '.join(arguments)}):\n    for {unpacked} in blocks:\n        {body}")
        given = [self._whole(slot) for slot in self.loose]
        if threads > 1:
            call = f"{replay.name(parallel, 'f')}({self.name}, {replay.name(blocks)}, {', '.join(given)})"
        else:
            call = f"{self.name}({', '.join([replay.name(blocks[0]), *given])})"
        replay.lines.append(call)
        replay.calls += len(ranges) * len(region.instructions)
        for part, partial in self.sums:
            self._finish(part, partial)

    def _bind(self, slot: Slot, names: list[str], cuts: list[Any]) -> None:
        """Decide how the calls refer to a slot from outside, or one that is seen outside."""
        replay, kind = self.replay, self.part(slot)
        fixed = replay.fixed.get(slot)
        if any(slot in part.outputs and self.sums_up(part) for part in self.region.instructions):
            return  # bound where it is summed up
        if fixed is None:
            self.texts[slot] = f"x{slot.index}"
            self.loose[slot] = f"x{slot.index}" if kind in (NUMBER, COLUMNS) else f"s{slot.index}"
        elif kind in (NUMBER, COLUMNS):
            self.texts[slot] = replay.name(self._shaped(fixed, kind), "b")
        else:
            name = f"b{slot.index}_"
            array = self._shaped(fixed, kind)
            self.texts[slot] = name
            names.append(name)
            cuts.append(lambda start, stop, number, thread, array=array: array[start:stop])

    def _shaped(self, array: Any, kind: str | None) -> Any:
        """An array as the loop cuts it: rows by columns, or flat."""
        domain = self.region.domain
        if kind == NUMBER:
            return array.reshape(())
        if self.flat:
            return array.reshape(-1)
        return array.reshape({FULL: (domain.rows, domain.columns), ROWS: (domain.rows, 1), COLUMNS: (1, domain.columns)}[kind or FULL])

    def _whole(self, slot: Slot) -> str:
        """A loose array in the shape in which the loop cuts it, as text."""
        domain, kind = self.region.domain, self.part(slot)
        shape = "()" if kind == NUMBER else "-1" if self.flat else {
            FULL: f"({domain.rows}, {domain.columns})", ROWS: f"({domain.rows}, 1)", COLUMNS: f"(1, {domain.columns})",
        }[kind or FULL]  # fmt: skip
        return f"s{slot.index}.reshape({shape})"

    def _cut_temporary(self, slot: Slot, register: int, scratch: list[list[Any]]) -> Any:
        return lambda start, stop, number, thread: self._temporary(scratch[thread][register], slot, stop - start)

    def _temporary(self, raw: Any, slot: Slot, rows: int) -> Any:
        domain = self.region.domain
        columns = 1 if self.flat or self.part(slot) == ROWS else domain.columns
        array = raw[: rows * columns * slot.dtype.itemsize].view(slot.dtype)
        return array if self.flat else array.reshape(rows, columns)

    def operand(self, value: Any, dtype: Any) -> str:
        """The text of an operand."""
        if isinstance(value, Slot):
            return self.texts[self.root(value)]
        if type(value) in (int, float) and dtype is not None and dtype.kind == "f":
            value = constants[dtype][value]
        return self.replay.name(value)

    def _calls(self, part: Instruction, names: list[str], cuts: list[Any], count: int) -> list[str]:
        """The lines of one call."""
        replay, function = self.replay, part.function
        dtypes = {value.dtype for value in part.args if isinstance(value, Slot)}
        dtype = dtypes.pop() if len(dtypes) == 1 else None
        if part.kind == "settle":
            return [f"{replay.name(function, 'f')}({self.operand(part.args[0], None)}, {self.operand(part.args[1], None)})"]
        kind = reduced(part, self.region.domain) if part.kind == "call" else None
        if kind is None:
            out = part.target if part.target is not None else part.outputs[0]
            operands = [self.operand(value, dtype) for value in part.args]
            keyword = "out=" if function in (np.maximum, np.minimum) else ""
            return [f"{replay.name(function, 'f')}({', '.join(operands)}, {keyword}{self.texts[self.root(out)]})"]  # type: ignore[arg-type]
        source = self.operand(part.args[0], None)
        if kind == ROWS:
            return [f"{replay.name(function, 'f')}({source}, 1, None, {self.texts[part.outputs[0]]}, True)"]  # type: ignore[index]
        columns = self.region.domain.columns
        partial = np.empty(count if kind == NUMBER else (count, columns), part.args[0].dtype)
        name = f"p{part.outputs[0].index}"  # type: ignore[union-attr]
        names.append(name)
        cuts.append(lambda start, stop, number, thread: partial[number : number + 1].reshape(()) if kind == NUMBER else partial[number])
        self.sums.append((part, replay.name(partial, "b")))
        return [f"{replay.name(function, 'f')}({source}, {'None' if kind == NUMBER else '0'}, None, {name})"]

    def _finish(self, part: Instruction, partial: str) -> None:
        """The sum over the blocks."""
        replay, (slot,) = self.replay, part.outputs
        assert slot is not None
        call = f"{replay.name(part.function, 'f')}({partial}, 0)"
        if slot in replay.fixed:
            replay.lines.append(f"{replay.name(np.copyto, 'f')}({replay.operand(slot)}, {call}.reshape({slot.shape}))")
        else:
            replay.lines.append(f"s{slot.index} = {replay.name(np.asarray, 'f')}({call}).reshape({slot.shape})")
