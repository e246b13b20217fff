"""Classes of sessions, over real files, databases and archives."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from live_bench import (
    ALL,
    FILES,
    Bench,
    Kind,
    at,
    mutated,
    once,
    parse_database,
    run_sql,
)

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.core.errors import TwoSourcesError, UnknownSessionError
from pytest_parsediff.core.event import Evidence, Notice, Source
from pytest_parsediff.diff.sample import parse_sample
from pytest_parsediff.diff.verdict import Phase, Reason, VerdictClass
from pytest_parsediff.live.inventory import Inventory, take
from pytest_parsediff.live.judge import Judge
from pytest_parsediff.live.stages import StageName

BenchMaker = Callable[..., Bench]


@pytest.fixture
def make(tmp_path: Path) -> BenchMaker:
    """Return a function that makes a recorded store."""

    def make(kind: Kind = Kind.JSONL, **options: Any) -> Bench:
        bench = Bench(tmp_path, kind, **options)
        bench.record()
        return bench

    return make


def digests(folder: Path) -> dict[str, str]:
    """Return a digest of every file below *folder* but ``-shm`` and empty ``-wal``."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.endswith("-shm")
        and not (path.name.endswith("-wal") and not path.stat().st_size)
    }


# --- nothing is written, nothing is skipped ------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_a_run_writes_nothing(make: BenchMaker, kind: Kind) -> None:
    """Neither archive nor source, whatever the verdicts are."""
    bench = make(kind)
    bench.parse = mutated(bench.right)
    before = digests(bench.store), bench.archive.read_bytes()
    assert {"changed"} == set(bench.run().classes.values())
    assert before == (digests(bench.store), bench.archive.read_bytes())
    beside = [path.name for path in bench.tmp.glob("archive.db?*")]
    assert [] == beside


@pytest.mark.parametrize("kind", FILES)
def test_nothing_is_skipped_for_looking_fresh(make: BenchMaker, kind: Kind) -> None:
    """Bytes appended with the old time restored are parsed all the same."""
    bench = make(kind)
    status = bench.path("s1").stat()
    bench.write("s1")
    os.utime(bench.path("s1"), ns=(status.st_atime_ns, status.st_mtime_ns))
    verdict = bench.verdict()
    assert (Reason.NEWER_THAN_ARCHIVE, ("records",)) == (
        verdict.reason,
        verdict.real_fields,
    )


# --- buckets -------------------------------------------------------------------------------


def test_buckets(make: BenchMaker) -> None:
    """New, missing, broken and sound sessions each have their class."""
    bench = make(Kind.JSONL)
    bench.write("s3")
    bench.write("s4")
    bench.record()
    bench.write("new")
    bench.remove("s1")
    bench.path("s2").write_bytes(b"{\n")
    expected = {
        "new.jsonl": "new_on_disk",
        "s1.jsonl": "skipped",
        "s2.jsonl": "parse_error",
        "s3.jsonl": "identical",
        "s4.jsonl": "identical",
    }
    ran = bench.run()
    assert expected == ran.classes
    assert Reason.SOURCE_MISSING is ran.verdicts["s1.jsonl"].reason
    assert "PD401" in ran.verdicts["s2.jsonl"].message


def test_a_source_that_the_glob_leaves_out_is_not_discovered(make: BenchMaker) -> None:
    """It lies there, and no source of the run is it."""
    bench = make(Kind.JSONL)
    bench.config["files"] = "s2.*"
    assert Reason.NOT_DISCOVERED is bench.verdict("s1").reason


def test_an_older_data_version_is_pending(make: BenchMaker) -> None:
    """Its differences are attached, and do not count."""
    bench = make(Kind.ROWS)
    bench.config["data_version"] = 2
    bench.parse = mutated(bench.right)
    verdict = bench.verdict()
    assert (VerdictClass.PENDING_RESYNC, Reason.OLDER_DATA_VERSION) == (
        verdict.cls,
        verdict.reason,
    )
    assert ("/text",) == verdict.real_fields
    bench.parse = lambda path: (e for e in bench.right(path) if e["sid"] != "s1")
    assert Reason.STALE_ID is bench.verdict().reason


