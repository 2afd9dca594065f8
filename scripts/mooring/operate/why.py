"""What served one request: release, commit, evidence, rungs and tries, tools, cost, and what was live then."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mooring.errors import MooringError, UsageError
from mooring.operate.repository.remote import repository
from mooring.rollout.patches import shown
from mooring.spec.endpoints import any_real, any_simulated

if TYPE_CHECKING:
    import sqlalchemy as sa

    from mooring.rollout.ledger import Ledger
    from mooring.state.runs.lookup import RunSeen
    from mooring.state.transactions import Transactions

_FACTS = (
    "tenant", "key", "user", "conversation", "languages", "ticket", "cached", "error", "retries", "hedges", "decided",
)  # fmt: skip
_RUNGS = ("rung", "tries", "more_tries", "rescued", "written", "context_ratio")

_SUBJECTS = (
    re.compile(r"^Merge pull request #(?P<number>\d+)\b"),
    re.compile(r"^Merged in .*\(pull request #(?P<number>\d+)\)"),
    re.compile(r"\((?P<mark>[#!])(?P<number>\d+)\)$"),
)
_TRAILER = re.compile(
    r"^(?:Pull-Request|PR-URL|Merge-Request|Reviewed-on|See merge request):?\s+(\S+)", re.IGNORECASE | re.MULTILINE
)
_NUMBER = re.compile(r"(?:^|[#!/])(\d+)$")


class Stored(Protocol):
    """What is asked of a target."""

    def stored(self, digest: str) -> bytes:
        """The bytes of a stored release. Raises MooringError."""


def explained(run: "RunSeen", target: Stored, book: "Ledger", database: "Transactions", root: Path) -> dict[str, Any]:
    """Everything that is known of a run, JSON-able. What is not known is None. Raises MooringError or Unavailable."""
    content = None
    with suppress(MooringError):  # an old release may have been removed, and much is known without it
        content = content_of(target.stored(run.release))
    data = explain(run, content, book, root)
    on = (data["release"]["deployed"] or {}).get("evidence")
    return {**data, "evidence": database.read(lambda connection: evidence(connection, run.release, on))}


def explain(run: "RunSeen", content: Mapping[str, Any] | None, book: "Ledger", root: Path) -> dict[str, Any]:
    """Everything but the evidence, JSON-able. What is not known is None. `content` is that of the run's release."""
    data = run.data
    when = deployed(book, run)
    commit = (when or {}).get("commit") or book.commit_of(book_environment(book), run.release)
    return {
        "run": run.head() | {name: data.get(name) for name in _FACTS} | {"resumed": data.get("resumed", 0)},
        "release": {"digest": run.release, "deployed": when, **made_of(content, run.agent, data.get("simulated"))},
        "commit": described(root, commit),
        "live": live_at(book, run.created),
        "answered": {name: data.get(name) for name in _RUNGS},
        "tools": data.get("tool_calls") or [],
        "usage": data.get("usage"),
        "cost_usd": data.get("cost_usd"),
    }


def book_environment(book: "Ledger") -> str:
    """The environment whose ledger it is."""
    return book.location.environment


def deployed(book: "Ledger", run: "RunSeen") -> dict[str, Any] | None:
    """The last request that made the run's release live before the run ended: who asked, when, on what evidence."""
    served = False
    for entry in book.backward(book_environment(book)):
        event, idle, live = entry.event, entry.state["phase"] == "idle", entry.state["live"]
        # Going back, a rollout begins with its last entry, which leaves the state idle.
        served = (served and not idle) or (live is not None and live["digest"] == run.release)
        # A request for what is live already leaves the state idle: it changed nothing.
        if event["event"] != "requested" or idle or entry.at > run.updated:
            continue
        if event["digest"] == run.release and served:
            told = {name: event.get(name) for name in ("kind", "commit", "plan", "evidence")}
            patches = (event.get("hotfix") or {}).get("patches", ())
            return {"seq": entry.seq, "at": entry.at, "actor": entry.actor, **told, "hotfixes": [*map(shown, patches)]}
    return None


