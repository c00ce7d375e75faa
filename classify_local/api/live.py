"""A recipe that is looked at and trained on the fly: what the map page is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from classify_local.api.recipes import PathLike, as_paths
from classify_local.live.session import FEATURES, LiveMap


def live_map(
    recipe: PathLike, *, allow: Sequence[PathLike] = (), memory: int = FEATURES, offline: bool = False
) -> LiveMap:
    """Open a recipe to look at its image and map while training points are added.

    Parameters
    ----------
    recipe
        A recipe file.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    memory
        Bytes of features kept.
    offline
        Refuse images on web servers.

    Raises
    ------
    ClassifyLocalError
        Everything wrong with the recipe.
    """
    return LiveMap(Path(recipe), as_paths(allow), memory, offline=offline)
