"""Sessions as they were stored and as they are parsed now, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from pytest_parsediff.diff.observation import Observation

#: Name of a declared aggregate to its value; ``None`` when no record has the place.
Aggregates: TypeAlias = Mapping[str, int | float | None]


@dataclass(frozen=True, slots=True)
class Record:
    """One canonical event of a session.

    Attributes:
        ordinal: Position in the session, 0-based.
        key: Identity: canonical JSON of the values at the adapter's ``key`` places;
            empty when the adapter declares none.
        line: Canonical JSON without LF.
    """

    ordinal: int
    key: str
    line: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """One session as an earlier parse left it.

    Attributes:
        adapter: Who parsed it.
        session: Its id; unique per adapter.
        source: Name of the source it came from; empty if nobody noted it.
        fingerprint: What tier 1 compares; empty if it must be computed.
        form: Digest of the canonical rules that made the lines; fingerprints of
            different forms cannot be compared. Empty if nobody noted it.
        record_count: Number of records.
        aggregates: Declared sums.
        observation: What the source was when it was parsed; ``None`` if nobody noted.
        data_version: Of the adapter that parsed it; 0 if it has none.
        is_incremental: Whether the last write appended to what was there.
        is_trashed: Whether somebody threw the session away in the archive.
        revision: Grows with every write of the row.
    """

    adapter: str
    session: str
    source: str = ""
    fingerprint: str = ""
    form: str = ""
    record_count: int = 0
    aggregates: Aggregates = field(default_factory=dict)
    observation: Observation | None = None
    data_version: int = 0
    is_incremental: bool = False
    is_trashed: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSession:
    """One session as it is parsed now.

    Attributes:
        adapter: Who parsed it.
        session: Its id.
        source: Name of the source that emitted it.
        fingerprint: What tier 1 compares.
        form: Digest of the canonical rules that made the lines.
        record_count: Number of records.
        aggregates: Declared sums.
        needs_retry: Why the parser asks for another pass; empty when it does not.
        excluded: Why the parser vetoes the session; empty when it does not.
        error: Why this session alone could not be parsed; empty when it could.
    """

    adapter: str
    session: str
    source: str
    fingerprint: str = ""
    form: str = ""
    record_count: int = 0
    aggregates: Aggregates = field(default_factory=dict)
    needs_retry: str = ""
    excluded: str = ""
    error: str = ""


class StoredSide(Protocol):
    """Where stored sessions are read from. It has no method that writes."""

    @property
    def has_observations(self) -> bool:
        """Whether this kind of side notes what sources were; a golden does not."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Hold one read transaction, so that several reads see one state."""
        ...

    def sessions(self) -> Iterator[StoredSession]:
        """Yield every session, ordered by adapter and session; trashed ones too."""
        ...

    def get(self, adapter: str, session: str) -> StoredSession | None:
        """Return one session, or ``None``."""
        ...

    def records(self, adapter: str, session: str) -> Iterator[Record]:
        """Yield the records of one session by ordinal."""
        ...

    def close(self) -> None:
        """Release every handle; may be called twice."""
        ...
