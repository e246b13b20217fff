"""One combination of a soundness run: record, write, judge, and know what was touched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from soundness_plan import BEFORE, TWO_PHASES, Action, Combination, Window, adapter_of
from soundness_store import Kind, SQLWriter, Store

from pytest_parsediff.archive.reader import ArchiveReader
from pytest_parsediff.archive.recording import Plan, Recording
from pytest_parsediff.diff.verdict import Reason, VerdictClass
from pytest_parsediff.live.inventory import take
from pytest_parsediff.live.judge import Judge
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.stages import Stage, StageName
from pytest_parsediff.live.staging import source_names, stage

_HALF = b'{"sid": "%s", "id": 900, \n'
_REST = (b", \n", b', "n": 9}\n')
#: What changes bytes of a file without changing its size: no evidence for Codex.
_SAME_SIZE = (Action.REWRITE, Action.EXCHANGE, Action.UNDONE)
#: What concerns all sessions of the file or database in which it happens.
_OF_WHOLE = (Action.DELETE, Action.RENAME, Action.HALF, Action.BROKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One session, what is known of it, and its verdict.

    Attributes:
        combination: Which it belongs to.
        session: Its name in the store.
        is_mutated: Whether the parser makes a mistake with it.
        is_touched: Whether its source or its stored row was written between the
            recording and the parse that was judged, or the comparison.
        is_broken: Whether somebody wrote a broken line into its source.
        has_evidence: Whether anything can tell that.
        cls: The class.
        reason: Why.
    """

    combination: Combination
    session: str
    is_mutated: bool
    is_touched: bool
    is_broken: bool
    has_evidence: bool
    cls: VerdictClass
    reason: Reason | None


@dataclass(slots=True)
class Trial:
    """One combination on disk.

    Attributes:
        combination: What happens.
        folder: Where everything lies.
        writer: Who writes databases.
    """

    combination: Combination
    folder: Path
    writer: SQLWriter
    store: Store = field(init=False)
    _runs: int = 0

    def __post_init__(self) -> None:
        """Make the store."""
        one = self.combination
        folder = self.folder / "store"
        self.store = Store(folder, one.kind, self.writer, one.counts, one.journal)
        self.store.fill()

    @property
    def archive(self) -> Path:
        """What the store is recorded into."""
        return self.folder / "archive.db"

    def settings(self, adapter: object) -> LiveSettings:
        """Return the settings of a run with *adapter*."""
        store, one = self.store, self.combination
        source = store.db if one.kind.is_database else store.folder
        return LiveSettings(
            sources=(f"toy={source}",),
            configured={"toy": (store.config(has_key=one.has_key), self.folder)},
            registered={"toy": adapter},
            folder=self.folder,
        )

    def record(self) -> None:
        """Record the store with a parser that makes no mistake."""
        settings = self.settings(self.store.adapter())
        recording = Recording.begin(self.archive, Plan(sources=source_names(settings)))
        with closing(stage(settings, self.new_folder() / "run.db")) as staged:
            recording.commit(staged)

    def new_folder(self) -> Path:
        """Make the folder of one run."""
        self._runs += 1
        folder = self.folder / f"run{self._runs}"
        folder.mkdir()
        return folder

    def run(self) -> list[Judged]:
        """Judge every session, and return what came of each that was recorded."""
        scribe = Scribe(self)
        scribe.before()
        settings = self.settings(adapter_of(self.store.adapter(), self.combination))
        found = []
        with closing(ArchiveReader(self.archive)) as stored:
            path = self.new_folder() / "run.db"
            inventory = take(settings, stored, path, on_stage=scribe.act)
            with closing(inventory):
                judge = Judge(inventory.rundb, stored, settings, on_stage=scribe.act)
                names = {self.store.id(name): name for name in self.store.names}
                for entry in inventory.entries():
                    verdict = judge.judge(entry.adapter, entry.session)
                    if (name := names.get(entry.session)) is not None:
                        found.append(
                            self._judged(name, scribe, verdict.cls, verdict.reason)
                        )
        return found

    def _judged(
        self, name: str, scribe: Scribe, cls: VerdictClass, reason: Reason | None
    ) -> Judged:
        one = self.combination
        wrong = f"s{one.mutated}" if one.mutation is not None else ""
        return Judged(
            combination=one,
            session=name,
            is_mutated=name == wrong,
            is_touched=name in scribe.seen,
            is_broken=name in scribe.broken,
            has_evidence=self._has_evidence(name),
            cls=cls,
            reason=reason,
        )

    def _has_evidence(self, name: str) -> bool:
        """Return whether a move of the session can be told.

        For Codex a rewrite at one size is none by definition: a hash that differs never
        proves a race there.
        """
        one = self.combination
        if one.kind is Kind.CODEX and one.window is not None:
            is_own = name == f"s{one.window.session}"
            return not (is_own and one.window.action in _SAME_SIZE)
        return one.kind.has_evidence


