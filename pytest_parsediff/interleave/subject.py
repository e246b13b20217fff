"""The adapter under test, as a run of a plan needs it: polled, parsed, taken apart."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

import msgspec
from msgspec import MsgspecError

from pytest_parsediff.adapters.contain import collect
from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.event import Context, Emission, Event, Source
from pytest_parsediff.core.paths import with_encoded
from pytest_parsediff.core.pointers import ABSENT, Pointer
from pytest_parsediff.core.rules import Rules
from pytest_parsediff.diff.comparison import Comparison

#: Raised for types of somebody's own, and for numbers and texts beyond all bounds.
_UNKNOWN = (ValueError, TypeError, OverflowError, RecursionError, MsgspecError)
FoundT = TypeVar("FoundT")

_NO_TABLE = AdapterConfig()
_pack = msgspec.msgpack.Encoder().encode


class Unit(StrEnum):
    """What one emission replaces of what was emitted before."""

    EVENT = "event"
    SESSION = "session"


class Line(NamedTuple):
    """One emitted event, taken apart.

    Attributes:
        session: Its session; empty for events of none.
        key: Its identity; the line itself where the adapter declares none. Empty where
            it says that all of its session is gone.
        text: Canonical JSON without LF.
        is_tombstone: Whether it says that its event, or session, is gone.
        is_amending: Whether it may take the place of an earlier one of its identity.
    """

    session: str
    key: str
    text: bytes
    is_tombstone: bool
    is_amending: bool = False


#: Values, per place, that tell some events from all others.
Marks: TypeAlias = tuple[tuple[Pointer, tuple[Any, ...]], ...]
#: Lines of one session, in the order in which they were emitted.
Sessions: TypeAlias = Mapping[str, tuple[Line, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An adapter and how its events are read.

    Attributes:
        adapter: Ready to scan.
        rules: How its events become canonical.
        comparison: Where session and identity stand.
        unit: What an emission replaces.
        tombstones: Values, per place, of events that say something is gone.
        amends: The same for events of which a later one takes the place of an earlier.
        is_exactly_once: Whether it promises to emit nothing twice.
        is_exact_resume: Whether a re-scan from the last checkpoint emits nothing.
        catches_up: Whether each poll emits all that was committed before it began.
        timeout_s: Longest time for one scan.
        max_output_mb: Most that one scan may emit.
        config: Its table.
    """

    adapter: Adapter | OpenableAdapter
    rules: Rules
    comparison: Comparison
    unit: Unit = Unit.EVENT
    tombstones: Marks = ()
    amends: Marks = ()
    is_exactly_once: bool = False
    is_exact_resume: bool = False
    catches_up: bool = False
    timeout_s: float = 60.0
    max_output_mb: float = 256.0
    config: AdapterConfig = _NO_TABLE

    def open(self, source: Source, context: Context) -> Polled:
        """Return something that can be polled, opened if the adapter can be."""
        return Polled(self.adapter, source, context)

    def parse(self, source: Source, context: Context) -> tuple[Line, ...]:
        """Return everything a full parse emits.

        Raises:
            ParsediffError: PD4xx, the adapter failed.
        """
        emitted = collect(
            self.adapter,
            source,
            context,
            timeout_s=self.timeout_s,
            max_output_mb=self.max_output_mb,
        )
        line_of = self.taking_apart(paths_of(source))
        lines = map(line_of, emitted.events)
        return tuple(line for line in lines if line is not None)

    def taking_apart(self, paths: Mapping[str, str]) -> Callable[[Event], Line | None]:
        """Return what takes an event apart; ``None`` if the rules leave it out.

        Args:
            paths: From :func:`paths_of`.
        """
        text_of = self.rules.liner(paths)

        def line_of(event: Event) -> Line | None:
            text = text_of(event)
            return None if text is None else self.line_of(text)

        return line_of

    def line_of(self, text: bytes) -> Line:
        """Return a canonical line taken apart."""
        read = self.comparison.read(text)
        session = self.comparison.session_of(read) or ""
        is_gone, is_amending = (_has(read, m) for m in (self.tombstones, self.amends))
        is_all = is_gone and bool(session and self.comparison.key)
        nameless = "" if is_all else text.decode("utf-8", "replace")
        key = self.comparison.key_of(read) or nameless
        return Line(session, key, text, is_gone, is_amending)


class Lines:
    """Takes events of one source apart; equal ones, which plans repeat, only once.

    Args:
        subject: Whose events.
        source: Where they come from.

    Attributes:
        of: Returns an event taken apart, or ``None`` if the rules leave it out.
        text_of: Returns its canonical line alone, in half the time.
    """

    def __init__(self, subject: Subject, source: Source) -> None:
        paths = paths_of(source)
        self.of = Memory(subject.taking_apart(paths)).of
        self.text_of = Memory(subject.rules.liner(paths)).of


class Memory(Generic[FoundT]):
    """What was found out about events, which plans repeat.

    Args:
        find: Finds it out.
    """

    #: How many are remembered.
    _MAX = 20_000

    def __init__(self, find: Callable[[Event], FoundT]) -> None:
        self._find = find
        self._known: dict[bytes, tuple[Event, FoundT]] = {}

    def of(self, event: Event) -> FoundT:
        """Return what *event* gives, remembered or not."""
        try:
            mark = _pack(event)
            known = self._known.get(mark)
            # _pack tells 1 from 1.0 and True, and keys in another order, but a list
            # not from a tuple, nor text from what it writes as text
            if known is not None and known[0] == event:
                return known[1]
            copy = marshal.loads(marshal.dumps(event))  # noqa: S302 - our own dump
        except _UNKNOWN:
            return self._find(event)
        found = self._find(event)
        if len(self._known) >= self._MAX:
            self._known.clear()
        self._known[mark] = copy, found
        return found


class Polled:
    """One adapter between two crashes: opened once, polled several times."""

    def __init__(
        self, adapter: Adapter | OpenableAdapter, source: Source, context: Context
    ) -> None:
        self._source = source
        self._scan_plainly = None
        self._reader = None
        if callable(getattr(adapter, "open", None)):
            self._reader = cast("OpenableAdapter", adapter).open(source, context)
        else:
            self._scan_plainly = cast("Adapter", adapter).scan

    @property
    def is_kept(self) -> bool:
        """Whether it keeps a reader, and what that has open, between polls."""
        return self._reader is not None

    def scan(self, cursor: str | None) -> Iterator[Emission]:
        """Start one poll."""
        if self._reader is not None:
            return iter(self._reader.scan(cursor))
        assert self._scan_plainly is not None
        return iter(self._scan_plainly(self._source, cursor))

    def close(self) -> None:
        """Close what was opened."""
        if self._reader is not None:
            self._reader.close()


def _has(event: Mapping[str, Any], marks: Marks) -> bool:
    """Return whether *event* has one of the values at one of the places."""
    return any(
        (found := place.get(event)) is not ABSENT and found in values
        for place, values in marks
    )


def by_session(lines: Sequence[Line]) -> dict[str, tuple[Line, ...]]:
    """Return *lines* per session, sessions in the order of their first line."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.session, []).append(line)
    return {session: tuple(inner) for session, inner in found.items()}


def paths_of(source: Source) -> dict[str, str]:
    """Return what stands for the paths of *source* in canonical lines."""
    return with_encoded({str(source.root): "<STORE_DIR>", str(source.path): "<ROOT>"})
