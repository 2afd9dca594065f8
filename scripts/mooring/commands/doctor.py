"""`moor doctor`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.doctor.diagnosis import Diagnosis

SUMMARY = "Check the machine, the environments and the repository on GitHub, and say what to do."
EXAMPLES = """
moor doctor                       everything; exit 1 where anything is wrong, or could not be looked at
moor doctor production            its address, variables and status too, as it is to run here
moor doctor --github              the repository alone: settings, runners, schedules, secrets, owners
moor doctor --github --fix        show what differs from the Repository document, ask, and set it
moor doctor --json | jq '.diagnoses[] | select(.state != "ok")'
"""


def add(parser: ArgumentParser) -> None:
    environment(parser, several=True)
    parser.add_argument("--github", action="store_true", help="look at the repository on GitHub alone")
    parser.add_argument("--fix", action="store_true", help="with --github: set what differs from the document")
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.doctoring import here, hub

    if args.github and args.environment:
        raise UsageError("--github looks at the repository, and at no environment", "one of the two")
    if (args.fix and not args.github) or (args.yes and not args.fix):
        raise UsageError("--fix sets what is on GitHub, and --yes belongs to it", "moor doctor --github --fix --yes")
    workspace = find(args)
    if args.fix:
        return hub.fix(workspace, console, yes=args.yes)
    found: list[Diagnosis] = []
    if not args.github:
        asked = [workspace.known(name) for name in args.environment]
        found += _shown(here.look(workspace, asked, hub.clock_off(workspace)), console)
    found += _shown(hub.look(workspace), console)
    return _concluded(found, console)


def _shown(diagnoses: "Iterator[Diagnosis]", console: Console) -> "Iterator[Diagnosis]":
    """Each as soon as it is made: GitHub may take its time."""
    from mooring.report.doctor import show

    for one in diagnoses:
        show(one.data(), console)
        yield one


def _concluded(found: "list[Diagnosis]", console: Console) -> Outcome:
    from mooring.report.doctor import summary

    states = {one.state for one in found}
    data = [one.data() for one in found]
    console.line(summary(data), "bold")
    reason = Reason.FINDINGS if "finding" in states else Reason.UNKNOWN if "unknown" in states else Reason.VALID
    return Outcome(reason, {"diagnoses": data})
