"""The executor: a program as one flat Python function of NumPy calls on buffers that are planned once.

Every result that a call can be told where to put (``out=``) lies in a buffer; buffers are used again as soon as nobody will read them.
Views of buffers are taken here, once, and cost nothing in a run.
"""
from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.compile.blocks import Blocks
from autograd.compile.capture import VIEWS
from autograd.compile.fuse import contiguous
from autograd.compile.passes import COPIES, alike
from autograd.compile.program import Instruction, Memory, Program, Slot, mapped, slots_in
from autograd.compile.spelling import spelled
from autograd.dtypes import constants
from autograd.modes import SILENT, restore, silence

ALIGNMENT = 64  # bytes: a cache line, and the widest vector register
LONGEST = 2000  # lines of a generated function
LOCAL = re.compile(r"\b[si]\d+\b")  # the names of its local variables
SMALL = 1 << 16  # bytes: an input up to this size is copied to a buffer if that saves a view of it in every run


class Pool:
    """Blocks of memory, handed out and taken back while a program is planned."""

    def __init__(self) -> None:
        self.free: list[np.ndarray[Any, Any]] = []
        self.reused = self.bytes = 0

    def take(self, size: int) -> np.ndarray[Any, Any]:
        """A block of at least so many bytes, not much larger."""
        fitting = [i for i, block in enumerate(self.free) if size <= block.nbytes <= 2 * size + 4096]
        if fitting:
            self.reused += 1
            return self.free.pop(min(fitting, key=lambda i: self.free[i].nbytes))
        self.bytes += size
        return aligned(size)

    def give(self, block: np.ndarray[Any, Any]) -> None:
        """Nobody reads this block any more."""
        self.free.append(block)


def aligned(size: int) -> np.ndarray[Any, Any]:
    """Bytes that begin at a multiple of ALIGNMENT."""
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    block: np.ndarray[Any, Any] = raw[start : start + size]
    return block


def laid_out(block: np.ndarray[Any, Any], slot: Slot) -> np.ndarray[Any, Any]:
    """A block as an array of the slot's shape and dtype, its dims in the same order in memory as when it was captured."""
    order = sorted(range(len(slot.shape)), key=lambda d: (-abs(slot.strides[d]), d))
    flat = block[: slot.nbytes].view(slot.dtype)
    if not slot.shape:
        return flat.reshape(())
    return flat.reshape([slot.shape[d] for d in order]).transpose(np.argsort(order))


def owns(slot: Slot) -> bool:
    """Whether the slot is all of its memory: laid out densely, whatever the order of its dims."""
    return dense(slot.shape, slot.strides, slot.dtype.itemsize)


