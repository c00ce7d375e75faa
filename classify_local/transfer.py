"""One model over other images: whether they look like those it was trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from classify_local.classifiers.trained import TrainedModel
from classify_local.errors import InputError
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


def require_contract(stack: FeatureStack, model: TrainedModel, wanted_by: str) -> None:
    """Refuse bands that have the names of the model's and are something else.

    Raises
    ------
    InputError
        One line for each such band.
    """
    lines = [
        f"{wanted_by}: was trained on {spec.name} as {_said(band.unit)}, and here it is {_said(spec.unit)} "
        f"({spec.source}); give the image's bands as the model's recipe did"
        for spec, band in zip(stack.bands, model.contract, strict=False)
        if spec.unit != band.unit
    ]
    if lines:
        raise InputError(*lines)


def _said(unit: str) -> str:
    return "a derived band without unit" if unit == "1" else f"a {unit}"


def scale_notes(stack: FeatureStack, model: TrainedModel) -> Iterator[str]:
    """What to say of bands whose stored values become reflectance by other numbers than the model's."""
    differing: dict[tuple[tuple[float, float], tuple[float, float]], list[str]] = {}
    for spec, band in zip(stack.bands, model.contract, strict=False):
        if spec.reflectance is not None and band.reflectance is not None and spec.reflectance != band.reflectance:
            differing.setdefault((band.reflectance, spec.reflectance), []).append(spec.name)
    for (trained, here), names in differing.items():
        yield (
            f"warning: {', '.join(names)}: the model was trained on values that become reflectance by "
            f"x {trained[0]:g} + {trained[1]:g}, here by x {here[0]:g} + {here[1]:g}; rescale the image, or say its "
            "reflectance: in the recipe if the file's own tags are wrong"
        )


def transfer_notes(stack: FeatureStack, model: TrainedModel) -> Iterator[str]:
    """What to say of an image that differs from the training data."""
    yield from scale_notes(stack, model)
    for name, share in sorted(beyond_training(stack, model).items(), key=lambda item: -item[1]):
        if share >= _MUCH:
            yield (
                f"warning: {name} lies outside the range of the training data in {100 * share:.0f} % of the image; "
                "is it the same quantity, scale and season?"
            )
