"""``python -m pytest_parsediff tail`` beside programs that write, die and come back."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import termios
import time
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest
from cli_project import WAIT_S, Project, end, wait_for

#: Commits rows one by one, as an agent does, and ends.
WRITER = """\
import sqlite3, sys, time
path, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
database = sqlite3.connect(path, isolation_level=None, timeout=30)
for number in range(first, last + 1):
    database.execute("INSERT INTO item VALUES (?, 'written')", (number,))
    time.sleep(0.003)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose store has three rows."""
    return Project.make(tmp_path, 3)


def start_writer(project: Project, first: int, last: int) -> subprocess.Popen[bytes]:
    """Commit rows from another process; they go on while the test does."""
    numbers = (str(first), str(last))
    return subprocess.Popen([sys.executable, "-c", WRITER, project.store, *numbers])


@pytest.mark.parametrize("how", [[], ["--no-watch", "--interval=0.05"]])
def test_every_commit_of_a_writer_arrives(project: Project, how: list[str]) -> None:
    """Once each and in order, told by the file system or found by the timer."""
    with project.started("tail", "--since=start", *how) as tail:
        wait_for(lambda: [1, 2, 3] == project.ids())
        with start_writer(project, 4, 200):
            wait_for(lambda: 200 == len(project.ids()))
        status = end(tail)

    assert 0 == status
    assert list(range(1, 201)) == project.ids()


def test_a_killed_tail_goes_on_from_its_cursor(project: Project) -> None:
    """Killed again and again while somebody writes: nothing is lost, order stays.

    What comes twice came after the cursor that the next one began with.
    """
    begins = [0]
    with start_writer(project, 4, 400) as writer:
        for round_ in range(5):
            with project.started("tail", "--since=start", "--resume=cursor") as tail:
                enough = 20 * (round_ + 1)
                wait_for(lambda n=enough: len(set(project.ids())) >= n)  # type: ignore[misc]
                tail.kill()
            text = project.cursor.read_text() if project.cursor.exists() else "0"
            begins.append(int(text))
        writer.wait(WAIT_S)
    with project.started("tail", "--since=start", "--resume=cursor") as tail:
        wait_for(lambda: 400 in project.ids())
        assert 0 == end(tail)

    printed = project.ids()
    assert [*range(1, 401)] == sorted(set(printed))
    again = {after - 1 for before, after in pairwise(printed) if after <= before}
    assert again <= {*begins}
    assert begins == sorted(begins)


def test_from_now_on_without_a_cursor(project: Project) -> None:
    """What is stored already is left out, and the cursor says so."""
    with project.started("tail", "--resume=cursor") as tail:
        wait_for(project.cursor.exists)
        project.write([4, 5])
        wait_for(lambda: [4, 5] == project.ids())
        assert 0 == end(tail, signal.SIGTERM)

    assert "5" == project.cursor.read_text()


def test_a_source_that_disappears_and_comes_back(project: Project) -> None:
    """It is waited for, told once, and followed again, from the same cursor on."""
    away = project.folder / "away"
    with project.started("tail", "--since=start", "--interval=0.05") as tail:
        assert tail.stderr
        wait_for(lambda: [1, 2, 3] == project.ids())
        project.store.parent.rename(away)
        assert b"notice: looked" in tail.stderr.readline()
        assert b"items.db is gone; waiting for it\n" in tail.stderr.readline()
        away.rename(project.store.parent)
        assert b"can be read again" in tail.stderr.readline()
        project.write([4])
        wait_for(lambda: [1, 2, 3, 4] == project.ids())
        shutil.rmtree(project.store.parent)
        assert b"is gone" in tail.stderr.readline()
        project.store.parent.mkdir()
        project.make_store()
        project.write(range(1, 7))
        wait_for(lambda: [1, 2, 3, 4, 5, 6] == project.ids())
        assert 0 == end(tail)


def test_a_store_that_cannot_be_read_for_a_while(project: Project) -> None:
    """An error after the first poll is told, tried again, and lost nothing."""
    with project.started("tail", "--since=start", "--interval=0.05") as tail:
        assert tail.stderr
        wait_for(lambda: 3 == len(project.ids()))
        for name in ("items.db-wal", "items.db-shm"):
            project.store.with_name(name).unlink(missing_ok=True)
        content = project.store.read_bytes()
        project.store.write_bytes(b"no database " * 100)
        tail.stderr.readline()
        assert b"error: PD401: adapter 'rows' raised" in tail.stderr.readline()
        project.store.write_bytes(content)
        while b"can be read again" not in tail.stderr.readline():
            pass
        project.write([4])
        wait_for(lambda: [1, 2, 3, 4] == project.ids())
        assert 0 == end(tail)


def test_the_first_poll_must_succeed(project: Project) -> None:
    """A store that is none is an error at once, not something to wait for."""
    project.store.write_bytes(b"no database " * 100)

    done = project.run("tail")

    assert (2, "") == (done.returncode, done.stdout)
    assert "error: PD401: adapter 'rows' raised" in done.stderr


@pytest.mark.parametrize("adapter", ["plain", "command"])
def test_other_kinds_of_adapters_are_followed(project: Project, adapter: str) -> None:
    """One without cursors prints only news, a command has its cursor in a file."""
    line = ["--since=start", f"--adapter={adapter}", "--interval=0.05"]
    with project.started("tail", *line) as tail:
        wait_for(lambda: [1, 2, 3] == project.ids())
        project.write([4])
        wait_for(lambda: 4 in project.ids())
        project.write([5])
        wait_for(lambda: 5 in project.ids())
        assert 0 == end(tail)

    assert [1, 2, 3, 4, 5] == project.ids()


@pytest.mark.parametrize("writes", [True, False])
def test_a_reader_that_leaves_ends_a_tail_quietly(
    project: Project, writes: bool
) -> None:
    """Also if there is nothing more to say; the cursor covers what it got."""
    line = project.argv("tail", "--since=start", "-q", "--resume=cursor")
    with subprocess.Popen(
        line, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tail:
        assert tail.stdout
        assert tail.stderr
        assert 3 == len([tail.stdout.readline() for _ in range(3)])
        wait_for(project.cursor.exists)
        tail.stdout.close()
        if writes:
            project.write([4])
        error = tail.stderr.read()
        status = tail.wait(WAIT_S)

    assert (141, b"") == (status, error)
    assert "3" == project.cursor.read_text()


def test_a_second_signal_ends_what_cannot_be_left(project: Project) -> None:
    """A full pipe that nobody empties: the first signal waits, the second does not."""
    project.fill(range(4, 20_000), "y" * 100)
    line = project.argv("tail", "--since=start", "-q")
    with subprocess.Popen(line, cwd=project.folder, stdout=subprocess.PIPE) as tail:
        assert tail.stdout
        assert json.loads(tail.stdout.readline())["id"] == 1
        sizes = [0]
        while sizes[-1] < 30_000 or len({*sizes[-10:]}) > 1:
            sizes.append(_unread_bytes(tail.stdout))
            time.sleep(0.1)
        os.kill(tail.pid, signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            tail.wait(1)
        status = end(tail, signal.SIGTERM)

    assert 130 == status


def _unread_bytes(pipe: IO[bytes] | None) -> int:
    assert pipe
    answer = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, sys.byteorder)
