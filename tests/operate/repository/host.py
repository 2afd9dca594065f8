"""A stand-in for GitHub's REST API on loopback: pull requests of one repository."""

from typing import Any

from tests.operate.repository.standin import Answer, Query, StandIn


class Host(StandIn):
    """Pull requests, the comments that were written on them, and workflows that were started for a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[tuple[int, str]] = []
        self.started: list[tuple[str, str]] = []

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", []:
                return 200, {"default_branch": "main"}
            case "GET", ["pulls"]:
                owner, _, branch = query["head"][0].partition(":")
                assert (owner, query["state"]) == ("acme", ["open"])
                return 200, [pull for pull in self.pulls if pull["state"] == "open" and pull["head"]["ref"] == branch]
            case "POST", ["pulls"]:
                ends = {end: {"ref": sent[end]} for end in ("head", "base")}
                self.pulls.append({**sent, **ends, "number": len(self.pulls) + 1, "state": "open"})
                return 201, self.pulls[-1]
            case "PATCH", ["pulls", number]:
                self.pulls[int(number) - 1] |= sent
                return 200, self.pulls[int(number) - 1]
            case "POST", ["issues", number, "comments"]:
                self.comments.append((int(number), sent["body"]))
                return 201, {}
            case "POST", ["actions", "workflows", workflow, "dispatches"]:
                self.started.append((workflow, sent["ref"]))
                return 204, None
        return 404, {}
