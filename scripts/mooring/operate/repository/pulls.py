"""Keeps one pull request for a branch: opens it, updates it, and closes it when there is nothing left to merge.

https://docs.github.com/en/rest/pulls/pulls
"""

import time
from typing import Any

import httpx2

from mooring.operate.repository.github import GitHub, Pause, answer, pages, persistently


def keep(github: GitHub, branch: str, title: str, body: str, pause: Pause = time.sleep) -> tuple[int, str]:
    """(number, what was done) of the open pull request of a branch, into the default branch. Failed(PROCESS)."""

    def put(client: httpx2.Client) -> tuple[int, str]:
        pull = _open(client, github, branch)
        if pull is None:
            base = str(answer(client.get(github.address))["default_branch"])
            made = answer(client.post("/pulls", json={"title": title, "body": body, "head": branch, "base": base}))
            return int(made["number"]), f"opened #{made['number']}"
        number = int(pull["number"])
        if (pull["title"], (pull["body"] or "").rstrip()) == (title, body.rstrip()):
            return number, f"#{number} is as it should be"
        answer(client.patch(f"/pulls/{number}", json={"title": title, "body": body}))
        return number, f"updated #{number}"

    return persistently(github, put, pause)


def close(github: GitHub, branch: str, why: str, pause: Pause = time.sleep) -> int | None:
    """Closes the open pull request of a branch with a comment; its number, None when there is none. Failed(PROCESS)."""

    def shut(client: httpx2.Client) -> int | None:
        pull = _open(client, github, branch)
        if pull is None:
            return None
        number = int(pull["number"])
        answer(client.post(f"/issues/{number}/comments", json={"body": why}))
        answer(client.patch(f"/pulls/{number}", json={"state": "closed"}))
        return number

    return persistently(github, shut, pause)


def kept(github: GitHub, prefix: str, mark: str, pause: Pause = time.sleep) -> list[str]:
    """The branches of this repository that begin so, whose open pull request begins with a marker. Failed(PROCESS)."""

    def look(client: httpx2.Client) -> list[str]:
        return [
            str(pull["head"]["ref"])
            for pull in pages(client, "/pulls", state="open")
            if pull["head"]["ref"].startswith(prefix)
            and (pull["head"].get("repo") or {}).get("full_name", github.repository) == github.repository
            and (pull["body"] or "").split("\n", 1)[0].rstrip() == mark
        ]

    return persistently(github, look, pause)


def of(github: GitHub, branch: str, pause: Pause = time.sleep) -> list[dict[str, Any]]:
    """All pull requests of a branch, the newest first: number, state (`open`, `closed` or `merged`) and address."""

    def look(client: httpx2.Client) -> list[dict[str, Any]]:
        found = answer(client.get("/pulls", params={"state": "all", "head": f"{github.owner}:{branch}"}))
        return [
            {
                "number": int(pull["number"]),
                "state": "merged" if pull.get("merged_at") else str(pull["state"]),
                "url": str(pull.get("html_url") or ""),
            }
            for pull in found
            if pull["head"]["ref"] == branch
        ]

    return persistently(github, look, pause)


def start(github: GitHub, workflow: str, branch: str, pause: Pause = time.sleep) -> None:
    """Starts a workflow for a branch, which a push with a workflow's own token does not. Failed(PROCESS).

    https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
    """

    def ask(client: httpx2.Client) -> None:
        answer(client.post(f"/actions/workflows/{workflow}/dispatches", json={"ref": branch}), "actions: write")

    persistently(github, ask, pause)


def _open(client: httpx2.Client, github: GitHub, branch: str) -> Any:
    """The open pull request of a branch of this repository, None when there is none."""
    found = answer(client.get("/pulls", params={"state": "open", "head": f"{github.owner}:{branch}"}))
    return next((pull for pull in found if pull["head"]["ref"] == branch), None)
