"""The law ``idle-cheap``: a poll with nothing new costs the same in every store."""

from __future__ import annotations

from dataclasses import replace

from pytest_parsediff.core.wording import counted
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.laws.enlarge import enlarge
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.queryplan import find_full_scans

#: Statements that an idle poll may take: a handful per table that is watched.
MAX_STATEMENTS = 100
_SHOWN = 20


def check_idle_cheap(
    rig: Rig, max_statements: int = MAX_STATEMENTS
) -> Violation | None:
    """Poll a store twice in which nothing happens, then one with ten times the rows.

    The second poll must walk no table and no index from end to end, take a bounded
    number of statements, and not more of them in the larger store. Counted are
    statements and what SQLite says of their plans, never time.
    """
    statements = _idle_statements(rig)
    if len(statements) > max_statements:
        took = counted(len(statements), "statement")
        message = f"an idle poll took {took}, more than {max_statements}"
        return _violation(message, statements)
    bench = rig.bench
    if not isinstance(bench, DatabaseBench):
        return None
    image = enlarge(bench.image)
    scans = find_full_scans(bench.place(image).path, statements)
    if scans:
        return _violation(f"an idle poll walks {_tables(len(scans))}", scans)
    more = _idle_statements(replace(rig, bench=replace(bench, image=image)))
    if len(more) <= len(statements):
        return None
    # what is read again at the last moment may be more where more has that moment
    older = replace(bench, image=enlarge(bench.image, is_older=True))
    if len(_idle_statements(replace(rig, bench=older))) <= len(statements):
        return None
    message = (
        f"an idle poll took {counted(len(statements), 'statement')}, and {len(more)} where the"
        f" store has ten times the rows"
    )
    return _violation(message, more)


def _tables(number: int) -> str:
    return "a table or index" if number == 1 else f"{number} tables or indexes"


def _idle_statements(rig: Rig) -> tuple[str, ...]:
    """Return what the last poll of a quiet run started: everything was read before."""
    run = rig.run(Plan((), None, 2))
    rig.states.forget_contents()
    return run.polls[1].statements


def _violation(message: str, details: tuple[str, ...] | list[str]) -> Violation:
    shown = tuple(" ".join(line.split())[:160] for line in details[:_SHOWN])
    return Violation(law=Law.IDLE_CHEAP, message=message, details=shown)
