"""``python -m pytest_parsediff scan`` and ``probe`` in processes of their own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from cli_project import WAIT_S, Project, end, wait_for

SCENARIOS = Path(__file__).parents[2] / "scenarios"
#: What makes a verb keep a cursor.
CURSOR = {"scan": ["--resume=cursor"], "tail": ["--resume=cursor"], "probe": []}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose store has seven rows."""
    return Project.make(tmp_path, 7)


def test_lines_are_those_of_a_golden(tmp_path: Path) -> None:
    """A scan of a scenario's store prints its golden, with the path written out."""
    scenario = min((SCENARIOS / "opencode").rglob("fixture.sql")).parent
    store = tmp_path / "opencode.db"
    with closing(sqlite3.connect(store)) as database:
        database.executescript((scenario / "fixture.sql").read_text())
    project = Project(tmp_path)

    done = subprocess.run(
        [*project.argv("scan")[:4], str(store), "--adapter=opencode"],
        capture_output=True,
        check=True,
    )

    golden = (scenario / "expected.jsonl").read_bytes()
    assert golden == done.stdout.replace(str(store).encode(), b"\\u003cROOT\\u003e")


def test_notices_go_to_stderr_unless_quiet(project: Project) -> None:
    """Each once; standard output holds nothing but events."""
    loud, quiet = project.run("scan"), project.run("scan", "-q")

    assert "notice: looked: it was read\n" == loud.stderr
    assert "" == quiet.stderr
    assert loud.stdout == quiet.stdout
    assert [{"id": i, "text": "x"} for i in range(1, 8)] == [
        json.loads(line) for line in loud.stdout.split("\n")[:-1]
    ]


@pytest.mark.parametrize("adapter", ["plain", "command", "rows_adapter:plain"])
def test_every_kind_of_adapter_is_scanned(project: Project, adapter: str) -> None:
    """A function, a command in TOML, and one that no file configures."""
    done = project.run("scan", f"--adapter={adapter}")

    assert (0, "") == (done.returncode, done.stderr)
    assert project.run("scan").stdout == done.stdout


def test_config_names_a_file(project: Project, tmp_path: Path) -> None:
    """Another file than the folder's own, ``pyproject.toml`` too; none is an error."""
    other = tmp_path / "other"
    other.mkdir()
    for name in ("rows_adapter.py", "command.py"):
        shutil.copy(project.folder / name, other)
    text = (project.folder / "parsediff.toml").read_text()
    (other / "pyproject.toml").write_text(text.replace("[ad", "[tool.parsediff.ad"))
    (project.folder / "parsediff.toml").unlink()

    found = project.run("scan", f"--config={other / 'pyproject.toml'}", "-q")
    missing = project.run("scan", "--config=nowhere.toml")

    assert (0, 7) == (found.returncode, found.stdout.count("\n"))
    assert (2, "") == (missing.returncode, missing.stdout)
    assert "error: PD116: nowhere.toml: " in missing.stderr


# --- cursors --------------------------------------------------------------------------


def test_a_scan_goes_on_from_its_cursor(project: Project) -> None:
    """From a file, from text, and from a file that is kept up to date."""
    project.run("scan", "--cursor-out=cursor")
    assert "7" == project.cursor.read_text()
    project.write([8, 9])

    from_file = project.run("scan", "--cursor=cursor").stdout
    from_text = project.run("scan", "--cursor-text=7").stdout
    resumed = project.run("scan", "--resume=cursor").stdout

    assert '{"id":8,"text":"x"}\n{"id":9,"text":"x"}\n' == from_file
    assert from_file == from_text == resumed
    assert "9" == project.cursor.read_text()
    assert ["cursor"] == [path.name for path in project.folder.glob("*cursor*")]


def test_since_now_only_finds_the_cursor(project: Project) -> None:
    """Nothing is printed, and the next scan begins behind everything."""
    done = project.run("scan", "--since=now", "--resume=cursor")

    assert (0, "") == (done.returncode, done.stdout)
    assert "7" == project.cursor.read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "No such file"), (b"", "the file is empty"), (b"\xff", "expected UTF-8")],
)
def test_a_cursor_that_cannot_be_read(
    project: Project, content: bytes | None, message: str
) -> None:
    """It is never taken for the beginning."""
    if content is not None:
        project.cursor.write_bytes(content)

    done = project.run("scan", "--cursor=cursor")

    assert (2, "") == (done.returncode, done.stdout)
    assert "error: PD117: cursor: " in done.stderr
    assert message in done.stderr
    assert "\n  hint: " in done.stderr


