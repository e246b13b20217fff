"""Which goldens an update writes; and that it writes all of them or none."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from pytest_parsediff.core.errors import (
    CommitError,
    GoldenUnreadableError,
    StaleGoldenError,
    UpdateBlockedError,
)
from pytest_parsediff.golden.stage import Staged, digest
from pytest_parsediff.golden.swap import Swap
from pytest_parsediff.golden.update import (
    Action,
    UpdateMode,
    UpdateResult,
    conclude,
    decide,
)

OLD, NEW, EDIT = b'{"old":1}\n', b'{"new":1}\n', b'{"edit":1}\n'


def staged(
    golden: Path | str = "/x/expected.jsonl",
    *,
    fence: bytes | None = OLD,
    content: bytes = NEW,
    blocked: str = "",
) -> Staged:
    """Return a projection whose item read *fence*; its node id is the golden's path."""
    return Staged(
        node_id=str(golden),
        golden=str(golden),
        fence=None if fence is None else digest(fence),
        content=content,
        blocked=blocked,
    )


def update(
    *projections: Staged,
    mode: UpdateMode = UpdateMode.ALL,
    selected: list[str] | None = None,
    failed: dict[str, str] | None = None,
    skipped: dict[str, str] | None = None,
) -> UpdateResult:
    """Finish an update of *projections*."""
    names = [one.node_id for one in projections]
    by_id = dict(zip(names, projections, strict=True))
    chosen = names if selected is None else selected
    return conclude(by_id, chosen, failed or {}, skipped or {}, mode)


def actions(result: UpdateResult) -> list[Action]:
    """Return what was decided, in order."""
    return [decision.action for decision in result.decisions]


