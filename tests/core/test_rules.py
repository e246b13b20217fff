"""What a configuration declares about events."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_parsediff.core.canonical import Encoder, encode_lines
from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import CanonicalRuleError, NotAnEventError
from pytest_parsediff.core.paths import path_replacer, with_encoded
from pytest_parsediff.core.pointers import Pointer
from pytest_parsediff.core.rules import compile_rules

Event = dict[str, Any]
STORE = "/run/main-1/store/store.db"


def apply(
    events: list[Event],
    redact: list[str] | Mapping[str, str] = (),  # type: ignore[assignment]
    paths: Mapping[str, str] | None = None,
    **keys: object,
) -> list[Event]:
    """Return *events* as the rules in *keys* leave them."""
    config = msgspec.convert(keys, AdapterConfig)
    lines = compile_rules(config, redact).apply(events, paths or {})
    return [json.loads(line) for line in lines]


def test_no_rules() -> None:
    """Without rules events are sorted inside, ordered, and have no identity."""
    rules = compile_rules(AdapterConfig())
    assert (Encoder.SORTED, True, (), ()) == (
        rules.encoder,
        rules.ordered,
        rules.key,
        rules.session,
    )
    assert [b'{"a":1,"b":2}', b'{"a":0}'] == rules.apply(
        [{"b": 2, "a": 1}, {"a": 0}], {}
    )


def test_identity_and_form() -> None:
    """Key, session and encoder are passed on."""
    config = AdapterConfig(key=["id", "/a/b"], session="sid", encoder=Encoder.DECLARED)
    rules = compile_rules(config)
    assert (("id", "/a/b"), (Pointer.parse("sid"),), Encoder.DECLARED) == (
        rules.key,
        rules.session,
        rules.encoder,
    )


def test_session_at_several_places() -> None:
    """They stay in the order in which they are looked for."""
    rules = compile_rules(AdapterConfig(session=["/b/id", "a"]))
    assert ("/b/id", "a") == tuple(place.text for place in rules.session)


EVENT: Event = {"kind": "k", "n": {"a": 1, "b": 2.345}, "list": [{"x": 1}, {"x": 2}]}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"derive": {"/n/sum": "/n/a + /n/b"}}, {"/n/sum": 3.345}),
        ({"derive": {"d": "-/n/a"}}, {"d": -1}),
        ({"derive": {"d": "/n/a + nope - /n/a"}}, {"d": 0}),
        ({"derive": {"d": "nope + nada"}}, {}),
        ({"rename": {"/n/a": "/m/z"}}, {"/n/a": None, "/m/z": 1}),
        ({"rename": {"nope": "x"}}, {}),
        ({"rename": {"/list/0": "first"}}, {"first": {"x": 1}, "list": [{"x": 2}]}),
        ({"round": {"/n/b": 1, "/n/a": 1, "nope": 1}}, {"/n/b": 2.3}),
        ({"round": {"/n/b": -1}}, {"/n/b": 0.0}),
        ({"drop": ["/n/a", "nope"]}, {"/n/a": None}),
        ({"drop": ["/list/1"]}, {"list": [{"x": 1}]}),
    ],
)
def test_each_rule(keys: dict[str, Any], expected: dict[str, Any]) -> None:
    """A rule changes what it names and nothing else; None stands for absent here."""
    wanted = copy.deepcopy(EVENT)
    for place, value in expected.items():
        *above, last = place.removeprefix("/").split("/")
        holder = wanted
        for name in above:
            holder = holder.setdefault(name, {})
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    assert [wanted] == apply([EVENT], **keys)


def test_keep() -> None:
    """Everything that is not named is left out; what is absent stays absent."""
    kept = apply([EVENT], keep=["/n/a", "kind", "nope", "list"])
    assert [{"kind": "k", "n": {"a": 1}, "list": EVENT["list"]}] == kept
    assert [{}] == apply([EVENT], keep=[])


def test_keep_of_one_element_is_refused() -> None:
    """An array with holes does not exist, so an element cannot be kept alone."""
    with pytest.raises(CanonicalRuleError, match=r"PD414.*/list/0/x is one element"):
        apply([EVENT], keep=["/list/0/x"])


def test_rules_run_in_one_order() -> None:
    """derive, rename, round, drop, keep, redact, paths, sort: each sees the last."""
    events = [{"a": 1.26, "p": "/s/x", "z": 2}, {"a": 0.11, "p": "/s", "z": 1}]
    expected = [
        {"c": 0.1, "p": "<R>", "r": "<REDACTED>"},
        {"c": 1.3, "p": "<R>/x", "r": "<REDACTED>"},
    ]
    assert expected == apply(
        events,
        redact=["r"],
        paths={"/s": "<R>"},
        derive={"b": "a"},
        rename={"b": "c", "z": "r"},
        round={"c": 1},
        drop=["a"],
        keep=["c", "p", "r"],
        sort=["c"],
    )


def test_events_are_never_changed() -> None:
    """The adapter's own objects stay as they are."""
    event = copy.deepcopy(EVENT)
    apply([event], redact=["kind"], drop=["list"], rename={"/n/a": "a"})
    assert EVENT == event


