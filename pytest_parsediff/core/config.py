"""What ``scenario.toml``, ``parsediff.toml`` and ``[tool.parsediff]`` may say.

The structures below are the single source: files are checked against them and the
published JSON schema is generated from them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pytest_parsediff.core.canonical import Encoder

Seconds: TypeAlias = Annotated[float, Meta(gt=0, description="seconds")]
Megabytes: TypeAlias = Annotated[float, Meta(gt=0, description="2**20 bytes")]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
PointerText: TypeAlias = Annotated[
    str, Meta(min_length=1, description="JSON pointer; a bare word is a top-level key")
]
PlaceOrName: TypeAlias = Annotated[
    str, Meta(min_length=1, description="name of a field, or a JSON pointer")
]
Tolerance: TypeAlias = Annotated[float, Meta(ge=0)]
SessionPlaces: TypeAlias = (
    PointerText | Annotated[list[PointerText], Meta(min_length=1)]
)
Argv: TypeAlias = Annotated[list[str], Meta(min_length=1)]
Journal: TypeAlias = Literal["wal", "delete"]
Moves: TypeAlias = Literal["file", "jsonl", "codex"]
State: TypeAlias = Literal[
    "clean-exit", "live", "killed-wal", "main-only", "read-only-dir", "locked"
]


LawName: TypeAlias = Literal[
    "read-only",
    "deterministic",
    "snapshot",
    "converges",
    "no-duplicates",
    "resume",
    "crash-safe",
    "warm-cold",
    "no-pin",
    "idle-cheap",
    "tolerant",
    "gate-sound",
]


class Mark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pytest mark with arguments.

    Attributes:
        name: As in ``pytest.mark.<name>``.
        args: Positional arguments.
        kwargs: Keyword arguments.
    """

    name: str
    args: list[Any] = []
    kwargs: dict[str, Any] = {}


class SQLOutput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read the output from the tool's own SQLite database.

    Attributes:
        db: Path of the database; placeholders allowed.
        query: One SELECT; each row is an object keyed by column name.
    """

    db: str
    query: str


class CompareConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How stored and parsed records of one session are compared.

    Places are those of the canonical event. A place covers everything below it; of
    several that cover a value the longest counts. ``*`` stands for any list index.

    Attributes:
        fields: Places per name; a difference in any of them is reported by the name.
        ignore: Places whose differences do not count.
        blank: Places where null, an empty text and nothing at all are equal.
        tolerance: Largest difference of two numbers that counts as none, per place or
            ``aggregate:<name>``.
        multiset: Values, per place, of records that are compared by their number only,
            without identity and order.
        aggregates: Place per name whose numbers are added up over a session.
        informational: Fields that cannot fail a session whose row is marked
            incremental.
        filled_later: The same where the stored side has no value and the parsed side
            has one.
        skew: Fields that an incremental append leaves different from a full parse.
        bodies: Places whose text is never shown.
    """

    fields: dict[str, list[PointerText]] | UnsetType = UNSET
    ignore: list[PointerText] | UnsetType = UNSET
    blank: list[PointerText] | UnsetType = UNSET
    tolerance: dict[PlaceOrName, Tolerance] | UnsetType = UNSET
    multiset: dict[PointerText, list[Any]] | UnsetType = UNSET
    aggregates: dict[str, PointerText] | UnsetType = UNSET
    informational: list[PlaceOrName] | UnsetType = UNSET
    filled_later: list[PlaceOrName] | UnsetType = UNSET
    skew: list[PlaceOrName] | UnsetType = UNSET
    bodies: list[PointerText] | UnsetType = UNSET


class AdapterConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One ``[adapters.<name>]`` table.

    A table with neither ``command``, ``sql`` nor ``python`` refines the adapter of
    that name which is found elsewhere (built in, entry point, hook).

    Attributes:
        command: Program and arguments; placeholders allowed.
        prepare: Commands to run before it, in order.
        env: Environment variables; placeholders allowed.
        pass_env: Names of variables taken over from pytest's own environment.
        output: File to read instead of stdout; placeholders allowed.
        records: Place of the list of events in a JSON document.
        sql: Read rows of the tool's own database instead of an output.
        required: Fail instead of skip when a command is not installed.
        python: ``module:callable`` of an adapter in Python.
        isolation: ``process`` runs a Python adapter in a process of its own.
        timeout_s: Longest time for one scan, all commands together.
        max_output_mb: Most that one scan may emit.
        files: Glob of the files below a source folder that are sources of their own.
        data_version: Of the adapter; goes up when it reads the same store differently.
        evidence: One SELECT over the store: session id, and values that change whenever
            something of that session does.
        session_list: One SELECT over the store: session id, and if known when it changed
            last, in nanoseconds since the epoch.
        moves: What counts as a move of a source: ``file`` other bytes; ``jsonl`` the
            same, but for an incomplete last line; ``codex`` complete lines alone.
        session: Place of the session id, or several: the first that an event has.
        key: Places that together identify an event.
        keep: Places to keep; everything else is left out.
        drop: Places to leave out.
        drop_events: Values, per place, of events to leave out.
        rename: New place per old place.
        derive: New place from a sum of others, ``"a + b - c"``.
        round: Decimal digits per place.
        sort: Places by which events are sorted.
        ordered: Whether the order of events matters.
        encoder: Canonical form of the golden.
        compare: How stored and parsed records are compared.
        emits: What one emission replaces of what was emitted before.
        tombstones: Values, per place, of events that say that something is gone: the
            event with the same identity, or the session where ``emits`` says so.
        amends: Values, per place, of events that may come again with their identity: a
            later one takes the place of an earlier one.
        delivery: Whether the adapter promises to emit nothing twice.
        exact_resume: Whether it promises that a scan from the last checkpoint emits
            nothing.
        catches_up: Whether it promises that each poll emits all that was committed
            before it began.
    """

    command: Argv | UnsetType = UNSET
    prepare: list[Argv] | UnsetType = UNSET
    env: dict[str, str] | UnsetType = UNSET
    pass_env: list[str] | UnsetType = UNSET
    output: str | UnsetType = UNSET
    records: PointerText | UnsetType = UNSET
    sql: SQLOutput | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    python: str | UnsetType = UNSET
    isolation: Literal["none", "process"] | UnsetType = UNSET
    timeout_s: Seconds | UnsetType = UNSET
    max_output_mb: Megabytes | UnsetType = UNSET
    files: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    data_version: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    evidence: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    session_list: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    moves: Moves | UnsetType = UNSET
    session: SessionPlaces | UnsetType = UNSET
    key: list[PointerText] | UnsetType = UNSET
    keep: list[PointerText] | UnsetType = UNSET
    drop: list[PointerText] | UnsetType = UNSET
    drop_events: dict[PointerText, list[Any]] | UnsetType = UNSET
    rename: dict[PointerText, PointerText] | UnsetType = UNSET
    derive: dict[PointerText, str] | UnsetType = UNSET
    round: dict[PointerText, int] | UnsetType = UNSET
    sort: list[PointerText] | UnsetType = UNSET
    ordered: bool | UnsetType = UNSET
    encoder: Encoder | UnsetType = UNSET
    compare: CompareConfig | UnsetType = UNSET
    emits: Literal["event", "session"] | UnsetType = UNSET
    tombstones: dict[PointerText, list[Any]] | UnsetType = UNSET
    amends: dict[PointerText, list[Any]] | UnsetType = UNSET
    delivery: Literal["at-least-once", "exactly-once"] | UnsetType = UNSET
    exact_resume: bool | UnsetType = UNSET
    catches_up: bool | UnsetType = UNSET


class WriterConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One ``[[writer]]``: somebody who writes while the adapter reads.

    Attributes:
        script: File below the scenario folder: ``.sql``, ``.toml`` with steps that
            change files, or ``.jsonl``, a recorded trace.
        python: ``module:callable`` that returns steps: SQL, or functions of the store's
            path and the clock's milliseconds.
        name: What timelines call it; the name of its script if nothing is given.
        at: Moment of a parse-diff at which all its steps run: after the named one.
    """

    script: str | UnsetType = UNSET
    python: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    at: (
        Literal["recorded", "inventoried", "observed", "parsed", "judged"] | UnsetType
    ) = UNSET


class StressConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The ``[stress]`` table: plans of a scenario with writers.

    Attributes:
        laws: What every plan is held to.
        plans: How many run without ``--parsediff-stress``; 0 runs none.
        polls: Polls while steps are due; a quiet one follows.
        strategy: How plans are chosen.
        seed: What random plans depend on.
    """

    laws: list[LawName] | UnsetType = UNSET
    plans: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    polls: Annotated[int, Meta(ge=1, le=20)] | UnsetType = UNSET
    strategy: Literal["auto", "sweep", "pct", "crash", "exhaustive"] | UnsetType = UNSET
    seed: Annotated[int, Meta(ge=0)] | UnsetType = UNSET


class SessionConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One ``[sessions."<id>"]`` table: what is known to become of a session.

    Attributes:
        expect: The class that it must have in a parse-diff.
        fields: For ``changed``: exactly the fields that differ.
        reason: Why that is right; for people.
    """

    expect: Literal["raced", "changed"]
    fields: list[str] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ScenarioConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What ``scenario.toml`` may say.

    Attributes:
        adapter: Name of the adapter that reads the store.
        source: Path below the store root that is handed to the adapter.
        mtime: Modification time per glob of paths below the store root.
        journal: Journal mode in which the database is left.
        state: How the writer of the store left it.
        env: Environment variables for everything that runs.
        redact: Places whose values become ``<REDACTED>``, or the text given.
        timeout_s: Longest time for one scan.
        build_timeout_s: Longest time for building the store.
        max_value_mb: Largest single value in ``fixture.sql``.
        marks: pytest marks of the scenario.
        xfail: Reason per adapter why it is known to fail; strict.
        empty: Whether no event at all is the right output.
        writer: Who writes while the adapter reads.
        stress: How the writers are placed, and what must hold.
        sessions: What is declared of sessions, by id.
    """

    adapter: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    mtime: dict[str, Instant] | UnsetType = UNSET
    journal: Journal | UnsetType = UNSET
    state: State | UnsetType = UNSET
    env: dict[str, str] | UnsetType = UNSET
    redact: list[PointerText] | dict[PointerText, str] | UnsetType = UNSET
    timeout_s: Seconds | UnsetType = UNSET
    build_timeout_s: Seconds | UnsetType = UNSET
    max_value_mb: Megabytes | UnsetType = UNSET
    marks: list[str | Mark] | UnsetType = UNSET
    xfail: dict[str, str] | UnsetType = UNSET
    empty: bool | UnsetType = UNSET
    writer: list[WriterConfig] | UnsetType = UNSET
    stress: StressConfig | UnsetType = UNSET
    sessions: dict[str, SessionConfig] | UnsetType = UNSET


class StoredConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One ``[stored.<name>]`` table: stored sessions in a tool's own SQLite database.

    Attributes:
        db: Path of the database; relative to the folder of the file.
        adapter: Whose sessions these are; a column ``adapter`` of *sessions* goes before
            it.
        sessions: One SELECT; a row per session, with a column ``session``.
        records: One SELECT with ``:session``; a row per record of that session, its
            columns are the members of the event.
    """

    db: Annotated[str, Meta(min_length=1)]
    sessions: Annotated[str, Meta(min_length=1)]
    records: Annotated[str, Meta(min_length=1)]
    adapter: str | UnsetType = UNSET


class DefaultsConfig(
    ScenarioConfig, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What ``parsediff.toml`` and ``[tool.parsediff]`` may say.

    Attributes:
        adapters: Adapters by name.
        stored: Stored sessions in databases of tools, by name.
    """

    adapters: dict[str, AdapterConfig] | UnsetType = UNSET
    stored: dict[str, StoredConfig] | UnsetType = UNSET


_DOCUMENTED = (
    Mark,
    SQLOutput,
    CompareConfig,
    AdapterConfig,
    WriterConfig,
    StressConfig,
    ScenarioConfig,
    StoredConfig,
    SessionConfig,
    DefaultsConfig,
)
_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)

#: Keys of the design that this version does not act on, per structure.
RESERVED_KEYS: dict[type[msgspec.Struct], frozenset[str]] = {
    AdapterConfig: frozenset({"check"}),
}


def json_schema(kind: Literal["scenario", "parsediff"]) -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of one of the two files."""
    structure = ScenarioConfig if kind == "scenario" else DefaultsConfig
    schema = msgspec.json.schema(structure)
    describe(schema, _DOCUMENTED)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"pytest-parsediff {kind}.toml",
        **schema,
    }


def describe(
    schema: dict[str, Any], documented: Sequence[type[msgspec.Struct]]
) -> None:
    """Move what docstrings say of structures and keys into *schema*, for editors."""
    for structure in documented:
        if structure.__name__ in schema["$defs"]:
            _describe(schema["$defs"][structure.__name__], structure, documented)


def _describe(
    definition: dict[str, Any],
    structure: type[msgspec.Struct],
    documented: Sequence[type[msgspec.Struct]],
) -> None:
    for base in reversed(structure.__mro__):
        if base not in documented:
            continue
        summary, _, attributes = inspect.cleandoc(base.__doc__ or "").partition(
            "\n\nAttributes:\n"
        )
        definition["description"] = summary
        fields = structure.__struct_fields__, structure.__struct_encode_fields__
        encoded = dict(zip(*fields, strict=True))
        for name, text in _ATTRIBUTE.findall(attributes):
            key = definition["properties"][encoded[name]]
            unit = f" ({key['description']})" if "description" in key else ""
            key["description"] = " ".join(text.split()) + unit
