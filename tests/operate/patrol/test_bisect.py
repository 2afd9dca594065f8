"""Which release broke a case, out of what each of them says."""

from collections.abc import Mapping

import pytest

from mooring.commands.answering.bisect import body
from mooring.evaluate.values import Reply, Trial
from mooring.operate.patrol.bisect import Bisected, Tried, bisect, judged
from mooring.report.patrol import found_out


def found(verdicts: Mapping[str, bool | None]) -> tuple[Bisected, list[str]]:
    """What comes of releases that pass, fail or cannot be asked, the newest first; and who was asked."""
    asked: list[str] = []

    def replay(digest: str) -> Tried:
        asked.append(digest)
        return Tried(digest, f"commit of {digest}", verdicts[digest], digest, digest)

    return bisect("suite/case", verdicts, replay), asked


@pytest.mark.parametrize(
    ("verdicts", "outcome", "broken", "asked"),
    [
        ({"d": False, "c": False, "b": True, "a": True}, "broken", "c", ["d", "c", "b"]),
        ({"d": False, "c": True}, "broken", "d", ["d", "c"]),
        ({"d": False, "c": None, "b": True}, "broken", "d", ["d", "c", "b"]),
        ({"d": False, "c": False}, "outside", None, ["d", "c"]),
        ({"d": False}, "unknown", None, ["d"]),
        ({"d": False, "c": None}, "unknown", None, ["d", "c"]),
        ({"d": False, "c": False, "b": None}, "unknown", None, ["d", "c", "b"]),
        ({"d": False, "c": False, "b": None, "a": True}, "broken", "c", ["d", "c", "b", "a"]),
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


def between(verdicts: Mapping[str, bool | None]) -> list[str]:
    return [one.digest for one in found(verdicts)[0].between]


def test_releases_that_could_not_be_asked_may_have_broken_it() -> None:
    assert between({"d": False, "c": None, "b": True}) == ["c"]
    assert between({"d": False, "c": False, "b": None, "a": True}) == ["b"]
    assert between({"d": False, "c": None, "b": False, "a": True}) == []
    assert between({"d": False, "c": None}) == []


def test_when_the_time_is_over_no_conclusion_is_drawn_from_what_was_tried() -> None:
    asked: list[str] = []

    def replay(digest: str) -> Tried:
        asked.append(digest)
        return Tried(digest, None, False)

    cut = bisect("suite/case", "dcba", replay, lambda: len(asked) == 2)
    assert (asked, cut.outcome, cut.timed_out, cut.final) == (["d", "c"], "unknown", True, False)
    none = bisect("suite/case", "dcba", replay, lambda: True)
    assert (none.tried, none.outcome, none.final) == ((), "unknown", False)


@pytest.mark.parametrize(
    ("verdicts", "final"),
    [({"d": False, "c": True}, True), ({"d": False, "c": False}, True), ({"d": True}, False), ({"d": None}, False)],
)
def test_only_what_cannot_turn_out_otherwise_is_final(verdicts: dict[str, bool | None], final: bool) -> None:
    assert found(verdicts)[0].final is final


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ({"d": False, "c": True}, "suite/case was broken by release d, commit commit of d: d"),
        (
            {"d": False, "c": None, "b": True},
            "broken between release b and release d, commit commit of d (1 release in between could not be asked): d",
        ),
        ({"d": False, "c": False}, "suite/case fails at every release that was tried, 2 of them"),
        ({"d": False}, "it fails at the release that serves, and there is no earlier one to compare with"),
        ({"d": None}, "the release that serves could not be asked: d"),
        ({"d": False, "c": False, "b": None}, "it fails at 2 releases, and 1 could not be asked: b"),
    ],
)
def test_what_is_said_is_no_more_than_what_is_known(verdicts: dict[str, bool | None], said: str) -> None:
    assert said in next(found_out(found(verdicts)[0].data(), "local"))


def test_that_the_time_was_over_is_said() -> None:
    cut = Bisected("suite/case", (Tried("d", None, False),), timed_out=True)
    assert "its time was over after 1 release" in next(found_out(cut.data(), "local"))
    none = Bisected("suite/case", (), timed_out=True)
    assert "its time was over after 0 releases" in next(found_out(none.data(), "local"))


def test_the_pull_request_says_what_else_may_have_broken_it_and_what_is_undone() -> None:
    said = body(found({"d": False, "c": None, "b": True})[0], ["1234 Later", "5678 @everybody"])
    assert "1 release in between could not be asked, and may have broken it:\n\n- `c`, commit commit of c" in said
    assert "back to commit commit of b, later changes as well" in said
    assert "```text\n1234 Later\n5678 @everybody\n```" in said
    assert "Git does not say here which commits" in body(found({"d": False, "c": True})[0], None)


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
