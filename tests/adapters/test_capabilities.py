"""What adapters can do besides a scan, wherever they say so."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from pytest_parsediff.adapters import capabilities
from pytest_parsediff.adapters.capabilities import (
    find_capabilities,
    find_evidence,
    find_sessions,
)
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.protocol import Capabilities
from pytest_parsediff.adapters.resolve import Resolved, resolve
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    AdapterError,
    AdapterExitError,
    AdapterLoadError,
    AdapterTimeoutError,
    EvidenceQueryError,
    OutputTooLargeError,
    ParsediffError,
    RowError,
)
from pytest_parsediff.core.event import Context, SessionInfo, Source

needs_alarm = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="without an alarm nothing is interrupted"
)
QUERIES = {
    "evidence": "SELECT session, value FROM t",
    "session_list": "SELECT session, value FROM t",
}

Make = Callable[..., Resolved]


@pytest.fixture(params=["here", "process"])
def make(request: pytest.FixtureRequest, search: Path) -> Make:
    """Return a function that makes an adapter of a module's text, in both places."""
    isolated = request.param == "process"

    def make(text: str, **table: Any) -> Resolved:
        module = f"able_{abs(hash(request.node.name)):x}"
        (search / f"{module}.py").write_text(textwrap.dedent(text))
        if isolated:
            table["isolation"] = "process"
        config = AdapterConfig(python=f"{module}:mine", **table)
        configured = {"mine": (config, search)}
        return resolve("mine", configured=configured, registered={}, folder=search)

    return make


def registered(thing: object, **table: Any) -> Resolved:
    """Return the adapter that a hook registers."""
    configured = {"mine": (AdapterConfig(**table), Path("/"))}
    return resolve(
        "mine", configured=configured, registered={"mine": thing}, folder=Path("/")
    )


def command(**table: Any) -> Resolved:
    """Return an adapter that is a command."""
    configured = {"mine": (AdapterConfig(command=["true"], **table), Path("/"))}
    return resolve("mine", configured=configured, registered={}, folder=Path("/"))


@pytest.fixture
def database(source: Source) -> Source:
    """Return a source that is a database with three rows."""
    connection = apsw.Connection(str(source.path))
    connection.execute("CREATE TABLE t (session, value)")
    connection.execute("INSERT INTO t VALUES ('s1', 1), ('s2', 2), ('s1', 3)")
    connection.close()
    return source


ABLE = """
    from pytest_parsediff import SessionInfo

    class mine:
        name = "mine"
        data_version = 4

        def scan(self, source, cursor):
            return []

        def sessions(self, source):
            yield SessionInfo("s1", 5, 7)
            yield "s2"
            yield source.path.name

        def evidence(self, source):
            return {"s1": "aa", source.path.name: "é"}
"""


# --- methods ------------------------------------------------------------------------------


def test_methods_are_found(make: Make, source: Source, context: Context) -> None:
    """An object has its capabilities as methods, in this process and in another."""
    mine = make(ABLE)

    assert Capabilities(True, True, 4) == find_capabilities(mine, source, context)
    assert [
        SessionInfo("s1", 5, 7),
        SessionInfo("s2"),
        SessionInfo("store.db"),
    ] == find_sessions(mine, source, context)
    assert {"s1": "aa", "store.db": "é"} == find_evidence(mine, source, context)


def test_a_function_has_them_as_attributes(
    make: Make, source: Source, context: Context
) -> None:
    """A plain function can do the same."""
    mine = make(
        """
        def mine(path, context):
            return []
        mine.sessions = lambda source: ["s1"]
        mine.evidence = lambda source: {"s1": "aa"}
        mine.data_version = 1
        """
    )

    assert Capabilities(True, True, 1) == find_capabilities(mine, source, context)
    assert [SessionInfo("s1")] == find_sessions(mine, source, context)
    assert {"s1": "aa"} == find_evidence(mine, source, context)


def test_nothing_is_found_where_nothing_is(
    make: Make, source: Source, context: Context
) -> None:
    """No capability is an answer too, and differs from no session."""
    mine = make("def mine(path): return []")

    assert Capabilities() == find_capabilities(mine, source, context)
    assert None is find_sessions(mine, source, context)
    assert None is find_evidence(mine, source, context)


def test_empty_answers_are_answers(
    make: Make, source: Source, context: Context
) -> None:
    """A store without sessions is inventoried all the same."""
    mine = make(
        """
        def mine(path): return []
        mine.sessions = lambda source: iter(())
        mine.evidence = lambda source: {}
        """
    )

    assert [] == find_sessions(mine, source, context)
    assert {} == find_evidence(mine, source, context)


