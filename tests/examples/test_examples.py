"""The projects in ``examples/``, by our own arithmetic and with the real clients."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.core.config import DefaultsConfig, ScenarioConfig
from pytest_parsediff.core.toml import read_toml

EXAMPLES = Path(__file__).parents[2] / "examples"
#: Each example is named like the program that it runs.
CLIENTS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
SCENARIOS = sorted(path.parent for path in EXAMPLES.rglob("expected.jsonl"))
OPENCODE = [path for path in SCENARIOS if (path / "fixture.sql").is_file()]
CLAUDE_CODE = [path for path in SCENARIOS if (path / "files").is_dir()]

Events = list[dict[str, Any]]


@dataclass(frozen=True)
class Totals:
    """Tokens of one session; cache reads and writes are not part of the input."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: Totals) -> Totals:
        """Return the sums."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Totals(*(one + two for one, two in pairs))


def by_session(pairs: Iterator[tuple[str, Totals]]) -> dict[str, Totals]:
    """Return the sum per session."""
    sums: dict[str, Totals] = {}
    for session, totals in pairs:
        sums[session] = sums.get(session, Totals()) + totals
    return sums


def name_of(path: Path) -> str:
    """Return the path of a scenario below ``examples/``, for test ids."""
    return path.relative_to(EXAMPLES).as_posix()


# --- what the stores say --------------------------------------------------------------


def build(fixture: Path) -> sqlite3.Connection:
    """Return the store as a database in memory."""
    store = sqlite3.connect(":memory:")
    store.executescript(fixture.read_text(encoding="utf-8"))
    return store


def session_columns(store: sqlite3.Connection) -> dict[str, Totals]:
    """Return what opencode itself keeps per session."""
    rows = store.execute(
        "SELECT id, tokens_input, tokens_output, tokens_cache_read,"
        " tokens_cache_write FROM session"
    )
    return {session: Totals(*numbers) for session, *numbers in rows}


def opencode_tokens(tokens: dict[str, Any]) -> Totals:
    """Return the numbers of a message or of a step-finish part."""
    cache = tokens["cache"]
    return Totals(tokens["input"], tokens["output"], cache["read"], cache["write"])


def message_sums(store: sqlite3.Connection) -> dict[str, Totals]:
    """Return the sums over messages."""
    rows = [
        (session, json.loads(data))
        for session, data in store.execute("SELECT session_id, data FROM message")
    ]
    return by_session(
        (session, opencode_tokens(data["tokens"]))
        for session, data in rows
        if data["role"] == "assistant"
    )


def step_sums(store: sqlite3.Connection) -> dict[str, Totals]:
    """Return the sums over step-finish parts."""
    rows = [
        (session, json.loads(data))
        for session, data in store.execute("SELECT session_id, data FROM part")
    ]
    return by_session(
        (session, opencode_tokens(data["tokens"]))
        for session, data in rows
        if data["type"] == "step-finish"
    )


def usage_lines(scenario: Path) -> Iterator[tuple[str, str, Totals]]:
    """Yield session, message id and usage of each transcript line that has one."""
    for path in sorted(scenario.glob("files/projects/*/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            message = json.loads(line).get("message", {})
            if "usage" not in message:
                continue
            usage = message["usage"]
            yield (
                path.stem,
                message["id"],
                Totals(
                    usage["input_tokens"],
                    usage["output_tokens"],
                    usage["cache_read_input_tokens"],
                    usage["cache_creation_input_tokens"],
                ),
            )


def distinct_messages(scenario: Path) -> dict[str, Totals]:
    """Return the sums over message ids, of each the last line."""
    last = {(session, id_): usage for session, id_, usage in usage_lines(scenario)}
    return by_session((session, usage) for (session, _), usage in last.items())


# --- what the goldens say -------------------------------------------------------------


def read_golden(scenario: Path) -> Events:
    """Return the events of a scenario's golden."""
    text = (scenario / "expected.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def golden_totals(scenario: Path) -> dict[str, Totals]:
    """Return tokens per session, whatever words the client has for them."""
    return by_session(map(client_totals, read_golden(scenario)))


def client_totals(event: dict[str, Any]) -> tuple[str, Totals]:
    """Return session and tokens of one event of any of the clients."""
    if "sessionId" in event:  # ccusage
        return event["sessionId"], Totals(
            event["inputTokens"],
            event["outputTokens"],
            event["cacheReadTokens"],
            event["cacheCreationTokens"],
        )
    if "token_summary" in event:  # claude-code-log, in words
        numbers = map(int, re.findall(r"\d+", event["token_summary"]))
        input_, output, cache_write, cache_read = numbers
        return event["id"], Totals(input_, output, cache_read, cache_write)
    return event["session"].removeprefix("opencode:"), Totals(  # agentsview
        event["input_tokens"] or 0,
        event["output_tokens"] or 0,
        event["cache_read_tokens"] or 0,
        event["cache_write_tokens"] or 0,
    )


# --- without any client ---------------------------------------------------------------


def test_there_is_an_example_per_client() -> None:
    """Three programs, and each is named like its folder."""
    assert ["agentsview", "ccusage", "claude-code-log"] == CLIENTS


@pytest.mark.parametrize("client", CLIENTS)
def test_examples_are_toml_alone(client: str) -> None:
    """A project of somebody who writes no Python consists of stores and TOML."""
    suffixes = {path.suffix for path in (EXAMPLES / client).rglob("*.*")}

    assert {".sql", ".jsonl", ".toml"} >= suffixes


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("*/scenarios/**/*.toml")), ids=name_of
)
def test_toml_files_fit_the_published_structure(path: Path) -> None:
    """Every configuration file is accepted, key by key."""
    structure = DefaultsConfig if path.name == "parsediff.toml" else ScenarioConfig

    config = read_toml(path, structure)

    assert isinstance(config, structure)


