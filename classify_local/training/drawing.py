"""Reference points drawn at random from an existing classification: as many of each class as the recipe asks for.

The classification is read twice, block by block: once to count what there is, once to find the pixels that are
drawn. Whether the image has data is asked for these only, and for a few more in case it has none at some of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
from pyproj.enums import TransformDirection

from classify_local.bands.aliases import find_band
from classify_local.errors import InputError
from classify_local.grid import BLOCK_SIZE
from classify_local.recipe.model import Sample
from classify_local.storage.composite import Image
from classify_local.training.allocation import allocate
from classify_local.training.lottery import Lottery, Validity
from classify_local.training.placement import Placement, pixel_metres, place
from classify_local.training.points import ReferencePoints
from classify_local.training.population import Census, Population, sampled_lines
from classify_local.training.strata import Strata

_SHOWN = 10
_ALIKE = 1.5
"""Pixels whose sides differ by less than this factor are called alike."""


def draw(
    sample: Sample,
    mosaic: Image,
    image: Validity,
    where: str,
    legend: Collection[int] | None = None,
    *,
    block_size: int = BLOCK_SIZE,
) -> ReferencePoints:
    """Points drawn from a classification, at the centres of its pixels and in its reference system.

    Parameters
    ----------
    sample
        What to draw. Counts are those of classes after `classes` has mapped the values; without it the values
        are the classes. Where `per_class` has no default, classes that it does not name give nothing.
        Shares of `total` follow the pixels whose centres lie in the image; that bands or masks may have no data
        there is not considered, as that would mean to read all of them.
    mosaic
        The classification. What it calls nodata is no class.
    image
        Points are drawn where it has data in every band.
    where
        What to call the classification in messages.
    legend
        Values that are no class of it are left out, or given to `default`; all are classes if None.
    block_size
        Side of what is read at once, in pixels. The points do not depend on it.

    Returns
    -------
    ReferencePoints
        In order of class, and within a class in the order of the draw: the first n of a class are those that
        a sample of n with the same seed would hold. `line` counts them from 1.

    Raises
    ------
    InputError
        If the classification does not overlap the image, has no class there, or is none.
    """
    population = _population(sample, mosaic, image, where, legend, block_size)
    census = population.census()
    _require_something(sample, population.placement, census, where)
    asked = allocate(sample, census.available, where)
    lots = Lottery(population, image, census.by_code(asked), census.counts, sample.seed).draw()
    labels = np.array([census.strata.classes[code] for code in lots.code], dtype=np.int64)
    order = np.argsort(labels, kind="stable")
    x, y = population.placement.centres(lots.row[order], lots.col[order])
    notes = [
        *_notes_on_values(sample, census), *_notes_on_counts(sample, asked, Counter(labels.tolist())),
        *_notes_on_sides(sample, population),
    ]  # fmt: skip
    return ReferencePoints(
        where=where, x=x, y=y, labels=labels[order], crs=mosaic.grid.crs.to_wkt(), line=np.arange(1, len(x) + 1),
        group=np.full(len(x), -1), notes=tuple(f"{where}: {note}" for note in notes),
    )  # fmt: skip


def _population(
    sample: Sample,
    mosaic: Image,
    image: Validity,
    where: str,
    legend: Collection[int] | None,
    block_size: int,
) -> Population:
    strata = Strata(sample, where, legend)
    placement = place(mosaic.grid, image.grid, where)
    covered = placement.covered()
    if covered.is_empty:
        raise InputError(_no_overlap(placement, where))
    steps = (1.0, 1.0)
    if sample.scale is not None:
        sides = pixel_metres(mosaic.grid, covered.row + covered.rows / 2, covered.col + covered.cols / 2)
        steps = (max(1.0, sample.scale / sides[0]), max(1.0, sample.scale / sides[1]))
    return Population(
        mosaic=mosaic, band=find_band(sample.band, mosaic.names, mosaic.where) + 1, strata=strata, placement=placement,
        rows=sampled_lines(covered.row, covered.rows, steps[0]),
        cols=sampled_lines(covered.col, covered.cols, steps[1]), pure=sample.pure, block_size=block_size,
    )  # fmt: skip


def _no_overlap(placement: Placement, where: str) -> str:
    """Both bounds in the reference system of the classification, or where there are none, each in its own."""
    source, image = placement.source, placement.image
    bounds = placement.transformer.transform_bounds(*image.bounds, direction=TransformDirection.INVERSE)
    there = source.crs if np.isfinite(bounds).all() else image.crs
    of_image = bounds if np.isfinite(bounds).all() else image.bounds
    return (
        f"{where}: the classification to sample does not overlap the image: its bounds are {_numbers(source.bounds)} "
        f"({source.crs.to_string()[:40]}), those of the image {_numbers(of_image)} ({there.to_string()[:40]}); "
        "give one that covers the image"
    )


def _require_something(sample: Sample, placement: Placement, census: Census, where: str) -> None:
    if census.available:
        return
    if not census.counts.any():
        raise InputError(
            _no_overlap(placement, where)
            if sample.scale is None
            else f"{where}: no cell of scale {sample.scale:g} has its middle in the image; give a smaller scale, "
            "or a classification that covers the image"
        )
    values = census.left_out
    if values:
        raise InputError(
            f"{where}: its values in the image ({_numbers(values)}) belong to no class; say which do, for example "
            f"classes: {{10: [{values[0]}]}}"
        )
    why = "has no pixel in the image whose 8 neighbours are of its class" if sample.pure else "has no data in the image"
    remedy = "pure: false takes others" if sample.pure else "give one that has"
    raise InputError(f"{where}: {why}; {remedy}")


def _notes_on_values(sample: Sample, census: Census) -> Iterator[str]:
    if census.left_out:
        remedy = "" if sample.default is not None else "; classes or default can give them one"
        yield f"values that belong to no class are left out: {_numbers(census.left_out)}{remedy}"


def _notes_on_counts(sample: Sample, asked: Mapping[int, int], drawn: Mapping[int, int]) -> Iterator[str]:
    short = [value for value in asked if drawn.get(value, 0) < asked[value]]
    if short:
        listed = ", ".join(f"{drawn.get(value, 0):,} of {asked[value]:,} for class {value}" for value in short)
        yield f"fewer pixels with data in the image than points asked for, all are taken: {listed}"
    if sample.total is not None:
        if sum(asked.values()) < sample.total:
            yield f"total is {sample.total:,}, and the image holds {sum(asked.values()):,} pixels that can be drawn"
        return
    unknown = sorted(value for value in sample.per_class if value != "default" and value not in asked)
    if unknown:
        yield f"classes of per_class without a pixel in the image: {_numbers(unknown)}"
    unasked = [value for value in asked if value not in sample.per_class]
    if unasked and "default" not in sample.per_class:
        yield f"classes that per_class does not name, nor gives a default, get no points: {_numbers(unasked)}"


def _notes_on_sides(sample: Sample, population: Population) -> Iterator[str]:
    """What a user should know where pixels of the classification, of the image and sampled cells differ in size."""
    placement = population.placement
    row, col = (lines[len(lines) // 2] for lines in (population.rows, population.cols))
    own = float(np.sqrt(np.prod(pixel_metres(placement.source, row, col))))
    there_yx = placement.pixels(np.array([row]), np.array([col]))[:, 0]
    theirs = float(np.sqrt(np.prod(pixel_metres(placement.image, *there_yx.tolist()))))
    if sample.scale is not None and sample.scale < 0.99 * own:
        yield f"a scale of {sample.scale:g} m is finer than its pixels of {own:.3g} m and would only copy them"
    many = max(own / theirs, theirs / own) ** 2
    if theirs > _ALIKE * own:
        yield (
            f"a pixel of the image ({theirs:.3g} m) holds about {many:.0f} of the classification ({own:.3g} m), and "
            f"the drawn one gives its class"
            + ("; pure looks at 3 x 3 of them" if sample.pure else "; pure: true leaves out those among other classes")
        )
    elif own > _ALIKE * theirs:
        yield (
            f"a pixel of the classification ({own:.3g} m) covers about {many:.0f} of the image ({theirs:.3g} m), and "
            "its class need not be that of the one at its centre"
            + ("" if sample.pure else "; pure: true takes those within larger areas of a class")
        )


def _numbers(values: Iterable[float | str]) -> str:
    every = [f"{value:.10g}" if isinstance(value, float) else str(value) for value in values]
    return ", ".join(every[:_SHOWN]) + (f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else "")
