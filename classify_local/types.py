"""Aliases of the field: what the arrays that travel through the package are."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
"""Real numbers of any precision."""

FeatureArray: TypeAlias = NDArray[Any]
"""Band values, shape (bands, rows, cols) or (bands, n): a common integer type or float32."""

MaskArray: TypeAlias = NDArray[np.bool_]
"""True where a pixel is valid."""

LabelArray: TypeAlias = NDArray[np.int64]
"""Class values, as the legend has them."""
