"""Files of text: what they really are, and in which encoding they can be read without loss."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from classify_local.errors import InputError

_BLOCK = 1 << 20
_MAX_LINE_BLOCKS = 64
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FALLBACK = "cp1252"
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_WORD = re.compile(r"[^\s,;|\"]*[^\x00-\x7f][^\s,;|\"]*")
_ENCODING_REMEDY = "save the table as UTF-8, or name its encoding, for example encoding: cp1250"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How the bytes of a file become text.

    Parameters
    ----------
    name
        A codec of Python's.
    notices
        What was guessed.
    """

    name: str
    notices: tuple[str, ...] = ()


def find_encoding(path: Path, given: str | None = None) -> Encoding:
    """The encoding in which the whole file can be read.

    In this order: the one given; that of a byte order mark; UTF-8; Windows-1252, with a notice that shows
    the first word it changes.

    Raises
    ------
    InputError
        If there is none, with line and byte of what stands against it.
    """
    if given is not None:
        return _given(path, given)
    mark = _mark(_head(path))
    survey = _Survey(path, mark or "utf-8")
    try:
        survey.run()
    except UnicodeDecodeError as error:
        if mark is None:
            return _western(path, survey)
        raise InputError(f"{path}, {survey.place}: damaged {_title(mark)} text; save the table as UTF-8") from error
    return Encoding(name=mark or "utf-8")


def _head(path: Path, size: int = 4) -> bytes:
    with path.open("rb") as stream:
        return stream.read(size)


def _mark(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _given(path: Path, given: str) -> Encoding:
    try:
        name = codecs.lookup(given).name
        b"a".decode(name, errors="ignore")
    except (LookupError, UnicodeError, ValueError) as error:
        raise InputError(
            f"{path}: unknown encoding {given!r}; write for example utf-8, cp1252 (Western European) or cp1250 "
            "(Central European)"
        ) from error
    mark = _mark(_head(path))
    if mark and not name.startswith(mark.removesuffix("-sig")):
        raise InputError(f"{path}: is in {_title(mark)} (its first bytes say so), not {given}; save it as CSV in UTF-8")
    name = mark or name
    survey = _Survey(path, name)
    try:
        survey.run()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, {survey.place}: not {_title(name)} text; save the table as UTF-8") from error
    return Encoding(name=name)


def _title(codec: str) -> str:
    """A codec as people write it."""
    return codec.removesuffix("-sig").upper() if codec.startswith("utf") else codec


def _western(path: Path, survey: _Survey) -> Encoding:
    """Windows-1252, which has a character for nearly every byte: a guess, so its first word is shown."""
    if survey.not_ascii_before:
        raise InputError(
            f"{path}, {survey.place}: damaged UTF-8 text, among other that is sound; "
            "correct that character, or save the table anew"
        )
    western = _Survey(path, _FALLBACK)
    try:
        western.run()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, {western.place}: neither UTF-8 nor Windows-1252 text; {_ENCODING_REMEDY}") from error
    word = _word_at(path, survey.at)
    notice = (
        f"{path}: is not in UTF-8 and is read as Windows-1252 (Western European), from {survey.place} on: "
        f"{word!r}; if that is not the right word, {_ENCODING_REMEDY}"
    )
    return Encoding(name=_FALLBACK, notices=(notice,))


def _word_at(path: Path, at: int) -> str:
    """The first word that Windows-1252 changes; it holds the byte at which UTF-8 fails."""
    before = min(at, 60)
    with path.open("rb") as stream:
        stream.seek(at - before)
        text = stream.read(before + 60).decode(_FALLBACK, errors="replace")
    found = next((match for match in _WORD.finditer(text) if match.end() > before), None)
    return found.group() if found else text


@dataclass(slots=True)
class _Survey:
    """A pass over a file that decodes all of it and keeps nothing.

    `at` is the byte at which it had to stop, `not_ascii_before` whether the text before it has other
    characters than ASCII's.
    """

    path: Path
    encoding: str
    at: int = field(default=0, init=False)
    not_ascii_before: bool = field(default=False, init=False)

    def run(self) -> None:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        wide = self.encoding.startswith(("utf-16", "utf-32"))
        without_end = position = 0
        for block in _blocks(self.path):
            without_end = 0 if b"\n" in block or b"\r" in block else without_end + 1
            self._refuse(block, position, without_end, wide=wide)
            self._decode(decoder, block, position)
            position += len(block)
        self._decode(decoder, b"", position)

    def _decode(self, decoder: codecs.IncrementalDecoder, block: bytes, position: int) -> None:
        pending = decoder.getstate()[0]
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            self.at = position - len(pending) + error.start
            self.not_ascii_before = self.not_ascii_before or bool(_NOT_ASCII.search(error.object, 0, error.start))
            raise
        except UnicodeError as error:  # a codec's own words, as of UTF-16 without its mark
            raise InputError(
                f"{self.path}: is no {_title(self.encoding)} text ({error}); {_ENCODING_REMEDY}"
            ) from error
        self.not_ascii_before = self.not_ascii_before or not block.isascii()

    def _refuse(self, block: bytes, position: int, without_end: int, *, wide: bool) -> None:
        if without_end > _MAX_LINE_BLOCKS:
            raise InputError(f"{self.path}: has a line of more than {_MAX_LINE_BLOCKS} MB; is this a table?")
        if not wide and b"\0" in block:
            self.at = position + block.index(0)
            raise InputError(f"{self.path}, {self.place}: a zero byte; save the table as text in UTF-8")

    @property
    def place(self) -> str:
        """Line and byte of `at`."""
        ends = returns = left = 0
        for block in _blocks(self.path):
            part = block[: self.at - left]
            ends, returns = ends + part.count(b"\n"), returns + part.count(b"\r")
            left += len(part)
            if len(part) < len(block) or left == self.at:
                break
        return f"line {(ends or returns) + 1} (byte {self.at})"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
