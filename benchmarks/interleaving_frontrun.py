"""The child of ``interleaving.py`` for frontrun: the same SQL, explored by its threads.

Runs in an interpreter that has frontrun, below its own program, which it asks for::

    python -m frontrun.cli python interleaving_frontrun.py FOLDER COUNT

and prints what it found, as JSON: for each case and strategy the interleavings that were
run, CPU and elapsed seconds, and whether a wrong one was found. Each writer is a thread
and so is the reader; what a case reads and writes is in ``interleaving_sql.py``.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from interleaving_sql import (
    FIXTURE,
    POLLS,
    START_MS,
    TORN_FIXTURE,
    TORN_READS,
    TORN_WRITES,
    WRITERS,
    poll,
    transactions,
)

#: Where it is installed, and only there.
frontrun: Any = import_module("frontrun")

#: Longest time for one case and strategy, seconds.
_LIMIT_S = 60.0


class State:
    """One execution: the store, and what the reader has seen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[Any] = []


def image_of(fixture: str, path: Path) -> bytes:
    """Return the file of a database in WAL mode."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(fixture)
    database.close()
    return path.read_bytes()


def fresh(image: bytes, path: Path) -> Callable[[], State]:
    """Return what makes the store anew."""

    def make() -> State:
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(f"{path}{suffix}")
        path.write_bytes(image)
        return State(path)

    return make


def connect(path: Path, *, is_writer: bool) -> sqlite3.Connection:
    """Return a connection as the other programs have it."""
    if not is_writer:
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database = sqlite3.connect(path, timeout=0, isolation_level=None)
    database.create_function("now_ms", 0, lambda: START_MS)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    return database


def execute(database: sqlite3.Connection, sql: str) -> None:
    """Execute a statement as soon as nobody has the lock.

    SQLite's own waiting would stop the thread where frontrun cannot run another one.
    """
    while True:
        try:
            database.execute(sql)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.001)
        else:
            return


def writing(steps: list[list[str]]) -> Callable[[State], None]:
    """Return the thread of a writer."""

    def write(state: State) -> None:
        database = connect(state.path, is_writer=True)
        for step in steps:
            for sql in step:
                execute(database, sql)
        database.close()

    return write


def polling(state: State) -> None:
    """Poll as long as writers write; the quiet poll needs no schedule."""
    database = connect(state.path, is_writer=False)
    cursor: str | None = None
    for _ in range(POLLS):
        for thing in poll(database, cursor):
            if isinstance(thing, str):
                cursor = thing
            else:
                state.seen.append(thing)
    database.close()


def tearing(state: State) -> None:
    """Count parents, then children."""
    database = connect(state.path, is_writer=False)
    state.seen = [database.execute(sql).fetchall()[0][0] for sql in TORN_READS]
    database.close()


def is_whole(state: State) -> bool:
    """Return whether no child was seen without its parent."""
    return bool(state.seen[0] >= state.seen[1])


Case = tuple[str, list[Callable[[State], None]], Callable[[State], bool]]

CASES: dict[str, Case] = {
    "torn read": (TORN_FIXTURE, [tearing, writing(list(TORN_WRITES))], is_whole),
    "20 statements": (
        FIXTURE,
        [
            polling,
            *(writing(transactions(writer)) for writer in WRITERS),
        ],
        lambda _state: True,
    ),
    "20 statements, one writer": (
        FIXTURE,
        [polling, writing([s for w in WRITERS for s in transactions(w)])],
        lambda _state: True,
    ),
}


def explore(case: Case, folder: Path, strategy: str, count: int) -> dict[str, Any]:
    """Return what came of one case."""
    fixture, workers, invariant = case
    image = image_of(fixture, folder / "fixture.db")
    (folder / "fixture.db").unlink()
    options: dict[str, Any] = {"total_timeout": _LIMIT_S, "reproduce_on_failure": 0}
    if strategy == "dpor":
        options |= {"max_executions": count}
    else:
        options |= {"max_attempts": count, "seed": 1}
    cpu, wall = time.process_time(), time.monotonic()
    try:
        result = frontrun.explore(
            setup=fresh(image, folder / "store.db"),
            workers=workers,
            invariant=invariant,
            strategy=strategy,
            **options,
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the result
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    return {
        "runs": result.num_explored,
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.monotonic() - wall,
        "found": result.property_holds is False,
        "verdict": str(result.property_holds),
        "reason": str(getattr(result, "inconclusive_reason", None) or ""),
    }


def main(folder: Path, count: int) -> None:
    """Run all cases with both strategies."""
    found: dict[str, Any] = {"version": version("frontrun")}
    for name, case in CASES.items():
        for strategy in ("dpor", "random"):
            inner = folder / f"{name} {strategy}".replace(" ", "-")
            inner.mkdir(parents=True)
            found[f"{name}, {strategy}"] = explore(case, inner, strategy, count)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
