"""Hand out what a scan emits while it runs, and contain the adapter all the same.

The containment is that of ``adapters/contain.py``. The difference is that nothing is
gathered: memory holds one batch, whatever the scan emits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TypeVar, cast

from pytest_parsediff.adapters.contain import (
    _END,
    _NO_LIMITS,
    _is_openable,
    _Scan,
    name_of,
)
from pytest_parsediff.adapters.deadline import GRACE_S, Deadline, TimeUp
from pytest_parsediff.adapters.emissions import check, iterate, weigh
from pytest_parsediff.adapters.limits import Limits, SelfLimiting
from pytest_parsediff.adapters.protocol import Adapter, OpenableAdapter
from pytest_parsediff.adapters.traces import forget_frames
from pytest_parsediff.core.errors import OutputTooLargeError
from pytest_parsediff.core.event import Context, Emission, Source
from pytest_parsediff.core.wording import counted

ResultT = TypeVar("ResultT")

#: How many emissions are taken under one alarm: setting one costs some microseconds.
_BATCH = 256
#: How much of them, in bytes, roughly.
_BATCH_BYTES = 2**20


def stream(  # noqa: PLR0913 - two of them are limits
    adapter: Adapter | OpenableAdapter,
    source: Source,
    context: Context,
    cursor: str | None = None,
    limits: Limits | None = None,
    *,
    batch: int = _BATCH,
) -> Iterator[Emission]:
    """Yield what one scan of *source* emits, in order.

    Args:
        adapter: One with ``open`` is opened and closed; else ``scan`` is called.
        source: The store.
        context: For adapters that are opened.
        cursor: ``None`` for a full parse.
        limits: Only the adapter's own time counts, not that of the caller between
            two items.
        batch: How far the adapter may be ahead of the caller, in items; fewer where
            items are large.

    Raises:
        ParsediffError: As :func:`~.contain.collect`, at the item where it happened;
            what came before has been yielded. The adapter is closed by then, and
            also if the caller closes the iterator early.
        Unavailable: The adapter cannot run on this machine.
    """
    limits = limits or Limits()
    name = name_of(adapter)
    if hasattr(adapter, "limited"):  # isinstance() with a protocol takes far longer
        adapter, limits = cast("SelfLimiting", adapter).limited(limits), _NO_LIMITS
    scan = _Stream(name, limits)
    try:
        yield from scan.items(adapter, source, context, cursor, batch)
    finally:
        scan.close()


class _Stream:
    """One scan whose calls share one budget of time and bytes."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._left_s = limits.timeout_s
        self._max_bytes = limits.max_bytes
        self._sent_bytes = 0
        self._count = 0
        self._closers: list[Callable[[], object]] = []

    def items(
        self,
        adapter: Adapter | OpenableAdapter,
        source: Source,
        context: Context,
        cursor: str | None,
        batch: int,
    ) -> Iterator[Emission]:
        """Yield everything; see :func:`stream`."""
        start: Callable[[], object]
        if _is_openable(adapter):
            reader = self._run(partial(adapter.open, source, context))
            self._close_later(reader)
            start = partial(reader.scan, cursor)
        else:
            start = partial(cast("Adapter", adapter).scan, source, cursor)
        iterator = self._run(lambda: iterate(start(), self._name))
        self._close_later(iterator)
        more = True
        while more:
            items: list[Emission] = []
            try:
                more = self._fill(iterator, items, batch)
            except BaseException:
                yield from items
                raise
            yield from items
        while self._closers:
            self._run(self._closers.pop())

    def close(self) -> None:
        """Close what is still open, after an error or an early end."""
        while self._closers:
            close = self._closers.pop()
            errors = (Exception, SystemExit, GeneratorExit, TimeUp)
            with suppress(*errors), Deadline(GRACE_S) as deadline:
                deadline.run(close)

    def _close_later(self, thing: object) -> None:
        close = getattr(thing, "close", None)
        if close is not None:
            self._closers.append(close)

    def _fill(
        self, iterator: Iterator[object], items: list[Emission], batch: int
    ) -> bool:
        """Add up to *batch* items, and return whether there may be more."""
        advance = partial(next, iterator, _END)

        def take(deadline: Deadline) -> bool:
            enough = self._sent_bytes + _BATCH_BYTES
            while len(items) < batch and self._sent_bytes < enough:
                item = deadline.run(advance)
                if deadline.expired:
                    raise TimeUp
                if item is _END:
                    return False
                items.append(self._admit(item))
            return True

        return self._timed(take)

    def _admit(self, item: object) -> Emission:
        emission = check(item, self._count, self._name)
        self._sent_bytes += weigh(emission, self._max_bytes)
        if self._sent_bytes > self._max_bytes:
            limit = f"max_output_mb={self._limits.max_output_mb:g}"
            message = f"adapter {self._name!r} emitted more than {limit}"
            raise OutputTooLargeError(
                f"{message} ({counted(self._count, 'item')} before that)"
            )
        self._count += 1
        return emission

    def _run(self, function: Callable[[], ResultT]) -> ResultT:
        return self._timed(lambda deadline: deadline.run(function))

    def _timed(self, work: Callable[[Deadline], ResultT]) -> ResultT:
        """Call *work* under what is left of the time; translate what it raises."""
        began = time.monotonic()
        with Deadline(max(self._left_s, 1e-6)) as deadline:
            try:
                return work(deadline)
            except BaseException as error:
                scan = _Scan(self._name, deadline, self._limits)
                translated = scan.translate(error)
                forget_frames(error)
                if translated is error:
                    raise
                raise translated from error
            finally:
                self._left_s -= time.monotonic() - began
