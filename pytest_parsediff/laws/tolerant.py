"""The law ``tolerant``: one bad thing is reported once, and everything else is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pytest_parsediff.core.errors import AdapterError, ParsediffError
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.interleave.databasebench import DatabaseBench
from pytest_parsediff.interleave.filebench import FileBench
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.laws.badcells import (
    cell_candidates,
    mutate_cell,
    mutate_schema,
)
from pytest_parsediff.laws.badlines import mutate_files
from pytest_parsediff.laws.kept import Broken, Judge, scan
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.mutation import Demand, Mutation

#: Bad cells that are tried; of more a part is drawn.
MAX_CELLS = 200
#: Changed tables and columns that are tried.
MAX_SCHEMA = 60
_SHOWN = 20
ItemT = TypeVar("ItemT")
#: What code raises that met something nobody had thought of, as long as it is the
#: class itself: one of the adapter's own that is derived from it was meant.
_ACCIDENTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RecursionError,
    TypeError,
    ValueError,
)
_FOREIGN = frozenset({"builtins", "json.decoder"})


@dataclass(slots=True)
class Tolerated:
    """What came of bad stores.

    Attributes:
        tried: How many bad stores were scanned.
        of: How many there were to choose from.
        failed: In how many of them the scan ended with an error that says so.
        violation: How the law is broken; ``None`` if it holds.
    """

    tried: int = 0
    of: int = 0
    failed: int = 0
    violation: Violation | None = None


def check_tolerant(rig: Rig) -> Violation | None:
    """Scan copies of the store with one thing wrong each; see :func:`try_bad_stores`."""
    return try_bad_stores(rig).violation


def try_bad_stores(
    rig: Rig, *, cells: int = MAX_CELLS, schema: int = MAX_SCHEMA, seed: int = 0
) -> Tolerated:
    """Scan copies of the store with one thing wrong each, up to the first violation.

    Args:
        rig: Whose store and adapter.
        cells: Most bad cells.
        schema: Most changed tables and columns.
        seed: Which ones are drawn if there are more.

    Raises:
        ParsediffError: PD4xx, the adapter fails on the intact store.
    """
    judge = Judge(rig, scan(rig))
    tolerated = Tolerated()
    for mutation in _mutations(rig, (cells, schema, seed), tolerated):
        tolerated.tried += 1
        try:
            scanned = scan(replace(rig, bench=mutation.bench))
        except ParsediffError as error:
            tolerated.failed += 1
            broken = _crash(error, mutation)
        else:
            broken = judge.judge(mutation, scanned)
        if broken is not None:
            message = f"{mutation.label}: {broken[0]}"
            details = tuple(broken[1][:_SHOWN])
            tolerated.violation = Violation(
                law=Law.TOLERANT, message=message, details=details
            )
            break
    return tolerated


def _mutations(
    rig: Rig, limits: tuple[int, int, int], tolerated: Tolerated
) -> Iterator[Mutation]:
    bench = rig.bench
    cells, schema, seed = limits
    if isinstance(bench, FileBench):
        quiet = replace(bench, scripts=(), names=())
        for mutation in mutate_files(quiet):
            tolerated.of += 1
            yield mutation
    if not isinstance(bench, DatabaseBench):
        return
    statements = rig.run(Plan((), None, 1)).polls[0].statements
    rig.states.forget_contents()
    bench = replace(bench, scripts=(), names=())
    shapes = list(mutate_schema(bench, statements))
    candidates = cell_candidates(bench.image, statements)
    tolerated.of = len(shapes) + len(candidates)
    random = SplitMix64.seeded("tolerant", seed)
    yield from _draw(shapes, schema, random)
    for candidate in _draw(candidates, cells, random):
        mutation_of_it = mutate_cell(bench, candidate)
        if mutation_of_it is not None:
            yield mutation_of_it


def _draw(items: Sequence[ItemT], limit: int, random: SplitMix64) -> Sequence[ItemT]:
    """Return at most *limit* of *items*, in their order."""
    if len(items) <= limit:
        return items
    places = list(range(len(items)))
    random.shuffle(places)
    return [items[place] for place in sorted(places[:limit])]


def _crash(error: ParsediffError, mutation: Mutation) -> Broken | None:
    """Return what is broken if the scan ended by accident, not by intent."""
    cause = error.__cause__
    is_accident = (
        type(error) is AdapterError
        and isinstance(cause, _ACCIDENTS)
        and type(cause).__module__ in _FOREIGN
    )
    if mutation.demand is Demand.SCHEMA or not is_accident:
        return None
    what = f"the whole scan ends with {type(cause).__name__}, and nothing is kept"
    return what, [error.headline]