def live_at(book: "Ledger", moment: float) -> dict[str, Any] | None:
    """What had the traffic at a time, since when, and what was under way then; None where the ledger does not say."""
    found: dict[str, Any] | None = None
    for entry in book.backward(book_environment(book)):
        if entry.at > moment:
            continue
        live = entry.state["live"]
        if found is None:
            if live is None:
                return None
            found = {**live, "since": entry.at, "phase": entry.state["phase"], "seq": entry.seq}
        elif live is not None and live["digest"] == found["digest"]:
            found["since"] = entry.at
        else:
            return found
    return found


def made_of(content: Mapping[str, Any] | None, agent: str, played: bool | None = None) -> dict[str, Any]:
    """What the release tells of the agent: its prompt and profile, and whether its models are simulated.

    Where only some providers are, `played` decides: whether the simulator answered the run."""
    try:
        known = (content or {})["agents"][agent]
        prompt = known["prompt"]
        version = content["prompts"][prompt]["version"] if content else None
        endpoints = (content or {})["environment"]["endpoints"]
        mixed = any_simulated(endpoints) and any_real(endpoints)
        simulated = played if mixed else any_simulated(endpoints)
    except (KeyError, TypeError):
        return {"prompt": None, "resilience": None, "simulated": None}
    return {"prompt": f"{prompt} {version}", "resilience": known.get("resilience"), "simulated": simulated}


def described(root: Path, commit: str | None) -> dict[str, Any] | None:
    """A commit with its subject, author and pull request, as far as this clone of the repository has it."""
    if commit is None:
        return None
    from mooring.catalog.source import git

    home = repository(root)
    link = f"{home}/commit/{commit}" if home else None
    nothing = {"id": commit, "subject": None, "author": None, "url": link, "pull_request": None}
    try:
        said = git(root, "log", "-1", "--format=%an%n%s%n%b", "--end-of-options", commit).decode("utf-8", "replace")
    except UsageError:
        return nothing
    author, subject, body = [*said.split("\n", 2), "", ""][:3]
    return {**nothing, "author": author, "subject": subject, "pull_request": pull_request(subject, body, home)}


def pull_request(subject: str, body: str, home: str | None) -> dict[str, Any] | None:
    """The pull request that brought a commit, by its trailers or its subject; None where neither names one."""
    if trailer := _TRAILER.search(body):
        named, number = trailer[1], _NUMBER.search(trailer[1].rstrip("/"))
        url = named if named.startswith(("https://", "http://")) else None
        address = _address(home, number and number[1], merge="!" in named)
        return {"number": int(number[1]) if number else None, "url": url or address}
    for pattern in _SUBJECTS:
        if found := pattern.search(subject):
            merge = found.groupdict().get("mark") == "!"
            return {"number": int(found["number"]), "url": _address(home, found["number"], merge)}
    return None


def _address(home: str | None, number: str | None, merge: bool = False) -> str | None:
    if not home or not number:
        return None
    return f"{home}/-/merge_requests/{number}" if merge else f"{home}/pull/{number}"


def evidence(connection: "sa.Connection", release: str, deployed_on: str | None) -> list[dict[str, Any]]:
    """What evaluations found about a release: class, outcome and verdict; `deployed` says on which it went out."""
    from mooring.state.records.evidence import about

    found = []
    for digest, content in about(connection, release):
        try:
            value = json.loads(content)
            counts = ("cases", "passed", "failed")
            suites = {name: {key: asked[key] for key in counts} for name, asked in value["suites"].items()}
            told = {name: value[name] for name in ("evidence", "outcome", "verdict", "started")}
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        found.append({"digest": digest, **told, "suites": suites, "deployed": digest == deployed_on})
    return found


def content_of(stored: bytes) -> Mapping[str, Any] | None:
    """The content of a stored release as plain JSON; None when it is none."""
    try:
        value = json.loads(stored)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
