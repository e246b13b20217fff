"""What the flags and ini values of the parse-diff gate amount to."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_parsediff.live_flags import INI, RETRY_FLAG, flag_of, given_flags

if TYPE_CHECKING:
    from pytest_parsediff.diff.gatesettings import GateSettings

#: Flags that a recording, which judges nothing, would not act on.
_COMPARING = frozenset(
    f"--parsediff-{name}"
    for name in (
        *("limit", "sample", "seed", "fail-on", "max-raced", "max-stale"),
        *("max-excluded", "max-needs-retry", "min-examined", "report"),
        "show-bodies",
    )
)
#: Flags whose values the gate reads by itself.
_GATE = (
    *("max_raced", "max_stale", "max_excluded", "max_needs_retry"),
    *("min_examined", "raced_retries"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """What was asked of the gate, checked as far as nothing is opened.

    Attributes:
        archive: To compare with; ``None`` when another side was asked.
        stored: Name of a ``[stored.NAME]`` table; empty when it is an archive.
        record: Archive to write; ``None`` to compare.
        record_mode: ``full`` or ``append``.
        retry: Recording run whose failed sources are recorded again; empty for none.
        sources: Adapter and absolute path of each source, without duplicates.
        sessions: Ids to restrict the run to; empty for all.
        limit: Most sessions, newest first; 0 for all.
        sample: As given; empty for all.
        seed: Of the sample.
        gate: What fails the run.
        report: Where the JSON document goes.
        show_bodies: Whether texts may be shown.
    """

    archive: Path | None = None
    stored: str = ""
    record: Path | None = None
    record_mode: Literal["full", "append"] = "full"
    retry: str = ""
    sources: tuple[tuple[str, Path], ...] = ()
    sessions: tuple[str, ...] = ()
    limit: int = 0
    sample: str = ""
    seed: int = 0
    gate: GateSettings
    report: Path | None = None
    show_bodies: bool = False

    @property
    def is_recording(self) -> bool:
        """Whether an archive is written and nothing compared."""
        return self.record is not None

    @property
    def archive_file(self) -> Path | None:
        """The archive that is read or written, if it is one."""
        return self.archive or self.record

    def describe(self) -> str:
        """Return on one line what is compared with what."""
        sources = ", ".join(f"{name}={path}" for name, path in self.sources)
        if self.record is not None:
            return f"recording {sources} into {self.record}"
        side = self.archive or f"[stored.{self.stored}]"
        parts = [f"comparing {sources} with {side}"]
        if self.limit:
            parts.append(f"limit {self.limit}")
        if self.sample:
            parts.append(f"sample {self.sample}, seed {self.seed}")
        return "; ".join(parts)

    def flags(self, here: Path) -> str:
        """Return the flags that choose the two sides, as typed in *here*."""
        parts = []
        if self.archive is not None:
            parts.append(f"--parsediff-archive={_typed(self.archive, here)}")
        if self.stored:
            parts.append(f"--parsediff-stored={self.stored}")
        parts += self._source_flags(here)
        return " ".join(map(shlex.quote, parts))

    def record_flags(self, here: Path) -> str:
        """Return the flags that record the same sources; empty without an archive."""
        if self.archive_file is None:
            return ""
        parts = [f"--parsediff-record={_typed(self.archive_file, here)}"]
        return " ".join(map(shlex.quote, parts + self._source_flags(here)))

    def _source_flags(self, here: Path) -> list[str]:
        return [
            f"--parsediff-source={name}={_typed(path, here)}"
            for name, path in self.sources
        ]


def _typed(path: Path, here: Path) -> str:
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


# --- reading --------------------------------------------------------------------------


def read_live_options(config: pytest.Config) -> LiveOptions:
    """Return what was asked.

    Raises:
        pytest.UsageError: PD116, a flag has a value that means nothing, or flags
            contradict each other.
    """
    from pytest_parsediff.core.errors import OptionError  # noqa: PLC0415 - when needed

    try:
        retry = config.option.parsediff_retry_failed or ""
        options = _read(_Asked(config), retry)
    except OptionError as error:
        raise pytest.UsageError(str(error)) from None
    _check_together(config, options, given_flags(config))
    return options


def _read(asked: _Asked, retry: str) -> LiveOptions:
    return LiveOptions(
        archive=asked.path("archive"),
        stored=asked.text("stored"),
        record=asked.path("record"),
        record_mode=asked.record_mode(),
        retry=retry,
        sources=tuple(dict.fromkeys(asked.sources())),
        sessions=tuple(dict.fromkeys(asked.value("session") or ())),
        limit=asked.number("limit", 0),
        sample=asked.sample(),
        seed=asked.number("seed", 0, least=None),
        gate=asked.gate(),
        report=asked.path("report"),
        show_bodies=bool(asked.value("show_bodies")),
    )


class _Asked:
    """What stands on the command line, and behind it in the ini file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._here = config.invocation_params.dir

    def value(self, name: str) -> Any:
        """Return the flag's value, else the ini value, else ``None``."""
        given = getattr(self._config.option, f"parsediff_{name}", None)
        return self._ini(name) if given is None else given

    def _ini(self, name: str) -> Any:
        return self._config.getini(f"parsediff_{name}") if name in INI else None

    def text(self, name: str) -> str:
        """Return a text without spaces around it; empty when none was given."""
        return str(self.value(name) or "").strip()

    def path(self, name: str) -> Path | None:
        """Return an absolute path: below the folder of the flag, or of the file."""
        given = getattr(self._config.option, f"parsediff_{name}", None)
        if given is not None:
            if not given:
                raise usage(f"--parsediff-{name}: expected a file, got ''")
            return self._absolute(given, self._here)
        text = self._ini(name)
        return self._absolute(text, self._config.rootpath) if text else None

    def sources(self) -> Iterator[tuple[str, Path]]:
        """Yield adapter and path; the flags replace the ini value as a whole."""
        given = self._config.option.parsediff_source
        base = self._here if given is not None else self._config.rootpath
        for text in self.value("source") or ():
            name, separator, path = text.strip().partition("=")
            if not (name and separator and path):
                message = f"--parsediff-source: expected NAME=PATH, got {text!r}"
                raise usage(message)
            yield name.strip(), self._absolute(path.strip(), base)

    def number(self, name: str, default: int, *, least: int | None = 0) -> int:
        """Return a whole number of at least *least*."""
        value = self.value(name)
        if value is None or value == "":
            return default
        number = _whole(str(value))
        if number is None or (least is not None and number < least):
            what = "a whole number" if least is None else f"a number from {least} on"
            raise usage(f"{flag_of(name)}: expected {what}, got {value!r}")
        return number

    def record_mode(self) -> Literal["full", "append"]:
        """Return how a recording parses."""
        match self.text("record_mode"):
            case "" | "full":
                return "full"
            case "append":
                return "append"
            case other:
                message = f"expected full or append, got {other!r}"
                raise usage(f"--parsediff-record-mode: {message}")

    def gate(self) -> GateSettings:
        """Return what fails the run."""
        from pytest_parsediff.diff.gatesettings import read_settings  # noqa: PLC0415

        texts = {name: self.text(name) for name in _GATE}
        texts["fail_on"] = " ".join(self.value("fail_on") or ())
        return read_settings({name: text for name, text in texts.items() if text})

    def sample(self) -> str:
        """Return the sample as it was given, once it is known to mean something."""
        from pytest_parsediff.diff.sample import parse_sample  # noqa: PLC0415

        text = self.text("sample")
        if text:
            parse_sample(text, "--parsediff-sample")
        return text

    @staticmethod
    def _absolute(text: str, base: Path) -> Path:
        return Path(os.path.normpath(base / os.path.expanduser(text)))


