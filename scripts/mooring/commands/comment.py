"""`moor comment`."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.repository.github import GitHub

SUMMARY = "Keep one comment with an evaluation's result on a pull request, rendered from its data."
EXAMPLES = """
moor comment evaluation                                 on the pull request that this workflow runs for
moor comment evaluation --owner ann --branch faster --commit 5c3e…  on the open one with this head
"""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the --output folder of moor eval, not trusted")
    parser.add_argument("--owner", help="of the repository that the pull request comes from")
    parser.add_argument("--branch", help="that the pull request comes from")
    parser.add_argument("--commit", help="its head, as far as it has not moved on")


def run(args: Namespace, console: Console) -> Outcome:
    """Reads only data from the folder: untrusted code may have written it, links and Markdown included."""
    from mooring.operate.repository.comments import publish
    from mooring.operate.repository.github import GitHub
    from mooring.report.evaluation.files import PLAN, read
    from mooring.report.evaluation.markdown import comment

    file = args.folder.absolute() / PLAN
    if not file.is_file() or file.resolve() != file:
        return _silent(f"there is no {PLAN} in {args.folder}", console)
    behaviour = read(file)
    github = GitHub.of(os.environ)
    number = _pull_request(args, github)
    if number is None:
        return _silent("there is no open pull request at this commit", console)
    said = publish(github, number, comment(behaviour))
    console.line(said)
    return Outcome(Reason.REPORTED, {"pull_request": number, "said": said})


def _silent(why: str, console: Console) -> Outcome:
    console.line(f"{why}: nothing to say")
    return Outcome(Reason.REPORTED, {"pull_request": None, "said": why})


def _pull_request(args: Namespace, github: "GitHub") -> int | None:
    from mooring.operate.repository.comments import head_of, pull_request

    head = (args.owner, args.branch, args.commit)
    if not any(head):
        return pull_request(os.environ)
    if not all(head):
        raise UsageError("--owner, --branch and --commit name a head together")
    return head_of(github, *head)
