"""What a download says of itself while it works, and the count of bytes behind it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from classify_local.auxiliary_data.planning import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchProgress:
    """How far a download is. `bytes_total` is known for files that have begun and guessed for the others."""

    files_done: int
    files_total: int
    files_failed: int
    bytes_done: int
    bytes_total: int
    bytes_now: int
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """Time left at the speed of this run; None before anything came."""
        if not self.bytes_now or self.seconds <= 0:
            return None
        return max(0, self.bytes_total - self.bytes_done) * self.seconds / self.bytes_now


class Watcher(Protocol):
    """Receives sentences and progress."""

    def say(self, text: str) -> None:
        """Show a sentence."""
        ...

    def progress(self, progress: FetchProgress) -> None:
        """Show how far it is."""
        ...


class Silent:
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Ignore a sentence."""

    def progress(self, progress: FetchProgress) -> None:
        """Ignore progress."""


@dataclass(slots=True)
class Meter:
    """Bytes of each file; threads write their own entry."""

    here: dict[str, int] = field(default_factory=dict)
    announced: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)

    def heard(self, key: str, here: int, announced: int | None) -> None:
        """Note how much of a file is here, and how much it will be."""
        self.here[key] = here
        if announced is not None:
            self.announced[key] = announced

    def totals(self, wanted: Sequence[Wanted], ended: Collection[str]) -> tuple[int, int, int]:
        """Bytes that are here, bytes of all files, bytes that came in this run."""
        here, announced, before = dict(self.here), dict(self.announced), dict(self.before)
        mean = sum(announced.values()) / len(announced) if announced else None
        done = sum(here.values())
        total = 0.0
        for each in wanted:
            guess = 0.0 if each.key in ended else (each.source.megabytes * 1e6 if mean is None else mean)
            total += announced.get(each.key, max(guess, here.get(each.key, 0)))
        return done, round(max(total, done)), max(0, done - sum(before.values()))
