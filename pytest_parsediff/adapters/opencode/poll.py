"""One poll: find what may have changed, compare it, and hand out what has.

Each step takes short snapshots of its own, and nothing is handed out while one is held.
A checkpoint comes after all that it covers. Another one comes before the sessions that
are about to be handed out, and says that it is not known what the consumer holds of
them: a reader that is killed half-way tells of them again, even where the store is by
then what it was at the checkpoint before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import apsw
from msgspec.structs import replace as replace_position

from pytest_parsediff.adapters.opencode.changes import (
    Glance,
    glance,
    is_log_bypassed,
    is_log_silent,
    nominate,
)
from pytest_parsediff.adapters.opencode.cursor import (
    FLAW_MARK,
    NOTHING,
    Known,
    Position,
    key_of,
    name_of,
    shorten,
)
from pytest_parsediff.adapters.opencode.emit import (
    Told,
    removed,
    session_emissions,
)
from pytest_parsediff.adapters.opencode.handle import Handle
from pytest_parsediff.adapters.opencode.held import Held, Holding
from pytest_parsediff.adapters.opencode.layout import Layout
from pytest_parsediff.adapters.opencode.load import Loaded, load_tree, weigh_tree
from pytest_parsediff.adapters.opencode.mapper import map_tree
from pytest_parsediff.adapters.opencode.pages import Pages
from pytest_parsediff.adapters.opencode.timers import Timers
from pytest_parsediff.core.event import Checkpoint, Emission, Notice

#: Sessions that are compared between two checkpoints.
BATCH = 500


def note_glance(known: Known, seen: Glance) -> None:
    """Let *known* say what a glance showed."""
    known.rows, known.numbers = seen.rows, seen.numbers
    known.schema_hash = seen.migrations
    for table, rowid in seen.rowids.items():
        position = known.tables.get(table, Position())
        known.tables[table] = replace_position(position, max_rowid=rowid)


def held_digest(loaded: Loaded, *, is_flawed: bool) -> str:
    """Return what a cursor says of a session that was handed out as *loaded*."""
    if loaded.tree is None:
        return NOTHING
    return shorten(loaded.digest) + (FLAW_MARK if is_flawed else "")


@dataclass(slots=True, kw_only=True)
class Poll:
    """One poll while it runs.

    Attributes:
        handle: The store.
        path: Of it.
        timers: What is due.
        told: Which notices are known already.
        held: Which events of a session the consumer holds, where that is known.
        known: What the consumer holds; changed as it is told more.
        before: What the last poll saw; ``None`` if that is not known or of no use.
        save: Remembers what is covered; returns the checkpoint if it is a new one.
    """

    handle: Handle
    path: Path
    timers: Timers
    told: Told
    held: Held
    known: Known
    before: Glance | None
    save: Callable[[Known, Glance | None], Checkpoint | None]
    _compared: set[str] = field(default_factory=set, init=False)
    _flaws: list[Notice] = field(default_factory=list, init=False)

    def run(self) -> Iterator[Emission]:
        """Yield what has changed; see ``OpencodeReader.scan``."""
        began = self.timers.clock()
        layout, seen = self.handle.read(
            lambda connection, layout: (
                layout,
                glance(connection, layout, self.path),
            )
        )
        yield from self.told.schema_news(layout.schema)
        yield from self.told.news(self._note(seen))
        yield from self.told.news(seen.flaws)
        names = dict.fromkeys(nominate(self.known, seen))
        names |= dict.fromkeys(self.find_inserted(layout))
        if self.before is not None and is_log_bypassed(self.known, seen):
            self.timers.note_bypass()
        elif self.before is not None and is_log_silent(self.before, seen):
            self.timers.doubt_log()
        if self.timers.must_probe or self.timers.must_verify:
            names |= dict.fromkeys(self.find_updated(layout))
            self.timers.probed(began)
        yield from self.told.news(self._flaws)
        yield from self.tell(names)
        note_glance(self.known, seen)
        self.before = seen
        yield from self._checkpoint()
        if self.timers.must_verify:
            yield from self._verify(seen, began)

    def _note(self, seen: Glance) -> list[Notice]:
        """Decide what is due after this glance; return what is to be told of it."""
        known, before = self.known, self.before
        if before is None or before.version != seen.version:
            self.timers.note_commit(has_log=seen.has_log)
        notices: list[Notice] = []
        if known.schema_hash != seen.migrations:
            message = "the store was migrated; all is compared"
            notices.append(Notice("store-migrated", message, seen.migrations[:12]))
        is_other = before is not None and (
            before.layout_version != seen.layout_version
            or (before.has_log and not seen.has_log)
        )
        if notices or is_other:
            self.timers.force()
        return notices

    def find_inserted(self, layout: Layout) -> Iterator[str]:
        """Yield the sessions of rows that were inserted since, by their rowids."""
        codec = layout.schema.codec
        for table in layout.numbered:
            after = self.known.tables.get(table, Position()).max_rowid
            pages = self._pages(layout, table)
            for owners in pages.inserted_after(after):
                yield from (name_of(owner, codec) for owner in owners)
            self._flaws += pages.take_flaws()

    def find_updated(self, layout: Layout) -> Iterator[str]:
        """Yield the sessions of rows whose time is at the position, or behind it."""
        codec = layout.schema.codec
        for table in ("message", "part", "session_message"):
            if table not in layout.schema.tables:
                continue
            pages = self._pages(layout, table)
            position = self.known.tables.get(table, Position())
            for owners in pages.from_position(position):
                yield from (name_of(owner, codec) for owner in owners)
            self.known.tables[table] = pages.position
            self._flaws += pages.take_flaws()

    def _pages(self, layout: Layout, table: str) -> Pages:
        return Pages(self.handle.connection, layout, self.path, table)

    def tell(self, names: Iterable[str]) -> Iterator[Emission]:
        """Compare *names*, each once in this poll, and hand out those that differ."""
        fresh = dict.fromkeys(names)
        rest = iter([name for name in fresh if name not in self._compared])
        while batch := list(islice(rest, BATCH)):
            self._compared.update(batch)
            changed = [name for name in batch if self.differs(name)]
            yield from self._repeat_errors(set(batch).difference(changed))
            if not changed:
                continue
            before = {name: self.known.digests.get(name, NOTHING) for name in changed}
            self.known.digests |= dict.fromkeys(changed)
            yield from self._checkpoint()
            for name, digest in before.items():
                if digest is None:  # the reader was left while it told of it
                    self.held.forget(name)
                yield from self.emit(name, is_told=digest != NOTHING)

    def differs(self, name: str) -> bool:
        """Return whether *name* is something else than what the consumer holds."""

        def weigh(connection: apsw.Connection, layout: Layout) -> str:
            key = key_of(name, layout.schema.codec)
            return shorten(weigh_tree(connection, layout.schema, key) or NOTHING)

        held = self.known.digests.get(name, NOTHING)
        return held is None or self.handle.read(weigh) != held.removesuffix(FLAW_MARK)

    def _repeat_errors(self, names: Iterable[str]) -> Iterator[Notice]:
        """Tell what is wrong in sessions that did not change, once in a reader."""
        for name in sorted(names):
            if not (self.known.digests.get(name) or "").endswith(FLAW_MARK):
                continue
            with self.handle.snapshot() as layout:
                key = key_of(name, layout.schema.codec)
                session = layout.schema.codec.text(key)
                if self.told.knows_flaw(session):
                    continue
                loaded = load_tree(self.handle.connection, layout.schema, key)
            if loaded.tree is not None:
                _, found = map_tree(loaded.tree, "")
                yield from self.told.flaw_news(session, found)

    def emit(self, name: str, *, is_told: bool) -> Iterator[Emission]:
        """Hand out one session as it is now, or that it has no events any more.

        Args:
            name: The session.
            is_told: Whether the consumer may hold anything of it.
        """
        with self.handle.snapshot() as layout:
            codec = layout.schema.codec
            key = key_of(name, codec)
            loaded = load_tree(self.handle.connection, layout.schema, key)
        yield from self.told.schema_news(layout.schema)
        if not loaded.digest:
            yield removed(codec.text(key))
            self.known.digests.pop(name, None)
            self.held.forget(name)
            return
        holding = Holding(self.held, name, is_told)
        is_flawed = yield from session_emissions(loaded, self.path, self.told, holding)
        if loaded.tree is None:
            yield removed(codec.text(key))
            self.held.forget(name)
        self.known.digests[name] = held_digest(loaded, is_flawed=is_flawed)

    def _verify(self, seen: Glance, began: float) -> Iterator[Emission]:
        """Compare every session that was not compared yet."""
        told = 0
        for emission in self.tell([*self.known.digests, *seen.rows]):
            told += isinstance(emission, dict)
            yield emission
        if not told:
            self.timers.confirm_log()
        elif self.handle.data_version() == seen.version:
            self.timers.note_bypass()
        else:  # the log may say it by now
            self.timers.doubt_log()
        self.timers.verified(began)
        yield from self._checkpoint()

    def _checkpoint(self) -> Iterator[Checkpoint]:
        checkpoint = self.save(self.known, self.before)
        if checkpoint is not None:
            yield checkpoint
