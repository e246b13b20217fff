"""The names of the laws, and what breaking one looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Law(StrEnum):
    """A property that must hold for every plan."""

    READ_ONLY = "read-only"
    DETERMINISTIC = "deterministic"
    SNAPSHOT = "snapshot"
    CONVERGES = "converges"
    NO_DUPLICATES = "no-duplicates"
    RESUME = "resume"
    CRASH_SAFE = "crash-safe"
    WARM_COLD = "warm-cold"
    NO_PIN = "no-pin"
    IDLE_CHEAP = "idle-cheap"
    TOLERANT = "tolerant"
    GATE_SOUND = "gate-sound"


#: What runs where nothing else is said.
DEFAULT_LAWS = (
    Law.READ_ONLY,
    Law.DETERMINISTIC,
    Law.SNAPSHOT,
    Law.CONVERGES,
    Law.NO_DUPLICATES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """How a law was broken.

    Attributes:
        law: Which one.
        message: One line: what was seen and what should have been.
        details: More lines: events missing, extra, mixed, each on its own.
        notes: Remarks for the timeline, by index of the moment.
    """

    law: Law
    message: str
    details: tuple[str, ...] = ()
    notes: Mapping[int, str] = field(default_factory=dict)


def show(text: bytes, limit: int = 160) -> str:
    """Return a canonical line as text of at most *limit* characters."""
    shown = text.decode("utf-8", "replace")
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
