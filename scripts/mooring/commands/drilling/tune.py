"""`moor drill tune PROFILE`."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from mooring.commands.arguments import complete, count, dollars, environments
from mooring.commands.workspace import Workspace, find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.drill.tune.tune import Tuned, Wish

SUMMARY = "Search for better tries, timeouts, hedges and breakers of one profile."
EXAMPLES = """
moor drill tune standard                    show the best points, and the edit that they come to
moor drill tune standard --write            write it, when it beats today's on traces never seen
moor drill tune standard --cost 5           at most 5 USD for 1,000 answers
moor drill tune critical --evaluations 60   a first look
"""
EVALUATIONS = 320


def add(parser: ArgumentParser) -> None:
    profile = parser.add_argument("profile", metavar="PROFILE", help="a profile below configs/resilience")
    complete(profile, _profiles)
    where = parser.add_argument("--environment", metavar="ENV", help="(default: the one of the highest tier)")
    complete(where, environments)
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of points, traces and luck (default: 0)")
    help_text = f"traces that all points together may live through (default: {EVALUATIONS})"
    parser.add_argument("--evaluations", metavar="N", type=count, default=EVALUATIONS, help=help_text)
    help_text = "at most, for 1,000 answers (default: today's cost and a tenth)"
    parser.add_argument("--cost", metavar="USD", type=dollars, help=help_text)
    parser.add_argument("--write", action="store_true", help="edit the profile when the best point beats it")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.evaluate.processes import warm

    workspace = find(args)
    warm()  # agents are imported while documents are read
    from mooring.drill.tune.tune import Tuning

    wish = _wish(workspace, args)
    tuning = Tuning(wish)
    try:
        with console.bar("traces", tuning.steps) as advance:
            tuned = tuning.run(lambda: advance("", ""))
    except KeyboardInterrupt:
        if so_far := tuning.so_far():
            console.note("stopped; this is what there was so far, and nothing was held against it")
            _show_front(so_far, console)
        raise
    return _conclude(workspace, args, wish, tuned, console)


def _wish(workspace: Workspace, args: Namespace) -> "Wish":
    """Raises UsageError for names that there are not."""
    from mooring.catalog.load import load_valid
    from mooring.catalog.nearest import suggestion
    from mooring.catalog.source import WorkTree
    from mooring.commands.drilling.wish import environment
    from mooring.drill.tune.tune import Wish
    from mooring.errors import UsageError
    from mooring.release.resolve import resolve
    from mooring.spec import Drill, Resilience

    catalog = load_valid(WorkTree(workspace.root))
    known = catalog.all(Resilience)
    if args.profile not in known:
        there = f"there are: {', '.join(known)}" if known else "there are none in configs/resilience"
        raise UsageError(f"no profile {args.profile!r}{suggestion(args.profile, known)} ({there})")
    evals = workspace.root / "evals"
    return Wish(
        catalog=catalog,
        release=resolve(catalog, environment(catalog, args.environment)),
        profile=known[args.profile],
        drills=catalog.all(Drill),
        rules=evals / "simulator",
        evals=evals / "drills",
        seed=args.seed,
        evaluations=args.evaluations,
        cost_usd=args.cost,
    )


def _conclude(workspace: Workspace, args: Namespace, wish: "Wish", tuned: "Tuned", console: Console) -> Outcome:
    from mooring.catalog.schemas import replace_text
    from mooring.drill.tune.apply import edits
    from mooring.report.drill import front

    _show_front(tuned, console)
    if rows := front.proof_rows(tuned):
        console.line()
        console.table(front.PROOF, rows)
    console.line()
    console.line(front.sentence(tuned), "green" if tuned.better else "yellow")
    told = front.data(tuned)
    if not tuned.better:
        return Outcome(Reason.IN_SYNC, told | {"edits": []})
    found = edits(workspace.root, wish.catalog, wish.profile, tuned.chosen)
    for edit in found:
        console.diff(edit.diff)
        if args.write:
            replace_text(workspace.root / edit.file, edit.after)
    files = [edit.file for edit in found]
    console.line(f"{'written' if args.write else 'not written; add --write'}: {', '.join(files)}", "dim")
    told |= {"edits": [{"file": edit.file, "diff": edit.diff} for edit in found], "written": args.write}
    return Outcome(Reason.CHANGED if args.write else Reason.REPORTED, told)


def _show_front(tuned: "Tuned", console: Console) -> None:
    from mooring.report.drill import front

    console.line(front.about(tuned), "bold")
    console.table(front.FRONT, front.front_rows(tuned))


def _profiles(workspace: Workspace) -> list[str]:
    folder = workspace.root / "configs" / "resilience"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))
