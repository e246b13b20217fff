"""Stores on a desk: built or copied, placed, dated."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import socket
from pathlib import Path

import msgspec
import pytest
from sqlite_child import query

from pytest_parsediff.core import place
from pytest_parsediff.core.config import ScenarioConfig
from pytest_parsediff.core.errors import (
    BadValueError,
    FixtureSQLError,
    JournalConflictError,
    OutsideFolderError,
    StoreFilesError,
    StoreStateError,
    Unavailable,
    ValueTooLargeError,
    Where,
)
from pytest_parsediff.core.event import Source
from pytest_parsediff.core.place import Placed, StorePlacer
from pytest_parsediff.core.proof import observe, violations
from pytest_parsediff.core.scenario import Scenario
from pytest_parsediff.core.states import Writer, enter_state
from pytest_parsediff.core.store import build_image
from pytest_parsediff.core.toml import read_toml

SQL = "CREATE TABLE t(a);INSERT INTO t VALUES (1);"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty store root whose path has odd characters."""
    root = tmp_path / "store [x] é"
    root.mkdir()
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a scenario."""
    folder = tmp_path / "scenario"
    folder.mkdir()
    return folder


def scenario(folder: Path, sql: str | None = SQL, **keys: object) -> Scenario:
    """Return the scenario in *folder*, with a script or with files."""
    anchor = folder / ("scenario.toml" if sql is None else "fixture.sql")
    if sql is not None:
        anchor.write_text(sql)
    return Scenario(
        id="s",
        folder=folder,
        anchor=anchor,
        config=msgspec.convert(keys, ScenarioConfig),
        adapters={},
    )


def is_running(writer: Writer | None) -> bool:
    """Return whether a store has a writer that lives."""
    return writer is not None and writer._process.poll() is None


# --- databases --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", ["store.db", "a b/c [d]/é.db", "./store.db", "x.sqlite?mode=rwc", "-wal"]
)
def test_database(folder: Path, root: Path, source: str) -> None:
    """It is where the source says, and its digest is known without reading it."""
    placed = StorePlacer().place(scenario(folder, source=source), root)
    path = root / source
    assert Source(path, root) == placed.source
    assert [[1]] == query(path, "SELECT a FROM t")
    assert {source: hashlib.sha256(path.read_bytes()).digest()} == placed.known
    assert placed.writer is None
    placed.close()


def test_known_digests_are_right(folder: Path, root: Path) -> None:
    """What is not read before the adapter runs equals what is read afterwards."""
    placed = StorePlacer().place(scenario(folder), root)
    assert [] == violations(observe(root, placed.known), observe(root))


@pytest.mark.parametrize("source", ["", ".", "./", "/.", "..."])
def test_a_database_needs_a_name(folder: Path, root: Path, source: str) -> None:
    """A source that names the root itself is no file."""
    with pytest.raises(BadValueError, match=r"PD103: .*source: expected the name"):
        StorePlacer().place(scenario(folder, source=source), root)


@pytest.mark.parametrize(("journal", "version"), [("wal", 2), ("delete", 1)])
def test_clean_exit(folder: Path, root: Path, journal: str, version: int) -> None:
    """By default the writer has closed everything: one file, in its journal mode."""
    placed = StorePlacer().place(scenario(folder, journal=journal), root)
    assert ["store.db"] == os.listdir(root)
    assert version == placed.source.path.read_bytes()[18]
    assert [[journal]] == query(placed.source.path, "PRAGMA journal_mode")


@pytest.mark.parametrize("state", ["live", "locked", "killed-wal", "main-only"])
def test_states(folder: Path, root: Path, state: str) -> None:
    """States that need it get WAL by themselves; no writer outlives the store."""
    placed = StorePlacer().place(scenario(folder, state=state), root)
    assert (state in ("live", "locked")) is is_running(placed.writer)
    assert {} == placed.known
    placed.close()
    assert not is_running(placed.writer)
    expected = "no such table: t" if state == "main-only" else [[1]]
    assert expected == query(placed.source.path, "SELECT a FROM t", options="mode=rw")


def test_a_live_store_stays_as_it_is_while_nobody_writes(
    folder: Path, root: Path
) -> None:
    """The writer is idle, so the proof of read-only holds on live stores too."""
    placed = StorePlacer().place(scenario(folder, state="live"), root)
    try:
        before = observe(root, placed.known)
        assert [[1]] == query(placed.source.path, "SELECT a FROM t")
        assert [] == violations(before, observe(root))
    finally:
        placed.close()


def test_the_script_may_ask_for_wal_itself(folder: Path, root: Path) -> None:
    """State and script agree."""
    script = f"PRAGMA journal_mode=WAL;{SQL}"
    StorePlacer().place(scenario(folder, script, state="killed-wal"), root)
    assert [[1]] == query(root / "store.db", "SELECT a FROM t")


def test_a_script_that_contradicts_the_state(folder: Path, root: Path) -> None:
    """The error speaks of the state, which is what was written in TOML."""
    script = f"PRAGMA journal_mode=delete;{SQL}"
    with pytest.raises(
        StoreStateError, match=r"PD209: .*'live' needs journal = \"wal\""
    ):
        StorePlacer().place(scenario(folder, script, state="live"), root)


def test_a_journal_that_contradicts_the_script(folder: Path, root: Path) -> None:
    """The error speaks of the journal when that is what was written."""
    script = f"PRAGMA journal_mode=delete;{SQL}"
    config = scenario(folder, script, state="live", journal="wal")
    with pytest.raises(JournalConflictError, match="PD206"):
        StorePlacer().place(config, root)


def test_a_journal_that_contradicts_the_state(folder: Path, root: Path) -> None:
    """The state is refused before anything is written."""
    with pytest.raises(StoreStateError, match="PD209"):
        StorePlacer().place(scenario(folder, state="live", journal="delete"), root)
    assert [] == os.listdir(root)


def test_a_state_that_this_user_cannot_have(
    folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a reason to skip, not a failure."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Unavailable, match="read-only-dir"):
        StorePlacer().place(scenario(folder, state="read-only-dir"), root)
    assert [] == os.listdir(root)


def test_a_source_that_cannot_be_made(folder: Path, root: Path) -> None:
    """What the file system refuses is an error with a code and the place."""
    with pytest.raises(StoreFilesError, match=r"PD208: .*File name too long"):
        StorePlacer().place(scenario(folder, source="x" * 300), root)


def test_a_script_that_cannot_be_read(folder: Path, root: Path) -> None:
    """A link that leads nowhere is an error, not an empty store."""
    broken = scenario(folder)
    broken.anchor.unlink()
    broken.anchor.symlink_to("nowhere")
    with pytest.raises(StoreFilesError, match=r"PD208: .*fixture.sql: No such file"):
        StorePlacer().place(broken, root)


def test_limits(folder: Path, root: Path) -> None:
    """Bounds of the scenario reach the build, one without the other."""
    large = f"{SQL}\nINSERT INTO t VALUES (zeroblob(5000));"
    with pytest.raises(ValueTooLargeError, match="PD204"):
        StorePlacer().place(scenario(folder, large, max_value_mb=0.001), root)
    StorePlacer().place(scenario(folder, large, build_timeout_s=9), root)


# --- built once -------------------------------------------------------------------------


class Builds:
    """Counts builds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._real = build_image
        monkeypatch.setattr(place, "build_image", self._build)

    def _build(self, *args: object, **options: object) -> object:
        self.count += 1
        return self._real(*args, **options)  # type: ignore[arg-type]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    """Return a count of builds from now on."""
    return Builds(monkeypatch)


