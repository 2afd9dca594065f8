"""Canonical JSON: equal values give equal bytes, whatever the order of keys or the spelling of numbers.

Source: RFC 8785, "JSON Canonicalization Scheme", section 3.2.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

SAFE_INTEGER = 2**53 - 1
"""Larger integers lose digits in a JSON reader that has only IEEE 754 doubles (RFC 7493, section 2.2)."""


def canonical(value: Any) -> bytes:
    """The canonical bytes of a JSON value. ValueError when it has none, see `uncanonical`."""
    import rfc8785

    return rfc8785.dumps(value)


def uncanonical(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted path, what is wrong) of every leaf without a canonical form, such as 2**60 or NaN."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from uncanonical(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from uncanonical(inner, f"{path}.{index}")
    else:
        try:
            canonical(value)
        except ValueError as error:
            yield path, str(error)


def read(data: bytes) -> Any:
    """The JSON value in `data`. ValueError when it is not JSON, or not in canonical form."""
    value = parse(data)
    if canonical(value) != data:
        raise ValueError("not in canonical form")
    return value


def parse(data: bytes) -> Any:
    """The JSON value in `data`, which is known to be in canonical form. ValueError when it is not JSON."""
    try:
        return json.loads(data, parse_int=_number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _number(digits: str) -> int | float:
    # 1e20 is written as 100000000000000000000: beyond the safe integers it was a float.
    number = int(digits) if len(digits) < 20 else SAFE_INTEGER + 1
    return number if abs(number) <= SAFE_INTEGER else float(digits)


def digest(data: bytes) -> str:
    """The name of content: `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
