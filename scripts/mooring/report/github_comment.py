"""Keeps one comment on a pull request: creates it once, then updates it."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason

API = "https://api.github.com"
ACTIONS = "github-actions[bot]"
PAUSES = (1.0, 4.0, 10.0)
"""Seconds before each further try."""

PAGES = 100
"""Most pages, of a hundred comments each, that are searched."""

Done = TypeVar("Done")

_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class GitHub:
    """Where a comment goes: https://docs.github.com/en/rest/issues/comments. The token is never shown.

    `author` is the login whose comments may be replaced: a marker that somebody else quotes is not ours.
    """

    repository: str
    token: str = field(repr=False)
    api: str = API
    author: str = ACTIONS

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "GitHub":
        """From the variables of a workflow: GITHUB_REPOSITORY, GH_TOKEN or GITHUB_TOKEN, GITHUB_API_URL.

        MOORING_COMMENT_AUTHOR is the login that the token stands for, when it is not the workflow's own. UsageError.
        """
        token = environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN")
        repository = environ.get("GITHUB_REPOSITORY", "")
        if not token or not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise UsageError("a comment needs GITHUB_REPOSITORY and GH_TOKEN", "run it in a workflow, or set both")
        author = environ.get("MOORING_COMMENT_AUTHOR", ACTIONS)
        return cls(repository, token, environ.get("GITHUB_API_URL", API).rstrip("/"), author)

    def client(self) -> httpx2.Client:
        """An HTTP client that follows no redirect, so that the token reaches no other host."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return httpx2.Client(base_url=f"{self.api}/repos/{self.repository}", headers=headers, timeout=30)


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
        pulls = _json(client.get("/pulls", params=query))
        return next((int(pull["number"]) for pull in pulls if pull["head"]["sha"] == commit), None)

    return _persistently(github, find, time.sleep)


def publish(github: GitHub, number: int, body: str, pause: Callable[[float], None] = time.sleep) -> str:
    """Replaces the comment that begins with the first line of `body`, or writes it. Says which. Failed(PROCESS).

    Each try looks for the comment again: a try that seemed to fail may have written it.
    """
    mark = body.split("\n", 1)[0]
    if not re.fullmatch(r"<!-- .+ -->", mark):
        raise ValueError("the first line of a comment must be its marker")

    def put(client: httpx2.Client) -> str:
        for comment in _comments(client, number):
            if comment["user"]["login"] == github.author and comment["body"].startswith(mark):
                if comment["body"].rstrip() == body.rstrip():
                    return f"the comment on #{number} is as it should be"
                _json(client.patch(f"/issues/comments/{int(comment['id'])}", json={"body": body}))
                return f"updated the comment on #{number}"
        _json(client.post(f"/issues/{number}/comments", json={"body": body}))
        return f"commented on #{number}"

    return _persistently(github, put, pause)


def _comments(client: httpx2.Client, number: int) -> Iterator[Any]:
    for page in range(1, PAGES + 1):
        found = _json(client.get(f"/issues/{number}/comments", params={"per_page": 100, "page": page}))
        yield from found
        if not found:
            break


class _Again(Exception):
    """Raised when another try is worthwhile. The argument says what was wrong."""


def _json(response: httpx2.Response) -> Any:
    if response.status_code in _PASSING:
        raise _Again(f"HTTP {response.status_code}")
    if not response.is_success:
        fix = "the job needs the permission pull-requests: write" if response.status_code in {401, 403, 404} else ""
        raise Failed(Reason.PROCESS, f"GitHub refused a {response.request.method}: HTTP {response.status_code}", fix)
    return response.json()


def _persistently(github: GitHub, work: Callable[[httpx2.Client], Done], pause: Callable[[float], None]) -> Done:
    """The result of `work`, repeated from its beginning while GitHub answers with temporary errors."""
    why = ""
    with github.client() as client:
        for wait in (0.0, *PAUSES):
            if wait:
                pause(wait)
            try:
                return work(client)
            except _Again as error:
                why = str(error)
            except httpx2.HTTPError as error:
                why = type(error).__name__
            except (AttributeError, KeyError, TypeError, ValueError):
                raise Failed(Reason.PROCESS, f"{github.api} does not answer as GitHub does") from None
    raise Failed(Reason.PROCESS, f"GitHub cannot be reached at {github.api}, tried {1 + len(PAUSES)} times: {why}")
