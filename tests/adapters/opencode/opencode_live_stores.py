"""Rigs of the scenarios in which opencode writes while its store is read."""

from __future__ import annotations

import time
from pathlib import Path

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.adapters.resolve import Resolved
from pytest_parsediff.core.event import Context
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.store import build_image
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.bench import Bench
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.drivers.apsw import ApswDriver
from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.states import States
from pytest_parsediff.interleave.strategy import Plans
from pytest_parsediff.interleave.subject import Subject, Unit
from pytest_parsediff.interleave.writers.connection import Library
from pytest_parsediff.interleave.writers.filesteps import parse_file_steps
from pytest_parsediff.interleave.writers.sqlscript import parse_script
from pytest_parsediff.interleave.writers.traces import parse_trace, read_tables
from pytest_parsediff.laws.explore import Explored, Explorer
from pytest_parsediff.laws.law import Law

SCENARIOS = Path(__file__).parents[3] / "scenarios/opencode_live"
NAMES = tuple(sorted(path.parent.name for path in SCENARIOS.glob("*/fixture.sql")))

#: Where no statement changes the store: another file takes its place.
REPLACED = "store_is_replaced"

#: What each run of a plan is held to.
RUN_LAWS = (
    *(Law.READ_ONLY, Law.SNAPSHOT, Law.CONVERGES, Law.NO_DUPLICATES),
    *(Law.CRASH_SAFE, Law.WARM_COLD),
)


def live_subject() -> Subject:
    """Return the built-in adapter as what it declares to be."""
    resolved = Resolved(OpencodeAdapter(), BUILTIN["opencode"].config)
    rules = compile_rules(resolved.config)
    return Subject(
        adapter=resolved.adapter,
        rules=rules,
        comparison=compile_comparison(resolved.config, rules),
        unit=Unit(OpencodeAdapter.emits),
        tombstones=tuple(
            (Pointer.parse(place), values)
            for place, values in OpencodeAdapter.tombstones.items()
        ),
        amends=tuple(
            (Pointer.parse(place), values)
            for place, values in OpencodeAdapter.amends.items()
        ),
        is_exact_resume=OpencodeAdapter.exact_resume,
    )


def live_rig(name: str, folder: Path) -> Rig:
    """Return the rig of one scenario in *folder*."""
    is_file = not (SCENARIOS / name / "fixture.sql").exists()
    bench = (_file_bench if is_file else _database_bench)(SCENARIOS / name, folder)
    return _rig(bench, folder)


def traced_rig(schema: Path, trace: Path, folder: Path) -> Rig:
    """Return the rig of a store that a recorded trace changes, in *folder*."""
    image = build_image(schema.read_bytes(), schema, journal="wal").main
    bench = DatabaseBench(
        image=image,
        root=folder / "store",
        spare=folder / "spare",
        name="opencode.db",
        library=Library.APSW,
        scripts=(tuple(parse_trace(trace.read_bytes(), trace, read_tables(image))),),
        names=(trace.stem,),
    )
    return _rig(bench, folder)


def _rig(bench: Bench, folder: Path) -> Rig:
    for inner in ("state", "tmp"):
        (folder / inner).mkdir(parents=True)
    context = Context(time.monotonic, folder / "state", folder / "tmp")
    subject = live_subject()
    states = States(subject, bench.place, context)
    return Rig(
        subject=subject,
        bench=bench,
        driver=ApswDriver(),
        context=context,
        states=states,
    )


def _database_bench(scenario: Path, folder: Path) -> DatabaseBench:
    """Return a store that SQL changes."""
    scripts = sorted((scenario / "writers").glob("*.sql"))
    fixture = scenario / "fixture.sql"
    return DatabaseBench(
        image=build_image(fixture.read_bytes(), fixture).main,
        root=folder / "store",
        spare=folder / "spare",
        name="opencode.db",
        library=Library.APSW,
        scripts=tuple(tuple(parse_script(s.read_text(), s)) for s in scripts),
        names=tuple(script.stem for script in scripts),
    )


def _file_bench(scenario: Path, folder: Path) -> FileBench:
    """Return a store whose file is replaced."""
    scripts = sorted((scenario / "writers").glob("*.toml"))
    return FileBench(
        files={p.name: p.read_bytes() for p in (scenario / "files").iterdir()},
        root=folder / "store",
        spare=folder / "spare",
        name="opencode.db",
        scripts=tuple(tuple(parse_file_steps(s.read_text(), s)) for s in scripts),
        names=tuple(script.stem for script in scripts),
    )


def explore(
    rig: Rig, name: str, plans: int, laws: tuple[Law, ...] = RUN_LAWS
) -> Explored:
    """Run the first *plans* plans."""
    explorer = Explorer(rig=rig, laws=laws)
    shape = explorer.quiet().shape
    numbered = Plans(shape=shape, scenario=name, total=plans).between(0, plans)
    return explorer.explore(numbered, shape)
