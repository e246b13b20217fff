"""Bad input: one typed error with code, place and hint; the others still run."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from user_project import GOLDEN, SQL, AddScenario


@pytest.fixture
def run(pytester: pytest.Pytester, add: AddScenario) -> RunOne:
    """Return a function that runs the scenario ``bad`` beside one that is good."""
    add("good")
    return RunOne(pytester)


class RunOne:
    """Runs the project and takes the error of its scenario ``bad`` apart."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def __call__(self, *arguments: str) -> str:
        """Return the text of the error; check what holds for each of them."""
        result = self.pytester.runpytest_subprocess("--parsediff", *arguments)
        text = result.stdout.str()
        outcomes = result.parseoutcomes()
        assert outcomes.get("passed") == 1, text
        assert outcomes.get("failed", 0) + outcomes.get("errors", 0) == 1, text
        assert "pytest_parsediff/" not in text, "a traceback of ours"
        assert "INTERNALERROR" not in text
        codes = re.findall(r"^PD\d{3}: ", text, re.MULTILINE)
        assert len(codes) == 1, text
        assert re.search(r"^(  )?(hint|accept): .", text, re.MULTILINE), text
        return text


def in_process(pytester: pytest.Pytester, body: str, toml: str = "") -> None:
    """Give the scenario ``bad`` an adapter with this Python body."""
    indented = "\n".join(f"    {line}" for line in body.split("\n"))
    (pytester.path / "bad_reader.py").write_text(f"def read(path):\n{indented}\n")
    (pytester.path / "scenarios/bad").mkdir(exist_ok=True)
    (pytester.path / "scenarios/bad/fixture.sql").write_text(SQL)
    (pytester.path / "scenarios/bad/expected.jsonl").write_text(GOLDEN)
    (pytester.path / "scenarios/bad/scenario.toml").write_text(
        f'adapter = "bad_reader:read"\n{toml}'
    )


def as_command(pytester: pytest.Pytester, body: str, toml: str = "") -> None:
    """Give the scenario ``bad`` a command that runs this Python program."""
    folder = pytester.path / "scenarios/bad"
    folder.mkdir(exist_ok=True)
    (pytester.path / "bad_command.py").write_text(body)
    (folder / "fixture.sql").write_text(SQL)
    (folder / "expected.jsonl").write_text(GOLDEN)
    (folder / "scenario.toml").write_text('adapter = "bad"\n')
    command = json.dumps(
        [sys.executable, "{config_dir}/../bad_command.py", "{store}", "{store_dir}"]
    )
    (pytester.path / "scenarios/parsediff.toml").write_text(
        f"[adapters.bad]\ncommand = {command}\n{toml}"
    )


def test_a_notice_that_is_an_error_fails_the_scenario(
    pytester: pytest.Pytester, run: RunOne
) -> None:
    """All that could not be read is listed, though the golden is met."""
    in_process(
        pytester,
        "from pytest_parsediff import Notice\n"
        "import conftest\n"
        "yield from conftest.rows(path)\n"
        "for n in (1, 2): yield Notice('session-error', f'row {n}', 'ses_1')",
    )

    text = run()

    assert "PD515: scenarios/bad/fixture.sql: ses_1: row 1, and 1 more" in text
    assert "\nses_1: row 2\n" in text


