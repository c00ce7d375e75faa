"""What a recipe names, opened: images, legend and reference points, or all that stands against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from classify_local.chaining.chain import Chain
from classify_local.chaining.opening import RecipeOpener
from classify_local.classifiers import registry
from classify_local.errors import InputError, Problems, collect
from classify_local.features.images import allowed_folders, open_stack
from classify_local.features.stack import FeatureStack
from classify_local.prepared import Prepared, Trainable
from classify_local.recipe.model import RecipeSource
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage import atomic
from classify_local.storage.legends import recipe_legend
from classify_local.training.collect import read_sources
from classify_local.training.joining import OtherRecipe


def prepare(
    document: RecipeDocument,
    allow: Sequence[Path],
    folder: Path | None = None,
    chain: Chain | None = None,
    *,
    offline: bool = False,
) -> Prepared:
    """Open everything a recipe names.

    Parameters
    ----------
    document
        The recipe.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    folder
        Where output shall go; it must be writable.
    chain
        The recipes that led here, by taking training data or maps of one another.
    offline
        Refuse images on web servers.

    Raises
    ------
    ClassifyLocalError
        All problems at once.
    """
    problems, chain = Problems(), (chain or Chain()).within(document)
    problems.attempt(lambda: registry.require_can_give(document.recipe.classifier, document.recipe.output.bands))
    stack = problems.attempt(lambda: open_images(document, allow, chain, offline=offline))
    map_stack = stack if stack is None else problems.attempt(lambda: _map_stack(document, allow, stack, chain, offline))
    legend = problems.attempt(lambda: recipe_legend(document))
    allowed = allowed_folders(document, allow, offline=offline)
    points = problems.attempt(lambda: read_sources(document, stack, legend, allowed))
    others = problems.attempt(lambda: _others(document, stack, allow, chain, offline))
    if folder is not None:
        problems.attempt(lambda: atomic.require_writable(folder))
    problems.raise_all()
    if stack is None or map_stack is None:
        raise InputError(f"{document.where}: has no images")
    return Prepared(
        document=document,
        stack=stack,
        map_stack=map_stack,
        legend=legend,
        points=tuple(points or ()),
        others=tuple(others or ()),
    )


def prepare_training(
    document: RecipeDocument,
    allow: Sequence[Path],
    folder: Path | None = None,
    chain: Chain | None = None,
    *,
    offline: bool = False,
) -> Trainable:
    """Open everything a recipe names, and require what a training needs.

    The parameters are those of `prepare`.

    Raises
    ------
    ClassifyLocalError
        All problems at once.
    """
    problems = Problems()
    ready = problems.attempt(lambda: prepare(document, allow, folder, chain, offline=offline))
    if document.recipe.legend is None:
        problems.add(InputError(f"{document.where}: has no legend; a run needs one, for example legend: legend.csv"))
    needed = registry.capabilities_of(document.recipe.classifier).training
    if needed and not document.recipe.training:
        problems.add(
            InputError(f"{document.where}: has no training data; a run needs some, for example - csv: points.csv")
        )
    problems.raise_all()
    if ready is None or ready.legend is None:
        raise InputError(f"{document.where}: has no legend")
    return Trainable(
        document=document,
        stack=ready.stack,
        map_stack=ready.map_stack,
        legend=ready.legend,
        points=ready.points,
        others=ready.others,
    )


def open_images(
    document: RecipeDocument,
    allow: Sequence[Path],
    chain: Chain | None = None,
    *,
    for_map: bool = False,
    offline: bool = False,
    factor: int = 1,
) -> FeatureStack:
    """The stack of a recipe's images, maps of other recipes among them; see `features.images.open_stack`.

    `chain` ends with the recipe itself.
    """
    chain = chain or Chain().within(document)
    opener = RecipeOpener(allow=tuple(allow), chain=chain, prepare=partial(prepare_training, offline=offline))
    return open_stack(document, allow, for_map=for_map, offline=offline, factor=factor, open_recipe=opener)


def _map_stack(
    document: RecipeDocument, allow: Sequence[Path], stack: FeatureStack, chain: Chain, offline: bool
) -> FeatureStack:
    """The same bands on the map's grid."""
    output = document.recipe.output
    if output.scale is None and output.crs is None and output.aoi is None:
        return stack
    return open_images(document, allow, chain, for_map=True, offline=offline)


def _others(
    document: RecipeDocument, stack: FeatureStack | None, allow: Sequence[Path], chain: Chain, offline: bool
) -> list[OtherRecipe]:
    """The recipes whose training tables this one takes."""
    named = [source.recipe for source in document.recipe.training if isinstance(source, RecipeSource)]
    return collect(partial(_other, document.resolve(path), document, stack, allow, chain, offline) for path in named)


def _other(
    path: Path,
    document: RecipeDocument,
    stack: FeatureStack | None,
    allow: Sequence[Path],
    chain: Chain,
    offline: bool,
) -> OtherRecipe:
    chain.require_new(path, document.where, "training data")
    ready = prepare_training(load(path), allow, None, chain, offline=offline)
    given = OtherRecipe(
        where=str(path), stack=ready.stack, legend=ready.legend, points=ready.points, others=ready.others
    )
    return given if stack is None else _picked(given, stack.names, document.where)


def _picked(other: OtherRecipe, names: tuple[str, ...], wanted_by: str) -> OtherRecipe:
    """The same with the bands the asking recipe needs, all the way down."""
    others = tuple(_picked(each, names, wanted_by) for each in other.others)
    return replace(other, stack=other.stack.picked(names, f"{wanted_by}, of {other.where},"), others=others)
