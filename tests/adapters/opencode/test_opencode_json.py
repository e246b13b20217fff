"""Reading JSON as Go does: syntax, literals, struct fields, canonical output."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.adapters.opencode.gofields import Fields
from pytest_parsediff.adapters.opencode.gojson import (
    MAX_DEPTH,
    DecodeError,
    Value,
    parse,
)
from pytest_parsediff.adapters.opencode.gotext import (
    canonical_json,
    quote_go,
    quote_json,
)

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
soup = st.text(
    alphabet='{}[]:,"\\/ \t\n\r\x00\u0141ut0123456789.eE+-rfalsn', max_size=24
)


def plain(value: Value) -> Any:
    """Return *value* as Python data."""
    if value.first == "{":
        return {name.string(): plain(member) for name, member in value.members}
    if value.first == "[":
        return [plain(element) for element in value.elements]
    return value.string() if value.first == '"' else json.loads(value.literal)


def refuse(name: str) -> None:
    """Refuse NaN and infinities, which are not JSON."""
    raise ValueError(name)


def fields(text: str) -> Fields:
    """Return the members of the object *text*."""
    return Fields([parse(text)])


@given(documents, st.sampled_from([None, 1]))
def test_parse_reads_what_json_writes(document: Any, indent: int | None) -> None:
    """Every document comes back as it was written, whatever its spacing."""
    assert document == plain(parse(json.dumps(document, indent=indent)))


@given(soup)
@example("01")
@example("[1,]")
@example('{"a":1,}')
@example("1 2")
@example("nullnull")
@example('"\\u12"')
@example("[}")
@example("{[")
@example("]")
@example(",")
@example("{1:2}")
@example('{"a"}')
@example("[1 2]")
@example("[1:2]")
@example('{"a":1:"b":2}')
def test_parse_accepts_what_json_accepts(text: str) -> None:
    """No text is accepted or refused that a strict JSON reader treats otherwise."""
    try:
        expected: Any = (json.loads(text, parse_constant=refuse),)
    except ValueError:
        expected = None
    try:
        actual: Any = (plain(parse(text)),)
    except DecodeError:
        actual = None

    if "\\u" not in text:  # lone surrogates are replaced here and kept there
        assert expected == actual


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u00a0"])
def test_blank_text_has_an_error_of_its_own(text: str) -> None:
    """Blank text is told apart from broken text by a fixed message."""
    with pytest.raises(DecodeError, match=r"^opencode: empty data blob$"):
        parse(text)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "\ufeff{}", '"a\nb"', "'a'", "1."])
def test_what_is_not_json_is_refused(text: str) -> None:
    """Constants, a byte order mark and raw control characters are not JSON."""
    with pytest.raises(DecodeError, match="not JSON: unexpected character at offset"):
        parse(text)


def test_errors_tell_the_place() -> None:
    """An error names the offset of the character, or the early end."""
    with pytest.raises(DecodeError, match="unexpected character at offset 6"):
        parse('{"a": ?}')
    with pytest.raises(DecodeError, match="the text ends too early"):
        parse('{"a": ')
    with pytest.raises(DecodeError, match="unexpected character at offset 3"):
        parse("{} {}")


def test_nesting_is_limited_by_count() -> None:
    """Ten thousand levels are read, one more is an error and not a crash."""
    parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)

    with pytest.raises(DecodeError, match="deeper than 10000"):
        parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_a_literal_is_kept_as_stored() -> None:
    """The text of a sub-value keeps inner spaces, escapes and number spelling."""
    value = parse('{"x": {"a" :1.50, "b":"\\u0041"} }').members[0][1]

    assert '{"a" :1.50, "b":"\\u0041"}' == value.literal


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ('"\\ud800"', "\ufffd"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\ud83d\\u0041"', "\ufffdA"),
        ('"\udce2\udc82"', "\ufffd\ufffd"),
        ('"a\\u0000b"', "a\0b"),
        ('"\\/"', "/"),
    ],
)
def test_strings_are_always_valid(literal: str, expected: str) -> None:
    """A lone surrogate or an invalid byte becomes U+FFFD, NUL stays."""
    assert expected == parse(literal).string()


@given(documents)
def test_canonical_form_does_not_depend_on_spelling(document: Any) -> None:
    """Spaces and the order of names have no influence on the canonical form."""
    spaced = json.dumps(document, indent=2, sort_keys=True)

    assert canonical_json(parse(json.dumps(document))) == canonical_json(parse(spaced))


def test_canonical_form_keeps_numbers_and_sorts_names() -> None:
    """Names are sorted at each level, numbers are not touched, markup is escaped."""
    value = parse(
        '{"b": [1.0, 1e3, true, {"d":null,"c":"<&>\u2028"}], "a": [], "b2": {}}'
    )

    assert (
        b'{"a":[],"b":[1.0,1e3,true,{"c":"\\u003c\\u0026\\u003e\\u2028","d":null}],"b2":{}}'
        == canonical_json(value)
    )


def test_canonical_form_keeps_the_last_duplicate() -> None:
    """Of two members of one name the second one counts."""
    assert b'{"a":2}' == canonical_json(parse('{"a":1,"a":2}'))


def test_canonical_form_of_deep_nesting() -> None:
    """Nesting beyond Python's own stack is written like any other."""
    text = "[" * 5000 + "]" * 5000

    assert text.encode() == canonical_json(parse(text))


