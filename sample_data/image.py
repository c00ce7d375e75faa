"""The scene as a Sentinel-2-like sensor sees it: reflectances, light, haze, clouds.

A pixel is a mixture of a few surfaces (canopy, dry grass, soil, ...). What a class is
made of varies with density, moisture and field, so that classes overlap in every band
as they do in nature.
"""

import numpy as np
from cover import BARE, BUILT, CROP, GRASS, SHRUB, TREE, WATER, WETLAND, Cover
from numpy.typing import NDArray
from relief import FINE, Field, Relief, fractal, ramp
from scipy import ndimage

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")

SURFACES = ("canopy", "leaf", "straw", "soil", "rock", "roof", "wet", "clear", "turbid", "shade")
_REFLECTANCE = np.array(
    [
        [0.022, 0.045, 0.028, 0.320, 0.150, 0.065],  # canopy: closed woodland in leaf
        [0.030, 0.075, 0.038, 0.420, 0.200, 0.095],  # leaf: crops and young grass
        [0.060, 0.095, 0.125, 0.270, 0.330, 0.215],  # straw: cured grass, crop residue
        [0.060, 0.095, 0.165, 0.250, 0.350, 0.285],  # soil: red, dry
        [0.105, 0.138, 0.172, 0.232, 0.310, 0.270],  # rock: pale rock and river sand
        [0.140, 0.150, 0.155, 0.180, 0.180, 0.162],  # roof: iron sheet, concrete
        [0.035, 0.055, 0.050, 0.110, 0.080, 0.045],  # wet: soaked dark soil, standing water below reeds
        [0.042, 0.050, 0.028, 0.014, 0.008, 0.005],  # clear: reservoir
        [0.062, 0.092, 0.098, 0.050, 0.016, 0.010],  # turbid: river with silt
        [0.008, 0.010, 0.010, 0.030, 0.015, 0.008],  # shade
    ]
)

_SUN_AZIMUTH, _SUN_ELEVATION = 42.0, 47.0
_NOISE = np.array([0.0022, 0.0024, 0.0028, 0.0060, 0.0055, 0.0045])

Mixture = dict[str, Field | float]
"""Share of each surface; those left out are 0; they need not sum to 1."""


def _vegetation(cover: Cover, grain: Field, season: Field) -> dict[int, Mixture]:
    """Return what the classes that grow by themselves are made of."""
    woody, moist = cover.woody, cover.moisture
    dense = np.clip(woody + 0.05 * grain, 0, 1)
    green = np.clip(0.25 + 0.45 * moist + 0.16 * season, 0.03, 0.9)
    return {
        TREE: {"canopy": 0.35 + 0.55 * dense, "straw": 0.35 - 0.32 * dense, "soil": 0.07, "shade": 0.12},
        SHRUB: {
            "canopy": 0.12 + 0.66 * dense,
            "straw": 0.60 - 0.45 * dense,
            "soil": 0.16,
            "shade": 0.06,
            "leaf": 0.12 * green,
        },
        GRASS: {"leaf": 0.55 * green, "straw": 0.88 - 0.62 * green, "soil": 0.13, "canopy": 0.22 * dense},
        WETLAND: {"leaf": 0.28 + 0.26 * green, "wet": 0.44 + 0.30 * moist, "straw": 0.22 - 0.18 * green},
    }


def _worked(
    cover: Cover, grain: Field, season: Field, relief: Relief, rng: np.random.Generator
) -> dict[int, Mixture]:
    """Return what fields, settlements, bare ground and water are made of."""
    state = rng.dirichlet([0.8, 0.2, 0.8], cover.parcel.max() + 1)
    state[-1] = (0.88, 0.07, 0.05)  # the irrigated field
    state = state[cover.parcel]
    leaf, straw, soil = np.moveaxis(state, -1, 0) * (1 + 0.10 * grain)
    roofs = np.clip(0.58 + 0.18 * rng.standard_normal(grain.shape) - 0.20 * cover.street, 0.05, 1)
    pale = ramp(grain + season, -1.5, 1.5)
    bank = ramp(relief.river_distance, 12, 6)
    silt = np.clip(ramp(relief.river_distance, 14, 6) + 0.25 * ramp(season, 0.3, 2.0), 0, 1)
    return {
        CROP: {"leaf": leaf, "straw": straw, "soil": soil, "canopy": 0.06 * ramp(grain, 1, 2)},
        BUILT: {"roof": roofs, "soil": 0.52 - 0.45 * roofs, "canopy": 0.14 * ramp(grain, 0, 2), "straw": 0.1},
        BARE: {"rock": 0.30 + 0.40 * np.maximum(pale, bank), "soil": 0.50 - 0.30 * pale, "straw": 0.14},
        WATER: {"clear": 1 - silt, "turbid": silt},
    }


