"""Several processes and one run: each source is parsed once, by a live process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from live_bench import Bench, Kind

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.core.errors import RunDatabaseError, Where
from pytest_parsediff.core.event import Context
from pytest_parsediff.live.claims import abandon, claim, finish, note_progress
from pytest_parsediff.live.entries import SourceRow, add_sources
from pytest_parsediff.live.inventory import take
from pytest_parsediff.live.parse import ensure_parsed
from pytest_parsediff.live.results import read_parse
from pytest_parsediff.live.run import LiveRun
from pytest_parsediff.live.rundb import RunDatabase
from pytest_parsediff.live.sources import SourceKind, SourceRef


@pytest.fixture
def rundb(tmp_path: Path) -> Iterator[RunDatabase]:
    """Return a run database with one source."""
    rundb = RunDatabase.create(tmp_path / "run.db")
    ref = SourceRef("toy", tmp_path, tmp_path / "a", "a")
    add_sources(rundb, [SourceRow(no=1, ref=ref, kind=SourceKind.FILE)])
    with closing(rundb):
        yield rundb


def claimed_by(rundb: RunDatabase, pid: int) -> int:
    """Note that the process *pid* has claimed the source."""
    number = claim(rundb, 1, 0, wait_s=0)
    assert number is not None
    with rundb.write():
        rundb.fetch("UPDATE parse SET pid = ? WHERE no = ?", (pid, number))
    return number


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Return a process that lives until it is killed."""
    code = "import time; time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        yield process
        process.kill()


def test_a_claim_is_for_one(rundb: RunDatabase) -> None:
    """Who comes second gets the result; a retry is another claim."""
    number = claim(rundb, 1, 0, wait_s=0)
    assert number is not None
    with rundb.write():
        finish(rundb, number, b"{}")
    assert claim(rundb, 1, 0, wait_s=0) is None
    assert claim(rundb, 1, 1, wait_s=0) not in (None, number)


def test_a_claim_of_this_process_is_left_over(rundb: RunDatabase) -> None:
    """It can only be from an earlier failure, so it is replaced."""
    first = claim(rundb, 1, 0, wait_s=0)
    assert claim(rundb, 1, 0, wait_s=0) not in (None, first)


def test_an_abandoned_claim_is_free(rundb: RunDatabase) -> None:
    """Nothing of it is left."""
    number = claimed_by(rundb, os.getppid())
    abandon(rundb, number)
    assert [] == rundb.fetch("SELECT * FROM parse")
    assert claim(rundb, 1, 0, wait_s=0) is not None


