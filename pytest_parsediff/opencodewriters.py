"""A Hypothesis strategy for what opencode does to its store while it runs.

Source:
    https://github.com/sst/opencode, packages/opencode/src: one event is one transaction;
    titles, usage and archiving leave ``time_updated`` as it is; a part is rewritten in
    place while a model speaks; what is reverted is deleted.
"""

# ruff: noqa: S608 - every value is quoted, and the names are our own
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from pytest_parsediff.opencodestrategies import (
    COUNTS,
    TEXTS,
    Message,
    messages,
    parts,
    quoted,
    quoted_json,
    up_to,
)

_NTH = st.integers(0, 3)
#: Stands for the number of a step, so that ids do not meet.
_NUMBER = "@n@"


class _Step(NamedTuple):
    label: str
    statements: Sequence[str]


def opencode_writers(*, max_steps: int = 6) -> st.SearchStrategy[str]:
    """Return a strategy for scripts of a writer that does what opencode does.

    Args:
        max_steps: Most steps; at least one is made.
    """
    steps = st.one_of(
        st.builds(_rename, TEXTS, _NTH),
        st.builds(_use, COUNTS, _NTH),
        st.builds(_add_part, parts(), _NTH),
        st.builds(_rewrite_part, parts(), _NTH),
        st.builds(_revert, _NTH),
        st.builds(_archive, _NTH),
        st.builds(_begin, TEXTS, messages()),
        st.sampled_from(["PASSIVE", "TRUNCATE", "RESTART"]).map(_clean),
    )
    return up_to(max_steps, steps, at_least=1).map(_script)


def _script(steps: Sequence[_Step]) -> str:
    lines = []
    for number, step in enumerate(steps):
        lines.append(f"-- step: {step.label}\n")
        name = f"{number:03}"
        lines += [f"{one.replace(_NUMBER, name)}\n" for one in step.statements]
    return "".join(lines)


def _nth(table: str, nth: int) -> str:
    return f"(SELECT id FROM {table} ORDER BY id LIMIT 1 OFFSET {nth})"


def _update_session(nth: int, change: str) -> str:
    return f"UPDATE session SET {change} WHERE id = {_nth('session', nth)};"


def _rename(title: str, nth: int) -> _Step:
    """The title changes, and the time of change does not."""
    change = f"title = {quoted(title)}"
    return _Step("rename a session", [_update_session(nth, change)])


def _use(tokens: int, nth: int) -> _Step:
    """Usage is added up in the session, and its time of change stays."""
    change = f"tokens_input = tokens_input + {tokens}, cost = cost + 0.25"
    return _Step("add usage to a session", [_update_session(nth, change)])


def _archive(nth: int) -> _Step:
    return _Step(
        "archive a session", [_update_session(nth, "time_archived = now_ms()")]
    )


def _add_part(data: dict[str, object], nth: int) -> _Step:
    columns = (
        f"'prt_9{_NUMBER}', id, session_id, now_ms(), now_ms(), {quoted_json(data)}"
    )
    sql = (
        f"INSERT OR IGNORE INTO part SELECT {columns} FROM message"
        f" WHERE id = {_nth('message', nth)};"
    )
    return _Step("add a part", [sql])


def _rewrite_part(data: dict[str, object], nth: int) -> _Step:
    """A part that is there gets its next content."""
    sql = (
        f"UPDATE part SET data = {quoted_json(data)}, time_updated = now_ms()"
        f" WHERE id = {_nth('part', nth)};"
    )
    return _Step("rewrite a part", [sql])


def _revert(nth: int) -> _Step:
    """A message goes, with its parts."""
    message = _nth("message", nth)
    statements = [
        f"DELETE FROM part WHERE message_id = {message};",
        f"DELETE FROM message WHERE id = {message};",
    ]
    return _Step("revert a message", statements)


def _begin(title: str, message: Message) -> _Step:
    """A session begins, with its first message; its id sorts before all others."""
    session = f"'ses_0' || (999 - '{_NUMBER}')"
    names = (
        "id, project_id, parent_id, slug, directory, title, version, agent, model,"
        " time_created, time_updated"
    )
    values = (
        f"{session}, 'prj', '', 'slug', '/srv/app', {quoted(title)}, '1.18.0', 'build',"
        " NULL, now_ms(), now_ms()"
    )
    row = f"'msg_9{_NUMBER}', id, now_ms(), now_ms(), {quoted_json(message.data)}"
    statements = [
        f"INSERT OR IGNORE INTO session({names}) VALUES ({values});",
        f"INSERT OR IGNORE INTO message SELECT {row} FROM session WHERE id = {session};",
    ]
    return _Step("begin a session", statements)


def _clean(mode: str) -> _Step:
    return _Step(f"checkpoint {mode}", [f"PRAGMA wal_checkpoint({mode});"])
