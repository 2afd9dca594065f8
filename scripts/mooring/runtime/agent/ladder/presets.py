"""L3: answers prepared by intent."""

import re
from collections.abc import Iterable, Mapping

from mooring.spec.resilience import Preset

SEARCHED = 2000
"""Characters of a message that are searched: a pattern must not be slow on a long one."""


class Presets:
    """The presets of a profile, their patterns compiled once, matched without regard to case."""

    def __init__(self, presets: Iterable[Preset]) -> None:
        self._presets = [(preset, [re.compile(match, re.IGNORECASE) for match in preset.match]) for preset in presets]

    def answer(self, message: str) -> Mapping[str, str] | None:
        """The texts by language of the first preset with a pattern that the message matches, or None."""
        for preset, patterns in self._presets:
            if any(pattern.search(message[:SEARCHED]) for pattern in patterns):
                return preset.answer
        return None
