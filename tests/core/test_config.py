"""What configuration files may say: the code and the published schema agree."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import msgspec
import pytest

from pytest_parsediff.core.config import (
    RESERVED_KEYS,
    AdapterConfig,
    CompareConfig,
    DefaultsConfig,
    ScenarioConfig,
    json_schema,
)
from pytest_parsediff.core.errors import (
    BadValueError,
    UnknownKeyError,
    UnsupportedKeyError,
)
from pytest_parsediff.core.toml import check_table

Kind = Literal["scenario", "parsediff"]
STRUCTURES: dict[Kind, type[ScenarioConfig]] = {
    "scenario": ScenarioConfig,
    "parsediff": DefaultsConfig,
}

SCENARIO = """\
adapter = "opencode"
source = "a/store.db"
journal = "wal"
state = "killed-wal"
env = {TZ = "UTC"}
redact = ["id", "/a/b"]
timeout_s = 5
build_timeout_s = 0.5
max_value_mb = 1
marks = ["slow", {name = "skipif", args = [true], kwargs = {reason = "x"}}]
xfail = {opencode = "known"}
empty = false
writer = [{script = "a.sql", name = "agent", at = "parsed"}, {python = "m:f"}]
sessions = {a = {expect = "changed", fields = ["x"], reason = "y"}}
stress = {laws = ["converges"], plans = 0, polls = 2, strategy = "auto", seed = 1}