@pytest.mark.parametrize("scenario", OPENCODE, ids=name_of)
def test_opencode_stores_agree_with_themselves(scenario: Path) -> None:
    """As in real stores, session columns are sums of messages and of finished steps."""
    with closing(build(scenario / "fixture.sql")) as store:
        columns, messages, steps = (
            session_columns(store),
            message_sums(store),
            step_sums(store),
        )

    assert columns == messages
    assert columns == steps


@pytest.mark.parametrize("scenario", OPENCODE, ids=name_of)
def test_opencode_goldens_equal_the_session_columns(scenario: Path) -> None:
    """What a client reports is what opencode itself counted, in every session."""
    with closing(build(scenario / "fixture.sql")) as store:
        columns = session_columns(store)

    assert columns == golden_totals(scenario)


@pytest.mark.parametrize(
    "scenario",
    [path for path in OPENCODE if path.is_relative_to(EXAMPLES / "ccusage")],
    ids=name_of,
)
def test_ccusage_goldens_hold_cost_and_reasoning(scenario: Path) -> None:
    """The cost is the stored one, and the total is the only number with reasoning."""
    with closing(build(scenario / "fixture.sql")) as store:
        expected = {
            session: (round(cost, 6), total)
            for session, cost, total in store.execute(
                "SELECT id, cost, tokens_input + tokens_output + tokens_reasoning"
                " + tokens_cache_read + tokens_cache_write FROM session"
            )
        }

    assert expected == {
        event["sessionId"]: (event["totalCost"], event["totalTokens"])
        for event in read_golden(scenario)
    }


@pytest.mark.parametrize(
    "scenario",
    [path for path in SCENARIOS if path.is_relative_to(EXAMPLES / "agentsview")],
    ids=name_of,
)
def test_agentsview_goldens_hold_one_sum_twice(scenario: Path) -> None:
    """The output that the client sums up itself equals the one of its messages."""
    totals = golden_totals(scenario)

    for event in read_golden(scenario):
        session = event["session"].removeprefix("opencode:")
        assert totals[session].output == event["session_output_tokens"]


