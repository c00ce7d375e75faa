"""Files whose change makes what is shown wrong: images, parts of layers, sampled maps, other recipes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from classify_local.live.table import source_paths
from classify_local.prepared import Prepared
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.fingerprint import Stamp, sidecars, stamp

_BESIDE = (".dbf", ".shx", ".prj", ".cpg")
"""Parts of a shapefile; the points themselves are watched by their content."""


def watched_paths(ready: Prepared, document: RecipeDocument) -> Iterator[Path]:
    """The files of a recipe's images, and what lies beside its tables and layers."""
    for path in ready.stack.paths:
        yield path
        yield from sidecars(path)
    yield from (path for path, _ in ready.stack.recipes)
    for source in document.recipe.training:
        for path in source_paths(source, document):
            yield from (path.with_suffix(ending) for ending in _BESIDE)
            yield path.with_name(f"{path.name}-wal")  # what a GeoPackage has not taken in yet


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """Size and time of each file as it is now."""
    return {path: stamp(path) for path in dict.fromkeys(paths)}


def changed(known: Mapping[Path, Stamp]) -> list[Path]:
    """Files that are not as they were."""
    return [path for path, before in known.items() if stamp(path) != before]
