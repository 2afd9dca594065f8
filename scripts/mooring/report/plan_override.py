"""The override that would let a refused plan pass, ready to commit."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from mooring.catalog.formats import CURRENT
from mooring.change.guards import VALID
from mooring.change.plan import Plan

DAYS = 3
"""How long the override in the snippet lasts."""


def override_snippet(plan: Plan) -> Iterator[tuple[str, str]]:
    """(file, YAML) for each set of owners that is asked; nothing when there is nothing to override."""
    guards: dict[tuple[str, ...], list[str]] = {}
    for refusal in plan.refusals:
        if refusal.guard != VALID and refusal.guard not in guards.setdefault(refusal.owners, []):
            guards[refusal.owners].append(refusal.guard)
    for number, (owners, names) in enumerate(sorted((owners, names) for owners, names in guards.items() if names), 1):
        name = f"{plan.environment}-{short(plan.digest)}" + (f"-{number}" if number > 1 else "")
        yield (
            file_of(name),
            override_yaml(name, f"one plan for {plan.environment}", plan.digest, owners, names, plan.now),
        )


def short(digest: str) -> str:
    """Enough of a digest to tell overrides apart."""
    return digest.removeprefix("sha256:")[:8]


def file_of(name: str) -> str:
    """The file of an override."""
    return f"configs/overrides/{name}.yaml"


def override_yaml(
    name: str, what: str, digest: str, owners: Sequence[str], guards: Sequence[str], now: datetime
) -> str:
    """An override that lets `what` pass, by the first of its possible owners."""
    expires = (now.astimezone(UTC) + timedelta(days=DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    others = f"  # or {', '.join(owners[1:4])}" if owners[1:] else ""
    return f"""\
# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: {CURRENT}
kind: Override
name: {name}
version: 1.0.0
description: Lets {what} pass.
owner: "{owners[0]}"{others}
plan: {digest}
guards: [{", ".join(guards)}]
reason: Say here why this is safe.
expires: {expires}
"""
