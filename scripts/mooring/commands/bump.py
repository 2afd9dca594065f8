"""`moor bump`."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from mooring.commands.arguments import complete, documents
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Raise the version of documents whose content changed."
EXAMPLES = """
moor bump                        every document that changed since HEAD and kept its version
moor bump --against origin/main  the same on a branch
moor bump Prompt/support/answer --minor
moor bump --check                say what would be raised, change nothing (a pre-commit hook)
"""


def add(parser: ArgumentParser) -> None:
    names = parser.add_argument("names", nargs="*", metavar="NAME", help="documents, such as Prompt/support/answer")
    complete(names, documents)
    parser.add_argument("--against", metavar="REF", help="the commit to compare with (default: HEAD)")
    part = parser.add_mutually_exclusive_group()
    for choice in ("major", "minor", "patch"):
        help_text = f"raise the {choice} part"
        part.add_argument(f"--{choice}", dest="part", action="store_const", const=choice, help=help_text)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something would change")
    parser.set_defaults(part="patch")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.catalog import versions

    root = find(args).root
    against = args.against or (None if args.names else "HEAD")
    raised = (versions.bumps if args.check else versions.bump)(root, against, args.names, args.part)
    data = {"bumps": [asdict(bump) for bump in raised]}
    for bump in raised:
        console.line(f"{bump.kind}/{bump.name}  {bump.before} -> {bump.after}")
    if not raised:
        console.line("every version is honest")
        return Outcome(Reason.IN_SYNC, data)
    return Outcome(Reason.STALE if args.check else Reason.CHANGED, data)
