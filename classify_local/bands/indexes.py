"""The 17 spectral indexes of SEPAL, on reflectance.

Formulas are those of SEPAL, which differ from the published ones where their docstring says so. A division
by zero gives 0. Each takes the reflectance of its bands as float64 arrays of one shape. RSE is Remote Sensing
of Environment, IJRS the International Journal of Remote Sensing.

Plain numpy, in runs of pixels that fit the processor's cache: a map needs a handful of indexes, and one
costs a few per cent of what classifying the pixel does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from classify_local.bands import unmixing
from classify_local.bands.pairwise import Float32Array, Float64Array, quotient
from classify_local.errors import InputError, nearest
from classify_local.types import FeatureArray

__all__ = ["INDEXES", "IndexSpec", "available_indexes", "fill_indexes", "index_bands", "index_problems"]

RUN = 32768
"""Pixels computed at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    """One spectral index."""

    name: str
    """As a recipe spells it, and the name of the band."""

    inputs: tuple[str, ...]
    """Names of the bands it needs, in the order of the formula's arguments."""

    formula: Callable[..., Float64Array]
    """Reflectances of `inputs` in, the index out."""

    bounds: tuple[float, float] | None
    """Least and greatest value possible for reflectances from 0 to 1; None where there is no such limit."""


def index_bands(
    values: FeatureArray,
    bands: Sequence[str],
    names: Sequence[str],
    *,
    scale: ArrayLike,
    offset: ArrayLike,
) -> Float32Array:
    """Compute the indexes `names` as a new array; parameters are those of `fill_indexes`.

    Returns
    -------
    ndarray
        float32, shape (names, rows, cols) or (names, n).
    """
    out = np.empty((len(names), *values.shape[1:]), np.float32)
    fill_indexes(values, bands, names, out, scale=scale, offset=offset)
    return out


def fill_indexes(
    values: FeatureArray,
    bands: Sequence[str],
    names: Sequence[str],
    out: Float32Array,
    *,
    scale: ArrayLike,
    offset: ArrayLike,
) -> None:
    """Compute the indexes `names` of `values` into `out`.

    Parameters
    ----------
    values
        Stored values, shape (bands, rows, cols) or (bands, n).
    bands
        Names of the bands of `values`.
    names
        Which indexes, names as in `INDEXES`.
    out
        float32, shape (names, rows, cols) or (names, n), C-contiguous.
    scale, offset
        ``reflectance = stored * scale + offset``: a number, or one for each band.

    Raises
    ------
    InputError
        If there is no such index, or a band it needs is missing; all problems at once.
    """
    if problems := index_problems(names, bands):
        raise InputError(*problems)
    _check(values, bands, names, out)
    specs = [INDEXES[name] for name in names]
    needed = {band: bands.index(band) for spec in specs for band in spec.inputs}
    scales = np.broadcast_to(np.asarray(scale, np.float64), len(bands))
    offsets = np.broadcast_to(np.asarray(offset, np.float64), len(bands))
    count = math.prod(values.shape[1:])
    pixels, rows = values.reshape(len(bands), count), out.reshape(len(names), count)
    for start in range(0, count, RUN):
        run = slice(start, start + RUN)
        with np.errstate(over="ignore", invalid="ignore"):  # masked pixels hold anything
            reflectance = {b: pixels[i, run] * scales[i] + offsets[i] for b, i in needed.items()}
            for row, spec in zip(rows, specs, strict=True):
                row[run] = spec.formula(*(reflectance[band] for band in spec.inputs))


def available_indexes(bands: Collection[str]) -> tuple[str, ...]:
    """List the indexes that can be computed from `bands`, in the order of `INDEXES`."""
    return tuple(spec.name for spec in INDEXES.values() if set(spec.inputs) <= set(bands))


