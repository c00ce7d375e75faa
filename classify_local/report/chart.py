"""Which bands matter, as a picture."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from classify_local.accuracy.importance import Importance
from classify_local.report.validation import percent

_BAR, _INK, _FAINT = "#2F6B4F", "#333333", "#DDDDDD"


def importance_png(importance: Importance, most: int = 20) -> bytes:
    """A bar for each of the most important bands, with a whisker of one standard deviation."""
    shown = list(importance.by_band.items())[:most]
    figure = Figure(figsize=(7.2, 1.9 + 0.3 * len(shown)), layout="constrained")
    axes = figure.subplots()
    means = [100 * spread.mean for _, spread in shown]
    whiskers = [0.0 if math.isnan(spread.sd) else 100 * spread.sd for _, spread in shown]
    axes.barh(range(len(shown)), means, color=_BAR, height=0.68, zorder=2)
    if any(whiskers):
        style: dict[str, Any] = {"fmt": "none", "ecolor": _INK, "elinewidth": 1.1, "capsize": 2.5}
        axes.errorbar(means, range(len(shown)), xerr=whiskers, zorder=3, **style)
    axes.set_yticks(range(len(shown)), [_squeezed(band) for band, _ in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    _plain(axes)
    _values(axes, means, whiskers)
    axes.set_xlabel("Accuracy lost when the band is shuffled (percentage points)", fontsize=9)
    more = f": the first {most} of {len(importance.bands)}" if len(shown) < len(importance.bands) else ""
    axes.set_title(f"Importance of the bands{more}", loc="left")
    figure.supxlabel(_caption(importance), fontsize=8, color="#666666", x=0.01, ha="left")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=120, metadata={"Software": "classify_local"})
    return stream.getvalue()


def _caption(importance: Importance) -> str:
    whiskers = f"whiskers: one standard deviation of {len(importance.drops)} shuffles"
    text = (
        f"Held-out groups: {importance.groups:,}; accuracy with all bands {percent(importance.overall)}"
        f"{'; ' + whiskers if len(importance.drops) > 1 else ''}. Bands that say the same share their importance."
    )
    return textwrap.fill(text, 120)


def _plain(axes: Any) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=_FAINT, linewidth=0.8, zorder=0)
    axes.axvline(0, color=_INK, linewidth=0.8, zorder=4)


def _values(axes: Any, means: Sequence[float], whiskers: Sequence[float]) -> None:
    """The figure behind each whisker, and room for it."""
    ends = [max(0.0, mean + whisker) for mean, whisker in zip(means, whiskers, strict=True)]
    low = min(0.0, *(mean - whisker for mean, whisker in zip(means, whiskers, strict=True)))
    span = max(max(ends) - low, 0.5)
    axes.set_xlim(low - 0.03 * span, max(ends) + 0.12 * span)
    for row, (end, mean) in enumerate(zip(ends, means, strict=True)):
        axes.text(
            end + 0.012 * span, row, f"{mean:.1f}".replace("-", "\N{MINUS SIGN}"), va="center", fontsize=8.5, color=_INK
        )


def _squeezed(band: str) -> str:
    """A long name without its middle: what differs is mostly at the ends."""
    return band if len(band) <= 26 else f"{band[:12]}…{band[-13:]}"
