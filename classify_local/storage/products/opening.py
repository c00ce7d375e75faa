"""Whether a path is a product of a space agency, told by its structure, and the image in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from classify_local.errors import InputError, collect
from classify_local.storage.composite import Composite
from classify_local.storage.products.landsat import read_landsat
from classify_local.storage.products.safe import read_safe
from classify_local.storage.products.scene import Scene, join

_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_TAR, _TAR_AT = b"ustar", 257
_HEAD = 512
_SAFE_MEMBER = re.compile(rb"^(?:\./)?S2\w+\.SAFE/")
_LANDSAT_MEMBER = re.compile(rb"^(?:\./)?L[COTEM]0[1-9]_L[12]\w+_0[12]_\w+\.", re.IGNORECASE)
_NAMED_LANDSAT = re.compile(r"L[COTEM]0[1-9]_L[12]\w{2}_\d{6}_\d{8}_\d{8}_0[12]_\w\w\.(tar|tar\.gz|tgz)", re.IGNORECASE)


def open_product(path: Path | Sequence[Path]) -> Composite | None:
    """The image in a product's folder, or in several as one; None if none of them is a product.

    Parameters
    ----------
    path
        A .SAFE folder, a granule in one, a folder of one Landsat scene, or the metadata file of either; or a list.

    Raises
    ------
    InputError
        If it is a product that cannot be used, packed in an archive, or among paths that are none.
    RefusedError
        If its metadata declare entities.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    scenes = collect(partial(_scene, each) for each in paths)
    found = [scene for scene in scenes if scene is not None]
    if not found:
        return None
    if len(found) < len(scenes):
        other = paths[scenes.index(None)]
        raise InputError(f"{other}: is no product as {found[0].where.name} is; give it as an image of its own")
    return join(found)


def _scene(path: Path) -> Scene | None:
    if path.is_dir():
        return read_safe(path) or read_landsat(path)
    if not path.is_file():
        return None
    _refuse_archive(path)
    if path.suffix.lower() in (".xml", ".txt", ".json"):
        return read_safe(path) or read_landsat(path)
    return None


def _refuse_archive(path: Path) -> None:
    """Products are read unpacked: packed bands would be unpacked again for every block.

    Raises
    ------
    InputError
        With the command that unpacks it.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    name = path.name
    if head.startswith(_ZIP) and _SAFE_MEMBER.match(_first_in_zip(head)):
        raise InputError(
            f"{path}: is a Sentinel-2 product in a zip archive; unpack it and give the .SAFE folder: unzip {name}"
        )
    in_tar = head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR and _LANDSAT_MEMBER.match(head)
    if in_tar or (head.startswith(_GZIP) and _NAMED_LANDSAT.fullmatch(name)):
        folder = name.split(".")[0]
        raise InputError(
            f"{path}: is a Landsat scene in a tar archive; unpack it and give the folder: "
            f"mkdir {folder} && tar -xf {name} -C {folder}"
        )


def _first_in_zip(head: bytes) -> bytes:
    """The name of an archive's first member, which stands in its first bytes; nothing of it is unpacked."""
    length = int.from_bytes(head[26:28], "little")
    return head[30 : 30 + length]