def index_problems(names: Iterable[str], bands: Collection[str]) -> list[str]:
    """List what keeps the indexes `names` from being computed of `bands`, a line for each problem."""
    problems = []
    for name in names:
        if name not in INDEXES:
            known = ", ".join(INDEXES)
            problems.append(f"there is no index {name!r}{nearest(name, INDEXES)}; known: {known}")
            continue
        spec = INDEXES[name]
        problems += [
            f"index {name} needs the band {band!r}, which the image does not have; its bands are "
            f"{', '.join(bands)}; name the band {band!r} in the recipe, or remove the index"
            for band in spec.inputs
            if band not in bands
        ]
    return problems


def _check(values: FeatureArray, bands: Sequence[str], names: Sequence[str], out: Float32Array) -> None:
    shape = (len(names), *values.shape[1:])
    if values.shape[0] != len(bands):
        raise ValueError(f"{values.shape[0]} bands of values and {len(bands)} names")
    if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
        raise ValueError(f"out is {out.dtype} of shape {out.shape}; it must be C-contiguous float32 of shape {shape}")


def _contrast(a: Float64Array, b: Float64Array) -> Float64Array:
    return quotient(a - b, a + b)


def _ndvi(red: Float64Array, nir: Float64Array) -> Float64Array:
    """Compute the normalized difference vegetation index; Rouse et al. (1974), NASA SP-351."""
    return _contrast(nir, red)


def _ndmi(nir: Float64Array, swir1: Float64Array) -> Float64Array:
    """Compute the normalized difference moisture index; Gao (1996), RSE 58, 257-266."""
    return _contrast(nir, swir1)


def _ndwi(green: Float64Array, nir: Float64Array) -> Float64Array:
    """Compute the normalized difference water index; McFeeters (1996), IJRS 17, 1425-1432."""
    return _contrast(green, nir)


def _mndwi(green: Float64Array, swir1: Float64Array) -> Float64Array:
    """Compute the modified normalized difference water index; Xu (2006), IJRS 27, 3025-3033."""
    return _contrast(green, swir1)


def _evi(blue: Float64Array, red: Float64Array, nir: Float64Array) -> Float64Array:
    """Compute the enhanced vegetation index; Huete et al. (2002), RSE 83, 195-213."""
    return quotient(2.5 * (nir - red), nir + 6 * red - 7.5 * blue + 1)


def _evi2(red: Float64Array, nir: Float64Array) -> Float64Array:
    """Compute the two-band enhanced vegetation index; Jiang et al. (2008), RSE 112, 3833-3845."""
    return quotient(2.5 * (nir - red), nir + 2.4 * red + 1)


def _savi(red: Float64Array, nir: Float64Array) -> Float64Array:
    """Compute the soil-adjusted vegetation index, L = 0.5; Huete (1988), RSE 25, 295-309."""
    return quotient(1.5 * (nir - red), nir + red + 0.5)


def _nbr(nir: Float64Array, swir2: Float64Array) -> Float64Array:
    """Compute the normalized burn ratio; Key and Benson (2006), USDA RMRS-GTR-164-CD."""
    return _contrast(nir, swir2)


def _mvi(green: Float64Array, nir: Float64Array, swir1: Float64Array) -> Float64Array:
    """Compute the mangrove vegetation index; Baloloy et al. (2020), ISPRS J. Photogrammetry 166, 95-117.

    SEPAL's form: a tenth of the published one, with the magnitude of the denominator, held within -1 and 1.
    """
    return np.clip(quotient(0.1 * (nir - green), np.abs(swir1 - green)), -1, 1)


def _ui(nir: Float64Array, swir2: Float64Array) -> Float64Array:
    """Compute the urban index; Kawamura et al. (1996), Int. Archives of Photogrammetry 31 (B7), 321-326."""
    return _contrast(swir2, nir)


def _ndbi(nir: Float64Array, swir1: Float64Array) -> Float64Array:
    """Compute the normalized difference built-up index; Zha et al. (2003), IJRS 24, 583-594."""
    return _contrast(swir1, nir)


def _ibi(green: Float64Array, red: Float64Array, nir: Float64Array, swir1: Float64Array) -> Float64Array:
    """Compute the index-based built-up index, from SAVI; Xu (2008), IJRS 29, 4269-4276."""
    other = (_savi(red, nir) + _mndwi(green, swir1)) / 2
    return _contrast(_ndbi(nir, swir1), other)