def test_equal_builds_are_made_once(
    folder: Path, tmp_path: Path, builds: Builds
) -> None:
    """The same input is cloned; another script, journal or bound is built."""
    placer = StorePlacer()
    variants: list[dict[str, object]] = [
        {},
        {},
        {"source": "other.db"},
        {"journal": "wal"},
        {"state": "killed-wal"},
        {"max_value_mb": 1},
        {"sql": f"{SQL} "},
        {},
    ]
    counts = []
    for number, keys in enumerate(variants):
        (tmp_path / str(number)).mkdir()
        placer.place(scenario(folder, **keys), tmp_path / str(number))  # type: ignore[arg-type]
        counts.append(builds.count)
    assert [1, 1, 1, 2, 2, 3, 4, 4] == counts


def test_clones_are_files_of_their_own(folder: Path, tmp_path: Path) -> None:
    """A write to one clone is not seen in the next."""
    placer = StorePlacer()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        placed = placer.place(scenario(folder), tmp_path / name)
        assert [[1]] == query(placed.source.path, "SELECT count(*) FROM t")
        query(placed.source.path, "DELETE FROM t", "SELECT 1", options="mode=rw")
        placed.source.path.write_bytes(b"")


def test_a_failed_build_is_not_remembered(folder: Path, root: Path) -> None:
    """The error comes each time, and a mended script is built."""
    placer = StorePlacer()
    for _ in range(2):
        with pytest.raises(FixtureSQLError, match="PD201"):
            placer.place(scenario(folder, "selec"), root)
    placer.place(scenario(folder), root)


