"""The override that would let a refused plan pass, ready to commit."""

from collections.abc import Iterator
from datetime import UTC, timedelta

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
        name = f"{plan.environment}-{plan.digest.removeprefix('sha256:')[:8]}" + (f"-{number}" if number > 1 else "")
        yield f"configs/overrides/{name}.yaml", _yaml(plan, name, owners, names)


def _yaml(plan: Plan, name: str, owners: tuple[str, ...], guards: list[str]) -> str:
    expires = (plan.now.astimezone(UTC) + timedelta(days=DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    others = f"  # or {', '.join(owners[1:4])}" if owners[1:] else ""
    return f"""\
# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: mooring/v1
kind: Override
name: {name}
version: 1.0.0
description: Lets one plan for {plan.environment} pass.
owner: "{owners[0]}"{others}
plan: {plan.digest}
guards: [{", ".join(guards)}]
reason: Say here why this is safe.
expires: {expires}
"""
