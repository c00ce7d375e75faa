"""Folders in which space agencies publish a scene, each band in a file of its own, as one image."""

from classify_local.storage.products.opening import open_product

__all__ = ["open_product"]
