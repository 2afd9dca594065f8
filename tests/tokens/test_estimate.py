"""The estimate is held to what real tokenizers count, script by script: hardly ever below, and not far above."""

from pathlib import Path
from statistics import mean

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mooring.tokens import at_most, clipped, estimate

HERE = Path(__file__).parent
COUNTS: dict[str, dict[str, int]] = yaml.safe_load((HERE / "counts.yaml").read_text(encoding="utf-8"))["texts"]

BELOW = 0.05
"""How far below a count the estimate may be."""

ABOVE = 1.35
"""How far above on average: of the hungriest tokenizer of each text, and of all for what agents mostly read."""

DAILY = ("english", "english-technical", "json", "json-pretty", "python", "web", "log")


def text(name: str) -> str:
    return (HERE / "samples" / f"{name}.txt").read_text(encoding="utf-8")


def test_every_sample_is_counted() -> None:
    assert set(COUNTS) == {path.stem for path in (HERE / "samples").iterdir()}
    assert all(len(counts) == 6 for counts in COUNTS.values())


@pytest.mark.parametrize("name", COUNTS)
def test_no_tokenizer_counts_more(name: str) -> None:
    assert at_most(text(name)) >= max(COUNTS[name].values()) * (1 - BELOW)


def test_it_is_not_far_above_the_hungriest_tokenizer() -> None:
    assert mean(at_most(text(name)) / max(counts.values()) for name, counts in COUNTS.items()) <= 1.15


def test_it_is_not_far_above_any_tokenizer_on_what_agents_mostly_read() -> None:
    for tokenizer in COUNTS["english"]:
        assert mean(at_most(text(name)) / COUNTS[name][tokenizer] for name in DAILY) <= ABOVE


@pytest.mark.parametrize("name", ["chinese", "chinese-traditional", "japanese", "korean"])
def test_a_character_of_east_asia_is_about_a_token_and_three_and_a_half_bytes_are_not(name: str) -> None:
    assert len(text(name).encode()) / 3.5 < 0.95 * max(COUNTS[name].values()) < at_most(text(name))


def test_scripts_are_told_apart() -> None:
    found = estimate("I paid 12.50 für 台灯。 ランプ 램프 лампа λάμπα مصباح 💡")
    alphabets = ["cyrillic", "greek", "arabic"]
    assert list(found) == ["latin", "digits", "han", "marks", "kana", "hangul", *alphabets, "symbols"]
    assert (found["digits"], found["han"]) == (4, 2 * 1.35)


@given(st.text(max_size=200), st.text(max_size=200))
def test_every_text_has_tokens_and_its_parts_have_about_as_many(one: str, other: str) -> None:
    assert at_most(one) <= 4 * len(one)
    assert at_most(one + other) <= at_most(one) + at_most(other) + 2
    assert bool(one.strip()) <= bool(at_most(one))


@given(st.text(max_size=300), st.integers(0, 100))
def test_what_is_clipped_fits_and_is_a_beginning(whole: str, tokens: int) -> None:
    part = clipped(whole, tokens)
    assert whole.startswith(part)
    assert at_most(part) <= tokens
    assert part == whole or at_most(whole) > tokens
