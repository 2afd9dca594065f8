"""Which release broke a case, out of what each of them says."""

from collections.abc import Mapping

import pytest

from mooring.evaluate.values import Reply, Trial
from mooring.operate.patrol.bisect import Bisected, Tried, bisect, judged


def found(verdicts: Mapping[str, bool | None]) -> tuple[Bisected, list[str]]:
    """What comes of releases that pass, fail or cannot be asked, the newest first; and who was asked."""
    asked: list[str] = []

    def replay(digest: str) -> Tried:
        asked.append(digest)
        return Tried(digest, f"commit of {digest}", verdicts[digest], digest)

    return bisect("suite/case", verdicts, replay), asked


@pytest.mark.parametrize(
    ("verdicts", "outcome", "broken", "asked"),
    [
        ({"d": False, "c": False, "b": True, "a": True}, "broken", "c", ["d", "c", "b"]),
        ({"d": False, "c": True}, "broken", "d", ["d", "c"]),
        ({"d": False, "c": None, "b": True}, "broken", "d", ["d", "c", "b"]),
        ({"d": False, "c": False}, "outside", None, ["d", "c"]),
        ({"d": False}, "outside", None, ["d"]),
        ({"d": True, "c": False}, "here", None, ["d"]),
        ({"d": None, "c": True}, "unknown", None, ["d"]),
        ({}, "unknown", None, []),
    ],
)
def test_the_oldest_failure_after_the_newest_success_broke_it(
    verdicts: dict[str, bool | None], outcome: str, broken: str | None, asked: list[str]
) -> None:
    bisected, told = found(verdicts)
    assert (bisected.outcome, bisected.broken.digest if bisected.broken else None, told) == (outcome, broken, asked)
    assert bisected.data()["outcome"] == outcome


def trial(passed: bool | None, text: str = "said", error: str | None = None) -> Trial:
    return Trial("suite", "case", 0, "live", (Reply(text, error=error),), (), passed, 1.0)


def test_most_trials_decide_and_one_that_agrees_is_shown() -> None:
    said = judged("d", None, [trial(True, "good"), trial(False, "bad"), trial(False, "worse")])
    assert (said.passed, said.answer) == (False, "bad")
    assert judged("d", None, [trial(True), trial(True), trial(False)]).passed is True
    assert judged("d", None, [trial(True), trial(False)]).passed is False


def test_a_release_that_could_not_be_asked_says_why() -> None:
    said = judged("d", None, [trial(None, "", "the models do not answer")])
    assert (said.passed, said.why) == (None, "the models do not answer")
    assert judged("d", None, []).passed is None
