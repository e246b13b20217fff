"""Look at a database from another process, with Python's own SQLite.

Two SQLite libraries in one process take each other's locks away, so no test reads a
store with ``sqlite3`` that this process has open with apsw.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_READER = """\
import json, sqlite3, sys
path, options, statements = sys.argv[1], sys.argv[2], sys.argv[3:]
try:
    connection = sqlite3.connect(f"file:{path}?{options}", uri=True, timeout=0)
    rows = [connection.execute(statement).fetchall() for statement in statements]
    print(json.dumps(rows[-1]))
except sqlite3.Error as error:
    print(json.dumps(str(error)))
"""


def query(path: Path, *statements: str, options: str = "mode=ro") -> Any:
    """Return the rows of the last statement, or the text of SQLite's error."""
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    command = [sys.executable, "-c", _READER, quoted, options, *statements]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)
