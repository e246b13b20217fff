"""From ``NAME=PATH`` to sources."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pytest_parsediff.core.config import AdapterConfig
from pytest_parsediff.core.errors import OptionError, SourceError, UnknownAdapterError
from pytest_parsediff.core.event import NO_SESSION
from pytest_parsediff.diff.sameness import SourcePolicy
from pytest_parsediff.live.settings import LiveSettings
from pytest_parsediff.live.sources import (
    SourceKind,
    SourceRef,
    find_sources,
    kind_of,
    parse_source,
    resolve_adapter,
)


def settings(folder: Path, *sources: str, **keys: Any) -> LiveSettings:
    """Return settings whose adapter ``toy`` has *keys* in its table."""
    return LiveSettings(
        sources=sources,
        configured={"toy": (AdapterConfig(**keys), folder)},
        registered={"toy": lambda _path: iter(())},
        folder=folder,
    )


def names(given: LiveSettings) -> list[str]:
    """Return the names of the sources."""
    return [ref.name for ref in find_sources(given).refs]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a folder with files in it."""
    store = tmp_path / "store"
    for name in ("b.jsonl", "a.jsonl", "in/c.jsonl", "in/d.txt"):
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text(name)
    return store


def test_a_text_is_a_name_and_a_path(tmp_path: Path) -> None:
    """The first equals sign parts them; a relative path is below the folder."""
    assert ("toy", tmp_path / "a=b") == parse_source(" toy =a=b", tmp_path)
    assert ("m:f", Path("/x")) == parse_source("m:f=/x", tmp_path)
    home = Path(os.path.realpath(Path("~").expanduser()))
    assert ("toy", home / "x") == parse_source("toy=~/x", tmp_path)


@pytest.mark.parametrize("text", ["", "toy", "toy=", "=x", " =x"])
def test_other_texts_are_refused(tmp_path: Path, text: str) -> None:
    """They are a mistake in a flag."""
    with pytest.raises(OptionError, match="PD116"):
        parse_source(text, tmp_path)


def test_without_a_glob_a_path_is_one_source(store: Path) -> None:
    """A folder as well as a file; its name is its own."""
    assert ["store"] == names(settings(store, f"toy={store}"))
    assert ["a.jsonl"] == names(settings(store, f"toy={store}/a.jsonl"))


def test_a_glob_makes_a_source_of_each_file(store: Path) -> None:
    """By name, which is the path below the root; folders are none."""
    found = settings(store, f"toy={store}", files="**/*")
    assert ["a.jsonl", "b.jsonl", "in/c.jsonl", "in/d.txt"] == names(found)
    assert ["a.jsonl", "b.jsonl"] == names(
        settings(store, f"toy={store}", files="*.jsonl")
    )
    assert ["d.txt"] == names(settings(store, f"toy={store}/in/d.txt", files="*.jsonl"))
    assert [] == names(settings(store, f"toy={store}", files="*.no"))


def test_a_file_is_one_source_however_often_it_is_named(store: Path) -> None:
    """Also behind a link, or given once more by itself."""
    (store / "z.jsonl").symlink_to(store / "a.jsonl")
    sources = (f"toy={store}", f"toy={store}/a.jsonl", f"toy={store}/../store")
    found = settings(store, *sources, files="*.jsonl")
    assert ["a.jsonl", "b.jsonl"] == names(found)


def test_a_source_knows_where_it_lies(store: Path) -> None:
    """The adapter is given file and root, and lines have names for both."""
    ref = find_sources(settings(store, f"toy={store}", files="in/*.jsonl")).refs[0]
    assert (store / "in/c.jsonl", store) == (ref.source.path, ref.source.root)
    expected = {str(store): "<STORE_DIR>", str(store / "in/c.jsonl"): "<ROOT>"}
    assert expected == ref.paths
    (alone,) = find_sources(settings(store, f"toy={store}/a.jsonl")).refs
    assert "<STORE_DIR>" == alone.paths[str(store)]


