"""Which of what people write is for us."""

import unicodedata

SLASHES = "/\u2044\u2215\u29f8\u2571\u27cb\u2f03\uff0f"
"""The slash and what looks like it: a forged command is refused and recorded, and not passed over."""


def is_command(text: str) -> bool:
    """Whether the first line begins as a command does, be it behind characters that nobody sees."""
    for character in text:
        if unicodedata.category(character) not in {"Cc", "Cf", "Mn", "Zs", "Zl", "Zp"}:
            return character in SLASHES
    return False
