"""The ledger as rows for people."""

from collections.abc import Iterable
from typing import Any

from mooring.change.wording import clip, plain
from mooring.report.receipt import short
from mooring.timestamps import ago, seconds

COLUMNS = ("SEQ", "AT", "ACTOR", "EVENT", "PHASE", "LIVE", "WHAT")


def rows(entries: Iterable[dict[str, Any]], now: float | None = None) -> list[tuple[str, ...]]:
    """One row per entry; with `now` the times also say how long ago."""
    return [
        (
            str(entry["seq"]),
            entry["at"] + (f" ({ago(seconds(entry['at']), now)})" if now is not None else ""),
            plain(entry["actor"]),
            entry["event"]["event"],
            entry["state"]["phase"],
            side(entry["state"]["live"]),
            plain(_what(entry["event"])),
        )
        for entry in entries
    ]


CHAT = ("SEQ", "AT", "WHO", "ON", "WHAT", "DECISION", "WHY", "SECONDS")


def chat(said: Iterable[dict[str, Any]], now: float | None = None) -> list[tuple[str, ...]]:
    """One row for each command of chat; a name that is not known is left out for the platform's id."""
    return [
        (
            str(each["seq"]),
            each["at"] + (f" ({ago(seconds(each['at']), now)})" if now is not None else ""),
            plain(" + ".join(dict.fromkeys(filter(None, (each["person"] or each["caller"], each["by"]))))),
            each["platform"],
            clip(each["text"], 80),
            each["decision"] + (f" {each['times']:,} times" if each["times"] > 1 else ""),
            plain(each["code"]),
            f"{each['seconds']:.1f}" if each["seconds"] else "",
        )
        for each in said
    ]


def side(value: dict[str, str] | None) -> str:
    """A release in a slot: `blue 3b21aa094c11`."""
    return f"{value['slot']} {short(value['digest'])}" if value else ""


def _what(event: dict[str, Any]) -> str:
    match event["event"]:
        case "requested":
            commit = f" of commit {event['commit'][:12]}" if event.get("commit") else ""
            return f"{event['kind']} {short(event['digest'])}{commit}{_patched(event.get('hotfix'))}"
        case "passed":
            return str(event.get("said", ""))
        case "switched":
            return f"in {event['ms']:.2f} ms"
        case "noted":
            return f"{event['what']}: {', '.join(event['fields']) or 'none any more'}"
        case "proved":
            return f"restored {event['rows']:,} rows: RPO {event['rpo']:.1f} s, RTO {event['rto']:.1f} s"
        case "drilled":
            return f"{event['exercise']} {event['result']}: {event['said']}"
        case "accounted":
            return f"{event['lost']:,} of {event['received']:,} requests lost"
        case "stumbled":
            return f"{event['reason']}: {event['detail']}"
    return ""


def _patched(hotfix: dict[str, Any] | None) -> str:
    """What the newest patch of a hotfix changes, and why."""
    if not hotfix:
        return ""
    patch = hotfix["patches"][-1]
    return f": {patch['kind']}/{patch['name']} {', '.join(patch['values'])}, {patch['reason']}"
