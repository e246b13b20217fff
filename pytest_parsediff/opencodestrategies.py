"""A Hypothesis strategy for stores of the shape of opencode 1.18.

Source:
    https://github.com/sst/opencode, packages/opencode/src: the tables and columns that
    readers look at. Ids of sessions descend in time, the others ascend; times are
    milliseconds.
"""

# ruff: noqa: S608 - every value is quoted, and the names are our own
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

from pytest_parsediff.opencodeschema import OPENCODE_SCHEMA
from pytest_parsediff.opencodesteps import quoted, quoted_json

ValueT = TypeVar("ValueT")

#: Just before the clock of the writers starts, milliseconds since the epoch.
_BEFORE_MS = 1_699_999_999_000
#: What people and models say.
TEXTS = st.text('ab <&é€\n"', max_size=8)
_STAMPS = st.integers(0, 3).map(lambda ms: _BEFORE_MS + ms)
#: Tokens.
COUNTS = st.integers(0, 500)
_MODELS = st.sampled_from(
    [("alder", "northwind"), ("birch", "northwind"), ("cedar", "eastwind")]
)


def opencode_stores(*, max_sessions: int = 3) -> st.SearchStrategy[str]:
    """Return a strategy for SQL scripts that make a store as opencode leaves it.

    Args:
        max_sessions: Most sessions; any but the first may be a child of an earlier one.
    """
    return up_to(max_sessions, _sessions()).map(_store)


def up_to(
    count: int, values: st.SearchStrategy[ValueT], *, at_least: int = 0
) -> st.SearchStrategy[list[ValueT]]:
    """Return lists of at most *count* values, of which any can be left out in shrinking.

    Each value comes with a choice whether it is kept. To leave one out is then to lower
    one choice, which Hypothesis always tries; to delete all choices of a large value
    from the middle of a list is not.
    """
    kept = st.tuples(st.integers(0, 7), values)  # 0, the simplest, leaves it out
    longer = st.lists(kept, min_size=at_least, max_size=count)

    def choose(found: list[tuple[int, ValueT]]) -> list[ValueT]:
        chosen = [value for is_kept, value in found if is_kept]
        return chosen or [value for _, value in found[:at_least]]

    return longer.map(choose)


# --- what is in a store -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    Attributes:
        data: What its row holds.
        stamp: When it was made and changed, milliseconds since the epoch.
        parts: Time and content of each.
    """

    data: dict[str, Any]
    stamp: int
    parts: Sequence[tuple[int, dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """One session; *parent* counts back from it, 0 is none."""

    parent: int
    title: str
    model: tuple[str, str]
    created: int
    updated: int
    archived: bool
    messages: Sequence[Message] = field(default=())


def _sessions() -> st.SearchStrategy[_Session]:
    return st.builds(
        _Session,
        parent=st.integers(0, 2),
        title=TEXTS,
        model=_MODELS,
        created=_STAMPS,
        updated=_STAMPS,
        archived=st.booleans(),
        messages=up_to(3, messages()),
    )


def messages() -> st.SearchStrategy[Message]:
    """Return messages of users and of assistants, with their parts."""
    user = st.builds(
        Message,
        data=_MODELS.map(_user),
        stamp=_STAMPS,
        parts=up_to(2, st.tuples(_STAMPS, _text_parts())),
    )
    assistant = st.builds(
        Message,
        data=st.builds(_assistant, _MODELS, _tokens(), COUNTS, st.none() | _STAMPS),
        stamp=_STAMPS,
        parts=up_to(4, st.tuples(_STAMPS, parts())),
    )
    return user | assistant


def _user(model: tuple[str, str]) -> dict[str, Any]:
    names = {"modelID": model[0], "providerID": model[1]}
    return {"role": "user", "agent": "build", "model": names}


def _assistant(
    model: tuple[str, str], tokens: dict[str, Any], cents: int, completed: int | None
) -> dict[str, Any]:
    time = {"created": _BEFORE_MS}
    if completed is not None:
        time["completed"] = completed
    return {
        "role": "assistant",
        "agent": "build",
        "modelID": model[0],
        "providerID": model[1],
        "cost": cents / 128,
        "tokens": tokens,
        "time": time,
    }


def _tokens() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "input": COUNTS,
            "output": COUNTS,
            "reasoning": COUNTS,
            "cache": st.fixed_dictionaries({"read": COUNTS, "write": COUNTS}),
        }
    )


def parts() -> st.SearchStrategy[dict[str, Any]]:
    """Return what parts of an assistant's message hold."""
    return st.one_of(
        st.just({"type": "step-start"}),
        _text_parts(),
        st.builds(
            lambda tokens, cents: {
                "type": "step-finish",
                "reason": "stop",
                "cost": cents / 128,
                "tokens": tokens,
            },
            _tokens(),
            COUNTS,
        ),
        st.builds(
            lambda text, start: {
                "type": "reasoning",
                "text": text,
                "time": {"start": start, "end": start + 1},
            },
            TEXTS,
            _STAMPS,
        ),
        _tool_parts(),
    )


def _text_parts() -> st.SearchStrategy[dict[str, Any]]:
    return TEXTS.map(lambda text: {"type": "text", "text": text})


def _tool_parts() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        _tool,
        st.sampled_from(["pending", "running", "completed", "error"]),
        st.sampled_from(["bash", "docs_search", "read"]),
        TEXTS,
        _STAMPS,
    )


def _tool(status: str, tool: str, text: str, start: int) -> dict[str, Any]:
    state: dict[str, Any] = {"status": status, "input": {"text": text}}
    if status != "pending":
        state["time"] = {"start": start}
    if status in ("completed", "error"):
        state["time"]["end"] = start + 2
        state["output" if status == "completed" else "error"] = text
    return {"type": "tool", "tool": tool, "callID": "call", "state": state}


# --- as SQL -------------------------------------------------------------------------------


def _store(sessions: Sequence[_Session]) -> str:
    lines = [OPENCODE_SCHEMA]
    count = 0
    for number, session in enumerate(sessions):
        session_id = _session_id(number)
        parent = "''"
        if 0 < session.parent <= number:
            parent = quoted(_session_id(number - session.parent))
        lines.append(_session_row(session_id, session, parent))
        for message in session.messages:
            message_id = f"msg_{count:06}"
            lines.append(
                f"INSERT INTO message VALUES ({quoted(message_id)}, {quoted(session_id)},"
                f" {message.stamp}, {message.stamp}, {quoted_json(message.data)});\n"
            )
            for stamp, data in message.parts:
                count += 1
                lines.append(
                    f"INSERT INTO part VALUES ('prt_{count:06}', {quoted(message_id)},"
                    f" {quoted(session_id)}, {stamp}, {stamp}, {quoted_json(data)});\n"
                )
            count += 1
    return "".join(lines)


def _session_id(number: int) -> str:
    """Return an id that sorts before those of all earlier sessions."""
    return f"ses_{0xFFF - number:03x}"


def _session_row(session_id: str, session: _Session, parent: str) -> str:
    model = quoted_json({"id": session.model[0], "providerID": session.model[1]})
    archived = str(session.updated) if session.archived else "NULL"
    return (
        "INSERT INTO session(id, project_id, parent_id, slug, directory, title, version,"
        " agent, model, time_created, time_updated, time_archived) VALUES"
        f" ({quoted(session_id)}, 'prj', {parent}, 'slug', '/srv/app',"
        f" {quoted(session.title)}, '1.18.0', 'build', {model},"
        f" {session.created}, {session.updated}, {archived});\n"
    )
