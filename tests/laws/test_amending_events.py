"""Events that may come again with their identity, as an operation that ends twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.opencode import OpencodeAdapter
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.interleave.subject import Line, Subject, Unit
from pytest_parsediff.laws.copies import copies_of
from pytest_parsediff.laws.fold import fold

SCENARIOS = Path(__file__).parents[2] / "scenarios"
GOLDENS = sorted(SCENARIOS.glob("opencode*/*/expected.jsonl"))


def subject_of(config: AdapterConfig, adapter: OpencodeAdapter) -> Subject:
    """Return *adapter* with what it declares to amend."""
    rules = compile_rules(config)
    return Subject(
        adapter=adapter,
        rules=rules,
        comparison=compile_comparison(config, rules),
        unit=Unit.SESSION,
        amends=tuple((Pointer.parse(p), v) for p, v in adapter.amends.items()),
    )


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.parent.name)
def test_only_what_amends_has_an_identity_in_common(golden: Path) -> None:
    """Every other event of a scenario can be told from all others."""
    subject = subject_of(BUILTIN["opencode"].config, OpencodeAdapter())
    known: dict[tuple[str, str], str] = {}
    for text in golden.read_text("utf-8").split("\n")[:-1]:
        line = subject.line_of(text.encode())
        place = line.session, line.key
        assert line.is_amending or place not in known, (text, known[place])
        known[place] = text


def test_an_event_that_amends_begins_no_new_copy_of_its_session() -> None:
    """Without that, what stands before it would be taken for gone."""
    first, end, again = (
        Line("s", key, text, is_tombstone=False, is_amending=key == "op")
        for key, text in (("turn", b"1"), ("op", b"2"), ("op", b"3"))
    )
    lines = (first, end, again)

    assert [lines] == copies_of(lines)
    assert {"s": {"turn": b"1", "op": b"3"}} == fold([lines], Unit.SESSION)
    plain = [one._replace(is_amending=False) for one in lines]
    assert {"s": {"op": b"3"}} == fold([plain], Unit.SESSION)
