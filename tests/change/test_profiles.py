"""Every key of a resilience profile has a meaning, and turning protection down is told from turning it up."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.change.kinds.resilience import rules
from mooring.change.rules import Sides
from mooring.release.content import ReleaseContent

Edit = Callable[[dict[str, Any]], ReleaseContent]

PRESET = {"intent": "hours", "match": ["open"], "answer": {"en": "Nine to five."}}
CANARY = {"say": "hi", "expect": "hello"}
WEAKER = [
    ("deadlineSeconds", 60, "deadline 90 → 60 s"),
    ("retry.tries", 1, "tries of a rung 2 → 1"),
    ("retry.jitterRate", 0.1, "jitter rate 0.25 → 0.1"),
    ("breaker.consecutiveFailures", 9, "failures before the breaker opens 5 → 9"),
    ("breaker.minimumCalls", 50, "calls before rates open the breaker 10 → 50"),
    ("breaker.failureRate", 0.9, "rate of failures before the breaker opens 0.5 → 0.9"),
    ("breaker.slowCallRate", 1, "rate of slow calls before the breaker opens 0.8 → 1"),
    ("breaker.slowCallSeconds", 60, "a call is slow for the breaker after 8 → 60 s"),
    ("tools.breaker.consecutiveFailures", 9, "failures before a tool's breaker opens 5 → 9"),
    ("tools.tries", 1, "tries of a tool 2 → 1"),
    ("ladder.rungs.L1.tries", 1, "tries of L1 2 → 1"),
    ("ladder.rungs.L2.timeoutSeconds", 20, "timeout of one try of L2 10 → 20 s"),
    ("ladder.rungs.L1.connectSeconds", 5, "timeout of connecting to L1 3 → 5 s"),
    ("ladder.hedge.enabled", False, "a slow rung is waited for alone"),
    ("ladder.hedge.afterSeconds", 9, "the next rung is asked after 4 → 9 s"),
    ("ladder.hedge.percentile", 0.99, "recent answers that are faster than a slow one 0.95 → 0.99"),
    ("ladder.hedge.maxShare", 0, "most of the model calls that are hedged 0.1 → 0"),
    ("retry.triesAfterTimeout", 0, "tries after a timeout 1 → 0"),
    ("context.summarySeconds", 20, "timeout of a summary 8 → 20 s"),
    ("ladder.lastGood.enabled", False, "the last good answer no longer stands in"),
    ("ladder.lastGood.maxAgeHours", 48, "age of an answer that stands in 24 → 48 h"),
    ("ladder.queue.enabled", False, "a question that failed is not asked again"),
    ("checkpoint.mode", "off", "a crash loses the runs that are under way"),
    ("context.warnRatio", 0.9, "part of a model's window that warns 0.85 → 0.9"),
    ("context.keepRecentTurns", 2, "recent turns that are always kept 6 → 2"),
    ("memory.archiveDays", 7, "conversations are kept 90 → 7 days"),
    ("memory.shedRatio", 0.9, "part of the memory at which a slot sheds 0.8 → 0.9"),
    ("health.loopLagSeconds", 2, "the event loop lags after 0.5 → 2 s"),
]
OTHERWISE = [
    ("ladder.presets", [PRESET], "a prepared answer stands in for hours: “Nine to five.”"),
    ("ladder.queue.retryAfterSeconds", [60], "seconds until a question is asked again [30, 120, 600, 3600] → [60]"),
    ("context.strategy", "sliding-window", "a conversation that is too long: trim-middle → sliding-window"),
    ("context.pins", ["order"], 'messages that are always kept [] → ["order"]'),
    ("context.summaryModel", "x", "model that summarises nothing → x"),
    ("health.canary", CANARY, 'canary nothing → {"everySeconds": 300, "expect": "hello", "say": "hi"}'),
    ("memory.limitMib", 512, "memory of a slot 1024 → 512 MiB"),
    ("memory.idleMinutes", 5, "idle conversations stay in memory 30 → 5 min"),
    ("breaker.openSeconds", 60, "the breaker open for 30 → 60 s"),
    ("breaker.windowSeconds", 10, "window of the breaker 60 → 10 s"),
    ("retry.capSeconds", 60, "longest wait 30 → 60 s"),
]


def notes(before: ReleaseContent, after: ReleaseContent) -> list[tuple[str, str]]:
    return [(change.code, change.text.removeprefix("resilience standard: ")) for change in diff(after, before)]


@pytest.mark.parametrize(("path", "value", "says"), WEAKER, ids=[path for path, _, _ in WEAKER])
def test_less_protection_is_weaker_and_the_way_back_is_not(
    path: str, value: Any, says: str, edit: Edit, content: ReleaseContent
) -> None:
    changed = edit({f"resilience.standard.{path}": value})
    assert notes(content, changed) == [("resilience.weakened", says)]
    assert "resilience.weakened" not in dict(notes(changed, content))


@pytest.mark.parametrize(("path", "value", "says"), OTHERWISE, ids=[path for path, _, _ in OTHERWISE])
def test_what_is_only_different_is_said_so(
    path: str, value: Any, says: str, edit: Edit, content: ReleaseContent
) -> None:
    changed = edit({f"resilience.standard.{path}": value})
    assert notes(content, changed) == [("resilience.changed", says)]


LIMITS = [
    ("objectives.p99Seconds", 30, "objective for one model call nothing → 30 s"),
    ("ladder.rungs.L0.firstByteSeconds", 5, "timeout of first content of L0 nothing → 5 s"),
]


@pytest.mark.parametrize(("path", "value", "says"), LIMITS, ids=[path for path, _, _ in LIMITS])
def test_a_limit_that_goes_is_weaker_and_one_that_comes_is_not(
    path: str, value: Any, says: str, edit: Edit, content: ReleaseContent
) -> None:
    limited = edit({f"resilience.standard.{path}": value})
    assert notes(content, limited) == [("resilience.changed", says)]
    assert [code for code, _ in notes(limited, content)] == ["resilience.weakened"]
    assert dict(notes(limited, edit({f"resilience.standard.{path}": value + 1}))).keys() == {"resilience.weakened"}


def test_a_prepared_answer_that_goes_is_weaker(edit: Edit, content: ReleaseContent) -> None:
    with_one = edit({"resilience.standard.ladder.presets": [PRESET]})
    assert notes(with_one, content) == [("resilience.weakened", "no prepared answer stands in for hours any more")]
    other = edit({"resilience.standard.ladder.presets": [PRESET | {"answer": {"en": "Ten to six."}}]})
    assert notes(with_one, other) == [("resilience.changed", "the prepared answer for hours is another")]


def test_every_key_of_a_profile_has_a_rule(content: ReleaseContent) -> None:
    known = rules(Sides({}, {}, content, content))
    head = {"apiVersion", "kind", "name", "version", "description", "owner"}
    keys = set(_leaves(content.resilience["standard"].model_dump(mode="json", by_alias=True), known))
    assert {key for key in keys if key not in head} <= set(known)


def _leaves(value: Any, stop: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value and path not in stop:
        for name, inner in value.items():
            yield from _leaves(inner, stop, f"{path}.{name}" if path else name)
    else:
        yield path
