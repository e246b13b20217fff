"""Which differences between two records count, and under which name."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation, Overflow
from typing import Any

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.diff.places import ANY_INDEX, Coverage, Places, steps_of
from pytest_parsediff.diff.show import show_pattern
from pytest_parsediff.golden.fields import FieldChange, field_changes
from pytest_parsediff.golden.values import child, hashable

_BLANK = (ABSENT, None, "")
_NUMBERS = (int, float, Decimal)
#: Enough digits for the difference of any two numbers that could be tolerated.
_EXACT = Context(prec=60, traps=[InvalidOperation, Overflow])


@dataclass(frozen=True, slots=True)
class Counted:
    """A difference that counts.

    Attributes:
        field: What it is reported by.
        change: The place with both values.
    """

    field: str
    change: FieldChange

    @property
    def fills(self) -> bool:
        """Whether there was no value, and now there is one."""
        return is_blank(self.change.expected) and not is_blank(self.change.actual)


def is_blank(value: object) -> bool:
    """Return whether *value* is null, an empty text, or nothing at all."""
    return value in _BLANK


class Attribution:
    """Finds what counts; remembers what is declared about each place it met."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._covers: dict[tuple[str, str], Coverage] = {}

    def counted(self, stored: object, parsed: object) -> list[Counted]:
        """Return the differences of two records that count.

        A value that is on one side only is taken apart where places below it are
        declared. If nothing below it counts, that it is there still does.
        """
        return [
            one
            for change in field_changes(stored, parsed)
            for one in self._take_apart(change)
        ]

    def identity(self, record: object) -> Hashable:
        """Return what records share between which no difference counts."""
        return frozenset(
            (one.change.pointer, hashable(one.change.actual))
            for one in self.counted({}, record)
        )

    def _take_apart(self, change: FieldChange) -> Iterator[Counted]:
        """Yield what counts of *change*; recursion is bounded by declared places."""
        cover = self._cover(change)
        inner = _inner(change) if cover.has_inner else None
        if inner is not None:
            found = [one for part in inner for one in self._take_apart(part)]
            if found:
                yield from found
                return
            change = _emptied(change)
        if not _is_forgiven(change, cover):
            yield Counted(cover.field or show_pattern(change.pattern), change)

    def _cover(self, change: FieldChange) -> Coverage:
        place = change.pointer, change.pattern
        known = self._covers.get(place)
        if known is None:
            known = self._covers[place] = self._places.cover(steps_of(*place))
        return known


def _inner(change: FieldChange) -> Iterator[FieldChange] | None:
    """Return what is below a container that only one side has, or ``None``."""
    old, new = change.expected, change.actual
    if isinstance(old, (dict, list)) and (new is ABSENT or new is None):
        return (_member(change, *one, ABSENT) for one in _members(old))
    if isinstance(new, (dict, list)) and (old is ABSENT or old is None):
        return (_member(change, name, ABSENT, value) for name, value in _members(new))
    return None


def _members(container: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(container, dict):
        yield from container.items()
    else:
        yield from ((str(index), value) for index, value in enumerate(container))


def _member(change: FieldChange, name: str, old: object, new: object) -> FieldChange:
    holder = change.actual if old is ABSENT else change.expected
    wild = name if isinstance(holder, dict) else ANY_INDEX
    return FieldChange(
        pointer=child(change.pointer, name),
        pattern=child(change.pattern, wild),
        expected=old,
        actual=new,
    )


def _emptied(change: FieldChange) -> FieldChange:
    """Return *change* without the content that does not count."""
    return FieldChange(
        pointer=change.pointer,
        pattern=change.pattern,
        expected=_empty(change.expected),
        actual=_empty(change.actual),
    )


def _empty(value: object) -> object:
    return type(value)() if isinstance(value, (dict, list)) else value


def _is_forgiven(change: FieldChange, cover: Coverage) -> bool:
    if cover.is_ignored:
        return True
    old, new = change.expected, change.actual
    if cover.is_blank and is_blank(old) and is_blank(new):
        return True
    return cover.tolerance is not None and is_close(old, new, cover.tolerance)


def is_close(old: object, new: object, tolerance: Decimal) -> bool:
    """Return whether two values are numbers that differ by *tolerance* at most."""
    if not (isinstance(old, _NUMBERS) and isinstance(new, _NUMBERS)):
        return False
    if isinstance(old, bool) or isinstance(new, bool):
        return False
    try:
        difference = _EXACT.subtract(_decimal(old), _decimal(new))
        return difference.copy_abs() <= tolerance
    except ArithmeticError:  # beyond what a Decimal can hold
        return False


def _decimal(number: float | Decimal) -> Decimal:
    """Return the number that *number* is written as."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
