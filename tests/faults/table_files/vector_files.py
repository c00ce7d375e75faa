"""Vector files made by GDAL, SQLite or by hand, as cases need them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas
import shapely

from tests.faults.table_files.cases import Make

SQUARE = "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"
HOLED = "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))"
BOW_TIE = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
POINTS = ["POINT (32.5 -13.25)", "POINT (32.6 -13)"]
DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}


def frame(geometries: Sequence[str | None], crs: str | None = "EPSG:32736", **columns: Sequence[Any]) -> Any:
    """A table of geometries, given in WKT; a column `class` is made up if there is none."""
    columns = columns or {"class": range(1, len(geometries) + 1)}
    return geopandas.GeoDataFrame(columns, geometry=[text and shapely.from_wkt(text) for text in geometries], crs=crs)


def write(data: Any, path: Path, **options: Any) -> None:
    """Write a table in the format of the file's ending; GDAL's warnings are for those who write."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.to_file(path, driver=DRIVERS[path.suffix.lower()], engine="pyogrio", **options)


def vector(geometries: Sequence[str | None], crs: str | None = "EPSG:32736", **columns: Sequence[Any]) -> Make:
    """A file of one layer, in the format of its name's ending."""
    options = {"SPATIAL_INDEX": "NO"}
    return lambda path: write(
        frame(geometries, crs, **columns), path, **(options if path.suffix == ".fgb" else {})
    )  # fmt: skip


def layers(**frames: Any) -> Make:
    """A GeoPackage with layers by name; a list of rows becomes a table without geometries."""

    def make(path: Path) -> None:
        for name, data in frames.items():
            write(data, path, layer=name)

    return make


def add_functions(connection: sqlite3.Connection) -> None:
    """Stand-ins for what a GeoPackage's own triggers ask for."""
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        connection.create_function(name, 1, lambda _: 0)


def sql(make: Make, *statements: str) -> Make:
    """The GeoPackage after some statements."""

    def remake(path: Path) -> None:
        make(path)
        with sqlite3.connect(path) as connection:
            add_functions(connection)
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return remake


def contents(table: str) -> tuple[str, str]:
    """Statements that announce a table or view as a layer with geometries in its column `geom`."""
    return (
        f"INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('{table}', 'features', 32736)",  # noqa: S608
        f"INSERT INTO gpkg_geometry_columns VALUES ('{table}', 'geom', 'GEOMETRY', 32736, 0, 0)",  # noqa: S608
    )


def pending(make: Make, statement: str) -> Make:
    """The GeoPackage as another program has it open: its last change stands in a file beside it."""

    def remake(path: Path) -> None:
        make(path)
        open_copy = path.with_name("open.gpkg")
        shutil.copy(path, open_copy)
        connection = sqlite3.connect(open_copy, isolation_level=None)
        add_functions(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(statement)
        shutil.copy(open_copy, path)
        shutil.copy(f"{open_copy}-wal", f"{path}-wal")
        connection.close()
        open_copy.unlink()

    return remake


def without(make: Make, *endings: str) -> Make:
    """The shapefile without some of its files."""

    def remake(path: Path) -> None:
        make(path)
        for ending in endings:
            path.with_suffix(ending).unlink()

    return remake


def beside(make: Make, ending: str, content: bytes) -> Make:
    """The file and another of its name beside it."""

    def remake(path: Path) -> None:
        make(path)
        path.with_suffix(ending).write_bytes(content)

    return remake


def renamed(make: Make, name: Callable[[str], str]) -> Make:
    """A file, or the files of a shapefile, called otherwise after it is made."""

    def remake(path: Path) -> None:
        make(path.with_name(f"made{path.suffix.lower()}"))
        for made in sorted(path.parent.glob("made.*")):
            made.rename(path.with_name(name(made.name)))

    return remake


def zipped(**shapefiles: Make) -> Make:
    """An archive of shapefiles, within a folder each."""

    def make(path: Path) -> None:
        folder = path.with_name("made")
        for name, made in shapefiles.items():
            (folder / name).mkdir(parents=True)
            made(folder / name / f"{name}.shp")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*.*")):
                archive.write(file, file.relative_to(folder))
        shutil.rmtree(folder)

    return make


def archive(**members: str | bytes) -> Make:
    """A zip archive; in the names of its members an underscore stands for a point."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in members.items():
                packed.writestr(name.replace("_", "."), data)

    return make


def archive_with(make: Make, members: dict[str, bytes]) -> Make:
    """The archive with more members."""

    def remake(path: Path) -> None:
        make(path)
        with zipfile.ZipFile(path, "a") as packed:
            for name, data in members.items():
                packed.writestr(name, data)

    return remake


def told_by_byte(make: Make, value: int) -> Make:
    """The shapefile with the 30th byte of its table changed, which tells the encoding."""

    def remake(path: Path) -> None:
        make(path)
        table = path.with_suffix(".dbf")
        data = bytearray(table.read_bytes())
        data[29] = value
        table.write_bytes(bytes(data))

    return remake


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature; a pair of numbers is a point."""
    if isinstance(geometry, tuple | list):
        geometry = {"type": "Point", "coordinates": list(geometry)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", **members, "features": list(features)}


def in_json(value: Any, encoding: str = "utf-8", **options: Any) -> Make:
    data = json.dumps(value, ensure_ascii=False, **options).encode(encoding)
    return lambda path: path.write_bytes(data)


def crs_member(name: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


def placemark(geometry: str, name: str = "a", more: str = "") -> str:
    return f"<Placemark><name>{name}</name>{more}{geometry}</Placemark>"


def kml_point(place: str) -> str:
    return f"<Point><coordinates>{place}</coordinates></Point>"


def ring(places: str, kind: str = "outer") -> str:
    return f"<{kind}BoundaryIs><LinearRing><coordinates>{places}</coordinates></LinearRing></{kind}BoundaryIs>"


def kml(body: str, namespace: str = ' xmlns="http://www.opengis.net/kml/2.2"') -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<kml{namespace}><Document>{body}</Document></kml>'


def folder(name: str, *placemarks: str) -> str:
    return f"<Folder><name>{name}</name>{''.join(placemarks)}</Folder>"


def gpx(body: str) -> str:
    return (
        f'<?xml version="1.0"?>\n<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">{body}</gpx>'
    )
