"""How many sessions of a run have which class, counted as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pytest_parsediff.diff.verdict import Reason, Verdict, VerdictClass

_KeyT = TypeVar("_KeyT")

#: Classes of sessions that were held against what is stored.
EXAMINED = frozenset(
    {
        VerdictClass.IDENTICAL,
        VerdictClass.CHANGED,
        VerdictClass.RACED,
        VerdictClass.INCREMENTAL_SKEW,
        VerdictClass.PENDING_RESYNC,
    }
)
#: Reasons to skip a session that somebody chose; all others are a lack of coverage.
_CHOSEN = frozenset({Reason.TRASHED, Reason.NOT_SAMPLED, Reason.OTHER_ADAPTER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a run amounts to. Totals of parts of a run can be added.

    Attributes:
        classes: Sessions by class.
        declared: Those of them that were declared and came true.
        skipped: Skipped sessions by reason.
        stale: Raced sessions whose archive is behind, and which nobody declared.
        informational_only: Identical sessions that differ in informational fields.
        fields: Changed sessions by real field.
    """

    classes: Mapping[VerdictClass, int] = field(default_factory=dict)
    declared: Mapping[VerdictClass, int] = field(default_factory=dict)
    skipped: Mapping[Reason, int] = field(default_factory=dict)
    stale: int = 0
    informational_only: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            classes=_sum(self.classes, other.classes),
            declared=_sum(self.declared, other.declared),
            skipped=_sum(self.skipped, other.skipped),
            stale=self.stale + other.stale,
            informational_only=self.informational_only + other.informational_only,
            fields=_sum(self.fields, other.fields),
        )

    def of(self, cls: VerdictClass) -> int:
        """Return how many sessions have the class."""
        return self.classes.get(cls, 0)

    def undeclared(self, cls: VerdictClass) -> int:
        """Return how many sessions have the class without a declaration."""
        return self.of(cls) - self.declared.get(cls, 0)

    @property
    def sessions(self) -> int:
        """All of them."""
        return sum(self.classes.values())

    @property
    def examined(self) -> int:
        """Those that were held against what is stored, whatever came out."""
        return sum(self.of(cls) for cls in EXAMINED)

    @property
    def verified(self) -> int:
        """Those with a result: no race, no skew and no older version in the way."""
        decided = self.of(VerdictClass.IDENTICAL) + self.of(VerdictClass.CHANGED)
        return decided + self.declared.get(VerdictClass.RACED, 0)

    @property
    def in_scope(self) -> int:
        """Those that a run should examine: all but the new and the ones left out."""
        chosen = sum(self.skipped.get(reason, 0) for reason in _CHOSEN)
        return self.sessions - self.of(VerdictClass.NEW_ON_DISK) - chosen

    @property
    def raced(self) -> int:
        """Races that nobody declared, archives that are behind left out."""
        return self.undeclared(VerdictClass.RACED) - self.stale

    @property
    def histogram(self) -> list[tuple[str, int]]:
        """Real fields and how many changed sessions differ in them, most first."""
        return sorted(self.fields.items(), key=lambda one: (-one[1], one[0]))


def count_verdicts(
    verdicts: Iterable[Verdict],
    is_declared: Callable[[Verdict], bool] = lambda _: False,
) -> Totals:
    """Return the totals of *verdicts*, which are read once and not kept.

    Args:
        verdicts: Of a run, or of a part of one.
        is_declared: Whether a declaration of this verdict came true.
    """
    classes: Counter[VerdictClass] = Counter()
    declared: Counter[VerdictClass] = Counter()
    skipped: Counter[Reason] = Counter()
    fields: Counter[str] = Counter()
    stale = informational_only = 0
    for one in verdicts:
        classes[one.cls] += 1
        if is_declared(one):
            declared[one.cls] += 1
        elif one.is_stale:
            stale += 1
        match one.cls:
            case VerdictClass.CHANGED:
                fields.update(set(one.real_fields))
            case VerdictClass.IDENTICAL if one.fields:
                informational_only += 1
            case VerdictClass.SKIPPED if one.reason is not None:
                skipped[one.reason] += 1
            case _:
                pass
    return Totals(
        classes=classes,
        declared=declared,
        skipped=skipped,
        stale=stale,
        informational_only=informational_only,
        fields=fields,
    )


def _sum(one: Mapping[_KeyT, int], other: Mapping[_KeyT, int]) -> dict[_KeyT, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
