"""Proposes a commit that a job made: pushes its branch, opens the pull request, and starts the checks on it.

GitHub starts no workflow for what the token of a workflow pushes, so that workflows do not start each other for ever:
https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow. One that is
started by name is the exception.
"""

import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx2

from mooring.errors import Failed
from mooring.operate.repository import pulls
from mooring.operate.repository.branch import publish
from mooring.operate.repository.github import GitHub, Pause, answer, persistently
from mooring.outcome import Reason

CHECKS = ("validate.yml", "evaluate.yml", "drill.yml")
"""The workflows that check a pull request."""

PERMISSION = "actions: write"


@dataclass(frozen=True, slots=True)
class Proposed:
    """`pull_request` is None where there is no remote to push to; `said` tells what was done."""

    pull_request: int | None
    said: str


def propose(root: Path, github: GitHub, branch: str, commit: str, pause: Pause = time.sleep) -> Proposed:
    """The pull request of a branch that is here, with the commit's subject and text. Refused(CONFLICTS), Failed."""
    title, body = _message(root, commit)
    if not publish(root, branch, commit):
        return Proposed(None, "no pull request: there is no remote to push the branch to")
    number, said = pulls.keep(github, branch, title, body, pause)
    start(github, CHECKS, branch, pause)
    return Proposed(number, said)


def start(github: GitHub, workflows: Iterable[str], branch: str, pause: Pause = time.sleep) -> None:
    """Starts workflows on a branch, each by the name of its file. Failed(PROCESS).

    https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
    """
    for workflow in workflows:

        def dispatch(client: httpx2.Client, path: str = f"/actions/workflows/{workflow}/dispatches") -> None:
            answer(client.post(path, json={"ref": branch}), PERMISSION)

        persistently(github, dispatch, pause)


def _message(root: Path, commit: str) -> tuple[str, str]:
    command = ["git", "-C", str(root), "show", "-s", "--format=%s%n%b", commit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(Reason.PROCESS, f"git show: {(done.stderr.strip().splitlines() or ['failed'])[0]}")
    title, _, body = done.stdout.partition("\n")
    return title, body.strip()
