"""What a run is going to make, and by what it is known again when it is started a second time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classify_local.addresses import is_url, without_keys
from classify_local.errors import ClassifyLocalError, InputError
from classify_local.features.images import allowed_folders
from classify_local.features.stack import FeatureStack
from classify_local.grid import Grid, Tile, tiles
from classify_local.legend import Legend
from classify_local.mapping.products import Product, resolve_products
from classify_local.recipe.model import RecipeSource, SampleSource
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage import atomic, models
from classify_local.storage.fingerprint import WHOLE, fingerprint, sidecars, stamp
from classify_local.storage.images import open_image
from classify_local.training.joining import OtherRecipe

_FILE = "plan.json"
_BYTES_KEPT = 0.6
"""Share of its raw size that a tile rarely exceeds on disk, overviews included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tiles of a map, its products, and the identity of the run.

    Parameters
    ----------
    name
        Prefix of all files.
    grid
        The output grid.
    tiles
        What is made, in this order.
    products
        Files of each tile.
    identity
        Everything the pixels depend on: recipe, inputs, versions.
    """

    name: str
    grid: Grid
    tiles: tuple[Tile, ...]
    products: tuple[Product, ...]
    identity: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the identity."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()

    @property
    def bytes_needed(self) -> int:
        """Rough size of the map on disk."""
        return int(_BYTES_KEPT * sum(tile.window.rows * tile.window.cols for tile in self.tiles) * self._pixel_bytes)

    @property
    def _pixel_bytes(self) -> int:
        return sum(len(product.bands) * np.dtype(product.dtype).itemsize for product in self.products)

    def file_name(self, product: Product, tile: Tile) -> str:
        """Name of a tile's file."""
        return f"{self.name}_{product.kind}_{tile.id}.tif"


def make_plan(
    document: RecipeDocument,
    stack: FeatureStack,
    legend: Legend,
    model_sha256: str | None = None,
    others: Sequence[OtherRecipe] = (),
) -> Plan:
    """The plan of a recipe's run.

    Parameters
    ----------
    document, stack, legend
        The recipe and what it names.
    model_sha256
        Of a model that is given instead of trained.
    others
        The recipes whose training tables it takes.

    Raises
    ------
    InputError
        If the recipe asks for bands the legend does not have.
    """
    recipe = document.recipe
    return Plan(
        name=document.name,
        grid=stack.grid,
        tiles=tuple(tiles(stack.grid, recipe.output.tile_size)),
        products=resolve_products(recipe.output.bands, legend),
        identity={**identity(document, stack, legend, others), **({"model": model_sha256} if model_sha256 else {})},
    )


def identity(
    document: RecipeDocument, stack: FeatureStack, legend: Legend, others: Sequence[OtherRecipe] = ()
) -> dict[str, Any]:
    """Everything the pixels of a map depend on. Files are named as the recipe's folder sees them, or by their address.

    Addresses stand without their query: a key may be another when a run is resumed, and is none to be written down.
    """
    wishes = document.recipe.model_dump(by_alias=True, exclude={"name", "legend"})
    stacks = [stack, *stacks_of(others)]
    images = [found for each in stacks for path in each.paths for found in (path, *sidecars(path))]
    files = [path for path in (*images, *training_files(document)) if path.is_file()]
    return {
        "recipe": without_keys(json.loads(json.dumps(wishes), parse_constant=str)),  # NaN as text: not equal to itself
        "legend": [[entry.value, entry.label, entry.color, *filter(None, [entry.parent])] for entry in legend],
        "files": {
            **{_relative(path, document.folder): _identify(path) for path in dict.fromkeys(files)},
            **_identify_remotes(stacks),
        },
        "recipes": _recipes(stacks, document.folder),
        "versions": {name: version for name, version in models.versions().items() if name != "python"},
    }


def require_same(plan: Plan, folder: Path) -> None:
    """Refuse to go on with a run that was begun under another plan.

    Raises
    ------
    InputError
        Naming what has changed.
    """
    begun = read_plan(folder)
    if begun is None:
        return
    changes = list(_differences(begun["identity"], json.loads(json.dumps(plan.identity)), ()))
    if changes:
        more = f" and {len(changes) - 4} more" if len(changes) > 4 else ""
        raise InputError(
            f"{folder.parent}: holds a map made from something else ({'; '.join(changes[:4])}{more}); "
            "give --restart to make it anew, or another --name or --out to keep it"
        )


