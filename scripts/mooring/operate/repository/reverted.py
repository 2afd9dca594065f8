"""The pull request with a revert: why, what it cost, what it undoes, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.change.wording import clip, count, plain
from mooring.timestamps import iso

SHOWN = 20
"""Commits that are named."""

MERGING = """\
Merging brings git to what runs; traffic does not change. The same content is refused when it is merged again; what
differs from it goes out."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A release that was taken back: `refused`, for `restored`, which came from the commit `good`.

    `seq` and `hash` are of the ledger's entry; `requests` are the counts of the receipt, None where none was written.
    """

    environment: str
    refused: str
    restored: str
    good: str | None
    at: float
    actor: str
    detail: str
    seq: int
    hash: str
    requests: Mapping[str, Any] | None


def mark(environment: str) -> str:
    """The first line of the pull requests of an environment."""
    return f"<!-- mooring revert {environment} -->"


def title(taken: Taken) -> str:
    return f"Revert {taken.environment} to the release of {str(taken.good)[:12]}"


def body(taken: Taken, undone: Sequence[str]) -> str:
    """Markdown that begins with `mark`. `undone` are `<commit> <subject>`, the newest first."""
    why = f": {_code(taken.detail)}" if taken.detail else ""
    runs = f"{_code(taken.environment)} runs {_code(taken.restored)} again, of commit {str(taken.good)[:12]}."
    gone = f"{_code(taken.refused)} was taken back at {iso(taken.at)} by {_code(taken.actor)}{why}."
    lines = [mark(taken.environment), f"{runs} {gone}", ""]
    if counts := taken.requests:
        said = f"{counts['lost']:,} of {counts['received']:,} requests lost, {counts['failed']:,} failed"
        lines += [f"Receipt: {said}.", ""]
    if undone:
        lines += [f"This undoes the changes of documents in {count(len(undone), 'commit')}:", ""]
        lines += [f"- {_code(one)}" for one in undone[:SHOWN]]
        lines += [f"- … and {len(undone) - SHOWN} more"] if len(undone) > SHOWN else []
        lines += [""]
    lines += [
        MERGING,
        "",
        f"Ledger: entry {taken.seq}, {_code(taken.hash)}",
    ]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """A code span, where GitHub finds no mention, link or HTML."""
    return f"`{clip(plain(text), 300).replace('`', chr(39)) or ' '}`"
