"""What a table of an adapter compiles to: ids, keys, forms, and what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from diff_sessions import STRICT, compare, compile_table, fields

from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import CanonicalRuleError
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.diff.comparison import compile_comparison
from pytest_parsediff.diff.records import Record


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"a": "s1"}, "s1"),
        ({"a": "s1", "b": {"id": "s2"}}, "s1"),
        ({"b": {"id": "s2"}}, "s2"),
        ({"a": None, "b": {"id": "s2"}}, "s2"),
        ({"a": "", "b": {"id": "s2"}}, "s2"),
        ({"a": [], "b": {"id": "s2"}}, "s2"),
        ({"a": True, "b": {"id": "s2"}}, "s2"),
        ({"a": 0, "b": {"id": "s2"}}, "0"),
        ({"a": 2**70}, str(2**70)),
        ({"a": 1.5}, None),
        ({"c": "s1"}, None),
    ],
)
def test_session_ids(event: dict[str, Any], expected: str | None) -> None:
    """The first place that has text or an integer."""
    comparison = compile_table({"session": ["a", "/b/id"]})
    assert expected == comparison.session_of(event)


def test_without_session_places() -> None:
    """No event has an id."""
    assert STRICT.session_of({"session": "s1"}) is None
    assert () == STRICT.session


def test_the_built_in_opencode_adapter_has_one_session_per_event() -> None:
    """A session's own event has its id elsewhere than the events inside it."""
    config = BUILTIN["opencode"].config
    comparison = compile_comparison(config, compile_rules(config))
    started = {"kind": "session_started", "payload": {"NativeID": "ses_1"}}
    turn = {"kind": "turn_started", "payload": {"SessionNativeID": "ses_1"}}
    child = {
        "kind": "op_started",
        "payload": {"SessionNativeID": "ses_1", "ChildSessionNativeID": "ses_2"},
    }
    assert ["ses_1"] * 3 == [comparison.session_of(e) for e in (started, turn, child)]


def test_keys() -> None:
    """Only what is there, in one spelling, and never one text for two identities."""
    comparison = compile_table({"key": ["/kind", "/a", "/b"]})
    assert '{"0":"m","2":{"x":[1,null],"y":"é"}}' == comparison.key_of(
        {"kind": "m", "b": {"y": "é", "x": [1, None]}, "text": "t"}
    )
    events: list[dict[str, Any]] = [
        {"a": "x"},
        {"b": "x"},
        {"a": None},
        {"a": "x", "b": None},
        {"a": "null"},
        {"a": 1},
        {"a": "1"},
        {"a": True},
    ]
    assert 8 == len({comparison.key_of(event) for event in events})
    assert "" == comparison.key_of({"text": "t"})


def test_records() -> None:
    """A record is its line and its key; a line that cannot be read has none."""
    assert Record(3, '{"0":"m"}', b'{"kind":"m"}') == STRICT.record(3, b'{"kind":"m"}')
    deep = b'{"kind":' * 200_000
    for line in (b'{"kind":', b"[1]", b"\xff", b"3", deep):
        assert Record(0, "", line) == STRICT.record(0, line)
        assert {} == STRICT.read(line)
    assert Record(0, "", b"{}") == compile_table().record(0, b"{}")


SAME_FORM: list[dict[str, Any]] = [
    {"key": ["a"]},
    {"session": "b"},
    {"command": ["x"], "timeout_s": 3},
    {"data_version": 7},
    {"compare": {"ignore": ["a"], "fields": {"x": ["b"]}, "tolerance": {"c": 1}}},
    {"compare": {"multiset": {}}},
    {"compare": {"aggregates": {"x": "b"}, "skew": ["x"], "bodies": ["y"]}},
    {"encoder": "sorted", "ordered": True, "drop": [], "rename": {}},
]
OTHER_FORMS: list[dict[str, Any]] = [
    {"ordered": False},
    {"encoder": "declared"},
    {"drop": ["a"]},
    {"drop": ["b"]},
    {"keep": []},
    {"keep": ["a"]},
    {"rename": {"a": "b", "b": "c"}},
    {"rename": {"b": "c", "a": "b"}},
    {"derive": {"a": "b"}},
    {"round": {"a": 1}},
    {"sort": ["a"]},
    {"drop_events": {"a": [1]}},
    {"drop_events": {"a": [True]}},
    {"compare": {"multiset": {"a": [1]}}},
    {"compare": {"multiset": {"a": ["1"]}}},
]


