"""What is said first of an environment: its state in a sentence, and why it is not better."""

from collections.abc import Mapping
from typing import Any

from mooring.report.page.cells import BAD, GOOD, UNKNOWN, WARN
from mooring.report.page.goals import amount, wanted
from mooring.report.page.judgement import DEGRADED, DOWN, SERVING, Judgement, Reason
from mooring.report.page.sections import slot_name
from mooring.report.page.words import Words
from mooring.report.receipt import short
from mooring.spec.endpoints import SIMULATED

TONES = {SERVING: GOOD, DEGRADED: WARN, DOWN: BAD, "unknown": UNKNOWN}


def headline(w: Words, judgement: Judgement, environment: str) -> str:
    """`production is degraded`"""
    return w(f"is.{judgement.state}", environment=environment)


def subject(w: Words, judgement: Judgement, data: Mapping[str, Any]) -> str:
    """Who answers, with what."""
    live = data.get("live")
    if judgement.state in (SERVING, DEGRADED) and live:
        url = data.get("url") or w.unknown
        return w("by", slot=slot_name(w, live["slot"]), digest=short(live["digest"]), url=url)
    return w("by.nobody" if judgement.state == DOWN else "by.unknown")


def because(w: Words, reason: Reason) -> str:
    """Why an environment is not better than it is."""
    key, values = reason
    told = dict(values)
    if "slot" in told:
        told["slot"] = slot_name(w, told["slot"])
    if one := told.pop("one", None):
        told |= {"value": amount(w, one, one.get("value")), "target": wanted(w, one)}
    return w(key, **told)


def simulated(w: Words, data: Mapping[str, Any]) -> list[str]:
    """What the simulator plays, so that nobody takes it for the real thing."""
    played = data.get("simulated") or {}
    some = [name for name, at in (data.get("endpoints") or {}).items() if at == SIMULATED]
    found = [w("simulated.models")] if played.get("models") else []
    if some and not found:
        found.append(w("simulated.providers", providers=w("and").join(some)))
    if played.get("services"):
        found.append(w("simulated.services", services=w("and").join(played["services"])))
    return found
