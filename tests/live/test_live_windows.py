"""Who is told to have moved, for each moment at which somebody may write.

W is a write to the source, D one to the archive. The moments are those of the issue's
table: t0 the archive is recorded, t2 the inventory is taken, t3 the source is observed,
t4 it is parsed, t6 the stored row is read, t7 the verdict stands.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from live_bench import ALL, FILES, SEEN, Bench, Kind, at, mutated, once

from pytest_parsediff.diff.verdict import Phase, Reason, Verdict, VerdictClass
from pytest_parsediff.live.stages import StageName


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Return a recorded store of the kind that the test is given."""
    bench = Bench(tmp_path, request.param)
    bench.record()
    return bench


def kinds(*wanted: Kind) -> pytest.MarkDecorator:
    """Run a test for each kind of store."""
    return pytest.mark.parametrize("bench", wanted, indirect=True, ids=str)


def said(verdict: Verdict) -> tuple[str, str]:
    """Return class and reason."""
    return verdict.cls.value, verdict.reason.value if verdict.reason else ""


IDENTICAL = (VerdictClass.IDENTICAL.value, "")
MOVED = (VerdictClass.RACED.value, Reason.MOVED_DURING_RUN.value)
STALE = (VerdictClass.RACED.value, Reason.NEWER_THAN_ARCHIVE.value)
GONE = (VerdictClass.RACED.value, Reason.UNREADABLE.value)
REWRITTEN = (VerdictClass.RACED.value, Reason.ARCHIVE_ROW_REWRITTEN.value)
PROVED = (VerdictClass.CHANGED.value, Reason.CONTENT_EQUAL.value)
UNPROVED = (VerdictClass.CHANGED.value, Reason.NO_EVIDENCE.value)


def unless_blind(bench: Bench, expected: tuple[str, str]) -> tuple[str, str]:
    """Return *expected*, but without evidence that the difference is the parser's."""
    return UNPROVED if bench.kind is Kind.BLIND else expected


# --- nobody writes ------------------------------------------------------------------------


@kinds(*ALL)
def test_a_clean_archive_is_identical(bench: Bench) -> None:
    """An unchanged parser differs in nothing from what it recorded itself."""
    ran = bench.run()
    assert {bench.id("s1"): "identical", bench.id("s2"): "identical"} == ran.classes
    assert all(not one.fields for one in ran.verdicts.values())


@kinds(*ALL)
def test_a_mutated_parser_is_changed(bench: Bench) -> None:
    """A difference over a source that stood still is the parser's."""
    bench.parse = mutated(bench.right)
    verdict = bench.verdict()
    assert unless_blind(bench, PROVED) == said(verdict)
    assert ("/text",) == verdict.real_fields


# --- t0 to t2: before the run -------------------------------------------------------------


@kinds(*ALL)
def test_a_write_before_the_run_makes_the_archive_stale(bench: Bench) -> None:
    """W in t0..t2: the archive is behind, which is no race of this run."""
    bench.write("s1")
    verdict = bench.verdict()
    assert unless_blind(bench, STALE) == said(verdict)
    assert verdict.is_stale is (bench.kind is not Kind.BLIND)
    assert IDENTICAL == said(bench.verdict("s2"))


@kinds(*ALL)
def test_a_write_that_was_recorded_is_identical(bench: Bench) -> None:
    """W and D both before t2: nothing differs."""
    bench.write("s1")
    bench.record()
    assert IDENTICAL == said(bench.verdict())


@kinds(Kind.FILE, Kind.JSONL)
def test_restored_bytes_with_an_older_time_make_the_archive_stale(bench: Bench) -> None:
    """W in t0..t2 with the same size and time, as by ``rsync -t``: the hash tells."""
    bench.replace("s1", keep_time=True)
    assert STALE == said(bench.verdict())


