"""Looking at files and at this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classify_local.addresses import is_url
from classify_local.api.recipes import PathLike

if TYPE_CHECKING:
    from classify_local.doctoring import Finding
    from classify_local.inspection import Inspection


def inspect(path: PathLike, *, offline: bool = False) -> Inspection:
    """What a raster, vector, table, model, recipe or run folder holds, and what is odd about it.

    Parameters
    ----------
    path
        A file or folder, or as text the web address of a GeoTIFF.
    offline
        Refuse web addresses.

    Raises
    ------
    InputError, RefusedError
        If it is none of them, or broken.
    """
    from classify_local import inspection

    if isinstance(path, str) and is_url(path):
        return inspection.inspect_url(path, offline=offline)
    return inspection.inspect_path(Path(path))


def doctor(out: PathLike = ".") -> list[Finding]:
    """Whether this machine has what is needed: versions, formats, processor, write access, disk."""
    from classify_local import doctoring

    return doctoring.examine(Path(out))