def test_sessions_are_listed_once(make: Make, source: Source, context: Context) -> None:
    """The newest entry of a session stays where the first one was."""
    mine = make(
        """
        from pytest_parsediff import SessionInfo
        def mine(path): return []
        mine.sessions = lambda source: [
            "s1", "s2", SessionInfo("s1", 7), SessionInfo("s1", 5)]
        """
    )

    expected = [SessionInfo("s1", 7), SessionInfo("s2")]
    assert expected == find_sessions(mine, source, context)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("None", "sessions must return something to iterate over, got None"),
        ("7", "sessions must return something to iterate over, got 7"),
        ("'abc'", "sessions must return a list, got 'abc'"),
        ("[7]", "sessions yielded something else, got 7"),
        ("['']", "sessions yielded something else, got ''"),
        ("[{'id': 1}]", "sessions yielded something else, got {'id': 1}"),
        ("[S('s', 1.5)]", "sessions yielded something else, got SessionInfo"),
        ("[S('s', True)]", "sessions yielded something else, got SessionInfo"),
        ("[S('s', 1, '2')]", "sessions yielded something else, got SessionInfo"),
        ("[S(1)]", "sessions yielded something else, got SessionInfo"),
    ],
)
def test_wrong_inventories_are_refused(
    source: Source, context: Context, answer: str, message: str
) -> None:
    """PD410 says what came instead."""

    def mine(path: Path) -> list[Any]:
        return []

    found = eval(answer, {"S": SessionInfo})
    mine.sessions = lambda _source: found  # type: ignore[attr-defined]
    with pytest.raises(AdapterLoadError, match="PD410: adapter 'mine': ") as caught:
        find_sessions(registered(mine), source, context)

    assert message in caught.value.message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "evidence must return a mapping, got None"),
        ([("s", "a")], "evidence must return a mapping, got [('s', 'a')]"),
        ({1: "a"}, "evidence must be text, got {1: 'a'}"),
        ({"s": b"a"}, "evidence must be text, got {'s': b'a'}"),
        ({"s": ""}, "evidence must be text, got {'s': ''}"),
        ({"s": None}, "evidence must be text, got {'s': None}"),
    ],
)
def test_wrong_evidence_is_refused(
    source: Source, context: Context, answer: object, message: str
) -> None:
    """PD410: an empty digest would equal any other empty one."""

    def mine(path: Path) -> list[Any]:
        return []

    mine.evidence = lambda _source: answer  # type: ignore[attr-defined]
    with pytest.raises(AdapterLoadError, match="PD410: adapter 'mine': ") as caught:
        find_evidence(registered(mine), source, context)

    assert message in caught.value.message


@pytest.mark.parametrize("version", ["'1'", "1.0", "True", "-1", "[]"])
def test_wrong_versions_are_refused(
    make: Make, source: Source, context: Context, version: str
) -> None:
    """PD410: only whole numbers can be older or newer."""
    mine = make(f"def mine(path): return []\nmine.data_version = {version}")

    with pytest.raises(
        AdapterLoadError, match=r"PD410: .*data_version must be a whole"
    ):
        find_capabilities(mine, source, context)


# --- containment ----------------------------------------------------------------------------


RAISING = """
    from pytest_parsediff.core.errors import RowError
    def mine(path): return []
    def raising(source):
        {statement}
        yield "s1"
    mine.sessions = raising
    mine.evidence = lambda source: dict(raising(source))
"""


@pytest.mark.parametrize("find", [find_sessions, find_evidence])
@pytest.mark.parametrize(
    ("statement", "cls", "message"),
    [
        ("1 / 0", AdapterError, "PD401: adapter 'mine' raised ZeroDivisionError"),
        ("exit(3)", AdapterExitError, "PD409: adapter 'mine' called for exit"),
        ("raise RowError('part/1')", RowError, "PD423: part/1"),
    ],
)
def test_what_an_adapter_raises_is_typed(
    make: Make,
    source: Source,
    context: Context,
    find: Callable[..., object],
    statement: str,
    cls: type[ParsediffError],
    message: str,
) -> None:
    """The errors are those of a scan."""
    mine = make(RAISING.format(statement=statement))

    with pytest.raises(cls, match=message):
        find(mine, source, context)


def test_only_the_adapters_frames_are_shown(
    make: Make, source: Source, context: Context
) -> None:
    """The traceback begins in the adapter."""
    mine = make(RAISING.format(statement="1 / 0"))

    with pytest.raises(AdapterError, match="PD401") as caught:
        find_sessions(mine, source, context)

    assert "in raising" in caught.value.detail
    assert "asking.py" not in caught.value.detail


@needs_alarm
@pytest.mark.parametrize("find", [find_sessions, find_evidence])
def test_endless_answers_are_ended(
    make: Make, source: Source, context: Context, find: Callable[..., object]
) -> None:
    """PD402, although the generator goes on for ever."""
    mine = make(RAISING.format(statement="while True: pass"))

    with pytest.raises(AdapterTimeoutError, match="PD402: adapter 'mine' did not end"):
        find(mine, source, context, Limits(timeout_s=2))