def test_quote_json_leaves_other_characters_alone() -> None:
    """Only markup, separators and control characters are escaped."""
    assert '"\u00e9/\x7f\\n\\u003c"' == quote_json("\u00e9/\x7f\n<")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ('a"b\\', '"a\\"b\\\\"'),
        ("\n\x00\x7f", '"\\n\\x00\\x7f"'),
        ("\u0085\u200b\U000e0001", '"\\u0085\\u200b\\U000e0001"'),
        ("\u00e9 \u4f60", '"\u00e9 \u4f60"'),
    ],
)
def test_quote_go(text: str, expected: str) -> None:
    """What can be printed stays, the rest is escaped as short as possible."""
    assert expected == quote_go(text)


@pytest.mark.parametrize("name", ["modelID", "MODELID", "modelid", "MoDeLiD"])
def test_names_match_whatever_their_case(name: str) -> None:
    """A field is found under any spelling of its name."""
    assert "m" == fields(f'{{"{name}":"m"}}').string("modelID")


def test_names_match_two_letters_beyond_ascii() -> None:
    """The long s and the Kelvin sign fold to ASCII, other letters do not."""
    assert "x" == fields('{"\u017ftatus":"x"}').string("status")
    assert "x" == fields('{"to\u212aens":"x"}').string("tokens")
    assert "" == fields('{"me\u00dfage":"x"}').string("message")


def test_absent_and_null_fields_are_zero() -> None:
    """A field that is absent or null has the zero value of its type."""
    for empty in (fields("{}"), fields('{"a":null}'), fields("null")):
        assert "" == empty.string("a")
        assert 0 == empty.integer("a")
        assert 0.0 == empty.real("a")
        assert () == empty.strings("a")
        assert empty.boolean("a") is False
        assert empty.optional_integer("a") is None
        assert empty.optional_struct("a") is None
        assert "" == empty.struct("a").string("b")


def test_last_duplicate_counts() -> None:
    """Of duplicate names the last one counts, and a null changes nothing."""
    doubled = fields('{"a":1,"A":2,"a":null,"s":"x","S":"y","b":true,"b":false}')

    assert 2 == doubled.integer("a")
    assert "y" == doubled.string("s")
    assert doubled.boolean("b") is False


def test_a_final_null_unsets_an_optional_field() -> None:
    """Optional fields are absent when their last duplicate is null."""
    doubled = fields('{"n":1,"n":null,"o":{"x":1},"o":null}')

    assert doubled.optional_integer("n") is None
    assert doubled.optional_struct("o") is None


def test_duplicate_structs_are_merged() -> None:
    """Members of a repeated object are filled into the same struct."""
    merged = fields('{"o":{"x":1,"y":2},"o":{"y":3}}').struct("o")

    assert (1, 3) == (merged.integer("x"), merged.integer("y"))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"s":5}', "s: expected string, got number"),
        ('{"s":5,"s":"right"}', "s: expected string, got number"),
        ('{"i":"5"}', "i: expected integer, got string"),
        ('{"i":true}', "i: expected integer, got bool"),
        ('{"i":1.0}', "i: expected a 64-bit integer literal"),
        ('{"i":1e3}', "i: expected a 64-bit integer literal"),
        ('{"i":9223372036854775808}', "i: expected a 64-bit integer literal"),
        ('{"i":-9223372036854775809}', "i: expected a 64-bit integer literal"),
        ('{"r":"x"}', "r: expected number, got string"),
        ('{"r":1e999}', "r: number out of range"),
        ('{"b":1}', "b: expected bool, got number"),
        ('{"l":{}}', "l: expected array, got object"),
        ('{"l":["x",1]}', "l: expected string, got number"),
        ('{"o":[]}', "o: expected object, got array"),
        ('{"o":{"i":""}}', "o.i: expected integer, got string"),
        ("[]", "value: expected object, got array"),
        ('"x"', "value: expected object, got string"),
    ],
)
def test_wrong_types_are_errors(text: str, error: str) -> None:
    """A value of the wrong type is refused, and the error names its path."""
    with pytest.raises(DecodeError) as caught:
        _read_all(fields(text))

    assert error == str(caught.value)


def _read_all(struct: Fields) -> None:
    struct.string("s")
    struct.integer("i")
    struct.real("r")
    struct.boolean("b")
    struct.strings("l")
    struct.struct("o").integer("i")


def test_number_limits() -> None:
    """The ends of the 64-bit range, minus zero and exponents of reals are fine."""
    ends = fields('{"a":9223372036854775807,"b":-9223372036854775808,"c":-0,"r":-1E+2}')

    assert 2**63 - 1 == ends.integer("a")
    assert -(2**63) == ends.integer("b")
    assert 0 == ends.integer("c")
    assert -100.0 == ends.real("r")


def test_null_elements_are_empty_strings() -> None:
    """In a list of strings null is an empty one."""
    assert ("a", "") == fields('{"l":["a",null]}').strings("l")


def test_raw_fields_keep_null() -> None:
    """A field of any type is handed out as stored, null too, absent as nothing."""
    both = fields('{"a":[1 ],"a":null}')
    raw = both.raw("a")

    assert raw is not None
    assert "null" == raw.literal
    assert both.raw("b") is None


@given(st.text(max_size=40) | soup | documents.map(json.dumps))
def test_only_the_own_error_leaves_the_reader(text: str) -> None:
    """Reading any text gives a value or a decode error, nothing else."""
    with suppress(DecodeError):
        _read_all(fields(text))
