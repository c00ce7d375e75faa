"""From an entry `recipe:` under `images` to an image: the recipe prepared, its bands chosen, its way decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from classify_local.chaining.chain import Chain
from classify_local.chaining.maps import Computed, Finished, RecipeMap, Way, of_recipe, recipe_maps
from classify_local.classifiers import registry
from classify_local.errors import ClassifyLocalError, InputError
from classify_local.features.stack import FeatureStack
from classify_local.mapping.plan import Plan, make_plan, stacks_of, training_files
from classify_local.mapping.products import Product, resolve_bands, resolve_products
from classify_local.mapping.status import unfinished
from classify_local.prepared import Trainable
from classify_local.recipe.model import PAIRWISE, RecipeImage, is_output_band
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage.composite import Image
from classify_local.storage.images import open_image
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.sources import Remotes

Prepare = Callable[[RecipeDocument, Sequence[Path], Path | None, Chain], Trainable]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeOpener:
    """Opens other recipes as images.

    Parameters
    ----------
    allow
        Folders in which the sources of a VRT may lie, besides the recipes' own.
    chain
        The recipes that led here, the one that asks among them.
    prepare
        Opens all that a recipe names; see `preparation.prepare_training`.
    """

    allow: tuple[Path, ...]
    chain: Chain
    prepare: Prepare

    def __call__(self, image: RecipeImage, document: RecipeDocument) -> Image:
        """The map of the recipe that an image of `document` names.

        Raises
        ------
        ClassifyLocalError
            All that stands against a run of that recipe, with its path in front; a way that leads back.
        """
        path = document.resolve(image.recipe)
        self.chain.require_new(path, document.where, "its own map")
        key = (path.resolve(), image.bands, _derived_bands(image), _home(document))
        if key not in self.chain.opened:
            self.chain.opened[key] = self._tried(path, image, document)
        found = self.chain.opened[key]
        if isinstance(found, ClassifyLocalError):
            raise found
        return found  # type: ignore[no-any-return]

    def _tried(self, path: Path, image: RecipeImage, document: RecipeDocument) -> RecipeMap | ClassifyLocalError:
        """The image, or the error: a recipe that many ways lead to is looked at once."""
        try:
            return of_recipe(str(path), lambda: self._open(path, image, document), self.chain.told)
        except ClassifyLocalError as error:
            return error

    def _open(self, path: Path, image: RecipeImage, document: RecipeDocument) -> RecipeMap:
        ready = self.prepare(load(path), self.allow, None, self.chain)
        own = make_plan(ready.document, ready.map_stack, ready.legend, others=ready.others)
        asked = _in_legend(image.bands or ready.document.recipe.output.bands, ready)
        needed = _in_legend([*asked, *_derived_bands(image)], ready)
        ready, plan = _giving(ready, own, needed)
        way, note = _resolve_way(ready, plan, own, needed, _home(document))
        products = resolve_products(needed, ready.legend)
        dtypes = {name: product.dtype for product in products for name in product.bands}
        return RecipeMap(
            where=str(path), grid=plan.grid, names=needed, dtypes=tuple(dtypes[name] for name in needed),
            default=tuple(needed.index(name) + 1 for name in asked), way=way, notes=(f"{path}: {note}",),
            paths=_paths(ready), remotes=_remotes(ready), digest=_digest(plan.identity, needed),
            taught_by=_taught_by(ready),
            recipes=((path.resolve(), _request(plan.identity, needed)), *_recipes(ready)),
        )  # fmt: skip


def _derived_bands(image: RecipeImage) -> tuple[str, ...]:
    """Output bands that bands derived from the map need; other names are told of where the bands are made."""
    pairs = (name for entry in image.derived for kind in PAIRWISE for name in getattr(entry, kind) or ())
    around = (name for entry in image.derived for kind in (entry.texture, entry.focal) if kind for name in kind.bands)
    names = (*pairs, *around)
    return tuple(dict.fromkeys(name for name in names if is_output_band(name)))


def _in_legend(bands: Sequence[str], ready: Trainable) -> tuple[str, ...]:
    try:
        return resolve_bands(bands, ready.legend)
    except InputError as error:
        raise InputError(*(line.removeprefix("output.") for line in error.problems)) from error


def _giving(ready: Trainable, own: Plan, needed: Sequence[str]) -> tuple[Trainable, Plan]:
    """The recipe with bands added to its output that are asked of it, and its plan."""
    there = {name for product in own.products for name in product.bands}
    more = [name for name in needed if name not in there]
    if not more:
        return ready, own
    bands = [*ready.document.recipe.output.bands, *more]
    registry.require_can_give(ready.document.recipe.classifier, bands)
    document = ready.document.changed({("output", "bands"): bands})
    return (
        replace(ready, document=document),
        make_plan(document, ready.map_stack, ready.legend, others=ready.others),
    )


def _resolve_way(
    ready: Trainable, plan: Plan, own: Plan, needed: Sequence[str], asker: tuple[Path, str]
) -> tuple[Way, str]:
    """Where the pixels come from, with a sentence that says so."""
    folder, why = ready.document.folder / "downloads" / plan.name, ""
    if plan is not own:
        there = {name for product in own.products for name in product.bands}
        why = f"its map does not hold {', '.join(name for name in needed if name not in there)}"
    elif _home(ready.document) == asker:
        why = "its map would lie where that of the recipe that takes it does"
    why = why or unfinished(folder, plan)
    if not why:
        try:
            return _finished(folder, plan.name, plan.products), f"its map in {folder} is up to date and is read"
        except ClassifyLocalError:
            why = "its map cannot be read"
    products = resolve_products(needed, ready.legend)
    key = _digest(plan.identity, ready.document.recipe.output.bands)
    return Computed(products=products, ready=ready, key=key), f"its map is computed block by block, as {why}"


def _finished(folder: Path, name: str, products: tuple[Product, ...]) -> Finished:
    files = {
        product.kind: open_image(f"{name}_{product.kind}.vrt", folder.joinpath, AllowedFolders((folder,)))
        for product in products
    }
    return Finished(products=products, files=files)


def _home(document: RecipeDocument) -> tuple[Path, str]:
    """The folder and name by which a recipe's map is found."""
    return document.folder, document.name


