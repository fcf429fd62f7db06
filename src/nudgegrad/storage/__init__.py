"""Networks in files: what they are made of, and their arrays."""

from nudgegrad.storage.network_file import load_network, save_network
from nudgegrad.storage.parameters import load_parameters, save_parameters

__all__ = ["load_network", "load_parameters", "save_network", "save_parameters"]
