"""Files of tensors: what is saved comes back, and nothing but data goes in."""
from __future__ import annotations

import io
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.errors import ArgumentError, AutogradError, DtypeError


def same(a, b):
    """Equal in kind and in value, all the way down."""
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, ag.Tensor):
        return type(b) is ag.Tensor and a.requires_grad == b.requires_grad and same(a.numpy(force=True), b.numpy(force=True))
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    return type(a) is type(b) and (a == b or (a != a and b != b))


VALUES = [
    3, -1.5, float("inf"), float("nan"), 10**30, True, None, "text", 2 + 1j, np.dtype("float16"), ag.device("cpu"), {1, 2}, [], {}, (),
    ag.tensor([[1.0, 2.0]]), ag.tensor(3.0), ag.zeros(0, 2), ag.tensor([1 + 2j]), ag.tensor([True]), ag.ones(2, requires_grad=True),
    np.arange(3, dtype=np.int8), np.float32(2.5), ag.arange(6).reshape(2, 3).T,
    {"a": {"b": ag.ones(1)}, "a.b": ag.zeros(1)}, {0: "zero", (1, 2): [ag.ones(2), "x"], None: 1.0}, OrderedDict(x=1, y=(ag.ones(1),)),
]  # fmt: skip


@pytest.mark.parametrize("name", ["x.npz", "x.pt", "x.pth"])
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_come_back(tmp_path, name, value):
    ag.save(value, tmp_path / name)
    assert same(ag.load(tmp_path / name), value)


def test_a_buffer_does_as_a_file():
    buffer = io.BytesIO()
    ag.save(VALUES, buffer)
    buffer.seek(0)
    assert same(ag.load(buffer, weights_only=False, map_location=ag.device("cpu"), mmap=False), VALUES)


def test_one_tensor_stays_one(tmp_path):
    shared = ag.ones(1000)
    ag.save([shared, {"again": shared}], tmp_path / "x.npz")
    first, second = ag.load(tmp_path / "x.npz")
    assert first is second["again"]
    assert (tmp_path / "x.npz").stat().st_size < 8000


def test_numpy_reads_the_arrays_by_their_paths(tmp_path):
    ag.save({"model": nn.Linear(2, 3).state_dict(), "step": 4}, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as arrays:
        assert arrays["model.weight"].shape == (3, 2)


def test_numpys_files_are_read(tmp_path):
    np.savez(tmp_path / "x.npz", w=np.ones(2), b=np.zeros(1))
    assert same(ag.load(tmp_path / "x.npz"), {"w": ag.ones(2, dtype=ag.float64), "b": ag.zeros(1, dtype=ag.float64)})


def test_training_goes_on_from_a_checkpoint(tmp_path):
    def started():
        model = nn.Linear(3, 1)
        return model, nn.optim.Adam(model.parameters(), lr=0.1)

    def step(model, optimizer):
        optimizer.zero_grad()
        model(ag.ones(2, 3)).square().sum().backward()
        optimizer.step()

    (model, optimizer), (other, other_optimizer) = started(), started()
    step(model, optimizer)
    ag.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1}, tmp_path / "x.pt")
    state = ag.load(tmp_path / "x.pt")
    other.load_state_dict(state["model"])
    other_optimizer.load_state_dict(state["optimizer"])
    step(model, optimizer)
    step(other, other_optimizer)
    assert same(other.state_dict(), model.state_dict())
    assert state["epoch"] == 1


class Thing:
    """What no file should hold."""


@pytest.mark.parametrize(
    ("value", "place"), [(Thing(), "Thing"), ({"a": [1, Thing()]}, "'a.1'"), (np.array([None]), "object"), (len, "builtin")]
)
def test_only_data_is_saved(tmp_path, value, place):
    with pytest.raises(DtypeError, match=place):
        ag.save(value, tmp_path / "x.npz")


