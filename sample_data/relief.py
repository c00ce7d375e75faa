"""The relief of the sample scene: hills and a plateau shaped by running water.

Everything here is arrays in, arrays out. Uplift and stream erosion are played
against each other on a 30 m grid until valleys, ridges and a river network have
formed by themselves; the result is refined to 10 m.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.float64]
Mask = NDArray[np.bool_]

COARSE = 170
FINE = 3 * COARSE
"""Rows and columns of the 30 m and the 10 m grid; the image is the middle of the latter."""

_INFLOW = (4, 132)
_OUTLET = (169, 22)
_INFLOW_AREA = 30_000.0
_STEPS = 24
_ERODIBILITY = 0.55
_LAKE_CELLS = 620


@dataclass(frozen=True, slots=True, kw_only=True)
class Drainage:
    """Who drains into whom, on the flattened 30 m grid."""

    order: list[int]
    """Cells from the outlet upwards: a cell always comes after the one it drains into."""
    receiver: list[int]
    """The cell each cell drains into; the outlet names itself."""
    area: Field
    """Cells upstream, itself included, shape (rows, cols)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """The finished relief on the 10 m grid, every field of shape (FINE, FINE)."""

    height: Field
    """Metres above sea level."""
    slope: Field
    """Degrees."""
    above_stream: Field
    """Metres above the stream that the cell drains into."""
    stream: Field
    """Closeness to a stream, 0 to about 1, more for larger streams."""
    river_distance: Field
    """Pixels to the middle of the river."""
    lake: Mask
    """The reservoir."""


def fractal(rng: np.random.Generator, size: int, *, beta: float, longest: float = np.inf) -> Field:
    """Return noise with a power spectrum falling as frequency ** -beta, mean 0 and deviation 1.

    Parameters
    ----------
    beta
        0 is white noise, 2 looks like a landscape, 3 like clouds.
    longest
        Waves longer than this many pixels are left out.
    """
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    frequency = np.sqrt(fy**2 + fx**2)
    frequency[0, 0] = np.inf
    gain = np.where(frequency < 1 / longest, 0, frequency ** (-beta / 2))
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * gain, s=(size, size))
    return (field - field.mean()) / field.std()


