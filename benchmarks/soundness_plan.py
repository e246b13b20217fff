"""What one combination of a soundness run is: drawn from a seed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from soundness_store import Kind

from pytest_parsediff.core.event import Evidence, Source
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.live.stages import StageName

ItemT = TypeVar("ItemT")


class Mutation(StrEnum):
    """What a parser does wrong, with one session."""

    DROP = "drop a record"
    CHANGE = "change a value"
    TYPE = "change a type"
    NULL = "null instead of a value"
    ABSENT = "leave a member out"
    EXTRA = "one member more"
    SWAP = "reorder"
    DUPLICATE = "duplicate a record"
    LOSE = "drop the session"


class Action(StrEnum):
    """What somebody writes into one session, or into its file."""

    APPEND = "append"
    REWRITE = "rewrite, same size"
    EXCHANGE = "rsync -t, same size"
    UNDONE = "rewrite, then undo"
    SHRINK = "remove records"
    VANISH = "remove all records"
    TOUCH = "touch"
    TAIL = "incomplete last line"
    HALF = "broken line, completed later"
    BROKEN = "broken line"
    DELETE = "delete the file"
    RENAME = "rename the file"
    ROW = "the archive's row alone"
    SYNC = "append and record"


#: Before the inventory; all other moments are those of the run.
BEFORE = "before"
_MOMENTS = (BEFORE, *StageName)
_LATER = (StageName.PARSED, StageName.OBSERVED_AFTER)
_OF_FILES = {Action.EXCHANGE, Action.TAIL, Action.HALF, Action.BROKEN}
#: What is done twice, the second time to complete or undo the first.
TWO_PHASES = (Action.UNDONE, Action.HALF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A write.

    Attributes:
        action: What is written.
        session: Number of the session that is written.
        moment: The stage after which it happens.
        later: The stage after which it is undone or completed.
        event: For ``emitted``, after which event of the source.
        is_repeated: Whether it happens at that stage of every attempt.
    """

    action: Action
    session: int
    moment: str
    later: str
    event: int
    is_repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """A store, what its parser does wrong, and who writes when.

    Attributes:
        seed: Of the whole run.
        number: Of the combination; both together give all the rest.
        kind: What the store is made of.
        counts: Records per session.
        journal: Of a database.
        has_key: Whether the adapter names its records.
        mutation: What the parser does wrong; ``None`` for nothing.
        mutated: Number of the session that it does wrong.
        record: Index of the record that it does wrong.
        window: What is written; ``None`` for nothing.
    """

    seed: int
    number: int
    kind: Kind
    counts: tuple[int, ...]
    journal: str
    has_key: bool
    mutation: Mutation | None
    mutated: int
    record: int
    window: Window | None

    def __str__(self) -> str:
        """Return what a finding is called."""
        wrong = (
            f"{self.mutation} of s{self.mutated}" if self.mutation else "no mutation"
        )
        window = self.window
        write = (
            f"{window.action} of s{window.session} at {window.moment}"
            if window
            else "no write"
        )
        return f"#{self.number} {self.kind}: {wrong}; {write}"


def draw(seed: int, number: int) -> Combination:
    """Return combination *number* of the run with *seed*."""
    random = SplitMix64.seeded("soundness", seed, number)
    kind = _one_of(random, tuple(Kind))
    counts = tuple(2 + random.below(4) for _ in range(2 + random.below(2)))
    mutated = random.below(len(counts))
    is_wrong, is_written = random.below(2), random.below(5)
    # a snapshot that is read while it is written needs a WAL
    is_wal = kind is Kind.EMITTED or random.below(3)
    return Combination(
        seed=seed,
        number=number,
        kind=kind,
        counts=counts,
        journal="wal" if is_wal else "delete",
        has_key=bool(random.below(2)),
        mutation=_one_of(random, tuple(Mutation)) if is_wrong else None,
        mutated=mutated,
        record=random.below(counts[mutated] - 1),
        window=_draw_window(random, kind, counts) if is_written else None,
    )


