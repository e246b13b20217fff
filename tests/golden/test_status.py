"""How a golden and an output relate: bytes first, then values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core.canonical import encode_sorted, join_lines
from pytest_parsediff.core.errors import (
    GoldenLineEndingsError,
    GoldenMismatchError,
    GoldenMissingError,
    GoldenUnreadableError,
    MergeMarkersError,
)
from pytest_parsediff.golden.status import (
    GoldenCheck,
    GoldenStatus,
    check_golden,
    read_golden,
)

PATH = Path("a [b] é/expected.jsonl")
BOM = b"\xef\xbb\xbf"


def check(golden: bytes | None, *actual: bytes, ordered: bool = True) -> GoldenCheck:
    """Compare *golden* with the lines *actual*."""
    return check_golden(golden, list(actual), PATH, ordered=ordered)


def assert_fails(
    found: GoldenCheck, status: GoldenStatus, error: type[Exception], message: str
) -> None:
    """Assert that the result fails with exactly *error*, whose text has *message*."""
    assert not found.passed
    assert status is found.status
    assert type(found.error) is error
    assert message in str(found.error)
    assert "" == found.note


# --- reading ----------------------------------------------------------------------------


def test_read(tmp_path: Path) -> None:
    """The bytes as they are; no file is no golden."""
    golden = tmp_path / "a [b] é"
    assert read_golden(golden) is None
    golden.write_bytes(b"\xff\r\n\0")
    assert b"\xff\r\n\0" == read_golden(golden)


@pytest.mark.parametrize("kind", ["folder", "loop", "below a file"])
def test_what_cannot_be_read_is_not_missing(tmp_path: Path, kind: str) -> None:
    """A golden that is there and cannot be read is never made anew."""
    golden = tmp_path / "expected.jsonl"
    if kind == "folder":
        golden.mkdir()
    elif kind == "loop":
        golden.symlink_to(golden)
    else:
        golden.touch()
        golden = golden / "expected.jsonl"
    with pytest.raises(
        GoldenUnreadableError, match=r"PD307: .*expected.jsonl: .*[a-z]"
    ):
        read_golden(golden)


# --- equal ------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [[], [b"{}"], [b'{"a":1}', b'{"a":1}']])
@pytest.mark.parametrize("ordered", [True, False])
def test_equal_bytes_match(lines: list[bytes], ordered: bool) -> None:
    """Equal bytes pass, and nothing is said."""
    found = check(join_lines(lines), *lines, ordered=ordered)
    assert GoldenCheck(GoldenStatus.MATCH) == found
    assert found.passed


@pytest.mark.parametrize(
    ("golden", "actual"),
    [
        (b'{"a": 1}\n', b'{"a":1}'),
        (b'{"b":2,"a":1}\n', b'{"a":1,"b":2}'),
        (b'{"a":1.0}\n', b'{"a":1}'),
        (b'{"a":1}\n', b'{"a":1.0}'),
        (b'{"a":1e2}\n', b'{"a":100}'),
        (b'{"a":"\\u00e9"}\n', '{"a":"é"}'.encode()),
        (b'\n{"a":1}\n\n \t\n', b'{"a":1}'),
        (b'  {"a":1}  \n', b'{"a":1}'),
        (b'{"a":100000000000000000000000}\n', b'{"a":1e23}'),
    ],
)
@pytest.mark.parametrize("ordered", [True, False])
def test_equal_values_pass_with_a_note(
    golden: bytes, actual: bytes, ordered: bool
) -> None:
    """Other bytes for the same values pass, and say so."""
    found = check(golden, actual, ordered=ordered)
    assert found.passed
    assert GoldenStatus.NOT_CANONICAL is found.status
    assert (golden.strip(b"\n \t") in found.expected) or found.expected
    assert "the golden is not canonical: same values, other bytes" == found.note


def test_a_missing_last_line_end() -> None:
    """What editors do most often has a note of its own."""
    found = check(b'{"a":1}\n{}', b'{"a":1}', b"{}")
    assert (GoldenStatus.NOT_CANONICAL, (b'{"a":1}', b"{}")) == (
        found.status,
        found.expected,
    )
    assert "the golden is not canonical: its last line has no line end" == found.note


# --- missing and different ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no golden for 0 events"),
        ([b"{}"], "no golden for 1 event\n"),
        ([b"{}", b"{}"], "no golden for 2 events"),
    ],
)
def test_missing(lines: list[bytes], message: str) -> None:
    """No golden is no pass, not even for no events."""
    found = check(None, *lines)
    assert_fails(found, GoldenStatus.MISSING, GoldenMissingError, f"PD301: {PATH}: ")
    assert message in str(found.error)


@pytest.mark.parametrize(
    ("golden", "lines"),
    [
        (b'{"a":1}\n', [b'{"a":2}']),
        (b'{"a":1}\n', [b'{"a":true}']),
        (b'{"a":true}\n', [b'{"a":1}']),
        (b'{"a":0}\n', [b'{"a":false}']),
        (b'{"a":1}\n', [b'{"a":"1"}']),
        (b'{"a":null}\n', [b"{}"]),
        (b'{"a":[1,2]}\n', [b'{"a":[2,1]}']),
        (b'{"a":["x"]}\n', [b'{"a":{"0":"x"}}']),
        (b'{"a":0.1}\n', [b'{"a":0.10000000000000002}']),
        (b'{"a":9007199254740993}\n', [b'{"a":9007199254740992}']),
        (b'{"a":1e400}\n', [b'{"a":1}']),
        (b'{"a":"\\ud800"}\n', [b'{"a":"\\ud801"}']),
        (b"{}\n", []),
        (b"", [b"{}"]),
        (b"\n\n", [b"{}"]),
        (b"{}\n", [b"{}", b"{}"]),
    ],
)
@pytest.mark.parametrize("ordered", [True, False])
def test_mismatch(golden: bytes, lines: list[bytes], ordered: bool) -> None:
    """Other values, or another number of events, fail."""
    found = check(golden, *lines, ordered=ordered)
    assert_fails(found, GoldenStatus.MISMATCH, GoldenMismatchError, f"PD302: {PATH}: ")
    assert tuple(line for line in golden.split(b"\n") if line) == found.expected


def test_mismatch_counts() -> None:
    """The message has both counts."""
    assert "the golden has 1 event, the adapter emits 2" in str(
        check(b"{}\n", b"{}", b"{}").error
    )
    assert "the golden has 2 events, the adapter emits 0" in str(check(b"{}\n{}").error)


def test_order() -> None:
    """Order counts, unless it was declared not to."""
    golden = b'{"a":1}\n{"a":2}\n'
    actual = (b'{"a":2}', b'{"a":1}')
    assert_fails(
        check(golden, *actual), GoldenStatus.MISMATCH, GoldenMismatchError, "PD302"
    )
    assert check(golden, *actual, ordered=False).passed


@pytest.mark.parametrize(
    ("golden", "lines", "passes"),
    [
        ([b'{"a":1}', b'{"a":1}', b"{}"], [b"{}", b'{"a":1}', b'{"a":1}'], True),
        ([b'{"a":1}', b'{"a":1}', b"{}"], [b"{}", b"{}", b'{"a":1}'], False),
        ([b'{"a":1.0}', b'{"a":1}'], [b'{"a":1}', b'{"a":1}'], True),
        ([b'{"a":1.0}', b'{"a":2}'], [b'{"a": 2}', b'{"a":1}'], True),
        ([b'{"a":1.0}', b'{"a":1}'], [b'{"a":1}', b'{"a":2}'], False),
        ([b'{"a":1}', b'{"a":true}'], [b'{"a":1}', b'{"a":1}'], False),
        ([b'{"a":{"x":1,"y":2}}', b"{}"], [b"{}", b'{"a":{"y":2,"x":1}}'], True),
        ([b'{"a":1e2}', b'{"a":[1.0]}'], [b'{"a":[1]}', b'{"a":100}'], True),
    ],
)
def test_unordered_events_are_a_multiset(
    golden: list[bytes], lines: list[bytes], passes: bool
) -> None:
    """How often an event occurs counts; spelling and order do not."""
    assert passes is check(join_lines(golden), *lines, ordered=False).passed


EVENTS = st.lists(
    st.dictionaries(
        st.sampled_from("ab"), st.integers(0, 2) | st.booleans(), max_size=2
    ),
    max_size=5,
)


def spelled(event: dict[str, Any]) -> bytes:
    """Return *event* in another spelling."""
    return (
        json.dumps(dict(reversed(event.items())), indent=1).replace("\n", "").encode()
    )


@given(EVENTS, st.randoms())
def test_any_order_and_spelling_of_the_same_events(
    events: list[dict[str, Any]], random: Any
) -> None:
    """Shuffled and spelled anew, unordered events are still equal."""
    shuffled = list(events)
    random.shuffle(shuffled)
    lines = [encode_sorted(event) for event in events]
    found = check(join_lines(map(spelled, shuffled)), *lines, ordered=False)
    assert found.passed


@given(EVENTS, EVENTS)
def test_equality_is_that_of_values(
    left: list[dict[str, Any]], right: list[dict[str, Any]]
) -> None:
    """Ordered events are equal exactly when their canonical bytes are."""
    lines = [encode_sorted(event) for event in right]
    equal = lines == [encode_sorted(event) for event in left]
    assert equal is check(join_lines(map(spelled, left)), *lines).passed
    counted = sorted(lines) == sorted(encode_sorted(event) for event in left)
    golden = join_lines(map(spelled, left))
    assert counted is check(golden, *lines, ordered=False).passed


# --- line ends ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("golden", "message"),
    [
        (b'{"a":1}\r\n{}\r\n', "only by CRLF line ends"),
        (b'{"a":1}\r\n{}\n', "only by CRLF line ends"),
        (BOM + b'{"a":1}\n{}\n', "only by a byte order mark"),
        (BOM + b'{"a":1}\r\n{}\r\n', "only by a byte order mark"),
        (b'{"a": 1}\r\n{}\r\n', "only by CRLF line ends"),
    ],
)
def test_line_ends(golden: bytes, message: str) -> None:
    """What git or an editor did to line ends is an error with its own remedy."""
    found = check(golden, b'{"a":1}', b"{}")
    status = GoldenStatus.UNREADABLE
    assert_fails(found, status, GoldenLineEndingsError, f"PD309: {PATH}: ")
    assert message in str(found.error)
    assert "gitattributes" in str(found.error)


@pytest.mark.parametrize("golden", [b'{"a":1}\r\n', BOM + b'{"a":1}\n'])
def test_line_ends_and_a_real_difference(golden: bytes) -> None:
    """The real difference is what is shown, and lines compare without CR."""
    found = check(golden, b'{"a":2}')
    assert_fails(found, GoldenStatus.MISMATCH, GoldenMismatchError, "PD302")
    assert (b'{"a":1}',) == found.expected


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\x1c"])
def test_no_other_line_ends(separator: str) -> None:
    """What Python calls a line end splits no golden."""
    line = json.dumps({"a": f"x{separator}y"}, ensure_ascii=False).encode()
    assert check(line + b"\n", line).passed
    assert check(b" " + line + b"\n", line).passed


# --- unreadable -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("golden", "line", "message"),
    [
        (b"{}\n{\n", 2, "not JSON: "),
        (b"{}\n\nnope\n", 3, "not JSON: "),
        (b"{}\n[1]\n", 2, "expected an object, got [1]"),
        (b'"x"\n', 1, "expected an object, got 'x'"),
        (b"null\n", 1, "expected an object, got None"),
        (b'{"a":NaN}\n', 1, "not JSON: NaN is not JSON"),
        (b'{}\n{"a":[-Infinity]}\n', 2, "not JSON: -Infinity is not JSON"),
        (b'{"a":1,"a":1}\n', 1, "not JSON: a name stands twice"),
        (b'{}\n{"a":"\xff"}\n', 2, "not UTF-8: invalid start byte"),
        ('{"a":1}\n'.encode("utf-16"), 1, "not UTF-8: invalid start byte"),
        ('{"a":1}\n'.encode("utf-16-le"), 1, "not JSON: "),
        ('{"a":1}\n'.encode("utf-32-be"), 1, "not JSON: "),
        (b'{"a":1}\r{}\r', 1, "not JSON: Extra data"),
        (b'{"a":"x\ty"}\n', 1, "not JSON: Invalid control character"),
        (b'{"a":' + b"9" * 5000 + b"}\n", 1, "not JSON: "),
        (b'{"a":' + b"[" * 100_000 + b"}\n", 1, "not JSON: "),
        (b"{}{}\n", 1, "not JSON: Extra data"),
        (b"{}\n" + BOM + b"{}\n", 2, "not JSON: "),
        (b"\x00\n", 1, "not JSON: "),
    ],
)
@pytest.mark.parametrize("prefix", [b"", BOM])
def test_unreadable(prefix: bytes, golden: bytes, line: int, message: str) -> None:
    """What is no list of JSON objects is named by line, and is no mismatch."""
    found = check(prefix + golden, b"{}", b'{"a":1}')
    status = GoldenStatus.UNREADABLE
    assert_fails(
        found, status, GoldenUnreadableError, f"PD307: {PATH}:{line}: {message}"
    )


@pytest.mark.parametrize(
    ("golden", "line"),
    [
        (b'<<<<<<< HEAD\n{"a":1}\n=======\n{"a":2}\n>>>>>>> topic\n', 1),
        (b'{}\r\n<<<<<<< HEAD\r\n{"a":1}\r\n=======\r\n', 2),
        (b"{}\n=======\n{}\n", 2),
        (b"{}\n||||||| base\n", 2),
        (b"{}\n{}\n>>>>>>> a b c", 3),
        (BOM + b"<<<<<<< HEAD\n", 1),
        (b'{"a":"\xff"}\n=======\n', 2),
    ],
)
def test_merge_markers(golden: bytes, line: int) -> None:
    """An unresolved merge is named as that, before anything else."""
    found = check(golden, b"{}")
    status = GoldenStatus.UNREADABLE
    assert_fails(found, status, MergeMarkersError, f"PD308: {PATH}:{line}: unresolved")


@pytest.mark.parametrize(
    "golden", [b'{"a":"<<<<<<< HEAD"}\n', b'{"a":"x\\n=======\\n"}\n', b"{}\n"]
)
def test_what_is_no_merge_marker(golden: bytes) -> None:
    """Markers inside of text are text."""
    found = check(golden, b'{"b":1}')
    assert GoldenStatus.MISMATCH is found.status
    assert check(golden, golden[:-1]).passed
    assert check(b" " + golden, golden[:-1]).passed


@given(st.binary(), st.booleans())
def test_any_bytes_have_a_status(golden: bytes, ordered: bool) -> None:
    """No golden makes the comparison itself fail."""
    found = check(golden, b'{"a":1}', b"{}", ordered=ordered)
    assert found.passed is (found.error is None)


def test_deep_golden_and_output() -> None:
    """What the encoder can hold can be compared, spelled in another way too."""
    deep = b'{"a":' + b"[" * 400 + b"1" + b"]" * 400 + b"}"
    for ordered in (True, False):
        assert check(b" " + deep + b"\n", deep, ordered=ordered).passed
        other = deep.replace(b"1", b"2")
        assert not check(b" " + deep + b"\n", other, ordered=ordered).passed
