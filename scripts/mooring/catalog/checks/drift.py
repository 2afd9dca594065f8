"""Answers to drift: of fields and environments that can be, and tolerated by somebody until some day."""

from fnmatch import fnmatchcase

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.nearest import suggestion
from mooring.spec import Drift, Environment

FIELDS = (
    "agent",
    "code",
    "drift",
    "environment",
    "export",
    "guards",
    "model",
    "patrol",
    "prompt",
    "repository",
    "resilience",
    "tool",
)
WHOLE = ("other-code", "settings-changed", "stored-release-altered")
"""Drift in which no field of a document differs."""


def field(catalog: Catalog) -> Remarks:
    known = (*FIELDS, *WHOLE)
    for name, drift in catalog.all(Drift).items():
        for number, rule in enumerate(drift.rules):
            for place, pattern in enumerate(rule.fields):
                kind = pattern.partition(":")[0].partition("/")[0]
                if not any(fnmatchcase(word, kind) for word in known):
                    message = f"{pattern!r} names no field: there is no {kind!r}{suggestion(kind, known)}"
                    yield Remark(catalog.of(Drift)[name], f"rules.{number}.fields.{place}", message)


def environment(catalog: Catalog) -> Remarks:
    known = catalog.all(Environment)
    for name, drift in catalog.all(Drift).items():
        for number, rule in enumerate(drift.rules):
            for place, where in enumerate(rule.environments):
                if where not in known and ("Environment", where) not in catalog.broken:
                    message = f"there is no environment {where!r}{suggestion(where, known)}"
                    yield Remark(catalog.of(Drift)[name], f"rules.{number}.environments.{place}", message)


def tolerated(catalog: Catalog) -> Remarks:
    for name, drift in catalog.all(Drift).items():
        for number, rule in enumerate(drift.rules):
            given = {"until": rule.until, "owner": rule.owner, "reason": rule.reason}
            for key, value in given.items():
                path, entry = f"rules.{number}", catalog.of(Drift)[name]
                if rule.answer == "tolerate" and value is None:
                    yield Remark(entry, path, f"what is tolerated needs `{key}`")
                if rule.answer != "tolerate" and value is not None:
                    yield Remark(entry, f"{path}.{key}", f"`{key}` belongs to `tolerate`, this is `{rule.answer}`")
