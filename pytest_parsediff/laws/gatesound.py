"""The law ``gate-sound``: writers are never taken for the parser, nor it for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from msgspec import UNSET

from pytest_parsediff.adapters.capabilities import find_evidence
from pytest_parsediff.adapters.resolve import Resolved
from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import Evidence, Source
from pytest_parsediff.core.splitmix import SplitMix64
from pytest_parsediff.diff.verdict import Verdict, VerdictClass
from pytest_parsediff.interleave.bench import Written
from pytest_parsediff.interleave.clock import HarnessClock
from pytest_parsediff.interleave.drivers.driver import Witness
from pytest_parsediff.interleave.plan import Plan
from pytest_parsediff.interleave.rig import Rig
from pytest_parsediff.interleave.schedule import Kind, Schedule
from pytest_parsediff.interleave.shape import Shape
from pytest_parsediff.interleave.subject import by_session
from pytest_parsediff.interleave.sweep import sweep
from pytest_parsediff.laws.deterministic import gather_placed, lines_of
from pytest_parsediff.laws.gatejudge import Digests, judge, mutants
from pytest_parsediff.laws.law import Law, Violation
from pytest_parsediff.laws.touched import names_touched

#: Plans of the sweep that are run.
MAX_PLANS = 60
#: Sessions of each plan that a changed parser is tried on.
_MAX_MUTATED = 4

#: Returns the digest of each session of a source; ``None`` without evidence.
ReadEvidence: TypeAlias = Callable[[Source], Mapping[str, str] | None]
_Lines: TypeAlias = Mapping[str, list[bytes]]


def check_gate_sound(
    rig: Rig,
    evidence: ReadEvidence | None = None,
    *,
    plans: int = MAX_PLANS,
    seed: int = 0,
) -> Violation | None:
    """Judge every session against a parse of the first state, while writers act.

    Evidence is read before the parse and after it, and steps come at every gap of all
    three. What the adapter emits of it with its events counts as for the gate: beside
    that, and before it. Then the same is done for parsers that give one event less, or one other
    value.

    Args:
        rig: The store, its writers and the adapter.
        evidence: Reads it; by default as the gate does: by the query of the adapter's
            table, else by its own method.
        plans: How many plans are run.
        seed: What a changed parser changes.

    Raises:
        ParsediffError: PD4xx, the adapter fails where nobody writes.
    """
    gate = _Gate(rig, evidence)
    quiet = gate.run(Plan(()))
    shape = Shape(writers=rig.bench.lengths, gaps=(quiet.gaps,))
    for number, plan in enumerate(islice(sweep(shape), plans)):
        try:
            seen = gate.run(plan)
        except ParsediffError:  # a lock: then there is nothing to judge
            continue
        random = SplitMix64.seeded("gate-sound", seed, number)
        violation = _judge_parser(rig, seen) or _judge_mutants(rig, seen, random)
        if violation is not None:
            return violation
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one plan showed.

    Attributes:
        stored: Lines of the first state, by session.
        parsed: Lines of the parse under the plan, by session.
        final: Lines of the last state, by session.
        digests: Evidence; ``None`` if there is none.
        contents: Of the committed states, in order.
        labels: Steps that ran, in order.
        gaps: How many gaps were reached.
    """

    stored: _Lines
    parsed: _Lines
    final: _Lines
    digests: Digests | None
    contents: list[bytes]
    labels: tuple[str, ...]
    gaps: int


