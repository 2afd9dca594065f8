"""Keeps one comment with the plans on a pull request. Standard library only; settings come from the environment.

The plans were made by a run that executed the pull request's own code, which may come from a stranger. So they are
text and nothing else: cut to size, without control characters, inside a fence they cannot close. Which pull request
they belong to is never read from them; GitHub is asked for the one whose head is the commit of that run.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MARK = "<!-- the plans; kept up to date by comment.yml -->"
AUTHOR = "github-actions[bot]"
BODY_CHARACTERS = 60_000  # GitHub refuses comments above 65,536
PLANS = 10


def main() -> int:
    plans = read(Path(os.environ["PLANS"]))
    if not plans:
        print("the run left no plans: nothing to say")
        return 0
    try:
        print(publish(GitHub(os.environ), plans))
    except urllib.error.URLError as error:
        print(f"::error::GitHub did not take the comment: {error}")
        return 1
    return 0


def read(folder: Path) -> dict[str, str]:
    """Plan by environment, from `plan-<environment>/plan.txt`; links and other names are passed over."""
    files = [path for path in sorted(folder.glob("plan-*/plan.txt")) if path.resolve() == path.absolute()][:PLANS]
    named = {path.parent.name.removeprefix("plan-"): path for path in files}
    return {name: head(path) for name, path in named.items() if re.fullmatch(r"[a-z0-9-]{1,40}", name)}


def head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(4 * BODY_CHARACTERS).decode(errors="replace")


def body(plans: Mapping[str, str], commit: str) -> str:
    """The comment. Every plan has the same share of what fits."""
    share = BODY_CHARACTERS // len(plans)
    parts = [f"### {name}\n\n{fenced(text, share)}" for name, text in plans.items()]
    return "\n\n".join([MARK, f"What merging {commit[:12]} would change, compared with the target branch.", *parts])


def fenced(text: str, limit: int) -> str:
    """`text` inside a fence longer than any run of backticks in it."""
    plain = "".join(character for character in text if character == "\n" or character.isprintable())
    shown = plain if len(plain) <= limit else f"{plain[:limit]}\n... cut: {len(plain) - limit} more characters"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence}text\n{shown.rstrip()}\n{fence}" if len(fence) < limit else "The plan is not readable text."


class GitHub:
    """The few calls of https://docs.github.com/en/rest that this needs. They raise URLError."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.base = f"{environ['GITHUB_API_URL']}/repos/{environ['GITHUB_REPOSITORY']}"
        self.token = environ["GH_TOKEN"]
        self.head = f"{environ['HEAD_OWNER']}:{environ['HEAD_BRANCH']}"
        self.commit = environ["HEAD_COMMIT"]

    def call(self, method: str, path: str, data: Mapping[str, str] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        content = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.base}{path}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def pull_request(self) -> int | None:
        """The open one with this head; None when it has moved on or is closed."""
        query = urllib.parse.urlencode({"state": "open", "head": self.head})
        found = [pull["number"] for pull in self.call("GET", f"/pulls?{query}") if pull["head"]["sha"] == self.commit]
        return found[0] if found else None

    def comments(self, number: int) -> Iterator[Any]:
        page = 0
        while batch := self.call("GET", f"/issues/{number}/comments?per_page=100&page={(page := page + 1)}"):
            yield from batch


def publish(github: GitHub, plans: Mapping[str, str]) -> str:
    """Writes the comment or replaces the earlier one, and says which."""
    number = github.pull_request()
    if number is None:
        return "no open pull request at this commit: nothing to say"
    text = {"body": body(plans, github.commit)}
    for comment in github.comments(number):
        if comment["user"]["login"] == AUTHOR and comment["body"].startswith(MARK):
            github.call("PATCH", f"/issues/comments/{comment['id']}", text)
            return f"updated the comment on #{number}"
    github.call("POST", f"/issues/{number}/comments", text)
    return f"commented on #{number}"


if __name__ == "__main__":
    sys.exit(main())
