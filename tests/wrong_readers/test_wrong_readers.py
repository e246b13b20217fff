"""A smaller form of the table: each wrong reader is caught, and no right one is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from table import MAX_STEPS, describe, main, why_not
from wrong_all import WRONG
from wrong_case import Reader
from wrong_rig import Caught, catch, hold, make_rig, scenario_of

from pytest_parsediff.interleave.token import decode
from pytest_parsediff.laws.checks import PER_RUN
from pytest_parsediff.laws.explore import Explorer, Finding
from pytest_parsediff.laws.law import Law

TOKENS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("tokens.json").read_bytes()
)
FIXED = {reader.fixed.name: reader.fixed for reader in WRONG}
BY_NAME = {reader.name: reader for reader in WRONG}


@pytest.mark.parametrize("reader", WRONG, ids=lambda reader: str(reader.name))
def test_a_wrong_reader_is_caught_by_the_law_it_names(
    reader: type[Reader], tmp_path: Path
) -> None:
    """With every seed, with a small minimum, and a token that replays."""
    caught = [catch(reader, tmp_path, seed) for seed in range(3)]

    assert "" == why_not(reader, caught)


@pytest.mark.parametrize("reader", FIXED.values(), ids=lambda reader: str(reader.name))
def test_a_right_reader_is_called_wrong_by_nothing(
    reader: type[Reader], tmp_path: Path
) -> None:
    """No law is broken under the first plans of the sweep, or under random ones."""
    passed = hold(reader, tmp_path, range(1), 100)

    assert "" == passed.flagged
    assert passed.plans > 100


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_a_token_replays_on_every_version(name: str, tmp_path: Path) -> None:
    """Tokens stand in bug reports: law and message are the same everywhere."""
    reader = BY_NAME[name]
    known = TOKENS[name]
    rig = make_rig(reader, tmp_path)
    explorer = Explorer(rig=rig, laws=tuple(PER_RUN), polls=reader.polls)

    found = explorer.replay(decode(known["token"], scenario_of(reader)))

    assert isinstance(found, Finding)
    assert known["law"] == str(found.violation.law)
    assert known["message"] == found.violation.message
    assert known["details"] == list(found.violation.details)


def test_every_reader_that_needs_a_plan_has_a_token() -> None:
    """Nothing is left out of what is replayed."""
    assert {r.name for r in WRONG if r.law in PER_RUN} == set(TOKENS)


def test_the_corpus_is_as_large_and_as_mixed_as_it_says() -> None:
    """Every reader is documented, and libraries, files and laws are all there."""
    assert len(WRONG) >= 24
    assert all(reader.__doc__ and reader.fixed.law is None for reader in WRONG)
    libraries = [str(reader.library) for reader in WRONG]
    assert libraries.count("apsw") >= 3
    assert libraries.count("None") >= 4
    laws = {reader.law for reader in WRONG}
    assert len(laws) >= 7
    assert len({reader.name for reader in WRONG} | set(FIXED)) == len(WRONG) + len(
        FIXED
    )


PAGE = Path(__file__).parents[2] / "docs" / "wrong-readers.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the documentation is not here")
def test_the_page_tells_what_each_reader_gets_wrong() -> None:
    """In the words of its docstring, with its law and the token of its minimum."""
    text = PAGE.read_text("utf-8")
    items = text.replace("\n  ", " ").split("\n")

    for reader in WRONG:
        assert describe(reader) in items
        token = TOKENS.get(reader.name, {}).get("token", "")
        (row,) = [one for one in items if one.startswith(f"| `{reader.name}` |")]
        assert f"| {reader.law} | {reader.shows} |" in row
        assert token in row
    assert f"{len(WRONG)} wrong readers" in " ".join(text.split())


def test_a_line_that_does_not_hold_says_why() -> None:
    """Missed, caught by another law, too large, not to be replayed."""
    reader = BY_NAME["same-millisecond-loss"]

    def caught(**changes: Any) -> Caught:
        plain: dict[str, Any] = {"law": Law.CONVERGES, "number": 0, "is_sweep": True}
        plain |= {"steps": 1, "token": "", "message": "", "replays": True}
        return Caught(**plain | changes)

    assert "" == why_not(reader, [caught()])
    assert "missed with 1 of 2 seeds" == why_not(reader, [caught(), None])
    assert "caught by snapshot instead" == why_not(reader, [caught(law=Law.SNAPSHOT)])
    assert "minimum of 4 steps" == why_not(reader, [caught(steps=MAX_STEPS + 1)])
    assert "replays otherwise" in why_not(reader, [caught(replays=False)])


def test_the_table_has_a_line_per_reader(capsys: pytest.CaptureFixture[str]) -> None:
    """The command says how each was caught, and ends with success."""
    sizes = ["--seeds=1", "--fixed-plans=20", "--fixed-seeds=1", "--jobs=1"]
    names = ["--only=same-millisecond-loss", "--only=writes-to-the-store"]

    status = main([*sizes, *names])

    head, _, *lines = capsys.readouterr().out.splitlines()
    assert 0 == status
    assert "wrong reader" in head
    assert ["`same-millisecond-loss`", "`writes-to-the-store`"] == [
        line.split(" | ")[0].lstrip("| ") for line in lines
    ]
    assert "40 passed" in lines[0]
