"""SEPAL's ready-made choices of bands, SIMPLE and RLCMS, for the bands an image has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from classify_local.bands.indexes import INDEXES
from classify_local.bands.pairwise import Operation

__all__ = ["BANDS", "INDEX", "PROFILES", "BandSetSpec", "profile"]

BANDS = "bands"
"""Kind of a spec: the named bands of the image as they are."""

INDEX = "indexes"
"""Kind of a spec: the named indexes. The other kinds are the values of `Operation`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSetSpec:
    """Some bands to classify by, as one entry of a recipe says it."""

    kind: str
    """`BANDS`, `INDEX`, or an operation that is applied to every pair of the named bands."""

    names: tuple[str, ...] | None
    """Names of bands or indexes; None stands for all bands of the image."""


def _spec(kind: str, names: str | None) -> BandSetSpec:
    return BandSetSpec(kind=kind, names=None if names is None else tuple(names.split()))


PROFILES: Mapping[str, tuple[BandSetSpec, ...]] = MappingProxyType(
    {
        "SIMPLE": (
            _spec(BANDS, "red nir swir1 swir2"),
            _spec(Operation.RATIO, "red nir swir1 swir2"),
        ),
        # SEPAL has the names of angle and distance the wrong way round; both are here, of the same bands.
        "RLCMS": (
            _spec(BANDS, None),
            _spec(Operation.NORMALIZED_DIFFERENCE, "blue green red nir swir1 swir2"),
            _spec(Operation.RATIO, "swir1 nir"),
            _spec(Operation.RATIO, "red swir1"),
            _spec(INDEX, "evi savi ibi"),
            _spec(Operation.ANGLE, "brightness greenness wetness"),
            _spec(Operation.DISTANCE, "brightness greenness wetness"),
        ),
    }
)


def profile(name: str, bands: Sequence[str]) -> list[BandSetSpec]:
    """List what the profile `name` takes of an image with these `bands`.

    Bands the image lacks are left out, the others are in the image's order, and so are the pairs made of
    them; indexes are left out if a band they need is missing. Specs that would give no band are dropped:
    an empty list means that the profile does not suit the image.
    """
    fitted = [BandSetSpec(kind=spec.kind, names=_available(spec.kind, spec.names, bands)) for spec in PROFILES[name]]
    return [spec for spec in fitted if spec.names]


def _available(kind: str, names: tuple[str, ...] | None, bands: Sequence[str]) -> tuple[str, ...]:
    """Keep those of `names` that the image offers; none if an operation gets no pair."""
    if names is None:
        return tuple(bands)
    if kind == INDEX:
        return tuple(name for name in names if set(INDEXES[name].inputs) <= set(bands))
    present = tuple(band for band in bands if band in names)
    return present if kind == BANDS or len(present) > 1 else ()
