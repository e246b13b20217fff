"""syrupy's own discovery, unused report and deletion never see a scenario folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from user_project import GOLDEN, SQL, AddScenario

HAND_WRITTEN = """
import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension


class BesideTheTest(SingleFileSnapshotExtension):
    '''A user's layout that takes the folder of the scenarios for its snapshots.'''

    @classmethod
    def dirname(cls, *, test_location):
        from pathlib import Path
        return str(Path(test_location.filepath).parent / "scenarios")

    @classmethod
    def discovery_dirname(cls, *, test_location):
        return cls.dirname(test_location=test_location)


def test_theirs(snapshot):
    assert snapshot == "value"


def test_beside(snapshot):
    assert b"x" == snapshot.use_extension(BesideTheTest)
"""


def tree(path: Path) -> dict[str, bytes]:
    """Return every file below *path* with its content."""
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


def lay_out(pytester: pytest.Pytester, add: AddScenario) -> dict[str, bytes]:
    """Make scenarios beside hand-written tests; return the scenarios' files."""
    add("a")
    add("b")
    broken = add("broken", sql="CREATE TABLE other (x);")
    (broken / "notes.txt").write_text("mine")
    pytester.makepyfile(test_hand=HAND_WRITTEN)
    return tree(pytester.path / "scenarios")


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--collect-only",),
        ("--setup-plan",),
        ("--setup-only",),
        ("-k", "a"),
        ("-k", "theirs"),
        ("-m", "nothing"),
        ("-x",),
        ("--lf",),
        ("--deselect", "scenarios/a/fixture.sql::a"),
        ("scenarios/a",),
        ("--snapshot-warn-unused",),
        ("--snapshot-details",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "update", [(), ("--snapshot-update",)], ids=["check", "update"]
)
def test_no_file_of_a_scenario_is_ever_deleted(
    pytester: pytest.Pytester,
    add: AddScenario,
    flags: tuple[str, ...],
    update: tuple[str, ...],
) -> None:
    """Whatever is selected, fixtures stay, and so does every golden."""
    before = lay_out(pytester, add)

    pytester.runpytest("--parsediff", *flags, *update)

    assert before.items() <= tree(pytester.path / "scenarios").items()


@pytest.mark.parametrize("flags", [(), ("-x",), ("-k", "a")], ids=" ".join)
def test_no_file_of_a_scenario_is_deleted_with_workers(
    pytester: pytest.Pytester, add: AddScenario, flags: tuple[str, ...]
) -> None:
    """The same holds when xdist distributes the run."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    before = lay_out(pytester, add)

    pytester.runpytest_subprocess("--parsediff", "-n2", "--snapshot-update", *flags)

    assert before.items() <= tree(pytester.path / "scenarios").items()


def test_a_run_without_scenarios_does_not_touch_them(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """``--snapshot-update`` for other tests leaves scenarios alone."""
    add("a", golden="{}\n")
    pytester.makepyfile(
        test_hand="def test_theirs(snapshot):\n    assert snapshot == 1\n"
    )
    before = tree(pytester.path / "scenarios")

    pytester.runpytest("--snapshot-update").assert_outcomes(passed=1)

    assert before == tree(pytester.path / "scenarios")


def test_snapshot_update_updates_scenarios_too(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Syrupy's flag implies ours for scenarios that were asked for."""
    folder = add("a", golden="{}\n")

    result = pytester.runpytest("--parsediff", "--snapshot-update")

    result.assert_outcomes(passed=1)
    assert GOLDEN == (folder / "expected.jsonl").read_text()
    result.stdout.fnmatch_lines(["1 snapshot updated."])


def test_update_golden_leaves_other_snapshots_alone(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Our flag never updates, creates or deletes a snapshot of a hand-written test."""
    add("a", golden="{}\n")
    pytester.makepyfile(
        test_hand="def test_theirs(snapshot):\n    assert snapshot == 1\n"
    )

    result = pytester.runpytest("--update-golden")

    result.assert_outcomes(passed=1, failed=1)
    assert not (pytester.path / "__snapshots__").exists()


@pytest.mark.parametrize(
    ("golden", "line"),
    [("{}\n", "1 snapshot failed."), (None, "1 snapshot failed.")],
    ids=["mismatch", "missing"],
)
def test_syrupys_summary_counts_failures(
    pytester: pytest.Pytester, add: AddScenario, golden: str | None, line: str
) -> None:
    """A differing or missing golden is in syrupy's summary, once."""
    add("a", golden=golden)

    result = pytester.runpytest("--parsediff")

    result.stdout.fnmatch_lines([line])


def test_syrupys_summary_is_silent_about_a_blocked_update(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """What was not written is not called updated."""
    add("a", golden="{}\n")
    add("bad", sql="CREATE TABLE other (x);")

    result = pytester.runpytest("--update-golden")

    assert "updated" not in result.stdout.str().partition("snapshot report")[2]


def test_a_hand_written_test_with_the_extension(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """The public extension stores canonical lines per test, in a folder per module."""
    add("a")
    pytester.makepyfile(
        test_hand="""
import pytest
from pytest_parsediff import JSONLExtension


@pytest.fixture
def snapshot(snapshot):
    return snapshot.use_extension(JSONLExtension)


@pytest.mark.parametrize("n", ["x y", "x_y"])
def test_x(parsediff, snapshot, n):
    result = parsediff("scenarios/a")
    assert result == snapshot
    assert [{"b": 1, "a": n}] == snapshot
"""
    )

    missing = pytester.runpytest("test_hand.py")
    created = pytester.runpytest("test_hand.py", "--snapshot-update")
    checked = pytester.runpytest("test_hand.py")

    missing.assert_outcomes(failed=2)
    created.assert_outcomes(passed=2)
    checked.assert_outcomes(passed=2)
    folder = pytester.path / "__snapshots__/test_hand"
    texts = sorted(path.read_text() for path in folder.iterdir())
    assert (
        sorted([GOLDEN, GOLDEN, '{"a":"x y","b":1}\n', '{"a":"x_y","b":1}\n']) == texts
    )


def test_the_extension_does_not_delete(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Goldens of hand-written tests survive an update that did not run them."""
    add("a")
    pytester.makepyfile(
        test_hand="""
from pytest_parsediff import JSONLExtension

def test_one(snapshot):
    assert [{"a": 1}] == snapshot.use_extension(JSONLExtension)

def test_two(snapshot):
    assert [{"a": 2}] == snapshot.use_extension(JSONLExtension)
"""
    )
    pytester.runpytest("test_hand.py", "--snapshot-update").assert_outcomes(passed=2)
    before = tree(pytester.path / "__snapshots__")

    pytester.runpytest("test_hand.py", "--snapshot-update", "-k", "one")
    pytester.runpytest("test_hand.py", "--snapshot-update", "--collect-only")

    assert before == tree(pytester.path / "__snapshots__")


def test_a_fixture_is_never_written(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """After all of the above kinds of update the fixture has its own bytes."""
    folder = add("a", golden=None)

    pytester.runpytest("--update-golden").assert_outcomes(passed=1)

    assert SQL == (folder / "fixture.sql").read_text()
    assert {"expected.jsonl", "fixture.sql"} == {p.name for p in folder.iterdir()}
