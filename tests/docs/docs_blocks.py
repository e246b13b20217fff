"""Fenced blocks of the documentation: find them, run them, compare their output.

The conventions are these, and no others:

* a ``bash`` block is run, all blocks of a page in one folder and in order; ``cd`` and
  files carry over to the next one, variables do not;
* a comment right before a block changes that: ``<!-- run: no, reason -->`` skips it,
  ``<!-- run: fails -->`` expects a status other than zero;
* a ``text`` block is output of the ``bash`` block before it; a line of ``...`` stands
  for any number of lines, and ``…`` inside a line for any characters;
  ``<!-- output: no, reason -->`` says that a block is something else;
* a block whose first line is a comment with nothing but a path is written to that
  file, before the blocks that follow it run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w+)$")
_DIRECTIVE = re.compile(r"^<!-- (run|output): (.+) -->$")
_FILE = re.compile(r"^(?:#|--|//) ([\w./-]+\.\w+)$")
_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        page: Path relative to the repository.
        line: 1-based line of the opening fence.
        language: Word behind the fence.
        text: Content with a final LF.
        directive: ``run: …`` or ``output: …`` from the comment above, or empty.
        heading: The nearest heading above.
    """

    page: str
    line: int
    language: str
    text: str
    directive: str
    heading: str

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The path that its first line names, if it does."""
        found = _FILE.match(self.text.partition("\n")[0])
        return found[1] if found else None


def pages() -> list[Path]:
    """Return every page with blocks, sorted."""
    examples = [path for path in [REPOSITORY / "examples/README.md"] if path.is_file()]
    return [
        REPOSITORY / "README.md",
        *sorted((REPOSITORY / "docs").glob("*.md")),
        *examples,
    ]


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of *page*, in order."""
    name = page.relative_to(REPOSITORY).as_posix()
    directive, heading, language = "", "", ""
    start, content = 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
        if language:
            if line == "```":
                text = "".join(f"{one}\n" for one in content)
                yield Block(name, start, language, text, directive, heading)
                directive, language = "", ""
            else:
                content.append(line)
        elif found := _FENCE.match(line):
            language, start, content = found[1], number, []
        elif found := _DIRECTIVE.match(line):
            directive = f"{found[1]}: {found[2]}"
        elif line.startswith("#"):
            heading, directive = line.lstrip("# "), ""
        elif line:
            directive = ""


class Shell:
    """Runs the blocks of one page in a throwaway folder.

    Attributes:
        folder: Where the next block starts.
        output: What the last ``bash`` block printed, both streams as they came.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "page"
        self.output = ""
        self._cwd = folder / "cwd"
        self._tmp = folder / "tmp"
        self._shims = folder / "bin"
        for path in (self.folder, self._tmp, self._shims):
            path.mkdir()
        python = shlex.quote(sys.executable)
        self._shim("pytest", f"{python} -P -m pytest")
        self._shim("python3", python)
        self._shim("python", python)

    def _shim(self, name: str, command: str) -> None:
        path = self._shims / name
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        path.chmod(0o755)

    def take(self, block: Block) -> None:
        """Write the block's file, run it, or compare it with the last output."""
        if block.language == "bash":
            self._run(block)
        elif block.language == "text":
            if not block.directive.startswith("output: no, "):
                assert_shown(block, self.output)
        elif block.file is not None:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")

    def _run(self, block: Block) -> None:
        if block.directive.startswith("run: no, "):
            return
        script = f"trap 'pwd > {shlex.quote(str(self._cwd))}' EXIT\n{block.text}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
        self.folder = Path(self._cwd.read_text().rstrip("\n"))
        self.output = done.stdout
        fails = block.directive == "run: fails"
        assert fails == (done.returncode != 0), (
            f"{block.place}: status {done.returncode}\n{done.stdout}"
        )

    def _environment(self) -> dict[str, str]:
        """Return this process's variables without what changes a pytest run."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST", "PY_COLORS", "FORCE_COLOR", "GITHUB_"))
            and name not in ("CI", "TF_BUILD", "PYTHONPATH")
        }
        return {
            **kept,
            "PATH": f"{self._shims}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._tmp),
            "TMPDIR": str(self._tmp),
            "COLUMNS": "80",
        }


def assert_shown(block: Block, output: str) -> None:
    """Assert that *block* is part of *output*, with its wildcards."""
    pattern = "".join(map(_line_pattern, block.text.rstrip("\n").split("\n")))
    assert re.search(f"^{pattern}", output, re.MULTILINE), (
        f"{block.place}: this is not what is printed:\n{block.text}\n--- but:\n{output}"
    )


def _line_pattern(line: str) -> str:
    if line.strip() in ("...", "…"):
        return r"(?:[^\n]*\n)*?"
    parts = [re.escape(part) for part in line.rstrip().split("…")]
    return r"[^\n]*".join(parts) + r"[ \t]*\n"
