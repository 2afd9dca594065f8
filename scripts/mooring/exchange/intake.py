"""What becomes of the files that are read: documents, what was left behind, and what had to be decided."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Self

_NAME_LENGTH = 60


@dataclass(frozen=True, order=True, slots=True)
class Note:
    """One thing about one place of a file that was read. `path` is dotted, or `line N` of a text.

    `line` counts from 1, 0 where it is not known.
    """

    file: str
    line: int
    path: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.text}" if self.path else f"{place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A document without the head that all have in common; `data` has the keys of YAML."""

    kind: str
    name: str
    description: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller decides: the agent that suites ask, and the variable that is the user's message."""

    agent: str | None = None
    message: str | None = None


@dataclass(slots=True)
class Intake:
    """Collects the documents of one file, which lies in `folder`; nothing outside of it is read.

    `line_of` gives the line of a dotted path in the file, 0 where it is not known.
    """

    file: str
    folder: Path
    wishes: Wishes = Wishes()
    line_of: Callable[[str], int] = lambda path: 0
    drafts: list[Draft] = field(default_factory=list)
    left: list[Note] = field(default_factory=list)
    chosen: list[Note] = field(default_factory=list)

    def within(self, name: str, line_of: Callable[[str], int]) -> Self:
        """The same intake, for notes about a file that this one names; `name` is its path below the folder."""
        return replace(self, file=(PurePath(self.file).parent / name).as_posix(), line_of=line_of)

    def at_line(self, line: int) -> Self:
        """The same intake, for notes about one line of its file."""
        return replace(self, line_of=lambda path: line)

    def leave(self, path: str, text: str) -> None:
        """Notes what could not be carried over, and why."""
        self._note(self.left, path, text)

    def choose(self, path: str, text: str) -> None:
        """Notes what the file does not say, and what was written instead."""
        self._note(self.chosen, path, text)

    def _note(self, notes: list[Note], path: str, text: str) -> None:
        if (note := Note(self.file, self.line_of(path) if path else 0, path, text)) not in notes:
            notes.append(note)

    def leave_rest(self, path: str, data: Mapping[str, Any], known: Mapping[str, str], carried: set[str]) -> None:
        """Notes every key that is not carried; `known` says why for some of them."""
        for key in data:
            if key not in carried:
                why = known.get(key, "is not known here")
                self.leave(f"{path}.{key}" if path else str(key), why)

    def add(self, kind: str, name: str, description: object, data: Mapping[str, Any], path: str = "") -> str:
        """The name under which the document is written: another one when it is taken by a different document."""
        for draft in self.drafts:
            if (draft.kind, draft.name, draft.data) == (kind, name, data):
                return name
        taken = {draft.name for draft in self.drafts if draft.kind == kind}
        free = unique(name, taken)
        said = " ".join(description.split()) if isinstance(description, str) else ""
        if not said:
            said = f"Imported from {Path(self.file).name}."
            self.choose(path, f"{kind} {free} has no description; it says where it came from")
        self.drafts.append(Draft(kind, free, said, data))
        return free


def kebab(text: object, fallback: str = "imported") -> str:
    """`text` as one part of a document's name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", str(text))
    plain = re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")
    return plain[:_NAME_LENGTH].strip("-") or fallback


def unique(name: str, taken: set[str]) -> str:
    """`name`, or with the lowest number behind it that is free."""
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
