"""What replaces the innermost array lines for NumPy arrays, compiled by Numba.

Every kernel computes what lines elsewhere in this library say; those stay, and are its oracle.
"""