@kinds(*FILES)
def test_a_touch_hides_no_change_of_the_parser(bench: Bench) -> None:
    """Only the time moved: equal bytes prove the source untouched."""
    bench.parse = mutated(bench.right)
    os.utime(bench.path("s1"))
    assert PROVED == said(bench.verdict())


@kinds(*FILES)
def test_a_touch_alone_is_identical(bench: Bench) -> None:
    """Only the time moved, and nothing differs."""
    os.utime(bench.path("s1"))
    assert IDENTICAL == said(bench.verdict())


# --- t2 to t4: between inventory and the end of the parse -----------------------------------


@kinds(*ALL)
def test_a_write_after_the_inventory_is_a_race(bench: Bench) -> None:
    """W in t2..t3: the source moved in this run, though it is parsed at rest."""
    verdict = bench.verdict(
        on_stage=at(StageName.INVENTORIED, lambda: bench.write("s1"))
    )
    assert unless_blind(bench, MOVED) == said(verdict)


@kinds(*ALL)
@pytest.mark.parametrize("moment", [StageName.OBSERVED, StageName.EMITTED])
def test_a_write_during_the_parse_is_a_race(bench: Bench, moment: StageName) -> None:
    """W in t3..t4: the parse saw some of it, and the archive has none of it."""
    verdict = bench.verdict(on_stage=at(moment, lambda: bench.write("s1")))
    assert unless_blind(bench, MOVED) == said(verdict)


@kinds(*ALL)
def test_a_torn_read_is_read_again(bench: Bench) -> None:
    """W in t3..t4 that is undone: the next parse finds what was recorded."""
    moments = {
        StageName.OBSERVED: lambda: bench.replace("s1"),
        StageName.OBSERVED_AFTER: lambda: bench.restore("s1"),
    }
    assert IDENTICAL == said(bench.verdict(on_stage=once(moments)))


@kinds(*ALL)
def test_a_torn_read_of_what_is_as_before_is_read_again(bench: Bench) -> None:
    """W in t3..t4 that is undone before t4: all evidence is equal, and yet it is torn."""
    moments = {
        StageName.OBSERVED: lambda: bench.replace("s1"),
        StageName.PARSED: lambda: bench.restore("s1"),
    }
    assert IDENTICAL == said(bench.verdict(on_stage=once(moments)))


@kinds(Kind.FILE, Kind.JSONL)
def test_same_size_and_time_during_the_parse_is_a_race(bench: Bench) -> None:
    """W in t3..t4 with the old time restored: bytes and ctime tell."""
    write = at(StageName.OBSERVED, lambda: bench.replace("s1", keep_time=True))
    assert MOVED == said(bench.verdict(on_stage=write))


@kinds(Kind.CODEX)
def test_codex_takes_no_hash_for_a_race(bench: Bench) -> None:
    """Bytes of one size differ: for Codex that proves nothing, and it fails closed."""
    write = at(StageName.OBSERVED, lambda: bench.replace("s1"))
    assert VerdictClass.CHANGED is bench.verdict(on_stage=write).cls


# --- t4 to t7: after the parse ------------------------------------------------------------


@kinds(*ALL)
def test_a_write_after_the_parse_changes_nothing(bench: Bench) -> None:
    """W in t4..t7, the parse saw old bytes, and so has the archive."""
    write = at(StageName.OBSERVED_AFTER, lambda: bench.write("s1"))
    assert IDENTICAL == said(bench.verdict(on_stage=write))


@kinds(*ALL)
def test_a_write_after_the_parse_hides_no_change(bench: Bench) -> None:
    """W in t4..t7 with a mutated parser: it parsed the very bytes of the archive."""
    bench.parse = mutated(bench.right)
    write = at(StageName.OBSERVED_AFTER, lambda: bench.write("s1"))
    assert unless_blind(bench, PROVED) == said(bench.verdict(on_stage=write))


