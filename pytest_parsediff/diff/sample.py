"""Which sessions a run looks at, when it does not look at all of them."""

from __future__ import annotations

import difflib
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pytest_parsediff.core.errors import OptionError
from pytest_parsediff.core.problem import clip
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.diff.budget import Budget, parse_budget

_KIB = 1024
_DAY_NS = 24 * 60 * 60 * 10**9
#: Upper ends of the classes, exclusive; whatever is larger is one more class.
SIZE_CLASSES = (4 * _KIB, 64 * _KIB, _KIB**2, 16 * _KIB**2)
AGE_CLASSES_NS = (_DAY_NS, 7 * _DAY_NS, 30 * _DAY_NS, 365 * _DAY_NS)


class Stratum(StrEnum):
    """By what a sample is spread."""

    ADAPTER = "adapter"
    SIZE = "size"
    AGE = "age"


#: What the word ``stratified`` stands for.
STRATIFIED = (Stratum.ADAPTER, Stratum.SIZE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session, or a source, that a run could look at.

    Attributes:
        adapter: Who parses it.
        name: Unique per adapter.
        mtime_ns: When it changed last, nanoseconds since the epoch; ``None``, as for
            one that could not be looked at, is the oldest.
        size: Bytes; ``None`` is a class of its own.
    """

    adapter: str
    name: str
    mtime_ns: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """How many of the candidates, and by what they are spread."""

    amount: Budget
    by: tuple[Stratum, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which candidates were chosen and which were cut; both newest first."""

    chosen: tuple[Candidate, ...]
    cut: tuple[Candidate, ...]


_Key: TypeAlias = tuple[str | int, ...]


def parse_sample(text: str, setting: str = "sample") -> SampleSpec:
    """Return what *text* asks for.

    Args:
        text: ``N`` or ``N%``, and after a colon, between commas, by what the sample is
            spread: ``adapter``, ``size``, ``age``; ``stratified`` is adapter and size.
        setting: Flag or ini name, for the message.

    Raises:
        OptionError: PD116, anything else, or a sample of nothing.
    """
    amount, colon, rest = text.partition(":")
    budget = parse_budget(amount, setting)
    if not budget.amount:
        raise OptionError(f"{setting}: expected at least one session, got {clip(text)}")
    words = [word.strip().lower() for word in rest.split(",")] if colon else []
    by = [one for word in words for one in _parse_strata(word, setting)]
    return SampleSpec(budget, tuple(dict.fromkeys(by)))


def _parse_strata(word: str, setting: str) -> tuple[Stratum, ...]:
    if word == "stratified":
        return STRATIFIED
    known = [*map(str, Stratum), "stratified"]
    if word in known:
        return (Stratum(word),)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    guess = f"; the nearest is {near[0]!r}" if near else ""
    raise OptionError(
        f"{setting}: expected one of {', '.join(known)} after ':', got {clip(word)}{guess}"
    )


def choose(
    candidates: Iterable[Candidate],
    *,
    limit: int = 0,
    sample: SampleSpec | None = None,
    seed: int | str = 0,
) -> Choice:
    """Return which candidates a run looks at.

    The limit takes the newest, of equally new ones the first by name and adapter. A
    sample is drawn from what the limit leaves. It depends on the set of candidates and
    the seed alone, not on their order; and a candidate keeps its place in the draw
    when others come or go, so that two runs over a growing store look at mostly the
    same sessions.

    Args:
        candidates: Read once.
        limit: Most candidates; 0 is all.
        sample: ``None`` is all.
        seed: Of the sample.
    """
    newest = sorted(
        candidates, key=lambda one: (-(one.mtime_ns or 0), one.name, one.adapter)
    )
    kept = newest[:limit] if limit else newest
    drawn = set(kept if sample is None else _draw(kept, sample, seed))
    return Choice(
        tuple(one for one in newest if one in drawn),
        tuple(one for one in newest if one not in drawn),
    )


def _draw(
    candidates: Sequence[Candidate], sample: SampleSpec, seed: int | str
) -> Iterable[Candidate]:
    strata: dict[_Key, list[Candidate]] = defaultdict(list)
    newest_ns = max((one.mtime_ns or 0 for one in candidates), default=0)
    for one in candidates:
        strata[_stratum_of(one, sample.by, newest_ns)].append(one)
    shares = _share({key: len(held) for key, held in strata.items()}, sample.amount)
    for key, held in strata.items():
        held.sort(key=lambda one: (_rank(one, seed), one.adapter, one.name))
        yield from held[: shares[key]]


def _rank(candidate: Candidate, seed: int | str) -> int:
    """Return the candidate's place in the draw; it depends on no other candidate."""
    stream = SplitMix64.seeded("sample", seed, candidate.adapter, candidate.name)
    return stream.next_u64()


def _stratum_of(candidate: Candidate, by: Iterable[Stratum], newest_ns: int) -> _Key:
    age_ns = newest_ns - (candidate.mtime_ns or 0)
    classes: Mapping[Stratum, str | int] = {
        Stratum.ADAPTER: candidate.adapter,
        Stratum.SIZE: -1
        if candidate.size is None
        else bisect_right(SIZE_CLASSES, candidate.size),
        # against the newest, not against today: the same store, the same sample
        Stratum.AGE: bisect_right(AGE_CLASSES_NS, age_ns),
    }
    return tuple(classes[one] for one in by)


def _share(sizes: Mapping[_Key, int], amount: Budget) -> Mapping[_Key, int]:
    """Return how many of each stratum: one while they last, then by its share.

    Each further one goes to the stratum that lacks most of its share, larger strata
    first among equals.
    """
    total = sum(sizes.values())
    asked = amount.amount * total / 100 if amount.is_percent else amount.amount
    wanted = min(total, math.ceil(asked))
    order = sorted(sizes, key=lambda key: (-sizes[key], key))
    shares = {key: int(place < wanted) for place, key in enumerate(order)}
    for _ in range(wanted - sum(shares.values())):
        lacks = {key: wanted * sizes[key] - shares[key] * total for key in order}
        shares[max(order, key=lacks.__getitem__)] += 1
    return shares
