"""What ``[adapters.<name>.compare]`` says, compiled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from pytest_parsediff.core.canonical import ENCODER_VERSIONS
from pytest_parsediff.core.config import AdapterConfig, CompareConfig
from pytest_parsediff.core.pointers import ABSENT, Pointer
from pytest_parsediff.core.rules import Rules
from pytest_parsediff.diff.aggregates import AggregateSums
from pytest_parsediff.diff.fingerprint import (
    VERSION,
    Fingerprint,
    always_placed,
    never_placed,
)
from pytest_parsediff.diff.places import (
    AGGREGATE,
    Places,
    check_aggregate,
    name_fields,
    select_fields,
)
from pytest_parsediff.diff.records import Record
from pytest_parsediff.golden.values import same_scalar

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
#: Keys of the adapter's table that change which lines a parse gives.
_SHAPING = (
    "drop_events",
    "derive",
    "rename",
    "round",
    "drop",
    "keep",
    "sort",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the records of one adapter's sessions are compared.

    Attributes:
        session: Places of the session id; empty when a source is one session.
        key: Places of a record's identity; empty when it has none.
        is_ordered: Whether the order of records counts.
        form: Digest of everything that changes lines or fingerprints, hex.
        places: What is declared about places.
        multiset: Values, per place, of records without identity and order.
        aggregates: Place per name.
        aggregate_tolerance: Largest difference that counts as none, per name.
        informational: Fields that cannot fail a row marked incremental.
        filled_later: The same where the stored side has no value.
        skew: Fields that an incremental append leaves different.
        show_bodies: Whether bodies are shown.
    """

    session: tuple[Pointer, ...]
    key: tuple[Pointer, ...]
    is_ordered: bool
    form: str
    places: Places
    multiset: tuple[tuple[Pointer, tuple[Any, ...]], ...]
    aggregates: Mapping[str, Pointer]
    aggregate_tolerance: Mapping[str, Decimal]
    informational: frozenset[str]
    filled_later: frozenset[str]
    skew: frozenset[str]
    show_bodies: bool

    def read(self, line: bytes) -> Mapping[str, Any]:
        """Return the event of a canonical line; empty if it holds none."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return {}
        return event if isinstance(event, dict) else {}

    def session_of(self, event: Mapping[str, Any]) -> str | None:
        """Return the id at the first session place that has one.

        Returns:
            Text as it is, and an integer in digits; ``None`` when there is neither.
        """
        for place in self.session:
            value = place.get(event)
            if isinstance(value, str) and value:
                return value
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
        return None

    def key_of(self, event: Mapping[str, Any]) -> str:
        """Return the identity of a canonical event.

        Returns:
            Canonical JSON: an object of the values that are there, by the number of
            their place. Empty when there are none.
        """
        found = {
            str(number): value
            for number, place in enumerate(self.key)
            if (value := place.get(event)) is not ABSENT
        }
        return _ENCODER.encode(found) if found else ""

    def record(self, ordinal: int, line: bytes) -> Record:
        """Return the record that *line* is, at *ordinal* of its session."""
        key = self.key_of(self.read(line)) if self.key else ""
        return Record(ordinal, key, line)

    def is_placed(self, line: bytes, event: Mapping[str, Any] | None = None) -> bool:
        """Return whether identity and place of a record count.

        Args:
            line: Canonical JSON without LF.
            event: What *line* says, if it is decoded already.
        """
        if not self.multiset:
            return True
        event = self.read(line) if event is None else event
        return not any(
            same_scalar(place.get(event), value)
            for place, values in self.multiset
            for value in values
        )

    def new_fingerprint(self) -> Fingerprint:
        """Return the fingerprint of no records yet."""
        if not self.is_ordered:
            return Fingerprint(never_placed)
        return Fingerprint(self.is_placed if self.multiset else always_placed)

    def new_aggregates(self) -> AggregateSums:
        """Return the declared sums over no events yet."""
        return AggregateSums(self.aggregates)


def compile_comparison(
    config: AdapterConfig, rules: Rules, *, show_bodies: bool = False
) -> Comparison:
    """Return how records of the adapter of *config* are compared.

    With ``sort`` the order of records says nothing that their values do not say, so it
    is not compared.

    Args:
        config: The adapter's table.
        rules: Compiled from it.
        show_bodies: Whether somebody asked to see bodies.

    Raises:
        CanonicalRuleError: PD414, keys of ``compare`` contradict each other.
    """
    table = config.compare or CompareConfig()
    places = _compile_places(table)
    groups, aggregates = table.fields or {}, table.aggregates or {}
    selected = {
        key: select_fields(places, key, getattr(table, key) or (), groups, aggregates)
        for key in ("informational", "filled_later", "skew")
    }
    return Comparison(
        session=rules.session,
        key=tuple(Pointer.parse(place) for place in rules.key),
        is_ordered=rules.ordered and not rules.sort,
        form=_form(config, table, rules),
        places=places,
        multiset=tuple(
            (Pointer.parse(place), tuple(values))
            for place, values in (table.multiset or {}).items()
        ),
        aggregates={name: Pointer.parse(at) for name, at in aggregates.items()},
        aggregate_tolerance=_aggregate_tolerance(table),
        informational=selected["informational"],
        filled_later=selected["filled_later"],
        skew=selected["skew"],
        show_bodies=show_bodies,
    )


def _compile_places(table: CompareConfig) -> Places:
    places = Places()
    name_fields(places, table.fields or {})
    for place in table.ignore or ():
        places.at(place).is_ignored = True
    for place in table.blank or ():
        places.at(place).is_blank = True
    for place in table.bodies or ():
        places.at(place).is_body = True
    for place, number in (table.tolerance or {}).items():
        if not place.startswith(AGGREGATE):
            places.at(place).tolerance = _decimal(number)
    return places


def _aggregate_tolerance(table: CompareConfig) -> Mapping[str, Decimal]:
    found = {}
    for entry, number in (table.tolerance or {}).items():
        if entry.startswith(AGGREGATE):
            check_aggregate("compare.tolerance", entry, table.aggregates or {})
            found[entry.removeprefix(AGGREGATE)] = _decimal(number)
    return found


def _decimal(number: float) -> Decimal:
    """Return the number that was written, not the one that a float can hold."""
    return Decimal(repr(number))


def _form(config: AdapterConfig, table: CompareConfig, rules: Rules) -> str:
    """Return a digest that differs when the same store gives other lines."""
    shaping = {key: getattr(config, key) or None for key in _SHAPING}
    shaping["keep"] = None if config.keep is msgspec.UNSET else config.keep
    said = [
        VERSION,
        rules.encoder,
        ENCODER_VERSIONS[rules.encoder],
        rules.ordered,
        # with its members in their order, which counts
        shaping,
        [[place.text, text] for place, text in rules.redact],
        table.multiset or {},
    ]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()
