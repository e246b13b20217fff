"""Recording real sources, and comparing with what was recorded."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from live_project import ARCHIVE, RECORD, SOURCE, LiveProject


def digest_of(*paths: Path) -> str:
    """Return one digest of all files below *paths*."""
    found = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                found.update(file.read_bytes())
    return found.hexdigest()


def test_what_was_recorded_is_identical(live: LiveProject) -> None:
    """A parser that did not change has nothing to answer for; nothing is written."""
    live.write("s1", "a", "b")
    live.write("s2", "c")

    recorded = live.record()
    before = digest_of(live.store, live.pytester.path / "a.db")
    result = live.compare()

    assert {"passed": 2} == recorded.parseoutcomes()
    recorded.stdout.fnmatch_lines(["run 1 into *a.db: ok", "2 sessions: 2 ok"])
    assert 0 == result.ret
    result.stdout.fnmatch_lines(["2 sessions: 2 identical", "gate passed"])
    assert before == digest_of(live.store, live.pytester.path / "a.db")


def test_a_changed_parser_is_told_from_a_moved_source(live: LiveProject) -> None:
    """The same difference: once with equal content, once with a write since then."""
    live.write("s1", "a")
    live.write("s2", "b")
    live.record()
    live.mutate()
    live.write("s2", "b", "more")

    result = live.compare()

    result.stdout.fnmatch_lines(
        [
            "PD509: lines session 's1' changed (content_equal): *",
            "raced (1):",
            "  lines s2 (newer_than_archive): *",
        ]
    )
    assert {"failed": 1, "stale": 1, "passed": 1} == result.parseoutcomes()


def test_lf_after_a_change(live: LiveProject) -> None:
    """Only the session that changed runs again, and is green when mended."""
    live.write("s1", "A")
    live.write("s2", "b")
    live.record()
    live.mutate()
    live.compare()

    again = live.compare("--lf")
    live.mutate(on=False)
    mended = live.compare("--lf")

    assert 1 == again.parseoutcomes()["failed"]
    assert 1 == mended.parseoutcomes()["passed"]
    assert 0 == mended.ret


def test_the_same_with_workers(live: LiveProject) -> None:
    """Recording and comparing; each source is parsed once."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    for number in range(6):
        live.write(f"s{number}", "a")

    recorded = live.pytester.runpytest_subprocess(*RECORD, "-n2")
    result = live.compare("-n2", new_process=True)

    recorded.stdout.fnmatch_lines(["6 sessions: 6 ok"])
    result.stdout.fnmatch_lines(["6 sessions: 6 identical", "gate passed"])


def test_a_source_that_fails_leaves_the_archive_as_it_was(live: LiveProject) -> None:
    """PD507 with the source; the others are not written either."""
    live.write("s1", "a")
    live.record()
    live.write("s1", "a", "b")
    (live.store / "bad.jsonl").write_text("{\n")

    result = live.record()

    assert {"passed": 1, "failed": 1} == result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "PD515: lines source 'bad.jsonl' cannot be parsed",
            "PD507: *",
            "lines bad.jsonl: PD401: adapter 'lines' raised *",
        ]
    )
    (live.store / "bad.jsonl").unlink()
    assert 1 == live.compare().parseoutcomes()["stale"]


def test_retry_records_what_was_left_undone(live: LiveProject) -> None:
    """After a failure that is everything: nothing was written."""
    live.write("s1", "a")
    bad = live.store / "s2.jsonl"
    bad.write_text("{\n")
    live.record()
    live.write("s2", "b")

    result = live.record("--parsediff-retry-failed", "-v")

    result.stdout.fnmatch_lines(
        [
            "pytest.ini::lines-s1.jsonl PASSED*",
            "pytest.ini::lines-s2.jsonl PASSED*",
            "*: ok",
            "2 sessions: 2 ok",
        ]
    )


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--parsediff-retry-failed=9", "*no run 9*"),
        ("--parsediff-retry-failed=x", "*expected the number of a run, got 'x'"),
        ("--parsediff-retry-failed", "*left nothing to record again"),
    ],
)
def test_nothing_to_retry(live: LiveProject, flag: str, message: str) -> None:
    """Status 4, before anything is parsed."""
    live.write("s1", "a")
    live.record()

    result = live.record(flag)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([f"ERROR: PD116: {message}"])


def test_a_session_alone_is_recorded(live: LiveProject) -> None:
    """The others stay as they are stored."""
    live.write("s1", "a")
    live.write("s2", "b")
    live.record()
    live.mutate()

    live.record("--parsediff-session=s1")
    result = live.compare()

    result.stdout.fnmatch_lines(["2 sessions: 1 identical, 1 changed"])
    result.stdout.fnmatch_lines(["  lines s2 (content_equal): *"])


@pytest.mark.parametrize("flags", [["-k", "s1"], ["-x"]])
def test_a_recording_that_does_not_parse_all_writes_nothing(
    live: LiveProject, flags: list[str]
) -> None:
    """PD521: what is left out would look as if it were gone."""
    (live.store / "s0.jsonl").write_text("{\n")
    live.write("s1", "a")

    result = live.record(*flags)

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["PD521: *were not parsed*nothing was written"])
    result.stdout.no_fnmatch_line("*: ok")


def test_collect_only_makes_no_archive(live: LiveProject) -> None:
    """The items are shown, and nothing is written."""
    live.write("s1", "a")

    result = live.record("--collect-only", "-q")

    result.stdout.fnmatch_lines(["pytest.ini::lines-s1.jsonl"])
    assert not (live.pytester.path / "a.db").exists()


