"""All records of one session, sorted out for comparing; one session at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_parsediff.diff.comparison import Comparison
from pytest_parsediff.diff.records import (
    Aggregates,
    ParsedSession,
    Record,
    StoredSession,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The loaded records of one session.

    Attributes:
        placed: Records that have an identity and a place, by ordinal.
        loose: Records that are compared by number, by ordinal.
        aggregates: The declared sums over all of them.
        is_as_noted: Whether the records give the fingerprint that the session has;
            true when it has none, or one of another form.
    """

    placed: list[Record]
    loose: list[Record]
    aggregates: Aggregates
    is_as_noted: bool

    @property
    def total(self) -> int:
        """Return the number of records."""
        return len(self.placed) + len(self.loose)


def load_side(
    session: StoredSession | ParsedSession,
    records: Iterable[Record],
    comparison: Comparison,
) -> Side:
    """Return *records* of *session*, with what can be computed of them.

    Sums are those of the records. What *session* says of a sum is taken only where no
    record has the place, as it is when a tool stores totals but no records.
    """
    placed: list[Record] = []
    loose: list[Record] = []
    sums, fingerprint = comparison.new_aggregates(), comparison.new_fingerprint()
    must_read = bool(comparison.multiset or comparison.aggregates)
    for record in records:
        event = comparison.read(record.line) if must_read else None
        if event is not None:
            sums.add(event)
        fingerprint.add(record.line, event)
        is_placed = comparison.is_placed(record.line, event)
        (placed if is_placed else loose).append(record)
    can_check = session.form == comparison.form and session.fingerprint != ""
    return Side(
        placed=placed,
        loose=loose,
        aggregates={
            name: session.aggregates.get(name) if total is None else total
            for name, total in sums.result().items()
        },
        is_as_noted=not can_check or session.fingerprint == fingerprint.hexdigest(),
    )
