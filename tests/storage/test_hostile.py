"""Files of networks that are not trusted: FileError, and nothing allocated on their word."""

from __future__ import annotations

import contextlib
import json
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.files import FileError, read_npz, write_npz

Document = dict[str, Any]


def network() -> ng.Network:
    layers = [ng.Conv2D(1, 2, 2), ng.MaxPool2D(2), ng.Flatten(), ng.Dropout(0.5), ng.Affine(8, 3)]
    return ng.Network(layers, seed=0, input_shape=(1, 5, 5))


def saved(path: Path) -> tuple[dict[str, Any], Document]:
    network().save(path)
    arrays, document = read_npz(path, member="network.json")
    return arrays, document


def layer(number: int, **changes: Any) -> Callable[[Document], None]:
    return lambda document: document["layers"][number].update(changes)


def whole(**changes: Any) -> Callable[[Document], None]:
    return lambda document: document.update(changes)


AFFINE = {"class": "Affine", "input_size": 10**9, "output_size": 10**9, "weight_init_std": 1.0}
POOL = {"class": "MaxPool2D", "kernel_size": [10**4, 10**4], "stride": 10**4}
CHANGES: dict[str, tuple[Callable[[Document], Any], str]] = {
    "another format": (whole(format=2), "does not say what network it is of, in format 1"),
    "no layers": (lambda document: document.pop("layers"), "'layers' is missing"),
    "layers of text": (whole(layers="Affine"), "layers must be a list, got str"),
    "no layer": (whole(layers=[]), "must have 0 numbers, the file has"),
    "a layer of text": (whole(layers=["Affine"]), "layer 1 must be one of Affine, .* got None"),
    "another class": (layer(0, **{"class": "Network"}), "layer 1 must be one of .* 'Network'"),
    "a class of lists": (layer(0, **{"class": ["Affine"]}), "layer 1 must be one of"),
    "a dunder": (layer(0, **{"class": "__init__"}), "layer 1 must be one of"),
    "an argument more": (layer(0, params={}), "Conv2D, must have in_channels, .* got .*'params'"),
    "an argument less": (lambda d: d["layers"][0].pop("stride"), "must have in_channels, .*stride"),
    "text for a number": (layer(0, stride="1"), "layer 1, Conv2D: stride must be"),
    "true for a number": (layer(0, stride=True), "stride must be"),
    "not finite": (layer(3, p=float("nan")), "layer 4, Dropout: p must be"),
    "beyond floats": (layer(3, p=10**400), "its network cannot be built"),
    "beyond text": (layer(0, padding=10**4000), "its network cannot be built"),
    "a loss that is none": (whole(loss={"class": "Affine"}), "loss must be one of CrossEntropy"),
    "dtype": (whole(dtype="float16"), "dtype must be one of float32, float64"),
    "dtype of objects": (whole(dtype=["O"]), "dtype must be one of"),
    "the other dtype": (whole(dtype="float32"), "must be float32 of shape"),
    "input_shape": (whole(input_shape=[1, -5, 5]), "input_shape must be"),
    "no input_shape": (whole(input_shape=None), "layer 1, .* must know the shape"),
    "a chain that does not fit": (layer(4, input_size=9), "layer 5, .* takes 9 features"),
    "another size": (layer(4, output_size=4), "must have 47 numbers, the file has 38"),
    "huge weights": (whole(layers=[AFFINE], input_shape=None), "must have 10000000010"),
    "huge channels": (layer(0, out_channels=10**12), "layer 2, .* is too large: poolings"),
    "huge pictures": (whole(input_shape=[1, 10**6, 10**6]), "layer 2, .* is too large: poolings"),
    "huge windows": (whole(layers=[POOL], input_shape=[1, 10**4, 10**4]), "is too large: pooling"),
    "huge padding": (layer(0, padding=10**9), "layer 2, .* is too large"),
    "many poolings": (
        whole(input_shape=[1, 4000, 4000], layers=[{**POOL, "kernel_size": 1, "stride": 1}] * 99),
        "layer 9, .* is too large: poolings must have at most 134217728 cells",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_documents(tmp_path: Path, name: str) -> None:
    change, message = CHANGES[name]
    path = tmp_path / "a.npz"
    arrays, document = saved(path)
    change(document)
    write_npz(path, arrays, document, member="network.json")
    with pytest.raises(FileError, match=rf"(?s)a\.npz: .*{message}"):
        ng.load_network(path)


def test_nothing_is_allocated_on_the_files_word(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays, document = saved(path)
    document.update(layers=[AFFINE], input_shape=None)
    write_npz(path, arrays, document, member="network.json")
    tracemalloc.start()
    try:
        with pytest.raises(FileError):
            ng.load_network(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["{", "[" * 10**5, "null", "[]", "1", '"x"', "\ud800"])
def test_documents_that_are_none(tmp_path: Path, text: str) -> None:
    import zipfile

    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("network.json", text.encode("utf-8", "surrogatepass"))
    with pytest.raises(FileError, match=r"a\.npz: "):
        ng.load_network(path)


def st_file(header: Any, content: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def entry(dtype: str, shape: list[Any], *offsets: Any) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": list(offsets)}}


SAFETENSORS: dict[str, bytes] = {
    "empty": b"",
    "short": b"\x01",
    "a header longer than the file": st_file({}, length=2**40),
    "a header of all bits": st_file({}, length=2**64 - 1),
    "no JSON": st_file(b"{..."),
    "no object": st_file([1]),
    "deep": st_file(b"[" * 10**5),
    "too short": st_file(entry("F64", [2], 0, 16), bytes(15)),
    "too long": st_file(entry("F64", [2], 0, 16), bytes(17)),
    "huge": st_file(entry("F64", [10**15], 0, 8 * 10**15), bytes(16)),
    "shape and offsets differ": st_file(entry("F64", [3], 0, 16), bytes(16)),
    "over all bounds": st_file(entry("F64", [2**62, 8], 0, 0)),
    "negative": st_file(entry("F64", [-2], 0, 16), bytes(16)),
    "backwards": st_file(entry("F64", [2], 16, 0), bytes(16)),
    "a hole": st_file(entry("F64", [2], 8, 24), bytes(24)),
    "unknown dtype": st_file(entry("X99", [2], 0, 16), bytes(16)),
    "half": st_file(entry("BF16", [8], 0, 16), bytes(16)),
    "bool": st_file(entry("BOOL", [16], 0, 16), bytes(16)),
    "document": st_file({"__metadata__": {"network": "{"}}),
    "deep document": st_file({"__metadata__": {"network": "[" * 10**5}}),
    "metadata of numbers": st_file({"__metadata__": {"network": 1}}),
    "no document": st_file(entry("F64", [2], 0, 16), bytes(16)),
}


@pytest.mark.parametrize("name", SAFETENSORS)
def test_safetensors(tmp_path: Path, name: str) -> None:
    pytest.importorskip("safetensors")
    path = tmp_path / "a.safetensors"
    path.write_bytes(SAFETENSORS[name])
    with pytest.raises(FileError, match=r"a\.safetensors: "):
        ng.load_network(path)


@pytest.mark.parametrize("name", ["a.npz", "a.safetensors"])
def test_damage_anywhere(tmp_path: Path, name: str) -> None:
    """A bit that is turned gives an error, or a network with another number in it."""
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors")
    path = tmp_path / name
    network().save(path)
    content = path.read_bytes()
    for place in range(0, len(content), 13):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with contextlib.suppress(FileError):
            found = ng.load_network(path)
            assert len(found.params) == 4
    for end in range(0, len(content), 97):
        path.write_bytes(content[:end])
        with pytest.raises(FileError, match=f"{name}: "):
            ng.load_network(path)


def test_what_other_libraries_read(tmp_path: Path) -> None:
    numpy_format = pytest.importorskip("safetensors.numpy")
    net = network()
    net.save(tmp_path / "a.safetensors")
    found = numpy_format.load_file(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(found["parameter.W1"], net.params["W1"], strict=True)
    net.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["parameter.W1"], net.params["W1"], strict=True)
