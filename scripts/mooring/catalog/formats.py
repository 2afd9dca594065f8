"""The format of documents, `apiVersion`: the one that this version reads, and what is said of any other."""

import re
from typing import Any, get_args

from mooring.catalog.parse import Parsed
from mooring.finding import Finding
from mooring.spec import Document

CURRENT: str = get_args(Document.model_fields["api_version"].annotation)[0]
"""The format that the models of this version describe."""
_FORMAT = re.compile(r"mooring/v([1-9][0-9]{0,3})")


def number(api_version: Any) -> int | None:
    """Which format is meant, as a number to compare; None for what names no format."""
    named = _FORMAT.fullmatch(api_version) if isinstance(api_version, str) else None
    return int(named[1]) if named else None


def other_format(file: str, parsed: Parsed) -> Finding | None:
    """That a document has another format than this version reads, and how to bring the two together."""
    written = (parsed.data or {}).get("apiVersion")
    given, known = number(written), number(CURRENT)
    if given is None or known is None or given == known:
        return None
    age, fix = ("newer", "moor upgrade") if given > known else ("older", "moor upgrade --migrate")
    message = f"{written} is a {age} format; this version of Mooring reads {CURRENT}"
    return Finding(file, parsed.lines.at("apiVersion"), "apiVersion", message, "api-version", fix)
