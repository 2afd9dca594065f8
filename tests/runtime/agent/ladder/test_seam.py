"""A text and its continuation become one, whatever the continuation repeats."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mooring.runtime.agent.ladder.seam import SEPARATOR, Seam, whole_words
from mooring.runtime.agent.ladder.sentences import normal, split

BEFORE = "Your order A17 has left the harbour and "


def joined(before: str, *pieces: str) -> str:
    seam = Seam(before)
    return before + "".join(seam.feed(piece) for piece in pieces) + seam.end()


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["arrives ", "tomorrow."], BEFORE + "arrives tomorrow."),
        ([" arrives tomorrow."], BEFORE + "arrives tomorrow."),
        (["left the harbour and arrives."], BEFORE + "arrives."),
        (["the har", "bour", " and", " arrives."], BEFORE + "arrives."),
        ([BEFORE, "arrives."], BEFORE + "arrives."),
        ([BEFORE.strip(), " arrives."], BEFORE + "arrives."),
        (["\n\n- arrives"], BEFORE + "\n\n- arrives"),
        (["and arrives"], BEFORE + "and arrives"),
        (["Your order A17 has left port."], BEFORE + SEPARATOR + "Your order A17 has left port."),
        ([""], BEFORE),
        ([], BEFORE),
    ],
)
def test_what_is_repeated_is_left_out(pieces, whole):
    assert joined(BEFORE, *pieces) == whole


@given(st.text("ab \n", min_size=1, max_size=30), st.lists(st.text("ab \n", max_size=8), max_size=6))
@example("a ", ["a ", " ", " "])
def test_the_join_does_not_depend_on_how_the_continuation_is_cut(before, pieces):
    assert joined(before, *pieces) == joined(before, "".join(pieces))


@given(st.text(min_size=1, max_size=80), st.integers(0, 80))
@example("0 0000000 1", 10)
def test_a_model_that_says_all_again_adds_only_the_rest(text, cut):
    before, _ = whole_words(text[:cut])
    if before.strip() and text[len(before) :].strip():
        assert joined(before, text).rstrip() in {text.rstrip(), before + text[len(before) :].lstrip(" ").rstrip()}


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("costs 1", "costs "),
        ("costs 12 ", "costs 12 "),
        ("wo", ""),
        ("您的订单已", "您的订单已"),
        ("see https://shop.example/orders/A17/parcels", "see https://shop.example/orders/A17/parcels"),
        ("", ""),
    ],
)
def test_a_reader_never_sees_half_a_word(text, whole):
    assert whole_words(text)[0] == whole


@given(st.text())
def test_nothing_is_lost_between_whole_words_and_the_rest(text):
    assert "".join(whole_words(text)) == text


TOLD = "Your order has left the harbour. It arrives on Monday, we think. If nobody is in, it goes to the shop."


@given(st.integers(1, len(TOLD) - 1), st.integers(1, 20))
def test_wherever_it_stopped_a_model_that_says_all_again_adds_only_the_rest(cut, size):
    before, _ = whole_words(TOLD[:cut])
    pieces = [TOLD[start : start + size] for start in range(0, len(TOLD), size)]
    assert joined(before, *pieces) == TOLD


@given(st.integers(1, len(TOLD) - 1))
def test_wherever_it_stopped_a_model_that_goes_on_exactly_is_taken_at_its_word(cut):
    before, _ = whole_words(TOLD[:cut])
    assert joined(before, TOLD[len(before) :]) == TOLD


@given(st.integers(40, len(TOLD) - 1))
def test_wherever_it_stopped_a_model_that_says_its_sentence_again_in_bold_tears_nothing(cut):
    before, _ = whole_words(TOLD[:cut])
    sentences, fragment = split(before)
    start = sum(map(len, sentences))
    assert normal(joined(before, f"**{TOLD[start:].strip()}**")) == normal(TOLD), fragment


@given(st.lists(st.sampled_from(["A b. ", "Cd e! ", "你好。", "3.5 f", "\n", "- g\n"]), max_size=12))
def test_sentences_and_their_rest_are_the_text(parts):
    text = "".join(parts)
    sentences, rest = split(text)
    assert "".join([*sentences, rest]) == text


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It costs 3.50. Fine. And", ["It costs 3.50.", " Fine."]),
        ("您好。请问\uff1f好", ["您好。", "请问\uff1f"]),
        ("He said “no.” Then", ["He said “no.”"]),
        ("x" * 401, ["x" * 400]),
        ("مرحبا؟ نعم", ["مرحبا؟"]),
    ],
)
def test_sentences_end_as_their_script_says(text, sentences):
    assert split(text)[0] == sentences