def _mix(cover: Cover, mixtures: dict[int, Mixture]) -> Field:
    """Return the shares of the surfaces per pixel, shape (surfaces, rows, cols), summing to 1."""
    shares = np.zeros((len(SURFACES), FINE, FINE))
    for value, mixture in mixtures.items():
        here = cover.classes == value
        for surface, share in mixture.items():
            shares[SURFACES.index(surface)][here] = np.broadcast_to(np.maximum(share, 0), here.shape)[here]
    land = cover.classes != WATER
    shares *= 1 - np.where(land, cover.road, 0)
    shares[SURFACES.index("soil")] += np.where(land, 0.55 * cover.road, 0)
    shares[SURFACES.index("roof")] += np.where(land, 0.45 * cover.road, 0)
    return shares / shares.sum(axis=0)


def _light(relief: Relief) -> Field:
    """Return the direct light on slopes relative to level ground, softened by the light of the sky."""
    south, east = np.gradient(ndimage.gaussian_filter(relief.height, 0.8), 10.0)
    azimuth, elevation = np.radians(_SUN_AZIMUTH), np.radians(_SUN_ELEVATION)
    toward = np.cos(elevation) * (np.cos(azimuth) * south - np.sin(azimuth) * east) + np.sin(elevation)
    return 0.42 + 0.58 * np.clip(toward / np.hypot(np.hypot(south, east), 1) / np.sin(elevation), 0.1, None)


def make_reflectance(cover: Cover, relief: Relief, rng: np.random.Generator) -> Field:
    """Return the reflectance before the sensor, shape (bands, rows, cols)."""
    grain = fractal(rng, FINE, beta=0.9, longest=25)
    season = fractal(rng, FINE, beta=2.4, longest=120)
    mixtures = _vegetation(cover, grain, season) | _worked(cover, grain, season, relief, rng)
    surface = np.einsum("eb,eyx->byx", _REFLECTANCE, _mix(cover, mixtures))
    # Crowns and clods throw shadows: one factor for all bands, strongest under trees.
    rough = np.where(cover.classes == WATER, 0.02, 0.04 + 0.06 * (cover.classes == TREE))
    return surface * _light(relief) * np.exp(rough * fractal(rng, FINE, beta=0.4))


def _sense(reflectance: Field, rng: np.random.Generator) -> Field:
    """Apply the blur of the optics, noise, and the 20 m pixels of the two shortwave infrared bands."""
    blurred = np.stack([ndimage.gaussian_filter(band, 0.55) for band in reflectance])
    for band in (4, 5):
        mean = blurred[band].reshape(FINE // 2, 2, FINE // 2, 2).mean(axis=(1, 3))
        blurred[band] = ndimage.zoom(mean, 2, order=1, mode="nearest", grid_mode=True)
    noise = rng.standard_normal(blurred.shape) * _NOISE[:, None, None]
    noise[4:] = noise[4:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)
    return blurred + 0.4 * noise + 0.009 * blurred * rng.standard_normal(blurred.shape)


def acquire(reflectance: Field, rng: np.random.Generator, *, haze: float, tilt: float) -> NDArray[np.uint16]:
    """Return one day's image of the scene, reflectance x 10000, never 0.

    Parameters
    ----------
    haze
        Reflectance that the air adds in blue; less at longer wavelengths.
    tilt
        Brightening from the western to the eastern edge, as a share: the angle of view.
    """
    wavelength = np.array([0.49, 0.56, 0.665, 0.842, 1.61, 2.19])[:, None, None]
    air = haze * (0.49 / wavelength) ** 2 * (1 + 0.15 * fractal(rng, FINE, beta=3.2))
    angle = 1 + tilt * (np.arange(FINE) / FINE - 0.5)
    seen = _sense(reflectance, rng) * angle + air
    return np.clip(np.rint(seen * 10_000), 1, 10_000).astype(np.uint16)


def cloud_holes(spots: list[tuple[int, int, float]], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return masked clouds and, to the south-west of each, their shadows.

    Parameters
    ----------
    spots
        Row, column and radius in pixels of each cloud.
    """
    row, col = np.mgrid[:FINE, :FINE]
    ragged = fractal(rng, FINE, beta=2.8, longest=60)
    hole = np.zeros((FINE, FINE), dtype=bool)
    for y, x, radius in spots:
        for dy, dx, size in ((0, 0, 1.0), (9, -8, 0.9)):
            reach = np.hypot((row - y - dy) * 1.2, col - x - dx) / (radius * size)
            hole |= reach + 0.35 * ragged < 0.9
    # Rounded, as masks are that have been grown by a few pixels to catch thin edges.
    return ndimage.gaussian_filter(hole.astype(float), 2.5) > 0.35
