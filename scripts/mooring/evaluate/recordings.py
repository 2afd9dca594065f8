"""Answers of models on file, one file a case, to be read in the diff and never edited by hand.

An exchange is found by the hash of all that the model was sent; its own hash shows whether it was changed since.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest

FORMAT = "mooring.recordings/v1"
_HEAD = "# Answers of models, recorded. Do not edit: `{command}` records them again.\n"


@dataclass(frozen=True)
class Exchange:
    """What a model was asked and answered once. `asked` is for the reader alone: the key covers all of it."""

    key: str
    model: str
    repeat: int
    asked: str
    answer: Mapping[str, Any]

    @property
    def hash(self) -> str:
        return digest(canonical([self.key, self.model, self.repeat, self.asked, self.answer]))

    def data(self) -> dict[str, Any]:
        head = {"key": self.key, "hash": self.hash, "model": self.model, "repeat": self.repeat}
        return head | {"asked": self.asked, "answer": dict(self.answer)}


def path_of(folder: Path, suite: str, case: str) -> Path:
    return folder / suite / f"{case}.yaml"


def command(suite: str) -> str:
    """The command that records a suite's answers again."""
    return f"moor eval {suite} --record"


def read(folder: Path, suite: str, case: str) -> dict[str, Exchange]:
    """A case's exchanges by key, none when nothing was recorded. Refused(TAMPERED) for a file edited by hand."""
    path = path_of(folder, suite, case)
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}
    try:
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        if data["format"] != FORMAT:
            raise ValueError(f"the format is {data['format']!r}")
        return {exchange.key: exchange for exchange in map(_exchange, data["exchanges"])}
    except (yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        why = " ".join(str(error).split())
        raise Refused(Reason.TAMPERED, f"recording {path} was not written by --record: {why}", command(suite)) from None


def _exchange(data: Mapping[str, Any]) -> Exchange:
    found = Exchange(data["key"], data["model"], data["repeat"], data["asked"], data["answer"])
    if found.hash != data["hash"]:
        raise ValueError(f"the answer to {found.asked[:60]!r} was changed by hand")
    return found


def write(folder: Path, suite: str, case: str, exchanges: Iterable[Exchange]) -> Path:
    """Writes a case's file, whole or not at all. Failed(STORAGE) when the disk refuses."""
    path = path_of(folder, suite, case)
    ordered = sorted(exchanges, key=lambda exchange: exchange.repeat)
    body = {"format": FORMAT, "suite": suite, "case": case, "exchanges": [item.data() for item in ordered]}
    text = _HEAD.format(command=command(suite)) + yaml.dump(
        body, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".recording-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}") from None
    return path


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are written as such, so that a diff shows the line that changed."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


class Recorder:
    """Collects a recording run's exchanges, and writes each case's file when all its repeats were answered."""

    def __init__(self, folder: Path, repeats: Mapping[tuple[str, str], int]) -> None:
        self._folder = folder
        self._left = dict(repeats)
        self._exchanges: dict[tuple[str, str], list[Exchange]] = {}
        self.written: list[Path] = []

    def add(self, suite: str, case: str, exchanges: Iterable[Exchange], answered: bool) -> None:
        """Takes one repeat's exchanges. One that was not answered leaves the case's old file as it is."""
        key = (suite, case)
        if not answered:
            self._left.pop(key, None)
            self._exchanges.pop(key, None)
        if key not in self._left:
            return
        self._exchanges.setdefault(key, []).extend(exchanges)
        self._left[key] -= 1
        if not self._left[key]:
            self.written.append(write(self._folder, suite, case, self._exchanges.pop(key)))


def prune(folder: Path, suite: str, cases: Iterable[str]) -> list[Path]:
    """Deletes recordings of cases that a suite does not have (any more), and says which."""
    kept = {path_of(folder, suite, case) for case in cases}
    gone = sorted(path for path in (folder / suite).glob("*.yaml") if path not in kept)
    for path in gone:
        path.unlink()
    return gone
