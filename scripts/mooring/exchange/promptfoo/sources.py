"""Where tests come from: the config itself, and the files that it names."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from mooring.exchange.files import FILE, Unusable, located, matching, referred
from mooring.exchange.intake import Intake
from mooring.exchange.promptfoo import tables

_DATA = (".yaml", ".yml", ".json")
_REMOTE = ("http://", "https://", "huggingface://", "langfuse://", "az://", "s3://")


@dataclass(frozen=True, slots=True)
class Found:
    """One test as promptfoo has it. `intake` is within its file, `path` is its place there.

    Files of variables are relative to `below`. `places` are those of its assertions, where they are not usual.
    """

    intake: Intake
    path: str
    test: Any
    below: str = ""
    places: tuple[tuple[Intake, str], ...] = ()

    def listed(self) -> list[tuple[Intake, str, Any]]:
        """Its assertions, each with its place."""
        given = self.test.get("assert")
        if given is not None and not isinstance(given, list):
            self.intake.leave(f"{self.path}.assert", "is no list of assertions")
        listed = given if isinstance(given, list) else []
        usual = [(self.intake, f"{self.path}.assert.{index}") for index in range(len(listed))]
        return [(*place, one) for place, one in zip(self.places or usual, listed, strict=True)]


def read_tests(intake: Intake, given: Any, path: str, depth: int = 0) -> Iterator[Found]:
    """Tests of a value such as `tests`. Files named by the config are read, and files that those name."""
    if isinstance(given, dict) and isinstance(given.get("path"), str):
        given = given["path"]
    if isinstance(given, str):
        yield from _named(intake, given, path, depth)
    elif isinstance(given, list):
        for index, item in enumerate(given):
            below = f"{path}.{index}" if path else str(index)
            named = isinstance(item, str) or (isinstance(item, dict) and isinstance(item.get("path"), str))
            yield from read_tests(intake, item, below, depth) if named else (Found(intake, below, item),)
    elif given is not None:
        yield Found(intake, path, given)


def _named(intake: Intake, given: str, path: str, depth: int) -> Iterator[Found]:
    try:
        if given.startswith(_REMOTE):
            raise Unusable(f"{given} is fetched, which is never done")
        if depth > 1:
            raise Unusable(f"{given.removeprefix(FILE)} is named by a file that a file names")
        for reference in matching(intake.folder, given):
            yield from _file(intake, *referred(intake.folder, reference), depth)
    except Unusable as error:
        intake.leave(path, str(error))


def _file(intake: Intake, name: str, content: bytes, depth: int) -> Iterator[Found]:
    below = PurePath(name).parent.as_posix().removeprefix(".")
    suffix = PurePath(name).suffix.lower()
    inside = intake.within(name, lambda path: 0)
    try:
        if suffix in (".csv", ".jsonl"):
            rows = list(tables.csv_rows(inside, content) if suffix == ".csv" else tables.jsonl_rows(content))
            for row in rows:
                at, path = inside.at_line(row.line), f"row {row.number}"
                places = tuple((at, f"{path} {column}") for column in row.columns)
                yield Found(at, path, row.test, below, places)
        elif suffix in _DATA:
            data = located(name, content)
            for found in read_tests(intake.within(name, data.line_of), data.data, "", depth + 1):
                yield replace(found, below=found.below or below)
        elif suffix in (".xlsx", ".xls"):
            raise Unusable("is a workbook; save it as CSV")
        else:
            raise Unusable("is no CSV, JSONL, JSON or YAML")
    except Unusable as error:
        raise Unusable(f"{name}: {error}") from None
