"""Looking at files and at this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classify_local.api.recipes import PathLike

if TYPE_CHECKING:
    from classify_local.doctoring import Finding
    from classify_local.inspection import Inspection


def inspect(path: PathLike) -> Inspection:
    """What a raster, vector, table, model, recipe or run folder holds, and what is odd about it.

    Raises
    ------
    InputError, RefusedError
        If it is none of them, or broken.
    """
    from classify_local import inspection

    return inspection.inspect_path(Path(path))


def doctor(out: PathLike = ".") -> list[Finding]:
    """Whether this machine has what is needed: versions, formats, processor, write access, disk."""
    from classify_local import doctoring

    return doctoring.examine(Path(out))
