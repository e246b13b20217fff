"""A store, an archive of it, and somebody who writes at a chosen moment of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.recording import Plan, Recording
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.diff.verdict import Verdict
from pytest_parsediff.live.inventory import take
from pytest_parsediff.live.judge import Judge
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.stages import OnStage, Stage, StageName
from pytest_parsediff.live.staging import source_names, stage
from pytest_parsediff.live.sweep import Coverage, coverage, sweep

_WRITER = """\
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=10)
for statement in sys.argv[2:]:
    connection.execute(statement)
connection.commit()
connection.close()
"""


class Kind(StrEnum):
    """What a store is made of."""

    FILE = "file"
    JSONL = "jsonl"
    CODEX = "codex"
    ROWS = "rows"
    BLIND = "blind"

    @property
    def is_database(self) -> bool:
        """Whether sessions share one SQLite database."""
        return self in (Kind.ROWS, Kind.BLIND)


FILES = (Kind.FILE, Kind.JSONL, Kind.CODEX)
#: Kinds whose moves can be proved.
SEEN = (*FILES, Kind.ROWS)
ALL = (*SEEN, Kind.BLIND)

Action = Callable[[], object]


def run_sql(db: Path, *statements: str) -> None:
    """Write to *db* in one transaction, in another process, with another SQLite."""
    subprocess.run([sys.executable, "-c", _WRITER, str(db), *statements], check=True)


def once(moments: Mapping[StageName, Action]) -> OnStage:
    """Return a callback that acts once at the first stage of each name.

    ``emitted`` counts when the first event is out.
    """
    left = dict(moments)

    def act(stage: Stage) -> None:
        action = left.pop(stage.name, None)
        if action is not None:
            action()

    return act


def at(name: StageName, action: Action) -> OnStage:
    """Return a callback that acts once, at the first stage called *name*."""
    return once({name: action})


# --- adapters -------------------------------------------------------------------------


def parse_file(path: Path) -> Iterator[dict[str, Any]]:
    """Yield an event per complete line, and read no byte before it is needed."""
    with open(path, "rb", buffering=0) as file:
        while (line := file.readline()).endswith(b"\n"):
            yield json.loads(line)


def parse_database(path: Path) -> Iterator[dict[str, Any]]:
    """Yield an event per message, each read by a statement of its own."""
    flags = apsw.SQLITE_OPEN_READONLY
    with closing(apsw.Connection(str(path), flags=flags)) as connection:
        sessions = "SELECT DISTINCT session FROM message ORDER BY session"
        following = "SELECT id, text FROM message WHERE session = ? AND id > ? ORDER BY id LIMIT 1"
        for (session,) in list(connection.execute(sessions)):
            last = 0
            while rows := list(connection.execute(following, (session, last))):
                ((last, text),) = rows
                yield {"sid": session, "id": last, "text": text}


def mutated(parse: Callable[[Path], Iterator[dict[str, Any]]]) -> Any:
    """Return *parse* with a bug: every text is in capitals."""

    def parse_wrongly(path: Path) -> Iterator[dict[str, Any]]:
        for event in parse(path):
            yield {**event, "text": event["text"].upper()}

    return parse_wrongly


# --- bench ----------------------------------------------------------------------------


@dataclass
class Bench:
    """One store, two sessions ``s1`` and ``s2`` of three messages each.

    Attributes:
        tmp: Everything lies below it.
        kind: What the store is made of.
        parse: The parser under test; the archive is recorded with the right one.
        config: Keys of the adapter's table besides those of the kind.
        is_filled: Whether the store is there already, made by another process.
    """

    tmp: Path
    kind: Kind = Kind.FILE
    parse: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    is_filled: bool = False
    _runs: int = 0

    def __post_init__(self) -> None:
        """Fill the store."""
        self.right: Any = parse_database if self.kind.is_database else parse_file
        self.store = self.tmp / "store"
        self.archive = self.tmp / "archive.db"
        self.db = self.store / "agent.db"
        if self.is_filled:
            return
        self.store.mkdir()
        if self.kind.is_database:
            run_sql(
                self.db,
                "PRAGMA journal_mode = wal",
                "CREATE TABLE message (id INTEGER PRIMARY KEY, session, text)",
            )
        for name in ("s1", "s2"):
            self.write(name, 3)

    # --- names

    def path(self, name: str) -> Path:
        """Return the file of a session."""
        suffix = "json" if self.kind is Kind.FILE else "jsonl"
        return self.store / f"{name}.{suffix}"

    def id(self, name: str) -> str:
        """Return the id of a session."""
        return name if self.kind.is_database else self.path(name).name

    # --- writers

    def write(self, name: str, count: int = 1) -> None:
        """Append *count* messages to a session."""
        if self.kind.is_database:
            insert = f"INSERT INTO message (session, text) VALUES ('{name}', 'hello')"
            run_sql(self.db, *[insert] * count)
            return
        with self.path(name).open("ab") as file:
            for _ in range(count):
                file.write(b'{"id": 1, "text": "hello"}\n')

    def replace(self, name: str, *, keep_time: bool = False) -> None:
        """Replace texts of a session by others of the same length."""
        if self.kind.is_database:
            run_sql(
                self.db, f"UPDATE message SET text = 'other' WHERE session = '{name}'"
            )
            return
        path = self.path(name)
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        path.write_bytes(path.read_bytes().replace(b"hello", b"other"))
        if keep_time:
            os.utime(path, ns=times)

    def restore(self, name: str) -> None:
        """Undo what :meth:`replace` did."""
        if self.kind.is_database:
            run_sql(
                self.db, f"UPDATE message SET text = 'hello' WHERE session = '{name}'"
            )
            return
        path = self.path(name)
        path.write_bytes(path.read_bytes().replace(b"other", b"hello"))

    def remove(self, name: str) -> None:
        """Remove the file of a session, or all its messages."""
        if self.kind.is_database:
            run_sql(self.db, f"DELETE FROM message WHERE session = '{name}'")
        else:
            self.path(name).unlink()

    def rewrite_row(self, name: str) -> None:
        """Write the archive's row of a session again, as another version would."""
        session = self.id(name)
        run_sql(
            self.archive,
            "UPDATE records SET line = replace(line, 'hello', 'hi') WHERE session_id ="
            f" (SELECT id FROM sessions WHERE session = '{session}')",
            "UPDATE archive SET revision = revision + 1",
            "UPDATE sessions SET fingerprint = '', revision ="
            f" (SELECT revision FROM archive) WHERE session = '{session}'",
        )

    # --- runs

    def settings(self, parse: Any = None, **changes: Any) -> LiveSettings:
        """Return the settings of a run."""
        keys: dict[str, Any] = {"files": "*.json*"}
        if self.kind.is_database:
            keys = {"session": "/sid", "session_list": _LIST}
        if self.kind is Kind.CODEX:
            keys["moves"] = "codex"
        if self.kind is Kind.ROWS:
            keys["evidence"] = _EVIDENCE
        config = AdapterConfig(**{**keys, **self.config})
        source = self.db if self.kind.is_database else self.store
        given: dict[str, Any] = {
            "sources": (f"toy={source}",),
            "configured": {"toy": (config, self.tmp)},
            "registered": {"toy": parse or self.parse or self.right},
            "folder": self.tmp,
        }
        return LiveSettings(**{**given, **changes})

    def folder(self) -> Path:
        """Make the folder of one run."""
        self._runs += 1
        folder = self.tmp / f"run{self._runs}"
        folder.mkdir()
        return folder

    def record(self, **changes: Any) -> None:
        """Record the store into the archive, as a sync with the right parser does."""
        settings = self.settings(self.right, **changes)
        recording = Recording.begin(self.archive, Plan(sources=source_names(settings)))
        staged = stage(settings, self.folder() / "run.db")
        try:
            recording.commit(staged)
        finally:
            staged.close()

    def run(self, on_stage: OnStage | None = None, **changes: Any) -> Ran:
        """Judge every session."""
        settings = self.settings(**changes)
        with closing(ArchiveReader(self.archive)) as stored:
            path = self.folder() / "run.db"
            inventory = take(settings, stored, path, on_stage=on_stage)
            with closing(inventory):
                judge = Judge(inventory.rundb, stored, settings, on_stage=on_stage)
                verdicts = {
                    entry.session: judge.judge(entry.adapter, entry.session)
                    for entry in inventory.entries()
                }
                return Ran(verdicts, sweep(judge), coverage(judge))

    def verdict(
        self, name: str = "s1", on_stage: OnStage | None = None, **changes: Any
    ) -> Verdict:
        """Judge every session, and return the verdict of one."""
        return self.run(on_stage, **changes).verdicts[self.id(name)]


@dataclass(frozen=True)
class Ran:
    """What came of one run."""

    verdicts: dict[str, Verdict]
    swept: list[Verdict]
    coverage: Coverage

    @property
    def classes(self) -> dict[str, str]:
        """Class per session, swept ones too."""
        found = {session: one.cls.value for session, one in self.verdicts.items()}
        return {**found, **{one.session: one.cls.value for one in self.swept}}


_LIST = "SELECT session, max(id) FROM message GROUP BY session"
_EVIDENCE = "SELECT session, id, text FROM message ORDER BY id"
