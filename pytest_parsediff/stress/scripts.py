"""The writers of a scenario, read from its folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from msgspec import UNSET

from pytest_parsediff.adapters.python import load
from pytest_parsediff.core.config import WriterConfig
from pytest_parsediff.core.errors import (
    BadValueError,
    ParsediffError,
    Where,
    WriterScriptError,
)
from pytest_parsediff.core.scenario import SCENARIO_TOML, Scenario, check_inside
from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.databasebench import SQLScriptStep
from pytest_parsediff.interleave.writers.connection import Statement
from pytest_parsediff.interleave.writers.filesteps import FileStep, parse_file_steps
from pytest_parsediff.interleave.writers.rehearsal import rehearse
from pytest_parsediff.interleave.writers.sqlscript import ScriptStep, parse_script
from pytest_parsediff.interleave.writers.traces import (
    TraceStep,
    parse_trace,
    read_tables,
)

Script: TypeAlias = tuple[SQLScriptStep, ...] | tuple[FileStep, ...]


@dataclass(frozen=True, slots=True)
class Scripted:
    """One writer.

    Attributes:
        name: What timelines call it.
        steps: All for a database, or all for files.
        content: What the steps were made from; part of a token's fingerprint.
        note: What people should know of it, one sentence; may be empty.
    """

    name: str
    steps: Script
    content: bytes
    note: str = ""


def read_writers(scenario: Scenario, image: bytes | None) -> list[Scripted]:
    """Return the writers of *scenario* in the order of its configuration.

    Args:
        scenario: What names them.
        image: The database they write to; ``None`` for a store of files.

    Raises:
        BadValueError: PD103, a writer is no file of the scenario, or of another kind
            of store. WriterScriptError: PD611. BadFileStepError: PD619.
        AdapterLoadError: PD410, a Python writer cannot be loaded.
    """
    configs = scenario.config.writer or []
    found = [_read(config, scenario, image) for config in configs]
    if len(found) == 1:  # else it may need what another one writes
        found = [_rehearsed(found[0], configs[0], scenario, image)]
    return found


def _rehearsed(
    writer: Scripted, config: WriterConfig, scenario: Scenario, image: bytes | None
) -> Scripted:
    """Try a trace; SQL of people's own may well be meant to fail, or to meet nothing."""
    steps = [step for step in writer.steps if isinstance(step, TraceStep)]
    if image is None or config.script is UNSET or not steps:
        return writer
    path = scenario.folder / config.script
    done = rehearse(steps, path, image)
    if not done.missed:
        return writer
    note = f"{path.name}: {done.missed} of {counted(done.changes, 'change')} {'finds' if done.missed == 1 else 'find'} no row"
    return replace(writer, note=note)


def _read(config: WriterConfig, scenario: Scenario, image: bytes | None) -> Scripted:
    toml = scenario.folder / SCENARIO_TOML
    if (config.script is UNSET) == (config.python is UNSET):
        message = "[[writer]]: expected one of script and python"
        raise BadValueError(message, Where(toml))
    if config.python is not UNSET:
        steps = _load_steps(config.python, scenario.folder, toml)
        content = "\n".join(f"{step.label} {step.statements}" for step in steps)
        return Scripted(config.name or config.python, steps, content.encode())
    assert config.script is not UNSET
    check_inside(config.script, "writer.script", toml)
    path = scenario.folder / config.script
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"[[writer]] script: {error.strerror}"
        raise BadValueError(message, Where(path)) from error
    steps_of = _parse(path, data, image)
    return Scripted(config.name or path.stem, steps_of, data)


def _parse(path: Path, data: bytes, image: bytes | None) -> Script:
    kinds = {".sql": True, ".jsonl": True, ".toml": False}
    wants_database = kinds.get(path.suffix)
    if wants_database is None:
        message = (
            f"[[writer]] script: expected .sql, .jsonl or .toml, got {path.suffix!r}"
        )
        raise BadValueError(message, Where(path))
    if wants_database != (image is not None):
        store = "a database" if wants_database else "files"
        message = f"[[writer]] script: {path.name} writes to {store}, the store is none"
        raise BadValueError(message, Where(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WriterScriptError("expected UTF-8 text", Where(path, line)) from error
    if path.suffix == ".sql":
        return tuple(parse_script(text, path))
    if path.suffix == ".toml":
        return tuple(parse_file_steps(text, path))
    assert image is not None
    return tuple(parse_trace(data, path, read_tables(image)))


def _load_steps(spec: str, folder: Path, toml: Path) -> tuple[ScriptStep, ...]:
    """Call a Python writer; it returns SQL, each text one step."""
    writer = load(spec, folder)
    if not callable(writer):
        raise BadValueError(f"[[writer]] python: {spec!r} is not callable", Where(toml))
    try:
        made: Iterable[object] = writer()
        texts = list(made)
    except ParsediffError:
        raise
    except Exception as error:
        message = f"[[writer]] python: {spec!r} raised {type(error).__name__}: {error}"
        raise WriterScriptError(message, Where(toml)) from error
    if not all(isinstance(text, str) for text in texts):
        message = f"[[writer]] python: {spec!r} must give texts of SQL, each one step"
        raise WriterScriptError(message, Where(toml))
    return tuple(_one_step(str(text), toml) for text in texts)


def _one_step(text: str, toml: Path) -> ScriptStep:
    ended = text if text.rstrip().endswith(";") else f"{text};"
    inner = parse_script(f"-- step:\n{ended}", toml)
    statements: Sequence[Statement] = inner[0].statements
    return ScriptStep(inner[0].label, tuple(statements), 1)
