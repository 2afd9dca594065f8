"""`moor init`."""

import re
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import name, owner
from mooring.commands.choice import SOURCES, choose, content
from mooring.commands.questions import agrees, can_ask
from mooring.commands.workspace import Workspace, find
from mooring.errors import FindingsError, Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.starter.replacement import Replacement

SUMMARY = "Make this repository your own: owners, agents, environments, and a first suite that passes."
EXAMPLES = """
moor init                                       ask, show every file that it would touch, and ask again
moor init --owner @acme/platform --agent helper --yes
moor init --from example --owner @acme/platform --dry-run
moor init --owner @acme/platform --environment local --environment production --yes
"""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", choices=SOURCES, help="what to begin with (default: minimal)")
    owner(parser, default="asked on a terminal")
    agents = "an agent, may be repeated (default: assistant; with example: all)"
    parser.add_argument("--agent", dest="agents", metavar="NAME", type=name, action="append", help=agents)
    where = "an environment, may be repeated (default: local, staging, production; with example: all)"
    parser.add_argument("--environment", dest="environments", metavar="NAME", type=name, action="append", help=where)
    parser.add_argument("--yes", action="store_true", help="do it without a question")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.validate import collect
    from mooring.starter import staging
    from mooring.starter.content import committed
    from mooring.starter.replacement import apply, replacement

    workspace, asking = find(args), can_ask(console)
    root = workspace.root
    if not (asking or args.yes or args.dry_run):
        raise UsageError("init replaces files, and nobody is asked", "--yes, or --dry-run to see what it would do")
    before = committed(root)
    _nothing_live(workspace)
    choice = choose(args, root, console, asking=asking)
    with staging.staged(root, content(choice, before)) as stage:
        found, documents = collect(stage, "HEAD")
        if found:
            raise FindingsError(found)
        change = replacement(root, before, staging.contents(stage))
        places = Workspace(stage, workspace.state).environments()
    _show(change, console)
    data: dict[str, Any] = {"removed": change.removed, "changed": [*change.changed], "written": change.written}
    notes = _named_in_workflows(workspace, set(workspace.environments()) - set(places))
    data |= {"documents": documents, "notes": notes, "next": _next(places)}
    if args.dry_run:
        return Outcome(Reason.REPORTED, data)
    if not change.files:
        return Outcome(Reason.IN_SYNC, data)
    if not args.yes and not agrees(console, "Do this? What is replaced stays in git"):
        console.line("nothing was changed")
        return Outcome(Reason.REPORTED, data | {"removed": [], "changed": [], "written": []})
    if committed(root) != before:  # somebody committed while the question was open
        raise Refused(Reason.DIRTY_TREE, "the documents have changed meanwhile", "moor init again")
    apply(root, change)
    console.line(f"done; {documents} documents valid", "green")
    for note in notes:
        console.note(note)
    console.line("\nNothing is committed yet. Next:", "bold")
    console.line("\n".join(f"  {command}" for command in data["next"]))
    return Outcome(Reason.CHANGED, data)


def _nothing_live(workspace: Workspace) -> None:
    """Raises Refused where the guards of a live release would refuse to replace its agents."""
    from mooring.commands.running import target
    from mooring.state.place import location

    if live := [one for one in location.known(workspace.state) if target(workspace, one).live() is not None]:
        steps = [f"moor down {one} && rm -r {workspace.of(one)}" for one in live]
        raise Refused(
            Reason.GUARDED,
            f"{', '.join(live)} was deployed from here: its guards would refuse that everything is replaced at once",
            f"forget that deployment: {' && '.join(steps)}",
        )


def _show(change: "Replacement", console: Console) -> None:
    rows = {"remove": change.removed, "change": change.changed, "write": change.written}
    styles = {"remove": "red", "change": "yellow", "write": "green"}
    for verb, files in rows.items():
        for file in files:
            console.line(f"{verb:<7} {file}", styles[verb])
    console.line(", ".join(f"{len(files)} to {verb}" for verb, files in rows.items()))


def _next(places: list[str]) -> list[str]:
    """The three commands that come next."""
    first = "local" if "local" in places else places[0]
    up, of = ("", "") if first == "local" else (f" {first}", f" --environment {first}")
    return ['git add -A && git commit -m "Our own agents"', f"moor up{up}", f"moor eval{of}"]


def _named_in_workflows(workspace: Workspace, gone: set[str]) -> list[str]:
    """Workflows that name an environment that is there no more."""
    found = []
    for path in sorted((workspace.root / ".github/workflows").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if named := [one for one in sorted(gone) if re.search(rf"\b{re.escape(one)}\b", text)]:
            found.append(f"{path.relative_to(workspace.root)} names {', '.join(named)}, which is no environment now")
    return found
