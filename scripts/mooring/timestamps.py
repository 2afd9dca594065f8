"""Formats points in time and durations, for machines and for people."""

from datetime import UTC, datetime

UNITS = ((86400, "day"), (3600, "h"), (60, "min"), (1, "s"))


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, such as 2026-03-01T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(moment: str) -> float:
    """Parses what `iso` formats; the inverse."""
    return datetime.fromisoformat(moment).timestamp()


def span(length: float) -> str:
    """A duration in seconds in its largest whole unit: `3 min`, `2 days`."""
    for size, unit in UNITS:
        if length >= size:
            count = int(length // size)
            return f"{count} {unit}{'s' * (unit == 'day' and count != 1)}"
    return "0 s"


def clock(length: float) -> str:
    """A duration in seconds that counts down: `1:59:58`."""
    minutes, rest = divmod(max(0, int(length)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def ago(then: float, now: float) -> str:
    """How long before or after `now`."""
    return f"{span(now - then)} ago" if then <= now else f"in {span(then - now)}"
