"""Which tiles an area needs, and which of them are to be fetched. Pure decisions over values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from classify_local.auxiliary_data.areas import Area
from classify_local.auxiliary_data.manifest import Manifest
from classify_local.auxiliary_data.sources import SOURCES, Cell, Source
from classify_local.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A tile of a source: a place and, of water, a layer."""

    source: Source
    cell: Cell
    layer: str = ""

    @property
    def file(self) -> str:
        """The file's name."""
        return self.source.file_name(self.cell, self.layer)

    @property
    def key(self) -> str:
        """The file's path in the folder of auxiliary data."""
        return f"{self.source.what}/{self.file}"

    @property
    def is_packed(self) -> bool:
        """True if it is published as gzipped HGT."""
        return self.source.path.endswith(".hgt.gz")

    @property
    def url(self) -> str:
        """The tile's address."""
        return self.source.url(self.cell, self.layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an area needs.

    Parameters
    ----------
    fetch
        Tiles to be fetched.
    there
        Tiles that are there, of this program.
    by_hand
        Tiles that are there and of which the manifest knows nothing: they are left as they are.
    absent
        Tiles known not to be published.
    notices
        What the user should know.
    """

    fetch: tuple[Wanted, ...]
    there: tuple[Wanted, ...]
    by_hand: tuple[Wanted, ...]
    absent: tuple[Wanted, ...]
    notices: tuple[str, ...]

    @property
    def megabytes(self) -> float:
        """About how much is to be fetched."""
        return sum(wanted.source.megabytes for wanted in self.fetch)


def tiles_of(area: Area, source: Source) -> list[Wanted]:
    """The tiles of a source that an area needs, from north to south."""
    cells = area.cells(source.side, source.south, source.north)
    return [Wanted(source=source, cell=cell, layer=layer) for cell in cells for layer in source.layers]


def resolve_plan(
    area: Area,
    sources: Sequence[Source],
    manifest: Manifest,
    size_of: Callable[[str], int | None],
    begun: Collection[str] = (),
    *,
    recheck: bool = False,
) -> Plan:
    """Decide what is to be fetched.

    Parameters
    ----------
    area, sources
        What is wanted.
    manifest
        What the folder says of its files.
    size_of
        The length of a file by its path in the folder; None if it is not there.
    begun
        Paths of files whose download has begun: such a file is of this program, whatever the manifest says.
    recheck
        Ask again for tiles that were not published.

    Raises
    ------
    InputError
        If the area lies outside what is published, or the folder holds another source of the same kind.
    """
    kinds: dict[str, list[Wanted]] = {kind: [] for kind in ("fetch", "there", "by_hand", "absent")}
    notices = []
    for source in sources:
        _require_alone(source, manifest)
        notices += _coverage(area, source)
        for wanted in tiles_of(area, source):
            kinds[_state(wanted, manifest, size_of(wanted.key), begun, recheck)].append(wanted)
    if kinds["by_hand"]:
        notices.append(f"{_few([wanted.key for wanted in kinds['by_hand']])}: put there by hand; left as it is")
    return Plan(notices=tuple(notices), **{kind: tuple(found) for kind, found in kinds.items()})


def _state(wanted: Wanted, manifest: Manifest, size: int | None, begun: Collection[str], recheck: bool) -> str:
    record, absent = manifest.files.get(wanted.key), manifest.absent.get(wanted.key)
    if size is not None and record is None and wanted.key not in begun:
        return "by_hand"
    if size is not None and record is not None and record.bytes == size:
        return "there"
    if size is None and absent is not None and absent.url == wanted.url and not recheck:
        return "absent"
    return "fetch"


def _require_alone(source: Source, manifest: Manifest) -> None:
    """Two terrain models, or two states of the water, in one folder would be mixed in one map."""
    records = (record for record in manifest.files.values() if record.what == source.what)
    others = {record.source for record in records if record.source not in (None, source.key)}
    if others:
        held = ", ".join(sorted(_title(key) for key in others))
        raise InputError(
            f"the folder holds {source.what} of {held}; {source.title} ({source.key}) would be mixed with it: "
            "give another folder with -o"
        )


def _title(key: str | None) -> str:
    return f"{SOURCES[key].title} ({key})" if key in SOURCES else f"another source ({key})"


def _coverage(area: Area, source: Source) -> list[str]:
    """A notice if the area reaches beyond what a source covers."""
    _, south, _, north = area.bounds
    if south >= source.south and north <= source.north:
        return []
    text = f"{source.title} reaches from {_latitude(source.south)} to {_latitude(source.north)}"
    hint = "; --terrain copernicus covers all land" if source.key == "srtm" else ""
    if south >= source.north or north <= source.south:
        raise InputError(f"the area lies from {_latitude(south)} to {_latitude(north)}, and {text}{hint}")
    return [f"{text}, the area from {_latitude(south)} to {_latitude(north)}{hint}"]


def _latitude(degrees: float) -> str:
    return f"{abs(degrees):.4g} {'S' if degrees < 0 else 'N'}"


def _few(names: Iterable[str], most: int = 3) -> str:
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
