"""``--update-golden``: what it writes, and all the ways in which it must not."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from user_project import ADAPTER, GOLDEN, SQL, AddScenario


def golden_of(folder: Path) -> str | None:
    """Return the golden's text, or ``None`` when there is none."""
    path = folder / "expected.jsonl"
    return path.read_text(encoding="utf-8") if path.exists() else None


def test_creates_and_updates_and_says_so(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Each selected golden becomes the output, and each written one is named."""
    new, old = add("new", golden=None), add("old", golden='{"id":1}\n')

    result = pytester.runpytest("--update-golden")

    result.assert_outcomes(passed=2)
    assert (GOLDEN, GOLDEN) == (golden_of(new), golden_of(old))
    result.stdout.fnmatch_lines(
        [
            "update-golden: 1 created, 1 updated",
            "  created scenarios/new/expected.jsonl",
            "  updated scenarios/old/expected.jsonl",
            "1 snapshot generated. 1 snapshot updated.",
        ]
    )
    pytester.runpytest("--parsediff").assert_outcomes(passed=2)


@pytest.mark.parametrize("flag", ["--update-golden", "--parsediff-update-golden"])
def test_a_bare_flag_never_takes_the_next_argument(
    pytester: pytest.Pytester, add: AddScenario, flag: str
) -> None:
    """``--update-golden scenarios/x`` updates x and nothing else."""
    x, y = add("x", golden=None), add("y", golden=None)

    result = pytester.runpytest(flag, "scenarios/x")

    result.assert_outcomes(passed=1)
    assert (GOLDEN, None) == (golden_of(x), golden_of(y))


def test_the_flag_works_from_addopts(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """The flag may stand in the configuration file."""
    folder = add("a", golden=None)
    pytester.makeini(
        "[pytest]\nparsediff_adapter = rows\naddopts = --update-golden -q\n"
    )

    pytester.runpytest("scenarios/a").assert_outcomes(passed=1)

    assert golden_of(folder) == GOLDEN


def test_a_conftest_that_owns_the_short_flag_keeps_it(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """The short spelling steps aside; the prefixed one always works."""
    folder = add("a", golden=None)
    pytester.makeconftest(
        ADAPTER
        + """
def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true")
"""
    )

    theirs = pytester.runpytest("--update-golden", "--parsediff")
    ours = pytester.runpytest("--parsediff-update-golden")

    theirs.assert_outcomes(failed=1)
    ours.assert_outcomes(passed=1)
    assert golden_of(folder) == GOLDEN


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("all", (GOLDEN, GOLDEN)),
        ("new", (GOLDEN, "{}\n")),
        ("changed", (None, GOLDEN)),
        ("plan", (None, "{}\n")),
    ],
)
def test_modes(
    pytester: pytest.Pytester,
    add: AddScenario,
    mode: str,
    expected: tuple[str | None, str | None],
) -> None:
    """A mode chooses among new and changed goldens; plan writes nothing."""
    new, old = add("new", golden=None), add("old", golden="{}\n")

    result = pytester.runpytest(f"--update-golden={mode}")

    result.assert_outcomes(passed=2)
    assert expected == (golden_of(new), golden_of(old))
    written = [
        line for line in result.outlines if re.match("  (created|updated) ", line)
    ]
    assert sum(text not in (None, "{}\n") for text in expected) == len(written)


def test_an_unknown_mode_is_a_usage_error(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """The modes are listed (PD116)."""
    add("a")

    result = pytester.runpytest("--update-golden=everything")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["*PD116*all, new, changed, plan*'everything'*"])


@pytest.mark.parametrize("variable", ["CI", "TF_BUILD"])
@pytest.mark.parametrize("flag", ["--update-golden", "--snapshot-update"])
@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_refused_on_ci(
    pytester: pytest.Pytester,
    add: AddScenario,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    flag: str,
    workers: tuple[str, ...],
) -> None:
    """Where CI is set no flag writes a golden of a scenario (PD331)."""
    if workers:
        pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    folder = add("a", golden=None)
    monkeypatch.setenv(variable, "true")

    result = pytester.runpytest_subprocess("--parsediff", flag, *workers)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    assert "PD331: " in result.stderr.str()
    assert golden_of(folder) is None


def test_ci_false_is_no_ci(
    pytester: pytest.Pytester, add: AddScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``CI=false`` means what it says."""
    folder = add("a", golden=None)
    monkeypatch.setenv("CI", "false")

    pytester.runpytest("--update-golden").assert_outcomes(passed=1)

    assert golden_of(folder) == GOLDEN


def test_one_failing_scenario_blocks_all(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Nothing is written unless every selected scenario is sound (PD310)."""
    good = add("good", golden=None)
    add("bad", sql="CREATE TABLE other (x);")

    result = pytester.runpytest("--update-golden")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert golden_of(good) is None
    result.stdout.fnmatch_lines(
        ["PD310: nothing was written: 1 of 2*", "  scenarios/bad/fixture.sql::bad: *"]
    )


def test_a_scenario_that_cannot_be_collected_blocks_all(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A broken scenario.toml among the selected folders blocks the update."""
    good = add("good", golden=None)
    add("bad", toml="adaptor = 1\n")

    result = pytester.runpytest("--update-golden")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert golden_of(good) is None


def test_a_failing_teardown_blocks(pytester: pytest.Pytester, add: AddScenario) -> None:
    """A golden is written only after the whole item passed."""
    folder = add("a", golden=None)
    pytester.makeconftest(
        ADAPTER
        + """
@pytest.fixture(autouse=True)
def broken():
    yield
    raise OSError("late")
"""
    )

    result = pytester.runpytest("--update-golden")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert golden_of(folder) is None


def test_stopping_early_writes_nothing(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """With ``-x`` the scenarios that never ran block the update."""
    add("a", sql="CREATE TABLE other (x);")
    later = add("b", golden="{}\n")

    result = pytester.runpytest("--update-golden", "-x")

    assert golden_of(later) == "{}\n"
    result.stdout.fnmatch_lines(
        ["  scenarios/b/fixture.sql::b: did not run to its end"]
    )


def test_an_unstable_adapter_is_refused(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Two runs that differ give no golden (PD312)."""
    folder = add("a", golden=None)
    pytester.makeconftest(
        """
import itertools
count = itertools.count()

def pytest_parsediff_adapters(config):
    return {"rows": lambda path: [{"n": next(count)}]}
"""
    )

    result = pytester.runpytest("--update-golden", "-rf")

    result.assert_outcomes(failed=1)
    assert golden_of(folder) is None
    result.stdout.fnmatch_lines(["FAILED*PD312: two runs over one store differ*"])


def test_an_empty_output_needs_a_word(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Silently empty is the bug to catch, so an empty golden must be declared."""
    sql = "CREATE TABLE t (id, x);"
    silent = add("silent", sql=sql, golden=GOLDEN)

    refused = pytester.runpytest("--update-golden")
    (silent / "scenario.toml").write_text("empty = true\n")
    accepted = pytester.runpytest("--update-golden")

    refused.stdout.fnmatch_lines(["*PD317*"])
    assert pytest.ExitCode.TESTS_FAILED == refused.ret
    accepted.assert_outcomes(passed=1)
    assert golden_of(silent) == ""


@pytest.mark.parametrize(
    ("golden", "code"),
    [("<<<<<<< a\n=======\n>>>>>>> b\n", "PD308"), ("my notes\n", "PD307")],
)
def test_a_file_that_is_no_golden_is_not_overwritten(
    pytester: pytest.Pytester, add: AddScenario, golden: str, code: str
) -> None:
    """Merge markers and foreign files stay as they are."""
    folder = add("a", golden=golden)

    result = pytester.runpytest("--update-golden")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert golden == golden_of(folder)
    assert code in result.stdout.str()


def test_a_symbolic_link_is_not_followed(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A golden that is a link is refused, and what it leads to stays."""
    folder = add("a", golden=None)
    shared = pytester.path / "shared.jsonl"
    shared.write_text("{}\n")
    (folder / "expected.jsonl").symlink_to(shared)

    result = pytester.runpytest("--update-golden")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert shared.read_text() == "{}\n"
    result.stdout.fnmatch_lines(["*symbolic link*"])


def test_equal_goldens_are_not_touched(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """An update leaves bytes and modification time of a right golden alone."""
    path = add("a") / "expected.jsonl"
    os.utime(path, ns=(1, 1))
    before = path.stat()

    result = pytester.runpytest("--update-golden")

    result.assert_outcomes(passed=1)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    result.stdout.fnmatch_lines(["update-golden: 1 unchanged"])


def test_a_deselected_golden_is_not_touched(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """``-k`` limits an update to what it selects."""
    a, b = add("a", golden="{}\n"), add("b", golden="{}\n")

    pytester.runpytest("--update-golden", "-k", "a and not b")

    assert (GOLDEN, "{}\n") == (golden_of(a), golden_of(b))


def test_a_known_failure_keeps_its_golden(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A scenario under ``[xfail]`` has the right golden already; it is skipped."""
    folder = add("a", golden="{}\n", toml='[xfail]\nrows = "bug"\n')

    result = pytester.runpytest("--update-golden")

    result.assert_outcomes(skipped=1)
    assert golden_of(folder) == "{}\n"
    result.stdout.fnmatch_lines(["  skipped scenarios/a/fixture.sql::a: *bug*"])


@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_with_workers(
    pytester: pytest.Pytester, add: AddScenario, workers: int
) -> None:
    """With xdist the controller alone writes, and syrupy's summary is as true."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    folders = [add(f"s{n}", golden=None) for n in range(4)]

    result = pytester.runpytest_subprocess("--update-golden", f"-n{workers}")

    result.assert_outcomes(passed=4)
    assert [GOLDEN] * 4 == [golden_of(folder) for folder in folders]
    result.stdout.fnmatch_lines(["update-golden: 4 created", "4 snapshots generated."])


def test_a_dying_worker_writes_nothing(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """When a worker crashes, its scenarios are missing, so nothing is written."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    folders = [add(f"s{n}", golden=None) for n in range(3)]
    pytester.makeconftest(
        ADAPTER
        + """
def pytest_runtest_call(item):
    if item.name == "s1":
        import os
        os._exit(9)
"""
    )

    result = pytester.runpytest_subprocess("--update-golden", "-n2")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert [None] * 3 == [golden_of(folder) for folder in folders]


@pytest.mark.parametrize("flag", ["--update-golden", "--snapshot-update"])
def test_dist_each_is_refused(
    pytester: pytest.Pytester, add: AddScenario, flag: str
) -> None:
    """Two writers of one golden are refused before anything runs (PD330)."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    add("a")

    result = pytester.runpytest_subprocess(
        "--parsediff", flag, "--dist=each", "--tx=2*popen"
    )

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    assert "PD330: " in result.stderr.str()


@pytest.mark.parametrize(
    "flags",
    [
        ("--update-golden", "--collect-only"),
        ("--update-golden", "--setup-plan"),
        ("--parsediff", "--snapshot-update", "--collect-only"),
        ("--parsediff", "--snapshot-update", "--setup-plan"),
        ("--parsediff", "--snapshot-update", "-k", "nothing"),
    ],
)
def test_runs_that_run_nothing_change_nothing(
    pytester: pytest.Pytester, add: AddScenario, flags: tuple[str, ...]
) -> None:
    """Neither goldens nor fixtures change, in a run whose tests do not run."""
    folder = add("a", golden="{}\n")
    add("b")

    pytester.runpytest(*flags)

    assert golden_of(folder) == "{}\n"
    assert SQL == (folder / "fixture.sql").read_text()


def test_an_edit_during_the_run_survives(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A golden that somebody saved meanwhile is left alone and reported (PD314)."""
    edited, other = add("edited", golden="{}\n"), add("other", golden="{}\n")
    pytester.makeconftest(
        ADAPTER
        + f"""
def pytest_runtest_teardown(item):
    if item.name == "other":
        with open({str(edited / "expected.jsonl")!r}, "w") as file:
            file.write('{{"mine":1}}\\n')
"""
    )

    result = pytester.runpytest("--update-golden")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert ('{"mine":1}\n', GOLDEN) == (golden_of(edited), golden_of(other))
    result.stdout.fnmatch_lines(["PD314: scenarios/edited/expected.jsonl: *"])
