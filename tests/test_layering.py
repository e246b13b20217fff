"""Who may import whom. Reads the package's source, also inside functions."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

import pytest_parsediff

ROOT = Path(pytest_parsediff.__file__).parent
#: What a layer below the hooks must not know.
HOOK_WORLD = {"pytest", "_pytest", "pluggy", "syrupy", "hypothesis", "xdist"}
PURE = (
    "core",
    "golden",
    "adapters",
    "run",
    "environment",
    "diff",
    "archive",
    "live",
    "interleave",
    "laws",
    "cli",
    "stress",
    "opencodesteps",
    "reports",
)


@dataclass(frozen=True)
class Import:
    """One import statement.

    Attributes:
        module: Dotted name of what is imported.
        line: 1-based.
        is_eager: Whether importing the file runs it: not in a function, nor only for
            type checkers.
    """

    module: str
    line: int
    is_eager: bool


def module_name(path: Path) -> str:
    """Return the dotted name of *path*."""
    parts = [ROOT.name, *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_imports(
    tree: ast.AST, package: str, *, is_eager: bool = True
) -> Iterator[Import]:
    """Yield the imports below *tree*, a module of *package*."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    yield Import(alias.name, node.lineno, is_eager)
            case ast.ImportFrom():
                above = package.split(".")[: -(node.level - 1) or None]
                base = (
                    [*above, node.module or ""] if node.level else [node.module or ""]
                )
                for alias in node.names:
                    full = ".".join(filter(None, [*base, alias.name]))
                    yield Import(full, node.lineno, is_eager)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from find_imports(node, package, is_eager=False)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                for statement in node.body:
                    holder = ast.Module([statement], [])
                    yield from find_imports(holder, package, is_eager=False)
                for statement in node.orelse:
                    holder = ast.Module([statement], [])
                    yield from find_imports(holder, package, is_eager=is_eager)
            case _:
                yield from find_imports(node, package, is_eager=is_eager)


def read_package() -> dict[str, list[Import]]:
    """Return the imports of every module of the package."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = module_name(path)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found[name] = list(find_imports(ast.parse(path.read_bytes()), package))
    return found


PACKAGE = read_package()


def users_of(names: set[str], *, below: tuple[str, ...] = ("",)) -> list[str]:
    """Return which modules import one of *names*, each with the line."""
    return [
        f"{module}:{one.line} imports {one.module}"
        for module, imports in PACKAGE.items()
        if is_below(module, below)
        for one in imports
        if one.module.split(".")[0] in names
    ]


def is_below(module: str, rooms: tuple[str, ...]) -> bool:
    """Return whether *module* is in one of *rooms*, or is one."""
    inner = module.removeprefix(ROOT.name).lstrip(".")
    return any(room in ("", inner) or inner.startswith(f"{room}.") for room in rooms)


# --- the reader itself --------------------------------------------------------------------


SAMPLE = """\
import a.b, c
from d import e
from . import f
from ..g import h
try:
    import i
except ImportError:
    pass
def x():
    import j
    async def y():
        from k import l
class Z:
    import m
    def x(self):
        import n
if TYPE_CHECKING:
    import o
    if True:
        import p
else:
    import q
if 1:
    import r
"""


def test_the_reader_finds_every_import() -> None:
    """Imports in functions, classes, tries and for type checkers are all seen."""
    found = list(find_imports(ast.parse(SAMPLE), "pkg.sub"))
    eager = ["a.b", "c", "d.e", "pkg.sub.f", "pkg.g.h", "i", "m", "q", "r"]
    assert eager == [one.module for one in found if one.is_eager]
    lazy = ["j", "k.l", "n", "o", "p"]
    assert lazy == [one.module for one in found if not one.is_eager]
    assert [1, 1, 2, 3, 4] == [one.line for one in found[:5]]


def test_the_reader_reads_the_package() -> None:
    """Every room is there, so that no rule holds for want of files."""
    assert {"core", "golden", "adapters"} <= {
        name.split(".")[1] for name in PACKAGE if "." in name
    }
    assert is_below("pytest_parsediff.run", PURE)
    assert not is_below("pytest_parsediff.runner", PURE)
    assert not is_below("pytest_parsediff", PURE)
    assert [] != users_of({"pytest"})


# --- rules ----------------------------------------------------------------------------------


def test_what_runs_scenarios_knows_nothing_of_pytest() -> None:
    """core, golden, adapters, … import none of pytest's world, nowhere."""
    assert [] == users_of(HOOK_WORLD, below=PURE)


def test_what_runs_scenarios_knows_nothing_of_the_hook_layer() -> None:
    """They import from the package only each other."""
    wrong = [
        f"{module}:{one.line} imports {one.module}"
        for module, imports in PACKAGE.items()
        if is_below(module, PURE)
        for one in imports
        if one.module.split(".")[0] == ROOT.name and not is_below(one.module, PURE)
    ]
    assert [] == wrong


def test_core_does_not_know_who_uses_it() -> None:
    """Core imports from the package only itself."""
    wrong = [
        f"{module}:{one.line} imports {one.module}"
        for module, imports in PACKAGE.items()
        if is_below(module, ("core",))
        for one in imports
        if one.module.split(".")[0] == ROOT.name and not is_below(one.module, ("core",))
    ]
    assert [] == wrong


