"""Who is at the top of a chain of parents."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencode_stores import DDL, Insert, pick, scan_rows

from pytest_parsediff.adapters.opencode.root import MAX_ANCESTORS, resolve_root

Parents = dict[bytes, bytes]


def root(parents: Parents, session: bytes) -> tuple[bytes, str]:
    """Resolve the root of *session* in a table of parents."""
    return resolve_root(parents.get, session, parents[session])


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({b"a": b""}, (b"a", "")),
        ({b"a": b"b", b"b": b"c", b"c": b""}, (b"c", "")),
        ({b"a": b"x"}, (b"x", "root-missing")),
        ({b"a": b"b", b"b": b"x"}, (b"x", "root-missing")),
        ({b"a": b"a"}, (b"a", "root-cycle")),
        ({b"a": b"b", b"b": b"a"}, (b"b", "root-cycle")),
        ({b"a": b"b", b"b": b"c", b"c": b"b"}, (b"b", "root-cycle")),
    ],
)
def test_root(parents: Parents, expected: tuple[bytes, str]) -> None:
    """The root has no parent; a missing row or a repeated id ends the walk early."""
    assert expected == root(parents, b"a")


def chain(length: int) -> Parents:
    """Return sessions ``s0`` to ``s<length>``, each the child of the next one."""
    names = [f"s{number}".encode() for number in range(length + 1)]
    return dict(zip(names, [*names[1:], b""], strict=True))


def test_a_chain_as_long_as_the_limit_is_resolved() -> None:
    """The last ancestor that may be looked up can be the root."""
    assert (b"s32", "") == root(chain(MAX_ANCESTORS), b"s0")


def test_a_longer_chain_ends_at_the_limit() -> None:
    """After 32 look-ups the id that was reached stands for the root."""
    assert (b"s33", "root-too-deep") == root(chain(40), b"s0")


def test_an_unreadable_ancestor_is_the_root() -> None:
    """When a look-up fails the walk ends where it is."""

    def fail(_key: bytes) -> bytes | None:
        raise apsw.CorruptError

    assert (b"p", "root-unreadable") == resolve_root(fail, b"a", b"p")


names = st.sampled_from([bytes([letter]) for letter in b"abcdefgh"])
graphs = st.dictionaries(names, names | st.sampled_from([b"", b"gone"]), min_size=1)


@given(graphs)
def test_the_walk_always_ends(parents: Parents) -> None:
    """For any graph of parents the walk ends, and looks no session up twice."""
    for session, parent in parents.items():
        looked_up: list[bytes] = []

        def parent_of(key: bytes, seen: list[bytes] = looked_up) -> bytes | None:
            seen.append(key)
            return parents.get(key)

        found, code = resolve_root(parent_of, session, parent)

        assert (code == "") is (parents.get(found) == b"")
        assert len(looked_up) == len(set(looked_up)) <= MAX_ANCESTORS


def test_roots_of_a_store(tmp_path: Path) -> None:
    """The walk uses the store's own rows, a NULL parent ends it like an empty one."""
    rows: list[Insert] = [
        ("session", {"id": "ses_a", "parent_id": "ses_b", "time_updated": 3}),
        ("session", {"id": "ses_b", "parent_id": "ses_c", "time_updated": 2}),
        ("session", {"id": "ses_c", "parent_id": None, "time_updated": 1}),
        ("session", {"id": "ses_d", "parent_id": "", "time_updated": 4}),
        ("session", {"id": "ses_e", "parent_id": "ses_gone", "time_updated": 5}),
    ]
    events, notices = scan_rows(tmp_path / "store.db", *rows)

    assert [
        ("ses_c", "ses_c", "root"),
        ("ses_b", "ses_c", "sub_agent"),
        ("ses_a", "ses_c", "sub_agent"),
        ("ses_d", "ses_d", "root"),
        ("ses_e", "ses_gone", "sub_agent"),
    ] == pick(events, "session_started", "NativeID", "RootNativeID", "Kind")
    assert [("root-missing", "session/ses_gone")] == [
        (notice.code, notice.where) for notice in notices
    ]


def test_store_without_parents(tmp_path: Path) -> None:
    """Where the column is absent every session is a root."""
    ddl = DDL.replace("parent_id TEXT, project_id", "project_id")
    events, _ = scan_rows(tmp_path / "store.db", ("session", {}), ddl=ddl)

    assert [("ses_1", "root")] == pick(
        events, "session_started", "RootNativeID", "Kind"
    )
