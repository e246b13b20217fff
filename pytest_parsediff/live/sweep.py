"""What no item covers, and how much of everything was examined."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.diff.records import StoredSide
from pytest_parsediff.diff.verdict import Verdict
from pytest_parsediff.live.rundb import RunDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much a run looked at.

    Attributes:
        sources: Sources that were found.
        sources_parsed: Those of them that were parsed.
        stored: Stored sessions of all adapters, trashed ones included.
        found: Sessions that the sources have.
        selected: Sessions that were to be examined.
    """

    sources: int
    sources_parsed: int
    stored: int
    found: int
    selected: int


def sweep(rundb: RunDatabase, stored: StoredSide) -> list[Verdict]:
    """Return the verdicts of sessions that no item judged, by adapter and id.

    Sessions emitted though the inventory did not know them are ``new_on_disk``; what
    a limit, a sample or a list of ids left out, and stored sessions of adapters that
    this run does not concern, are ``skipped``.
    """
    raise NotImplementedError


def coverage(rundb: RunDatabase, stored: StoredSide) -> Coverage:
    """Return how much of everything the run looked at."""
    raise NotImplementedError
