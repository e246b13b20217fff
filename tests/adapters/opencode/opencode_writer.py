"""A process that has a store open for writing, as a live agent has."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opencode_stores import DDL

_SCRIPT = """
import sys
import apsw

connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
connection.pragma("journal_mode", sys.argv[2])
connection.pragma("wal_autocheckpoint", 0)
print("ready", flush=True)
for line in sys.stdin:
    statements = line.replace(chr(0), chr(10))
    print(list(connection.execute(statements)), flush=True)
connection.close()
"""


class Writer:
    """Speaks with the writing process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, sql: str) -> str:
        """Run *sql* over there and return the rows as text."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(sql.replace("\n", "\0") + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def writing(path: Path, journal: str) -> Iterator[Writer]:
    """Keep *path* open in another process, with one session already committed."""
    command = [sys.executable, "-c", _SCRIPT, str(path), journal]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        writer = Writer(process)
        writer.run(DDL)
        writer.run(
            "INSERT INTO session (id, title, time_created, time_updated) "
            "VALUES ('ses_1', 'kept', 1000, 1000)"
        )
        try:
            yield writer
        finally:
            process.stdin.close()
            process.wait()
