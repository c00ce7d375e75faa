"""Which variables of a dataset are bands of an image, and what their stored values mean (CF conventions)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from classify_local.errors import InputError
from classify_local.grid import Grid
from classify_local.storage.arrays.coordinates import axis_of, grid_of
from classify_local.storage.arrays.times import dates_of, resolve_time
from classify_local.types import FeatureArray

_MOST_BANDS = 4096
_UNWRITTEN = {"float32": float(np.float32(9.969209968386869e36)), "float64": 9.969209968386869e36}
"""What netCDF fills in where nothing was written and no _FillValue says otherwise (NUG, default fill values)."""
_UNNAMED = "__xarray_dataarray_variable__"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayBand:
    """A band: a variable with its dimensions besides y and x fixed.

    Parameters
    ----------
    name
        What the band is called.
    variable, fixed, y, x
        The variable, the position along each other dimension, and the names of the dimensions of the image.
    dtype
        Type of its values, in this machine's byte order.
    nodata
        Stored values that are no data.
    limits
        Least and greatest stored value that is data, where given.
    scaling
        Scale and offset of stored values, where given.
    """

    name: str
    variable: Hashable
    fixed: tuple[tuple[Hashable, int], ...]
    y: Hashable
    x: Hashable
    dtype: str
    nodata: tuple[float, ...]
    limits: tuple[float, float] | None
    scaling: tuple[float, float] | None

    def stored(self, values: FeatureArray) -> FeatureArray:
        """Values as read, in the band's type; netCDF-3 says by an attribute that signed bytes are not."""
        dtype = np.dtype(self.dtype)
        native = values.astype(values.dtype.newbyteorder("="), copy=False)
        if native.dtype.kind in "iu" and dtype.kind in "iu" and native.dtype.itemsize == dtype.itemsize:
            return native.view(dtype)
        return native.astype(dtype, copy=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """The bands of a dataset on their grid, and sentences on what was left out."""

    grid: Grid
    bands: tuple[ArrayBand, ...]
    notes: tuple[str, ...]


def arrange(dataset: xr.Dataset, time: str | None, where: str, *, by_name: bool = False) -> Arranged:
    """The bands of a dataset: its variables over (y, x) or (band, y, x), at one time.

    They are in the dataset's order, or sorted by name: a folder keeps its arrays in none.

    Raises
    ------
    InputError
        If there is none, if several times are there and none is meant, or if the grid is not regular.
    """
    order = sorted(dataset.data_vars, key=str) if by_name else list(dataset.data_vars)
    placed = {name: yx for name in order if (yx := _yx(dataset, dataset[name])) is not None}
    if not placed:
        raise InputError(
            f"{where}: holds no variable over y and x in numbers; it has "
            f"{', '.join(str(name) for name in order[:10]) or 'none'}"
        )
    first = max(placed, key=lambda name: math.prod(dataset[name].sizes[dim] for dim in placed[name]))
    y, x = placed[first]
    taken = [name for name, yx in placed.items() if yx == (y, x)]
    bands, left = _all_bands(dataset, taken, (y, x), time, where)
    rest = [str(name) for name in order if name not in taken] + left
    notes = (f"left out are {', '.join(rest[:20])}: not over {y} and {x} alone or with bands",) if rest else ()
    return Arranged(grid=grid_of(dataset, dataset[first], y, x, where), bands=tuple(bands), notes=notes)


def _yx(dataset: xr.Dataset, variable: xr.DataArray) -> tuple[Hashable, Hashable] | None:
    """The dimensions of the image in a variable of numbers, or None."""
    if variable.dtype.kind not in "iufb":
        return None
    axes = {axis_of(dataset, dim): dim for dim in variable.dims}
    return (axes["y"], axes["x"]) if "y" in axes and "x" in axes else None


def _all_bands(
    dataset: xr.Dataset, names: Iterable[Hashable], yx: tuple[Hashable, Hashable], time: str | None, where: str
) -> tuple[list[ArrayBand], list[str]]:
    """The bands of variables on one grid, and the names of those with more dimensions than a band has."""
    bands: list[ArrayBand] = []
    left: list[str] = []
    chosen: dict[Hashable, int] = {}
    names = list(names)
    for name in names:
        others = [dim for dim in dataset[name].dims if dim not in yx]
        fixed = dict(_fixed(dataset, others, chosen, time, where))
        free = [dim for dim in others if dim not in fixed]
        if len(free) > 1:
            left.append(str(name))
            continue
        bands += _bands(dataset, name, yx, tuple(fixed.items()), free[0] if free else None, alone=len(names) == 1)
        if len(bands) > _MOST_BANDS:
            raise InputError(f"{where}: has more than {_MOST_BANDS} bands; give a file with those that are needed")
    if not bands:
        raise InputError(f"{where}: {', '.join(left)} have several dimensions besides time, y and x; select one first")
    if time is not None and not chosen:
        raise InputError(f"{where}: has no time axis; take time out of the recipe")
    _require_unique(bands, where)
    return bands, left


def _fixed(
    dataset: xr.Dataset, dims: Iterable[Hashable], chosen: dict[Hashable, int], time: str | None, where: str
) -> Iterator[tuple[Hashable, int]]:
    """The position along each dimension of time or of length 1."""
    for dim in dims:
        if axis_of(dataset, dim) == "t":
            if dim not in chosen:
                chosen[dim] = resolve_time(dates_of(dataset, dim), time, where)
            yield dim, chosen[dim]
        elif dataset.sizes[dim] == 1:
            yield dim, 0


def _bands(
    dataset: xr.Dataset, name: Hashable, yx: tuple[Hashable, Hashable], fixed: tuple[tuple[Hashable, int], ...],
    free: Hashable | None, *, alone: bool,
) -> Iterator[ArrayBand]:  # fmt: skip
    variable = dataset[name]
    positions = [fixed] if free is None else [(*fixed, (free, i)) for i in range(variable.sizes[free])]
    labels = [str(name)] if free is None else _labels(dataset, variable, free, alone=alone)
    dtype = _dtype(variable)
    nodata, limits, scaling = _nodata(variable, dtype), _limits(variable, dtype), _scaling(variable.attrs)
    for label, place in zip(labels, positions, strict=True):
        yield ArrayBand(
            name=label.strip() or "b1", variable=name, fixed=place, y=yx[0], x=yx[1], dtype=dtype.name,
            nodata=nodata, limits=limits, scaling=scaling,
        )  # fmt: skip


def _labels(dataset: xr.Dataset, variable: xr.DataArray, dim: Hashable, *, alone: bool) -> list[str]:
    """Names of the bands along a dimension: those of its coordinate if they are text, else numbered."""
    count = variable.sizes[dim]
    long = variable.attrs.get("long_name")
    if isinstance(long, list | tuple | np.ndarray) and len(long) == count:
        return [str(text) for text in long]
    prefix = "" if alone or variable.name == _UNNAMED else f"{variable.name}_"
    given = dataset[dim].values if dim in dataset.variables else np.arange(1, count + 1)
    if given.dtype.kind in "OSU":
        return [f"{prefix}{text.decode() if isinstance(text, bytes) else text}" for text in given]
    stem = "b" if prefix == "" else prefix
    return [f"{stem}{value:g}" for value in given.astype(float)]


def _dtype(variable: xr.DataArray) -> np.dtype[Any]:
    dtype = variable.dtype.newbyteorder("=")
    unsigned = str(variable.attrs.get("_Unsigned", "")).lower()
    if dtype.kind == "b" or dtype == np.float16:
        return np.dtype("uint8" if dtype.kind == "b" else "float32")
    if dtype.kind == "i" and unsigned == "true":
        return np.dtype(f"uint{dtype.itemsize * 8}")
    if dtype.kind == "u" and unsigned == "false":
        return np.dtype(f"int{dtype.itemsize * 8}")
    return dtype


def _nodata(variable: xr.DataArray, dtype: np.dtype[Any]) -> tuple[float, ...]:
    given = [variable.attrs.get(key, variable.encoding.get(key)) for key in ("_FillValue", "missing_value")]
    values = [number for item in given for number in _numbers(item, variable.dtype, dtype)]
    if not values and dtype.name in _UNWRITTEN:
        values = [_UNWRITTEN[dtype.name]]
    return tuple(dict.fromkeys(values))


def _limits(variable: xr.DataArray, dtype: np.dtype[Any]) -> tuple[float, float] | None:
    attributes = variable.attrs
    both = _numbers(attributes.get("valid_range"), variable.dtype, dtype)
    if len(both) == 2:
        return both[0], both[1]
    low = _numbers(attributes.get("valid_min"), variable.dtype, dtype)
    high = _numbers(attributes.get("valid_max"), variable.dtype, dtype)
    return (low[0] if low else -math.inf, high[0] if high else math.inf) if low or high else None


def _numbers(given: Any, stored: np.dtype[Any], dtype: np.dtype[Any]) -> list[float]:
    """Numbers of an attribute, as the band's type has them."""
    if given is None:
        return []
    try:
        found = np.atleast_1d(np.asarray(given)).astype(np.float64).ravel()
    except (ValueError, TypeError):
        return []
    if dtype.kind == "u" and stored.kind == "i":
        found = np.where(found < 0, found + 2.0 ** (8 * dtype.itemsize), found)
    return [float(number) for number in found[:64] if not math.isnan(number)]


def _scaling(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    """Scale and offset; None if neither is given, or they change nothing."""
    found = []
    for key, neutral in (("scale_factor", 1.0), ("add_offset", 0.0)):
        try:
            found.append(float(np.asarray(attributes.get(key, neutral)).item()))
        except (ValueError, TypeError):
            found.append(neutral)
    scale, offset = found
    usable = math.isfinite(scale) and math.isfinite(offset) and scale != 0 and (scale, offset) != (1.0, 0.0)
    return (scale, offset) if usable else None


def _require_unique(bands: Iterable[ArrayBand], where: str) -> None:
    names = [band.name for band in bands]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{where}: several bands are called {', '.join(twice[:5])}; rename the variables or the bands")
