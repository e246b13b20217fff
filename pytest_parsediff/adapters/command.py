"""Adapters in any language: commands, and rows of a tool's own database."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from pytest_parsediff.adapters.environment import clean_environment
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.output import read_output
from pytest_parsediff.adapters.placeholders import Values, expand
from pytest_parsediff.adapters.process import Command, End, Ended, run_command
from pytest_parsediff.adapters.scanfolder import ScanFolder, tail
from pytest_parsediff.adapters.sqlrows import read_rows
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    AdapterTimeoutError,
    CommandFailedError,
    CommandMissingError,
    OutputFormatError,
    OutputTooLargeError,
    Unavailable,
    Where,
)
from pytest_parsediff.core.event import (
    Checkpoint,
    Context,
    Emission,
    Event,
    Notice,
    Source,
)

_MAX_COMMAND = 300


@final
@dataclass(frozen=True, slots=True)
class CommandAdapter:
    """An adapter that is configured with ``command`` or ``sql``.

    Attributes:
        name: What people type to select it.
        config: Its table.
        folder: Where the file with the table lies; programs given with a path
            separator are relative to it.
        limits: Limits of each scan; ``None`` for those of the table.
    """

    name: str
    config: AdapterConfig
    folder: Path
    limits: Limits | None = None

    def limited(self, limits: Limits, /) -> CommandAdapter:
        """Return the same adapter, whose scans keep *limits*."""
        return replace(self, limits=limits)

    def open(self, source: Source, context: Context, /) -> CommandReader:
        """Return a reader of *source*; nothing runs before its first scan."""
        return CommandReader(self, source, context)


@final
@dataclass(frozen=True, slots=True)
class CommandReader:
    """Runs the commands anew for every scan; state lies in ``{state}`` alone."""

    adapter: CommandAdapter
    source: Source
    context: Context

    def scan(self, cursor: str | None, /) -> Iterator[Emission]:
        """Run everything and yield what comes out.

        Args:
            cursor: Handed over in the file ``{cursor_in}``; empty for ``None``.

        Yields:
            The events and notices; then a checkpoint, if something was written to
            ``{cursor_out}``.

        Raises:
            Unavailable: A program is not installed (CommandMissingError, PD408, if
                ``required``).
            AdapterTimeoutError: PD402, all commands together took too long.
            CommandFailedError: PD403, with exit status and the end of stderr.
            OutputFormatError: PD404. NotAnEventError: PD405.
            OutputTooLargeError: PD407. PlaceholderError: PD411.
            SQLOutputError: PD413.
        """
        folder = ScanFolder.make(self.context.tmp)
        yield from _Run.start(self, folder, cursor).emissions()
        folder.remove()  # not after an error: its files explain it

    def close(self) -> None:
        """Keep nothing open between scans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One scan, whose clock is running."""

    reader: CommandReader
    folder: ScanFolder
    limits: Limits
    end: float
    values: Values

    @classmethod
    def start(
        cls, reader: CommandReader, folder: ScanFolder, cursor: str | None
    ) -> _Run:
        limits = reader.adapter.limits or Limits.of(reader.adapter.config)
        return cls(
            reader=reader,
            folder=folder,
            limits=limits,
            end=time.monotonic() + limits.timeout_s,
            values=placeholder_values(
                reader.adapter.folder, reader.source, reader.context, folder, cursor
            ),
        )

    @property
    def config(self) -> AdapterConfig:
        return self.reader.adapter.config

    def emissions(self) -> Iterator[Emission]:
        for number, argv in enumerate(self.config.prepare or (), 1):
            self.execute(argv, f"prepare-{number}")
        if self.config.command:
            self.execute(self.config.command, "command")
        yield from self.events()
        cursor = self.written_cursor()
        if cursor:
            yield Checkpoint(cursor)

    def events(self) -> Iterator[Event | Notice]:
        if self.config.sql:
            db = self.path(self.config.sql.db, "sql.db")
            limits = {"end": self.end, "max_bytes": self.limits.max_bytes}
            return read_rows(db, self.config.sql.query, **limits)
        return read_output(
            self.output() or self.stdout("command"), self.config.records or None
        )

    def output(self) -> Path | None:
        """Return the file that is read instead of stdout, if one is configured."""
        return self.path(self.config.output, "output") if self.config.output else None

    def stdout(self, step: str) -> Path:
        return self.folder.path / f"{step}.stdout"

    def path(self, text: str, key: str) -> Path:
        return self.reader.context.tmp / expand(text, self.values, key)

    def written_cursor(self) -> str:
        path = self.folder.path / "cursor_out"
        try:
            return path.read_bytes().decode()
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            raise OutputFormatError("the cursor is not UTF-8", Where(path)) from error

    # --- one command ----------------------------------------------------------------

    def execute(self, template: Sequence[str], step: str) -> None:
        """Run one command to its end, or raise."""
        key = step.partition("-")[0]
        env = self.environment()
        argv = [expand(part, self.values, key) for part in template]
        argv[0] = self.program(argv[0], env["PATH"])
        command = Command(
            argv=argv,
            cwd=self.reader.context.tmp,
            env=env,
            stdout=self.stdout(step),
            stderr=self.folder.path / f"{step}.stderr",
        )
        output = self.output()
        try:
            ended = run_command(
                command,
                end=self.end,
                max_bytes=self.limits.max_bytes,
                watched=[output] if output else [],
            )
        except (OSError, ValueError) as error:
            message = f"{_shown(argv)} could not be started: {error}"
            raise CommandFailedError(message) from error
        self.judge(command, ended)

    def judge(self, command: Command, ended: Ended) -> None:
        """Raise unless the command ended well by itself."""
        shown, detail = _shown(command.argv), _detail(command)
        match ended.how:
            case End.TIMEOUT:
                limit = f"timeout_s={self.limits.timeout_s:g}"
                message = f"{shown} did not end within {limit}"
                raise AdapterTimeoutError(message, detail=detail)
            case End.TOO_LARGE:
                limit = f"max_output_mb={self.limits.max_output_mb:g}"
                raise OutputTooLargeError(f"{shown} wrote more than {limit}")
        if ended.status:
            raise CommandFailedError(f"{shown} {ended.text}", detail=detail)

    def environment(self) -> dict[str, str]:
        env = clean_environment(self.reader.context.tmp, self.config.pass_env or ())
        for name, text in (self.config.env or {}).items():
            env[name] = expand(text, self.values, f"env.{name}")
        return env

    def program(self, text: str, search: str) -> str:
        """Return the path of the program *text*.

        Raises:
            Unavailable: It is not there; CommandMissingError, PD408, if required.
        """
        if os.path.basename(text) == text:  # "./x" must not become "x"
            found = shutil.which(text, path=search)
        else:
            path = self.reader.adapter.folder / text
            found = str(path) if path.is_file() else None
        if found:
            return found
        message = f"{text} is not installed"
        if self.config.required:
            raise CommandMissingError(message)
        raise Unavailable(message)


def placeholder_values(
    config_dir: Path,
    source: Source,
    context: Context,
    folder: ScanFolder,
    cursor: str | None,
) -> Values:
    """Return what the placeholders of one scan stand for."""

    def cursor_in() -> str:
        path = folder.path / "cursor_in"
        path.write_bytes((cursor or "").encode())
        return str(path)

    store = source.path
    return {
        "store": lambda: str(store),
        "store_dir": lambda: str(store if store.is_dir() else store.parent),
        "tmp": lambda: str(context.tmp),
        "state": lambda: str(context.state_dir),
        "empty": lambda: str(folder.empty()),
        "cursor_in": cursor_in,
        "cursor_out": lambda: str(folder.path / "cursor_out"),
        "config_dir": lambda: str(config_dir),
    }


def _shown(argv: Sequence[str]) -> str:
    text = shlex.join(argv)
    return text if len(text) <= _MAX_COMMAND else f"{text[:_MAX_COMMAND]}…"


def _detail(command: Command) -> str:
    """Return the end of stderr; of stdout, where some tools put their errors, else."""
    lines = tail(command.stderr)
    if lines.strip():
        return f"stderr:\n{lines}"
    lines = tail(command.stdout)
    return f"stdout (stderr is empty):\n{lines}" if lines.strip() else ""
