"""What a type checker takes for an adapter. Checked by mypy, never run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_type

from pytest_parsediff import (
    Adapter,
    Checkpoint,
    Context,
    Event,
    Notice,
    OpenableAdapter,
    Reader,
    Source,
)


@dataclass(frozen=True, slots=True)
class Frozen:
    """An adapter whose name cannot be set."""

    name: str

    def scan(
        self, source: Source, cursor: str | None
    ) -> Iterator[Event | Checkpoint | Notice]:
        yield {"path": str(source.path)}
        yield Notice("code", "message", cursor or "")
        yield Checkpoint("cursor")


class Plain:
    """An adapter as people write it: the name is an attribute of the class."""

    name = "plain"

    def scan(self, source: Source, cursor: str | None, /) -> Iterator[Event]:
        yield {"root": str(source.root), "cursor": cursor}


class Computed:
    """An adapter that works its name out."""

    @property
    def name(self) -> str:
        return "computed"

    def scan(self, source: Source, cursor: str | None) -> Iterator[Checkpoint]:
        yield Checkpoint(f"{source}{cursor}")


class Nameless:
    """No adapter: nothing says what to type to select it."""

    def scan(self, source: Source, cursor: str | None) -> Iterator[Event]:
        yield {str(source): cursor}


class Numbers:
    """No adapter: what it yields is no event."""

    name = "numbers"

    def scan(self, source: Source, cursor: str | None) -> Iterator[int]:
        yield len(f"{source}{cursor}")


@dataclass(frozen=True, slots=True)
class Polling:
    """A reader, which lives across polls."""

    source: Source

    def scan(self, cursor: str | None) -> Iterator[Event]:
        yield {"cursor": cursor}

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Openable:
    """An adapter that hands out readers, and cannot be renamed either."""

    name: str

    def open(self, source: Source, context: Context) -> Polling:
        assert_type(context.clock(), float)
        return Polling(source)


adapters: list[Adapter] = [Frozen("frozen"), Plain(), Computed()]
openable: OpenableAdapter = Openable("openable")
reader: Reader = Polling(Source(*[]))
nameless: Adapter = Nameless()  # type: ignore[assignment]
numbers: Adapter = Numbers()  # type: ignore[assignment]
no_reader: Reader = Plain()  # type: ignore[assignment]


def rename(adapter: Adapter, other: OpenableAdapter) -> None:
    """Nobody but the adapter itself decides on its name."""
    assert_type(adapter.name, str)
    assert_type(other.name, str)
    adapter.name = "x"  # type: ignore[misc]
    other.name = "x"  # type: ignore[misc]


def read(adapter: Adapter, source: Source) -> None:
    """What a scan yields can be told apart, and an event is a dictionary."""
    for item in adapter.scan(source, None):
        match item:
            case Checkpoint():
                assert_type(item.cursor, str)
            case Notice():
                assert_type(item.message, str)
            case dict():
                assert_type(item, dict[str, Any])
