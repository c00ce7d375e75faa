"""The encoding of a shapefile's attributes: told by a .cpg file or a byte of the .dbf, or found out."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from classify_local.errors import InputError
from classify_local.storage.columns import TextArray, text_array

_CODE_PAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: "gbk", 0x4E: "cp949", 0x4F: "cp950",
    0x57: "cp1252", 0x58: "cp1252", 0x64: "cp852", 0x65: "cp866", 0x7B: "cp932", 0x7C: "cp874", 0xC8: "cp1250",
    0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253", 0xCC: "cp1257",
}  # fmt: skip
"""What the 30th byte of a .dbf stands for; 0x57 is "the system's", in practice mostly this."""
_UTF8 = ("utf8", "65001")
_NUMBER = re.compile(r"(?:ansi|oem|cp|windows)?([0-9]{3,5})")
_FALLBACK = "cp1252"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """How the attributes of a shapefile are encoded.

    Parameters
    ----------
    codec
        A codec of Python's; None if nothing tells.
    told_by
        What tells it.
    """

    codec: str | None
    told_by: str = ""

    def decoded(self, columns: Mapping[str, TextArray], where: str) -> tuple[dict[str, TextArray], tuple[str, ...]]:
        """Names and cells, given with one character for each byte, as the text they are; and what was guessed.

        Raises
        ------
        InputError
            If the encoding that the shapefile names does not fit.
        """
        first = next(_not_ascii(columns), None)
        if first is None:
            return dict(columns), ()
        if self.codec is None:
            return _guessed(columns, where)
        try:
            return _decode(columns, self.codec), ()
        except UnicodeDecodeError as error:
            raise InputError(
                f"{where}: {first!r} is not {self.codec} text, as {self.told_by} says; write the right encoding "
                "into its .cpg file, for example UTF-8 or 1252"
            ) from error


def described(files: Mapping[str, Path]) -> Attributes:
    """What the files of a shapefile, by their endings, say of its encoding."""
    if ".cpg" in files:
        codec = _codec(files[".cpg"].read_text(encoding="latin-1"))
        return Attributes(codec=codec, told_by=f"its .cpg file ({codec})")
    with files[".dbf"].open("rb") as stream:
        head = stream.read(32)
    codec = _CODE_PAGES.get(head[29]) if len(head) == 32 else None
    return Attributes(codec=codec, told_by="a byte in its .dbf file")


def _codec(text: str) -> str | None:
    """Python's name for what a .cpg file says: UTF-8, 1252, ANSI 1252, ISO-8859-1, 88591, ..."""
    name = re.sub(r"[\s_-]", "", text.lower().strip("\ufeff\xef\xbb\xbf \r\n\0"))
    if name in _UTF8:
        return "utf-8"
    iso = re.fullmatch(r"(?:iso)?8859([0-9]{1,2})", name)
    number = _NUMBER.fullmatch(name)
    name = f"iso8859-{iso.group(1)}" if iso else f"cp{number.group(1)}" if number else name
    try:
        return codecs.lookup(name).name if name.isascii() else None
    except (LookupError, ValueError):
        return None


def _not_ascii(columns: Mapping[str, TextArray]) -> Iterator[str]:
    yield from (name for name in columns if not name.isascii())
    for cells in columns.values():
        yield from (cell for cell in cells.tolist() if not cell.isascii())


def _guessed(columns: Mapping[str, TextArray], where: str) -> tuple[dict[str, TextArray], tuple[str, ...]]:
    try:
        return _decode(columns, "utf-8"), ()
    except UnicodeDecodeError:
        found = _decode(columns, _FALLBACK, errors="replace")
    first = next(_not_ascii(found))
    notice = (
        f"{where}: does not say how its text is encoded and is read as Windows-1252 (Western European): "
        f"{first[:60]!r}; if that is not right, write the encoding into a .cpg file of its name, for example 1250"
    )
    return found, (notice,)


def _decode(columns: Mapping[str, TextArray], codec: str, errors: str = "strict") -> dict[str, TextArray]:
    return {_one(name, codec, errors): _all(cells, codec, errors) for name, cells in columns.items()}


def _one(text: str, codec: str, errors: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode(codec, errors).strip()


def _all(cells: TextArray, codec: str, errors: str) -> TextArray:
    texts = cells.tolist()
    return cells if all(map(str.isascii, texts)) else text_array(_one(text, codec, errors) for text in texts)
