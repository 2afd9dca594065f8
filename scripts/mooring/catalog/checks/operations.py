"""Guards, overrides and freezes; and whether there is anything to run at all."""

import re
from collections.abc import Iterator
from datetime import datetime

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.spec import Drift, Environment, Export, Guards, Override

_MEANING = re.compile(r"[a-z]+(-[a-z]+)*\.(\*|[a-z]+(-[a-z]+)*)")


def guard_meaning(catalog: Catalog) -> Remarks:
    for name, guards in catalog.all(Guards).items():
        for index, guard in enumerate(guards.guards):
            for number, meaning in enumerate(guard.meanings):
                if not _MEANING.fullmatch(meaning):
                    message = f"{meaning!r} is no meaning; such as `tool.gained-write`, or `tool.*`"
                    yield Remark(catalog.of(Guards)[name], f"guards.{index}.meanings.{number}", message)


def guard_twice(catalog: Catalog) -> Remarks:
    seen: dict[str, str] = {}
    for name, guards in catalog.all(Guards).items():
        for index, guard in enumerate(guards.guards):
            if guard.name in seen:
                message = (
                    f"guard {guard.name!r} is in {seen[guard.name]!r} already; an override could not tell them apart"
                )
                yield Remark(catalog.of(Guards)[name], f"guards.{index}.name", message)
            seen.setdefault(guard.name, name)


def guards_missing(catalog: Catalog) -> Remarks:
    if catalog.of(Guards) or any(kind == "Guards" for kind, _ in catalog.broken):
        return
    for name, environment in catalog.all(Environment).items():
        if environment.tier == "production":
            yield Remark(catalog.of(Environment)[name], "tier", "production has no guards: any plan would pass")


def override_owner(catalog: Catalog) -> Remarks:
    allowed = {owner for guards in catalog.all(Guards).values() for owner in guards.override_owners}
    for name, override in catalog.all(Override).items():
        if allowed and override.owner not in allowed:
            message = f"{override.owner} may not override; those who may: {', '.join(sorted(allowed))}"
            yield Remark(catalog.of(Override)[name], "owner", message)


def _times(catalog: Catalog) -> Iterator[tuple[Entry, str, datetime]]:
    for name, override in catalog.all(Override).items():
        yield catalog.of(Override)[name], "expires", override.expires
    for name, environment in catalog.all(Environment).items():
        entry, keys = catalog.of(Environment)[name], environment.access.keys if environment.access else ()
        for index, freeze in enumerate(environment.rollout.freezes):
            for end, time in (("start", freeze.start), ("end", freeze.end)):
                yield entry, f"rollout.freezes.{index}.{end}", time
        yield from ((entry, f"access.keys.{index}.ends", key.ends) for index, key in enumerate(keys) if key.ends)
    for name, drift in catalog.all(Drift).items():
        ends = ((f"rules.{index}.until", rule.until) for index, rule in enumerate(drift.rules))
        yield from ((catalog.of(Drift)[name], path, end) for path, end in ends if end)
    for name, export in catalog.all(Export).items():
        ends = ((f"holds.{index}.until", hold.until) for index, hold in enumerate(export.holds))
        yield from ((catalog.of(Export)[name], path, end) for path, end in ends if end)


def time_zone(catalog: Catalog) -> Remarks:
    for entry, path, time in _times(catalog):
        if time.tzinfo is None:
            yield Remark(entry, path, "the time has no zone, so nobody knows when it is")


def freeze_order(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        for index, freeze in enumerate(environment.rollout.freezes):
            known = freeze.start.tzinfo is not None and freeze.end.tzinfo is not None
            if known and freeze.end <= freeze.start:
                yield Remark(
                    catalog.of(Environment)[name], f"rollout.freezes.{index}.end", "the freeze ends before it starts"
                )
