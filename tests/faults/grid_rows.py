"""A map's pixel size, reference system and area that make no sense."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.faults.rows import Breaking, Row, put, together, write

AREA = r"area\.geojson: "
INSIDE = ((33.0005, -12.6605), (33.0045, -12.6605), (33.0045, -12.6645), (33.0005, -12.6645))
"""Corners of an area within the image, longitude first."""


def polygon(*rings: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in rings]}


def area(geometry: dict[str, Any] | None, name: str = "area.geojson") -> Breaking:
    """An area of interest in a file of its own."""
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    text = json.dumps({"type": "FeatureCollection", "features": [feature] if geometry else []})
    return together(write(name, text), put("output", "aoi", name))


def output(**changes: Any) -> Breaking:
    return lambda scene: scene.recipe["output"].update(changes)


SIZES = [
    *(
        Row(id=f"scale {scale}", make=output(scale=scale),
            file=r"recipe\.yml, line \d+, output\.scale", thing=f"must be more than 0.0, not {scale}", remedy="")
        for scale in (0, -1, -10.5)
    ),
    *(
        Row(id=f"scale in words {scale!r}", make=output(scale=scale),
            file=r"output\.scale: ", thing="is no size", remedy=r"for example 0\.00025 deg")
        for scale in ("0 deg", "-1 deg", "deg", "nan deg", "10 m", "")
    ),
    Row(id="scale that is no number", make=output(scale=float("nan")),
        file=r"recipe\.yml, line \d+, output\.scale: ", thing="must be a finite number", remedy=""),
    Row(id="scale without end", make=output(scale=float("inf")),
        file=r"recipe\.yml, line \d+, output\.scale: ", thing="must be a finite number", remedy=""),
    Row(id="scale of atoms", make=output(scale=1e-4),
        file="output", thing="pixels; at most 1,000,000,000,000", remedy=r"output\.scale in metres"),
    *(
        Row(id=f"scale of {scale}", make=output(scale=scale), file=r"output\.scale: ",
            thing=f"pixels of {scale} do not suit the first image", remedy="is it in metres, or in degrees as in")
        for scale in (5e-324, 1e-14, 1e12, "1e-300 deg", "1e999 deg", "1e9 deg")
    ),
]  # fmt: skip

SYSTEMS = [
    *(
        Row(id=f"map in {crs!r}"[:40], make=output(crs=crs),
            file=r"output\.crs: ", thing="unknown reference system", remedy="write EPSG:n, for example EPSG:4326")
        for crs in ("EPSG:999999", "EPSG:-1", "", "somewhere", "EPSG:4326; DROP", "+proj=nonsense", "{}", "x" * 5_000)
    ),
    Row(id="map in a system of a file", make=output(crs="/etc/passwd"),
        file=r"output\.crs: ", thing="unknown reference system", remedy="write EPSG:n"),
    Row(id="map in a system of an address", make=output(crs="https://127.0.0.1/crs.wkt"),
        file=r"output\.crs: ", thing="an address, which is never opened", remedy="write EPSG:n"),
    Row(id="map in a local system", make=output(crs='LOCAL_CS["yard",UNIT["metre",1]]'),
        file=r"output\.crs: ", thing="is no system of maps or degrees", remedy="for example EPSG:4326"),
    Row(id="map in three dimensions", make=output(crs="EPSG:4978"),
        file=r"output\.crs: ", thing="is no system of maps or degrees", remedy="for example EPSG:4326"),
    Row(id="map in heights", make=output(crs="EPSG:5773"),
        file=r"output\.crs: ", thing="is no system of maps or degrees", remedy="for example EPSG:4326"),
    Row(id="map far outside its zone", make=output(crs="EPSG:3031", scale=1e-3),
        file="output: ", thing="pixels; at most 1,000,000,000,000", remedy=r"output\.scale in metres"),
]  # fmt: skip

BOUNDS = [
    Row(id="area that is empty", make=output(aoi=[33.001, -12.663, 33.001, -12.662]),
        file=r"output\.aoi", thing="lies outside the first image", remedy=r"in the map's system"),
    Row(id="area upside down", make=output(aoi=[33.001, -12.662, 33.002, -12.663]),
        file=r"output\.aoi: ", thing="is not west, south, east, north", remedy="in degrees"),
    Row(id="area of numbers that are none", make=output(aoi=[float("nan")] * 4), lines=4,
        file=r"output\.aoi", thing="must be a finite number, not nan", remedy=""),
    Row(id="area without end", make=output(aoi=[float("-inf"), -90, float("inf"), 90]), lines=2,
        file=r"output\.aoi", thing="must be a finite number, not -?inf", remedy=""),
    Row(id="area in metres", make=output(aoi=[500_000, 8_599_000, 501_000, 8_600_000]),
        file=r"output\.aoi: ", thing="is not west, south, east, north", remedy="in degrees"),
    Row(id="area of three numbers", make=output(aoi=[33, -13, 34]),
        file=r"recipe\.yml, line \d+, output\.aoi", thing="a value is missing here", remedy=""),
    Row(id="area narrower than nothing", make=output(aoi=[33.001, -12.663, 33.001 + 1e-13, -12.662]),
        file=r"output\.aoi", thing="lies outside the first image", remedy=r"in the map's system"),
]  # fmt: skip

SHAPES = [
    Row(id="shape outside the image", make=area(polygon([(x + 5, y) for x, y in INSIDE])),
        file=r"output\.aoi: .*area\.geojson: ", thing="lies outside the first image", remedy=""),
    Row(id="shape without area", make=area(polygon([INSIDE[0], INSIDE[2], INSIDE[0]])),
        file=AREA, thing="holds no polygon", remedy=r"or \[west, south, east, north\]"),
    Row(id="shape that is empty", make=area({"type": "Polygon", "coordinates": []}),
        file=AREA, thing="holds no polygon", remedy=r"or \[west, south, east, north\]"),
    Row(id="no shape at all", make=area(None), file=AREA, thing="holds no features with geometries", remedy=""),
    Row(id="feature without a shape", make=together(write("area.geojson", json.dumps({
            "type": "Feature", "properties": {}, "geometry": None})), put("output", "aoi", "area.geojson")),
        file=AREA, thing="holds no polygon", remedy=r"or \[west, south, east, north\]"),
    Row(id="line for an area", make=area({"type": "LineString", "coordinates": INSIDE}),
        file=AREA, thing="holds no polygon", remedy=r"\[west, south, east, north\]"),
    Row(id="shape of two points", make=area({"type": "Polygon", "coordinates": [INSIDE[:2]]}),
        file=AREA, thing="holds no polygon", remedy=r"or \[west, south, east, north\]"),
    Row(id="shape of numbers that are none",
        make=together(write("area.geojson", json.dumps(polygon([(float("nan"), 1.0), *INSIDE]))),
                      put("output", "aoi", "area.geojson")),
        file=AREA, thing="holds no polygon", remedy=r"or \[west, south, east, north\]"),
    Row(id="shape beyond the poles", make=area(polygon([(x, y + 200) for x, y in INSIDE])),
        file=AREA, thing="lies outside the first image", remedy=""),
    Row(id="image for an area", make=put("output", "aoi", "image.tif"),
        file=r"image\.tif: ", thing="is a raster", remedy="readable are GeoPackage"),
    Row(id="folder for an area", make=together(write("areas/x.txt", "x"), put("output", "aoi", "areas")),
        file=r"/areas: ", thing="is a folder", remedy="give a file"),
    Row(id="broken area", make=together(write("area.geojson", '{"type": "Polygon", "coordinates": [[['),
                                        put("output", "aoi", "area.geojson")),
        file=AREA, thing="is broken JSON", remedy="save it again, or as GeoPackage"),
]  # fmt: skip

ROWS = [*SIZES, *SYSTEMS, *BOUNDS, *SHAPES]