# --- drop_events, redact, sort, ordered ---------------------------------------------------


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ([1], [True, "1", None, 0, 2]),
        ([True], [1, "1", None, 0, 2, 1.0]),
        (["1", None], [1, True, 0, 2, 1.0]),
        ([False], [1, True, "1", None, 0, 2, 1.0]),
    ],
)
def test_drop_events(values: list[Any], left: list[Any]) -> None:
    """An event goes when the place holds one of the values: true is not 1, 1.0 is."""
    events: list[Event] = [{"k": v} for v in (1, True, "1", None, 0, 2, 1.0)]
    kept = apply([*events, {}], drop_events={"k": values})
    assert [repr(value) for value in left] == [repr(e["k"]) for e in kept if e]
    assert {} in kept


def test_redact() -> None:
    """A list gives the standard text, a table its own; absent places stay absent."""
    assert [{"a": "<REDACTED>"}] == apply([{"a": 1}], redact=["a", "b"])
    assert [{"a": "<T>"}, {}] == apply([{"a": {"x": 1}}, {}], redact={"a": "<T>"})


def test_sort() -> None:
    """Absent, null, booleans, numbers, text; equal ones keep the adapter's order."""
    ordered: list[Event] = [
        {},
        {"s": None},
        {"s": False},
        {"s": True},
        {"s": -1},
        {"s": 0.5},
    ]
    ordered += [{"s": 1, "n": 2}, {"s": 1.0, "n": 1}, {"s": "1"}, {"s": "a"}]
    shuffled = [ordered[i] for i in (9, 3, 6, 0, 5, 2, 7, 8, 1, 4)]
    assert ordered == apply(shuffled, sort=["s"])


def test_sort_by_several_places() -> None:
    """Later places decide between equal earlier ones."""
    events = [{"a": 2, "b": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 1}]
    assert [events[2], events[1], events[0]] == apply(events, sort=["a", "b"])


def test_sort_by_a_container_is_refused() -> None:
    """Objects and arrays have no order."""
    with pytest.raises(CanonicalRuleError, match=r"PD414.*sort: s is \[1\]"):
        apply([{"s": [1]}, {"s": 1}], sort=["s"])


@given(st.permutations([{"a": 1}, {"a": 1}, {"b": [2]}, {"a": "x"}]))
def test_unordered_events_have_one_form(events: list[Event]) -> None:
    """Equal multisets give equal lines, duplicates included."""
    assert [{"a": "x"}, {"a": 1}, {"a": 1}, {"b": [2]}] == apply(events, ordered=False)