def test_a_recording_leaves_no_throwaway_files(live: LiveProject) -> None:
    """Neither does a comparison."""
    live.write("s1", "a")
    tmp = live.pytester.mkdir("tmp")
    ini = live.pytester.path / "pytest.ini"
    ini.write_text(f"[pytest]\nparsediff_tmp = {tmp}\n")

    live.record()
    live.compare()

    assert [] == list(tmp.iterdir())


def test_sources_from_the_ini_file(live: LiveProject) -> None:
    """Then the archive alone is a whole command."""
    live.write("s1", "a")
    live.record()
    ini = live.pytester.path / "pytest.ini"
    ini.write_text("[pytest]\nparsediff_source = lines=store\n")

    assert 0 == live.pytester.runpytest(ARCHIVE).ret


def test_new_sessions_are_skipped(live: LiveProject) -> None:
    """They fail nothing, and say what to do about them."""
    live.write("s1", "a")
    live.record()
    live.write("s2", "b")

    result = live.compare("-rs")

    assert {"passed": 2, "skipped": 1} == result.parseoutcomes()
    result.stdout.fnmatch_lines(["SKIPPED *: new_on_disk: not stored yet"])


def test_a_limit_takes_the_newest(live: LiveProject) -> None:
    """The others are counted as left out, and are no items."""
    for number in range(4):
        path = live.write(f"s{number}", "a")
        os.utime(path, (1_700_000_000 + number,) * 2)
    live.record()

    result = live.compare("--parsediff-limit=2", "-v")
    sampled = live.compare("--parsediff-sample=50%", "--parsediff-seed=7")

    result.stdout.fnmatch_lines(
        [
            "pytest.ini::lines-s2 PASSED*",
            "pytest.ini::lines-s3 PASSED*",
            "4 sessions: 2 identical, 2 skipped",
        ]
    )
    assert {"passed": 3} == result.parseoutcomes()
    sampled.stdout.fnmatch_lines(["4 sessions: 2 identical, 2 skipped"])


def test_a_session_alone_is_compared(live: LiveProject) -> None:
    """One item for it, whatever else is there."""
    live.write("s1", "a")
    live.write("s2", "b")
    live.record()

    result = live.compare("--parsediff-session=s2", "-v")

    result.stdout.fnmatch_lines(["pytest.ini::lines-s2 PASSED*"])
    result.stdout.no_fnmatch_line("*lines-s1*")


def test_bodies_are_shown_only_when_asked_for(live: LiveProject) -> None:
    """A title is shown, a text with blanks is not."""
    (live.pytester.path / "conftest.py").write_text(
        (live.pytester.path / "conftest.py")
        .read_text()
        .replace('"title" in event', '"text" in event')
        .replace('event["title"] = event["title"]', 'event["text"] = event["text"]')
    )
    path = live.store / "s1.jsonl"
    path.write_text('{"sid": "s1", "id": 1, "text": "my secret plan"}\n')
    live.record()
    live.mutate()

    hidden = live.compare()
    shown = live.compare("--parsediff-show-bodies")

    hidden.stdout.no_fnmatch_line("*secret*")
    shown.stdout.fnmatch_lines(["*my secret plan*MY SECRET PLAN*"])


def test_append_resumes(live: LiveProject) -> None:
    """Without checkpoints there is nothing to resume: all is parsed, and right."""
    live.write("s1", "a")
    live.record()
    live.write("s1", "a", "b")

    result = live.record("--parsediff-record-mode=append")

    assert 0 == result.ret
    assert 0 == live.compare().ret


def test_a_stored_table_is_a_side(live: LiveProject) -> None:
    """A query over a tool's own database, instead of an archive."""
    live.write("s1", "a")
    live.record()
    toml = live.pytester.path / "parsediff.toml"
    toml.write_text(
        f"{toml.read_text()}\n"
        "[stored.mine]\n"
        'db = "a.db"\n'
        'adapter = "lines"\n'
        'sessions = "SELECT session, content_hash FROM sessions"\n'
        "records = \"SELECT 0 AS id, :session AS sid, 'a' AS title\"\n"
    )

    result = live.pytester.runpytest("--parsediff-stored=mine", SOURCE)
    unknown = live.pytester.runpytest("--parsediff-stored=yours", SOURCE)

    result.stdout.fnmatch_lines(["1 session: 1 identical"])
    unknown.stderr.fnmatch_lines(["ERROR: PD116: *no [[]stored.yours]; known are mine"])


def test_ctrl_c_writes_nothing(live: LiveProject) -> None:
    """The archive stays as it was, its ledger says why, and the next run is free."""
    live.write("s1", "a")
    live.record()
    live.write("s2", "b")
    conftest = live.pytester.path / "conftest.py"
    before = conftest.read_text()
    conftest.write_text(
        before.replace(
            "    for line in",
            "    if 's2' in str(path): raise KeyboardInterrupt\n    for line in",
        )
    )

    result = live.pytester.runpytest_subprocess(*RECORD)
    conftest.write_text(before)
    again = live.record()

    assert pytest.ExitCode.INTERRUPTED == result.ret
    result.stdout.fnmatch_lines(["PD521: interrupted; nothing was written"])
    again.stdout.fnmatch_lines(["run 3 into *: ok", "2 sessions: 1 ok, 1 unchanged"])