def test_a_trashed_session_is_skipped(make: BenchMaker) -> None:
    """Nobody cares what it parses to."""
    bench = make(Kind.FILE)
    run_sql(
        bench.archive, "UPDATE sessions SET is_trashed = 1 WHERE session LIKE 's1%'"
    )
    bench.parse = mutated(bench.right)
    assert Reason.TRASHED is bench.verdict("s1").reason
    assert VerdictClass.CHANGED is bench.verdict("s2").cls


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.JSONL, Kind.ROWS])
def test_a_row_without_watermark_is_stale(make: BenchMaker, kind: Kind) -> None:
    """An archive that noted nothing cannot tell who moved: record again."""
    bench = make(kind)
    run_sql(
        bench.archive,
        "UPDATE sessions SET size = NULL, mtime_ns = NULL, content_hash = NULL,"
        " consumed = NULL, row_digest = NULL",
    )
    assert VerdictClass.IDENTICAL is bench.verdict().cls
    bench.parse = mutated(bench.right)
    verdict = bench.verdict()
    assert (Reason.NO_STORED_WATERMARK, True) == (verdict.reason, verdict.is_stale)


def test_stored_sessions_of_other_adapters_are_swept(make: BenchMaker) -> None:
    """The run does not concern them; neither does it forget them."""
    bench = make(Kind.JSONL)
    run_sql(bench.archive, "UPDATE sessions SET adapter = 'x' WHERE session LIKE 's1%'")
    ran = bench.run()
    assert [("x", "s1.jsonl", Reason.OTHER_ADAPTER)] == [
        (one.adapter, one.session, one.reason) for one in ran.swept
    ]
    assert {"s1.jsonl": "new_on_disk", "s2.jsonl": "identical"} == {
        session: one.cls.value for session, one in ran.verdicts.items()
    }


# --- raced beside changed ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.JSONL, Kind.ROWS])
def test_a_race_hides_nothing_beside_it(make: BenchMaker, kind: Kind) -> None:
    """One session moved, the other did not: raced, and changed, with their fields."""
    bench = make(kind)
    bench.parse = mutated(bench.right)
    ran = bench.run(at(StageName.INVENTORIED, lambda: bench.write("s1")))
    one, other = ran.verdicts[bench.id("s1")], ran.verdicts[bench.id("s2")]
    assert (VerdictClass.RACED, VerdictClass.CHANGED) == (one.cls, other.cls)
    assert ("records", "/text") == one.real_fields
    assert ("/text",) == other.real_fields
    assert 3 == len(other.evidence)


def test_a_race_alone_leaves_the_others_identical(make: BenchMaker) -> None:
    """Also where their files are newer than the archive."""
    bench = make(Kind.JSONL)
    os.utime(bench.path("s2"))
    ran = bench.run(at(StageName.INVENTORIED, lambda: bench.write("s1")))
    assert {"s1.jsonl": "raced", "s2.jsonl": "identical"} == ran.classes


# --- skew ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.JSONL, Kind.ROWS])
def test_skew_of_appending(make: BenchMaker, kind: Kind) -> None:
    """Declared fields of a row marked incremental; unmarked, or others, are changes."""
    bench = make(kind, config={"compare": _compare(skew=["/text"])})
    bench.parse = mutated(bench.right)
    assert VerdictClass.CHANGED is bench.verdict().cls
    run_sql(bench.archive, "UPDATE sessions SET is_incremental = 1")
    assert VerdictClass.INCREMENTAL_SKEW is bench.verdict().cls
    write = at(StageName.INVENTORIED, lambda: bench.write("s1"))
    assert VerdictClass.RACED is bench.verdict(on_stage=write).cls
    bench.parse = lambda path: ({**e, "x": 1} for e in bench.right(path))
    assert VerdictClass.CHANGED is bench.verdict("s2").cls


