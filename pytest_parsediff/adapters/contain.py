"""Run one scan to its end and contain whatever the adapter does.

An adapter is code of somebody else: it may raise, exit, hang, or emit without end.
All of that becomes a typed error here, and nothing of it stays alive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeGuard, cast

from pytest_parsediff.adapters.deadline import Deadline, TimeUp
from pytest_parsediff.adapters.emissions import check, iterate, weigh
from pytest_parsediff.adapters.limits import Limits, SelfLimiting
from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.adapters.traces import describe, forget_frames, own_traceback
from pytest_parsediff.core.errors import (
    AdapterError,
    AdapterExitError,
    AdapterTimeoutError,
    OutputTooLargeError,
    ParsediffError,
    Unavailable,
)
from pytest_parsediff.core.event import (
    Checkpoint,
    Context,
    Emission,
    Event,
    Evidence,
    Notice,
    Source,
)
from pytest_parsediff.core.wording import counted

_NO_LIMITS = Limits(math.inf, math.inf)
_END = object()


@dataclass(frozen=True, slots=True)
class Emitted:
    """What one scan handed out, each kind in order.

    Attributes:
        events: Copies on the surface; what they hold is the adapter's own.
        checkpoints: The last one covers all events.
        notices: What the adapter noticed.
        evidence: Digest by session; of two for one session the last one holds.
    """

    events: list[Event] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    evidence: dict[str, str] = field(default_factory=dict)


def collect(  # noqa: PLR0913 - two of them are limits
    adapter: Adapter | OpenableAdapter,
    source: Source,
    context: Context,
    cursor: str | None = None,
    *,
    timeout_s: float,
    max_output_mb: float,
) -> Emitted:
    """Return everything that one scan of *source* emits.

    Args:
        adapter: One with ``open`` is opened and closed; else ``scan`` is called.
        source: The store.
        context: For adapters that are opened.
        cursor: ``None`` for a full parse.
        timeout_s: Seconds, opening and closing included. An adapter in this process
            can be interrupted only in the main thread, and not while it hangs in C.
        max_output_mb: Units of 2**20 bytes, measured roughly.

    Raises:
        AdapterError: PD401, the adapter raised; ``detail`` is its own traceback.
        AdapterTimeoutError: PD402. NotAnEventError: PD405, an item is no event.
        OutputTooLargeError: PD407. AdapterExitError: PD409, it called for exit.
        AdapterLoadError: PD410, it returned nothing that can be iterated.
        ParsediffError: Raised by the adapter itself, unchanged.
        Unavailable: The adapter cannot run on this machine.
    """
    limits = Limits(timeout_s, max_output_mb)
    emitted = Emitted()
    for item in gather(adapter, source, context, cursor, limits=limits):
        match item:
            case dict():  # first, because most are
                emitted.events.append(item)
            case Checkpoint():
                emitted.checkpoints.append(item)
            case Notice():
                emitted.notices.append(item)
            case Evidence():
                emitted.evidence[item.session] = item.digest
    return emitted


def gather(
    adapter: Adapter | OpenableAdapter,
    source: Source,
    context: Context,
    cursor: str | None = None,
    *,
    limits: Limits,
) -> list[Emission]:
    """Return what one scan emits, in order; see :func:`collect`."""
    name = name_of(adapter)
    if hasattr(adapter, "limited"):  # isinstance() with a protocol takes far longer
        adapter, limits = cast("SelfLimiting", adapter).limited(limits), _NO_LIMITS
    with Deadline(limits.timeout_s) as deadline:
        scan = _Scan(name, deadline, limits)
        try:
            return scan.run(adapter, source, context, cursor)
        except BaseException as error:
            translated = scan.translate(error)
            forget_frames(error)
            if translated is error:
                raise
            raise translated from error


def name_of(adapter: object) -> str:
    """Return what *adapter* calls itself, or the name of its class."""
    name = getattr(adapter, "name", None)
    return name if isinstance(name, str) else type(adapter).__name__


@dataclass(frozen=True, slots=True)
class _Scan:
    """One scan: every call into the adapter goes through the deadline."""

    name: str
    deadline: Deadline
    limits: Limits

    def run(
        self,
        adapter: Adapter | OpenableAdapter,
        source: Source,
        context: Context,
        cursor: str | None,
    ) -> list[Emission]:
        if _is_openable(adapter):
            reader = self.deadline.run(partial(adapter.open, source, context))
            with self._closing(getattr(reader, "close", None)):
                return self._drain(partial(reader.scan, cursor))
        scan = cast("Adapter", adapter).scan
        return self._drain(partial(scan, source, cursor))

    def _drain(self, start: Callable[[], object]) -> list[Emission]:
        """Take everything out of what *start* returns."""
        run = self.deadline.run
        iterator = run(lambda: iterate(start(), self.name))
        items: list[Emission] = []
        left = self.limits.max_bytes
        advance = partial(next, iterator, _END)
        with self._closing(getattr(iterator, "close", None)):
            while (item := run(advance)) is not _END:
                if self.deadline.expired:
                    raise TimeUp
                emission = check(item, len(items), self.name)
                left -= weigh(emission, left)
                if left < 0:
                    raise OutputTooLargeError(self._too_large(len(items)))
                items.append(emission)
        if self.deadline.expired:
            raise TimeUp
        return items

    @contextmanager
    def _closing(self, close: Callable[[], object] | None) -> Iterator[None]:
        """Call *close* at the end; of two errors the first one is raised."""
        try:
            yield
        except BaseException:
            if close is not None:
                self.deadline.grace()
                with suppress(Exception, SystemExit, GeneratorExit, TimeUp):
                    self.deadline.run(close)
            raise
        if close is not None:
            self.deadline.run(close)

    def _too_large(self, count: int) -> str:
        return (
            f"adapter {self.name!r} emitted more than max_output_mb="
            f"{self.limits.max_output_mb:g} ({counted(count, 'item')} before that)"
        )

    def translate(self, error: BaseException) -> BaseException:
        """Return what to raise instead of *error*, or *error* itself."""
        if isinstance(error, KeyboardInterrupt) or _is_outcome(error):
            return error
        if isinstance(error, TimeUp) or self.deadline.expired:
            return AdapterTimeoutError(self._too_late(), detail=self.deadline.stack)
        if isinstance(error, (ParsediffError, Unavailable)):
            return error
        detail = own_traceback(error)
        if isinstance(error, (SystemExit, GeneratorExit)):
            message = f"adapter {self.name!r} called for exit: {describe(error)}"
            return AdapterExitError(message, detail=detail)
        message = f"adapter {self.name!r} raised {describe(error)}"
        return AdapterError(message, detail=detail)

    def _too_late(self) -> str:
        if self.deadline.cut_short:
            return f"adapter {self.name!r} was stopped by a timer set outside of it"
        limit = f"timeout_s={self.limits.timeout_s:g}"
        return f"adapter {self.name!r} did not end within {limit}"


def _is_openable(
    adapter: Adapter | OpenableAdapter,
) -> TypeGuard[OpenableAdapter]:
    """Return whether *adapter* has ``open``; it need not have a name."""
    return callable(getattr(adapter, "open", None))


def _is_outcome(error: BaseException) -> bool:
    """Return whether *error* is how a test runner skips, fails or ends a test."""
    return any(cls.__module__ == "_pytest.outcomes" for cls in type(error).__mro__)
