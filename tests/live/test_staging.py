"""What a recording is given: full parses, and those that go on from a cursor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from live_bench import Bench, Kind, at, mutated, once

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.recording import Plan, Recording
from pytest_parsediff.archive.runs import RunState
from pytest_parsediff.archive.staged import AppendBase, StagedSide, StagedSource
from pytest_parsediff.core.config import CompareConfig
from pytest_parsediff.core.event import Checkpoint, Source
from pytest_parsediff.diff.verdict import VerdictClass
from pytest_parsediff.live.stages import OnStage, StageName
from pytest_parsediff.live.staging import Staged, source_names, stage


class Appending:
    """Reads lines from a byte offset on; checkpoints behind complete lines.

    Attributes:
        name: Its name.
        cursors: What it was given.
    """

    name = "toy"

    def __init__(self) -> None:
        self.cursors: list[str | None] = []

    def scan(self, source: Source, cursor: str | None, /) -> Iterator[Any]:
        """Yield what lies behind the cursor."""
        self.cursors.append(cursor)
        done = int(cursor or 0)
        with source.path.open("rb") as file:
            file.seek(done)
            while (line := file.readline()).endswith(b"\n"):
                done += len(line)
                yield {"line": line.decode()}
        yield Checkpoint(str(done))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a store of one file that is read incrementally."""
    bench = Bench(tmp_path, Kind.JSONL)
    bench.remove("s2")
    bench.right = Appending()
    return bench


def staged(bench: Bench, on_stage: OnStage | None = None, **changes: Any) -> Staged:
    """Return the store after its parse; appended to if there is an archive."""
    settings = bench.settings(bench.right, **changes)
    path = bench.folder() / "run.db"
    if not bench.archive.exists():
        return stage(settings, path, on_stage=on_stage)
    with closing(ArchiveReader(bench.archive)) as reader:
        return stage(settings, path, resume=reader.source, on_stage=on_stage)


def only(side: StagedSide) -> StagedSource:
    """Return the only source."""
    (source,) = side.sources()
    return source


def append(bench: Bench) -> None:
    """Record what came since the last recording."""
    names = source_names(bench.settings(bench.right))
    recording = Recording.begin(bench.archive, Plan(sources=names, mode="append"))
    with closing(staged(bench)) as side:
        assert RunState.OK is recording.commit(side).state


def test_a_full_parse_tells_everything(bench: Bench) -> None:
    """Observations, cursor, the hash of complete lines, sessions and records."""
    with bench.path("s1").open("ab") as file:
        file.write(b'{"n')
    content = bench.path("s1").read_bytes()
    complete = content[: content.rindex(b"\n") + 1]
    with closing(staged(bench)) as side:
        source = only(side)
        assert ("toy", "s1.jsonl", "", True) == (
            source.adapter,
            source.name,
            source.code,
            source.is_complete,
        )
        assert source.before == source.after
        assert (len(content), len(complete)) == (
            source.before.size,
            source.before.consumed,
        )
        assert hashlib.sha256(complete).hexdigest() == source.consumed_hash
        assert (str(len(complete)), None) == (source.cursor, source.base)
        for _ in range(2):
            (session,) = side.sessions(source)
            assert 3 == len(list(side.records(session.parsed)))


def test_what_was_appended_is_parsed_alone(bench: Bench) -> None:
    """The bytes before are still those of the archive, so the parse goes on from it."""
    bench.record()
    old = bench.path("s1").read_bytes()
    bench.write("s1", 2)
    with closing(staged(bench)) as side:
        source = only(side)
        digest = hashlib.sha256(old).hexdigest()
        assert AppendBase(str(len(old)), len(old), digest) == source.base
        (session,) = side.sessions(source)
        assert 2 == session.parsed.record_count
    assert [None, str(len(old))] == bench.right.cursors


def test_behind_a_tail_that_was_replaced(bench: Bench) -> None:
    """Complete lines alone are the base where the rest of the file is another one."""
    old = bench.path("s1").read_bytes()
    bench.path("s1").write_bytes(old + b'{"n')
    bench.record()
    bench.path("s1").write_bytes(old + b'{"m": 1}\n')
    with closing(staged(bench)) as side:
        base = only(side).base
        assert base is not None
        assert len(old) == base.size


def test_a_source_that_was_rewritten_is_parsed_anew(bench: Bench) -> None:
    """Other bytes before the cursor: nothing can be appended to."""
    bench.record()
    bench.replace("s1")
    bench.write("s1")
    with closing(staged(bench)) as side:
        assert only(side).base is None
        (session,) = side.sessions(only(side))
        assert 4 == session.parsed.record_count


