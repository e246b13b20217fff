"""Canonicalisation: what a configuration declares about an adapter's events.

The rules run in one fixed order, so that a reader of the TOML knows what each one
sees: ``drop_events``, ``derive``, ``rename``, ``round``, ``drop``, ``keep``,
``redact``, paths, ``sort``. All places are those of the event as it is at that point.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from pytest_parsediff.core.canonical import Encoder, encode_line
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import CanonicalRuleError, NotAnEventError, clip
from pytest_parsediff.core.event import Event
from pytest_parsediff.core.paths import encode_with_names, path_mark
from pytest_parsediff.core.pointers import ABSENT, Pointer

REDACTED = "<REDACTED>"

_TERM = re.compile(r"\s*([-+]?)\s*([^\s+-]\S*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Compiled rules of one adapter in one scenario.

    Attributes:
        steps: Functions that change one event in place, in order.
        dropped: Values, per place, of events that are left out.
        redact: Replacement text per place.
        sort: Places by which events are sorted; empty leaves the adapter's order.
        key: Identity of an event.
        session: Places of the session id; the first that an event has.
        ordered: Whether the order of events matters.
        encoder: Canonical form.
    """

    steps: tuple[Callable[[Event], None], ...]
    dropped: tuple[tuple[Pointer, tuple[Any, ...]], ...]
    redact: tuple[tuple[Pointer, str], ...]
    sort: tuple[Pointer, ...]
    key: tuple[str, ...]
    session: tuple[Pointer, ...]
    ordered: bool
    encoder: Encoder

    def apply(self, events: Sequence[Event], paths: Mapping[str, str]) -> list[bytes]:
        """Return the canonical lines of *events*.

        Args:
            events: As emitted; never changed.
            paths: Text that replaces each absolute path, as a whole component.

        Returns:
            One line per event that is left, without LF. Unordered events are sorted
            by their bytes, so that equal multisets give equal lines.

        Raises:
            CanonicalRuleError: PD414, a rule does not fit an event.
            NotAnEventError: PD405, an event is not JSON, or nested too deeply.
        """
        kept = list(events)
        if self.dropped:
            kept = [event for event in kept if not self._is_dropped(event)]
        try:
            if self.steps or self.redact:
                kept = [self._changed(event) for event in kept]
            lines = encode_with_names(kept, paths, self.encoder)
        except RecursionError as error:
            raise NotAnEventError("an event is nested too deeply") from error
        if self.sort:
            keys = [self._sort_key(event) for event in kept]
            lines = [lines[i] for i in sorted(range(len(keys)), key=keys.__getitem__)]
        return lines if self.ordered else sorted(lines)

    def liner(self, paths: Mapping[str, str]) -> Callable[[Event], bytes | None]:
        """Return what makes the line of one event, or ``None`` if it is left out.

        Args:
            paths: As for :meth:`apply`, which says what may be raised.
        """

        def apply(event: Event) -> bytes | None:
            lines = self.apply([event], paths)
            return lines[0] if lines else None

        if self.dropped or self.steps or self.redact or not paths:
            return apply
        encoder = self.encoder
        mark = path_mark(paths, encoder)

        def encode(event: Event) -> bytes | None:
            line = encode_line(event, encoder)
            return apply(event) if mark in line else line

        return encode

    def _is_dropped(self, event: Event) -> bool:
        return any(
            _equal(pointer.get(event), dropped)
            for pointer, values in self.dropped
            for dropped in values
        )

    def _changed(self, event: Event) -> Event:
        event = copy.deepcopy(event)
        for step in self.steps:
            step(event)
        for pointer, text in self.redact:
            pointer.replace(event, text)
        return event

    def _sort_key(self, event: Event) -> tuple[tuple[int, Any], ...]:
        return tuple(_comparable(pointer, event) for pointer in self.sort)