[mtime]
"**" = 2026-01-01T00:00:00Z
"a/*.jsonl" = 2026-01-01T12:00:00.25+02:00
"""
ADAPTER = """\
command = ["tool", "{store}"]
prepare = [["a"], ["b", "c"]]
env = {A = "b"}
pass_env = ["PATH"]
output = "{tmp}/out.json"
records = "/items"
sql = {db = "{state}/a.db", query = "SELECT 1"}
required = true
python = "module:callable"
isolation = "process"
timeout_s = 1.5
max_output_mb = 2
files = "**/*.jsonl"
data_version = 3
evidence = "SELECT id, updated FROM session"
session_list = "SELECT id FROM session"
moves = "codex"
session = "/payload/SessionID"
key = ["kind", "/payload/ID"]
keep = []
drop = ["/payload/Ts"]
drop_events = {kind = ["log", 1, true]}
rename = {a = "b"}
derive = {c = "a + b"}
round = {cost = 6}
sort = ["ts"]
ordered = false
encoder = "declared"
compare = {}
emits = "session"
tombstones = {kind = ["gone"]}
amends = {kind = ["changed"]}
delivery = "exactly-once"
exact_resume = true
catches_up = true
"""
COMPARE = """\
fields = {tokens = ["/usage/input", "/usage/output"]}
ignore = ["/cost"]
blank = ["title"]
tolerance = {"/score" = 0.5, "aggregate:cost" = 0}
multiset = {kind = ["usage", 1, true]}
aggregates = {cost = "/cost"}
informational = ["cwd"]
filled_later = ["/status"]
skew = ["tokens"]
bodies = ["/note"]
"""
GOOD: list[tuple[Kind, str]] = [
    ("scenario", ""),
    ("scenario", SCENARIO),
    ("scenario", 'redact = {id = "<ID>"}'),
    ("parsediff", SCENARIO),
    ("parsediff", f"[adapters.x]\n{ADAPTER}"),
    ("parsediff", f'{SCENARIO}[adapters."a b".sql]\ndb = "a"\nquery = "b"'),
    ("parsediff", "[adapters.x]\n[adapters.y]\n"),
    ("parsediff", '[adapters.x]\nsession = ["a", "/b/c"]'),
    ("parsediff", f"[adapters.x.compare]\n{COMPARE}"),
    ("parsediff", '[sessions."a b"]\nexpect = "raced"'),
    ("scenario", '[sessions.a]\nexpect = "raced"'),
    (
        "parsediff",
        '[sessions.a]\nexpect = "changed"\nfields = ["x"]\nreason = "y"',
    ),
]
#: With the line that the code blames.
BAD_VALUES: list[tuple[Kind, str, int | None, str]] = [
    ("scenario", "\nadapter = 1", 2, "adapter: Expected str, got int"),
    ("scenario", "\nadapter = ['a']", 2, "adapter: Expected str, got array"),
    ("scenario", 'state = "dead"', 1, "state: Invalid enum value 'dead'"),
    ("scenario", 'journal = "WAL"', 1, "journal: Invalid enum value 'WAL'"),
    ("scenario", "timeout_s = 0", 1, "timeout_s: Expected float > 0.0"),
    ("scenario", "timeout_s = true", 1, "timeout_s: Expected float, got bool"),
    ("scenario", 'max_value_mb = "1"', 1, "max_value_mb: Expected float, got str"),
    ("scenario", "empty = 1", 1, "empty: Expected bool, got int"),
    ("scenario", '\n\nredact = ["a", ""]', 3, r"redact\[1\]: Expected str of length"),
    ("scenario", "redact = {a = 1}", 1, r"redact\[...\]: Expected str, got int"),
    ("scenario", "env = {A = 1}", 1, r"env\[...\]: Expected str, got int"),
    ("scenario", "marks = [1]", 1, r"marks\[0\]: Expected str | object, got int"),
    (
        "scenario",
        "[[marks]]\nargs = []",
        1,
        "marks: Object missing required field name",
    ),
    ("scenario", "\nmarks = 1", 2, "marks: Expected array, got int"),
    ("parsediff", "adapters = 1", 1, "adapters: Expected object, got int"),
    (
        "parsediff",
        '[sessions.a]\nexpect = "racde"',
        2,
        "sessions.a.expect: Invalid enum value 'racde'",
    ),
    (
        "parsediff",
        '[sessions.a]\nfields = ["x"]',
        1,
        "sessions.a: Object missing required field expect",
    ),
    ("parsediff", "[adapters]\nx = 1", 1, r"adapters\[...\]: Expected object, got int"),
    (
        "parsediff",
        "timeout_s = 1\n[adapters.x]\ntimeout_s = 1\n[adapters.y]\ntimeout_s = '1'",
        5,
        r"adapters.y.timeout_s: Expected float, got str",
    ),
    (
        "parsediff",
        "[adapters.x]\ncommand = []",
        2,
        "adapters.x.command: Expected array of length >= 1",
    ),
    (
        "parsediff",
        "[adapters.x]\nsql = 1",
        2,
        "adapters.x.sql: Expected object, got int",
    ),
    (
        "parsediff",
        "[adapters.x.sql]\ndb = 'a'",
        1,
        "adapters.x.sql: Object missing required field query",
    ),
    (
        "parsediff",
        "[adapters.x]\nround = {a = 1.5}",
        2,
        r"adapters.x.round\[...\]: Expected int, got float",
    ),
    (
        "parsediff",
        "[adapters.x]\nsession = []",
        2,
        "adapters.x.session: Expected array of length >= 1",
    ),
    (
        "parsediff",
        "[adapters.x]\ndata_version = -1",
        2,
        "adapters.x.data_version: Expected int >= 0",
    ),
    (
        "parsediff",
        "[adapters.x]\nevidence = ''",
        2,
        "adapters.x.evidence: Expected str of length >= 1",
    ),
    (
        "parsediff",
        "[adapters.x.compare]\ntolerance = {a = -1}",
        2,
        r"adapters.x.compare.tolerance\[...\]: Expected float >= 0.0",
    ),
]
UNKNOWN: list[tuple[Kind, str, int, str]] = [
    ("scenario", "\nadaptr = 'x'", 2, "'adaptr'; the nearest known key is 'adapter'"),
    ("scenario", "Adapter = 'x'", 1, "'Adapter'; the nearest known key is 'adapter'"),
    ("scenario", "[timeouts]\na = 1", 1, "'timeouts'; the nearest known key is 'time"),
    ("scenario", "writr = 1", 1, "'writr'; the nearest known key is 'writer'"),
    ("scenario", '"q w" = 1', 1, "unknown key 'q w'"),
    ("scenario", "[adapters.x]", 1, "'adapters'"),
    ("scenario", "a.b = 1", 1, "unknown key 'a'"),
    (
        "scenario",
        'marks = ["a",\n  {name = "x", arg = []}]',
        2,
        "'arg'; the nearest known key is 'args'",
    ),
    (
        "parsediff",
        "timeout = 1\n[adapters.x]",
        1,
        "'timeout'; the nearest known key is 'timeout_s'",
    ),
    (
        "parsediff",
        "[adapters.x]\ndrops = []",
        2,
        "'drops'; the nearest known key is 'drop'",
    ),
    (
        "parsediff",
        "[adapters.x.sql]\ndb='a'\nquery='b'\nquerry='c'",
        4,
        "'querry'; the nearest known key is 'query'",
    ),
    (
        "parsediff",
        "[adapters.x.compare]\nfields = {}\nignored = []",
        3,
        "'ignored'; the nearest known key is 'ignore'",
    ),
]
RESERVED: list[tuple[Kind, str, int]] = [
    ("parsediff", "[adapters.x]\ncheck = ['x']", 2),
]


def load(kind: Kind, text: str) -> ScenarioConfig:
    """Return *text* checked by the code."""
    return check_table(tomllib.loads(text), STRUCTURES[kind], Path("x.toml"), text)


def as_json(value: Any) -> Any:
    """Return a TOML value as JSON tools see it."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.datetime) else value


