"""Finding an object by ``module:callable``."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest

from pytest_parsediff.adapters.python import load
from pytest_parsediff.core.errors import AdapterLoadError, Where


def test_load_finds_the_object_in_the_search_folder(search: Path) -> None:
    """A module of the folder is imported and its object returned."""
    (search / "found_here.py").write_text("parse = 7\n")

    assert 7 == load("found_here:parse", search)


def test_load_takes_dotted_modules_and_names(search: Path) -> None:
    """A package's module and a class's method can be named."""
    (search / "some_package").mkdir()
    (search / "some_package" / "inner.py").write_text("class A:\n    parse = 7\n")

    assert 7 == load("some_package.inner:A.parse", search)


def test_load_leaves_the_folder_behind_everything_else(search: Path) -> None:
    """Imports inside functions work later, and the folder hides nothing."""
    (search / "late.py").write_text("def parse():\n    import late_too\n    return 7\n")
    (search / "late_too.py").touch()
    before = sys.path.copy()

    parse = load("late:parse", search)

    assert callable(parse)
    assert 7 == parse()
    assert [*before, str(search)] == sys.path


def test_load_finds_a_file_that_was_just_written(search: Path) -> None:
    """What the import system remembers of the folder does not matter."""
    (search / "older.py").write_text("parse = 7\n")
    load("older:parse", search)
    status = search.stat()
    (search / "younger.py").write_text("parse = 7\n")
    os.utime(search, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert 7 == load("younger:parse", search)


def test_load_keeps_a_path_that_has_the_folder(search: Path) -> None:
    """A folder that is on the path already is not added again."""
    (search / "twice.py").write_text("parse = 7\n")
    sys.path.insert(0, str(search))
    before = sys.path.copy()

    load("twice:parse", search)

    assert before == sys.path


@pytest.mark.parametrize(
    "spec", ["", "module", ":parse", "module:", "a/b.py:parse", "a..b:c", "a:b()"]
)
def test_load_refuses_what_is_no_spec(spec: str, search: Path) -> None:
    """Anything but two dotted names with a colon between is PD410."""
    with pytest.raises(AdapterLoadError, match="PD410: expected `module:callable`"):
        load(spec, search)


@pytest.mark.parametrize("spec", ["nowhere_at_all:parse", "nowhere_at_all.b:parse"])
def test_load_says_that_a_module_is_missing(spec: str, search: Path) -> None:
    """A missing module is named together with the folder, without a traceback."""
    with pytest.raises(AdapterLoadError) as caught:
        load(spec, search)

    assert f"no module named 'nowhere_at_all' in {search}" in caught.value.message
    assert "" == caught.value.detail


def test_load_tells_a_missing_import_inside_the_module(search: Path) -> None:
    """A module that imports a missing one is to be mended, at its own line."""
    (search / "imports.py").write_text("\nimport nowhere_at_all\n")

    with pytest.raises(AdapterLoadError) as caught:
        load("imports:parse", search)

    assert Where(str(search / "imports.py"), 2) == caught.value.where
    assert "importing 'imports' raised ModuleNotFoundError" in caught.value.message


def test_load_shows_where_the_module_raised(search: Path) -> None:
    """Place and traceback are those of the user's module; frames of ours are out."""
    (search / "raising.py").write_text("import json\n\njson.loads('{')\n")

    with pytest.raises(AdapterLoadError, match="importing 'raising' raised") as caught:
        load("raising:parse", search)

    assert Where(str(search / "raising.py"), 3) == caught.value.where
    assert "json.loads('{')" in caught.value.detail
    assert "pytest_parsediff" not in caught.value.detail
    assert "importlib" not in caught.value.detail


def test_load_shows_a_syntax_error_at_its_line(search: Path) -> None:
    """A module that is no Python is PD410 at the line."""
    (search / "no_syntax.py").write_text("\n\ndef parse(:\n")

    with pytest.raises(AdapterLoadError, match="SyntaxError: invalid syntax") as caught:
        load("no_syntax:parse", search)

    assert Where(str(search / "no_syntax.py"), 3) == caught.value.where


def test_load_contains_a_module_that_exits(search: Path) -> None:
    """A script without a main guard does not end the test run."""
    (search / "script.py").write_text("import sys\nsys.exit(3)\n")

    with pytest.raises(AdapterLoadError, match="raised SystemExit: 3"):
        load("script:parse", search)


def test_load_names_the_nearest_attribute(search: Path) -> None:
    """A misspelled name is answered with the right one."""
    (search / "spelled.py").write_text("def parse_events(): ...\n")

    with pytest.raises(AdapterLoadError, match="the nearest name is 'parse_events'"):
        load("spelled:parse_evnts", search)


def test_load_without_a_near_attribute(search: Path) -> None:
    """A name like nothing in the module is only said to be missing."""
    (search / "bare.py").touch()

    with pytest.raises(AdapterLoadError, match=r"module 'bare' has no 'parse'\n"):
        load("bare:parse", search)


def test_load_refuses_a_module_of_another_folder(search: Path) -> None:
    """Two folders with a module of one name do not silently share the first one."""
    other = search / "other"
    other.mkdir()
    for folder in (search, other):
        (folder / "same_name.py").write_text(f"parse = {str(folder)!r}\n")
    load("same_name:parse", search)

    with pytest.raises(AdapterLoadError, match="already loaded from") as caught:
        load("same_name:parse", other)

    assert Where(str(other / "same_name.py")) == caught.value.where


def test_load_again_gives_the_same_object(search: Path) -> None:
    """A module that was loaded from the folder is no clash with itself."""
    (search / "again.py").write_text("parse = object()\n")

    assert load("again:parse", search) is load("again:parse", search)


def test_load_prefers_an_installed_package_that_is_loaded(
    search: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout beside its installed package is no clash: the wheel is tested."""
    (search / "wheel_of.py").write_text("parse = 7\n")
    load("wheel_of:parse", search)
    checkout = search / "checkout"
    checkout.mkdir()
    (checkout / "wheel_of.py").write_text("parse = 8\n")
    paths = {"purelib": str(search), "platlib": str(search)}
    monkeypatch.setattr(sysconfig, "get_paths", lambda: paths)

    assert 7 == load("wheel_of:parse", checkout)


def test_load_without_a_folder_leaves_the_path_alone() -> None:
    """Installed modules need no folder."""
    before = sys.path.copy()

    assert load("json:loads") is not None
    assert before == sys.path


def test_load_without_a_folder_tells_what_is_missing() -> None:
    """No folder is named when none was searched."""
    with pytest.raises(AdapterLoadError, match="'nowhere_at_all' among the installed"):
        load("nowhere_at_all:parse")


def test_load_has_no_place_for_an_error_outside_the_folder(
    search: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed module that raises has a traceback, but no place of the user's."""
    (tmp_path / "installed_one.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(AdapterLoadError, match="ZeroDivisionError") as caught:
        load("installed_one:parse", search)

    assert caught.value.where is None
    assert "1 / 0" in caught.value.detail
