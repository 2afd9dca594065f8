"""The status of an environment, for people."""

import time
from collections.abc import Iterator
from typing import Any

from mooring.change.wording import plain
from mooring.report import live as rungs
from mooring.report.console import Console
from mooring.report.receipt import short
from mooring.timestamps import ago, clock, iso, seconds

ENDS = ("ANSWERED", "FAILED", "ABANDONED", "LOST")
MOST_SECONDS = 5.0
"""How far a clock may be from the database's before it is said."""

COLUMNS = ("SLOT", "STATE", "DIGEST", "SINCE", "IN_FLIGHT", *ENDS, "RESTARTS", "MEMORY")


def show(data: dict[str, Any], console: Console, now: float) -> None:
    """Prints the status of one environment."""
    address = data["url"] if data["running"] else "not running"
    played = (
        rungs.simulated(data["simulated"], data.get("endpoints", {})) if data["running"] and data["simulated"] else ""
    )
    console.line(f"{data['environment']}  {address}{f', {played}' if played else ''}", "bold")
    if data["running"]:
        console.line(*judged(data))
        console.table(COLUMNS, rows(data, now if console.terminal else None))
        console.line()
        _show_live(data, console)
        _show_workers(data, console)
    for line in notes(data):
        console.line(plain(line))
    for line in hotfixes(data, now):
        console.line(plain(line), "yellow")


def judged(data: dict[str, Any]) -> tuple[str, str]:
    """The state in one word and why it is not better, as on the status page; and its color."""
    from mooring.report.page.judgement import judge
    from mooring.report.page.sentence import because
    from mooring.report.page.words import words

    w, found = words("en"), judge(data)
    reasons = "; ".join(because(w, reason) for reason in found.reasons)
    return f"{found.state}{f': {reasons}' if reasons else ''}".replace("\u00a0", " "), COLORS[found.state]


COLORS = {"serving": "green", "degraded": "yellow", "down": "red", "unknown": "yellow"}


def hotfixes(data: dict[str, Any], now: float) -> Iterator[str]:
    """Changes beside git that are in force, and how long they will be."""
    for patch in data.get("hotfixes", ()):
        values = ", ".join(f"{path}={value}" for path, value in patch["values"].items())
        left = seconds(patch["until"]) - now
        ends = f"ends in {clock(left)}" if left > 0 else "is over, and about to be taken back"
        yield f"hotfix {patch['document']} {values} by {patch['owner']} {ends}: {patch['reason']}"


def _show_live(data: dict[str, Any], console: Console) -> None:
    """Prints the health of the live slot."""
    live = data["live"]["slot"] if data["live"] else ""
    runtime = data["slots"][live]["runtime"] if live else {}
    if runtime:
        console.table(rungs.COLUMNS, rungs.rows(runtime))
        console.line()
        if spent := rungs.spend(runtime):
            console.table(rungs.SPEND_COLUMNS, spent)
            console.line()
        for line in rungs.notes(live, runtime):
            console.line(line)


WORKER_COLUMNS = ("WORKER", "STATE", "PROCESS", "IN_FLIGHT", "RESTARTS", "MEMORY")


def _show_workers(data: dict[str, Any], console: Console) -> None:
    """Prints each worker of the live slot, where there are several."""
    if found := workers(data):
        console.table(WORKER_COLUMNS, found)
        console.line()


def workers(data: dict[str, Any]) -> list[tuple[str, ...]]:
    """One row per worker of the live slot, where there are several."""
    live = data["live"]["slot"] if data["live"] else ""
    each = data["slots"][live].get("workers", ()) if live else ()
    return [
        (
            f"{live} {worker['number']}",
            "accepting" if worker["accepting"] else "ready" if worker["ready"] else "starting",
            worker.get("pod") or str(worker["pid"] or ""),
            str(worker["in_flight"]),
            str(worker["restarts"]),
            f"{worker['rss'] / 2**20:.0f} MiB" if worker["rss"] else "",
        )
        for worker in (each if len(each) > 1 else ())
    ]


def rows(data: dict[str, Any], now: float | None = None) -> list[tuple[str, ...]]:
    """One row per slot; with `now` times say how long ago."""
    live, since = data["live"], data.get("since")
    when = "" if since is None else (since if now is None else ago(seconds(since), now))
    return [
        (
            name,
            _state(slot, live is not None and live["slot"] == name),
            short(slot["digest"]),
            when if slot["digest"] else "",
            str(slot["in_flight"]),
            *(f"{slot['totals'].get(what, 0):,}" for what in map(str.lower, ENDS)),
            str(slot["restarts"]),
            f"{slot['rss'] / 2**20:.0f} MiB" if slot["rss"] else "",
        )
        for name, slot in data["slots"].items()
    ]


