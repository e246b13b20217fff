"""What an adapter is: the interface, and how a plain function becomes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from pytest_parsediff.core.event import Context, Emission, Source


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
class OpenableAdapter(Protocol):
    """An adapter that keeps a reader between polls."""

    @property
    def name(self) -> str:
        """What people type to select the adapter; an attribute will do."""
        ...

    def open(self, source: Source, context: Context, /) -> Reader:
        """Return a reader of *source*; the caller closes it."""
        ...
