"""Which answer a difference gets: what the first rule says that names its field, else the default."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from mooring.operate.drift.difference import Answer, Difference
from mooring.operate.drift.observe import Report
from mooring.spec import Drift

FOLDER = "configs/operations"


def documents(root: Path, commit: str) -> dict[str, Drift]:
    """The answers of a commit by name, without reading its other documents. Raises FindingsError."""
    from mooring.catalog.load import read
    from mooring.catalog.source import blobs, git
    from mooring.errors import FindingsError

    listing = git(root, "ls-tree", "-z", commit, "--", f"{FOLDER}/").decode("utf-8", "replace")
    files = {line.split("\t", 1)[1]: line.split()[2] for line in filter(None, listing.split("\0"))}
    contents = blobs(root, list(files.values()))
    found: dict[str, Drift] = {}
    for file, sha in sorted(files.items()):
        key, entry, findings = read(file, contents[sha])
        if entry is not None and isinstance(entry.document, Drift):
            found[entry.document.name] = entry.document
        elif findings and key and key[0] == Drift.__name__:
            raise FindingsError(findings)
    return found


def answered(report: Report, drift: Mapping[str, Drift], now: datetime) -> Report:
    """The report with an answer to each difference. What is tolerated no longer is reported."""
    found = tuple(one.answered(_answer(one, drift, report.environment, now)) for one in report.differences)
    return replace(report, differences=found)


def _answer(one: Difference, drift: Mapping[str, Drift], environment: str, now: datetime) -> Answer:
    for name, document in sorted(drift.items()):
        for number, rule in enumerate(document.rules):
            if not _names(rule.fields, rule.environments, one, environment):
                continue
            place = f"{name} rules.{number}"
            if rule.answer != "tolerate" or rule.until is None:
                return Answer(rule.answer, place)
            until = rule.until if rule.until.tzinfo else rule.until.replace(tzinfo=UTC)
            if until > now:
                return Answer("tolerate", place, until.isoformat(), rule.owner, rule.reason)
            return Answer("report", place, until.isoformat(), rule.owner, f"no longer tolerated: {rule.reason}")
    first = next(iter(sorted(drift.items())), None)
    return Answer(first[1].answer) if first else Answer("report")


def _names(fields: Iterable[str], environments: Sequence[str], one: Difference, environment: str) -> bool:
    if environments and environment not in environments:
        return False
    return any(fnmatchcase(one.field.lower(), pattern.lower()) for pattern in fields)
