"""One model under one number, and what it makes of tiles. A snapshot never changes; a new model is a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers import registry
from classify_local.classifiers.trained import TrainedModel
from classify_local.errors import InputError
from classify_local.features.stack import Block
from classify_local.legend import Legend
from classify_local.mapping.block import classify_block
from classify_local.mapping.products import CLASS, PERCENT_NODATA, PROBABILITY, resolve_products
from classify_local.recipe.classifiers import Classifier

CLASS_PROBABILITY = "class_probability"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """A trained model.

    Parameters
    ----------
    revision
        Its number; later models have greater ones.
    model
        The model, its compiled form made.
    """

    revision: int
    model: TrainedModel

    @property
    def legend(self) -> Legend:
        """The legend it was trained with."""
        return self.model.legend

    @property
    def outputs(self) -> tuple[str, ...]:
        """The bands it can show."""
        return output_bands(self.model.legend, probabilities=self.model.fitted.gives_probabilities)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TileMap:
    """What a model makes of a tile.

    Parameters
    ----------
    classes
        Class values, shape (rows, cols); `nodata` where there is none.
    percents
        By name of the band, shape (rows, cols) each, 255 where there is none.
    nodata
        The value that means no class.
    """

    classes: NDArray[np.generic]
    percents: dict[str, NDArray[np.uint8]]
    nodata: int

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.classes.nbytes + sum(band.nbytes for band in self.percents.values())


def output_bands(legend: Legend, *, probabilities: bool) -> tuple[str, ...]:
    """The bands a page can show of a classifier: the class, and percents if it gives them."""
    if not probabilities:
        return (CLASS,)
    return (CLASS, CLASS_PROBABILITY, *(f"probability_{value}" for value in legend.values))


def can_give_probabilities(classifier: Classifier) -> bool:
    """True if a classifier tells how sure it is."""
    try:
        registry.require_can_give(classifier, (CLASS_PROBABILITY,))
    except InputError:
        return False
    return True


def map_tile(snapshot: Snapshot, block: Block, bands: Sequence[str]) -> TileMap:
    """Classes and percents of a tile, as a run would give them at full resolution.

    Parameters
    ----------
    snapshot
        The model.
    block
        The tile's features.
    bands
        Which percents to make; the classes always are.
    """
    products = resolve_products((CLASS, *(band for band in bands if band != CLASS)), snapshot.legend)
    made = classify_block(block.features, block.valid, snapshot.model, products)
    percents = next((product.bands for product in products if product.kind == PROBABILITY), ())
    return TileMap(
        classes=made[CLASS][0],
        percents={band: made[PROBABILITY][i].astype(np.uint8) for i, band in enumerate(percents)},
        nodata=int(products[0].nodata),
    )


def below(tile: TileMap, threshold: int) -> NDArray[np.bool_]:
    """Pixels whose class is less probable than a threshold in percent."""
    percent = tile.percents[CLASS_PROBABILITY]
    return np.asarray((percent < threshold) & (percent != PERCENT_NODATA))