def _state(slot: dict[str, Any], live: bool) -> str:
    if not slot["digest"]:
        return "empty"
    each = slot.get("workers", ())
    ready = sum(worker["ready"] for worker in each)
    if not slot["ready"] and live and ready:
        called = "pods" if each[0].get("pod") else "workers"
        return f"live, {ready} of {len(each)} {called} ready"
    if not slot["ready"]:
        return f"not ready: {'; '.join(slot['reasons'])}" if slot["reasons"] else "starting"
    spare = f", spare {slot['spare']}" if slot.get("spare") else ""
    called = "pods" if each and each[0].get("pod") else "workers"
    several = f", {len(each)} {called}" if len(each) > 1 else ""
    if live:
        return f"live{several}{spare}"
    return f"warm: {'; '.join(slot['reasons'])}" if slot["reasons"] else f"warm{several}"


def _exported(told: dict[str, Any], now: float) -> str:
    """`exported 0.8 s behind, copied 12 min ago; a restore was proved 2 d ago (RPO 1.1 s, RTO 14.2 s)`."""
    parts = [f"{max(0.0, now - told['stream']):.1f} s behind"] if told["stream"] else []
    parts += [f"copied {ago(told['copy'], now)}"] if told["copy"] else ["not copied yet"]
    proved = "a restore was never proved: moor state verify"
    if told["verified"]:
        figures = f"RPO {told['rpo']:.1f} s, RTO {told['rto']:.1f} s"
        proved = f"a restore was proved {ago(told['verified'], now)} ({figures})"
    problem = f"; {told['problem']}" if told["problem"] else ""
    return f"exported {', '.join(parts)}; {proved}{problem}"


def _drilled(drill: dict[str, Any], now: float) -> str:
    """`live drill crash held 2 d ago: 7 of 7 promises kept`, and why that is not enough."""
    if drill["at"] is None:
        name = drill["exercise"]
        return f"live drill {name} never ran, and a release goes out after it only: moor drill --live {name}"
    late = f"; a release goes out when it is fresh: {drill['due']}" if drill["due"] else ""
    when = ago(seconds(drill["at"]), now)
    return f"live drill {drill['exercise']} {_RESULTS[drill['result']]} {when}: {drill['said']}{late}"


_RESULTS = {"held": "held", "broken": "did not hold", "inconclusive": "was inconclusive"}


_ADDRESSES = {"monitor": "watched", "chat": "hears chat"}


def notes(data: dict[str, Any]) -> Iterator[str]:
    """Facts that fit no table, one line each."""
    shown = any(slot["runtime"] for slot in data["slots"].values())
    for agent, models in data["agents"].items() if not shown else ():
        yield f"agent {agent}: {', '.join(f'{rung} {model}' for rung, model in models.items())}"
    yield from (f"{said} at {data[name]}" for name, said in _ADDRESSES.items() if data.get(name))
    for name, served in (data.get("models") or {}).items():
        yield f"model {name} {served['state']} at {served['url']}" + (f", pid {served['pid']}" if served["pid"] else "")
    if exported := data.get("exported"):
        yield _exported(exported, time.time())
    for drill in data.get("proofs") or ():
        yield _drilled(drill, time.time())
    if data.get("quarantined"):
        yield f"quarantined: {data['quarantined']}"
    if lease := data.get("lease"):
        yield f"locked by {lease['actor']} ({lease['kind']}, {lease['owner']}) until {lease['until']}"
    yield from _holds(data)
    if data.get("phase") not in (None, "idle"):
        yield f"a rollout is {data['phase']}"
    for job in data.get("jobs", ()):
        if job["late"]:
            since = f"since {iso(job['reported'])}" if job["reported"] else "yet"
            yield f"late: the scheduled job {job['job']} has not reported {since}"
    yield from _machines(data.get("ledger") or {})
    yield from data.get("warnings", ())


def _holds(data: dict[str, Any]) -> Iterator[str]:
    """A lock against deployments and silences of alerts, with their ends."""
    locks = [("no deployment goes out", data["lock"])] if data.get("lock") else []
    silences = [("alerts are silenced", each) for each in data.get("silences") or ()]
    for what, held in (*locks, *silences):
        why = f": {held['reason']}" if held["reason"] else ""
        yield f"{what} until {held['until']} by {held['owner']}{why}"


def _machines(ledger: dict[str, Any]) -> Iterator[str]:
    """How this machine stands to the others."""
    if behind := ledger.get("behind"):
        why = f": {behind['why']}" if behind["why"] else ""
        yield f"behind: {short(behind['release'])} is live by the ledger, and this machine follows{why}"
    for one in ledger.get("others", ()):
        yield f"also served by {one['host']}, {one['folder']}: {short(one['live']) or 'nothing'} is live there"
    if abs(ledger.get("ahead", 0.0)) > MOST_SECONDS:
        yield f"this machine's clock differs from the database's by {ledger['ahead']:.0f} s; set it right"
