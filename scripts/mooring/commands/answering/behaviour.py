"""Looks at the behaviour of what runs: the same questions as its evidence, asked of the live slot now."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.change.wording import count
from mooring.commands.workspace import Workspace
from mooring.errors import Failed, Refused
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.evaluate.values import Results
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger
    from mooring.spec import EvalSuite
    from mooring.targets.protocol import Target

FIX = "moor eval --environment {0}, before the next deployment"


def behaviour(
    workspace: Workspace, running: "Target", book: "Ledger", budget: float | None, console: Console
) -> Outcome:
    """Asks and reports. Refused(NO_EVIDENCE) when nothing is known of what the live release answered."""
    from mooring.operate.drift.behaviour import look
    from mooring.operate.drift.questions import Questions, askable
    from mooring.report import behaviour as render

    name, live, release = running.environment, running.facts().live, running.live()
    if live is None or release is None:
        raise Failed(Reason.NOT_RUNNING, f"nothing is live in {name}", f"moor up {name}")
    then = _evidence(workspace, release, book)
    suites = _suites(workspace, book, release, then, console)
    wanted = set(askable(suites))
    trials = sum((trial.suite, trial.case) in wanted for trial in then.trials)
    limit = budget if budget is not None else _budget(release)
    questions = Questions(lambda body, seconds: running.rehearse(live.slot, body, seconds), suites, then, limit)
    console.line(f"asking {name} {count(trials, 'question')} again, for at most {limit:g} $", "dim")
    with console.bar("asked", trials) as advance:
        found = look(questions, then, suites, lambda trial: advance("", ""))
    real = sorted(set(release.content.environment.services) - set(release.content.environment.simulated_services))
    data = {"environment": name, "release": release.digest, "since": then.started, "services": real, **found.data()}
    render.show(data, console)
    return Outcome(_reason(found), data)


def _reason(found: Any) -> Reason:
    if found.drifted:
        return Reason.DRIFTED
    return Reason.IN_SYNC if found.verdict.outcome == "pass" else Reason.INCONCLUSIVE


def _budget(release: "Release") -> float:
    """What git says that one look may cost, the least where several documents do."""
    from mooring.spec.drift import BehaviourDrift

    said = [drift.behaviour.budget_usd for drift in release.content.drift.values()]
    return min(said, default=BehaviourDrift().budget_usd)


def _evidence(workspace: Workspace, release: "Release", book: "Ledger") -> "Results":
    """The trials of the evidence on which the release went out, else of the newest evidence about it."""
    from mooring.commands.evidence import store, trials
    from mooring.operate.drift.behaviour import as_asked_live

    name = release.content.environment.name
    asked = [entry.event for entry in book.entries(1000, name) if entry.event.get("digest") == release.digest]
    digests = [str(event["evidence"]) for event in asked if event.get("evidence")]
    kept = store(workspace, name)
    made = [kept.get(release.digest, kind) for kind in release.content.environment.accepted_evidence]
    digests += [one.digest for one in made if one]
    for digest in digests:
        if found := trials(workspace, name).get(digest):
            return as_asked_live(found)
    message = f"nothing is known of what {release.digest} answered when it went out"
    raise Refused(Reason.NO_EVIDENCE, message, FIX.format(name))


def _suites(
    workspace: Workspace, book: "Ledger", release: "Release", then: "Results", console: Console
) -> dict[str, "EvalSuite"]:
    """The suites of the evidence, as they were then, that a slot can be asked. Refused(EMPTY_SET) without any."""
    from mooring.catalog.load import load
    from mooring.operate.drift.questions import askable
    from mooring.spec import EvalSuite

    name = release.content.environment.name
    known = load(source(workspace.root, book.commit_of(name, release.digest)))[0].all(EvalSuite)
    asked = {suite: known[suite] for suite in then.suites if suite in known}
    able = {suite for suite, _ in askable(asked)}
    for suite in sorted(set(then.suites) - able):
        why = "it needs a judge or a person" if suite in known else "it is gone"
        console.note(f"suite {suite} is left out: {why}")
    if not able:
        raise Refused(Reason.EMPTY_SET, f"no suite of the evidence can be asked of {name}: nothing was compared")
    return {suite: asked[suite] for suite in sorted(able)}


def source(root: Path, commit: str | None) -> Any:
    """The documents of a commit, or those here where this clone does not have it."""
    from mooring.catalog.source import GitTree, WorkTree
    from mooring.errors import UsageError

    try:
        return GitTree(root, commit) if commit else WorkTree(root)
    except UsageError:  # this clone does not have the commit
        return WorkTree(root)
