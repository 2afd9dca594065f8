"""Edits, words and phrases that an answer has in common with a text that is right."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ORDER = "The order was shipped on Friday."


@pytest.mark.parametrize(
    ("value", "text", "threshold", "passed"),
    [
        ("kitten", "sitting", 3, True),  # the example of the distance's own article: two replaced, one inserted
        ("kitten", "sitting", 2, False),
        ("kitten", "sitting", None, True),  # promptfoo's default: 5
        ("order 1", "bill 22", None, False),
        (" same ", "same\n", 0, True),
        ("same", "some", 0, False),
        ("订单已发货", "订单未发货", 1, True),
        ("订单已发货", "订单未发货", 0, False),
    ],
)
def test_levenshtein_allows_so_many_edits(
    judged: Any, value: str, text: str, threshold: float | None, passed: bool
) -> None:
    score = judged("levenshtein", value, text, threshold=threshold)
    assert (score.passed, score.error) == (passed, False), score
    assert judged("not-levenshtein", value, text, threshold=threshold).passed is not passed


@pytest.mark.parametrize(
    ("value", "text", "score"),
    [
        ("police killed the gunman", "police kill the gunman", 3 / 4),  # Lin's example, section 3
        ("the cat, the dog", "the cat", 2 / 4),  # each as often as it is there
        ("the cat", "THE cat sat on the mat", 1.0),
        ("a b c d", "", 0.0),
        ("订单已发货", "订单未发货", 4 / 5),
        ("注文 A-1 です", "a 1 です 注文", 1.0),
    ],
)
def test_rouge_is_the_share_of_the_references_words(judged: Any, value: str, text: str, score: float) -> None:
    found = judged("rouge-n", value, text)
    assert found.score == pytest.approx(score)
    assert found.passed is (score >= 0.75)


@pytest.mark.parametrize(
    ("value", "text", "score"),
    [
        # by hand: 6, 4, 3 and 2 of 7, 6, 5 and 4 tokens' n-grams, Monday is the one token that differs
        ("The order was shipped on Monday.", ORDER, (6 / 7 * 4 / 6 * 3 / 5 * 2 / 4) ** 0.25),
        (ORDER, ORDER.upper(), 1.0),
        (["Nothing.", ORDER], ORDER, 1.0),
        ("the dog is here", "a cat", 0.0),
        (ORDER, "", 0.0),
        ("订单已于周一发货。", "订单已于周五发货。", (8 / 9 * 6 / 8 * 4 / 7 * 2 / 6) ** 0.25),
    ],
)
def test_bleu_is_the_mean_of_what_phrases_are_right(judged: Any, value: Any, text: str, score: float) -> None:
    found = judged("bleu", value, text)
    assert (found.score, found.error) == (pytest.approx(score, abs=1e-6), False), found
    assert found.passed is (score >= 0.5)


def test_a_short_answer_is_punished_by_bleu(judged: Any) -> None:
    assert judged("bleu", ORDER, "The order was shipped").score == pytest.approx(2.718281828 ** (1 - 7 / 4))


@pytest.mark.parametrize("type_", ["rouge-n", "bleu"])
def test_a_threshold_is_a_share(judged: Any, type_: str) -> None:
    other = "The order was shipped on Monday."
    assert judged(type_, other, ORDER, threshold=0.6).passed
    assert not judged(type_, other, ORDER, threshold=0.9).passed
    assert judged(f"not-{type_}", other, ORDER, threshold=0.9).passed
    assert judged(type_, other, ORDER, threshold=5).error


def test_a_long_answer_is_compared_in_time(judged: Any) -> None:
    long = "word " * 40_000
    assert judged("levenshtein", long, long + "!").passed
    assert judged("rouge-n", long, long).score == 1
    assert not judged("levenshtein", long, "x" * 200_000, threshold=100).error


PROBE = """
    import asyncio, sys
    from mooring.evaluate.assertions.judging import judge
    from mooring.evaluate.values import Reply
    from mooring.spec.suite import Case

    def judged(type_):
        asked = [{"type": type_, "value": "Hello there"}]
        case = Case.model_validate({"id": "x", "vars": {"message": "Hi"}, "assert": asked})
        (score,) = asyncio.run(judge(case, [Reply("Hello there")], None))
        assert score.passed, score
        return sorted({"rapidfuzz", "sacrebleu"} & set(sys.modules))

    print(judged("contains"), judged("similar"), judged("rouge-n"), judged("levenshtein"), judged("bleu"))
"""


@pytest.mark.slow
def test_a_suite_without_them_imports_none_of_their_libraries() -> None:
    sources = str(Path(__file__).parents[3] / "scripts")
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": sources}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROBE)], capture_output=True, text=True, env=environ, timeout=60
    )
    assert done.stdout == "[] [] [] ['rapidfuzz'] ['rapidfuzz', 'sacrebleu']\n", done.stderr


def test_bleu_without_its_library_is_an_error_that_says_what_to_do(judged: Any, monkeypatch: Any) -> None:
    from mooring.evaluate.assertions import overlap

    overlap._sacrebleu.cache_clear()
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics.bleu", None)
    score = judged("bleu", ORDER, ORDER)
    assert (score.passed, score.error) == (False, True)
    assert "bootstrap.py --eval" in score.reason
