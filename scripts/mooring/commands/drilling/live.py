"""`moor drill --live`: real processes and real time, in a scratch copy of an environment."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import complete, count, environments
from mooring.commands.workspace import Workspace, find
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.exercises.outcome import Exercised
    from mooring.spec.environment import Exercise

DEFAULT = "local"
COLUMNS = ("WHAT", "PROMISED", "SEEN", "RESULT")
STYLES = {"held": "green", "broken": "red", "inconclusive": "yellow"}


def add(parser: ArgumentParser) -> None:
    """`--live NAME…` and what belongs to it. `--environment` is the caller's, if it has one."""
    from mooring.operate.exercises.table import EXERCISES

    names = ", ".join(EXERCISES)
    group = parser.add_argument_group("live drills: a copy of the environment's documents is started beside it")
    what = f"kill and break real processes of a scratch copy: {names}, or all; nothing that serves is touched"
    live = group.add_argument("--live", metavar="NAME", nargs="+", type=_name, help=what)
    complete(live, lambda _workspace: [*EXERCISES, "all"])
    group.add_argument("--kills", metavar="N", type=count, help="of crash (default: one at each moment of a run)")
    if not any("--environment" in action.option_strings for action in parser._actions):
        where = parser.add_argument("--environment", metavar="ENV", default=DEFAULT, help=f"(default: {DEFAULT})")
        complete(where, environments)


def _name(text: str) -> str:
    from mooring.catalog.nearest import suggestion
    from mooring.operate.exercises.table import EXERCISES

    known = (*EXERCISES, "all")
    if text not in known:
        raise ArgumentTypeError(f"no live drill {text!r}{suggestion(text, known)} (there are: {', '.join(known)})")
    return text


def run(args: Namespace, console: Console) -> Outcome:
    """Runs each drill, prints what was seen, and writes a receipt of each into the environment's ledger."""
    workspace, names = find(args), chosen(args.live)
    environment = workspace.known(args.environment or DEFAULT)
    if environment not in workspace.environments():
        raise UsageError(f"{environment} has no document here, so there is nothing to copy", "moor status")
    if args.kills and "crash" not in names:
        raise UsageError("--kills is for the drill crash", "moor drill --live crash --kills 200")
    found = [_drilled(workspace, environment, name, args, console) for name in names]
    results = {one["result"] for one in found}
    reason = Reason.MISSED if "broken" in results else Reason.INCONCLUSIVE
    data = {"environment": environment, "drills": found}
    return Outcome(Reason.VERIFIED if results == {"held"} else reason, data)


def chosen(names: list[str]) -> "list[Exercise]":
    """The drills that are named, each once, in the order of the table."""
    from mooring.operate.exercises.table import EXERCISES

    return [name for name in EXERCISES if name in names or "all" in names]


def _drilled(
    workspace: Workspace, environment: str, name: "Exercise", args: Namespace, console: Console
) -> dict[str, Any]:
    from mooring.commands.running import actor, ledger
    from mooring.operate.exercises.drilled import drill
    from mooring.targets import table

    options = {"kills": args.kills} if name == "crash" else {}
    with console.progress(f"live drill {name} of {environment}") as notify:
        done = drill(workspace.root, environment, name, table.target, notify, actor(), **options)
    with ledger(workspace, environment) as book:
        seq = done.receipt(book, environment, actor())
    _show(done.found, done.seconds, seq, console)
    return {**done.found.data(), "seconds": round(done.seconds, 1), "release": done.release, "seq": seq}


def _show(found: "Exercised", seconds: float, seq: int, console: Console) -> None:
    console.line()
    rows = [(check.what, check.promised, check.seen, check.result) for check in found.checks]
    console.table(COLUMNS, rows)
    console.line()
    console.line(f"{found.name}: {found.result}; {found.said}", STYLES[found.result])
    console.line(f"in {seconds:.0f} s, with simulated vendors and services; entry {seq} of the ledger", "dim")
