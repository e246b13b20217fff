"""Reading a large store of opencode, and following it, beside ``agentsview``.

Stores are made by ``scale_store.py`` at several percentages. On each, ``scan`` prints all
events to nowhere, and agentsview, where it is installed, syncs the store into its own
database; its second sync, with nothing new, stands beside our idle poll. CPU seconds are
those of the whole process, start-up included; agentsview uses all processors.

A poll is counted inside SQLite: statements, steps of scans without an index, and steps
of its virtual machine, which do not depend on the machine or on what else it does. What
matters is how an idle poll grows with the store: not at all; and how all that has to read
the whole store does: as the store, and no faster.

    python benchmarks/opencode_live.py --percent 1 10 100
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import apsw
from measure import Table, Usage, arguments, conclude, run, scratch_folder

from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.core.event import Checkpoint, Context, Source

#: Idle polls of the larger store over those of the smaller one, in steps.
BUDGET_GROWTH = 1.05
#: The same for reading everything, over the growth of the rows.
BUDGET_LINEAR = 1.1
_POLLS = 50
#: Percent; what is larger goes to the disk, one store at a time.
_MOST_IN_MEMORY = 10
#: Costs by kind of poll.
Counted: TypeAlias = Mapping[str, Mapping[str, float]]
_PROFILE = apsw.SQLITE_TRACE_PROFILE
#: What opencode 1.17 and later writes in the same transaction.
_LOGGED = """
WITH one AS (SELECT session_id FROM message WHERE id = (SELECT max(id) FROM message))
INSERT INTO event SELECT 'evt_new' || seq, aggregate_id, seq + 1, 'message.updated.1', '{}'
  FROM event_sequence JOIN one ON aggregate_id = session_id;
UPDATE event_sequence SET seq = seq + 1 WHERE aggregate_id =
  (SELECT session_id FROM message WHERE id = (SELECT max(id) FROM message));
