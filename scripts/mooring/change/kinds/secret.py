"""Secrets: which of them go to an address that they were not sent to before."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from mooring.change.walk import Note
from mooring.change.wording import show

SENT = "document.secret-sent"

WHERE = ("url", "baseUrl", "address", "service")
"""Fields that say where the secret beside them goes. One that stands alone holds its own address, as a URL does."""


def sent(before: Any, after: Any) -> Iterator[Note]:
    """One note for each secret and address of a document that its earlier version, if any, did not have."""
    for secret, address in sorted(_pairs(after) - _pairs(before)):
        yield Note(SENT, f"the secret {show(secret)} is sent to {show(address)}", values=(None, secret))


def _pairs(value: Any) -> set[tuple[str, str]]:
    if isinstance(value, list):
        return {pair for one in value for pair in _pairs(one)}
    if not isinstance(value, dict):
        return set()
    found = {pair for one in value.values() for pair in _pairs(one)}
    secret, place = value.get("secretRef"), next((value[key] for key in WHERE if value.get(key)), None)
    return found | {(secret, _host(place))} if isinstance(secret, str) and isinstance(place, str) else found


def _host(place: str) -> str:
    """With the scheme: what goes over http can be read on its way."""
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else place
