"""How many tokens a text has at most, told from its characters alone.

No tokenizer is asked: none is on this machine for every vendor, and fetching one needs the network. What a character
costs depends on its script far more than on the vendor, so each script has a rate, in tokens, that the tokenizers of
all large vendors stay below or barely reach; `./scripts/bench tokens` measures the error against some of them.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping

Estimate = Mapping[str, float]
"""Tokens by class of characters."""

LATIN, DIGITS = "latin", "digits"

_PIECES = re.compile(
    r"\b[A-Z]?[a-z]{1,7}|[a-z]{1,7}|[A-Z]{1,2}"  # words, long ones in parts; what is mixed of cases is no word
    r"|[!-/:-@\[-`{-~]{1,3}"
    r"|\s*\n\s*|[ \t]{2,}|[\x00-\x09\x0b-\x1f\x7f]"  # one space belongs to its word
)
_PIECE, _DIGIT = 1.05, 1.0

_RANGES: tuple[tuple[int, str, float], ...] = (
    (0x0000, LATIN, 0.0),  # counted in pieces
    (0x0080, "other", 2.0),
    (0x00A0, "marks", 1.2),
    (0x00C0, LATIN, 3.0),  # an accent also breaks its word
    (0x0250, "other", 2.0),
    (0x0370, "greek", 1.15),
    (0x0400, "cyrillic", 0.58),
    (0x0530, "other", 2.5),
    (0x0590, "hebrew", 1.1),
    (0x0600, "arabic", 0.96),
    (0x0780, "other", 2.5),
    (0x0900, "indic", 1.15),
    (0x0980, "other", 2.5),
    (0x0E00, "thai", 1.15),
    (0x0E80, "other", 2.5),
    (0x1E00, LATIN, 1.5),
    (0x1F00, "other", 2.5),
    (0x2000, "marks", 1.2),
    (0x2070, "symbols", 2.0),
    (0x2E80, "han", 1.35),
    (0x3000, "marks", 1.2),
    (0x3040, "kana", 0.85),
    (0x3100, "other", 2.5),
    (0x3400, "han", 1.35),
    (0xA000, "other", 2.5),
    (0xAC00, "hangul", 1.25),
    (0xD7B0, "other", 2.5),
    (0xF900, "han", 1.35),
    (0xFB00, "other", 2.5),
    (0xFF00, "marks", 1.2),
    (0xFFF0, "other", 3.0),
    (0x10000, "symbols", 3.3),
    (0x20000, "han", 3.0),
    (0x32000, "other", 4.0),
)
"""Where a class of characters begins, its name, and the tokens of one."""

_STARTS = [start for start, _, _ in _RANGES]


def estimate(text: str) -> Estimate:
    """Tokens of a text by class of characters, on the safe side."""
    found = defaultdict[str, float](float)
    found[LATIN] = _PIECE * len(_PIECES.findall(text))
    found[DIGITS] = _DIGIT * sum(map(text.count, "0123456789"))
    if not text.isascii():
        for character, number in Counter(text).items():
            _, name, rate = _RANGES[bisect_right(_STARTS, ord(character)) - 1]
            found[name] += rate * number
    return found


def at_most(text: str) -> float:
    """Tokens of a text, on the safe side."""
    return sum(estimate(text).values())


def clipped(text: str, tokens: float) -> str:
    """The beginning of a text, of at most so many tokens."""
    while text and (found := at_most(text)) > tokens:
        text = text[: int(len(text) * min(0.95, tokens / found))]
    return text
