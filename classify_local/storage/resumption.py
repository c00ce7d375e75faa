"""Going on with a download: the note of what a partial file is the beginning of, and what a server's answer means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from classify_local.storage import atomic

_ABSENT = (404, 410)
_LATER = (408, 425, 429, 500, 502, 503, 504)
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")

Meaning = Literal["whole", "rest", "absent", "anew", "later", "refused"]
"""What an answer is: all of the file, the rest of it, none; or to begin anew, to try later, to give up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a partial file is the beginning of: address, length, and the marks by which its state is known."""

    url: str
    total: int | None
    etag: str | None
    modified: str | None

    @property
    def validator(self) -> str | None:
        """What If-Range compares; a weak mark does not promise the same bytes."""
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return strong or self.modified


def resolve_offset(begun: Begun | None, size: int, url: str) -> int:
    """The byte from which to ask; 0 if what is here may be of another file, or is longer than it."""
    if begun is None or begun.url != url or begun.validator is None:
        return 0
    return 0 if begun.total is not None and size > begun.total else size


def is_whole(begun: Begun | None, size: int, url: str) -> bool:
    """True if everything is here already."""
    return begun is not None and begun.url == url and bool(size) and begun.total == size


def resolve_meaning(status: int, headers: Mapping[str, str], begun: Begun | None, offset: int) -> Meaning:
    """What an answer means: the whole file, the rest of it, that there is none, or what to do."""
    if status == 206:
        return "rest" if _is_rest(headers, begun, offset) else "anew"
    if status == 200:
        return "whole"
    if status == 416:
        return "anew"
    if status in _ABSENT:
        return "absent"
    return "later" if status in _LATER else "refused"


def _is_rest(headers: Mapping[str, str], begun: Begun | None, offset: int) -> bool:
    found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if not found or not offset or begun is None or int(found[1]) != offset:
        return False
    if begun.etag and headers.get("ETag", begun.etag) != begun.etag:
        return False
    return begun.total is None or found[3] in ("*", str(begun.total))


def resolve_begun(url: str, headers: Mapping[str, str], begun: Begun | None) -> Begun:
    """What comes, as an answer's headers say it; `begun` is what it is the rest of."""
    ranged = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    length = ranged[3] if ranged else headers.get("Content-Length", "").strip()
    total = int(length) if length.isdecimal() and len(length) < 19 else None
    etag, modified = (None, None) if begun is None else (begun.etag, begun.modified)
    return Begun(url=url, total=total, etag=headers.get("ETag", etag), modified=headers.get("Last-Modified", modified))


def write_note(part: Path, begun: Begun) -> None:
    """Write the note of a partial file."""
    atomic.write_text(note_of(part), json.dumps(asdict(begun)))


def note_of(part: Path) -> Path:
    """Where the note of a partial file lies."""
    return part.with_name(f"{part.name}.json")


def read_note(part: Path) -> Begun | None:
    """The note beside a partial file; None if there is none that can be read."""
    try:
        note = json.loads(note_of(part).read_bytes())
        begun = Begun(**note)
    except (OSError, ValueError, TypeError):
        return None
    texts = (begun.url, begun.etag or "", begun.modified or "")
    return begun if all(isinstance(text, str) for text in texts) and isinstance(begun.total, int | None) else None
