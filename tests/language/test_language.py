"""Languages, words and language ranges of short texts."""

from pathlib import Path

import pytest

from mooring.language import LANGUAGES, accepted, detect, lookup, words

SAMPLES = [
    tuple(line.split("\t", 1))
    for line in (Path(__file__).parent / "samples.tsv").read_text(encoding="utf-8").splitlines()
]
HARD = {"O aplicativo fecha sozinho", "De app loopt steeds vast", "Wat kun je allemaal?"}
"""What the model does not tell, or takes for a neighbour of the language. Nothing else may come to be like these."""


def test_there_are_samples_of_every_language() -> None:
    assert {code for code, _ in SAMPLES} == {*LANGUAGES, "-"}
    assert len(SAMPLES) > 150


@pytest.mark.parametrize(("code", "text"), [pair for pair in SAMPLES if pair[1] not in HARD])
def test_a_short_question_is_told_and_what_has_no_language_is_not(code: str, text: str) -> None:
    assert detect(text) == (None if code == "-" else code)


def test_the_hard_samples_are_still_there() -> None:
    assert {text for _, text in SAMPLES} >= HARD


@pytest.mark.parametrize("text", ["", "   ", "\n", "😀😀", "A-1012 B-7", "\x00", "你", "x" * 5, "Missä tilaukseni on?"])
def test_what_cannot_be_told_is_none_or_known(text: str) -> None:
    assert detect(text) in (None, "zh")


def test_capitals_and_codes_do_not_mislead() -> None:
    assert detect("WO IST MEINE BESTELLUNG?") == "de"
    assert detect("订单 ORD-10422 为什么还没有到 https://shop.example/o/10422") == "zh"


def test_a_long_text_is_told_by_its_beginning() -> None:
    assert detect("Where is my order? " * 100_000) == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two words.", ["two", "words"]),
        ("我们无法退款", ["我", "们", "无", "法", "退", "款"]),
        ("订单A-1012到了", ["订", "单", "a", "1012", "到", "了"]),
        ("コーヒー・紅茶", ["コ", "ー", "ヒ", "ー", "紅", "茶"]),
        ("人々、人", ["人", "々", "人"]),
        ("주문이 왔어요", ["주문이", "왔어요"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("Straße", ["strasse"]),
        ("。！？", []),
    ],
)
def test_words_are_counted_by_character_where_they_are_not_written_apart(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("ranges", "tags", "expected"),
    [
        (["zh-CN"], ["en", "zh"], "zh"),
        (["zh-Hant-TW"], ["zh", "zh-Hant"], "zh-Hant"),
        (["pt-br"], ["pt", "pt-BR"], "pt-BR"),
        (["pt"], ["pt-BR"], None),
        (["de-CH-x-phonebk"], ["de"], "de"),
        (["zh-a-aaa"], ["zh-a", "zh"], "zh"),
        (["fr-CA", "de"], ["en", "de"], "de"),
        (["", "*"], ["en"], None),
        ([], ["en"], None),
    ],
)
def test_a_range_is_shortened_until_there_is_a_tag(ranges: list[str], tags: list[str], expected: str | None) -> None:
    assert lookup(ranges, tags) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de-CH,de;q=0.9, en;q=0.8", ("de-CH", "de", "en")),
        ("en;q=0.5, zh-CN", ("zh-CN", "en")),
        ("en ; q=0 , de", ("de",)),
        ("*", ()),
        ("", ()),
        (";;,=,\x00,de;q=nonsense", ("de",)),
        ("a" * 50, ()),
    ],
)
def test_an_accept_language_header_is_read_by_quality(header: str, expected: tuple[str, ...]) -> None:
    assert accepted(header) == expected
