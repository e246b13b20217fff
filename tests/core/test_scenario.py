"""Finding scenarios, and reading what each one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.core.config import (
    AdapterConfig,
    DefaultsConfig,
    ScenarioConfig,
    StressConfig,
)
from pytest_parsediff.core.errors import (
    NestedScenarioError,
    OrphanGoldenError,
    OutsideFolderError,
    ParsediffError,
    ScenarioNameError,
    StoreMissingError,
    TwoStoresError,
    UnknownKeyError,
)
from pytest_parsediff.core.scenario import (
    Defaults,
    DefaultsReader,
    Scenario,
    check_inside,
    is_golden_name,
    look,
    merge,
    read_scenario,
    scenario_id,
    walk,
)


def make(folder: Path, *names: str, **texts: str) -> Path:
    """Make files below *folder*; a name that ends with a slash is a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def read(folder: Path, defaults: Defaults | None = None) -> Scenario:
    """Return the scenario in *folder*, with the folder above as root."""
    return read_scenario(look(folder), folder.parent, defaults or Defaults())


# --- look -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "anchor"),
    [
        (["fixture.sql"], "fixture.sql"),
        (["fixture.sql", "scenario.toml", "expected.jsonl"], "fixture.sql"),
        (["scenario.toml", "files/"], "scenario.toml"),
        (["fixture.sql", "writers/fixture.sql"], "fixture.sql"),
        (["scenario.toml", "files/a/fixture.sql"], "scenario.toml"),
        (["fixture.sql", ".git/fixture.sql"], "fixture.sql"),
        (["fixture.sql", "notes/a/b.txt"], "fixture.sql"),
    ],
)
def test_what_a_scenario_is(tmp_path: Path, names: list[str], anchor: str) -> None:
    """A folder with a store is a scenario; its own folders are never searched."""
    folder = look(make(tmp_path / "a_b.c-1", *names))
    assert folder.anchor == tmp_path / "a_b.c-1" / anchor
    assert folder.problem is None
    assert () == folder.groups
    assert ("scenario.toml" in names) is folder.has_toml


@pytest.mark.parametrize(
    "names", [[], ["parsediff.toml"], ["files/a.jsonl"], ["a.sql"], ["expected.json"]]
)
def test_what_is_only_a_group(tmp_path: Path, names: list[str]) -> None:
    """Without a store and without a golden a folder is searched, not run."""
    folder = look(make(tmp_path / "a", *names))
    assert folder.anchor is None
    assert folder.problem is None


def test_groups(tmp_path: Path) -> None:
    """Folders are sorted; hidden ones and caches are left out."""
    names = ["b/", "a b/", "é/", "[x]/", ".git/", "__pycache__/", "conftest.py", "c"]
    folder = look(make(tmp_path / "top", *names))
    assert ("[x]", "a b", "b", "é") == folder.groups
    assert folder.has_conftest


@pytest.mark.parametrize(
    ("names", "error", "code"),
    [
        (["fixture.sql", "files/"], TwoStoresError, "PD105"),
        (["fixture.sql", "files/", "scenario.toml"], TwoStoresError, "PD105"),
        (["scenario.toml"], StoreMissingError, "PD107"),
        (["scenario.toml", "expected.jsonl"], StoreMissingError, "PD107"),
        (["expected.jsonl"], OrphanGoldenError, "PD320"),
        (["expected.verdicts.jsonl", "files/"], OrphanGoldenError, "PD320"),
        (["fixture.sql", "inner/fixture.sql"], NestedScenarioError, "PD114"),
        (["fixture.sql", "a/b/c/scenario.toml"], NestedScenarioError, "PD114"),
        (["scenario.toml", "files/", "x/fixture.sql"], NestedScenarioError, "PD114"),
    ],
)
def test_what_looks_like_a_scenario(
    tmp_path: Path, names: list[str], error: type[ParsediffError], code: str
) -> None:
    """Nothing is skipped without a word: it is an error when it is read."""
    folder = look(make(tmp_path / "a", *names))
    assert type(folder.problem) is error
    assert folder.anchor is not None
    assert folder.anchor.exists()
    with pytest.raises(error, match=code):
        read_scenario(folder, tmp_path, Defaults())


