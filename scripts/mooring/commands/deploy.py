"""`moor deploy`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, MooringError, Refused
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.release.release import Release
    from mooring.rollout.actions import Smoke
    from mooring.rollout.driver import Request
    from mooring.rollout.ledger import Ledger
    from mooring.rollout.receipt import Receipt
    from mooring.rollout.state import Side
    from mooring.targets.protocol import Target

SUMMARY = "Deploy a release blue-green: stage, probe, switch, bake; the old one serves on if any step fails."
EXAMPLES = """
moor deploy local                            what the documents here make
moor deploy production --plan sha256:1a2b…   exactly the plan that was reviewed, or nothing
moor deploy staging                          once moor eval --environment staging has passed
moor deploy staging --evidence FILE          what moor eval or moor drill found on another machine
moor deploy production --bundle FILE         signed, where rollout.signatures says by whom
moor deploy staging --allow-dirty            uncommitted documents, when it cannot wait
git revert HEAD && moor deploy local         back: the release that is still warm, by a flip
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--plan", metavar="DIGEST", help="refuse unless this is the plan's digest")
    wrote = "evidence that moor eval or moor drill wrote elsewhere"
    parser.add_argument("--evidence", metavar="FILE", type=Path, action="append", default=[], help=wrote)
    bundle = "what moor release export wrote, and FILE.sig beside it where a signature is demanded"
    parser.add_argument("--bundle", metavar="FILE", type=Path, help=bundle)
    parser.add_argument("--allow-dirty", action="store_true", help="also deploy what is not committed")


def run(args: Namespace, console: Console) -> Outcome:
    return deploy(
        find(args),
        args.environment,
        console,
        plan_digest=args.plan,
        allow_dirty=args.allow_dirty,
        evidence=args.evidence,
        bundle=args.bundle,
    )


def deploy(
    workspace: Workspace,
    name: str,
    console: Console,
    *,
    plan_digest: str | None,
    allow_dirty: bool,
    evidence: Sequence[Path] = (),
    bundle: Path | None = None,
) -> Outcome:
    """Deploys what the documents resolve to. Refused before anything changes; Failed when a rollout was undone."""
    from mooring.commands.git import committed
    from mooring.commands.target_state import documents

    catalog, release = documents(workspace, name)
    commit = committed(workspace.root, release.content.environment, allow_dirty, console)
    return deploy_release(
        workspace, catalog, release, commit, console, plan_digest=plan_digest, evidence=evidence, bundle=bundle
    )


def deploy_release(
    workspace: Workspace,
    catalog: "Catalog",
    release: "Release",
    commit: str | None,
    console: Console,
    *,
    plan_digest: str | None = None,
    evidence: Sequence[Path] = (),
    bundle: Path | None = None,
) -> Outcome:
    """Deploys a release that the catalog makes, through every gate. Raises as `deploy` does."""
    from mooring.commands import approvals, doors, local_model, proofs, quarantine
    from mooring.commands import bundle as bundles
    from mooring.commands.running import actor, done, ledger, target
    from mooring.commands.target_state import planned
    from mooring.rollout import holds
    from mooring.rollout.doors import passable
    from mooring.rollout.driver import Request

    name = release.content.environment.name
    running = target(workspace, release.content.environment)
    with ledger(workspace, release.content.environment) as book:
        holds.admit(book, name)
        settle(running, book, console)
        _say_hotfix(book, name, console)
        live = running.live()
        plan = planned(catalog, release, live)
        agreed(plan, plan_digest)
        lifted = quarantine.demand(catalog, plan, book, console)
        attested: str | None = None
        approved: tuple[str, ...] = ()
        back = release.digest in book.state(name).trail
        bundles.demand(workspace, plan, release, live, commit, bundle, console, back=back)
        if not back:
            allowed(plan, console)
            approved = approvals.demand(catalog, plan, release, live, commit, book, lifted)
            proofs.demand(catalog, plan, release, live, book, console)
            attested = _evidence(workspace, catalog, running, release, evidence)
        opener = doors.opener(workspace, catalog, plan, book, console)
        _private(workspace, name, console)
        local_model.set_up(release.content)
        running.ensure()
        passable(running, book, workspace.of(name), release.digest)
        base = live.digest if live else None
        smoke = _smoke(running, catalog, release)
        request = Request(release, actor(), commit, plan.digest, base, attested, smoke, opener, None, approved, lifted)
        receipt = _driven(workspace, running, book, request, console)
        if opener:
            doors.renew(running, book, workspace, console)
    _leave_former(workspace, live, release, console)
    return done(receipt, console)


def _leave_former(workspace: Workspace, live: "Release | None", release: "Release", console: Console) -> None:
    """Stops what served before on another target, after its requests, now that this one serves."""
    from mooring.commands.running import target

    former = live.content.environment if live else None
    if former is None or former.target.place == release.content.environment.target.place:
        return
    try:
        if target(workspace, former).down():
            console.line(f"{former.name} has moved to {release.content.environment.target.place}; it was stopped on "
                         f"{former.target.place} after its requests")  # fmt: skip
    except MooringError as error:
        console.note(f"{former.name} may still run on {former.target.place}: {error}")