# --- what does not fit ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression", ["", " ", "a b", "a +", "+", "a + - b", "a ++ b", "- - a", "a - "]
)
def test_bad_sums(expression: str) -> None:
    """An expression that is no sum is refused before any event is read."""
    with pytest.raises(CanonicalRuleError, match=r"PD414.*derive d: "):
        compile_rules(AdapterConfig(derive={"d": expression}))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("a+b", 5), ("a - a+b", -4), (" -a  +a ", 0), ("a", 1), ("+a", 1)],
)
def test_signs_in_names(expression: str, expected: int) -> None:
    """A sign between spaces adds or subtracts; inside a word it belongs to the name."""
    event = {"a": 1, "a+b": 5}
    assert expected == apply([event], derive={"d": expression})[0]["d"]


@pytest.mark.parametrize(
    ("event", "keys", "message"),
    [
        ({"a": "1"}, {"derive": {"d": "a"}}, "derive d: a is '1', not a number"),
        ({"a": True}, {"derive": {"d": "a"}}, "derive d: a is True, not a number"),
        ({"a": [1]}, {"derive": {"d": "a"}}, r"derive d: a is \[1\], not a number"),
        (
            {"a": 0.5, "b": 10**400},
            {"derive": {"d": "a + b"}},
            "derive d: b is too large",
        ),
        (
            {"a": 1},
            {"derive": {"/a/b": "a"}},
            "derive: /a/b runs through a plain value",
        ),
        ({"a": 1, "b": 2}, {"rename": {"b": "/a/b"}}, "rename: /a/b runs through"),
        ({"a": 1.7e308}, {"round": {"a": -308}}, "round: a is 1.7e.308, too large"),
    ],
)
def test_rules_that_do_not_fit(
    event: Event, keys: dict[str, Any], message: str
) -> None:
    """A rule and an event that contradict each other are an error with the rule's name."""
    with pytest.raises(CanonicalRuleError, match=f"PD414: {message}"):
        apply([event], **keys)


def test_null_counts_as_nothing_in_a_sum() -> None:
    """A counter that is null adds nothing; all absent leaves the target absent."""
    assert [{"a": None, "b": 2, "d": 2}, {}] == apply(
        [{"a": None, "b": 2}, {}], derive={"d": "a + b"}
    )


@given(st.floats(-1e-3, 1e-3))
def test_rounded_zero_has_no_sign(number: float) -> None:
    """What is rounded to nothing prints the same from both sides."""
    lines = compile_rules(AdapterConfig(round={"a": 2})).apply([{"a": number}], {})
    assert [b'{"a":0.0}'] == lines


@pytest.mark.parametrize("keys", [{}, {"drop": ["x"]}])
def test_deep_events_have_a_typed_error(keys: dict[str, Any]) -> None:
    """What is nested too deeply for Python ends as PD405, with and without rules."""
    event: Any = "/s/x"
    for _ in range(100_000):  # C code of CPython 3.12 and later goes far down
        event = [event]
    with pytest.raises(NotAnEventError, match=r"PD405.*nested too deeply"):
        apply([{"a": event}], paths={"/s": "<R>"}, **keys)


def test_bad_json_is_found_after_the_rules() -> None:
    """What the rules leave out need not be JSON."""
    assert [{}] == apply([{"a": b"raw"}], drop=["a"])
    with pytest.raises(NotAnEventError, match=r"PD405.*at /a: bytes"):
        apply([{"a": b"raw"}])


# --- paths --------------------------------------------------------------------------------


def replaced(text: str, paths: Mapping[str, str] | None = None) -> str:
    """Return *text* with paths replaced."""
    found = path_replacer(paths or {STORE: "<ROOT>"})({"a": text})["a"]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "opencode:{}",
        "opencode:{}?field=a",
        "file://{}/part",
        "a {} b",
        '{{"path":"{}"}}',
        "'{}'",
        "({})",
        "{}.",
        "{}. Next",
        "{}, {}",
        "{}:1:2",
        "{};{}",
        "{}\n{}\t{}",
        "{}/",
        "{}#x",
        "\u2028{}\u0085",
    ],
)
def test_whole_paths_are_replaced(text: str) -> None:
    """A path inside other text is replaced where it is a whole component."""
    assert text.format("<ROOT>", "<ROOT>", "<ROOT>") == replaced(
        text.format(STORE, STORE, STORE)
    )


