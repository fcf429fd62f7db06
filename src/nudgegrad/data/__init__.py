"""Data sets: MNIST, which comes with the package, others by name, and the user's own."""

from __future__ import annotations

from nudgegrad.data.bundled import load_mnist
from nudgegrad.data.csv_file import load_csv
from nudgegrad.data.dataset import Dataset, as_inputs, as_parts, one_hot
from nudgegrad.data.folder import load_idx_folder, load_npz
from nudgegrad.data.idx import read_idx
from nudgegrad.data.image_folder import load_image_folder
from nudgegrad.data.loading import load
from nudgegrad.data.locations import cache_folder
from nudgegrad.data.registry import Available, available, names

__all__ = [
    "Available",
    "Dataset",
    "as_inputs",
    "as_parts",
    "available",
    "cache_folder",
    "load",
    "load_csv",
    "load_idx_folder",
    "load_image_folder",
    "load_mnist",
    "load_npz",
    "names",
    "one_hot",
    "read_idx",
]
