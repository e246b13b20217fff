"""Lines for the tests of golden mismatches, and strategies that draw them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

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
keys = st.sampled_from([(), ("/payload/ID",)])
