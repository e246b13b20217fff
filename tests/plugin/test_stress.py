"""Blocks of plans as tests: collected, run, spread, replayed, remembered, interrupted."""

from __future__ import annotations

import re
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

SQL = """\
PRAGMA journal_mode = wal;
CREATE TABLE message(id TEXT PRIMARY KEY, session TEXT, data TEXT, updated INTEGER);
INSERT INTO message VALUES
    ('m0', 's0', 'v0', 1700000000000), ('m1', 's0', 'v0', 1700000000000);
"""
WRITER = """\
UPDATE message SET data = 'v1', updated = now_ms() WHERE id = 'm0';
INSERT INTO message VALUES ('m2', 's0', 'new', now_ms());
INSERT INTO message VALUES ('m3', 's1', 'new', now_ms());
"""
READER = """\
import sqlite3
import pytest
from pytest_parsediff import Checkpoint


class Reader:
    name = "reader"

    def __init__(self, sign):
        self.sign = sign

    def scan(self, source, cursor):
        db = sqlite3.connect(f"file:{source.path}?mode=ro", uri=True)
        try:
            watermark = int(cursor or 0)
            rows = db.execute(
                "SELECT id, session, data, updated FROM message"
                f" WHERE updated {self.sign} ? ORDER BY updated, id", (watermark,)
            ).fetchall()
            for id, session, data, updated in rows:
                yield {"id": id, "session": session, "data": data}
                watermark = max(watermark, updated)
            yield Checkpoint(str(watermark))
        finally:
            db.close()


def unseen(path):
    import subprocess, sys
    code = "import sqlite3, sys, json; print(json.dumps([r[0] for r in sqlite3.connect(sys.argv[1]).execute('SELECT id FROM message')]))"
    import json
    for id in json.loads(subprocess.check_output([sys.executable, "-c", code, path])):
        yield {"id": id}


class Moody(Reader):
    polls = 0

    def scan(self, source, cursor):
        yield from super().scan(source, cursor)
        Moody.polls += 1
        yield {"id": f"poll {Moody.polls}", "session": "s"}


class Threaded(Reader):
    def scan(self, source, cursor):
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(1) as pool:
            yield from pool.submit(lambda: list(super(Threaded, self).scan(source, cursor))).result()


@pytest.hookimpl(optionalhook=True)
def pytest_parsediff_adapters(config):
    return {"wrong": Reader(">"), "right": Reader(">="), "unseen": unseen, "moody": Moody(">="),
            "threaded": Threaded(">=")}
"""
TABLES = "\n".join(
    f'[adapters.{name}]\nsession = "session"\nkey = ["id"]'
    for name in ("wrong", "right", "unseen", "moody", "threaded")
)
LAWS = 'laws = ["snapshot", "converges"]'


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return a project without a scenario; its adapters differ in one sign."""
    pytester.makeconftest(READER)
    pytester.makeini("[pytest]\n")
    root = pytester.mkdir("scenarios")
    (root / "parsediff.toml").write_text(TABLES)
    return pytester


def add(pytester: pytest.Pytester, name: str, adapter: str, stress: str = LAWS) -> Path:
    """Add a scenario with a writer, and its golden."""
    folder = pytester.path / "scenarios" / name
    (folder / "writers").mkdir(parents=True)
    (folder / "fixture.sql").write_text(SQL)
    (folder / "writers/agent.sql").write_text(WRITER)
    toml = f'adapter = "{adapter}"\n[[writer]]\nscript = "writers/agent.sql"\n[stress]\n{stress}\n'
    (folder / "scenario.toml").write_text(toml)
    keys = {"unseen": ""}.get(adapter, ',"session":"s0"')
    data = "" if adapter == "unseen" else '"data":"v0",'
    golden = "".join(f'{{{data}"id":"m{n}"{keys}}}\n' for n in range(2))
    (folder / "expected.jsonl").write_text(golden)
    return folder


def token_in(result: pytest.RunResult) -> str:
    """Return the first token that was printed."""
    found = re.search(r"pd1:[a-z2-7]+", result.stdout.str())
    assert found is not None
    return found[0]


def test_a_scenario_with_writers_runs_its_plans(project: pytest.Pytester) -> None:
    """200 plans are two items beside the golden; the summary says what they prove."""
    add(project, "a", "right")

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*parsediff stress*",
            "200 plans, * per second",
            "*::a-plans-0: 100 plans (* sweep complete, * random), * observations, gaps *",
            "scenarios/a/fixture.sql::a-plans-1: 100 plans (100 random), *",
        ]
    )


def test_the_summary_says_what_is_not_followed(project: pytest.Pytester) -> None:
    """A pass says of which adapter it may not be the same again."""
    add(project, "a", "threaded", f"{LAWS}\nplans = 30")
    add(project, "b", "right", f"{LAWS}\nplans = 30")

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["a: it reads in other threads, where a plan may not always be the same"]
    )
    result.stdout.no_fnmatch_line("b: it reads *")


@pytest.mark.parametrize(
    ("stress", "flags", "blocks"),
    [
        ("plans = 0", [], 0),
        ("plans = 150", [], 2),
        ("plans = 150", ["--parsediff-stress=300"], 3),
        ("plans = 150", ["--parsediff-stress=0"], 0),
    ],
)
def test_the_number_of_items_depends_on_the_number_of_plans(
    project: pytest.Pytester, stress: str, flags: list[str], blocks: int
) -> None:
    """The flag goes before the table; zero plans are no items."""
    add(project, "a", "right", stress)

    result = project.runpytest("--parsediff", "--collect-only", "-q", *flags)

    expected = ["scenarios/a/fixture.sql::a"]
    expected += [f"scenarios/a/fixture.sql::a-plans-{n}" for n in range(blocks)]
    assert expected == result.outlines[: len(expected)]
    assert f"{len(expected)} test" in result.stdout.str()


def test_ini_values_are_defaults(project: pytest.Pytester) -> None:
    """What a flag can say a file can say."""
    add(project, "a", "right", "")
    project.makeini(
        "[pytest]\nparsediff_stress = 20\nparsediff_stress_strategy = pct\n"
    )

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*a-plans-0: 20 plans (20 random)*"])


COMPLETE = "sweep complete: 1 of 1 scenario"
CUT = "a: sweep cut after * of * plans; "


@pytest.mark.parametrize(
    ("flags", "lines"),
    [
        (
            ["--parsediff-stress=400"],
            ["*-plans-0: 100 plans (100 of * sweep)*", COMPLETE],
        ),
        (
            ["--parsediff-stress-strategy=exhaustive", "--parsediff-stress=3000"],
            ["*(100 of 108 exhaustive)*", "exhaustive complete: 1 of 1 *"],
        ),
        (
            ["--parsediff-stress=30"],
            [
                "* 30 plans (30 of * sweep)*",
                "sweep complete: 0 of 1 *",
                f"{CUT}--parse*",
            ],
        ),
        (
            ["--parsediff-stress=400", "-k", "plans-0"],
            ["sweep complete: 0 of 1 *", f"{CUT}its other blocks were not run"],
        ),
        (
            ["--parsediff-stress=400", "--parsediff-stress-time=0.01"],
            ["sweep complete: 0 of 1 *", f"{CUT}a longer --parsediff-stress-time *"],
        ),
    ],
)
def test_a_run_says_whether_all_was_run_that_has_an_end(
    project: pytest.Pytester, flags: list[str], lines: list[str]
) -> None:
    """All blocks of a scenario count together; what was cut off has its remedy."""
    add(project, "a", "right", 'laws = ["converges"]')
    (project.path / "scenarios/a/writers/agent.sql").write_text(
        "UPDATE message SET data = 'v1', updated = now_ms() WHERE id = 'm0';\n" * 7
    )

    result = project.runpytest("--parsediff", *flags)

    result.stdout.fnmatch_lines(lines)


def test_the_option_that_is_named_runs_all_of_it(project: pytest.Pytester) -> None:
    """One plan less does not."""
    add(project, "a", "right", 'laws = ["converges"]')
    cut = project.runpytest("--parsediff", "--parsediff-stress=10").stdout.str()
    found = re.search(r"--parsediff-stress=(\d+) runs all of it", cut)
    assert found is not None
    whole = int(found[1])

    seen = [
        project.runpytest("--parsediff", f"--parsediff-stress={n}").stdout.str()
        for n in (whole - 1, whole)
    ]

    assert [False, True] == [COMPLETE in text for text in seen]


def test_a_broken_law_shows_the_timeline_and_a_command_that_replays(
    project: pytest.Pytester,
) -> None:
    """The printed command fails in the same way; a fix passes, another writer is told."""
    folder = add(project, "a", "wrong", f"{LAWS}\nplans = 100")
    failed = project.runpytest("--parsediff")
    failed.assert_outcomes(passed=1, failed=1)
    failed.stdout.fnmatch_lines(
        [
            "PD615: *fixture.sql: a: law converges is broken: *",
            "stale: s0: *",
            "plan *: made small from 3 to 1 writer step in * replays",
            "*reader*agent*",
            "*snapshot SELECT*",
            "*UPDATE message*",
        ]
    )
    token = token_in(failed)
    last = next(line for line in failed.outlines if line.startswith("replay: "))
    arguments = last.removeprefix("replay: pytest ").split()

    again = project.runpytest(*arguments)

    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["PD615: *", "replayed: 1 writer step"])
    assert token == token_in(again)
    toml = folder / "scenario.toml"
    toml.write_text(toml.read_text().replace('"wrong"', '"right"'))
    project.runpytest(*arguments).assert_outcomes(passed=1)
    (folder / "writers/agent.sql").write_text(WRITER.replace("v1", "v2"))
    other = project.runpytest(*arguments)
    other.stdout.fnmatch_lines(["PD613: *"])


def test_tokens_of_failures_are_replayed_first(project: pytest.Pytester) -> None:
    """The next run fails with its first plan, and forgets the token once it passes."""
    folder = add(project, "a", "wrong", f"{LAWS}\nplans = 100")
    project.runpytest("--parsediff")
    cached = project.path / ".pytest_cache/v/parsediff/tokens"
    assert "pd1:" in cached.read_text()

    again = project.runpytest("--parsediff")

    again.stdout.fnmatch_lines(["plan -1: *", "1 plan, *, 1 broken"])
    project.makeconftest(READER.replace('Reader(">")', 'Reader(">=")'))
    project.runpytest("--parsediff").assert_outcomes(passed=2)
    assert "pd1:" not in cached.read_text()
    assert folder.is_dir()


def test_a_seed_gives_the_same_for_any_number_of_workers(
    project: pytest.Pytester,
) -> None:
    """Tokens and proofs are those of one process."""
    pytest.importorskip("xdist")
    add(project, "a", "right")
    add(project, "b", "wrong", f"{LAWS}\nplans = 100\nstrategy = 'pct'")

    def run(*flags: str) -> tuple[list[str], str]:
        project.path.joinpath(".pytest_cache").rename(project.path / "old") if (
            project.path / ".pytest_cache"
        ).exists() else None
        result = project.runpytest(
            "--parsediff", "--parsediff-seed=7", "-p", "no:cacheprovider", *flags
        )
        result.assert_outcomes(passed=4, failed=1)
        proofs = [line for line in result.outlines if "distinct observations" in line]
        return proofs, token_in(result)

    assert run() == run("-n", "2")


def test_junit_has_proof_and_token(project: pytest.Pytester) -> None:
    """Machines read both as properties of the test case."""
    add(project, "a", "right", f"{LAWS}\nplans = 10")
    add(project, "b", "wrong", f"{LAWS}\nplans = 100")

    project.runpytest("--parsediff", "--junitxml=out.xml")

    names = {
        case.get("name"): {p.get("name") for p in case.iter("property")}
        for case in ET.parse(project.path / "out.xml").iter("testcase")
    }
    assert {"parsediff_proof"} == names["a-plans-0"]
    assert {"parsediff_token"} == names["b-plans-0"]


def test_a_reader_that_nobody_can_follow_proves_nothing(
    project: pytest.Pytester,
) -> None:
    """Skipped with the reason; a failure where stress was asked for."""
    add(project, "a", "unseen", f"{LAWS}\nplans = 5")

    plain = project.runpytest("--parsediff", "-rs")
    asked = project.runpytest("--parsediff-stress=5")

    plain.assert_outcomes(passed=1, skipped=1)
    plain.stdout.fnmatch_lines(["SKIPPED *inconclusive: no gap fired*"])
    asked.assert_outcomes(passed=1, failed=1)
    asked.stdout.fnmatch_lines(["PD616: *no gap fired*", "hint: *", "again: *"])
    last = next(line for line in asked.outlines if line.startswith("again: "))
    again = project.runpytest(*last.removeprefix("again: pytest ").split())
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["PD616: *no gap fired*", last])


def test_a_reader_that_fails_in_the_quiet_has_a_command_too(
    project: pytest.Pytester,
) -> None:
    """The block is the same again with the number of plans, the seed and the strategy."""
    add(project, "a", "right", LAWS)
    project.makeconftest(READER.replace("updated FROM message", "updated FROM nowhere"))
    flags = "--parsediff-stress=150 --parsediff-seed=0 --parsediff-stress-strategy=pct"

    result = project.runpytest("--parsediff", *flags.split(), "-k", "plans-1")

    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        [
            "PD401: *no such table: nowhere*",
            "hint: *",
            f"again: pytest --parsediff scenarios/a/fixture.sql::a-plans-1 {flags}",
        ]
    )


def test_a_reader_that_differs_from_run_to_run_is_told_so(
    project: pytest.Pytester,
) -> None:
    """Before any plan: its failures could not be told from its moods."""
    folder = add(project, "a", "moody", f"{LAWS}\nplans = 5")
    (folder / "expected.jsonl").unlink()

    result = project.runpytest("--parsediff", "-k", "plans")

    result.stdout.fnmatch_lines(
        [
            "PD614: *two runs without writers differ*",
            "in the run without writers, *",
            "* 1  poll 1",
            "hint: Take threads, *",
            "replay: pytest --parsediff *a-plans-0 --parsediff-replay=pd1:*",
        ]
    )


def test_a_law_that_needs_no_plan_is_held_in_the_first_block(
    project: pytest.Pytester,
) -> None:
    """A reader that pins the WAL is caught before anybody writes, and by its name."""
    add(project, "a", "pins", 'laws = ["no-pin", "snapshot"]\nplans = 150')
    tables = project.path / "scenarios/parsediff.toml"
    own = '[adapters.pins]\nsession = "session"\nkey = ["id"]\n'
    tables.write_text(f"{TABLES}\n{own}")
    project.makeconftest(
        READER.replace('{"wrong":', '{"pins": Pins(), "wrong":')
        + textwrap.dedent(
            """
            class Pins:
                name = "pins"

                def scan(self, source, cursor):
                    db = sqlite3.connect(f"file:{source.path}?mode=ro", uri=True)
                    for id, session, data in db.execute(
                        "SELECT id, session, data FROM message"
                    ):
                        yield {"id": id, "session": session, "data": data}
                    db.close()
            """
        )
    )

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "PD615: *law no-pin is broken: *",
            "in the run without writers, which all plans start from:",
            " *reader",
            " 1  poll 1",
            " 2  file connect",
            " 3  snapshot SELECT *",
            "hint: See docs/laws.md#no-pin, *",
            "replay: pytest --parsediff *a-plans-0 --parsediff-replay=pd1:*",
        ]
    )
    last = next(line for line in result.outlines if line.startswith("replay: "))
    again = project.runpytest(*last.removeprefix("replay: pytest ").split())
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["PD615: *law no-pin is broken: *", last])


def test_a_law_of_changed_copies_shows_no_quiet_run(project: pytest.Pytester) -> None:
    """What the reader does with the store as it is says nothing of it."""
    add(project, "a", "right", 'laws = ["tolerant"]\nplans = 5')

    result = project.runpytest("--parsediff", "-k", "plans")

    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.no_fnmatch_line("in the run without writers*")
    result.stdout.fnmatch_lines(
        ["PD615: *law tolerant is broken: *", "replay: * --parsediff-replay=pd1:*"]
    )


@pytest.mark.parametrize(
    ("columns", "is_broken"), [("id, data", False), ("id, updated", True)]
)
def test_the_gate_is_tried_with_the_evidence_of_the_table(
    project: pytest.Pytester, columns: str, is_broken: bool
) -> None:
    """A row that changes without its stamp is blamed on the parser by poor evidence."""
    folder = add(project, "a", "right", 'laws = ["gate-sound"]\nplans = 5')
    (folder / "writers/agent.sql").write_text("UPDATE message SET data = 'v1';")
    query = f'evidence = "SELECT session, {columns} FROM message ORDER BY id"'
    tables = project.path / "scenarios/parsediff.toml"
    place = "[adapters.right]\n"
    tables.write_text(TABLES.replace(place, f"{place}{query}\n"))

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=2 - is_broken, failed=int(is_broken))
    if is_broken:
        result.stdout.fnmatch_lines(
            ["PD615: *law gate-sound is broken: session 's0' *"]
        )


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--parsediff-stress=many"],
            "PD116: --parsediff-stress: expected a whole number",
        ),
        (
            ["--parsediff-stress=-1"],
            "PD116: --parsediff-stress: expected a whole number",
        ),
        (["--parsediff-stress=1", "--parsediff-seed=x"], "PD116: --parsediff-seed"),
        (
            ["--parsediff-stress-strategy=luck"],
            "expected one of auto, sweep, pct, crash, exhaustive",
        ),
        (["--parsediff-stress-time=0"], "expected seconds above 0"),
        (["--parsediff-replay=pd1:nonsense!"], "PD612: "),
        (["--parsediff-stress=1", "--update-golden"], "PD330: "),
    ],
)
def test_flags_that_mean_nothing_are_usage_errors(
    project: pytest.Pytester, flags: list[str], said: str
) -> None:
    """Nothing is collected, and the hint says what to type."""
    add(project, "a", "right")

    result = project.runpytest(*flags)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    assert said in result.stderr.str()


def test_time_that_is_over_is_said(project: pytest.Pytester) -> None:
    """A bound in seconds cuts plans off, and no pass hides it."""
    add(project, "a", "right", f"{LAWS}\nplans = 100")

    result = project.runpytest("--parsediff", "--parsediff-stress-time=0.0001")

    text = result.stdout.str()
    assert "the time was over" in text


def test_an_update_runs_no_plans(project: pytest.Pytester) -> None:
    """Goldens are those of the quiet run."""
    folder = add(project, "a", "wrong")
    (folder / "expected.jsonl").unlink()

    result = project.runpytest("--update-golden")

    result.assert_outcomes(passed=1)
    assert (folder / "expected.jsonl").exists()


def test_ctrl_c_says_what_was_going_on(project: pytest.Pytester) -> None:
    """Whatever the reader is in the middle of, the run stops and reports."""
    add(project, "a", "right", f"{LAWS}\nplans = 100")
    project.makeconftest(
        READER
        + textwrap.dedent(
            """
            class Stops(Reader):
                calls = 0

                def scan(self, source, cursor):
                    Stops.calls += 1
                    if Stops.calls > 60:
                        raise KeyboardInterrupt
                    yield from super().scan(source, cursor)


            def pytest_parsediff_adapters(config):
                return {"right": Stops(">=")}
            """
        )
    )

    result = project.runpytest_subprocess("--parsediff", "-k", "plans")

    assert pytest.ExitCode.INTERRUPTED == result.ret
    result.stdout.fnmatch_lines(["interrupted in a-plans-0: * plans, * per second"])


def test_marks_of_the_scenario_are_those_of_its_plans(project: pytest.Pytester) -> None:
    """What is deselected with the scenario is deselected with all of it."""
    folder = add(project, "a", "wrong")
    toml = folder / "scenario.toml"
    toml.write_text('marks = ["slow"]\n' + toml.read_text())
    project.makeini("[pytest]\nmarkers = slow\n")

    result = project.runpytest("--parsediff", "-m", "not slow")

    result.assert_outcomes(deselected=3)


def test_a_writer_that_cannot_be_read_fails_its_plans_only(
    project: pytest.Pytester,
) -> None:
    """The golden is still compared, and the error names file and line."""
    folder = add(project, "a", "right")
    (folder / "writers/agent.sql").write_text("SELECT 1;\nUPDATE message SET")

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["PD611: *writers/agent.sql:2: *"])


def test_a_writer_that_fails_fails_its_plans(project: pytest.Pytester) -> None:
    """SQL that the store refuses is the script's mistake, not the reader's."""
    folder = add(project, "a", "right")
    (folder / "writers/agent.sql").write_text("INSERT INTO nowhere VALUES (1);")

    result = project.runpytest("--parsediff")

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["PD610: *step 'INSERT INTO nowhere*no such table: nowhere*"]
    )
