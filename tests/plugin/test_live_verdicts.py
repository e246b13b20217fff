"""One item per session: outcome, letter, count, and what a failure shows."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from live_project import FakeRun, diff, verdict

from pytest_parsediff.diff.verdict import Phase, Reason, VerdictClass

EVERY = [verdict(cls) for cls in VerdictClass]
MOVED = verdict("raced", reason=Reason.MOVED_DURING_RUN, fields=(diff("title"),))
CHANGED = verdict("changed", reason=Reason.CONTENT_EQUAL, fields=(diff("title"),))


@pytest.mark.parametrize(
    ("cls", "category", "letter", "word"),
    [
        ("identical", "passed", ".", "PASSED"),
        ("changed", "failed", "F", "FAILED"),
        ("raced", "raced", "~", "RACED"),
        ("incremental_skew", "skew", "i", "SKEW"),
        ("pending_resync", "pending", "p", "PENDING"),
        ("new_on_disk", "skipped", "s", "SKIPPED"),
        ("skipped", "skipped", "s", "SKIPPED"),
        ("transient_needs_retry", "retry", "t", "RETRY"),
        ("parse_error", "failed", "F", "FAILED"),
        ("excluded_by_parser", "failed", "F", "FAILED"),
    ],
)
def test_each_class_has_an_outcome(
    fake: FakeRun, cls: str, category: str, letter: str, word: str
) -> None:
    """In the progress line, with -v, and in the last line."""
    fake.of(verdict(cls, "s1"))

    result = fake.run()
    verbose = fake.run("-v")

    result.stdout.re_match_lines([rf"pytest\.ini {re.escape(letter)}\. "])
    verbose.stdout.fnmatch_lines([f"pytest.ini::lines-s1 {word}*"])
    expected = {"passed": 2} if category == "passed" else {"passed": 1, category: 1}
    assert expected == result.parseoutcomes()


@pytest.mark.parametrize("reason", ["newer_than_archive", "no_stored_watermark"])
def test_an_archive_that_is_behind_is_counted_apart(fake: FakeRun, reason: str) -> None:
    """It is no race in this run."""
    fake.of(verdict("raced", reason=Reason(reason)))

    assert 1 == fake.run().parseoutcomes()["stale"]


def test_vetoed_sessions_within_the_budget(fake: FakeRun) -> None:
    """They are counted as what they are."""
    fake.of(verdict("excluded_by_parser"), verdict("identical"))

    result = fake.run("--parsediff-max-excluded=1")

    result.stdout.fnmatch_lines(["pytest.ini e..*"])
    assert {"excluded": 1, "passed": 2} == result.parseoutcomes()


def test_skipped_sessions_say_why(fake: FakeRun) -> None:
    """The reason code, and what it means."""
    fake.of(verdict("skipped", reason=Reason.TRASHED), verdict("identical"))

    result = fake.run("-rs")

    result.stdout.fnmatch_lines(
        ["SKIPPED * pytest.ini*: trashed_in_archive: trashed in the archive"]
    )


def test_a_failure_shows_everything_on_lines_of_their_own(fake: FakeRun) -> None:
    """Cause, fields, evidence and commands; no traceback."""
    fake.of(
        verdict(
            "changed",
            "ses_1",
            source="a b.jsonl",
            reason=Reason.CONTENT_EQUAL,
            fields=(
                diff("title", '"a"', '"b"', detail="1 of 3 records"),
                diff("cwd", is_informational=True),
            ),
            evidence=("stored: size=3", "before: size=3"),
        )
    )

    result = fake.run()

    result.stdout.fnmatch_lines(
        [
            "PD509: lines session 'ses_1' changed (content_equal): title",
            "class: changed (content_equal), seen in phase compare",
            "source: a b.jsonl",
            '  title: "a" → "b" (1 of 3 records)',
            "  cwd: 1 → 2 [[]informational]",
            "evidence: stored: size=3",
            "evidence: before: size=3",
            "hint: *",
            f"again: pytest pytest.ini::lines-ses_1 {' '.join(COMMAND)}",
            (
                f"accept: pytest --parsediff-record=a.db {COMMAND[1]}"
                " --parsediff-session=ses_1"
            ),
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*Traceback*")


COMMAND = ("--parsediff-archive=a.db", "--parsediff-source=lines=store")


def test_the_printed_command_works(fake: FakeRun) -> None:
    """It runs this session, and only this one."""
    fake.of(verdict("changed", "x[1]::y z"), verdict("identical"))
    printed = fake.run().stdout.str()

    found = re.search(r"^again: pytest (\S+) ", printed, re.MULTILINE)
    assert found
    result = fake.pytester.runpytest(found[1], *COMMAND)

    assert {"failed": 1} == result.parseoutcomes()


def test_words_of_a_store_cannot_reach_the_terminal(fake: FakeRun) -> None:
    """Escape sequences and line ends are shown, wherever they come from."""
    evil = "\x1b[31m\r\n\u202e"
    fake.of(
        verdict(
            "changed",
            f"s{evil}",
            source=evil,
            fields=(diff(evil, evil, evil, detail=evil),),
            evidence=(evil,),
        ),
        verdict("parse_error", message=f"boom {evil}", phase=Phase.PARSE),
        verdict("raced", reason=Reason.UNREADABLE, message=evil),
    )

    for result in (fake.run("-v"), fake.run("-n1", new_process=True)):
        text = result.stdout.str()
        assert not re.search(r"[\x1b\r\u202e]", text)
        assert "parser: boom \\x1b[31m\\x0d" in text


def test_a_sweep_fails_for_what_no_item_covers(fake: FakeRun) -> None:
    """A source that nothing is stored of cannot be parsed: somebody must see it."""
    lost = verdict("parse_error", source="x.jsonl", message="boom")
    fake.of(
        verdict("identical"),
        swept=(
            replace(lost, session=""),
            verdict("skipped", reason=Reason.NOT_SAMPLED),
        ),
    )

    result = fake.run()

    result.stdout.fnmatch_lines(
        [
            "PD515: lines source 'x.jsonl' cannot be parsed",
            "3 sessions: 1 identical, 1 skipped, 1 parse_error",
        ]
    )
    assert {"failed": 1, "passed": 1} == result.parseoutcomes()


def test_junit_has_properties(fake: FakeRun) -> None:
    """Class, reason and fields of each session; the first line as message."""
    fake.of(CHANGED, MOVED)

    for flags in ([], ["-n1"]):
        fake.run("--junitxml=x.xml", *flags, new_process=bool(flags))
        cases = {
            case.get("name"): case
            for case in ET.parse(fake.pytester.path / "x.xml").iter("testcase")
        }
        found = {
            one.get("name"): one.get("value")
            for one in cases["lines-changed"].iter("property")
        }
        assert found == {
            "parsediff_class": "changed",
            "parsediff_reason": "content_equal",
            "parsediff_fields": "title",
            "parsediff_adapter": "lines",
            "parsediff_session": "changed",
        }
        failure = cases["lines-changed"].find("failure")
        assert failure is not None
        assert str(failure.get("message")).startswith("PD509: lines session 'changed'")
        assert cases["lines-raced"].find("failure") is None


@pytest.mark.parametrize("word", ["lines-s_2", "S_2", "s_2 and not other"])
def test_k_selects(fake: FakeRun, word: str) -> None:
    """By name, by id, and not by case."""
    fake.of(*(verdict("identical", f"s_{n}") for n in range(3)))

    result = fake.run("-k", word)

    assert {"passed": 1, "deselected": 3} == result.parseoutcomes()


def test_k_finds_an_id_as_it_is(fake: FakeRun) -> None:
    """Though the name of the item is escaped."""
    fake.of(verdict("identical", "a/b"), verdict("identical", "c"))

    assert 1 == fake.run("-k", "a/b").parseoutcomes()["passed"]


def test_collect_only_judges_nothing(fake: FakeRun) -> None:
    """The ids are there, no gate, and status 0."""
    fake.of(CHANGED, verdict("identical", "interrupt"))

    result = fake.run("--collect-only", "-q")

    assert 0 == result.ret
    result.stdout.fnmatch_lines(
        [
            "pytest.ini::lines-changed",
            "pytest.ini::lines-interrupt",
            "pytest.ini::sweep",
        ]
    )
    result.stdout.no_fnmatch_line("*gate*")


def test_lf_runs_what_failed(fake: FakeRun) -> None:
    """Also sessions with ids that pytest would not take."""
    fake.of(verdict("identical"), verdict("changed", "x[1]"), MOVED)
    fake.run()

    result = fake.run("--lf")

    assert {"failed": 1} == {
        key: number
        for key, number in result.parseoutcomes().items()
        if key != "deselected"
    }


def test_x_tells_what_was_found_until_then(fake: FakeRun) -> None:
    """The summary says that it is not all."""
    fake.of(verdict("identical"), CHANGED, MOVED)

    result = fake.run("-x")

    result.stdout.fnmatch_lines(
        [
            "the run did not get to its end; this is what was found until then",
            "2 sessions: 1 identical, 1 changed",
        ]
    )


def test_ctrl_c_tells_what_was_found_until_then(fake: FakeRun) -> None:
    """Status 2, as for any interrupted run; nothing has passed, and nothing failed."""
    fake.of(verdict("identical"), verdict("identical", "interrupt"), CHANGED)

    result = fake.run("--parsediff-report=report.json", new_process=True)

    assert pytest.ExitCode.INTERRUPTED == result.ret
    result.stdout.fnmatch_lines(
        ["the run did not get to its end*", "1 session: *", "gate not decided: *"]
    )
    report = json.loads((fake.pytester.path / "report.json").read_text("utf-8"))
    assert (False, False) == (report["complete"], report["gate"]["passed"])


def test_without_terminal_and_cache(fake: FakeRun) -> None:
    """Neither is needed."""
    fake.of(verdict("identical"), CHANGED)

    result = fake.run("-p", "no:terminal", "-p", "no:cacheprovider")

    assert pytest.ExitCode.TESTS_FAILED == result.ret


def test_other_tests_are_left_alone(fake: FakeRun) -> None:
    """Without a path only sessions run; with one, what it names."""
    fake.of(verdict("identical"))
    fake.pytester.makepyfile("def test_one():\n    pass\n")

    assert {"passed": 2} == fake.run().parseoutcomes()
    assert {"passed": 3} == fake.run(".").parseoutcomes()
    only = fake.run("test_other_tests_are_left_alone.py")
    only.stdout.fnmatch_lines(["gate failed: PD512: no session was selected, of 1"])
    assert 1 == only.ret


@pytest.mark.parametrize("flags", [["-k", "nothing"], ["-k", "nothing", "-n", "2"]])
def test_a_selection_of_nothing_is_left_to_pytest(
    fake: FakeRun, flags: list[str]
) -> None:
    """Status 5 as without the plugin: no pass, and no verdict on the archive."""
    if "-n" in flags:
        pytest.importorskip("xdist")
    fake.of(verdict("identical"), CHANGED)

    result = fake.run("--parsediff-report=report.json", *flags)

    assert pytest.ExitCode.NO_TESTS_COLLECTED == result.ret
    result.stdout.fnmatch_lines(["gate not decided: no session was selected, of 2"])
    result.stdout.no_fnmatch_line("*PD512*")
    report = json.loads((fake.pytester.path / "report.json").read_text("utf-8"))
    assert (False, False) == (report["complete"], report["gate"]["passed"])


def test_the_archive_stands_for_the_run_without_a_configuration_file(
    fake: FakeRun,
) -> None:
    """Ids begin with its name then."""
    fake.of(verdict("identical"))
    (fake.pytester.path / "pytest.ini").unlink()
    (fake.pytester.path / "a.db").touch()

    result = fake.run("-v")

    result.stdout.fnmatch_lines(["a.db::lines-identical PASSED*"])
    assert {"passed": 2} == result.parseoutcomes()


def test_the_same_with_workers(fake: FakeRun) -> None:
    """Counts, lists, gate and letters do not depend on who ran what."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    fake.of(*EVERY)

    alone, spread = (
        fake.run(*flags, "-p", "no:cacheprovider", new_process=True)
        for flags in ([], ["-n2"])
    )

    assert alone.parseoutcomes() == spread.parseoutcomes()
    assert alone.ret == spread.ret
    assert gate_section(alone) == gate_section(spread)