def test_forms() -> None:
    """A form is of what changes lines or fingerprints, and of nothing else."""
    plain = compile_table().form
    assert {plain} == {compile_table(table).form for table in SAME_FORM}
    others = [compile_table(table).form for table in OTHER_FORMS]
    assert len(OTHER_FORMS) + 1 == len({plain, *others})


def test_redaction_belongs_to_the_form() -> None:
    """It is no rule of the adapter, but it changes lines."""
    config = AdapterConfig()
    forms = {
        compile_comparison(config, compile_rules(config, redact)).form
        for redact in ({}, {"a": "x"}, {"a": "y"}, {"b": "x"})
    }
    assert 4 == len(forms)


def test_values_of_events_left_out_may_be_dates() -> None:
    """TOML has values that JSON has not."""
    config = msgspec.convert({"drop_events": {"a": [1]}}, AdapterConfig)
    from datetime import date

    dated = msgspec.structs.replace(config, drop_events={"a": [date(2026, 1, 1)]})
    forms = {
        compile_comparison(one, compile_rules(one)).form for one in (config, dated)
    }
    assert 2 == len(forms)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"fields": {"records": ["a"]}}, "compare.fields: 'records' cannot be a name"),
    ({"fields": {"order": ["a"]}}, "'order' cannot"),
    ({"fields": {"presence": ["a"]}}, "'presence' cannot"),
    ({"fields": {"fingerprint": ["a"]}}, "'fingerprint' cannot"),
    ({"fields": {"aggregate:x": ["a"]}}, "'aggregate:x' cannot"),
    ({"fields": {"/x": ["a"]}}, "'/x' cannot"),
    ({"fields": {"": ["a"]}}, "'' cannot"),
    ({"fields": {"x": ["a"], "y": ["/a"]}}, "/a is in 'x' and in 'y'"),
    ({"skew": ["presence"]}, "compare.skew: 'presence' always counts"),
    ({"informational": ["fingerprint"]}, "'fingerprint' always counts"),
    ({"filled_later": ["aggregate:x"]}, "filled_later: there is no aggregate:x"),
    ({"tolerance": {"aggregate:x": 1}}, "tolerance: there is no aggregate:x"),
    (
        {"fields": {"x": ["/a"]}, "skew": ["a"]},
        "compare.skew: a is in the group 'x'; name the group",
    ),
]


@pytest.mark.parametrize(("table", "message"), REFUSED)
def test_contradictions_are_refused(table: dict[str, Any], message: str) -> None:
    """What could not mean what it says is an error before anything is compared."""
    with pytest.raises(CanonicalRuleError, match=f"PD414: .*{message}"):
        compile_table(**table)


def test_a_field_may_have_several_roles() -> None:
    """Names and places may stand in several lists, in any spelling of a place."""
    comparison = compile_table(
        fields={"x": ["/a", "/a"], "y": ["/b"]},
        informational=["x", "cwd", "/c~1d"],
        filled_later=["/cwd", "y"],
        skew=["cwd", "x"],
    )
    assert {"x", "/cwd", "/c~1d"} == comparison.informational
    assert {"/cwd", "y"} == comparison.filled_later
    assert {"/cwd", "x"} == comparison.skew


def test_a_name_is_told_from_a_place() -> None:
    """A bare word is a name if there is one, and else a place."""
    comparison = compile_table(fields={"x": ["/y"]}, skew=["x", "records", "/records"])
    assert {"x", "records", "/records"} == comparison.skew
    assert ["/x", "x"] == fields(
        compare([{"x": 1, "y": 1}], [{"x": 2, "y": 2}], comparison)
    )


def test_an_ignored_place_may_also_be_named() -> None:
    """At the very same place ignoring goes before naming, also with any index."""
    comparison = compile_table(ignore=["/a/*", "b"], fields={"x": ["/a/0", "b"]})
    old, new = [{"a": [1, 1], "b": 1}], [{"a": [2, 2], "b": 2}]
    assert () == compare(old, new, comparison)
