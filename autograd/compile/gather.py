"""Rows that are read by one index and added up at another, in one go: they need not lie in memory in between."""
from __future__ import annotations

import operator
from collections import Counter

import numpy as np

from autograd.compile.passes import alike, is_constant, is_number
from autograd.compile.program import Instruction, Program, Slot
from autograd.kernels.scatter import add_read_at, read_at
from autograd.op import REGISTRY


def joined(program: Program) -> Program:
    """The same program, where ``zeros + place(x[source], rows)`` is one call, and what else is read by rows is read the fastest way."""
    uses = Counter(slot for instruction in program.instructions for slot in instruction.reads())
    uses.update(program.wanted())
    readers: dict[Slot, Instruction] = {}
    sums: dict[Slot, Instruction] = {}
    kept: list[Instruction] = []
    for instruction in program.instructions:
        if reads_rows(instruction):
            instruction.kind, instruction.function = "opaque", read_at
            readers[instruction.result] = instruction
        elif adds_rows(instruction):
            reader = readers.get(instruction.args[0])
            if reader is not None and uses[reader.result] == 1 and can_wait(reader) and fit(reader, instruction):
                kept.remove(reader)
                shape, index = instruction.kwargs["shape"], instruction.kwargs["index"]
                instruction = Instruction("opaque", add_read_at, (shape, index, *reader.args), {}, instruction.outputs, instruction.site)
            sums[instruction.result] = instruction
        elif (placed := added_to_zeros(instruction)) in sums and uses[placed] == 1:
            sums[placed].outputs = instruction.outputs
            continue
        kept.append(instruction)
    return Program(program.inputs, kept, program.outputs, program.kept)


def row_index(index: object) -> Slot | None:
    """The array of an index that is one array of integers."""
    single = isinstance(index, tuple) and len(index) == 1 and isinstance(index[0], Slot) and index[0].dtype.kind == "i"
    return index[0] if single else None  # type: ignore[index]  # it is a tuple of one


def reads_rows(instruction: Instruction) -> bool:
    """Whether this is x[rows], a copy."""
    return instruction.function is operator.getitem and instruction.kind == "call" and row_index(instruction.args[1]) is not None


def adds_rows(instruction: Instruction) -> bool:
    """Whether this adds values up at rows of zeros."""
    return instruction.function is REGISTRY["place"].kernel and row_index(instruction.kwargs["index"]) is not None


def can_wait(reader: Instruction) -> bool:
    """Whether what it reads is the same later."""
    return not any(slot.memory.written for slot in (reader.result, *reader.reads()))


def fit(reader: Instruction, adder: Instruction) -> bool:
    """Whether both count the rows alike: one by one."""
    source, rows = row_index(reader.args[1]), row_index(adder.kwargs["index"])
    return source is not None and rows is not None and source.shape == rows.shape


def added_to_zeros(instruction: Instruction) -> Slot | None:
    """What is added to zeros of its own shape, which changes nothing in a sum: that is never -0."""
    if instruction.function is not np.add or instruction.kind != "call" or instruction.kwargs:
        return None
    a, b = instruction.args
    for zeros, placed in ((a, b), (b, a)):
        if isinstance(placed, Slot) and alike(placed, instruction.result) and are_zeros(zeros):
            return placed
    return None


def are_zeros(value: object) -> bool:
    """Whether these are constant zeros, or the number."""
    return is_number(value, 0) or (isinstance(value, Slot) and is_constant(value) and not value.array.any())