# --- scenarios and fixtures -------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"fixture.sql": "CREATE TABLE t (x);\n  INSERT INTO tt VALUES (1);"},
            "PD201: scenarios/bad/fixture.sql:2:3: no such table: tt",
        ),
        (
            {"fixture.sql": "SELECT 1;\nSELEC 2;"},
            'PD201: scenarios/bad/fixture.sql:2:1: near "SELEC": syntax error',
        ),
        (
            {"fixture.sql": "ATTACH 'x.db' AS x;"},
            "PD202: scenarios/bad/fixture.sql:1:1: refused: ATTACH*",
        ),
        (
            {
                "fixture.sql": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 "
                "FROM c) SELECT count(*) FROM c;",
                "scenario.toml": "build_timeout_s = 0.2",
            },
            "PD203: scenarios/bad/fixture.sql:1:1: *longer than 0.2 s",
        ),
        (
            {
                "fixture.sql": "SELECT zeroblob(2000000);",
                "scenario.toml": "max_value_mb = 1",
            },
            "PD204: scenarios/bad/fixture.sql:1*: *larger than 1 MB",
        ),
        (
            {"fixture.sql": b"SELECT 1;\nSELECT '\xff';"},
            "PD205: scenarios/bad/fixture.sql:2: byte 0xff is not UTF-8",
        ),
        (
            {"fixture.sql": "BEGIN;\nCREATE TABLE t (x);\n"},
            "PD207: scenarios/bad/fixture.sql:2: *inside a transaction",
        ),
        (
            {"fixture.sql": SQL, "scenario.toml": 'adaptor = "rows"\n'},
            (
                "PD101: scenarios/bad/scenario.toml:1: unknown key 'adaptor'; "
                "the nearest known key is 'adapter'"
            ),
        ),
        (
            {"fixture.sql": SQL, "scenario.toml": "\n[stress]\nplan = 1\n"},
            (
                "PD101: scenarios/bad/scenario.toml:3: unknown key 'plan'; "
                "the nearest known key is 'plans'"
            ),
        ),
        (
            {"fixture.sql": SQL, "scenario.toml": "timeout_s = 'long'\n"},
            "PD103: scenarios/bad/scenario.toml:1: timeout_s: *",
        ),
        (
            {"fixture.sql": SQL, "scenario.toml": "a = \n"},
            "PD104: scenarios/bad/scenario.toml:1:5: Invalid value",
        ),
        (
            {"fixture.sql": SQL, "files/x": "x"},
            "PD105: scenarios/bad: expected one store, got both*",
        ),
        (
            {"scenario.toml": ""},
            "PD107: scenarios/bad: expected fixture.sql or files/*",
        ),
        ({"expected.jsonl": GOLDEN}, "PD320: scenarios/bad/expected.jsonl: *"),
        (
            {"fixture.sql": SQL, "inner/fixture.sql": SQL},
            "PD114: scenarios/bad/inner: *lies inside the scenario*",
        ),
        (
            {"fixture.sql": SQL, "scenario.toml": 'source = "../../etc/x.db"\n'},
            "PD111: scenarios/bad/scenario.toml: source: *'../../etc/x.db'",
        ),
        (
            {"fixture.sql": SQL, "scenario.toml": 'adapter = "rowz"\n'},
            "PD112: *rowz*",
        ),
        (
            {
                "fixture.sql": "PRAGMA journal_mode = DELETE;",
                "scenario.toml": 'journal = "wal"\n',
            },
            "PD206: scenarios/bad/fixture.sql: *",
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_a_broken_scenario(
    pytester: pytest.Pytester,
    run: RunOne,
    files: dict[str, str | bytes],
    expected: str,
) -> None:
    """Each kind of broken folder has its own code, with the place."""
    for name, content in files.items():
        path = pytester.path / "scenarios/bad" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    text = run()

    pytest.LineMatcher(text.split("\n")).fnmatch_lines([expected])


@pytest.mark.parametrize("target", ["/etc/hostname", "../../../outside"])
def test_a_link_that_leaves_the_folder(
    pytester: pytest.Pytester, run: RunOne, target: str
) -> None:
    """A file store may not reach outside ``files/`` (PD111)."""
    folder = pytester.path / "scenarios/bad"
    (folder / "files").mkdir(parents=True)
    (folder / "scenario.toml").write_text("")
    (folder / "files/link").symlink_to(target)

    text = run()

    assert f"PD111: scenarios/bad/files/link: the link leads to {target}" in text


def test_a_folder_that_cannot_be_typed(pytester: pytest.Pytester, run: RunOne) -> None:
    """A name with a bracket or a space is refused (PD109)."""
    folder = pytester.path / "scenarios/two words"
    folder.mkdir()
    (folder / "fixture.sql").write_text(SQL)

    assert "PD109: scenarios/two words: " in run()


def test_no_adapter_at_all(pytester: pytest.Pytester, add: AddScenario) -> None:
    """A scenario that nothing reads says where to name an adapter (PD113)."""
    add("a")
    pytester.makeini("[pytest]\n")

    result = pytester.runpytest("--parsediff", "-rf")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["hint: *parsediff_adapter*", "FAILED*PD113*"])


