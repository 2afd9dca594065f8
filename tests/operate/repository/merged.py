"""A stand-in for GitHub's REST API on loopback: merged pull requests with their comments and reviews."""

from typing import Any

from tests.operate.repository.standin import BOT, Answer, Query, StandIn


class Merged(StandIn):
    """`commits` says which pull requests brought a commit."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: dict[str, list[dict[str, Any]]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.reviews: dict[int, list[dict[str, Any]]] = {}

    def merge(self, number: int, head: str, merged: str, *commits: str, into: str = "main") -> None:
        """Pull request `number`, whose head was merged as commit `merged`, and before it as `commits`."""
        pull = {
            "number": number,
            "title": f"Change {number}",
            "user": {"login": "ann"},
            "head": {"sha": head},
            "base": {"ref": into},
            "merge_commit_sha": merged,
            "merged_at": "2026-01-01T00:00:00Z",
            "html_url": f"https://github.com/acme/agents/pull/{number}",
        }
        for commit in (merged, *commits):
            self.commits.setdefault(commit, []).append(pull)

    def say(self, number: int, body: str, login: str = BOT["login"]) -> None:
        self.comments.setdefault(number, []).append({"id": 1, "user": {"login": login}, "body": body})

    def review(self, number: int, login: str, state: str) -> None:
        self.reviews.setdefault(number, []).append({"user": {"login": login}, "state": state})

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        first = query.get("page", ["1"]) == ["1"]
        match method, path:
            case "GET", []:
                return 200, {"default_branch": "main"}
            case "GET", ["commits", commit, "pulls"]:
                return 200, self.commits.get(commit, []) if first else []
            case "GET", ["issues", number, "comments"]:
                return 200, self.comments.get(int(number), []) if first else []
            case "GET", ["pulls", number, "reviews"]:
                return 200, self.reviews.get(int(number), []) if first else []
        return 404, {}
