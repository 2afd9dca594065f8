"""How a release came to be live and went away again, for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.change.wording import clip, count, plain
from mooring.report.console import Console
from mooring.report.receipt import short
from mooring.timestamps import iso

Data = Mapping[str, Any]

UNKNOWN = "not known"


def show(data: Data, console: Console) -> None:
    """Prints it, one line for each step in the order in which it happened."""
    release = data["release"]
    bad = release["quarantined"]
    console.line(plain(headline(data)), "red" if bad else "bold")
    for name, text in facts(data):
        console.line(f"{name:<13} {plain(clip(text, 400))}")


def headline(data: Data) -> str:
    """`release 1a2b… of production: live`"""
    release = data["release"]
    state = "live" if release["live"] else release["quarantined"] or "not live"
    return f"release {short(release['digest'])} of {data['environment']}: {state}"


def facts(data: Data) -> Iterator[tuple[str, str]]:
    """Names and texts, one line each."""
    yield "pull request", _pull(data)
    if asked := data["pull_request"]:
        yield "reviewed", _reviewed(asked)
    yield "commit", _commit(data["commit"])
    for one in data["evidence"]:
        basis = ", which it went out on" if one["deployed"] else ""
        yield "evidence", f"{one['evidence']}: {one['outcome']}{basis}; {one['verdict']}"
    if not data["evidence"]:
        yield "evidence", "none is kept about this release"
    for one in data["rollouts"]:
        yield from _rollout(one, data["release"]["digest"])
    for one in data["revert"] or ():
        yield "revert", f"#{one['number']} is {one['state']}  {one['url']}"
    if data["unread"]:
        yield "not asked", data["unread"]


def _pull(data: Data) -> str:
    if asked := data["pull_request"]:
        return f"#{asked['number']} {asked['title']}, by {asked['author']}  {asked['url']}"
    told = (data["commit"] or {}).get("pull_request")
    if told is None:
        return UNKNOWN
    return " ".join(filter(None, [f"#{told['number']}" if told["number"] else "", told["url"]]))


def _reviewed(asked: Data) -> str:
    who = ", ".join(asked["approved_by"]) or "nobody"
    plan = asked["plan"]
    seen = f"the plan of {plan['commit']}, meaning {short(plan['meaning'])}" if plan and plan["meaning"] else "no plan"
    return f"approved by {who}; its comment has {seen}"


def _commit(told: Data | None) -> str:
    if told is None:
        return f"{UNKNOWN}: it was deployed from a work tree with changes, or not by this ledger"
    subject = told["subject"] or "not in this clone"
    return f"{told['id'][:12]} {subject}" + (f", {told['author']}" if told["author"] else "")


def _rollout(one: Data, digest: str) -> Iterator[tuple[str, str]]:
    """A rollout to the release with its plan and approvals, or one away from it."""
    when = f"{iso(one['start'])} by {', '.join([one['actor'], *one['hands']])}"
    if one["digest"] != digest:
        yield one["kind"], f"{when}: away from it, to {short(one['digest'])}: {one['outcome']}"
        return
    if one["plan"]:
        yield "plan", short(one["plan"])
    if one["approved"]:
        yield "approved", ", ".join(one["approved"])
    switched = f", switched in {one['switch_ms']:.2f} ms" if one["switch_ms"] is not None else ""
    why = f": {one['reason']}: {one['detail']}" if one["reason"] else ""
    yield one["kind"], f"{when}: {one['outcome']}{switched}{why}"
    if counts := one["requests"]:
        yield (
            "requests",
            f"{counts['lost']:,} of {count(counts['received'], 'request')} lost, {counts['failed']:,} failed",
        )
