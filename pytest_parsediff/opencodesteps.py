"""What opencode, and those who mend its store, do to it: steps of SQL, from values.

Source:
    https://github.com/sst/opencode, packages/opencode/src: one event is one transaction;
    titles, usage and archiving leave ``time_updated`` as it is; a part is rewritten in
    place while a model speaks; what is reverted is deleted, and a session with all it has;
    a migration makes a table anew under another name and renames it.
"""

# ruff: noqa: S608 - every value is quoted, and the names are our own
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

#: Stands for the number of a step, so that ids do not meet.
NUMBER = "@n@"
#: A time long before everything else in a store, milliseconds since the epoch.
_OLD_MS = 1_000


class Step(NamedTuple):
    """One transaction of a writer.

    Attributes:
        label: What people read.
        statements: SQL, each with its semicolon.
    """

    label: str
    statements: Sequence[str]


def script_of(steps: Sequence[Step]) -> str:
    """Return the script with *steps*, numbered."""
    lines = []
    for number, step in enumerate(steps):
        lines.append(f"-- step: {step.label}\n")
        lines += [f"{one.replace(NUMBER, f'{number:03}')}\n" for one in step.statements]
    return "".join(lines)


def quoted(value: str) -> str:
    """Return *value* as SQL."""
    return "'" + value.replace("'", "''") + "'"


def quoted_json(value: object) -> str:
    """Return *value* as JSON, as SQL."""
    return quoted(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def nth(table: str, number: int) -> str:
    """Return the id of the row of *table* at *number*, 0-based, as SQL."""
    return f"(SELECT id FROM {table} ORDER BY id LIMIT 1 OFFSET {number})"


def _change_session(number: int, change: str) -> str:
    return f"UPDATE session SET {change} WHERE id = {nth('session', number)};"


# --- what leaves the time of change as it is ------------------------------------------


def rename(title: str, number: int) -> Step:
    """The title changes."""
    change = _change_session(number, f"title = {quoted(title)}")
    return Step("rename a session", [change])


def use(tokens: int, number: int) -> Step:
    """Usage is added up in the session."""
    change = f"tokens_input = tokens_input + {tokens}, cost = cost + 0.25"
    return Step("add usage to a session", [_change_session(number, change)])


def archive(number: int) -> Step:
    """A session is put away."""
    change = _change_session(number, "time_archived = now_ms()")
    return Step("archive a session", [change])


def adopt(child: int, parent: int) -> Step:
    """A session becomes the child of another one."""
    change = f"parent_id = {nth('session', parent)}"
    return Step("give a session a parent", [_change_session(child, change)])


def mend_part(data: object, number: int) -> Step:
    """A part gets other content, by hand."""
    change = (
        f"UPDATE part SET data = {quoted_json(data)} WHERE id = {nth('part', number)};"
    )
    return Step("mend a part", [change])


# --- rows that come, change and go ----------------------------------------------------


def add_part(data: object, number: int) -> Step:
    """A part comes after all others of a message."""
    columns = "id, message_id, session_id, time_created, time_updated, data"
    row = f"'prt_9{NUMBER}', id, session_id, now_ms(), now_ms(), {quoted_json(data)}"
    sql = (
        f"INSERT OR IGNORE INTO part({columns}) SELECT {row} FROM message"
        f" WHERE id = {nth('message', number)};"
    )
    return Step("add a part", [sql])


def rewrite_part(data: object, number: int) -> Step:
    """A part that is there gets its next content."""
    sql = (
        f"UPDATE part SET data = {quoted_json(data)}, time_updated = now_ms()"
        f" WHERE id = {nth('part', number)};"
    )
    return Step("rewrite a part", [sql])


def commit_late(message: object, part: object, number: int) -> Step:
    """A message is committed with times before those of all others."""
    row = f"'msg_0{NUMBER}', id, {_OLD_MS}, {_OLD_MS}, {quoted_json(message)}"
    inner = (
        f"'prt_0{NUMBER}', id, session_id, {_OLD_MS}, {_OLD_MS}, {quoted_json(part)}"
    )
    statements = [
        (
            "INSERT OR IGNORE INTO message(id, session_id, time_created, time_updated, data)"
            f" SELECT {row} FROM session WHERE id = {nth('session', number)};"
        ),
        (
            "INSERT OR IGNORE INTO part(id, message_id, session_id, time_created,"
            f" time_updated, data) SELECT {inner} FROM message WHERE id = 'msg_0{NUMBER}';"
        ),
    ]
    return Step("commit an old message late", statements)


def move_message(number: int, session: int) -> Step:
    """A message goes to another session, with its parts."""
    message = nth("message", number)
    there = f"session_id = coalesce({nth('session', session)}, session_id)"
    statements = [
        f"UPDATE part SET {there} WHERE message_id = {message};",
        f"UPDATE message SET {there} WHERE id = {message};",
    ]
    return Step("move a message", statements)


def revert(number: int) -> Step:
    """A message goes, with its parts."""
    message = nth("message", number)
    statements = [
        f"DELETE FROM part WHERE message_id = {message};",
        f"DELETE FROM message WHERE id = {message};",
    ]
    return Step("revert a message", statements)


def delete_session(number: int) -> Step:
    """A session goes, with all it has."""
    session = nth("session", number)
    statements = [
        f"DELETE FROM part WHERE session_id = {session};",
        f"DELETE FROM message WHERE session_id = {session};",
        f"DELETE FROM session WHERE id = {session};",
    ]
    return Step("delete a session", statements)


# --- the store as a whole -------------------------------------------------------------


def clean(mode: str) -> Step:
    """A checkpoint is made."""
    return Step(f"checkpoint {mode}", [f"PRAGMA wal_checkpoint({mode});"])


def add_column(table: str) -> Step:
    """A later version needs one more column."""
    sql = f"ALTER TABLE {table} ADD COLUMN later_{NUMBER} TEXT;"
    return Step(f"migrate: a column of {table}", [sql])


def add_index(table: str) -> Step:
    """A later version looks rows up by their time."""
    sql = f"CREATE INDEX later_by_time_{NUMBER} ON {table}(time_updated);"
    return Step(f"migrate: an index of {table}", [sql])


def empty(table: str) -> Step:
    """A later version begins anew with a table."""
    return Step(f"migrate: {table} is emptied", [f"DELETE FROM {table};"])


def rebuild(table: str, columns: str) -> Step:
    """A later version makes a table anew, with the same rows.

    Args:
        table: Its name.
        columns: How its columns are declared, all of them in order.
    """
    new = f"__new_{table}"
    statements = [
        f"CREATE TABLE {new}({columns});",
        f"INSERT INTO {new} SELECT * FROM {table};",
        f"DROP TABLE {table};",
        f"ALTER TABLE {new} RENAME TO {table};",
    ]
    return Step(f"migrate: {table} is made anew", statements)
