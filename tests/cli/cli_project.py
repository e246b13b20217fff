"""A folder with a store, an adapter with cursors, and programs that run beside."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

WAIT_S = 60

#: Rows of a database by rowid; each row is an event, each batch has a checkpoint.
ROWS = """\
import sqlite3
from contextlib import closing
from pytest_parsediff import Checkpoint, Notice

class Rows:
    name = "rows"

    def open(self, source, context):
        return Reader(source.path)

class Reader:
    def __init__(self, path):
        self.path = path

    def scan(self, cursor):
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
            rows = db.execute(
                "SELECT id, text FROM item WHERE id > ? ORDER BY id", (cursor or 0,)
            ).fetchall()
        yield Notice("looked", "it was read")
        for id_, text in rows:
            yield {"text": text, "id": id_}
            if id_ % 3 == 0:
                yield Checkpoint(str(id_))
        if rows:
            yield Checkpoint(str(rows[-1][0]))

    def close(self):
        pass

def plain(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT id, text FROM item ORDER BY id").fetchall()
    return [{"id": id_, "text": text} for id_, text in rows]

class Broken(Rows):
    def probe(self, source):
        raise ValueError("no idea")

def slow(path):
    import time
    yield {"id": 1}
    print("reading", flush=True, file=__import__("sys").stderr)
    time.sleep(600)
"""

#: The same in another language than the adapter's, as a command with a cursor.
COMMAND = """\
import json, pathlib, sqlite3, sys
store, cursor_in, cursor_out = sys.argv[1:]
since = int(pathlib.Path(cursor_in).read_text() or 0)
db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
for id_, text in db.execute("SELECT id, text FROM item WHERE id > ?", (since,)):
    print(json.dumps({"id": id_, "text": text}))
    since = id_
pathlib.Path(cursor_out).write_text(str(since))
"""

CONFIG = """\
[adapters.rows]
python = "rows_adapter:Rows"
[adapters.plain]
python = "rows_adapter:plain"
[adapters.slow]
python = "rows_adapter:slow"
[adapters.command]
command = ["PYTHON", "{config_dir}/command.py", "{store}", "{cursor_in}", "{cursor_out}"]
[adapters.each]
python = "rows_adapter:plain"
files = "*.db"
"""

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """A folder that commands are run in.

    Attributes:
        folder: Holds ``parsediff.toml``, adapters, and ``store/items.db``.
    """

    folder: Path

    @classmethod
    def make(cls, folder: Path, rows: int = 0) -> Project:
        """Write the files, and a store with *rows* rows."""
        project = cls(folder)
        (folder / "rows_adapter.py").write_text(ROWS)
        (folder / "command.py").write_text(COMMAND)
        (folder / "parsediff.toml").write_text(CONFIG.replace("PYTHON", sys.executable))
        project.store.parent.mkdir()
        project.make_store()
        project.write(range(1, rows + 1))
        return project

    @property
    def store(self) -> Path:
        """The database."""
        return self.folder / "store/items.db"

    @property
    def cursor(self) -> Path:
        """A place for a cursor."""
        return self.folder / "cursor"

    @property
    def output(self) -> Path:
        """Where a tail writes."""
        return self.folder / "out.jsonl"

    def make_store(self) -> None:
        """Make an empty database in WAL mode."""
        with closing(sqlite3.connect(self.store)) as database:
            database.execute("PRAGMA journal_mode = wal")
            database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, text)")

    def write(self, ids: Sequence[int], text: str = "x") -> None:
        """Commit one row after the other from this process."""
        with closing(sqlite3.connect(self.store, isolation_level=None)) as database:
            for id_ in ids:
                database.execute("INSERT INTO item VALUES (?, ?)", (id_, text))

    def fill(self, ids: Sequence[int], text: str) -> None:
        """Commit all rows at once."""
        with closing(sqlite3.connect(self.store)) as database, database:
            rows = [(id_, text) for id_ in ids]
            database.executemany("INSERT INTO item VALUES (?, ?)", rows)

    def argv(self, verb: str, *arguments: str) -> list[str]:
        """Return a command line on the store, with the adapter ``rows``."""
        module = [sys.executable, "-m", "pytest_parsediff", verb, str(self.store)]
        named = any(argument.startswith("--adapter") for argument in arguments)
        return [*module, *([] if named else ["--adapter=rows"]), *arguments]

    def run(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            self.argv(verb, *arguments),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )

    @contextmanager
    def started(self, verb: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one command until the block ends; its output goes to a file."""
        with self.output.open("ab") as stdout:
            process = subprocess.Popen(
                self.argv(verb, *arguments),
                cwd=self.folder,
                stdout=stdout,
                stderr=subprocess.PIPE,
            )
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def ids(self) -> list[int]:
        """Return the ids of all whole lines that were printed."""
        lines = self.output.read_bytes().split(b"\n")[:-1]
        return [json.loads(line)["id"] for line in lines]


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until *is_so*; a failure if that takes a minute."""
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def end(process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> int:
    """Send a signal and return the exit status."""
    os.kill(process.pid, number)
    return process.wait(WAIT_S)
