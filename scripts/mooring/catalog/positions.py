"""Where in its file each value of a document stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Spot:
    """A value: the line of its key (or of itself in a list), and the line its text starts at."""

    line: int
    text: int
    children: "dict[str, Spot] | list[Spot] | None" = field(default=None)


@dataclass(frozen=True, slots=True)
class Positions:
    """Lines of a document's values by dotted path, counted from 1."""

    root: Spot

    def at(self, path: str | Sequence[str | int]) -> int:
        """The line of the value at `path` such as `messages.0.content`, or of its nearest parent that has one."""
        return self._spot(path).line

    def text(self, path: str | Sequence[str | int], line: int) -> int:
        """The file's line for the `line`th line, from 1, of the text at `path`; exact for literal blocks."""
        spot = self._spot(path)
        return spot.text + line - 1 if spot.text else spot.line

    def _spot(self, path: str | Sequence[str | int]) -> Spot:
        steps = path.split(".") if isinstance(path, str) else [str(step) for step in path]
        spot = self.root
        while steps:
            below, steps = _step(spot, steps)
            if below is None:
                break
            spot = below
        return spot


def _step(spot: Spot, steps: list[str]) -> tuple[Spot | None, list[str]]:
    """One level down; a key may itself hold dots, so the longest that fits is not assumed to be one step."""
    children = spot.children
    if isinstance(children, list):
        index = int(steps[0]) if steps[0].isdecimal() else len(children)
        return (children[index] if index < len(children) else None), steps[1:]
    for size in range(1, len(steps) + 1) if children else ():
        key = ".".join(steps[:size])
        if children and key in children:
            return children[key], steps[size:]
    return None, []
