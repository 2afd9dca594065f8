"""Words that differ are marked, and nothing is lost on the way."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.report.evaluation.words import Span, compared


def text(spans: tuple[Span, ...]) -> str:
    return "".join(span.text for span in spans)


@settings(deadline=None)
@given(st.text(alphabet="ab \n.", max_size=60), st.text(alphabet="ab \n.", max_size=60))
def test_spans_make_the_text_again(old: str, new: str) -> None:
    left, right = compared(old, new)
    assert (text(left), text(right)) == (old, new)


def test_only_words_that_differ_are_marked() -> None:
    left, right = compared("We refund within 30 days.", "We refund within 14 days.")
    assert [span.text for span in left if span.differs] == ["30 "]
    assert [span.text for span in right if span.differs] == ["14 "]


def test_equal_texts_have_no_mark_and_unlike_ones_are_marked_whole() -> None:
    assert compared("same", "same") == ((Span("same", False),), (Span("same", False),))
    assert compared("yes", "") == ((Span("yes", True),), ())
    assert compared("one two three", "quite something else, really") == (
        (Span("one two three", True),),
        (Span("quite something else, really", True),),
    )


def test_what_happens_to_be_the_same_amid_changes_is_no_common_ground() -> None:
    left, _ = compared("alpha beta gamma: one, two", "alpha beta gamma: six, ten")
    assert [span.text for span in left if span.differs] == ["one, two"]
    left, _ = compared(
        "We are able to say this: it is so good to be a part of it", "We are able to say this: we can never do a thing"
    )
    assert [span.text for span in left if span.differs] == ["it is so good to be a part of it"]


def test_long_answers_take_no_time() -> None:
    started = time.perf_counter()
    compared("a b " * 20_000, "b a " * 20_000)
    compared(" ".join(str(n) for n in range(1400)), " ".join(str(n) for n in range(1, 1401)))
    assert time.perf_counter() - started < 2
