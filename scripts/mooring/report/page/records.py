"""The parts of the page about what was done and what is kept: deployments, drift, copies, jobs, what is in force."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.report.page.cells import BAD, GOOD, IDLE, UNKNOWN, WARN, Cell, Remark, Section, Table
from mooring.report.page.sections import commit_cell
from mooring.report.page.words import Words, unix
from mooring.report.receipt import short
from mooring.timestamps import iso

Data = Mapping[str, Any]


def now(data: Data, w: Words) -> Section:
    """What is in force for a while: the lease, a rollout, hotfixes, locks and silences, with their ends."""
    nothing = w("now.none") if known(data) else w.unknown
    return Section("now", w("now"), nothing, remarks=tuple(_now(data, w)), wide=True)


def known(data: Data) -> bool:
    """Whether the ledger could be read."""
    return data.get("phase") is not None


def _now(data: Data, w: Words) -> Iterator[Remark]:
    if data.get("phase") not in (None, "idle"):
        yield Remark(w("rollout"), w("rollout.text", phase=data["phase"]), WARN)
    if lease := data.get("lease"):
        until = w.when(lease["until"])
        yield Remark(w("lease"), w("lease.text", actor=lease["actor"], kind=lease["kind"], until=until), WARN)
    for patch in data.get("hotfixes") or ():
        values = ", ".join(f"{path}={value}" for path, value in patch["values"].items())
        told = {name: patch[name] for name in ("document", "owner", "reason")}
        yield Remark(w("hotfix"), w("hotfix.text", **told, values=values, until=w.when(patch["until"])), WARN)
    if lock := data.get("lock"):
        told = {name: lock.get(name) or w.unknown for name in ("owner", "reason")}
        yield Remark(w("lock"), w("lock.text", **told, until=w.when(lock["until"])), WARN)
    for silence in data.get("silences") or ():
        told = {name: silence.get(name) or w.unknown for name in ("what", "owner", "reason")}
        yield Remark(w("silence"), w("silence.text", **told, until=w.when(silence.get("until"))), WARN)
    if data.get("quarantined"):
        yield Remark(w("quarantine"), w("quarantine.text", digest=short(data["quarantined"])), WARN)


def deployments(data: Data, w: Words) -> Section:
    """The last deployments with their receipts."""
    found = data.get("deployments")
    rows = tuple(_deployment(data, w, one) for one in found or ())
    columns = ("when", "what", "release", "commit", "who", "outcome", "receipt")
    caption = w("deployments.caption")
    table = Table("deployments-table", caption, tuple(map(w, columns)), rows) if rows else None
    nothing = w("deployments.none") if found is not None else w.unknown
    return Section("deployments", w("deployments"), nothing, table, wide=True)


_OUTCOMES = {"done": GOOD, "no-op": IDLE, "under-way": WARN, "aborted": BAD, "taken-back": BAD, "kept": BAD}


def _deployment(data: Data, w: Words, one: Data) -> tuple[Cell, ...]:
    at = unix(one["at"])
    return (
        Cell(w.moment(one["at"]), small=w.ago(one["at"]), time="" if at is None else iso(at)),
        Cell(w.word(one["kind"])),
        Cell(short(one["digest"]), code=True),
        commit_cell(data, w, one.get("commit")),
        Cell(one.get("actor") or w.unknown),
        Cell(w.word(one["outcome"]), _OUTCOMES.get(one["outcome"], UNKNOWN), one.get("detail") or ""),
        _receipt(w, one),
    )


def _receipt(w: Words, one: Data) -> Cell:
    lost, requests = one.get("lost"), one.get("requests")
    if lost is None or requests is None:
        return Cell(w.unknown if one["outcome"] not in ("no-op", "under-way") else "—", number=True)
    text = w("receipt.text", lost=w.number(lost), requests=w.number(requests))
    return Cell(text, BAD if lost else GOOD, number=True)


def drift(data: Data, w: Words) -> Section:
    """Where what runs differs from git, by the ledger's last word."""
    found = data.get("drift")
    if found is None:
        return Section("drift", w("drift"), w("drift.unknown"))
    at = w.when(found["checked"]) if found.get("checked") else ""
    if not found["fields"]:
        return Section("drift", w("drift"), w("drift.none", at=w("drift.at", at=at) if at else ""))
    head = Remark("", w("drift.some", n=len(found["fields"]), at=at or w.unknown), WARN)
    return Section("drift", w("drift"), remarks=(head, *(Remark("", field) for field in found["fields"])))


