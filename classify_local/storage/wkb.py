"""How deep geometries lie in each other in well-known binary, found before a library goes down into them."""

from __future__ import annotations

import struct

_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_POINT, _LINES, _SURFACES, _CONTAINERS = 1, (2, 8), (3, 17), (4, 5, 6, 7, 9, 10, 11, 12, 15, 16)
_HEADER = 5


def is_nested_deeper(wkb: bytes, depth: int) -> bool:
    """True if geometries that hold others lie deeper than `depth` in each other.

    Well-known binary as ISO and as PostGIS have it; what is damaged is looked through as far as it goes.
    """
    if len(wkb) < (_HEADER + 4) * depth:
        return False
    try:
        return _descend(wkb, depth)
    except struct.error:
        return False


def _descend(wkb: bytes, depth: int) -> bool:
    remaining: list[int] = []
    at = 0
    while True:
        order = "<" if wkb[at : at + 1] == b"\1" else ">"
        (code,) = struct.unpack_from(f"{order}I", wkb, at + 1)
        at += _HEADER + (4 if code & _SRID else 0)
        if code & 0xFFFF in _CONTAINERS or (code & 0xFFFF) % 1000 in _CONTAINERS:
            (parts,) = struct.unpack_from(f"{order}I", wkb, at)
            remaining.append(parts + 1)
            at += 4
        else:
            at = _end_of_single(wkb, at, code, order)
        while remaining:
            remaining[-1] -= 1
            if remaining[-1]:
                break
            remaining.pop()
        if len(remaining) > depth:
            return True
        if not remaining:
            return False


def _end_of_single(wkb: bytes, at: int, code: int, order: str) -> int:
    """Where a point, line or surface ends."""
    kind, iso = (code & 0xFFFF) % 1000, (code & 0xFFFF) // 1000
    size = 8 * (2 + (iso in (1, 3) or bool(code & _Z)) + (iso in (2, 3) or bool(code & _M)))
    if kind == _POINT:
        return at + size
    if kind not in _LINES and kind not in _SURFACES:
        raise struct.error("of no kind that is known")
    (parts,) = struct.unpack_from(f"{order}I", wkb, at)
    if kind in _LINES:
        return at + 4 + int(parts) * size
    at += 4
    for _ in range(parts):
        (places,) = struct.unpack_from(f"{order}I", wkb, at)
        at += 4 + int(places) * size
    return at
