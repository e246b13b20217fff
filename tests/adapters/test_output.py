"""Reading what a command wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_parsediff.adapters.output import read_output
from pytest_parsediff.core.errors import NotAnEventError, OutputFormatError, Where
from pytest_parsediff.core.event import Event, Notice


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the output lies."""
    return tmp_path / "stdout"


def read(path: Path, data: bytes, records: str | None = None) -> list[Event | Notice]:
    """Return the events and notices of an output."""
    path.write_bytes(data)
    return list(read_output(path, records))


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}\n{"b": 2}\n',
        b'{"a": 1}\n{"b": 2}',
        b'{"a": 1}\r\n{"b": 2}\r\n',
        b'\n\n{"a": 1}\n \t\r\n{"b": 2}\n\n',
        b'\xef\xbb\xbf{"a": 1}\n{"b": 2}\n',
        b'[{"a": 1}, {"b": 2}]',
        b'\xef\xbb\xbf \r\n[\n  {"a": 1},\r\n  {"b": 2}\n]\n',
    ],
)
def test_lines_and_arrays_are_events(path: Path, data: bytes) -> None:
    """One object per line, or one array of objects, however they are spaced."""
    assert [{"a": 1}, {"b": 2}] == read(path, data)


@pytest.mark.parametrize("data", [b"", b"\n \r\n", b"[]", b"\xef\xbb\xbf"])
def test_nothing_is_no_event(path: Path, data: bytes) -> None:
    """An empty output is valid."""
    assert [] == read(path, data)


def test_only_lf_ends_a_line(path: Path) -> None:
    """U+2028, U+0085 and other separators of text may stand in a string."""
    data = '{"a": "\u2028\x85\x0c"}\n'.encode().replace(b"\x0c", b"\\f")

    assert [{"a": "\u2028\x85\x0c"}] == read(path, data)


@pytest.mark.parametrize(
    ("records", "data"),
    [
        ("sessions", b'{"sessions": [{"a": 1}], "total": 1}'),
        ("/data/0/list", b'\n{"data": [{"list":\n[{"a": 1}]}]}\n'),
    ],
)
def test_records_are_found_in_a_document(path: Path, records: str, data: bytes) -> None:
    """A bare word is a member of the top level, a pointer goes deeper."""
    assert [{"a": 1}] == read(path, data, records)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b'{"a": [], "b": 1}',
            r"a list at 'x', which is absent; the document has \['a', 'b'\]",
        ),
        (b'{"x": {"a": 1}}', r"a list at 'x', which is \{'a': 1\}"),
        (b"[1]", "a list at 'x', which is absent"),
        (b" \n", "expected a JSON document, got nothing"),
    ],
)
def test_a_document_without_the_list_is_refused(
    path: Path, data: bytes, message: str
) -> None:
    """PD404 says what lies there instead."""
    with pytest.raises(OutputFormatError, match=f"PD404: .*{message}"):
        read(path, data, "x")


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b'{"a": 1}\n\nprogress: 3%\n', 3, "got 'progress: 3%': Expecting value"),
        (b'{"a": 1}\n{"a": \n', 2, "Expecting value"),
        (b'{"a": 1} {"b": 2}\n', 1, "Extra data"),
        (b'[\n{"a": 1},\n{"b" 2}]', 3, "Expecting ':' delimiter"),
        (b'{"a": "x"}\n{"a": "\xff"}\n', 2, "expected UTF-8, got byte 0xff"),
        (b'[\n{"a": "\xc3"}]', 2, "expected UTF-8, got byte 0xc3"),
        (b"\xff\xfe{\x00}\x00", 1, "expected UTF-8, got byte 0xff"),
        (b'{}\n{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}\n', 2, "key 'c' twice"),
        (b'{"a": ' + b"1" * 5000 + b"}\n", 1, "Exceeds the limit"),
        (b'{}\n{"a": ' + b"[" * 100_000, 2, "recursion"),
    ],
)
def test_garbage_is_told_with_its_line(
    path: Path, data: bytes, line: int, message: str
) -> None:
    """PD404 names the file and the line."""
    with pytest.raises(OutputFormatError, match="PD404") as caught:
        read(path, data)

    assert caught.value.where is not None
    assert (path, line) == (caught.value.where.path, caught.value.where.line)
    assert message in caught.value.message


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_are_not_json_are_refused(path: Path, literal: bytes) -> None:
    """Python's parser takes them, JSON does not."""
    with pytest.raises(NotAnEventError, match=r"PD405: .*stdout:2: .*is not JSON"):
        read(path, b'{}\n{"a": ' + literal + b"}\n")


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        (b'{}\n"text"\n', 2, "expected an object, got 'text'"),
        (b"{}\n[1]\n", 2, "expected an object, got [1]"),
        (b"[{}, 7]", None, "element 1: expected an object, got 7"),
        (b"null\n", 1, "expected an object, got None"),
    ],
)
def test_elements_that_are_no_objects_are_refused(
    path: Path, data: bytes, where: int | None, message: str
) -> None:
    """PD405 names the line, or the index in an array."""
    with pytest.raises(NotAnEventError, match="PD405") as caught:
        read(path, data)

    assert Where(path, where) == caught.value.where
    assert message == caught.value.message


