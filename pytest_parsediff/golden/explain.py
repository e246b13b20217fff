"""Say how the output differs from the golden, event by event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.golden.align import align, identity
from pytest_parsediff.golden.fields import (
    FieldChange,
    FieldGroup,
    field_changes,
    group_fields,
)
from pytest_parsediff.golden.sequence import Pair, longest_increasing
from pytest_parsediff.golden.values import read_line


class Kind(StrEnum):
    """What is the matter with one event."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    MOVED = "moved"
    SPELLING = "spelling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One event that is not the same on both sides.

    Attributes:
        kind: What is the matter; ``CHANGED`` also for what changed and moved.
        expected: 0-based index in the golden; ``None`` for an extra event.
        actual: 0-based index in the output; ``None`` for a missing event.
        moved: Whether its place among the others changed.
        fields: What changed inside; empty but for ``CHANGED``.
    """

    kind: Kind
    expected: int | None = None
    actual: int | None = None
    moved: bool = False
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many events there are of what.

    ``matched + missing`` is the number of events in the golden, ``matched + extra``
    that in the output.

    Attributes:
        matched: On both sides, changed or not.
        changed: Of those, with another value.
        moved: Of the matched, in another order; changed or not.
        respelled: Of the matched, the same value in other bytes; moved or not.
        missing: In the golden only.
        extra: In the output only.
        differing: Events with at least one difference; other bytes alone are none.
    """

    matched: int
    changed: int
    moved: int
    respelled: int
    missing: int
    extra: int
    differing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How two lists of lines differ.

    Attributes:
        expected: The golden's lines.
        actual: The output's lines.
        key: What identifies an event; may be empty.
        ordered: Whether the order of events matters.
        pairs: Lines that belong together, ascending by index in the golden.
        kept: Of those, the ones that keep their order among each other.
        differences: Events that differ in value or place: those of the golden in its
            order, then extra ones in the output's order.
        respelled: Events of equal value and other bytes, in the golden's order.
        groups: Field changes by pattern, most frequent first.
        totals: How many of what.
    """

    expected: Sequence[bytes]
    actual: Sequence[bytes]
    key: tuple[Pointer, ...]
    ordered: bool
    pairs: tuple[Pair, ...]
    kept: frozenset[Pair]
    differences: tuple[Difference, ...]
    respelled: tuple[Difference, ...]
    groups: tuple[FieldGroup, ...]
    totals: Totals

    @property
    def is_empty(self) -> bool:
        """Whether both sides hold the same values, and in the same order if it matters."""
        return not self.differences

    def value(self, difference: Difference) -> object:
        """Return the event of *difference*: the golden's, or the output's if extra."""
        if difference.expected is not None:
            return read_line(self.expected[difference.expected])
        assert difference.actual is not None
        return read_line(self.actual[difference.actual])

    def identity(self, difference: Difference) -> tuple[object, ...]:
        """Return the values of the key, as :func:`~.align.identity` does."""
        return identity(self.value(difference), self.key)


def explain(
    expected: Sequence[bytes],
    actual: Sequence[bytes],
    *,
    key: Sequence[str] = (),
    ordered: bool = True,
) -> Explanation:
    """Explain how the lines of the output differ from those of the golden.

    Args:
        expected: Lines of the golden without LF; need not be JSON.
        actual: Lines of the output without LF; need not be JSON.
        key: Identity of an event, as JSON pointers; a bare word names a top-level
            member. Events that have none of them match by what they share.
        ordered: Whether another order is a difference.

    Returns:
        An explanation that is empty exactly when both sides hold equal values, in the
        same order if *ordered*. n log n in the number of lines; a line is parsed at
        most twice, one with an equal on the other side as a rule not at all.
    """
    pointers = tuple([Pointer.parse(text) for text in key])
    found = align(expected, actual, pointers)
    changes = {
        pair: field_changes(*values) for pair, values in sorted(found.others.items())
    }
    pairs = sorted([*found.identical, *changes])
    in_order = longest_increasing([j for _, j in pairs])
    kept = frozenset([pairs[at] for at in in_order])
    differences = [
        *_matched_differences(pairs, changes, set(pairs) - kept if ordered else set()),
        *_unmatched_differences(len(expected), len(actual), pairs),
    ]
    respelled = _respelled(changes)
    return Explanation(
        expected=expected,
        actual=actual,
        key=pointers,
        ordered=ordered,
        pairs=tuple(pairs),
        kept=kept,
        differences=tuple(sorted(differences, key=_place)),
        respelled=respelled,
        groups=group_fields(fields for fields in changes.values() if fields),
        totals=_total(differences, len(pairs), len(respelled)),
    )


_Changes: TypeAlias = Mapping[Pair, tuple[FieldChange, ...]]


def _respelled(changes: _Changes) -> tuple[Difference, ...]:
    """Return the pairs of different bytes in which no field differs."""
    return tuple(
        Difference(kind=Kind.SPELLING, expected=i, actual=j)
        for (i, j), fields in changes.items()
        if not fields
    )


def _matched_differences(
    pairs: Sequence[Pair], changes: _Changes, moved: set[Pair]
) -> list[Difference]:
    """Return the differences of events that both sides have, in the golden's order."""
    differences: list[Difference] = []
    for pair in pairs:
        fields = changes.get(pair, ())
        is_moved = pair in moved
        if fields or is_moved:
            differences.append(
                Difference(
                    kind=Kind.CHANGED if fields else Kind.MOVED,
                    expected=pair[0],
                    actual=pair[1],
                    moved=is_moved,
                    fields=fields,
                )
            )
    return differences


def _unmatched_differences(
    expected: int, actual: int, pairs: Sequence[Pair]
) -> list[Difference]:
    """Return what is on one side only, given the number of lines of both sides."""
    left, right = {i for i, _ in pairs}, {j for _, j in pairs}
    missing = [
        Difference(kind=Kind.MISSING, expected=i)
        for i in range(expected)
        if i not in left
    ]
    extra = [
        Difference(kind=Kind.EXTRA, actual=j) for j in range(actual) if j not in right
    ]
    return missing + extra


def _place(difference: Difference) -> tuple[bool, int]:
    """Sort the golden's events before those that only the output has."""
    if difference.expected is not None:
        return False, difference.expected
    return True, difference.actual or 0


def _total(differences: Sequence[Difference], matched: int, respelled: int) -> Totals:
    kinds = [one.kind for one in differences]
    return Totals(
        matched=matched,
        changed=kinds.count(Kind.CHANGED),
        moved=sum(one.moved for one in differences),
        respelled=respelled,
        missing=kinds.count(Kind.MISSING),
        extra=kinds.count(Kind.EXTRA),
        differing=len(differences),
    )
