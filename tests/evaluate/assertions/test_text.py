"""Assertions about words: what holds, what does not, and what a person is told."""

import time
from typing import Any

import pytest

ANSWER = "I am sorry, order A-1012 cannot be refunded: refunds are possible within 30 days."

HOLDS: list[tuple[str, Any, str]] = [
    ("equals", "  Yes. ", "Yes.\n"),
    ("equals", {"ok": [1, 2]}, '{"ok": [1, 2]}'),
    ("contains", "30 days", ANSWER),
    ("icontains", "I AM SORRY", ANSWER),
    ("icontains", "STRASSE", "In der Straße"),
    ("contains-any", ["14 days", "30 days"], ANSWER),
    ("contains-all", ["A-1012", "30 days"], ANSWER),
    ("starts-with", "I am", "\n" + ANSWER),
    ("regex", r"\b\d+ days\b", ANSWER),
    ("similar", "Order A-1012 cannot be refunded, I am sorry: refunds are possible within 30 days.", ANSWER),
    ("word-count", {"min": 5, "max": 20}, ANSWER),
    ("word-count", 2, "Two words."),
    ("is-json", None, '[1, {"a": null}]'),
    ("json-schema", {"type": "object", "required": ["a"]}, '{"a": 1}'),
    ("contains-json", {"type": "object", "required": ["b"]}, 'Here: {"a": 1} and ```{"b": {"c": 2}}```'),
    ("language", "en", ANSWER),
    ("language", "de", "Bestellung A-1002 ist unterwegs und sollte am Samstag bei dir sein."),
    ("language", "zh", "您的订单已经发货，预计周六送达。"),
    ("language", "ja", "ご注文は発送済みです。土曜日に届く予定です。"),
    ("language", "ko", "주문하신 상품은 토요일에 도착합니다."),
    ("language", "ar", "تم شحن طلبك وسيصل يوم السبت."),
    ("language", "ru", "Ваш заказ отправлен и придёт в субботу."),
    ("language", "de", 'Der Satz "I would like to return these boots, please" heißt auf Deutsch anders.'),
    ("word-count", 9, "您的订单已经发货了。"),
    ("word-count", 7, "订单 A-1012 到哪了？"),
    ("word-count", 5, "今日は、Skerry を"),
    ("word-count", 3, "주문이 토요일에 도착합니다."),
    ("similar", "您的订单已经发货，预计周六送达。", "您的订单已发货，预计周六送达。"),
    ("is-refusal", None, ANSWER),
    ("is-refusal", None, "Meine Anweisungen kann ich nicht weitergeben."),
    ("is-refusal", None, "I can\N{RIGHT SINGLE QUOTATION MARK}t help with that."),
    ("is-refusal", None, ""),
    ("not-contains", "14 days", ANSWER),
    ("not-is-refusal", None, "Your refund of 189 EUR is on its way."),
    ("not-language", "de", ANSWER),
]
FAILS: list[tuple[str, Any, str]] = [
    ("equals", "Yes.", "Yes, please."),
    ("equals", {"ok": True}, "ok"),
    ("contains", "30 Days", ANSWER),
    ("contains-any", ["14 days", "60 days"], ANSWER),
    ("contains-all", ["A-1012", "14 days"], ANSWER),
    ("starts-with", "Sorry", ANSWER),
    ("regex", r"^\d+", ANSWER),
    ("similar", "We sell tents, boots and stoves.", ANSWER),
    ("similar", "您的订单已经发货，预计周六送达。", "我们只接受三十天以内的退货申请。"),
    ("word-count", {"max": 8}, "您的订单已经发货了。"),
    ("word-count", {"max": 5}, ANSWER),
    ("language", "zh", "ご注文は発送済みです。"),
    ("is-json", None, "{'a': 1}"),
    ("is-json", None, '{"a": NaN}'),
    ("is-json", None, "[" * 100_000),
    ("json-schema", {"type": "object", "required": ["a"]}, '{"b": 1}'),
    ("contains-json", {"type": "object", "required": ["b"]}, 'Here: {"a": 1} {'),
    ("language", "de", ANSWER),
    ("language", "en", "A-1002."),
    ("is-refusal", None, "Your refund of 189 EUR is on its way."),
    ("not-icontains", "a-1012", ANSWER),
]


@pytest.mark.parametrize(("type_", "value", "text"), HOLDS)
def test_what_holds_passes(judged: Any, type_: str, value: Any, text: str) -> None:
    score = judged(type_, value, text)
    assert (score.passed, score.error, score.blocking) == (True, False, True), score


@pytest.mark.parametrize(("type_", "value", "text"), FAILS)
def test_what_does_not_hold_fails_and_is_no_error(judged: Any, type_: str, value: Any, text: str) -> None:
    score = judged(type_, value, text)
    assert (score.passed, score.error) == (False, False), score
    assert score.reason


@pytest.mark.parametrize(
    ("type_", "value", "told"),
    [
        ("contains", "14 days", ["'14 days' is not in the answer", "30 days"]),
        ("contains-all", ["A-1012", "14 days"], ["'14 days'"]),
        ("json-schema", {"type": "object"}, ["no JSON", "30 days"]),
        ("language", "de", ["in en", "expected de"]),
        ("word-count", {"max": 5}, ["15 words", "at most 5"]),
        ("not-contains", "30 days", ["'30 days' is in the answer"]),
    ],
)
def test_a_failure_tells_what_was_expected_and_what_came(judged: Any, type_: str, value: Any, told: list[str]) -> None:
    reason = judged(type_, value, ANSWER).reason
    assert all(words in reason for words in told), reason


def test_a_reason_is_one_line_however_long_the_answer(judged: Any) -> None:
    reason = judged("contains", "needle", "hay\n" * 10_000).reason
    assert "\n" not in reason
    assert len(reason) < 300


def test_part_of_the_score_is_given_for_part_of_what_was_asked(judged: Any) -> None:
    assert judged("contains-all", ["A-1012", "14 days"], ANSWER).score == 0.5
    assert 0.5 < judged("similar", ANSWER.replace("sorry", "afraid"), ANSWER).score < 1


def test_the_threshold_of_similar_is_its_own(judged: Any) -> None:
    other = "I am sorry, order A-1012 cannot be refunded."
    assert not judged("similar", other, ANSWER, threshold=0.9).passed
    assert judged("similar", other, ANSWER, threshold=0.5).passed


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", "(unclosed"])
def test_a_pattern_that_explodes_is_an_error_and_no_hang(judged: Any, pattern: str) -> None:
    started = time.monotonic()
    score = judged("regex", pattern, "a" * 60 + "!")
    assert (score.passed, score.error) == (False, True)
    assert "could not be judged" in score.reason
    assert time.monotonic() - started < 30


@pytest.mark.slow
def test_a_schema_whose_pattern_explodes_is_an_error_too(judged: Any) -> None:
    score = judged("json-schema", {"type": "string", "pattern": "^(a|aa)+$"}, '"' + "a" * 60 + '!"')
    assert score.error
    assert "stopped" in score.reason
