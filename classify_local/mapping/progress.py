"""What a run says of itself while it works; who shows it is somebody else's matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the tiles are. Pixels count those made by this run and those to be made."""

    tiles_done: int
    tiles_total: int
    tiles_failed: int
    pixels_done: int
    pixels_total: int
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """Time left at the speed so far; None before the first tile."""
        if not self.pixels_done:
            return None
        return self.seconds * (self.pixels_total - self.pixels_done) / self.pixels_done


class Reporter(Protocol):
    """Receives sentences and progress."""

    def say(self, text: str) -> None:
        """Show a sentence."""
        ...

    def progress(self, progress: Progress) -> None:
        """Show how far the run is."""
        ...


class Silent:
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Ignore a sentence."""

    def progress(self, progress: Progress) -> None:
        """Ignore progress."""