def test_pickles_of_torch_are_refused_in_words(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    with pytest.raises(ArgumentError, match=r"pickle of PyTorch's torch\.save; where torch is installed"):
        ag.load(tmp_path / "x.pt")
    (tmp_path / "y.pt").write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(ArgumentError, match="begins with"):
        ag.load(tmp_path / "y.pt")


def test_other_devices_are_refused(tmp_path):
    ag.save(1, tmp_path / "x.npz")
    with pytest.raises(ArgumentError, match="CPU only"):
        ag.load(tmp_path / "x.npz", map_location="cuda:0")


# ── safetensors ──


def test_safetensors_come_back(tmp_path):
    tensors = {
        "a": ag.tensor([[1.0, 2.0]]), "b": ag.tensor([True, False]), "c": ag.zeros(0, 3), "d": ag.tensor(5), "e": ag.tensor([1 + 2j]),
        "f": ag.arange(6).reshape(2, 3).T,
    }  # fmt: skip
    ag.save(tensors, tmp_path / "x.safetensors")
    assert same(ag.load(tmp_path / "x.safetensors"), tensors)


def test_the_layout_of_safetensors(tmp_path):
    ag.save({"w": ag.tensor([1.0, 2.0])}, tmp_path / "x.safetensors")
    content = (tmp_path / "x.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    assert content[8 : 8 + length].rstrip() == b'{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}'
    assert content[8 + length :] == np.array([1, 2], "<f4").tobytes()


def safetensors(header, data):
    return io.BytesIO(len(header).to_bytes(8, "little") + header + data)


def test_bfloat16_and_metadata_of_safetensors():
    header = b'{"__metadata__":{"format":"pt"},"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    found = ag.load(safetensors(header, b"\x80\x3f\x20\xc0"))
    assert same(found, {"w": ag.tensor([1.0, -2.5])})


def test_what_safetensors_refuse(tmp_path):
    with pytest.raises(DtypeError, match=r"suffix \.npz"):
        ag.save([ag.ones(1)], tmp_path / "x.safetensors")
    with pytest.raises(DtypeError, match="list of int64 under 'a'"):
        ag.save({"a": [1]}, tmp_path / "x.safetensors")
    with pytest.raises(DtypeError, match="F8_E4M3 under 'w'"):
        ag.load(safetensors(b'{"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', b"\x00"))
    with pytest.raises(ArgumentError, match="cut off"):
        ag.load(safetensors(b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', b"\x00" * 4))


# ── files that are damaged ──


def written(suffix):
    """The bytes of a small file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        ag.save({"w": ag.arange(6.0).reshape(2, 3), "b": ag.tensor([1, 2])}, path)
        return path.read_bytes()


def outcome(data):
    """What loading these bytes says; None if they can be read."""
    try:
        ag.load(io.BytesIO(data))
    except AutogradError as error:
        return str(error)
    return None


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_file_that_is_cut_off_is_refused(suffix):
    data = written(suffix)
    assert outcome(data) is None
    for length in range(len(data)):
        assert "load: " in (outcome(data[:length]) or "")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_any_damage_is_harmless_or_refused(suffix):
    draw, data = np.random.default_rng(0), written(suffix)
    refused = 0
    for _ in range(500):
        damaged = bytearray(data)
        for position in draw.integers(0, len(data), draw.integers(1, 4)):
            damaged[position] = draw.integers(256)
        refused += outcome(bytes(damaged)) is not None
    assert refused > 100


@pytest.mark.parametrize(
    "header",
    [
        b"{", b"[]", b'{"w":3}', b'{"w":{}}', b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[-8,-4]}}',
        b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}',
        b'{"w":{"dtype":"F32","shape":["a"],"data_offsets":[0,4]}}', b'{"w":{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}}',
        b'{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', b'{"a":' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_headers_that_make_no_sense_are_refused(header):
    with pytest.raises(AutogradError, match="load: "):
        ag.load(safetensors(header, b"\x00" * 8))


def test_a_header_that_would_fill_the_memory_is_refused():
    with pytest.raises(ArgumentError, match="a header of at most 100,000,000 bytes is required; got 9,223,372,036,854,775,807"):
        ag.load(io.BytesIO((2**63 - 1).to_bytes(8, "little") + b"{}"))


@pytest.mark.parametrize("structure", [b"[", b'["tensor","x",false]', b'["evil",1]', b'["dict",[[["list",[]],1]]]', b"[" * 100_000])
def test_structures_that_make_no_sense_are_refused(structure):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("structure.json", structure)
    assert "load: an intact file is required" in outcome(buffer.getvalue())