def written(result: UpdateResult) -> list[str]:
    """Return which goldens were written, in order."""
    return [decision.staged.golden for decision in result.written]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder whose name has odd characters."""
    folder = tmp_path / "a [b] é"
    folder.mkdir()
    return folder


@pytest.fixture
def goldens(folder: Path) -> list[Path]:
    """Return two goldens with old bytes, and a third that does not exist yet."""
    paths = [folder / str(number) / "expected.jsonl" for number in range(3)]
    for path in paths:
        path.parent.mkdir()
    for path in paths[:2]:
        path.write_bytes(OLD)
    return paths


def projections(goldens: list[Path]) -> list[Staged]:
    """Return projections that change the first two goldens and make the third."""
    return [
        staged(goldens[0]),
        staged(goldens[1]),
        staged(goldens[2], fence=None),
    ]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below *folder* with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }


BEFORE = {"0/expected.jsonl": OLD, "1/expected.jsonl": OLD}
AFTER = {f"{number}/expected.jsonl": NEW for number in range(3)}


# --- decide -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fence", "mode", "expected"),
    [
        (None, UpdateMode.ALL, Action.CREATE),
        (None, UpdateMode.NEW, Action.CREATE),
        (None, UpdateMode.CHANGED, Action.LEAVE),
        (None, UpdateMode.PLAN, Action.CREATE),
        (OLD, UpdateMode.ALL, Action.WRITE),
        (OLD, UpdateMode.NEW, Action.LEAVE),
        (OLD, UpdateMode.CHANGED, Action.WRITE),
        (OLD, UpdateMode.PLAN, Action.WRITE),
        (NEW, UpdateMode.ALL, Action.KEEP),
        (NEW, UpdateMode.NEW, Action.KEEP),
        (NEW, UpdateMode.CHANGED, Action.KEEP),
        (NEW, UpdateMode.PLAN, Action.KEEP),
    ],
)
def test_decide(fence: bytes | None, mode: UpdateMode, expected: Action) -> None:
    """A golden is made, changed, kept or left, by what was asked."""
    assert expected is decide(staged(fence=fence), mode)


def test_only_plan_writes_nothing() -> None:
    """All other modes may change files."""
    assert [UpdateMode.PLAN] == [mode for mode in UpdateMode if not mode.writes]


# --- conclude: what blocks ----------------------------------------------------------------


def assert_blocked(result: UpdateResult, *lines: str) -> None:
    """Assert that nothing was written, for exactly the reasons in *lines*."""
    assert () == result.written
    (error,) = result.errors
    assert type(error) is UpdateBlockedError
    assert "PD310" in str(error)
    assert list(lines) == error.detail.splitlines()


def test_a_failure_blocks_everything(folder: Path, goldens: list[Path]) -> None:
    """One item that failed keeps all goldens as they are."""
    selected = [*(str(path) for path in goldens), "other"]
    result = update(
        *projections(goldens), selected=selected, failed={"other": "PD401: boom"}
    )
    assert_blocked(result, "  other: PD401: boom")
    assert "1 of 4 selected scenarios is not sound" in result.errors[0].message
    assert [Action.WRITE, Action.WRITE, Action.CREATE] == actions(result)
    assert contents(folder) == BEFORE


def test_a_failed_item_is_not_decided_on(goldens: list[Path]) -> None:
    """What failed after it had staged counts as failed."""
    one, two, three = projections(goldens)
    result = update(one, two, three, failed={one.node_id: "teardown"})
    assert_blocked(result, f"  {one.node_id}: teardown")
    assert [two, three] == [decision.staged for decision in result.decisions]


def test_a_block_blocks_everything(folder: Path, goldens: list[Path]) -> None:
    """A projection that must not be written stops the others too."""
    one, two, _ = projections(goldens)
    bad = staged(goldens[2], fence=None, blocked="PD317: no event")
    result = update(one, two, bad)
    assert_blocked(result, f"  {bad.node_id}: PD317: no event")
    assert contents(folder) == BEFORE


def test_what_did_not_end_blocks_everything(folder: Path, goldens: list[Path]) -> None:
    """A worker that died staged nothing for its item; that is not success."""
    one, *_ = projections(goldens)
    result = update(one, selected=[one.node_id, "b", "c"])
    assert_blocked(result, "  b: did not run to its end", "  c: did not run to its end")
    assert "2 of 3 selected scenarios are not sound" in result.errors[0].message
    assert contents(folder) == BEFORE


def test_skipped_items_do_not_block(folder: Path, goldens: list[Path]) -> None:
    """Their goldens stay, with the reason; the others are written."""
    one, two, three = projections(goldens)
    result = update(one, two, three, skipped={one.node_id: "no tool"})
    assert () == result.errors
    assert [two.golden, three.golden] == written(result)
    assert {one.node_id: "no tool"} == result.skipped
    assert contents(folder) == {**AFTER, "0/expected.jsonl": OLD}


def test_only_selected_items_are_decided_on(goldens: list[Path]) -> None:
    """Scope and order are those of the selection."""
    one, two, three = projections(goldens)
    result = update(one, two, three, selected=[three.node_id, one.node_id])
    assert [three.golden, one.golden] == written(result)
    assert OLD == goldens[1].read_bytes()


def test_nothing_selected() -> None:
    """An update of nothing does nothing."""
    assert UpdateResult(()) == update()


def test_plan_writes_nothing(folder: Path, goldens: list[Path]) -> None:
    """It says what would be done, and touches no file."""
    result = update(*projections(goldens), mode=UpdateMode.PLAN, skipped={"x": "y"})
    assert [Action.WRITE, Action.WRITE, Action.CREATE] == actions(result)
    assert ((), (), {"x": "y"}) == (result.written, result.errors, result.skipped)
    assert contents(folder) == BEFORE


# --- conclude: what is written --------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (UpdateMode.ALL, AFTER),
        (UpdateMode.NEW, {**BEFORE, "2/expected.jsonl": NEW}),
        (UpdateMode.CHANGED, {"0/expected.jsonl": NEW, "1/expected.jsonl": NEW}),
    ],
)
def test_modes(
    folder: Path, goldens: list[Path], mode: UpdateMode, expected: dict[str, bytes]
) -> None:
    """Each mode writes what it names, and leaves no helper file."""
    result = update(*projections(goldens), mode=mode)
    assert () == result.errors
    assert expected == contents(folder)
    assert {str(folder / name) for name in expected if expected[name] == NEW} == set(
        written(result)
    )


def test_before(goldens: list[Path]) -> None:
    """The bytes that were replaced are handed back."""
    result = update(*projections(goldens))
    first, second, third = map(str, goldens)
    assert {first: OLD, second: OLD, third: None} == result.before


def test_mode_bits_are_kept(goldens: list[Path]) -> None:
    """A changed golden has the permissions it had; a new one those of any new file."""
    goldens[0].chmod(0o640)
    goldens[1].chmod(0o755)
    previous = os.umask(0o027)
    try:
        update(*projections(goldens))
    finally:
        os.umask(previous)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in goldens]
    assert [0o640, 0o755, 0o640] == modes


def test_equal_goldens_are_not_touched(folder: Path) -> None:
    """Time and inode stay when the bytes are right already."""
    golden = folder / "expected.jsonl"
    golden.write_bytes(NEW)
    os.utime(golden, (1, 1))
    before = golden.stat()
    result = update(staged(golden, fence=NEW))
    assert [Action.KEEP] == actions(result)
    assert ((), ()) == (result.written, result.errors)
    after = golden.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_empty_golden_can_be_written(folder: Path) -> None:
    """No event is a content like any other here."""
    result = update(staged(folder / "expected.jsonl", fence=None, content=b""))
    assert () == result.errors
    assert contents(folder) == {"expected.jsonl": b""}


def test_helpers_of_a_killed_run_are_left_alone(
    folder: Path, goldens: list[Path]
) -> None:
    """They may hold the only copy of a golden, so nothing overwrites them."""
    left = {f"0/.expected.jsonl.{os.getpid()}.{kind}": EDIT for kind in ("new", "old")}
    for name, content in left.items():
        (folder / name).write_bytes(content)
    assert () == update(*projections(goldens)).errors
    assert {**AFTER, **left} == contents(folder)


# --- goldens that somebody else changed -----------------------------------------------------


def assert_stale(result: UpdateResult, golden: Path) -> None:
    """Assert that *golden*, and nothing else, was left because somebody changed it."""
    (error,) = result.errors
    assert type(error) is StaleGoldenError
    assert f"PD314: {golden}: " in str(error)
    assert [Action.STALE] == [
        decision.action
        for decision in result.decisions
        if decision.staged.golden == str(golden)
    ]
    assert str(golden) not in written(result)
    assert str(golden) not in result.before
    assert 2 == len(result.written)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_edit_before_the_commit(
    folder: Path, goldens: list[Path], number: int
) -> None:
    """A golden that changed, or appeared, since the item read it is left alone."""
    goldens[number].write_bytes(EDIT)
    assert_stale(update(*projections(goldens)), goldens[number])
    assert {**AFTER, f"{number}/expected.jsonl": EDIT} == contents(folder)


def test_a_golden_that_was_removed(folder: Path, goldens: list[Path]) -> None:
    """It is not made anew."""
    goldens[0].unlink()
    assert_stale(update(*projections(goldens)), goldens[0])
    assert set(contents(folder)) == {"1/expected.jsonl", "2/expected.jsonl"}


def save(path: Path) -> None:
    """Change a file as an editor does that writes in place."""
    path.write_bytes(EDIT)


def save_by_rename(path: Path) -> None:
    """Change a file as an editor does that writes beside it."""
    path.with_name("editor~").write_bytes(EDIT)
    path.with_name("editor~").replace(path)


def remove(path: Path) -> None:
    """Remove a file if it is there."""
    path.unlink(missing_ok=True)


Edit = Callable[[Path], None]


@contextlib.contextmanager
def editing_at(
    monkeypatch: pytest.MonkeyPatch, call: int, golden: Path, edit: Edit
) -> Iterator[list[int]]:
    """Let *edit* happen before the n-th change of a name; yield how many there were."""
    calls = [0]
    with monkeypatch.context() as patch:

        def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*args: Any, **options: Any) -> Any:
                calls[0] += 1
                if calls[0] == call:
                    calls.append(call)
                    patch.undo()
                    edit(golden)
                return function(*args, **options)

            return wrapped

        for name in ("rename", "link"):
            patch.setattr(os, name, wrap(getattr(os, name)))
        yield calls


@pytest.mark.parametrize("edit", [save, save_by_rename])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_edit_during_the_commit_is_never_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, edit: Edit
) -> None:
    """Whenever somebody saves a golden, what they saved is there afterwards."""
    call = 0
    outcomes = set()
    while True:
        call += 1
        goldens = [folder / f"{call}-{n}" / "expected.jsonl" for n in range(3)]
        for path in goldens:
            path.parent.mkdir()
        for path in goldens[:2]:
            path.write_bytes(OLD)
        with editing_at(monkeypatch, call, goldens[number], edit) as calls:
            result = update(*projections(goldens))
        if len(calls) == 1:
            break
        assert EDIT == goldens[number].read_bytes()
        names = {file.name for path in goldens for file in path.parent.iterdir()}
        assert {"expected.jsonl"} == names
        undone = CommitError in {type(error) for error in result.errors}
        for path in goldens[:2]:
            if path != goldens[number]:
                assert (OLD if undone else NEW) == path.read_bytes()
        outcomes |= {type(error) for error in result.errors}
    assert StaleGoldenError in outcomes
    assert 5 < call


def test_a_removal_during_the_commit(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A golden that somebody removed just then is not made anew."""
    with editing_at(monkeypatch, 1, goldens[0], remove):
        assert_stale(update(*projections(goldens)), goldens[0])
    assert set(contents(folder)) == {"1/expected.jsonl", "2/expected.jsonl"}


