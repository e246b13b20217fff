"""What people see of a mismatch."""

from __future__ import annotations

import pytest
from golden_lines import ID, encode, event, events, shown

from pytest_parsediff.golden.explain import Explanation, Totals, explain
from pytest_parsediff.golden.render import Line, Style, render


def test_a_mismatch_is_shown_from_totals_to_diff() -> None:
    """Totals, lists by identity with line numbers, shared fields, then the diff."""
    expected = [event(number, n=number) for number in range(9)]
    actual = [event(number, n=number + (number in (1, 2))) for number in range(8)]
    actual.append(actual.pop(4))
    actual.insert(0, event(77, n=0))

    lines = render(explain(expected, actual, key=ID))

    assert [
        ("5 events differ: 2 changed, 1 missing, 1 extra, 1 moved", "header"),
        ('- "msg_0008" (golden line 9)', "removed"),
        ('+ "msg_0077" (output line 1)', "added"),
        ('> "msg_0004" (golden line 5 -> output line 9)', "plain"),
        ("~ /payload/n: +1 in 2 events", "plain"),
        ('~ "msg_0001" (golden line 2, output line 3): /payload/n: 1 -> 2', "plain"),
        ('~ "msg_0002" (golden line 3, output line 4): /payload/n: 2 -> 3', "plain"),
        ("--- expected", "removed"),
        ("+++ actual", "added"),
        ("@@ -1,9 +1,9 @@", "hunk"),
        ('+{"kind":"message","payload":{"ID":"msg_0077","n":0}}', "added"),
        (' {"kind":"message","payload":{"ID":"msg_0000","n":0}}', "plain"),
        ('-{"kind":"message","payload":{"ID":"msg_0001","n":1}}', "removed"),
        ('+{"kind":"message","payload":{"ID":"msg_0001","n":2}}', "added"),
    ] == [(line.text, str(line.style)) for line in lines[:14]]
    assert [
        (' {"kind":"message","payload":{"ID":"msg_0007","n":7}}', "plain"),
        ('-{"kind":"message","payload":{"ID":"msg_0008","n":8}}', "removed"),
        ('+{"kind":"message","payload":{"ID":"msg_0004","n":4}}', "added"),
    ] == [(line.text, str(line.style)) for line in lines[-3:]]


@pytest.mark.parametrize(
    ("expected", "actual", "text"),
    [
        (events(1), [], "1 event differs: 1 missing"),
        ([], events(2), "2 events differ: 2 extra"),
        (events(1), events(1), "no event differs"),
        (events(1, n=1), events(1, n=2), "1 event differs: 1 changed"),
    ],
    ids=["missing", "extra", "none", "changed"],
)
def test_the_first_line_has_the_totals(
    expected: list[bytes], actual: list[bytes], text: str
) -> None:
    """Only what occurs is named, and one event is not plural."""
    assert text == shown(expected, actual)[0]


def test_the_first_line_is_short_even_for_millions() -> None:
    """Very large totals drop the words before the counts."""
    count = 8_888_888
    totals = Totals(
        matched=count,
        changed=count,
        moved=count,
        respelled=0,
        missing=count,
        extra=count,
        differing=3 * count,
    )
    found = Explanation(
        expected=(),
        actual=(),
        key=(),
        ordered=True,
        pairs=(),
        kept=frozenset(),
        differences=(),
        respelled=(),
        groups=(),
        totals=totals,
    )

    (line,) = render(found)

    assert "8888888 changed, 8888888 missing, 8888888 extra, 8888888 moved" == line.text


def test_a_field_that_only_one_side_has_is_added_or_removed() -> None:
    """Groups say so with a sign, a constant value or an example."""
    expected = [event(n, old=n, gone="x", title=f"a{n}", model="m1") for n in range(3)]
    actual = [event(n, new=n, fresh=True, title=f"b{n}", model="m2") for n in range(3)]

    lines = render(explain(expected, actual, key=ID))

    assert [
        ("- /payload/old: removed in 3 events, e.g. 0", Style.REMOVED),
        ('- /payload/gone: removed "x" in 3 events', Style.REMOVED),
        ('~ /payload/title: changed in 3 events, e.g. "a0" -> "b0"', Style.PLAIN),
        ('~ /payload/model: "m1" -> "m2" in 3 events', Style.PLAIN),
        ("+ /payload/new: added in 3 events, e.g. 0", Style.ADDED),
        ("+ /payload/fresh: added true in 3 events", Style.ADDED),
    ] == [(line.text, line.style) for line in lines[1:7]]


def test_an_event_names_its_first_fields() -> None:
    """Three fields are shown; the rest is counted."""
    texts = shown([event(0, a=1, b=2)], [event(0, b=3, c=[], d=4, e=5)])

    assert (
        '~ "msg_0000" (golden line 1, output line 1): /payload/a: removed 1, '
        "/payload/b: 2 -> 3, /payload/c: added [], … 2 more"
    ) == texts[1]


