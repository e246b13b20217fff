"""What a reader of this corpus says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.laws.law import Law


class Shows(StrEnum):
    """When a bug can be seen."""

    SCHEDULE = "schedule"
    QUIET = "quiet run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A small store and what is written to it while it is read.

    Attributes:
        sql: Script of the database; ``None`` for a tree of files.
        files: Content by path, for a tree of files.
        writers: A script each: SQL for a database, TOML for files.
        journal: Of the database.
    """

    sql: str | None = None
    files: Mapping[str, str] | None = None
    writers: tuple[str, ...]
    journal: Literal["wal", "delete"] = "wal"


class Reader:
    """Base of all readers here, wrong and right ones.

    Attributes:
        name: Unique.
        store: What it reads.
        library: Whose SQLite it uses; ``None`` for a reader of files.
        polls: How many polls run while steps are due.
        emits: What an emission replaces.
        delivery: What it promises of repetitions.
        tombstone: Place that is true in events that say that something is gone.
        key: Places that identify an event in its session.
        law: Which law a wrong reader breaks; ``None`` for a right one.
        shows: When that can be seen.
        fixed: The right reader that differs by as little as possible.
        laws: What else than the laws of every run a right one is held to.
    """

    name: ClassVar[str]
    store: ClassVar[Store]
    library: ClassVar[Library | None] = Library.STDLIB
    polls: ClassVar[int] = 2
    emits: ClassVar[Literal["event", "session"]] = "event"
    delivery: ClassVar[Literal["exactly-once", "at-least-once"]] = "at-least-once"
    tombstone: ClassVar[str] = ""
    key: ClassVar[tuple[str, ...]] = ("/id",)
    law: ClassVar[Law | None] = None
    shows: ClassVar[Shows] = Shows.SCHEDULE
    fixed: ClassVar[type[Reader]]
    laws: ClassVar[tuple[Law, ...]] = (
        Law.READ_ONLY,
        Law.DETERMINISTIC,
        Law.RESUME,
        Law.NO_PIN,
    )
