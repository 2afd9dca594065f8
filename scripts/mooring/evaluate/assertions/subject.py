"""What an assertion looks at, and what it says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mooring.evaluate.values import Call, Reply

_EXCERPT = 160


class Unjudged(Exception):
    """The assertion could not be judged; neither passed nor failed. `str()` says why, `cost_usd` what that cost."""

    cost_usd = 0.0


@dataclass(frozen=True, slots=True)
class Subject:
    """The last of some replies, with the tool calls, cost and latency of all of them.

    `earlier` is what was answered before them; `asked` is what the user said, one text for each reply of both.
    `latency_seconds` is that of the slowest reply.
    """

    asked: tuple[str, ...]
    replies: tuple[Reply, ...]
    earlier: tuple[Reply, ...] = ()

    @property
    def text(self) -> str:
        return self.replies[-1].text

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(call for reply in self.replies for call in reply.calls)

    @property
    def cost_usd(self) -> float:
        return sum(reply.cost_usd for reply in self.replies)

    @property
    def latency_seconds(self) -> float | None:
        measured = [reply.latency_seconds for reply in self.replies if reply.latency_seconds is not None]
        return max(measured) if len(measured) == len(self.replies) else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` states the facts, so that it holds for a negated assertion too.

    `score` is 0..1; `counts` is false for what this class of evidence cannot tell. `cost_usd` is that of the judge.
    """

    passed: bool
    reason: str
    score: float | None = None
    counts: bool = True
    cost_usd: float = 0.0

    @property
    def points(self) -> float:
        return float(self.passed) if self.score is None else self.score


def excerpt(text: str, around: str = "", length: int = _EXCERPT) -> str:
    """The text on one line, in quotation marks; its beginning, or what stands around a part of it."""
    plain = " ".join(text.split())
    if not plain:
        return "nothing"
    if len(plain) <= length:
        return f'"{plain}"'
    at = plain.casefold().find(around.casefold()) if around else 0
    start = max(0, min(at - length // 2, len(plain) - length))
    end = start + length
    return f'"{"…" if start else ""}{plain[start:end]}{"…" if end < len(plain) else ""}"'


def got(subject: Subject) -> str:
    """The answer, for the end of a reason."""
    return f"the answer is {excerpt(subject.text)}"


def listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"


def shown(value: Any) -> str:
    """JSON in an excerpt."""
    return excerpt(json.dumps(value, ensure_ascii=False, default=str)).strip('"')
