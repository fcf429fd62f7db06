"""The version, read by the build and by ``nudgegrad --version``."""

__version__ = "0.1.0"