@pytest.mark.parametrize("name", ["a b", "a[b]", "é", "a::b", "a\nb", "a\udc80"])
def test_names_that_cannot_be_typed(tmp_path: Path, name: str) -> None:
    """The last component names a test item, so it is kept to plain characters."""
    with pytest.raises(ScenarioNameError, match="PD109"):
        read(make(tmp_path / name, "fixture.sql"))


def test_names_of_groups_are_free(tmp_path: Path) -> None:
    """Only the last component is held to the rule."""
    assert "a" == read(make(tmp_path / "é [b] c" / "a", "fixture.sql")).name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("expected.jsonl", True),
        ("expected.verdicts.jsonl", True),
        ("expected.json", False),
        ("unexpected.jsonl", False),
        (".expected.jsonl.1.new", False),
    ],
)
def test_golden_names(name: str, expected: bool) -> None:
    """A golden is `expected*.jsonl`; a helper of an update is none."""
    assert expected is is_golden_name(name)


def test_walk(tmp_path: Path) -> None:
    """Scenarios and problems come sorted by path, from any depth."""
    make(tmp_path, "b/fixture.sql", "a/z/y/fixture.sql", "a/c/expected.jsonl")
    make(tmp_path, ".hidden/fixture.sql", "d/notes.txt")
    found = [str(folder.path.relative_to(tmp_path)) for folder in walk(tmp_path)]
    assert ["a/c", "a/z/y", "b"] == found


def test_walk_follows_links_but_not_in_circles(tmp_path: Path) -> None:
    """A link to a folder is searched; one to itself or to a folder around it is not."""
    make(tmp_path, "root/a/s1/fixture.sql", "other/s2/fixture.sql")
    (tmp_path / "root/linked").symlink_to(tmp_path / "other")
    (tmp_path / "root/a/up").symlink_to("..")
    (tmp_path / "root/a/here").symlink_to(".")
    (tmp_path / "root/a/itself").symlink_to("itself")
    (tmp_path / "root/a/nowhere").symlink_to("nothing")
    (tmp_path / "root/top").symlink_to(tmp_path)
    root = tmp_path / "root"
    found = [str(folder.path.relative_to(root)) for folder in walk(root)]
    assert ["a/s1", "linked/s2"] == found


def test_a_store_may_be_a_link(tmp_path: Path) -> None:
    """A linked fixture.sql is one; one that leads nowhere is not skipped either."""
    make(tmp_path, "real.sql")
    for name, target in (("a", "../real.sql"), ("b", "../nothing.sql")):
        make(tmp_path / name)
        (tmp_path / name / "fixture.sql").symlink_to(target)
        assert look(tmp_path / name).anchor == tmp_path / name / "fixture.sql"


# --- defaults -------------------------------------------------------------------------


def test_merge() -> None:
    """What is given inside wins; environments are merged by name; the rest stays."""
    outer = ScenarioConfig(adapter="a", env={"A": "1", "B": "1"}, timeout_s=1)
    inner = ScenarioConfig(adapter="b", env={"B": "2"})
    expected = ScenarioConfig(adapter="b", env={"A": "1", "B": "2"}, timeout_s=1)
    assert expected == merge(outer, inner)
    assert outer == merge(outer, ScenarioConfig())
    assert inner == merge(ScenarioConfig(), inner)
    assert ScenarioConfig(empty=False) == merge(
        ScenarioConfig(empty=True), ScenarioConfig(empty=False)
    )


def test_defaults_of_the_folders_above(tmp_path: Path) -> None:
    """Each folder's file overlays that of the folder around it, and is read once."""
    root = tmp_path / "scenarios"
    make(tmp_path, parsediff="adapter = 'outside'")
    make(root, parsediff="adapter = 'a'\ntimeout_s = 1\n[adapters.x]\nsort = ['top']")
    make(root / "g", parsediff="adapter = 'b'\n[adapters.x]\n[adapters.y]\n")
    (root / "g" / "h").mkdir()
    reader = DefaultsReader(root, Defaults(ScenarioConfig(empty=True)))
    inner = reader.for_folder(root / "g" / "h")
    assert ScenarioConfig(adapter="b", timeout_s=1, empty=True) == inner.config
    assert {
        "x": (AdapterConfig(), root / "g"),
        "y": (AdapterConfig(), root / "g"),
    } == inner.adapters
    assert {"x"} == set(reader.for_folder(root).adapters)
    (root / "g" / "parsediff.toml").write_text("not toml")
    assert inner is reader.for_folder(root / "g" / "h")


