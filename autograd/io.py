"""Tensors in files: ``save`` and ``load``, in two formats that hold data and never code.

* ``.safetensors``: a flat dict of tensors, as many libraries read and write it.
* Under any other name (``.npz``, ``.pt``): a zip of NumPy arrays. One of its members, ``structure.json``, says how lists, dicts and plain
  values stand around them; ``numpy.load`` reads the arrays by their paths.
"""
from __future__ import annotations

import json
import math
import os
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from autograd.device import device as Device
from autograd.errors import ArgumentError, AutogradError, DtypeError, message
from autograd.tensor import Tensor

STRUCTURE = "structure.json"
PLAIN = (bool, int, float, str, type(None))
HEADER = 100_000_000  # bytes that the header of a .safetensors file may have, as its makers define
SAFE_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U64": "<u8", "U32": "<u4",
    "U16": "<u2", "U8": "|u1", "BOOL": "|b1", "C64": "<c8",
}  # fmt: skip


def save(obj: Any, f: Any) -> None:
    """Write an object to a path or an open binary file: tensors, arrays and plain values in nested dicts, lists and tuples.

    A path that ends in ``.safetensors`` takes a dict of tensors; anything else becomes a zip of NumPy arrays. A tensor that occurs twice is
    stored once. Raises DtypeError for an object of another kind, naming its place: nothing is pickled.

    >>> from io import BytesIO
    >>> ag.save({"step": 3, "model": {"weight": ag.ones(2)}}, file := BytesIO())
    >>> _ = file.seek(0)
    >>> ag.load(file)
    {'step': 3, 'model': {'weight': tensor([1., 1.])}}
    """
    write = save_safetensors if str(f).endswith(".safetensors") else save_zip
    with opened(f, "wb") as file:
        write(obj, file)


def load(f: Any, map_location: Any = None, *, weights_only: bool = True, mmap: bool | None = None) -> Any:
    """Read what ``save`` wrote, or any ``.npz`` or ``.safetensors`` file, from a path or an open binary file.

    map_location  None or "cpu", or a dict or function of devices, which has nothing to do here
    weights_only  accepted for the sake of PyTorch's programs: no format read here can hold code
    mmap          accepted likewise; everything is read at once

    An open file is read from where it stands. Raises ArgumentError for a file that is damaged, or of another kind, such as one that
    ``torch.save`` wrote.
    """
    if isinstance(map_location, str):
        Device(map_location)
    with opened(f, "rb") as file:
        start = file.tell()
        head = file.read(9)
        file.seek(start)
        try:
            if head[:2] == b"PK":
                return load_zip(file)
            if head[8:] == b"{":
                return load_safetensors(file)
        except (AutogradError, OSError):
            raise
        except Exception as error:  # reading bytes that are not what they should be ends in many ways
            told = f"{type(error).__name__}: {error}"
            raise ArgumentError(message("load", "an intact file is required", told, "it is damaged or cut off: fetch it anew")) from error
    raise ArgumentError(message("load", "a file of save(), an .npz or a .safetensors file is required", f"one that begins with {head!r}"))


@contextmanager
def opened(f: Any, mode: str) -> Iterator[IO[bytes]]:
    """A path opened, or an open file as it is."""
    if hasattr(f, "read" if mode == "rb" else "write"):
        yield f
    else:
        with open(os.fspath(f), mode) as file:
            yield file


# ── a zip of arrays and of the structure around them ──


def save_zip(obj: Any, file: IO[bytes]) -> None:
    """Write members ``path.npy`` in NumPy's format, and the structure."""
    members: dict[str, np.ndarray[Any, Any]] = {}
    structure = described(obj, "", members, {})
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for name, array in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        archive.writestr(STRUCTURE, json.dumps(structure))


