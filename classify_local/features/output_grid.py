"""The grid of the map: the first image's, or the part of it, the pixel size or the reference system asked for. Pure."""

from __future__ import annotations

import math
import re

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import calculate_default_transform, transform_bounds

from classify_local.errors import InputError
from classify_local.grid import Grid, Window

Bounds = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y."""

_METRES = 111_319.490793
"""Metres of a degree at the equator of WGS84, by which Earth Engine makes degrees of a scale."""
_DEGREES = re.compile(r"([0-9]*\.?[0-9]+(?:[eE]-?[0-9]+)?) *deg")
_UNBROKEN = CRS.from_dict(proj="longlat", datum="WGS84", lon_wrap=180)
"""Degrees that count on across the antimeridian."""
_DEGREES_CRS = CRS.from_epsg(4326)
_SMALLEST = 1e-9
"""Share of an image's side below which its pixels are no more counted: 1e12 of them are refused later anyway."""
_EDGE = 1e-6
"""Share of a pixel by which an area may reach into the next one without taking it."""


def resolve_grid(
    first: Grid,
    *,
    scale: float | str | None = None,
    crs: str | None = None,
    area: Bounds | None = None,
    within: Bounds | None = None,
) -> Grid:
    """The grid of the map.

    Parameters
    ----------
    first
        The first image's grid.
    scale
        Side of a pixel in metres, or in degrees as "0.00025 deg"; as the first image has it if None.
    crs
        Reference system, as EPSG:n or a definition; the first image's if None.
    area
        Bounds in EPSG:4326; where the least x is greater than the greatest, across the antimeridian. All of the first
        image if None.
    within
        The same in the map's own reference system, in place of `area`.

    Returns
    -------
    Grid
        In the first image's reference system its pixels begin where the first image's do, at whole numbers of its own
        pixels; in another, at whole numbers of them from the origin.

    Raises
    ------
    InputError
        If the system is unknown, the area lies outside the image, or the pixel size makes no sense.
    """
    target = resolve_crs(first, crs)
    wanted = within if area is None else _in(area, target, first)
    bounds = bounds_in(first, target)
    if wanted is not None and target.is_geographic:
        wanted = _beside(wanted, bounds)
    if scale is None and target == first.crs:
        return first if wanted is None else _cropped(first, wanted)
    side = _side(first, target, scale)
    _require_sane(side, bounds, scale)
    if wanted is not None:
        bounds = _common(bounds, wanted)
    origin = (first.transform.c, first.transform.f) if target == first.crs else (0.0, 0.0)
    return _grid(target, side, bounds, origin)


def finer_note(grid: Grid, first: Grid) -> str:
    """What to say where the map's pixels are smaller than the first image's, or an empty text."""
    if grid.crs != first.crs:
        return ""
    ratio = min(native / own for native, own in zip(first.pixel_size, grid.pixel_size, strict=True))
    if ratio < 1.01:
        return ""
    return (
        f"the map's pixels are {ratio:.3g} times smaller than the first image's: that adds nothing but size "
        f"({grid.shape[0] * grid.shape[1]:,} pixels instead of {first.shape[0] * first.shape[1]:,})"
    )


def resolve_crs(first: Grid, crs: str | None) -> CRS:
    """The map's reference system: the one asked for, or the first image's.

    Raises
    ------
    InputError
        If it is unknown.
    """
    return first.crs if crs is None else _known(crs)


def _known(text: str) -> CRS:
    if "://" in text:
        raise InputError(f"output.crs: {text!r} is an address, which is never opened; write EPSG:n")
    try:
        with rasterio.Env():  # otherwise GDAL prints what it thinks of the text
            found = CRS.from_user_input(text)
    except ValueError as error:  # a CRSError is one
        raise InputError(
            f"output.crs: unknown reference system {text[:60]!r}; write EPSG:n, for example EPSG:4326"
        ) from error
    if not (found.is_projected or found.is_geographic):
        raise InputError(f"output.crs: {text[:60]!r} is no system of maps or degrees; write one, for example EPSG:4326")
    return found


def _side(first: Grid, target: CRS, scale: float | str | None) -> float:
    """Side of a pixel in units of the target system."""
    if scale is None:
        unbroken = _UNBROKEN if target.is_geographic and bounds_in(first, target)[2] > 180 else target
        made, _, _ = calculate_default_transform(first.crs, unbroken, first.shape[1], first.shape[0], *first.bounds)
        return float(abs(made.a))
    if isinstance(scale, str):
        found = _DEGREES.fullmatch(scale.strip())
        if found is None or float(found[1]) <= 0:
            raise InputError(
                f"output.scale: {scale!r} is no size; write metres as a number, or for example 0.00025 deg"
            )
        scale = float(found[1]) * _METRES
    return scale / _METRES if target.is_geographic else scale / float(target.linear_units_factor[1])


def _require_sane(side: float, bounds: Bounds, scale: float | str | None) -> None:
    """Refuse pixels that cannot be counted over the first image, or of which one is larger than all of it."""
    least, most = min(bounds[2] - bounds[0], bounds[3] - bounds[1]), max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    if not (least * _SMALLEST < side <= 2 * most):
        raise InputError(
            f"output.scale: pixels of {scale} do not suit the first image ({_said(bounds)} in the map's system); is it "
            "in metres, or in degrees as in 0.00025 deg?"
        )


