"""`moor eval`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import complete, count, dollars, environments
from mooring.commands.workspace import Workspace, find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.evaluate.session import Session

SUMMARY = "Run the agents' suites and report whether a change made them worse."
EXAMPLES = """
moor eval                                 every suite, offline
moor eval support/hours                 one suite
moor eval --against origin/main           only what a change touches, beside what main answers
moor eval --against live --environment production --all   what moor deploy production asks for
moor eval --evidence live --budget 2.50   ask the models themselves, for at most that many US dollars
moor eval --rung L2                       what is lost when only that rung can answer
moor eval support/hours --record        and keep their answers, for runs without a key
"""


def add(parser: ArgumentParser) -> None:
    suites = parser.add_argument("suite", metavar="SUITE", nargs="*", help="a suite below evals/suites (default: all)")
    complete(suites, _suites)
    where = parser.add_argument("--environment", metavar="ENV", default="local", help="(default: local)")
    complete(where, environments)
    parser.add_argument("--against", metavar="live|REF", help="compare with what runs, or with a commit")
    parser.add_argument("--all", action="store_true", help="every case, not only what the change touches")
    parser.add_argument("--if-needed", action="store_true", help="only when moor deploy would ask for it")
    parser.add_argument("--evidence", choices=("live", "recorded", "simulated"), help="(default: the best there is)")
    parser.add_argument("--record", action="store_true", help="ask the real models and store their answers")
    parser.add_argument("--rung", choices=("L0", "L1", "L2"), help="compare the ladder with this rung alone")
    parser.add_argument("--repeat", metavar="N", type=count, help="ask each case N times")
    parser.add_argument("--budget", metavar="USD", type=dollars, help="stop before spending more, judges included")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="seed of the order of questions (default: 0)")
    parser.add_argument("--output", metavar="DIR", type=Path, help="where trials and reports are written")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.evaluate.processes import warm

    workspace = find(args)
    warm()  # agents are imported while documents are read
    from mooring.commands.evaluation import conclude, prepare
    from mooring.report.evaluation.progress import asking

    if args.rung:
        return _at_rung(workspace, args, console)
    prepared = prepare(workspace, args, console)
    if prepared is None:
        return Outcome(Reason.IN_SYNC, {"evaluated": 0})
    _say_before(prepared, console)
    try:
        with asking(console, prepared.trials) as tell:
            base, head = prepared.run(tell)
    except KeyboardInterrupt:
        if prepared.output.exists():
            console.note(f"what was answered so far is in {prepared.output}; it is marked as partial")
        raise
    return conclude(workspace, prepared, base, head, console)


def _at_rung(workspace: Workspace, args: Namespace, console: Console) -> Outcome:
    from mooring.commands import rung_loss
    from mooring.commands.evaluation import prepare
    from mooring.report.evaluation.progress import asking

    rung_loss.check(args)
    prepared = prepare(workspace, args, console)
    if prepared is None:
        return Outcome(Reason.IN_SYNC, {"evaluated": 0})
    session = rung_loss.standing(prepared, args.rung, console)
    with asking(console, 2 * session.trials) as tell:
        ladder, pinned = rung_loss.ask(session, args.rung, tell)
    return rung_loss.conclude(session, args.rung, ladder, pinned, console)


def _say_before(session: "Session", console: Console) -> None:
    from mooring.change import wording
    from mooring.report.evaluation.wording import costs, dollars

    options, planned = session.options, session.planned
    both = " of both sides" if session.trials > planned.trials else ""
    asked = f"{wording.count(len(planned.cases), 'case')}, {wording.count(session.trials, 'trial')}{both}"
    console.line(f"{asked}, {options.evidence} evidence", "bold")
    if options.evidence == "live":
        limit = "no limit" if options.budget_usd is None else f"at most {dollars(options.budget_usd)}"
        console.line(f"it will cost about {costs(session.estimate())} ({limit})")


def _suites(workspace: Workspace) -> list[str]:
    folder = workspace.root / "evals" / "suites"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))