@pytest.mark.parametrize(
    "text",
    [
        "{}2",
        "{}-wal",
        "{}-shm",
        "{}.bak",
        "{}_old",
        "{}é",
        "/other{}",
        "x{}",
        "..{}",
        "-{}",
    ],
)
def test_other_paths_are_left_alone(text: str) -> None:
    """A path that only begins or ends like the store is another path."""
    assert text.format(STORE) == replaced(text.format(STORE))


@given(st.text(max_size=3), st.text(max_size=3))
def test_replacing_depends_on_the_neighbours_only(before: str, after: str) -> None:
    """A path is replaced exactly when no neighbour can belong to its name."""
    joined_before = before != "" and (before[-1].isalnum() or before[-1] in "_.-")
    dotted = len(after) > 1 and after[0] == "." and is_word(after[1])
    joined_after = after != "" and (is_word(after[0]) or after[0] == "-")
    assume(STORE not in before + after)
    kept = joined_before or dotted or joined_after
    found = replaced(before + STORE + after)
    assert (STORE if kept else "<ROOT>") == found[len(before) : len(found) - len(after)]


def is_word(character: str) -> bool:
    """Return whether *character* can belong to a name."""
    return character.isalnum() or character == "_"


def test_longer_paths_go_first() -> None:
    """The source is named as such, other files as below its folder."""
    folder = STORE.rpartition("/")[0]
    paths = {folder: "<STORE_DIR>", STORE: "<ROOT>", "/run/main-1": "<RUN>"}
    text = f"{STORE} {STORE}2 {STORE}-wal {folder} {folder}2 /run/main-1/tmp"
    expected = (
        "<ROOT> <STORE_DIR>/store.db2 <STORE_DIR>/store.db-wal <STORE_DIR> "
        "<RUN>/store2 <RUN>/tmp"
    )
    assert expected == replaced(text, paths)


@pytest.mark.parametrize("name", ["a b", "é", "a#1", "a%20b", "\udcff"])
def test_a_path_is_found_in_a_url(name: str) -> None:
    """As bytes that are escaped, where it has any that a URL may not hold."""
    path = f"/home/{name}/store.db"
    paths = with_encoded({path: "<ROOT>", f"/home/{name}": "<STORE_DIR>"})
    url = f"file://{quote(os.fsencode(path))}"

    (line,) = apply([{"a": f"{url}?mode=ro {url}-wal {path}"}], paths=paths)

    expected = "file://<ROOT>?mode=ro file://<STORE_DIR>/store.db-wal <ROOT>"
    assert {"a": expected} == line


def test_a_path_without_anything_to_escape_is_there_once() -> None:
    """As itself."""
    assert {"/home/a/store.db": "<ROOT>"} == with_encoded(
        {"/home/a/store.db": "<ROOT>"}
    )


@pytest.mark.parametrize("name", ["a b", "a[1]", "a+b", "(x)", "é", "a.b.c", "a$^"])
def test_any_character_may_be_in_a_path(name: str) -> None:
    """What means something in a pattern means itself in a path."""
    assert "<ROOT>/x" == replaced(f"/tmp/{name}/x", {f"/tmp/{name}": "<ROOT>"})
    assert f"/tmp/{name}2" == replaced(f"/tmp/{name}2", {f"/tmp/{name}": "<ROOT>"})


