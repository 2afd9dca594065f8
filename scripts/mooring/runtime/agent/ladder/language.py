"""Chooses the language of an answer without a model: the first in which all its texts exist."""

from collections.abc import Mapping

from mooring import spec
from mooring.language import detect, lookup
from mooring.runtime.core.record import Record
from mooring.spec.messages import Messages

Texts = Mapping[str, str]


def in_one_language(record: Record, profile: spec.Resilience, *texts: Texts, to_follow: str = "") -> tuple[str, ...]:
    """All the texts in the first language that each of them has.

    Looked for in this order: the language of `to_follow`, a text beside which they will stand; those of the client;
    that of the question; those of the profile. Where none has all, each text is in the first of its own languages.
    """
    tags = [tag for tag in texts[0] if all(tag in others for others in texts[1:])]
    wanted = [detect(to_follow) or "", *record.languages] if to_follow else record.languages
    tag = lookup(wanted, tags) or lookup([_of_question(record)], tags) or lookup(profile.languages, tags)
    return tuple(text[tag] if tag else text.get("en") or next(iter(text.values())) for text in texts)


def _of_question(record: Record) -> str:
    if record.question_language is None:
        record.question_language = detect(record.question) or ""
    return record.question_language


def apology(record: Record, profile: spec.Resilience, ticket: str | None) -> str:
    """The friendly error; with the ticket under which the question is kept, if any."""
    if ticket is None:
        return in_one_language(record, profile, profile.ladder.apology)[0]
    text, note = in_one_language(record, profile, profile.ladder.apology, profile.messages.ticket)
    # Full-width marks bring their own space.
    return f"{text}{'' if text[-1:] in '。！？' else ' '}{note.replace('{ticket}', ticket)}"


def saved_note(answer: str, age: float, record: Record, profile: spec.Resilience) -> str:
    """What marks `answer` as saved `age` seconds ago, in the answer's own language where that is spoken."""
    messages = profile.messages
    number, unit = _span(age, messages)
    note, span = in_one_language(record, profile, messages.saved, unit, to_follow=answer)
    return note.replace("{age}", span.replace("{number}", f"{number:.0f}"))


def approval_note(tools: str, record: Record, profile: spec.Resilience) -> str:
    """What tells a user that the calls of `tools` wait for a person."""
    return in_one_language(record, profile, profile.messages.approval)[0].replace("{tools}", tools)


def _span(seconds: float, messages: Messages) -> tuple[float, Texts]:
    if seconds < 60:
        return seconds, messages.seconds
    return (seconds / 60, messages.minutes) if seconds < 3600 else (seconds / 3600, messages.hours)