@dataclass(slots=True)
class Scribe:
    """Writes at the moments of a combination, and notes what the parse may have seen.

    Attributes:
        trial: What it writes into.
        seen: Sessions that were touched before they were parsed for the last time.
        pending: Those touched after it.
        broken: Those whose source had a broken line.
    """

    trial: Trial
    seen: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    _attempts: set[int] = field(default_factory=set)
    _has_begun: bool = False
    _is_over: bool = False

    def before(self) -> None:
        """Write what is written before the run."""
        window = self.trial.combination.window
        if window is not None and window.moment == BEFORE:
            self._begin(window)
            self.seen |= self.pending

    def act(self, stage: Stage) -> None:
        """Do what is due after *stage*."""
        if stage.name is StageName.OBSERVED_AFTER:
            self.seen |= self._of_source(stage.source)
        window = self.trial.combination.window
        if window is None or not self._is_about(stage, window):
            return
        is_due = stage.name == window.moment and (
            stage.name is not StageName.EMITTED or stage.count >= window.event
        )
        if is_due and self._may_begin(window, stage):
            self._attempts.add(stage.attempt)
            self._begin(window)
        elif stage.name == window.later and self._has_begun and not self._is_over:
            self._end(window)

    def _may_begin(self, window: Window, stage: Stage) -> bool:
        """Return whether it is the first time, or the first time in this attempt."""
        is_new = stage.attempt not in self._attempts
        return not self._has_begun or (window.is_repeated and is_new)

    def _of_source(self, source: str) -> set[str]:
        store = self.trial.store
        return {name for name in self.pending if store.path(name).name == source}

    def _is_about(self, stage: Stage, window: Window) -> bool:
        store, name = self.trial.store, f"s{window.session}"
        if stage.session:
            return stage.session == store.id(name)
        return not stage.source or stage.source == store.path(name).name

    # --- writing

    def _begin(self, window: Window) -> None:
        self._has_begun = True
        name = f"s{window.session}"
        if not self.trial.store.path(name).exists() and window.action is not Action.ROW:
            return
        self._note(window, name)
        self._write(window.action, name)

    def _end(self, window: Window) -> None:
        self._is_over = True
        if window.action not in TWO_PHASES:
            return
        store, name = self.trial.store, f"s{window.session}"
        self._note(window, name)
        if window.action is Action.UNDONE:
            store.restore(name)
        else:
            path = store.path(name)
            path.write_bytes(path.read_bytes().replace(*_REST))

    def _note(self, window: Window, name: str) -> None:
        """Note what is about to be touched."""
        kind, action = self.trial.combination.kind, window.action
        if action in (Action.ROW, Action.SYNC) and window.moment != StageName.JUDGED:
            self.seen.add(name)
        if action in (Action.TOUCH, Action.ROW):
            return
        if action is Action.TAIL and kind is not Kind.FILE:
            return
        is_whole = kind.is_shared and action in _OF_WHOLE
        touched = set(self.trial.store.names) if is_whole else {name}
        self.pending |= touched
        if action in (Action.HALF, Action.BROKEN):
            self.broken |= touched

    def _write(self, action: Action, name: str) -> None:
        store = self.trial.store
        writes: dict[Action, Callable[[], object]] = {
            Action.APPEND: lambda: store.append(name),
            Action.REWRITE: lambda: store.rewrite(name),
            Action.UNDONE: lambda: store.rewrite(name),
            Action.EXCHANGE: lambda: store.exchange(name),
            Action.SHRINK: lambda: store.shrink(name, 1),
            Action.VANISH: lambda: store.shrink(name, 0),
            Action.TOUCH: lambda: store.touch(name),
            Action.TAIL: lambda: store.add_bytes(name, _HALF[:12]),
            Action.HALF: lambda: store.add_bytes(name, _HALF % name.encode()),
            Action.BROKEN: lambda: store.add_bytes(name, _HALF % name.encode()),
            Action.DELETE: lambda: store.remove(name),
            Action.RENAME: lambda: store.rename(name),
            Action.ROW: lambda: self._rewrite_row(name),
            Action.SYNC: lambda: self._sync(name),
        }
        writes[action]()

    def _sync(self, name: str) -> None:
        self.trial.store.append(name)
        self.trial.record()

    def _rewrite_row(self, name: str) -> None:
        """Write the archive's row of a session again, as another version would."""
        is_it = f"session = '{self.trial.store.id(name)}'"
        lines = "UPDATE records SET line = replace(line, 'ext ', 'EXT ')"
        row = "UPDATE sessions SET fingerprint = '', revision"
        self.trial.writer.write(
            self.trial.archive,
            [
                f"{lines} WHERE session_id = (SELECT id FROM sessions WHERE {is_it})",
                "UPDATE archive SET revision = revision + 1",
                f"{row} = (SELECT revision FROM archive) WHERE {is_it}",
            ],
        )
