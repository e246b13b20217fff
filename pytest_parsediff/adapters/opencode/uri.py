"""Addresses of values inside a store; the database is implied by the event's source."""

from __future__ import annotations

from urllib.parse import quote_plus

_BASE = "opencode-sqlite://"


def part_uri(part_id: str, field: str) -> str:
    """Return the address of *field* inside the data of a part."""
    return f"{_BASE}?part_id={quote_plus(part_id)}&field={quote_plus(field)}"


def input_uri(input_id: str, field: str) -> str:
    """Return the address of *field* inside a stored prompt."""
    return f"{_BASE}?input_id={quote_plus(input_id)}&field={quote_plus(field)}"


def row_uri(table: str, row_id: str) -> str:
    """Return the address of a whole row."""
    return f"{_BASE}?id={quote_plus(row_id)}&table={quote_plus(table)}"
