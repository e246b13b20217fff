"""Declared races in plans: stale ones, and changes that nobody declared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SQL = """\
PRAGMA journal_mode = wal;
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT);
INSERT INTO message VALUES ('a0', 'a', 'v'), ('b0', 'b', 'v'), ('c0', 'c', 'v');
"""
#: One event per message, each session by a snapshot of its own; in one, if asked.
READER = """\
import sqlite3


def parse(path, begin=False):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        if begin:
            db.execute("BEGIN")
        for session in "abcd":
            sql = "SELECT id, session, data FROM message WHERE session = ? ORDER BY id"
            for row in db.execute(sql, (session,)).fetchall():
                yield dict(zip(("id", "session", "data"), row))
        db.rollback()
    db.close()


def at_once(path):
    yield from parse(path, True)


def pytest_parsediff_adapters(config):
    return {"mine": parse, "at_once": at_once}
"""
TABLE = 'session = "session"\nkey = ["id"]\nevidence = "SELECT session, id, data FROM message ORDER BY 2"\n'
A = "UPDATE message SET data = 'w' WHERE id = 'a0';\n"
B = "UPDATE message SET data = 'w' WHERE id = 'b0';\n"


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """Return a scenario of three sessions with its golden."""
    pytester.makeconftest(READER)
    pytester.makeini("[pytest]\n")
    root = pytester.mkdir("scenarios")
    tables = f"[adapters.mine]\n{TABLE}[adapters.at_once]\n{TABLE}"
    (root / "parsediff.toml").write_text(tables)
    folder = root / "one"
    (folder / "writers").mkdir(parents=True)
    (folder / "fixture.sql").write_text(SQL)
    golden = [f'{{"data":"v","id":"{n}0","session":"{n}"}}\n' for n in "abc"]
    (folder / "expected.jsonl").write_text("".join(golden))
    return folder


def write(
    folder: Path,
    *scripts: str,
    declared: str,
    adapter: str = "mine",
    ats: tuple[str, ...] = (),
    laws: str = '"converges"',
) -> None:
    """Write a scenario.toml with a writer per script, and races as declared."""
    toml = [f'adapter = "{adapter}"']
    for number, script in enumerate(scripts):
        (folder / "writers" / f"w{number}.sql").write_text(script)
        toml.append(f'[[writer]]\nscript = "writers/w{number}.sql"')
        toml += [f'at = "{ats[number]}"'] if ats else []
    toml += [f'[sessions.{name}]\nexpect = "raced"' for name in declared]
    toml.append(f"[stress]\nplans = 120\nlaws = [{laws}]\n")
    (folder / "scenario.toml").write_text("\n".join(toml))


@pytest.mark.parametrize("adapter", ["mine", "at_once"])
@pytest.mark.parametrize("laws", ["", '"converges"'])
def test_what_is_declared_and_done_passes(
    pytester: pytest.Pytester, folder: Path, adapter: str, laws: str
) -> None:
    """A reader with one snapshot is written to before it, which counts."""
    write(folder, A, B, declared="ab", adapter=adapter, laws=laws)

    pytester.runpytest("--parsediff").assert_outcomes(passed=3)


def test_a_race_that_no_step_makes_is_stale(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """The block with the sweep says so once, and the verdict of the scenario too."""
    write(folder, A, declared="ab")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*PD618: *'b' was declared raced: no writer touched it while it was read",
            "*PD618: *'b' was declared raced: no step of any plan changed it while *",
        ]
    )


def test_a_change_between_two_reads_must_be_declared(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """Where races are declared, and only for sessions that were there before."""
    write(folder, A, B, declared="a")

    result = pytester.runpytest("--parsediff", "-k", "plans-0")

    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        ["PD618: *session 'b' was changed between two reads of one poll *"]
    )


def test_a_change_outside_of_reads_is_for_the_verdict(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """With one snapshot nothing is between two reads; the item of the scenario fails."""
    write(folder, A, B, declared="a", adapter="at_once")

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["PD510: session 'b' of adapter 'at_once' is raced: *"])


@pytest.mark.parametrize(
    ("second", "declared", "ats"),
    [
        (B, "", ()),
        ("INSERT INTO message VALUES ('d0', 'd', 'v');", "a", ()),
        (f"{B}UPDATE message SET data = 'v' WHERE id = 'b0';", "a", ()),
        (B, "a", ("observed", "judged")),
    ],
)
def test_what_no_verdict_would_call_raced_need_not_be_declared(
    pytester: pytest.Pytester,
    folder: Path,
    second: str,
    declared: str,
    ats: tuple[str, ...],
) -> None:
    """No declaration at all, a new session, a change that is taken back, a late writer."""
    write(folder, A, second, declared=declared, ats=ats)

    pytester.runpytest("--parsediff").assert_outcomes(passed=3)


def test_a_golden_of_verdicts_declares_too(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """What it says of a session somebody has accepted."""
    write(folder, A, B, declared="a")
    lines = [
        f'{{"class":"raced","fields":["/data"],"reason":"moved_during_run","session":"{n}"}}\n'
        for n in "ab"
    ]
    same = '{"class":"identical","fields":[],"reason":null,"session":"c"}\n'
    (folder / "expected.verdicts.jsonl").write_text("".join([*lines, same]))

    pytester.runpytest("--parsediff").assert_outcomes(passed=3)


def test_random_plans_that_miss_a_race_do_not_make_it_stale(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """The plan in which every step happens has the last word."""
    write(folder, A, B, declared="ab")

    flags = ("--parsediff-stress-strategy=pct", "--parsediff-stress=1")
    for seed in (3, 13, 15, 16):  # one of the steps comes after the last poll
        result = pytester.runpytest("--parsediff", *flags, f"--parsediff-seed={seed}")
        assert "PD618" not in result.stdout.str()


def test_a_marker_without_sessions_fails_the_plans_too(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """A typed error, no traceback."""
    write(folder, A, declared="")
    toml = folder / "scenario.toml"
    toml.write_text(f'marks = ["raced"]\n{toml.read_text()}')

    result = pytester.runpytest("--parsediff", "-k", "plans-0")

    result.stdout.fnmatch_lines(["PD103: marker raced: expected at least one *"])


def test_an_undeclared_change_has_a_small_plan_that_replays(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """The timeline has the one step; the command fails alike, until it is declared."""
    write(folder, A, B, declared="a")

    failed = pytester.runpytest("--parsediff", "-k", "plans-0")

    failed.stdout.fnmatch_lines(
        [
            "PD618: *session 'b' was changed between two reads of one poll *",
            "made small from * to 1 writer step in * replays",
            "*snapshot SELECT*",
            "*UPDATE message SET data = 'w' WHERE id*",
            '*emit *"data":"w","id":"b0"*',
            "hint: *",
            "replay: pytest --parsediff *",
        ]
    )
    last = next(line for line in failed.outlines if line.startswith("replay: "))
    again = pytester.runpytest(*last.removeprefix("replay: pytest ").split())
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["PD618: *session 'b' *", "replayed: 1 writer step"])
    write(folder, A, B, declared="ab")
    declared = pytester.runpytest(*last.removeprefix("replay: pytest ").split())
    declared.assert_outcomes(passed=1)


def test_a_replay_says_of_no_race_that_it_is_stale(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """One plan need not make it."""
    write(folder, A, B, declared="a")
    text = pytester.runpytest("--parsediff", "-k", "plans-0").stdout.str()
    token = re.search(r"pd1:[a-z2-7]+", text)
    assert token is not None
    write(folder, A, B, declared="abc")  # nobody touches c, and this plan not a

    replay = f"--parsediff-replay={token[0]}"
    result = pytester.runpytest("--parsediff", "-k", "plans-0", replay)

    result.assert_outcomes(passed=1, deselected=1)


def test_nothing_is_stale_where_sessions_are_not_told_apart(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """An adapter without `session` has one per source; plans cannot say more."""
    tables = folder.parent / "parsediff.toml"
    tables.write_text('[adapters.mine]\nkey = ["id"]\n')
    write(folder, A, declared="")
    toml = folder / "scenario.toml"
    text = toml.read_text()
    toml.write_text(f'{text}[sessions."fixture.db"]\nexpect = "raced"\n')

    result = pytester.runpytest("--parsediff", "-k", "plans-0")

    assert "PD618" not in result.stdout.str()
    result.assert_outcomes(passed=1, deselected=2)
