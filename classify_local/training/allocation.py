"""How many points each class gets: by count, or as its share of a total. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from classify_local.errors import InputError
from classify_local.recipe.model import Sample


def allocate(sample: Sample, available: Mapping[int, int], where: str) -> dict[int, int]:
    """Points asked for from each class.

    Parameters
    ----------
    sample
        `per_class`, or `total` with its `allocation` and `floor`.
    available
        Pixels of each class that can be drawn.
    where
        The classification, for messages.

    Returns
    -------
    dict
        Class value -> points, in the order of the values. Counts per class are those asked for, also where
        there are fewer pixels; shares of a total never exceed what there is, and add up to the total or, where
        that is less, to all pixels there are.

    Raises
    ------
    InputError
        If total and counts per class are both given, or floors add up to more than the total.
    """
    if sample.total is None:
        return {value: _asked(sample, value) for value in sorted(available)}
    if "per_class" in sample.model_fields_set:
        raise InputError(f"{where}: both total and per_class are given; keep one of them")
    if sample.allocation == "equal":
        return equal(sample.total, available)
    _require_room(sample.total, sample.floor, available, where)
    return proportional(sample.total, available, sample.floor)


def equal(total: int, available: Mapping[int, int]) -> dict[int, int]:
    """The same number from every class; what a class does not have goes to the others, equally.

    Points that do not divide go one each to the first classes that have more.
    """
    shares = dict.fromkeys(sorted(available), 0)
    sharing, left = list(shares), min(total, sum(available.values()))
    while sharing:
        each, over = divmod(left, len(sharing))
        exhausted = [value for value in sharing if available[value] <= each]
        if not exhausted:
            return shares | {value: each + (number < over) for number, value in enumerate(sharing)}
        for value in exhausted:
            shares[value] = available[value]
            left -= available[value]
            sharing.remove(value)
    return shares


def proportional(total: int, available: Mapping[int, int], floor: int = 0) -> dict[int, int]:
    """Shares in proportion to the pixels of each class, by largest remainders (Hamilton's method).

    A class whose share would be less than the floor gets the floor, or all it has, and the others share
    what is left. Equal remainders go to the first classes.
    """
    left = min(total, sum(available.values()))
    shares = dict.fromkeys(sorted(available), 0)
    sharing = [value for value in shares if available[value]]
    while sharing:
        whole = sum(available[value] for value in sharing)
        below = [value for value in sharing if left * available[value] < min(floor, available[value]) * whole]
        if not below:
            return shares | _largest_remainders(left, {value: available[value] for value in sharing})
        for value in below:
            shares[value] = min(floor, available[value], left)
            left -= shares[value]
            sharing.remove(value)
    return shares


def _largest_remainders(total: int, available: Mapping[int, int]) -> dict[int, int]:
    whole = sum(available.values())
    quotas = {value: Fraction(total * count, whole) for value, count in available.items()}
    shares = {value: int(quota) for value, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda value: (shares[value] - quotas[value], value))
    for value in by_remainder[: total - sum(shares.values())]:
        shares[value] += 1
    return shares


def _asked(sample: Sample, value: int) -> int:
    """What `per_class` says of a class; nothing is drawn from one that it does not name, unless it has a default."""
    return sample.per_class.get(value, sample.per_class.get("default", 0))


def _require_room(total: int, floor: int, available: Mapping[int, int], where: str) -> None:
    needed = sum(min(floor, count) for count in available.values())
    if needed > total:
        raise InputError(
            f"{where}: a floor of {floor:,} for {len(available)} classes needs {needed:,} points, and total is "
            f"{total:,}; raise total or lower the floor"
        )
