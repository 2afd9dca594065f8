"""Going out and coming back: what `up`, `deploy` and `rollback` share."""

import getpass
import os
import socket
from dataclasses import asdict

from mooring.change.plan import Plan
from mooring.commands.ask import Answer, ask, curl
from mooring.commands.git import committed
from mooring.commands.place import Place
from mooring.commands.steps import documents, ledger, live, planned, target
from mooring.errors import Failed, Refused
from mooring.outcome import Outcome, Reason
from mooring.release.store import Store
from mooring.report.console import Console
from mooring.report.receipt import sentence
from mooring.rollout import driver
from mooring.rollout.receipt import Receipt
from mooring.rollout.writeback import write_back

DONE = {"deploy": Reason.DEPLOYED, "flip": Reason.DEPLOYED, "rollback": Reason.ROLLED_BACK, "no-op": Reason.IN_SYNC}
"""How a command ends, by the kind of its receipt."""


def deploy(place: Place, name: str, console: Console, *, plan_digest: str | None, allow_dirty: bool) -> Outcome:
    """Take out what the documents make. Refused before anything changes, Failed when it was undone on the way."""
    catalog, release = documents(place, name)
    commit = committed(place.root, release.content.environment, allow_dirty, console)
    local = target(place, release.content.environment)
    plan = planned(catalog, release, live(place, name))
    agreed(plan, plan_digest)
    with ledger(place, name) as book:
        if release.digest not in book.state(name).trail:
            allowed(plan)
        local.ensure_supervisor()
        request = driver.Request(release, actor(), commit, plan.digest)
        with console.progress(f"deploy {name}") as notify:
            receipt = driver.deploy(local, book, request, notify)
    return done(receipt, console)


def up(place: Place, name: str, console: Console, *, allow_dirty: bool) -> Outcome:
    """The whole way, and a question at its end that is asked as any client would ask it."""
    outcome = deploy(place, name, console, plan_digest=None, allow_dirty=allow_dirty)
    local = target(place, name)
    release, url = local.live(), local.status().url
    if release is None or url is None:
        raise Failed(Reason.NOT_RUNNING, f"nothing is live in {name}", fix=f"moor logs {name} supervisor")
    probe = release.content.environment.rollout.probes[0]
    answer = ask(url, probe.agent, probe.say)
    _show(url, probe.agent, probe.say, answer, console)
    asked = {"agent": probe.agent, "say": probe.say, **asdict(answer)}
    return Outcome(outcome.reason, {**outcome.data, "url": url, "answer": asked})


def _show(url: str, agent: str, say: str, answer: Answer, console: Console) -> None:
    console.line()
    console.line(f"serving at {url}", "bold")
    console.line()
    console.line(curl(url, agent, say))
    console.line()
    source = "a simulated model" if answer.simulated else "its model"
    console.line(f"{agent} ({source}, rung {answer.rung}, slot {answer.slot}) answers {say!r}:", "dim")
    console.line(answer.text, "cyan")


def rollback(place: Place, name: str, console: Console, *, to: str | None, writeback: bool) -> Outcome:
    """Flip back first, then tell git."""
    local = target(place, name)
    with ledger(place, name) as book, console.progress(f"roll back {name}") as notify:
        whole = Store(local.state / "releases").find(to) if to is not None else None
        receipt = driver.rollback(local, book, actor(), notify, to=whole)
        refused = book.state(name).quarantined
        told = refused and writeback and write_back(place.root, book, name, receipt.digest, refused, f"By {actor()}.")
    outcome = done(receipt, console)
    if not told:
        return outcome
    console.line(f"git: {told.branch} holds the revert" if told.branch else f"git was not told: {told.reason}")
    return Outcome(outcome.reason, {**outcome.data, "revert": told.data()})


def agreed(plan: Plan, digest: str | None) -> None:
    """Refused(PLAN_MISMATCH) unless this is the plan that was reviewed. An empty digest is a review that got lost."""
    if digest is not None and digest != plan.digest:
        said = f"the reviewed plan is {digest}" if digest else "the digest of the reviewed plan is empty"
        raise Refused(
            Reason.PLAN_MISMATCH,
            f"{said}, this one is {plan.digest}",
            fix=f"moor plan {plan.environment}, and have it reviewed again",
        )


def allowed(plan: Plan) -> None:
    """Refused(GUARDED) with everything that an override would have to say."""
    if not plan.verdict.unsafe:
        return
    names = ", ".join(sorted({refusal.guard for refusal in plan.refusals}))
    raise Refused(
        Reason.GUARDED,
        "; ".join(str(refusal) for refusal in plan.refusals),
        fix=f"split the change, or add an Override of {names} for plan {plan.digest} (moor plan {plan.environment})",
    )


def done(receipt: Receipt, console: Console) -> Outcome:
    data = receipt.data()
    console.line(sentence(data), "green" if not data["lost"] else "red")
    return Outcome(DONE[receipt.kind], data)


def actor() -> str:
    """Who acts, for the ledger: the person behind a workflow, or the user of this machine."""
    return os.environ.get("GITHUB_ACTOR") or f"{getpass.getuser()}@{socket.gethostname()}"
