"""Legends: read from anything that holds one, written for other programs, coloured."""

from __future__ import annotations

from classify_local.legending import (
    check_colors,
    export_legend,
    import_legend,
    legend_csv,
    list_palettes,
    paste_legend,
    with_colors,
    with_palette,
)

__all__ = [
    "check_colors",
    "export_legend",
    "import_legend",
    "legend_csv",
    "list_palettes",
    "paste_legend",
    "with_colors",
    "with_palette",
]
