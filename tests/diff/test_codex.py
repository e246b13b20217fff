"""Codex: consumed boundary and title index, beside the records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_parsediff.diff.codex import (
    BoundaryFinder,
    compare_title,
    consumed_boundary,
    effective_mtime,
    index_path,
    is_json,
    titles,
)

# --- boundary -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "boundary"),
    [
        pytest.param(b"", 0, id="empty"),
        pytest.param(b'{"n":1}\n', 8, id="one line"),
        pytest.param(b'{"n":1}', 0, id="valid without LF"),
        pytest.param(b'{"n":1}\n{"n":2}', 8, id="last line valid without LF"),
        pytest.param(b'{"n":1}\n{"n"', 8, id="partial tail"),
        pytest.param(b'{"n":1}\n{"n"\n', 8, id="terminated invalid line"),
        pytest.param(b'{"n":1}\noops\n{}\n', 16, id="jumps past an invalid line"),
        pytest.param(b"\n\n", 0, id="blank lines"),
        pytest.param(b"\n{}\n\n", 4, id="blank lines around"),
        pytest.param(b"{}\r\n", 4, id="CRLF"),
        pytest.param(b"1\nnull\n", 7, id="any JSON value"),
        pytest.param('"\u2028\x85"\n'.encode(), 8, id="other line separators"),
    ],
)
def test_boundary(data: bytes, boundary: int) -> None:
    """It lies after the last line that ends with LF and is valid JSON."""
    assert boundary == consumed_boundary([data])


@given(st.lists(st.sampled_from([b"{}", b"\n", b'{"a":', b"1}", b"x", b" "])))
@example([b'{"a":', b"1}", b"\n"])
def test_how_the_file_is_cut_does_not_matter(chunks: list[bytes]) -> None:
    """Chunks of any size give the boundary of the whole."""
    whole = b"".join(chunks)
    single = (whole[place : place + 1] for place in range(len(whole)))

    assert consumed_boundary([whole]) == consumed_boundary(chunks)
    assert consumed_boundary([whole]) == consumed_boundary(single)


@given(st.binary(), st.binary())
def test_an_incomplete_line_never_moves_the_boundary(data: bytes, tail: bytes) -> None:
    """Whatever is appended without LF, the boundary stays."""
    whole = data[: data.rfind(b"\n") + 1]

    assert consumed_boundary([whole]) == consumed_boundary(
        [whole, tail.replace(b"\n", b"")]
    )


def test_lines_are_not_kept() -> None:
    """Of a long transcript only the line at hand is in memory."""

    def chunks() -> Iterator[bytes]:
        for _ in range(1000):
            yield b'{"n":1}\n{"n"'
            yield b":2}\n"
            held.append(sum(map(len, finder._line)))

    finder = BoundaryFinder()
    held: list[int] = []
    for chunk in chunks():
        finder.feed(chunk)

    assert {0, 5} >= set(held)
    assert 1000 * 16 == finder.boundary


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"a":[1,2.5e3,true,null,"x"]}', True),
        (b'{"a":1}{"b":2}', False),
        (b'{"a":1,}', False),
        (b"01", False),
        (b"NaN", False),
        (b'{"a":NaN}', False),
        (b"", False),
        (b"  ", False),
        (b"1e999", True),
        (b"9" * 5000, True),
        (b'"\xff"', True),
        (rb'"\ud800"', True),
        (rb'{"a":"\ud800","b":NaN}', False),
        (rb'{"a":"\ud800","b":' + b"9" * 5000 + b"}", True),
        (rb'"\ud800', False),
        (rb'"\uZZZZ"', False),
        (b'"\x01"', False),
        (b"[" * 100_000 + b"]" * 100_000, False),
        (b'["' + rb"\ud800" + b'",' + b"[" * 100_000 + b"]" * 100_001, False),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_json(line: bytes, expected: bool) -> None:
    """By the grammar of RFC 8259; what strings contain does not matter."""
    assert expected is is_json(line)


# --- titles ---------------------------------------------------------------------------


def test_titles_of_the_index() -> None:
    """The last line of an id wins, titles are trimmed, and blank is a title."""
    lines = [
        b'{"id":"a","thread_name":"first"}',
        b'{"id":"b","thread_name":" b \\n"}',
        b'{"id":"a","thread_name":"second"}',
        b'{"id":"c","thread_name":"   "}',
    ]

    assert {"a": "second", "b": "b", "c": ""} == titles(lines)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b'{"id":"a","thread_name":"x"',
        b'{"id":"a"}',
        b'{"id":"a","thread_name":null}',
        b'{"id":1,"thread_name":"x"}',
        b'["a","x"]',
        b"\xff",
        b"[" * 100_000,
    ],
    ids=lambda line: repr(line)[:20],
)
def test_lines_that_say_nothing_of_a_title(line: bytes) -> None:
    """A line without id and title changes nothing, also not what was known."""
    known = b'{"id":"a","thread_name":"known"}'

    assert {"a": "known"} == titles([known, line])


@pytest.mark.parametrize(
    ("transcript", "index"),
    [
        ("/h/.codex/sessions/2026/01/02/r.jsonl", "/h/.codex/session_index.jsonl"),
        ("/h/.codex/archived_sessions/r.jsonl", "/h/.codex/session_index.jsonl"),
        ("/sessions/x/sessions/r.jsonl", "/sessions/x/session_index.jsonl"),
        ("/h/other/r.jsonl", None),
        ("/h/other/sessions", None),
    ],
)
def test_where_the_index_lies(transcript: str, index: str | None) -> None:
    """Beside the nearest folder of sessions above the transcript."""
    expected = None if index is None else PurePosixPath(index)

    assert expected == index_path(PurePosixPath(transcript))


@pytest.mark.parametrize(
    ("transcript_ns", "index_ns", "expected"), [(5, 7, 7), (7, 5, 7), (5, None, 5)]
)
def test_effective_mtime(
    transcript_ns: int, index_ns: int | None, expected: int
) -> None:
    """The newer of both files; the transcript's own where there is no index."""
    assert expected == effective_mtime(transcript_ns, index_ns)


