"""Both languages say the same things, and numbers and times read as they should."""

import string

import pytest

from mooring.report.page.chinese import CHINESE
from mooring.report.page.english import ENGLISH
from mooring.report.page.words import chosen, unix, words
from tests.report.page.story import AT

W, ZH = words("en", AT), words("zh", AT)


def blanks(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_each_text_is_there_in_both_languages_and_tells_the_same_values() -> None:
    assert list(ENGLISH) == list(CHINESE)
    assert {key for key in ENGLISH if blanks(ENGLISH[key]) != blanks(CHINESE[key])} == set()
    assert {
        key for key, text in CHINESE.items() if text == ENGLISH[key] and key not in ("title", "receipt.text")
    } == set()


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0.9998, "99.98"),
        (0.9912, "99.12"),
        (0.974, "97.4"),
        (0.42, "42"),
        (0.0008, "0.08"),
        (1e-05, "0.001"),
        (1.0, "100"),
        (0.0, "0"),
        (0.999999, "100"),
        (0.5025, "50"),
    ],
)
def test_a_rate_is_told_the_finer_the_closer_it_is_to_all_or_nothing(rate: float, said: str) -> None:
    assert (W.share(rate), ZH.share(rate)) == (f"{said}\u00a0%", f"{said}%")


@pytest.mark.parametrize(
    ("seconds", "said", "chinese"),
    [(0.0007, "0.7 ms", "0.7 毫秒"), (0.64, "640 ms", "640 毫秒"), (30, "30 s", "30 秒")],
)
def test_a_short_time_has_the_unit_that_suits_it(seconds: float, said: str, chinese: str) -> None:
    assert (W.duration(seconds).replace("\u00a0", " "), ZH.duration(seconds)) == (said, chinese)


def test_a_time_is_told_with_its_date_unless_that_is_today() -> None:
    assert W.when(AT - 120) == "00:01:20 UTC (2 min ago)"
    assert ZH.when(AT - 120) == "00:01:20 UTC（2 分钟前）"
    assert W.when("2026-11-28T12:30:00Z") == "28 Nov 12:30 UTC (1 day ago)"
    assert ZH.when(AT + 7200) == "02:03:20 UTC（2 小时后）"
    assert W.when(AT - 3 * 86400) == "27 Nov 00:03 UTC (3 days ago)"


@pytest.mark.parametrize("nothing", [None, "", "yesterday", True, float("inf"), [], 1e300])
def test_what_is_no_time_is_not_known(nothing: object) -> None:
    assert unix(nothing) is None
    assert (W.moment(nothing), W.ago(nothing), ZH.when(nothing)) == ("not known", "", "未知")


@pytest.mark.parametrize(
    ("asked", "header", "tag"),
    [
        ("", "zh-Hant-TW, en;q=0.8", "zh-CN"),
        ("zh", "", "zh-CN"),
        ("", "", "en"),
        ("", "fr, en;q=0.5", "en"),
        ("en", "zh-CN", "en"),
        ("<script>", "zh-CN", "zh-CN"),
        ("xx", "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_else_the_browsers(asked: str, header: str, tag: str) -> None:
    assert chosen(asked, header) == tag
