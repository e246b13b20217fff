"""Archives, sources and ids that cannot be used, each with its code."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from live_project import ARCHIVE, SOURCE, LiveProject


@pytest.fixture
def recorded(live: LiveProject) -> LiveProject:
    """Return a project with an archive of one session."""
    live.write("s1", "a")
    live.record()
    return live


def refused(result: pytest.RunResult, line: str) -> None:
    """Assert that nothing was collected, and why."""
    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([f"ERROR: {line}", "  hint: *"])
    result.stdout.no_fnmatch_line("collected *")


def test_an_archive_of_a_newer_version(recorded: LiveProject) -> None:
    """Its format may mean something else."""
    change = "import apsw, sys; c = apsw.Connection(sys.argv[1]); "
    change += "c.pragma('user_version', 999); c.close()"
    subprocess.run([sys.executable, "-c", change, "a.db"], check=True)

    refused(recorded.compare(), "PD502: a.db: *")


def test_a_corrupt_archive(recorded: LiveProject) -> None:
    """No database, or a torn one."""
    path = recorded.pytester.path / "a.db"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)

    refused(recorded.compare(), "PD501: a.db: *")


def test_an_archive_that_is_not_there(live: LiveProject) -> None:
    """A typo makes no empty one."""
    live.write("s1", "a")

    refused(live.compare(), "PD504: a.db: *")
    assert not (live.pytester.path / "a.db").exists()


def test_an_archive_that_a_writer_keeps_to_itself(
    recorded: LiveProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a bounded time, with the hint to try again."""
    from pytest_parsediff.archive.connect import open_for_reading

    monkeypatch.setattr(
        "pytest_parsediff.archive.reader.open_for_reading",
        lambda path, wait_s: open_for_reading(path, wait_s=min(wait_s, 0.2)),
    )
    hold = "import apsw, sys; c = apsw.Connection(sys.argv[1]); "
    hold += "c.pragma('journal_mode', 'delete'); c.execute('BEGIN EXCLUSIVE'); "
    hold += "print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, "a.db"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert b"held\n" == holder.stdout.readline()
        result = recorded.compare()
        holder.communicate(b"")

    refused(result, "PD503: a.db: *")


def test_a_source_that_is_not_there(recorded: LiveProject) -> None:
    """Nothing is compared with an empty folder instead."""
    source = "--parsediff-source=lines=gone"

    refused(recorded.pytester.runpytest(ARCHIVE, source), "PD505: gone: *")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_source_that_cannot_be_read(recorded: LiveProject) -> None:
    """Neither is it taken for gone."""
    (recorded.store / "s1.jsonl").chmod(0)

    refused(recorded.compare(), "PD505: *s1.jsonl: *")


def test_an_unknown_adapter(recorded: LiveProject) -> None:
    """With the nearest known one."""
    source = "--parsediff-source=line=store"

    refused(
        recorded.pytester.runpytest(ARCHIVE, source),
        "PD112: unknown adapter 'line'; the nearest known name is 'lines'",
    )


def test_an_unknown_session(recorded: LiveProject) -> None:
    """Asking for a session that nobody has is no empty pass."""
    refused(recorded.compare("--parsediff-session=s9"), "PD520: *'s9'*")


def test_two_sources_with_one_session(recorded: LiveProject) -> None:
    """That session fails with both names; the others are judged."""
    recorded.write("s2", "b")
    recorded.record()
    recorded.write("s1", "a", file="copy")

    result = recorded.compare()

    assert {"failed": 1, "passed": 2} == result.parseoutcomes()
    result.stdout.fnmatch_lines(["PD506: *copy.jsonl*s1.jsonl*"])
    result.stdout.fnmatch_lines(["2 sessions: 1 identical, 1 parse_error"])


@pytest.mark.parametrize("name", ["a::b[1] é/ü", "-x", "%41", "x@y"])
def test_a_session_id_that_is_no_node_id(recorded: LiveProject, name: str) -> None:
    """Its item can be named on the command line all the same."""
    recorded.write(name, "b", file="odd")
    recorded.record()

    shown = recorded.compare("--collect-only", "-q").outlines
    (node_id,) = (line for line in shown if "lines-" in line and "lines-s1" not in line)
    result = recorded.compare(node_id, "-v")

    assert {"passed": 1} == result.parseoutcomes()
    result.stdout.fnmatch_lines([f"{node_id} PASSED*"])


def test_json_that_is_half_written(recorded: LiveProject) -> None:
    """A source at rest that does not parse is an error of this session."""
    path = recorded.store / "s1.jsonl"
    path.write_text(f"{path.read_text()}{{\n")

    result = recorded.compare()

    assert 1 == result.parseoutcomes()["failed"]
    result.stdout.fnmatch_lines(["PD515: lines session 's1' cannot be parsed"])


def test_a_configuration_file_with_a_typo(recorded: LiveProject) -> None:
    """Before anything is parsed, with file and line."""
    toml = recorded.pytester.path / "parsediff.toml"
    toml.write_text("[adapter.lines]\n")

    result = recorded.pytester.runpytest(ARCHIVE, SOURCE)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["ERROR: PD10?: parsediff.toml:1: *"])


def test_a_source_that_lists_no_session_is_parsed_all_the_same(
    recorded: LiveProject,
) -> None:
    """An inventory that is silent about a broken source hides nothing."""
    conftest = recorded.pytester.path / "conftest.py"
    conftest.write_text(
        conftest.read_text().replace('{"lines": lines}', '{"lines": Listing()}')
        + """

from pytest_parsediff import SessionInfo


class Listing:
    name = "lines"

    def scan(self, source, cursor):
        return lines(source.path)

    def sessions(self, source):
        if "lost" not in source.path.name:
            yield SessionInfo(source.path.stem)
"""
    )
    (recorded.store / "lost.jsonl").write_text("{\n")

    result = recorded.compare()

    assert {"failed": 1, "passed": 1} == result.parseoutcomes()
    result.stdout.fnmatch_lines(["PD515: lines source 'lost.jsonl' cannot be parsed"])
