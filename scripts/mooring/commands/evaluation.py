"""Prepares an evaluation's session from documents, and concludes the command from its results."""

import atexit
import os
import shutil
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load, load_valid
from mooring.catalog.nearest import suggestion
from mooring.catalog.source import GitTree, WorkTree
from mooring.change.wording import count
from mooring.commands.evidence import keep, needed
from mooring.commands.judges import provide
from mooring.commands.refresh import refresh
from mooring.commands.reported import reported
from mooring.commands.target_state import resolved
from mooring.commands.workspace import Workspace
from mooring.errors import Refused, UsageError
from mooring.evaluate import evidence, history
from mooring.evaluate.baselines import Baselines
from mooring.evaluate.behaviour.weakening import weakened
from mooring.evaluate.gate import comparison as gate
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.live import CONFIRM_REPEATS
from mooring.evaluate.run import Options
from mooring.evaluate.select import Selection, Side, affected, everything
from mooring.evaluate.session import Compared, Session
from mooring.evaluate.values import Evidence, Results
from mooring.outcome import Outcome, Reason
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.report.console import Console
from mooring.report.evaluation.wording import costs, dollars
from mooring.spec import Environment, EvalSuite, Model

LIVE = "live"
REASONS = {"pass": Reason.EVALUATED, "fail": Reason.REGRESSED, "inconclusive": Reason.INCONCLUSIVE}


def prepare(workspace: Workspace, args: Namespace, console: Console) -> Session | None:
    """The session that the arguments ask for; None, with a note to the console, when no case needs asking."""
    catalog = load_valid(WorkTree(workspace.root))
    release = resolve(catalog, args.environment)
    if args.if_needed and not needed(workspace, catalog, release):
        console.line(f"{args.environment} takes {release.digest} as it is: nothing to evaluate")
        return None
    given = evidence.choose(release, args.evidence, args.record, os.environ)
    suites = _judged_for_real(_wanted(catalog, release, args.suite, console), given, args.suite, console)
    head = Side(release.content, suites, _documents(catalog))
    base, selection = _base(workspace, args, head, console)
    if args.suite or args.all:
        selection = everything(head, "it was asked for")
    if not selection.cases:
        console.line(selection.line, "yellow")
        _say_easier(base, head, catalog, console)
        return None
    provide((suites[name] for name in selection.cases), console)
    for name, why in selection.why.items():
        console.line(f"{name}: {'; '.join(why)}", "dim")
    return Session(
        head=release,
        base=base,
        suites={name: suites[name] for name in selection.cases},
        catalog=catalog,
        options=_options(workspace, args, catalog, given, selection),
        output=args.output or _fresh(workspace.of(args.environment) / "evaluations"),
        baselines=Baselines(workspace.of(args.environment) / "evaluations" / "baselines"),
    )


def _say_easier(base: Compared | None, head: Side, catalog: Catalog, console: Console) -> None:
    """Notes suites that ask less than at the commit compared with; no other step would report them."""
    if base is None or base.live:
        return
    for one in weakened(Side(head.content, base.suites), Side(head.content, catalog.all(EvalSuite)), ()):
        console.note(f"{one.place} asks less than before: {one.text}")


def _options(workspace: Workspace, args: Namespace, catalog: Catalog, given: Evidence, selection: Selection) -> Options:
    evals = workspace.root / "evals"
    return Options(
        evidence=given,
        rules=evals / "simulator",
        recordings=workspace.root / history.RECORDINGS,
        journal=Path(),
        seed=args.seed,
        repeats=args.repeat,
        budget_usd=args.budget,
        record=args.record,
        chosen=selection.cases,
        models=catalog.all(Model),
        calibration=evals / "calibration",
        environ=dict(os.environ),
    )


def _wanted(catalog: Catalog, release: Release, names: list[str], console: Console) -> dict[str, EvalSuite]:
    """The named suites, or all suites of the environment's agents. Raises Refused(EMPTY_SET) when there is none."""
    known = catalog.all(EvalSuite)
    for name in names:
        if name not in known:
            there = f"there are: {', '.join(known)}" if known else "there are none in evals/suites"
            raise UsageError(f"no suite {name!r}{suggestion(name, known)} ({there})")
    agents, environment = release.content.agents, release.content.environment.name
    found = {name: known[name] for name in names or known}
    elsewhere = [name for name, suite in found.items() if suite.agent not in agents]
    if elsewhere and names:
        raise UsageError(f"the agents of {', '.join(elsewhere)} are not in environment {environment}")
    for name in elsewhere:
        console.note(f"suite {name} is left out: its agent is not in environment {environment}")
        del found[name]
    if not found:
        raise Refused(Reason.EMPTY_SET, f"no suite asks an agent of {environment}: nothing was evaluated")
    return found


