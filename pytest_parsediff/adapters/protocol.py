"""What an adapter is: the interface, and how a plain function becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pytest_parsediff.core.event import Context, Emission, SessionInfo, Source


@runtime_checkable
class Adapter(Protocol):
    """Turns a store into events and never writes to it."""

    @property
    def name(self) -> str:
        """What people type to select the adapter; an attribute will do."""
        ...

    def scan(self, source: Source, cursor: str | None, /) -> Iterator[Emission]:
        """Yield events, checkpoints and notices.

        Args:
            source: The store.
            cursor: ``None`` for a full parse, else the cursor of a checkpoint that
                the same adapter handed out earlier.

        Yields:
            Events in the adapter's order; a checkpoint after everything it covers.
        """
        ...


class Reader(Protocol):
    """One open adapter that lives across several polls."""

    def scan(self, cursor: str | None, /) -> Iterator[Emission]:
        """Yield what is new since *cursor*, or everything for ``None``."""
        ...

    def close(self) -> None:
        """Release every handle on the store; may be called once."""
        ...


@runtime_checkable
class SkippingReader(Protocol):
    """A reader that can find where its source ends without parsing it."""

    def skip(self) -> Iterator[Emission]:
        """Yield notices and a checkpoint that covers all that is stored.

        The checkpoint is as good as that of a full parse: a later change of anything
        that is stored now is found from it.
        """
        ...


@runtime_checkable
class OpenableAdapter(Protocol):
    """An adapter that keeps a reader between polls."""

    @property
    def name(self) -> str:
        """What people type to select the adapter; an attribute will do."""
        ...

    def open(self, source: Source, context: Context, /) -> Reader:
        """Return a reader of *source*; the caller closes it."""
        ...


# --- capabilities: found by presence ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter can do besides a scan.

    Attributes:
        sessions: Whether it lists sessions without a parse.
        evidence: Whether it gives a digest per session.
        data_version: Goes up when unchanged stores give other events, or other
            digests, on purpose; 0 if the adapter says nothing.
    """

    sessions: bool = False
    evidence: bool = False
    data_version: int = 0


class ListsSessions(Protocol):
    """An adapter that knows which sessions there are without parsing them."""

    def sessions(self, source: Source, /) -> Iterable[SessionInfo | str]:
        """Return every session of *source*, or just their ids, in any order."""
        ...


class HasEvidence(Protocol):
    """An adapter that can prove that a session was not touched."""

    def evidence(self, source: Source, /) -> Mapping[str, str]:
        """Return the digest of every session of *source*, all from one snapshot.

        A digest changes with everything that can change an event of the session.
        """
        ...


class Versioned(Protocol):
    """An adapter that says when its events changed on purpose."""

    @property
    def data_version(self) -> int:
        """Goes up with every such change; 1 or more."""
        ...