@kinds(*ALL)
def test_a_sync_during_the_run_is_identical_at_the_second_look(bench: Bench) -> None:
    """W and D in t4..t6: the row is newer than the parse, so the source is read again."""

    def sync() -> None:
        bench.write("s1")
        bench.record()

    assert IDENTICAL == said(bench.verdict(on_stage=at(StageName.OBSERVED_AFTER, sync)))


@kinds(*ALL)
@pytest.mark.parametrize(
    "moment",
    [StageName.INVENTORIED, StageName.OBSERVED_AFTER],
)
def test_a_row_written_during_the_run_is_a_race(
    bench: Bench, moment: StageName
) -> None:
    """D in t2..t6 alone: another program writes other content into the archive."""
    write = at(moment, lambda: bench.rewrite_row("s1"))
    assert REWRITTEN == said(bench.verdict(on_stage=write))


@kinds(*ALL)
def test_a_row_written_behind_the_comparison_is_read_again(bench: Bench) -> None:
    """D between compare and verdict, with a difference: the row has another revision."""
    bench.parse = mutated(bench.right)
    write = at(StageName.COMPARED, lambda: bench.rewrite_row("s1"))
    assert REWRITTEN == said(bench.verdict(on_stage=write))


@kinds(*ALL)
def test_a_write_after_the_verdict_is_none_of_this_run(bench: Bench) -> None:
    """W and D after t7: the verdict stands."""

    def write() -> None:
        bench.write("s1")
        bench.rewrite_row("s1")

    assert IDENTICAL == said(bench.verdict(on_stage=at(StageName.JUDGED, write)))


# --- files and ids that go away -----------------------------------------------------------


@kinds(*FILES)
@pytest.mark.parametrize("moment", [StageName.INVENTORIED, StageName.OBSERVED])
def test_a_file_that_goes_away_is_a_race(bench: Bench, moment: StageName) -> None:
    """The file is deleted before it is read: vanished, and no error of the parser."""
    verdict = bench.verdict(on_stage=at(moment, lambda: bench.remove("s1")))
    assert GONE == said(verdict)


@kinds(*FILES)
def test_a_file_that_goes_away_after_its_parse_is_identical(bench: Bench) -> None:
    """Deleted in t4..t7: everything was read, and nothing differs."""
    remove = at(StageName.OBSERVED_AFTER, lambda: bench.remove("s1"))
    assert IDENTICAL == said(bench.verdict(on_stage=remove))


@kinds(Kind.ROWS, Kind.BLIND)
@pytest.mark.parametrize("moment", [StageName.INVENTORIED, StageName.OBSERVED])
def test_a_database_that_goes_away_is_a_race(bench: Bench, moment: StageName) -> None:
    """The database is deleted before it is read."""
    verdict = bench.verdict(on_stage=at(moment, bench.db.unlink))
    assert GONE == said(verdict)
    assert Phase.PARSE is verdict.phase


@kinds(Kind.ROWS, Kind.BLIND)
def test_rows_that_vanish_during_the_run_are_a_race(bench: Bench) -> None:
    """An id vanishes in t2..t4: presence goes through the same guard."""
    verdict = bench.verdict(on_stage=at(StageName.OBSERVED, lambda: bench.remove("s1")))
    assert unless_blind(bench, MOVED) == said(verdict)
    assert (Phase.PRESENCE, ("presence",)) == (verdict.phase, verdict.real_fields)


@kinds(Kind.ROWS, Kind.BLIND)
def test_a_parser_that_loses_a_session_is_changed(bench: Bench) -> None:
    """An id is no longer emitted though its rows stood still."""
    bench.parse = lambda path: (e for e in bench.right(path) if e["sid"] != "s1")
    verdict = bench.verdict()
    assert unless_blind(bench, PROVED) == said(verdict)
    assert ("presence",) == verdict.real_fields


# --- neighbours, tails, halves ------------------------------------------------------------


