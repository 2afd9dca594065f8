"""Assertions about the words of an answer."""

import re
from difflib import SequenceMatcher

from mooring.catalog.patterns import pattern_problem
from mooring.evaluate.assertions.subject import Subject, Unjudged, Verdict, excerpt, got
from mooring.language import words
from mooring.spec.values import Count

SIMILAR = 0.75
"""The ratio that `similar` asks for where no threshold is given."""


def equals(subject: Subject, value: object, _: float | None) -> Verdict:
    """A text is compared without the white space around it, JSON by its values."""
    if isinstance(value, str):
        same = subject.text.strip() == value.strip()
        return Verdict(same, f"expected {excerpt(value)}; {got(subject)}")
    from mooring.evaluate.assertions.data import NoJson, parsed

    try:
        return Verdict(parsed(subject.text) == value, f"expected {value!r}; {got(subject)}")
    except NoJson:
        return Verdict(False, f"expected {value!r}; {got(subject)}")


def contains(subject: Subject, value: str, _: float | None) -> Verdict:
    return _found(subject, value, value in subject.text)


def icontains(subject: Subject, value: str, _: float | None) -> Verdict:
    return _found(subject, value, value.casefold() in subject.text.casefold())


def _found(subject: Subject, value: str, there: bool) -> Verdict:
    if there:
        return Verdict(True, f"{value!r} is in the answer: {excerpt(subject.text, value)}")
    return Verdict(False, f"{value!r} is not in the answer; {got(subject)}")


def contains_any(subject: Subject, values: tuple[str, ...], _: float | None) -> Verdict:
    found = [value for value in values if value in subject.text]
    if found:
        return Verdict(True, f"{found[0]!r} is in the answer")
    return Verdict(False, f"none of {_quoted(values)} is in the answer; {got(subject)}")


def contains_all(subject: Subject, values: tuple[str, ...], _: float | None) -> Verdict:
    missing = [value for value in values if value not in subject.text]
    score = 1 - len(missing) / len(values)
    if missing:
        return Verdict(False, f"{_quoted(missing)} is not in the answer; {got(subject)}", score)
    return Verdict(True, f"{_quoted(values)} is in the answer", score)


def _quoted(values: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(repr, values))


def starts_with(subject: Subject, value: str, _: float | None) -> Verdict:
    starts = subject.text.lstrip().startswith(value)
    return Verdict(starts, f"the answer {'starts' if starts else 'does not start'} with {value!r}; {got(subject)}")


def regex(subject: Subject, pattern: str, _: float | None) -> Verdict:
    """Searched, not matched as a whole. A pattern that can run for ever is not tried."""
    if problem := pattern_problem(pattern):
        raise Unjudged(f"the pattern {pattern!r} {problem}")
    match = re.search(pattern, subject.text)
    if match:
        return Verdict(True, f"{pattern!r} has a match: {excerpt(match.group())}")
    return Verdict(False, f"{pattern!r} has no match; {got(subject)}")


def similar(subject: Subject, value: str, threshold: float | None) -> Verdict:
    """Share of words, in order, that the two texts have in common: 2·common / (words of both). See `language.words`."""
    least = SIMILAR if threshold is None else threshold
    ratio = SequenceMatcher(None, words(value), words(subject.text), autojunk=False).ratio()
    told = f"{ratio:.2f} similar to {excerpt(value)}, {least:.2f} is asked for; {got(subject)}"
    return Verdict(ratio >= least, told, ratio)


def word_count(subject: Subject, count: Count, _: float | None) -> Verdict:
    """Each Chinese character and each kana counts as a word. See `language.words`."""
    number = len(words(subject.text))
    return Verdict(count.fits(number), f"the answer has {number} words, expected {count}")
