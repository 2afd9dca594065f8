"""The log book of an environment for people: one paragraph for each thing that was done."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.change.wording import clip, count, plain
from mooring.report.console import Console
from mooring.report.receipt import short
from mooring.timestamps import ago, iso

KINDS = {
    "deploy": "deployed",
    "flip": "deployed from warm",
    "rollback": "rolled back",
    "hotfix": "hotfix",
    "return": "hotfix ended",
    "drift": "drift",
    "drift-healed": "drift healed",
    "drift-adopted": "drift adopted",
    "proof": "restore proved",
    "drill": "live drill",
    "corrected": "corrected",
    "chat": "chat",
}

OUTCOMES = {
    "done": "",
    "no-op": "was live already, nothing to do",
    "under-way": "under way",
    "aborted": "aborted, traffic stayed where it was",
    "taken-back": "taken back after the switch",
    "kept": "failed, and there was nothing to go back to",
    "refused": "refused",
    "cancelled": "cancelled",
    "failed": "failed",
}

SHOWN = 4
"""Changes of a release that are told; the JSON form has all."""

FAILED = frozenset({"aborted", "taken-back", "kept"})

SAID = frozenset({"failed", "refused"})
"""Ends of what was said by chat that people look for."""

Data = Mapping[str, Any]


def show(records: list[dict[str, Any]], console: Console, now: float) -> None:
    """Prints records, the newest first."""
    for number, record in enumerate(records):
        if number:
            console.line()
        text, style = headline(record, now if console.terminal else None)
        console.line(plain(text), style)
        for line in details(record):
            console.line(f"    {plain(line)}", "red" if line.startswith("failed:") else "")


def headline(record: Data, now: float | None = None) -> tuple[str, str]:
    """`2026-11-30T00:18:46Z  rolled back to 74edf44a4b4c in blue by ann, in 5.2 s`, and its color."""
    when = iso(record["start"]) + (f" ({ago(record['start'], now)})" if now is not None else "")
    what = [KINDS.get(record["kind"], record["kind"])]
    if record["digest"]:
        to = "of" if record["kind"] in ("hotfix", "corrected") else "to" if record["kind"] in _BACK else ""
        what += [to, short(record["digest"])]
    if record["slot"]:
        what.append(f"in {record['slot']}")
    text = f"{when}  {' '.join(filter(None, what))} by {record['actor']}{_took(record)}"
    if outcome := OUTCOMES.get(record["outcome"], record["outcome"]):
        text += f": {outcome}"
    style = "red" if record["outcome"] in FAILED | SAID else "yellow" if record["outcome"] == "under-way" else "bold"
    return text, style


_BACK = ("rollback", "return")


def _took(record: Data) -> str:
    if record["end"] is None or record["end"] == record["start"]:
        return ""
    return f", in {record['end'] - record['start']:.1f} s"


def details(record: Data) -> Iterator[str]:
    """What is to be said of it beside the headline; nothing that is not known."""
    if record["outcome"] in FAILED:
        yield f"failed: {': '.join(filter(None, [record['reason'], clip(record['detail'], 300)]))}"
    if record["previous"] and record["outcome"] != "no-op":
        yield f"from {short(record['previous'])}"
    if record["commit"]:
        yield f"commit {record['commit'][:12]}{f' {clip(subject, 120)}' if (subject := record.get('subject')) else ''}"
    if patch := record["hotfix"]:
        values = ", ".join(patch["values"])
        reason = clip(patch["reason"], 200)
        yield f"{patch['kind']}/{patch['name']} {values} until {iso(patch['until'])}: {reason}"
    yield from _changes(record)
    yield from _beside(record)
    if record["hands"]:
        yield f"its process ended, and {', '.join(dict.fromkeys(record['hands']))} went on with it"
    if receipt := _receipt(record):
        yield receipt


def _beside(record: Data) -> Iterator[str]:
    """What was done beside rollouts: drift, proofs, drills, and what was said by chat."""
    yield from (f"{path}" for path in record["fields"])
    if record["kind"] == "drift" and not record["fields"]:
        yield "none any more"
    if (proof := record["proof"]) and record["kind"] == "drill":
        yield f"{proof['exercise']} {proof['result']}: {proof['said']}"
        yield from (f"{reason}" for reason in proof["reasons"])
    elif proof:
        yield f"{proof['rows']:,} rows of {proof['export']}: RPO {proof['rpo']:.1f} s, RTO {proof['rto']:.1f} s"
    if said := record.get("said"):
        yield spoken(said)


def spoken(said: Data) -> str:
    """`/deploy rollback, on slack as U0123ABCD: forbidden; 5 times`"""
    words = [f"{clip(said['text'], 120)}, on {said['platform']} as {said['caller']}"]
    if said["by"] and said["by"] != said["person"]:
        words.append(f", confirmed by {said['by']}")
    if said["code"]:
        words.append(f": {said['code']}")
    if said["times"] > 1:
        words.append(f"; {said['times']:,} times")
    return "".join(words)


def _changes(record: Data) -> Iterator[str]:
    changes = record.get("changes")
    if changes is None:
        return
    for change in changes[:SHOWN]:
        yield clip(f"{change['document']}: {change['sentence']}", 200)
    if len(changes) > SHOWN:
        yield f"and {count(len(changes) - SHOWN, 'change')} more: moor history --json"


def _receipt(record: Data) -> str:
    counts = record["requests"]
    if counts is None:
        return ""
    said = [f"{counts['lost']:,} of {counts['received']:,} requests lost"]
    if counts["failed"]:
        said.append(f"{counts['failed']:,} failed")
    if record["switch_ms"] is not None:
        said.append(f"switched in {record['switch_ms']:.2f} ms")
    return "; ".join(said)