def ramp(values: Field, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high`, smooth between; the other way round if low > high."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _neighbours(size: int) -> list[list[int]]:
    """Return the up to eight neighbours of every cell of a square grid, by flat index."""
    index = np.pad(np.arange(size * size).reshape(size, size), 1, constant_values=-1)
    shifted = [
        index[1 + dy : 1 + dy + size, 1 + dx : 1 + dx + size].ravel()
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (dy, dx) != (0, 0)
    ]
    return [[n for n in row if n >= 0] for row in np.stack(shifted, axis=1).tolist()]


def _route(height: Field, neighbours: list[list[int]]) -> Drainage:
    """Find where water runs by flooding the land from the outlet (priority flood, Barnes et al. 2014).

    Every cell drains to the neighbour from which the flood reached it, so that pits
    drain over their lowest rim and no cell is left without a way out.
    """
    z = height.ravel().tolist()
    outlet = _OUTLET[0] * COARSE + _OUTLET[1]
    receiver = [-1] * len(z)
    receiver[outlet] = outlet
    heap, order = [(z[outlet], outlet)], []
    while heap:
        level, cell = heapq.heappop(heap)
        order.append(cell)
        for near in neighbours[cell]:
            if receiver[near] < 0:
                receiver[near] = cell
                heapq.heappush(heap, (max(level, z[near]), near))
    return Drainage(order=order, receiver=receiver, area=_accumulate(order, receiver))


def _accumulate(order: list[int], receiver: list[int]) -> Field:
    """Return the upstream area of every cell; the river brings the water of a land beyond the scene."""
    area = [1.0] * len(order)
    area[_INFLOW[0] * COARSE + _INFLOW[1]] += _INFLOW_AREA
    for cell in reversed(order[1:]):
        area[receiver[cell]] += area[cell]
    return np.array(area).reshape(COARSE, COARSE)


def _incise(height: Field, drainage: Drainage) -> Field:
    """Take one implicit step of stream-power erosion (Braun and Willett 2013), stable for any step."""
    power = (_ERODIBILITY * np.sqrt(drainage.area)).ravel().tolist()
    z = height.ravel().tolist()
    for cell in drainage.order[1:]:
        below = z[drainage.receiver[cell]]
        if z[cell] > below:
            z[cell] = (z[cell] + power[cell] * below) / (1 + power[cell])
    return np.array(z).reshape(height.shape)


def _uplift(rng: np.random.Generator) -> Field:
    """Return metres of uplift per step: hills in the north-west, a plateau in the south-east."""
    row, col = np.mgrid[:COARSE, :COARSE] / COARSE
    west = 1.0 - col - 0.75 * row + 0.10 * fractal(rng, COARSE, beta=3)
    hills = ramp(west, 0.10, 0.42)
    inselbergs = ramp(fractal(rng, COARSE, beta=3.2, longest=60), 1.5, 2.6) * ramp(row + col, 0.9, 1.2)
    swells = ramp(fractal(rng, COARSE, beta=3, longest=70), -1.5, 2)
    return 0.6 + 2.6 * swells + 9.0 * hills + 6.0 * inselbergs


def _erode(rng: np.random.Generator) -> tuple[Field, Drainage]:
    """Return the 30 m relief and its drainage after uplift and erosion have come near a balance."""
    row, col = np.mgrid[:COARSE, :COARSE] / COARSE
    valley = np.abs(col - 0.78 + 0.65 * row)
    height = 700 + 12 * (1 - row) + 6 * valley + 7 * fractal(rng, COARSE, beta=2.6)
    uplift, neighbours = _uplift(rng), _neighbours(COARSE)
    for _ in range(_STEPS):
        # A little unevenness at each step keeps streams from running side by side on even ground.
        raised = height + uplift * (1 + 0.3 * rng.standard_normal(height.shape))
        raised[_OUTLET] = 690.0
        height = ndimage.gaussian_filter(_incise(raised, _route(raised, neighbours)), 0.55)
    return height, _route(height, neighbours)


def _refine(coarse: Field) -> Field:
    """Return a 30 m field on the 10 m grid, by cubic splines."""
    return ndimage.zoom(coarse, FINE // COARSE, order=3, mode="nearest", grid_mode=True)


def _downstream(start: int, drainage: Drainage) -> list[int]:
    """Return the cells water passes from `start` to the outlet."""
    path = [start]
    while drainage.receiver[path[-1]] != path[-1]:
        path.append(drainage.receiver[path[-1]])
    return path


def smooth_path(cells: list[int], rng: np.random.Generator, *, stiffness: float, swing: float) -> Mask:
    """Return a path of 30 m cells as a winding line, one pixel wide, on the 10 m grid.

    Parameters
    ----------
    stiffness
        Cells over which the corners of the path are rounded.
    swing
        Deviation in pixels of the bends that are added.
    """
    yx = np.stack(np.unravel_index(np.array(cells), (COARSE, COARSE)), axis=1) * 3.0 + 1
    dense = ndimage.zoom(yx, (12, 1), order=1, mode="nearest", grid_mode=True)
    dense = ndimage.gaussian_filter1d(dense, 12 * stiffness, axis=0, mode="nearest")
    bends = ndimage.gaussian_filter1d(rng.standard_normal(dense.shape), 70, axis=0)
    dense = dense + swing * bends / max(bends.std(), 1e-9)
    pixel = np.clip(np.rint(dense), 0, FINE - 1).astype(int)
    line = np.zeros((FINE, FINE), dtype=bool)
    line[pixel[:, 0], pixel[:, 1]] = True
    return line


def _above_stream(height: Field, drainage: Drainage, streams: Mask) -> Field:
    """Return the height of each 30 m cell above the stream cell it drains into."""
    z, is_stream = height.ravel().tolist(), streams.ravel().tolist()
    base = list(z)
    for cell in drainage.order:
        if not is_stream[cell]:
            base[cell] = base[drainage.receiver[cell]]
    return np.maximum(height - np.array(base).reshape(height.shape), 0)


def _dam(drainage: Drainage) -> int:
    """Return the cell for a dam: the largest tributary of the plateau that leaves room for a lake."""
    row, col = np.mgrid[:COARSE, :COARSE]
    site = (row > 85) & (row < 140) & (col > 85) & (col < 140) & (drainage.area < 6000)
    return int(np.argmax(np.where(site, drainage.area, 0)))


def _lake(height: Field, drainage: Drainage) -> tuple[float, Mask]:
    """Return the level and basin (30 m) of a reservoir of a given area behind the dam."""
    dam = _dam(drainage)
    upstream = [False] * height.size
    upstream[dam] = True
    for cell in drainage.order[1:]:
        upstream[cell] = upstream[cell] or upstream[drainage.receiver[cell]]
    basin = np.array(upstream).reshape(height.shape)
    return float(np.sort(height[basin])[_LAKE_CELLS]), basin


def _largest(mask: Mask) -> Mask:
    """Return the largest connected part of a mask."""
    parts, _ = ndimage.label(mask)
    return parts == np.argmax(np.bincount(parts[mask]))


def _carve(height: Field, line: Mask) -> tuple[Field, Field]:
    """Lay the river into a floodplain; also return the distance to it in pixels."""
    distance, nearest = ndimage.distance_transform_edt(~line, return_indices=True)
    bed = ndimage.gaussian_filter(np.minimum(height, ndimage.minimum_filter(height, 9)), 4)
    bed_here = bed[tuple(nearest)]
    flat = ramp(distance, 26, 4)
    carved = bed_here + np.maximum(height - bed_here, 0) * (1 - 0.85 * flat) - 2.5 * ramp(distance, 4, 0)
    return np.where(flat > 0, carved, height), distance


def make_relief(rng: np.random.Generator) -> Relief:
    """Return the relief of the scene, river and reservoir included."""
    coarse, drainage = _erode(rng)
    level, basin = _lake(coarse, drainage)
    course = _downstream(_INFLOW[0] * COARSE + _INFLOW[1], drainage)
    line = smooth_path(course, rng, stiffness=9, swing=8.0)
    rough = _refine(coarse)
    rough += fractal(rng, FINE, beta=2.2, longest=30) * (0.25 + 0.02 * np.hypot(*np.gradient(rough)) * 10)
    height, distance = _carve(rough, line)
    lake = _largest(ndimage.binary_opening((_refine(basin.astype(float)) > 0.5) & (height < level)))
    height = np.where(lake, level, height)
    streams = np.where(drainage.area > 120, np.log10(drainage.area) - 1.5, 0)
    return Relief(
        height=height,
        slope=np.degrees(np.arctan(np.hypot(*np.gradient(ndimage.gaussian_filter(height, 1), 10.0)))),
        above_stream=np.maximum(_refine(_above_stream(coarse, drainage, drainage.area > 120)), 0),
        stream=np.maximum(_refine(ndimage.gaussian_filter(streams, 1.2)), 0),
        river_distance=distance,
        lake=lake,
    )
