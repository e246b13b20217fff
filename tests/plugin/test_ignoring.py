"""Which scenarios pytest is asked to leave out, and that each reason counts."""

from __future__ import annotations

import pytest
from user_project import AddScenario

HOOK = """
def pytest_ignore_collect(collection_path):
    return True if collection_path.name == "leave" else None
"""


@pytest.fixture(autouse=True)
def scenarios(add: AddScenario) -> None:
    """Three scenarios, two of them below a group."""
    for name in ("keep", "group/keep_too", "group/leave"):
        add(name)


@pytest.mark.parametrize(
    "flags",
    [
        ["--ignore=scenarios/group/leave"],
        ["--ignore-glob=*/group/lea*"],
        ["-o", "norecursedirs=le?ve"],
        ["-o", "norecursedirs=group/leave"],
    ],
)
def test_options(pytester: pytest.Pytester, flags: list[str]) -> None:
    """Each of pytest's ways to name folders is heeded."""
    pytester.runpytest("--parsediff", *flags).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "text",
    ["collect_ignore = ['leave']", "collect_ignore_glob = ['l*e']"],
)
def test_variables_of_a_conftest(pytester: pytest.Pytester, text: str) -> None:
    """They hold for the folder of the conftest."""
    (pytester.path / "scenarios/group/conftest.py").write_text(text)

    pytester.runpytest("--parsediff").assert_outcomes(passed=2)


@pytest.mark.parametrize("place", [".", "scenarios", "scenarios/group"])
def test_hook_of_a_conftest(pytester: pytest.Pytester, place: str) -> None:
    """It is asked about everything below its folder."""
    with (pytester.path / place / "conftest.py").open("a") as file:
        file.write(HOOK)

    pytester.runpytest("--parsediff").assert_outcomes(passed=2)


def test_another_plugin(pytester: pytest.Pytester) -> None:
    """The hook of any plugin is asked about each scenario."""
    pytester.makepyfile(chooser=HOOK)
    pytester.syspathinsert()

    pytester.runpytest("--parsediff", "-p", "chooser").assert_outcomes(passed=2)


def test_a_virtual_environment_is_not_searched(pytester: pytest.Pytester) -> None:
    """A folder that holds one may hold anything."""
    (pytester.path / "scenarios/group/pyvenv.cfg").write_text("")

    pytester.runpytest("--parsediff").assert_outcomes(passed=1)


def test_naming_a_folder_beats_all_reasons(pytester: pytest.Pytester) -> None:
    """What is on the command line is collected."""
    flags = ["-o", "norecursedirs=leave"]

    result = pytester.runpytest("--parsediff", *flags, "scenarios/group/leave")

    result.assert_outcomes(passed=1)


def test_an_ignored_folder_need_not_be_readable(pytester: pytest.Pytester) -> None:
    """It is not even looked at."""
    loop = pytester.path / "scenarios/group/leave/fixture.sql"
    loop.unlink()
    loop.symlink_to(loop)

    result = pytester.runpytest("--parsediff", "--ignore=scenarios/group/leave")

    result.assert_outcomes(passed=2)


def test_mixed_neighbours_stay_sorted(
    pytester: pytest.Pytester, add: AddScenario
) -> None:
    """Scenarios that are collected together and alone keep one order."""
    for name in ("a", "b", "c", "d"):
        add(name)
    (pytester.path / "scenarios/b/scenario.toml").write_text("")

    result = pytester.runpytest("--parsediff", "--collect-only", "-q")

    found = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert ["a", "b", "c", "d", "keep_too", "leave", "keep"] == found
