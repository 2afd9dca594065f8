"""A stand-in for GitHub's REST API on loopback: all of one repository that workflows ask for or change."""

import threading
from collections.abc import Callable
from typing import Any

from tests.operate.repository.standin import BOT, Answer, Query, StandIn

Entry = dict[str, Any]


class Api(StandIn):
    """Issues and pull requests, numbered together as GitHub does, their comments, and the workflows started by hand.

    `head_of` tells the commit of a branch, None where there is none.
    """

    def __init__(self, head_of: Callable[[str], str | None]) -> None:
        super().__init__()
        self.head_of = head_of
        self.lock = threading.RLock()
        self.issues: list[Entry] = []
        self.pulls: list[Entry] = []
        self.comments: list[Entry] = []
        self.reviews: list[Entry] = []
        self.dispatched: list[tuple[str, Entry]] = []

    def add_pull(self, title: str, body: str, base: str, head: Entry, user: Entry = BOT) -> Entry:
        with self.lock:
            made = {"number": self._next(), "title": title, "body": body, "state": "open", "user": user, "head": head}
            page = f"{self.url}/{self.repository}/pull/{made['number']}"
            self.pulls.append({**made, "base": {"ref": base}, "html_url": page, "merged_at": None})
            return self.pulls[-1]

    def said_on(self, number: int) -> list[str]:
        """The texts of the comments on an issue or a pull request."""
        return [comment["body"] for comment in self.comments if comment["issue_url"].endswith(f"/{number}")]

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        with self.lock:
            match method, path:
                case "GET", []:
                    return 200, {"default_branch": "main"}
                case "GET", ["commits", commit, "pulls"]:
                    return 200, _page([pull for pull in self.pulls if commit in _commits(pull)], query)
                case "GET", ["pulls", number, "reviews"]:
                    return 200, _page(
                        [each for each in self.reviews if each["pull_request_url"].endswith(f"/{number}")], query
                    )
                case _, ["pulls", *below]:
                    return self._pulls(method, below, query, sent)
                case _, ["issues", "comments", number]:
                    self.comments[int(number) - 1] |= sent
                    return 200, self.comments[int(number) - 1]
                case _, ["issues", number, "comments"]:
                    return self._comments(method, int(number), query, sent)
                case _, ["issues", *below]:
                    return self._issues(method, below, query, sent)
                case "POST", ["actions", "workflows", workflow, "dispatches"]:
                    self.dispatched.append((workflow, sent))
                    return 204, None
        return 404, {}

    def _next(self) -> int:
        return len(self.issues) + len(self.pulls) + 1

    def _pulls(self, method: str, path: list[str], query: Query, sent: Entry) -> Answer:
        if method == "GET":
            found = [pull for pull in self.pulls if pull["state"] == query["state"][0]]
            if "head" in query:
                found = [pull for pull in found if query["head"][0] == _label(pull)]
            return 200, _page(found, query)
        if method == "POST":
            commit = self.head_of(sent["head"])
            if commit is None or any(_label(pull) == f"acme:{sent['head']}" for pull in self._open_pulls()):
                return 422, {"message": "Validation Failed"}
            head = {"ref": sent["head"], "sha": commit, "user": {"login": "acme"}}
            return 201, self.add_pull(sent["title"], sent.get("body", ""), sent["base"], head)
        return self._change(self.pulls, int(path[0]), sent)

    def _open_pulls(self) -> list[Entry]:
        return [pull for pull in self.pulls if pull["state"] == "open"]

    def _issues(self, method: str, path: list[str], query: Query, sent: Entry) -> Answer:
        if method == "GET":
            found = [issue for issue in self.issues if issue["state"] == query["state"][0]]
            return 200, _page(found, query)
        if method == "POST":
            self.issues.append({"number": self._next(), "state": "open", "user": BOT, **sent})
            return 201, self.issues[-1]
        return self._change(self.issues, int(path[0]), sent)

    def _comments(self, method: str, number: int, query: Query, sent: Entry) -> Answer:
        address = f"{self.url}/repos/{self.repository}/issues/{number}"
        if method == "GET":
            return 200, _page([each for each in self.comments if each["issue_url"] == address], query)
        self.comments.append({"id": len(self.comments) + 1, "issue_url": address, "user": BOT, **sent})
        return 201, self.comments[-1]

    def _change(self, entries: list[Entry], number: int, sent: Entry) -> Answer:
        found = [entry for entry in entries if entry["number"] == number]
        if not found:
            return 404, {"message": "Not Found"}
        found[0].update(sent)
        return 200, found[0]


def _label(pull: Entry) -> str:
    return f"{pull['head']['user']['login']}:{pull['head']['ref']}"


def _commits(pull: Entry) -> set[str]:
    """The commits that GitHub says came with a pull request, as far as it is merged."""
    return {pull["head"]["sha"], pull["merge_commit_sha"]} if pull.get("merged_at") else set()


def _page(found: list[Entry], query: Query) -> list[Entry]:
    size = int(query.get("per_page", ["30"])[0])
    start = (int(query.get("page", ["1"])[0]) - 1) * size
    return found[start : start + size]