def _judged_for_real(
    suites: dict[str, EvalSuite], given: Evidence, names: list[str], console: Console
) -> dict[str, EvalSuite]:
    """The suites less those whose judge is only simulated, unless they were named."""
    if given != "simulated" or names:
        return suites
    judged = [name for name, suite in suites.items() if suite.judge]
    for name in judged:
        console.note(f"suite {name} is left out: a simulated judge has no taste; name the suite to see it at work")
    if len(judged) == len(suites):
        raise Refused(Reason.EMPTY_SET, "every suite needs a judge, and it is only simulated: nothing was evaluated")
    return {name: suite for name, suite in suites.items() if name not in judged}


def _base(workspace: Workspace, args: Namespace, head: Side, console: Console) -> tuple[Compared | None, Selection]:
    """What to compare with, and what the change to it touches."""
    if args.against is None:
        return None, everything(head, "no comparison was asked for")
    name, ref = args.environment, args.against
    release: Release | None = None
    if args.against == LIVE:
        release, ref = _live(workspace, name)
        if release is None:
            console.note(f"nothing is live in {name}: every case is new")
            return None, everything(head, "nothing is live")
        if ref is None:
            console.note("what is live came from no commit that git knows here: every case of the head is asked")
            why = "no commit says what has changed"
            return Compared(release, head.suites, workspace.root / history.RECORDINGS, live=True), everything(head, why)
    catalog, _ = load(GitTree(workspace.root, ref))
    if release is None:
        if catalog.get(Environment, name) is None:
            console.note(f"{ref} has no environment {name}: every case is new")
            return None, everything(head, f"{ref} has no environment {name}")
        release = resolved(catalog, name, ref)
    side = Side(release.content, catalog.all(EvalSuite), _documents(catalog))
    compared = Compared(release, side.suites, _recordings(workspace, ref), live=args.against == LIVE)
    return compared, affected(side, head, history.changed(workspace.root, ref))


def _recordings(workspace: Workspace, ref: str) -> Path:
    """A temporary folder with the recordings of a commit; removed when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="moor-base-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return history.recordings(workspace.root, ref, folder)


def _live(workspace: Workspace, name: str) -> tuple[Release | None, str | None]:
    """The live release and its commit, each None when unknown; the commit may be missing from this clone."""
    from mooring.commands.git import commit
    from mooring.commands.running import ledger, target

    release = target(workspace, name).live()
    if release is None:
        return None, None
    with ledger(workspace, name) as book:
        ref = book.commit_of(name, release.digest)
    return release, commit(workspace.root, ref) if ref else None


def _documents(catalog: Catalog) -> Mapping[str, tuple[str, str]]:
    return {entry.file: key for key, entry in catalog.entries.items()}


def _fresh(folder: Path) -> Path:
    return folder / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _too_little(session: Session, complete: bool) -> str:
    """Why a run with a budget is partial."""
    limit = session.options.budget_usd
    if complete or limit is None:
        return ""
    return f"; the budget of {dollars(limit)} did not reach, about {dollars(session.estimate().total)} would"


def conclude(workspace: Workspace, session: Session, base: Results | None, head: Results, console: Console) -> Outcome:
    """Reports the verdict and returns the command's outcome. Asks suspect cases again when evidence is live."""
    options = gate.Options(base_suites=session.base.suites if session.base else None)
    comparison = compare(base, head, session.suites, options)
    asked = [base, head] if base else [head]

    def again(cases: Sequence[tuple[str, str]]) -> tuple[Results, Results]:
        console.line(f"asking {count(len(cases), 'case')} again on both sides", "dim")
        both = session.rerun(cases, CONFIRM_REPEATS, lambda side, trial: None, *asked)
        asked.extend(both)
        return both

    verdict = decide(comparison, again if session.base else None)
    behaviour = reported(session, comparison, verdict, console)
    for sworn in session.options.sworn:
        for agreement in sworn.agreements.values():
            console.line(agreement.line)
    paid = session.spent(*asked)
    if head.evidence == "live":
        console.line(f"it cost {costs(paid)}{_too_little(session, behaviour.complete)}")
    refreshed: list[str] = []
    if session.options.record:
        console.line(f"what was answered is in {session.options.recordings}; commit it with the change", "dim")
        refreshed = refresh(workspace, session, head, console)
    told = {"evidence": head.weakest, "output": str(session.output), "trials": len(head.trials)}
    told |= {"unruled": head.unruled} if head.unruled else {}
    told |= {"answers": refreshed} if session.options.record else {}
    told |= {"spent_usd": paid.total, "judges_usd": paid.judges}
    approved = not behaviour.unapproved
    told["attested"] = keep(workspace, session, base, head, verdict, console) if approved else None
    reason = REASONS[verdict.outcome]
    if reason is Reason.EVALUATED and not approved:
        reason = Reason.GUARDED
    return Outcome(reason, {**told, "complete": head.complete, "verdict": verdict.data(), "approved": approved})
