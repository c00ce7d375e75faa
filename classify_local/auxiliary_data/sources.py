"""Where auxiliary data are published, how their tiles are cut and named. Pure: a table and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from classify_local.errors import InputError, nearest
from classify_local.storage.connections import require_web_address

WATER_LAYERS = ("occurrence", "change", "seasonality", "recurrence", "transitions", "extent")
USED_LAYERS = ("occurrence", "change", "seasonality", "transitions", "extent")
"""Those that become bands."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """A square of whole degrees: its western and southern edge, and its side. Longitudes are -180 to 179."""

    south: int
    west: int
    side: int

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """West, south, east and north; an east of 180 is the antimeridian."""
        return self.west, self.south, self.west + self.side, self.south + self.side


@dataclass(frozen=True, kw_only=True)
class Source:
    """Published tiles of one kind.

    Parameters
    ----------
    key
        The name under which its address can be changed.
    what
        The folder its tiles lie in: terrain, water or worldcover.
    title, version, attribution, licence
        For people; the attribution has to stand wherever the data are used.
    base_url
        The address in front of `path`.
    file, path
        Patterns of a tile's file here and there. `{sw}` is the south-west corner as S12E033, of which `{lat}` and
        `{lon}` are the halves; `{nw}` the north-west corner as 30E_10S; `{layer}` one of `layers`; `{file}` the file.
    side, south, north
        Degrees: the side of a tile, and where coverage ends.
    layers
        Files for each place.
    megabytes
        About the size of a file on land: to say beforehand what a download will be.
    overviews
        Resampling for overviews: codes must not be averaged.
    """

    key: str
    what: str
    title: str
    version: str
    attribution: str
    licence: str
    base_url: str
    file: str
    path: str
    side: int
    south: int
    north: int
    megabytes: float
    overviews: str
    layers: tuple[str, ...] = ("",)

    def file_name(self, cell: Cell, layer: str) -> str:
        """The tile's file name here."""
        return self.file.format(**_fields(cell), layer=layer)

    def url(self, cell: Cell, layer: str) -> str:
        """The tile's address."""
        name = self.file_name(cell, layer)
        path = self.path.format(**_fields(cell), layer=layer, file=name, stem=name.removesuffix(".tif"))
        return f"{self.base_url}/{path}"

    def cell_of(self, name: str) -> Cell | None:
        """The place of a file by its name, or None if the name is not one of this source's."""
        found = self._pattern.fullmatch(name)
        if found is None:
            return None
        held = found.groupdict()
        latitude = int(held["lat"]) * (-1 if held["ns"] == "S" else 1)
        longitude = int(held["lon"]) * (-1 if held["ew"] == "W" else 1)
        cell = Cell(south=latitude - (self.side if "{nw}" in self.file else 0), west=longitude, side=self.side)
        return cell if self.file_name(cell, held.get("layer") or "") == name else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.file)
        for field, expression in _EXPRESSIONS.items():
            pattern = pattern.replace(re.escape("{" + field + "}"), expression)
        return re.compile(pattern, re.ASCII)


_EXPRESSIONS = {
    "layer": f"(?P<layer>{'|'.join(WATER_LAYERS)})",
    "sw": r"(?P<ns>[NS])(?P<lat>\d\d)(?P<ew>[EW])(?P<lon>\d\d\d)",
    "lat": r"(?P<ns>[NS])(?P<lat>\d\d)",
    "lon": r"(?P<ew>[EW])(?P<lon>\d\d\d)",
    "nw": r"(?P<lon>\d{1,3})(?P<ew>[EW])_(?P<lat>\d{1,2})(?P<ns>[NS])",
}


def _fields(cell: Cell) -> dict[str, str]:
    lat = f"{'S' if cell.south < 0 else 'N'}{abs(cell.south):02d}"
    lon = f"{'W' if cell.west < 0 else 'E'}{abs(cell.west):03d}"
    top = cell.south + cell.side
    nw = f"{abs(cell.west)}{'W' if cell.west < 0 else 'E'}_{abs(top)}{'S' if top < 0 else 'N'}"
    return {"sw": lat + lon, "lat": lat, "lon": lon, "nw": nw}


_WATER = {
    "what": "water", "licence": "free with attribution", "side": 10, "south": -60, "north": 80, "megabytes": 12.0,
    "overviews": "nearest", "layers": WATER_LAYERS,
    "attribution": "Source: EC JRC/Google (Pekel et al. 2016, doi:10.1038/nature20584)",
}  # fmt: skip
_COPERNICUS = "Copernicus_DSM_COG_10_{lat}_00_{lon}_00_DEM"