def test_defaults_outside_the_root(tmp_path: Path) -> None:
    """A folder that is not below the root has only its own file and the base."""
    make(tmp_path, parsediff="adapter = 'above'")
    make(tmp_path / "elsewhere", parsediff="timeout_s = 2")
    reader = DefaultsReader(tmp_path / "root", Defaults(ScenarioConfig(empty=True)))
    found = reader.for_folder(tmp_path / "elsewhere").config
    assert ScenarioConfig(empty=True, timeout_s=2) == found


def test_defaults_without_adapters() -> None:
    """A file that names no adapter leaves those of the folders above."""
    base = Defaults(ScenarioConfig(), {"x": (AdapterConfig(), Path("/a"))})
    assert base == base.refined(DefaultsConfig(), Path("/b"))


# --- one scenario -----------------------------------------------------------------------


def test_read_scenario(tmp_path: Path) -> None:
    """The file beside the store overlays the defaults."""
    folder = make(tmp_path / "g" / "s", "fixture.sql", scenario="timeout_s = 3")
    adapters = {"x": (AdapterConfig(), tmp_path)}
    defaults = Defaults(ScenarioConfig(adapter="x", timeout_s=1), adapters)
    scenario = read_scenario(look(folder), tmp_path, defaults)
    assert ("g/s", "s") == (scenario.id, scenario.name)
    assert folder / "fixture.sql" == scenario.anchor
    assert folder / "expected.jsonl" == scenario.golden
    assert ScenarioConfig(adapter="x", timeout_s=3) == scenario.config
    assert adapters == scenario.adapters
    assert scenario.is_sql
    assert "y" == scenario.with_adapter("y").config.adapter
    assert "x" == scenario.config.adapter


def test_source(tmp_path: Path) -> None:
    """By default it is store.db, or the folder of the files as a whole."""
    assert "store.db" == read(make(tmp_path / "a", "fixture.sql")).source
    files = make(tmp_path / "b", "files/", scenario="")
    assert "" == read(files).source
    assert not read(files).is_sql
    given = make(tmp_path / "c", "fixture.sql", scenario="source = 'x/y z.db'")
    assert "x/y z.db" == read(given).source


def test_errors_in_the_file(tmp_path: Path) -> None:
    """A file that cannot be used is an error with its place."""
    folder = make(tmp_path / "a", "fixture.sql", scenario="adaptr = 'x'")
    with pytest.raises(UnknownKeyError, match=r"PD101: .*/a/scenario.toml:1: "):
        read(folder)


def test_id_of_the_root_itself(tmp_path: Path) -> None:
    """A root that is a scenario is named by its folder."""
    assert tmp_path.name == scenario_id(tmp_path, tmp_path)
    assert "a/b" == scenario_id(tmp_path / "a" / "b", tmp_path)


@pytest.mark.parametrize(
    "path", ["..", "../a", "a/../../b", "/etc", "a\\..\\b", "C:\\a", "c:a", "a\0b"]
)
def test_paths_that_leave_the_folder(path: str) -> None:
    """A configured path can name nothing outside, on any system."""
    with pytest.raises(OutsideFolderError, match=r"PD111: x.toml: source: expected"):
        check_inside(path, "source", Path("x.toml"))


@pytest.mark.parametrize("path", ["", "a", "a/b c", "..a", "a..", "./a", "é[1]/x"])
def test_paths_that_stay(path: str) -> None:
    """Dots inside a name mean nothing."""
    check_inside(path, "source", Path("x.toml"))


def test_a_source_that_leaves_the_store(tmp_path: Path) -> None:
    """The check is made when the scenario is read."""
    folder = make(tmp_path / "a", "fixture.sql", scenario="source = '../x.db'")
    with pytest.raises(OutsideFolderError, match="PD111"):
        read(folder)


def test_stress_is_merged_by_key() -> None:
    """A scenario that gives one key of ``stress`` keeps the others of an outer table."""
    outer = ScenarioConfig(stress=StressConfig(plans=5, seed=7))
    inner = ScenarioConfig(stress=StressConfig(plans=0))

    assert StressConfig(plans=0, seed=7) == merge(outer, inner).stress