def _nbi(red: Float64Array, nir: Float64Array, swir1: Float64Array) -> Float64Array:
    """Compute the new built-up index; Jieli et al. (2010), 18th Int. Conf. on Geoinformatics."""
    return quotient(red * swir1, nir)


def _ebbi(nir: Float64Array, swir1: Float64Array, thermal: Float64Array) -> Float64Array:
    """Compute the enhanced built-up and bareness index; As-syakur et al. (2012), Remote Sensing 4, 2957-2970.

    The thermal band is scaled as the others are; 0 where swir1 + thermal is negative too, which has no root.
    """
    return quotient(swir1 - nir, 10 * np.sqrt(np.maximum(swir1 + thermal, 0)))


def _bui(red: Float64Array, swir1: Float64Array, swir2: Float64Array) -> Float64Array:
    """Compute SEPAL's built-up index: the contrasts of red and swir2 to swir1, added."""
    return _contrast(red, swir1) + _contrast(swir2, swir1)


def _ndfi(*bands: Float64Array) -> Float64Array:
    """Compute the normalized difference fraction index; see `classify_local.bands.unmixing`."""
    return unmixing.ndfi(np.stack(bands))


def _kndvi(red: Float64Array, nir: Float64Array) -> Float64Array:
    """Compute the kernel NDVI; Camps-Valls et al. (2021), Science Advances 7, eabc7447.

    With SEPAL's constant sigma = 0.2; the publication's default is the mean of red and nir. Then
    ``(1 - k)/(1 + k)`` with ``k = exp(-(nir - red)**2 / (2 sigma**2))`` is a hyperbolic tangent.
    """
    return np.tanh(np.square(nir - red) / (4 * 0.2**2))


_SPECS = (
    IndexSpec(name="ndvi", inputs=("red", "nir"), formula=_ndvi, bounds=(-1, 1)),
    IndexSpec(name="ndmi", inputs=("nir", "swir1"), formula=_ndmi, bounds=(-1, 1)),
    IndexSpec(name="ndwi", inputs=("green", "nir"), formula=_ndwi, bounds=(-1, 1)),
    IndexSpec(name="mndwi", inputs=("green", "swir1"), formula=_mndwi, bounds=(-1, 1)),
    IndexSpec(name="evi", inputs=("blue", "red", "nir"), formula=_evi, bounds=None),
    IndexSpec(name="evi2", inputs=("red", "nir"), formula=_evi2, bounds=(-2.5 / 3.4, 1.25)),
    IndexSpec(name="savi", inputs=("red", "nir"), formula=_savi, bounds=(-1, 1)),
    IndexSpec(name="nbr", inputs=("nir", "swir2"), formula=_nbr, bounds=(-1, 1)),
    IndexSpec(name="mvi", inputs=("green", "nir", "swir1"), formula=_mvi, bounds=(-1, 1)),
    IndexSpec(name="ui", inputs=("nir", "swir2"), formula=_ui, bounds=(-1, 1)),
    IndexSpec(name="ndbi", inputs=("nir", "swir1"), formula=_ndbi, bounds=(-1, 1)),
    IndexSpec(name="ibi", inputs=("green", "red", "nir", "swir1"), formula=_ibi, bounds=None),
    IndexSpec(name="nbi", inputs=("red", "nir", "swir1"), formula=_nbi, bounds=None),
    IndexSpec(name="ebbi", inputs=("nir", "swir1", "thermal"), formula=_ebbi, bounds=None),
    IndexSpec(name="bui", inputs=("red", "swir1", "swir2"), formula=_bui, bounds=(-2, 2)),
    IndexSpec(name="ndfi", inputs=unmixing.BANDS, formula=_ndfi, bounds=(-1, 1)),
    IndexSpec(name="kndvi", inputs=("red", "nir"), formula=_kndvi, bounds=(0, math.tanh(6.25))),
)

INDEXES: Mapping[str, IndexSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""All indexes by name, in SEPAL's order."""
