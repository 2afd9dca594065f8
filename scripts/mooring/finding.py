"""A finding of a check about a document: a value that is rendered elsewhere."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """One thing wrong in one place.

    `file` is relative to the repository; `line` counts from 1, 0 when the whole file is meant;
    `path` is the dotted place inside the document (`input.schema.properties.order`), "" for its root;
    `check` is the name in the table of checks; `fix` is "" when none is known.
    """

    file: str
    line: int
    path: str
    message: str
    check: str
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = f" {self.path}" if self.path else ""
        fix = f" (fix: {self.fix})" if self.fix else ""
        return f"{place}{where}: {self.message}{fix} [{self.check}]"