def test_a_cursor_that_cannot_be_kept(project: Project) -> None:
    """The lines before it are out, and the status says that something is wrong."""
    done = project.run("scan", "--cursor-out=nowhere/cursor")

    assert 2 == done.returncode
    assert "PD117" in done.stderr
    assert 3 == done.stdout.count("\n")


def test_an_adapter_without_cursors(project: Project) -> None:
    """Asking for one is no error, and is answered."""
    done = project.run("scan", "--adapter=plain", "--cursor-out=cursor")

    assert 0 == done.returncode
    assert "notice: no-checkpoint: adapter 'plain'" in done.stderr
    assert not project.cursor.exists()


def test_a_folder_of_files(project: Project) -> None:
    """Each is scanned, and a cursor for all of them is refused."""
    shutil.copy(project.store, project.store.with_name("second.db"))
    folder = project.store.parent
    module = [*project.argv("scan")[:4], str(folder), "--adapter=each"]
    run = {"cwd": project.folder, "capture_output": True, "text": True}

    done = subprocess.run(module, check=False, **run)  # type: ignore[call-overload]
    refused = subprocess.run(
        [*module, "--cursor-out=cursor"],
        check=False,
        **run,  # type: ignore[call-overload]
    )

    assert 14 == done.stdout.count("\n")
    assert (2, "") == (refused.returncode, refused.stdout)
    assert "PD116: a cursor belongs to one source" in refused.stderr


# --- ends -----------------------------------------------------------------------------