def test_the_oldest_images_are_forgotten(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builds: Builds
) -> None:
    """What is held is bounded; what was used last stays longest, and one always."""
    monkeypatch.setattr(place, "_CACHE_BYTES", 2 * 8192)
    placer = StorePlacer()
    counts = []
    for number, script in enumerate("abacbca"):
        (tmp_path / str(number)).mkdir()
        placer.place(
            scenario(folder, f"CREATE TABLE {script}(x)"), tmp_path / str(number)
        )
        counts.append(builds.count)
    assert [1, 2, 2, 3, 4, 4, 5] == counts
    monkeypatch.setattr(place, "_CACHE_BYTES", 0)
    for name in ("large", "again"):
        (tmp_path / name).mkdir()
        placer.place(scenario(folder, "CREATE TABLE z(x)"), tmp_path / name)
    assert 6 == builds.count


# --- files ------------------------------------------------------------------------------


@pytest.fixture
def files(folder: Path) -> Path:
    """Return an empty files/ folder."""
    files = folder / "files"
    files.mkdir()
    return files


def test_files(folder: Path, files: Path, root: Path) -> None:
    """Every file is copied byte for byte, whatever its name."""
    names = ["a.jsonl", "b c/[d]/é.jsonl", ".hidden", "x\udcff"]
    for number, name in enumerate(names):
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(b"\r\n\xff\0" * number)
    (files / "empty").mkdir()
    placed = StorePlacer().place(scenario(folder, None), root)
    assert Placed(Source(root, root), {}) == placed
    copied = [b"\r\n\xff\0" * number for number in range(4)]
    assert copied == [(root / name).read_bytes() for name in names]
    assert (root / "empty").is_dir()
    placed.close()


def test_source_below_files(folder: Path, files: Path, root: Path) -> None:
    """The source may be one file or one folder of them."""
    (files / "a").mkdir()
    (files / "a" / "b.jsonl").touch()
    for source in ("a", "a/b.jsonl"):
        target = root / source.replace("/", "-")
        target.mkdir()
        placed = StorePlacer().place(scenario(folder, None, source=source), target)
        assert Source(target / source, target) == placed.source


def test_source_that_is_not_below_files(folder: Path, files: Path, root: Path) -> None:
    """A source that is not there is an error."""
    with pytest.raises(
        BadValueError, match=r"PD103: .*source: 'b' is not below files/"
    ):
        StorePlacer().place(scenario(folder, None, source="b"), root)


@pytest.mark.parametrize("keys", [{"journal": "wal"}, {"state": "live"}])
def test_keys_of_databases(
    folder: Path, files: Path, root: Path, keys: dict[str, object]
) -> None:
    """A key that means nothing for files is an error, not ignored."""
    with pytest.raises(
        BadValueError, match=r"PD103: .*expected only beside fixture.sql"
    ):
        StorePlacer().place(scenario(folder, None, **keys), root)


def test_links_inside(folder: Path, files: Path, root: Path) -> None:
    """Links stay links as long as they lead to the store itself."""
    (files / "a").mkdir()
    (files / "a" / "up").symlink_to("../b")
    (files / "b").write_text("b")
    (files / "around").symlink_to(".")
    (files / "nowhere").symlink_to("a/nothing")
    (files / "itself").symlink_to("itself")
    StorePlacer().place(scenario(folder, None), root)
    assert "b" == (root / "a" / "up").read_text()
    links = {
        path.name: os.readlink(path) for path in root.iterdir() if path.is_symlink()
    }
    assert {"around": ".", "nowhere": "a/nothing", "itself": "itself"} == links


@pytest.mark.parametrize(
    "target", ["..", "../other", "a/../../x", "/etc/passwd", "out/x"]
)
def test_links_that_lead_outside(
    folder: Path, files: Path, root: Path, target: str
) -> None:
    """A link to the rest of the machine is refused, also through another link."""
    if target == "out/x":
        (files / "z").symlink_to("..")
        target = "z/x"
    (files / "a").symlink_to(target)
    with pytest.raises(OutsideFolderError, match=r"PD111: .*outside files/"):
        StorePlacer().place(scenario(folder, None), root)


def test_files_may_be_a_link_itself(folder: Path, tmp_path: Path, root: Path) -> None:
    """The folder of the files may be shared between scenarios."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a").write_text("a")
    (tmp_path / "shared" / "b").symlink_to("a")
    (folder / "files").symlink_to(tmp_path / "shared")
    StorePlacer().place(scenario(folder, None), root)
    assert "a" == (root / "b").read_text()


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_what_is_no_file(
    folder: Path, files: Path, root: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A pipe would block for ever, so it is refused."""
    monkeypatch.chdir(files)  # a socket's path must be short
    if kind == "pipe":
        os.mkfifo("p")
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("p")
    with pytest.raises(StoreFilesError, match=r"PD208: .*p: not a file, a folder"):
        StorePlacer().place(scenario(folder, None), root)


