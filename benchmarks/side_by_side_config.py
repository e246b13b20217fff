"""How our plugin runs agentsview: as a parser, and as the owner of a database."""

from __future__ import annotations

from pathlib import Path

#: What a record is; both sides select it from a database that agentsview filled.
_RECORD = """\
s.id AS session, m.ordinal, m.role, m.content, m.model, m.thinking_text,
       m.timestamp, m.context_tokens, m.output_tokens, s.session_name AS title,
       s.message_count, s.first_message, s.started_at, s.ended_at
FROM sessions s JOIN messages m ON m.session_id = s.id"""

_COMMON = """\
[adapters.agentsview]
data_version = {version}
session = "session"
key = ["ordinal"]
{source}

[adapters.agentsview.env]
AGENTSVIEW_DATA_DIR = "{{tmp}}/data"
AGENTSVIEW_NO_DAEMON = "1"
AGENTSVIEW_DISABLE_UPDATE_CHECK = "1"
DO_NOT_TRACK = "1"
OPENCODE_DIR = "{opencode}"
CLAUDE_PROJECTS_DIR = "{projects}"
CODEX_SESSIONS_DIR = "{{empty}}"

[adapters.agentsview.sql]
db = "{{tmp}}/data/sessions.db"
query = \"\"\"
SELECT {record}
ORDER BY s.id, m.ordinal
\"\"\"

[stored.agentsview]
db = "{folder}/data/sessions.db"
adapter = "agentsview"
sessions = \"\"\"
SELECT id AS session, {watermark}
       data_version, last_write_incremental AS is_incremental,
       deleted_at IS NOT NULL AS is_trashed
FROM sessions
\"\"\"
records = \"\"\"
SELECT {record}
WHERE s.id = :session ORDER BY m.ordinal
\"\"\"
"""
#: Each transcript is a source: it is copied to where agentsview looks for it.
_FILES = """\
files = "*/*.jsonl"
prepare = [
    ["mkdir", "-p", "{{tmp}}/projects/p"],
    ["cp", "-p", "{{store}}", "{{tmp}}/projects/p/"],
    ["{program}", "sync"],
]"""
_FILE_WATERMARK = """\
substr(file_path, length('{folder}/store/projects') + 2) AS source,
       file_size AS size, file_mtime AS mtime_ns, file_hash AS content_hash,"""
#: Sessions of one database: our archive keeps a digest of the rows of each of them.
_DATABASE = """\
prepare = [["{program}", "sync"]]
evidence = \"\"\"
SELECT 'opencode:' || id, title, time_updated FROM session
UNION ALL SELECT 'opencode:' || session_id, id, data FROM message
UNION ALL SELECT 'opencode:' || session_id, id, data FROM part
ORDER BY 1, 2, 3
\"\"\""""
_DATABASE_WATERMARK = "'opencode.db' AS source,"


def toml_of(*, is_claude: bool, program: str, folder: Path, version: int) -> str:
    """Return our ``parsediff.toml``.

    Args:
        is_claude: Whether the store is one of Claude Code; else it is opencode's.
        program: Path of agentsview.
        folder: Where the store and agentsview's data lie.
        version: Of agentsview's parsers.
    """
    source, watermark = (
        (_FILES, _FILE_WATERMARK) if is_claude else (_DATABASE, _DATABASE_WATERMARK)
    )
    return _COMMON.format(
        version=version,
        source=source.format(program=program),
        opencode="{empty}" if is_claude else "{store_dir}",
        projects="{tmp}/projects" if is_claude else "{empty}",
        record=_RECORD,
        folder=folder,
        watermark=watermark.format(folder=folder),
    )
