"""Steps from ``writers/*.sql``: one per transaction, or one per ``-- step: label``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw

from pytest_parsediff.core.errors import Where, WriterScriptError
from pytest_parsediff.interleave.writers.connection import Statement

_LABEL = re.compile(r"^[ \t]*--[ \t]*step:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_BLANK = re.compile(r"(?:[\s;]|--[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_LABEL_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step of a script.

    Attributes:
        label: From the script, or made from its first words.
        statements: What it executes, in order; never empty.
        line: 1-based line where it begins.
    """

    label: str
    statements: tuple[Statement, ...]
    line: int


def parse_script(text: str, place: Path) -> list[ScriptStep]:
    """Return the steps of *text*.

    With a ``-- step: label`` line anywhere, steps are what stands between such lines.
    Without one a step is a statement, or all from ``BEGIN`` to ``COMMIT``.

    Raises:
        WriterScriptError: PD611, a statement is not ended, a transaction is left open
            without labels, a labelled step is empty, or there is no step at all.
    """
    if _LABEL.search(text):
        steps = list(_labelled(text, place))
    else:
        steps = list(_transactions(text, place))
    if not steps:
        raise WriterScriptError("the script has no step", Where(place))
    return steps


def _labelled(text: str, place: Path) -> Iterator[ScriptStep]:
    labels = list(_LABEL.finditer(text))
    for before in _statements(text[: labels[0].start()], 0, text, place):
        message = f"{before.statement.sql!r} stands before the first step"
        raise WriterScriptError(message, Where(place, before.line))
    for number, label in enumerate(labels):
        end = labels[number + 1].start() if number + 1 < len(labels) else len(text)
        line = text.count("\n", 0, label.start()) + 1
        inner = list(_statements(text[:end], label.end(), text, place))
        if not inner:
            message = f"step {label[1]!r} has no statement"
            raise WriterScriptError(message, Where(place, line))
        statements = tuple(one.statement for one in inner)
        yield ScriptStep(label[1] or _label_of(statements), statements, line)


def _transactions(text: str, place: Path) -> Iterator[ScriptStep]:
    held: list[_Found] = []
    for found in _statements(text, 0, text, place):
        head = found.statement.head
        held.append(found)
        if held[0].statement.head.startswith("BEGIN") and not head.startswith(
            ("COMMIT", "END", "ROLLBACK")
        ):
            continue
        statements = tuple(one.statement for one in held)
        yield ScriptStep(_label_of(statements), statements, held[0].line)
        held = []
    if held:
        message = "a transaction is not ended; steps that hold locks need labels"
        raise WriterScriptError(message, Where(place, held[0].line))


@dataclass(frozen=True, slots=True)
class _Found:
    statement: Statement
    line: int


def _statements(text: str, start: int, whole: str, place: Path) -> Iterator[_Found]:
    """Yield the statements of *text* from *start* on, cut by SQLite's tokenizer."""
    position = _skip(text, start)
    while position < len(text):
        line = whole.count("\n", 0, position) + 1
        end = position
        while True:
            end = text.find(";", end) + 1
            if not end:
                message = "the last statement has no semicolon"
                raise WriterScriptError(message, Where(place, line))
            if apsw.complete(text[position:end]):
                break
        yield _Found(Statement(text[position:end]), line)
        position = _skip(text, end)


def _skip(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _label_of(statements: tuple[Statement, ...]) -> str:
    """Return a label made of what the statements say, on one line."""
    inner = [s for s in statements if not s.head.startswith(("BEGIN", "COMMIT", "END"))]
    text = "; ".join(
        " ".join(one.sql.split()).rstrip(";") for one in inner or statements
    )
    if len(text) <= _LABEL_CHARACTERS:
        return text
    return f"{text[: _LABEL_CHARACTERS - 1]}…"
