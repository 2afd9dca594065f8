"""What the reviewers of a merged pull request saw: the plans in the comment that `comment.yml` keeps on it.

The text of a plan was written by the pull request's own code, so it is compared and never believed. Which commit it was
made for, and where each plan begins and ends, was written by code of the default branch.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from mooring.operate.repository.github import GitHub, Pause, answer, pages, persistently

MARK = "<!-- the plans; kept up to date by comment.yml -->"
"""The first line of the comment, as .github/actions/comment writes it."""

READ = "pull-requests: read"

_COMMIT = re.compile(r"^What merging ([0-9a-f]{12}) would change\b", re.MULTILINE)
_PLAN = re.compile(r"^### ([a-z0-9-]+)\n\n(`{3,})text\n(.*?)\n\2$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pull:
    """A merged pull request. `head` is the commit that was merged; `merged` the one that the merge made."""

    number: int
    title: str
    author: str
    head: str
    merged: str
    url: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The plans of a comment by environment, and the beginning of the commit that they were made for."""

    commit: str
    plans: Mapping[str, str]


def merged_by(github: GitHub, commit: str, pause: Pause = time.sleep) -> Pull | None:
    """The pull request that brought a commit to the default branch; None where none did. Failed(PROCESS).

    https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
    """

    def look(client: httpx2.Client) -> Pull | None:
        base = str(answer(client.get(github.address), READ)["default_branch"])
        found = [
            pull
            for pull in pages(client, f"/commits/{commit}/pulls", READ)
            if pull["merged_at"] and pull["base"]["ref"] == base
        ]
        # A commit of a branch that was merged into another one first is in both.
        found.sort(key=lambda pull: (pull["merge_commit_sha"] != commit, int(pull["number"])))
        return _pull(found[0]) if found else None

    return persistently(github, look, pause)


def seen(github: GitHub, number: int, pause: Pause = time.sleep) -> Reviewed | None:
    """The plans in the comment of a pull request; None where there is no such comment. Failed(PROCESS)."""

    def look(client: httpx2.Client) -> Reviewed | None:
        for comment in pages(client, f"/issues/{number}/comments", READ):
            body = str(comment["body"] or "").replace("\r\n", "\n")
            if comment["user"]["login"] == github.author and body.startswith(MARK):
                return _reviewed(body)
        return None

    return persistently(github, look, pause)


def approved_by(github: GitHub, number: int, pause: Pause = time.sleep) -> tuple[str, ...]:
    """Those whose last review of a pull request approves it. Failed(PROCESS).

    https://docs.github.com/en/rest/pulls/reviews
    """

    def look(client: httpx2.Client) -> tuple[str, ...]:
        last: dict[str, str] = {}
        for review in pages(client, f"/pulls/{number}/reviews", READ):
            if review["user"] and review["state"] != "COMMENTED":
                last[str(review["user"]["login"])] = review["state"]
        return tuple(sorted(login for login, state in last.items() if state == "APPROVED"))

    return persistently(github, look, pause)


def _pull(pull: Any) -> Pull:
    author = str(pull["user"]["login"]) if pull.get("user") else "ghost"
    merged = str(pull["merge_commit_sha"] or "")
    return Pull(
        int(pull["number"]), str(pull["title"]), author, str(pull["head"]["sha"]), merged, str(pull["html_url"])
    )


def _reviewed(body: str) -> Reviewed:
    made_for = _COMMIT.search(body.split("\n### ", 1)[0])
    plans = {name: text for name, _fence, text in _PLAN.findall(body)}
    return Reviewed(made_for[1] if made_for else "", plans)
