"""GeoPackages, read through SQLite itself: tables are read, and nothing that the file could run is run.

A GeoPackage is a database, and a database can hold queries: views, triggers, computed columns, virtual tables. The
connection cannot write and allows nothing but reading the columns of plain tables (`_only_reading`).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from classify_local.errors import InputError
from classify_local.storage.vector_files.geopackage_features import FeatureTable, ReferenceSystem
from classify_local.storage.vector_files.layers import Layer, refused_layer

MAGIC = b"SQLite format 3\0"
_MAX_CELL = 500_000_000
_KINDS = ("features", "attributes", "aspatial")
_REFUSALS = {
    "": "is announced but not there; export it anew",
    "view": "is a view, that is a query within the file, which is not run; export it as a layer of its own",
    "virtual": "is a virtual table, which runs code; export it as a layer of its own",
}
_PRAGMAS = ("table_info", "trusted_schema", "cell_size_check")


@contextmanager
def geopackage_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """The layers of a GeoPackage, readable while the context lasts.

    Raises
    ------
    InputError
        If it is another database, or damaged.
    """
    with _readable(path) as (file, notices):
        mode = "mode=ro&immutable=1" if file == path else "mode=rw"  # a copy may be recovered, the user's file not
        try:
            with closing(sqlite3.connect(f"{file.absolute().as_uri()}?{mode}", uri=True)) as connection:
                _secure(connection)
                yield tuple(_layers(connection, path, notices))
        except (sqlite3.Error, UnicodeError) as error:  # names of columns may be no UTF-8
            reason = " ".join(str(error).split())
            raise InputError(f"{path}: is a damaged GeoPackage ({reason}); copy it again, or export it anew") from error


@contextmanager
def _readable(path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The file itself, or a copy with its pending changes if a program has it open or left it so."""
    pending = [path.with_name(path.name + end) for end in ("-wal", "-journal")]
    pending = [beside for beside in pending if beside.is_file() and beside.stat().st_size]
    if not pending:
        yield path, ()
        return
    with TemporaryDirectory(prefix="classify_local_") as folder:
        copy = Path(folder) / "copy.gpkg"
        shutil.copyfile(path, copy)
        for beside in pending:
            shutil.copyfile(beside, copy.with_name(copy.name + beside.name.removeprefix(path.name)))
        names = ", ".join(beside.name for beside in pending)
        yield copy, (f"{path}: another program has it open or left it so ({names}); read as it stands now",)


def _secure(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_CELL)
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.set_authorizer(_only_reading)


def _only_reading(action: int, first: str | None, second: str | None, _: str | None, within: str | None) -> int:
    """Allow reading the columns of tables, counting, and listing columns; nothing from within a view or trigger."""
    allowed = within is None and (
        action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
        or (action == sqlite3.SQLITE_FUNCTION and second == "count")
        or (action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS)
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _layers(connection: sqlite3.Connection, path: Path, notices: tuple[str, ...]) -> Iterator[Layer]:
    stored = _stored(connection)
    if stored.get("gpkg_contents", ("", ""))[1] != "table":
        raise InputError(f"{path}: is an SQLite database, but no GeoPackage; export its layer as GeoPackage")
    geometries = _geometry_columns(connection, stored)
    systems = _systems(connection, stored)
    for name, kind in list(connection.execute("SELECT table_name, data_type FROM gpkg_contents")):
        if not isinstance(name, str) or kind not in _KINDS:
            continue
        column, system = geometries.get(name.casefold(), (None, None))
        own, what = stored.get(name.casefold(), ("", ""))
        if what != "table":
            yield refused_layer(f"{path}, layer {name!r}", name, _REFUSALS[what], spatial=column is not None)
            continue
        table = FeatureTable(
            connection=connection, where=f"{path}, layer {name!r}", name=own, geometry=column,
            system=systems.get(system), notices=notices,
        )  # fmt: skip
        yield Layer(name=name, count=table.count(), spatial=column is not None, load=table.load)


def _stored(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Name and kind (table, view, virtual) of what the database holds, by the name in small letters."""
    found = {}
    query = "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')"
    for name, kind, sql in connection.execute(query):
        virtual = str(sql).upper().split()[:2] == ["CREATE", "VIRTUAL"]
        found[str(name).casefold()] = (str(name), "virtual" if virtual else str(kind))
    return found


def _geometry_columns(
    connection: sqlite3.Connection, stored: dict[str, tuple[str, str]]
) -> dict[str, tuple[str | None, Any]]:
    if stored.get("gpkg_geometry_columns", ("", ""))[1] != "table":
        return {}
    rows = connection.execute("SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns")
    return {str(table).casefold(): (str(column), system) for table, column, system in rows}


def _systems(connection: sqlite3.Connection, stored: dict[str, tuple[str, str]]) -> dict[Any, ReferenceSystem]:
    if stored.get("gpkg_spatial_ref_sys", ("", ""))[1] != "table":
        return {}
    rows = connection.execute(
        "SELECT srs_id, organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys"
    )
    return {
        system: ReferenceSystem(organization=str(organization), code=code, definition=str(definition))
        for system, organization, code, definition in rows
    }