@dataclass(frozen=True, slots=True)
class _Gate:
    """Runs a plan around one parse with its evidence."""

    rig: Rig
    evidence: ReadEvidence | None = None

    def run(self, plan: Plan) -> _Seen:
        clock = HarnessClock()
        written = self.rig.bench.make(clock)
        source = written.source
        contents = [written.capture()]
        schedule = Schedule(plan, written.writers, clock)
        schedule.after_block = lambda: contents.append(written.capture())
        try:
            stored = self._observe(written)
            stored_lines, recorded = self._parse(source)
            with self.rig.following(source.root, schedule.reach) as witness:
                with witness.aside():
                    schedule.begin_poll()
                before = self._observe(written, witness)
                parsed, inside = self._parse(source)
                with witness.aside():
                    schedule.reach(Kind.FILE, "evidence")
                after = self._observe(written, witness)
                witness.raise_failure()
            # a copy, because a step may have left a lock, and nobody would end it
            final, _ = self._parse(self.rig.bench.place(written.capture()))
        finally:
            written.close()
        digests = None
        if stored is not None and before is not None and after is not None:
            digests = Digests({**stored, **recorded}, before, after, inside)
        return _Seen(
            stored=stored_lines,
            parsed=parsed,
            final=final,
            digests=digests,
            contents=contents,
            labels=tuple(
                written.writers[placed.writer][placed.index].label
                for placed in schedule.ran
            ),
            gaps=schedule.gaps[0],
        )

    def _observe(
        self, written: Written, witness: Witness | None = None
    ) -> Mapping[str, str] | None:
        """Return the evidence as it is now; ``None`` if there is none.

        A query of the table is asked of a copy of what is committed, because SQLite in
        the harness may be another library than the one that the writers use here.
        """
        if self.evidence is not None:
            return self.evidence(written.source)
        rig, source = self.rig, written.source
        resolved = Resolved(rig.subject.adapter, rig.subject.config)
        if resolved.config.evidence is UNSET:
            return find_evidence(resolved, source, rig.context)
        with witness.aside() if witness else nullcontext():
            copy = rig.bench.place(written.capture())
            return find_evidence(resolved, copy, rig.context)

    def _parse(self, source: Source) -> tuple[_Lines, dict[str, str]]:
        """Return lines by session, and the evidence that the adapter emits itself."""
        emissions = gather_placed(self.rig, source)
        lines = lines_of(self.rig, source, emissions)
        found = {
            session: [line.text for line in inner]
            for session, inner in by_session(lines).items()
            if session
        }
        emitted = (one for one in emissions if isinstance(one, Evidence))
        return found, {one.session: one.digest for one in emitted}


def _judge_parser(rig: Rig, seen: _Seen) -> Violation | None:
    """Return the violation if a writer's change is called one of the parser.

    A store that is again what it was, with the parse in between, cannot be told from
    one that nobody touched: then nothing is asked.
    """
    if seen.digests is None:
        return None
    for session in sorted({*seen.stored, *seen.parsed}):
        stored, parsed = seen.stored.get(session, []), seen.parsed.get(session, [])
        verdict = judge(rig.subject.comparison, session, stored, parsed, seen.digests)
        is_back = seen.final.get(session, []) == stored
        if verdict.cls is VerdictClass.CHANGED and not is_back:
            what = f"session {session!r} is called changed, and only writers changed it"
            return _violation(what, verdict, seen)
    return None


def _judge_mutants(rig: Rig, seen: _Seen, random: SplitMix64) -> Violation | None:
    """Return the violation if a change of the parser is not called one."""
    comparison = rig.subject.comparison
    touched = names_touched(rig.bench, seen.contents)
    for session in _chosen(seen, random):
        stored = seen.stored[session]
        for what, lines in mutants(comparison, stored, random):
            verdict = judge(comparison, session, stored, lines, seen.digests)
            if verdict.cls is VerdictClass.IDENTICAL:
                message = f"session {session!r} is called identical with {what}"
                return _violation(message, verdict, seen)
            if verdict.cls is VerdictClass.RACED and not touched.may_be(session):
                message = (
                    f"session {session!r} is called raced with {what}, and no step"
                    f" touched it"
                )
                return _violation(message, verdict, seen)
    return None


def _chosen(seen: _Seen, random: SplitMix64) -> Iterator[str]:
    """Yield some of the sessions that were parsed as they are stored."""
    same = [s for s in sorted(seen.stored) if seen.parsed.get(s) == seen.stored[s]]
    random.shuffle(same)
    yield from same[:_MAX_MUTATED]


def _violation(message: str, verdict: Verdict, seen: _Seen) -> Violation:
    details = [f"verdict: {verdict.cls} {verdict.reason or ''}".rstrip()]
    details += [f"{one.field}: {one.stored} -> {one.parsed}" for one in verdict.fields]
    details += verdict.evidence
    details += [f"step: {label}" for label in seen.labels]
    return Violation(law=Law.GATE_SOUND, message=message, details=tuple(details[:20]))
