"""Stores of a soundness run, what parses them, and who writes into them.

Every store has sessions ``s0``, ``s1``, … with numbered records. Files are written by
this process, databases by another one with another SQLite, as agents do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, final

from soundness_parsers import COLUMNS, SnapshotAdapter, parse_database, parse_file

from pytest_parsediff.core.config import AdapterConfig

SHARED_FILE = "all.jsonl"
_WRITER = """\
import json, sqlite3, sys
for line in sys.stdin:
    db, statements = json.loads(line)
    connection = sqlite3.connect(db, timeout=10)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    print("done", flush=True)
"""


class Kind(StrEnum):
    """What a store is made of, and what can be told of one session in it."""

    JSONL = "jsonl"
    FILE = "file"
    CODEX = "codex"
    ROWS = "database, evidence"
    EMITTED = "database, evidence of its snapshot"
    BLIND = "database, no evidence"
    SHARED = "one file, no evidence"

    @property
    def is_database(self) -> bool:
        """Whether sessions share one SQLite database."""
        return self in (Kind.ROWS, Kind.EMITTED, Kind.BLIND)

    @property
    def is_shared(self) -> bool:
        """Whether all sessions are in one source."""
        return self.is_database or self is Kind.SHARED

    @property
    def has_evidence(self) -> bool:
        """Whether something tells of each session whether it moved."""
        return self not in (Kind.BLIND, Kind.SHARED)


@final
class SQLWriter:
    """Another process that writes databases, with the standard library's SQLite."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", _WRITER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def write(self, db: Path, statements: Sequence[str]) -> None:
        """Run *statements* in one transaction; return when it is committed.

        Raises:
            RuntimeError: It was not: nothing may be concluded from the run.
        """
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps([str(db), list(statements)]) + "\n")
        child.stdin.flush()
        if child.stdout.readline() != "done\n":
            raise RuntimeError(f"the writer failed on {db}: {statements}")

    def close(self) -> None:
        """End the process."""
        self._child.communicate()


# --- stores ---------------------------------------------------------------------------


