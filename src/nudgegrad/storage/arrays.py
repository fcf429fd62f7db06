"""Named arrays and a JSON document in one file: npz, or safetensors where its library is there.

Source of the second: https://github.com/huggingface/safetensors, whose library checks a header
against the file's size before it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.files import FileError, read_npz, write_atomically, write_npz
from nudgegrad.validation import ParameterError

__all__ = ["DOCUMENT", "read_arrays", "write_arrays"]

DOCUMENT = "network"
"""What the document is called: ``network.json`` in an npz, ``network`` in safetensors' metadata."""

KINDS = {"F32": "float32", "F64": "float64", "I64": "int64"}
"""Dtypes that are read, by safetensors' names."""

LIMIT = 2**32
"""Bytes of the largest file that is read."""


def write_arrays(
    path: str | os.PathLike[str], arrays: Mapping[str, Any], document: Any = None
) -> None:
    """Write arrays and a JSON document, atomically, in the format that the path's end tells."""
    if _ending(path) == ".npz":
        write_npz(path, arrays, document, member=f"{DOCUMENT}.json")
        return
    save = _safetensors().numpy.save
    # "format" is what other readers look for: whose arrays these were.
    metadata = {"format": "np"}
    if document is not None:
        metadata[DOCUMENT] = json.dumps(document, ensure_ascii=False)
    content = save({name: np.array(array, order="C") for name, array in arrays.items()}, metadata)
    with write_atomically(path) as stream:
        stream.write(content)


def read_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], Any]:
    """Return a file's arrays and its JSON document, None if it has none.

    Raises
    ------
    FileError
        If the file is damaged, too large, or holds what it may not.
    ParameterError
        If the path ends in neither ``.npz`` nor ``.safetensors``.
    """
    if _ending(path) == ".npz":
        return read_npz(path, member=f"{DOCUMENT}.json", limit=LIMIT)
    library = _safetensors()
    arrays: dict[str, NDArray[Any]] = {}
    try:
        size = Path(path).stat().st_size
        if size > LIMIT:
            raise FileError(f"{path}: must hold at most {LIMIT} bytes, got {size}")
        with library.safe_open(os.fspath(path), framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118
                kind = file.get_slice(name).get_dtype()
                if kind not in KINDS:
                    raise FileError(
                        f"{path}: array {name!r} must be of {', '.join(KINDS.values())}, got {kind}"
                    )
                arrays[name] = file.get_tensor(name)
            document = json.loads((file.metadata() or {}).get(DOCUMENT, "null"))
    except (FileError, MemoryError):
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # the library's own, and whatever JSON stumbled upon
        raise FileError(f"{path}: is not a complete safetensors file ({error})") from error
    return arrays, document


def _ending(path: str | os.PathLike[str]) -> str:
    ending = Path(path).suffix.lower()
    if ending not in (".npz", ".safetensors"):
        raise ParameterError(f"path must end in .npz or .safetensors, got {os.fspath(path)!r}")
    return ending


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "files of this format need the safetensors library, which could not be imported; "
            'pip install "nudgegrad[safetensors]", or let the path end in .npz'
        ) from error
    return safetensors