def _say_hotfix(book: "Ledger", name: str, console: Console) -> None:
    """Notes that a hotfix is live, which this deployment takes back."""
    hotfix = book.state(name).hotfix
    for patch in hotfix.patches if hotfix else ():
        console.note(f"this takes back the hotfix of {patch.kind} {patch.name} by {patch.owner}: {patch.reason}")


def _private(workspace: Workspace, name: str, console: Console) -> None:
    """Takes from others what they may do with the state, which holds what users wrote, and says so."""
    from mooring import private

    try:
        if mended := private.mend(workspace.of(name)):
            console.note(f"others could read {mended} files or folders of {workspace.of(name)}; now you alone can")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"{error.filename}: {error.strerror}", "make the state folder yours") from None


def settle(running: "Target", book: "Ledger", console: Console) -> None:
    """Finishes or undoes a rollout whose process was killed, so that the plan compares with what stays live.

    Where another machine made that live, it is live here first.
    """
    from mooring.commands.running import actor
    from mooring.rollout import driver
    from mooring.rollout.follow import caught_up
    from mooring.rollout.state import Phase

    if book.state(running.environment).phase is not Phase.IDLE:
        running.ensure()
        with console.progress(f"recover {running.environment}") as notify:
            driver.recover(running, book, actor(), notify)
    live, here = book.state(running.environment).live, running.live()
    if live and (here is None or here.digest != live.digest):
        running.ensure()
        with console.progress(f"follow {running.environment}") as notify:
            caught_up(running, book, notify)


def _evidence(
    workspace: Workspace, catalog: "Catalog", running: "Target", release: "Release", given: Sequence[Path]
) -> str | None:
    """The digest of the evaluation's evidence that allows the release. All evidence is kept beside it from now on.

    Raises Refused(NO_EVIDENCE), Refused(TAMPERED) or Failed(STORAGE).
    """
    environment = release.content.environment
    if not given and not environment.needs_evidence and not environment.rollout.evidence.drills:
        return None
    from mooring.commands.drilling import evidence as drills
    from mooring.commands.evidence import demand, record

    of_drills = [path for path in given if drills.of_drills(path)]
    others = [path for path in given if path not in of_drills]
    found = demand(workspace, catalog, release, others[-1] if others else None)
    if of_drills or environment.rollout.evidence.drills:
        drills.demand(workspace, catalog, release, running.database, of_drills[-1] if of_drills else None)
    return record(running.database, found) if found else None


def _smoke(running: "Target", catalog: "Catalog", release: "Release") -> "Smoke | None":
    """A function that runs the smoke suites of the release's agents against a slot; None when there are none."""
    from mooring.spec import EvalSuite

    agents = release.content.agents
    suites = {name: suite for name, suite in catalog.all(EvalSuite).items() if suite.smoke and suite.agent in agents}

    def asked(side: "Side", seconds: float) -> Sequence[str]:
        from mooring.evaluate.smoke import smoke

        return smoke(suites, lambda body, limit: running.rehearse(side.slot, body, limit), seconds)

    return asked if suites else None


def _driven(workspace: Workspace, running: "Target", book: "Ledger", request: "Request", console: Console) -> "Receipt":
    """Drives the rollout. If it switched back after the switch, git gets a revert branch, as after a rollback."""
    from mooring.commands.running import tell_git
    from mooring.rollout import driver

    try:
        with console.progress(f"deploy {running.environment}") as notify:
            return driver.deploy(running, book, request, notify)
    except Failed as failed:
        if book.state(running.environment).quarantined == request.release.digest:
            tell_git(workspace, book, running.environment, f"Taken back after the switch: {failed}.", console)
        raise


def agreed(plan: "Plan", digest: str | None) -> None:
    """Raises Refused(PLAN_MISMATCH) unless this is the reviewed plan. An empty digest means the review was lost."""
    if digest is not None and digest != plan.digest:
        said = f"the reviewed plan is {digest}" if digest else "the digest of the reviewed plan is empty"
        fix = f"moor plan {plan.environment}, and have it reviewed again"
        raise Refused(Reason.PLAN_MISMATCH, f"{said}, this one is {plan.digest}", fix)


def allowed(plan: "Plan", console: Console) -> None:
    """Raises Refused(GUARDED) when a guard refuses the plan; prints the plan and the override it would need first."""
    if not plan.verdict.unsafe:
        return
    from mooring.report.plan_text import plan_text

    console.diff(plan_text(plan))
    message = "; ".join(str(refusal) for refusal in plan.refusals)
    fix = f"split the change, or commit the override that `moor plan {plan.environment}` prints"
    raise Refused(Reason.GUARDED, message, fix)
