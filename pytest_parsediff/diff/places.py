"""What is declared about the places of a record: one tree, looked up per difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from pytest_parsediff.core.canonical import escape_pointer
from pytest_parsediff.core.errors import CanonicalRuleError
from pytest_parsediff.core.pointers import Pointer

#: Names of differences that are none of a place.
RECORDS, ORDER, FINGERPRINT, PRESENCE = "records", "order", "fingerprint", "presence"
AGGREGATE = "aggregate:"
#: In a declared place: any index of a list.
ANY_INDEX = "*"

_RESERVED = frozenset({RECORDS, ORDER, FINGERPRINT, PRESENCE})
#: What may be informational or skew; a session that is gone never is.
_SELECTABLE = frozenset({RECORDS, ORDER})

#: The parts of a place that is looked up, each as it is and with ``*`` for an index.
Steps: TypeAlias = Iterable[tuple[str, str]]


@dataclass(slots=True)
class _Node:
    """What is declared about one place.

    Attributes:
        inner: Nodes of what is below, by part.
        field: Name that a difference here is reported by.
        is_ignored: Whether a difference here does not count.
        is_blank: Whether null, an empty text and nothing are equal here.
        is_body: Whether text here is never shown.
        tolerance: Largest difference of numbers here that counts as none.
    """

    inner: dict[str, _Node] = field(default_factory=dict)
    field: str | None = None
    is_ignored: bool = False
    is_blank: bool = False
    is_body: bool = False
    tolerance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is declared about one value.

    Attributes:
        field: Name that a difference is reported by; ``None`` for the place itself.
        is_ignored: Whether a difference does not count.
        is_blank: Whether null, an empty text and nothing are equal.
        is_body: Whether text is never shown.
        tolerance: Largest difference of numbers that counts as none.
        has_inner: Whether anything is declared about places below.
    """

    field: str | None
    is_ignored: bool
    is_blank: bool
    is_body: bool
    tolerance: Decimal | None
    has_inner: bool


class Places:
    """The declared places of one adapter."""

    def __init__(self) -> None:
        self._root = _Node()

    def at(self, place: str) -> _Node:
        """Return the node of *place*, made if it is new."""
        node = self._root
        for token in Pointer.parse(place).tokens:
            node = node.inner.setdefault(token, _Node())
        return node

    def cover(self, steps: Steps) -> Coverage:
        """Return what is declared about the value at *steps*.

        The longest place that names or ignores the value decides, and ignoring goes
        before naming. A body is whatever lies in a body. The rest holds for the
        declared place alone.
        """
        nodes, deciding, is_body = [self._root], self._root, False
        for token, wild in steps:
            nodes = list(_below(nodes, token, wild))
            if not nodes:
                break
            is_body = is_body or any(node.is_body for node in nodes)
            said = [node for node in nodes if node.field or node.is_ignored]
            if said:
                deciding = max(said, key=lambda node: node.is_ignored)
        tolerances = [node.tolerance for node in nodes if node.tolerance is not None]
        return Coverage(
            field=deciding.field,
            is_ignored=deciding.is_ignored,
            is_blank=any(node.is_blank for node in nodes),
            is_body=is_body,
            tolerance=max(tolerances, default=None),
            has_inner=any(node.inner for node in nodes),
        )


def _below(nodes: Iterable[_Node], token: str, wild: str) -> Iterator[_Node]:
    for node in nodes:
        if token in node.inner:
            yield node.inner[token]
        if wild == ANY_INDEX != token and ANY_INDEX in node.inner:
            yield node.inner[ANY_INDEX]


def steps_of(pointer: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of *pointer*, each with what *pattern* has there.

    Args:
        pointer: JSON pointer.
        pattern: The same with ``*`` in place of list indexes.
    """
    tokens = Pointer.parse(pointer).tokens if pointer else ()
    return zip(tokens, pattern.split("/")[1:], strict=True)


def normal(place: str) -> str:
    """Return *place* as a JSON pointer in its only spelling."""
    tokens = Pointer.parse(place).tokens
    return "".join([f"/{escape_pointer(token)}" for token in tokens])


# --- names --------------------------------------------------------------------------------


def name_fields(places: Places, groups: Mapping[str, Iterable[str]]) -> None:
    """Name *places* by the *groups* that hold them.

    Raises:
        CanonicalRuleError: PD414, a name is taken, or a place is in two groups.
    """
    for name, members in groups.items():
        if name in _RESERVED or not name or name.startswith(("/", AGGREGATE)):
            raise CanonicalRuleError(f"compare.fields: {name!r} cannot be a name")
        for place in members:
            node = places.at(place)
            if node.field not in (None, name):
                message = (
                    f"compare.fields: {place} is in {node.field!r} and in {name!r}"
                )
                raise CanonicalRuleError(message)
            node.field = name


def select_fields(
    places: Places,
    key: str,
    entries: Iterable[str],
    groups: Mapping[str, object],
    aggregates: Mapping[str, object],
) -> frozenset[str]:
    """Return the fields that *entries* stand for, and name the places among them.

    Args:
        places: Where single places are named.
        key: Of the configuration, for error messages.
        entries: Names of *groups*, ``records``, ``order``, ``aggregate:<name>``, or
            places.
        groups: Declared groups by name.
        aggregates: Declared aggregates by name.

    Raises:
        CanonicalRuleError: PD414, an entry is no field, or a place in a group.
    """
    return frozenset(
        _select(places, f"compare.{key}", entry, groups, aggregates)
        for entry in entries
    )


def _select(
    places: Places,
    key: str,
    entry: str,
    groups: Mapping[str, object],
    aggregates: Mapping[str, object],
) -> str:
    if entry in groups or entry in _SELECTABLE:
        return entry
    if entry.startswith(AGGREGATE):
        check_aggregate(key, entry, aggregates)
        return entry
    if entry in _RESERVED:
        raise CanonicalRuleError(f"{key}: {entry!r} always counts")
    node, name = places.at(entry), normal(entry)
    if node.field not in (None, name):
        message = f"{key}: {entry} is in the group {node.field!r}; name the group"
        raise CanonicalRuleError(message)
    node.field = name
    return name


def check_aggregate(key: str, entry: str, aggregates: Mapping[str, object]) -> None:
    """Check that ``aggregate:<name>`` is declared.

    Raises:
        CanonicalRuleError: PD414, it is not.
    """
    if entry.removeprefix(AGGREGATE) not in aggregates:
        raise CanonicalRuleError(f"{key}: there is no {entry}")
