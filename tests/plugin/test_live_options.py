"""Flags of a live run: what is refused before anything is opened."""

from __future__ import annotations

import pytest

ARCHIVE = "--parsediff-archive=a.db"
SOURCE = "--parsediff-source=mine=store"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([ARCHIVE], "--parsediff-archive needs a --parsediff-source NAME=PATH"),
        (["--parsediff-record=a.db"], "--parsediff-record needs a --parsediff-source*"),
        (["--parsediff-stored=x"], "--parsediff-stored needs a --parsediff-source*"),
        ([SOURCE], "--parsediff-source needs --parsediff-archive, *"),
        (["--parsediff-limit=3"], "--parsediff-limit needs --parsediff-archive, *"),
        (["--parsediff-retry-failed"], "--parsediff-retry-failed needs *"),
        (
            [ARCHIVE, SOURCE, "--parsediff-record=b.db"],
            "--parsediff-archive and --parsediff-record cannot be used together",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-stored=x"],
            "--parsediff-archive and --parsediff-stored cannot be used together",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-retry-failed"],
            "--parsediff-retry-failed needs --parsediff-record",
        ),
        (
            [ARCHIVE, SOURCE, "--update-golden=plan"],
            "--update-golden and --parsediff-archive cannot be used together",
        ),
        (
            [ARCHIVE, "--parsediff-source=store"],
            "--parsediff-source: expected NAME=PATH, got 'store'",
        ),
        (
            [ARCHIVE, "--parsediff-source=mine="],
            "--parsediff-source: expected NAME=PATH, got 'mine='",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-limit=-1"],
            "--parsediff-limit: expected a number from 0 on, got '-1'",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-min-examined=many"],
            "min_examined: expected a whole number, or 0% to 100%, got 'many'",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-fail-on=racde"],
            "fail_on: expected one of *, got 'racde'; the nearest is 'raced'",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-max-raced=101%"],
            "max_raced: expected a whole number, or 0% to 100%, got '101%'",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-sample=5:stratfied"],
            "--parsediff-sample: expected one of *; the nearest is 'stratified'",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-seed=x"],
            "--parsediff-seed: expected a whole number, got 'x'",
        ),
        (
            ["--parsediff-record=a.db", SOURCE, "--parsediff-record-mode=some"],
            "--parsediff-record-mode: expected full or append, got 'some'",
        ),
        (
            ["--parsediff-record=a.db", SOURCE, "--parsediff-limit=3"],
            "--parsediff-limit and --parsediff-record cannot be used together",
        ),
        (
            [ARCHIVE, SOURCE, "--parsediff-record-mode=full"],
            "--parsediff-record-mode and --parsediff-archive cannot be used together",
        ),
        (
            ["--parsediff-archive=", SOURCE],
            "--parsediff-archive: expected a file, got ''",
        ),
    ],
)
def test_flags_that_mean_nothing_are_refused(
    pytester: pytest.Pytester, flags: list[str], message: str
) -> None:
    """PD116 and status 4, before anything is collected."""
    pytester.makepyfile("def test_one():\n    pass\n")

    result = pytester.runpytest(*flags)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([f"ERROR: PD116: {message}"])
    result.stdout.no_fnmatch_line("*collected*")


def test_ini_values_start_no_live_run(pytester: pytest.Pytester) -> None:
    """They are defaults; a plain run, and one of scenarios, stay what they are."""
    pytester.makeini("[pytest]\nparsediff_source = mine=store\nparsediff_limit = 3\n")
    pytester.makepyfile("def test_one():\n    pass\n")

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_bare_retry_flag_leaves_the_next_word_alone(
    pytester: pytest.Pytester,
) -> None:
    """The word behind it is a path."""
    pytester.makepyfile("def test_one():\n    pass\n")
    pytester.makeconftest(
        """
        def pytest_configure(config):
            print("ARGS", config.args, config.option.parsediff_retry_failed)
        """
    )
    flags = ["--parsediff-record=a.db", SOURCE, "--parsediff-retry-failed"]

    result = pytester.runpytest("-s", *flags, "tests_of_mine")

    result.stdout.fnmatch_lines(["ARGS [[]'tests_of_mine'[]] last"])
