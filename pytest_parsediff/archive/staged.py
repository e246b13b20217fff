"""What a recording is given: everything that was parsed, before anything is written.

A recording reads each of these streams more than once: first to see that every source
was parsed, then to write. Nothing here may change between the first read and the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pytest_parsediff.diff.observation import Observation
from pytest_parsediff.diff.records import ParsedSession, Record


@dataclass(frozen=True, slots=True)
class AppendBase:
    """What an incremental parse started from.

    Attributes:
        cursor: The cursor that the adapter was given: that of the archive.
        size: Bytes of the live file that are said to be unchanged: the size, or the
            consumed boundary, that the archive has of the source.
        content_hash: SHA-256 of these bytes as they are now, hex.
    """

    cursor: str
    size: int
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedSource:
    """One source after its parse.

    Attributes:
        adapter: Who parsed it.
        name: Its name; unique per adapter.
        before: What it was just before the parse.
        after: What it was when the parse was over.
        consumed_hash: SHA-256 of the first ``before.consumed`` bytes, hex; empty when
            nobody looked.
        cursor: Of the last checkpoint; ``None`` when the adapter gave none.
        base: What an incremental parse started from; ``None`` for a full parse.
        data_version: Of the adapter; 0 if it has none.
        is_complete: Whether the adapter says that it emitted all there is.
        code: Error code when the source could not be parsed; empty when it could.
        message: The error on one line.
    """

    adapter: str
    name: str
    before: Observation
    after: Observation
    consumed_hash: str = ""
    cursor: str | None = None
    base: AppendBase | None = None
    data_version: int = 0
    is_complete: bool = True
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class StagedSession:
    """One session of a staged source.

    Attributes:
        parsed: The session. After an incremental parse its count and aggregates are
            those of the new records alone, and its fingerprint is not looked at.
        before: Evidence about this session alone before the parse, if there is any;
            else the source's observations stand for it.
        after: The same after the parse.
    """

    parsed: ParsedSession
    before: Observation | None = None
    after: Observation | None = None


class StagedSide(Protocol):
    """Where a recording reads what was parsed. Each call starts from the beginning."""

    def sources(self) -> Iterator[StagedSource]:
        """Yield every source that was to be recorded, failed ones too, each once.

        In the order of adapter and name, so that a recording can be repeated.
        """
        ...

    def sessions(self, source: StagedSource, /) -> Iterator[StagedSession]:
        """Yield the sessions of *source*, each once, in the order of their ids."""
        ...

    def records(self, session: ParsedSession, /) -> Iterator[Record]:
        """Yield the records of *session* by ordinal, from 0 on; may be many."""
        ...