"""


# --- counting polls, in a child process -------------------------------------------------


@dataclass(slots=True)
class Counts:
    """What SQLite did.

    Attributes:
        statements: How many ended.
        fullscan_steps: Rows that were stepped over for want of an index.
        vm_steps: Steps of the virtual machine.
    """

    statements: int = 0
    fullscan_steps: int = 0
    vm_steps: int = 0

    def follow(self, connection: apsw.Connection) -> None:
        """Count what *connection* does from now on."""
        connection.trace_v2(_PROFILE, self._add)

    def _add(self, event: dict[str, Any]) -> None:
        status = event["stmt_status"]
        self.statements += 1
        self.fullscan_steps += status["SQLITE_STMTSTATUS_FULLSCAN_STEP"]
        self.vm_steps += status["SQLITE_STMTSTATUS_VM_STEP"]


@dataclass(slots=True)
class Polls:
    """One reader of a store, whose polls are counted."""

    path: Path
    has_log: bool
    clock_s: float = 0.0
    cursor: str | None = None
    counts: Counts = field(default_factory=Counts)

    def measure(self) -> dict[str, dict[str, float]]:
        """Return the cost of each kind of poll.

        Readers that are new begin with nothing, from now on, and from a cursor: then
        they compare all digests. The first commit after a long time makes a reader do
        so, too; again only some time later.
        """
        apsw.connection_hooks.append(self._follow)
        skip = self._cost_of_new(skips=True)
        warm = self._cost_of_new(skips=False)
        self.cursor = None
        reader = self._open()
        scan = self._cost(reader, 1)
        for _ in range(3):
            self.clock_s += 3600.0
            self._poll(reader)
        idle = self._cost(reader, _POLLS)
        self._commit()
        compare = self._cost(reader, 1)
        self._commit()
        after = self._cost(reader, 1)
        reader.close()
        return {
            "idle": idle,
            "after": after,
            "compare": compare,
            "scan": scan,
            "skip": skip,
            "warm": warm,
        }

    def _open(self) -> Any:
        context = Context(lambda: self.clock_s, self.path.parent, self.path.parent)
        return OpencodeAdapter().open(Source(self.path, self.path.parent), context)

    def _cost_of_new(self, *, skips: bool) -> dict[str, float]:
        """Return the cost of the first poll of a new reader."""
        with closing(self._open()) as reader:
            return self._cost(reader, 1, skips=skips)

    def _follow(self, connection: apsw.Connection) -> None:
        self.counts.follow(connection)

    def _poll(self, reader: Any, *, skips: bool = False) -> int:
        count = 0
        for item in reader.skip() if skips else reader.scan(self.cursor):
            if isinstance(item, Checkpoint):
                self.cursor = item.cursor
            count += isinstance(item, dict)
        return count

    def _cost(
        self, reader: Any, polls: int, *, skips: bool = False
    ) -> dict[str, float]:
        self.counts = counts = Counts()
        for connection in apsw.connections():
            counts.follow(connection)
        began, events = time.process_time(), 0
        for _ in range(polls):
            self.clock_s += 2.0
            events += self._poll(reader, skips=skips)
        return {
            "cpu_ms": (time.process_time() - began) * 1000 / polls,
            "statements": counts.statements / polls,
            "fullscan_steps": counts.fullscan_steps / polls,
            "vm_steps": counts.vm_steps / polls,
            "events": events / polls,
            "cursor_bytes": len(self.cursor or ""),
        }

    def _commit(self) -> None:
        """Let a message of the last session be written again, as an agent does."""
        now = int(time.time() * 1000)
        with closing(apsw.Connection(str(self.path))) as writer, writer:
            writer.execute(
                "UPDATE message SET data = data || ' ', time_updated = ?"
                " WHERE id = (SELECT max(id) FROM message)",
                (now,),
            )
            if self.has_log:
                writer.execute(_LOGGED)


# --- whole programs ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bench:
    """One store.

    Attributes:
        folder: Holds ``store/opencode.db``.
        percent: Of the whole.
        rows: How many rows it has.
        size_mib: How large it is.
        has_log: Whether it is one of 1.17 or later, whose log counts changes.
    """

    folder: Path
    percent: float
    rows: int
    size_mib: float
    has_log: bool = False

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.percent:g} %{', event log' if self.has_log else ''}"

    @classmethod
    def make(cls, folder: Path, percent: float, *more: str) -> Bench:
        """Make the store, in a child: what it holds would count for later children."""
        for name in ("store", "home", "data", "empty"):
            (folder / name).mkdir(parents=True)
        path = folder / "store/opencode.db"
        script = str(Path(__file__).with_name("scale_store.py"))
        run([sys.executable, script, str(path), f"--percent={percent}", *more], folder)
        with closing(apsw.Connection(str(path))) as database:
            tables = ("session", "message", "part", "session_message")
            selects = " UNION ALL ".join(f"SELECT count(*) FROM {t}" for t in tables)
            rows = sum(int(str(count)) for (count,) in database.execute(selects))
        size = path.stat().st_size / 2**20
        return cls(folder, percent, rows, size, "--events" in more)

    @property
    def store(self) -> Path:
        """The database."""
        return self.folder / "store/opencode.db"

    def scan(self, *flags: str) -> Usage:
        """Print events to nowhere."""
        line = f"{sys.executable} -m pytest_parsediff scan {self.store}"
        shell = f"exec {line} --adapter=opencode -q {' '.join(flags)} > /dev/null"
        return run(["sh", "-c", shell], self.folder)

    def polls(self) -> Counted:
        """Count polls in a process of its own."""
        line = [sys.executable, __file__, "--polls", str(self.store)]
        child = run([*line, *(["--log"] if self.has_log else [])], self.folder)
        counts: Counted = json.loads(child.output)
        return counts

    def sync(self, agentsview: str) -> Usage:
        """Run agentsview on the store."""
        own = {
            "HOME": "home",
            "AGENTSVIEW_DATA_DIR": "data",
            "OPENCODE_DIR": "store",
            "CLAUDE_PROJECTS_DIR": "empty",
            "CODEX_SESSIONS_DIR": "empty",
        }
        fixed = {
            "AGENTSVIEW_NO_DAEMON": "1",
            "AGENTSVIEW_DISABLE_UPDATE_CHECK": "1",
            "DO_NOT_TRACK": "1",
        }
        variables = {name: str(self.folder / path) for name, path in own.items()}
        return run([agentsview, "sync"], self.folder, variables=fixed | variables)

    def ingested(self) -> int:
        """Return how many messages agentsview has in its database."""
        with closing(
            apsw.Connection(str(self.folder / "data/sessions.db"))
        ) as database:
            ((count,),) = database.execute("SELECT count(*) FROM messages")
        return int(str(count))


def programs(bench: Bench, agentsview: str | None, table: Table) -> None:
    """Add a row per program."""
    ours = bench.scan("--cursor-out=cursor")
    found = {
        "scan": ours,
        "scan from its cursor": bench.scan("--cursor=cursor"),
        "scan --since now": bench.scan("--since=now", "--cursor-out=now"),
    }
    if agentsview:
        found["agentsview sync"] = bench.sync(agentsview)
        found["agentsview sync, nothing new"] = bench.sync(agentsview)
        if not bench.ingested():
            raise RuntimeError("agentsview read nothing: nothing was compared")
    for name, usage in found.items():
        is_theirs = name == "agentsview sync"
        ratio = f"{ours.cpu_s / usage.cpu_s:.2f} x" if is_theirs else ""
        table.add(
            f"{bench.percent:g} %",
            name,
            f"{usage.wall_s:.1f}",
            f"{usage.cpu_s:.1f}",
            f"{bench.rows / usage.cpu_s:,.0f}",
            f"{bench.size_mib / usage.cpu_s:.1f}",
            f"{usage.peak_mib:.0f}",
            ratio,
        )


def polls(benches: list[Bench], found: list[Counted], table: Table) -> None:
    """Add a row per kind of poll and store, and hold how they grow."""
    names = {
        "idle": "idle poll",
        "after": "poll after a commit",
        "compare": "poll that compares all",
        "warm": "first poll from a cursor",
        "skip": "first poll, from now on",
        "scan": "first poll, everything",
    }
    for key, name in names.items():
        for bench, counts in zip(benches, found, strict=True):
            one = counts[key]
            table.add(
                bench.name,
                name,
                f"{one['statements']:.0f}",
                f"{one['fullscan_steps']:.0f}",
                f"{one['vm_steps']:,.0f}",
                f"{one['cpu_ms']:.2f}",
                f"{one['events']:.0f}",
                f"{one['cursor_bytes'] / 1024:,.0f}",
            )
    for (small, few), (large, many) in itertools.pairwise(
        zip(benches, found, strict=True)
    ):
        steps = many["idle"]["vm_steps"] / few["idle"]["vm_steps"]
        name = f"{large.name} over {small.percent:g} %, idle"
        cell = table.hold(name, steps, BUDGET_GROWTH)
        table.add("growth", name, "", "", cell, "", "", "")
        for key in ("warm", "skip", "scan"):
            steps = many[key]["vm_steps"] / few[key]["vm_steps"]
            growth = steps / (large.rows / small.rows)
            name = f"{names[key]}, {large.name} over {small.percent:g} %, per row"
            cell = table.hold(name, growth, BUDGET_LINEAR)
            table.add("growth", name, "", "", cell, "", "", "")


def main() -> int:
    """Measure and print."""
    if sys.argv[1:2] == ["--polls"]:
        print(json.dumps(Polls(Path(sys.argv[2]), "--log" in sys.argv).measure()))
        return 0
    options = arguments(__doc__ or "", percent=(1.0, 10.0))
    percentages = (0.2, 1.0) if options.quick else options.percent
    agentsview = shutil.which("agentsview")
    if agentsview is None:
        print("agentsview is not installed: nothing to compare with")
    whole = Table(
        (
            "store",
            "what",
            "s",
            "CPU s",
            "rows/CPU s",
            "MiB/CPU s",
            "peak MiB",
            "ours/it",
        )
    )
    each = Table(
        (
            *("store", "what", "statements", "full-scan steps", "VM steps"),
            *("CPU ms", "events", "cursor KiB"),
        )
    )
    benches: dict[str, list[tuple[Bench, Counted]]] = {"": [], "--events": []}
    for percent, (flag, kind) in itertools.product(percentages, benches.items()):
        with scratch_folder(in_memory=percent <= _MOST_IN_MEMORY) as folder:
            bench = Bench.make(folder / "one", percent, *filter(None, (flag,)))
            size = f"{bench.rows:,} rows, {bench.size_mib:,.0f} MiB"
            print(f"{bench.name}: {size}", flush=True)  # all of it takes long
            if not flag:
                programs(bench, agentsview, whole)
            kind.append((bench, bench.polls()))
    for kind in benches.values():
        polls([bench for bench, _ in kind], [counts for _, counts in kind], each)
    whole.print()
    print()
    return conclude(each, options)


if __name__ == "__main__":
    sys.exit(main())
