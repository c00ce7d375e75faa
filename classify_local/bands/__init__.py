"""Derived bands: arithmetic on arrays and names, nothing else."""
