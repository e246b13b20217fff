"""Flags of the gate: what fails a run, and with which words."""

from __future__ import annotations

import pytest
from live_project import FakeRun, verdict

from pytest_parsediff.diff.verdict import Reason, Verdict

RACED = [verdict("raced", f"r{n}", reason=Reason.MOVED_DURING_RUN) for n in range(2)]
STALE = verdict("raced", "old", reason=Reason.NEWER_THAN_ARCHIVE)
GOOD = [verdict("identical", f"g{n}") for n in range(8)]
VETOED = [verdict("excluded_by_parser", f"v{n}") for n in range(2)]


@pytest.mark.parametrize(
    ("items", "flags", "line"),
    [
        (
            [*GOOD, *RACED],
            ["--parsediff-max-raced=1"],
            "PD513: 2 sessions raced, of 10*",
        ),
        ([*GOOD, *RACED], ["--parsediff-max-raced=19%"], "PD513: 2 sessions raced*19%"),
        ([*GOOD, STALE], [], "PD513: 1 session newer than the archive, of 9*"),
        (
            [*GOOD, *VETOED],
            ["--parsediff-max-excluded=1"],
            "PD514: 2 sessions excluded by the parser, of 10; max_excluded is 1",
        ),
        (
            GOOD,
            ["--parsediff-min-examined=9"],
            "PD513: 8 sessions examined, of 8; min_examined is 9",
        ),
        ([], [], "PD512: no session was stored or found"),
        (RACED, [], "PD512: nothing was verified; 2 sessions: 2 raced"),
        ([verdict("pending_resync")], [], "PD512: nothing was verified; *pending*"),
        ([verdict("skipped")], [], "PD512: nothing was verified; *skipped"),
        ([*GOOD, *RACED], ["--parsediff-fail-on=raced"], "PD510: 2 sessions raced"),
        (
            [verdict("transient_needs_retry"), verdict("identical")],
            ["--parsediff-max-needs-retry=0"],
            "PD513: 1 session put off by the parser, of 2; max_needs_retry is 0",
        ),
    ],
)
def test_what_fails_a_run(
    fake: FakeRun, items: list[Verdict], flags: list[str], line: str
) -> None:
    """Status 1, the code, what was counted and what was allowed."""
    fake.of(*items)

    result = fake.run(*flags)

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines([f"gate failed: {line}", "  hint: *"])
    result.stdout.no_fnmatch_line("gate passed")


@pytest.mark.parametrize(
    ("items", "flags"),
    [
        (GOOD, []),
        ([*GOOD, *RACED], []),
        ([*GOOD, *RACED], ["--parsediff-max-raced=20%"]),
        ([*GOOD, STALE], ["--parsediff-max-stale=1"]),
        ([*GOOD, STALE], ["--parsediff-max-stale=none"]),
        ([*GOOD, *VETOED], ["--parsediff-max-excluded=2"]),
        ([*GOOD, verdict("changed")], ["--parsediff-fail-on=none"]),
        ([*GOOD, verdict("new_on_disk")], []),
        (RACED, ["--parsediff-min-examined=0"]),
    ],
)
def test_what_passes(fake: FakeRun, items: list[Verdict], flags: list[str]) -> None:
    """Status 0, and the summary says so."""
    fake.of(*items)

    result = fake.run(*flags)

    assert 0 == result.ret
    result.stdout.fnmatch_lines(["gate passed"])


def test_ini_values_are_defaults(fake: FakeRun) -> None:
    """A flag replaces one."""
    fake.of(*GOOD, *RACED)
    ini = "[pytest]\nparsediff_max_raced = 1\nparsediff_fail_on = changed, raced\n"
    (fake.pytester.path / "pytest.ini").write_text(ini)

    result = fake.run()
    relaxed = fake.run("--parsediff-max-raced=2", "--parsediff-fail-on=changed")

    result.stdout.fnmatch_lines(["gate failed: PD510: *", "*", "gate failed: PD513: *"])
    assert 0 == relaxed.ret


def test_a_selection_need_not_reach_the_minimum(fake: FakeRun) -> None:
    """Whoever asks for one session gets a verdict on it."""
    fake.of(*GOOD)
    flag = "--parsediff-min-examined=5"

    assert 0 == fake.run(flag, "-k", "g3").ret
    assert 0 == fake.run(flag, "pytest.ini::lines-g1").ret
    assert 0 == fake.run(flag, "-k", "g3", "-n1", new_process=True).ret


def test_lists_are_capped_and_say_how_to_see_the_rest(fake: FakeRun) -> None:
    """Twenty of each class; all of them with -v."""
    fake.of(*(verdict("raced", f"r{n:02}") for n in range(30)), *GOOD)

    result = fake.run()
    verbose = fake.run("-v")

    result.stdout.fnmatch_lines(
        [
            "raced (30):",
            "  lines r19",
            "  … 10 more",
            (
                "all of them: pytest --parsediff-archive=a.db"
                " --parsediff-source=lines=store -v"
            ),
        ]
    )
    verbose.stdout.fnmatch_lines(["  lines r29"])
    verbose.stdout.no_fnmatch_line("all of them*")


def test_the_gate_counts_with_workers(fake: FakeRun) -> None:
    """Budgets are about the whole run, whoever judged what."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    fake.of(*GOOD, *RACED)

    result = fake.run("--parsediff-max-raced=1", "-n2", new_process=True)

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["gate failed: PD513: 2 sessions raced, of 10*"])