@pytest.mark.parametrize("name", ["no", "a.jsonl/x"])
def test_a_missing_source(store: Path, name: str) -> None:
    """It is an error before anything is parsed."""
    with pytest.raises(SourceError, match=r"PD505.*cannot be read"):
        find_sources(settings(store, f"toy={store}/{name}"))


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read everything"
)
def test_an_unreadable_source(store: Path) -> None:
    """It is an error before anything is parsed."""
    (store / "a.jsonl").chmod(0)
    with pytest.raises(SourceError, match=r"PD505.*may not read"):
        find_sources(settings(store, f"toy={store}/a.jsonl"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_source(store: Path) -> None:
    """Nobody waits for whoever might write to it."""
    os.mkfifo(store / "pipe")
    with pytest.raises(SourceError, match=r"PD505.*no file"):
        find_sources(settings(store, f"toy={store}/pipe"))
    assert "pipe" not in names(settings(store, f"toy={store}", files="*"))


def test_an_unknown_adapter(store: Path) -> None:
    """It is named with the nearest known one."""
    with pytest.raises(UnknownAdapterError, match=r"PD112.*'toy'"):
        find_sources(settings(store, f"toi={store}"))


# --- what a source is made of -----------------------------------------------------------


def ref_of(path: Path) -> SourceRef:
    """Return the source at *path*."""
    return SourceRef("toy", path, path, path.name)


def test_kinds_of_sources(tmp_path: Path) -> None:
    """A database is known by its name, by what lies beside it, or by its first bytes."""
    for name in ("a.db", "a.sqlite", "a.sqlite3", "plain", "text", "empty"):
        (tmp_path / name).touch()
    (tmp_path / "plain").write_bytes(b"SQLite format 3\0rest")
    (tmp_path / "text").write_bytes(b"SQLite format 4\0")
    (tmp_path / "live").touch()
    (tmp_path / "live-wal").touch()
    got = {
        path.name: kind_of(ref_of(path), has_evidence=False)
        for path in tmp_path.iterdir()
    }
    database, file = SourceKind.DATABASE, SourceKind.FILE
    assert {
        "a.db": database,
        "a.sqlite": database,
        "a.sqlite3": database,
        "plain": database,
        "text": file,
        "empty": file,
        "live": database,
        "live-wal": file,
    } == got


def test_who_gives_evidence_needs_no_hash(tmp_path: Path) -> None:
    """Whatever the source is, its adapter tells what belongs to each session."""
    for path in (tmp_path, tmp_path / "a"):
        path.touch()
        assert SourceKind.DATABASE is kind_of(ref_of(path), has_evidence=True)


def test_folders(tmp_path: Path) -> None:
    """One with a database anywhere in it counts as one: its files are never opened."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").touch()
    assert SourceKind.FOLDER is kind_of(ref_of(tmp_path), has_evidence=False)
    (tmp_path / "in" / "a.db").touch()
    assert SourceKind.DATABASE is kind_of(ref_of(tmp_path), has_evidence=False)


def test_policies(tmp_path: Path) -> None:
    """By the name of the file, unless the table says otherwise."""
    plain = resolve_adapter("toy", settings(tmp_path))
    codex = resolve_adapter("toy", settings(tmp_path, moves="codex"))
    lines, other = ref_of(tmp_path / "a.jsonl"), ref_of(tmp_path / "a.json")
    assert SourcePolicy.JSONL is plain.policy_of(SourceKind.FILE, lines)
    assert SourcePolicy.FILE is plain.policy_of(SourceKind.FILE, other)
    assert SourcePolicy.CODEX is codex.policy_of(SourceKind.FILE, lines)
    assert SourcePolicy.ROW is codex.policy_of(SourceKind.DATABASE, lines)


# --- which session an event belongs to --------------------------------------------------


def test_sessions_of_events(tmp_path: Path) -> None:
    """By the first place that has one; without places the source is the session."""
    ref = ref_of(tmp_path / "a.jsonl")
    plain = resolve_adapter("toy", settings(tmp_path))
    assert "a.jsonl" == plain.session_of({"id": "x"}, ref)
    adapter = resolve_adapter("toy", settings(tmp_path, session=["/p/sid", "id"]))
    assert "x" == adapter.session_of({"p": {"sid": "x"}, "id": "y"}, ref)
    assert "y" == adapter.session_of({"p": {"sid": None}, "id": "y"}, ref)
    assert "7" == adapter.session_of({"id": 7}, ref)
    assert NO_SESSION == adapter.session_of({"n": 1}, ref)