def gate_section(result: pytest.RunResult) -> list[str]:
    """Return what is printed about the gate."""
    lines = result.stdout.lines
    start = next(n for n, line in enumerate(lines) if "= parse-diff gate =" in line)
    end = next(
        n for n, line in enumerate(lines) if n > start and line.startswith("====")
    )
    return lines[start + 1 : end]


def test_an_archive_elsewhere_can_be_named(
    fake: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside the root folder ids are relative to it, and can be typed."""
    fake.of(verdict("identical", "s1"), verdict("identical", "s2"))
    root = fake.pytester.mkdir("project")
    for name in ("conftest.py", "verdicts.json"):
        (fake.pytester.path / name).rename(root / name)
    (fake.pytester.path / "pytest.ini").unlink()
    (fake.pytester.path / "a.db").touch()
    monkeypatch.chdir(root)
    flags = ("--rootdir=.", "--parsediff-archive=../a.db", COMMAND[1])

    shown = fake.pytester.runpytest(*flags, "--collect-only", "-q").outlines
    result = fake.pytester.runpytest(*flags, ".", "../a.db::lines-s2")

    assert "../a.db::lines-s2" in shown
    assert {"passed": 1} == result.parseoutcomes()


def test_a_failure_keeps_cause_and_colour_on_the_way_from_a_worker(
    fake: FakeRun,
) -> None:
    """The short summary has the first line, and the explanation its red."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    fake.of(CHANGED)

    result = fake.run("-n1", "-rf", "--color=yes", new_process=True)

    text = result.stdout.str()
    assert "\x1b[31m\x1b[1mPD509: lines session 'changed'" in text
    assert re.search(r"FAILED\S* pytest\.ini\S*lines-changed\S* - PD509: ", text)
