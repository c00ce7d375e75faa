"""Which moment of a time axis is taken."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import xarray as xr

from classify_local.errors import InputError, nearest

_SHOWN = 8


def resolve_time(dates: list[str], wanted: str | None, where: str) -> int:
    """The position of the moment a recipe means.

    Parameters
    ----------
    dates
        Those there are, as ISO 8601.
    wanted
        The beginning of one of them, as exact as it needs to be: 2021-07-10 or 2021-07; None if there is one only.

    Raises
    ------
    InputError
        If none is meant, or several are; it names those there are.
    """
    if wanted is None:
        if len(dates) == 1:
            return 0
        raise InputError(
            f"{where}: holds {len(dates):,} dates ({_listed(dates)}); say which is meant, for example time: {dates[0]}"
        )
    text = wanted.strip().replace(" ", "T").removesuffix("Z")
    found = [i for i, date in enumerate(dates) if date == text] or [
        i for i, date in enumerate(dates) if text and date.startswith(text)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        meant = [dates[i] for i in found]
        raise InputError(f"{where}: time {wanted!r} means {len(found):,} dates ({_listed(meant)}); write more of one")
    raise InputError(f"{where}: has no date {wanted!r}; it has {_listed(dates)}{nearest(text, dates)}")


def dates_of(dataset: xr.Dataset, dimension: Hashable) -> list[str]:
    """The moments along a time axis as ISO 8601, as short as they are exact; numbers where they cannot be told."""
    count = int(dataset.sizes[dimension])
    if dimension not in dataset.variables:
        return [str(i) for i in range(1, count + 1)]
    alone = xr.Dataset(coords={dimension: dataset[dimension].variable})
    try:
        decoded = xr.decode_cf(alone, mask_and_scale=False)[dimension].values
        return [_short(str(moment)) for moment in decoded]
    except (ValueError, ImportError, OverflowError):  # calendars of climate models need another library
        return [f"{value:g}" if isinstance(value, np.number) else str(value) for value in alone[dimension].values]


def _short(text: str) -> str:
    text = text.replace(" ", "T")
    return text.split(".")[0].removesuffix("T00:00:00") if "T" in text else text


def _listed(dates: list[str]) -> str:
    if len(dates) <= _SHOWN:
        return ", ".join(dates)
    return f"{', '.join(dates[: _SHOWN - 1])}, ..., {dates[-1]}"