def _check_together(
    config: pytest.Config, options: LiveOptions, given: list[str]
) -> None:
    """Refuse flags that contradict each other, or that nothing would act on."""
    sides = [name for name in ("archive", "stored", "record") if getattr(options, name)]
    if not sides:
        raise usage(
            f"{given[0]} needs --parsediff-archive,"
            " --parsediff-stored or --parsediff-record"
        )
    if len(sides) > 1:
        flags = " and ".join(f"--parsediff-{name}" for name in sides)
        raise usage(f"{flags} cannot be used together")
    if not options.sources:
        raise usage(f"--parsediff-{sides[0]} needs a --parsediff-source NAME=PATH")
    if options.retry and not options.is_recording:
        raise usage(f"{RETRY_FLAG} needs --parsediff-record")
    for flag in given:
        if (options.is_recording and flag in _COMPARING) or (
            not options.is_recording and flag == "--parsediff-record-mode"
        ):
            raise usage(f"{flag} and --parsediff-{sides[0]} cannot be used together")
    if getattr(config.option, "parsediff_update_golden", None):
        raise usage(
            f"--update-golden and --parsediff-{sides[0]} cannot be used together"
        )
    if config.getoption("dist", "no") == "each":
        raise usage(f"--parsediff-{sides[0]} cannot be used with --dist=each")


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def usage(message: str) -> pytest.UsageError:
    """Return a usage error with code PD116."""
    from pytest_parsediff.core.errors import OptionError  # noqa: PLC0415 - when needed

    return pytest.UsageError(str(OptionError(message)))