def test_informational_fields_fail_nobody(make: BenchMaker) -> None:
    """They are shown for a row marked incremental, and the session is identical."""
    bench = make(Kind.JSONL, config={"compare": _compare(informational=["/text"])})
    bench.parse = mutated(bench.right)
    assert VerdictClass.CHANGED is bench.verdict().cls
    run_sql(bench.archive, "UPDATE sessions SET is_incremental = 1")
    verdict = bench.verdict()
    assert (VerdictClass.IDENTICAL, ()) == (verdict.cls, verdict.real_fields)
    assert ["/text"] == [one.field for one in verdict.fields]


def _compare(**keys: Any) -> Any:
    from pytest_parsediff.core.config import CompareConfig

    return CompareConfig(**keys)


# --- shared files ---------------------------------------------------------------------------------


class Shared:
    """One file with the sessions ``a`` and ``b``."""

    def __init__(self, tmp: Path) -> None:
        self.bench = Bench(tmp, Kind.JSONL, config={"session": "sid"})
        for name in ("s1", "s2"):
            self.bench.remove(name)
        self.file = self.bench.store / "shared.jsonl"
        self.write("a", "b")
        self.bench.record()

    def write(self, *sessions: str) -> None:
        """Append an event of each of *sessions*."""
        with self.file.open("a") as file:
            for session in sessions:
                file.write(f'{{"sid": "{session}", "text": "hello"}}\n')


def test_a_shared_file_proves_nothing_about_one_session(tmp_path: Path) -> None:
    """Whose bytes moved, nobody can tell: it fails closed."""
    shared = Shared(tmp_path)
    shared.write("a")
    ran = shared.bench.run()
    assert {"a": "changed", "b": "identical"} == ran.classes
    assert Reason.NO_EVIDENCE is ran.verdicts["a"].reason


def test_a_shared_file_at_rest_proves_that_nobody_moved(tmp_path: Path) -> None:
    """Equal bytes are equal bytes for every session in them."""
    shared = Shared(tmp_path)
    shared.bench.parse = mutated(shared.bench.right)
    assert Reason.CONTENT_EQUAL is shared.bench.run().verdicts["a"].reason


def test_losing_all_sessions_but_one_makes_no_file_of_one(tmp_path: Path) -> None:
    """A parser that emits one session of a shared file is not believed to be alone."""
    shared = Shared(tmp_path)
    right = shared.bench.right
    shared.bench.parse = lambda path: (
        e for e in mutated(right)(path) if e["sid"] == "a"
    )
    shared.write("a")
    ran = shared.bench.run()
    assert {"a": "changed", "b": "changed"} == ran.classes


def test_an_id_that_leaves_the_only_session_of_a_file(tmp_path: Path) -> None:
    """The file is written anew with another id: presence is raced, the other is new."""
    shared = Shared(tmp_path)
    shared.file.unlink()
    shared.write("a")
    shared.bench.record()
    run_sql(shared.bench.archive, "DELETE FROM sessions WHERE session = 'b'")

    def rewrite() -> None:
        shared.file.unlink()
        shared.write("c")

    ran = shared.bench.run(at(StageName.OBSERVED, rewrite))
    assert {"a": "raced", "c": "new_on_disk"} == ran.classes
    assert (Phase.PRESENCE, Reason.MOVED_DURING_RUN) == (
        ran.verdicts["a"].phase,
        ran.verdicts["a"].reason,
    )


def test_an_id_that_comes_from_another_file_is_not_missing(tmp_path: Path) -> None:
    """The session was moved to another file: it is compared there."""
    shared = Shared(tmp_path)
    shared.file.rename(shared.file.with_name("moved.jsonl"))
    ran = shared.bench.run()
    assert {"a": "identical", "b": "identical"} == ran.classes
    assert "moved.jsonl" == ran.verdicts["a"].source