@pytest.mark.parametrize(
    ("stored", "index", "shown"),
    [
        pytest.param("old", {"s": "new"}, ('"old"', '"new"'), id="renamed"),
        pytest.param("old", {"s": ""}, ('"old"', '""'), id="explicit blank clears"),
        pytest.param(None, {"s": "new"}, ('""', '"new"'), id="named"),
        pytest.param("old", {"s": "old"}, None, id="same"),
        pytest.param(" old ", {"s": "old"}, None, id="same but for spaces"),
        pytest.param("old", {}, None, id="no entry"),
        pytest.param("old", {"t": "new"}, None, id="entry of another"),
        pytest.param(None, {"s": ""}, None, id="none and blank"),
    ],
)
def test_titles_are_compared_directly(
    stored: str | None, index: dict[str, str], shown: tuple[str, str] | None
) -> None:
    """An entry of the index is held against the stored title; no entry is no signal."""
    diff = compare_title(stored, index, "s", is_incremental=False)

    assert shown == (None if diff is None else (diff.stored, diff.parsed))


@pytest.mark.parametrize("is_incremental", [True, False])
def test_a_title_is_informational_by_the_marker_of_its_row(
    is_incremental: bool,
) -> None:
    """Appending does not refresh titles; a full parse does, whoever the agent is."""
    diff = compare_title("old", {"s": "new"}, "s", is_incremental=is_incremental)

    assert diff is not None
    assert is_incremental is diff.is_informational


def test_a_title_is_shown_on_one_harmless_line() -> None:
    """What people wrote into a title cannot break lines or trick a terminal."""
    diff = compare_title(
        "é", {"s": "b\n\x1b[2J" + "x" * 200}, "s", is_incremental=False
    )

    assert diff is not None
    assert '"é"' == diff.stored
    assert len(diff.parsed) <= 81
    assert diff.parsed.isprintable()
