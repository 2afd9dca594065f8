"""The text of one document in another format."""

import copy
from collections.abc import Sequence
from typing import Any

from mooring.catalog.editing.retext import CannotEdit, retext
from mooring.catalog.formats import CURRENT, number
from mooring.catalog.migrations.migration import Migration, chain
from mooring.catalog.migrations.table import MIGRATIONS
from mooring.catalog.parse import parse


class CannotConvert(Exception):
    """A document cannot be brought to the wanted format; the argument says why."""


def of_other_format(file: str, content: bytes, target: str = CURRENT) -> dict[str, Any] | None:
    """The data of a document whose format is another than `target`; None for every other file."""
    if f"\napiVersion: {target}\n".encode() in content:
        return None  # nearly always, and without parsing
    parsed = parse(file, content)
    written = (parsed.data or {}).get("apiVersion")
    return parsed.data if not parsed.findings and number(written) is not None and written != target else None


def convert(
    text: str, data: dict[str, Any], table: Sequence[Migration] = MIGRATIONS, target: str = CURRENT
) -> tuple[str, dict[str, Any]]:
    """Text and data in the format `target`, with the version they had. Raises CannotConvert.

    Each migration edits the text of the one before it, so that a renamed key is known as such.
    """
    try:
        for migration in chain(data["apiVersion"], target, table):
            after = migration.apply(copy.deepcopy(data))
            text, data = retext(text, data, after), after
    except CannotEdit:
        raise CannotConvert("no edit of the text says what the new format wants") from None
    except (LookupError, ValueError, TypeError, AttributeError) as error:  # a step met what no valid document has
        raise CannotConvert(str(error)) from None
    return text, data


def as_current(file: str, content: bytes) -> bytes:
    """A document of the past as this version would have it, to be compared with today's; as it is where that fails."""
    data = of_other_format(file, content)
    if data is None:
        return content
    try:
        return convert(content.decode(), data)[0].encode()
    except CannotConvert:
        return content