def test_two_sources_of_one_session(tmp_path: Path) -> None:
    """Only that session is an error; its neighbour is judged."""
    shared = Shared(tmp_path)
    copy = shared.file.with_name("copy.jsonl")
    copy.write_text('{"sid": "a", "text": "hello"}\n')
    settings = shared.bench.settings()
    with closing(ArchiveReader(shared.bench.archive)) as stored:
        inventory = take(settings, stored, shared.bench.folder() / "run.db")
        with closing(inventory):
            judge = Judge(inventory.rundb, stored, settings)
            message = r"PD506.*'a' is in 'copy.jsonl' and in 'shared.jsonl'"
            with pytest.raises(TwoSourcesError, match=message):
                judge.judge("toy", "a")
            assert VerdictClass.IDENTICAL is judge.judge("toy", "b").cls


def two_databases(make: BenchMaker, *sessions: str) -> tuple[Bench, Path, Any]:
    """Return a store, a second database with *sessions*, and sources for both."""
    bench = make(Kind.ROWS)
    other = bench.store / "other.db"
    rows = ", ".join(f"('{session}', 'hello')" for session in sessions)
    run_sql(
        other,
        "CREATE TABLE message (id INTEGER PRIMARY KEY, session, text)",
        f"INSERT INTO message (session, text) VALUES {rows}",
    )
    return bench, other, (f"toy={bench.db}", f"toy={other}")


def test_two_sources_that_list_one_session(make: BenchMaker) -> None:
    """The inventory knows, so nobody depends on which source is parsed first."""
    bench, _, sources = two_databases(make, "s1")
    with pytest.raises(TwoSourcesError, match=r"PD506.*'agent.db' and in 'other.db'"):
        bench.run(sources=sources)


def test_an_id_that_moves_during_the_run_is_looked_for(make: BenchMaker) -> None:
    """Its source no longer has it, and another one that nobody has parsed yet does."""
    bench, other, sources = two_databases(make, "s3")

    def move() -> None:
        bench.remove("s1")
        for number in (1, 2, 3):
            run_sql(
                other, f"INSERT INTO message VALUES ({number + 100}, 's1', 'hello')"
            )

    bench.config["drop"] = ["id"]
    bench.record()
    ran = bench.run(at(StageName.INVENTORIED, move), sources=sources, sessions=("s1",))
    assert ("identical", "other.db") == (
        ran.verdicts["s1"].cls.value,
        ran.verdicts["s1"].source,
    )


def test_events_without_an_id_are_kept(tmp_path: Path) -> None:
    """They belong to the pseudo session of their source."""
    shared = Shared(tmp_path)
    with shared.file.open("a") as file:
        file.write('{"text": "hello"}\n')
    shared.bench.record()
    assert "identical" == shared.bench.run().classes["(source)"]
    shared.bench.parse = mutated(shared.bench.right)
    assert "changed" == shared.bench.run().classes["(source)"]


# --- scope ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.JSONL, Kind.ROWS])
def test_a_limit_takes_the_newest(make: BenchMaker, kind: Kind) -> None:
    """The others are skipped, not missing; and sources of none of them not parsed."""
    bench = make(kind)
    if not kind.is_database:
        os.utime(bench.path("s1"), ns=(0, 0))
    ran = bench.run(limit=1)
    assert [bench.id("s2")] == list(ran.verdicts)
    assert [(bench.id("s1"), Reason.NOT_SAMPLED)] == [
        (one.session, one.reason) for one in ran.swept
    ]
    assert (2, 1) == (ran.coverage.stored, ran.coverage.selected)
    assert 1 == ran.coverage.sources_parsed


def test_a_sample_is_the_same_for_the_same_seed(make: BenchMaker) -> None:
    """And another one for another seed."""
    bench = make(Kind.ROWS)
    for number in range(20):
        bench.write(f"t{number}")
    bench.record()

    def drawn(seed: int) -> list[str]:
        sample = parse_sample("25%")
        return list(bench.run(sample=sample, seed=seed).verdicts)

    assert drawn(1) == drawn(1) != drawn(2)
    assert 6 == len(drawn(1))


