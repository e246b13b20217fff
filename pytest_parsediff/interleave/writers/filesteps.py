"""Steps from ``writers/*.toml``: what agents do to files, down to half a character."""

from __future__ import annotations

import base64
import binascii
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pytest_parsediff.core.errors import BadFileStepError, Where
from pytest_parsediff.core.toml import check_table, parse_toml
from pytest_parsediff.interleave.clock import HarnessClock


class FileStepConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One ``[[step]]`` of a writer of files. Exactly one of the first nine keys.

    Attributes:
        append: File to which the content is added.
        append_part: The same in several steps, cut at ``cuts``.
        truncate: File that is cut to ``size`` bytes.
        rewrite: File that gets the content in place: the inode stays.
        replace: File that gets the content by a rename: the inode is new.
        create: File that must not exist yet.
        rename: File that moves to ``to``.
        delete: File that goes.
        touch: File whose time alone changes.
        text: The content.
        base64: The content, where it is not text.
        cuts: Byte offsets at which ``append_part`` stops; they may split a character.
        size: Bytes that ``truncate`` leaves.
        to: Where ``rename`` moves to.
        keep_mtime: Whether the modification time stays as it was.
        label: What the timeline calls the step.
    """

    append: str = ""
    append_part: str = ""
    truncate: str = ""
    rewrite: str = ""
    replace: str = ""
    create: str = ""
    rename: str = ""
    delete: str = ""
    touch: str = ""
    text: str | None = None
    base64: str | None = None
    cuts: list[int] = []
    size: int = 0
    to: str = ""
    keep_mtime: bool = False
    label: str = ""


class FileScriptConfig(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What ``writers/*.toml`` may say.

    Attributes:
        step: Steps in program order.
    """

    step: list[FileStepConfig] = []


_OPERATIONS = (
    "append",
    "append_part",
    "truncate",
    "rewrite",
    "replace",
    "create",
    "rename",
    "delete",
    "touch",
)
_WITH_CONTENT = ("append", "append_part", "rewrite", "replace", "create")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStep:
    """One atomic change of a file.

    Attributes:
        operation: As in the configuration; ``append_part`` has become ``append``.
        path: Below the store root, with ``/``.
        data: What is written.
        size: Bytes that ``truncate`` leaves.
        to: Where ``rename`` moves to.
        keep_mtime: Whether the modification time stays.
        label: For timelines.
    """

    operation: str
    path: str
    data: bytes = b""
    size: int = 0
    to: str = ""
    keep_mtime: bool = False
    label: str

    def run(self, root: Path, clock: HarnessClock) -> None:
        """Do it below *root*; the file's time becomes the clock's.

        Raises:
            BadFileStepError: PD619, the file is not there, or is there already.
        """
        path = root / self.path
        try:
            before = path.stat() if path.exists() else None
            moved = self._change(path, root)
            self._date(moved, before, clock)
        except OSError as error:
            message = f"{self.label}: {error.strerror}"
            raise BadFileStepError(message, Where(path)) from error

    def _change(self, path: Path, root: Path) -> Path | None:
        """Change the file; return where it is now, or ``None`` if it is gone."""
        match self.operation:
            case "append":
                _write(path, self.data, os.O_APPEND | os.O_CREAT)
            case "create":
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, self.data, os.O_CREAT | os.O_EXCL)
            case "rewrite":
                _write(path, self.data, os.O_TRUNC)
            case "replace":
                beside = path.with_name(f".{path.name}.new")
                _write(beside, self.data, os.O_CREAT | os.O_EXCL)
                beside.replace(path)
            case "truncate":
                os.truncate(path, self.size)
            case "rename":
                target = root / self.to
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
                return target
            case "delete":
                path.unlink()
                return None
        return path

    def _date(
        self, path: Path | None, before: os.stat_result | None, clock: HarnessClock
    ) -> None:
        if path is None or self.operation == "rename":
            return
        if self.keep_mtime and before is not None:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        else:
            now_ns = clock.now_ms * 1_000_000
            os.utime(path, ns=(now_ns, now_ns))


def _write(path: Path, data: bytes, flags: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | flags, 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def parse_file_steps(text: str, place: Path) -> list[FileStep]:
    """Return the steps of a TOML script.

    Raises:
        ParsediffError: PD101 to PD104, it is no such TOML.
        BadFileStepError: PD619, a step says too little, too much, or leaves the store.
    """
    config = check_table(parse_toml(place, text), FileScriptConfig, place, text)
    steps = [
        step
        for number, one in enumerate(config.step, 1)
        for step in _steps_of(one, number, place)
    ]
    if not steps:
        raise BadFileStepError("the script has no step", Where(place))
    return steps


def _steps_of(config: FileStepConfig, number: int, place: Path) -> Iterator[FileStep]:
    named = [name for name in _OPERATIONS if getattr(config, name)]
    if len(named) != 1:
        message = f"step {number}: expected exactly one of {', '.join(_OPERATIONS)}"
        raise BadFileStepError(
            f"{message}, got {', '.join(named) or 'none'}", Where(place)
        )
    operation = named[0]
    path = getattr(config, operation)
    for inner in filter(None, (path, config.to)):
        if os.path.isabs(inner) or ".." in inner.split("/"):
            message = f"step {number}: {inner!r} leaves the store"
            raise BadFileStepError(message, Where(place))
    data = _content(config, operation, number, place)
    label = config.label or f"{operation} {path}"
    common: dict[str, Any] = {"path": path, "keep_mtime": config.keep_mtime}
    if operation != "append_part":
        yield FileStep(
            operation=operation,
            data=data,
            size=config.size,
            to=config.to,
            label=label,
            **common,
        )
        return
    offsets = [0, *config.cuts, len(data)]
    if offsets != sorted(set(offsets)):
        message = f"step {number}: cuts must rise, between 1 and {len(data) - 1}"
        raise BadFileStepError(message, Where(place))
    for start, end in itertools.pairwise(offsets):
        part = f"{label} [{start}:{end}]"
        yield FileStep(operation="append", data=data[start:end], label=part, **common)


def _content(config: FileStepConfig, operation: str, number: int, place: Path) -> bytes:
    given = [c for c in (config.text, config.base64) if c is not None]
    expected = operation in _WITH_CONTENT
    if len(given) != expected:
        wanted = "one of text and base64" if expected else "no content"
        message = f"step {number}: {operation} takes {wanted}, got {len(given)}"
        raise BadFileStepError(message, Where(place))
    if operation == "rename" and not config.to:
        raise BadFileStepError(f"step {number}: rename needs `to`", Where(place))
    if config.base64 is not None:
        try:
            return base64.b64decode(config.base64, validate=True)
        except binascii.Error as error:
            message = f"step {number}: base64: {error}"
            raise BadFileStepError(message, Where(place)) from error
    return (config.text or "").encode()
