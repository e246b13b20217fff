"""Differences that an incremental append leaves, and the order of what is reported."""

from __future__ import annotations

import pytest
from diff_sessions import AGENT, compare, compile_table, fields, message

from pytest_parsediff.diff.compare import is_confined_to_skew
from pytest_parsediff.diff.verdict import FieldDiff

COMPARISON = compile_table(AGENT)


def diff(field: str) -> FieldDiff:
    """Return a difference; ``?`` at the end makes it informational."""
    name = field.removesuffix("?")
    return FieldDiff(
        field=name, stored="a", parsed="b", is_informational=field.endswith("?")
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([], True, id="nothing"),
        pytest.param(["message_metadata"], True, id="artefact alone"),
        pytest.param(["message_metadata", "/cwd?"], True, id="beside informational"),
        pytest.param(["/cwd?"], True, id="informational alone"),
        pytest.param(["message_metadata", "models"], False, id="beside models"),
        pytest.param(["message_content"], False, id="content"),
        pytest.param(["message_tokens"], False, id="tokens"),
        pytest.param(["tool_calls"], False, id="tool calls"),
        pytest.param(["/first_message"], False, id="first message"),
        pytest.param(["message_metadata", "/cwd"], False, id="real metadata"),
        pytest.param(["records"], False, id="records"),
        pytest.param(["order"], False, id="order"),
        pytest.param(["aggregate:input_tokens"], False, id="aggregates"),
        pytest.param(["message_metadata", "presence"], False, id="presence"),
        pytest.param(["fingerprint"], False, id="fingerprint"),
    ],
)
def test_only_declared_fields_are_artefacts(
    found: list[str], *, expected: bool
) -> None:
    """Any other real difference keeps a session changed.

    Pins: DiffsConfinedToIncrementalArtifacts.
    """
    assert expected == is_confined_to_skew([diff(one) for one in found], COMPARISON)


def test_a_session_that_only_appends_made_different() -> None:
    """Comparing and judging speak of the same fields."""
    old = [message(0, flags={}), message(1)]
    new = [message(0, flags={"x": 1}), message(1)]
    found = compare(old, new, COMPARISON, is_incremental=True)
    assert (["message_metadata"], True) == (
        fields(found),
        is_confined_to_skew(found, COMPARISON),
    )
    found = compare(old, [*new, message(2)], COMPARISON, is_incremental=True)
    assert not is_confined_to_skew(found, COMPARISON)


def test_places_and_records_can_be_artefacts() -> None:
    """A single place, a sum, the records and their order can be declared, too."""
    comparison = compile_table(
        aggregates={"n": "/n"}, skew=["records", "order", "aggregate:n", "cwd", "/a/b"]
    )
    names = ["records", "order", "aggregate:n", "/cwd", "/a/b"]
    assert is_confined_to_skew([diff(name) for name in names], comparison)
    for other in ("/a", "/a/b/c", "cwd", "/a/bc"):
        assert not is_confined_to_skew([diff(other)], comparison)
    found = compare([{"a": {"b": {"c": 1}}}], [{"a": {"b": {"c": 2}}}], comparison)
    assert ["/a/b"] == fields(found)
    found = compare([{"a": {"b": 1, "c": 1}}], [{}], comparison)
    assert ["/a/b", "/a/c"] == fields(found)


def test_records_are_never_filled_later() -> None:
    """A record that came later is no value that came later."""
    comparison = compile_table(filled_later=["records", "order"])
    old, new = [message(0), message(1)], [message(2), message(1), message(0)]
    found = compare(old, new, comparison, is_incremental=True)
    assert ["records", "order"] == fields(found)


def test_real_differences_come_first() -> None:
    """Within each sort: records, order, fields by name, sums, fingerprint."""
    table = {**AGENT, "compare": {**AGENT["compare"], "aggregates": {"n": "/n"}}}
    comparison = compile_table(table, informational=["/cwd", "models", "order"])
    old = [message(0, cwd="a", n=1), message(1, z=1), message(2), message(3)]
    new = [message(1, z=2, a=1), message(0, cwd="b", model="x", n=2), message(2)]
    found = compare(old, new, comparison, is_incremental=True, fingerprint="v1:0")
    assert [
        "records", "/a", "/n", "/z", "aggregate:n", "fingerprint",
        "order?", "/cwd?", "models?",
    ] == fields(found)  # fmt: skip
    found = compare(old, new, comparison, fingerprint="v1:0")
    assert [
        "records", "order", "/a", "/cwd", "/n", "/z", "models", "aggregate:n",
        "fingerprint",
    ] == fields(found)  # fmt: skip