def copies(data: Data, w: Words) -> Section:
    """How far copies of the state are, and when a restore was last proved."""
    found = data.get("exported")
    return Section(
        "copies", w("copies"), w("copies.none") if known(data) else w.unknown, remarks=tuple(_copies(found, w))
    )


def _copies(found: Data | None, w: Words) -> Iterator[Remark]:
    if found is None:
        return
    stream = unix(found.get("stream"))
    behind = max(0.0, w.now - stream) if stream is not None and w.now is not None else None
    yield Remark(w("stream"), w("stream.text", n=w.number(behind)) if behind is not None else w.unknown)
    yield Remark(
        w("copy"), w.when(found["copy"]) if found.get("copy") else w("never"), "" if found.get("copy") else WARN
    )
    if found.get("verified"):
        figures = {name: w.number(found.get(name)) for name in ("rpo", "rto")}
        yield Remark(w("proof"), w("proof.text", at=w.when(found["verified"]), **figures), GOOD)
    else:
        yield Remark(w("proof"), w("proof.never"), WARN)
    if found.get("problem"):
        yield Remark(w("problem"), found["problem"], BAD)


def proofs(data: Data, w: Words) -> Section:
    """The last live drill of each kind, and each that a release needs and that never ran."""
    found = data.get("proofs")
    nothing = w("proofs.none") if found is not None else w.unknown
    return Section("proofs", w("proofs"), nothing, remarks=tuple(_proof(one, w) for one in found or ()), wide=True)


def _proof(one: Data, w: Words) -> Remark:
    if one.get("at") is None:
        return Remark(one["exercise"], w("proofs.never"), WARN)
    text = w(f"proofs.{one['result']}", at=w.when(one["at"]), said=one["said"])
    if one["result"] != "held":
        return Remark(one["exercise"], text, BAD if one["result"] == "broken" else WARN)
    if one.get("due"):
        return Remark(one["exercise"], w("proofs.late", text=text, n=w.number(one["days"])), WARN)
    return Remark(one["exercise"], text, GOOD)


def jobs(data: Data, w: Words) -> Section:
    """Scheduled jobs that are late."""
    found = data.get("jobs") or ()
    late = [job for job in found if job["late"]]
    if not found:
        return Section("jobs", w("jobs"), w("jobs.none"))
    if not late:
        return Section("jobs", w("jobs"), remarks=(Remark("", w("jobs.fine", n=len(found)), GOOD),))
    remarks = tuple(
        Remark("", w("jobs.late", job=job["job"], at=w.when(job["reported"])), BAD)
        if job.get("reported")
        else Remark("", w("jobs.late.never", job=job["job"]), BAD)
        for job in late
    )
    return Section("jobs", w("jobs"), remarks=remarks)


MOST_SECONDS = 5.0
"""How far a clock may be from the database's before it is said."""


def notes(data: Data, w: Words) -> Section:
    """Warnings and other machines; left out where there are none."""
    return Section("notes", w("notes"), remarks=tuple(_notes(data, w)))


def _notes(data: Data, w: Words) -> Iterator[Remark]:
    ledger = data.get("ledger") or {}
    for one in ledger.get("others") or ():
        key = "note.other" if one.get("live") else "note.other.none"
        yield Remark("", w(key, host=one["host"], folder=one["folder"], digest=short(one.get("live"))))
    if abs(ledger.get("ahead") or 0.0) > MOST_SECONDS:
        yield Remark("", w("note.clock", n=w.number(ledger["ahead"])), WARN)
    for warning in data.get("warnings") or ():
        yield Remark("", str(warning), WARN)
