"""VRT files, sound and hostile."""

from __future__ import annotations

from itertools import pairwise

from tests.faults.rows import Breaking, image_path, together, write
from tests.faults.scene import BANDS, COLS, CRS, ROWS, TRANSFORM

Rectangle = tuple[float, float, float, float]


def vrt(
    source: str = "image.tif",
    *,
    relative: int = 1,
    size: tuple[int, int] = (COLS, ROWS),
    srs: str = CRS,
    source_rectangle: Rectangle | None = None,
    target: Rectangle | None = None,
    number: str = "{n}",
    kind: str = "SimpleSource",
    dtype: str = "UInt16",
    of_root: str = "",
    of_band: str = "",
    of_source: str = "",
    root: str = "",
    band: str = "",
) -> str:
    """A VRT of three bands. `of_...` are attributes or elements added to root, bands and sources."""
    whole = (0, 0, *size)
    part = source_rectangle or whole
    bands = "".join(
        f'<VRTRasterBand dataType="{dtype}" band="{n}" {band}><Description>{name}</Description>{of_band}'
        f'<{kind}><SourceFilename relativeToVRT="{relative}">{source}</SourceFilename>'
        f"<SourceBand>{number.format(n=n)}</SourceBand>"
        f"{_rectangle('SrcRect', part)}{_rectangle('DstRect', target or part)}{of_source}</{kind}></VRTRasterBand>"
        for n, name in enumerate(BANDS, 1)
    )
    t = TRANSFORM
    return (
        f'<VRTDataset rasterXSize="{size[0]}" rasterYSize="{size[1]}" {root}><SRS>{srs}</SRS>'
        f"<GeoTransform>{t.c},{t.a},{t.b},{t.f},{t.d},{t.e}</GeoTransform>{of_root}{bands}</VRTDataset>"
    )


def as_image(content: str | bytes, name: str = "mosaic.vrt") -> Breaking:
    """Write a VRT and let the recipe name it."""
    return together(write(name, content), image_path(name))


def bomb(entities: int = 9) -> str:
    """A document type whose last entity is a billion characters long."""
    names = "abcdefghijklmnop"[: entities + 1]
    lines = [f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names)]
    return f'<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa">{"".join(lines)}]>'


def _rectangle(tag: str, rectangle: Rectangle) -> str:
    x, y, width, height = rectangle
    return f'<{tag} xOff="{x}" yOff="{y}" xSize="{width}" ySize="{height}"/>'
