"""The parts of the page about what runs: slots, rungs and breakers, what it depends on."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.report.page.cells import BAD, GOOD, IDLE, UNKNOWN, WARN, Cell, Remark, Section, Table, commit_link
from mooring.report.page.words import Words
from mooring.report.receipt import short

Data = Mapping[str, Any]


def slot_name(w: Words, name: str) -> str:
    """`blue`, in the language of the page."""
    return w.texts.get(f"slot.{name}", name)


def slots(data: Data, w: Words) -> Section:
    """Both slots: what each holds, and what became of its requests."""
    found = data.get("slots") or {}
    columns = ("slot", "state", "release", "commit", "requests", "failed", "lost", "in.flight", "memory")
    rows = tuple(_slot(data, w, name, slot) for name, slot in found.items())
    caption = w("slots.caption", environment=data["environment"])
    table = Table("slots-table", caption, tuple(map(w, columns)), rows) if data.get("running") and rows else None
    return Section("slots", w("slots"), w("slots.none"), table, wide=True)


def _slot(data: Data, w: Words, name: str, slot: Data) -> tuple[Cell, ...]:
    if not slot.get("digest"):
        empty = Cell(w("slot.empty"), IDLE)
        return (Cell(slot_name(w, name)), empty, *(Cell("—", number=n > 1) for n in range(7)))
    totals = slot.get("totals") or {}
    lost = totals.get("lost")
    return (
        Cell(slot_name(w, name)),
        _standing(data, w, name, slot),
        Cell(short(slot["digest"]), code=True, small=_age(data, w, name)),
        commit_cell(data, w, slot.get("commit")),
        Cell(w.number(totals.get("answered")), number=True),
        Cell(w.number(totals.get("failed")), number=True),
        Cell(w.number(lost), BAD if lost else "", number=True),
        Cell(w.number(slot.get("in_flight")), number=True),
        Cell(f"{slot['rss'] / 2**20:,.0f} MiB" if slot.get("rss") else w.unknown, number=True),
    )


def _age(data: Data, w: Words, name: str) -> str:
    live = data.get("live")
    if not live or live["slot"] != name or not data.get("since"):
        return ""
    return w("slot.since", at=w.ago(data["since"]) or w.moment(data["since"]))


def _standing(data: Data, w: Words, name: str, slot: Data) -> Cell:
    live = bool(data.get("live")) and data["live"]["slot"] == name
    workers = slot.get("workers") or ()
    ready = sum(bool(worker["ready"]) for worker in workers)
    more = [w("workers") + " " + w("of", n=ready, total=len(workers))] if len(workers) > 1 else []
    more += [w("slot.spare", state=w.word(slot["spare"]))] if slot.get("spare") else []
    if restarts := slot.get("restarts"):
        more.append(w("slot.restart") if restarts == 1 else w("slot.restarts", n=restarts))
    small = " · ".join(more)
    if slot.get("ready"):
        return Cell(w("slot.live" if live else "slot.warm"), GOOD, small)
    reasons = "; ".join(slot.get("reasons") or ())
    tone = BAD if live and not ready else WARN
    return Cell(w("slot.broken" if reasons or live else "slot.starting"), tone, reasons or small)


def rungs(data: Data, w: Words) -> Section:
    """Rungs and breakers of the live slot."""
    live = data.get("live")
    slot = (data.get("slots") or {}).get(live["slot"]) if live else None
    runtime = (slot or {}).get("runtime") or {}
    rows = [row for agent, told in (runtime.get("agents") or {}).items() for row in _ladder(w, agent, told)]
    table = Table("rungs-table", w("rungs.caption"), tuple(map(w, _RUNGS)), tuple(rows)) if rows else None
    return Section("rungs", w("rungs"), w("rungs.none"), table, tuple(_health(w, runtime)))


_RUNGS = ("agent", "rung", "model", "breaker", "answered")
_BREAKERS = {"closed": GOOD, "half-open": WARN, "half_open": WARN, "open": BAD}


def _ladder(w: Words, agent: str, told: Data) -> Iterator[tuple[Cell, ...]]:
    answered = told.get("answered") or {}
    for rung, at in told["rungs"].items():
        yield (
            Cell(agent),
            Cell(rung),
            Cell(at["model"], code=True),
            _breaker(w, at),
            Cell(w.number(answered.get(rung, 0)), number=True),
        )
    for rung, what in (("L3", "prepared"), ("L4", "apology")):
        if answered.get(rung):
            count = Cell(w.number(answered[rung]), number=True)
            yield Cell(agent), Cell(rung), Cell(w(what)), Cell(w("breaker.none"), IDLE), count


def _breaker(w: Words, at: Data) -> Cell:
    state = str(at["breaker"])
    text = w("open.for", n=f"{at['opens_in']:.0f}") if state == "open" and at.get("opens_in") else None
    return Cell(text or w.word(state.replace("_", "-")), _BREAKERS.get(state, UNKNOWN))


def _health(w: Words, runtime: Data) -> Iterator[Remark]:
    for agent, canary in (runtime.get("canaries") or {}).items():
        if canary["ok"] and not canary["detail"]:
            yield Remark("", w("canary.ok", agent=agent, n=canary["age"]), GOOD)
        elif canary["ok"]:
            yield Remark("", w("canary.waiting", agent=agent, detail=canary["detail"]), UNKNOWN)
        else:
            yield Remark("", w("canary.ill", agent=agent, detail=canary["detail"]), BAD)
    for tool, state in (runtime.get("tools") or {}).items():
        yield Remark(tool, w.word(str(state)), BAD if state == "open" else WARN)
    if runtime:
        yield Remark(w("tickets"), w.number(runtime.get("queue_depth")))
        yield Remark(w("conversations"), w.number(runtime.get("conversations")))
        yield Remark(w("context"), w.share(runtime.get("context_ratio")))
        memory = (runtime.get("memory") or {}).get("ratio")
        yield Remark(w("memory"), w.share(memory))


def patrol(data: Data, w: Words) -> Section:
    """What the environment depends on, as the patrol found it."""
    found = data.get("patrol")
    order = {"alarm": 0, "warn": 1, "unknown": 2, "ok": 3}
    rows = tuple(_check(w, one) for one in sorted(found or (), key=lambda one: order.get(one["state"], 2)))
    columns = ("check", "state", "took", "since")
    table = Table("patrol-table", w("patrol.caption"), tuple(map(w, columns)), rows) if rows else None
    nothing = w("patrol.untold" if found is None else "patrol.none")
    return Section("patrol", w("patrol"), nothing, table)


_STATES = {"ok": GOOD, "warn": WARN, "alarm": BAD}


def _check(w: Words, one: Data) -> tuple[Cell, ...]:
    took = one.get("seconds")
    return (
        Cell(one["check"], small=one.get("kind") or ""),
        Cell(w.word(one["state"]), _STATES.get(one["state"], UNKNOWN), one.get("detail") or ""),
        Cell(w.duration(took), number=True),
        Cell(w.ago(one.get("since")) or w.moment(one.get("since"))),
    )


def commit_cell(data: Data, w: Words, commit: str | None) -> Cell:
    """A commit, with a link to it where the repository's host is known."""
    if not commit:
        return Cell(w.unknown, UNKNOWN)
    return Cell(commit[:10], code=True, href=commit_link(data.get("repository"), commit))