@pytest.mark.parametrize("scenario", CLAUDE_CODE, ids=name_of)
def test_claude_code_goldens_count_each_message_once(scenario: Path) -> None:
    """The numbers are sums over distinct message ids, which sums of lines are not."""
    per_line = by_session(
        (session, usage) for session, _, usage in usage_lines(scenario)
    )
    totals = golden_totals(scenario)

    assert distinct_messages(scenario) == totals
    assert all(per_line[session] != totals[session] for session in totals)


@pytest.mark.parametrize("client", CLIENTS)
def test_without_its_client_an_example_skips(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    """Every scenario says which program is missing, and none fails."""
    scenarios = copy_example(pytester, client)
    monkeypatch.setenv("PATH", str(pytester.mkdir("no-programs")))

    result = pytester.runpytest_subprocess("--parsediff", "-rs")

    result.assert_outcomes(skipped=len(scenarios))
    result.stdout.fnmatch_lines([f"SKIPPED *{client} is not installed"])


# --- with the clients -----------------------------------------------------------------


def copy_example(pytester: pytest.Pytester, client: str) -> list[Path]:
    """Copy an example into the test's folder; return its scenarios there."""
    shutil.copytree(EXAMPLES / client, pytester.path, dirs_exist_ok=True)
    return sorted(path.parent for path in pytester.path.rglob("expected.jsonl"))


def known_failures(scenarios: list[Path]) -> list[Path]:
    """Return the scenarios whose ``scenario.toml`` expects a failure."""
    files = [path / "scenario.toml" for path in scenarios]
    return [
        path.parent
        for path in files
        if path.is_file() and read_toml(path, ScenarioConfig).xfail
    ]


@pytest.fixture
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a client that is installed."""
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    for variable in ("CI", "TF_BUILD", "GITHUB_ACTIONS"):
        monkeypatch.delenv(variable, raising=False)
    return name


with_each_client = pytest.mark.parametrize("client", CLIENTS, indirect=True)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_example_is_run_where_it_lies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client: str
) -> None:
    """A bare pytest in an example's folder finds its scenarios, and no others."""
    monkeypatch.setenv("PATH", str(tmp_path))
    names = sorted(
        path.name for path in SCENARIOS if path.is_relative_to(EXAMPLES / client)
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qp", "no:cacheprovider"],
        cwd=EXAMPLES / client,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    found = re.findall(r"^scenarios/.*::(.+)$", done.stdout, re.MULTILINE)
    assert names == sorted(found)


@with_each_client
def test_examples_pass(pytester: pytest.Pytester, client: str) -> None:
    """The committed goldens are what the real client says, known failures aside."""
    scenarios = copy_example(pytester, client)
    failures = len(known_failures(scenarios))

    result = pytester.runpytest_subprocess("--parsediff")

    result.assert_outcomes(passed=len(scenarios) - failures, xfailed=failures)


@with_each_client
def test_a_wrong_number_fails(pytester: pytest.Pytester, client: str) -> None:
    """One number off by one in one golden is PD302, with both values."""
    scenarios = copy_example(pytester, client)
    sound = sorted(set(scenarios) - set(known_failures(scenarios)))
    golden = sound[0] / "expected.jsonl"
    text = golden.read_text(encoding="utf-8")
    found = re.search(r'"(message_count|outputTokens|output_tokens)":(\d+)', text)
    assert found is not None
    wrong = int(found[2]) + 1
    damaged = f"{text[: found.start(2)]}{wrong}{text[found.end(2) :]}"
    golden.write_bytes(damaged.encode())

    result = pytester.runpytest_subprocess("--parsediff", str(golden.parent))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["PD302: *expected.jsonl: *", f"*/{found[1]}: {wrong} -> {found[2]}*"]
    )