# --- adapters ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "toml", "expected"),
    [
        ("raise ValueError('odd row')", "", "PD401: *raised ValueError: odd row"),
        ("while True: pass", "timeout_s = 0.3\n", "PD402: *timeout_s=0.3*"),
        (
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            "timeout_s = 0.3\n",
            "PD402: *timeout_s=0.3*",
        ),
        ("yield 'garbage'", "", "PD405: *"),
        ("yield {'x': float('nan')}", "", "PD405: *nan*"),
        ("yield {1: 2}", "", "PD405: *"),
        ("return None", "", "PD4*"),
        ("raise SystemExit(3)", "", "PD409: *3*"),
        (
            (
                "import sqlite3\nc = sqlite3.connect(path)\nc.execute('DELETE FROM t')\n"
                "c.commit()\nc.close()\nreturn []"
            ),
            "",
            "PD406: *changed store.db*",
        ),
        ("path.with_name('x.lock').touch()\nreturn []", "", "PD406: *created x.lock*"),
        ("import os\nos.utime(path)\nreturn []", "", "PD406: *modification time*"),
        ("import os\nos.unlink(path)\nreturn []", "", "PD406: *removed store.db*"),
        ("while True: yield {'x': 'y' * 1000}", "timeout_s = 5\n", "PD40[27]: *"),
    ],
    ids=[
        "raises",
        "hangs",
        "hangs and swallows",
        "garbage",
        "nan",
        "integer key",
        "none",
        "exits",
        "writes",
        "creates",
        "touches",
        "removes",
        "endless",
    ],
)
def test_a_bad_adapter_in_process(
    pytester: pytest.Pytester, run: RunOne, body: str, toml: str, expected: str
) -> None:
    """What a Python adapter does wrong fails its scenario and no other."""
    in_process(pytester, body, toml)
    if "endless" in str(expected) or "y' * 1000" in body:
        (pytester.path / "scenarios/parsediff.toml").write_text(
            '[adapters."bad_reader:read"]\nmax_output_mb = 1\n'
        )

    text = run()

    pytest.LineMatcher(text.split("\n")).fnmatch_lines([expected])


@pytest.mark.parametrize(
    ("body", "toml", "expected"),
    [
        ("import sys; sys.exit(3)", "", "PD403: *exit*3*"),
        ("import time; time.sleep(60)", "timeout_s = 0.5\n", "PD402: *timeout_s=0.5*"),
        ("print('garbage')", "", "PD404: *"),
        ("print('{\"x\": NaN}')", "", "PD405: *"),
        ("print('[1, 2]')", "", "PD405: *"),
        ('import sys; sys.stdout.buffer.write(b\'{"x":"\\xff"}\')', "", "PD404: *"),
        (
            (
                "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n"
                "c.execute('DELETE FROM t')\nc.commit()\n"
            ),
            "",
            "PD406: *changed store.db*",
        ),
        ("while True: print('{}' * 1000)", "max_output_mb = 1\n", "PD407: *"),
    ],
    ids=[
        "exits 3",
        "hangs",
        "garbage",
        "nan",
        "array",
        "not utf-8",
        "writes",
        "endless",
    ],
)
def test_a_bad_command(
    pytester: pytest.Pytester, run: RunOne, body: str, toml: str, expected: str
) -> None:
    """What a command does wrong fails its scenario and no other."""
    as_command(pytester, body, toml)

    text = run()

    pytest.LineMatcher(text.split("\n")).fnmatch_lines([expected])


def test_the_end_of_stderr_is_shown_without_its_escapes(
    pytester: pytest.Pytester, run: RunOne
) -> None:
    """A failing command's last words are in the error, harmless to the terminal."""
    as_command(
        pytester,
        "import sys; sys.stderr.write('\\x1b[2Jno such table\\n'); sys.exit(1)",
    )

    text = run()

    assert "no such table" in text
    assert "\x1b[2J" not in text


def test_an_adapter_that_dies_is_contained_by_a_process(
    pytester: pytest.Pytester, run: RunOne
) -> None:
    """``isolation = "process"`` turns the death of an adapter into an error (PD409)."""
    in_process(pytester, "import os\nos._exit(9)")
    (pytester.path / "scenarios/parsediff.toml").write_text(
        '[adapters.dying]\npython = "bad_reader:read"\nisolation = "process"\n'
    )
    (pytester.path / "scenarios/bad/scenario.toml").write_text('adapter = "dying"\n')
    (pytester.path / "scenarios/bad_reader.py").write_text(
        (pytester.path / "bad_reader.py").read_text()
    )

    text = run()

    pytest.LineMatcher(text.split("\n")).fnmatch_lines(["PD409: *9*"])


