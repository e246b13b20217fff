"""What a timeline shows: lanes, the moments that matter, nothing a terminal obeys."""

from __future__ import annotations

from pytest_parsediff.interleave.plan import Gap
from pytest_parsediff.interleave.schedule import Kind, Moment
from pytest_parsediff.interleave.timeline import render


def read(label: str, nth: int = 1) -> Moment:
    """Return a snapshot of the reader."""
    return Moment(kind=Kind.SNAPSHOT, label=label, gap=Gap(0, nth))


def step(label: str, writer: int = 0, kind: Kind = Kind.STEP) -> Moment:
    """Return a step of a writer, three milliseconds after the start."""
    return Moment(
        kind=kind, label=label, gap=Gap(0, 1), writer=writer, index=0, now_ms=3
    )


POLL = Moment(kind=Kind.POLL, label="poll 1", gap=Gap(0, 0))


def test_each_acting_writer_has_a_lane() -> None:
    """Reader and writers stand in columns; a writer that did nothing has none."""
    lines = render(
        [POLL, read("SELECT a"), step("INSERT x"), step("INSERT y", 2)],
        ["agent", "idle", "other"],
    )

    head, _, select, first, second = lines
    assert ["reader", "agent", "other"] == head.split()
    assert select.split("  ")[-1].strip() == "snapshot SELECT a"
    assert head.index("agent") == first.index("INSERT x")
    assert head.index("other") == second.index("INSERT y")
    assert "t=+3 ms" in first


def test_a_blocked_step_says_so() -> None:
    """A step that waited for a lock is not taken for one that ran."""
    lines = render([POLL, step("COMMIT", kind=Kind.BLOCKED)], ["agent"])

    assert "BLOCKED COMMIT" in lines[-1]


def test_long_stretches_without_a_writer_are_folded() -> None:
    """A thousand reads become one line that counts them."""
    moments = [POLL, *(read(f"SELECT {n}") for n in range(1_000)), step("INSERT x")]

    lines = render(moments, ["agent"])

    assert 6 == len(lines)
    assert "998 more" in lines[2]
    assert "SELECT 999" in lines[4]
    assert "INSERT x" in lines[5]


def test_notes_stand_beside_their_moment() -> None:
    """An explanation is shown where it belongs, even far from any writer."""
    moments = [POLL, *(read(f"SELECT {n}") for n in range(100))]

    lines = render(moments, [], {50: "torn here"})

    assert any("SELECT 49" in line and line.endswith("<- torn here") for line in lines)


def test_what_came_out_of_a_store_cannot_drive_the_terminal() -> None:
    """Escape sequences and line ends in labels are shown, not obeyed."""
    lines = render([POLL, read("SELECT '\x1b[2J\nfake line'")], [])

    assert "\x1b" not in "".join(lines)
    assert not any("\n" in line for line in lines)


def test_nothing_happening_is_said() -> None:
    """An empty timeline is a finding of its own."""
    assert ["nothing happened: no gap was reached"] == render([], [])
