"""From a name to an adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from pytest_parsediff.adapters import resolve as module
from pytest_parsediff.adapters.builtin import BUILTIN, Builtin
from pytest_parsediff.adapters.coherence import check_coherence
from pytest_parsediff.adapters.command import CommandAdapter
from pytest_parsediff.adapters.contain import collect
from pytest_parsediff.adapters.isolated import IsolatedAdapter
from pytest_parsediff.adapters.resolve import Resolved, refine, resolve
from pytest_parsediff.core.canonical import Encoder
from pytest_parsediff.core.config import AdapterConfig, SQLOutput
from pytest_parsediff.core.errors import (
    AdapterLoadError,
    BadValueError,
    UnknownAdapterError,
    Where,
)
from pytest_parsediff.core.event import Context, Event, Source

Find = Callable[..., Resolved]


class Fake:
    """An adapter that says where it came from."""

    name = "fake"
    origin = "registered"

    def scan(self, _source: Source, _cursor: str | None) -> Iterator[Event]:
        """Yield its origin."""
        yield {"origin": self.origin}


@pytest.fixture
def find(search: Path, source: Source, context: Context) -> Find:
    """Return ``resolve`` with empty tables; the modules of its origins exist."""
    for name in ("python", "builtin", "entry", "spec"):
        text = f"def parse(path):\n    yield {{'origin': {name!r}}}\n"
        (search / f"from_{name}.py").write_text(text)

    def find(
        name: str,
        configured: Mapping[str, tuple[AdapterConfig, Path]] | None = None,
        registered: Mapping[str, object] | None = None,
    ) -> Resolved:
        return resolve(
            name,
            configured=configured or {},
            registered=registered or {},
            folder=search,
        )

    return find


@pytest.fixture
def origin(source: Source, context: Context) -> Callable[[Resolved], object]:
    """Return a function that asks an adapter where it came from."""

    def ask(resolved: Resolved) -> object:
        emitted = collect(
            resolved.adapter, source, context, timeout_s=60, max_output_mb=1
        )
        return emitted.events[0]["origin"]

    return ask


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that says which entry points are installed."""

    def offer(*values: tuple[str, str]) -> None:
        offered = EntryPoints(EntryPoint(*pair, module.GROUP) for pair in values)
        monkeypatch.setattr(module, "entry_points", offered.select)

    offer()
    return offer


@pytest.fixture
def builtin(monkeypatch: pytest.MonkeyPatch, search: Path) -> AdapterConfig:
    """Add a built-in adapter called ``same`` and return its defaults."""
    monkeypatch.syspath_prepend(search)
    config = AdapterConfig(encoder=Encoder.DECLARED, key=["/a"])
    monkeypatch.setitem(BUILTIN, "same", Builtin("from_builtin:parse", config))
    return config


