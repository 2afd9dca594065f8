"""`moor drill`."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import complete, count, environments
from mooring.commands.drilling import live, scale
from mooring.commands.workspace import Workspace, find
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.commands.drilling.wish import Prepared
    from mooring.drill.run import Drilled
    from mooring.drill.verdict import Judgement

SUMMARY = "Measure availability and recovery in simulated outages, or in real ones."
EXAMPLES = """
moor drill                                every drill in evals/drills, offline, in virtual time
moor drill two-vendor-year --arms all     and what each policy buys
moor drill --against origin/main          and refuse a change that loses availability
moor drill --live crash                   kill -9 at every step of a run, for real
moor drill --scale                        what 100 to 1,000,000 requests a minute need, and what breaks first
moor drill tune standard                  search for better tries, timeouts and breakers
moor drill record production              a drill of what this environment has been through
"""


def add(parser: ArgumentParser) -> None:
    names = parser.add_argument("names", metavar="NAME", nargs="*", help="a drill below evals/drills (default: all)")
    complete(names, _names)
    where = parser.add_argument("--environment", metavar="ENV", help="(default: the highest tier; local with --live)")
    complete(where, environments)
    parser.add_argument("--against", metavar="live|REF", help="compare with what runs, or with a commit")
    parser.add_argument("--seed", metavar="N", type=_seed, default=0, help="of incidents and questions (default: 0)")
    parser.add_argument("--seeds", metavar="N", type=count, default=1, help="live through N seeds from there on")
    parser.add_argument("--arms", metavar="ARM,…", type=_arms, default=[], help="others too, or all; see the report")
    live.add(parser)
    scale.add(parser)
    parser.add_argument("--if-needed", action="store_true", help="only when moor deploy would ask for it")
    parser.add_argument("--output", metavar="DIR", type=Path, help="where reports are written")


def run(args: Namespace, console: Console) -> Outcome:
    if args.scale:
        return scale.run(args, console)
    scale.alone(args)
    if args.live:
        if args.names or args.against:
            raise UsageError("--live is for real processes: it takes no names of drills and no --against")
        return live.run(args, console)
    if args.kills:
        raise UsageError("--kills is for the drill crash", "moor drill --live crash --kills 200")
    from mooring.evaluate.processes import warm

    workspace = find(args)
    warm()  # agents are imported while documents are read
    from mooring.commands.drilling.evidence import needed
    from mooring.commands.drilling.wish import prepare
    from mooring.drill.run import run as run_drills
    from mooring.drill.verdict import judge
    from mooring.report.drill.progress import drilling

    prepared = prepare(workspace, args, console)
    if args.if_needed and not needed(workspace, prepared.catalog, prepared.release):
        console.line(f"{prepared.release.content.environment.name} asks for no drills of this release", "dim")
        return Outcome(Reason.IN_SYNC, {"drilled": 0})
    wish = prepared.wish
    with drilling(console, len(wish.drills) * len(wish.releases) * len(wish.seeds)) as tell:
        drilled = run_drills(wish, tell)
    return _conclude(workspace, args, prepared, drilled, judge(drilled, prepared.objectives), console)


def _conclude(
    workspace: Workspace,
    args: Namespace,
    prepared: "Prepared",
    drilled: "dict[str, Drilled]",
    judgement: "Judgement",
    console: Console,
) -> Outcome:
    import os

    from mooring.commands.drilling.evidence import keep
    from mooring.report.drill import files
    from mooring.report.drill.markdown import comment
    from mooring.report.drill.text import drill_text
    from mooring.report.evaluation.files import summarise

    output = args.output or workspace.of(prepared.release.content.environment.name) / "drills" / "newest"
    files.write(output, drilled, judgement, prepared.changed)
    console.diff(drill_text(drilled, judgement, prepared.changed))
    summarise(os.environ, comment(drilled, judgement, prepared.changed))
    attested = keep(workspace, prepared, drilled, judgement, output, console)
    console.line(f"reports are in {output}: report.html, comment.md, results.json", "dim")
    reasons = {"pass": Reason.EVALUATED, "fail": Reason.REGRESSED, "inconclusive": Reason.INCONCLUSIVE}
    told = files.as_data(drilled, judgement) | {"output": str(output), "attested": attested}
    return Outcome(reasons[judgement.outcome], told)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no seed: a number of 0 or more")
    return int(text)


def _arms(text: str) -> list[str]:
    from mooring.catalog.nearest import suggestion
    from mooring.drill.arms.names import NAMES

    arms = [name.strip() for name in text.split(",")]
    for name in arms:
        if name not in (*NAMES, "all"):
            raise ArgumentTypeError(f"no arm {name!r}{suggestion(name, NAMES)} (there are: {', '.join(NAMES)}, all)")
    return arms


def _names(workspace: Workspace) -> list[str]:
    folder = workspace.root / "evals" / "drills"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))