def test_one_module_of_core_knows_apsw() -> None:
    """core/store.py and no other."""
    users = {user.partition(":")[0] for user in users_of({"apsw"}, below=("core",))}
    assert {"pytest_parsediff.core.store"} == users


def test_what_compares_sessions_reads_no_file_and_no_database() -> None:
    """It is handed records, so that whoever calls it decides where they lie."""
    assert [] == users_of({"apsw", "io", "os", "shutil"}, below=("diff",))
    inner = {"core", "diff", "golden"}
    wrong = [
        f"{module}:{one.line} imports {one.module}"
        for module, imports in PACKAGE.items()
        if is_below(module, ("diff",))
        for one in imports
        if one.module.startswith(f"{ROOT.name}.")
        if one.module.split(".")[1] not in inner
    ]
    assert [] == wrong


def test_nobody_uses_another_sqlite() -> None:
    """Two SQLite libraries in one process take each other's locks away.

    Only what follows readers of that module, and writes beside them, may load it.
    """
    users = users_of({"sqlite3", "_sqlite3", "pysqlite3"})

    assert {
        "pytest_parsediff.interleave.drivers.stdlib",
        "pytest_parsediff.interleave.writers.stdlib",
    } == {user.partition(":")[0] for user in users}


def target_of(imported: str) -> str | None:
    """Return the module of this package that *imported* is, or is a name in."""
    while imported:
        if imported in PACKAGE:
            return imported
        imported = imported.rpartition(".")[0]
    return None


def find_cycle(edges: dict[str, set[str]]) -> list[str]:
    """Return the modules of one cycle, or an empty list."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for inner in sorted(edges.get(module, ())):
            found = visit(inner, [*path, module])
            if found:
                return found
        done.add(module)
        return []

    for module in sorted(edges):
        found = visit(module, [])
        if found:
            return found
    return []


def edges(*, only_eager: bool, room: str = "") -> dict[str, set[str]]:
    """Return which module of *room* imports which other one of it."""
    return {
        module: {
            target
            for one in imports
            if one.is_eager or not only_eager
            if (target := target_of(one.module)) and is_below(target, (room,))
            if target != ROOT.name or room == ""
        }
        - {module}
        for module, imports in PACKAGE.items()
        if is_below(module, (room,))
    }


def test_find_cycle() -> None:
    """A cycle is found from any start; a diamond is none."""
    assert ["b", "c", "b"] == find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}})
    assert ["a", "a"] == find_cycle({"a": {"a"}})
    assert [] == find_cycle({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}})


def test_the_package_has_no_cycle_at_all() -> None:
    """Not in functions and not for type checkers: a type sits where it belongs.

    The package's own module, which hands names out when they are asked for, is what
    all of it looks like from outside.
    """
    inner = {
        module: targets - {ROOT.name}
        for module, targets in edges(only_eager=False).items()
        if module != ROOT.name
    }
    assert [] == find_cycle(inner)


def test_every_module_can_be_imported_first() -> None:
    """No cycle runs through what is imported with a module either."""
    assert [] == find_cycle(edges(only_eager=True))


LIGHT = """\
import importlib, json, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_by(module: str) -> list[str]:
    """Return what importing *module* loads in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, module],
        stdout=subprocess.PIPE,
        check=True,
    )
    names: list[str] = json.loads(done.stdout)
    return names


@pytest.mark.parametrize("module", ["pytest_parsediff", "pytest_parsediff.plugin"])
def test_loading_the_plugin_is_cheap(module: str) -> None:
    """Runs without scenarios pay for none of the libraries, nor for core."""
    heavy = {"apsw", "msgspec", "syrupy", "hypothesis", "xdist", "watchfiles"}
    loaded = loaded_by(module)
    assert module in loaded
    assert [] == [name for name in loaded if name.split(".")[0] in heavy]
    assert [] == [name for name in loaded if name.startswith("pytest_parsediff.core")]


@pytest.mark.parametrize("name", sorted(PACKAGE))
def test_every_module_can_be_imported(name: str) -> None:
    """What was read is a module, and it loads."""
    importlib.import_module(name)


# --- public names ---------------------------------------------------------------------------


def test_public_names() -> None:
    """They are sorted, can all be imported, and are what dir() shows."""
    assert sorted(pytest_parsediff.__all__) == pytest_parsediff.__all__
    assert pytest_parsediff.__all__ == dir(pytest_parsediff)
    for name in set(pytest_parsediff.__all__) - {"__version__"}:
        assert getattr(pytest_parsediff, name) is not None


def test_version() -> None:
    """It is that of the installed package, and no guess where none is installed."""
    try:
        expected = metadata.version("pytest-parsediff")
    except metadata.PackageNotFoundError:
        with pytest.raises(metadata.PackageNotFoundError, match="pytest-parsediff"):
            _ = pytest_parsediff.__version__
    else:
        assert expected == pytest_parsediff.__version__


def test_public_types_have_one_home() -> None:
    """The public name is the class itself, not a copy."""
    from pytest_parsediff.core.errors import ParsediffError
    from pytest_parsediff.core.event import Checkpoint

    assert pytest_parsediff.ParsediffError is ParsediffError
    assert pytest_parsediff.Checkpoint is Checkpoint


def test_other_names_are_unknown() -> None:
    """A misspelled name is an AttributeError, as anywhere."""
    with pytest.raises(AttributeError, match="no attribute 'Chekpoint'"):
        _ = pytest_parsediff.Chekpoint
