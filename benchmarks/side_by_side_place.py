"""A store, agentsview's database of it, our archive of it, and verdicts by all."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from side_by_side_config import toml_of

EXAMPLES = Path(__file__).parents[1] / "examples" / "agentsview" / "scenarios"
CLAUDE, OPENCODE = "claude-code", "opencode"


@dataclass(slots=True)
class Place:
    """A store with everything that was made of it.

    Attributes:
        folder: Where all of it lies.
        kind: ``claude-code`` or ``opencode``.
        program: Path of agentsview.
        session: Id of the session that something happens to.
        version: Of agentsview's parsers.
        file: Its transcript, or the database.
    """

    folder: Path
    kind: str
    program: str
    session: str = ""
    version: int = 0
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        """Build the store, sync it, and record it."""
        for name in ("home", "data", "empty", "store/projects/p"):
            (self.folder / name).mkdir(parents=True)
        scenario = EXAMPLES / self.kind / "two_sessions"
        if self.kind == CLAUDE:
            for path in sorted((scenario / "files").rglob("*.jsonl")):
                self.file = Path(shutil.copy(path, self.store / "projects" / "p"))
        else:
            self.file = self.store / "opencode.db"
            with closing(sqlite3.connect(self.file)) as store:
                store.executescript((scenario / "fixture.sql").read_text("utf-8"))
        self.agentsview("sync")
        self.session, self.version = self.rows(
            "SELECT id, data_version FROM sessions ORDER BY id DESC LIMIT 1"
        )[0]
        self.configure()
        self.pytest("--parsediff-record=archive.db")

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.folder / "store"

    @property
    def db(self) -> Path:
        """What agentsview keeps."""
        return self.folder / "data" / "sessions.db"

    @property
    def archive(self) -> Path:
        """What we keep."""
        return self.folder / "archive.db"

    # --- programs

    def agentsview(self, *arguments: str) -> str:
        """Run agentsview on the store; return what it prints."""
        own = {
            "HOME": "home",
            "AGENTSVIEW_DATA_DIR": "data",
            "OPENCODE_DIR": "store",
            "CLAUDE_PROJECTS_DIR": "store/projects",
            "CODEX_SESSIONS_DIR": "empty",
        }
        fixed = {
            "PATH": os.environ.get("PATH", os.defpath),
            "AGENTSVIEW_NO_DAEMON": "1",
            "AGENTSVIEW_DISABLE_UPDATE_CHECK": "1",
            "DO_NOT_TRACK": "1",
        }
        return subprocess.run(
            [self.program, *arguments],
            env=fixed | {name: str(self.folder / path) for name, path in own.items()},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout

    def configure(self) -> None:
        """Write our configuration."""
        table = toml_of(
            is_claude=self.kind == CLAUDE,
            program=self.program,
            folder=self.folder,
            version=self.version,
        )
        (self.folder / "parsediff.toml").write_text(table, "utf-8")
        (self.folder / "pytest.ini").write_text("[pytest]\n", "utf-8")

    def pytest(self, *arguments: str) -> None:
        """Run our plugin on the store; the report says how it ended."""
        source = self.file if self.kind == OPENCODE else self.store / "projects"
        found = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                f"--parsediff-source=agentsview={source}",
                *arguments,
            ],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            check=False,
            text=True,
        )
        if found.returncode not in (0, 1):
            raise RuntimeError(found.stdout)

    # --- verdicts

    def theirs(self) -> str:
        """Return agentsview's class of the session."""
        report = json.loads(self.agentsview("parse-diff", "--json"))
        listed = {one.get("session_id", ""): one for one in report["sessions"]}
        return str(listed.get(self.session, {"class": "identical"})["class"])

    def ours(self, flag: str) -> str:
        """Return our class of the session, against what *flag* names."""
        path = self.folder / "report.json"
        path.unlink(missing_ok=True)
        self.pytest(flag, f"--parsediff-report={path.name}")
        report = json.loads(path.read_text("utf-8"))
        listed = {one["session"]: one for one in report["sessions"]}
        return _shown(listed.get(self.session, {"class": "identical"}))

    def three(self) -> tuple[str, str, str]:
        """Return all three verdicts."""
        stored, archive = (
            "--parsediff-stored=agentsview",
            "--parsediff-archive=archive.db",
        )
        return self.theirs(), self.ours(stored), self.ours(archive)

    # --- what happens

    def rows(self, sql: str, *bindings: object) -> list[Any]:
        """Run one statement in agentsview's database."""
        return run_sql(self.db, sql, bindings)

    def both(self, theirs: str, ours: str) -> None:
        """Change what is stored on both sides."""
        self.rows(theirs.format(id=f"'{self.session}'"))
        run_sql(self.archive, "UPDATE archive SET revision = revision + 1", ())
        run_sql(self.archive, ours.format(id=f"'{self.session}'"), ())


def run_sql(db: Path, sql: str, bindings: Sequence[object]) -> list[Any]:
    """Run one statement in *db*, commit, and return its rows."""
    with closing(sqlite3.connect(db)) as connection:
        found = connection.execute(sql, bindings).fetchall()
        connection.commit()
        return found


def _shown(found: dict[str, Any]) -> str:
    """Return class and reason."""
    reason = found.get("reason")
    return f"{found['class']} ({reason})" if reason else str(found["class"])