def test_two_edits_during_the_commit_are_both_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one golden is saved twice at once, the first version stays beside it."""
    golden = folder / "expected.jsonl"
    golden.write_bytes(OLD)
    real = os.rename
    first = [EDIT]

    def rename(source: Path, target: Path) -> None:
        golden.write_bytes(first.pop())
        real(source, target)
        golden.write_bytes(b"second edit")

    monkeypatch.setattr(os, "rename", rename)
    result = update(staged(golden))
    assert [StaleGoldenError, CommitError] == [type(error) for error in result.errors]
    found = contents(folder)
    assert b"second edit" == found.pop("expected.jsonl")
    ((name, kept),) = found.items()
    assert EDIT == kept
    assert f"was left in {name}" in str(result.errors[1])


# --- faults ---------------------------------------------------------------------------------


class Fault(Exception):  # noqa: N818 - not an OSError: nothing expects it
    """Something that no code is prepared for."""


PATCHED = [
    *((os, name) for name in ("rename", "link", "open", "unlink", "chmod", "stat")),
    (io, "open"),
    (builtins, "open"),
]


@contextlib.contextmanager
def failing_at(
    monkeypatch: pytest.MonkeyPatch,
    call: int,
    error: Callable[[], BaseException],
    *,
    names: tuple[str, ...] = (),
    folder: Path,
) -> Iterator[list[int]]:
    """Let the n-th OS call on a file below *folder* fail; yield a list with the count."""
    calls = [0]

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            named = isinstance(args[0], int) or str(args[0]).startswith(str(folder))
            if named:
                calls[0] += 1
                if calls[0] == call:
                    calls.append(call)
                    raise error()
            return function(*args, **options)

        return wrapped

    with monkeypatch.context() as patch:
        for module, name in PATCHED:
            if not names or name in names:
                patch.setattr(module, name, wrap(getattr(module, name)))
        yield calls


def no_space() -> OSError:
    """Return what a full disk gives."""
    return OSError(errno.ENOSPC, "No space left on device")


def no_links() -> OSError:
    """Return what a file system without hard links gives."""
    return PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("error", [no_space, KeyboardInterrupt, Fault])
def test_any_single_fault(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Callable[[], BaseException],
    links: bool,
) -> None:
    """At whatever OS call something fails: all goldens are old or all are new."""
    if not links:
        monkeypatch.setattr(os, "link", refuse_links)
    call, endings = 0, set()
    while True:
        call += 1
        inner = folder / str(call)
        goldens = [inner / str(number) / "expected.jsonl" for number in range(3)]
        for path in goldens:
            path.parent.mkdir(parents=True)
        for path in goldens[:2]:
            path.write_bytes(OLD)
            path.chmod(0o640)
            os.utime(path, (1, 1))
        result = None
        with failing_at(monkeypatch, call, error, folder=folder) as calls:
            try:
                result = update(*projections(goldens))
            except (KeyboardInterrupt, Fault):
                assert error is not no_space
        if len(calls) == 1:
            break
        endings.add(assert_all_or_none(inner, goldens, result))
    assert (False, False) in endings
    assert 20 < call


def assert_all_or_none(
    inner: Path, goldens: list[Path], result: UpdateResult | None
) -> tuple[bool, bool]:
    """Assert that nothing is half done; return whether all are new, and helpers left."""
    found = contents(inner)
    helpers = {name for name in found if not name.endswith("/expected.jsonl")}
    state = {name: found[name] for name in found if name not in helpers}
    assert state in (BEFORE, AFTER)
    if result is not None and result.errors:
        assert {CommitError, GoldenUnreadableError} >= {type(e) for e in result.errors}
    if result is not None:
        assert (state == AFTER) is bool(result.written)
    if helpers and result is None:  # interrupted while it tidied up
        assert AFTER == state
    elif helpers:  # removing one is what failed, and that is told
        assert result is not None
        assert "was left in" in str(result.errors[-1])
        assert 1 == len(helpers)
    if state == BEFORE:
        assert [0o640] * 2 == [stat.S_IMODE(p.stat().st_mode) for p in goldens[:2]]
        assert [1] * 2 == [int(path.stat().st_mtime) for path in goldens[:2]]
    return state == AFTER, bool(helpers)


def refuse_links(_source: Path, _target: Path) -> None:
    """Stand for os.link on a file system that has none."""
    raise no_links()


def test_a_single_fault_is_told(folder: Path, goldens: list[Path]) -> None:
    """The error names code, file and cause, and says that nothing was written."""
    goldens[2].parent.rmdir()
    result = update(*projections(goldens))
    (error,) = result.errors
    assert type(error) is CommitError
    assert "PD316" in str(error)
    assert "nothing was written: No such file or directory" in error.message
    assert "2/.expected.jsonl." in str(error.where)
    assert ((), {}) == (result.written, result.before)
    assert contents(folder) == BEFORE


@pytest.mark.parametrize("call", range(1, 30))
def test_when_everything_fails_from_some_call_on(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Where nothing can be put back either, no old bytes are lost, and it is told."""
    count = [0]

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] >= call:
                raise no_space()
            return function(*args, **options)

        return wrapped

    with monkeypatch.context() as patch:
        for name in ("rename", "link", "open", "unlink"):
            patch.setattr(os, name, wrap(getattr(os, name)))
        result = update(*projections(goldens))
    if contents(folder) == AFTER:
        assert () == result.errors
        assert 15 <= call
        return
    assert result.errors
    kinds = {type(error) for error in result.errors}
    assert kinds <= {CommitError, GoldenUnreadableError}
    for path in goldens[:2]:
        kept = [file.read_bytes() for file in path.parent.iterdir()]
        assert OLD in kept or NEW == path.read_bytes()
    told = " ".join(str(error) for error in result.errors)
    for name in contents(folder):
        if not name.endswith("/expected.jsonl"):
            assert Path(name).name in told


