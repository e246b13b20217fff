"""Throwaway folders."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from pytest_parsediff.core import workspace
from pytest_parsediff.core.workspace import (
    Desk,
    Workspace,
    make_run_folder,
    remove_tree,
)


def mode(path: Path) -> int:
    """Return the permission bits of *path*."""
    return stat.S_IMODE(path.stat().st_mode)


def make_dead(run: Path, age_s: int) -> None:
    """Make *run* the folder of a process that has ended *age_s* seconds ago."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    (run / "pid").write_text(str(done.pid))
    moment = run.stat().st_mtime - age_s
    os.utime(run, (moment, moment))


# --- run folders ------------------------------------------------------------------------


def test_run_folder(tmp_path: Path) -> None:
    """It is new, private, resolved, and knows its process."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").mkdir()
    run = make_run_folder(tmp_path / "link")
    assert tmp_path / "real" == run.parent
    assert 0o700 == mode(run)
    assert str(os.getpid()) == (run / "pid").read_text()
    assert run != make_run_folder(tmp_path / "link")


def test_parent_is_made(tmp_path: Path) -> None:
    """A parent that was asked for need not be there."""
    parent = tmp_path / "a b" / "[é]"
    assert parent == make_run_folder(parent).parent


def test_old_runs_are_removed(tmp_path: Path) -> None:
    """The newest two ended runs stay, so that a failure can be looked at."""
    runs = [make_run_folder(tmp_path) for _ in range(5)]
    for age, run in enumerate(reversed(runs)):
        make_dead(run, age)
    (tmp_path / "something else").mkdir()
    new = make_run_folder(tmp_path)
    left = set(tmp_path.iterdir()) - {tmp_path / "something else"}
    assert {new, runs[4], runs[3]} == left


def test_running_runs_stay(tmp_path: Path) -> None:
    """A folder whose process runs is in use, however old it is."""
    runs = [make_run_folder(tmp_path) for _ in range(4)]
    for run in runs:
        os.utime(run, (0, 0))
    make_run_folder(tmp_path)
    assert all(run.is_dir() for run in runs)


@pytest.mark.parametrize("pid", ["", "x", "99999999999999999999", None])
def test_a_folder_without_a_process_is_old(tmp_path: Path, pid: str | None) -> None:
    """What does not say whose it is belongs to nobody."""
    runs = [make_run_folder(tmp_path) for _ in range(4)]
    for run in runs:
        (run / "pid").unlink()
        if pid is not None:
            (run / "pid").write_text(pid)
        os.utime(run, (0, 0))
    make_run_folder(tmp_path)
    assert 3 == len(list(tmp_path.iterdir()))


def test_a_folder_that_is_just_being_made_stays(tmp_path: Path) -> None:
    """Between the folder and its pid there is a moment in which it looks ownerless."""
    runs = [make_run_folder(tmp_path) for _ in range(4)]
    for run in runs:
        (run / "pid").unlink()
    make_run_folder(tmp_path)
    assert all(run.is_dir() for run in runs)


def test_a_process_of_another_user_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that may not be signalled is there."""

    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    runs = [make_run_folder(tmp_path) for _ in range(4)]
    monkeypatch.setattr(os, "kill", refuse)
    make_run_folder(tmp_path)
    assert all(run.is_dir() for run in runs)


def test_folders_of_another_user_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a shared folder holds under our name, only our own is removed."""
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    runs = [make_run_folder(tmp_path) for _ in range(4)]
    for run in runs:
        make_dead(run, 1)
    make_run_folder(tmp_path)
    assert all(run.is_dir() for run in runs)


def test_without_user_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has none, the name of the user is in the folder's name."""
    monkeypatch.delattr(os, "getuid")
    monkeypatch.setenv("USERNAME", "somebody")
    runs = [make_run_folder(tmp_path) for _ in range(4)]
    assert "pytest-parsediff-somebody-" in runs[0].name
    for run in runs:
        make_dead(run, 1)
    make_run_folder(tmp_path)
    assert 3 == len(list(tmp_path.iterdir()))


