"""`moor release`."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import complete, digests, environments
from mooring.commands.workspace import Workspace, find
from mooring.errors import Stopped, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.release.release import Release

SUMMARY = "Show or verify a release; export it as a bundle with its evidence, and sign that"
EXAMPLES = """
moor release show local              what the documents here make for an environment
moor release show sha256:1a2b3c      a stored release, by its digest or the beginning of it
moor release verify sha256:1a2b3c    is the stored release unchanged?
moor release verify ./1a2b….json     the same for a file, such as an artifact of a workflow
moor release export production out.json       content, plan, evidence and commit as one file
moor release sign out.json --key ~/.ssh/id_ed25519   by ssh-keygen; env:NAME for a key in a variable
moor release verify out.json         who signed the bundle, of those whom its environment names
"""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("show", "verify", "export", "sign"), help="what to do")
    which = parser.add_argument("which", metavar="ENV|DIGEST|FILE", help="a release")
    complete(which, lambda workspace: environments(workspace) + digests(workspace))
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="where export writes to")
    key = "a key of ssh-keygen: a file, or env:NAME of the variable that holds it"
    parser.add_argument("--key", metavar="KEY", help=key)


def run(args: Namespace, console: Console) -> Outcome:
    if args.action in ("export", "sign"):
        return _export(args, console) if args.action == "export" else _sign(args, console)
    if args.action == "verify":
        return _verify(args, console)
    release = _release(find(args), args.which)
    content = release.content.model_dump(mode="json")
    console.line(f"{release.digest}  {len(release.to_bytes())} bytes  for {release.content.environment.name}")
    console.table(("KIND", "NAME", "VERSION", "OWNER"), _rows(release))
    return Outcome(Reason.REPORTED, {"digest": release.digest, "content": content})


def _export(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.bundle import of_documents, of_stored
    from mooring.release.sealed import write

    if args.file is None:
        raise UsageError("where to?", f"moor release export {args.which} FILE")
    workspace = find(args)
    made = (
        of_documents(workspace, args.which)
        if args.which in workspace.environments()
        else of_stored(workspace, _stored(workspace, args.which, verify=True))
    )
    write(args.file, made.to_bytes())
    console.line(f"{made.release.digest}  with {len(made.evidence)} pieces of evidence in {args.file}")
    return Outcome(Reason.EXPORTED, {"digest": made.release.digest, "file": str(args.file), "commit": made.commit})


def _sign(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.bundle import sign

    if args.key is None:
        raise UsageError("by which key?", f"moor release sign {args.which} --key KEY")
    beside = sign(Path(args.which), args.key)
    console.line(f"wrote {beside}")
    return Outcome(Reason.CHANGED, {"file": str(beside)})


def _verify(args: Namespace, console: Console) -> Outcome:
    from mooring.release.verify import is_digest_name, verify_file

    path = Path(args.which)
    if path.is_file() and not is_digest_name(path):
        from mooring.commands.bundle import verify

        found = verify(find(args), path, console)
        console.line(f"{found.release.digest}  unchanged, for {found.environment}", "green")
        return Outcome(Reason.VALID, {"digest": found.release.digest, "commit": found.commit})
    release = verify_file(path) if path.is_file() else _stored(find(args), args.which, verify=True)
    console.line(f"{release.digest}  unchanged", "green")
    return Outcome(Reason.VALID, {"digest": release.digest})


def _release(workspace: Workspace, which: str) -> "Release":
    if which not in workspace.environments() and re.fullmatch(r"(sha256:)?[0-9a-f]+", which):
        return _stored(workspace, which)
    from mooring.commands.target_state import documents

    return documents(workspace, which)[1]


def _stored(workspace: Workspace, digest: str, verify: bool = False) -> "Release":
    """A stored release of any environment by a prefix of its digest. Raises UsageError unless exactly one matches.

    With `verify`, the database's is looked at too, and not only the copy that is here.
    """
    from mooring.commands.running import target

    wanted = "sha256:" + digest.removeprefix("sha256:")
    known: dict[str, str] = {}
    silent: list[str] = []
    removed = (path.parent.name for path in workspace.state.glob("*/releases"))
    for name in sorted({*workspace.environments(), *removed}):
        try:
            known |= dict.fromkeys(target(workspace, name).releases.digests(), name)
        except Stopped as stopped:
            silent.append(f"{name} cannot be asked: {stopped}")
    found = [name for name in known if name.startswith(wanted)]
    if len(found) != 1:
        what = f"{len(found)} releases begin with" if found else "no stored release is"
        raise UsageError("; ".join([f"{what} {digest}", *silent]), fix="moor release show ENV")
    releases = target(workspace, known[found[0]]).releases
    if verify:
        releases.verified(found[0])
    return releases.get(found[0])


def _rows(release: "Release") -> list[tuple[str, str, str, str]]:
    content = release.content
    tables: dict[str, Mapping[str, Any]] = {
        "Environment": {content.environment.name: content.environment},
        "Agent": content.agents,
        "Prompt": content.prompts,
        "Tool": content.tools,
        "Model": content.models,
        "Resilience": content.resilience,
        "Export": content.exports,
        "Objectives": content.objectives,
        "Patrol": content.patrols,
        "Repository": content.repositories,
        "Guards": content.guards,
        "Drift": content.drift,
    }
    return [(kind, name, each.version, each.owner) for kind, table in tables.items() for name, each in table.items()]
