"""Lines for the tests of golden mismatches, strategies that draw them, and views."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from pytest_parsediff.golden.explain import Explanation, explain
from pytest_parsediff.golden.render import render

#: The key of the events that :func:`event` makes.
ID = ("/payload/ID",)

#: Scalars that JSON holds; integers also beyond 64 bits, floats also whole ones.
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, 0.0, 1.0, -0.0, 2**53 + 1, 1e300])
    | st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "0", "/", "~"]), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def encode(value: Any) -> bytes:
    """Return *value* as one line, names in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def event(number: int, **payload: Any) -> bytes:
    """Return the line of event *number*, with an id nothing else has."""
    return encode(
        {"kind": "message", "payload": {"ID": f"msg_{number:04d}", **payload}}
    )


def events(count: int, **payload: Any) -> list[bytes]:
    """Return *count* lines, numbered from 0."""
    return [event(number, **payload) for number in range(count)]


#: Either no key, or the one that :func:`event` has.
keys = st.sampled_from([(), ID])


def summary(found: Explanation) -> list[tuple[str, int | None, int | None]]:
    """Return kind and both indexes of each difference."""
    return [(str(one.kind), one.expected, one.actual) for one in found.differences]


def pointers(found: Explanation) -> list[list[str]]:
    """Return the pointers of each difference."""
    return [[field.pointer for field in one.fields] for one in found.differences]


def shown(
    expected: Sequence[bytes],
    actual: Sequence[bytes],
    *,
    key: Sequence[str] = ID,
    ordered: bool = True,
) -> list[str]:
    """Return the texts that explain a mismatch."""
    return [
        line.text
        for line in render(explain(expected, actual, key=key, ordered=ordered))
    ]


def diff_of(texts: Sequence[str]) -> list[str]:
    """Return the part of *texts* that is the unified diff, without its header."""
    return list(texts[texts.index("+++ actual") + 1 :])