def bounds_in(first: Grid, target: CRS) -> Bounds:
    """The first image's bounds in another system; degrees count on across the antimeridian."""
    if target == first.crs:
        return first.bounds
    if not (first.crs.is_projected or first.crs.is_geographic):
        raise InputError(
            "output: the first image's reference system is tied to no place on the earth, so neither output.crs nor "
            "output.aoi can be found on it; give the image one that is"
        )
    left, bottom, right, top = transform_bounds(first.crs, target, *first.bounds, densify_pts=101)
    across = 360 if target.is_geographic and right < left else 0
    return _whole((left, bottom, right + across, top), "the image has no place in output.crs")


def _in(area: Bounds, target: CRS, first: Grid) -> Bounds:
    """An area in degrees as bounds in the map's system."""
    west, south, east, north = area
    if not (-90 <= south < north <= 90 and -360 <= west <= 360 and -360 <= east <= 360):
        raise InputError(f"output.aoi: {list(area)} is not west, south, east, north in degrees")
    east = east + 360 if east < west else east
    if target.is_geographic:
        return west, south, east, north
    found = transform_bounds(_DEGREES_CRS, target, *_about((west, south, east, north), first, target), densify_pts=101)
    return _whole(found, f"output.aoi: {list(area)} has no place in the map's reference system")


def _about(area: Bounds, first: Grid, target: CRS) -> Bounds:
    """What of an area in degrees lies about the image: far from it a projection may fold back upon it."""
    image = bounds_in(first, _DEGREES_CRS)
    margin = max(image[2] - image[0], image[3] - image[1]) / 100
    wider = (image[0] - margin, max(image[1] - margin, -90.0), image[2] + margin, min(image[3] + margin, 90.0))
    if image[2] - image[0] >= 360:  # a pole lies within: every meridian does
        wider = (area[0], wider[1], area[2], wider[3])
    wanted = _beside(area, image)
    if wanted[0] >= wider[2] or wanted[2] <= wider[0] or wanted[1] >= wider[3] or wanted[3] <= wider[1]:
        raise InputError(_outside(wanted, bounds_in(first, target), f"{_said(image)} in degrees; "))
    return _common(wider, wanted)


def _whole(bounds: Bounds, problem: str) -> Bounds:
    left, bottom, right, top = bounds
    if not np.isfinite([left, bottom, right, top]).all() or left >= right or bottom >= top:
        raise InputError(problem)
    return left, bottom, right, top


def _beside(wanted: Bounds, image: Bounds) -> Bounds:
    """An area in the turn of 360 degrees in which the image lies.

    Raises
    ------
    InputError
        If the image ends where the area goes on.
    """
    west, south, east, north = wanted
    turns = [turn for turn in (0, -360, 360) if west + turn < image[2] and east + turn > image[0]]
    if len(turns) > 1 and east - west < 360:
        sides = [
            [round(number, 10) for number in (max(west + turn, image[0]), south, min(east + turn, image[2]), north)]
            for turn in turns
        ]
        raise InputError(
            f"output.aoi: {_said(wanted)} crosses the meridian at which the first image ends ({_said(image)}); map "
            f"its sides one by one, each under a name of its own: aoi: {' and aoi: '.join(map(str, sides))}"
        )
    turn = turns[0] if turns else 0
    return west + turn, south, east + turn, north


def _common(bounds: Bounds, wanted: Bounds) -> Bounds:
    left, bottom = max(bounds[0], wanted[0]), max(bounds[1], wanted[1])
    right, top = min(bounds[2], wanted[2]), min(bounds[3], wanted[3])
    if left >= right or bottom >= top:
        raise InputError(_outside(wanted, bounds))
    return left, bottom, right, top


def _outside(wanted: Bounds, image: Bounds, degrees: str = "") -> str:
    return f"output.aoi: {_said(wanted)} lies outside the first image ({degrees}{_said(image)} in the map's system)"


def _cropped(first: Grid, wanted: Bounds) -> Grid:
    """The first image's own pixels that the area touches."""
    left, bottom, right, top = wanted
    rows, cols = first.pixel_yx(np.array([left, right, left, right]), np.array([bottom, bottom, top, top]))
    low = np.maximum(np.floor([rows.min() + _EDGE, cols.min() + _EDGE]), 0).astype(int)
    high = np.minimum(np.ceil([rows.max() - _EDGE, cols.max() - _EDGE]), first.shape).astype(int)
    if (high <= low).any():
        raise InputError(_outside(wanted, first.bounds))
    size = high - low
    return first.cropped(Window(row=int(low[0]), col=int(low[1]), rows=int(size[0]), cols=int(size[1])))


def _grid(crs: CRS, side: float, bounds: Bounds, origin: tuple[float, float]) -> Grid:
    """Square pixels, north up, that cover the bounds and lie at whole numbers of pixels from the origin."""
    left, bottom, right, top = bounds
    first_col = math.floor((left - origin[0]) / side + _EDGE)
    first_row = math.floor((origin[1] - top) / side + _EDGE)
    cols = math.ceil((right - origin[0]) / side - _EDGE) - first_col
    rows = math.ceil((origin[1] - bottom) / side - _EDGE) - first_row
    corner = Affine(side, 0, origin[0] + first_col * side, 0, -side, origin[1] - first_row * side)
    return Grid(crs=crs, transform=corner, shape=(max(1, rows), max(1, cols)))


def _said(bounds: Bounds) -> str:
    return " ".join(f"{number:.10g}" for number in bounds)
