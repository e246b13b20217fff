"""Put an explanation into few lines that people can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_parsediff.core.pointers import ABSENT
from pytest_parsediff.core.wording import agreeing, counted
from pytest_parsediff.golden.explain import Difference, Explanation, Kind, Totals
from pytest_parsediff.golden.fields import FieldChange, FieldGroup, FieldKind
from pytest_parsediff.golden.hunks import diff_lines
from pytest_parsediff.golden.legible import (
    excerpt,
    line_text,
    show,
    show_change,
    show_key,
    show_pointer,
)
from pytest_parsediff.golden.lines import Line, Style

__all__ = ["Line", "Style", "render"]

_FIRST_WIDTH = 80
_VALUE = 40  # characters of one value
_POINTER = 60
_FIELDS = 3  # of one event
_EXAMPLES = 3  # of events that the field groups tell about already
_SIGNS = {Kind.MISSING: "-", Kind.EXTRA: "+", Kind.MOVED: ">", Kind.CHANGED: "~"}
_FIELD_SIGNS = {FieldKind.CHANGED: "~", FieldKind.ADDED: "+", FieldKind.REMOVED: "-"}
_STYLES = {"-": Style.REMOVED, "+": Style.ADDED}


def render(
    explanation: Explanation,
    *,
    limit: int = 10,
    diff: int = 40,
    context: int = 2,
    width: int = 160,
) -> list[Line]:
    """Return the lines that show *explanation*.

    Args:
        explanation: What to show.
        limit: Entries of each list at most: missing, extra and moved events, field
            changes by pattern, changed events.
        diff: Lines of the unified diff at most, below its two header lines.
        context: Equal lines around each difference of the diff.
        width: Characters of a line at most, at least 40.

    Returns:
        Totals first, in at most 80 characters; then the lists, then the diff. At most
        ``5 * (limit + 1) + diff + 5`` lines, whatever the input. No text holds a
        control character or a line end.
    """
    lines = [Line(_totals_text(explanation.totals), Style.HEADER)]
    if explanation.totals.respelled:
        lines.append(Line(_spelling_text(explanation.totals.respelled), Style.NOTE))
    for kind in (Kind.MISSING, Kind.EXTRA, Kind.MOVED):
        found = [one for one in explanation.differences if _is_listed(one, kind)]
        texts = [_event_text(explanation, one, kind) for one in found[:limit]]
        lines += _capped(texts, _SIGNS[kind], len(found), f"{kind} event")
    lines += _changed(explanation, limit)
    if explanation.differences or explanation.respelled:
        lines += diff_lines(explanation, most=diff, context=context, width=width)
    return [Line(_fit(line.text, width), line.style) for line in lines]


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _totals_text(totals: Totals) -> str:
    """Return how many events differ, and how; at most 80 characters."""
    counts = {
        "changed": totals.changed,
        "missing": totals.missing,
        "extra": totals.extra,
        "moved": totals.moved,
    }
    how = ", ".join([f"{count} {name}" for name, count in counts.items() if count])
    if not how:
        return "no event differs"
    events = agreeing(totals.differing, "event", "differs", "differ")
    text = f"{events}: {how}"
    return _fit(text if len(text) <= _FIRST_WIDTH else how, _FIRST_WIDTH)


def _spelling_text(count: int) -> str:
    events = agreeing(count, "event", "has", "have")
    return f"{events} the same value in other bytes"


def _is_listed(one: Difference, kind: Kind) -> bool:
    return one.moved if kind is Kind.MOVED else one.kind is kind


def _capped(texts: Sequence[str], sign: str, total: int, what: str) -> Iterator[Line]:
    """Yield *texts* behind *sign*, and how many of *total* they leave out."""
    for text in texts:
        yield Line(f"{sign} {text}", _STYLES.get(sign, Style.PLAIN))
    if total > len(texts):
        yield Line(f"… {counted(total - len(texts), f'more {what}')}", Style.NOTE)


def _changed(explanation: Explanation, limit: int) -> Iterator[Line]:
    """Yield field changes that events share, then events, the telling ones first."""
    groups = [group for group in explanation.groups if group.events > 1]
    for group in groups[:limit]:
        sign = _FIELD_SIGNS[group.kind]
        yield Line(f"{sign} {_group_text(group)}", _STYLES.get(sign, Style.PLAIN))
    if len(groups) > limit:
        yield Line(
            f"… {counted(len(groups) - limit, 'more changed field')}", Style.NOTE
        )
    told = {(group.pattern, group.kind) for group in groups[:limit]}
    changed = [one for one in explanation.differences if one.kind is Kind.CHANGED]
    untold = [one for one in changed if not _is_told(one, told)]
    most = min(limit, max(len(untold), _EXAMPLES))
    changed.sort(key=lambda one: _is_told(one, told))
    texts = [
        f"{_event_text(explanation, one, Kind.CHANGED)}: {_fields_text(one.fields)}"
        for one in changed[:most]
    ]
    yield from _capped(texts, "~", len(changed), "changed event")


def _is_told(one: Difference, told: set[tuple[str, FieldKind]]) -> bool:
    return all((change.pattern, change.kind) in told for change in one.fields)


def _group_text(group: FieldGroup) -> str:
    """Return what happened to one field, and in how many events."""
    pointer = show_pointer(group.pattern, _POINTER)
    events = f"in {group.events} events"
    if group.delta is not None:
        return f"{pointer}: {group.delta:+} {events}"
    what = _change_text(group.example)
    if group.kind is not FieldKind.CHANGED:
        what = what.removeprefix(f"{group.kind} ")
        joint = " " if group.constant else f" {events}, e.g. "
        return f"{pointer}: {group.kind}{joint}{what}{_when(group, events)}"
    if group.constant:
        return f"{pointer}: {what} {events}"
    return f"{pointer}: changed {events}, e.g. {what}"


def _when(group: FieldGroup, events: str) -> str:
    return f" {events}" if group.constant else ""


def _event_text(explanation: Explanation, one: Difference, kind: Kind) -> str:
    """Return which event it is and where it stands."""
    places = []
    if one.expected is not None:
        places.append(f"golden line {one.expected + 1}")
    if one.actual is not None:
        places.append(f"output line {one.actual + 1}")
    if one.moved and kind is Kind.CHANGED:
        places.append("moved")
    joint = " -> " if kind is Kind.MOVED else ", "
    return f"{_name(explanation, one, kind)} ({joint.join(places)})"


def _name(explanation: Explanation, one: Difference, kind: Kind) -> str:
    """Return the event's key, or what else tells it from others."""
    key = explanation.identity(one)
    if key:
        return excerpt(show_key(key, _VALUE), 2 * _VALUE)
    if kind is Kind.CHANGED:
        value = explanation.value(one)
        sort = value.get("kind", ABSENT) if isinstance(value, dict) else ABSENT
        return "event" if sort is ABSENT else show(sort, _VALUE)
    source = explanation.actual if one.expected is None else explanation.expected
    index = one.actual if one.expected is None else one.expected
    assert index is not None
    return excerpt(line_text(source[index]), 2 * _VALUE)


def _fields_text(fields: Sequence[FieldChange]) -> str:
    texts = [
        f"{show_pointer(change.pointer, _POINTER)}: {_change_text(change)}"
        for change in fields[:_FIELDS]
    ]
    if len(fields) > _FIELDS:
        texts.append(f"… {len(fields) - _FIELDS} more")
    return ", ".join(texts)


def _change_text(change: FieldChange) -> str:
    if change.expected is ABSENT:
        return f"added {show(change.actual, _VALUE)}"
    if change.actual is ABSENT:
        return f"removed {show(change.expected, _VALUE)}"
    return show_change(change.expected, change.actual, _VALUE)
