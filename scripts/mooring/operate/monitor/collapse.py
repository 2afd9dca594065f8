"""Keeps the sums of what is gone to a size: every agent, tool and model that there ever was had series of its own."""

from collections.abc import Iterable

from mooring.operate.monitor.exposition import Series

MOST = 20_000
"""Series of what is gone, of which a release with 20 agents and 40 tools has 2,000."""

VALUES = 16
"""Values that a label may have and keep: ways to end and edges of buckets are fewer, names of documents may be more."""

OTHER = "other"
"""What stands for the rest."""

ALWAYS = frozenset({"le"})
"""Labels without which the others say nothing."""


def collapsed(values: dict[Series, float]) -> dict[Series, float]:
    """Sums over labels with many values, so that each metric as a whole is what it was."""
    many = _many(values)
    found: dict[Series, float] = {}
    for (name, labels), value in values.items():
        series = name, tuple((label, OTHER if (name, label) in many else was) for label, was in labels)
        found[series] = found.get(series, 0) + value
    return found


def _many(series: Iterable[Series]) -> set[tuple[str, str]]:
    values: dict[tuple[str, str], set[str]] = {}
    for name, labels in series:
        for label, value in labels:
            if label not in ALWAYS:
                values.setdefault((name, label), set()).add(value)
    return {key for key, found in values.items() if len(found) > VALUES}
