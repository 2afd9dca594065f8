"""A patrol for people: every check with its state, the worst first."""

from collections.abc import Iterator
from typing import Any

from mooring.report.console import Console, one_line
from mooring.report.receipt import short
from mooring.timestamps import ago

COLUMNS = ("CHECK", "KIND", "STATE", "TOOK", "LIMITS", "SINCE", "DETAIL")
WORST_FIRST = ("alarm", "unknown", "warn", "ok")
WIDTH = 300
"""Characters of an answer."""
STYLES = {"alarm": "red", "unknown": "red", "warn": "yellow", "ok": "green"}


def show(data: dict[str, Any], console: Console, now: float) -> None:
    """Prints what a patrol found."""
    console.line(headline(data), STYLES[worst(data)])
    checks = sorted(data["checks"], key=lambda one: WORST_FIRST.index(one["state"]))
    console.table(COLUMNS, [row(one, now) for one in checks])
    for one in checks:
        if one["note"]:
            tell(one["note"], data["environment"], console)


def tell(note: dict[str, Any], environment: str, console: Console) -> None:
    """Prints what is known of a case."""
    console.line()
    for line in found_out(note, environment):
        console.line(line)


def found_out(note: dict[str, Any], environment: str) -> Iterator[str]:
    """What is known of a case of a canary that fails: the release that broke it, with its answer before and since."""
    case, broken, good = note["case"], note["broken"], note["good"]
    if note["outcome"] == "broken":
        commit = f", commit {broken['commit']}" if broken["commit"] else ""
        by = f"by release {short(broken['release'])}{commit}"
        if between := note.get("between"):
            unasked = f"{releases(len(between))} in between could not be asked"
            by = f"between release {short(good['release'])} and release {short(broken['release'])}{commit} ({unasked})"
        yield f"{case} was broken {by}: {broken['why']}"
        yield f"  before  {one_line(good['answer'])[:WIDTH]}  ({short(good['release'])})"
        yield f"  since   {one_line(broken['answer'])[:WIDTH]}"
        if revert := note.get("revert"):
            pull = f", #{revert['pull_request']}" if revert.get("pull_request") else ""
            done = f"{revert['branch'] or revert['reason']}{pull}"
            yield f"  revert  {done}; moor rollback {environment} --to {good['release']}"
    elif note["outcome"] == "outside":
        failing = sum(one["passed"] is False for one in note["tried"])
        yield f"{case} fails at every release that was tried, {failing} of them: the world outside has changed"
    elif note["outcome"] == "here":
        yield f"{case} passes when the same release is asked by itself: what runs differs from it, or it was chance"
    else:
        yield f"{case}: it is not known what broke it; {unknown(note)}"


def unknown(note: dict[str, Any]) -> str:
    """Why it is not known what broke a case."""
    tried = note["tried"]
    if note.get("timed_out"):
        return f"its time was over after {releases(len(tried))}"
    if tried[0]["passed"] is None:
        return f"the release that serves could not be asked: {tried[0]['why']}"
    unasked = [one for one in tried if one["passed"] is None]
    if unasked:
        failing, others = releases(len(tried) - len(unasked)), f"{len(unasked)} could not be asked"
        return f"it fails at {failing}, and {others}: {unasked[0]['why']}"
    return "it fails at the release that serves, and there is no earlier one to compare with"


def releases(count: int) -> str:
    """`1 release`, `2 releases`"""
    return f"{count} release{'' if count == 1 else 's'}"


def worst(data: dict[str, Any]) -> str:
    """The worst state of any check."""
    states = {one["state"] for one in data["checks"]}
    return next(state for state in WORST_FIRST if state in states)


def headline(data: dict[str, Any]) -> str:
    """`production: 1 in alarm, 1 unknown, 7 ok`"""
    states = [one["state"] for one in data["checks"]]
    words = {"alarm": "in alarm", "warn": "to watch"}
    parts = [f"{states.count(state)} {words.get(state, state)}" for state in WORST_FIRST if state in states]
    return f"{data['environment']}: {', '.join(parts)}"


def row(one: dict[str, Any], now: float) -> tuple[str, ...]:
    """One check in a line."""
    what, since = (one["check"], one["kind"], one["state"]), ago(one["since"], now)
    return *what, took(one["seconds"]), limits(one), since, detail(one)


def took(seconds: float) -> str:
    """`3 ms`, `2.1 s`"""
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.1f} s"


def limits(one: dict[str, Any]) -> str:
    """`2 / 10 s`: good up to the first, an alarm beyond the second."""
    found = one["limits"]
    return f"{found['ok']:g} / {found['alarm']:g} {found['unit']}" if found else ""


def detail(one: dict[str, Any]) -> str:
    """What the newest look saw, and what of it is not in the state yet."""
    said = str(one["detail"])
    if one["found"] != one["state"]:
        turn = f"{one['found']} now, {one['contrary']} of {one['recoveries']} in a row"
        return f"{turn}; {said}" if said else turn
    blips = [look for look in one["looks"][:-1] if look["state"] != one["state"]]
    if blips and len({look["state"] for look in one["looks"]}) > 1:
        blip = f"a moment before {blips[0]['state']}: {blips[0]['detail'] or 'too slow'}"
        return f"{said}; {blip}" if said else blip
    return said
