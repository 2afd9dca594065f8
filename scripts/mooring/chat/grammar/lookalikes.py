"""Characters that a reader cannot tell from those of a command, or does not see at all."""

import unicodedata
from collections.abc import Iterator

LIKE = {
    "/": "\u2044\u2215\u2571\u27cb\u29f8\uff0f",
    "a": "\U0001d5ba\u0251\u03b1\u0430",
    "b": "\u0185\u042c\u0432\u044a",
    "c": "\u03f2\u0441\u1d04",
    "d": "\u0257\u0501",
    "e": "\u03b5\u0435\u0454\u04bd",
    "f": "\u03dd\u1e9d",
    "g": "\u0261\u0581",
    "h": "\u04bb\u0570",
    "i": "\u0131\u0269\u03b9\u0456\u04cf",
    "k": "\u03ba\u043a\u1d0b",
    "l": "\u04c0\u04cf\u217c",
    "m": "\u043c\u1d0d",
    "n": "\u03b7\u043f\u0578",
    "o": "\u03bf\u043e\u0585\u0ae6",
    "p": "\u03c1\u0440",
    "r": "\u0433\u1d26\u2c85",
    "s": "\u0455\ua731",
    "t": "\u03c4\u0442\u1d1b",
    "u": "\u03c5\u0446\u057d",
    "v": "\u03bd\u0475\u1d20",
    "w": "\u0461\u051d\u1d21",
    "x": "\u03c7\u0445",
    "y": "\u028f\u03b3\u0443\u04af",
    "z": "\u1d22",
}
"""By a letter, those of other scripts that look like it. Not all there are: what is missing only costs a hint, since
nothing but the table's own letters ever makes a command."""

_FOLDED = {ord(other): plain for plain, others in LIKE.items() for other in others}


def hidden(character: str) -> bool:
    """Whether it is invisible, or changes how others are shown: marks of direction, joiners, controls, odd spaces."""
    kind = unicodedata.category(character)
    return kind in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Mn", "Me") or (kind == "Zs" and character != " ")


def folded(text: str) -> str:
    """As it looks: to find out for whom a line was meant, never to understand it."""
    seen = "".join(" " if one.isspace() else one for one in text if one.isspace() or not hidden(one))
    return unicodedata.normalize("NFKC", seen).translate(_FOLDED).casefold()


def foreign(text: str, known: frozenset[str]) -> Iterator[str]:
    """Characters that are there instead of others: letters and digits of other scripts, and variants of ours.

    Ideographs that are no variants, marks and pictures are just not a command.
    """
    return (character for character in text if character not in known and _foreign(character))


def _foreign(character: str) -> bool:
    if character.isascii():
        return False
    if folded(character) != character:
        return True
    ideograph = unicodedata.name(character, "").startswith("CJK UNIFIED IDEOGRAPH")
    return unicodedata.category(character)[0] in "LN" and not ideograph


def named(character: str) -> str:
    """`U+0430 CYRILLIC SMALL LETTER A`; the character itself is not repeated, since it might do its work again."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