def test_a_folder_that_vanishes_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs may tidy up at the same time."""
    gone = tmp_path / f"pytest-parsediff-{os.getuid()}-gone"
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: [gone])
    assert make_run_folder(tmp_path).is_dir()


class Room:
    """What os.statvfs tells about free room."""

    f_frsize = 4096

    def __init__(self, free_bytes: int) -> None:
        self.f_bavail = free_bytes // self.f_frsize


@pytest.mark.parametrize(
    ("free_mb", "writable", "variable", "expected"),
    [
        (256, True, None, "shm"),
        (255, True, None, "tmp"),
        (None, True, None, "tmp"),
        (256, False, None, "tmp"),
        (256, True, "set", "tmp"),
    ],
)
def test_where_run_folders_are(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    free_mb: int | None,
    writable: bool,
    variable: str | None,
    expected: str,
) -> None:
    """On tmpfs with room, unless TMPDIR says where temporary files go."""

    def statvfs(_path: object) -> Room:
        if free_mb is None:
            raise OSError
        return Room(free_mb * 2**20)

    for name in ("shm", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(workspace, "_TMPFS", tmp_path / "shm")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    monkeypatch.setattr(os, "access", lambda _path, _mode: writable)
    monkeypatch.setattr(os, "statvfs", statvfs)
    monkeypatch.delenv("TMPDIR", raising=False)
    if variable:
        monkeypatch.setenv("TMPDIR", variable)
    assert tmp_path / expected == make_run_folder().parent


# --- desks ------------------------------------------------------------------------------


def test_desks(tmp_path: Path) -> None:
    """Each one is new and private, with a store and a home that are empty."""
    space = Workspace(tmp_path, "gw0")
    first, second = space.new_desk(), space.new_desk()
    assert (tmp_path / "gw0-1", tmp_path / "gw0-2") == (first.base, second.base)
    for folder in (first.base, first.store, first.tmp):
        assert 0o700 == mode(folder)
    assert {first.store, first.tmp} == set(first.base.iterdir())
    assert first.base / "state" == first.state
    first.state.joinpath("kept").touch()
    assert first.state.joinpath("kept").exists()
    first.remove()
    assert [second.base] == list(tmp_path.iterdir())


def fill(desk: Desk, kind: str, outside: Path) -> None:
    """Put something on *desk* that an adapter may leave there."""
    if kind == "files":
        (desk.store / "a b").write_bytes(b"1")
        (desk.state / "é").touch()
    elif kind == "folder":
        (desk.tmp / ".config" / "x").mkdir(parents=True)
    elif kind == "file beside":
        (desk.base / "actual.jsonl").touch()
    elif kind == "link":
        (desk.tmp / "link").symlink_to(outside)
        (desk.tmp / "file").symlink_to(outside / "kept")
    elif kind == "link beside":
        (desk.base / "link").symlink_to(outside)
    elif kind == "link instead":
        desk.store.rmdir()
        desk.store.symlink_to(outside)
    else:
        desk.store.chmod(0o500)


KINDS = [
    "files",
    "folder",
    "file beside",
    "link",
    "link beside",
    "link instead",
    "read-only",
]


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_on_a_desk_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, is_fast: bool
) -> None:
    """Nothing stays, and nothing goes to which a link leads."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (tmp_path / "run").mkdir()
    desk = Workspace(tmp_path / "run").new_desk()
    fill(desk, kind, outside)
    if not is_fast:
        monkeypatch.delattr(os, "O_NOFOLLOW")
    desk.remove()
    assert [] == list((tmp_path / "run").iterdir())
    assert [outside / "kept"] == list(outside.iterdir())
    desk.remove()


def test_homes(tmp_path: Path) -> None:
    """Everything that says where programs keep files leads below the desk."""
    desk = Desk(str(tmp_path))
    homes = desk.homes()
    assert str(tmp_path / "tmp") == homes["HOME"]
    assert all(value.startswith(homes["HOME"]) for value in homes.values())
    assert {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"} < set(homes)


def test_close(tmp_path: Path) -> None:
    """A run folder in which something was kept stays; else it goes."""
    space = Workspace(make_run_folder(tmp_path))
    desk = space.new_desk()
    space.close()
    assert space.run.is_dir()
    desk.remove()
    space.close()
    assert not space.run.exists()


# --- removing ---------------------------------------------------------------------------


def test_read_only_trees_are_removed(tmp_path: Path) -> None:
    """What a scenario made read-only does not stay behind."""
    tree = tmp_path / "tree"
    (tree / "a b" / "[c]").mkdir(parents=True)
    (tree / "a b" / "[c]" / "é\udc80").touch(mode=0o400)
    (tree / "a b" / "[c]").chmod(0o500)
    (tree / "a b").chmod(0o000)
    remove_tree(tree)
    assert not tree.exists()


def removal_fails_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first try to remove a tree fail, as it does without permission."""
    real, calls = shutil.rmtree, [0]

    def rmtree(path: Path, *, ignore_errors: bool) -> None:
        calls[0] += 1
        if calls[0] > 1:
            real(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", rmtree)


def test_folders_are_made_writable_from_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where removing fails, permissions are given first, also for root's tests."""
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "file").touch(mode=0o400)
    (tree / "a").chmod(0o500)
    removal_fails_once(monkeypatch)
    remove_tree(tree)
    assert not tree.exists()


def test_nothing_outside_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the folder around a tree nor what its links lead to changes its mode."""
    around, outside = tmp_path / "around", tmp_path / "outside"
    (around / "tree").mkdir(parents=True)
    (outside / "inner").mkdir(parents=True)
    (outside / "file").touch()
    (around / "tree" / "file").symlink_to(outside / "file")
    (around / "tree" / "folder").symlink_to(outside / "inner")
    (around / "tree" / "nowhere").symlink_to("nothing")
    for path in (around, outside, outside / "inner"):
        path.chmod(0o755)
    (outside / "file").chmod(0o444)
    removal_fails_once(monkeypatch)
    remove_tree(around / "tree")
    assert not (around / "tree").exists()
    assert [0o755] * 3 == [mode(p) for p in (around, outside, outside / "inner")]
    assert 0o444 == mode(outside / "file")


@pytest.mark.parametrize("kind", ["missing", "link", "file"])
def test_what_is_no_folder_is_left_alone(tmp_path: Path, kind: str) -> None:
    """A link is not followed, and a tree that is gone is no error."""
    tmp_path.chmod(0o755)
    (tmp_path / "real").mkdir(mode=0o750)
    path = tmp_path / "path"
    if kind == "link":
        path.symlink_to("real")
    elif kind == "file":
        path.touch()
    remove_tree(path)
    assert 0o755 == mode(tmp_path)
    assert 0o750 == mode(tmp_path / "real")


def test_a_tree_that_vanishes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may remove it between any two steps."""
    tree = tmp_path / "tree"
    tree.mkdir()
    removal_fails_once(monkeypatch)
    monkeypatch.setattr(Path, "chmod", lambda self, _mode: os.stat(self / "gone"))
    remove_tree(tree)
    assert not tree.exists()


def test_removing_at_the_same_time(tmp_path: Path) -> None:
    """Two that remove one tree end without an error, and it is gone."""
    tree = tmp_path / "tree"
    for number in range(50):
        (tree / str(number)).mkdir(parents=True)
    threads = [threading.Thread(target=remove_tree, args=(tree,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    remove_tree(tree)
    assert not tree.exists()
