"""The client of GitHub's REST API: one repository, one token that is never shown, and patience with passing errors."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason

API = "https://api.github.com"
ACTIONS = "github-actions[bot]"
PAUSES = (1.0, 4.0, 10.0)
"""Seconds before each further try."""

PAGES = 100
"""Most pages, of a hundred entries each, that are searched."""

Done = TypeVar("Done")
Pause = Callable[[float], None]

_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class GitHub:
    """A repository at the host: https://docs.github.com/en/rest. The token is never shown.

    `author` is the login whose writing may be replaced: a marker that somebody else quotes is not ours. `timeout` is in
    seconds, of one request.
    """

    repository: str
    token: str = field(repr=False)
    api: str = API
    author: str = ACTIONS
    timeout: float = 30.0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "GitHub":
        """From the variables of a workflow: GITHUB_REPOSITORY, GH_TOKEN or GITHUB_TOKEN, GITHUB_API_URL.

        MOORING_COMMENT_AUTHOR is the login that the token stands for, when it is not the workflow's own. UsageError.
        """
        token = environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN")
        repository = environ.get("GITHUB_REPOSITORY", "")
        if not token or not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise UsageError("GitHub needs GITHUB_REPOSITORY and GH_TOKEN", "run it in a workflow, or set both")
        author = environ.get("MOORING_COMMENT_AUTHOR", ACTIONS)
        return cls(repository, token, environ.get("GITHUB_API_URL", API).rstrip("/"), author)

    @property
    def owner(self) -> str:
        """Of the repository."""
        return self.repository.partition("/")[0]

    @property
    def address(self) -> str:
        """Of the repository at the API, without a slash at its end: GitHub answers 404 to one."""
        return f"{self.api}/repos/{self.repository}"

    def client(self) -> httpx2.Client:
        """An HTTP client that follows no redirect, so that the token reaches no other host."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return httpx2.Client(base_url=self.address, headers=headers, timeout=self.timeout)


def host(environ: Mapping[str, str]) -> GitHub | None:
    """The repository's host; None where no variables name it."""
    try:
        return GitHub.of(environ)
    except UsageError:
        return None


class _Again(Exception):
    """Raised when another try is worthwhile. The argument says what was wrong; `after` is how long GitHub wants it to
    wait, in seconds."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


PULLS = "pull-requests: write"


def answer(response: httpx2.Response, permission: str = PULLS) -> Any:
    """The JSON of an answer; `permission` is what a job needs where it is refused. Failed(PROCESS)."""
    if response.status_code in _PASSING or _limited(response):
        raise _Again(f"HTTP {response.status_code}", _after(response))
    if not response.is_success:
        fix = f"the job needs the permission {permission}" if response.status_code in {401, 403, 404} else ""
        raise Failed(Reason.PROCESS, f"GitHub refused a {response.request.method}: HTTP {response.status_code}", fix)
    return response.json() if response.content else None


def _limited(response: httpx2.Response) -> bool:
    """Whether a refusal is one of a rate limit: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
    spent = response.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in response.headers
    return response.status_code == 403 and spent


def _after(response: httpx2.Response) -> float:
    said = response.headers.get("retry-after", "")
    return float(said) if said.isdigit() else 0.0


def pages(client: httpx2.Client, path: str, permission: str = PULLS, **query: str) -> Iterator[Any]:
    """Every entry of a listing, page by page."""
    for page in range(1, PAGES + 1):
        found = answer(client.get(path, params={**query, "per_page": 100, "page": page}), permission)
        yield from found
        if not found:
            break


def persistently(
    github: GitHub,
    work: Callable[[httpx2.Client], Done],
    pause: Pause = time.sleep,
    pauses: Sequence[float] | None = None,
) -> Done:
    """The result of `work`, repeated from its beginning while GitHub answers with temporary errors. Failed(PROCESS).

    Where GitHub says how long to wait, that long, unless it is longer than all the `pauses` together (None: PAUSES).
    """
    pauses = PAUSES if pauses is None else pauses
    why, after, tries = "", 0.0, 0
    with github.client() as client:
        for wait in (0.0, *pauses):
            if after > sum(pauses):
                why = f"{why}, and it asks to wait for {after:.0f} s"
                break
            if wait:
                pause(max(wait, after))
            tries += 1
            try:
                return work(client)
            except _Again as error:
                why, after = str(error), error.after
            except httpx2.HTTPError as error:
                why = type(error).__name__
            except (AttributeError, KeyError, TypeError, ValueError):
                raise Failed(Reason.PROCESS, f"{github.api} does not answer as GitHub does") from None
    raise Failed(
        Reason.PROCESS, f"GitHub cannot be reached at {github.api}, tried {tries} time{'s' * (tries != 1)}: {why}"
    )