def _paths(ready: Trainable) -> tuple[Path, ...]:
    images = [path for stack in _stacks(ready) for path in stack.paths]
    return tuple(dict.fromkeys([*images, *training_files(ready.document)]))


def _remotes(ready: Trainable) -> Remotes:
    return tuple(dict.fromkeys(remote for stack in _stacks(ready) for remote in stack.remotes))


def _taught_by(ready: Trainable) -> tuple[Path, ...]:
    taken = [path for stack in _stacks(ready) for image in recipe_maps(stack) for path in image.taught_by]
    return tuple(dict.fromkeys([*(path.resolve() for path in training_files(ready.document)), *taken]))


def _stacks(ready: Trainable) -> list[FeatureStack]:
    """All images that the recipe's pixels depend on."""
    return [ready.map_stack, *stacks_of(ready.others)]


def _recipes(ready: Trainable) -> list[tuple[Path, str]]:
    return [recipe for stack in _stacks(ready) for recipe in stack.recipes]


def _request(identity: Mapping[str, Any], bands: Sequence[str]) -> str:
    """Digest of what a recipe asks for, without the files it reads: they are told one by one."""
    output = {key: value for key, value in identity["recipe"]["output"].items() if key not in ("bands", "tile_size")}
    return _sha256([{**identity["recipe"], "output": output}, identity["legend"], list(bands)])


def _digest(identity: Mapping[str, Any], bands: Sequence[str]) -> str:
    """Digest of all that the pixels of a recipe's bands depend on."""
    return _sha256([_request(identity, bands), identity["files"], identity["recipes"], identity["versions"]])


def _sha256(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