@kinds(*ALL)
@pytest.mark.parametrize("moment", [StageName.INVENTORIED, StageName.OBSERVED])
def test_a_write_to_a_neighbour_hides_no_change(
    bench: Bench, moment: StageName
) -> None:
    """W to another session of the same folder or database is no evidence about this."""
    bench.parse = mutated(bench.right)
    write = at(moment, lambda: bench.write("s2"))
    assert unless_blind(bench, PROVED) == said(bench.verdict(on_stage=write))


@kinds(Kind.JSONL, Kind.CODEX)
@pytest.mark.parametrize("moment", [StageName.INVENTORIED, StageName.OBSERVED])
def test_a_partial_tail_is_no_race(bench: Bench, moment: StageName) -> None:
    """An incomplete last line is appended: not raced, and a difference counts."""

    def append() -> None:
        with bench.path("s1").open("ab") as file:
            file.write(b'{"id": 1, "te')

    assert IDENTICAL == said(bench.verdict(on_stage=at(moment, append)))
    bench.parse = mutated(bench.right)
    assert VerdictClass.CHANGED is bench.verdict(on_stage=at(moment, append)).cls


@kinds(*FILES)
def test_half_a_line_that_is_finished_later_is_a_race(bench: Bench) -> None:
    """Broken JSON at t4, complete at the retry: raced, and no error of the parser."""

    def begin() -> None:
        with bench.path("s1").open("ab") as file:
            file.write(b'{"id": 1, \n')

    def end() -> None:
        content = bench.path("s1").read_bytes()
        bench.path("s1").write_bytes(content.replace(b", \n", b', "text": "x"}\n'))

    moments = {StageName.OBSERVED: begin, StageName.OBSERVED_AFTER: end}
    verdict = bench.verdict(on_stage=once(moments))
    assert MOVED == said(verdict)
    assert Phase.COMPARE is verdict.phase


@kinds(*FILES)
def test_half_a_line_that_is_undone_is_identical(bench: Bench) -> None:
    """Broken JSON at t4, as recorded at the retry."""
    content = bench.path("s1").read_bytes()
    moments = {
        StageName.OBSERVED: lambda: bench.path("s1").write_bytes(b"{\n"),
        StageName.OBSERVED_AFTER: lambda: bench.path("s1").write_bytes(content),
    }
    assert IDENTICAL == said(bench.verdict(on_stage=once(moments)))


@kinds(*FILES)
def test_broken_json_at_rest_is_a_parse_error(bench: Bench) -> None:
    """What was broken during the run and stays so is an error in the end."""
    write = at(StageName.OBSERVED, lambda: bench.path("s1").write_bytes(b"{\n"))
    verdict = bench.verdict(on_stage=write)
    assert (VerdictClass.PARSE_ERROR, Phase.PARSE) == (verdict.cls, verdict.phase)
    assert "PD401" in verdict.message


@kinds(*FILES)
def test_broken_json_that_keeps_moving_is_a_race(bench: Bench) -> None:
    """A parse error at every attempt, of a source written in every attempt."""

    def keep_writing(stage: object) -> None:
        if getattr(stage, "name", None) is StageName.OBSERVED:
            with bench.path("s1").open("ab") as file:
                file.write(b"{\n{}\n")

    verdict = bench.verdict(on_stage=keep_writing)
    assert MOVED == said(verdict)
    assert Phase.PARSE is verdict.phase


@kinds(*SEEN)
def test_no_retries_take_the_first_verdict(bench: Bench) -> None:
    """With ``raced_retries`` 0 a torn read stays raced."""
    parses = []

    def look(stage: object) -> None:
        if getattr(stage, "name", None) is StageName.PARSED:
            parses.append(stage)
        if getattr(stage, "name", None) is StageName.OBSERVED and len(parses) < 1:
            bench.write("s1")

    assert MOVED == said(bench.verdict(on_stage=look, raced_retries=0))
    assert len(parses) == (1 if bench.kind is Kind.ROWS else 2)