def read_plan(folder: Path) -> dict[str, Any] | None:
    """The plan a run was begun with, as stored, or None."""
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return found if {"identity", "digest", "tiles", "name", "model_sha256"} <= set(found) else None
    except (OSError, ValueError, TypeError):
        return None


def remove_plan(folder: Path) -> None:
    """Forget what a run began with, so that whatever is there is not taken for its map."""
    (folder / _FILE).unlink(missing_ok=True)


def write_plan(plan: Plan, folder: Path, model_sha256: str) -> None:
    """Store what a run begins with."""
    stored = {
        "model_sha256": model_sha256,
        "name": plan.name, "digest": plan.digest, "tiles": [tile.id for tile in plan.tiles],
        "identity": plan.identity,
    }  # fmt: skip
    atomic.keep_text(folder / _FILE, json.dumps(stored, indent=1, sort_keys=True))


def training_files(document: RecipeDocument, chain: tuple[Path, ...] = ()) -> list[Path]:
    """The files of a recipe's training entries, those of other recipes among them; `chain` leads here."""
    found: list[Path] = []
    for source in document.recipe.training:
        named = [getattr(source, key, None) for key in ("collected", "csv", "vector", "edits")]
        for path in [document.resolve(path) for path in named if path]:
            found += [path, *_parts_of(path)]
        if isinstance(source, SampleSource):
            found += _rasters(source.sample.path, document)
        if isinstance(source, RecipeSource):
            path = document.resolve(source.recipe).resolve()
            found += [path] if path in chain else [path, *training_files(load(path), (*chain, path))]
    return found


def _parts_of(path: Path) -> list[Path]:
    """The files that belong to a shapefile."""
    if path.suffix.lower() != ".shp":
        return []
    return [path.with_suffix(ending) for ending in (".dbf", ".shx", ".prj", ".cpg")]


def _rasters(path: str, document: RecipeDocument) -> list[Path]:
    """The files a class map is made of, the tiles of a VRT among them; one on a web server is not looked at again."""
    if is_url(path):
        return []
    try:
        rasters = open_image(path, document.resolve, allowed_folders(document)).paths
    except ClassifyLocalError:
        return []  # what is wrong with it is said where it is sampled
    return [found for raster in rasters for found in (raster, *sidecars(raster))]


def stacks_of(others: Sequence[OtherRecipe]) -> Iterator[FeatureStack]:
    """The images on which other recipes sample their training tables."""
    for other in others:
        yield other.stack
        yield from stacks_of(other.others)


def _recipes(stacks: Sequence[FeatureStack], folder: Path) -> dict[str, list[str]]:
    """Digests of the recipes whose maps are images."""
    found: dict[str, set[str]] = {}
    for path, digest in [recipe for stack in stacks for recipe in stack.recipes]:
        found.setdefault(_relative(path, folder), set()).add(digest)
    return {name: sorted(digests) for name, digests in found.items()}


def _identify(path: Path) -> dict[str, Any]:
    taken = stamp(path)
    known = {"size": taken.size, "sha256": fingerprint(path)}
    # of a large file only pieces are read, so its time counts too; a small one may be copied or touched
    return known if taken.size <= WHOLE else {**known, "mtime_ns": taken.mtime_ns}


def _identify_remotes(stacks: Iterable[FeatureStack]) -> dict[str, Any]:
    """Files on web servers by address; the query may tell several apart that have one address without it."""
    found: dict[str, list[str]] = {}
    for where, identity in dict.fromkeys(remote for stack in stacks for remote in stack.remotes):
        found.setdefault(where, []).append(identity)
    return {where: {"sha256": " ".join(identities)} for where, identities in found.items()}


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.as_posix()


def _differences(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[str]:
    """What differs between two identities, in words."""
    if isinstance(old, dict) and isinstance(new, dict) and "sha256" not in old:
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), (*path, key))
    elif old != new:
        yield _difference(old, new, path)


def _difference(old: Any, new: Any, path: tuple[str, ...]) -> str:
    if path[0] in ("files", "recipes"):
        what = "is new" if old is None else "is gone" if new is None else "was changed"
        return f"{path[1]} {what}"
    if path[0] == "versions":
        return f"{path[1]} was {old}, is {new}"
    if path[0] in ("legend", "model"):
        return f"the {path[0]} was changed"
    return f"{'.'.join(path[1:])} was {_short(old)}, is {_short(new)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
