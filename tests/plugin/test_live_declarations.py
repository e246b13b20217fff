"""Markers and TOML tables that declare what becomes of sessions."""

from __future__ import annotations

import pytest
from live_project import FakeRun, diff, verdict

from pytest_parsediff.diff.verdict import Reason

CHANGED = verdict("changed", "s1", fields=(diff("title"),))
RACED = verdict("raced", "s1", reason=Reason.MOVED_DURING_RUN)
GOOD = verdict("identical", "s1")
OTHER = verdict("identical", "s2")

TABLE = """\
[sessions.s1]
expect = "changed"
fields = ["title"]
reason = "titles are capitals now"
"""
CONFTEST = """\
import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.{mark})
"""


def toml(fake: FakeRun, text: str) -> None:
    """Write *text* as the project's parsediff.toml."""
    (fake.pytester.path / "parsediff.toml").write_text(text)


def test_an_expected_change_is_an_expected_failure(fake: FakeRun) -> None:
    """With its reason; the run passes."""
    fake.of(CHANGED, OTHER)
    toml(fake, TABLE)

    result = fake.run("-rx")

    assert 0 == result.ret
    assert {"xfailed": 1, "passed": 2} == result.parseoutcomes()
    result.stdout.fnmatch_lines(["XFAIL pytest.ini::lines-s1 - *titles are capitals*"])
    result.stdout.fnmatch_lines(["  lines s1 [[]as declared]: title"])


def test_runxfail_shows_what_is_expected(fake: FakeRun) -> None:
    """As for any expected failure."""
    fake.of(CHANGED, OTHER)
    toml(fake, TABLE)

    result = fake.run("--runxfail")

    result.stdout.fnmatch_lines(["PD509: lines session 's1' changed: title"])


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (GOOD, "it is identical"),
        (RACED, "it is raced (moved_during_run)"),
        (
            verdict("changed", "s1", fields=(diff("title"), diff("cost"))),
            "changed too: cost",
        ),
        (verdict("changed", "s1", fields=(diff("cost"),)), "did not change: title*"),
    ],
)
def test_a_change_that_is_another_one_fails(
    fake: FakeRun, found: object, message: str
) -> None:
    """Strict both ways: exactly these fields, and no other class."""
    fake.of(found, OTHER)  # type: ignore[arg-type]
    toml(fake, TABLE)

    result = fake.run()

    assert {"failed": 1, "passed": 2} == result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [f"PD511: parsediff.toml: session 's1' was declared changed: {message}"]
    )


def test_a_declared_race(fake: FakeRun) -> None:
    """It counts for no budget; a session that stood still fails."""
    toml(fake, '[sessions.s1]\nexpect = "raced"\n')
    fake.of(RACED, OTHER)
    assert 0 == fake.run("--parsediff-max-raced=0").ret

    fake.of(GOOD, OTHER)
    fake.run().stdout.fnmatch_lines(
        ["PD511: *'s1' was declared raced: it is identical"]
    )


def test_a_declared_session_that_nobody_knows(fake: FakeRun) -> None:
    """A typo in an id does not go unnoticed."""
    fake.of(GOOD)
    toml(fake, '[sessions.s11]\nexpect = "raced"\n')

    result = fake.run()

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(
        ["gate failed: PD511: *parsediff.toml: session 's11' was declared raced: *"]
    )


def test_a_change_without_fields_is_refused(fake: FakeRun) -> None:
    """Before anything is collected, with the file."""
    fake.of(GOOD)
    toml(fake, '[sessions.s1]\nexpect = "changed"\n')

    result = fake.run()

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["ERROR: PD103: parsediff.toml: expected the fields *"])


def test_pyproject_declares_too(fake: FakeRun) -> None:
    """In [tool.parsediff]."""
    fake.of(CHANGED, OTHER)
    table = TABLE.replace("[sessions.s1]", "[tool.parsediff.sessions.s1]")
    (fake.pytester.path / "pyproject.toml").write_text(table)

    assert 1 == fake.run().parseoutcomes()["xfailed"]


@pytest.mark.parametrize(
    "mark",
    [
        'expected_change(fields=["title"]), append=False',
        'expected_change("s1", "s9", fields=["title"], reason="x")',
        'expected_change(fields=("title",))',
    ],
)
def test_markers_from_a_conftest(fake: FakeRun, mark: str) -> None:
    """With ids, the sessions named; without, the item's own."""
    fake.of(CHANGED)
    item = "if item.name == 'lines-s1':\n            "
    text = CONFTEST.replace("item.add", f"{item}item.add")
    fake.conftest(text.replace("{mark}", mark))

    result = fake.run("--strict-markers")

    assert {"xfailed": 1, "passed": 1} == result.parseoutcomes()


def test_a_marker_with_ids_on_every_item_concerns_those_alone(fake: FakeRun) -> None:
    """A conftest need not know which item is which session."""
    fake.of(RACED, OTHER)
    fake.conftest(CONFTEST.format(mark='raced("s1")'))

    assert {"raced": 1, "passed": 2} == fake.run().parseoutcomes()


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('expected_change(feilds=["title"])', "unexpected keyword argument 'feilds'*"),
        ('expected_change(fields="title")', "fields: expected a list of names, *"),
        ("expected_change()", "missing 1 required keyword-only argument: 'fields'"),
        ('raced(reason="x")', "unexpected keyword argument 'reason'"),
        ("raced(1)", "raced: expected text, got 1"),
    ],
)
def test_a_marker_with_a_typo_fails(fake: FakeRun, mark: str, message: str) -> None:
    """PD103, and no verdict that could hide it."""
    fake.of(GOOD)
    fake.conftest(CONFTEST.format(mark=mark))

    result = fake.run()

    assert 1 == result.parseoutcomes()["failed"]
    result.stdout.fnmatch_lines([f"PD103: marker *{message}"])


def test_markers_are_registered(pytester: pytest.Pytester) -> None:
    """With their signatures, in every run."""
    shown = pytester.runpytest("--markers")

    shown.stdout.fnmatch_lines(
        [
            "@pytest.mark.raced(*sessions): *",
            "@pytest.mark.expected_change(*sessions, fields, reason): *",
        ]
    )
