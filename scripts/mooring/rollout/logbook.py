"""The ledger of an environment as a log book: one entry for each thing that was done, and not for each step of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mooring.rollout.ledger import Entry
from mooring.rollout.notes import ADOPTED, HEALED, SEEN
from mooring.rollout.patches import shown

DONE, ABORTED, TAKEN_BACK, KEPT, NOTHING, UNDER_WAY = (
    "done",
    "aborted",
    "taken-back",
    "kept",
    "no-op",
    "under-way",
)
"""Outcomes: traffic moved for good; it never moved; it moved and went back; what failed is live for want of another;
the release was live already; not ended yet."""

FAILED = frozenset({ABORTED, TAKEN_BACK, KEPT})

CORRECTED, PROOF, DRILL, CHAT = "corrected", "proof", "drill", "chat"
NOTES: Mapping[str, str] = {SEEN: "drift", HEALED: "drift-healed", ADOPTED: "drift-adopted"}

_STARTS = frozenset({"requested", "noted", "proved", "drilled"})


@dataclass(frozen=True, slots=True)
class Record:
    """Something that was done. Times are seconds since the epoch; `end` is None while it is under way.

    `kind` is that of a rollout (`deploy`, `flip`, `rollback`, `hotfix`, `return`), `drift`, `drift-healed`,
    `drift-adopted`, `proof`, `drill`, `chat`, or `corrected` where traffic was found elsewhere than the ledger said.
    `previous` and `digest` are the releases that it went from and to. `reason` and `detail` say why it failed.
    `requests` are the counts of its receipt, None where none was written. `fields` are those that drifted, `proof` what
    was proved, or drilled, `said` what was said by chat. `approved` are those who approved its plan.
    `hands` are those who went on with it after its process had ended. `first` and `last` are numbers of the ledger.
    """

    kind: str
    start: float
    end: float | None
    actor: str
    outcome: str
    first: int
    last: int
    slot: str | None = None
    digest: str | None = None
    previous: str | None = None
    commit: str | None = None
    plan: str | None = None
    evidence: str | None = None
    reason: str | None = None
    detail: str = ""
    switch_ms: float | None = None
    requests: Mapping[str, int] | None = None
    hotfix: Mapping[str, Any] | None = None
    fields: tuple[str, ...] = ()
    proof: Mapping[str, Any] | None = None
    said: Mapping[str, Any] | None = None
    approved: tuple[str, ...] = ()
    hands: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        return self.outcome in FAILED

    @property
    def rollout(self) -> bool:
        """Whether it was about a release."""
        return self.digest is not None and self.kind != CORRECTED

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def newest(entries: Iterable[Entry], limit: int, since: float = 0.0) -> tuple[list[Record], list[Entry]]:
    """At most `limit` records that began at `since` or later, the newest first, and the entries they are made of.

    `entries` are those of one environment, the newest first; no more of them are read than that takes.
    """
    read: list[Entry] = []
    starts = 0
    for entry in entries:
        read.append(entry)
        start = entry.event["event"] in _STARTS
        starts += start
        # One more than asked for: what comes before the oldest start is not whole.
        if start and not _within(entry) and (starts > limit or entry.at < since):
            break
    found = [record for record in records(reversed(read)) if record.start >= since]
    found = found[-limit:][::-1]
    oldest = found[-1].first if found else 0
    return found, [entry for entry in read if found and entry.seq >= oldest]


def _within(entry: Entry) -> bool:
    """Whether it lies inside a rollout, whose beginning is older."""
    return bool(entry.event["event"] != "requested" and entry.state["phase"] != "idle")


def records(entries: Iterable[Entry]) -> Iterator[Record]:
    """The records of entries of one environment, the oldest first. A rollout whose beginning is missing is none."""
    fold = _Fold()
    for entry in entries:
        yield from fold.read(entry)
    yield from filter(None, (fold.waiting, fold.under_way))


class _Fold:
    """`under_way` is the rollout whose end was not met yet; `waiting` one that has ended, whose receipt may follow."""

    def __init__(self) -> None:
        self.under_way: Record | None = None
        self.waiting: Record | None = None
        self._last: Mapping[str, Any] | None = None

    def read(self, entry: Entry) -> Iterator[Record]:
        """What is known to be complete with this entry."""
        name = entry.event["event"]
        if name == "accounted":
            self.waiting = _with_receipt(self.waiting, entry) if self.waiting else None
        if self.waiting:
            yield self.waiting
            self.waiting = None
        if name == "noted":
            yield _noted(entry)
        elif name == "proved":
            yield _proved(entry)
        elif name == "drilled":
            yield _drilled(entry)
        elif name != "accounted":
            yield from self._rolled(name, entry)

    def _rolled(self, name: str, entry: Entry) -> Iterator[Record]:
        if name == "requested":
            yield from filter(None, [self.under_way])
            self.under_way = _requested(entry)
        elif self.under_way:
            self.under_way = _stepped(self.under_way, entry)
        elif (last := self._last) and last["phase"] == "idle" and last["live"] not in (None, entry.state["live"]):
            yield _corrected(entry, last["live"])
        if self.under_way and entry.state["phase"] == "idle":
            self.waiting, self.under_way = _ended(self.under_way, entry), None
        self._last = entry.state


def _requested(entry: Entry) -> Record:
    event, state = entry.event, entry.state
    origin = state["origin"] or state["live"]
    fix = event.get("hotfix")
    return Record(
        kind=state["kind"] or event["kind"],
        start=entry.at,
        end=None,
        actor=entry.actor,
        outcome=UNDER_WAY,
        first=entry.seq,
        last=entry.seq,
        slot=state["target"]["slot"] if state["target"] else (state["live"] or {}).get("slot"),
        digest=event["digest"],
        previous=origin["digest"] if origin else None,
        commit=event.get("commit"),
        plan=event.get("plan"),
        evidence=event.get("evidence"),
        approved=tuple(event.get("approved", ())),
        hotfix=shown(fix["patches"][-1]) if fix and fix["patches"] else None,
    )


def _stepped(record: Record, entry: Entry) -> Record:
    event = entry.event
    record = replace(record, last=entry.seq)
    if event["event"] == "switched" and record.switch_ms is None:
        return replace(record, switch_ms=event["ms"])
    if event["event"] in ("resumed", "superseded"):
        return replace(record, hands=(*record.hands, entry.actor))
    return record


def _ended(record: Record, entry: Entry) -> Record:
    state = entry.state
    live = state["live"]["digest"] if state["live"] else None
    if state["verdict"] is None:
        outcome = NOTHING if record.first == entry.seq else DONE
    elif live == record.digest:
        outcome = KEPT
    else:
        outcome = ABORTED if record.switch_ms is None else TAKEN_BACK
    return replace(
        record, end=entry.at, last=entry.seq, outcome=outcome, reason=state["verdict"], detail=state["detail"]
    )


_COUNTS = ("received", "answered", "failed", "abandoned", "in_flight", "lost")


def _with_receipt(record: Record, entry: Entry) -> Record:
    return replace(record, last=entry.seq, requests={name: entry.event[name] for name in _COUNTS})


def _noted(entry: Entry) -> Record:
    event = entry.event
    kind = NOTES.get(event["what"], event["what"])
    return _at_once(kind, entry, fields=tuple(event["fields"]))


def _proved(entry: Entry) -> Record:
    return _at_once(PROOF, entry, proof={name: value for name, value in entry.event.items() if name != "event"})


def _drilled(entry: Entry) -> Record:
    said = {name: value for name, value in entry.event.items() if name != "event"}
    return replace(_at_once(DRILL, entry, proof=said), start=entry.at - entry.event["seconds"])


def chat(entries: Iterable[Entry]) -> Iterator[Record]:
    """The records of what was said by chat to change something, and how that ended. Entries are of chat's own chain."""
    for entry in entries:
        event = entry.event
        if event["changes"] and event["decision"] in _ENDED:
            said = {name: value for name, value in event.items() if name not in ("event", "at")}
            ended = replace(_at_once(CHAT, entry, said=said), outcome=event["decision"])
            yield replace(ended, start=entry.at - event["seconds"])


_ENDED = frozenset({"refused", "cancelled", "done", "failed"})


def _corrected(entry: Entry, live: Mapping[str, str]) -> Record:
    now = entry.state["live"] or {}
    return _at_once(CORRECTED, entry, slot=now.get("slot"), digest=now.get("digest"), previous=live["digest"])


def _at_once(kind: str, entry: Entry, **facts: Any) -> Record:
    return Record(kind, entry.at, entry.at, entry.actor, DONE, entry.seq, entry.seq, **facts)