def test_sessions_that_are_asked_for(make: BenchMaker) -> None:
    """Only they are examined; an unknown one is an error with the nearest."""
    bench = make(Kind.ROWS)
    ran = bench.run(sessions=("s2",))
    assert {"s1": "skipped", "s2": "identical"} == ran.classes
    assert ["s2"] == list(ran.verdicts)
    with pytest.raises(UnknownSessionError, match=r"PD520.*'s22'.*nearest is 's2'"):
        bench.run(sessions=("s2", "s22"))


def test_the_inventory_is_the_same_for_everybody(make: BenchMaker) -> None:
    """It is read from the path, sorted, and does not see what came later."""
    bench = make(Kind.ROWS)
    settings = bench.settings()
    with closing(ArchiveReader(bench.archive)) as stored:
        first = take(settings, stored, bench.folder() / "run.db")
    bench.write("later")
    with closing(first), closing(Inventory.open(first.path)) as second:
        assert first.entries() == second.entries()
        assert ["s1", "s2"] == [one.session for one in second.entries()]
        assert [(True, True, 1)] * 2 == [
            (one.is_stored, one.is_found, one.source) for one in second.entries()
        ]
        assert all(one.revision > 0 for one in second.entries())


def test_a_session_that_comes_during_the_run_is_new(make: BenchMaker) -> None:
    """The inventory does not know it; the sweep does."""
    bench = make(Kind.ROWS)
    ran = bench.run(at(StageName.INVENTORIED, lambda: bench.write("late")))
    assert {"s1": "identical", "s2": "identical", "late": "new_on_disk"} == ran.classes
    assert ["late"] == [one.session for one in ran.swept]


def test_a_broken_source_without_any_session_is_swept(tmp_path: Path) -> None:
    """Its error is a verdict without a session."""
    shared = Shared(tmp_path)
    shared.file.with_name("broken.jsonl").write_text("{\n")
    (verdict,) = shared.bench.run().swept
    assert ("", "broken.jsonl", VerdictClass.PARSE_ERROR, Phase.PARSE) == (
        verdict.session,
        verdict.source,
        verdict.cls,
        verdict.phase,
    )


# --- what adapters say --------------------------------------------------------------------------------


def test_notices_with_a_meaning(make: BenchMaker) -> None:
    """Another pass, a veto and an error of one session are classes of their own."""
    bench = make(Kind.ROWS)
    for name in ("s3", "s4", "s5"):
        bench.write(name)
    bench.record()

    def parse(path: Path) -> Iterator[Any]:
        yield Notice("needs-retry", "sidecar is behind", "s1")
        yield Notice("excluded", "subagent", "s2")
        yield Notice("session-error", "bad cell", "s3")
        yield Notice("odd", "for people", "s4")
        yield from mutated(parse_database)(path)

    bench.parse = parse
    ran = bench.run()
    assert {
        "s1": ("transient_needs_retry", "sidecar is behind"),
        "s2": ("excluded_by_parser", "subagent"),
        "s3": ("parse_error", "bad cell"),
        "s4": ("changed", ""),
        "s5": ("changed", ""),
    } == {key: (one.cls.value, one.message) for key, one in ran.verdicts.items()}


def test_an_error_of_what_was_never_stored(make: BenchMaker) -> None:
    """It is no new session: something of the source could not be read."""
    bench = make(Kind.ROWS)

    def parse(path: Path) -> Iterator[Any]:
        yield Notice("session-error", "row 7 has no owner", "(source)")
        yield Notice("session-error", "row 8", "late")
        yield {"sid": "late", "n": 1}
        yield from parse_database(path)

    bench.parse = parse
    ran = bench.run()
    assert {"s1": "identical", "s2": "identical"} == {
        name: ran.classes[name] for name in ("s1", "s2")
    }
    assert [("(source)", "row 7 has no owner"), ("late", "row 8")] == [
        (one.session, one.message)
        for one in ran.swept
        if one.cls is VerdictClass.PARSE_ERROR
    ]


