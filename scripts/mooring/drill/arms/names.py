"""Arms by name, and what each is; without what runs them."""

from collections.abc import Mapping

HEAD, BASE, BASELINE = "head", "base", "supervised"

LADDER = "ladder"
"""Answers as the head does, without what a search has no use for; it is in no report, so it has no words."""

POLICIES = ("retries", "breaker", "hedging", "L1", "L2")
"""What can be taken away from the head, to see what it buys."""

WITHOUT = "without "
"""How the arms begin that lack one policy."""

WORDS: Mapping[str, str] = {
    "bare": "SDK without retries, one vendor",
    BASELINE: "SDK defaults, one vendor, restarted by a supervisor",
    "fallback": "pydantic-ai's FallbackModel, its defaults",
    BASE: "before the change",
    HEAD: "these documents",
    **{f"{WITHOUT}{policy}": f"these documents without {policy}" for policy in POLICIES},
}
"""What each is."""

NAMES = tuple(WORDS)
"""All of them, in the order in which they are shown."""
