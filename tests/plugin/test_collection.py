"""Which scenarios are found, what they are called, and how they are selected."""

from __future__ import annotations

import pytest
from user_project import ADAPTER, SQL, AddScenario


def node_ids(result: pytest.RunResult) -> list[str]:
    """Return the node ids that ``--collect-only -q`` printed."""
    return [line for line in result.outlines if "::" in line]


def test_nothing_is_collected_without_the_flag(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A scenario folder means nothing to a run that did not ask for it."""
    add("one")

    result = pytester.runpytest("--collect-only", "-q")

    assert [] == node_ids(result)
    assert pytest.ExitCode.NO_TESTS_COLLECTED == result.ret


def test_node_ids_can_be_typed(pytester: pytest.Pytester, add: AddScenario) -> None:
    """An id is the anchor file and the folder's name, at any depth, sorted."""
    add("b")
    add("a/deep.er/x-1")
    add("c", sql=None, toml='source = "s"')
    (pytester.path / "scenarios/c/files/s").mkdir(parents=True)

    result = pytester.runpytest("--parsediff", "--collect-only", "-q")

    assert [
        "scenarios/a/deep.er/x-1/fixture.sql::x-1",
        "scenarios/b/fixture.sql::b",
        "scenarios/c/scenario.toml::c",
    ] == node_ids(result)


@pytest.mark.parametrize(
    "argument",
    [
        "scenarios/a/x/fixture.sql::x",
        "scenarios/a/x/fixture.sql",
        "scenarios/a/x",
        "scenarios/a",
    ],
)
def test_a_printed_id_and_each_folder_above_can_be_run(
    pytester: pytest.Pytester, add: AddScenario, argument: str
) -> None:
    """Whatever a report names can be given back on the command line."""
    add("a/x")
    add("b")

    result = pytester.runpytest("--parsediff", argument)

    result.assert_outcomes(passed=1)


def test_run_from_inside_a_scenario(
    pytester: pytest.Pytester, add: AddScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the user stands does not matter when the scenario is named."""
    folder = add("a")
    add("b")
    monkeypatch.chdir(folder)

    result = pytester.runpytest("--parsediff", "--rootdir", str(pytester.path), ".")

    result.assert_outcomes(passed=1)


def test_keyword_and_marks_select(pytester: pytest.Pytester, add: AddScenario) -> None:
    """``-k`` knows the folder's name, ``-m`` the marks of the TOML."""
    add("alpha")
    add("beta", toml='marks = ["slow"]')
    pytester.makeini(
        "[pytest]\nparsediff_adapter = rows\nmarkers =\n    slow: takes long\n"
    )

    by_keyword = pytester.runpytest("--parsediff", "-k", "alp")
    by_mark = pytester.runpytest("--parsediff", "-m", "slow", "-v")

    by_keyword.assert_outcomes(passed=1, deselected=1)
    by_mark.assert_outcomes(passed=1, deselected=1)
    by_mark.stdout.fnmatch_lines(["scenarios/beta/fixture.sql::beta PASSED*"])


def test_marks_with_arguments_act(pytester: pytest.Pytester, add: AddScenario) -> None:
    """A mark in TOML takes arguments as in Python."""
    add(
        "a",
        toml='[[marks]]\nname = "skipif"\nargs = [true]\nkwargs = {reason = "no"}\n',
    )

    result = pytester.runpytest("--parsediff", "-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*no"])


def test_a_typo_in_a_mark_fails_under_strict_markers(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Marks from TOML obey ``strict_markers``."""
    add("a", toml='marks = ["solw"]')

    result = pytester.runpytest("--parsediff", "--strict-markers")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*'solw' not found in `markers`*"])


def test_marks_from_python(pytester: pytest.Pytester, add: AddScenario) -> None:
    """A conftest adds marks to items, which know their scenario."""
    add("a")
    add("b")
    pytester.makeconftest(
        ADAPTER
        + """
def pytest_collection_modifyitems(items):
    for item in items:
        if item.scenario.id == "b":
            item.add_marker(pytest.mark.skip(reason="by python"))
"""
    )

    result = pytester.runpytest("--parsediff", "-rs")

    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*by python"])


def test_a_declared_failure_is_a_strict_xfail(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """``[xfail]`` expects the failure of the adapter it names, and only that."""
    add("fails", golden="{}\n", toml='[xfail]\nrows = "bug 7"\n')
    add("heals", toml='[xfail]\nrows = "bug 8"\n')
    add("other", toml='[xfail]\nsomebody = "not us"\n')

    result = pytester.runpytest("--parsediff", "-rx")

    result.assert_outcomes(xfailed=1, failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*XPASS(strict)*bug 8*",
            "goldens: 1 known to fail, 2 match",
            "XFAIL*bug 7*",
        ]
    )


def test_last_failed_runs_only_what_failed(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """``--lf`` remembers scenarios, and runs one again after it was mended."""
    folder = add("bad", golden="{}\n")
    add("good")
    pytester.runpytest("--parsediff").assert_outcomes(passed=1, failed=1)

    again = pytester.runpytest("--parsediff", "--lf")
    (folder / "expected.jsonl").write_text('{"id":1,"x":"a"}\n{"id":2,"x":"b"}\n')
    mended = pytester.runpytest("--parsediff", "--lf")

    again.assert_outcomes(failed=1)
    mended.assert_outcomes(passed=1)


def test_conftest_hooks_fire_for_each_scenario(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Hooks and autouse fixtures of a group's conftest reach its scenarios only."""
    add("group/a")
    add("group/b")
    add("c")
    (pytester.path / "scenarios/group/conftest.py").write_text(
        """
import pytest

@pytest.fixture(autouse=True)
def note(request):
    print("fixture", request.node.name)

def pytest_runtest_setup(item):
    print("hook", item.name)
"""
    )

    result = pytester.runpytest("--parsediff", "-s")

    result.assert_outcomes(passed=3)
    text = result.stdout.str()
    assert ["hook a", "hook b"] == [
        w for w in ("hook a", "hook b", "hook c") if w in text
    ]
    assert "fixture a" in text
    assert "fixture c" not in text


def test_ignore_keeps_a_folder_out(pytester: pytest.Pytester, add: AddScenario) -> None:
    """``--ignore`` works on scenario folders as on any other."""
    add("a")
    add("b")

    result = pytester.runpytest("--parsediff", "--ignore=scenarios/b")

    result.assert_outcomes(passed=1)


def test_roots_are_found_beside_testpaths(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """``testpaths`` does not hide the scenario roots; named paths are obeyed."""
    add("a")
    pytester.mkpydir("tests").joinpath("test_x.py").write_text("def test_x(): pass\n")
    pytester.makeini("[pytest]\nparsediff_adapter = rows\ntestpaths = tests\n")

    everything = pytester.runpytest("--parsediff")
    tests_only = pytester.runpytest("--parsediff", "tests")

    everything.assert_outcomes(passed=2)
    tests_only.assert_outcomes(passed=1)


def test_several_roots_from_ini(pytester: pytest.Pytester, add: AddScenario) -> None:
    """``parsediff_scenarios`` takes several folders."""
    add("a", root="one")
    add("b", root="two/inner")
    pytester.makeini(
        "[pytest]\nparsediff = true\nparsediff_adapter = rows\n"
        "parsediff_scenarios = one two/inner\n"
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("layout", ["no folder", "empty folder"])
def test_nothing_to_run_is_a_usage_error(
    pytester: pytest.Pytester, layout: str
) -> None:
    """A typo in the root's name cannot give a green run (PD110)."""
    pytester.makepyfile("def test_x(): pass")
    if layout == "empty folder":
        pytester.mkdir("scenarios")

    result = pytester.runpytest("--parsediff")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["ERROR: PD110: no scenario below *scenarios*"])


def test_same_id_from_two_roots(pytester: pytest.Pytester, add: AddScenario) -> None:
    """One id names one scenario (PD306), whatever the case of its letters."""
    add("same", root="one")
    add("Same", root="two")
    pytester.makeini(
        "[pytest]\nparsediff_adapter = rows\nparsediff_scenarios = one two\n"
    )

    result = pytester.runpytest("--parsediff")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["PD306: two/Same: *same id as one/same*"])


def test_a_folder_without_a_scenario_is_reported(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A folder that holds nothing is not skipped without a word."""
    add("a")
    (pytester.path / "scenarios/empty").mkdir()

    warned = pytester.runpytest_subprocess("--parsediff")
    strict = pytester.runpytest_subprocess("--parsediff", "-Werror")

    warned.assert_outcomes(passed=1, warnings=1)
    warned.stdout.fnmatch_lines(["*EmptyFolderWarning: *empty holds no scenario*"])
    strict.assert_outcomes(passed=1, errors=1)
    strict.stdout.fnmatch_lines(["PD106: scenarios/empty: *"])


def test_defaults_of_folders_apply_from_the_root_down(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """A nearer parsediff.toml wins, and pyproject's table is the base."""
    add("a", toml="")
    add("group/b", toml="")
    pytester.makeini("[pytest]\n")
    (pytester.path / "pyproject.toml").write_text(
        '[tool.parsediff]\nadapter = "nobody"\n'
    )
    (pytester.path / "scenarios/parsediff.toml").write_text('adapter = "rows"\n')
    (pytester.path / "scenarios/group/parsediff.toml").write_text(
        'adapter = "elsewhere"\n'
    )

    result = pytester.runpytest("--parsediff", "-rf")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED *group/b*PD112*elsewhere*"])


@pytest.mark.parametrize("plugin", ["terminal", "cacheprovider", "syrupy", "xdist"])
def test_runs_without_other_plugins(
    pytester: pytest.Pytester, add: AddScenario, plugin: str
) -> None:
    """No other plugin is needed to fail or pass a scenario."""
    add("bad", golden="{}\n")

    result = pytester.runpytest_subprocess("--parsediff", "-p", f"no:{plugin}")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_odd_paths(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces, parentheses and letters beyond ASCII above the root do no harm."""
    home = pytester.path / "my odd (hömé)"
    (home / "scenarios/a").mkdir(parents=True)
    (home / "scenarios/a/fixture.sql").write_text(SQL)
    (home / "conftest.py").write_text(ADAPTER)
    (home / "pytest.ini").write_text("[pytest]\nparsediff_adapter = rows\n")

    monkeypatch.chdir(home)

    created = pytester.runpytest("--update-golden")
    result = pytester.runpytest("--parsediff")

    created.assert_outcomes(passed=1)
    result.assert_outcomes(passed=1)


def test_junit_names_the_scenario(pytester: pytest.Pytester, add: AddScenario) -> None:
    """JUnit has a class name with the folder and a one-line message."""
    add("bad", golden="{}\n")

    pytester.runpytest("--parsediff", "--junitxml=junit.xml")

    text = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert 'classname="scenarios.bad.fixture.sql" name="bad"' in text
    assert 'message="PD302: ' in text
