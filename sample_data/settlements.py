"""Where people live in the sample scene: a town, villages, and the roads between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from relief import COARSE, FINE, Field, Mask, Relief, fractal, ramp, smooth_path
from scipy import ndimage, sparse
from scipy.sparse import csgraph

_VILLAGES = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Where people live and how they get there."""

    built: Mask
    older_built: Mask
    road: Field
    street: Field
    distance: Field
    """Pixels to the nearest house or road."""


def _pick_sites(score: Field, count: int, spacing: float) -> list[tuple[int, int]]:
    """Return the best cells by score, none nearer than `spacing` pixels to a better one."""
    row, col = np.mgrid[: score.shape[0], : score.shape[1]]
    left, sites = score.copy(), []
    for _ in range(count):
        y, x = np.unravel_index(int(np.argmax(left)), left.shape)
        sites.append((int(y), int(x)))
        left[np.hypot(row - y, col - x) < spacing] = -np.inf
    return sites


def dry_land(relief: Relief) -> Mask:
    """Return land well clear of river and reservoir."""
    return (relief.river_distance > 14) & (ndimage.distance_transform_edt(~relief.lake) > 12)


def _sites(relief: Relief, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return the town, then the villages: gentle dry land, not far from water, inside the image."""
    row, col = np.mgrid[:FINE, :FINE]
    inside = (np.abs(row - FINE / 2) < 190) & (np.abs(col - FINE / 2) < 190)
    gentle = ramp(ndimage.gaussian_filter(relief.slope, 8), 9, 2)
    town_place = np.exp(-(np.hypot(row - 205, col - 305) ** 2) / 2 / 35**2)
    town_score = np.where(inside & dry_land(relief), gentle + 2 * town_place, -np.inf)
    town = _pick_sites(town_score, 1, 0)[0]
    away = np.hypot(row - town[0], col - town[1]) > 70
    village_score = gentle + 0.35 * fractal(rng, FINE, beta=1.5)
    return [
        town,
        *_pick_sites(np.where(inside & away & dry_land(relief), village_score, -np.inf), _VILLAGES, 48),
    ]


def _travel_graph(relief: Relief) -> sparse.csr_array:
    """Return the cost of going from each 30 m cell to its neighbours: slopes are dear, bridges dearer."""
    steep = relief.slope[1::3, 1::3]
    wet = (relief.river_distance[1::3, 1::3] < 3) * 25.0 + relief.lake[1::3, 1::3] * 500.0
    cost = 1 + (steep / 5) ** 2 + wet
    index = np.arange(COARSE * COARSE).reshape(COARSE, COARSE)
    pairs = [(index[:, :-1], index[:, 1:], 1.0), (index[:-1], index[1:], 1.0)]
    pairs += [(index[:-1, :-1], index[1:, 1:], 1.414), (index[1:, :-1], index[:-1, 1:], 1.414)]
    a = np.concatenate([one.ravel() for one, _, _ in pairs])
    b = np.concatenate([two.ravel() for _, two, _ in pairs])
    length = np.concatenate([np.full(one.size, step) for one, _, step in pairs])
    weight = length * (cost.ravel()[a] + cost.ravel()[b]) / 2
    return sparse.csr_array((weight, (a, b)), shape=(index.size, index.size))


def _walk_back(predecessors: NDArray[np.int32], end: int) -> list[int]:
    """Return the cheapest path from the source of `predecessors` to `end`."""
    path = [end]
    while predecessors[path[-1]] >= 0:
        path.append(int(predecessors[path[-1]]))
    return path


def _roads(relief: Relief, sites: list[tuple[int, int]], rng: np.random.Generator) -> Field:
    """Return the share of road per pixel: a tarred road through the town, tracks to the villages."""
    nodes = [(y // 3) * COARSE + x // 3 for y, x in sites]
    _, before = csgraph.dijkstra(
        _travel_graph(relief), directed=False, indices=nodes[0], return_predecessors=True
    )
    gates = [40 * COARSE + COARSE - 1, (COARSE - 1) * COARSE + 118, 95]
    road = np.zeros((FINE, FINE))
    for node in nodes[1:]:
        track = smooth_path(_walk_back(before, node), rng, stiffness=1.2, swing=0.8)
        road = np.maximum(road, 0.30 * track)
    for gate in gates:
        tar = smooth_path(_walk_back(before, gate), rng, stiffness=3, swing=0)
        road = np.maximum(road, 0.50 * tar)
    return road


def _town(centre: tuple[int, int], radius: float, rng: np.random.Generator) -> tuple[Mask, Field]:
    """Return the houses of the town and its streets: blocks on a turned grid, ragged at the edge."""
    row, col = np.mgrid[:FINE, :FINE]
    y, x = row - centre[0], col - centre[1]
    turn = 0.35
    u, v = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
    rim = np.hypot(u / 1.35, v) + 7 * fractal(rng, FINE, beta=2.2, longest=60)
    street = np.maximum(ramp(np.abs((u % 9) - 4.5), 0.9, 0.2), ramp(np.abs((v % 6) - 3), 0.8, 0.2))
    return rim < radius, np.where(rim < radius + 2, street, 0)


def settle(relief: Relief, rng: np.random.Generator) -> Settlement:
    """Return the town, the villages and the roads."""
    sites = _sites(relief, rng)
    built, street = _town(sites[0], 21, rng)
    older_built = built & (ndimage.distance_transform_edt(built) > 4)
    speckle = fractal(rng, FINE, beta=2.0, longest=30)
    row, col = np.mgrid[:FINE, :FINE]
    for y, x in sites[1:]:
        reach = np.hypot(row - y, col - x) / rng.uniform(6.0, 9.5)
        built |= (reach < 1.6) & (speckle - 1.1 * reach > -0.75)
        older_built |= (reach < 1.6) & (speckle - 1.1 * reach > -0.45)
    road = _roads(relief, sites, rng)
    built &= dry_land(relief)
    return Settlement(
        built=built,
        older_built=older_built & built,
        road=np.where(relief.lake, 0, road),
        street=street,
        distance=ndimage.distance_transform_edt(~(built | (road > 0))),
    )
