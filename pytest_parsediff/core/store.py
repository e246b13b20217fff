"""Build throwaway stores: a database from ``fixture.sql``, or a copy of ``files/``.

A database is built in memory, once per distinct input, and written out as bytes for
each run: building on disk costs a sync per statement, and a file that nobody has open
can be cloned without copying locks or sidecars.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from pytest_parsediff.core.config import Journal
from pytest_parsediff.core.errors import (
    BuildTimeError,
    FixtureEncodingError,
    FixtureSQLError,
    ForbiddenSQLError,
    JournalConflictError,
    OpenTransactionError,
    ParsediffError,
    ValueTooLargeError,
    Where,
)

#: Pragmas that name folders of the machine, open the schema to direct edits, or set a
#: limit for all connections of this process.
_FORBIDDEN_PRAGMAS = frozenset(
    {
        "writable_schema",
        "temp_store_directory",
        "data_store_directory",
        "soft_heap_limit",
        "hard_heap_limit",
    }
)
#: What SQLite takes for a journal mode; any other word only asks for the mode.
_JOURNAL_MODES = frozenset({"wal", "delete", "truncate", "persist", "memory", "off"})
#: SQLite's own bound on one value (https://sqlite.org/limits.html, item 1).
_LARGEST_VALUE_BYTES = 2**31 - 1
_NOT_A_STATEMENT = re.compile(r"(?:[\s;]|--[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_STEPS_BETWEEN_CLOCK_LOOKS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLimits:
    """How much a script may use.

    Attributes:
        max_value_mb: Largest single value or statement, in 2**20 bytes.
        timeout_s: Longest time for the whole script, in seconds.
    """

    max_value_mb: float = 64
    timeout_s: float = 10


@dataclass(frozen=True, slots=True)
class Image:
    """A finished database as bytes.

    Attributes:
        main: Content of the database file; one empty page for an empty script.
        digest: SHA-256 of *main*.
        journal: Journal mode the file is in.
    """

    main: bytes
    digest: bytes
    journal: Journal


def build_image(
    script: bytes,
    place: Path,
    *,
    journal: Journal | None = None,
    limits: BuildLimits | None = None,
) -> Image:
    """Run *script* in a new in-memory database and return it as bytes.

    Args:
        script: UTF-8 SQL; a leading BOM is ignored.
        place: The file it came from, for error messages only.
        journal: Mode to leave the file in; ``None`` leaves that to the script.
        limits: Bounds on time and value size.

    Raises:
        FixtureEncodingError: PD205. FixtureSQLError: PD201, with line and column.
        ForbiddenSQLError: PD202. BuildTimeError: PD203. ValueTooLargeError: PD204.
        OpenTransactionError: PD207. JournalConflictError: PD206.

    Source:
        https://sqlite.org/fileformat2.html section 1.3.2: header bytes 18 and 19 are
        2 for WAL and 1 for a rollback journal.
    """
    connection = apsw.Connection(":memory:")
    try:
        guard = run_script(connection, script, place, limits or BuildLimits())
        main = bytes(connection.serialize("main"))
    finally:
        connection.close()
    mode = _settle_journal(guard.journal, journal, place)
    version = b"\x02\x02" if mode == "wal" else b"\x01\x01"
    main = main[:18] + version + main[20:]
    return Image(main, hashlib.sha256(main).digest(), mode)


def _settle_journal(
    scripted: str | None, configured: Journal | None, place: Path
) -> Journal:
    by_script: Journal | None = None
    if scripted is not None:
        by_script = "wal" if scripted == "wal" else "delete"
    if by_script and configured and by_script != configured:
        message = f"journal = {configured!r} in TOML, but the script sets {scripted!r}"
        raise JournalConflictError(message, Where(place))
    return configured or by_script or "delete"


# --- running a script -----------------------------------------------------------------


class _Guard:
    """Watches what a script asks SQLite for; see :func:`_Guard.authorize`."""

    def __init__(self, deadline: float) -> None:
        self.journal: str | None = None
        self.refused: str | None = None
        self._deadline = deadline

    def authorize(
        self,
        operation: int,
        first: str | None,
        second: str | None,
        _database: str | None,
        _trigger: str | None,
    ) -> int:
        """Refuse what reaches outside the database; note the journal mode asked.

        VACUUM is reported as ATTACH of the empty name, VACUUM INTO as ATTACH of the
        target, so only the empty name is let through; see :meth:`begin`.
        """
        if operation == apsw.SQLITE_ATTACH and first != "":
            target = "an expression" if first is None else repr(first)
            self.refused = f"ATTACH or VACUUM INTO {target}"
        elif operation == apsw.SQLITE_FUNCTION and second == "load_extension":
            self.refused = "load_extension()"
        elif operation == apsw.SQLITE_PRAGMA and first is not None:
            name = first.lower()
            if name in _FORBIDDEN_PRAGMAS:
                self.refused = f"PRAGMA {name}"
            elif name == "journal_mode" and (second or "").lower() in _JOURNAL_MODES:
                self.journal = (second or "").lower()
        return apsw.SQLITE_DENY if self.refused else apsw.SQLITE_OK

    def begin(self, statement: str) -> bool:
        """Return whether *statement*, which SQLite has compiled, may run."""
        start = _skip_comments(statement, 0)
        if statement[start : start + 6].upper() == "ATTACH":
            self.refused = "ATTACH ''"
        return self.refused is None

    def out_of_time(self) -> bool:
        """Return whether the script must be interrupted."""
        return time.monotonic() > self._deadline


def run_script(
    connection: apsw.Connection, script: bytes, place: Path, limits: BuildLimits
) -> _Guard:
    """Run every statement of *script*; the connection is guarded from then on.

    SQLite's own tokenizer cuts the script: the trace callback sees each statement
    with the white space behind it, so their lengths add up to positions.
    """
    text = _decode(script, place)
    guard = _Guard(time.monotonic() + limits.timeout_s)
    connection.authorizer = guard.authorize
    connection.set_progress_handler(guard.out_of_time, _STEPS_BETWEEN_CLOCK_LOOKS)
    most = min(limits.max_value_mb * 2**20, _LARGEST_VALUE_BYTES)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, int(most))
    seen: list[str] = []

    def trace(_cursor: apsw.Cursor, sql: str, _bindings: Any) -> bool:
        seen.append(sql)
        return guard.begin(sql)

    cursor = connection.cursor()
    cursor.exec_trace = trace
    try:
        for _ in cursor.execute(text):  # a cursor that is not drained stops half way
            pass
    except apsw.Error as error:
        explained = _explain(error, guard, limits)
        explained.where = Where(
            place, *_find_cause(connection, guard, error, text, seen)
        )
        raise explained from error
    if not connection.get_autocommit():
        message = "the script ends inside a transaction"
        line = text.rstrip().count("\n") + 1
        raise OpenTransactionError(message, Where(place, line))
    return guard


def _decode(script: bytes, place: Path) -> str:
    try:
        text = script.decode("utf-8-sig")
    except UnicodeDecodeError as error:  # its object and start are without the BOM
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise FixtureEncodingError(message, Where(place, line)) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FixtureEncodingError("a NUL character ends SQL", Where(place, line))
    return text


def _explain(error: apsw.Error, guard: _Guard, limits: BuildLimits) -> ParsediffError:
    if guard.refused:
        return ForbiddenSQLError(f"refused: {guard.refused}")
    if isinstance(error, apsw.InterruptError):
        message = f"the script ran longer than {limits.timeout_s:g} s"
        return BuildTimeError(message)
    if isinstance(error, apsw.TooBigError):
        message = f"a value is larger than {limits.max_value_mb:g} MB"
        return ValueTooLargeError(message)
    return FixtureSQLError(str(error))


def _find_cause(
    connection: apsw.Connection,
    guard: _Guard,
    error: apsw.Error,
    text: str,
    seen: list[str],
) -> tuple[int, int]:
    """Return line and column of the statement, or better the token, to blame.

    Source:
        https://sqlite.org/c3ref/errcode.html: ``error_offset`` counts UTF-8 bytes
        from the start of the statement, -1 when no token is to blame. It is set when
        a statement is refused before its first step, so before it was traced.
    """
    offset = int(getattr(error, "error_offset", -1))  # missing in apsw's stubs
    done = sum(map(len, seen))
    if offset >= 0:
        before = text[done:].encode()[:offset].decode(errors="ignore")
        return _line_and_column(text, done + len(before))
    if seen and not _is_refused(connection, guard, text[done:], error):
        done -= len(seen[-1])
    return _line_and_column(text, _skip_comments(text, done))


def _is_refused(
    connection: apsw.Connection, guard: _Guard, rest: str, error: apsw.Error
) -> bool:
    """Return whether compiling the first statement of *rest* gives *error* again.

    Tells a statement that was refused from one that failed while it ran.
    """
    refused, guard.refused = guard.refused, None
    try:
        connection.execute(f"EXPLAIN {rest}").close(force=True)
    except apsw.Error as again:
        return (str(again), guard.refused) == (str(error), refused)
    return False


def _skip_comments(text: str, position: int) -> int:
    """Return where the first statement of *text* from *position* on begins."""
    found = _NOT_A_STATEMENT.match(text, position)
    return found.end() if found else position


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    line = text.count("\n", 0, position) + 1
    return line, position - text.rfind("\n", 0, position)


# --- reading somebody's database --------------------------------------------------------


def sqlite_version() -> str:
    """Return the version of the SQLite library that stores are built with."""
    return apsw.sqlite_lib_version()


def clone(image: Image, path: Path) -> None:
    """Write *image* to *path*, which must not exist; its folder must."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        rest = memoryview(image.main)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)
