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

SUMMARY = "Keep one comment with what an evaluation or drills found on a pull request."
EXAMPLES = """
moor comment evaluation                                 on the pull request that this workflow runs for
moor comment drill                                      the same for drills, in a comment of their own
moor comment evaluation --owner ann --branch faster --commit 5c3e…  on the open one with this head
"""


def add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", type=Path, help="the --output folder of moor eval or moor drill, not trusted"
    )
    parser.add_argument("--owner", help="of the repository that the pull request comes from")
    parser.add_argument("--branch", help="that the pull request comes from")
    parser.add_argument("--commit", help="its head, as far as it has not moved on")


def run(args: Namespace, console: Console) -> Outcome:
    """Reads only data from the folder: untrusted code may have written it, links and Markdown included."""
    from mooring.operate.repository.comments import publish
    from mooring.operate.repository.github import GitHub

    body = _body(args.folder.absolute())
    if body is None:
        return _silent(f"there is neither {' nor '.join(_files())} in {args.folder}", console)
    github = GitHub.of(os.environ)
    number = _pull_request(args, github)
    if number is None:
        return _silent("there is no open pull request at this commit", console)
    said = publish(github, number, body)
    console.line(said)
    return Outcome(Reason.REPORTED, {"pull_request": number, "said": said})


def _files() -> tuple[str, str]:
    """What an evaluation and what drills leave behind as data."""
    from mooring.report.drill.files import RESULTS
    from mooring.report.evaluation.files import PLAN

    return PLAN, RESULTS


def _body(folder: Path) -> str | None:
    """The comment, rendered from the data that is there; None without any. Refused(TAMPERED) when it is none."""
    from mooring.report.drill import files as drills
    from mooring.report.drill.markdown import markdown
    from mooring.report.evaluation import files as evaluations
    from mooring.report.evaluation.markdown import comment

    plan, results = (folder / name for name in _files())
    if plan.is_file() and plan.resolve() == plan:
        return comment(evaluations.read(plan))
    if results.is_file() and results.resolve() == results:
        return markdown(drills.read(results))
    return None


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
