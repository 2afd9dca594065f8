"""Bundles of releases: made for whoever signs them, demanded by a deployment before it changes anything."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.commands.workspace import Workspace
from mooring.errors import MooringError, Refused
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.change.plan import Plan
    from mooring.release.bundle import Bundle
    from mooring.release.release import Release
    from mooring.report.console import Console
    from mooring.spec.environment import Signer


def of_documents(workspace: Workspace, environment: str) -> "Bundle":
    """What the documents here make, by the plan against what is live, with the evidence that is kept beside it."""
    from mooring.commands.git import commit, dirty
    from mooring.commands.running import target
    from mooring.commands.target_state import documents, planned

    catalog, release = documents(workspace, environment)
    plan = planned(catalog, release, target(workspace, environment).live())
    return _made(workspace, release, plan.data(), None if dirty(workspace.root) else commit(workspace.root))


def of_stored(workspace: Workspace, release: "Release") -> "Bundle":
    """A release that went out here, with the commit that it came from."""
    from mooring.commands.running import ledger

    name = release.content.environment.name
    with ledger(workspace, name) as book:
        return _made(workspace, release, None, book.commit_of(name, release.digest))


def _made(workspace: Workspace, release: "Release", plan: dict[str, Any] | None, commit: str | None) -> "Bundle":
    from mooring.release.bundle import Bundle

    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Bundle(release, plan, tuple(_evidence(workspace, release)), commit, made)


def _evidence(workspace: Workspace, release: "Release") -> Iterator[dict[str, Any]]:
    """Every evidence about a release, of evaluations and of drills: files beside it, else what the database has."""
    from mooring.commands.stored import stored
    from mooring.state.records.evidence import about

    name = release.content.environment.name
    seen: set[str] = set()
    folder = workspace.of(name) / "evaluations"
    contents = [path.read_bytes() for path in sorted(folder.glob(f"{release.digest.removeprefix('sha256:')}.*.json"))]
    with suppress(MooringError), stored(workspace, name) as database:
        if database:
            contents += [one for _digest, one in database.read(lambda connection: about(connection, release.digest))]
    for content in contents:
        value = json.loads(content)
        if value["digest"] not in seen:
            seen.add(value["digest"])
            yield value


def demand(
    workspace: Workspace,
    plan: "Plan",
    release: "Release",
    live: "Release | None",
    commit: str | None,
    path: Path | None,
    console: "Console",
    *,
    back: bool,
) -> None:
    """Keeps the evidence in a bundle, which is the one that is deployed, and signed where that is demanded.

    Raises Refused(NO_EVIDENCE) where none was given, Refused(TAMPERED) for one that is not signed as it must be or is
    of something else, Refused(PLAN_MISMATCH) for another plan or commit. `back` is a release that was live before.
    """
    signers = _signers(release, live)
    if path is None:
        if signers and not back and not plan.in_sync:
            _missing(plan, signers)
        return
    bundle = _verified(path, signers, console)
    _same(bundle, plan, release, commit, path)
    for number, evidence in enumerate(bundle.evidence):
        _keep(workspace, bundle, evidence, f"evidence {number} in {path}")


def _keep(workspace: Workspace, bundle: "Bundle", evidence: Mapping[str, Any], name: str) -> None:
    """Beside the release, as if it had been found here; what was found here stays."""
    from mooring.commands.drilling import evidence as drilling
    from mooring.commands.evidence import store
    from mooring.drill.attestation import FORMAT
    from mooring.drill.attestation import Attestation as Drilled
    from mooring.evaluate.attestation import Attestation
    from mooring.release.sealed import write

    data = json.dumps(evidence).encode()
    made: Attestation | Drilled
    if evidence.get("format") == FORMAT:
        made = Drilled.from_bytes(data, name)
        file = drilling.store(workspace, bundle.environment).path(made.release)
    else:
        made = Attestation.from_bytes(data, name)
        file = store(workspace, bundle.environment).path(made.release, made.evidence)
    if made.release != bundle.release.digest:
        raise Refused(Reason.TAMPERED, f"{name} is about {made.release}, which is another release")
    if not file.exists():
        write(file, made.to_bytes())


def _signers(release: "Release", live: "Release | None") -> Sequence["Signer"]:
    """Of what is live, so that no change brings its own keys; where that demands none, of what is to run."""
    sides = [one.content.environment.rollout.signatures for one in (live, release) if one]
    return next((signers for signers in sides if signers), ())


def _missing(plan: "Plan", signers: Sequence["Signer"]) -> None:
    name = plan.environment
    who = ", ".join(signer.name for signer in signers)
    what = f"{name} takes only releases that one of {who} signed, and no bundle was given"
    sign = "moor release sign FILE --key KEY"
    fix = f"moor release export {name} FILE; {sign}; moor deploy {name} --bundle FILE"
    raise Refused(Reason.NO_EVIDENCE, what, fix)


def _verified(path: Path, signers: Sequence["Signer"], console: "Console") -> "Bundle":
    """The signature is verified before anything in the bundle is read."""
    from mooring.release.bundle import Bundle, read_bytes
    from mooring.release.signature import signature_of, verify

    data = read_bytes(path)
    if signers:
        by = verify(data, signature_of(path), signers, datetime.now(UTC), str(path))
        console.note(f"{path.name} is signed by {by.name}")
    return Bundle.from_bytes(data, str(path))


def _same(bundle: "Bundle", plan: "Plan", release: "Release", commit: str | None, path: Path) -> None:
    if bundle.release.digest != release.digest:
        what = f"{path} is of {bundle.release.digest}, and {release.digest} is to be deployed"
        raise Refused(Reason.TAMPERED, what, f"moor release export {plan.environment} FILE, and have that signed")
    if bundle.plan is not None and not plan.in_sync and bundle.plan.get("plan") != plan.digest:
        what = f"{path} is for plan {bundle.plan.get('plan')}, this one is {plan.digest}"
        raise Refused(Reason.PLAN_MISMATCH, what, "another release went live meanwhile: export it again")
    if bundle.commit != commit:
        what = f"{path} was made of commit {bundle.commit}, and {commit} is deployed"
        raise Refused(Reason.PLAN_MISMATCH, what, "export it again from this commit")


def sign(path: Path, key: str) -> Path:
    """Writes the signature beside a bundle. Raises UsageError, Failed, and Refused(TAMPERED) for what is no bundle."""
    from mooring.release.bundle import Bundle, read_bytes
    from mooring.release.sealed import write
    from mooring.release.signature import SUFFIX
    from mooring.release.signature import sign as signed

    data = read_bytes(path)
    Bundle.from_bytes(data, str(path))
    beside = path.with_name(path.name + SUFFIX)
    write(beside, signed(data, key, os.environ))
    return beside


def verify(workspace: Workspace, path: Path, console: "Console") -> "Bundle":
    """The bundle in a file, signed by whom the environment's document here names. Raises as a deployment does."""
    from mooring.commands.target_state import documents
    from mooring.release.bundle import Bundle, read_bytes

    name = Bundle.from_bytes(read_bytes(path), str(path)).environment
    signers = documents(workspace, workspace.known(name))[1].content.environment.rollout.signatures
    if not signers:
        console.note(f"{name} demands no signature: only what is in the bundle was verified")
    return _verified(path, signers, console)
