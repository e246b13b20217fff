"""What the gate would say of one session, and what a changed parser would give it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_parsediff.core.canonical import escape_pointer
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.diff.classify import SessionFacts, classify
from pytest_parsediff.diff.compare import compare_sessions
from pytest_parsediff.diff.comparison import Comparison
from pytest_parsediff.diff.evidence import SourcePolicy, weigh
from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.places import steps_of
from pytest_parsediff.diff.records import ParsedSession, Record, StoredSession
from pytest_parsediff.diff.verdict import Verdict

#: More than any number in an event is likely to be off by.
_FAR = 1_000_003


class Digests(NamedTuple):
    """Digest by session, at three moments, and of the very snapshot that was parsed.

    The last one is what the adapter emits itself, and may lack any session.
    """

    stored: Mapping[str, str]
    before: Mapping[str, str]
    after: Mapping[str, str]
    inside: Mapping[str, str] = MappingProxyType({})

    def observations(self, session: str) -> tuple[Observation, ...]:
        """Return what the gate weighs for one session: stored, before and after.

        Nothing is better than the digest of what was parsed: it stands for what was
        seen after the parse, and before it too where it is what is stored.
        """
        stored, before, after = (_observed(one, session) for one in self[:3])
        inside = self.inside.get(session)
        if inside is None:
            return stored, before, after
        after = Observation(row_digest=inside)
        return stored, after if stored.row_digest == inside else before, after


def judge(
    comparison: Comparison,
    session: str,
    stored: Sequence[bytes],
    parsed: Sequence[bytes],
    digests: Digests | None,
) -> Verdict:
    """Return the verdict on one session.

    Args:
        comparison: Of the adapter.
        session: Its id.
        stored: Canonical lines of an earlier parse; empty if it was not there.
        parsed: Canonical lines of this one; empty if it was not emitted.
        digests: Evidence; ``None`` if the adapter has none.
    """
    old, olds = _session_of(StoredSession, comparison, session, stored)
    new, news = _session_of(ParsedSession, comparison, session, parsed)
    both = stored and parsed
    fields = (
        compare_sessions(old, new, lambda: olds, lambda: news, comparison)
        if both
        else ()
    )
    evidence = None
    if digests is not None:
        evidence = weigh(
            *digests.observations(session),
            policy=SourcePolicy.ROW,
            side_has_observations=True,
            is_alone=False,
        )
    return classify(
        SessionFacts(
            adapter="",
            session=session,
            stored=old if stored else None,
            parsed=new if parsed else None,
            fields=fields,
            evidence=evidence,
            is_swept=bool(stored),
        )
    )


def _session_of(
    cls: Any, comparison: Comparison, session: str, lines: Sequence[bytes]
) -> tuple[Any, list[Record]]:
    """Return the head of a session, stored or parsed, and its records."""
    fingerprint, sums = comparison.new_fingerprint(), comparison.new_aggregates()
    records = []
    for ordinal, line in enumerate(lines):
        event = comparison.read(line)
        fingerprint.add(line, event)
        sums.add(event)
        records.append(comparison.record(ordinal, line))
    head = cls(
        adapter="",
        session=session,
        source="store",
        fingerprint=fingerprint.hexdigest(),
        form=comparison.form,
        record_count=len(records),
        aggregates=sums.result(),
    )
    return head, records


def _observed(digests: Mapping[str, str], session: str) -> Observation:
    digest = digests.get(session)
    return Observation(exists=digest is not None, row_digest=digest)


# --- changed parsers ----------------------------------------------------------------------


def mutants(
    comparison: Comparison, lines: Sequence[bytes], random: SplitMix64
) -> Iterator[tuple[str, list[bytes]]]:
    """Yield what a changed parser would emit in place of *lines*: with what changed.

    One event less; one value of one event another. Values that the comparison is told
    to pass over stay as they are.
    """
    place = random.below(len(lines))
    yield f"event {place + 1} left out", [*lines[:place], *lines[place + 1 :]]
    for _ in range(8):
        place = random.below(len(lines))
        event = json.loads(lines[place])
        leaves = [one for one in _leaves(event, "", "") if _counts(comparison, one)]
        if leaves:
            leaf = leaves[random.below(len(leaves))]
            leaf.holder[leaf.key] = _other(leaf.holder[leaf.key])
            text = json.dumps(
                event, ensure_ascii=False, separators=(",", ":"), sort_keys=True
            ).encode("utf-8", "surrogatepass")
            what = f"{leaf.pointer} of event {place + 1} changed"
            yield what, [*lines[:place], text, *lines[place + 1 :]]
            return


class _Leaf(NamedTuple):
    """One value that holds no others.

    Attributes:
        holder: The object or list that it is in.
        key: Its name or index there.
        pointer: Where it is.
        pattern: The same with ``*`` for indexes.
    """

    holder: Any
    key: Any
    pointer: str
    pattern: str


def _leaves(value: Any, pointer: str, pattern: str) -> Iterator[_Leaf]:
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = iter(enumerate(value))
    for key, inner in items:
        at = f"{pointer}/{escape_pointer(str(key))}"
        like = f"{pattern}/{'*' if isinstance(value, list) else escape_pointer(key)}"
        if isinstance(inner, (dict, list)):
            yield from _leaves(inner, at, like)
        else:
            yield _Leaf(value, key, at, like)


def _counts(comparison: Comparison, leaf: _Leaf) -> bool:
    """Return whether a difference there is one, whatever is declared."""
    if any(leaf.pointer == place.text for place in comparison.session):
        return False
    covered = comparison.places.cover(steps_of(leaf.pointer, leaf.pattern))
    return not (covered.is_ignored or covered.is_blank or covered.tolerance is not None)


def _other(value: object) -> object:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + _FAR
        case str():
            return f"{value}~"
        case _:
            return "~"