@pytest.mark.parametrize("code", ["needs-retry", "incomplete"])
def test_an_incomplete_source_misses_nothing(make: BenchMaker, code: str) -> None:
    """Nobody can tell that a session is gone where not all were emitted."""
    bench = make(Kind.ROWS)

    def parse(path: Path) -> Iterator[Any]:
        yield Notice(code, "more to come")
        yield from (e for e in parse_database(path) if e["sid"] != "s1")

    bench.parse = parse
    assert VerdictClass.SKIPPED is bench.verdict("s1").cls


class Exact:
    """An adapter that reads evidence in the snapshot that it parses.

    Attributes:
        name: Its name.
        between: Called between reading and emitting.
    """

    name = "toy"

    def __init__(self, *, text: str = "") -> None:
        self.between: Callable[[], object] = lambda: None
        self._text = text

    def scan(self, source: Source, _cursor: str | None, /) -> Iterator[Any]:
        """Yield evidence and events of each session."""
        sessions = self._read(source)
        self.between()
        for session, own in sessions.items():
            yield Evidence(session, repr(own))
            for one in own:
                yield {**one, "text": self._text or one["text"]}

    def evidence(self, source: Source, /) -> dict[str, str]:
        """Return the same digests."""
        return {session: repr(own) for session, own in self._read(source).items()}

    def _read(self, source: Source) -> dict[str, list[dict[str, Any]]]:
        sessions: dict[str, list[dict[str, Any]]] = {}
        for event in parse_database(source.path):
            sessions.setdefault(event["sid"], []).append(event)
        return sessions


def test_evidence_of_the_very_snapshot_decides(tmp_path: Path) -> None:
    """What was parsed is what was recorded, whatever moved right after."""
    bench = Bench(tmp_path, Kind.BLIND)
    adapter = Exact()
    bench.right = adapter
    bench.record()
    wrong = Exact(text="wrong")
    wrong.between = lambda: bench.write("s1")
    bench.parse = wrong
    verdict = bench.verdict("s1", raced_retries=0)
    assert (VerdictClass.CHANGED, Reason.CONTENT_EQUAL) == (verdict.cls, verdict.reason)


def test_evidence_of_the_very_snapshot_needs_no_other(tmp_path: Path) -> None:
    """The database was another one before and after, but not when it was parsed."""
    bench = Bench(tmp_path, Kind.BLIND)
    bench.right = Exact()
    bench.record()
    wrong = Exact(text="wrong")
    wrong.between = lambda: bench.replace("s1")
    bench.parse = wrong
    moments = {
        StageName.INVENTORIED: lambda: bench.replace("s1"),
        StageName.OBSERVED: lambda: bench.restore("s1"),
    }
    verdict = bench.verdict("s1", once(moments), raced_retries=0)
    assert (VerdictClass.CHANGED, Reason.CONTENT_EQUAL) == (verdict.cls, verdict.reason)


def test_a_database_that_is_open_here_keeps_its_locks(make: BenchMaker) -> None:
    """Evidence of a file that this process holds is read elsewhere.

    https://sqlite.org/howtocorrupt.html section 2.2: a second library, or a plain
    ``open``, would drop the locks of the first.
    """
    bench = make(Kind.ROWS)
    flags = apsw.SQLITE_OPEN_READONLY
    with closing(apsw.Connection(str(bench.db), flags=flags)) as held:
        held.execute("BEGIN").fetchall()
        held.execute("SELECT count(*) FROM message").fetchall()
        assert VerdictClass.IDENTICAL is bench.verdict().cls
        bench.write("s1")  # appends to the WAL; truncating it must fail
        checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"
        run_sql(bench.db, "PRAGMA busy_timeout = 0", checkpoint)
        assert Path(f"{bench.db}-wal").stat().st_size > 0
