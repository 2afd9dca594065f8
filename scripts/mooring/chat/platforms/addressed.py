"""Which of what people write is for us."""

from mooring.chat.grammar.lookalikes import folded

LOOKED_AT = 100
"""Characters that are enough to see how a text begins."""


def is_command(text: str) -> bool:
    """Whether it begins as a command does, or looks like it: a forged one is refused and recorded, not passed over."""
    return folded(text[:LOOKED_AT]).lstrip().startswith("/")
