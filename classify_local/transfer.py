"""One model over other images: whether they look like those it was trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from classify_local.classifiers.trained import TrainedModel
from classify_local.features.stack import FeatureStack
from classify_local.grid import spread_blocks

_LOOKED_AT = 16
_MUCH = 0.05
"""Share of an image's pixels beyond the training range from which it is said."""


def beyond_training(stack: FeatureStack, model: TrainedModel) -> Mapping[str, float]:
    """For each band the share of pixels outside the range of the training data.

    Sixteen blocks spread evenly over the image are looked at.

    Parameters
    ----------
    stack
        With the model's bands.
    model
        Knows the least and greatest training value of each band.
    """
    ranges = model.training.get("band_ranges", {})
    outside: Counter[str] = Counter()
    seen = 0
    for window in spread_blocks(stack.grid.window, _LOOKED_AT):
        block = stack.read(window)
        seen += int(block.valid.sum())
        for name, values in zip(stack.names, block.features, strict=True):
            if name in ranges:
                low, high = ranges[name]
                found = values[block.valid]
                outside[name] += int(((found < low) | (found > high)).sum())
    return {name: count / seen for name, count in outside.items()} if seen else {}


def transfer_notes(stack: FeatureStack, model: TrainedModel) -> Iterator[str]:
    """What to say of an image that differs from the training data."""
    for name, share in sorted(beyond_training(stack, model).items(), key=lambda item: -item[1]):
        if share >= _MUCH:
            yield (
                f"warning: {name} lies outside the range of the training data in {100 * share:.0f} % of the image; "
                "is it the same quantity, scale and season?"
            )