def load_zip(file: IO[bytes]) -> Any:
    """Read such a zip; one without a structure is a dict of tensors."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        if any(name.endswith("data.pkl") for name in names):
            raise ArgumentError(message(
                "load", "a file that holds data only is required", "a pickle of PyTorch's torch.save",
                "where torch is installed: safetensors.torch.save_file(state_dict, path), or np.savez(path, **{k: v.numpy() ...})",
            ))  # fmt: skip
        arrays: dict[str, Any] = {}
        for name in names:
            if name.endswith(".npy"):
                with archive.open(name) as member:
                    arrays[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
        if STRUCTURE not in names:
            return {name: Tensor(array) for name, array in arrays.items()}
        return rebuilt(json.loads(archive.read(STRUCTURE)), arrays, {})


def described(value: Any, path: str, members: dict[str, Any], stored: dict[int, str]) -> Any:
    """A value as JSON: plain ones as they are, all others as [kind, ...]; arrays go to members, under their path."""
    if type(value) in PLAIN:
        return value

    def inner(part: Any, name: Any) -> Any:
        return described(part, f"{path}.{name}" if path else str(name), members, stored)

    if isinstance(value, Tensor | np.ndarray | np.generic):
        if id(value) not in stored:
            array = np.asarray(value.detach() if isinstance(value, Tensor) else value)
            if array.dtype.kind not in "biufc":
                raise unknown(path, f"an array of {array.dtype}")
            stored[id(value)] = free(path or "value", members)
            members[stored[id(value)]] = array
        if isinstance(value, Tensor):
            return ["tensor", stored[id(value)], bool(value.requires_grad)]
        return ["array" if isinstance(value, np.ndarray) else "scalar", stored[id(value)]]
    if isinstance(value, dict):
        pairs = [[inner(key, "key"), inner(part, key)] for key, part in value.items()]
        return ["ordered" if isinstance(value, OrderedDict) else "dict", pairs]
    if type(value) in (list, tuple, set):
        return [type(value).__name__, [inner(part, number) for number, part in enumerate(value)]]
    if isinstance(value, np.dtype):
        return ["dtype", value.str]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, Device):
        return ["device", str(value)]
    raise unknown(path, type(value).__name__)


def rebuilt(value: Any, arrays: dict[str, Any], tensors: dict[str, Tensor]) -> Any:
    """The value that ``described`` described. Tensors that were one are one again."""
    if not isinstance(value, list):
        return value
    kind, *rest = value
    if kind == "tensor":
        name, requires_grad = rest
        if name not in tensors:
            tensors[name] = Tensor(arrays[name], requires_grad)
        return tensors[name]
    if kind in ("array", "scalar"):
        return arrays[rest[0]] if kind == "array" else arrays[rest[0]][()]
    if kind in ("dict", "ordered"):
        pairs = [(rebuilt(key, arrays, tensors), rebuilt(part, arrays, tensors)) for key, part in rest[0]]
        return OrderedDict(pairs) if kind == "ordered" else dict(pairs)
    if kind in SEQUENCES:
        return SEQUENCES[kind](rebuilt(part, arrays, tensors) for part in rest[0])
    return OTHERS[kind](*rest)


SEQUENCES: dict[str, Callable[..., Any]] = {"list": list, "tuple": tuple, "set": set}
OTHERS: dict[str, Callable[..., Any]] = {"dtype": np.dtype, "complex": complex, "device": Device}


def free(name: str, members: dict[str, Any]) -> str:
    """This name for a member, or the next like it that is not taken."""
    number, found = 1, name
    while found in members:
        number += 1
        found = f"{name}#{number}"
    return found


def unknown(path: str, given: str) -> DtypeError:
    """What is said of an object that is no data."""
    where = f"{given} under {path!r}" if path else given
    return DtypeError(message(
        "save", "tensors, arrays and plain values in dicts, lists and tuples are required", where,
        "save its state_dict(), or its attributes as a dict: vars(x)",
    ))  # fmt: skip


# ── safetensors: the length of a header, the header in JSON, the bytes ──


def save_safetensors(tensors: Any, file: IO[bytes]) -> None:
    """Write a dict of tensors or arrays. Raises DtypeError for anything else."""
    if not isinstance(tensors, dict) or not all(isinstance(key, str) for key in tensors):
        raise DtypeError(message(
            "save", "a dict of tensors by name is required in a .safetensors file", type(tensors).__name__,
            "save model.state_dict(), or choose the suffix .npz, which takes nested values",
        ))  # fmt: skip
    codes = {np.dtype(dtype): code for code, dtype in SAFE_DTYPES.items()}
    header: dict[str, Any] = {}
    arrays, end = [], 0
    for name, value in tensors.items():
        array = np.asarray(value.detach() if isinstance(value, Tensor) else value)
        if not isinstance(value, Tensor | np.ndarray) or array.dtype not in codes:
            raise DtypeError(message(
                "save", f"tensors of {', '.join(codes[dtype] for dtype in codes)} are required in a .safetensors file",
                f"{type(value).__name__} of {array.dtype} under {name!r}", "choose the suffix .npz, which takes nested values",
            ))  # fmt: skip
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": codes[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
        arrays.append(array)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for array in arrays:
        file.write(array.tobytes())


def load_safetensors(file: IO[bytes]) -> dict[str, Tensor]:
    """Read a dict of tensors. bfloat16, which NumPy lacks, becomes float32, exactly."""
    length = int.from_bytes(file.read(8), "little")
    if length > HEADER:
        raise ArgumentError(message("load", f"a header of at most {HEADER:,} bytes is required", f"{length:,}", "the file is damaged"))
    header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    data = memoryview(file.read())
    found = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        kind, shape = entry["dtype"], tuple(entry["shape"])
        if not 0 <= begin <= end:
            raise ArgumentError(message("load", f"data_offsets of {name!r} are required", f"{begin}, {end}", "the file is damaged"))
        if kind == "BF16":
            array = (np.frombuffer(data[begin:end], "<u2").astype(np.uint32) << 16).view(np.float32)
        elif kind in SAFE_DTYPES:
            array = np.frombuffer(data[begin:end], SAFE_DTYPES[kind]).copy()
        else:
            raise DtypeError(message("load", f"a dtype out of {', '.join(SAFE_DTYPES)} or BF16 is required", f"{kind} under {name!r}"))
        if array.size != math.prod(shape):
            raise ArgumentError(message(
                "load", f"{math.prod(shape)} elements are required for {name!r}", str(array.size), "the file is cut off",
            ))  # fmt: skip
        found[name] = Tensor(array.reshape(shape))
    return found


__all__ = ["load", "save"]