def test_a_missing_command_skips_or_fails(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A tool that is not installed is a reason to skip, unless it is required."""
    add("a", toml='adapter = "tool"\n')
    toml = pytester.path / "scenarios/parsediff.toml"
    toml.write_text('[adapters.tool]\ncommand = ["no-such-tool-here"]\n')

    skipped = pytester.runpytest("--parsediff", "-rs")
    toml.write_text(toml.read_text() + "required = true\n")
    failed = pytester.runpytest("--parsediff", "-rf")

    skipped.assert_outcomes(skipped=1)
    skipped.stdout.fnmatch_lines(
        ["SKIPPED*scenarios/a/fixture.sql:1: *no-such-tool-here*not installed*"]
    )
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["FAILED*PD408*"])


def test_a_twenty_megabyte_event(pytester: pytest.Pytester, add: AddScenario) -> None:
    """Size alone is no error, and a difference in it is shown in few characters."""
    folder = add(
        "a",
        sql="CREATE TABLE t (id, x); INSERT INTO t VALUES (1, hex(zeroblob(10000000)));",
        golden=None,
    )
    pytester.runpytest("--update-golden").assert_outcomes(passed=1)
    golden = folder / "expected.jsonl"
    data = golden.read_bytes()
    assert len(data) > 20_000_000

    passed = pytester.runpytest("--parsediff")
    golden.write_bytes(data[:-10] + b"1" + data[-9:])
    failed = pytester.runpytest("--parsediff")

    passed.assert_outcomes(passed=1)
    failed.assert_outcomes(failed=1)
    assert len(failed.stdout.str()) < 20_000


def test_ctrl_c_stops_a_hanging_adapter(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """An interrupt ends the run at once, with pytest's own exit status."""
    add("a")
    pytester.makeconftest(
        """
import os, signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup ignores it

def hang(path):
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        pass

def pytest_parsediff_adapters(config):
    return {"rows": hang}
"""
    )

    result = pytester.runpytest_subprocess("--parsediff", timeout=30)

    assert pytest.ExitCode.INTERRUPTED == result.ret


def test_the_users_home_is_out_of_reach(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """HOME and XDG point into a throwaway folder while an adapter runs, not after."""
    add("a", golden=None, toml='env = {EXTRA = "1"}\n')
    home = os.environ.get("HOME")
    pytester.makeconftest(
        """
import os

def read(path):
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "EXTRA")
    yield {name: os.environ[name] for name in names}

def pytest_parsediff_adapters(config):
    return {"rows": read}
"""
    )

    pytester.runpytest("--update-golden").assert_outcomes(passed=1)

    golden = (pytester.path / "scenarios/a/expected.jsonl").read_text()
    assert {
        "HOME": "<TMP>",
        "XDG_DATA_HOME": "<TMP>/.local/share",
        "XDG_CONFIG_HOME": "<TMP>/.config",
        "XDG_CACHE_HOME": "<TMP>/.cache",
        "EXTRA": "1",
    } == json.loads(golden)
    assert home == os.environ.get("HOME")


def test_a_read_only_checkout(pytester: pytest.Pytester, add: AddScenario) -> None:
    """A run needs no write access to the scenario folders."""
    folder = add("a")
    for path in (folder / "fixture.sql", folder / "expected.jsonl"):
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        result = pytester.runpytest("--parsediff", "-p", "no:cacheprovider")
    finally:
        folder.chmod(0o755)

    result.assert_outcomes(passed=1)
    assert ["expected.jsonl", "fixture.sql"] == sorted(p.name for p in folder.iterdir())


def test_file_stores_with_times(pytester: pytest.Pytester, add: AddScenario) -> None:
    """Files are copied byte for byte and dated by glob; the last match wins."""
    folder: Path = add(
        "a",
        sql=None,
        golden='{"f":[["a.txt",2,1775041200],["d/b.txt",1,1767225600]]}\n',
        toml='source = "s"\n[mtime]\n'
        '"**" = 2026-01-01T00:00:00Z\n"s/a*" = 2026-04-01T11:00:00Z\n',
    )
    (folder / "files/s/d").mkdir(parents=True)
    (folder / "files/s/a.txt").write_bytes(b"\r\n")
    (folder / "files/s/d/b.txt").write_bytes(b"\xff")
    pytester.makeconftest(
        """
def read(path):
    files = sorted(p for p in path.rglob("*") if p.is_file())
    yield {"f": [[p.relative_to(path).as_posix(), p.stat().st_size,
                  int(p.stat().st_mtime)] for p in files]}

def pytest_parsediff_adapters(config):
    return {"rows": read}
"""
    )

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1)


def test_a_failing_adapter_that_wrote_is_told_both(
    pytester: pytest.Pytester, run: RunOne
) -> None:
    """An exception does not hide that the store was changed before it."""
    in_process(pytester, "path.with_name('x.lock').touch()\nraise ValueError('late')")

    text = run()

    assert "raised ValueError: late" in text
    assert "the store was changed too: created x.lock (0 bytes)" in text


def test_an_adapters_own_environment(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """``env`` of a Python adapter holds while it runs, placeholders filled in."""
    add("a", golden='{"db":"<ROOT>"}\n')
    (pytester.path / "scenarios/parsediff.toml").write_text(
        '[adapters.rows.env]\nTOOL_DB = "{store}"\n'
    )
    pytester.makeconftest(
        """
import os

def pytest_parsediff_adapters(config):
    return {"rows": lambda path: [{"db": os.environ["TOOL_DB"]}]}
"""
    )

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1)
    assert "TOOL_DB" not in os.environ
