"""A golden as the stored side: what somebody accepted as right, without observations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from pytest_parsediff.archive.known import KnownAdapter
from pytest_parsediff.core.canonical import split_lines
from pytest_parsediff.core.errors import (
    GoldenMissingError,
    GoldenUnreadableError,
    Where,
)
from pytest_parsediff.core.event import NO_SESSION
from pytest_parsediff.diff.records import Record, StoredSession

#: Session of events without an id, where the adapter says that events have one.


@final
class GoldenSide:
    """The sessions of one golden, which is read once and held in memory.

    Args:
        path: ``expected.jsonl``.
        adapter: Whose events these are.
        known: How they become records; a golden is right for any data version.
        source: Name of the source that they came from; the session of all of them where
            the adapter has no session place.

    Raises:
        GoldenMissingError: PD301. GoldenUnreadableError: PD307, with the line.
    """

    __slots__ = ("_adapter", "_known", "_sessions", "_source")

    def __init__(
        self, path: Path, adapter: str, known: KnownAdapter, *, source: str
    ) -> None:
        self._adapter = adapter
        self._known = known
        self._source = source
        self._sessions = self._read(path)

    def _read(self, path: Path) -> dict[str, list[bytes]]:
        sessions: dict[str, list[bytes]] = {}
        comparison = self._known.comparison
        for number, line in enumerate(split_lines(_bytes_of(path)), start=1):
            event = comparison.read(line)
            if not event and line.strip() != b"{}":
                message = "expected a JSON object"
                raise GoldenUnreadableError(message, Where(path, number))
            if comparison.session:
                session = comparison.session_of(event) or NO_SESSION
            else:
                session = self._source
            sessions.setdefault(session, []).append(line)
        return sessions

    @property
    def has_observations(self) -> bool:
        """A golden does not say what its source was."""
        return False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Do nothing: what is in memory does not change."""
        yield

    def sessions(self) -> Iterator[StoredSession]:
        """Yield every session by id."""
        for session in sorted(self._sessions):
            yield self._session(session)

    def get(self, adapter: str, session: str) -> StoredSession | None:
        """Return one session, or ``None``."""
        if adapter != self._adapter or session not in self._sessions:
            return None
        return self._session(session)

    def _session(self, session: str) -> StoredSession:
        return StoredSession(
            adapter=self._adapter,
            session=session,
            source=self._source,
            form=self._known.comparison.form,
            record_count=len(self._sessions[session]),
            data_version=self._known.data_version,
        )

    def records(self, adapter: str, session: str) -> Iterator[Record]:
        """Yield the records of one session by ordinal."""
        lines = self._sessions.get(session, []) if adapter == self._adapter else []
        for ordinal, line in enumerate(lines):
            yield self._known.comparison.record(ordinal, line)

    def close(self) -> None:
        """Do nothing: no handle is open."""


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise GoldenMissingError("there is no such file", Where(path)) from error
    except OSError as error:
        raise GoldenUnreadableError(f"{error.strerror}", Where(path)) from error