@pytest.mark.parametrize("encoder", list(Encoder))
@pytest.mark.parametrize("folder", ["/s <&> é\u2028", '/s "x" \\', "/s\udcff", "/s"])
def test_paths_are_found_in_encoded_lines(encoder: Encoder, folder: str) -> None:
    """Whatever an encoder escapes in a path, the path is replaced."""
    rules = compile_rules(AdapterConfig(encoder=encoder))
    paths = {f"{folder}/a.db": "ROOT", f"{folder}/b": "TMP"}
    events: list[Event] = [
        {"a": 1},
        {"a": f"x:{folder}/a.db/part", "b": [f"{folder}/b"]},
        {"a": f"{folder}/c"},
        {f"{folder}/a.db": 1},
    ]
    lines = rules.apply(events, paths)
    assert [b'{"a":1}', b'{"a":"x:ROOT/part","b":["TMP"]}'] == lines[:2]
    assert lines[2:] == rules.apply(events[2:], {})
    assert f"x:{folder}/a.db/part" == events[1]["a"]
    assert lines == list(map(rules.liner(paths), events))


@pytest.mark.parametrize(
    "config",
    [
        AdapterConfig(drop_events={"a": [1]}),
        AdapterConfig(round={"b": 1}),
        AdapterConfig(),
    ],
)
def test_one_event_has_the_line_that_it_has_among_others(config: AdapterConfig) -> None:
    """Or none, where the rules leave it out."""
    rules = compile_rules(config)
    events: list[Event] = [{"a": 1, "b": 0.25}, {"a": 2, "b": f"{STORE}/x"}]
    paths = {STORE: "<ROOT>"}

    found = list(map(rules.liner(paths), events))

    assert [line for line in found if line] == rules.apply(events, paths)
    assert (found[0] is None) is bool(config.drop_events)


def test_no_event_holds_a_path() -> None:
    """Then all lines are those without replacing."""
    assert [{"a": "/x"}] == apply([{"a": "/x"}], paths={STORE: "<ROOT>"})


def test_sort_sees_replaced_paths() -> None:
    """Events are put in order by what their lines say, not by where they were read."""
    events = [{"p": "/tmp/z"}, {"p": "<B>"}, {"p": "/tmp"}]
    expected = [{"p": "<A>"}, {"p": "<A>/z"}, {"p": "<B>"}]
    assert expected == apply(events, paths={"/tmp": "<A>"}, sort=["p"])


def test_windows_paths_are_replaced() -> None:
    """Backslashes are found without slashes."""
    assert r"<ROOT>\part" == replaced(r"C:\s\x.db\part", {r"C:\s\x.db": "<ROOT>"})


def test_paths_are_replaced_in_values_of_any_depth_and_not_in_keys() -> None:
    """Keys name things; only values are text about the machine."""
    event = {STORE: [{"a": (STORE, 1, None)}, STORE]}
    expected = {STORE: [{"a": ["<ROOT>", 1, None]}, "<ROOT>"]}
    assert expected == path_replacer({STORE: "<ROOT>"})(event)


def test_without_paths_an_event_is_passed_on() -> None:
    """Nothing is copied when there is nothing to replace."""
    event: Event = {"a": []}
    assert event is path_replacer({})(event)


@pytest.mark.parametrize("encoder", [Encoder.SORTED, Encoder.DECLARED])
@pytest.mark.parametrize(
    "event",
    [
        {"a": "x:/s/store.db", "b": "/s/store.db2"},
        {"a": "/s/store.db/part", "/s/store.db": "key stays"},
        {"a": 'quoted "/s/store.db"', "b": "/t"},
        {"a": "line\n/s/store.db", "b": ["/s/store.db", "no/s/store.db"]},
        {"a": "<&>/s/store.db", "b": "/s"},
    ],
)
def test_paths_are_replaced_alike_in_text_and_in_values(
    event: dict[str, Any], encoder: Encoder
) -> None:
    """A line changed as text is the line of the changed event."""
    paths = {"/s/store.db": "<ROOT>", "/s": "<STORE_DIR>", "/t": "<TMP>"}
    rules = compile_rules(AdapterConfig(encoder=encoder))

    (line,) = rules.apply([event], paths)

    assert encode_lines([path_replacer(paths)(event)], encoder) == [line]
