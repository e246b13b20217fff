"""A scan that is handed out while it runs, and contained like a gathered one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.adapters.command import CommandAdapter
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.python import as_adapter
from pytest_parsediff.adapters.stream import stream
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    AdapterError,
    AdapterExitError,
    AdapterLoadError,
    AdapterTimeoutError,
    NotAnEventError,
    OutputTooLargeError,
)
from pytest_parsediff.core.event import Checkpoint, Context, Notice, Source


def hang() -> None:
    """Wait for an alarm."""
    while True:
        time.sleep(0.01)


@dataclass
class Opened:
    """An adapter that is opened, and notes what is called.

    Attributes:
        name: Its name.
        calls: What was called so far.
        cursors: Cursors it was given.
        count: Events it has.
    """

    name: str = "opened"
    calls: list[str] = field(default_factory=list)
    cursors: list[str | None] = field(default_factory=list)
    count: int = 5

    def open(self, _source: Source, _context: Context) -> Opened:
        """Return the reader."""
        self.calls.append("open")
        return self

    def scan(self, cursor: str | None) -> Iterator[dict[str, Any]]:
        """Yield numbers."""
        self.cursors.append(cursor)
        try:
            for number in range(self.count):
                self.calls.append(f"yield {number}")
                yield {"n": number}
        finally:
            self.calls.append("end")

    def close(self) -> None:
        """Note that the reader is closed."""
        self.calls.append("close")


def run(
    function: Any, source: Source, context: Context, **options: Any
) -> list[object]:
    """Return everything that is streamed."""
    return list(stream(as_adapter(function, "toy"), source, context, **options))


def drain(items: Iterator[object], got: list[object]) -> None:
    """Take items one by one, so that those before an error are kept."""
    for item in items:
        got.append(item)  # noqa: PERF402 - an error may come in between


def test_everything_comes_in_order(source: Source, context: Context) -> None:
    """Events, notices and checkpoints are handed out as they are emitted."""
    items = [{"n": 1}, Notice("a", "b"), {"n": 2}, Checkpoint("c")]
    assert items == run(lambda _path: iter(items), source, context)


def test_more_than_a_batch(source: Source, context: Context) -> None:
    """Batches are of no concern to the caller."""
    expected = [{"n": n} for n in range(1000)]
    assert expected == run(lambda _path: iter(expected), source, context)


def test_the_adapter_is_at_most_a_batch_ahead(source: Source, context: Context) -> None:
    """With a batch of one, nothing is asked for before the caller wants it."""
    adapter = Opened()
    items = stream(adapter, source, context, batch=1)
    assert [] == adapter.calls
    next(items)
    assert ["open", "yield 0"] == adapter.calls
    next(items)
    assert ["open", "yield 0", "yield 1"] == adapter.calls


def test_large_items_make_small_batches(source: Source, context: Context) -> None:
    """Memory is bounded by bytes, not by a number of items."""
    asked = []

    def parse(_path: Path) -> Iterator[dict[str, Any]]:
        for number in range(10):
            asked.append(number)
            yield {"text": "x" * 2**20}

    next(stream(as_adapter(parse, "toy"), source, context))
    assert [0] == asked


def test_the_reader_is_closed_at_the_end(source: Source, context: Context) -> None:
    """The iterator first, then the reader."""
    adapter = Opened(count=1)
    list(stream(adapter, source, context, "c1"))
    assert ["open", "yield 0", "end", "close"] == adapter.calls
    assert ["c1"] == adapter.cursors


def test_an_early_end_closes_the_reader(source: Source, context: Context) -> None:
    """Whoever stops listening leaves nothing open."""
    adapter = Opened()
    items = stream(adapter, source, context, batch=1)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert ["open", "yield 0", "end", "close"] == adapter.calls


@pytest.mark.parametrize(
    ("error", "raised", "code"),
    [
        (ValueError("no"), AdapterError, "PD401"),
        (SystemExit(3), AdapterExitError, "PD409"),
        (NotAnEventError("own"), NotAnEventError, "PD405"),
    ],
    ids=["exception", "exit", "typed"],
)
def test_errors_come_after_what_came_before(
    source: Source,
    context: Context,
    error: BaseException,
    raised: type[Exception],
    code: str,
) -> None:
    """They are typed, and take nothing away that was emitted before."""

    def parse(_path: Path) -> Iterator[dict[str, Any]]:
        yield {"n": 0}
        yield {"n": 1}
        raise error

    got: list[object] = []
    with pytest.raises(raised, match=code):
        drain(stream(as_adapter(parse, "toy"), source, context), got)
    assert [{"n": 0}, {"n": 1}] == got


def test_no_event(source: Source, context: Context) -> None:
    """What is no event is refused with its number."""
    with pytest.raises(NotAnEventError, match=r"PD405.*item 1 is int 3"):
        run(lambda _path: iter([{"n": 0}, 3]), source, context)


def test_nothing_to_iterate_over(source: Source, context: Context) -> None:
    """An adapter that returns nothing is told so."""
    with pytest.raises(AdapterLoadError, match="PD410"):
        run(lambda _path: None, source, context)


def test_too_much(source: Source, context: Context) -> None:
    """The limit on what is emitted holds across batches."""

    def parse(_path: Path) -> Iterator[dict[str, Any]]:
        while True:
            yield {"text": "x" * 1000}

    limits = Limits(60, 0.01)
    with pytest.raises(OutputTooLargeError, match=r"PD407.*max_output_mb=0.01"):
        run(parse, source, context, limits=limits, batch=1)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm here")
def test_a_hanging_adapter_is_ended(source: Source, context: Context) -> None:
    """The deadline holds across batches, and what came before is handed out."""

    def parse(_path: Path) -> Iterator[dict[str, Any]]:
        yield {"n": 0}
        hang()

    got: list[object] = []
    adapter = as_adapter(parse, "toy")
    with pytest.raises(AdapterTimeoutError, match=r"PD402.*timeout_s=0.05"):
        drain(stream(adapter, source, context, limits=Limits(0.05, 1)), got)
    assert [{"n": 0}] == got


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm here")
def test_the_time_of_the_caller_is_not_the_adapters(
    source: Source, context: Context
) -> None:
    """Who writes slowly what it gets does not make the adapter late."""
    limits = Limits(0.2, 1)
    adapter = as_adapter(lambda _path: iter([{"n": 0}, {"n": 1}]), "toy")
    items = stream(adapter, source, context, limits=limits, batch=1)
    next(items)
    time.sleep(0.4)
    assert {"n": 1} == next(items)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm here")
def test_a_close_that_hangs_is_ended(source: Source, context: Context) -> None:
    """Closing counts too."""

    class Hanging(Opened):
        def close(self) -> None:
            hang()

    with pytest.raises(AdapterTimeoutError, match="PD402"):
        list(stream(Hanging(), source, context, limits=Limits(0.05, 1)))


def test_ctrl_c_is_no_error_of_the_adapter(source: Source, context: Context) -> None:
    """It goes through as it is, and the reader is closed."""

    class Interrupted(Opened):
        def scan(self, cursor: str | None) -> Iterator[dict[str, Any]]:
            yield from super().scan(cursor)
            raise KeyboardInterrupt

    adapter = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        list(stream(adapter, source, context))
    assert "close" == adapter.calls[-1]


def test_commands_keep_the_limits_themselves(source: Source, context: Context) -> None:
    """A command adapter is given the limits, and streams what it printed."""
    config = AdapterConfig(command=["printf", '{"n":1}\\n{"n":2}\\n'])
    adapter = CommandAdapter("toy", config, Path(os.sep))
    got = list(stream(adapter, source, context, limits=Limits(5, 1)))
    assert [{"n": 1}, {"n": 2}] == got
