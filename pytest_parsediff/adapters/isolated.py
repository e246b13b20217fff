"""Work in a process of its own, for Python adapters that exit or hang in C."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import cast, final

from pytest_parsediff.adapters.command import placeholder_values
from pytest_parsediff.adapters.frames import Handed, read_frames
from pytest_parsediff.adapters.limits import Limits
from pytest_parsediff.adapters.placeholders import expand
from pytest_parsediff.adapters.process import Command, End, Ended, run_command
from pytest_parsediff.adapters.protocol import Capabilities
from pytest_parsediff.adapters.scanfolder import ScanFolder, tail
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import (
    AdapterExitError,
    AdapterTimeoutError,
    OutputTooLargeError,
)
from pytest_parsediff.core.event import (
    Context,
    Emission,
    Evidence,
    SessionInfo,
    Source,
)

_BOOT = """\
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)
sys.path[:] = job["path"]
from pytest_parsediff.adapters.isolated_child import main
main(job)
"""
_EXIT_HINT = "Correct the adapter; the end of its stderr is above."


class Verb(StrEnum):
    """What the other process is asked to do."""

    SCAN = "scan"
    DESCRIBE = "describe"
    SESSIONS = "sessions"
    EVIDENCE = "evidence"
    QUERY_SESSIONS = "query sessions"
    QUERY_EVIDENCE = "query evidence"


@dataclass(slots=True)
class Answer:
    """What the other process answered to any verb but ``SCAN``.

    Attributes:
        capabilities: What the adapter can do.
        sessions: For ``SESSIONS`` and ``QUERY_SESSIONS``.
        evidence: Digest by session, for ``EVIDENCE`` and ``QUERY_EVIDENCE``.
    """

    capabilities: Capabilities = field(default_factory=Capabilities)
    sessions: list[SessionInfo] = field(default_factory=list)
    evidence: dict[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class IsolatedAdapter:
    """An adapter in Python that runs in a process of its own, one per call.

    It sees the environment, the working directory and ``sys.path`` of this process,
    and ``env`` of its table.

    Attributes:
        name: What people type to select it.
        spec: ``module:callable``.
        config: Its table.
        folder: Where the module is looked for first, if anywhere.
        limits: Limits of each scan; ``None`` for those of the table.
    """

    name: str
    spec: str
    config: AdapterConfig
    folder: Path | None
    limits: Limits | None = None

    def limited(self, limits: Limits, /) -> IsolatedAdapter:
        """Return the same adapter, whose scans keep *limits*."""
        return replace(self, limits=limits)

    def open(self, source: Source, context: Context, /) -> IsolatedReader:
        """Return a reader of *source*; nothing runs before its first scan."""
        return IsolatedReader(self, source, context)

    def ask(
        self, verb: Verb, source: Source, context: Context, query: str = ""
    ) -> Answer:
        """Return what the adapter answers, or a query over *source*.

        Args:
            verb: Any but ``SCAN``.
            source: The store.
            context: Its ``tmp`` holds the files of the call.
            query: For the two verbs that run one.

        Raises:
            ParsediffError: As :meth:`IsolatedReader.scan`.
        """
        answer = Answer()
        reader = IsolatedReader(self, source, context)
        for item in reader.run(verb, query=query):
            match item:
                case Capabilities():
                    answer.capabilities = item
                case SessionInfo():
                    answer.sessions.append(item)
                case Evidence():
                    answer.evidence[item.session] = item.digest
        return answer


@final
@dataclass(frozen=True, slots=True)
class IsolatedReader:
    """Starts a process for every scan."""

    adapter: IsolatedAdapter
    source: Source
    context: Context

    def scan(self, cursor: str | None, /) -> Iterator[Emission]:
        """Run the adapter to its end and yield what it emitted.

        Raises:
            AdapterTimeoutError: PD402; ``detail`` shows where it was.
            OutputTooLargeError: PD407, emitted or printed too much.
            AdapterExitError: PD409, the process died; ``detail`` is its stderr.
            ParsediffError: Everything else as in this process.
        """
        return cast("Iterator[Emission]", self.run(Verb.SCAN, cursor))

    def run(
        self, verb: Verb, cursor: str | None = None, query: str = ""
    ) -> Iterator[Handed]:
        """Run one call to its end and yield what was handed over."""
        folder = ScanFolder.make(self.context.tmp)
        frames = folder.path / "frames"
        limits = self.adapter.limits or Limits.of(self.adapter.config)
        command = self._command(
            folder, limits, {"verb": verb, "cursor": cursor, "query": query}
        )
        end = time.monotonic() + limits.timeout_s
        ended = run_command(command, end=end, max_bytes=limits.max_bytes)
        self._judge(ended, limits, command.stderr)
        if frames.exists():
            for item in read_frames(frames):
                if item is None:
                    folder.remove()  # not after an error: its files explain it
                    return
                yield item
        raise self._died(ended, command.stderr)

    def close(self) -> None:
        """Keep nothing open between scans."""

    def _command(
        self, folder: ScanFolder, limits: Limits, call: dict[str, str | None]
    ) -> Command:
        job = folder.path / "job.json"
        content = {
            "path": _search_path(),
            "name": self.adapter.name,
            "spec": self.adapter.spec,
            "search": str(self.adapter.folder) if self.adapter.folder else None,
            "source": str(self.source.path),
            "root": str(self.source.root),
            "state_dir": str(self.context.state_dir),
            "tmp": str(self.context.tmp),
            "max_output_mb": limits.max_output_mb,
            "frames": str(folder.path / "frames"),
            **call,
        }
        job.write_text(json.dumps(content), encoding="utf-8")
        return Command(
            argv=[sys.executable, "-P", "-c", _BOOT, str(job)],
            cwd=Path.cwd(),
            env=self._environment(folder, call["cursor"]),
            stdout=folder.path / "stdout",
            stderr=folder.path / "stderr",
        )

    def _environment(self, folder: ScanFolder, cursor: str | None) -> dict[str, str]:
        place = self.adapter.folder or Path.cwd()
        values = placeholder_values(place, self.source, self.context, folder, cursor)
        given = self.adapter.config.env or {}
        return {
            **os.environ,
            **{key: expand(text, values, f"env.{key}") for key, text in given.items()},
        }

    def _judge(self, ended: Ended, limits: Limits, stderr: Path) -> None:
        who = f"adapter {self.adapter.name!r}"
        if ended.how is End.TIMEOUT:
            message = f"{who} did not end within timeout_s={limits.timeout_s:g}"
            raise AdapterTimeoutError(message, detail=tail(stderr))
        if ended.how is End.TOO_LARGE:
            limit = f"max_output_mb={limits.max_output_mb:g}"
            raise OutputTooLargeError(f"{who} printed more than {limit}")

    def _died(self, ended: Ended, stderr: Path) -> AdapterExitError:
        message = f"the process of adapter {self.adapter.name!r} {ended.text}"
        return AdapterExitError(
            f"{message} before it was done", None, _EXIT_HINT, tail(stderr)
        )


def _search_path() -> list[str]:
    """Return where this process imports from, absolute, our own package included."""
    package = str(Path(__file__).parents[2])
    entries = [
        os.path.abspath(entry) for entry in sys.path
    ]  # "" is the working directory
    return entries if package in entries else [*entries, package]
