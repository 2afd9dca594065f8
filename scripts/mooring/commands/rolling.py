"""Going out and coming back: what `up`, `deploy` and `rollback` share."""

import getpass
import os
import socket
from typing import Any

from mooring.change.plan import Plan
from mooring.commands.git import committed
from mooring.commands.place import Place
from mooring.commands.steps import documents, ledger, planned, target
from mooring.errors import Refused
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console
from mooring.report.receipt import sentence
from mooring.rollout import driver
from mooring.rollout.receipt import Receipt

DONE = {"deploy": Reason.DEPLOYED, "flip": Reason.DEPLOYED, "rollback": Reason.ROLLED_BACK, "no-op": Reason.IN_SYNC}
"""How a command ends, by the kind of its receipt."""


def deploy(place: Place, name: str, console: Console, *, plan_digest: str | None, allow_dirty: bool) -> Outcome:
    """Take out what the documents make. Refused before anything changes, Failed when it was undone on the way."""
    catalog, release = documents(place, name)
    commit = committed(place.root, release.content.environment, allow_dirty, console)
    local = target(place, name)
    plan = planned(catalog, release, local.live())
    agreed(plan, plan_digest)
    with ledger(place, name) as book:
        if release.digest not in book.state(name).trail:
            allowed(plan)
        local.ensure_supervisor()
        request = driver.Request(release, actor(), commit, plan.digest)
        with console.progress(f"deploy {name}") as notify:
            receipt = driver.deploy(local, book, request, notify)
    return done(receipt, console)


def rollback(place: Place, name: str, console: Console, *, to: str | None, writeback: bool) -> Outcome:
    """Flip back first, then tell git."""
    with ledger(place, name) as book, console.progress(f"roll back {name}") as notify:
        receipt = driver.rollback(target(place, name), book, actor(), notify, to=to)
    return done(receipt, console)


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


def done(receipt: Receipt, console: Console, **more: Any) -> Outcome:
    data = receipt.data()
    console.line(sentence(data), "green" if not data["lost"] else "red")
    return Outcome(DONE[receipt.kind], {**data, **more})


def actor() -> str:
    """Who acts, for the ledger: the person behind a workflow, or the user of this machine."""
    return os.environ.get("GITHUB_ACTOR") or f"{getpass.getuser()}@{socket.gethostname()}"
