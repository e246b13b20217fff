"""Compare one session as it was stored with the same session parsed now.

Two tiers. Fingerprints first: equal ones of one form prove that nothing differs, and no
record is loaded. Otherwise all records of this one session are loaded, aligned as a
golden comparison does it, and every difference gets a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.diff.attribute import Attribution, Counted, is_close
from pytest_parsediff.diff.comparison import Comparison
from pytest_parsediff.diff.places import AGGREGATE, FINGERPRINT, ORDER, RECORDS, normal
from pytest_parsediff.diff.records import ParsedSession, Record, StoredSession
from pytest_parsediff.diff.show import count, show_change, show_pattern, show_value
from pytest_parsediff.diff.side import Side, load_side
from pytest_parsediff.diff.verdict import FieldDiff
from pytest_parsediff.golden.align import align
from pytest_parsediff.golden.sequence import Pair, longest_increasing
from pytest_parsediff.golden.values import read_line

LoadRecords: TypeAlias = Callable[[], Iterable[Record]]


def compare_sessions(
    stored: StoredSession,
    parsed: ParsedSession,
    stored_records: LoadRecords,
    parsed_records: LoadRecords,
    comparison: Comparison,
) -> tuple[FieldDiff, ...]:
    """Return what differs between two states of one session.

    Args:
        stored: As an earlier parse left it.
        parsed: As it is parsed now.
        stored_records: Loads the stored records by ordinal; called at most once.
        parsed_records: The same of the parsed ones.
        comparison: What counts.

    Returns:
        Real differences before informational ones, each sort in the order records,
        order, fields by name, aggregates, fingerprint. Empty when nothing that counts
        differs. n log n in the records; memory is that of both lists of records.
    """
    if _is_proved_equal(stored, parsed):
        return ()
    sides = _Sides(
        load_side(stored, stored_records(), comparison),
        load_side(parsed, parsed_records(), comparison),
        comparison,
        is_incremental=stored.is_incremental,
    )
    return tuple(sorted(sides.diffs(), key=lambda diff: diff.is_informational))


def is_confined_to_skew(diffs: Iterable[FieldDiff], comparison: Comparison) -> bool:
    """Return whether all real differences are such as an incremental append leaves.

    Whether the row is marked incremental is for the caller to know. No real difference
    at all is confined, too.
    """
    return all(diff.is_informational or diff.field in comparison.skew for diff in diffs)


def _is_proved_equal(stored: StoredSession, parsed: ParsedSession) -> bool:
    """Return whether tier 1 says that all records are equal."""
    is_one_form = stored.form == parsed.form != ""
    return is_one_form and stored.fingerprint == parsed.fingerprint != ""


# --- tier 2 -------------------------------------------------------------------------------


class _Sides:
    """Both sides of one session, and what differs between them."""

    def __init__(
        self, left: Side, right: Side, comparison: Comparison, *, is_incremental: bool
    ) -> None:
        self._left = left
        self._right = right
        self._comparison = comparison
        self._is_incremental = is_incremental
        self._attribution = Attribution(comparison.places)

    def diffs(self) -> Iterator[FieldDiff]:
        """Yield everything that counts."""
        left, right = self._left.placed, self._right.placed
        alignment = align(
            [record.line for record in left],
            [record.line for record in right],
            self._comparison.key,
        )
        events = {
            pair: values
            for pair, values in alignment.others.items()
            if all(isinstance(value, dict) for value in values)
        }
        pairs = sorted([*alignment.identical, *events])
        yield from self._records(pairs)
        if self._comparison.is_ordered:
            yield from self._order(pairs)
        yield from self._fields(events, len(pairs))
        yield from self._aggregates()
        yield from self._fingerprints()

    def _diff(
        self,
        field: str,
        stored: str,
        parsed: str,
        detail: str = "",
        *,
        fills: bool = False,
    ) -> FieldDiff:
        fitting = self._comparison.informational
        if fills:
            fitting |= self._comparison.filled_later
        return FieldDiff(
            field=field,
            stored=stored,
            parsed=parsed,
            detail=detail,
            is_informational=self._is_incremental and field in fitting,
        )

    # --- which records there are, and in which order --------------------------------------

    def _records(self, pairs: Sequence[Pair]) -> Iterator[FieldDiff]:
        """Yield that records are on one side only."""
        left, right = self._left, self._right
        missing, extra = _surplus(left.loose, right.loose, self._identity)
        lefts, rights = {i for i, _ in pairs}, {j for _, j in pairs}
        missing += [one for i, one in enumerate(left.placed) if i not in lefts]
        extra += [one for j, one in enumerate(right.placed) if j not in rights]
        if not missing and not extra:
            return
        said = [f"{len(missing)} missing, {len(extra)} extra"]
        for what, records in (("missing", missing), ("extra", extra)):
            if records:
                first = min(records, key=lambda record: record.ordinal)
                said.append(f"first {what} is {self._name(first)}")
        yield self._diff(
            RECORDS,
            count(left.total, "record"),
            count(right.total, "record"),
            "; ".join(said),
        )

    def _identity(self, record: Record) -> Hashable:
        return self._attribution.identity(read_line(record.line))

    def _order(self, pairs: Sequence[Pair]) -> Iterator[FieldDiff]:
        """Yield that records which are on both sides changed their order."""
        kept = set(longest_increasing([j for _, j in pairs]))
        moved = [pair for at, pair in enumerate(pairs) if at not in kept]
        if moved:
            i, j = moved[0]
            record = self._left.placed[i]
            yield self._diff(
                ORDER,
                f"position {record.ordinal}",
                f"position {self._right.placed[j].ordinal}",
                f"{len(moved)} of {count(len(pairs), 'record')} moved;"
                f" first is {self._name(record)}",
            )

    def _name(self, record: Record) -> str:
        """Return ordinal and identity of *record*, without bodies."""
        event = read_line(record.line)
        found = [(place.text, place.get(event)) for place in self._comparison.key]
        values = [
            show_value(value, normal(place), self._comparison)
            for place, value in found
            if value is not ABSENT
        ]
        return f"record {record.ordinal}" + (
            f" ({', '.join(values)})" if values else ""
        )

    # --- what is in them --------------------------------------------------------------------

    def _fields(self, events: _Events, total: int) -> Iterator[FieldDiff]:
        """Yield each field with the first of its differences, by name."""
        tallies: dict[str, _Tally] = {}
        for pair, values in sorted(events.items(), key=lambda item: item[0]):
            for one in self._attribution.counted(*values):
                tally = tallies.setdefault(one.field, _Tally(pair, one))
                tally.records += tally.last != pair
                tally.last = pair
                tally.fills &= one.fills
        for field, tally in sorted(tallies.items()):
            yield self._field(field, tally, total)

    def _field(self, field: str, tally: _Tally, total: int) -> FieldDiff:
        change = tally.one.change
        shown = show_change(
            change.expected, change.actual, change.pointer, self._comparison
        )
        record = self._left.placed[tally.first[0]]
        detail = f"{tally.records} of {count(total, 'record')}; first is {self._name(record)}"
        place = show_pattern(change.pointer)
        if place != field:
            detail += f" at {place}"
        if shown.note:
            detail += f"; {shown.note}"
        return self._diff(field, shown.stored, shown.parsed, detail, fills=tally.fills)

    def _aggregates(self) -> Iterator[FieldDiff]:
        """Yield the sums that differ; no sum at all is not the sum 0."""
        for name, old in self._left.aggregates.items():
            new = self._right.aggregates[name]
            tolerance = self._comparison.aggregate_tolerance.get(name, Decimal(0))
            if old == new or is_close(old, new, tolerance):
                continue
            shown = [
                show_value(ABSENT if one is None else one, "", self._comparison)
                for one in (old, new)
            ]
            yield self._diff(AGGREGATE + name, *shown, fills=old is None)

    def _fingerprints(self) -> Iterator[FieldDiff]:
        """Yield that a fingerprint is not that of the records.

        Then records were lost or changed behind its back, and equal records prove
        nothing. Where both are right, unequal ones mean unequal lines, and those have
        been looked at one by one.
        """
        said = [
            "as the records give it" if side.is_as_noted else "not that of the records"
            for side in (self._left, self._right)
        ]
        if not (self._left.is_as_noted and self._right.is_as_noted):
            yield self._diff(FINGERPRINT, *said)


_Events: TypeAlias = Mapping[Pair, tuple[object, object]]


class _Tally:
    """One field in all records.

    Attributes:
        first: Indexes of the first records that differ in it.
        one: What differs there.
        last: Indexes of the last ones that were counted.
        records: In how many it differs.
        fills: Whether nothing was stored wherever it differs, and now something is.
    """

    __slots__ = ("fills", "first", "last", "one", "records")

    def __init__(self, first: Pair, one: Counted) -> None:
        self.first = self.last = first
        self.one = one
        self.records = 1
        self.fills = True


def _surplus(
    left: Sequence[Record],
    right: Sequence[Record],
    identity: Callable[[Record], Hashable],
) -> tuple[list[Record], list[Record]]:
    """Return the records of each side that the other has fewer of.

    Equal bytes are taken away first, so that few records must be parsed.
    """
    for name in (_line, identity):
        left, right = _without(left, right, name), _without(right, left, name)
    return [*left], [*right]


def _line(record: Record) -> Hashable:
    return record.line


def _without(
    records: Sequence[Record],
    others: Iterable[Record],
    name: Callable[[Record], Hashable],
) -> Sequence[Record]:
    """Return *records* without one for each of *others* of the same name."""
    counts = Counter(map(name, others))
    left = []
    for record in records:
        called = name(record)
        if counts[called]:
            counts[called] -= 1
        else:
            left.append(record)
    return left