def test_a_reader_that_leaves_ends_a_scan_quietly(project: Project) -> None:
    """Status 141 as for any program, not a word, and a cursor that covers no more."""
    project.fill(range(8, 30_000), "y" * 50)
    line = project.argv("scan", "-q", "--cursor-out=cursor")
    with subprocess.Popen(
        line, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        got = process.stdout.read(1000)
        process.stdout.close()
        error = process.stderr.read()
        status = process.wait(WAIT_S)

    assert (141, b"") == (status, error)
    assert got.startswith(b'{"id":1,')
    assert int(project.cursor.read_text()) < 29_000


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_an_error(project: Project) -> None:
    """PD118, and no cursor."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            project.argv("scan", "--resume=cursor"),
            cwd=project.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert 2 == done.returncode
    assert b"error: PD118: standard output cannot be written" in done.stderr
    assert not project.cursor.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("verb", ["scan", "probe"])
def test_nobody_has_to_hear_what_people_are_told(project: Project, verb: str) -> None:
    """A full or closed standard error costs no line, and does not change the status."""
    whole = project.run(verb)
    shell = shlex.join(project.argv(verb))

    for redirection in ("2>/dev/full", "2>&-"):
        done = subprocess.run(
            ["sh", "-c", f"{shell} {redirection}"],
            cwd=project.folder,
            stdout=subprocess.PIPE,
            check=False,
            text=True,
        )
        assert (0, whole.stdout) == (done.returncode, done.stdout)


@pytest.mark.parametrize("verb", ["scan", "tail", "probe"])
def test_without_standard_output_there_is_nothing_to_do(
    project: Project, verb: str
) -> None:
    """PD118, at once; no file of ours gets the number of the closed stream."""
    done = subprocess.run(
        ["sh", "-c", f"{shlex.join(project.argv(verb, *CURSOR[verb]))} >&- <&-"],
        cwd=project.folder,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )

    assert 2 == done.returncode
    assert "error: PD118: standard output is closed\n  hint: Leave it" in done.stderr
    assert not project.cursor.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_what_a_probe_cannot_print_is_an_error(project: Project) -> None:
    """PD118 as for a scan, and no traceback."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            project.argv("probe"),
            cwd=project.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert 2 == done.returncode
    assert done.stderr.startswith(b"error: PD118: standard output cannot be written")
    assert 1 == done.stderr.count(b"error")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_scan(project: Project, number: signal.Signals) -> None:
    """Also while the adapter hangs; no traceback, and what it emitted is out."""
    with project.started("scan", "--adapter=slow") as process:
        assert process.stderr
        assert b"reading\n" == process.stderr.readline()
        status = end(process, number)
        error = process.stderr.read()

    assert (128 + number, b"") == (status, error)
    wait_for(lambda: [1] == project.ids())


@pytest.mark.parametrize(("verb", "status"), [("scan", 143), ("tail", 0)])
def test_a_signal_ends_what_has_not_begun(
    project: Project, verb: str, status: int
) -> None:
    """A cursor that is read from a pipe may never come."""
    os.mkfifo(project.cursor)
    with project.started(verb, "--cursor=cursor") as process:
        with project.cursor.open("wb"):  # waits until it is opened for reading
            assert status == end(process, signal.SIGTERM)
        assert process.stderr
        assert b"" == process.stderr.read()


def test_a_working_directory_that_is_gone(project: Project, tmp_path: Path) -> None:
    """A typed error, whatever is read."""
    folder = tmp_path / "gone"
    folder.mkdir()
    command = shlex.join(project.argv("scan", "--adapter=opencode"))
    done = subprocess.run(
        ["sh", "-c", f"rmdir {shlex.quote(str(folder))} && {command}"],
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
    )

    assert 2 == done.returncode
    assert done.stderr.startswith("error: PD116: the working directory is gone\n")


def test_wrong_usage(project: Project) -> None:
    """No adapter, two beginnings, no store, an unknown adapter: all end with 2."""
    module = project.argv("scan")[:4]
    wrong = [
        [str(project.store)],
        [str(project.store), "--adapter=rows", "--cursor=a", "--resume=b"],
        ["nowhere", "--adapter=rows"],
        [str(project.store), "--adapter=row"],
    ]

    for arguments in wrong:
        done = subprocess.run(
            [*module, *arguments], cwd=project.folder, capture_output=True, check=False
        )
        assert (2, b"") == (done.returncode, done.stdout)
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "No such file or directory\n  hint: Correct the path, or its"),
        ([""], "PD116: expected the path of a store, got an empty text\n  hint: Give"),
    ],
)
def test_a_store_that_is_not_there(
    project: Project, arguments: list[str], message: str
) -> None:
    """What is said of the path is about this command line, not about pytest's."""
    module = project.argv("scan")[:4]
    done = subprocess.run(
        [*module, *arguments, "--adapter=rows"],
        cwd=project.folder,
        capture_output=True,
        check=False,
        text=True,
    )

    assert 2 == done.returncode
    assert message in done.stderr


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "often"])
def test_an_interval_is_a_time(project: Project, seconds: str) -> None:
    """Anything else is wrong usage, and is told in words of its own."""
    done = project.run("tail", f"--interval={seconds}")

    assert 2 == done.returncode
    assert f"--interval: expected seconds above 0, got {seconds!r}" in done.stderr


# --- probe ----------------------------------------------------------------------------


@pytest.fixture
def flawed(tmp_path: Path) -> Project:
    """A store of opencode with two sessions, and a message that names none."""
    project = Project(tmp_path)
    project.store.parent.mkdir()
    with closing(sqlite3.connect(project.store)) as database:
        database.executescript(
            "CREATE TABLE session (id TEXT, time_created INT, time_updated INT);"
            "CREATE TABLE message (id TEXT, session_id TEXT, time_updated INT, data TEXT);"
            "CREATE TABLE part (id TEXT, message_id TEXT, session_id TEXT,"
            " time_updated INT, data TEXT);"
            "INSERT INTO session VALUES ('ses_1', 1, 1), ('ses_2', 2, 2);"
            "INSERT INTO message VALUES ('msg_1', NULL, 1, '{}');"
        )
    return project


