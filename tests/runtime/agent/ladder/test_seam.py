"""A text and its continuation become one, whatever the continuation repeats."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mooring.runtime.agent.ladder.seam import SEPARATOR, Seam, whole_words

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
