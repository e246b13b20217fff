"""A Hypothesis strategy for what opencode does to its store while it runs."""

# ruff: noqa: S608 - every value is quoted, and the names are our own
from __future__ import annotations

from hypothesis import strategies as st

from pytest_parsediff import opencodesteps as steps
from pytest_parsediff.opencodesteps import NUMBER, Step, quoted, quoted_json
from pytest_parsediff.opencodestrategies import (
    COUNTS,
    TEXTS,
    Message,
    messages,
    parts,
    up_to,
)

_NTH = st.integers(0, 3)
_TABLES = st.sampled_from(["session", "message", "part"])
#: As in the schema that generated stores have.
_MESSAGE_COLUMNS = (
    "id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session(id),"
    " time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL, data TEXT NOT NULL"
)


def opencode_writers(*, max_steps: int = 6) -> st.SearchStrategy[str]:
    """Return a strategy for scripts of a writer that does what opencode does.

    Args:
        max_steps: Most steps; at least one is made.
    """
    one = st.one_of(_silent_steps(), _row_steps(), _migrations())
    return up_to(max_steps, one, at_least=1).map(steps.script_of)


def _silent_steps() -> st.SearchStrategy[Step]:
    """What leaves the time of change as it is."""
    return st.one_of(
        st.builds(steps.rename, TEXTS, _NTH),
        st.builds(steps.use, COUNTS, _NTH),
        st.builds(steps.archive, _NTH),
        st.builds(steps.adopt, _NTH, _NTH),
        st.builds(steps.mend_part, parts(), _NTH),
    )


def _row_steps() -> st.SearchStrategy[Step]:
    """What comes, changes and goes."""
    return st.one_of(
        st.builds(steps.add_part, parts(), _NTH),
        st.builds(steps.rewrite_part, parts(), _NTH),
        st.builds(_begin, TEXTS, messages()),
        st.builds(_commit_late, messages(), parts(), _NTH),
        st.builds(steps.move_message, _NTH, _NTH),
        st.builds(steps.revert, _NTH),
        st.builds(steps.delete_session, _NTH),
    )


def _migrations() -> st.SearchStrategy[Step]:
    """What is done to the store as a whole."""
    return st.one_of(
        st.sampled_from(["PASSIVE", "TRUNCATE", "RESTART"]).map(steps.clean),
        st.builds(steps.add_column, _TABLES),
        st.builds(steps.add_index, _TABLES),
        st.builds(steps.empty, st.sampled_from(["part", "session_message"])),
        st.just(steps.rebuild("message", _MESSAGE_COLUMNS)),
    )


def _commit_late(message: Message, part: dict[str, object], number: int) -> Step:
    return steps.commit_late(message.data, part, number)


def _begin(title: str, message: Message) -> Step:
    """A session begins, with its first message; its id sorts before all others."""
    session = f"'ses_0' || (999 - '{NUMBER}')"
    names = (
        "id, project_id, parent_id, slug, directory, title, version, agent, model,"
        " time_created, time_updated"
    )
    values = (
        f"{session}, 'prj', '', 'slug', '/srv/app', {quoted(title)}, '1.18.0', 'build',"
        " NULL, now_ms(), now_ms()"
    )
    row = f"'msg_9{NUMBER}', id, now_ms(), now_ms(), {quoted_json(message.data)}"
    statements = [
        f"INSERT OR IGNORE INTO session({names}) VALUES ({values});",
        (
            "INSERT OR IGNORE INTO message(id, session_id, time_created, time_updated, data)"
            f" SELECT {row} FROM session WHERE id = {session};"
        ),
    ]
    return Step("begin a session", statements)