def test_a_disk_that_fills_while_writing(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-written file is never a golden, with and without hard links."""
    monkeypatch.setattr(os, "link", refuse_links)
    real = builtins.open
    for written_files in range(1, 8):
        count = [0]

        def opened(
            *args: Any,
            count: list[int] = count,
            most: int = written_files,
            **options: Any,
        ) -> Any:
            file = real(*args, **options)
            if isinstance(args[0], int):
                count[0] += 1
                if count[0] == most:
                    return Full(file)
            return file

        with monkeypatch.context() as patch:
            patch.setattr(builtins, "open", opened)
            result = update(*projections(goldens))
        if count[0] < written_files:
            break
        assert [CommitError] == [type(error) for error in result.errors]
        assert "No space left" in str(result.errors[0])
        assert contents(folder) == BEFORE
    assert AFTER == contents(folder)
    assert 6 < written_files


class Full:
    """A file on a disk that fills up after half of what is written."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_args: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Write half of *data*."""
        self._file.write(data[: len(data) // 2])
        raise no_space()


def test_file_systems_without_hard_links(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There a golden is copied to its free name, modes included."""
    monkeypatch.setattr(os, "link", refuse_links)
    goldens[0].chmod(0o600)
    goldens[1].chmod(0o755)
    assert () == update(*projections(goldens)).errors
    assert AFTER == contents(folder)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in goldens[:2]]
    assert [0o600, 0o755] == modes


def test_an_edit_where_there_are_no_hard_links(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put back with its time, and a file that appears meanwhile stays."""
    monkeypatch.setattr(os, "link", refuse_links)
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        if source == goldens[0]:
            goldens[0].write_bytes(EDIT)
            os.utime(goldens[0], (5, 5))
        real(source, target)
        if source == goldens[1]:
            goldens[1].write_bytes(EDIT)

    monkeypatch.setattr(os, "rename", rename)
    result = update(*projections(goldens))
    assert [StaleGoldenError] * 2 == [type(error) for error in result.errors]
    edited = {"0/expected.jsonl": EDIT, "1/expected.jsonl": EDIT}
    assert {**AFTER, **edited} == contents(folder)
    assert 5 == goldens[0].stat().st_mtime


def test_what_reads_back_different_is_undone(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A golden that was changed after the swap keeps that change; the others go back."""
    real = Swap.put

    def put(self: Swap) -> bool:
        done = real(self)
        if self.golden == goldens[2]:
            goldens[1].write_bytes(EDIT)
        return done

    monkeypatch.setattr(Swap, "put", put)
    result = update(*projections(goldens))
    (error,) = result.errors
    assert type(error) is CommitError
    assert f"PD316: {goldens[1]}: the golden reads back different" in str(error)
    assert ((), {}) == (result.written, result.before)
    assert {**BEFORE, "1/expected.jsonl": EDIT} == contents(folder)


def test_what_cannot_be_put_back_is_told(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new golden stays, and the old one beside it."""
    real, calls = os.rename, [0]

    def rename(source: Path, target: Path) -> None:
        calls[0] += 1
        if calls[0] > 1:
            raise no_space()
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    result = update(*projections(goldens))
    first, second, third = result.errors
    assert f"{goldens[0]}: the golden could not be put back: No space" in str(first)
    assert "PD316: nothing was written: No space left" in str(second)
    found = contents(folder)
    (left,) = [name for name in found if name.startswith("0/.")]
    assert OLD == found.pop(left)
    assert Path(left).name in str(third)
    assert {**BEFORE, "0/expected.jsonl": NEW} == found


def test_a_swap_is_undone_once(folder: Path) -> None:
    """What is put back is no longer put, so nothing happens a second time."""
    golden = folder / "expected.jsonl"
    golden.write_bytes(OLD)
    swap = Swap(golden, digest(OLD), NEW, "token")
    swap.undo()
    swap.prepare()
    assert swap.put()
    swap.undo()
    assert not swap.is_put
    golden.write_bytes(EDIT)
    swap.undo()
    assert [] == swap.clean()
    assert contents(folder) == {"expected.jsonl": EDIT}


def test_modes_that_cannot_be_set(
    folder: Path, goldens: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the mode is right already it is not set: some file systems refuse it."""

    def chmod(*_args: object, **_options: object) -> None:
        raise no_links()

    monkeypatch.setattr(os, "chmod", chmod)
    monkeypatch.setattr(shutil, "copystat", chmod)
    monkeypatch.setattr(os, "link", refuse_links)
    assert () == update(*projections(goldens)).errors
    assert AFTER == contents(folder)


# --- goldens that are no plain files ----------------------------------------------------------


def test_a_golden_that_is_a_link(folder: Path, goldens: list[Path]) -> None:
    """A link is never replaced by a file, and what it leads to is never written."""
    target = folder / "target"
    target.write_bytes(OLD)
    goldens[1].unlink()
    goldens[1].symlink_to(target)
    (error,) = update(*projections(goldens)).errors
    assert type(error) is GoldenUnreadableError
    assert f"PD307: {goldens[1]}: the golden is a symbolic link" in str(error)
    assert {**BEFORE, "target": OLD} == contents(folder)
    assert goldens[1].is_symlink()


def test_a_golden_that_is_a_folder(folder: Path, goldens: list[Path]) -> None:
    """Nothing is written when one golden cannot be."""
    goldens[2].mkdir()
    (error,) = update(*projections(goldens)).errors
    assert type(error) is GoldenUnreadableError
    assert "PD307" in str(error)
    assert contents(folder) == BEFORE


def test_one_golden_of_two_items(folder: Path) -> None:
    """Two projections of one golden are refused, whatever they say."""
    golden = folder / "expected.jsonl"
    golden.write_bytes(OLD)
    one = staged(golden)
    other = Staged(node_id="b", golden=one.golden, fence=one.fence, content=EDIT)
    (error,) = update(one, other).errors
    assert type(error) is CommitError
    assert contents(folder) == {"expected.jsonl": OLD}