def validate(kind: Kind, text: str) -> None:
    """Check *text* by the published schema."""
    file = resources.files("pytest_parsediff") / "schemas" / f"{kind}.schema.json"
    schema = json.loads(file.read_bytes())
    validator = jsonschema.Draft202012Validator
    checker = validator.FORMAT_CHECKER
    validator(schema, format_checker=checker).validate(as_json(tomllib.loads(text)))


@pytest.mark.parametrize("kind", ["scenario", "parsediff"])
def test_published_schema_is_what_the_code_generates(kind: Kind) -> None:
    """Run `python -m pytest_parsediff schema KIND > …` when this fails."""
    file = resources.files("pytest_parsediff") / "schemas" / f"{kind}.schema.json"
    expected = json.dumps(json_schema(kind), indent=2, sort_keys=True) + "\n"
    assert expected.encode() == file.read_bytes()


@pytest.mark.parametrize("kind", ["scenario", "parsediff"])
def test_published_schema_is_a_schema(kind: Kind) -> None:
    """It is valid in the draft that it names."""
    schema = json_schema(kind)
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("kind", ["scenario", "parsediff"])
def test_every_key_is_described(kind: Kind) -> None:
    """An editor can show one line for each key, also for inherited ones."""
    silent = [
        f"{name}.{key}"
        for name, definition in json_schema(kind)["$defs"].items()
        for key, value in definition.get("properties", {}).items()
        if "description" not in value
    ]
    assert [] == silent


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_good_files(kind: Kind, text: str) -> None:
    """What the code accepts, the published schema accepts."""
    load(kind, text)
    validate(kind, text)


@pytest.mark.parametrize(
    ("structure", "text"),
    [(ScenarioConfig, SCENARIO), (AdapterConfig, ADAPTER), (CompareConfig, COMPARE)],
)
def test_good_files_use_every_key(structure: type[msgspec.Struct], text: str) -> None:
    """No key is left out of the comparison."""
    assert set(structure.__struct_fields__) == set(tomllib.loads(text))


@pytest.mark.parametrize(("kind", "text", "line", "message"), BAD_VALUES)
def test_bad_values(kind: Kind, text: str, line: int | None, message: str) -> None:
    """Both refuse a value of the wrong type; the code names key and line."""
    with pytest.raises(BadValueError, match=f"PD103: x.toml:{line}: {message}"):
        load(kind, text)
    with pytest.raises(jsonschema.ValidationError):
        validate(kind, text)


@pytest.mark.parametrize(("kind", "text", "line", "message"), UNKNOWN)
def test_unknown_keys(kind: Kind, text: str, line: int, message: str) -> None:
    """Both refuse a key that nobody knows; the code names the nearest one."""
    with pytest.raises(UnknownKeyError, match=f"PD101: x.toml:{line}: .*{message}"):
        load(kind, text)
    with pytest.raises(jsonschema.ValidationError):
        validate(kind, text)


@pytest.mark.parametrize(("kind", "text", "line"), RESERVED)
def test_reserved_keys(kind: Kind, text: str, line: int) -> None:
    """Both refuse a key that a later version acts on; the code says so."""
    message = f"PD102: x.toml:{line}: this version does not act on"
    with pytest.raises(UnsupportedKeyError, match=message):
        load(kind, text)
    with pytest.raises(jsonschema.ValidationError):
        validate(kind, text)


def test_reserved_keys_are_not_known() -> None:
    """A key that is acted on must leave the list of reserved ones."""
    for structure, keys in RESERVED_KEYS.items():
        assert not keys & set(structure.__struct_fields__)


def test_mtime_needs_a_time_zone() -> None:
    """A local time would be another instant on another machine."""
    for text in ("mtime = {a = 2026-01-01T00:00:00}", "mtime = {a = 2026-01-01}"):
        with pytest.raises(BadValueError, match=r"PD103: x.toml:1: mtime\[...\]: Exp"):
            load("scenario", text)


def test_instants_are_kept_to_the_microsecond() -> None:
    """An offset is taken into account."""
    mtime = load("scenario", SCENARIO).mtime
    assert isinstance(mtime, dict)
    utc = dt.UTC
    expected = dt.datetime(2026, 1, 1, 10, 0, 0, 250_000, tzinfo=utc)
    assert expected == mtime["a/*.jsonl"]