def test_events_that_the_groups_tell_about_come_last() -> None:
    """One odd change among a thousand equal ones is not lost below the cap."""
    expected = [event(n, n=n, t="a") for n in range(1_000)]
    actual = [event(n, n=n + 1, t="b" if n == 700 else "a") for n in range(1_000)]

    texts = shown(expected, actual)

    assert "1000 events differ: 1000 changed" == texts[0]
    assert "~ /payload/n: +1 in 1000 events" == texts[1]
    assert '~ "msg_0700" (golden line 701, output line 701): ' in texts[2]
    assert 'n: 700 -> 701, /payload/t: "a" -> "b"' in texts[2]
    assert "… 997 more changed events" == texts[5]


def test_each_list_is_capped_with_its_total() -> None:
    """Ten of each are shown and the others counted."""
    expected = [*events(30), *[event(n, a=n) for n in range(100, 130)]]
    actual = [
        *[event(n, a=[n]) for n in range(129, 99, -1)],
        *[event(n) for n in range(200, 230)],
    ]

    texts = shown(expected, actual)

    assert "90 events differ: 30 changed, 30 missing, 30 extra, 29 moved" == texts[0]
    notes = [text for text in texts if text.startswith("…")]
    assert [
        "… 20 more missing events",
        "… 20 more extra events",
        "… 19 more moved events",
        "… 27 more changed events",
    ] == notes[:4]


def test_shared_fields_are_capped_too() -> None:
    """The most frequent field changes are shown."""
    expected = [encode({"id": n, **{f"f{k}": 0 for k in range(25)}}) for n in range(2)]
    actual = [encode({"id": n, **{f"f{k}": 1 for k in range(25)}}) for n in range(2)]

    texts = shown(expected, actual, key=["id"])

    assert "~ /f9: +1 in 2 events" == texts[10]
    assert "… 15 more changed fields" == texts[11]


def test_a_changed_event_that_moved_says_so() -> None:
    """It is in both lists."""
    expected = events(4, n=1)
    texts = shown(expected, [*expected[1:], event(0, n=2)])

    assert '> "msg_0000" (golden line 1 -> output line 4)' == texts[1]
    assert '~ "msg_0000" (golden line 1, output line 4, moved): ' in texts[2]


def test_events_without_a_key_show_their_line() -> None:
    """What is missing, extra or moved shows its beginning; what changed, its kind."""
    expected = [encode({"kind": "k", "n": 1}), encode({"b": 2})]
    actual = [encode({"kind": "k", "n": 3}), encode({"c": [1, 2, 3]}), b"not json"]

    texts = shown(expected, actual, key=())

    assert '- {"b":2} (golden line 2)' == texts[1]
    assert '+ {"c":[1,2,3]} (output line 2)' == texts[2]
    assert "+ not json (output line 3)" == texts[3]
    assert '~ "k" (golden line 1, output line 1): /n: 1 -> 3' == texts[4]
    assert (
        "~ event (golden line 1, output line 1): the line: a -> b"
        == shown([b"a"], [b"b"], key=())[1]
    )


def test_a_key_of_two_parts_shows_both() -> None:
    """Parts of the key are shown as JSON, and one that is absent is left out."""
    texts = shown([encode({"s": "x"})], [], key=["s", "m"])

    assert '- "x" (golden line 1)' == texts[1]


def test_nothing_from_a_store_reaches_the_terminal_raw() -> None:
    """Names, keys and values lose escapes, line ends and what cannot be seen."""
    evil = "\x1b[2J\x85\u2028\u202e\u200b\ud800\t"
    raw = encode({"id": "EVIL", "EVIL": "a"}).replace(
        b"EVIL", evil.encode("utf-8", "surrogatepass")
    )
    escaped = b'{"id":"\\u001b\\u2028\\ud800","x":1}'
    lists = [raw, escaped, b"\x1b\n\r\t\xff"]
    changed = [escaped.replace(b"1", b"2"), raw.replace(b'"a"', b'"b"')]

    for key in ((), ("id",)):
        for pair in ((lists, changed), (changed, lists), (lists, []), ([], lists)):
            assert all(text.isprintable() for text in shown(*pair, key=key))


def test_no_line_is_wider_than_asked() -> None:
    """Many long fields and keys together are cut."""
    old = {f"a long name {n} {'x' * 90}": "y" * 500 for n in range(9)}
    new = dict.fromkeys(old, "z" * 500)
    texts = [
        line.text
        for line in render(
            explain([encode(old)], [encode(new)], key=["kind"]), width=50
        )
    ]

    assert 50 == max(len(text) for text in texts)


def test_a_line_is_plain_unless_told_otherwise() -> None:
    """Whoever adds lines of their own may leave the style out."""
    assert Style.PLAIN is Line("text").style
