"""Find out which line of the output answers which line of the golden."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_parsediff.core.pointers import ABSENT, Pointer
from pytest_parsediff.golden.pairing import Candidate, Candidates, pair_alike
from pytest_parsediff.golden.sequence import Pair, match_equal
from pytest_parsediff.golden.values import hashable, leaves, read_line, values_equal

_Keys: TypeAlias = Mapping[int, Hashable]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which lines belong together.

    Attributes:
        identical: Pairs of equal bytes.
        others: Pairs of different bytes, each with both values; values may be equal.
    """

    identical: Sequence[Pair]
    others: Mapping[Pair, tuple[object, object]]


def align(
    expected: Sequence[bytes], actual: Sequence[bytes], key: Sequence[Pointer]
) -> Alignment:
    """Match the lines of both sides.

    Equal bytes match, then keys that one event on each side has, then equal values,
    then equal keys by number of occurrence, and events without a key by
    :func:`~.pairing.pair_alike`. As many equal values match as there are. n log n;
    only lines without an equal on the other side are parsed.
    """
    identical = match_equal(expected, actual)
    if _is_in_place(expected, actual, identical):
        return _align_in_place(expected, actual)
    rest = _Rest(expected, actual, identical)
    left_keys, right_keys = _keys(rest.left, key), _keys(rest.right, key)
    rest.take(_match_keys(_once(left_keys), _once(right_keys)))
    left, right = _candidates(rest.left), _candidates(rest.right)
    rest.take(_match_values(left, right))
    rest.take(_match_keys(_among(left_keys, rest.left), _among(right_keys, rest.right)))
    rest.take(
        pair_alike(
            {i: left[i] for i in rest.left if i not in left_keys},
            {j: right[j] for j in rest.right if j not in right_keys},
            [*identical, *rest.pairs],
        )
    )
    return Alignment(identical, rest.pairs)


class _Rest:
    """The events that have no partner yet, parsed, and the pairs that were found.

    Attributes:
        left: Values of the golden by index, ascending.
        right: Values of the output by index, ascending.
        pairs: Both values of each pair that was taken.
    """

    def __init__(
        self, expected: Sequence[bytes], actual: Sequence[bytes], done: Sequence[Pair]
    ) -> None:
        self.left = _read_rest(expected, {i for i, _ in done})
        self.right = _read_rest(actual, {j for _, j in done})
        self.pairs: dict[Pair, tuple[object, object]] = {}

    def take(self, pairs: Iterable[Pair]) -> None:
        """Note *pairs* and leave them out from now on."""
        for i, j in pairs:
            self.pairs[i, j] = self.left.pop(i), self.right.pop(j)


def _read_rest(lines: Sequence[bytes], done: set[int]) -> dict[int, object]:
    return {i: read_line(line) for i, line in enumerate(lines) if i not in done}


def _is_in_place(
    expected: Sequence[bytes], actual: Sequence[bytes], identical: Sequence[Pair]
) -> bool:
    """Return whether lines that match across have equal values where they stand.

    That is so when a value is spelled in two ways and the spellings changed places.
    """
    across = any(i != j for i, j in identical)
    same_length = len(expected) == len(actual)
    return across and same_length and all(map(values_equal, expected, actual))


def _align_in_place(expected: Sequence[bytes], actual: Sequence[bytes]) -> Alignment:
    """Return the first with the first, and so on; all values are equal."""
    identical: list[Pair] = []
    others: dict[Pair, tuple[object, object]] = {}
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        if left == right:
            identical.append((index, index))
        else:
            others[index, index] = read_line(left), read_line(right)
    return Alignment(identical, others)


def _candidates(values: Mapping[int, object]) -> dict[int, Candidate]:
    return {index: Candidate(value, leaves(value)) for index, value in values.items()}


def _match_values(left: Candidates, right: Candidates) -> list[Pair]:
    """Return pairs of equal value."""
    lefts, rights = _marks(left), _marks(right)
    common = set(lefts.values()).intersection(rights.values())
    near_left = [i for i, mark in lefts.items() if mark in common]
    near_right = [j for j, mark in rights.items() if mark in common]
    found = match_equal(
        [hashable(left[i].value) for i in near_left],
        [hashable(right[j].value) for j in near_right],
    )
    return [(near_left[i], near_right[j]) for i, j in found]


def _marks(events: Candidates) -> dict[int, int]:
    """Return a number per event that equal values share, and others rarely."""
    return {
        index: hash(frozenset(event.leaves.items())) for index, event in events.items()
    }


def _keys(values: Mapping[int, object], key: Sequence[Pointer]) -> _Keys:
    """Return the keys of the events that have one."""
    if not key:
        return {}
    found = {index: identity(value, key) for index, value in values.items()}
    return {
        index: tuple([hashable(one) for one in name])
        for index, name in found.items()
        if name
    }


def _once(keys: _Keys) -> _Keys:
    """Return the keys that one event has."""
    counts = Counter(keys.values())
    return {index: name for index, name in keys.items() if counts[name] == 1}


def _among(keys: _Keys, rest: Mapping[int, object]) -> _Keys:
    """Return the keys of the events that are in *rest*."""
    return {index: name for index, name in keys.items() if index in rest}


def _match_keys(left: _Keys, right: _Keys) -> Iterator[Pair]:
    """Yield pairs of equal key, the first with the first, the second with the second."""
    places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for j, name in right.items():
        places[name].append(j)
    for i, name in left.items():
        if places.get(name):
            yield i, places[name].popleft()


def identity(value: object, key: Sequence[Pointer]) -> tuple[object, ...]:
    """Return the values at *key* below *value*.

    Returns:
        One per pointer, ``ABSENT`` where there is nothing; empty when there is nothing
        anywhere, or no key.
    """
    found = tuple([pointer.get(value) for pointer in key])
    return () if all(one is ABSENT for one in found) else found
