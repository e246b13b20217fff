"""The prompt of a user message: its text, and the images that came with it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.adapters.opencode.gojson import DecodeError, Value, parse
from pytest_parsediff.adapters.opencode.gotext import canonical_json


@dataclass(frozen=True, slots=True)
class Prompt:
    """``session_input.prompt``.

    Attributes:
        text_bytes: Length of the text in UTF-8, or ``None`` when there is no text.
        images: Index in the list of files, and length in bytes of the file's own
            description in canonical JSON.
    """

    text_bytes: int | None
    images: tuple[tuple[int, int], ...]


def decode_prompt(text: str) -> Prompt:
    """Return the prompt; members of the wrong type count as absent.

    Raises:
        DecodeError: *text* is not a JSON object or null.
    """
    value = parse(text)
    if value.first not in "{n":
        raise DecodeError(f"value: expected object, got {value.type_name}")
    body = _member(value, "text", '"')
    files = _member(value, "files", "[")
    return Prompt(
        text_bytes=None if body is None else len(body.string().encode()),
        images=tuple(
            (index, len(canonical_json(file)))
            for index, file in enumerate(files.elements if files else ())
            if _is_image(file)
        ),
    )


def _is_image(file: Value) -> bool:
    mime = _member(file, "mime", '"')
    return mime is not None and mime.string().lower().startswith("image/")


def _member(value: Value, name: str, first: str) -> Value | None:
    """Return the last member of that very name, if it begins with *first*."""
    found = [member for key, member in value.members if key.string() == name]
    return found[-1] if found and found[-1].first == first else None
