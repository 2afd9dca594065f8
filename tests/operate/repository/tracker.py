"""A stand-in for GitHub's REST API on loopback: the issues of one repository without pull requests."""

import threading
from typing import Any

from tests.operate.repository.standin import BOT, Answer, Query, StandIn


class Tracker(StandIn):
    """Issues, by number."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: list[dict[str, Any]] = []
        self.lock = threading.Lock()

    @property
    def open(self) -> list[dict[str, Any]]:
        return [issue for issue in self.issues if issue["state"] == "open"]

    def add(self, title: str, body: str, user: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        with self.lock:
            made = {"number": len(self.issues) + 1, "title": title, "body": body, "state": "open"}
            self.issues.append(made | {"user": user or BOT} | more)
            return self.issues[-1]

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        match method, path:
            case "GET", ["issues"]:
                assert query["state"] == ["open"]
                start = (int(query["page"][0]) - 1) * 100
                return 200, self.open[start : start + 100]
            case "GET", ["pulls"]:
                return 200, []
            case "POST", ["issues"]:
                return 201, self.add(sent["title"], sent["body"])
            case "PATCH", ["issues", number]:
                self.issues[int(number) - 1] |= sent
                return 200, self.issues[int(number) - 1]
        return 404, {}