@pytest.mark.usefixtures("builtin")
def test_origins_are_asked_in_order(
    find: Find,
    origin: Callable[[Resolved], object],
    points: Callable[..., None],
    search: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Configured, registered, built in, entry point; each hides the next ones."""
    points(("same", "from_entry:parse"))
    table = AdapterConfig(python="from_python:parse")
    registered = {"same": Fake()}

    assert "python" == origin(find("same", {"same": (table, search)}, registered))
    assert "registered" == origin(find("same", None, registered))
    assert "builtin" == origin(find("same"))
    monkeypatch.delitem(BUILTIN, "same")
    assert "entry" == origin(find("same"))


@pytest.mark.usefixtures("points")
def test_a_spec_is_a_name(find: Find, origin: Callable[[Resolved], object]) -> None:
    """``module:callable`` needs no table; the module lies in the folder."""
    assert "spec" == origin(find("from_spec:parse"))


def test_a_command_is_made_of_its_table(find: Find, tmp_path: Path) -> None:
    """The folder is the one of the table's file."""
    table = AdapterConfig(command=["true"])

    resolved = find("mine", {"mine": (table, tmp_path)})

    assert Resolved(CommandAdapter("mine", table, tmp_path), table) == resolved


def test_a_query_alone_is_a_command_adapter(find: Find, tmp_path: Path) -> None:
    """``sql`` needs no command."""
    table = AdapterConfig(sql=SQLOutput(db="{store}", query="SELECT 1"))

    resolved = find("mine", {"mine": (table, tmp_path)})

    assert CommandAdapter("mine", table, tmp_path) == resolved.adapter


def test_a_table_refines_a_builtin(
    find: Find, builtin: AdapterConfig, search: Path
) -> None:
    """Keys of the table stand in place of the defaults, the others stay."""
    table = AdapterConfig(key=["/b"], timeout_s=5)

    resolved = find("same", {"same": (table, search)})

    expected = AdapterConfig(encoder=Encoder.DECLARED, key=["/b"], timeout_s=5)
    assert expected == resolved.config
    assert builtin == find("same").config


def test_false_refines_too() -> None:
    """A key that is given counts, whatever its value."""
    defaults = AdapterConfig(ordered=True, key=["/a"])

    expected = AdapterConfig(ordered=False, key=[])
    assert expected == refine(defaults, AdapterConfig(ordered=False, key=[]))


@pytest.mark.usefixtures("points")
def test_a_registered_name_may_be_text(
    find: Find, origin: Callable[[Resolved], object]
) -> None:
    """A hook may give ``module:callable`` instead of the object."""
    assert "spec" == origin(find("other", None, {"other": "from_spec:parse"}))


def test_extras_of_an_entry_point_are_left_out(
    find: Find,
    origin: Callable[[Resolved], object],
    points: Callable[..., None],
    search: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The old form with extras in brackets still names the same object."""
    monkeypatch.syspath_prepend(search)
    points(("same", "from_entry:parse [extra]"))

    assert "entry" == origin(find("same"))


def test_two_entry_points_of_one_name_are_refused(
    find: Find, points: Callable[..., None]
) -> None:
    """Which package wins is not left to chance."""
    points(("same", "b:parse"), ("same", "a:parse"))

    with pytest.raises(
        AdapterLoadError, match=r"PD410: several .* a:parse, b:parse"
    ) as e:
        find("same")

    assert 'python = "a:parse"' in e.value.hint


@pytest.mark.usefixtures("points")
def test_an_unknown_name_is_answered_with_the_nearest(find: Find) -> None:
    """A misspelled name is PD112."""
    with pytest.raises(UnknownAdapterError, match="nearest known name is 'opencode'"):
        find("opncode")


def test_an_unknown_name_is_answered_with_all(
    find: Find, points: Callable[..., None], search: Path
) -> None:
    """Configured, registered, built-in and offered names are listed."""
    points(("from_package", "a:parse"))
    table = {"configured": (AdapterConfig(), search)}

    with pytest.raises(UnknownAdapterError) as caught:
        find("zzz", table, {"registered": Fake()})

    expected = "known are configured, from_package, opencode, registered"
    assert caught.value.message.endswith(expected)


@pytest.mark.usefixtures("points")
def test_a_table_that_refines_nothing_is_unknown(find: Find, search: Path) -> None:
    """A table without command, sql or python needs an adapter of its name."""
    with pytest.raises(UnknownAdapterError, match="PD112: unknown adapter 'mine'"):
        find("mine", {"mine": (AdapterConfig(timeout_s=1), search)})


def test_opencode_is_declared_and_loaded_by_name() -> None:
    """The defaults are those of published goldens."""
    builtin = BUILTIN["opencode"]

    assert "pytest_parsediff.adapters.opencode:OpencodeAdapter" == builtin.spec
    assert Encoder.DECLARED == builtin.config.encoder
    assert builtin.config.ordered is True


# --- isolation ----------------------------------------------------------------------


def test_isolation_runs_a_table_elsewhere(find: Find, search: Path) -> None:
    """A module of the folder is loaded in the other process only."""
    table = AdapterConfig(python="nowhere:parse", isolation="process")

    resolved = find("mine", {"mine": (table, search)})

    assert IsolatedAdapter("mine", "nowhere:parse", table, search) == resolved.adapter


def test_isolation_of_a_builtin(
    find: Find, builtin: AdapterConfig, search: Path
) -> None:
    """A table may move an adapter that is known by name."""
    table = AdapterConfig(isolation="process")

    resolved = find("same", {"same": (table, search)})

    config = refine(builtin, table)
    assert (
        IsolatedAdapter("same", "from_builtin:parse", config, None) == resolved.adapter
    )


def test_an_object_cannot_be_isolated(find: Find, search: Path) -> None:
    """What a hook registered lives in this process and in no other."""
    table = {"mine": (AdapterConfig(isolation="process"), search)}

    with pytest.raises(BadValueError, match=r"PD103: .*isolation .* without python"):
        find("mine", table, {"mine": Fake()})


# --- coherence ----------------------------------------------------------------------

SQL = SQLOutput(db="x", query="SELECT 1")


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        (AdapterConfig(command=["a"], python="a:b"), ("command", "python")),
        (AdapterConfig(sql=SQL, python="a:b"), ("sql", "python")),
        (AdapterConfig(prepare=[["a"]], python="a:b"), ("prepare", "python")),
        (AdapterConfig(output="a", python="a:b"), ("output", "python")),
        (AdapterConfig(records="a", python="a:b"), ("records", "python")),
        (AdapterConfig(required=True, python="a:b"), ("required", "python")),
        (AdapterConfig(pass_env=["A"], python="a:b"), ("pass_env", "python")),
        (
            AdapterConfig(pass_env=["A"], python="a:b", isolation="process"),
            ("pass_env", "python"),
        ),
        (AdapterConfig(sql=SQL, records="a"), ("records", "sql")),
        (AdapterConfig(sql=SQL, output="a"), ("output", "sql")),
        (AdapterConfig(command=["a"], isolation="process"), ("isolation", "command")),
        (AdapterConfig(sql=SQL, isolation="process"), ("isolation", "sql")),
        (AdapterConfig(prepare=[["a"]]), ("prepare", "command or sql")),
        (AdapterConfig(output="a"), ("output", "command")),
        (AdapterConfig(records="a"), ("records", "command")),
        (AdapterConfig(required=False), ("required", "command or prepare")),
        (AdapterConfig(required=True, sql=SQL), ("required", "command or prepare")),
        (AdapterConfig(pass_env=["A"]), ("pass_env", "command or prepare")),
        (AdapterConfig(pass_env=["A"], sql=SQL), ("pass_env", "command or prepare")),
    ],
)
def test_keys_that_contradict_each_other_are_named(
    config: AdapterConfig, keys: tuple[str, str], tmp_path: Path
) -> None:
    """A table that cannot mean anything is PD103 before anything runs."""
    with pytest.raises(BadValueError) as caught:
        check_coherence("mine", config, tmp_path)

    assert Where(tmp_path) == caught.value.where
    assert caught.value.message.startswith(f"[adapters.mine]: {keys[0]} ")
    assert keys[1] in caught.value.message
    assert caught.value.hint.startswith("Remove ")


def test_contradictions_are_found_before_anything_is_loaded(
    find: Find, search: Path
) -> None:
    """Resolving a table checks it first."""
    table = AdapterConfig(command=["a"], python="nowhere:parse")

    with pytest.raises(BadValueError, match=r"PD103: .*command and python exclude"):
        find("mine", {"mine": (table, search)})


@pytest.mark.parametrize(
    "config",
    [
        AdapterConfig(),
        AdapterConfig(command=["a"], prepare=[["b"]], output="c", records="d"),
        AdapterConfig(command=["a"], sql=SQL, required=True, env={"A": "b"}),
        AdapterConfig(prepare=[["b"]], sql=SQL, required=True, pass_env=["A"]),
        AdapterConfig(command=["a"], pass_env=["A"]),
        AdapterConfig(python="a:b", env={"A": "b"}),
        AdapterConfig(env={"A": "b"}),
        AdapterConfig(python="a:b", isolation="process", env={"A": "b"}),
        AdapterConfig(timeout_s=1, max_output_mb=1, key=["a"]),
    ],
)
def test_keys_that_go_together_are_taken(config: AdapterConfig, tmp_path: Path) -> None:
    """What has a meaning is no error."""
    check_coherence("mine", config, tmp_path)