@dataclass(slots=True)
class Store:
    """One store.

    Attributes:
        folder: Where it lies.
        kind: What it is made of.
        writer: Who writes databases.
        counts: Records per session.
        journal: Of the database.
        saved: Bytes of files that :meth:`restore` brings back.
    """

    folder: Path
    kind: Kind
    writer: SQLWriter
    counts: tuple[int, ...]
    journal: str = "wal"
    saved: dict[str, bytes] = field(default_factory=dict)
    _written: int = 0

    def fill(self) -> None:
        """Write all sessions."""
        self.folder.mkdir()
        if self.kind.is_database:
            table = "CREATE TABLE message (sid TEXT, id INTEGER, text TEXT, n INTEGER)"
            self.sql(f"PRAGMA journal_mode = {self.journal}", table)
        for number, count in enumerate(self.counts):
            self.append(f"s{number}", count)

    @property
    def names(self) -> list[str]:
        """Ids of the sessions as the store has them."""
        return [f"s{number}" for number in range(len(self.counts))]

    @property
    def db(self) -> Path:
        """The database."""
        return self.folder / "agent.db"

    def path(self, name: str) -> Path:
        """Return the file that has a session."""
        if self.kind.is_database:
            return self.db
        if self.kind is Kind.SHARED:
            return self.folder / SHARED_FILE
        suffix = "json" if self.kind is Kind.FILE else "jsonl"
        return self.folder / f"{name}.{suffix}"

    def id(self, name: str) -> str:
        """Return the id by which a run knows a session."""
        return name if self.kind.is_shared else self.path(name).name

    def sql(self, *statements: str) -> None:
        """Write into the database."""
        self.writer.write(self.db, statements)

    def adapter(self) -> Any:
        """Return a parser that makes no mistake."""
        if self.kind is Kind.EMITTED:
            return SnapshotAdapter()
        return parse_database if self.kind.is_database else parse_file

    def config(self, *, has_key: bool) -> AdapterConfig:
        """Return the table of its adapter."""
        keys: dict[str, Any] = {"key": ["/id"]} if has_key else {}
        if self.kind.is_shared:
            keys["session"] = "/sid"
        if self.kind.is_database:
            keys["session_list"] = "SELECT sid, max(id) FROM message GROUP BY sid"
        else:
            keys["files"] = "*.json*"
        if self.kind is Kind.CODEX:
            keys["moves"] = "codex"
        if self.kind is Kind.ROWS:
            keys["evidence"] = f"{COLUMNS} ORDER BY sid, id"
        return AdapterConfig(**keys)

    # --- writes of one session

    def append(self, name: str, count: int = 1) -> None:
        """Append records, each with a text and a number that no other one has."""
        events = [self._new(name) for _ in range(count)]
        if self.kind.is_database:
            values = ", ".join(str(tuple(one.values())) for one in events)
            self.sql(f"INSERT INTO message (sid, id, text, n) VALUES {values}")
            return
        with self.path(name).open("ab") as file:
            file.writelines(json.dumps(one).encode() + b"\n" for one in events)

    def _new(self, name: str) -> dict[str, Any]:
        self._written += 1
        number = 100 + self._written  # three digits, however many come
        return {"sid": name, "id": number, "text": f"text {number}", "n": number}

    def rewrite(self, name: str) -> None:
        """Give every text of a session another one of the same length, in place."""
        if self.kind.is_database:
            self._set_first_letter("x", name)
            return
        path = self.path(name)
        self.saved[name] = path.read_bytes()
        with path.open("r+b") as file:
            file.write(self._other_bytes(name))

    def exchange(self, name: str) -> None:
        """Do the same by a new file with the old time, as ``rsync -t`` does."""
        path = self.path(name)
        status = path.stat()
        new = path.with_name(f".{path.name}.new")
        new.write_bytes(self._other_bytes(name))
        os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
        new.replace(path)

    def _other_bytes(self, name: str) -> bytes:
        mark = f'"sid": "{name}"'.encode()
        lines = self.path(name).read_bytes().split(b"\n")
        other = [
            line.replace(b"text ", b"xext ") if mark in line else line for line in lines
        ]
        return b"\n".join(other)

    def restore(self, name: str) -> None:
        """Undo :meth:`rewrite`."""
        if self.kind.is_database:
            self._set_first_letter("t", name)
        elif name in self.saved:
            with self.path(name).open("r+b") as file:
                file.write(self.saved[name])

    def _set_first_letter(self, letter: str, name: str) -> None:
        text = f"text = '{letter}' || substr(text, 2)"
        self.sql(f"UPDATE message SET {text} WHERE sid = '{name}'")

    def shrink(self, name: str, keep: int) -> None:
        """Remove the records of a session but the first *keep*."""
        if self.kind.is_database:
            kept = (
                f"SELECT id FROM message WHERE sid = '{name}' ORDER BY id LIMIT {keep}"
            )
            self.sql(f"DELETE FROM message WHERE sid = '{name}' AND id NOT IN ({kept})")
            return
        mark = f'"sid": "{name}"'.encode()
        kept_lines: list[bytes] = []
        for line in self.path(name).read_bytes().split(b"\n"):
            seen = sum(mark in one for one in kept_lines)
            if mark not in line or seen < keep:
                kept_lines.append(line)
        self.path(name).write_bytes(b"\n".join(kept_lines))

    # --- writes of a whole file

    def touch(self, name: str) -> None:
        """Change the times of a file only."""
        os.utime(self.path(name))

    def add_bytes(self, name: str, data: bytes) -> None:
        """Append bytes to a file."""
        with self.path(name).open("ab") as file:
            file.write(data)

    def remove(self, name: str) -> None:
        """Delete a file."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path(name)}{suffix}").unlink(missing_ok=True)

    def rename(self, name: str) -> None:
        """Give a file another name."""
        path = self.path(name)
        path.rename(path.with_name(f"moved-{path.name}"))
