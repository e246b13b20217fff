"""One read after the other, through a reader that lives across them where there is one.

Nothing of what the adapter does gets past here: it is contained as anywhere, and its
errors are typed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import cast

from pytest_parsediff.adapters.contain import name_of
from pytest_parsediff.adapters.emissions import iterate
from pytest_parsediff.adapters.limits import SelfLimiting
from pytest_parsediff.adapters.protocol import (
    Adapter,
    OpenableAdapter,
    Reader,
    SkippingReader,
)
from pytest_parsediff.adapters.stream import stream
from pytest_parsediff.cli.subject import Subject
from pytest_parsediff.core.event import Context, Emission, Source

#: An emission is printed at most this many later, which is what a kill can lose of
#: output, though never of what a cursor covers.
_BATCH = 64


@dataclass(slots=True)
class Readings:
    """Reads a source again and again.

    Attributes:
        subject: Adapter and limits; the limits are those of one read.
        source: What is read.
        context: Lives as long as this does.
    """

    subject: Subject
    source: Source
    context: Context
    _reader: Reader | None = field(default=None, init=False)

    @property
    def keeps_reader(self) -> bool:
        """Whether reads share a reader in this process, so that a quiet one is cheap."""
        adapter = self._adapter
        return _opens(adapter) and not hasattr(adapter, "limited")

    def read(
        self, cursor: str | None, *, skips: bool = False
    ) -> Generator[Emission, None, None]:
        """Yield what is new since *cursor*, or everything for ``None``.

        Args:
            cursor: Of a checkpoint.
            skips: Whether events of what is stored already are not wanted; a reader
                that cannot skip them yields them all the same.

        Raises:
            ParsediffError: Typed, whatever the adapter did. The next read is made by a
                new reader.
            Unavailable: The adapter cannot run on this machine.
        """
        limits = self.subject.limits
        adapter = self._adapter
        if hasattr(adapter, "limited"):
            adapter = cast("SelfLimiting", adapter).limited(limits)
        kept = _Kept(name_of(adapter), lambda: self._scan_of(adapter, skips))
        try:
            yield from stream(
                kept, self.source, self.context, cursor, limits, batch=_BATCH
            )
        except GeneratorExit:
            raise
        except BaseException:
            self.close(quietly=True)
            raise

    def close(self, *, quietly: bool = False) -> None:
        """Release what the reader holds; it is opened anew by the next read.

        Args:
            quietly: Whether an error of the adapter's is left out, after another one.
        """
        reader, self._reader = self._reader, None
        if reader is None:
            return
        try:
            reader.close()
        except Exception:
            if not quietly:
                raise

    @property
    def _adapter(self) -> Adapter | OpenableAdapter:
        return self.subject.adapter.resolved.adapter

    def _scan_of(
        self, adapter: Adapter | OpenableAdapter, skips: bool
    ) -> Callable[[str | None], object]:
        if not _opens(adapter):
            scan = cast("Adapter", adapter).scan
            return lambda cursor: scan(self.source, cursor)
        if self._reader is None:
            self._reader = cast("OpenableAdapter", adapter).open(
                self.source, self.context
            )
        reader = self._reader
        if skips and isinstance(reader, SkippingReader):
            return lambda _: reader.skip()
        return reader.scan


@dataclass(frozen=True, slots=True)
class _Kept:
    """An adapter whose scans use what is open already.

    Attributes:
        name: That of the real one.
        scan_of: Opens it if need be, and returns its scan.
    """

    name: str
    scan_of: Callable[[], Callable[[str | None], object]]

    def scan(self, _source: Source, cursor: str | None, /) -> Iterator[Emission]:
        """Open inside of the iteration, where limits hold and errors are typed."""
        yield from iterate(self.scan_of()(cursor), self.name)  # type: ignore[misc] # checked by who takes them


def _opens(adapter: object) -> bool:
    return callable(getattr(adapter, "open", None))