def test_a_missing_file_is_refused(path: Path) -> None:
    """A command that did not write its output file is PD404."""
    with pytest.raises(OutputFormatError, match=r"PD404: .*stdout: .*No such file"):
        list(read_output(path))


# --- notices ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (
            b'{"id": 1}\n{"$notice": {"code": "odd", "message": "m", "where": "w"}}',
            None,
        ),
        (
            b'[{"id": 1}, {"$notice": {"where": "w", "message": "m", "code": "odd"}}]',
            None,
        ),
        (
            b'{"a": [{"id": 1}, {"$notice": {"code":"odd","message":"m","where":"w"}}]}',
            "/a",
        ),
    ],
)
def test_notices_come_in_their_place(
    path: Path, data: bytes, records: str | None
) -> None:
    """An object whose only member is $notice is no event, in every kind of output."""
    assert [{"id": 1}, Notice("odd", "m", "w")] == read(path, data, records)


def test_a_notice_needs_its_code_alone(path: Path) -> None:
    """Message and place are empty when they are left out."""
    assert [Notice("incomplete", "")] == read(
        path, b'{"$notice":{"code":"incomplete"}}'
    )


@pytest.mark.parametrize(
    "data",
    [
        b'{"$notice": {"code": "odd"}, "id": 1}',
        b'{"a": {"$notice": {"code": "odd"}}}',
        b'{"notice": {"code": "odd"}}',
        b"{}",
    ],
)
def test_other_objects_stay_events(path: Path, data: bytes) -> None:
    """A record of somebody's that has the member beside others is an event."""
    (found,) = read(path, data)

    assert isinstance(found, dict)


@pytest.mark.parametrize(
    "value",
    [
        *(b"null", b"[]", b'"odd"', b"{}", b'{"code": ""}', b'{"code": 1}'),
        *(b'{"message": "m"}', b'{"code": "odd", "message": null}'),
        *(b'{"code": "odd", "where": 7}', b'{"code": "odd", "more": ""}'),
    ],
)
def test_a_notice_that_is_none_is_refused(path: Path, value: bytes) -> None:
    """PD404 names the line, so that a misspelled notice is never lost."""
    with pytest.raises(
        OutputFormatError, match=r"PD404: .*stdout:2: expected a notice"
    ):
        read(path, b'{}\n{"$notice": ' + value + b"}\n")


def test_a_bad_notice_in_an_array_is_told_by_its_index(path: Path) -> None:
    """An array has no line per element."""
    with pytest.raises(
        OutputFormatError, match=r"PD404: .*: element 1: expected a not"
    ):
        read(path, b'[{}, {"$notice": 5}]')
