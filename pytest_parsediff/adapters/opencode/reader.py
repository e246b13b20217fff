"""One reader of one store: a full scan, then polls that cost what has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_parsediff.adapters.opencode.changes import Glance, glance
from pytest_parsediff.adapters.opencode.cursor import (
    Known,
    decode_cursor,
    encode_cursor,
    hash_target,
    name_of,
    shorten,
)
from pytest_parsediff.adapters.opencode.emit import Told, session_emissions
from pytest_parsediff.adapters.opencode.handle import Handle
from pytest_parsediff.adapters.opencode.held import Held
from pytest_parsediff.adapters.opencode.load import load_tree, weigh_tree
from pytest_parsediff.adapters.opencode.pages import affected_sessions
from pytest_parsediff.adapters.opencode.poll import (
    BATCH,
    Poll,
    held_digest,
    note_glance,
)
from pytest_parsediff.adapters.opencode.timers import VERIFY_INTERVAL_S, Timers
from pytest_parsediff.core.event import Checkpoint, Emission, Notice, Source


@dataclass(frozen=True, slots=True)
class _Saved:
    """What the last checkpoint covers, and what was seen then; it never changes."""

    text: str
    known: Known
    seen: Glance | None
    is_settled: bool


class OpencodeReader:
    """Reads one store, again and again.

    Nothing has to survive of it: a new one goes on from the last cursor, only that its
    first poll compares all digests. The cursor of a poll may be any that was handed
    out; the one handed out last is what makes a poll cheap.
    """

    #: What runs one poll; tests put wrong ones in its place.
    poll_class: type[Poll] = Poll

    def __init__(
        self,
        source: Source,
        clock: Callable[[], float],
        verify_interval_s: float = VERIFY_INTERVAL_S,
    ) -> None:
        self._path = source.path
        self._target = hash_target(source.path)
        self._handle = Handle(source.path)
        self._clock = clock
        self._timers = Timers(clock, verify_interval_s)
        self._told = Told()
        self._held = Held()
        self._saved: _Saved | None = None

    def scan(self, cursor: str | None, /) -> Iterator[Emission]:
        """Yield everything, or what has changed since *cursor*.

        Yields:
            For ``None`` what a scan of the adapter yields, and a checkpoint in the end;
            others come before, so that a long scan need not begin anew.
            Else, for each session that is new or has changed, what a scan yields of it,
            behind the event ``session_removed`` if the consumer may hold more of it;
            for each that has no events any more, that event alone; and checkpoints, the first one before any event, to say that it is not certain
            from here on what the consumer holds of these sessions.

        Raises:
            StoreOpenError: PD422. SchemaError: PD421. The poll can be repeated with the
            same cursor.
        """
        if cursor is None:
            self._told.begin_scan()
            yield from self._scan_all()
            return
        known = self._resume(cursor)
        if isinstance(known, Notice):
            yield known
            self._told.begin_scan(tells_again=False)
            yield from self._scan_all()
            return
        yield from self._poll(known)

    def skip(self) -> Iterator[Emission]:
        """Yield a checkpoint that covers all that is stored, and no event of it.

        It is that of a full scan: what is stored counts as told. Every session is
        weighed, because a later change is found by its digest, but none is parsed.

        Yields:
            Notices about the schema and about rows that cannot be read, then the
            checkpoint.

        Raises:
            StoreOpenError: PD422. SchemaError: PD421.
        """
        self._told.begin_scan()
        yield from self._scan_all(weigh_only=True)

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._handle.close()
        self._saved = None

    def _resume(self, cursor: str) -> Known | Notice:
        """Return what *cursor* says, or why it is of no use."""
        if self._saved is not None and self._saved.text == cursor:
            return self._saved.known
        self._saved = None
        self._held.clear()
        self._timers.force()
        known = decode_cursor(cursor)
        if known is None:
            message = "the cursor is of another version, or none; everything is read"
            return Notice("cursor-unknown", message)
        if known.target_hash != self._target:
            message = "the cursor is of a store in another place; everything is read"
            return Notice("cursor-foreign", message)
        return known

    def _poll(self, known: Known) -> Iterator[Emission]:
        is_new = self._handle.attach()
        before = self._saved.seen if self._saved is not None else None
        if is_new and before is not None:
            message = "another file stands in the place of the store; all is compared"
            yield from self._told.news((Notice("store-replaced", message),))
            self._timers.force()
            before = None
        is_settled = self._saved is not None and self._saved.is_settled
        is_idle = before is not None and is_settled and not self._timers.is_due
        if is_idle and before and self._handle.data_version() == before.version:
            return
        poll = self.poll_class(
            handle=self._handle,
            path=self._path,
            timers=self._timers,
            told=self._told,
            held=self._held,
            known=known.copy(),
            before=before,
            save=self._save,
        )
        yield from poll.run()
        self._told.is_live = True

    def _save(self, known: Known, seen: Glance | None) -> Checkpoint | None:
        """Remember what is covered; return the checkpoint, unless it is the last one."""
        text = encode_cursor(known)
        is_same = self._saved is not None and self._saved.text == text
        self._saved = _Saved(text, known.copy(), seen, known.is_settled)
        return None if is_same else Checkpoint(text)

    def _scan_all(self, *, weigh_only: bool = False) -> Iterator[Emission]:
        self._saved = None
        self._held.clear()
        self._timers.force()
        self._handle.attach()
        began = self._clock()
        layout, seen = self._handle.read(
            lambda connection, layout: (
                layout,
                glance(connection, layout, self._path),
            )
        )
        yield from self._told.schema_news(layout.schema)
        known = Known(target_hash=self._target, schema_hash=seen.migrations)
        found = affected_sessions(
            self._handle.connection, layout, self._path, known.tables
        )
        take = self._weigh if weigh_only else self._emit
        for one in found:
            if isinstance(one, Notice):
                yield from self._told.news((one,))
                continue
            yield from take(one, known)
            if not weigh_only and known.digests and len(known.digests) % BATCH == 0:
                yield from self._checkpoint(known, None)
        note_glance(known, seen)
        self._timers.note_commit(has_log=seen.has_log)
        self._timers.probed(self._clock())
        self._timers.verified(began)
        self._told.is_live = True
        yield from self._checkpoint(known, seen)

    def _checkpoint(self, known: Known, seen: Glance | None) -> Iterator[Checkpoint]:
        checkpoint = self._save(known, seen)
        if checkpoint is not None:
            yield checkpoint

    def _emit(self, key: bytes, known: Known) -> Iterator[Emission]:
        """Hand out one session."""
        with self._handle.snapshot() as layout:
            loaded = load_tree(self._handle.connection, layout.schema, key)
        yield from self._told.schema_news(layout.schema)
        is_flawed = yield from session_emissions(loaded, self._path, self._told)
        if loaded.digest:
            digest = held_digest(loaded, is_flawed=is_flawed)
            known.digests[name_of(key, layout.schema.codec)] = digest

    def _weigh(self, key: bytes, known: Known) -> Iterator[Emission]:
        """Take one session for handed out."""
        with self._handle.snapshot() as layout:
            digest = weigh_tree(self._handle.connection, layout.schema, key)
        yield from self._told.schema_news(layout.schema)
        if digest is not None:
            known.digests[name_of(key, layout.schema.codec)] = shorten(digest)
