"""What a folder of auxiliary data says of its files: `manifest.json`. It may come from elsewhere, so it is checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from classify_local.errors import InputError, StorageError
from classify_local.storage import atomic

NAME = "manifest.json"
INCOMING = ".incoming"
FORMAT = 1
_MAX_BYTES = 64_000_000
_KEY = re.compile(r"(terrain|water|worldcover)/[A-Za-z0-9][A-Za-z0-9_.-]{0,150}\.tif", re.ASCII)

Bounds = tuple[float, float, float, float]
Text = Annotated[StrictStr, Field(max_length=2000)]
Digest = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[StrictInt, Field(ge=0, le=2**53)]


def is_key(key: str) -> bool:
    """True for what may be a file's path in such a folder: folder and plain name."""
    return _KEY.fullmatch(key) is not None and ".." not in key


class _Part(BaseModel):
    """Keys of later versions are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Published(_Part):
    """The file as the server gave it: length, SHA-256, and what it calls its state."""

    bytes: Size
    sha256: Digest
    etag: Text | None = None
    modified: Text | None = None


class FileRecord(_Part):
    """One file: where it came from and what it must be.

    `bounds` are west, south, east and north of its tile; `url`, `date` and `published` are None for a file that was put
    there by hand; `stored` says whether its bytes are those published.
    """

    what: Literal["terrain", "water", "worldcover"]
    source: Text | None = None
    version: Text | None = None
    url: Text | None = None
    date: Text | None = None
    bytes: Size
    sha256: Digest
    bounds: Bounds | None = None
    attribution: Text | None = None
    licence: Text | None = None
    published: Published | None = None
    stored: Literal["as published", "rewritten as COG", "unpacked and written as COG"] | None = None


class AbsentRecord(_Part):
    """A tile that is not published: the server said so on that date."""

    what: Literal["terrain", "water", "worldcover"]
    source: Text | None = None
    version: Text | None = None
    url: Text
    date: Text
    bounds: Bounds | None = None


class Manifest(_Part):
    """Files and absent tiles by their path in the folder, with slashes."""

    format: Literal[1] = 1
    files: dict[str, FileRecord] = Field(default_factory=dict)
    absent: dict[str, AbsentRecord] = Field(default_factory=dict)

    def with_file(self, key: str, record: FileRecord) -> Manifest:
        """The same with a file; it is no longer absent."""
        absent = {name: value for name, value in self.absent.items() if name != key}
        return Manifest(files={**self.files, key: record}, absent=absent)

    def with_absent(self, key: str, record: AbsentRecord) -> Manifest:
        """The same with a tile that is not published."""
        files = {name: value for name, value in self.files.items() if name != key}
        return Manifest(files=files, absent={**self.absent, key: record})

    def merged(self, other: Manifest) -> Manifest:
        """Both; of a file the other's record stands, and what one of them has is not absent."""
        files = {**self.files, **other.files}
        absent = {**self.absent, **other.absent}
        return Manifest(files=files, absent={key: absent[key] for key in absent if key not in files})

    def text(self) -> str:
        """As it is written; the same content gives the same text."""
        facts = self.model_dump(mode="json", exclude_none=True)
        return json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(folder: Path) -> Manifest:
    """The manifest of a folder; an empty one if there is none.

    Raises
    ------
    InputError, StorageError
        If it is damaged, or cannot be read.
    """
    path = folder / NAME
    try:
        if not path.exists():
            return Manifest()
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path}: is larger than any manifest; move it away")
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror or error}") from error
    return parse(data, str(path))


def parse(data: bytes, where: str) -> Manifest:
    """A manifest from its bytes.

    Raises
    ------
    InputError
        If they are none, or name files that such a folder does not hold.
    """
    try:
        facts = json.loads(data)
        if isinstance(facts, Mapping) and isinstance(facts.get("format"), int) and facts["format"] > FORMAT:
            raise InputError(f"{where}: was made by a newer version of classify_local; update this one")
        manifest = Manifest.model_validate(facts)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise InputError(f"{where}: is damaged at {place}: {first['msg']}; move it away and fetch again") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: is no manifest ({error}); move it away and fetch again") from error
    bad = next((key for key in (*manifest.files, *manifest.absent) if not is_key(key)), None)
    if bad is not None:
        raise InputError(f"{where}: names {bad[:100]!r}, which is no file of auxiliary data; move it away")
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder, whole or not at all."""
    atomic.write_text(folder / NAME, manifest.text())


def files_in(folder: Path) -> list[str]:
    """Rasters that lie in the folders, by their path; those with names that no manifest takes are left out."""
    try:
        found = [f"{path.parent.name}/{path.name}" for what in ("terrain", "water", "worldcover")
                 for path in (folder / what).glob("*.tif") if path.is_file()]  # fmt: skip
    except OSError as error:
        raise StorageError(f"{folder}: cannot be read: {error.strerror or error}") from error
    return sorted(key for key in found if is_key(key))
