"""The verdicts of ``agentsview parse-diff`` beside ours, on the same stores.

A store is synced into agentsview's own database and recorded into an archive of ours,
with agentsview as the parser of both. Then something happens, and three parse-diffs run:
agentsview's own, ours over its database, and ours over the archive. Each row is the one
session that something happened to. Classes that differ have their reason beside them,
and a difference that nobody has explained ends the script with status 1.

Everything runs offline, in throwaway homes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from measure import Table, scratch_folder
from side_by_side_place import CLAUDE, OPENCODE, Place, run_sql

# --- situations -----------------------------------------------------------------------


def nothing(_place: Place) -> None:
    """Do nothing."""


def touch(place: Place) -> None:
    """Change the time of the source alone."""
    later_ns = place.file.stat().st_mtime_ns + 60 * 10**9
    os.utime(place.file, ns=(later_ns, later_ns))


def drift(place: Place) -> None:
    """Change what is stored, as an older parser would have left it."""
    place.both(
        "UPDATE messages SET model = 'other', role = 'system' WHERE session_id = {id}",
        'UPDATE records SET line = replace(line, \'"role":"\', \'"role":"x\')'
        " WHERE session_id = (SELECT id FROM sessions WHERE session = {id})",
    )
    place.both(
        "SELECT 1 WHERE {id}",
        "UPDATE sessions SET fingerprint = '', revision = (SELECT revision FROM archive)"
        " WHERE session = {id}",
    )


def touch_and_drift(place: Place) -> None:
    """Do both."""
    drift(place)
    touch(place)


def append(place: Place) -> None:
    """Add a message, and sync nothing."""
    if place.kind == CLAUDE:
        lines = place.file.read_bytes().rstrip(b"\n").split(b"\n")
        event = json.loads(lines[-1])
        event["uuid"] = event["uuid"][::-1]
        if isinstance(event.get("message"), dict):
            event["message"]["id"] = "msg_later"
        place.file.write_bytes(b"\n".join([*lines, json.dumps(event).encode(), b""]))
        return touch(place)
    own = place.session.partition(":")[2]
    copy = "SELECT id || 'z', {} time_created + 9, time_updated + 9, data FROM {}"
    with closing(sqlite3.connect(place.file)) as store:
        of_last = "WHERE session_id = ? ORDER BY id DESC LIMIT 1"
        ((last,),) = store.execute(f"SELECT id FROM message {of_last}", (own,))
        message = copy.format("session_id,", "message")
        store.execute(f"INSERT INTO message {message} WHERE id = ?", (last,))
        parts = copy.format("message_id || 'z', session_id,", "part")
        store.execute(f"INSERT INTO part {parts} WHERE message_id = ?", (last,))
        store.execute(
            "UPDATE session SET time_updated = time_updated + 9 WHERE id = ?", (own,)
        )
        store.commit()
    return None


def rename(place: Place) -> None:
    """Give the session another title, and leave its time."""
    own = place.session.partition(":")[2]
    run_sql(place.file, "UPDATE session SET title = 'Another' WHERE id = ?", (own,))


def exchange(place: Place) -> None:
    """Replace the file by one with other texts, the same size and the same time."""
    status = place.file.stat()
    text = place.file.read_bytes().replace(b"Which cones", b"Whose cones")
    place.file.write_bytes(text)
    os.utime(place.file, ns=(status.st_atime_ns, status.st_mtime_ns))


def remove(place: Place) -> None:
    """Delete the file of the session."""
    place.file.unlink()


def trash(place: Place) -> None:
    """Throw the stored session away."""
    place.both(
        "UPDATE sessions SET deleted_at = '2026-01-01T00:00:00Z' WHERE id = {id}",
        "UPDATE sessions SET is_trashed = 1 WHERE session = {id}",
    )


def older(place: Place) -> None:
    """Let the stored row be of an older parser."""
    drift(place)
    place.both(
        "UPDATE sessions SET data_version = data_version - 1 WHERE id = {id}",
        "UPDATE sessions SET data_version = data_version - 1 WHERE session = {id}",
    )


# --- the table ------------------------------------------------------------------------

_STALE = "ours: the archive is behind, which has a budget of 0"
_IN_STORE = "ours knows each session's rows, if the archive is its own"
_TOUCHED = "ours: equal bytes prove that it was the parser"


@dataclass(frozen=True, slots=True)
class Situation:
    """What happens, and why classes may differ.

    Attributes:
        name: What the table calls it.
        act: What happens.
        reasons: By kind of store, why ours is another class; a kind that is missing
            must have the same class three times.
        kinds: Where it can happen.
    """

    name: str
    act: Callable[[Place], None]
    reasons: dict[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = (CLAUDE, OPENCODE)


SITUATIONS = (
    Situation("nothing", nothing),
    Situation("touch", touch),
    Situation("stale archive", append, {OPENCODE: _IN_STORE}),
    Situation("genuine drift", drift),
    Situation("touch and genuine drift", touch_and_drift, {CLAUDE: _TOUCHED}),
    Situation("renamed without its time", rename, {OPENCODE: _IN_STORE}, (OPENCODE,)),
    Situation("other bytes, same size and time", exchange, {CLAUDE: _STALE}, (CLAUDE,)),
    Situation("source deleted", remove, kinds=(CLAUDE,)),
    Situation("trashed in the archive", trash),
    Situation("older data version, with drift", older),
)


def compare(program: str, kind: str, situation: Situation, folder: Path) -> list[str]:
    """Return the cells of one row."""
    place = Place(folder, kind, program)
    situation.act(place)
    verdicts = place.three()
    is_same = len({one.partition(" ")[0] for one in verdicts}) == 1
    reason = "same" if is_same else situation.reasons.get(kind, "")
    return [kind, situation.name, *verdicts, reason]


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agentsview", default=shutil.which("agentsview"))
    options = parser.parse_args(argv)
    if options.agentsview is None:
        print("agentsview is not installed: nothing to compare with")
        return 0
    version = [options.agentsview, "--version"]
    print(subprocess.run(version, stdout=subprocess.PIPE, check=True, text=True).stdout)
    table = Table(
        (
            "store",
            "what happened",
            "agentsview",
            "ours, its database",
            "ours, archive",
            "",
        )
    )
    open_rows = 0
    with scratch_folder() as folder:
        for kind in (CLAUDE, OPENCODE):
            for number, one in enumerate(SITUATIONS):
                if kind in one.kinds:
                    own = folder / f"{kind}-{number}"
                    cells = compare(options.agentsview, kind, one, own)
                    table.add(*cells)
                    open_rows += not cells[-1]
    table.print()
    if open_rows:
        print(f"{open_rows} differences that nobody has explained")
    return 1 if open_rows else 0


if __name__ == "__main__":
    sys.exit(main())