def test_files_that_cannot_be_read(folder: Path, root: Path) -> None:
    """The place is that of the file."""
    with pytest.raises(StoreFilesError, match=r"PD208: .*files: No such file"):
        StorePlacer().place(scenario(folder, None), root)


# --- times ------------------------------------------------------------------------------


def test_mtimes(folder: Path, files: Path, root: Path) -> None:
    """Of the globs that match the last one wins; times are exact, links included."""
    for name in ("a/x.jsonl", "a/b/y.jsonl", "z.txt", "[1].jsonl"):
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).touch()
    (files / "link").symlink_to("z.txt")
    mtime = {
        "**": "2026-01-01T00:00:00Z",
        "*.jsonl": "2026-01-01T02:00:00.792+02:00",
        "a/b/*": "1969-12-31T23:59:59.999999Z",
        "link": "2038-01-19T03:14:08Z",
        "[1].jsonl": "2026-01-01T00:00:01Z",
        "[[]1].jsonl": "2026-01-01T00:00:02Z",
        "nothing": "2026-01-01T00:00:03Z",
    }
    StorePlacer().place(scenario(folder, None, mtime=mtime), root)
    second = 1_000_000_000
    start = 1_767_225_600 * second
    expected = {
        "a/x.jsonl": start + 792_000_000,
        "a/b/y.jsonl": -1000,
        "z.txt": start,
        "[1].jsonl": start + 2 * second,
        "link": 2_147_483_648 * second,
    }
    found = {
        name: os.stat(root / name, follow_symlinks=False).st_mtime_ns
        for name in expected
    }
    assert expected == found


NOON = "= 2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("toml", "line", "glob"),
    [
        (f'[mtime]\n"**" {NOON}\n"*.json" {NOON}', 3, "*.json"),
        (f'source = "d"\nmtime."a.jsonl" {NOON}', 2, "a.jsonl"),
        (f"mtime = {{d {NOON}, b {NOON}}}", 1, "d"),
    ],
    ids=["extension", "not-the-whole-path", "folder"],
)
def test_a_glob_that_matches_nothing(
    folder: Path, files: Path, root: Path, toml: str, line: int, glob: str
) -> None:
    """PD103 at its line, with the path of the file it may have meant."""
    (files / "d").mkdir()
    (files / "d" / "a.jsonl").touch()
    (files / "b").touch()
    file = folder / "scenario.toml"
    file.write_text(toml)
    own = read_toml(file, ScenarioConfig)
    with pytest.raises(BadValueError, match="PD103") as caught:
        StorePlacer().place(scenario(folder, None, mtime=own.mtime), root)
    expected = f"mtime: {glob!r} matches no file; the nearest path is 'd/a.jsonl'"
    assert expected == caught.value.message
    assert Where(file, line) == caught.value.where
    assert "whole path" in caught.value.hint


def test_a_glob_in_an_empty_store(folder: Path, files: Path, root: Path) -> None:
    """Without files there is no nearest one."""
    (folder / "scenario.toml").write_text(f'mtime."**" {NOON}')
    own = read_toml(folder / "scenario.toml", ScenarioConfig)
    with pytest.raises(BadValueError, match=r"'\*\*' .*; the store has no files"):
        StorePlacer().place(scenario(folder, None, mtime=own.mtime), root)


def test_a_glob_for_all_scenarios(folder: Path, root: Path) -> None:
    """One that parsediff.toml gives need not match in each scenario."""
    (folder / "scenario.toml").write_text(f'mtime."*.db" {NOON}')
    mtime = {"*.db": "2026-01-01T12:00:00Z", "*.jsonl": "2026-01-01T12:00:00Z"}
    placed = StorePlacer().place(scenario(folder, mtime=mtime), root)
    assert 1_767_268_800 == placed.source.path.stat().st_mtime


def test_mtime_of_a_database(folder: Path, root: Path) -> None:
    """Databases have times too, their sidecars included."""
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    config = scenario(folder, state="killed-wal", mtime={"*": moment})
    StorePlacer().place(config, root)
    times = {os.stat(root / name).st_mtime_ns for name in os.listdir(root)}
    assert {int(moment.timestamp()) * 10**9} == times


def test_a_writer_ends_when_placing_fails(
    folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could end a writer of a store that was never handed out."""
    writers: list[Writer | None] = []
    real = enter_state

    def fail(*_args: object) -> None:
        raise KeyError

    def enter(*args: object) -> Writer | None:
        writers.append(real(*args))  # type: ignore[arg-type]
        return writers[-1]

    monkeypatch.setattr(place, "enter_state", enter)
    monkeypatch.setattr(place, "_set_mtimes", fail)
    config = scenario(folder, state="live", mtime={"*": "2026-01-01T00:00:00Z"})
    with pytest.raises(KeyError):
        StorePlacer().place(config, root)
    assert [False] == [is_running(writer) for writer in writers]
