"""What differs inside one event, and which differences many events share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from enum import StrEnum
from itertools import zip_longest
from typing import Any, TypeAlias

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.golden.values import child, same_scalar

_ATOMS = frozenset((str, int, Decimal))
_PLAIN = (str, int, Decimal, bool, type(None), type(ABSENT))
_MAX_BITS = 256  # of integers that a difference is computed for
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])


class FieldKind(StrEnum):
    """What happened to a field."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs.

    Attributes:
        pointer: JSON pointer of the field; empty for the whole line.
        pattern: The same with ``*`` in place of list indexes.
        expected: The golden's value, as :func:`~.values.read_line` returns it, or
            ``ABSENT``.
        actual: The output's value, or ``ABSENT``.
    """

    pointer: str
    pattern: str
    expected: object
    actual: object

    @property
    def kind(self) -> FieldKind:
        """Whether the field changed, or is on one side only."""
        if self.expected is ABSENT:
            return FieldKind.ADDED
        return FieldKind.REMOVED if self.actual is ABSENT else FieldKind.CHANGED


_Step: TypeAlias = tuple[str, str, Any, Any]


def field_changes(expected: object, actual: object) -> tuple[FieldChange, ...]:
    """Return the fields in which two JSON values differ.

    Objects are compared by name and lists by index; a field that only one side has is
    one change, whatever it holds.

    Returns:
        In the order of the golden's fields, those only in the output after the others
        of the same object; empty exactly for equal values. Linear in both values.
    """
    changes: list[FieldChange] = []
    stack: list[_Step] = [("", "", expected, actual)]
    while stack:
        pointer, pattern, old, new = stack.pop()
        if type(old) is dict and type(new) is dict:
            stack.extend(_members(pointer, pattern, old, new))
        elif type(old) is list and type(new) is list:
            stack.extend(_elements(pointer, pattern, old, new))
        elif not same_scalar(old, new):
            changes.append(
                FieldChange(pointer=pointer, pattern=pattern, expected=old, actual=new)
            )
    return tuple(changes)


def _members(
    pointer: str, pattern: str, old: dict[str, Any], new: dict[str, Any]
) -> list[_Step]:
    """Return what to compare below two objects, last one first."""
    return [
        (child(pointer, name), child(pattern, name), left, right)
        for name in reversed(old | new)
        if (left := old.get(name, ABSENT)) is not (right := new.get(name, ABSENT))
        and not (type(left) is type(right) and type(left) in _ATOMS and left == right)
    ]


def _elements(
    pointer: str, pattern: str, old: list[Any], new: list[Any]
) -> list[_Step]:
    """Return what to compare below two lists, last one first."""
    steps = [
        (f"{pointer}/{index}", f"{pattern}/*", left, right)
        for index, (left, right) in enumerate(zip_longest(old, new, fillvalue=ABSENT))
    ]
    steps.reverse()
    return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGroup:
    """The same field, changed in some events.

    Attributes:
        pattern: JSON pointer with ``*`` in place of list indexes.
        kind: What happened to it.
        events: In how many events, at least 1.
        delta: What was added to the number everywhere; ``None`` if that is not so.
        constant: Whether both values are the same everywhere.
        example: The first of the changes.
    """

    pattern: str
    kind: FieldKind
    events: int
    delta: int | Decimal | None
    constant: bool
    example: FieldChange


def group_fields(events: Iterable[Sequence[FieldChange]]) -> tuple[FieldGroup, ...]:
    """Return the changes of many events by pattern and kind, most frequent first.

    Args:
        events: Per event, its changes.
    """
    buckets: defaultdict[tuple[str, FieldKind], list[FieldChange]] = defaultdict(list)
    counts: Counter[tuple[str, FieldKind]] = Counter()
    for changes in events:
        keys = [(change.pattern, change.kind) for change in changes]
        counts.update(set(keys))
        for key, change in zip(keys, changes, strict=True):
            buckets[key].append(change)
    groups = [
        FieldGroup(
            pattern=pattern,
            kind=kind,
            events=counts[pattern, kind],
            delta=_common(bucket, _delta),
            constant=_common(bucket, _scalars) is not None,
            example=bucket[0],
        )
        for (pattern, kind), bucket in buckets.items()
    ]
    return tuple(sorted(groups, key=lambda group: -group.events))


def _common(
    changes: Sequence[FieldChange], measure: Callable[[FieldChange], Any]
) -> Any:
    """Return what *measure* gives for each of *changes*, or ``None`` if it varies."""
    first = measure(changes[0])
    if first is None or any(measure(change) != first for change in changes[1:]):
        return None
    return first


def _delta(change: FieldChange) -> int | Decimal | None:
    """Return actual less expected, or ``None`` without an exact and short one."""
    old, new = change.expected, change.actual
    if type(old) is int and type(new) is int:
        small = max(old.bit_length(), new.bit_length()) <= _MAX_BITS
        return new - old if small else None
    if type(old) in (int, Decimal) and type(new) in (int, Decimal):
        with suppress(ArithmeticError):
            return _EXACT.subtract(new, old)  # type: ignore[arg-type]
    return None


def _scalars(change: FieldChange) -> tuple[object, ...] | None:
    """Return both values in a form that tells ``true`` from ``1``; no containers."""
    old, new = change.expected, change.actual
    if not isinstance(old, _PLAIN) or not isinstance(new, _PLAIN):
        return None
    return old, isinstance(old, bool), new, isinstance(new, bool)