def _draw_window(random: SplitMix64, kind: Kind, counts: Sequence[int]) -> Window:
    actions = [one for one in Action if not (kind.is_database and one in _OF_FILES)]
    action = _one_of(random, actions)
    moments = list(_MOMENTS)
    if action in TWO_PHASES:
        del moments[_MOMENTS.index(StageName.EMITTED) + 1 :]
    elif kind.is_database and action in (Action.DELETE, Action.RENAME):
        moments.remove(BEFORE)  # that is an error of the command line
    elif action is Action.ROW:
        moments.remove(BEFORE)  # that is drift, and somebody has to look at it
    if action in (Action.ROW, Action.SYNC):
        moments.remove(StageName.STORED_READ)  # who writes an archive waits until later
    return Window(
        action=action,
        session=random.below(len(counts)),
        moment=_one_of(random, moments),
        later=_one_of(random, _LATER),
        event=1 + random.below(sum(counts) if kind.is_shared else counts[0]),
        is_repeated=action not in TWO_PHASES and not random.below(6),
    )


def _one_of(random: SplitMix64, items: Sequence[ItemT]) -> ItemT:
    return items[random.below(len(items))]


# --- mutated parsers ------------------------------------------------------------------


class MutatedAdapter:
    """A parser, but for what it does wrong with one session.

    Args:
        adapter: The right one.
        combination: What is wrong.

    Attributes:
        name: Its name.
    """

    name = "toy"

    def __init__(self, adapter: Any, combination: Combination) -> None:
        self._adapter = adapter
        self._combination = combination

    def scan(self, source: Source, cursor: str | None, /) -> Iterator[Any]:
        """Yield what the right one does, with the mistake."""
        adapter = self._adapter
        whole = (
            adapter.scan(source, cursor) if _is_full(adapter) else adapter(source.path)
        )
        return mutate(whole, self._combination)


class MutatedSnapshotAdapter(MutatedAdapter):
    """The same of one that gives evidence."""

    def evidence(self, source: Source, /) -> dict[str, str]:
        """Return the right evidence: a mistake is one of the parser."""
        digests: dict[str, str] = self._adapter.evidence(source)
        return digests


def _is_full(adapter: Any) -> bool:
    return hasattr(adapter, "scan")


def adapter_of(right: Any, combination: Combination) -> Any:
    """Return the parser under test."""
    if combination.mutation is None:
        return right
    kind = MutatedSnapshotAdapter if hasattr(right, "evidence") else MutatedAdapter
    return kind(right, combination)


def mutate(items: Iterator[Any], combination: Combination) -> Iterator[Any]:
    """Yield *items* one by one, with the mistake of *combination*."""
    mutation, wrong = combination.mutation, f"s{combination.mutated}"
    index, held = -1, None
    for item in items:
        if isinstance(item, Evidence) or item.get("sid") != wrong:
            yield item
            continue
        index += 1
        if mutation is Mutation.LOSE:
            continue
        if held is not None:
            yield from (item, held)
            held = None
        elif index != combination.record:
            yield item
        elif mutation is Mutation.SWAP:
            held = item
        else:
            assert mutation is not None
            yield from _WRONG[mutation](item)
    if held is not None:
        yield held


_Event = dict[str, Any]
_WRONG: dict[Mutation, Callable[[_Event], list[_Event]]] = {
    Mutation.DROP: lambda _: [],
    Mutation.CHANGE: lambda event: [{**event, "text": event["text"].upper()}],
    Mutation.TYPE: lambda event: [{**event, "n": str(event["n"])}],
    Mutation.NULL: lambda event: [{**event, "text": None}],
    Mutation.ABSENT: lambda event: [{k: v for k, v in event.items() if k != "n"}],
    Mutation.EXTRA: lambda event: [{**event, "more": None}],
    Mutation.DUPLICATE: lambda event: [event, event],
}
