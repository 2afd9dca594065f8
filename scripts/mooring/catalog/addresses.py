"""URLs as documents give them: maybe none at all."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def split(url: str) -> SplitResult | None:
    """The parts of an http(s) URL with a host, or None when it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def own_machine(url: str) -> bool:
    """Whether a URL stays on this machine or a private network, by its host alone."""
    parts = split(url)
    host = (parts.hostname if parts else None) or "."
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal"))
