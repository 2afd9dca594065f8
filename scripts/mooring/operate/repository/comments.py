"""Keeps one comment on a pull request: creates it once, then updates it."""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2

from mooring.operate.repository.github import GitHub, Pause, answer, pages, persistently


def pull_request(environ: Mapping[str, str]) -> int | None:
    """The number of the pull request that a workflow runs for, None when it runs for something else."""
    try:
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        number = event["pull_request"]["number"]
    except (KeyError, OSError, TypeError, ValueError):
        found = re.fullmatch(r"refs/pull/(\d+)/(?:merge|head)", environ.get("GITHUB_REF", ""))
        return int(found[1]) if found else None
    return number if isinstance(number, int) else None


def head_of(github: GitHub, owner: str, branch: str, commit: str) -> int | None:
    """The open pull request whose head is `commit`, None when it has moved on or is closed. Failed(PROCESS).

    For workflows that run after one that ran untrusted code; nothing that it left behind is consulted.
    """

    def find(client: httpx2.Client) -> int | None:
        query = {"state": "open", "head": f"{owner}:{branch}"}
        pulls = answer(client.get("/pulls", params=query))
        return next((int(pull["number"]) for pull in pulls if pull["head"]["sha"] == commit), None)

    return persistently(github, find, time.sleep)


def publish(github: GitHub, number: int, body: str, pause: Pause = time.sleep) -> str:
    """Replaces the comment that begins with the first line of `body`, or writes it. Says which. Failed(PROCESS).

    Each try looks for the comment again: a try that seemed to fail may have written it.
    """
    mark = body.split("\n", 1)[0]
    if not re.fullmatch(r"<!-- .+ -->", mark):
        raise ValueError("the first line of a comment must be its marker")

    def put(client: httpx2.Client) -> str:
        for comment in pages(client, f"/issues/{number}/comments"):
            if comment["user"]["login"] == github.author and comment["body"].startswith(mark):
                if comment["body"].rstrip() == body.rstrip():
                    return f"the comment on #{number} is as it should be"
                answer(client.patch(f"/issues/comments/{int(comment['id'])}", json={"body": body}))
                return f"updated the comment on #{number}"
        answer(client.post(f"/issues/{number}/comments", json={"body": body}))
        return f"commented on #{number}"

    return persistently(github, put, pause)