def _equal(value: object, other: object) -> bool:
    """Compare as JSON does: ``true`` is not 1."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _comparable(pointer: Pointer, event: Event) -> tuple[int, Any]:
    """Order values of different types: absent, null, booleans, numbers, text."""
    value = pointer.get(event)
    match value:
        case bool():
            return (2, value)
        case int() | float():
            return (3, value)
        case str():
            return (4, value)
        case None:
            return (1, 0)
    if value is ABSENT:
        return (0, 0)
    raise CanonicalRuleError(
        f"sort: {pointer.text} is {clip(value)}, not a plain value"
    )


# --- compiling ----------------------------------------------------------------------


def compile_rules(
    config: AdapterConfig, redact: Iterable[str] | Mapping[str, str] = ()
) -> Rules:
    """Return the rules of *config*, and of a scenario's *redact*.

    Raises:
        CanonicalRuleError: PD414, an expression under ``derive`` is not a sum.
    """
    steps: list[Callable[[Event], None]] = []
    for target, expression in (config.derive or {}).items():
        steps.append(_derive(Pointer.parse(target), expression))
    for old, new in (config.rename or {}).items():
        steps.append(_rename(Pointer.parse(old), Pointer.parse(new)))
    for place, digits in (config.round or {}).items():
        steps.append(_round(Pointer.parse(place), digits))
    steps += [_drop(Pointer.parse(place)) for place in config.drop or ()]
    if config.keep is not UNSET:
        steps.append(_keep(tuple(Pointer.parse(place) for place in config.keep)))
    texts = redact if isinstance(redact, Mapping) else dict.fromkeys(redact, REDACTED)
    return Rules(
        steps=tuple(steps),
        dropped=tuple(
            (Pointer.parse(place), tuple(values))
            for place, values in (config.drop_events or {}).items()
        ),
        redact=tuple((Pointer.parse(place), text) for place, text in texts.items()),
        sort=tuple(Pointer.parse(place) for place in config.sort or ()),
        key=tuple(config.key or ()),
        session=_session_places(config),
        ordered=True if config.ordered is UNSET else config.ordered,
        encoder=config.encoder or Encoder.SORTED,
    )


def _session_places(config: AdapterConfig) -> tuple[Pointer, ...]:
    places = config.session or ()
    texts = (places,) if isinstance(places, str) else places
    return tuple(Pointer.parse(place) for place in texts)


def _derive(target: Pointer, expression: str) -> Callable[[Event], None]:
    terms = _parse_sum(target, expression)

    def step(event: Event) -> None:
        values = [(sign, pointer, pointer.get(event)) for sign, pointer in terms]
        if all(value is ABSENT for _, _, value in values):
            return
        total: int | float = 0
        for sign, pointer, value in values:
            if value is ABSENT or value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise CanonicalRuleError(
                    f"derive {target.text}: {pointer.text} is {clip(value)}, not a number"
                )
            try:
                total += sign * value
            except OverflowError as error:
                message = f"derive {target.text}: {pointer.text} is too large"
                raise CanonicalRuleError(message) from error
        _put(target, event, total, "derive")

    return step


def _parse_sum(target: Pointer, expression: str) -> list[tuple[int, Pointer]]:
    terms: list[tuple[int, Pointer]] = []
    position = 0
    while position < len(expression.rstrip()):
        found = _TERM.match(expression, position)
        if not found or (terms and not found[1]):
            raise CanonicalRuleError(
                f"derive {target.text}: expected `a + b - c`, got {clip(expression)}"
            )
        terms.append((-1 if found[1] == "-" else 1, Pointer.parse(found[2])))
        position = found.end()
    if not terms:
        raise CanonicalRuleError(f"derive {target.text}: the sum is empty")
    return terms


def _rename(old: Pointer, new: Pointer) -> Callable[[Event], None]:
    def step(event: Event) -> None:
        value = old.remove(event)
        if value is not ABSENT:
            _put(new, event, value, "rename")

    return step


def _round(place: Pointer, digits: int) -> Callable[[Event], None]:
    def step(event: Event) -> None:
        value = place.get(event)
        if isinstance(value, float):
            place.replace(event, _rounded(place, value, digits))

    return step


def _rounded(place: Pointer, value: float, digits: int) -> float:
    try:
        return round(value, digits) + 0.0  # -0.0 becomes 0.0
    except OverflowError as error:
        message = f"round: {place.text} is {value}, too large for {digits} digits"
        raise CanonicalRuleError(message) from error


def _drop(place: Pointer) -> Callable[[Event], None]:
    def step(event: Event) -> None:
        place.remove(event)

    return step


def _keep(places: tuple[Pointer, ...]) -> Callable[[Event], None]:
    def step(event: Event) -> None:
        found = [(place, place.get(event)) for place in places]
        for place, value in found:
            if value is not ABSENT and place.is_element(event):
                message = (
                    f"keep: {place.text} is one element of an array; keep them all"
                )
                raise CanonicalRuleError(message)
        event.clear()
        for place, value in found:
            if value is not ABSENT:
                _put(place, event, value, "keep")

    return step


def _put(place: Pointer, event: Event, value: Any, rule: str) -> None:
    if not place.put(event, value):
        raise CanonicalRuleError(f"{rule}: {place.text} runs through a plain value")
