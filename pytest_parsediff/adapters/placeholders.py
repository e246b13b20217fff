"""Fill ``{store}`` and its like into arguments, variables and paths."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping

from pytest_parsediff.core.errors import PlaceholderError

_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")

#: Every known placeholder, with what stands for it; asked only when it is used.
Values = Mapping[str, Callable[[], str]]


def expand(text: str, values: Values, key: str) -> str:
    """Return *text* with its placeholders filled in.

    ``{{`` means ``{``, and ``}}`` closes it. A ``}}`` that closes no ``{{`` and any
    other brace stay as they are, so that JSON and jq programs need no care:
    ``{"a":{"b":1}}`` is unchanged.

    Args:
        text: As configured.
        values: The known placeholders.
        key: Configuration key that holds the text, for messages.

    Raises:
        PlaceholderError: PD411, ``{word}`` is no known placeholder.
    """
    opened = 0

    def fill(found: re.Match[str]) -> str:
        nonlocal opened
        if found[0] == "{{":
            opened += 1
            return "{"
        if found[0] == "}}":
            closes = opened > 0
            opened -= closes
            return "}" if closes else "}}"
        if found[1] not in values:
            raise PlaceholderError(_unknown(found[1], values, key))
        return values[found[1]]()

    return _TOKEN.sub(fill, text)


def _unknown(word: str, values: Values, key: str) -> str:
    near = difflib.get_close_matches(word, values, n=1, cutoff=0.5)
    known = ", ".join(f"{{{name}}}" for name in near or sorted(values))
    nearest = "the nearest known one is" if near else "known are"
    return f"{key}: unknown placeholder {{{word}}}; {nearest} {known}"
