"""A picture of a map: the image, the classes with their legend, and how sure the classifier is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from classify_local.features.stack import FeatureStack
from classify_local.grid import Grid, Window
from classify_local.legend import Legend
from classify_local.storage import atomic

PROBABILITY_COLORS = (
    "#000000", "#480000", "#710101", "#BA0000", "#FF0000", "#FFA500", "#FFFF00", "#79C900", "#006400",
)  # fmt: skip
"""SEPAL's palette for 0 to 100 percent."""

_LONGEST = 1200


def write_preview(path: Path, folder: Path, name: str, stack: FeatureStack, legend: Legend) -> None:
    """Write a PNG of a finished map beside the image it was made from.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    panels = [("Image", image_rgb(stack))]
    class_vrt, percent_vrt = folder / f"{name}_class.vrt", folder / f"{name}_probability.vrt"
    if class_vrt.exists():
        panels.append(("Land cover", class_rgb(*_read(class_vrt), legend)))
    if percent_vrt.exists():
        panels.append(("Class probability (%)", percent_rgb(*_read(percent_vrt))))
    atomic.write_bytes(path, _png(panels, stack.grid, legend))


def image_rgb(stack: FeatureStack) -> NDArray[np.float64]:
    """The image in true colour where it has red, green and blue, else its first bands; stretched by percentiles.

    Returns
    -------
    ndarray
        Shape (rows, cols, 3), 0 to 1; white where there is no data. At most 1200 pixels wide or high.
    """
    wanted = [name for name in ("red", "green", "blue") if name in stack.names]
    names = wanted if len(wanted) == 3 else [stack.names[i % len(stack.names)] for i in range(3)]
    values, valid = _thinned(stack)
    chosen = values[[stack.names.index(name) for name in names]]
    return np.where(valid[..., None], np.moveaxis(_stretched(chosen, valid), 0, -1), 1.0)


def class_rgb(values: NDArray[Any], valid: NDArray[np.bool_], legend: Legend) -> NDArray[np.float64]:
    """Classes in the legend's colours, shape (rows, cols, 3); white where there is no class."""
    rgb = np.ones((*values.shape, 3))
    for entry in legend:
        rgb[valid & (values == entry.value)] = to_rgb(entry.color)
    return rgb


def percent_rgb(values: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Percent in SEPAL's probability palette, shape (rows, cols, 3)."""
    rgb = _probability_map()(values / 100.0)[..., :3]
    return np.where(valid[..., None], rgb, 1.0)


def _probability_map() -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list("probability", list(PROBABILITY_COLORS))


def _read(path: Path) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    with rasterio.open(path) as handle:
        step = max(1, -(-max(handle.shape) // _LONGEST))
        shape = (-(-handle.height // step), -(-handle.width // step))
        values = handle.read(1, out_shape=shape)
        return values, values != handle.nodata


def _thinned(stack: FeatureStack) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Every n-th pixel of the stack, read row by row so that memory stays small."""
    step = max(1, -(-max(stack.grid.shape) // _LONGEST))
    rows, cols = stack.grid.shape
    lines = [stack.read(Window(row=row, col=0, rows=1, cols=cols)) for row in range(0, rows, step)]
    values = np.concatenate([block.features[:, :, ::step] for block in lines], axis=1)
    return values, np.concatenate([block.valid[:, ::step] for block in lines])


def _stretched(values: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    out = np.zeros(values.shape)
    for i, band in enumerate(values.astype(float)):
        low, high = np.percentile(band[valid], [2, 98]) if valid.any() else (0.0, 1.0)
        out[i] = np.clip((band - low) / max(high - low, 1e-12), 0, 1)
    return out


def _png(panels: list[tuple[str, NDArray[np.float64]]], grid: Grid, legend: Legend) -> bytes:
    figure = Figure(figsize=(5.2 * len(panels), 6.4), layout="constrained")
    for axes, (title, rgb) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        axes.imshow(rgb, interpolation="nearest")
        axes.set_title(title)
        axes.set_xticks([])
        axes.set_yticks([])
        if title == panels[0][0]:
            _scale_bar(axes, grid, rgb.shape[1])
        if title.startswith("Class prob"):
            _color_bar(figure, axes)
    handles = [Patch(facecolor=entry.color, edgecolor="#444444", label=entry.label) for entry in legend]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(5, len(handles)), frameon=False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": "classify_local"})
    return stream.getvalue()


def _scale_bar(axes: Any, grid: Grid, width: int) -> None:
    """A bar of a round number of metres; nothing where the grid is in degrees."""
    if grid.crs.is_geographic:
        return
    metres = grid.pixel_size[1] * grid.crs.linear_units_factor[1] * grid.shape[1] / width
    length = 10 ** np.floor(np.log10(metres * width / 3))
    length *= max(factor for factor in (1, 2, 5) if factor * length <= metres * width / 3)
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    x, y = 0.04 * width, 0.96 * axes.get_ylim()[0]
    axes.plot([x, x + length / metres], [y, y], color="white", linewidth=4, solid_capstyle="butt")
    axes.text(x, y, label, color="white", va="bottom", fontsize=9)


def _color_bar(figure: Figure, axes: Any) -> None:
    scale = ScalarMappable(Normalize(0, 100), _probability_map())
    figure.colorbar(scale, ax=axes, location="right", shrink=0.7)
