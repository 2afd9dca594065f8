"""`parse`: a text to a command, to a refusal, or to None where it is not meant for us."""

import re

from mooring.chat.codes import Code
from mooring.chat.command import Command, Language, Refusal
from mooring.chat.grammar.lookalikes import folded, foreign, hidden, named
from mooring.chat.grammar.table import FIRST_WORDS, LANGUAGES, PATTERNS, ROWS, Row
from mooring.chat.wording import say

MOST = 300
"""Characters of a line that are looked at."""

LIKENESS = 80
"""Per cent from which on a first word is taken for one of ours that was mistyped."""

_CHINESE = frozenset("".join(f"{row.chinese}{''.join(slot.shown[1] for slot in row.slots)}" for row in ROWS) + "环境“”")
_QUOTED = re.compile(r'"[^"“”]*"|“[^"“”]*”')


def parse(text: str) -> Command | Refusal | None:
    """Reads the first line alone, from its first character to its last; spaces at its end are let go.

    None where it does not begin with a slash and a word that is, looks like or nearly is one of ours: people talk.
    Never takes a letter for another one.
    """
    line = re.split(r"[\r\n]", text, maxsplit=1)[0].rstrip(" ")
    if len(line) <= MOST:
        for row, language, pattern in PATTERNS:
            if found := pattern.fullmatch(line):
                return _command(row, language, found)
    return _refusal(line[:MOST], len(line) > MOST)


def _command(row: Row, language: Language, found: re.Match[str]) -> Command | Refusal:
    arguments = {name: value for name, value in found.groupdict().items() if value is not None}
    if odd := next((one for one in arguments.get("reason", "") if hidden(one)), None):
        return _refused(Code.HIDDEN_CHARACTERS, language, row, character=named(odd))
    if "reason" in arguments:
        arguments["reason"] = arguments["reason"][1:-1]
    return Command(row.name, arguments, language)


def _refusal(line: str, long: bool) -> Refusal | None:
    looks = folded(line)
    if not looks.startswith("/") or not _ours(looks.split(" ", 1)[0]):
        return None
    row, language = _nearest(looks)
    if long:
        return _refused(Code.TOO_LONG, language, row, most=str(MOST))
    if odd := next(filter(hidden, line), None):
        return _refused(Code.HIDDEN_CHARACTERS, language, row, character=named(odd))
    if other := next(foreign(_QUOTED.sub("", line), _CHINESE), None):
        return _refused(Code.LOOK_ALIKE, language, row, character=named(other))
    words, said = row.words(language).split(" "), line.split()
    if said[: len(words)] != words:
        return _refused(Code.UNKNOWN_COMMAND, language, row)
    return _refused(_misfit(row, said[len(words) :]), language, row)


def _ours(word: str) -> bool:
    from rapidfuzz import fuzz, process

    near = process.extractOne(word, FIRST_WORDS, scorer=fuzz.ratio, score_cutoff=LIKENESS)
    return near is not None


def _nearest(line: str) -> tuple[Row, Language]:
    """The command that was perhaps meant, in the language that it was said in."""
    from rapidfuzz import fuzz

    def likeness(choice: tuple[Row, Language]) -> float:
        words = choice[0].words(choice[1])
        return fuzz.ratio(words, " ".join(line.split()[: words.count(" ") + 1]))

    return max(((row, language) for row in ROWS for language in LANGUAGES), key=likeness)


def _misfit(row: Row, given: list[str]) -> Code:
    """What is wrong with what follows the right words."""
    left = list(given)
    for slot in row.slots:
        if left and re.fullmatch(slot.pattern, left[0], re.ASCII):
            left.pop(0)
        elif not slot.optional:
            return Code.BAD_ARGUMENT if left else Code.MISSING_ARGUMENT
    return Code.TRAILING_TEXT if left else Code.BAD_ARGUMENT


def _refused(code: Code, language: Language, row: Row, **facts: str) -> Refusal:
    usage = row.usage(language)
    return Refusal(code, say(code, language, usage=usage, **facts), usage, language)
