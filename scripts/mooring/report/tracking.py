"""The text of the one issue about a scheduled job of an environment."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mooring.timestamps import iso, span

if TYPE_CHECKING:
    from mooring.state.records.heartbeats import Late

LONGEST = 50_000
"""Characters of output that an issue shows; GitHub takes 65,536 in all."""

_HIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

WORDS = {
    "success": "recovered",
    "failure": "found something, or failed",
    "cancelled": "was cancelled before it ended",
    "skipped": "did not run, since a step before it failed",
}
"""What a job's step is said to have done, by what the workflow calls its outcome."""


@dataclass(frozen=True)
class Ran:
    """One run of a job: its outcome, what it printed, when (Unix time), and the page of the run, "" for none."""

    job: str
    environment: str
    outcome: str
    output: str
    at: float
    page: str = ""


def title(job: str, environment: str) -> str:
    return f"{job}: {environment}"


def body(ran: Ran, late: Sequence["Late"] = ()) -> str:
    """The issue of a job that ran, whatever came of it. Output is data: it cannot leave its fence or name anybody."""
    lines = [mark(ran.job, ran.environment), f"`{ran.job}` of `{ran.environment}` {WORDS[ran.outcome]}.", ""]
    lines += [fenced(ran.output) if ran.output.strip() else "It printed nothing.", ""]
    lines += [f"- {words(each, ran.at)}" for each in late]
    lines += [f"Looked at {iso(ran.at)}{f', {ran.page}' if ran.page else ''}.", ""]
    return "\n".join(lines)


def overdue(late: "Late", environment: str, now: float) -> str:
    """The issue of a job that has not reported, which another one found."""
    advice = "See whether its workflow is disabled, its runner is there, and what its last runs say."
    return f"{mark(late.job, environment)}\n{words(late, now)}\n\n{advice}\n\nLooked at {iso(now)}.\n"


def words(late: "Late", now: float) -> str:
    """One sentence about a job that is late."""
    since = f"for {span(now - late.reported)}" if late.reported is not None else "yet"
    ran = f"; it last ran {span(now - late.ran)} ago" if late.ran is not None and late.ran != late.reported else ""
    return f"`{late.job}` has not reported {since}, and runs every {span(late.period)}{ran}."


def mark(job: str, environment: str) -> str:
    """The first line, which nobody sees and by which the issue is found."""
    return f"<!-- mooring tracking {job} {environment} -->"


def fenced(text: str) -> str:
    """Text as it was printed, cut in its middle when it is too long."""
    shown = _HIDDEN.sub("", _ESCAPES.sub("", text)).strip("\n")
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST // 2]}\n… cut …\n{shown[-LONGEST // 2 :]}"
    longest = max(map(len, re.findall("`+", shown)), default=0)
    if longest > 1000:
        shown, longest = shown.replace("`", "'"), 0
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"
