"""What `moor drill` runs: the drills and the arms that its arguments ask for."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load_valid
from mooring.catalog.nearest import suggestion
from mooring.catalog.source import WorkTree
from mooring.change.plan import make_plan
from mooring.commands.target_state import at
from mooring.commands.workspace import Workspace
from mooring.drill.arms.names import BASE, BASELINE, HEAD, NAMES
from mooring.drill.run import Wish
from mooring.errors import Refused, UsageError
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.report.console import Console
from mooring.spec import Drill, Environment, Objectives
from mooring.spec.objectives import Objective

LIVE = "live"
_TIERS = ("production", "staging", "development")

MEETS = ("agent", "model", "resilience", "tool", "prompt")
"""Kinds of documents whose changes a drill can feel."""


@dataclass(frozen=True)
class Prepared:
    """`changed` says what the change is, in sentences; `whole` that every drill is run."""

    wish: Wish
    catalog: Catalog
    release: Release
    objectives: Sequence[Objective]
    changed: Sequence[str]
    whole: bool


def prepare(workspace: Workspace, args: Namespace, console: Console) -> Prepared:
    """Raises UsageError for names that there are not, Refused(EMPTY_SET) when there is no drill."""
    catalog = load_valid(WorkTree(workspace.root))
    release = resolve(catalog, environment(catalog, args.environment))
    drills = _drills(catalog, args.names)
    base = _base(workspace, release.content.environment.name, args.against, console)
    evals = workspace.root / "evals"
    wish = Wish(
        drills=drills,
        releases=_releases(args.arms, release, base),
        rules=evals / "simulator",
        evals=evals / "drills",
        seeds=range(args.seed, args.seed + args.seeds),
    )
    whole = len(drills) == len(catalog.all(Drill))
    return Prepared(wish, catalog, release, _objectives(release), _changed(release, base), whole)


def environment(catalog: Catalog, named: str | None) -> str:
    """The environment that was named, or the first of the highest tier."""
    if named is not None:
        return named
    found = sorted(catalog.all(Environment).values(), key=lambda each: (_TIERS.index(each.tier), each.name))
    if not found:
        raise Refused(Reason.EMPTY_SET, "there is no environment, so nothing is drilled", "moor new environment local")
    return found[0].name


def _drills(catalog: Catalog, names: Sequence[str]) -> dict[str, Drill]:
    known = catalog.all(Drill)
    for name in names:
        if name not in known:
            there = f"there are: {', '.join(known)}" if known else "there are none in evals/drills"
            raise UsageError(f"no drill {name!r}{suggestion(name, known)} ({there})")
    if not known:
        raise Refused(Reason.EMPTY_SET, "there is no drill in evals/drills: nothing was run", "moor new drill NAME")
    return {name: known[name] for name in names or known}


def _base(workspace: Workspace, name: str, against: str | None, console: Console) -> Release | None:
    if against is None:
        return None
    if against == LIVE:
        from mooring.commands.running import target

        base = target(workspace, name).live()
        missing = f"nothing is live in {name}"
    else:
        base = at(workspace, name, against)
        missing = f"{against} has no environment {name}"
    if base is None:
        console.note(f"{missing}: there is nothing to compare with")
    return base


def _releases(arms: Sequence[str], head: Release, base: Release | None) -> dict[str, Release]:
    """By arm, in the order of the table; a base that is the head itself needs no arm."""
    wanted = set(NAMES) if "all" in arms else {BASELINE, BASE, HEAD, *arms}
    found = {name: head for name in NAMES if name in wanted and name != BASE}
    if base is None or base.digest == head.digest:
        return found
    return {name: base if name == BASE else head for name in NAMES if name in wanted}


def _objectives(release: Release) -> Sequence[Objective]:
    documents: Mapping[str, Objectives] = release.content.objectives
    return [objective for document in documents.values() for objective in document.objectives]


def _changed(head: Release, base: Release | None) -> Sequence[str]:
    if base is None:
        return ()
    changes = make_plan(head, base, (), datetime.now(UTC)).changes
    return [change.text for change in changes if change.kind in MEETS]