def test_what_cannot_be_read_is_an_error_and_hides_nothing(flawed: Project) -> None:
    """All the rest is printed, the cursor is kept, and the status says that it failed."""
    read = ("-q", "--adapter=opencode", "--resume=cursor")
    done = flawed.run("scan", *read)

    assert 2 == done.returncode
    error = "error: (source): PD423: message/msg_1: expected session_id, got NULL\n"
    assert error == done.stderr
    assert 2 == done.stdout.count("session_started")
    again = flawed.run("scan", *read)
    assert (2, "", error) == (again.returncode, again.stdout, again.stderr)

    with closing(sqlite3.connect(flawed.store)) as database, database:
        database.execute("UPDATE message SET session_id = 'ses_2'")
    mended = flawed.run("scan", *read)
    assert (0, "") == (mended.returncode, mended.stderr)
    assert 1 == mended.stdout.count("session_started")


def test_since_now_parses_nothing_where_it_need_not(flawed: Project) -> None:
    """The cursor is that of a whole scan, whose events nobody wants."""
    from_now = ("--adapter=opencode", "--since=now", "--resume=cursor")
    flawed.run("scan", *from_now)
    skipped = flawed.cursor.read_text()
    flawed.run("scan", "--adapter=opencode", "--cursor-out=whole")

    assert (flawed.folder / "whole").read_text() == skipped


def test_probe_tells_what_the_adapter_knows(tmp_path: Path) -> None:
    """Counts, capabilities and files, as JSON, with nothing parsed."""
    scenario = min((SCENARIOS / "opencode").rglob("fixture.sql")).parent
    project = Project(tmp_path)
    project.store.parent.mkdir()
    with closing(sqlite3.connect(project.store)) as database:
        database.executescript((scenario / "fixture.sql").read_text())

    done = project.run("probe", "--adapter=opencode")

    found = json.loads(done.stdout)
    assert "opencode" == found["adapter"]
    assert found["capabilities"]["evidence"]
    assert found["sessions"]["count"] >= 1
    assert found["sessions"]["count"] == found["store"]["rows"]["session"]
    assert ("degraded", None, "") == tuple(
        found["store"][name] for name in ("status", "migration", "schema_hash")
    )
    assert "session_input" in found["store"]["absent"]
    assert found["files"]["items.db"] == project.store.stat().st_size


def test_probe_tells_of_migrations_and_of_the_event_log(tmp_path: Path) -> None:
    """The latest name, a hash of all of them, and whether the log has entries."""
    project = Project(tmp_path)
    project.store.parent.mkdir()
    scenario = min((SCENARIOS / "opencode").rglob("fixture.sql"))
    with closing(sqlite3.connect(project.store)) as database:
        database.executescript(scenario.read_text())
        database.executescript(
            "CREATE TABLE migration (id TEXT PRIMARY KEY, time_completed INTEGER);"
            "INSERT INTO migration VALUES ('1_first', 1), ('2_second', 2);"
            "CREATE TABLE event_sequence (aggregate_id TEXT PRIMARY KEY, seq INTEGER);"
            "CREATE TABLE event (id TEXT PRIMARY KEY);"
        )
    before = json.loads(project.run("probe", "--adapter=opencode").stdout)["store"]
    with closing(sqlite3.connect(project.store)) as database, database:
        database.execute("INSERT INTO event_sequence VALUES ('ses_1', 1)")
        database.execute("INSERT INTO migration VALUES ('3_third', 3)")
    after = json.loads(project.run("probe", "--adapter=opencode").stdout)["store"]

    assert ("2_second", False) == (before["migration"], before["event_log"])
    assert ("3_third", True) == (after["migration"], after["event_log"])
    assert before["schema_hash"] != after["schema_hash"]


def test_probe_of_an_adapter_that_knows_nothing(project: Project) -> None:
    """What it cannot tell is null, not an error and not zero."""
    found = json.loads(project.run("probe", "--adapter=command").stdout)

    assert found["sessions"] is None
    assert found["store"] is None
    assert 0 == found["capabilities"]["data_version"]


def test_probe_of_an_adapter_that_fails(project: Project) -> None:
    """A typed error that holds what was raised."""
    done = project.run("probe", "--adapter=rows_adapter:Broken")

    assert (2, "") == (done.returncode, done.stdout)
    assert "error: PD401: probe of adapter 'rows" in done.stderr
    assert "ValueError: no idea" in done.stderr