SOURCES = {
    source.key: source
    for source in (
        Source(
            key="srtm", what="terrain", title="SRTM GL1", version="3", licence="public domain",
            attribution="NASA Shuttle Radar Topography Mission Global 1 arc second, USGS/NASA LP DAAC (SRTMGL1 v003)",
            base_url="https://opentopography.s3.sdsc.edu/raster/SRTM_GL1/SRTM_GL1_srtm",
            file="{sw}.tif", path="{sw}.tif", side=1, south=-56, north=60, megabytes=15.0, overviews="average",
        ),
        Source(
            key="skadi", what="terrain", title="Terrain Tiles (skadi)", version="1", licence="mixed, with attribution",
            attribution="Mapzen Terrain Tiles: SRTM, GMTED2010, ETOPO1 and national sources, see "
            "https://github.com/tilezen/joerd/blob/master/docs/attribution.md",
            base_url="https://s3.amazonaws.com/elevation-tiles-prod/skadi",
            file="{sw}.tif", path="{lat}/{sw}.hgt.gz", side=1, south=-90, north=90, megabytes=9.0,
            overviews="average",
        ),
        Source(
            key="copernicus", what="terrain", title="Copernicus DEM GLO-30", version="GLO-30",
            licence="free with attribution",
            attribution="Produced using Copernicus WorldDEM-30 (c) DLR e.V. 2010-2014 and (c) Airbus Defence and Space "
            "GmbH 2014-2018 provided under COPERNICUS by the European Union and ESA; all rights reserved",
            base_url="https://copernicus-dem-30m.s3.amazonaws.com",
            file=_COPERNICUS + ".tif", path="{stem}/{file}", side=1, south=-90, north=90, megabytes=30.0,
            overviews="average",
        ),
        Source(
            key="water-1.4", title="JRC Global Surface Water 1984-2021", version="1.4",
            base_url="https://storage.googleapis.com/global-surface-water/downloads2021",
            file="{layer}_{nw}v1_4_2021.tif", path="{layer}/{file}", **_WATER,  # type: ignore[arg-type]
        ),
        Source(
            key="water-1.5", title="JRC Global Surface Water 1984-2024", version="1.5",
            base_url="https://storage.googleapis.com/water-world/download2024/VER1-5",
            file="{layer}_{nw}_v1_5_2024.tif", path="{layer}/{file}", **_WATER,  # type: ignore[arg-type]
        ),
        Source(
            key="worldcover", what="worldcover", title="ESA WorldCover 2021", version="v200", licence="CC BY 4.0",
            attribution="(c) ESA WorldCover project 2021 / Contains modified Copernicus Sentinel data (2021) processed "
            "by ESA WorldCover consortium",
            base_url="https://esa-worldcover.s3.eu-central-1.amazonaws.com/v200/2021/map",
            file="ESA_WorldCover_10m_2021_v200_{sw}_Map.tif", path="{file}", side=3, south=-60, north=84,
            megabytes=60.0, overviews="mode",
        ),
    )
}  # fmt: skip
"""By key. Sizes are rough; everything else is as published in 2026."""

WHATS = tuple(dict.fromkeys(source.what for source in SOURCES.values()))
TERRAINS = tuple(source.key for source in SOURCES.values() if source.what == "terrain")
WATER_VERSIONS = tuple(source.version for source in SOURCES.values() if source.what == "water")


def chosen(
    whats: Iterable[str], terrain: str, water_version: str, layers: Iterable[str], base_urls: Iterable[str]
) -> list[Source]:
    """The sources a user asks for, at the addresses a user gives as KEY=URL.

    Raises
    ------
    InputError
        If a name or address is not one.
    """
    addresses = dict(_address(text) for text in base_urls)
    keys = {"terrain": terrain, "water": f"water-{water_version}", "worldcover": "worldcover"}
    found = []
    for what in dict.fromkeys(whats):
        if keys.get(what) not in SOURCES:
            raise InputError(f"no auxiliary data {what!r}; there are {', '.join(WHATS)}{nearest(what, WHATS)}")
        source = SOURCES[keys[what]]
        kept = tuple(layer for layer in source.layers if what != "water" or layer in set(layers))
        found.append(replace(source, base_url=addresses.get(source.key, source.base_url), layers=kept))
    return found


def recognised(what: str, name: str) -> tuple[Source, Cell] | None:
    """The source and the place of a file by its folder and name; SRTM and skadi share their names."""
    for source in SOURCES.values():
        cell = source.cell_of(name) if source.what == what else None
        if cell is not None:
            return source, cell
    return None


def _address(text: str) -> tuple[str, str]:
    key, equals, url = text.partition("=")
    if not equals or key not in SOURCES:
        raise InputError(
            f"--base-url {text}: write KEY=URL, for example --base-url srtm=http://mirror.example/srtm; "
            f"keys are {', '.join(SOURCES)}{nearest(key, SOURCES)}"
        )
    return key, require_web_address(url, f"--base-url {key}")
