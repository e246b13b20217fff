"""Placeholders in commands, variables and paths."""

from __future__ import annotations

import pytest

from pytest_parsediff.adapters.placeholders import expand
from pytest_parsediff.core.errors import PlaceholderError

VALUES = {"store": lambda: "/s/a.db", "state": lambda: "/st"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("{store}", "/s/a.db"),
        ("--db={store}:{state}", "--db=/s/a.db:/st"),
        ("{{store}}", "{store}"),
        ("{{{store}}}", "{/s/a.db}"),
        ('{{ "a": 1 }}', '{ "a": 1 }'),
        ('{ "a": 1 }', '{ "a": 1 }'),
        ('{"a":{"b":{}}}', '{"a":{"b":{}}}'),
        ('{"a":{store}}', '{"a":/s/a.db}'),
        (".[] | {id, n: .x}", ".[] | {id, n: .x}"),
        ("{{{{.ID}}}}", "{{.ID}}"),
        ("{}", "{}"),
        ("a}b{c", "a}b{c"),
        ("}}", "}}"),
        ("{1}{a-b}", "{1}{a-b}"),
    ],
)
def test_expand(text: str, expected: str) -> None:
    """Known words are filled in; braces that mean nothing stay."""
    assert expected == expand(text, VALUES, "command")


def test_an_unknown_word_is_answered_with_the_nearest() -> None:
    """A misspelled placeholder is PD411 with the key that holds it."""
    with pytest.raises(PlaceholderError) as caught:
        expand("{stor}", VALUES, "env.A")

    expected = "env.A: unknown placeholder {stor}; the nearest known one is {store}"
    assert expected == caught.value.message
    assert "double the braces" in caught.value.hint


def test_an_unknown_word_is_answered_with_all() -> None:
    """Without a near one all placeholders are listed."""
    with pytest.raises(
        PlaceholderError, match=r"known are \{state\}, \{store\}\n"
    ) as caught:
        expand("{HOME}", VALUES, "command")

    assert "command: unknown placeholder {HOME}" in caught.value.message


def test_a_value_is_asked_only_when_it_is_used() -> None:
    """What has to be made on disk is made on use."""

    def refuse() -> str:
        raise AssertionError

    assert "/st" == expand("{state}", {**VALUES, "empty": refuse}, "command")
