"""A model in a table: its layers with their shapes, parameters, multiply-adds and bytes."""
from __future__ import annotations

import dataclasses
import math
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.graph import topological_order
from nn.utils.rnn import PackedSequence


@dataclasses.dataclass(slots=True)
class Row:
    """One module: what goes out of it, and what it costs."""

    name: str  # its path in the model
    type: str
    depth: int
    shape: Any  # of the output
    parameters: int  # its own, those of its parts not counted
    multiply_adds: int  # of one forward pass, those of its parts included
    nbytes: int  # of the output

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        title = f"{'  ' * self.depth}{f'{self.name}: ' if self.name else ''}{self.type}"
        return title, shape_text(self.shape), *(f"{n:,}" if n else "" for n in (self.parameters, self.multiply_adds, self.nbytes))


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """The rows, and their sums; ``print`` shows the table."""

    rows: tuple[Row, ...]
    parameters: int
    trainable: int
    multiply_adds: int
    nbytes: int  # of all outputs of layers without parts: what a forward pass makes

    def __str__(self) -> str:
        head = ("layer", "output", "parameters", "multiply-adds", "bytes")
        table = [head, *(row.cells() for row in self.rows)]
        widths = [max(len(row[i]) for row in table) for i in range(len(head))]
        lines = ["  ".join([*map(str.ljust, row[:2], widths), *map(str.rjust, row[2:], widths[2:])]) for row in table]
        lines.insert(1, "─" * max(map(len, lines)))
        frozen = self.parameters - self.trainable
        lines.append(lines[1])
        lines.append(f"{self.parameters:,} parameters{f', {frozen:,} of them frozen' if frozen else ''}; "
                     f"{self.multiply_adds:,} multiply-adds; {self.nbytes:,} bytes of outputs")  # fmt: skip
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__


def summary(model: Any, *inputs: Any, **named: Any) -> Summary:
    """The layers of a model in the order in which it calls them, for these inputs.

    The model is run once, in evaluation mode; its parameters, buffers, mode and the random state stay as they are. Counted are the
    multiply-adds of products of matrices and of convolutions: one for a multiplication with the addition after it.

    >>> print(nn.summary(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), ag.ones(1, 4)))
    layer        output  parameters  multiply-adds  bytes
    ─────────────────────────────────────────────────────
    Sequential   1 × 2                          48      8
      0: Linear  1 × 8           40             32     32
      1: ReLU    1 × 8                                 32
      2: Linear  1 × 2           18             16      8
    ─────────────────────────────────────────────────────
    58 parameters; 48 multiply-adds; 72 bytes of outputs
    """
    rows: list[Row] = []
    open_: list[tuple[Row, set[Any]]] = []
    names = {module: name for name, module in model.named_modules()}
    modes = [(module, module.training, module._hooks) for module in names]

    def before(module: Any, args: Any) -> None:
        own = sum(math.prod(p.shape) for p in module.parameters(recurse=False))
        row = Row(names[module], type(module).__name__, len(open_), None, own, 0, 0)
        rows.append(row)
        open_.append((row, nodes_behind(args)))

    def after(module: Any, args: Any, output: Any) -> None:
        row, known = open_.pop()
        tensors = tensors_in(output)
        row.shape = tuple(tensors[0].shape) if tensors else ()
        row.nbytes = sum(math.prod(t.shape) * t.dtype.itemsize for t in tensors)
        row.multiply_adds = sum(multiply_adds(node) for node in nodes_behind(tensors) - known)

    handles = [handle for module in names for handle in (module.register_forward_pre_hook(before), module.register_forward_hook(after))]
    try:
        model.eval()
        with ag.enable_grad(), ag.random.fork_rng():
            model(*map(traceable, inputs), **{name: traceable(value) for name, value in named.items()})
    finally:
        for handle in handles:
            handle.remove()
        for module, training, hooks in modes:
            module.training, module._hooks = training, hooks
    parameters = list(model.parameters())
    counts = [math.prod(p.shape) for p in parameters]
    trainable = sum(count for count, p in zip(counts, parameters, strict=True) if p.requires_grad)
    leaves = [row for i, row in enumerate(rows) if i + 1 == len(rows) or rows[i + 1].depth <= row.depth]
    return Summary(tuple(rows), sum(counts), trainable, rows[0].multiply_adds if rows else 0, sum(row.nbytes for row in leaves))


def traceable(value: Any) -> Any:
    """An input in whose graph all products are, even if the parameters are frozen."""
    if isinstance(value, PackedSequence):
        return value._replace(data=traceable(value.data))
    return value.detach().requires_grad_() if isinstance(value, Tensor) and value.is_floating_point() else value


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in nested tuples and lists."""
    if isinstance(value, PackedSequence):
        return [value.data]
    if isinstance(value, tuple | list):
        return [tensor for part in value for tensor in tensors_in(part)]
    return [value] if isinstance(value, Tensor) else []


def nodes_behind(values: Any) -> set[Any]:
    """All recorded calls that led to tensors."""
    return set(topological_order(*(tensor.node for tensor in tensors_in(values) if tensor.node is not None)))


def multiply_adds(node: Any) -> Any:
    """The multiply-adds of one recorded call: of a product the elements of the result, times what each sums up."""
    name = node.op.name if node.op is not None else ""
    shapes: list[Any] = [tuple(arg.shape) for arg in node.args or () if hasattr(arg, "shape")]
    if name == "linear":
        return math.prod(node.shape) * shapes[1][-1]
    if name == "matmul":
        return math.prod(node.shape) * shapes[0][-1]
    if name == "convolution":
        return math.prod(node.shape) * math.prod(shapes[1][1:])
    if name == "convolution_input":
        return math.prod(shapes[0]) * math.prod(shapes[1][1:])
    if name == "attention":
        query, key, value = shapes[:3]
        return math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])
    if name in ("lstm_sequence", "gru_sequence", "rnn_sequence"):
        return math.prod(shapes[0][:-1]) * sum(map(math.prod, shapes[3:] if name == "lstm_sequence" else shapes[2:3]))
    return 0


def shape_text(shape: Any) -> str:
    """(64, 10) -> "64 × 10"."""
    return " × ".join(map(str, shape)) if shape else "scalar"