@functools.lru_cache
def dense(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> bool:
    """Whether these are elements without gaps between them."""
    expected = itemsize
    for step, n in sorted((abs(step), n) for step, n in zip(strides, shape, strict=True) if n > 1):
        if step != expected:
            return False
        expected *= n
    return 0 not in shape


class Replay:
    """A program that can be run: ``replay(*inputs)`` -> the arrays of its outputs. ``buffers`` has where the kept slots lie."""

    def __init__(self, program: Program, places: dict[Slot, np.ndarray[Any, Any]] | None = None) -> None:
        self.program = program
        self.pool = Pool()
        self.fixed: dict[Slot, np.ndarray[Any, Any]] = dict(places or {})  # slots that lie in the same place in every run
        self.blocks: dict[Memory, np.ndarray[Any, Any]] = {}
        self.arrays: dict[Any, tuple[Any, Any]] = {}  # (a block, an array laid out in it), by the block's id and the array's layout
        self.names: dict[int, str] = {}
        self.namespace: dict[str, Any] = {}
        self.lines: list[str] = []
        self.functions: list[str] = []  # of regions
        self.calls = 0
        self._plan()
        self.namespace.update(SILENT=SILENT, silence=silence, restore=restore)
        for function in self.functions:
            self._define(function)
        self._define(self._function("replay", [f"i{n}" for n in range(len(program.inputs))]))
        self.run: Callable[..., Any] = self.namespace["replay"]

    # ── text ──

    def _define(self, text: str) -> None:
        exec(compile(text, "<replay>", "exec"), self.namespace)  # noqa: S102  the text is made here

    def _function(self, name: str, arguments: list[str]) -> str:
        """The text of the function; its lines are put into parts of their own if they are many."""
        lines = self.lines if len(self.lines) <= LONGEST else self._parts(arguments)
        body = "\n        ".join(lines or ["pass"])
        head = f"def {name}({', '.join(arguments)}):\n    token = silence(SILENT)\n    try:"
        return f"{head}\n        {body}\n    finally:\n        restore(token)"

    def _parts(self, arguments: list[str]) -> list[str]:
        """Calls of functions of LONGEST lines each, for what compiling takes at a time grows with the length: 4 kB a line.

        What one part makes and others read goes through arguments and results.
        """
        chunks = [self.lines[start : start + LONGEST] for start in range(0, len(self.lines), LONGEST)]
        local = [dict.fromkeys(LOCAL.findall("\n".join(chunk))) for chunk in chunks]
        maker = dict.fromkeys(arguments, -1)
        last: dict[str, int] = {}
        for number, names in enumerate(local):
            for name in names:
                maker.setdefault(name, number)
                last[name] = number
        calls = []
        for number, chunk in enumerate(chunks):
            given = ", ".join(name for name in local[number] if maker[name] < number)
            handed = ", ".join(name for name in local[number] if maker[name] == number < last[name])
            lines = [*chunk, f"return ({handed},)"] if handed else chunk
            self._define(f"def part{number}({given}):\n    " + "\n    ".join(lines))
            result = "return " if number == len(chunks) - 1 else f"({handed},) = " if handed else ""
            calls.append(f"{result}part{number}({given})")
            done = [name for name in local[number] if last[name] == number and maker[name] < number]
            if done and not result.startswith("return"):
                calls.append(f"{' = '.join(done)} = None")
        return calls

    # ── names ──

    def name(self, value: Any, stem: str = "c") -> str:
        """The name under which the generated function knows an object."""
        if value is None or value is True or value is False or value is Ellipsis:
            return repr(value)
        if type(value) is int:
            return repr(value)
        found = self.names.get(id(value))
        if found is None:
            found = self.names[id(value)] = f"{stem}{len(self.names)}"
            self.namespace[found] = value
        return found

    def operand(self, value: Any) -> str:
        """The text of an operand, nested ones included."""
        if isinstance(value, Slot):
            return self.name(self.fixed[value], "b") if value in self.fixed else f"s{value.index}"
        if isinstance(value, tuple | list) and slots_in(value):
            inner = ", ".join(map(self.operand, value))
            return f"({inner},)" if isinstance(value, tuple) else f"[{inner}]"
        if isinstance(value, slice) and slots_in(value):
            return f"slice({self.operand(value.start)}, {self.operand(value.stop)}, {self.operand(value.step)})"
        return self.name(value)

    # ── planning ──

    def _plan(self) -> None:
        """Places for what the program makes, and the lines of the function, in one walk through it."""
        self.last = self._last_reads()
        self.outside = {slot.memory for slot in self.program.outputs}  # handed out: new in every run
        self.kept = {slot.memory for slot in self.program.kept}
        self._reserve()
        self._take_inputs()
        for position, instruction in enumerate(self.program.instructions):
            for slot in instruction.reads():
                if slot.array is not None and slot not in self.fixed:
                    self.fixed[slot] = slot.array
            if instruction.kind == "view" and self._viewed(instruction):
                continue
            if instruction.kind == "settle" and instruction.args[0] in self.fixed:
                self.fixed[instruction.result] = self.fixed[instruction.args[0]]
            self.calls += 1
            dying = self._dying(instruction, position)
            inplace = self._in_place(instruction, dying)
            self.pool.reused += inplace is not None
            if instruction.kind == "region":
                self._region(instruction)
            else:
                self._place(instruction, inplace)
                self.lines.append(self._line(instruction))
            self._let_go(instruction, position, [memory for memory in dying if memory is not inplace])
        self._finish()

    def _take_inputs(self) -> None:
        """Small inputs of which views are taken are copied to a fixed place; others are used where they are."""
        viewed = {slot for instruction in self.program.instructions if instruction.kind == "view" for slot in instruction.reads()}
        for position, slot in enumerate(self.program.inputs):
            changes = slot.memory.written or slot.memory in self.outside
            if slot.nbytes <= SMALL and slot in viewed and not changes and owns(slot):
                self.fixed[slot] = laid_out(aligned(slot.nbytes), slot)
                self.lines.append(f"{self.name(np.copyto, 'f')}({self.operand(slot)}, i{position})")
                self.calls += 1
            else:
                self.lines.append(f"s{slot.index} = i{position}")

    def _lent(self, memory: Memory) -> bool:
        """Whether a memory has a block that serves others when it has been read for the last time."""
        return memory in self.blocks and memory not in self.kept and memory not in self.reserved

    def _dying(self, instruction: Instruction, position: int) -> list[Memory]:
        """The memories with a block that nobody reads after this instruction."""
        read = {slot.memory for slot in instruction.reads()}
        return [memory for memory in read if self.last.get(memory) == position and self._lent(memory)]

    def _place(self, instruction: Instruction, inplace: Memory | None) -> None:
        """A fixed place for the result of a call, if it can be told where to put it and nobody outside gets it."""
        if len(instruction.outputs) != 1 or (slot := instruction.outputs[0]) is None or slot in self.fixed:
            return
        stays = slot.memory.kind == "result" and slot.memory not in self.outside and owns(slot)
        if stays and places_result(instruction):
            self.blocks[slot.memory] = block = self._block(slot, inplace)
            self.fixed[slot] = self._laid_out(block, slot)

    def _laid_out(self, block: np.ndarray[Any, Any], slot: Slot) -> np.ndarray[Any, Any]:
        """``laid_out``: one array for all slots that lie in one block in the same way."""
        key = id(block), slot.shape, slot.strides, slot.dtype
        if key not in self.arrays:
            self.arrays[key] = block, laid_out(block, slot)
        return self.arrays[key][1]  # type: ignore[no-any-return]

    def _block(self, slot: Slot, inplace: Memory | None = None) -> np.ndarray[Any, Any]:
        """Memory for a slot: its part of a vector, its own if it is kept, that of an operand, or what is free."""
        if slot.memory in self.reserved:
            return self.reserved[slot.memory]
        if slot.memory in self.kept:
            return aligned(slot.nbytes)
        return self.pool.take(slot.nbytes) if inplace is None else self.blocks.pop(inplace)

    def _let_go(self, instruction: Instruction, position: int, dying: Sequence[Memory]) -> None:
        """Give back what nobody reads after this instruction: blocks to the pool, large arrays without a fixed place to NumPy."""
        for memory in dying:
            if memory in self.blocks:
                self.pool.give(self.blocks.pop(memory))
        floating = {slot for slot in instruction.reads() if slot not in self.fixed and slot.memory.kind == "result"}
        large = [slot for slot in floating if slot.memory not in self.outside and slot.nbytes > SMALL]
        self.lines += [f"s{slot.index} = None" for slot in large if self.last.get(slot.memory) == position]
        if len(instruction.outputs) == 1:
            memory = instruction.result.memory
            if self.last.get(memory, -1) < position and self._lent(memory):  # nobody reads the result at all
                self.pool.give(self.blocks.pop(memory))

    def _reserve(self) -> None:
        """Let what is joined to one vector be made in its part of that vector, so that joining costs nothing.

        The vectors are few and live from the first of their parts on, so they have memory of their own.
        """
        self.reserved: dict[Memory, np.ndarray[Any, Any]] = {}
        single = [i for i in self.program.instructions if len(i.outputs) == 1 and i.outputs[0] is not None]
        makers = {i.result.memory: i for i in single if i.kind in ("call", "region")}
        for instruction in self.program.instructions:
            if instruction.function is not np.concatenate or instruction.kwargs.get("axis", (*instruction.args, 0)[1]) != 0:
                continue
            (whole,), parts = instruction.outputs, instruction.args[0]
            if whole is None or whole.memory in self.outside or whole.memory in self.reserved or len(whole.shape) != 1:
                continue
            block = aligned(whole.nbytes)
            self.reserved[whole.memory] = block
            start = 0
            for part in parts:
                stop = start + part.nbytes
                maker = makers.get(part.memory)
                free = part.memory.kind == "result" and not part.memory.written and part.memory not in self.reserved
                free = free and not (whole.memory in self.kept and part.memory in self.kept)  # whoever writes to one must not change both
                if maker is not None and free and part.dtype == whole.dtype and fills(maker, part.size):
                    self.reserved[part.memory] = block[start:stop]
                start = stop

    def _region(self, instruction: Instruction) -> None:
        """Places for what a region makes, and its loop."""
        for slot in instruction.outputs:
            if slot is None or slot in self.fixed:
                continue
            if slot.memory.kind == "result" and slot.memory not in self.outside:
                if slot.memory not in self.blocks:
                    self.blocks[slot.memory] = self._block(slot)
                self.fixed[slot] = laid_out(self.blocks[slot.memory], slot)
            elif (same := self._named_already(slot, instruction)) is not None:
                self.lines.append(f"s{slot.index} = s{same.index}")
            elif slot.shape:
                self.lines.append(f"s{slot.index} = {self.name(np.empty, 'f')}({slot.shape}, {self.name(slot.dtype)})")
        self.calls -= 1
        Blocks(self, instruction)

    def _named_already(self, slot: Slot, instruction: Instruction) -> Slot | None:
        """Another output of the region that lies in the same memory, and has just got its array."""
        recent = "".join(self.lines[-9:])
        others = [other for other in instruction.outputs if other is not None and other is not slot and other.memory is slot.memory]
        return next((other for other in others if f"s{other.index} = " in recent), None)

    def _last_reads(self) -> dict[Memory, int]:
        """The last instruction that reads or writes each memory."""
        last: dict[Memory, int] = {}
        for position, instruction in enumerate(self.program.instructions):
            for slot in instruction.reads():
                last[slot.memory] = position
        return last

    def _viewed(self, instruction: Instruction) -> bool:
        """Take a view now, if what it is taken of has its place."""
        read = instruction.reads()
        if instruction.function not in VIEWS or not all(slot in self.fixed for slot in read):
            return False

        def place(value: Any) -> Any:
            return self.fixed[value] if isinstance(value, Slot) else value

        (slot,) = instruction.outputs
        assert slot is not None
        view = instruction.function(*mapped(place, instruction.args), **mapped(place, instruction.kwargs))
        if view.size and not np.may_share_memory(view, self.fixed[read[0]]):
            return False
        self.fixed[slot] = view
        return True

    def _in_place(self, instruction: Instruction, dying: Sequence[Memory]) -> Memory | None:
        """The memory of an operand that the result of an elementwise call may take over."""
        if instruction.kind != "call" or not isinstance(instruction.function, np.ufunc) or instruction.function.signature is not None:
            return None
        if len(instruction.outputs) != 1:
            return None
        result = instruction.result
        for slot in instruction.reads():
            if slot.memory in dying and alike(slot, result) and owns(slot):
                block = self.blocks[slot.memory]
                place = self.fixed[slot]
                if place is self._laid_out(block, slot) or (block.nbytes >= result.nbytes and same_start(place, block)):
                    return slot.memory
        return None

    # ── lines ──

    def _line(self, instruction: Instruction) -> str:
        outputs = instruction.outputs
        if instruction.function is np.concatenate and outputs[0] in self.fixed and outputs[0].memory in self.reserved:
            return self._joined(instruction)
        if instruction.kind == "dynamic":
            (slot,) = outputs
            return f"{self.operand(slot)}[()] = {self.name(instruction.function, 'f')}()"
        if instruction.kind == "store" and instruction.function is operator.setitem:
            index, value = instruction.args
            return f"{self.operand(instruction.target)}[{self.operand(index)}] = {self.operand(value)}"
        out = None
        if instruction.kind == "settle" and outputs[0] in self.fixed:
            return f"{self.name(instruction.function, 'f')}({', '.join(map(self.operand, instruction.args))})"
        if instruction.target is not None:
            out = instruction.target
        elif len(outputs) == 1 and outputs[0] in self.fixed:
            out = outputs[0]
        args = with_constants(instruction)
        line = spelled(self, instruction, args, out)
        if out is not None:
            return line
        if instruction.kind == "settle":
            return f"{line}; s{outputs[0].index} = s{instruction.args[0].index}"  # type: ignore[union-attr]
        if instruction.kind == "call" and len(outputs) == 1 and not outputs[0].shape:  # type: ignore[union-attr]
            line = f"{self.name(np.asarray, 'f')}({line})"  # NumPy makes scalars of 0-d results
        targets = ", ".join("_" if slot is None else f"s{slot.index}" for slot in outputs)
        return f"{targets}{',' if instruction.multiple and len(outputs) == 1 else ''} = {line}" if outputs else line

    def _joined(self, instruction: Instruction) -> str:
        """Copies of the parts that do not lie in the vector yet."""
        whole, start, copies = self.fixed[instruction.outputs[0]], 0, []  # type: ignore[index]
        for part in instruction.args[0]:
            place = whole[start : start + part.size]
            start += part.size
            if part not in self.fixed or not same_start(self.fixed[part], place):
                copies.append(f"{self.name(np.copyto, 'f')}({self.name(place, 'b')}, {self.operand(part)})")
        self.calls += len(copies) - 1
        return "; ".join(copies) or "pass"

    def _finish(self) -> None:
        """Kept slots that do not lie in place yet are copied there; outputs are handed over."""
        used: set[int] = set()
        for slot in self.program.kept:
            place = self.fixed.get(slot, slot.array)
            if place is None or id(place) in used or slot.memory.kind != "result":
                source = self.operand(slot) if place is None else self.name(place, "b")
                target = laid_out(aligned(slot.nbytes), slot)
                self.lines.append(f"{self.name(np.copyto, 'f')}({self.name(target, 'b')}, {source})")
                place = target
            used.add(id(place))
            self.fixed[slot] = place
        texts = []
        for slot in self.program.outputs:
            if slot in self.fixed or slot.array is not None:
                place = self.fixed.get(slot, slot.array)
                alias = slot.memory.kind in ("state", "input")
                texts.append(self.name(place, "b") + ("" if alias else ".copy()"))
            else:
                texts.append(f"s{slot.index}")
        if texts:
            self.lines.append(f"return ({', '.join(texts)},)")


def same_start(array: np.ndarray[Any, Any], block: np.ndarray[Any, Any]) -> bool:
    """Whether an array begins where a block does."""
    return bool(array.__array_interface__["data"][0] == block.__array_interface__["data"][0])


def places_result(instruction: Instruction) -> bool:
    """Whether the call can be told where to put its result."""
    function = instruction.function
    if instruction.kind == "dynamic":
        return True
    if instruction.kind != "call":
        return False
    if isinstance(function, np.ufunc):
        return function.nout == 1
    if function in COPIES or function in (np.ndarray.astype, np.concatenate, np.stack, np.dot):
        return True
    owner = getattr(function, "__self__", None)
    return isinstance(owner, np.ufunc) and function.__name__ in ("reduce", "accumulate")


def fills(maker: Instruction, size: int) -> bool:
    """Whether a call can put its result into a part of a vector that has this size."""
    made = maker.result
    return made.size == size and contiguous(made) and (maker.kind == "region" or places_result(maker))


def with_constants(instruction: Instruction) -> list[Any]:
    """The operands, Python numbers beside arrays of one floating dtype as 0-d arrays of it: a ufunc takes half the time with one."""
    args = list(instruction.args)
    if isinstance(instruction.function, np.ufunc):
        dtypes = {part.dtype for part in args if isinstance(part, Slot)}
        if len(dtypes) == 1 and (dtype := dtypes.pop()).kind == "f" and not instruction.kwargs:
            args = [constants[dtype][part] if type(part) in (int, float) else part for part in args]
    return args