def test_inventories_without_end_are_too_large(
    make: Make, source: Source, context: Context
) -> None:
    """PD407 at the limit of a scan's output."""
    mine = make(
        """
        import itertools
        def mine(path): return []
        mine.sessions = lambda source: map(str, itertools.count())
        """
    )

    with pytest.raises(
        OutputTooLargeError, match="PD407: adapter 'mine' returned more"
    ):
        find_sessions(mine, source, context, Limits(max_output_mb=0.01))


def test_large_evidence_is_refused(
    make: Make, source: Source, context: Context
) -> None:
    """PD407 for digests too."""
    mine = make(
        """
        def mine(path): return []
        mine.evidence = lambda source: {str(n): "x" * 64 for n in range(1000)}
        """
    )

    with pytest.raises(OutputTooLargeError, match="PD407"):
        find_evidence(mine, source, context, Limits(max_output_mb=0.01))


def test_limits_are_those_of_the_table(
    make: Make, source: Source, context: Context
) -> None:
    """What holds for a scan holds for its capabilities, without being asked."""
    mine = make(
        """
        import itertools
        def mine(path): return []
        mine.sessions = lambda source: map(str, itertools.count())
        """,
        max_output_mb=0.01,
    )

    with pytest.raises(OutputTooLargeError, match=r"max_output_mb=0\.01"):
        find_sessions(mine, source, context)


def test_generators_are_closed(source: Source, context: Context) -> None:
    """An inventory that is refused half way lets go of its store."""
    closed: list[str] = []

    def listing(_source: Source) -> Iterator[object]:
        try:
            yield 7
        finally:
            closed.append("yes")

    def mine(path: Path) -> list[Any]:
        return []

    held = listing(source)
    mine.sessions = lambda _source: held  # type: ignore[attr-defined]
    with pytest.raises(AdapterLoadError, match="PD410"):
        find_sessions(registered(mine), source, context)

    assert ["yes"] == closed


# --- queries --------------------------------------------------------------------------------


def test_commands_have_what_their_table_says(
    database: Source, context: Context
) -> None:
    """A program in any language has both by queries, and a version."""
    able = command(**QUERIES, data_version=3)

    assert Capabilities(True, True, 3) == find_capabilities(able, database, context)
    assert [SessionInfo("s1", 3), SessionInfo("s2", 2)] == find_sessions(
        able, database, context
    )
    assert {"s1", "s2"} == set(find_evidence(able, database, context) or ())


def test_commands_without_queries_have_nothing(
    database: Source, context: Context
) -> None:
    """A command cannot be asked anything."""
    assert Capabilities() == find_capabilities(command(), database, context)
    assert None is find_sessions(command(), database, context)
    assert None is find_evidence(command(), database, context)


def test_the_table_goes_before_methods(
    make: Make, database: Source, context: Context
) -> None:
    """What a configuration says refines what the adapter says."""
    mine = make(ABLE, **QUERIES, data_version=9)

    assert Capabilities(True, True, 9) == find_capabilities(mine, database, context)
    assert find_sessions(command(**QUERIES), database, context) == find_sessions(
        mine, database, context
    )
    assert find_evidence(command(**QUERIES), database, context) == find_evidence(
        mine, database, context
    )


def test_a_source_that_is_open_here_is_queried_elsewhere(
    database: Source, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another SQLite library in this process may hold it, and must keep its locks."""
    able = command(**QUERIES)
    expected = (
        find_sessions(able, database, context),
        find_evidence(able, database, context),
    )

    def refuse(*_args: object, **_kwargs: object) -> Any:
        raise AssertionError("queried in this process")

    monkeypatch.setattr(capabilities, "read_evidence", refuse)
    monkeypatch.setattr(capabilities, "read_sessions", refuse)
    with database.path.open("rb"):
        assert expected == (
            find_sessions(able, database, context),
            find_evidence(able, database, context),
        )


def test_errors_of_queries_elsewhere_are_the_same(
    database: Source, context: Context
) -> None:
    """PD516 with SQLite's message, and PD402, come out of the other process too."""
    bad = command(evidence="SELECT session, missing FROM t")
    endless = command(
        evidence="WITH r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) "
        "SELECT count(*), 1 FROM r"
    )
    for held in (False, True):
        handle = database.path.open("rb") if held else None
        with pytest.raises(
            EvidenceQueryError, match=r"PD516: .*no such column: missing"
        ):
            find_evidence(bad, database, context)
        with pytest.raises(AdapterTimeoutError, match="PD402"):
            find_evidence(endless, database, context, Limits(timeout_s=1.5))
        if handle:
            handle.close()


def test_nothing_stays_open(database: Source, context: Context) -> None:
    """A later digest of the file takes nobody's locks."""
    find_evidence(command(**QUERIES), database, context)

    names = [connection.filename for connection in apsw.connections()]
    assert str(database.path) not in names


def test_a_folder_has_no_evidence_by_query(source: Source, context: Context) -> None:
    """PD516, in this process as in another."""
    folder = Source(source.root, source.root)

    with pytest.raises(EvidenceQueryError, match=r"PD516: .*got a folder"):
        find_evidence(command(**QUERIES), folder, context)