def test_another_data_version_is_parsed_anew(bench: Bench) -> None:
    """What the adapter read before is not what it would read now."""
    bench.record()
    bench.config["data_version"] = 2
    bench.write("s1")
    with closing(staged(bench)) as side:
        assert (None, 2) == (only(side).base, only(side).data_version)


def test_appended_twice_is_identical(bench: Bench) -> None:
    """A full parse later finds nothing that differs, and a mutated one does."""
    bench.record()
    for _ in range(2):
        bench.write("s1")
        append(bench)
    assert VerdictClass.IDENTICAL is bench.verdict().cls
    lines = mutated(lambda path: ({"text": line} for line in path.read_text().split()))
    bench.parse = lines
    assert VerdictClass.CHANGED is bench.verdict().cls


class Placed(Appending):
    """Says of each line where it ends, and may get every one wrong."""

    def __init__(self, *, is_wrong: bool = False) -> None:
        super().__init__()
        self._is_wrong = is_wrong

    def scan(self, source: Source, cursor: str | None, /) -> Iterator[Any]:
        """Yield what lies behind the cursor."""
        end = int(cursor or 0)
        for item in super().scan(source, cursor):
            if isinstance(item, Checkpoint):
                yield item
                continue
            end += len(item["line"])
            line = item["line"].upper() if self._is_wrong else item["line"]
            yield {"end": end, "line": line}


def test_the_marker_of_appending_lasts_until_a_full_recording(bench: Bench) -> None:
    """One drift is skew in a row that was appended to, and a change in any other."""
    bench.right, bench.parse = Placed(), Placed(is_wrong=True)
    bench.config |= {"key": ["/end"], "compare": CompareConfig(skew=["/line"])}
    bench.record()
    assert VerdictClass.CHANGED is bench.verdict().cls
    bench.write("s1")
    append(bench)
    assert VerdictClass.INCREMENTAL_SKEW is bench.verdict().cls
    bench.record()
    assert VerdictClass.CHANGED is bench.verdict().cls


def test_a_source_that_fails_is_told(bench: Bench) -> None:
    """Code and message are those of the adapter's error."""
    bench.right = lambda _path: iter([3])
    with closing(staged(bench)) as side:
        source = only(side)
        assert "PD405" == source.code
        assert "int 3" in source.message
        assert [] == list(side.sessions(source))


def test_a_source_is_parsed_until_it_stands_still(bench: Bench) -> None:
    """What moved during the first parse is parsed again."""
    write = at(StageName.OBSERVED, lambda: bench.write("s1"))
    with closing(staged(bench, write)) as side:
        source = only(side)
        assert source.before == source.after
        (session,) = side.sessions(source)
        assert 4 == session.parsed.record_count
    assert 2 == len(bench.right.cursors)


def test_a_source_that_never_stands_still_is_staged_as_it_is(bench: Bench) -> None:
    """Its observations tell that it may be torn."""

    def keep_writing(stage: object) -> None:
        if getattr(stage, "name", None) is StageName.OBSERVED:
            bench.write("s1")

    with closing(staged(bench, keep_writing)) as side:
        source = only(side)
        assert source.before.content_hash != source.after.content_hash
    assert 3 == len(bench.right.cursors)


def test_sessions_of_a_database_have_their_own_evidence(tmp_path: Path) -> None:
    """A neighbour that is written says nothing about the others."""
    bench = Bench(tmp_path, Kind.ROWS)
    write = at(StageName.OBSERVED, lambda: bench.write("s2"))
    with closing(staged(bench, write, raced_retries=0)) as side:
        found = {
            one.parsed.session: one.before == one.after
            for one in side.sessions(only(side))
        }
        assert {"s1": True, "s2": False} == found
        assert all(
            one.before is not None and one.before.row_digest
            for one in side.sessions(only(side))
        )


@pytest.mark.parametrize("kind", [Kind.ROWS, Kind.BLIND])
def test_what_was_undone_during_the_parse_is_not_recorded(
    tmp_path: Path, kind: Kind
) -> None:
    """All evidence is as before, and yet the first parse read something else."""
    bench = Bench(tmp_path, kind)
    moments = {
        StageName.OBSERVED: lambda: bench.replace("s1"),
        StageName.PARSED: lambda: bench.restore("s1"),
    }
    with closing(staged(bench, once(moments))) as side:
        lines = [
            one.line
            for session in side.sessions(only(side))
            for one in side.records(session.parsed)
        ]
    assert 6 == len(lines)
    assert all(b"hello" in line for line in lines)
