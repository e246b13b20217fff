"""Recording and comparing many sessions, beside ``agentsview`` on the same store.

The store is one of Claude Code: a file per session, 20 lines each. We record it into an
archive and compare it with that; agentsview, where it is installed, syncs it into its
database and runs ``parse-diff``. Our reader decodes each line with ``json``, and emits
it as it is; agentsview's makes messages of them, and uses all processors.

CPU seconds are those of the whole process, start-up included. Memory is the most that
was resident; what a further session takes is the slope between two numbers of sessions.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from measure import (
    PLUGIN,
    Table,
    Usage,
    arguments,
    conclude,
    pytest,
    run,
    scratch_folder,
    write,
)

#: What one more session may take of memory, in KiB.
BUDGET_KIB = 12.0
READER = """\
import json


def parse(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
"""
CONFIG = """\
[adapters.mine]
python = "reader:parse"
files = "*/*.jsonl"
session = "sessionId"
key = ["uuid"]
"""
_LINES = 20
_COMMON = {
    "isSidechain": False,
    "userType": "external",
    "cwd": "/home/mara/kiln",
    "version": "2.1.300",
    "gitBranch": "main",
}


def session_lines(number: int) -> Iterator[str]:
    """Yield the lines of one session: questions and answers in turn."""
    parent = None
    for at in range(_LINES):
        uuid = f"{number:08x}-{at:04x}-4000-8000-000000000001"
        text = f"text {at} of session {number} " + "word " * 40
        event: dict[str, object] = {
            **_COMMON,
            "parentUuid": parent,
            "sessionId": f"{number:08x}-0000-4000-8000-000000000000",
            "uuid": uuid,
            "timestamp": f"2026-03-02T09:00:{at:02}.000Z",
            **(_answer(f"{number}_{at}", text) if at % 2 else _question(text)),
        }
        yield json.dumps(event)
        parent = uuid


def _question(text: str) -> dict[str, object]:
    return {"type": "user", "message": {"role": "user", "content": text}}


def _answer(name: str, text: str) -> dict[str, object]:
    usage = {
        "input_tokens": 3,
        "output_tokens": 40,
        "cache_read_input_tokens": 4000,
        "cache_creation_input_tokens": 6,
    }
    message = {
        "id": f"msg_{name}",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "assistant", "requestId": f"req_{name}", "message": message}


def make_store(folder: Path, count: int) -> float:
    """Write *count* sessions and our configuration; return the store's size in MiB."""
    size = 0
    for number in range(count):
        text = "".join(f"{line}\n" for line in session_lines(number))
        name = f"{number:08x}-0000-4000-8000-000000000000.jsonl"
        write(folder / "projects" / "p" / name, text)
        size += len(text)
    write(folder / "reader.py", READER)
    write(folder / "parsediff.toml", CONFIG)
    write(folder / "pytest.ini", "[pytest]\n")
    for name in ("home", "empty"):
        (folder / name).mkdir()
    return size / 2**20


# --- programs -------------------------------------------------------------------------

RECORD, COMPARE, SYNC, THEIRS = (
    "we record",
    "we compare",
    "agentsview syncs",
    "agentsview parse-diff",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """One store.

    Attributes:
        folder: Where everything lies.
        count: How many sessions it has.
        size_mib: How large it is.
    """

    folder: Path
    count: int
    size_mib: float

    def ours(self, flag: str) -> Usage:
        """Run our plugin on the store."""
        source = "--parsediff-source=mine=projects"
        return run(pytest(*PLUGIN, source, flag), self.folder)

    def theirs(self, *argv: str) -> Usage:
        """Run agentsview on the store."""
        own = {
            "HOME": "home",
            "AGENTSVIEW_DATA_DIR": "data",
            "OPENCODE_DIR": "empty",
            "CLAUDE_PROJECTS_DIR": "projects",
            "CODEX_SESSIONS_DIR": "empty",
        }
        fixed = {
            "AGENTSVIEW_NO_DAEMON": "1",
            "AGENTSVIEW_DISABLE_UPDATE_CHECK": "1",
            "DO_NOT_TRACK": "1",
        }
        variables = {name: str(self.folder / path) for name, path in own.items()}
        return run(argv, self.folder, variables=fixed | variables)

    def measure(self, agentsview: str | None) -> dict[str, Usage]:
        """Run each program once, in turns: record and sync, compare and parse-diff."""
        found = {RECORD: self.ours("--parsediff-record=archive.db")}
        if agentsview:
            found[SYNC] = self.theirs(agentsview, "sync")
        found[COMPARE] = self.ours("--parsediff-archive=archive.db")
        self._expect(f"{self.count} identical", found[COMPARE].output)
        if agentsview:
            found[THEIRS] = self.theirs(agentsview, "parse-diff", "--json")
            self._expect(f'"identical": {self.count},', found[THEIRS].output)
        return found

    def _expect(self, text: str, output: str) -> None:
        if text not in output:
            raise RuntimeError(f"nothing was compared:\n{output[-2000:]}")


def fill(
    table: Table, few: Bench, many: Bench, found: Mapping[int, Mapping[str, Usage]]
) -> None:
    """Add a row per program and number of sessions."""
    for bench in (few, many):
        usages = found[bench.count]
        for name, usage in usages.items():
            peer = usages.get({RECORD: SYNC, COMPARE: THEIRS}.get(name, ""))
            ratio = f"{usage.cpu_s / peer.cpu_s:.1f} x" if peer else ""
            table.add(
                f"{bench.count:,}",
                name,
                f"{usage.cpu_s:.1f}",
                f"{usage.wall_s:.1f}",
                f"{bench.count / usage.cpu_s:.0f}",
                f"{bench.size_mib / usage.cpu_s:.1f}",
                f"{usage.peak_mib:.0f}",
                ratio,
            )
    for name in found[few.count]:
        ends = [found[bench.count][name].peak_mib for bench in (few, many)]
        kib = (ends[1] - ends[0]) * 1024 / (many.count - few.count)
        is_ours = name in (RECORD, COMPARE)
        cell = table.hold(name, kib, BUDGET_KIB, "KiB") if is_ours else f"{kib:.2f} KiB"
        table.add("one more", name, "", "", "", "", cell, "")


def main() -> int:
    """Measure and print."""
    options = arguments(__doc__)
    sizes = (200, 1000) if options.quick else (1000, 10_000)
    agentsview = shutil.which("agentsview")
    if agentsview is None:
        print("agentsview is not installed: nothing to compare with")
    benches: list[Bench] = []
    found: dict[int, dict[str, Usage]] = {}
    for count in sizes:
        with scratch_folder() as folder:
            bench = Bench(folder, count, make_store(folder, count))
            if not benches:
                bench.measure(agentsview)  # byte code and files are cached from now on
                shutil.rmtree(folder / "data", ignore_errors=True)
                (folder / "archive.db").unlink()
            benches.append(bench)
            found[count] = bench.measure(agentsview)
    table = Table(
        (
            "sessions",
            "program",
            "CPU s",
            "elapsed s",
            "sessions per CPU s",
            "MiB per CPU s",
            "peak MiB",
            "CPU, ours over theirs",
        )
    )
    fill(table, benches[0], benches[1], found)
    return conclude(table, options)


if __name__ == "__main__":
    sys.exit(main())
