"""Errors: code, place, hint, and text that a terminal cannot be tricked with."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_parsediff.core import errors, problem
from pytest_parsediff.core.errors import (
    AdapterError,
    LawBrokenError,
    ParsediffError,
    PreflightError,
    UnknownKeyError,
    Where,
    clip,
    strip_control,
)

LEAVES = sorted(
    (
        value
        for value in vars(errors).values()
        if isinstance(value, type)
        and issubclass(value, ParsediffError)
        and value is not ParsediffError
    ),
    key=lambda leaf: leaf.code,
)


@pytest.mark.parametrize(
    "name", ["ParsediffError", "Unavailable", "Where", "clip", "strip_control"]
)
def test_what_errors_are_made_of_is_not_in_the_catalogue(name: str) -> None:
    """It has a home of its own, and can be imported from the catalogue too."""
    assert problem.__name__ == getattr(errors, name).__module__
    assert getattr(problem, name) is getattr(errors, name)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_each_error_has_code_hint_and_cause(leaf: type[ParsediffError]) -> None:
    """A code of six known families, a hint that can be done, and a docstring."""
    assert re.fullmatch(r"PD[1-6]\d\d", leaf.code)
    assert leaf.hint != ParsediffError.hint
    assert leaf.hint.endswith(".")
    assert leaf.__doc__
    assert leaf.__name__.endswith("Error")


def test_codes_are_unique() -> None:
    """One code, one cause."""
    assert len(LEAVES) == len({leaf.code for leaf in LEAVES})


def test_every_error_is_a_leaf() -> None:
    """There is no tree to get lost in: one base, and causes.

    One of them is raised in tests of users' own, so it is a failure there too.
    """
    others = [leaf for leaf in LEAVES if leaf.__bases__ != (ParsediffError,)]

    assert [LawBrokenError] == others
    assert (ParsediffError, AssertionError) == LawBrokenError.__bases__


def test_text() -> None:
    """Code, place, message; then the detail; then the hint."""
    error = UnknownKeyError(
        "unknown key 'a'", Where("/x/y.toml", 3, 4), detail="more\n"
    )
    expected = (
        "PD101: /x/y.toml:3:4: unknown key 'a'\nmore\n"
        "  hint: Remove the key, or correct its spelling."
    )
    assert expected == str(error)
    assert "PD101: unknown key 'a'" == error.summary
    assert "PD101: /x/y.toml:3:4: unknown key 'a'" == error.headline


def test_text_without_a_place() -> None:
    """Place and detail are left out when there are none; a hint can be replaced."""
    error = UnknownKeyError("two\nlines", hint="Do this.")
    assert "PD101: two\nlines\n  hint: Do this." == str(error)
    assert "PD101: two" == error.summary
    assert "Do this." != UnknownKeyError.hint


def test_errors_pickle() -> None:
    """Workers hand errors over whole, also what was added later."""
    error = AdapterError("m", None, "h", "d")
    error.where = Where(Path("/a"), 1)
    error.add_note("n")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is AdapterError
    assert str(error) == str(copy)
    assert ["n"] == copy.__notes__


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where("a/b"), "a/b"),
        (Where("a/b", 1), "a/b:1"),
        (Where(Path("/nowhere/b"), 1, 2), "/nowhere/b:1:2"),
    ],
)
def test_where(where: Where, expected: str) -> None:
    """Path, line and column as editors and terminals understand them."""
    assert expected == str(where)


def test_where_is_relative_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that people would have to type is as short as it can be."""
    here = tmp_path / "a b"
    here.mkdir()
    monkeypatch.chdir(here)
    assert "x/y:1" == str(Where(here / "x" / "y", 1))
    assert f"{tmp_path}/a b2" == str(Where(tmp_path / "a b2"))


def test_where_without_a_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telling of an error works also where the directory was removed."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "/x/y:1" == str(Where("/x/y", 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc é 😀", "a\tb\nc é 😀"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\rb\x7f\x9b", r"a\x0db\x7f\x9b"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\udc80", r"\udc80"),
    ],
)
def test_strip_control(text: str, expected: str) -> None:
    """What a terminal would obey, or could not print, is shown as an escape."""
    assert expected == strip_control(text)


@given(st.text(), st.text(), st.text())
def test_no_error_can_write_to_the_terminal(a: str, b: str, c: str) -> None:
    """Message, place, detail and hint are all harmless, and can be encoded."""
    error = UnknownKeyError(a, Where(b or "x"), hint=c, detail=c)
    for text in (str(error), error.headline, error.summary):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
        text.encode()


class Unprintable:
    """An object that cannot be shown."""

    def __repr__(self) -> str:
        raise ValueError("no")


def nested() -> object:
    """Return a list that is too deep to be printed."""
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a'b", '"a\'b"'),
        ("x" * 78, "'" + "x" * 78 + "'"),
        ("x" * 79, "'" + "x" * 78 + "…"),
        ("\x1b\udc80", r"'\x1b\udc80'"),
        (Unprintable(), "<Unprintable>"),
        (10**5000, "<int>"),
        (nested(), "<list>"),
    ],
    ids=["quotes", "fits", "clipped", "control", "unprintable", "huge", "deep"],
)
def test_clip(value: object, expected: str) -> None:
    """At most eighty characters, whatever the value is."""
    assert expected == clip(value)
    assert len(clip(value)) <= 80


def test_a_failed_preflight_keeps_its_record() -> None:
    """Run, total and failures cross process borders with the error."""
    error = PreflightError("2 of 3", run_id=4, total=3, failures=())

    again = pickle.loads(pickle.dumps(error))

    assert (4, 3, ()) == (again.run_id, again.total, again.failures)
    assert error.headline == again.headline