def test_a_dead_process_is_replaced(
    rundb: RunDatabase, sleeper: subprocess.Popen[bytes]
) -> None:
    """Its claim is worth nothing."""
    number = claimed_by(rundb, sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert claim(rundb, 1, 0, wait_s=600) not in (None, number)


def test_a_stuck_process_is_not_waited_for_without_end(
    rundb: RunDatabase, sleeper: subprocess.Popen[bytes]
) -> None:
    """The error names the source and the process."""
    claimed_by(rundb, sleeper.pid)
    with pytest.raises(RunDatabaseError, match=rf"PD522.*{sleeper.pid}.*'a'"):
        claim(rundb, 1, 0, wait_s=0)


def test_progress_keeps_others_waiting(
    rundb: RunDatabase,
    sleeper: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The time counts from the last sign of life, and the result ends the wait."""
    number = claimed_by(rundb, sleeper.pid)
    looks = []

    def advance(_seconds: float) -> None:
        looks.append(1)
        with rundb.write():
            if len(looks) < 5:
                note_progress(rundb, number)
            else:
                finish(rundb, number, b"{}")

    monkeypatch.setattr("pytest_parsediff.live.claims.time.sleep", advance)
    assert claim(rundb, 1, 0, wait_s=0) is None
    assert 5 == len(looks)


def test_no_run_database(tmp_path: Path) -> None:
    """A missing file, and one that is something else, are typed errors."""
    (tmp_path / "text").write_text("x" * 2000)
    for name in ("no", "text"):
        with pytest.raises(RunDatabaseError, match="PD522") as caught:
            RunDatabase(tmp_path / name)
        assert caught.value.where == Where(tmp_path / name)


def test_ctrl_c_takes_the_claim_back(tmp_path: Path) -> None:
    """Nobody waits for a parse that was interrupted, and nothing of it is seen."""
    bench = Bench(tmp_path, Kind.JSONL)
    bench.record()

    def interrupt(_path: Path, _context: Context) -> Iterator[object]:
        yield {"n": 1}
        raise KeyboardInterrupt

    settings = bench.settings(interrupt)
    with closing(take(settings, None, bench.folder() / "run.db")) as inventory:
        run = LiveRun(inventory.rundb, settings)
        with pytest.raises(KeyboardInterrupt):
            ensure_parsed(run, 1)
        for table in ("parse", "parsed", "record"):
            assert [] == inventory.rundb.fetch(f"SELECT * FROM {table}")


_WORKER = """\
import json, sys
from contextlib import closing
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from live_bench import Bench, Kind
from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.live.inventory import Inventory
from pytest_parsediff.live.judge import Judge
tmp, path, kind = Path(sys.argv[2]), Path(sys.argv[3]), Kind(sys.argv[4])
bench = Bench(tmp, kind, is_filled=True)
def parse(path):
    print(path, file=sys.stderr, flush=True)
    yield from bench.right(path)
settings = bench.settings(parse)
with closing(ArchiveReader(tmp / "archive.db")) as stored:
    with closing(Inventory.open(path)) as inventory:
        judge = Judge(inventory.rundb, stored, settings)
        print(json.dumps({
            entry.session: judge.judge(entry.adapter, entry.session).cls.value
            for entry in inventory.entries()
        }))
"""


@pytest.mark.parametrize("kind", [Kind.JSONL, Kind.ROWS])
def test_workers_share_the_parses(tmp_path: Path, kind: Kind) -> None:
    """Three processes judge all sessions: same verdicts, each source parsed once."""
    bench = Bench(tmp_path, kind)
    for number in range(10):
        bench.write(f"t{number}", 2)
    bench.record()
    with closing(ArchiveReader(bench.archive)) as stored:
        path = bench.folder() / "run.db"
        with closing(take(bench.settings(), stored, path)) as inventory:
            expected = {one.session: "identical" for one in inventory.entries()}
    here = str(Path(__file__).parent)
    arguments = [sys.executable, "-c", _WORKER, here, str(tmp_path), str(path), kind]
    workers = [
        subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = [worker.communicate() for worker in workers]
    assert [0, 0, 0] == [worker.returncode for worker in workers], outputs
    assert all(expected == json.loads(out) for out, _ in outputs)
    parsed = [line for _, err in outputs for line in err.split("\n") if line]
    assert len(parsed) == len(set(parsed)) == (1 if kind is Kind.ROWS else 12)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")
def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """A kill -9 in the middle of a parse: the next process parses anew, and completely."""
    bench = Bench(tmp_path, Kind.JSONL)
    bench.write("s1", 2000)
    bench.record()
    settings = bench.settings()
    with closing(ArchiveReader(bench.archive)) as stored:
        path = bench.folder() / "run.db"
        take(settings, stored, path).close()
    killing = _WORKER.replace(
        "yield from bench.right(path)",
        "for n, event in enumerate(bench.right(path)):\n"
        "        if n == 1500:\n"
        "            import os; os.kill(os.getpid(), 9)\n"
        "        yield event",
    )
    here = str(Path(__file__).parent)
    arguments = [sys.executable, "-c", killing, here, str(tmp_path), str(path), "jsonl"]
    done = subprocess.run(arguments, capture_output=True, check=False)
    assert -signal.SIGKILL == done.returncode
    with closing(RunDatabase(path)) as rundb:
        assert read_parse(rundb, 1) is None
        ((count,),) = rundb.fetch("SELECT count(*) FROM record")
        assert 0 < count < 2003
        parse = ensure_parsed(LiveRun(rundb, settings), 1)
        assert 2003 == parse.result.event_count
        assert [(2003,)] == rundb.fetch("SELECT count(*) FROM record")
