"""YAML files of the simulator as models, with every finding at its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from mooring.catalog.parse import Parsed, parse
from mooring.finding import Finding

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Read(Generic[M]):
    """A file that is well-formed by itself."""

    name: str
    document: M
    parsed: Parsed


def documents(folder: Path, model: type[M], check: str) -> tuple[list[Read[M]], list[Finding]]:
    """The files `folder/*.yaml` in the order of their names, and what is wrong in those that are left out."""
    found: list[Read[M]] = []
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.yaml")):
        parsed = parse(str(path), path.read_bytes())
        findings += parsed.findings
        if parsed.data is None:
            continue
        try:
            found.append(Read(str(path), model.model_validate(parsed.data), parsed))
        except ValidationError as error:
            findings += _refusals(str(path), parsed, error, check)
    return found, findings


def _refusals(file: str, parsed: Parsed, error: ValidationError, check: str) -> Iterator[Finding]:
    for detail in error.errors(include_url=False):
        place = ".".join(str(step) for step in detail["loc"])
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            message = f"unknown key {detail['loc'][-1]!r}"
        yield Finding(file, parsed.lines.at(place), place, message, check)
